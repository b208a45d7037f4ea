"""Reverting what a run left changed whose process has ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from esmigrate_tui.engine import lock
from esmigrate_tui.engine.folders import RunFolder, read_plan
from esmigrate_tui.engine.holding import RunHeldError, held_by_another_process, hold_within_a_second
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.ledger import Ledger, to_clusters
from esmigrate_tui.engine.same_clusters import require_same_clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from esmigrate_tui.engine.same_clusters import OpenClusters
    from esmigrate_tui.model.connection import Credential, Side
    from esmigrate_tui.model.ledger import LedgerEntry
    from esmigrate_tui.model.progress import Progress


async def settle_run(
    folder: RunFolder,
    credentials: Mapping[Side, Credential],
    *,
    open_clusters: OpenClusters | None = None,
    clock: Callable[[], float] = time.time,
) -> tuple[LedgerEntry, ...]:
    """Revert what a run left changed whose process has ended; what is still open afterwards, each with its trouble.

    `open_clusters` is the real wiring of a run's process where none is given. Raises RunHeldError where a living
    process holds the run.
    """
    from esmigrate_tui.engine import process  # noqa: PLC0415  # which needs this module

    opening = open_clusters or process.open_clusters
    held = await hold_within_a_second(folder.lock)
    if held is None:
        raise RunHeldError(held_by_another_process(folder))
    try:
        plan = read_plan(folder)
        async with Journal.open(folder.journal) as seen:
            progress: Progress = await seen.progress()
        if not progress.open_ledger:
            return ()
        async with await Journal.create(folder.journal) as journal, opening(plan, credentials) as clusters:
            await require_same_clusters(clusters, {entry.side for entry in progress.open_ledger})
            ledger = Ledger(to_clusters(clusters), journal.append, clock, progress.ledger)
            await ledger.settle()
            return ledger.open_entries
    finally:
        lock.release(held)
