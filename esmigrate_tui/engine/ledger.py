"""The ledger over the journal: every change beside the documents is written down before it is made, and reverted.

A change counts as made, and an inverse as done, when the server says so, or else the state (`elastic.acknowledged`).
Every entry is bound to the cluster and to the very index that it was made on: what has got its name since is left
as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from esmigrate_tui.model.event import LedgerChanged
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, PlannedChange, Request, replaced_index
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.connection import Side
    from esmigrate_tui.model.event import Event

T = TypeVar("T")

NOT_MADE: Final = frozenset(
    {
        Cause.USAGE,
        Cause.AUTHENTICATION,
        Cause.PRIVILEGES,
        Cause.CERTIFICATE,
        Cause.BLOCKED,
        Cause.MISSING,
        Cause.EXISTS,
        Cause.TOO_LARGE,
        Cause.UNSUPPORTED,
        Cause.REFUSED,
        Cause.STALE,
    }
)
"""Causes that say for sure that the change was not made; after any other it may have been."""

_OURS: Final = frozenset({EntryState.INTENDED, EntryState.MADE, EntryState.KEPT})
_GONE: Final = "What was changed no longer exists, nothing is left to revert."
_ANOTHER: Final = "The index that was changed was deleted, and another one has its name: that was left as it is."
_CHANGED: Final = "It is not as it was made, or was changed since: it was left as it is."


class LedgerClusters:
    """What a ledger needs of the clusters of a run."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    def cluster(self, side: Side) -> str:
        """The uuid of the cluster of that side, "" where it is not known."""
        return self._clusters.of(side).wire.meant

    async def make(self, side: Side, request: Request) -> Any:  # noqa: ANN401  # JSON
        """Make a change; its answer. Raises ProblemError unless answer or state say that it was made."""
        return await self._clusters.of(side).changes.make(request)

    async def uuid_of(self, side: Side, index: str) -> str | None:
        """The uuid of an index, "" where there is none, None where this user may not see it."""
        return await _if_allowed(self._clusters.of(side).indices.uuid_of(index))

    async def uuid_before(self, side: Side, index: str) -> str | None:
        """The same before an index is made, "" also where it may not be seen: its making says then what is there."""
        return await _if_allowed(self._clusters.of(side).indices.visible_uuid(index))

    async def is_so(self, side: Side, request: Request) -> bool | None:
        """Whether the state is as a request wants it; None where that cannot be told."""
        return await _if_allowed(self._clusters.of(side).changes.is_so(request))

    async def stands(self, side: Side, request: Request) -> bool:
        """Whether what a request would make anew exists already."""
        return bool(await _if_allowed(self._clusters.of(side).changes.stands(request)))


async def _if_allowed(request: Awaitable[T]) -> T | None:
    try:
        return await request
    except ProblemError as error:
        if error.problem.cause is not Cause.PRIVILEGES:
            raise
        return None


class Ledger:
    """All entries of a run.

    `record` writes an event to the journal, and returns when it is there.

    An entry found INTENDED was maybe made: the process ended, or the connection broke, before that was known. It is
    treated as made, so an undo must be harmless then as well (see `methods.contract.Recorder`).
    """

    def __init__(
        self,
        clusters: LedgerClusters,
        record: Callable[[Event], Awaitable[object]],
        clock: Callable[[], float],
        entries: Iterable[LedgerEntry] = (),
    ) -> None:
        self._clusters = clusters
        self._record = record
        self._clock = clock
        self._entries: dict[int, LedgerEntry] = {}
        # Where the entries of a task, the last try of a change, and what has made an index are found: by number.
        self._of_task: dict[int, list[int]] = {}
        self._tries: dict[tuple[int, Side, Request], int] = {}
        self._makers: dict[tuple[Side, str], int] = {}
        for entry in entries:
            self._enter(_bearable(entry))
        self._newest = max(self._entries, default=0)

    def _enter(self, entry: LedgerEntry) -> None:
        if entry.number not in self._entries:
            made_by = entry.made_by
            self._of_task.setdefault(entry.task, []).append(entry.number)
            self._tries[entry.task, entry.side, made_by] = entry.number
            if made_by.makes_index:
                self._makers[entry.side, made_by.index] = entry.number
        self._entries[entry.number] = entry

    def recorder(self, task: int) -> TaskRecorder:
        """What a method records its changes with, for one task; 0 for the run as a whole."""
        return TaskRecorder(self, task)

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """All of them, the first change first."""
        return tuple(entry for _, entry in sorted(self._entries.items()))

    @property
    def open_entries(self) -> tuple[LedgerEntry, ...]:
        """What is still to be reverted, the last change first."""
        return tuple(entry for _, entry in sorted(self._entries.items(), reverse=True) if entry.is_open)

    async def change(self, task: int, change: PlannedChange) -> Any:  # noqa: ANN401  # JSON
        """Write down, make, mark as made; see `methods.contract.Recorder`."""
        side, made_by = change.side, change.made_by
        look = self._clusters.uuid_before if made_by.makes_index else self._clusters.uuid_of
        uuid = await look(side, made_by.index) if made_by.index else ""
        earlier = self._earlier(task, side, made_by)
        if made_by.makes_index and uuid:
            await self._claim_index(change, earlier, uuid)
            return None
        if not made_by.makes_index:
            if await self._clusters.stands(side, made_by):
                await self._claim(change, earlier)
                return None
            self._raise_other_index(side, made_by.index, uuid)
            earlier = await self._rebound(earlier, uuid)
        if earlier is not None:
            return await self._made(earlier)
        self._newest += 1
        entry = LedgerEntry(
            number=self._newest,
            side=side,
            what=change.what,
            made_by=made_by,
            undo=change.undo,
            task=task,
            cluster=self._clusters.cluster(side),
            index_uuid=uuid or "",
        )
        await self._becomes(entry)
        return await self._made(entry, is_new=True)

    async def _made(self, entry: LedgerEntry, *, is_new: bool = False) -> Any:  # noqa: ANN401  # JSON
        """Make the change of an entry that is written down; the answer, None where an earlier request had made it."""
        side, made_by = entry.side, entry.made_by
        was_so = entry.undo is None or bool(made_by.index) or await self._clusters.is_so(side, made_by) is not False
        try:
            answer = await self._clusters.make(side, made_by)
        except ProblemError as error:
            cause = error.problem.cause
            if not was_so and cause in NOT_MADE and await self._clusters.is_so(side, made_by):
                raise  # such as a repository that is registered first, and then cannot be read: it is to be reverted
            if cause is not Cause.EXISTS or not await self._clusters.is_so(side, made_by):
                if cause in NOT_MADE and is_new:
                    await self._becomes(entry, EntryState.UNDONE, f"It was never made: {error.problem.what}")
                raise
            answer = None  # something in between has sent it twice: nothing of that name existed before
        if made_by.makes_index:
            entry = msgspec.structs.replace(entry, index_uuid=await self._clusters.uuid_of(side, made_by.index) or "")
        await self._becomes(entry, EntryState.MADE)
        return answer

    async def _claim(self, change: PlannedChange, earlier: LedgerEntry | None) -> None:
        """Mark what exists as made where an earlier try has written it down; raises ProblemError (exists) else."""
        if earlier is None:
            raise ProblemError(_taken(change.side, change.made_by))
        await self._becomes(earlier, EntryState.MADE)

    async def _claim_index(self, change: PlannedChange, earlier: LedgerEntry | None, uuid: str) -> None:
        """Mark an index that exists as made where it is this run's own; raises ProblemError (exists, state) else."""
        if earlier is not None and earlier.index_uuid:
            if earlier.index_uuid != uuid:
                raise ProblemError(_replaced(change.side, change.made_by.index))
        elif earlier is None or not await self._clusters.is_so(change.side, change.made_by):
            raise ProblemError(_taken(change.side, change.made_by))
        await self._becomes(msgspec.structs.replace(earlier, index_uuid=uuid), EntryState.MADE)

    def _raise_other_index(self, side: Side, index: str, there: str | None) -> None:
        """Raise ProblemError (state) where the run has made an index of that name, and now another one has it."""
        maker = self._makers.get((side, index))
        made = "" if maker is None else self._entries[maker].index_uuid
        if made and there and made != there:
            raise ProblemError(_replaced(side, index))

    async def _rebound(self, entry: LedgerEntry | None, there: str | None) -> LedgerEntry | None:
        """The entry of an earlier try, bound to the index that exists; None where it was another index."""
        if entry is None or not there or entry.index_uuid == there:
            return entry
        if not entry.index_uuid:
            return msgspec.structs.replace(entry, index_uuid=there)
        await self._becomes(entry, EntryState.UNDONE, _ANOTHER)
        return None

    async def settle(self, task: int | None = None) -> Problem | None:
        """Revert what is open, of one task or of all, the last change first; the first problem, None if all is well.

        What could not be reverted stays on the list with its problem, and is tried again by the next settling. Where
        what was changed no longer exists (the index was deleted), nothing is left to revert, and the entry says so.
        """
        first: Problem | None = None
        for number in sorted(self._entries if task is None else self._of_task.get(task, ()), reverse=True):
            entry = self._entries[number]
            if entry.undo is None and entry.state in {EntryState.INTENDED, EntryState.MADE}:
                is_unsure = entry.state is EntryState.INTENDED
                await self._becomes(entry, EntryState.KEPT, "Whether it was made is not known." if is_unsure else "")
            elif entry.is_open and entry.undo is not None:
                problem = await self._revert(entry, entry.undo)
                first = first or problem
        return first

    async def _revert(self, entry: LedgerEntry, undo: Request) -> Problem | None:
        try:
            why_left = await self._why_left(entry, undo)
            if not why_left:
                await self._clusters.make(entry.side, undo)
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING:
                await self._becomes(entry, EntryState.UNDONE, _GONE)
                return None
            await self._becomes(entry, EntryState.NOT_UNDONE, error.problem.sentence())
            return error.problem
        await self._becomes(entry, EntryState.UNDONE, why_left)
        return None

    async def _why_left(self, entry: LedgerEntry, undo: Request) -> str:
        """Why nothing is reverted, "" where it is; raises ProblemError where that cannot be found out."""
        here = self._clusters.cluster(entry.side)
        if entry.cluster and here and entry.cluster != here:
            raise ProblemError(_elsewhere(entry))
        if undo.index and entry.index_uuid:
            there = await self._clusters.uuid_of(entry.side, undo.index)
            if there is not None and there != entry.index_uuid:
                return _ANOTHER if there else _GONE
            return ""
        # It is not known which one was changed, or whether any was: only what is as it was made is reverted.
        return _CHANGED if await self._clusters.is_so(entry.side, entry.made_by) is False else ""

    def _earlier(self, task: int, side: Side, made_by: Request) -> LedgerEntry | None:
        """The entry of the same change by an earlier try, unless it was reverted since."""
        number = self._tries.get((task, side, made_by))
        entry = None if number is None else self._entries[number]
        return entry if entry is not None and entry.state in _OURS else None

    async def _becomes(self, entry: LedgerEntry, state: EntryState = EntryState.INTENDED, trouble: str = "") -> None:
        then = msgspec.structs.replace(entry, state=state, trouble=trouble)
        if self._entries.get(entry.number) != then:
            await self._record(LedgerChanged(at=self._clock(), entry=then))
            self._enter(then)  # only now: what could not be written down was not


@dataclass(frozen=True)
class TaskRecorder:
    """One task's part of the ledger: the Recorder of the methods' contract."""

    ledger: Ledger
    task: int

    async def change(self, side: Side, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # JSON
        """Write the change down with its inverse, make it, mark it as made."""
        change = PlannedChange(side=side, what=what, made_by=made_by, undo=undo)
        return await self.ledger.change(self.task, change)


def _bearable(entry: LedgerEntry) -> LedgerEntry:
    """An entry whose inverse gives replicas back as a number: older journals have null, which is refused up to 7.6."""
    undo = entry.undo
    if undo is None or '"number_of_replicas":null' not in undo.body:
        return entry
    body = undo.body.replace('"number_of_replicas":null', '"number_of_replicas":"1"')
    return msgspec.structs.replace(entry, undo=msgspec.structs.replace(undo, body=body))


_KINDS: Final = {
    "_snapshot": "a snapshot",
    "_data_stream": "a data stream",
    "_ingest": "an ingest pipeline",
    "_ilm": "a lifecycle policy",
}


def _taken(side: Side, made_by: Request) -> Problem:
    """The problem that what a change would make exists already, and was not made by this run."""
    kind = "an index" if made_by.index else _KINDS.get(made_by.segments[0], "a template")
    return Problem(
        cause=Cause.EXISTS,
        what=f"The {side} already has {kind} named {clean(made_by.segments[-1], 300)}.",
        why="It was not made by this run.",
        todo="Choose another name, or remove the existing one.",
    )


def _replaced(side: Side, index: str) -> Problem:
    return replaced_index(
        clean(index, 300),
        side,
        why="It was deleted meanwhile, and another one was made with its name. That was left as it is.",
        todo="If it is not needed, delete it and run the plan again; else choose another name.",
    )


def _elsewhere(entry: LedgerEntry) -> Problem:
    return Problem(
        cause=Cause.STALE,
        what=f"This was changed on another cluster than the {entry.side} is now, so nothing was reverted there.",
        todo="Check the address.",
        evidence=entry.cluster,
    )
