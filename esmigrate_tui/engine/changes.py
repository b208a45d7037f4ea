"""Changes that the user wants before a run: each in the journal of a folder of its own before it is made.

To look into a repository, the destination must know it; to restore from a new snapshot, the source must make it. Such
a change is confirmed by itself, long before a plan is. It lies in a folder like a run's, without any task: it is listed
with the runs and reverted like what a run left changed, and a crash leaves nothing unrecorded.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.engine.folders import find_run, make_folder, read_plan
from esmigrate_tui.engine.holding import held_alone
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.ledger import Ledger, LedgerClusters
from esmigrate_tui.engine.lost_journal import sign
from esmigrate_tui.engine.run import started
from esmigrate_tui.engine.same_clusters import require_same_clusters
from esmigrate_tui.model.event import RunFinished, RunOutcome
from esmigrate_tui.model.problem import Cause, Problem, ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.engine.folders import RunFolder
    from esmigrate_tui.engine.same_clusters import OpenClusters
    from esmigrate_tui.model.connection import Connection, Credential, Side
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.plan import Plan


async def make_change(
    plan: Plan,
    credentials: Mapping[Side, Credential],
    change: PlannedChange,
    *,
    home: Path,
    new_id: Callable[[], str],
    folder: str = "",
    open_clusters: OpenClusters,
    clock: Callable[[], float] = time.time,
) -> str:
    """Make one change to a cluster of the plan; the name of the folder that says so, for `esmigrate cleanup`.

    `plan` names the clusters, its tasks are left out. `folder` is an earlier such folder to add to, where it is for the
    same clusters; else a new one is made.

    Raises the ProblemError of the request, after it is in the journal; RunHeldError where a process holds the folder.
    """
    plan = msgspec.structs.replace(plan, tasks=())
    async with open_clusters(plan, credentials) as clusters:
        await require_same_clusters(clusters, {change.side})
        there = await asyncio.to_thread(_place, plan, folder, home, new_id)
        async with held_alone(there):
            problem = await _written_and_made(plan, there, change, clusters, clock)
    if problem is not None:
        raise ProblemError(problem)
    return there.run


async def _written_and_made(
    plan: Plan, there: RunFolder, change: PlannedChange, clusters: Clusters, clock: Callable[[], float]
) -> Problem | None:
    """Record the change, make it, and record how that ended; its problem, None where it was made."""
    async with await Journal.create(there.journal) as journal:
        await asyncio.to_thread(sign, there.journal, time.time())
        before = await journal.progress()
        if not before.run:
            await journal.append(started(plan, there.run, clock()))
        ledger = Ledger(LedgerClusters(clusters), journal.append, clock, before.ledger)
        problem: Problem | None = None
        try:
            await ledger.change(0, change)
        except ProblemError as error:
            problem = error.problem
        await journal.append(RunFinished(at=clock(), outcome=RunOutcome.CHANGED, problem=problem))
        return problem


def _place(plan: Plan, name: str, home: Path, new_id: Callable[[], str]) -> RunFolder:
    if not name:
        return make_folder(plan, home, new_id)
    there = find_run(name, home)
    known = read_plan(there)
    if known.tasks:
        raise ProblemError.of(
            Cause.USAGE,
            f"{there.run} is a run, and only the run itself adds changes to it.",
            todo="Leave the name out, and a new place is made for the change.",
        )
    is_same = _ends_of(known) == _ends_of(plan)
    return there if is_same else make_folder(plan, home, new_id)


def _ends_of(plan: Plan) -> tuple[Connection | None, str, Connection, str]:
    return plan.source, plan.source_uuid, plan.destination, plan.destination_uuid
