"""Lines from standard input and to standard output, whatever they are: a terminal, a pipe, a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import termios
import threading
from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.hangup import HangupWatch
from esmigrate_tui.plain.console import EndOfInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_LONGEST: Final = 65_536  # bytes of one answer; what is longer is none


class Terminal:
    """Standard input and output. A line that is waited for does not hold up the loop, nor the end of the program."""

    def __init__(self) -> None:
        self._input = sys.stdin.fileno() if sys.stdin is not None else -1  # closed: an answer is never there
        self._is_terminal = os.isatty(self._input)
        self._pending = b""
        self._has_ended = False
        self._seen: list[Any] | None = None

    def watched(self) -> AbstractContextManager[None]:
        """For as long as this is used: the program ends with its terminal, and never leaves it without an echo."""
        return HangupWatch(self._input, restore=self._restore) if self._is_terminal else contextlib.nullcontext()

    def _restore(self) -> None:
        if self._seen is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._input, termios.TCSANOW, self._seen)

    @property
    def width(self) -> int:
        """What the terminal has room for; where there is none, a sentence is a line."""
        return min(100, shutil.get_terminal_size((80, 24)).columns) if sys.stdout.isatty() else 100_000

    def write(self, text: str) -> None:
        """Write it at once."""
        sys.stdout.write(text)
        sys.stdout.flush()

    async def ask(self, prompt: str, *, is_secret: bool) -> str:
        """The next line. A secret is not shown: the terminal no longer echoes when its prompt is read."""
        with self._unseen() if is_secret and self._is_terminal else contextlib.nullcontext():
            self.write(prompt)
            line = await self._line()
        if not self._is_terminal:
            self.write("\n" if is_secret else f"{line}\n")  # nobody's Enter has ended the line of the question
        elif is_secret:
            self.write("\n")
        return line

    async def _line(self) -> str:
        while b"\n" not in self._pending and not self._has_ended and len(self._pending) < _LONGEST:
            some = await self._some()
            self._pending += some
            self._has_ended = not some
        if not self._pending:
            raise EndOfInputError
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")

    async def _some(self) -> bytes:
        """What comes next. It is read in a daemon thread of its own: nothing can end a read that waits."""
        loop = asyncio.get_running_loop()
        arrived: asyncio.Future[bytes] = loop.create_future()

        def settle(some: bytes) -> None:
            if not arrived.done():
                arrived.set_result(some)

        def read() -> None:
            try:
                some = os.read(self._input, _LONGEST)
            except OSError:  # a terminal that was hung up
                some = b""
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, some)

        threading.Thread(target=read, name="answer", daemon=True).start()
        return await arrived

    @contextlib.contextmanager
    def _unseen(self) -> Iterator[None]:
        before = termios.tcgetattr(self._input)
        silent = [*before]
        silent[3] = before[3] & ~termios.ECHO
        self._seen = before
        termios.tcsetattr(self._input, termios.TCSADRAIN, silent)
        try:
            yield
        finally:
            self._seen = None
            termios.tcsetattr(self._input, termios.TCSADRAIN, before)
