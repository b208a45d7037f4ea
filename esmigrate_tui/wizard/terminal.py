"""What is written to the terminal is written by a thread, so that a terminal that is not read never stops the loop."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_BEHIND: Final = 131_072
"""Characters that may wait for a terminal that is slow or not read; the pictures after that are left out."""


class TerminalWriter(threading.Thread):
    """Writes to a terminal, in a thread that may wait for it; the caller never waits.

    `caught_up` is called in that thread when nothing is left to write, `lost` when the terminal was closed; what is put
    after that is dropped.
    """

    def __init__(self, terminal: int, encoding: str, caught_up: Callable[[], None], lost: Callable[[], None]) -> None:
        super().__init__(name="terminal", daemon=True)
        self._terminal, self._encoding = terminal, encoding
        self._caught_up, self._lost = caught_up, lost
        # never full, so that nobody waits for it
        self._texts: queue.SimpleQueue[str | Callable[[], None] | None] = queue.SimpleQueue()
        self._counting = threading.Lock()
        self._behind = 0

    @property
    def is_far_behind(self) -> bool:
        """Whether so much waits already that nothing should be painted now."""
        return self._behind > _MOST_BEHIND

    def put(self, text: str) -> None:
        """Have it written after what waits already."""
        if self.is_alive():
            with self._counting:
                self._behind += len(text)
            self._texts.put(text)

    def at_its_turn(self, callback: Callable[[], None]) -> None:
        """Call this, in the thread that writes, after what was put before is written and before what comes next is."""
        self._texts.put(callback)

    def close(self) -> None:
        """Write what waits, as long as that takes."""
        self._texts.put(None)
        self.join()

    def run(self) -> None:
        """One after the other."""
        while (text := self._texts.get()) is not None:
            if not isinstance(text, str):
                text()
                continue
            try:
                self._write(text.encode(self._encoding, "replace"))
            except OSError:
                self._lost()
                return
            with self._counting:
                self._behind -= len(text)
                is_caught_up = not self._behind
            if is_caught_up:
                self._caught_up()

    def _write(self, text: bytes) -> None:
        while text:
            try:
                text = text[os.write(self._terminal, text) :]
            except BlockingIOError:  # the parent process left it so
                select.select([], [self._terminal], [])


def write_once(terminal: int, text: bytes) -> None:
    """Write what the terminal takes of it at once."""
    with contextlib.suppress(OSError):
        os.write(terminal, text)
