"""Beginning and resuming a run in a process of its own.

The process has its own session and its standard streams go to a file, so that a closed terminal, SIGHUP and the end of
the process that began it do not reach it. Credentials go through a pipe, and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.disk import appending, opened
from esmigrate_tui.engine.folders import RunFolder, find_run, make_folder, read_plan, replace_plan
from esmigrate_tui.engine.handover import PROGRAM, hand, spawned
from esmigrate_tui.engine.holding import (
    POLL_SECONDS,
    RunHeldError,
    held_alone,
    held_by_another_process,
    writes_there_too,
)
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.lost_journal import signed_by
from esmigrate_tui.model.connection import Side, Trust, TrustKind
from esmigrate_tui.model.event import Noted, RunOutcome, RunResumed, RunStarted
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from esmigrate_tui.engine.handover import ProcessAhead
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.plan import Plan


_START_SECONDS: Final = 30.0

_LOG_LINES: Final = 6


async def begin(
    plan: Plan,
    credentials: Mapping[Side, Credential],
    *,
    home: Path,
    new_id: Callable[[], str],
    findings: Sequence[Finding] = (),
    command: tuple[str, ...] = (),
    ahead: ProcessAhead | None = None,
) -> RunFolder:
    """Begin a run in a process of its own; returns when that process has said in the journal that it has begun.

    `findings` are the preflight's, kept for the report. `command` is the program that performs it, without the folder;
    by default this package's own; one that waits `ahead` is taken first. Raises ProblemError, with the last lines of
    process.log where the process died.
    """
    folder = await asyncio.to_thread(make_folder, plan, home, new_id, findings)
    try:
        await _start(folder, credentials, command, after=0, ahead=ahead)
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
    """The number of the newest event of a run that can be resumed, 0 for none; raises as `resume_run` does."""
    if folder.is_live:
        raise RunHeldError(held_by_another_process(folder))
    read_plan(folder)
    async with Journal.open(folder.journal) as journal:
        progress = await journal.progress()
        newest = await journal.last()
    if progress.is_of_changes:
        settle = f"`esmigrate cleanup {folder.run}` reverts them." if progress.open_ledger else "None is left."
        raise ProblemError.of(
            Cause.MISSING,
            f"{folder.run} is not a run: it holds changes that were made before one.",
            why="There is nothing in it to resume.",
            todo=settle,
        )
    if progress.outcome is RunOutcome.VERIFIED and not progress.not_carried:
        settle = f" `esmigrate cleanup {folder.run}` reverts what is left." if progress.open_ledger else ""
        raise ProblemError.of(
            Cause.MISSING,
            f"The run {folder.run} has ended, and everything was verified.",
            todo=f"There is nothing to resume.{settle}",
        )
    return newest[0] if newest else 0


async def _start(
    folder: RunFolder,
    credentials: Mapping[Side, Credential],
    command: tuple[str, ...],
    *,
    after: int,
    ahead: ProcessAhead | None = None,
) -> None:
    """Start the process and wait until it has said that it holds the run."""
    log_size = folder.log.stat().st_size if folder.log.exists() else 0
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    pid = await asyncio.to_thread(_spawn, folder, credentials, command, ahead, asyncio.get_running_loop(), ended)
    deadline = time.monotonic() + _START_SECONDS
    async with Journal.open(folder.journal) as journal:
        while not await _has_begun(folder, journal, after, pid):
            if ended.done() or time.monotonic() > deadline:
                if await _has_begun(folder, journal, after, pid):
                    return
                raise await asyncio.to_thread(
                    _start_failure, folder, log_size, ended.result() if ended.done() else None
                )
            await asyncio.wait({ended}, timeout=POLL_SECONDS)


async def _has_begun(folder: RunFolder, journal: Journal, after: int, pid: int) -> bool:
    """Whether that very process has said that it has begun: another that was started at the same time may hold it."""
    if not any(isinstance(event, RunStarted | RunResumed) for _, event in await journal.read(after)):
        return False
    return await asyncio.to_thread(signed_by, folder.journal) == pid


def _spawn(
    folder: RunFolder,
    credentials: Mapping[Side, Credential],
    command: tuple[str, ...],
    ahead: ProcessAhead | None,
    loop: asyncio.AbstractEventLoop,
    ended: asyncio.Future[int],
) -> int:
    """Start the process, hand it the credentials, and leave a thread behind that waits for its end; its number.

    Not `asyncio.create_subprocess_exec`: that kills its child when the loop is closed.
    """
    child = ahead.hand_over(folder.path, credentials) if ahead is not None else None
    if child is None:
        log = appending(folder.log)
        try:
            child = spawned((*(command or PROGRAM), str(folder.path)), log)
        finally:
            os.close(log)
        hand(child, msgspec.msgpack.encode(dict(credentials)))  # where it died, that is seen in a moment
    threading.Thread(target=_wait_for_end, args=(child, loop, ended), name=f"run {folder.run}", daemon=True).start()
    return child.pid


def _wait_for_end(child: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop, ended: asyncio.Future[int]) -> None:
    code = child.wait()

    def settle() -> None:
        if not ended.done():
            ended.set_result(code)

    with contextlib.suppress(RuntimeError):  # nobody waits any more: the loop is closed
        loop.call_soon_threadsafe(settle)


def _start_failure(folder: RunFolder, log_size: int, code: int | None) -> ProblemError:
    said = _log_tail(folder, log_size)
    if code == ExitCode.HELD:
        other = writes_there_too(folder, read_plan(folder))
        return RunHeldError(held_by_another_process(folder) if other is None else other)
    if code == ExitCode.STALE:
        return ProblemError.of(Cause.STALE, said or "The plan is for another cluster.")
    how = "did not begin in time" if code is None else f"ended at once, with code {code}"
    return ProblemError.of(
        Cause.INTERNAL,
        f"The process of the run {folder.run} {how}.",
        why=f"It said: {said}" if said else "It said nothing.",
        todo="Nothing was moved by it. Its log has more.",
        evidence=clean(str(folder.log), 300),
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
        raise ProblemError.of(
            Cause.USAGE,
            f"The run {folder.run} meets no certificate of a {side}.",
            todo="Leave --accept-fingerprint out, or name the other side.",
        )
    trust = Trust(kind=TrustKind.PINNED, fingerprint=fingerprint)
    trusting = {str(side): msgspec.structs.replace(connection, trust=trust)}
    async with held_alone(folder):
        await asyncio.to_thread(replace_plan, folder, msgspec.structs.replace(plan, **trusting))
        async with await Journal.create(folder.journal) as journal:
            text = f"the certificate of the {side} with the fingerprint {fingerprint} was accepted"
            await journal.append(Noted(at=now, text=text))
