"""A plan checked before it is run: the draft it was made of, and whether what it is for is still the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.elastic.identity import another_cluster
from esmigrate_tui.methods.checking import preflight_findings
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.finding import Finding, worst_first
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import FeatureState, RestoreKind, SnapshotFacts, SnapshotIndex
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.plan import Plan


def draft_of(plan: Plan, snapshot: SnapshotFacts | None = None) -> Draft:
    """The draft that a plan was made of, as far as preflight needs it; `snapshot` is the one it restores from."""
    indices = [task for task in plan.tasks if task.kind in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}]
    features = [task for task in plan.tasks if task.kind is RestoreKind.FEATURE_STATE]
    targets, uses = named_there(plan)
    return Draft(
        method=plan.method,
        source=plan.source,
        destination=plan.destination,
        selected=tuple(dict.fromkeys(task.source_index for task in indices)),
        renamed={t.source_index: t.destination_index for t in indices if t.source_index != t.destination_index},
        targets=targets,
        uses=uses,
        copying=plan.copying,
        at_once=plan.at_once,
        batch=plan.batch,
        requests_per_second=plan.requests_per_second,
        split=plan.split,
        split_by=plan.split_by,
        snapshot=snapshot,
        restoration=plan.restoration,
        feature_states=tuple(task.source_index for task in features),
        in_the_way={name: way for task in indices for name, way in task.in_the_way.items()},
        reading=next((task.reading for task in plan.tasks), None),
        shipping=next((task.shipping for task in plan.tasks), None),
        into=plan.tasks[0].destination_index if plan.tasks else "",
        create=plan.tasks[0].create if plan.tasks else "",
        carried=plan.carried or None,
        tasks=plan.tasks,
    )


def named_there(plan: Plan) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The names of each index whose types go apart, and the names of the destination that are used as they are."""
    targets: dict[str, tuple[str, ...]] = {}
    indices = [task for task in plan.tasks if task.kind in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}]
    for task in indices:
        targets[task.source_index] = (*targets.get(task.source_index, ()), task.destination_index)
    adds = plan.method.traits.reads_documents
    uses = tuple(task.destination_index for task in indices if not task.create) if adds else ()
    return {source: names for source, names in targets.items() if len(names) > 1}, uses


def as_planned(plan: Plan) -> SnapshotFacts | None:
    """The snapshot as far as the plan describes it: names, shards and sizes, but neither how it ended nor by whom.

    Which indices back a data stream is not in a plan: one stands for them.
    """
    wanted = plan.restoration
    if wanted is None:
        return None
    streams = [task for task in plan.tasks if task.kind is RestoreKind.DATA_STREAM]
    backing = {task.number: f".ds-{task.source_index}-000001" for task in streams}
    indices = [task for task in plan.tasks if task.kind is RestoreKind.INDEX or task.number in backing]
    named = [(backing.get(task.number, task.source_index), task) for task in indices]
    return SnapshotFacts(
        repository=wanted.repository.name,
        name=wanted.snapshot,
        uuid=wanted.snapshot_uuid,
        indices=tuple(name for name, _ in named),
        data_streams=tuple(task.source_index for task in streams),
        feature_states=tuple(
            FeatureState(name=task.source_index, indices=tuple(task.in_the_way))
            for task in plan.tasks
            if task.kind is RestoreKind.FEATURE_STATE
        ),
        details=tuple(SnapshotIndex(name=name, shards=task.shards, bytes=task.size) for name, task in named),
    )


async def _snapshot_of(plan: Plan, clusters: Clusters) -> SnapshotFacts | None:
    """The snapshot of a restore as it is now, or as it was planned where its repository cannot be read yet.

    Raises ProblemError (stale) where it is missing, or another one has its name.
    """
    wanted, snapshots = plan.restoration, clusters.destination.snapshots
    if wanted is None:
        return None
    try:
        known = {one.name for one in await snapshots.repositories()}
        if wanted.repository.name not in known:
            return as_planned(plan)
        found = await snapshots.snapshot(wanted.repository.name, wanted.snapshot)
    except ProblemError as error:
        if error.problem.cause is not Cause.MISSING:
            return as_planned(plan)  # why, is what preflight says of the repository
        raise ProblemError.of(
            Cause.STALE,
            f"The snapshot {clean(wanted.snapshot)} is no longer in {clean(wanted.repository.name)}.",
            why="It was deleted since the plan was made.",
            todo="Make a new plan with `esmigrate plan`.",
        ) from None
    if wanted.snapshot_uuid and found.uuid and found.uuid != wanted.snapshot_uuid:
        raise ProblemError.of(
            Cause.STALE,
            f"The snapshot {clean(wanted.snapshot)} is not the one that this plan was made for.",
            why="It was deleted since, and another one has got its name.",
            todo="Make a new plan with `esmigrate plan`.",
        )
    return found


async def findings_of(draft: Draft, clusters: Clusters, now: float) -> AsyncIterator[Finding]:
    """Every finding for what was answered so far, with what its plan would make once that is known."""
    if draft.reading is not None and draft.traits.loads:
        from esmigrate_tui.flow.inspection import raise_unreachable  # noqa: PLC0415  # no other method has files

        await raise_unreachable(draft.reading)
    async for finding in preflight_findings(_with_tasks(draft, now), clusters):
        yield finding


def _with_tasks(draft: Draft, now: float) -> Draft:
    """The draft with what its plan would make, once the definitions of all that is chosen are known."""
    reads_documents = draft.method is not None and draft.traits.reads_documents
    if not (reads_documents and draft.selected and draft.definitions.keys() >= set(draft.selected)):
        return draft
    from esmigrate_tui.flow.planning import plan_of  # noqa: PLC0415  # a plan that exists is checked without it

    try:
        plan = plan_of(draft, now)
    except ProblemError:
        return draft  # why there can be no plan yet, the checks find as well
    targets, uses = named_there(plan)
    return msgspec.structs.replace(draft, tasks=plan.tasks, targets=targets, uses=uses)


async def check(plan: Plan, clusters: Clusters, found: Callable[[Finding], object]) -> tuple[Finding, ...]:
    """Every finding for a plan, worst first; `found` gets each as it comes. Raises ProblemError for a stale plan."""
    clusters = clusters.remembering()
    await raise_stale(plan, clusters)
    snapshot = await _snapshot_of(plan, clusters)
    findings: list[Finding] = []
    async for finding in preflight_findings(draft_of(plan, snapshot), clusters):
        findings.append(finding)
        found(finding)
    return worst_first(tuple(findings))


async def raise_stale(plan: Plan, clusters: Clusters) -> str:
    """The destination's name, if it is the one that the plan is for: behind the same address there may be another now.

    The source of a plan is looked at too; that of a restore need not answer, since nothing is read from it.
    """
    await raise_changed_files(plan)
    uuid, name = await clusters.destination.wire.identity()
    seen = [("destination", uuid, plan.destination_uuid)]
    if clusters.source is not None and plan.source_uuid:
        try:
            seen.append(("source", (await clusters.source.wire.identity())[0], plan.source_uuid))
        except ProblemError:
            if not plan.method.traits.restores:
                raise
    for side, found, planned in seen:
        if found != planned:
            raise ProblemError(another_cluster(f"The {side}", planned, found))
    return name


async def raise_changed_files(plan: Plan) -> None:
    """Raise ProblemError (stale) where a file of the plan is missing, or differs from what it was."""
    files = tuple(file for task in plan.tasks if task.reading is not None for file in task.reading.files)
    if not files:
        return
    from esmigrate_tui.reading.open_file import what_changed  # noqa: PLC0415  # no other method has files

    if what := await asyncio.to_thread(what_changed, files):
        raise ProblemError.of(
            Cause.STALE,
            what,
            why="What a plan says of a file, its format and types, was seen when the plan was made.",
            todo="Make a new plan with `esmigrate plan`.",
        )
