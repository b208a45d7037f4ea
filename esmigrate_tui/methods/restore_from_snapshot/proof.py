"""What a restore is verified by: started shards, and the documents of both sides where there is a source."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from esmigrate_tui.elastic.paths import paths_of
from esmigrate_tui.methods.restore_from_snapshot.requests import (
    destination_names,
    held_by,
    restoration_of,
)
from esmigrate_tui.methods.restore_from_snapshot.state import shards_of
from esmigrate_tui.model.event import RestoredShards, Samples
from esmigrate_tui.model.method import Proof
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.verify import Comparison
from esmigrate_tui.verify.counts import ComparedIndex, refresh_if_allowed
from esmigrate_tui.verify.progress import ComparisonProgress
from esmigrate_tui.verify.samples import compare_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.methods.restore_from_snapshot.restore_run import RestoreRun
    from esmigrate_tui.model.plan import Task


async def compare(work: Work, clusters: Clusters, shared: RestoreRun, watch: ComparisonProgress | None) -> Comparison:
    """Started shards against the snapshot's; documents against the source's, where it has them and is connected.

    Of the global state nothing can be seen but that the server has said that it is restored: one part of one.
    """
    task = work.task
    if task.kind is RestoreKind.GLOBAL_STATE:
        return Comparison(None, None, RestoredShards(wanted=1, arrived=int(work.opaque_id in shared.acknowledged)))
    snapshot = await shared.snapshot()
    names, held = destination_names(task, snapshot), held_by(task, snapshot)
    paths_of(names)  # as in `perform`
    with shared.looks.following(names):
        look = await shared.looks.newer_than(shared.looks.begun, names)
    found = {name: look.found[name] for name in names if name in look.found}
    lost = len({(one.index, one.shard) for one in snapshot.failures if one.index in held})
    shards = shards_of(task, names, shared.made.get(work.opaque_id, {}), found, lost, restoration_of(work.plan))
    if set(found) != set(names) or any(one.is_closed or not one.is_complete for one in found.values()):
        return Comparison(None, None, shards)
    arrived = await _counted(clusters.destination, task, names)
    there = await _on_source(task, clusters, held)
    counts = Comparison(there, arrived, shards)
    source, proof = clusters.source, work.plan.proof
    if there is None or source is None or (watch is not None and watch.is_brief) or proof is Proof.COUNTS:
        return counts
    if proof is Proof.SAMPLES:
        return replace(counts, samples=await _sampled(clusters, names, held))
    pairs = [
        (ComparedIndex(source, old), ComparedIndex(clusters.destination, new))
        for new, old in zip(names, held, strict=True)
    ]
    compared = await (watch or ComparisonProgress()).compare(pairs, there + (arrived or 0), values=False)
    return replace(counts, compared=compared)


async def _counted(cluster: Cluster, task: Task, names: Sequence[str]) -> int | None:
    """Documents that arrived; None where the user may not read the indices of a feature."""
    total = 0
    for name in names:
        try:
            if task.kind is not RestoreKind.FEATURE_STATE:  # what is restored can be seen without a refresh
                await cluster.searches.refresh(name)
            total += await cluster.searches.count(name)
        except ProblemError as error:
            if error.problem.cause is Cause.PRIVILEGES and task.kind is RestoreKind.FEATURE_STATE:
                return None
            raise
    return total


async def _on_source(task: Task, clusters: Clusters, held: Sequence[str]) -> int | None:
    """Documents of the same indices on the source; None where it lacks one of them, or cannot be asked.

    A restore needs no source, so its problems hold nothing up. What belongs to a feature is written to all the
    time: its number would say nothing.
    """
    source = clusters.source
    if source is None or task.kind is RestoreKind.FEATURE_STATE:
        return None
    total = 0
    try:
        for name in held:
            await source.indices.settings_of(name)  # raises where that name is an alias by now
            await refresh_if_allowed(source, name)
            total += await source.searches.count(name)
    except ProblemError:
        return None
    return total


async def _sampled(clusters: Clusters, names: Sequence[str], held: Sequence[str]) -> Samples | None:
    """Documents of both sides compared; None where they could not be."""
    if clusters.source is None:
        return None
    try:
        return await compare_samples(clusters.source, clusters.destination, dict(zip(names, held, strict=True)))
    except ProblemError:
        return None
