"""The wizard in a real terminal with ten thousand indices, and with fifty of them moving; values stand for clusters.

The wizard runs as a program of its own in a pty. A key is timed from its byte going in to the last byte of the answer
coming out; that the answer is the right one is read off an emulated terminal. No wait of a test harness is in it: the
time of the last byte counts, not the quiet after it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import select
import signal
import statistics
import struct
import sys
import termios
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyte

from bench.processes import ROOT
from esmigrate_tui.elastic.responses.indices import CatIndex, FlatSettings, IndexListing, ResolvedIndices, index_facts
from esmigrate_tui.model.text import number
from tests.on_a_terminal import started

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator, Iterator

    from esmigrate_tui.engine.journal import RunUpdate
    from esmigrate_tui.model.event import Event

MOVING: Final = 50
_QUIET: Final = 0.15  # seconds without a byte: the answer is there
_LIMIT: Final = 20.0
_PAINTED_SECONDS: Final = 0.5
_IDLE_SECONDS: Final = 5.0
_BOARD_SECONDS: Final = 15.0
_KEY_BAR, _MOVE_BAR, _LIST_BAR = 50, 30, 300  # milliseconds
_MEMORY_BAR: Final = 120 * 1024**2
_BYTES_BAR: Final = 4_000
_TYPED: Final = ("metrics-0123", "metrics-09*0", "00*7", "/s-0[0-4]", "9999", "7", "cs-01", "*1?5", "/5$")
_KEYS: Final = {"down": b"\x1b[B", "up": b"\x1b[A", "pagedown": b"\x1b[6~", "pageup": b"\x1b[5~"}


# -- the terminal ------------------------------------------------------------------------------------------------------


class Terminal:
    """A program in a pty, its screen as a person would see it, and how many bytes it has sent."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, size: tuple[int, int]) -> None:
        self.process = process
        self._master = master
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.received = 0

    def press(self, keys: bytes) -> float:
        """Seconds from a key to the last byte of its answer; raises RuntimeError where none comes."""
        began = time.perf_counter()
        os.write(self._master, keys)
        last, heard = began, b""
        while True:
            wait = _QUIET if heard else _LIMIT
            if not select.select([self._master], [], [], wait)[0]:
                break
            heard += os.read(self._master, 65_536)
            last = time.perf_counter()
        if not heard:
            message = f"{keys!r} changed nothing on the screen"
            raise RuntimeError(message)
        self._seen(heard)
        return last - began

    def leave(self, keys: bytes) -> float:
        """Seconds from a key to the end of the program; raises TimeoutError where it goes on."""
        began = time.perf_counter()
        os.write(self._master, keys)
        while self.process.poll() is None:
            if time.perf_counter() - began > _LIMIT:
                message = f"{keys!r} did not end it, but shows:\n{self.text}"
                raise TimeoutError(message)
            if select.select([self._master], [], [], 0.002)[0]:
                with suppress(OSError):  # the other end is closed
                    self._seen(os.read(self._master, 65_536))
        return time.perf_counter() - began

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size; the program paints all of it anew."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)
        self.process.send_signal(signal.SIGWINCH)
        self.listen(_PAINTED_SECONDS)

    def listen(self, seconds: float) -> int:
        """Bytes that come within so many seconds."""
        ends, before = time.perf_counter() + seconds, self.received
        while (left := ends - time.perf_counter()) > 0:
            if select.select([self._master], [], [], left)[0]:
                self._seen(os.read(self._master, 65_536))
        return self.received - before

    def until(self, words: str) -> None:
        """Wait for words on the screen; raises TimeoutError."""
        ends = time.perf_counter() + _LIMIT
        while words not in self.text:
            if time.perf_counter() > ends:
                message = f"{words!r} is not on the screen, but:\n{self.text}"
                raise TimeoutError(message)
            self.listen(0.05)

    def _seen(self, heard: bytes) -> None:
        self.received += len(heard)
        self._stream.feed(heard)

    @property
    def text(self) -> str:
        """Every line of the screen."""
        return "\n".join(self.screen.display)

    @property
    def processor(self) -> float:
        """Seconds of the processor that the program has used so far, whatever else this machine does."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak(self) -> int:
        """The most memory that the program has had so far, in bytes."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


@contextmanager
def wizard(shown: str, size: tuple[int, int]) -> Iterator[Terminal]:
    """The wizard at one of its steps, in a terminal of that many columns and rows; it is ended with the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ESMIGRATE_", "TEXTUAL", "SSH_"))}
    environ = kept | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    process, master = started("-m", "bench.wizard", shown, environ=environ, size=size, folder=ROOT)
    try:
        yield Terminal(process, master, size)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(master)


# -- what is measured --------------------------------------------------------------------------------------------------


def figure() -> str:
    """A line for ten thousand indices, and one for the board of a run."""
    with wizard("list", (80, 24)) as terminal:
        terminal.until("checks")
        listed = terminal.press(b"\x1b[C")
        _expect(terminal, "metrics-00000")
        used = [terminal.processor]
        moves = _moves(terminal)
        used.append(terminal.processor)
        keys = _filtering(terminal)
        used.append(terminal.processor)
        terminal.listen(1.0)
        idle = terminal.listen(_IDLE_SECONDS)
        peak = terminal.peak
        terminal.press(b"\r")
        terminal.press(b"q")
        terminal.press(b"\t")
        left = terminal.leave(b"\r")
    read = _read_seconds()
    with wizard("run", (120, 40)) as board:
        board.until("documents/s")
        board.listen(4.0)
        before = board.processor
        rate = board.listen(_BOARD_SECONDS) / _BOARD_SECONDS
        busy = (board.processor - before) / _BOARD_SECONDS
        _expect(board, "moving")
    return (
        f"ten thousand indices: on the screen {(read + listed) * 1000:.0f} ms after the server's answer "
        f"(read {read * 1000:.0f}, shown {listed * 1000:.0f}; bar: {_LIST_BAR}); {len(keys)} keys in the filter: "
        f"{_spread(keys)} (bar: {_KEY_BAR}), of the processor {(used[2] - used[1]) / len(keys) * 1000:.1f} ms a key; "
        f"{len(moves)} arrow and page keys: {_spread(moves)} (bar: {_MOVE_BAR}), "
        f"of the processor {(used[1] - used[0]) / len(moves) * 1000:.1f} ms a key; "
        f"memory at most {peak / 1024**2:.0f} MiB (bar: {_MEMORY_BAR / 1024**2:.0f}); left after {left * 1000:.0f} ms\n"
        f"bytes to the terminal: {idle} in {_IDLE_SECONDS:.0f} idle seconds (bar: 0); the board of a run with {MOVING} "
        f"indices moving at 120x40 {rate:.0f} a second (bar: {_BYTES_BAR}), {busy * 100:.1f} % of a processor"
    )


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"median {statistics.median(ordered) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"


def _expect(terminal: Terminal, words: str) -> None:
    if words not in terminal.text:
        message = f"{words!r} is not on the screen, but:\n{terminal.text}"
        raise RuntimeError(message)


def _moves(terminal: Terminal) -> list[float]:
    """Arrow and page keys, each of which has to move the cursor."""
    found = []
    for name in ("down", "down", "pagedown", "up", "pagedown", "pagedown", "pageup", "down") * 13:
        before = next(line for line in terminal.screen.display if "▸ " in line)
        found.append(terminal.press(_KEYS[name]))
        if next((line for line in terminal.screen.display if "▸ " in line), before) == before:
            message = f"{name} did not move the cursor:\n{terminal.text}"
            raise RuntimeError(message)
    return found


def _filtering(terminal: Terminal) -> list[float]:
    """Patterns typed and taken back, letter by letter; what is shown after each key is counted here as well."""
    from esmigrate_tui.flow.lists import matcher  # noqa: PLC0415  # the same
    from tests.pictures.sample_values import MANY  # noqa: PLC0415  # only here: it is the program's, not ours

    terminal.press(b"/")
    found = []
    for typed in _TYPED:
        steps = [typed[:at] for at in range(1, len(typed) + 1)] + [typed[:at] for at in range(len(typed) - 1, -1, -1)]
        pattern = ""
        for wanted in steps:
            key = wanted[-1:] if len(wanted) > len(pattern) else "\x7f"
            found.append(terminal.press(key.encode()))
            pattern = wanted
            fits = matcher(pattern)
            count = sum(fits is None or bool(fits(index.name)) for index in MANY)
            if fits is not None:
                _expect(terminal, f"{number(count)} shown")
    return found


def _read_seconds() -> float:
    """Seconds in which the answers about ten thousand indices become values, the median of five; no line is in it."""
    names = [f"metrics-{at:05}" for at in range(10_000)]
    cat = [
        {
            "health": "green",
            "status": "open",
            "index": name,
            "uuid": f"uuid-of-{name}",
            "pri": "1",
            "rep": "1",
            "docs.count": "4711",
            "docs.deleted": "0",
            "store.size": "2234567",
            "pri.store.size": "1234567",
        }
        for name in names
    ]
    settings = {
        "index.version.created": "7172899",
        "index.number_of_shards": "1",
        "index.number_of_replicas": "1",
        "index.uuid": "0Qk7y2hGS4qkGm4xW7m1Fw",
    }
    told = msgspec.json.encode({name: {"settings": settings} for name in names})
    resolved = msgspec.json.encode({"indices": [{"name": name, "attributes": ["open"]} for name in names]})
    listing = msgspec.json.encode(cat)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        entries = msgspec.json.decode(listing, type=tuple[CatIndex, ...])
        each = msgspec.json.decode(told, type=dict[str, FlatSettings])
        others = msgspec.json.decode(resolved, type=ResolvedIndices)
        aliases = {index.name: index.aliases for index in others.indices}
        index_facts(IndexListing(entries, each, {}, aliases, {}, frozenset()), with_types=False)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


# -- the program in the terminal ---------------------------------------------------------------------------------------


def _looks(tasks: int) -> Iterator[list[Event]]:
    """What a journal says of as many tasks: all begun, then a look at each of them, for ever; always the same."""
    from esmigrate_tui.model.event import (  # noqa: PLC0415  # as everything here: only in the program itself
        Acknowledged,
        RunStarted,
        TaskAdvanced,
        TaskStarted,
        TaskSummary,
    )
    from esmigrate_tui.model.method import MethodName  # noqa: PLC0415

    chance = random.Random(7)  # noqa: S311  # the same run each time, nothing secret
    total = 50_000_000
    summaries = tuple(
        TaskSummary(number=at, source_index=f"logs-2026.01.{at:02}", destination_index=f"logs-2026.01.{at:02}")
        for at in range(1, tasks + 1)
    )
    now = time.time()
    started = RunStarted(
        at=now, run="7K2P", method=MethodName.COPY_THROUGH_HERE, source="", destination="", tasks=summaries
    )
    yield [started, *(TaskStarted(at=now, task=summary.number) for summary in summaries)]
    done = dict.fromkeys(range(1, tasks + 1), 0)
    while True:
        batch: list[Event] = []
        for task in done:
            done[task] += chance.randrange(300, 900)
            moved = Acknowledged(done=done[task], total=total, written=done[task])
            batch.append(TaskAdvanced(at=time.time(), task=task, moved=moved))
        yield batch


async def _follow(_: str) -> AsyncIterator[RunUpdate]:
    from esmigrate_tui.engine.journal import RunUpdate  # noqa: PLC0415  # as above
    from esmigrate_tui.model.progress import Progress  # noqa: PLC0415  # as above

    progress = Progress()
    for batch in _looks(MOVING):
        progress = progress.after_all(batch)
        yield RunUpdate(batch, progress)
        await asyncio.sleep(0.5)


def main(shown: str) -> None:
    """The wizard over values: at the checks before the list, or at the board of a run."""
    import dataclasses  # noqa: PLC0415  # all of these only in the program itself

    from esmigrate_tui.wizard.environment import harden_environment  # noqa: PLC0415

    harden_environment(os.environ)
    from esmigrate_tui import preflight  # noqa: F401, PLC0415  # what the wizard has loaded by then, for its memory
    from esmigrate_tui.elastic import connect  # noqa: F401, PLC0415
    from esmigrate_tui.flow.session import Session  # noqa: PLC0415
    from esmigrate_tui.methods import METHODS  # noqa: F401, PLC0415
    from esmigrate_tui.wizard.app import WizardApp  # noqa: PLC0415
    from tests.pictures.sample_values import PICTURE_SERVICES, REVIEWED, TEN_THOUSAND  # noqa: PLC0415

    services: Any = dataclasses.replace(PICTURE_SERVICES, follow=_follow, now=time.time)
    opening: dict[str, tuple[Session, str]] = {
        "list": (TEN_THOUSAND, "preflight"),
        "run": (Session(draft=REVIEWED.draft, methods=REVIEWED.methods, run="7K2P"), "run"),
    }
    app = WizardApp(services, opening=opening[shown])
    app.is_live = shown == "run"  # an opening is for pictures otherwise, which follow nothing
    app.run()


if __name__ == "__main__":
    main(sys.argv[1])
