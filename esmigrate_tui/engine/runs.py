"""Runs as folders: begin one in a process of its own, take one up again, list them, settle what one left behind.

The process has its own session and its standard streams go to a file, so that a closed terminal, SIGHUP and the death
of whoever began it do not reach it. Credentials go through a pipe, and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

import esmigrate_tui
from esmigrate_tui.disk import appending, opened, read_text, write_whole
from esmigrate_tui.engine import lock
from esmigrate_tui.engine.journal import REJECTS, Journal, writing_trouble
from esmigrate_tui.engine.ledger import Ledger, to_clusters
from esmigrate_tui.engine.places import raise_unsafe, runs_home
from esmigrate_tui.engine.same_clusters import require_same_clusters
from esmigrate_tui.model.connection import Side, Trust, TrustKind
from esmigrate_tui.model.event import Noted, RunOutcome, RunResumed, RunStarted
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.plan import MOST_BYTES, Plan
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.ledger import LedgerEntry
    from esmigrate_tui.model.progress import Progress

    OpenClusters = Callable[[Plan, Mapping[Side, Credential]], AbstractAsyncContextManager[Clusters]]

__all__ = [
    "RunFolder",
    "RunHeldError",
    "RunSummary",
    "accept_fingerprint",
    "all_runs",
    "begin",
    "changed_beside",
    "find_run",
    "held_by_another_process",
    "hold_alone",
    "hold_within_a_second",
    "make_folder",
    "new_run_id",
    "newest_event_to_resume",
    "read_findings",
    "read_plan",
    "resume_run",
    "run_environment",
    "runs_home",
    "settle_run",
    "summary",
]

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters and digits that nobody takes for one another: no 0 O, no 1 I L."""

_ID: Final = re.compile(r"[0-9A-Z]{4,12}")
_TRIES: Final = 50
_START_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.05
_LOG_LINES: Final = 6
_SECRETS: Final = re.compile(r"ESMIGRATE_.*(PASSWORD|API_KEY|TOKEN|PASSPHRASE)")
# Each of these makes a program write what it holds to a place that others may read.
_LEAKS: Final = re.compile(r"TEXTUAL_(LOG|DEBUG|DRIVER|PRESS|DEVTOOLS.*)|SSLKEYLOGFILE")


class RunHeldError(ProblemError):
    """A living process holds the run already."""


@dataclass(frozen=True)
class RunFolder:
    """A run's folder and what lies in it."""

    path: Path

    @property
    def run(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """Events, commands and refused documents."""
        return self.path / "journal"

    @property
    def plan(self) -> Path:
        """The plan as it is performed."""
        return self.path / "plan.toml"

    @property
    def findings(self) -> Path:
        """What the preflight found before the run began, but for what was in order: JSON, for the report."""
        return self.path / "findings.json"

    @property
    def rejects(self) -> Path:
        """Refused documents, one JSON object a line."""
        return self.path / REJECTS

    @property
    def process(self) -> Path:
        """Who holds or held it last: {"pid": …, "started_at": …}."""
        return self.path / "process.json"

    @property
    def log(self) -> Path:
        """What the process said on its standard streams: nothing, when all is well."""
        return self.path / "process.log"

    @property
    def lock(self) -> Path:
        """The file whose lock the living process holds."""
        return self.path / "lock"

    @property
    def is_live(self) -> bool:
        """Whether a process holds the run at this moment."""
        return lock.is_held(self.lock)


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a list shows it. `problem` says why its journal cannot be read; the other fields are empty then.

    `is_of_changes` says that it is no run, but changes made before one; `open_entries` counts what has to be put back,
    `not_carried` what was to be made beside the indices and is not. `needs` says what a run that waits for a user needs
    to go on. `waits_for` is what keeps the process of a living run from writing into its journal.
    """

    run: str
    path: str
    method: MethodName | None = None
    source: str = ""
    destination: str = ""
    started_at: float | None = None
    last_at: float | None = None
    fraction: float | None = None
    outcome: RunOutcome | None = None
    is_live: bool = False
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


def new_run_id(choose: Callable[[str], str], length: int = 4) -> str:
    """A short name for a run, such as 7K2P; `choose` picks one of the characters it is given."""
    return "".join(choose(ALPHABET) for _ in range(length))


def run_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a run's process: no secret, and nothing that makes it write one down."""
    kept = {
        name: value for name, value in environ.items() if not _SECRETS.fullmatch(name) and not _LEAKS.fullmatch(name)
    }
    # The package is found from any folder, also where it runs from a checkout that is not installed.
    here = str(Path(esmigrate_tui.__file__).parent.parent)
    kept["PYTHONPATH"] = os.pathsep.join(part for part in (here, kept.get("PYTHONPATH", "")) if part)
    return kept


def find_run(run_id: str, home: Path) -> RunFolder:
    """The folder of a run that exists; raises ProblemError (missing)."""
    name = run_id.strip().upper()
    folder = RunFolder(home / name)
    if not _ID.fullmatch(name) or not folder.path.is_dir():
        raise ProblemError(
            Problem(
                cause=Cause.MISSING,
                what=f"There is no run {clean(run_id, 40)}.",
                todo="`esmigrate status` lists those that are known here.",
            )
        )
    return folder


def read_plan(folder: RunFolder) -> Plan:
    """The plan of a run; raises ProblemError."""
    try:
        return Plan.from_toml(read_text(folder.plan, MOST_BYTES, "a plan"))
    except ProblemError as error:
        raise ProblemError(
            Problem(
                cause=Cause.STATE,
                what=f"The plan of the run {folder.run} cannot be read, so it cannot go on.",
                why=error.problem.what,
                evidence=clean(str(folder.plan), 300),
            )
        ) from None


# -- beginning and taking up -------------------------------------------------------------------------------------------


async def begin(
    plan: Plan,
    credentials: Mapping[Side, Credential],
    *,
    home: Path,
    new_id: Callable[[], str],
    findings: Sequence[Finding] = (),
    command: tuple[str, ...] = (),
) -> RunFolder:
    """Begin a run in a process of its own; returns when that process has said in the journal that it has begun.

    `findings` are the preflight's, kept for the report. `command` is the program that performs it, without the folder;
    by default this package's own. Raises ProblemError, with the last lines of process.log where the process died.
    """
    folder = await asyncio.to_thread(make_folder, plan, home, new_id, findings)
    try:
        await _start(folder, credentials, command, after=0)
    except ProblemError as error:
        if isinstance(error, RunHeldError) or error.problem.cause is Cause.STALE:
            await asyncio.to_thread(shutil.rmtree, folder.path, ignore_errors=True)  # nothing of it has begun
        raise
    return folder


async def resume_run(
    run_id: str,
    credentials: Mapping[Side, Credential],
    *,
    home: Path,
    command: tuple[str, ...] = (),
) -> RunFolder:
    """Let a new process go on with a run whose process has ended: stopped, failed, killed, or done in part.

    Raises RunHeldError where a living process holds it, ProblemError (missing) where nothing is left to do.
    """
    folder = find_run(run_id, home)
    newest = await newest_event_to_resume(folder)
    await _start(folder, credentials, command, after=newest)
    return folder


async def newest_event_to_resume(folder: RunFolder) -> int:
    """The number of the newest event of a run that can be taken up, 0 for none; raises as `resume_run` does."""
    if folder.is_live:
        raise RunHeldError(held_by_another_process(folder))
    read_plan(folder)
    async with Journal.open(folder.journal) as journal:
        progress = await journal.progress()
        newest = await journal.last()
    if progress.is_of_changes:
        settle = f"`esmigrate cleanup {folder.run}` puts them back." if progress.open_ledger else "None is left."
        raise ProblemError(
            Problem(
                cause=Cause.MISSING,
                what=f"{folder.run} is not a run: it holds changes that were made before one.",
                why="There is nothing in it to take up.",
                todo=settle,
            )
        )
    if progress.outcome is RunOutcome.VERIFIED and not progress.not_carried:
        settle = f" `esmigrate cleanup {folder.run}` puts back what is left." if progress.open_ledger else ""
        raise ProblemError(
            Problem(
                cause=Cause.MISSING,
                what=f"The run {folder.run} has ended, and everything was verified.",
                todo=f"There is nothing to take up.{settle}",
            )
        )
    return newest[0] if newest else 0


def make_folder(plan: Plan, home: Path, new_id: Callable[[], str], findings: Sequence[Finding] = ()) -> RunFolder:
    """A folder of its own with the plan and the findings in it, readable for its owner alone; raises ProblemError."""
    text = plan.to_toml().encode()
    telling = [finding for finding in findings if finding.severity is not Severity.PASSED]
    try:
        _make_home(home)
        folder = _free_folder(home, new_id)
        write_whole(folder.plan, text, is_new=True)
        if telling:
            write_whole(folder.findings, msgspec.json.encode(telling), is_new=True)
    except OSError as error:
        raise ProblemError(
            Problem(
                cause=Cause.STATE,
                what=f"The run cannot be written down on this machine: {clean(error.strerror or '', 100)}.",
                why="Nothing is moved before its journal stands on the disk.",
                todo="Free some space, or name another folder in ESMIGRATE_STATE_DIR.",
                evidence=clean(str(error.filename or home), 300),
            )
        ) from None
    return folder


def _make_home(home: Path) -> None:
    """The folder for runs and those above it that are missing, all of them for this user alone."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    raise_unsafe(home)


def read_findings(folder: RunFolder) -> tuple[Finding, ...]:
    """What the preflight found before the run began; () where nothing was kept, or it cannot be read."""
    try:
        with opened(folder.findings) as file:
            return msgspec.json.decode(file.read(MOST_BYTES), type=tuple[Finding, ...])
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return ()


def _free_folder(home: Path, new_id: Callable[[], str]) -> RunFolder:
    for _ in range(_TRIES):
        folder = RunFolder(home / new_id())
        try:
            folder.path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder
    raise ProblemError(
        Problem(
            cause=Cause.STATE,
            what="No name is free for another run.",
            todo="Remove old runs.",
            evidence=clean(str(home), 300),
        )
    )


async def _start(
    folder: RunFolder, credentials: Mapping[Side, Credential], command: tuple[str, ...], *, after: int
) -> None:
    """Start the process and wait until it has said that it holds the run."""
    log_size = folder.log.stat().st_size if folder.log.exists() else 0
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    pid = await asyncio.to_thread(_spawn, folder, credentials, command, asyncio.get_running_loop(), ended)
    deadline = time.monotonic() + _START_SECONDS
    async with Journal.open(folder.journal) as journal:
        while not await _has_begun(folder, journal, after, pid):
            if ended.done() or time.monotonic() > deadline:
                if await _has_begun(folder, journal, after, pid):
                    return
                raise await asyncio.to_thread(_stillborn, folder, log_size, ended.result() if ended.done() else None)
            await asyncio.wait({ended}, timeout=_POLL_SECONDS)


async def _has_begun(folder: RunFolder, journal: Journal, after: int, pid: int) -> bool:
    """Whether that very process has said that it has begun: another that was started at the same time may hold it."""
    if not any(isinstance(event, RunStarted | RunResumed) for _, event in await journal.read(after)):
        return False
    return await asyncio.to_thread(_signed_by, folder) == pid


def _signed_by(folder: RunFolder) -> int:
    """The process that holds the run, or held it last; 0 where that cannot be read."""
    try:
        with opened(folder.process) as file:
            signed = msgspec.json.decode(file.read(MOST_BYTES), type=dict[str, float])
    except (OSError, ValueError, msgspec.MsgspecError):
        return 0
    return int(signed.get("pid", 0))


def _spawn(
    folder: RunFolder,
    credentials: Mapping[Side, Credential],
    command: tuple[str, ...],
    loop: asyncio.AbstractEventLoop,
    ended: asyncio.Future[int],
) -> int:
    """Start the process, hand it the credentials, and leave a thread behind that buries it when it ends; its number.

    Not `asyncio.create_subprocess_exec`: that kills its child when the loop is closed.
    """
    program = command or (sys.executable, "-P", "-m", "esmigrate_tui.engine.process")
    log = appending(folder.log)
    try:
        child = subprocess.Popen(  # noqa: S603  # this very program
            (*program, str(folder.path)),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            env=run_environment(os.environ),
            start_new_session=True,
            umask=0o077,
        )
    finally:
        os.close(log)
    threading.Thread(target=_bury, args=(child, loop, ended), name=f"run {folder.run}", daemon=True).start()
    if child.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # it died; how, is seen in a moment
            child.stdin.write(msgspec.msgpack.encode(dict(credentials)))
            child.stdin.close()
    return child.pid


def _bury(child: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop, ended: asyncio.Future[int]) -> None:
    code = child.wait()

    def tell() -> None:
        if not ended.done():
            ended.set_result(code)

    with contextlib.suppress(RuntimeError):  # nobody waits any more: the loop is closed
        loop.call_soon_threadsafe(tell)


def held_by_another_process(folder: RunFolder) -> Problem:
    """What is said where a living process holds a run."""
    return Problem(
        cause=Cause.STATE,
        what=f"The run {folder.run} is held by another process.",
        why="Two processes in one run would move everything twice.",
        todo=f"Look at it with `esmigrate attach {folder.run}`, or end it with `esmigrate stop {folder.run}`.",
    )


def writes_there_too(folder: RunFolder, plan: Plan) -> Problem | None:
    """What is said where another run that is going on writes into an index of this plan; None where none does."""
    wanted = {task.destination_index for task in plan.tasks if task.destination_index}
    for other in _folders(folder.path.parent) if wanted else ():
        if other.run == folder.run or not other.is_live:
            continue
        try:
            known = read_plan(other)
        except ProblemError:
            continue  # `esmigrate status` says that it cannot be read
        shared = wanted & {task.destination_index for task in known.tasks}
        if shared and known.destination_uuid == plan.destination_uuid:
            return Problem(
                cause=Cause.STATE,
                what=f"The run {other.run} is writing into {clean(min(shared), 300)} on the same cluster.",
                why="Each of two runs into one index would count what the other has written as its own.",
                todo=f"Wait until it has ended, or end it with `esmigrate stop {other.run}`.",
            )
    return None


async def hold_alone(folder: RunFolder, plan: Plan) -> int:
    """The lock of a run, which no other process holds, and into whose indices no other run writes.

    Raises RunHeldError. One process at a time looks, so that of two that begin together one comes first.
    """
    turn = await _turn(folder.path.parent)
    try:
        held = await hold_within_a_second(folder.lock)
        if held is None:
            raise RunHeldError(held_by_another_process(folder))
        other = await asyncio.to_thread(writes_there_too, folder, plan)
        if other is not None:
            lock.release(held)
            raise RunHeldError(other)
        return held
    finally:
        lock.release(turn)


async def _turn(home: Path) -> int:
    """The lock of the folder of all runs, which each process has for an instant when it begins."""
    while True:
        turn = lock.hold_folder(home)
        if turn is not None:
            return turn
        await asyncio.sleep(_POLL_SECONDS)


def _stillborn(folder: RunFolder, log_size: int, code: int | None) -> ProblemError:
    """The trouble of a process that never said that it holds the run."""
    said = _log_tail(folder, log_size)
    if code == ExitCode.HELD:
        other = writes_there_too(folder, read_plan(folder))
        return RunHeldError(held_by_another_process(folder) if other is None else other)
    if code == ExitCode.STALE:
        return ProblemError(Problem(cause=Cause.STALE, what=said or "The plan is for another cluster."))
    how = "did not begin in time" if code is None else f"ended at once, with code {code}"
    return ProblemError(
        Problem(
            cause=Cause.INTERNAL,
            what=f"The process of the run {folder.run} {how}.",
            why=f"It said: {said}" if said else "It said nothing.",
            todo="Nothing was moved by it. Its log has more.",
            evidence=clean(str(folder.log), 300),
        )
    )


def _log_tail(folder: RunFolder, start: int) -> str:
    try:
        with opened(folder.log) as file:
            file.seek(start)
            text = file.read(100_000).decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return clean(" / ".join(lines[-_LOG_LINES:]), 1_000)


async def accept_fingerprint(folder: RunFolder, side: Side, fingerprint: str, now: float) -> None:
    """Let a run whose process has ended trust another certificate of one side, and none but that; raises ProblemError.

    `fingerprint` is its SHA-256 as 64 lower-case hexadecimal digits. The run's log says so.
    """
    plan = await asyncio.to_thread(read_plan, folder)
    connection = plan.source if side is Side.SOURCE else plan.destination
    if connection is None or not connection.endpoint.is_encrypted:
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what=f"The run {folder.run} meets no certificate of a {side}.",
                todo="Leave --accept-fingerprint out, or name the other side.",
            )
        )
    trust = Trust(kind=TrustKind.PINNED, fingerprint=fingerprint)
    trusting = {str(side): msgspec.structs.replace(connection, trust=trust)}
    held = await hold_within_a_second(folder.lock)
    if held is None:
        raise RunHeldError(held_by_another_process(folder))
    try:
        await asyncio.to_thread(_replace_plan, folder, msgspec.structs.replace(plan, **trusting))
        async with await Journal.create(folder.journal) as journal:
            text = f"the certificate of the {side} with the fingerprint {fingerprint} was accepted"
            await journal.append(Noted(at=now, text=text))
    finally:
        lock.release(held)


def _replace_plan(folder: RunFolder, plan: Plan) -> None:
    """Put another plan in the place of a run's own: whole, or not at all."""
    try:
        write_whole(folder.plan, plan.to_toml().encode())
    except OSError as error:
        raise ProblemError(
            Problem(
                cause=Cause.STATE,
                what=f"The plan of the run {folder.run} cannot be written: {clean(error.strerror or '', 100)}.",
                todo="Nothing was changed; look at the folder and the disk.",
                evidence=clean(str(folder.path), 300),
            )
        ) from None


# -- listing and settling ----------------------------------------------------------------------------------------------


async def all_runs(home: Path) -> tuple[RunSummary, ...]:
    """The runs that are known here, the one with the newest event first."""
    folders = await asyncio.to_thread(_folders, home)
    found = [await summary(folder) for folder in folders]
    return tuple(sorted(found, key=lambda run: -(run.last_at or 0.0)))


def _folders(home: Path) -> list[RunFolder]:
    try:
        return [RunFolder(path) for path in sorted(home.iterdir()) if _ID.fullmatch(path.name) and path.is_dir()]
    except OSError:
        return []


async def summary(folder: RunFolder) -> RunSummary:
    """A run in a few words; one whose journal cannot be read says so."""
    try:
        return await _summary(folder)
    except ProblemError as error:
        problem = error.problem
    except Exception as error:  # noqa: BLE001  # whatever one folder holds must not hide the other runs
        problem = _unfathomable(folder, error)
    return RunSummary(run=folder.run, path=str(folder.path), is_live=_holds(folder), problem=problem)


def _holds(folder: RunFolder) -> bool:
    """Whether a process holds a run whose journal cannot be read, as far as that can be seen."""
    try:
        return folder.is_live
    except OSError:
        return False


def _unfathomable(folder: RunFolder, error: Exception) -> Problem:
    said = clean(error.strerror or "", 200) if isinstance(error, OSError) else ""
    return Problem(
        cause=Cause.STATE,
        what=f"What the folder of this run holds cannot be made sense of{f': {said}' if said else ''}.",
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
        is_of_changes=progress.is_of_changes,
        open_entries=len(progress.open_ledger),
        not_carried=len(progress.not_carried),
        waits_for=await asyncio.to_thread(writing_trouble, folder.journal) if is_live else None,
        needs=progress.problem if progress.outcome is RunOutcome.WAITING else None,
    )


async def changed_beside(plan: Plan, home: Path) -> dict[str, tuple[str, ...]]:
    """What was changed on the clusters of a plan before a run and is not put back: by the name that puts it back."""
    found: dict[str, tuple[str, ...]] = {}
    ends = {end.endpoint.url for end in (plan.source, plan.destination) if end is not None}
    for folder in await asyncio.to_thread(_folders, home):
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


async def settle_run(
    folder: RunFolder,
    credentials: Mapping[Side, Credential],
    *,
    open_clusters: OpenClusters | None = None,
    clock: Callable[[], float] = time.time,
) -> tuple[LedgerEntry, ...]:
    """Put back what a run left changed whose process has gone; what is still open afterwards, each with its trouble.

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


async def hold_within_a_second(path: Path, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> int | None:
    """The lock of a run, tried for a second: whoever only looks at it has it for an instant."""
    for _ in range(20):
        held = lock.hold(path)
        if held is not None:
            return held
        await sleep(0.05)
    return None
