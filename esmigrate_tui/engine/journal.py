"""The journal of a run: written by the run's process before anything is shown, read by any number of screens.

All calls of SQLite are made in one thread of the journal's own, so that neither a screen nor the run ever waits for the
disk. They take their turns there, so that events stand in the order in which they were appended.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self, TypeVar

from esmigrate_tui.engine import lock
from esmigrate_tui.engine.journal_store import MOST_EVENTS, JournalStore, explained
from esmigrate_tui.engine.problem_file import write_problem
from esmigrate_tui.model.event import RunFinished
from esmigrate_tui.model.problem import Problem, ProblemError
from esmigrate_tui.model.progress import Progress, ProgressFolding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.event import Event, Reject

T = TypeVar("T")
_SHORTEST_POLL: Final = 0.02


@dataclass(eq=False)
class _PendingAppend:
    """Events, and the documents rejected before the last of them, to be written together; then its number or error."""

    events: Sequence[Event]
    rejects: Sequence[Reject]
    number: int = 0
    error: Exception | None = None


class Journal:
    """A run's journal; `create` for the process that holds the run, `open` for all others."""

    def __init__(self, path: Path, *, is_writer: bool) -> None:
        self.path = path
        self._store = JournalStore(path, is_writer=is_writer)
        self._pending: deque[_PendingAppend] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    @classmethod
    async def create(cls, path: Path) -> Journal:
        """The journal for writing, made where there is none; only for the process that holds the run's lock."""
        journal = cls(path, is_writer=True)
        await journal._in_turn(journal._store.make)
        return journal

    @classmethod
    def open(cls, path: Path) -> Journal:
        """The journal for reading and for commands; the file need not exist yet."""
        return cls(path, is_writer=False)

    async def close(self) -> None:
        """Close the file, after what is still to be written."""
        try:
            await self._in_turn(self._store.close)
        finally:
            self._thread.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- for the run's process -------------------------------------------------------------------------------------

    async def report_problem(self, problem: Problem | None) -> None:
        """Report beside the journal why nothing can be written into it; None when it can again."""
        with contextlib.suppress(ProblemError):  # a disk of another kind may want room even for that
            await self._in_turn(lambda: write_problem(self.path, problem))

    async def append(self, event: Event, rejects: Sequence[Reject] = ()) -> int:
        """Write an event down, with the documents rejected since the last one; its number, once it is on the disk.

        A caller that is cancelled meanwhile does not undo it: what was begun to be written is written.
        """
        return await self._append(_PendingAppend((event,), rejects))

    async def append_all(self, events: Sequence[Event]) -> None:
        """Write several events down at once: all of them or none."""
        if events:
            await self._append(_PendingAppend(events, ()))

    async def _append(self, one: _PendingAppend) -> int:
        """Write it with all that waits by then: many tasks wait for one flush of the disk, not each for its own."""
        self._pending.append(one)
        await asyncio.shield(self._in_turn(self._write_pending))
        if one.error is not None:
            raise one.error
        return one.number

    async def commands(self, after: int = 0) -> list[tuple[int, Command]]:
        """Commands with a higher number than `after` that were not followed yet."""
        return await self._in_turn(lambda: self._store.commands(after))

    async def obeyed(self, number: int, seq: int) -> None:
        """Mark a command as done by the event `seq`, 0 where it had no effect."""
        await asyncio.shield(self._in_turn(lambda: self._store.obeyed(number, seq)))

    async def dismiss_commands(self) -> None:
        """Mark all commands that were not followed as done: they were meant for a process that has ended."""
        await self._in_turn(self._store.dismiss)

    async def export_rejects(self) -> int:
        """Write all rejected documents into the file beside the journal, in place of what it held; their number."""
        return await self._in_turn(self._store.export_rejects)

    # -- for all ----------------------------------------------------------------------------------------------------

    async def read(self, after: int = 0, limit: int = MOST_EVENTS) -> list[tuple[int, Event]]:
        """The next events after the one with that number, at most `limit`."""
        return await self._in_turn(lambda: self._store.read(after, limit))

    async def last(self) -> tuple[int, Event] | None:
        """The newest event."""
        return await self._in_turn(self._store.last)

    async def follow(self, after: int = 0, poll: float = 0.25) -> AsyncIterator[list[tuple[int, Event]]]:
        """Events in batches as they come, until the run has finished or its process has ended.

        After an event the next is looked for at once, then ever more rarely, until every `poll` seconds.
        """
        pause = _SHORTEST_POLL
        while True:
            # The lock before the events: what a process wrote before it ended is then never missed.
            is_live = await self._in_turn(lambda: lock.is_held(self.path.with_name("lock")))
            batch = await self.read(after)
            if batch:
                after = batch[-1][0]
                pause = _SHORTEST_POLL
                yield batch
                continue
            if not is_live:
                return
            newest = await self.last()
            if newest is not None and newest[0] > after:
                continue  # it came between the two reads: the end must not be missed
            if newest is not None and isinstance(newest[1], RunFinished):
                return
            await asyncio.sleep(min(pause, poll))
            pause = min(pause * 1.5, poll)

    async def progress(self) -> Progress:
        """The fold of all events until now; what was folded before is not read again."""
        return await self._in_turn(self._store.progress)

    async def command(self, command: Command) -> int:
        """Send a command to the run's process; its number. Raises ProblemError where there is no journal."""
        return await self._in_turn(lambda: self._store.command(command))

    async def answer(self, number: int) -> int | None:
        """The number of the event that a command led to, 0 if it had no effect, None while it was not followed."""
        return await self._in_turn(lambda: self._store.answer(number))

    async def rejects(self, limit: int = 1_000, task: int | None = None) -> tuple[Reject, ...]:
        """The first rejected documents, of one task or of all."""
        return await self._in_turn(lambda: self._store.rejects(limit, task))

    # -- in the journal's own thread -------------------------------------------------------------------------------

    def _write_pending(self) -> None:
        """Write all that waits, in its order; nothing where an earlier turn has written it."""
        together = [self._pending.popleft() for _ in range(len(self._pending))]
        if len(together) > 1 and self._written(together) is None:
            return
        for one in together:  # alone: what keeps one of them from being written is not the problem of the others
            one.error = self._written([one])

    def _written(self, together: Sequence[_PendingAppend]) -> Exception | None:
        """Write some in one transaction; why none of them was written, None where they were."""
        try:
            numbers = self._store.append([(one.events, one.rejects) for one in together])
        except (sqlite3.Error, OSError) as error:
            return explained(self.path, error)
        except Exception as error:  # noqa: BLE001  # raised where it was asked for
            return error
        for one, number in zip(together, numbers, strict=True):
            one.number = number
        return None

    async def _in_turn(self, work: Callable[[], T]) -> T:
        def explained_work() -> T:
            try:
                return work()
            except (sqlite3.Error, OSError) as error:
                raise explained(self.path, error) from None

        return await asyncio.get_running_loop().run_in_executor(self._thread, explained_work)


class RunUpdate(NamedTuple):
    """New events of a run, and its progress after them."""

    events: list[Event]
    progress: Progress


async def follow(journal: Path) -> AsyncIterator[RunUpdate]:
    """Updates from the first event on, until the run has finished or its process has ended. Raises ProblemError."""
    folding = ProgressFolding(Progress())
    async with Journal.open(journal) as opened:
        async for batch in opened.follow():
            events = [event for _, event in batch]
            yield RunUpdate(events, folding.after(events))
