"""Cancelling a restore: Elasticsearch ends one when its index is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esmigrate_tui.methods.restore_from_snapshot.problems import not_deletable
from esmigrate_tui.methods.restore_from_snapshot.requests import (
    delete_request,
    restoration_of,
)
from esmigrate_tui.methods.restore_from_snapshot.state import RestoreState, is_ours
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Work


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
                raise not_deletable(work, error.problem) from None
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
