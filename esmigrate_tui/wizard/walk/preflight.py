"""The preflight: the checks are asked, their findings come in as they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.wizard.session import Checking, Session
from esmigrate_tui.wizard.steps import checked_as

if TYPE_CHECKING:
    from esmigrate_tui.wizard.walk.base import Walk


def asked(session: Session) -> str:
    """Who is asked."""
    if session.is_of_files:
        return "the destination, and the files"
    is_alone = Side.SOURCE not in session.sides or session.is_left_out(Side.SOURCE)
    return "the destination" if is_alone else "both clusters"


async def look(walk: Walk) -> None:
    """Ask all the checks; where that cannot be done, `checking` has the problem."""
    session = walk.session.answered(findings=())
    walk.update(session.but(checking=Checking(since=walk.doors.now(), checked=checked_as(session))))
    draft = walk.session.draft
    if Side.SOURCE not in walk.session.sides:  # one that was connected for another method does not count here
        draft = msgspec.structs.replace(draft, source=None, source_facts=None, source_indices=())
    try:
        destination, source = walk.cluster_pair()
        async for finding in walk.doors.preflight(draft, destination, source if draft.source else None):
            walk.update(walk.session.answered(findings=(*walk.session.draft.findings, finding)))
    except ProblemError as error:
        checking = msgspec.structs.replace(walk.session.checking, since=None, problem=error.problem)
    else:
        checking = msgspec.structs.replace(walk.session.checking, since=None, looked_at=walk.doors.now())
    walk.update(walk.session.but(checking=checking))
