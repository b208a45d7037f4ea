"""What is made ready (the repository for all tasks, the names that are taken), and cleared away to cancel a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esmigrate_tui.elastic.snapshots import register_request, unregister_request
from esmigrate_tui.methods.restore_from_snapshot.requests import (
    close_requests,
    delete_request,
    restoration_of,
)
from esmigrate_tui.methods.restore_from_snapshot.state import RestoreState, comes_from, is_ours
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import Repository, RestoreKind, RestoreOptions, TakenNameRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Recorder, Work
    from esmigrate_tui.methods.restore_from_snapshot.restore_run import RestoreRun
    from esmigrate_tui.model.plan import Plan


async def make_repository(plan: Plan, clusters: Clusters, recorder: Recorder, shared: RestoreRun) -> None:
    """Register the repository where the plan says so, and see that the snapshot is in it, and the same one."""
    wanted = restoration_of(plan)
    known = await clusters.destination.snapshots.repositories()
    there = next((one for one in known if one.name == wanted.repository.name), None)
    if there is not None:
        _must_be_the_same(there, wanted)
    if wanted.register and (there is None or wanted.unregister):
        # One that was registered to look into it is registered the same once more: so it is taken away at the end.
        try:
            await recorder.change(
                Side.DESTINATION,
                f"the repository {wanted.repository.name} was registered",
                register_request(wanted.repository),
                unregister_request(wanted.repository.name) if wanted.unregister else None,
            )
        except ProblemError as error:
            # Older servers refuse even the same again while a restore is going on that an earlier process began.
            if there is None or error.problem.cause is not Cause.BUSY:
                raise
    elif there is None:
        raise ProblemError.of(
            Cause.MISSING,
            f"The destination has no repository {wanted.repository.name}.",
            why="It existed when the plan was made, or was to be registered by another user.",
            todo="Register it there under the same name, and run the plan again.",
        )
    snapshot = await shared.snapshot(anew=True)
    if wanted.snapshot_uuid and snapshot.uuid and wanted.snapshot_uuid != snapshot.uuid:
        raise ProblemError.of(
            Cause.STATE,
            f"The snapshot {wanted.snapshot} in {wanted.repository.name} is not the one of the plan.",
            why="It was deleted and another one was made under its name, or the repository is another one.",
            todo="Make a new plan from it, if it is the right one.",
            evidence=f"{snapshot.uuid}, not {wanted.snapshot_uuid}",
        )


def _must_be_the_same(there: Repository, wanted: RestoreOptions) -> None:
    """A repository of that name that is another one; raises ProblemError (exists)."""
    ours = wanted.repository
    if there.type == ours.type and (there.place == ours.place or not ours.place):
        return
    raise ProblemError.of(
        Cause.EXISTS,
        f"The destination has another repository named {ours.name}.",
        why=(
            f"It is of type {there.type}"
            + (f" at {there.place}" if there.place else "")
            + f", the plan wants {ours.type}"
            + (f" at {ours.place}." if ours.place else ".")
        ),
        todo="Register the wanted one under another name, and make a new plan.",
    )


async def make_way(work: Work, clusters: Clusters, recorder: Recorder) -> None:
    """Close or delete what is in the way, exactly the indices that the task names.

    One that this very snapshot is being restored into is left alone: an earlier process has started that.
    """
    task, cluster = work.task, clusters.destination
    if not task.in_the_way or task.kind in {RestoreKind.FEATURE_STATE, RestoreKind.GLOBAL_STATE}:
        return
    stream = task.destination_index if task.kind is RestoreKind.DATA_STREAM else ""
    if task.in_the_way.get(stream) is TakenNameRule.DELETE and await cluster.indices.existing([stream]) == {
        stream: "data stream"
    }:
        request = delete_request(stream, is_stream=True)
        await recorder.change(Side.DESTINATION, f"the data stream {stream} was deleted", request, None)
    names = [name for name in task.in_the_way if name != stream]
    for name, there in (await cluster.snapshots.recoveries(names)).items():
        if comes_from(there, restoration_of(work.plan)) and not there.is_complete and not there.is_closed:
            continue
        if task.in_the_way[name] is TakenNameRule.DELETE:
            await recorder.change(Side.DESTINATION, f"the index {name} was deleted", delete_request(name), None)
        elif not there.is_closed:
            closing, opening = close_requests(name)
            what = f"the index {name} was closed, to be restored over"
            await recorder.change(Side.DESTINATION, what, closing, opening)


async def delete_incomplete(work: Work, clusters: Clusters, names: Sequence[str], state: RestoreState) -> None:
    """Delete what the task has restored in part, which cancels its restore; what is complete, or not its own, stays.

    Raises ProblemError.
    """
    wanted, cluster = restoration_of(work.plan), clusters.destination
    found = await cluster.snapshots.recoveries(names)
    half = [
        one
        for one in found.values()
        if is_ours(one, state.made.get(one.index, ""), wanted) and not one.is_complete and not one.is_closed
    ]
    if not half:
        return
    if work.task.kind is RestoreKind.DATA_STREAM:
        await _delete_stream(work, cluster, names)
        return
    for one in half:
        try:
            await cluster.changes.delete_index(one.index)
        except ProblemError as error:
            if error.problem.cause is Cause.PRIVILEGES and work.task.kind is RestoreKind.FEATURE_STATE:
                raise ProblemError.of(
                    Cause.PRIVILEGES,
                    f"The restore of the feature {work.task.source_index} cannot be cancelled.",
                    why="From 8.0 on even a superuser may not delete the indices of a feature.",
                    todo="Let it come to its end: such indices are small. Or sign in with a role that has "
                    "allow_restricted_indices.",
                    evidence=error.problem.evidence or error.problem.what,
                ) from None
            if error.problem.cause is not Cause.MISSING:
                raise


async def _delete_stream(work: Work, cluster: Cluster, names: Sequence[str]) -> None:
    """Delete a half restored data stream if nothing else is in it: its newest index cannot be deleted alone."""
    path = delete_request(work.task.destination_index, is_stream=True).path
    told = await cluster.wire.get(path, dict[str, Any])
    backing = {
        str(index.get("index_name", "")) for one in told.get("data_streams", []) for index in one.get("indices", [])
    }
    if backing and backing <= set(names):
        await cluster.changes.make(delete_request(work.task.destination_index, is_stream=True))
