"""The ledger over the journal: every change beside the documents is written down before it is made, and put back.

A change counts as made, and an inverse as done, when the server says so, or else the state (`elastic.acknowledged`).
Every entry is bound to the cluster and to the very index that it was made on: what has got its name since is left
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

from esmigrate_tui.model.event import LedgerChanged
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
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
_GONE: Final = "What was changed is gone, nothing is left to put back."
_ANOTHER: Final = "The index that was changed is gone, and another one has its name: that was left as it is."
_CHANGED: Final = "It is not as it was made, or somebody has changed it since: it was left as it is."


class LedgerClusters(Protocol):
    """What the ledger does with the clusters of a run."""

    def cluster(self, side: Side) -> str:
        """The uuid of the cluster of that side, "" where nobody knows."""
        ...

    async def make(self, side: Side, request: Request) -> Any:  # noqa: ANN401  # JSON
        """Make a change; its answer. Raises ProblemError unless answer or state say that it was made."""
        ...

    async def uuid_of(self, side: Side, index: str) -> str | None:
        """The uuid of an index, "" where there is none, None where this user may not see it."""
        ...

    async def is_so(self, side: Side, request: Request) -> bool | None:
        """Whether the state is as a request wants it; None where that cannot be told."""
        ...

    async def stands(self, side: Side, request: Request) -> bool:
        """Whether what a request would make anew is there already."""
        ...


@dataclass(frozen=True)
class _ReachedClusters:
    clusters: Clusters

    def cluster(self, side: Side) -> str:
        return self.clusters.of(side).meant

    async def make(self, side: Side, request: Request) -> Any:  # noqa: ANN401  # JSON
        return await self.clusters.of(side).make(request)

    async def uuid_of(self, side: Side, index: str) -> str | None:
        return await _if_allowed(self.clusters.of(side).uuid_of(index))

    async def is_so(self, side: Side, request: Request) -> bool | None:
        return await _if_allowed(self.clusters.of(side).is_so(request))

    async def stands(self, side: Side, request: Request) -> bool:
        return bool(await _if_allowed(self.clusters.of(side).stands(request)))


async def _if_allowed(look: Awaitable[T]) -> T | None:
    """What a look finds, None where this user may not look."""
    try:
        return await look
    except ProblemError as error:
        if error.problem.cause is not Cause.PRIVILEGES:
            raise
        return None


def to_clusters(clusters: Clusters) -> LedgerClusters:
    """What a ledger does with these clusters."""
    return _ReachedClusters(clusters)


class Ledger:
    """All entries of a run.

    `hands` reach the clusters; `tell` writes an event down, and returns when it is in the journal.

    An entry found INTENDED was maybe made: the process ended, or the line broke, before anybody knew. It is treated as
    made, which an undo must bear (see `methods.contract.Recorder`).
    """

    def __init__(
        self,
        hands: LedgerClusters,
        tell: Callable[[Event], Awaitable[object]],
        clock: Callable[[], float],
        entries: Iterable[LedgerEntry] = (),
    ) -> None:
        self._hands = hands
        self._tell = tell
        self._clock = clock
        self._entries = {entry.number: _bearable(entry) for entry in entries}
        self._newest = max(self._entries, default=0)

    def recorder(self, task: int) -> TaskRecorder:
        """What a method records its changes with, for one task; 0 for the run as a whole."""
        return TaskRecorder(self, task)

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """All of them, the first change first."""
        return tuple(entry for _, entry in sorted(self._entries.items()))

    @property
    def open_entries(self) -> tuple[LedgerEntry, ...]:
        """What still has to be put back, the last change first."""
        return tuple(entry for _, entry in sorted(self._entries.items(), reverse=True) if entry.is_open)

    async def change(self, task: int, side: Side, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # JSON
        """Write down, make, mark as made; see `methods.contract.Recorder`."""
        there = await self._hands.uuid_of(side, made_by.index) if made_by.index else ""
        entry = self._earlier(task, side, made_by)
        if made_by.makes_index and there:
            await self._must_be_ours(side, made_by, entry, there)
            return None
        if not made_by.makes_index:
            if await self._hands.stands(side, made_by):
                if entry is None:
                    raise ProblemError(_taken(side, made_by))
                await self._becomes(entry, EntryState.MADE)
                return None
            self._must_be_the_made_one(side, made_by.index, there)
            entry = await self._rebound(entry, there)
        if entry is None:
            self._newest += 1
            entry = LedgerEntry(
                number=self._newest,
                side=side,
                what=what,
                made_by=made_by,
                undo=undo,
                task=task,
                cluster=self._hands.cluster(side),
                index_uuid=there or "",
            )
            await self._becomes(entry)
            again = False
        else:
            again = True
        was_so = undo is None or bool(made_by.index) or await self._hands.is_so(side, made_by) is not False
        try:
            answer = await self._hands.make(side, made_by)
        except ProblemError as error:
            if not was_so and error.problem.cause in NOT_MADE and await self._hands.is_so(side, made_by):
                raise  # such as a repository that is registered first, and then cannot be read: it stays to be put back
            if error.problem.cause is Cause.EXISTS and await self._hands.is_so(side, made_by):
                answer = None  # something in between has sent it twice: nothing of that name was there before
            elif error.problem.cause in NOT_MADE and not again:
                await self._becomes(entry, EntryState.UNDONE, f"It was never made: {error.problem.what}")
                raise
            else:
                raise
        if made_by.makes_index:
            entry = msgspec.structs.replace(entry, index_uuid=await self._hands.uuid_of(side, made_by.index) or "")
        await self._becomes(entry, EntryState.MADE)
        return answer

    async def _must_be_ours(self, side: Side, made_by: Request, entry: LedgerEntry | None, there: str) -> None:
        """An index that is to be made is there: it is this run's own, or ProblemError (exists, state) is raised."""
        if entry is None:
            raise ProblemError(_taken(side, made_by))
        if entry.index_uuid:
            if entry.index_uuid != there:
                raise ProblemError(_not_the_made_one(side, made_by.index))
        elif not await self._hands.is_so(side, made_by):
            raise ProblemError(_taken(side, made_by))
        await self._becomes(msgspec.structs.replace(entry, index_uuid=there), EntryState.MADE)

    def _must_be_the_made_one(self, side: Side, index: str, there: str | None) -> None:
        """Raise ProblemError (state) where the run has made an index of that name, and another one is there now."""
        made = next(
            (
                entry.index_uuid
                for entry in reversed(self._entries.values())
                if entry.made_by.makes_index and (entry.side, entry.made_by.index) == (side, index)
            ),
            "",
        )
        if made and there and made != there:
            raise ProblemError(_not_the_made_one(side, index))

    async def _rebound(self, entry: LedgerEntry | None, there: str | None) -> LedgerEntry | None:
        """The entry of an earlier try, bound to the index that is there; None where it was another index."""
        if entry is None or not there or entry.index_uuid == there:
            return entry
        if not entry.index_uuid:
            return msgspec.structs.replace(entry, index_uuid=there)
        await self._becomes(entry, EntryState.UNDONE, _ANOTHER)
        return None

    async def settle(self, task: int | None = None) -> Problem | None:
        """Put back what is open, of one task or of all, the last change first; the first trouble, None if all is well.

        What could not be put back stays on the list with its trouble, and is tried again by the next settling. Where
        the changed thing is gone (somebody deleted the index), nothing is left to put back, and that is said.
        """
        first: Problem | None = None
        for number in sorted(self._entries, reverse=True):
            entry = self._entries[number]
            if task not in {None, entry.task}:
                continue
            if entry.undo is None and entry.state in {EntryState.INTENDED, EntryState.MADE}:
                is_unsure = entry.state is EntryState.INTENDED
                await self._becomes(entry, EntryState.KEPT, "Whether it was made is not known." if is_unsure else "")
            elif entry.is_open and entry.undo is not None:
                problem = await self._put_back(entry, entry.undo)
                first = first or problem
        return first

    async def _put_back(self, entry: LedgerEntry, undo: Request) -> Problem | None:
        try:
            why_left = await self._why_left(entry, undo)
            if not why_left:
                await self._hands.make(entry.side, undo)
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING:
                await self._becomes(entry, EntryState.UNDONE, _GONE)
                return None
            await self._becomes(entry, EntryState.NOT_UNDONE, error.problem.sentence())
            return error.problem
        await self._becomes(entry, EntryState.UNDONE, why_left)
        return None

    async def _why_left(self, entry: LedgerEntry, undo: Request) -> str:
        """Why nothing is put back, "" where something is; raises ProblemError where that cannot be found out."""
        here = self._hands.cluster(entry.side)
        if entry.cluster and here and entry.cluster != here:
            raise ProblemError(_elsewhere(entry))
        if undo.index and entry.index_uuid:
            there = await self._hands.uuid_of(entry.side, undo.index)
            if there is not None and there != entry.index_uuid:
                return _ANOTHER if there else _GONE
            return ""
        # It is not known which one was changed, or whether any was: only what is as it was made is put back.
        return _CHANGED if await self._hands.is_so(entry.side, entry.made_by) is False else ""

    def _earlier(self, task: int, side: Side, made_by: Request) -> LedgerEntry | None:
        """The entry of the same change by an earlier try, unless it has been put back since."""
        for entry in reversed(self._entries.values()):
            if (entry.task, entry.side, entry.made_by) == (task, side, made_by):
                return entry if entry.state in _OURS else None
        return None

    async def _becomes(self, entry: LedgerEntry, state: EntryState = EntryState.INTENDED, trouble: str = "") -> None:
        then = msgspec.structs.replace(entry, state=state, trouble=trouble)
        if self._entries.get(entry.number) != then:
            await self._tell(LedgerChanged(at=self._clock(), entry=then))
            self._entries[entry.number] = then  # only now: what could not be written down was not


@dataclass(frozen=True)
class TaskRecorder:
    """One task's part of the ledger: the Recorder of the methods' contract."""

    ledger: Ledger
    task: int

    async def change(self, side: Side, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # JSON
        """Write the change down with its inverse, make it, mark it as made."""
        return await self.ledger.change(self.task, side, what, made_by, undo)


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
    """The trouble that what a change would make is there already, and not by this run."""
    kind = "an index" if made_by.index else _KINDS.get(made_by.segments[0], "a template")
    return Problem(
        cause=Cause.EXISTS,
        what=f"The {side} already has {kind} named {clean(made_by.segments[-1], 300)}.",
        why="It is not this run that has made it.",
        todo="Choose another name, or remove the one that is there.",
    )


def _not_the_made_one(side: Side, index: str) -> Problem:
    """The trouble that an index was deleted that the run has made, and that somebody has made another of its name."""
    return Problem(
        cause=Cause.STATE,
        what=f"The index {clean(index, 300)} on the {side} is not the one that this run has made.",
        why="That one was deleted meanwhile, and somebody has made another of its name. It was left as it is.",
        todo="If it is not needed, delete it and run the plan again; else choose another name.",
    )


def _elsewhere(entry: LedgerEntry) -> Problem:
    """The trouble that a change was made on another cluster than the one that is reached."""
    return Problem(
        cause=Cause.STALE,
        what=f"This was changed on another cluster than the {entry.side} is now, so nothing was put back there.",
        todo="Check the address.",
        evidence=entry.cluster,
    )
