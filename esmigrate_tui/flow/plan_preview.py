"""What a plan will do, in words, for the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.flow.services import Preview, PreviewedRequest
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.carried import NameConflict, amounts
from esmigrate_tui.model.snapshot import TakenNameRule
from esmigrate_tui.model.text import size

if TYPE_CHECKING:
    from esmigrate_tui.model.plan import Plan


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
        tuned = ("refresh_interval (off) and number_of_replicas (0) of each new index, while its documents arrive",)
        return tuned if plan.tune else ()
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
