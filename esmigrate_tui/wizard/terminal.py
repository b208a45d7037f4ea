"""The terminal of the wizard: what is written never holds up the event loop, and a terminal that is gone is noticed."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import termios
import threading
from typing import TYPE_CHECKING, Final

from textual.drivers.linux_driver import LinuxDriver

from esmigrate_tui.hangup import GRACE, HangupWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.wizard.app import WizardApp

_MOST_BEHIND: Final = 131_072
"""Characters that may wait for a terminal that is slow or not read; the pictures after that are left out."""
_GIVEN_BACK: Final = (
    b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""What undoes all that Textual asks of a terminal: paste, wrapping, mouse, keys, the other screen, cursor, focus."""


class TerminalWriter(threading.Thread):
    """Writes to a terminal, in a thread that may wait for it; whoever has something written never waits.

    `caught_up` is called in that thread when nothing is left to write, `lost` when the terminal is gone; what is put
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
            except BlockingIOError:  # whoever started us left it so
                select.select([], [self._terminal], [])


class TerminalDriver(LinuxDriver):
    """Textual's driver with a writer that never holds up the loop, and a watch that ends what has no terminal."""

    _app: WizardApp
    _writer: TerminalWriter | None = None
    _watch: HangupWatch | None = None

    @property
    def is_far_behind(self) -> bool:
        """Whether the terminal takes so little that nothing should be painted now."""
        return self._writer is not None and self._writer.is_far_behind

    def start_application_mode(self) -> None:
        """Take the terminal."""
        assert self._file is not None, "the command looks for a terminal before it opens a screen"  # noqa: S101
        self._watch = HangupWatch(self.fileno, leave=self._leave, restore=self._restore, grace=GRACE)
        self._writer = TerminalWriter(self._file.fileno(), self._file.encoding, self._caught_up, self._watch.lose)
        self._writer.start()
        self._watch.start()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's own
        super().close()  # its own writer, which waits in the event loop where the terminal does not take more
        self._writer_thread = None

    def at_its_turn(self, callback: Callable[[], None]) -> None:
        """Call this, in another thread, when the terminal has all that was written before, and nothing more yet."""
        if self._writer is not None:
            self._writer.at_its_turn(callback)

    def write(self, data: str) -> None:
        """Have it written."""
        if self._writer is not None:
            self._writer.put(data)

    def close(self) -> None:
        """Give the terminal back when all is written."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _caught_up(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._app.paint_what_was_left_out)

    def _leave(self, number: int, is_gone: bool) -> None:  # noqa: FBT001  # the watch's callback
        if is_gone:
            self.exit_event.set()  # else the thread that reads would read nothing, over and over
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._app.left_by, number)

    def _restore(self) -> None:
        """Give the terminal back as far as that can be done without waiting for it."""
        if self._writer is None or not self._file:
            return
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        terminal = self._file.fileno()
        with contextlib.suppress(OSError):
            if select.select([], [terminal], [], 0)[1]:
                telling = threading.Thread(target=_write_once, args=(terminal, _GIVEN_BACK), daemon=True)
                telling.start()
                telling.join(0.1)


def _write_once(terminal: int, text: bytes) -> None:
    with contextlib.suppress(OSError):
        os.write(terminal, text)
