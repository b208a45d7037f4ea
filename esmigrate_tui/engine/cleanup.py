"""Ending and reverting what a run left behind whose process has ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from esmigrate_tui.engine.folders import read_plan
from esmigrate_tui.engine.holding import held_alone
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.ledger import Ledger, LedgerClusters
from esmigrate_tui.engine.same_clusters import require_same_clusters
from esmigrate_tui.engine.task_execution import work_of
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import Noted
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from esmigrate_tui.engine.folders import RunFolder
    from esmigrate_tui.engine.same_clusters import OpenClusters
    from esmigrate_tui.methods.contract import Methods
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.ledger import LedgerEntry
    from esmigrate_tui.model.plan import Task
    from esmigrate_tui.model.problem import Problem
    from esmigrate_tui.model.progress import Progress


class CancelledTask(NamedTuple):
    """A task whose work on the servers was cancelled, or the `problem` why it could not be."""

    task: Task
    problem: Problem | None


async def cancel_left_work(
    folder: RunFolder,
    credentials: Mapping[Side, Credential],
    methods: Methods,
    *,
    open_clusters: OpenClusters,
    clock: Callable[[], float] = time.time,
) -> tuple[CancelledTask, ...]:
    """Cancel what the servers still do by themselves for a run that is not finished and whose process has ended.

    What has arrived stays, and the run can be resumed. () where nothing goes on by itself, and for a method that would
    have to delete what it has begun. Raises RunHeldError where a living process holds the run.
    """
    async with held_alone(folder):
        plan = read_plan(folder)
        async with Journal.open(folder.journal) as seen:
            progress = await seen.progress()
        numbers = {row.summary.number: row.token for row in progress.left_working}
        if not numbers:
            return ()
        async with await Journal.create(folder.journal) as journal, open_clusters(plan, credentials) as clusters:
            await require_same_clusters(clusters, (Side.DESTINATION,))
            mover, found = methods[plan.method].mover(), list[CancelledTask]()
            for task in plan.tasks:
                if task.number not in numbers:
                    continue
                work, problem = work_of(plan, folder.run, task, progress.requests_per_second), None
                try:
                    await mover.stop(work, clusters, numbers[task.number])
                except ProblemError as error:
                    problem = error.problem
                said = (
                    "was cancelled by `esmigrate cleanup`" if problem is None else f"was not cancelled: {problem.what}"
                )
                await journal.append(Noted(at=clock(), task=task.number, text=f"what the servers do for it {said}"))
                found.append(CancelledTask(task, problem))
        return tuple(found)


async def settle_run(
    folder: RunFolder,
    credentials: Mapping[Side, Credential],
    *,
    open_clusters: OpenClusters,
    clock: Callable[[], float] = time.time,
) -> tuple[LedgerEntry, ...]:
    """Revert what a run left changed whose process has ended; what is still open afterwards, each with its problem.

    Raises RunHeldError where a living process holds the run.
    """
    async with held_alone(folder):
        plan = read_plan(folder)
        async with Journal.open(folder.journal) as seen:
            progress: Progress = await seen.progress()
        if not progress.open_ledger:
            return ()
        async with await Journal.create(folder.journal) as journal, open_clusters(plan, credentials) as clusters:
            await require_same_clusters(clusters, {entry.side for entry in progress.open_ledger})
            ledger = Ledger(LedgerClusters(clusters), journal.append, clock, progress.ledger)
            await ledger.settle()
            return ledger.open_entries
