"""Which way fits: asked once both clusters are known, shown where the method is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.chosen import in_order
from esmigrate_tui.flow.session import AdviceState
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.model.method import MethodName

STANDING: Final = {"open": "open here", "to be arranged": "to be arranged", "closed": "closed here"}
"""How a method stands between two clusters, in a word or two."""


def can_be_asked(flow: Flow) -> bool:
    """Whether both clusters are connected, and nothing was said of these two yet."""
    return flow.session.both is not None and flow.session.advice is None and len(flow.clusters) == len(Side)


async def ask(flow: Flow) -> None:
    """Look at both clusters; nothing is changed on them. `advising` has what is said, or the problem."""
    session, both = flow.session, flow.session.both
    if both is None:
        return
    flow.update(session.but(advising=AdviceState(since=flow.services.now())))
    names = {index.name for index in session.draft.source_indices}
    # Names that are only in a snapshot say nothing of the source.
    selected = tuple(name for name in session.draft.selected if name in names)
    draft = msgspec.structs.replace(session.draft, selected=selected)
    advising = AdviceState()
    try:
        advice = await flow.services.advise(draft, flow.cluster(Side.DESTINATION), flow.cluster(Side.SOURCE))
        advising = AdviceState(advice=advice, between=both)
    except ProblemError as error:
        advising = AdviceState(problem=error.problem)
    finally:
        flow.update(flow.session.but(advising=advising))


def take(flow: Flow, name: MethodName) -> None:
    """Take a method as the answer."""
    flow.update(flow.session.answered(method=name))


def keep_what_is_offered(flow: Flow) -> None:
    """What was chosen for another method and is not offered by this one is no answer any more."""
    draft = flow.session.draft
    if draft.source_facts is not None or draft.snapshot is not None:
        flow.update(flow.session.answered(selected=in_order(draft, frozenset(draft.selected))))
