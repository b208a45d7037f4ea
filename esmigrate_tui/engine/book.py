"""The ledger over the journal: every change beside the documents is written down before it is made, and put back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import LedgerChanged
from esmigrate_tui.model.ledger import EntryState, LedgerEntry
from esmigrate_tui.model.problem import Cause, Problem, ProblemError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.event import Event
    from esmigrate_tui.model.ledger import Request

NOT_MADE: Final = frozenset(
    {
        Cause.USAGE,
        Cause.AUTHENTICATION,
        Cause.PRIVILEGES,
        Cause.CERTIFICATE,
        Cause.NOT_ELASTICSEARCH,
        Cause.BLOCKED,
        Cause.MISSING,
        Cause.EXISTS,
        Cause.TOO_LARGE,
        Cause.UNSUPPORTED,
        Cause.REFUSED,
    }
)
"""Causes that say for sure that the change was not made; after any other it may have been."""

_OURS: Final = frozenset({EntryState.INTENDED, EntryState.MADE, EntryState.KEPT})


def to_clusters(clusters: Clusters) -> Callable[[Side, Request], Awaitable[Any]]:
    """What sends a ledger's request to the cluster of its side, and gives the answer."""

    async def send(side: Side, request: Request) -> Any:  # noqa: ANN401  # JSON
        cluster = clusters.destination if side is Side.DESTINATION else clusters.source
        if cluster is None:
            raise ProblemError(Problem(cause=Cause.USAGE, what="This run has no connection to the source."))
        return await cluster.perform(request)

    return send


class Ledger:
    """All entries of a run.

    `send` gives a request to the cluster of a side; `tell` writes an event down, and returns when it is in the journal.

    An entry found INTENDED was maybe made: the process ended, or the line broke, before anybody knew. It is treated as
    made, which an undo must bear (see `methods.contract.Book`).
    """

    def __init__(
        self,
        send: Callable[[Side, Request], Awaitable[Any]],
        tell: Callable[[Event], Awaitable[object]],
        clock: Callable[[], float],
        entries: Iterable[LedgerEntry] = (),
    ) -> None:
        self._send = send
        self._tell = tell
        self._clock = clock
        self._entries = {entry.number: entry for entry in entries}
        self._newest = max(self._entries, default=0)

    def page(self, task: int) -> Page:
        """The book that a method gets for one task; 0 for the run as a whole."""
        return Page(self, task)

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """All of them, the first change first."""
        return tuple(entry for _, entry in sorted(self._entries.items()))

    @property
    def open_entries(self) -> tuple[LedgerEntry, ...]:
        """What still has to be put back, the last change first."""
        return tuple(entry for _, entry in sorted(self._entries.items(), reverse=True) if entry.is_open)

    async def change(self, task: int, side: Side, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # JSON
        """Write down, make, mark as made; see `methods.contract.Book`."""
        entry = self._earlier(task, side, made_by)
        again = entry is not None
        if entry is None:
            self._newest += 1
            entry = LedgerEntry(number=self._newest, side=side, what=what, made_by=made_by, undo=undo, task=task)
            await self._becomes(entry)
        try:
            answer = await self._send(side, made_by)
        except ProblemError as error:
            if again and error.problem.cause is Cause.EXISTS:
                await self._becomes(entry, EntryState.MADE)
                return None
            if error.problem.cause in NOT_MADE and not again:
                await self._becomes(entry, EntryState.UNDONE, f"It was never made: {error.problem.what}")
            raise
        await self._becomes(entry, EntryState.MADE)
        return answer

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
            await self._send(entry.side, undo)
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING:
                await self._becomes(entry, EntryState.UNDONE, "What was changed is gone, nothing is left to put back.")
                return None
            await self._becomes(entry, EntryState.NOT_UNDONE, error.problem.sentence())
            return error.problem
        await self._becomes(entry, EntryState.UNDONE)
        return None

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
class Page:
    """One task's part of the ledger: the Book of the methods' contract."""

    ledger: Ledger
    task: int

    async def change(self, side: Side, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # JSON
        """Write the change down with its inverse, make it, mark it as made."""
        return await self.ledger.change(self.task, side, what, made_by, undo)
