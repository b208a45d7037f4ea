"""The runs of this user: begun, resumed, commanded, listed and reported, for any face."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from typing import TYPE_CHECKING, Final

from esmigrate_tui.engine import folders, listing, starting
from esmigrate_tui.engine.handover import ProcessAhead
from esmigrate_tui.engine.journal import Journal, follow
from esmigrate_tui.engine.places import raise_unsafe, runs_home, user_name
from esmigrate_tui.engine.survival import logout_warning
from esmigrate_tui.flow import run_control
from esmigrate_tui.flow.secrets import credentials_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path

    from esmigrate_tui.engine.folders import RunFolder
    from esmigrate_tui.engine.journal import RunUpdate
    from esmigrate_tui.engine.listing import RunSummary
    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.connection import Credential, Side
    from esmigrate_tui.model.event import Reject
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.method import MethodName
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.model.progress import Progress
    from esmigrate_tui.report import Report

_OBEYING_SECONDS: Final = 10.0  # a run obeys within a second; a machine that swaps may need longer


def home() -> Path:
    """Where the runs of this user are; raises ProblemError (state) where that place is not this user's alone."""
    found = runs_home(os.environ)
    raise_unsafe(found)
    return found


def find(run: str) -> RunFolder:
    """The folder of a run; raises ProblemError (missing)."""
    return folders.find_run(run, home())


async def progress_of(folder: RunFolder) -> Progress:
    """Where a run stands by its journal."""
    async with Journal.open(folder.journal) as journal:
        return await journal.progress()


def _new_id() -> str:
    return folders.new_run_id(random.SystemRandom().choice)


async def begin(
    plan: Plan,
    credentials: Mapping[Side, Credential],
    findings: Sequence[Finding],
    ahead: ProcessAhead | None = None,
) -> str:
    """Begin a run in a process of its own; its name. What the preflight found is kept for its report."""
    begun = await starting.begin(plan, credentials, home=home(), new_id=_new_id, findings=findings, ahead=ahead)
    return begun.run


async def make_change(
    plan: Plan, credentials: Mapping[Side, Credential], change: PlannedChange, folder: str = ""
) -> str:
    """Make one change before a run, recorded in a folder of its own or in an earlier one; the folder's name."""
    from esmigrate_tui.engine import changes, process  # noqa: PLC0415  # few commands make one

    return await changes.make_change(
        plan, credentials, change, home=home(), new_id=_new_id, folder=folder, open_clusters=process.open_clusters
    )


async def resume_ended(run: str, given: Mapping[Side, Credential]) -> None:
    """Resume a run whose process has ended; a secret that is not given is looked for in environment and keyring."""
    folder = find(run)
    plan = await asyncio.to_thread(folders.read_plan, folder)
    await starting.resume_run(folder.run, await credentials_of(plan, given), home=home())


async def summaries() -> tuple[RunSummary, ...]:
    """Every run of this user."""
    return await listing.all_runs(home())


def updates_of(run: str) -> AsyncIterator[RunUpdate]:
    """Everything that a run reports, as it comes, until it has finished or its process has ended."""
    return follow(find(run).journal)


async def rejects(run: str, limit: int) -> tuple[Reject, ...]:
    """The first rejected documents of a run."""
    async with Journal.open(find(run).journal) as journal:
        return await journal.rejects(limit)


@contextlib.contextmanager
def process_ahead(method: MethodName) -> Iterator[ProcessAhead]:
    """A process that loads what a run of that method needs while the checks are made; it ends where none is begun."""
    ahead = ProcessAhead(method)
    try:
        yield ahead
    finally:
        ahead.close()


def leaving_warning() -> str:
    """What must be known before logging out of this host; "" where nothing must."""
    return logout_warning(user_name())


async def raise_ended(folder: RunFolder) -> None:
    """Raise ProblemError (usage) where no process holds the run, so that nothing reads a command."""
    if not folder.is_live:
        raise run_control.not_living(folder.run, await progress_of(folder))


async def send(run: str, command: Command) -> None:
    """Leave a command in the journal of a run; raises ProblemError where no process reads it."""
    folder = find(run)
    await raise_ended(folder)
    async with Journal.open(folder.journal) as journal:
        await journal.command(command)


async def obeyed(folder: RunFolder, command: Command) -> bool | None:
    """Give a command, and whether the run had something to do for it; None where it has not answered in time."""
    async with Journal.open(folder.journal) as journal:
        number = await journal.command(command)
        deadline = time.monotonic() + _OBEYING_SECONDS
        while (answer := await journal.answer(number)) is None and folder.is_live:
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(0.1)
    return answer != 0


# -- reports -----------------------------------------------------------------------------------------------------------


async def gathered(folder: RunFolder) -> Report:
    """Everything that the report of a run says."""
    from esmigrate_tui import report  # noqa: PLC0415  # it renders pages; a run is begun without it

    async with Journal.open(folder.journal) as journal:
        progress = await journal.progress()
        rejects = await journal.rejects(10_000)
    plan = await asyncio.to_thread(folders.read_plan, folder)
    findings = await asyncio.to_thread(folders.read_findings, folder)
    beside = await listing.changed_beside(plan, home()) if progress.is_finished and not progress.is_of_changes else {}
    return report.gather(
        plan,
        progress,
        now=time.time(),
        run=folder.run,
        rejects=rejects,
        findings=findings,
        rejects_file=str(folder.rejects) if rejects else "",
        plan_file=str(folder.plan),
        is_live=folder.is_live,
        beside=[report.EarlierChanges(name=name, changes=changes) for name, changes in beside.items()],
    )


async def write_report(run: str) -> tuple[str, ...]:
    """Write a run's report beside its journal; the paths of the files."""
    _, paths = await reported(run)
    return tuple(map(str, paths))


async def reported(run: str) -> tuple[Report, tuple[Path, ...]]:
    """A run's report, once it is written beside the journal, and the paths of the files."""
    from esmigrate_tui import report  # noqa: PLC0415  # as in `gathered`

    folder = find(run)
    found = await gathered(folder)
    rejects = folder.rejects if found.refused_seen and folder.rejects.exists() else None
    return found, await asyncio.to_thread(report.write_all, found, folder.path, rejects)
