"""From connections and patterns to a plan, and from a plan back to the draft that preflight looks at."""

from __future__ import annotations

import asyncio
import dataclasses
import difflib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui import preflight
from esmigrate_tui.elastic.identity import another_cluster
from esmigrate_tui.flow.patterns import choose
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.carrying import previewed
from esmigrate_tui.model.depth import TooDeepError
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.finding import Acceptance, Finding, Severity, accepting, worst_first
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import FeatureState, RestoreKind, SnapshotFacts, SnapshotIndex
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.opened import changed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.flow.patterns import Matched
    from esmigrate_tui.model.draft import IndexDefinition
    from esmigrate_tui.model.plan import Plan


def timestamp(now: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def plan_for(
    draft: Draft,
    clusters: Clusters,
    patterns: Sequence[str],
    *,
    excluded: Sequence[str] = (),
    hidden_too: bool = False,
    renamed: dict[str, str],
    now: float,
) -> tuple[Plan, Matched]:
    """Look at both clusters, choose, and plan; raises ProblemError where one of these cannot be done."""
    draft, reached = await preflight.look(draft, clusters)
    raise_unreached(reached)
    choice = choose(draft.offered, patterns, excluded, hidden_too=hidden_too)
    unknown = [name for name in renamed if name not in choice.names]
    if unknown:
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what=f"--rename names {clean(unknown[0], 200)}, which is not among the chosen indices.",
                todo="Correct the name, or add it with --index.",
            )
        )
    method = draft.method
    if clusters.source is None or method is None:
        raise ProblemError(Problem(cause=Cause.USAGE, what="This method needs a source."))
    choice, definitions = await _defined(clusters.source, choice, patterns)
    draft = draft.answered(
        selected=choice.names,
        renamed=renamed,
        definitions=definitions,
        carried=await previewed(clusters, draft.bring),
    )
    return METHODS[method].plan(draft, timestamp(now)), choice


async def _defined(
    source: Cluster, choice: Matched, patterns: Sequence[str]
) -> tuple[Matched, dict[str, IndexDefinition]]:
    """The definitions of what was chosen; what a pattern alone has chosen and is too deep is left out, and said.

    Raises TooDeepError where such an index was named, or nothing else was chosen.
    """
    try:
        return choice, await source.definitions(choice.names)
    except TooDeepError as error:
        kept = tuple(name for name in choice.names if name not in error.names)
        if not kept or not error.names or set(error.names) & set(patterns):
            raise
        why = "its definition is nested too deeply to be translated"
        left_out = (*choice.left_out, *((name, why) for name in error.names))
        return dataclasses.replace(choice, names=kept, left_out=left_out), await source.definitions(kept)


def raise_unreached(findings: Sequence[Finding]) -> None:
    """Raise the ProblemError of the first cluster that did not answer as it should."""
    for finding in findings:
        if finding.severity is Severity.BLOCKER:
            raise ProblemError(
                Problem(
                    cause=finding.cause or Cause.CONNECTION,
                    what=finding.title,
                    why=finding.why,
                    todo=finding.fix,
                    evidence=finding.evidence,
                )
            )


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
    """The snapshot as far as the plan tells of it: names, shards and sizes, but neither how it ended nor by whom.

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
    """The snapshot of a restore as it is now, or as it was planned where nobody can look into its repository yet.

    Raises StalePlanError where it is gone, or another one has its name.
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
        raise StalePlanError(
            Problem(
                cause=Cause.STALE,
                what=f"The snapshot {clean(wanted.snapshot)} is no longer in {clean(wanted.repository.name)}.",
                why="It was deleted since the plan was made.",
                todo="Make a new plan with `esmigrate plan`.",
            )
        ) from None
    if wanted.snapshot_uuid and found.uuid and found.uuid != wanted.snapshot_uuid:
        raise StalePlanError(
            Problem(
                cause=Cause.STALE,
                what=f"The snapshot {clean(wanted.snapshot)} is not the one that this plan was made for.",
                why="It was deleted since, and another one has got its name.",
                todo="Make a new plan with `esmigrate plan`.",
            )
        )
    return found


async def check(plan: Plan, clusters: Clusters, found: Callable[[Finding], object]) -> tuple[Finding, ...]:
    """Every finding for a plan, worst first; `found` gets each as it comes. Raises ProblemError for a stale plan."""
    clusters = clusters.remembering()
    await raise_stale(plan, clusters)
    snapshot = await _snapshot_of(plan, clusters)
    findings: list[Finding] = []
    async for finding in preflight.run(draft_of(plan, snapshot), clusters):
        findings.append(finding)
        found(finding)
    return worst_first(tuple(findings))


async def raise_stale(plan: Plan, clusters: Clusters) -> str:
    """The destination's name, if it is the one that the plan is for: behind the same address there may be another now.

    The source of a plan is looked at too; that of a restore need not answer, since nothing is read from it.
    """
    await raise_changed_files(plan)
    uuid, name = await clusters.destination.identity()
    seen = [("destination", uuid, plan.destination_uuid)]
    if clusters.source is not None and plan.source_uuid:
        try:
            seen.append(("source", (await clusters.source.identity())[0], plan.source_uuid))
        except ProblemError:
            if not plan.method.traits.restores:
                raise
    for side, found, planned in seen:
        if found != planned:
            raise StalePlanError(another_cluster(f"The {side}", planned, found))
    return name


async def raise_changed_files(plan: Plan) -> None:
    """Raise StalePlanError where a file of the plan is gone, or is another than it was."""
    files = tuple(file for task in plan.tasks if task.reading is not None for file in task.reading.files)
    if files and (what := await asyncio.to_thread(changed, files)):
        raise StalePlanError(
            Problem(
                cause=Cause.STALE,
                what=what,
                why="What a plan says of a file, its format and types, was seen when the plan was made.",
                todo="Make a new plan with `esmigrate plan`.",
            )
        )


class StalePlanError(ProblemError):
    """The plan is for other clusters than those at its addresses, or for other files than those in its places."""


def accepted(given: Sequence[str]) -> tuple[Acceptance, ...]:
    """Whatever the named checks find, accepted; raises ProblemError (usage) for a name that no check has."""
    if unknown := [name for name in given if name not in preflight.NAMES]:
        like = difflib.get_close_matches(unknown[0], preflight.NAMES, n=1)
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what=f"--accept names {clean(unknown[0], 100)}, and no check is called that.",
                why="A finding that was meant to be accepted would still stand in the way.",
                todo=(f"Did you mean {like[0]}? " if like else "")
                + "Take the name in brackets behind a finding of `esmigrate check`.",
            )
        )
    return tuple(Acceptance(check=name, severity=Severity.BLOCKER) for name in sorted(set(given)))


def can_be_waived(finding: Finding) -> bool:
    """Whether somebody may accept it and go on: a warning always, a blocker where its check says so."""
    return finding.severity is not Severity.BLOCKER or finding.check in preflight.WAIVABLE


def is_accepted(finding: Finding, accepted: Sequence[Acceptance]) -> bool:
    """Whether somebody has accepted it, and may."""
    return can_be_waived(finding) and any(one.covers(finding) for one in accepted)


def standing(findings: Sequence[Finding], accepted: Sequence[Acceptance]) -> tuple[Finding, ...]:
    """The blockers that nobody has accepted, or that nobody may accept."""
    return tuple(
        finding for finding in findings if finding.severity is Severity.BLOCKER and not is_accepted(finding, accepted)
    )


def as_accepted(plan: Plan, findings: Sequence[Finding]) -> Plan:
    """The plan with what it accepts as it was found: by title and weight, no longer by the names of checks."""
    found = [accepting(one) for one in findings if _can_stop(one) and is_accepted(one, plan.accepted)]
    named = [one for one in plan.accepted if one.title]
    return msgspec.structs.replace(plan, accepted=tuple(sorted({*found, *named})))


def _can_stop(finding: Finding) -> bool:
    return finding.severity in {Severity.BLOCKER, Severity.WARNING}
