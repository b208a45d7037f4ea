"""A real terminal: a pty, an emulator that reads it, and keys."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
import time
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    from pathlib import Path

ESCAPE = "\x1b"


class Terminal:
    """A real pty with a person's eyes: what is on its 80x24 screen, and keys."""

    def __init__(self, arguments: list[str], environ: dict[str, str], folder: Path) -> None:
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        pid, self._master = pty.fork()
        if pid == 0:  # the child becomes the program
            os.chdir(folder)
            os.execve(sys.executable, [sys.executable, "-m", "esmigrate_tui", *arguments], environ)  # noqa: S606  # no shell
        self.pid = pid
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.set_blocking(self._master, False)

    @property
    def text(self) -> str:
        """All that can be read."""
        return "\n".join(self.screen.display)

    async def type(self, *keys: str) -> None:
        """Press keys, one after the other, at a person's pace."""
        for key in keys:
            self.send(key)
            await self.look(0.05)

    def send(self, keys: str) -> None:
        """Press keys, and look at nothing yet."""
        os.write(self._master, keys.encode())

    async def look(self, seconds: float) -> None:
        """Read what is painted in that time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError, OSError):
                self._stream.feed(os.read(self._master, 65_536))
            await asyncio.sleep(0.01)

    async def until(self, pattern: str, seconds: float = 60) -> str:
        """Look until it is to be read; what it read."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            assert time.monotonic() < deadline, f"never saw {pattern!r}, but:\n{self.text}"
            await self.look(0.1)
        return found[0]

    async def ended(self, seconds: float = 20) -> int:
        """The exit code."""
        deadline = time.monotonic() + seconds
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)  # noqa: ASYNC222  # WNOHANG: it does not wait
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
            await self.look(0.1)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a dropped line does."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def kill(self) -> None:
        """End the program as a crash would; its terminal stays."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = 0

    def close(self) -> None:
        """End what is still there."""
        self.hang_up()
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
