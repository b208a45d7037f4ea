"""Restore from a snapshot: the destination copies the files of whole shards out of a repository.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-restore-snapshot.html

The server does the copying by itself; this file starts restores, looks at them and judges what it sees. A restore is
known by its index: by the repository and snapshot that the shards say they come from, and then by the index's uuid. It
cannot be held or slowed down but by the clusters' own settings, and it is cancelled by deleting the index.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec

from esmigrate_tui.elastic.paths import paths_of
from esmigrate_tui.methods.restore_from_snapshot import proof, words
from esmigrate_tui.methods.restore_from_snapshot.opening import delete_incomplete, make_repository, make_way
from esmigrate_tui.methods.restore_from_snapshot.problems import (
    all_judged,
    may_work_now,
    stuck,
    unplaced,
)
from esmigrate_tui.methods.restore_from_snapshot.requests import (
    destination_names,
    planned,
    restoration_of,
    start_request,
)
from esmigrate_tui.methods.restore_from_snapshot.restore_run import RestoreRun
from esmigrate_tui.methods.restore_from_snapshot.state import (
    RestoreState,
    anew,
    as_changed,
    as_set,
    by_hand,
    comes_from,
    held_up,
    is_whole,
    moved,
    never_seen,
    placed_by,
    seen_of,
)
from esmigrate_tui.model.event import Acknowledged
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.elastic.snapshots import RestoreProgress
    from esmigrate_tui.methods.contract import Recorder, Work
    from esmigrate_tui.methods.restore_from_snapshot.sharing import RecoveryView
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.verify import Comparison
    from esmigrate_tui.verify.progress import ComparisonProgress


class RestoreFromSnapshot:
    """Starts restores, and knows one by its index: there is no task of the server that could be found again."""

    plan = staticmethod(planned)
    steps = staticmethod(words.steps)
    requests = staticmethod(words.requests)
    prepare = staticmethod(make_way)

    def __init__(self) -> None:
        self._runs: WeakKeyDictionary[Cluster, dict[tuple[str, str], RestoreRun]] = WeakKeyDictionary()
        self._whole: set[str] = set()
        """What was seen to be restored, by opaque ids."""

    def _shared(self, plan: Plan, clusters: Clusters) -> RestoreRun:
        wanted = restoration_of(plan)
        known = self._runs.setdefault(clusters.destination, {})
        key = (wanted.repository.name, wanted.snapshot)
        if key not in known:
            known[key] = RestoreRun(clusters.destination, wanted)
        return known[key]

    async def open(self, plan: Plan, clusters: Clusters, recorder: Recorder) -> None:
        """Register the repository where the plan says so, and see that the snapshot is in it, and the same one."""
        await make_repository(plan, clusters, recorder, self._shared(plan, clusters))

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:
        """Yield a value a look, until every primary shard of the restored indices is seen started.

        Raises ProblemError: BUSY or DISK_FULL where a shard finds no node, REFUSED where it could not be read, MISSING
        or STATE where the index is missing or another one, UNKNOWN_OUTCOME where nothing of the restore can be seen.
        """
        shared, state = self._shared(work.plan, clusters), RestoreState.from_token(since)
        if work.task.kind is RestoreKind.GLOBAL_STATE:
            async for step in self._global_state(work, clusters, state):
                yield step
            return
        names = destination_names(work.task, await shared.snapshot())
        if not names:
            raise never_seen(work, names)
        paths_of(names)  # an odd name is this task's problem, not that of all who share a look
        with shared.looks.following(names):
            look = await shared.looks.newer_than(shared.looks.begun, names)
            note, was_held_up, is_sure = "", bool(state.made), False
            if await self._is_cured(state, clusters, names, look.found):
                state = by_hand(state, await placed_by(clusters, names))
                await delete_incomplete(work, clusters, names, state)
                look = await shared.looks.newer_than(shared.looks.begun, names)
                note = f"a node may hold its shards now, so it is restored once more{as_set(state)}"
                state = anew(state)
            elif state.made and not any(name in look.found for name in names):
                # Stopping has deleted it, or a user has since; resuming a task means that it is wanted.
                state, note = anew(state), "its index was missing, so it is restored again"
            if not state.made:
                made, look = await self._begun(as_changed(work, state), shared, names, look)
                state = msgspec.structs.replace(state, made=made)
                was_held_up = False
            shared.made[work.opaque_id] = state.made
            while True:
                recoveries = seen_of(names, state, look.found)
                is_done = is_whole(names, state.made, look.found)
                problem = None if is_done else await self._trouble(clusters, recoveries)
                if problem is not None and not was_held_up and not is_sure and not all_judged(recoveries):
                    problem, is_sure = None, True  # one more look shows how many shards it is
                state = await held_up(state, clusters, names, problem)
                if problem is None or not was_held_up:
                    note = note or await shared.cap(list(look.found.values()))
                    (self._whole.add if is_done else self._whole.discard)(work.opaque_id)
                    yield moved(work.task, state, recoveries, is_done=is_done, note=note)
                if problem is not None:
                    raise ProblemError(problem)
                if is_done:
                    return
                note, was_held_up = "", False
                look = await shared.looks.newer_than(look.number, names)

    async def _begun(
        self, work: Work, shared: RestoreRun, names: Sequence[str], look: RecoveryView
    ) -> tuple[dict[str, str], RecoveryView]:
        """What the restore of a task has made, started, or found where it was started before; with a look at it."""
        if not _is_under_way(work, names, look.found):
            refused: ProblemError | None = None
            try:
                await shared.starts.start(work)
            except ProblemError as error:
                if error.problem.cause is not Cause.EXISTS:
                    raise
                refused = error  # unless what an earlier request has started has become visible only now
            look = await shared.looks.newer_than(shared.looks.begun, names)
            if refused is not None and not _is_under_way(work, names, look.found):
                raise refused
        if unseen := [name for name in names if name not in look.found]:
            raise never_seen(work, unseen)
        return {name: look.found[name].uuid for name in names}, look

    @staticmethod
    async def _trouble(clusters: Clusters, recoveries: Sequence[RestoreProgress]) -> Problem | None:
        """Why a shard will not start by itself; None while all may."""
        for recovery in recoveries:
            if shards := stuck(recovery):
                explanation = await clusters.destination.snapshots.explain(recovery.index, shards[0].shard)
                return unplaced(recovery, shards, explanation)
        return None

    @staticmethod
    async def _is_cured(
        state: RestoreState, clusters: Clusters, names: Sequence[str], found: Mapping[str, RestoreProgress]
    ) -> bool:
        """Whether nothing but the failure itself keeps the first stuck shard from being restored again."""
        troubled = [found[name] for name in names if name in found and found[name].uuid == state.made.get(name)]
        for index, shard in [(one.index, shard.shard) for one in troubled for shard in stuck(one)][:1]:
            return may_work_now(await clusters.destination.snapshots.explain(index, shard))
        return False

    async def _global_state(self, work: Work, clusters: Clusters, state: RestoreState) -> AsyncIterator[Acknowledged]:
        """The one restore that is waited for: the server's own answer is all that can be known of it."""
        shared = self._shared(work.plan, clusters)
        if not state.is_acknowledged:
            await clusters.destination.snapshots.restore(start_request((work.task,), work.plan))
        shared.acknowledged.add(work.opaque_id)
        yield Acknowledged(done=0, total=0, parts_done=1, parts=1, token=RestoreState(is_acknowledged=True).as_token())

    async def news(self, work: Work) -> None:
        """At once when all that is restored was seen to be whole; until then only the destination knows."""
        if work.task.kind is not RestoreKind.GLOBAL_STATE and work.opaque_id not in self._whole:
            await asyncio.Event().wait()

    async def pace(self, work: Work, clusters: Clusters, since: str, requests_per_second: float) -> None:
        """Nothing: a restore goes as fast as the clusters' own settings let it."""

    async def pause(self, work: Work, clusters: Clusters, since: str) -> None:
        """Nothing: a restore cannot be held. What is under way goes on, and no other is begun."""

    async def stop(self, work: Work, clusters: Clusters, since: str) -> None:
        """Delete what this task has half restored, which cancels the restore; what is whole, or not ours, stays.

        Raises ProblemError: privileges for a feature state on 8.0 and newer, where no user may delete it.
        """
        if work.task.kind is RestoreKind.GLOBAL_STATE:
            return
        names = destination_names(work.task, await self._shared(work.plan, clusters).snapshot())
        await delete_incomplete(work, clusters, names, RestoreState.from_token(since))

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:
        """Started shards against the snapshot's; documents against the source's, where it has them and is connected."""
        return await proof.compare(work, clusters, self._shared(work.plan, clusters), watch)


def _is_under_way(work: Work, names: Sequence[str], found: Mapping[str, RestoreProgress]) -> bool:
    """Whether every index is being restored from the snapshot, or was since the plan was made.

    What was in the way of a feature state is replaced by the restore itself, so one that is whole may be the old one.
    """
    there = [found[name] for name in names if name in found]
    if len(there) < len(names) or any(one.is_closed or not comes_from(one, restoration_of(work.plan)) for one in there):
        return False
    is_replaced = work.task.kind is RestoreKind.FEATURE_STATE and bool(work.task.in_the_way)
    return not is_replaced or not all(one.is_complete for one in there)
