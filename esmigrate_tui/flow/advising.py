"""Which way fits: asked once both clusters are known, shown where the method is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.session import Advising
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.flow.base import Walk

STANDING: Final = {"open": "open here", "to be arranged": "to be arranged", "closed": "closed here"}
"""How a method stands between two clusters, in a word or two."""


def can_be_asked(walk: Walk) -> bool:
    """Whether both clusters are connected, and nothing was said of these two yet."""
    return walk.session.both is not None and walk.session.advice is None and len(walk.clusters) == len(Side)


async def ask(walk: Walk) -> None:
    """Look at both clusters; nothing is changed on them. `advising` has what is said, or the problem."""
    session, both = walk.session, walk.session.both
    if both is None:
        return
    walk.update(session.but(advising=Advising(since=walk.doors.now())))
    names = {index.name for index in session.draft.source_indices}
    # Names that are only in a snapshot say nothing of the source.
    selected = tuple(name for name in session.draft.selected if name in names)
    draft = msgspec.structs.replace(session.draft, selected=selected)
    advising = Advising()
    try:
        advice = await walk.doors.advise(draft, walk.cluster(Side.DESTINATION), walk.cluster(Side.SOURCE))
        advising = Advising(advice=advice, between=both)
    except ProblemError as error:
        advising = Advising(problem=error.problem)
    finally:
        walk.update(walk.session.but(advising=advising))
