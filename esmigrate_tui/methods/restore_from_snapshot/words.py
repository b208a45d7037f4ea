"""What a run of a plan does, and its requests, for the review."""

from __future__ import annotations

import msgspec

from esmigrate_tui.elastic.snapshots import register_request, unregister_request
from esmigrate_tui.methods.restore_from_snapshot.requests import (
    close_requests,
    delete_request,
    restoration_of,
    start_request,
)
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import Proof
from esmigrate_tui.model.plan import Plan, amount_of
from esmigrate_tui.model.snapshot import Mount, RestoreKind, RestoreOptions, TakenNameRule
from esmigrate_tui.model.text import counted, number, size


def steps(plan: Plan) -> tuple[str, ...]:
    """What a run of this plan does, in order, in words."""
    wanted = restoration_of(plan)
    new = f"{plan.destination.endpoint.url} ({plan.destination_version})"
    steps: list[str] = []
    if wanted.register:
        manner = "read-only" if wanted.repository.is_readonly else "for reading and writing"
        after = ", and remove it again at the end" if wanted.unregister else ""
        steps.append(f"Register the repository {wanted.repository.name} on {new}, {manner}{after}.")
    else:
        steps.append(f"Look for the snapshot {wanted.snapshot} in {wanted.repository.name} on {new}.")
    ways = [
        way for task in plan.tasks if task.kind is not RestoreKind.FEATURE_STATE for way in task.in_the_way.values()
    ]
    for way, done in ((TakenNameRule.CLOSE, "Close"), (TakenNameRule.DELETE, "Delete")):
        if amount := ways.count(way):
            then = " and restore over" if way is TakenNameRule.CLOSE else ""
            named = f"{counted(amount, 'index', 'indices')} that {'is' if amount == 1 else 'are'} in the way"
            steps.append(f"{done}{then} {named} on {new}.")
    steps.append(_restored(plan, wanted))
    steps.append(
        "Wait until every shard is started, refresh, count"
        + (", and compare with the source." if plan.source is not None else ", and compare with the snapshot.")
        + _proved(plan)
    )
    return tuple(steps)


def _proved(plan: Plan) -> str:
    """What comparing every document means for a restore, in words; "" where the plan does not ask for it."""
    if plan.proof is not Proof.EVERYTHING:
        return ""
    if plan.source is None:
        return " No document can be compared: that needs the source, and the plan has none."
    return (
        " Then read every document of both sides once more, and compare it byte for byte; what the source has been "
        "sent since the snapshot was made differs. Of what belongs to a feature only the shards are compared."
    )


def _restored(plan: Plan, wanted: RestoreOptions) -> str:
    """What is copied, and how."""
    known = [task.size for task in plan.tasks if task.size is not None]
    renamed = sum(task.source_index != task.destination_index for task in plan.tasks)
    verb = "Restore" if wanted.mount is Mount.NONE else "Mount"
    return (
        f"{verb} {amount_of(plan)} "
        f"from the snapshot {wanted.snapshot}"
        + (f" ({size(sum(known))})" if known else "")
        + (f", {number(renamed)} under another name" if renamed else "")
        + (f", {plan.at_once} at a time" if plan.at_once > 1 and len(plan.tasks) > 1 else "")
        + ". Nothing on the source is touched."
    )


def requests(plan: Plan) -> tuple[Request, ...]:
    """The requests for the first task of a plan; those for the others are like them."""
    if not plan.tasks:
        return ()
    wanted, task = restoration_of(plan), plan.tasks[0]
    asked: list[Request] = []
    if wanted.register:
        asked.append(register_request(wanted.repository))
    if task.kind is not RestoreKind.FEATURE_STATE:
        for name, way in task.in_the_way.items():
            is_stream = task.kind is RestoreKind.DATA_STREAM and name == task.destination_index
            closing, _ = close_requests(name)
            asked.append(closing if way is TakenNameRule.CLOSE else delete_request(name, is_stream=is_stream))
    start = start_request((task,), plan)
    pretty = msgspec.json.format(start.body.encode(), indent=2).decode()
    asked.append(msgspec.structs.replace(start, body=pretty))
    if task.kind in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}:
        path = delete_request(task.destination_index).path
        asked += [
            Request(method="GET", path=f"{path}/_recovery"),
            Request(method="POST", path=f"{path}/_refresh"),
            Request(method="GET", path=f"{path}/_count"),
        ]
    if wanted.register and wanted.unregister:
        asked.append(unregister_request(wanted.repository.name))
    return tuple(asked)
