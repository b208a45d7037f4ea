"""The review: the plan of all answers, and its beginning in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.plan import amount_of
from esmigrate_tui.model.problem import Problem, ProblemError
from esmigrate_tui.model.text import counted

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.flow.session import Session


LOSES: Final = "Something that exists is overwritten, closed or deleted."
UNKNOWN_TIME: Final = "not known until it runs"


def headline(session: Session) -> tuple[str, str]:
    """What goes where, and whether anything was changed so far; ("", "") without a plan."""
    made = session.plan
    if made is None:
        return "", ""
    files = [len(task.reading.files) for task in made.tasks if task.reading is not None]
    what = counted(sum(files), "file") if files else amount_of(made)
    so_far = "no data is changed yet" if session.is_anything_changed else "nothing is changed yet"
    return f"{what} to {made.destination.endpoint.authority}", so_far


def without_plan(problem: Problem) -> Problem:
    """Why there is no plan."""
    return msgspec.structs.replace(problem, what=f"There is no plan: {problem.what}")


def plan(flow: Flow) -> None:
    """Make the plan and its preview, where there is none yet; the session has the problem where there can be none."""
    services = flow.services
    try:
        made = services.plan(flow.session.draft)
        preview = services.preview(made)
    except ProblemError as error:
        flow.update(flow.session.but(plan_problem=error.problem))
    else:
        flow.update(flow.session.but(plan=made, preview=preview, plan_problem=None))


async def begin(flow: Flow) -> tuple[str, Problem | None]:
    """Begin the run; its name, or what kept it from beginning."""
    made = flow.session.plan
    if made is None:
        return "", flow.session.plan_problem
    flow.update(flow.session.but(starting_since=flow.services.now()))
    try:
        return await flow.services.begin(made, flow.credentials, flow.session.draft.findings), None
    except ProblemError as error:
        return "", error.problem
    finally:
        flow.update(flow.session.but(starting_since=None))
