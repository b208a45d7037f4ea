"""Looks at both clusters anew and asks every check at once: findings appear as they are found."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.problem import Problem, ProblemError
from esmigrate_tui.preflight.checks import CHECKS, Check, name_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import ClusterFacts, IndexFacts


def _unreachable(side: Side, problem: Problem) -> Finding:
    return Finding(
        check="reachable",
        severity=Severity.BLOCKER,
        title=f"The {side} does not answer as it should: {problem.what}",
        evidence=problem.evidence,
        why=problem.why or "Nothing can be judged, and nothing moved, while a cluster does not answer.",
        fix=problem.todo,
        cause=problem.cause,
    )


def _reached(side: Side, facts: ClusterFacts) -> Finding:
    return Finding(
        check="reachable",
        severity=Severity.PASSED,
        title=f"The {side} answers: {facts.name}, {facts.version}, {facts.health}",
    )


async def _facts(side: Side, cluster: Cluster) -> tuple[Side, ClusterFacts, tuple[IndexFacts, ...]] | Finding:
    try:
        facts, indices = await asyncio.gather(cluster.probe(), cluster.indices())
    except ProblemError as error:
        return _unreachable(side, error.problem)
    return side, facts, indices


async def look(draft: Draft, clusters: Clusters) -> tuple[Draft, tuple[Finding, ...]]:
    """The draft with fresh facts of both clusters, and whether each could be reached."""
    sides = [(Side.DESTINATION, clusters.destination)]
    if clusters.source is not None:
        sides.insert(0, (Side.SOURCE, clusters.source))
    answers = await asyncio.gather(*(_facts(side, cluster) for side, cluster in sides))
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
    return draft, tuple(findings)


async def _ask(check: Check, draft: Draft, clusters: Clusters, found: asyncio.Queue[Finding | None]) -> None:
    """Everything one check finds; a check that fails says so instead of passing for good."""
    try:
        async for finding in check(draft, clusters):
            await found.put(finding)
    except ProblemError as error:
        await found.put(
            Finding(
                check=name_of(check),
                severity=Severity.WARNING,
                title=f"The check {name_of(check)} could not be made: {error.problem.what}",
                evidence=error.problem.evidence,
                why="What could not be looked at may be in order or not.",
                fix=error.problem.todo,
            )
        )
    except Exception as error:  # noqa: BLE001  # a defect in one check must neither hide the others nor pass for good
        await found.put(
            Finding(
                check=name_of(check),
                severity=Severity.WARNING,
                title=f"The check {name_of(check)} could not be made: a defect of esmigrate ({type(error).__name__})",
                why="What could not be looked at may be in order or not.",
                fix="Look at it yourself, and please report this.",
            )
        )
    finally:
        await found.put(None)


async def run(draft: Draft, clusters: Clusters, checks: Sequence[Check] | None = None) -> AsyncIterator[Finding]:
    """Every finding of every check of the draft's method, as they are found; nothing is written on either cluster."""
    draft, reached = await look(draft, clusters)
    for finding in reached:
        yield finding
    if any(finding.severity is Severity.BLOCKER for finding in reached) or draft.method is None:
        return
    asked = CHECKS.get(draft.method, ()) if checks is None else checks
    found: asyncio.Queue[Finding | None] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        for check in asked:
            group.create_task(_ask(check, draft, clusters, found))
        waiting = len(asked)
        while waiting:
            finding_or_end = await found.get()
            if finding_or_end is None:
                waiting -= 1
            else:
                yield finding_or_end
