"""How far a comparison of two indices has come, kept so that an interrupted one can continue."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from esmigrate_tui.disk import opened, write_whole
from esmigrate_tui.engine.places import raise_unsafe, runs_home
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.verify.everything import ComparisonReading

_KEEP_SECONDS: Final = 5.0


class CheckpointFile:
    """What to continue from, in a file that only its owner reads; it holds positions and sums, no document."""

    def __init__(self, *what: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`what` is compared, and how; the name of the file does not show it."""
        name = hashlib.sha256("\n".join(what).encode()).hexdigest()[:24]
        self._path = runs_home(os.environ).parent / "comparing" / name
        self._clock = clock
        self._at = clock()

    def read(self) -> bytes:
        """What an earlier process has kept; b"" where there is nothing."""
        try:
            with opened(self._path) as file:
                return file.read()
        except OSError:
            return b""

    def keep(self, reading: ComparisonReading) -> None:
        """Write it down, now and then; a disk that is full must not end a comparison that could do without."""
        if self._clock() - self._at < _KEEP_SECONDS or not (kept := reading.keep()):
            return
        self._at = self._clock()
        with suppress(OSError, ProblemError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            raise_unsafe(self._path.parent)
            write_whole(self._path, kept)

    def forget(self) -> None:
        """It is done."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
