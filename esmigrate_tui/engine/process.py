"""The process of a run: `python -m esmigrate_tui.engine.process FOLDER`, credentials on standard input.

With `--wait METHOD` in place of the folder it loads what it needs, and waits for both on standard input (`HandedRun`):
so it begins at once when the checks before a run are done.

It is the place where a run's real parts are wired together. It outlives the terminal: SIGHUP is ignored; SIGTERM and
SIGINT end it within seconds, with a journal that says what is true, so that the run can be resumed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

from esmigrate_tui.disk import appending
from esmigrate_tui.engine import lock
from esmigrate_tui.engine.folders import RunFolder, read_plan
from esmigrate_tui.engine.handover import WAIT, HandedRun
from esmigrate_tui.engine.holding import RunHeldError, hold_alone
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.lost_journal import sign
from esmigrate_tui.engine.run import perform
from esmigrate_tui.engine.same_clusters import require_same_clusters
from esmigrate_tui.engine.survival import keep_memory_private
from esmigrate_tui.model.connection import NO_CREDENTIAL, Credential, Side
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode, exit_code
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.engine.same_clusters import OpenClusters
    from esmigrate_tui.methods.contract import Methods
    from esmigrate_tui.model.event import RunOutcome
    from esmigrate_tui.model.plan import Plan

_END_SECONDS: Final = 4.0  # from the signal to the end; service managers wait longer, people do not
_LARGEST_PIPEFUL: Final = 1_000_000


@contextlib.asynccontextmanager
async def open_clusters(plan: Plan, credentials: Mapping[Side, Credential]) -> AsyncIterator[Clusters]:
    """The real clusters of a plan, closed at the end; no request is made by opening them."""
    from esmigrate_tui.elastic.cluster import Clusters  # noqa: PLC0415  # costs 0.2 s, and tests of the engine need none
    from esmigrate_tui.elastic.connect import connect  # noqa: PLC0415  # the same

    async with contextlib.AsyncExitStack() as stack:
        sides = {Side.DESTINATION: (plan.destination, plan.destination_uuid)}
        if plan.source:
            sides[Side.SOURCE] = (plan.source, plan.source_uuid)
        opened = {}
        for side, (connection, uuid) in sides.items():
            cluster = await connect(connection, credentials.get(side, NO_CREDENTIAL), meant=uuid)
            stack.push_async_callback(cluster.close)
            opened[side] = cluster
        yield Clusters(destination=opened[Side.DESTINATION], source=opened.get(Side.SOURCE))


def steady_clock() -> Callable[[], float]:
    """Seconds since 1970 that never jump: the clock of the machine may be set during a run."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def main(arguments: list[str] | None = None) -> int:
    """Perform the run in the folder that is named."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) == 2 and given[0] == WAIT:  # and the method
        return _wait(given[1], sys.stdin.buffer)
    if len(given) != 1:
        sys.stderr.write("usage: python -m esmigrate_tui.engine.process FOLDER < CREDENTIALS\n")
        return ExitCode.USAGE
    from esmigrate_tui.methods import METHODS  # noqa: PLC0415  # not needed to say how it is used

    return run(Path(given[0]), METHODS, open_clusters, sys.stdin.buffer)


def _wait(name: str, pipe: BinaryIO) -> int:
    """Load what a run of that method needs, wait for the run, and perform it; 0 where none comes."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    keep_memory_private()
    from esmigrate_tui.elastic import cluster, connect  # noqa: F401, PLC0415  # what `open_clusters` needs
    from esmigrate_tui.methods import METHODS  # noqa: PLC0415  # as in `main`

    METHODS[MethodName(name)].mover()
    handed = pipe.read(_LARGEST_PIPEFUL)
    if not handed:
        return ExitCode.DONE  # the command has ended without a run
    try:
        given = msgspec.msgpack.decode(handed, type=HandedRun)
    except msgspec.DecodeError:
        return ExitCode.USAGE  # the command died while it wrote
    folder = RunFolder(Path(given.folder))
    log = appending(folder.log)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    return _perform(folder, METHODS, open_clusters, given.credentials)


def run(folder: Path, methods: Methods, clusters: OpenClusters, pipe: BinaryIO) -> int:
    """Perform the run in a folder with these methods and clusters, to its end; the exit code.

    Credentials are read from `pipe` to its end, as msgpack.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    keep_memory_private()
    try:
        credentials = msgspec.msgpack.decode(pipe.read(_LARGEST_PIPEFUL), type=dict[Side, Credential])
    except msgspec.DecodeError:
        sys.stderr.write("No credentials came through the pipe.\n")
        return ExitCode.USAGE
    return _perform(RunFolder(folder.absolute()), methods, clusters, credentials)


def _perform(
    folder: RunFolder, methods: Methods, clusters: OpenClusters, credentials: Mapping[Side, Credential]
) -> int:
    os.umask(0o077)
    with contextlib.ExitStack() as held:  # until the sentence is written: who waits for the lock reads the log next
        try:
            return asyncio.run(_run(folder, methods, clusters, credentials, held))
        except RunHeldError as error:
            sys.stderr.write(error.problem.what + "\n")
            return ExitCode.HELD
        except ProblemError as error:
            sys.stderr.write(error.problem.sentence() + "\n")
            return exit_code(error.problem.cause)


async def _run(
    folder: RunFolder,
    methods: Methods,
    clusters: OpenClusters,
    credentials: Mapping[Side, Credential],
    held: contextlib.ExitStack,
) -> int:
    ending, signals = asyncio.Event(), list[int]()

    def end(number: int) -> None:
        signals.append(number)
        ending.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    plan = await asyncio.to_thread(read_plan, folder)
    held.callback(lock.release, await hold_alone(folder, plan))
    clock = steady_clock()
    async with clusters(plan, credentials) as opened:
        await require_same_clusters(opened)
        async with await Journal.create(folder.journal) as journal:
            sign(folder.journal, clock())  # only now: a signature without a journal says that this was lost
            performing = asyncio.ensure_future(
                perform(
                    plan,
                    opened,
                    journal,
                    methods,
                    clock=clock,
                    sleep=asyncio.sleep,
                    run_id=folder.run,
                    random=random.random,
                    ending=ending,
                )
            )
            await _finished_or_ending(performing, ending)
            if signals and (performing.cancelled() or performing.result() is None):
                return 128 + signals[0]
            performing.result()
            return (await journal.progress()).exit_code()


async def _finished_or_ending(performing: asyncio.Future[RunOutcome | None], ending: asyncio.Event) -> None:
    """Wait for the run; once the process is told to end, only for a few seconds more."""
    ended: asyncio.Future[Any] = asyncio.ensure_future(ending.wait())
    both: set[asyncio.Future[Any]] = {performing, ended}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if ending.is_set() and not performing.done():
        await asyncio.wait({performing}, timeout=_END_SECONDS)
        performing.cancel()
        await asyncio.wait({performing}, timeout=1.0)
        if not performing.done():
            # The journal says what is true already; whatever still hangs would keep the process alive for ever.
            os._exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
