"""The review: the plan of all answers, and its beginning in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.model.problem import Problem, ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow


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
