"""Processes of runs that die at a write of the journal: `python -m tests.journeys.mortal`, one order a line.

What a run needs is loaded once; each run then is a fork, which costs milliseconds where a new process costs a second.
The fork is the real process of a run in everything: its wiring, its lock, its journal, and its death.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sqlite3
import sys
import traceback
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.engine.process import open_clusters, run
from esmigrate_tui.methods import METHODS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from esmigrate_tui.engine.folders import RunFolder

Way = Literal["", "before", "after", "told"]
_LOADED = (Clusters, connect)  # the process loads them late; here that is to happen once


class Order(msgspec.Struct, frozen=True):
    """Perform the run in a folder, and die right before or after its n-th commit, or be told to end right after it."""

    folder: str
    credentials: bytes
    way: Way = ""
    number: int = 0


class _Mortal(sqlite3.Connection):
    """A connection that ends its process at one of its commits."""

    order: ClassVar[Order]
    commits: ClassVar[int] = 0

    def __exit__(self, *error: object) -> Literal[False]:
        _Mortal.commits += 1
        is_now = _Mortal.commits == self.order.number
        if is_now and self.order.way == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().__exit__(*error)  # type: ignore[arg-type]  # handed on as they come
        if is_now:
            os.kill(os.getpid(), signal.SIGTERM if self.order.way == "told" else signal.SIGKILL)
        return False


@asynccontextmanager
async def performer() -> AsyncIterator[Callable[[RunFolder, bytes, Way, int], Awaitable[int]]]:
    """A program that performs runs, each in a process of its own that dies as it is told; how each ended."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.journeys.mortal",
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )

    async def perform_one(folder: RunFolder, credentials: bytes, way: Way = "", number: int = 0) -> int:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(msgspec.json.encode(Order(str(folder.path), credentials, way, number)) + b"\n")
        await program.stdin.drain()
        return int(await program.stdout.readline())

    try:
        yield perform_one
    finally:
        program.terminate()
        await program.wait()


def perform(order: Order) -> int:
    """What the fork does."""
    log = os.open(Path(order.folder) / "process.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    if order.way:
        _Mortal.order = order
        sqlite3.connect = partial(sqlite3.connect, factory=_Mortal)  # type: ignore[assignment]  # with one more argument
    return run(Path(order.folder), METHODS, open_clusters, io.BytesIO(order.credentials))


def main() -> None:
    """Fork for each order, and tell how the fork ended."""
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        child = os.fork()
        if not child:
            code = 70
            try:
                code = perform(order)
            except BaseException:  # noqa: BLE001  # it is told, and the fork must not go on as its parent
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  # its output is the point


if __name__ == "__main__":
    main()
