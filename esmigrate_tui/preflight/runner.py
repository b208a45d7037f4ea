"""Looks at both clusters anew and asks every check at once: findings appear as they are found."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.preflight.check import Check, blocker, passed, warning
from esmigrate_tui.preflight.repository import repositories_of, unreadable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import ClusterFacts, IndexFacts
    from esmigrate_tui.model.snapshot import RestoreOptions, SnapshotFacts


def _unreachable(side: Side, problem: Problem, *, is_needed: bool) -> Finding:
    why = problem.why or "Nothing can be judged, and nothing moved, while a cluster does not answer."
    if not is_needed:
        why = "A restore goes on without it; only what nobody but the source knows cannot be looked at."
    return Finding(
        check="reachable",
        severity=Severity.BLOCKER if is_needed else Severity.WARNING,
        title=f"The {side} does not answer as it should: {problem.what}",
        evidence=problem.evidence,
        why=why,
        fix=problem.todo,
        cause=problem.cause,
    )


def _reached(side: Side, facts: ClusterFacts) -> Finding:
    return passed(
        check="reachable",
        title=f"The {side} answers: {facts.name}, {facts.version}, {facts.health}",
    )


async def _facts(
    side: Side, cluster: Cluster, *, is_needed: bool
) -> tuple[Side, ClusterFacts, tuple[IndexFacts, ...]] | Finding:
    try:
        facts, indices = await asyncio.gather(cluster.probe(), cluster.indices.every())
    except ProblemError as error:
        return _unreachable(side, error.problem, is_needed=is_needed)
    return side, facts, indices


async def gather_facts(draft: Draft, clusters: Clusters) -> tuple[Draft, tuple[Finding, ...]]:
    """The draft with fresh facts of both clusters, and whether each could be reached.

    For a restore the snapshot is read anew, too, and the source may be away.
    """
    restores = draft.traits.restores
    sides = [(Side.DESTINATION, clusters.destination)]
    if clusters.source is not None:
        sides.insert(0, (Side.SOURCE, clusters.source))
    answers = await asyncio.gather(
        *(_facts(side, cluster, is_needed=side is Side.DESTINATION or not restores) for side, cluster in sides)
    )
    findings: list[Finding] = []
    for answer in answers:
        if isinstance(answer, Finding):
            findings.append(answer)
            continue
        side, facts, indices = answer
        findings.append(_reached(side, facts))
        if side is Side.SOURCE:
            draft = draft.answered(source_facts=facts, source_indices=indices)
        else:
            draft = draft.answered(destination_facts=facts, destination_indices=indices)
    if restores and not any(finding.severity is Severity.BLOCKER for finding in findings):
        draft, seen = await _look_at_snapshot(draft, _reachable(clusters, findings))
        findings += seen
    return draft, tuple(findings)


def _reachable(clusters: Clusters, reached: Sequence[Finding]) -> Clusters:
    """The clusters without a source that does not answer; who goes on without one has no need of it."""
    is_away = any(finding.check == "reachable" and finding.severity is Severity.WARNING for finding in reached)
    return replace(clusters, source=None) if is_away else clusters


async def _look_at_snapshot(draft: Draft, clusters: Clusters) -> tuple[Draft, list[Finding]]:
    """The draft with the snapshot as it is now, read by whichever cluster has its repository registered.

    What was selected stays as long as it is the same snapshot, by its UUID. A repository that nobody has registered
    is the affair of a check of its own.
    """
    wanted = draft.restoration
    if wanted is None or not wanted.snapshot:
        return draft, []
    reader = await _reader(wanted.repository.name, clusters)
    if reader is None:
        return draft, []
    known = draft.snapshot
    has_sizes = known is not None and bool(known.details)
    try:
        found = await reader.snapshots.snapshot(wanted.repository.name, wanted.snapshot, with_sizes=not has_sizes)
    except ProblemError as error:
        return draft, [_unread(wanted, error)]
    expected = wanted.snapshot_uuid or (known.uuid if known is not None else "")
    if expected and found.uuid and expected != found.uuid:
        return draft, [_another(wanted, expected, found)]
    if has_sizes and known is not None:
        found = msgspec.structs.replace(found, details=known.details)
    return msgspec.structs.replace(draft, snapshot=found), []


async def _reader(repository: str, clusters: Clusters) -> Cluster | None:
    """The cluster that can look into the repository: the destination before the source."""
    for cluster in (clusters.destination, clusters.source):
        if any(one.name == repository for one in await repositories_of(cluster)):
            return cluster
    return None


def _unread(wanted: RestoreOptions, error: ProblemError) -> Finding:
    if error.problem.cause is not Cause.MISSING:
        return unreadable(wanted.repository, error)
    return blocker(
        check="snapshot-state",
        title=f"The snapshot {wanted.snapshot} is not in the repository {wanted.repository.name} (any more)",
        evidence=error.problem.evidence,
        why="It was deleted, or the repository is registered at another place: a wrong one looks empty.",
        fix="Choose a snapshot that exists, and compare the places of the repository on both clusters.",
        copy=f"GET _snapshot/{wanted.repository.name}/_all",
        cause=error.problem.cause,
    )


def _another(wanted: RestoreOptions, expected: str, found: SnapshotFacts) -> Finding:
    return blocker(
        check="snapshot-state",
        title=f"Another snapshot has the name {wanted.snapshot} now",
        evidence=f"UUID {expected} was chosen, {found.uuid} exists",
        why="The one that was chosen has been deleted since, and what was selected may not be in this one.",
        fix="Choose the snapshot again.",
    )


async def _ask(check: Check, draft: Draft, clusters: Clusters, found: asyncio.Queue[Finding | None]) -> None:
    """Everything one check finds; a check that fails says so instead of passing for good."""
    try:
        async for finding in check(draft, clusters):
            await found.put(finding)
    except Exception as error:  # noqa: BLE001  # a defect in one check must neither hide the others nor pass for good
        what = f"a defect of esmigrate ({type(error).__name__})"
        problem = Problem(cause=Cause.INTERNAL, what=what, todo="Check it yourself, and please report this.")
        problem = error.problem if isinstance(error, ProblemError) else problem
        await found.put(
            warning(
                check=check.name,
                title=f"The check {check.name} could not run: {problem.what}",
                evidence=problem.evidence,
                why="What could not be checked may be in order or not.",
                fix=problem.todo,
            )
        )
    finally:
        await found.put(None)


async def run_checks(draft: Draft, clusters: Clusters, checks: Sequence[Check]) -> AsyncIterator[Finding]:
    """Every finding of these checks, as they are found; nothing is written on either cluster.

    What several checks ask for is asked once.
    """
    clusters = clusters.remembering()
    draft, reached = await gather_facts(draft, clusters)
    for finding in reached:
        yield finding
    away = any(finding.check == "reachable" and finding.severity is Severity.BLOCKER for finding in reached)
    if away:
        return
    clusters = _reachable(clusters, reached)
    found: asyncio.Queue[Finding | None] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        for check in checks:
            group.create_task(_ask(check, draft, clusters, found))
        waiting = len(checks)
        while waiting:
            finding_or_end = await found.get()
            if finding_or_end is None:
                waiting -= 1
            else:
                yield finding_or_end
