"""The runs of this user, each in a few words."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.engine.folders import RunFolder, folders_in
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.problem_file import writing_problem
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.model.plan import Plan


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a list shows it. `problem` says why its journal cannot be read; the other fields are empty then.

    `is_of_changes` says that it is no run, but changes made before one; `open_entries` counts what is to be reverted,
    `not_carried` what was to be made beside the indices and is not. `needs` says what a run that waits for a user needs
    to go on. `waits_for` is what keeps the process of a living run from writing into its journal.
    """

    run: str
    path: str = ""
    method: MethodName | None = None
    source: str = ""
    destination: str = ""
    started_at: float | None = None
    last_at: float | None = None
    fraction: float | None = None
    outcome: RunOutcome | None = None
    is_live: bool = False
    is_stopping: bool = False
    is_of_changes: bool = False
    open_entries: int = 0
    not_carried: int = 0
    problem: Problem | None = None
    waits_for: Problem | None = None
    needs: Problem | None = None

    @property
    def is_finished(self) -> bool:
        """Whether it has come to its end."""
        return self.outcome not in {None, RunOutcome.WAITING}

    @property
    def can_be_resumed(self) -> bool:
        """Whether a new process would find something to do."""
        is_done = (self.outcome is RunOutcome.VERIFIED and not self.not_carried) or self.is_of_changes
        return not self.is_live and self.problem is None and not is_done


async def all_runs(home: Path) -> tuple[RunSummary, ...]:
    """The runs that are known here, the one with the newest event first."""
    folders = await asyncio.to_thread(folders_in, home)
    found = [await summary(folder) for folder in folders]
    return tuple(sorted(found, key=lambda run: -(run.last_at or 0.0)))


async def summary(folder: RunFolder) -> RunSummary:
    """A run in a few words; one whose journal cannot be read says so."""
    try:
        return await _summary(folder)
    except ProblemError as error:
        problem = error.problem
    except Exception as error:  # noqa: BLE001  # whatever one folder holds must not hide the other runs
        problem = _unreadable(folder, error)
    return RunSummary(run=folder.run, path=str(folder.path), is_live=_holds(folder), problem=problem)


def _holds(folder: RunFolder) -> bool:
    """Whether a process holds a run whose journal cannot be read, as far as that can be seen."""
    try:
        return folder.is_live
    except OSError:
        return False


def _unreadable(folder: RunFolder, error: Exception) -> Problem:
    said = clean(error.strerror or "", 200) if isinstance(error, OSError) else ""
    return Problem(
        cause=Cause.STATE,
        what=f"The folder of this run cannot be read{f': {said}' if said else ''}.",
        todo="Its plan.toml, where that is whole, can be run again.",
        evidence=clean(str(folder.path), 300),
    )


async def _summary(folder: RunFolder) -> RunSummary:
    is_live = await asyncio.to_thread(lambda: folder.is_live)
    async with Journal.open(folder.journal) as journal:
        progress = await journal.progress()
    return RunSummary(
        run=folder.run,
        path=str(folder.path),
        method=progress.method,
        source=progress.source,
        destination=progress.destination,
        started_at=progress.started_at,
        last_at=progress.last_at,
        fraction=progress.fraction,
        outcome=progress.outcome,
        is_live=is_live,
        is_stopping=is_live and progress.is_stopping,
        is_of_changes=progress.is_of_changes,
        open_entries=len(progress.open_ledger),
        not_carried=len(progress.not_carried),
        waits_for=await asyncio.to_thread(writing_problem, folder.journal) if is_live else None,
        needs=progress.problem if progress.outcome is RunOutcome.WAITING else None,
    )


async def changed_beside(plan: Plan, home: Path) -> dict[str, tuple[str, ...]]:
    """What was changed on the clusters of a plan before a run and is not reverted: by the name that reverts it."""
    found: dict[str, tuple[str, ...]] = {}
    ends = {end.endpoint.url for end in (plan.source, plan.destination) if end is not None}
    for folder in await asyncio.to_thread(folders_in, home):
        try:
            async with Journal.open(folder.journal) as journal:
                progress = await journal.progress()
        except Exception:  # noqa: BLE001, S112  # `esmigrate status` says that it cannot be read
            continue
        touched = {
            progress.source if entry.side is Side.SOURCE else progress.destination for entry in progress.open_ledger
        }
        if progress.is_of_changes and progress.open_ledger and touched & ends:
            found[folder.run] = tuple(entry.what for entry in progress.open_ledger)
    return found
