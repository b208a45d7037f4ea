"""The commands in force during a run, and waking up what has to follow them."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from esmigrate_tui.model.command import AcceptArrivals, Command, PauseRun, ResumeRun, SetPace, SkipTask, StopRun
from esmigrate_tui.model.event import STOP_ASKED, ArrivalsAccepted, Continued, Noted, PaceChanged, Paused

if TYPE_CHECKING:
    from collections.abc import Collection

    from esmigrate_tui.model.event import Event


class StopRequested(Exception):  # noqa: N818  # a way out, not an error
    """The user wants this task, or the whole run, to be stopped."""


class ProcessEnding(Exception):  # noqa: N818  # a way out, not an error
    """The process was told to end: everything stays as it is, and the run can be resumed."""


class Pacing(NamedTuple):
    """How the work goes on: paused, or at a throttle in documents a second (0 for none)."""

    is_paused: bool
    requests_per_second: float


class RunControl:
    """The commands in force; `version` counts their changes.

    `is_ending` is no command of the user: the process itself was told to end, and the run can be resumed later.
    `is_enough` has a meaning only where other senders write (`is_watching`): only the user knows when they have ended.
    """

    def __init__(self, requests_per_second: float, *, is_watching: bool = False) -> None:
        self.pacing = Pacing(is_paused=False, requests_per_second=requests_per_second)
        self.skipped: frozenset[int] = frozenset()
        self.is_stopping = False
        self.is_ending = False
        self.is_enough = False
        self.version = 0
        self._is_watching = is_watching
        self._pulse = asyncio.Event()

    def take(self, command: Command, open_tasks: Collection[int], at: float) -> Event | None:
        """Put a command in force; the event that says so, None where it changes nothing."""
        event: Event | None = None
        match command:
            case PauseRun() if not self.pacing.is_paused and not self.is_stopping:
                self.pacing = self.pacing._replace(is_paused=True)
                event = Paused(at=at)
            case ResumeRun() if self.pacing.is_paused:
                self.pacing = self.pacing._replace(is_paused=False)
                event = Continued(at=at)
            case SetPace(requests_per_second=pace) if pace != self.pacing.requests_per_second:
                if math.isfinite(pace) and pace >= 0:
                    self.pacing = self.pacing._replace(requests_per_second=pace)
                    event = PaceChanged(at=at, requests_per_second=pace)
            case SkipTask(task=task) if task in open_tasks and task not in self.skipped:
                self.skipped |= {task}
                event = Noted(at=at, task=task, text="is to be left out")
            case AcceptArrivals() if self._is_watching and not self.is_enough and not self.is_stopping:
                self.is_enough = True
                self.pacing = self.pacing._replace(is_paused=False)  # a last look is taken
                event = ArrivalsAccepted(at=at)
            case StopRun() if not self.is_stopping:
                self.is_stopping = True
                event = Noted(at=at, text=STOP_ASKED)
            case _:
                pass
        if event is not None:
            self._changed()
        return event

    def end(self) -> None:
        """The process was told to end."""
        self.is_ending = True
        self._changed()

    def is_leaving(self, task: int) -> bool:
        """Whether a task is to be stopped, by itself or with the whole run."""
        return self.is_stopping or task in self.skipped

    async def changed_since(self, version: int) -> None:
        """Return when there are commands newer than that version."""
        while self.version == version:
            await self._pulse.wait()

    def _changed(self) -> None:
        self.version += 1
        self._pulse.set()
        self._pulse = asyncio.Event()


class TaskControl:
    """What one task has seen of the commands in force."""

    def __init__(self, control: RunControl, task: int) -> None:
        self._control = control
        self._task = task
        self._version = -1

    def see(self) -> None:
        """Take note of the commands in force, without following them."""
        self._version = self._control.version

    def check(self) -> None:
        """Raise ProcessEnding or StopRequested where one is in force."""
        self.see()
        if self._control.is_ending:
            raise ProcessEnding
        if self._control.is_leaving(self._task):
            raise StopRequested

    async def news(self) -> None:
        """Return when there are commands that this task has not seen yet."""
        await self._control.changed_since(self._version)

    async def until(self, *doing: asyncio.Future[Any]) -> None:
        """Wait for one of these, or for commands that this task has not seen yet."""
        news = asyncio.ensure_future(self.news())
        try:
            await asyncio.wait({*doing, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
