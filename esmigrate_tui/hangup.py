"""Ending a program whose terminal was closed, or that got a signal, whatever its event loop is doing at that moment."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

GRACE: Final = 0.7
"""Seconds to end in good order from the first sign on; then the process ends all the same."""
_SIGNALS: Final = (signal.SIGHUP, signal.SIGTERM)
_NEVER_MIND: Final = 0
"""What is written to the watch's own pipe when it is over; everything else there is the number of a signal."""


def _nothing(*_: object) -> None:
    """There is nothing to do."""


def is_gone(terminal: int) -> bool:
    """Whether a terminal was closed at its other end."""
    signs = select.poll()
    signs.register(terminal, 0)
    return any(what & select.POLLHUP for _, what in signs.poll(0))


class HangupWatch:
    """A thread that waits for SIGHUP, SIGTERM, or the end of a terminal, and ends the process soon after.

    `leave` is called first, in that thread, with the number of the signal (SIGHUP for a closed terminal) and
    whether it was closed. A process that has not ended by itself after `grace` seconds is ended: `restore` may
    give the terminal back before. A run has a process of its own, so that nothing is lost by it. With
    `has_signals=False` only the end of the terminal counts.

    The event loop takes no part: one that waits for a terminal that is not read could not react.
    """

    def __init__(
        self,
        terminal: int,
        *,
        leave: Callable[[int, bool], None] = _nothing,
        restore: Callable[[], None] = _nothing,
        grace: float = 0.0,
        has_signals: bool = True,
    ) -> None:
        self._terminal, self._leave, self._restore = terminal, leave, restore
        self._grace, self._signals = grace, _SIGNALS if has_signals else ()
        self._signals_in, self._signals_out = os.pipe()
        os.set_blocking(self._signals_out, False)  # a signal's handler must never wait
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}
        self._is_over = False

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """From now on."""
        for number in self._signals:
            with contextlib.suppress(ValueError):  # only the main thread may, and only there it is needed
                self._before[number] = signal.signal(number, self._on_signal)
        threading.Thread(target=self._wait, name="hangup", daemon=True).start()

    def stop(self) -> None:
        """No longer; but what has come already still ends the process."""
        for number, before in self._before.items():
            signal.signal(number, before if before is not None else signal.SIG_DFL)
        self._before.clear()
        self._send(_NEVER_MIND)
        self._is_over = True

    def lose(self) -> None:
        """The terminal was found to be closed; from any thread."""
        self._send(signal.SIGHUP)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._send(number)

    def _send(self, number: int) -> None:
        if not self._is_over:  # else the number of the pipe may be that of another file by now
            with contextlib.suppress(BlockingIOError):  # full: it has enough of them
                os.write(self._signals_out, bytes([number]))

    def _wait(self) -> None:
        number, is_gone = self._first_sign()
        if number == _NEVER_MIND:
            os.close(self._signals_in)
            os.close(self._signals_out)
            return
        self._leave(number, is_gone)
        time.sleep(self._grace)
        self._restore()
        os._exit(128 + number)

    def _first_sign(self) -> tuple[int, bool]:
        signs = select.poll()
        signs.register(self._signals_in, select.POLLIN)
        signs.register(self._terminal, 0)  # nothing but its end, which is always reported
        while True:
            for sign, what in signs.poll():
                if sign == self._signals_in:
                    number = os.read(self._signals_in, 1)[0]
                    return number, number == signal.SIGHUP
                if what & select.POLLNVAL:  # it cannot be watched
                    signs.unregister(sign)
                else:
                    return signal.SIGHUP, True
