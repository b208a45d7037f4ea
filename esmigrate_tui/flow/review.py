"""The review: the plan of all answers, what it will do and overwrite, and its beginning in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.services import Preview, PreviewedRequest
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.carried import NameConflict, amounts
from esmigrate_tui.model.plan import amount_of
from esmigrate_tui.model.problem import Problem, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind, TakenNameRule
from esmigrate_tui.model.text import clean, counted, listed, size
from esmigrate_tui.model.weight import is_tuned

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.plan import Plan


_ALL: Final = 1_000  # a plan names what it deletes in full, and so does this
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


def preview(plan: Plan) -> Preview:
    """What a plan will do, as its method says it; made of the plan alone, every secret as dots."""
    method = METHODS[plan.method]
    to = plan.destination.endpoint.authority
    made = [one for one in plan.carried if one.conflict is NameConflict.NONE]
    last = (f"Make {amounts(one.kind for one in made)} on {to}, to stay.",) if made else ()
    requests = (*method.requests(plan), *(one.change().made_by for one in made[:1]))
    return Preview(
        steps=(*method.steps(plan), *last),
        put_back=_put_back(plan),
        requests=tuple(PreviewedRequest(to=to, request=request) for request in requests),
        time=_time(plan),
        carried=tuple(line for one in plan.carried for line in one.lines()),
    )


def _put_back(plan: Plan) -> tuple[str, ...]:
    """What is changed for the time of the run alone."""
    wanted = plan.restoration
    if wanted is None:
        if not any(task.create and task.shipping is None for task in plan.tasks):
            return ()
        new = [task for task in plan.tasks if task.makes_index and task.shipping is None]
        if not any(is_tuned(plan, task) for task in new):
            return ()
        small = sum(not is_tuned(plan, task) for task in new)
        left = f" but {counted(small, 'small one')}" if small else ""
        return (
            f"refresh_interval (off) and number_of_replicas (0) of each new index{left}, while its documents arrive",
        )
    changes = []
    if wanted.register and wanted.unregister:
        changes.append(f"the registration of the repository {wanted.repository.name}; the files in it stay")
    if any(way is TakenNameRule.CLOSE for task in plan.tasks for way in task.in_the_way.values()):
        changes.append("an index that was closed to be restored over is opened again, where the restore fails")
    return tuple(changes)


def _time(plan: Plan) -> str:
    """How long it will take, as far as that can be said before it runs."""
    wanted = plan.restoration
    if wanted is None:
        if any(task.shipping is not None for task in plan.tasks):
            return "As long as the sender takes: this run only watches."
        return (
            f"Not known until it runs: it depends on how fast {METHODS[plan.method].depends_on}. "
            "Half a minute after the start there is an estimate."
        )
    sizes = [task.size for task in plan.tasks if task.size is not None]
    amount = f"{size(sum(sizes))} to copy" if sizes else "How much is to be copied, the snapshot does not say"
    cap = wanted.repository.settings.get("max_restore_bytes_per_sec", "")
    capped = f" The repository lets each node read {cap} a second at most." if cap else ""
    return (
        f"{amount}, from the repository to the nodes: nothing of it passes through this machine.{capped} "
        "Half a minute after the start there is an estimate."
    )


def overwritten(plan: Plan) -> tuple[str, ...]:
    """Everything there that the plan deletes, closes or replaces, in words; nothing where it only adds."""
    found: list[str] = []
    indices = [task for task in plan.tasks if task.kind in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}]
    for way, words in ((TakenNameRule.DELETE, "Deleted"), (TakenNameRule.CLOSE, "Closed and overwritten")):
        names = list(dict.fromkeys(name for task in indices for name, its in task.in_the_way.items() if its is way))
        if names:
            found.append(f"{words} on the destination: {listed(names, _ALL)}")
    for task in plan.tasks:
        if task.kind is RestoreKind.FEATURE_STATE:
            there = f": {listed([*task.in_the_way], _ALL)}" if task.in_the_way else ""
            found.append(f"The state of the feature {clean(task.source_index)} is replaced on the destination{there}")
    if any(task.kind is RestoreKind.GLOBAL_STATE for task in plan.tasks):
        found.append(
            "The global state of the destination is overwritten: persistent settings, templates, pipelines, policies"
        )
    return tuple(found)


def without_plan(problem: Problem) -> Problem:
    """Why there is no plan."""
    return msgspec.structs.replace(problem, what=f"There is no plan: {problem.what}")


def plan(flow: Flow) -> None:
    """Make the plan and its preview, where there is none yet; the session has the problem where there can be none."""
    services = flow.services
    try:
        made = services.plan(flow.session.draft)
        shown = services.preview(made)
    except ProblemError as error:
        flow.update(flow.session.but(plan_problem=error.problem))
    else:
        flow.update(flow.session.but(plan=made, preview=shown, plan_problem=None))


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
