"""The review: the plan of all answers, and its beginning in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.model.problem import Problem, ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.flow.base import Walk


def plan(walk: Walk) -> None:
    """Make the plan and its preview, where there is none yet; the session has the problem where there can be none."""
    doors = walk.doors
    try:
        made = doors.plan(walk.session.draft)
        preview = doors.preview(made)
    except ProblemError as error:
        walk.update(walk.session.but(plan_problem=error.problem))
    else:
        walk.update(walk.session.but(plan=made, preview=preview, plan_problem=None))


async def begin(walk: Walk) -> tuple[str, Problem | None]:
    """Begin the run; its name, or what kept it from beginning."""
    made = walk.session.plan
    if made is None:
        return "", walk.session.plan_problem
    walk.update(walk.session.but(starting_since=walk.doors.now()))
    try:
        return await walk.doors.begin(made, walk.credentials, walk.session.draft.findings), None
    except ProblemError as error:
        return "", error.problem
    finally:
        walk.update(walk.session.but(starting_since=None))
