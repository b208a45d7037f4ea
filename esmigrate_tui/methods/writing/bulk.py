"""Writing to the destination, whatever the documents were read from: bulks, their outcomes, halves.

Each document is created, never written over another. What all work of this process holds in memory is bounded by one
room.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from esmigrate_tui.elastic.documents import UnreadDocument
from esmigrate_tui.methods.filling import index_gone
from esmigrate_tui.methods.writing.control import WriteControl
from esmigrate_tui.methods.writing.decisions import (
    BULK_BYTES,
    ItemOutcome,
    Tally,
    action,
    bulks,
    item_outcome,
    never_fits,
    versioned,
    wait_before,
)
from esmigrate_tui.methods.writing.problems import OF_ALL_DOCUMENTS, problem_of
from esmigrate_tui.model.document_depth import DOCUMENT_LEVELS, is_document_too_deep
from esmigrate_tui.model.event import Reject
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import clean, number, size
from esmigrate_tui.translate.types import type_there

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import msgspec

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.elastic.documents import BulkItem, Document
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.model.features import Features

_CREATED: Final = 201
_REPLACED: Final = 200
_AT_ONCE: Final = 4  # documents of one page that are written by requests of their own
# Whole bulks are refused for one bad document (an _id that is too long, a body that is too large): halves find it.
_OF_ONE: Final = frozenset({Cause.TOO_LARGE, Cause.REFUSED, Cause.USAGE})
_OF_ONE_ALONE: Final = frozenset({Cause.TOO_LARGE})
_STATUS: Final = {Cause.TOO_LARGE: 413, Cause.BUSY: 429}


@dataclass(frozen=True, kw_only=True)
class WriteSetting:
    """What does not change while a perform writes; `limit` is the largest request there, 0 where unknown.

    `destination` is what its version can do, `pipeline` what documents go through, "" for the index's own.
    """

    work: Work
    clusters: Clusters
    destination: Features
    limit: int
    pipeline: str = ""

    @property
    def is_fresh(self) -> bool:
        """Whether the run has made the index."""
        return bool(self.work.task.create)


class BulkWriter:
    """What one perform writes with; `name` is what a document is called where it is refused, its _id by itself."""

    def __init__(self, setting: WriteSetting, name: Callable[[Document], str] | None = None) -> None:
        self._work = work = setting.work
        self._destination = setting.clusters.destination.documents
        self._target = work.task.destination_index
        self._features = setting.destination
        self._limit = setting.limit
        self._pipeline = setting.pipeline
        self._versions = work.plan.copying.versions
        self._routes = work.task.kind is not RestoreKind.DATA_STREAM  # which takes no routing
        self._name = name
        self.control = WriteControl(work.requests_per_second)
        self.sent_back = 0

    async def written(
        self,
        documents: Sequence[Document],
        rejects: list[Reject],
        found: list[Document],
        *,
        has_breaks: bool,
    ) -> Tally:
        """Write documents until each is settled; adds to `rejects` what was refused, to `found` what was there."""
        together: list[Document] = [] if has_breaks else [*documents]
        alone: list[Document] = []
        for document in documents if has_breaks else ():
            # A line break within a document would end its line of the bulk, half of one at its end may be cut off
            # there, and no byte is to be changed.
            (alone if _breaks(bytes(document.source)) else together).append(document)
        most = min(BULK_BYTES, self._limit * 9 // 10) if self._limit else BULK_BYTES
        sizes = [_in_bulk(document.size, document) for document in together]
        tally = Tally()
        for span in bulks(sizes, most, self.control.at_once):
            tally = tally.plus(await self._sent(together[span], rejects, found))
        for first in range(0, len(alone), _AT_ONCE):
            few = alone[first : first + _AT_ONCE]
            sent = (self._sent([document], rejects, found, is_alone=True) for document in few)
            for one in await asyncio.gather(*sent):
                tally = tally.plus(one)
        return tally

    async def _sent(
        self, documents: Sequence[Document], rejects: list[Reject], found: list[Document], *, is_alone: bool = False
    ) -> Tally:
        """One bulk, or one document alone, and again what was sent back, until each document is settled."""
        tries, of_one = 0, _OF_ONE_ALONE if is_alone else _OF_ONE
        pending = [document for document in documents if self._can_be_sent(document, rejects)]
        tally = Tally(refused=len(documents) - len(pending))
        while pending:
            await self.control.may_go(len(pending))
            is_unsure = is_alone
            trouble: Problem | None = None
            try:
                items = await (self._created(pending[0]) if is_alone else self._bulk(pending))
            except ProblemError as error:
                if error.problem.cause in of_one or never_fits(error.problem.evidence):
                    return tally.plus(await self._in_halves(pending, rejects, found, error.problem))
                if error.problem.cause is not Cause.BUSY:
                    raise
                later, trouble, is_unsure = pending, error.problem, True
            else:
                if len(items) != len(pending):
                    raise ProblemError.of(
                        Cause.UNSUPPORTED,
                        f"The destination was sent {len(pending)} documents for {self._target} and answered for "
                        f"{len(items)}.",
                        why="Then it is not known which of them arrived.",
                        todo="Is there a proxy between that rewrites answers?",
                    )
                told, later, why = self._judged(pending, items, rejects, found)
                tally = tally.plus(told)
                if never_fits(why):
                    return tally.plus(await self._in_halves(later, rejects, found, self._busy(why)))
                trouble = self._busy(why) if later else None
            if trouble is not None:
                tries += 1
                tally = tally.plus(Tally(retries=len(later), is_unsure=is_unsure))
                await self._wait_for_room(tries, len(later), trouble)
            pending = later
        return tally

    def _judged(
        self, sent: Sequence[Document], items: Sequence[BulkItem], rejects: list[Reject], found: list[Document]
    ) -> tuple[Tally, list[Document], str]:
        """What became of the documents of a bulk, and which were sent back, with the words for the last of them."""
        written, conflicts, refused = 0, 0, 0
        later: list[Document] = []
        why = ""
        for document, item in zip(sent, items, strict=True):
            if item.status == _CREATED:  # almost every one
                written += 1
                continue
            match self._outcome(item.status, item.reason):
                case ItemOutcome.WRITTEN:
                    written += 1
                case ItemOutcome.THERE:
                    conflicts += 1
                    found.append(document)
                case ItemOutcome.LATER:
                    later.append(document)
                    why = item.reason
                case _:
                    refused += 1
                    rejects.append(self._reject(document, item.status, item.reason))
        return Tally(written=written, conflicts=conflicts, refused=refused), later, why

    async def _wait_for_room(self, tries: int, amount: int, trouble: Problem) -> None:
        """Let the destination breathe; raises the problem where the engine is to wait for it."""
        self.sent_back += amount
        pause = wait_before(tries)
        if pause is None:
            raise ProblemError(trouble)
        await asyncio.sleep(pause)

    async def _in_halves(
        self, documents: Sequence[Document], rejects: list[Reject], found: list[Document], problem: Problem
    ) -> Tally:
        """A bulk that was refused as a whole, in two; a document that is refused alone is rejected."""
        if len(documents) == 1:
            status = _STATUS.get(problem.cause, 400)
            rejects.append(self._reject(documents[0], status, problem.evidence or problem.what))
            return Tally(refused=1)
        middle = len(documents) // 2
        first = await self._sent(documents[:middle], rejects, found)
        return first.plus(await self._sent(documents[middle:], rejects, found))

    async def _created(self, document: Document) -> tuple[BulkItem, ...]:
        """What became of a document with line breaks, by a request of its own."""
        kind, routing = self._kind(document) or "", self._routing(document)
        item = await self._destination.create(
            self._target, kind, document, routing, pipeline=self._pipeline, versions=self._versions
        )
        return (item,)

    def _outcome(self, status: int, reason: str) -> ItemOutcome:
        """The outcome of one document; raises ProblemError where it is that of all."""
        found = item_outcome(status, reason)
        if found is ItemOutcome.WRITTEN and self._versions and status == _REPLACED:
            return ItemOutcome.THERE  # one with a lower version was there: it is no document more
        if found is ItemOutcome.NO_INDEX:
            raise index_gone(self._work)
        if found in OF_ALL_DOCUMENTS and found is not ItemOutcome.LATER:
            raise ProblemError(problem_of(found, self._target, reason))
        return found

    def _busy(self, reason: str) -> Problem:
        return problem_of(ItemOutcome.LATER, self._target, reason)

    def _can_be_sent(self, document: Document, rejects: list[Reject]) -> bool:
        """Whether there is something to send that the destination would read; one that is not is rejected."""
        limit, length = self._limit, document.size
        if not length:
            why = document.why if isinstance(document, UnreadDocument) else "the source keeps no _source of it"
            rejects.append(self._reject(document, 0, why))
            return False
        if is_document_too_deep(bytes(document.source)):
            why = f"it has more than {number(DOCUMENT_LEVELS)} levels of objects and lists, more than servers bear"
            rejects.append(self._reject(document, 400, why))
            return False
        if limit and (length := _in_bulk(length, document)) > limit:
            why = f"it has {size(length)}, more than the {size(limit)} of http.max_content_length on the destination"
            rejects.append(self._reject(document, 413, why))
            return False
        return True

    async def _bulk(self, documents: Sequence[Document]) -> tuple[BulkItem, ...]:
        parts: list[bytes | msgspec.Raw] = []
        for document in documents:
            routing, kind = self._routing(document), self._kind(document)
            parts.append(
                versioned(document.id, routing, kind, document.version)
                if self._versions
                else action(document.id, routing, kind)
            )
            parts.append(document.source)
            parts.append(b"\n")
        body = b"".join(parts)  # a Raw is a buffer, and is not copied before this
        return await self._destination.bulk(self._target, body, self._pipeline)

    def _kind(self, document: Document) -> str | None:
        """The type as the destination wants it: none from 7.0 on, the one of a typeless mapping on 6.x."""
        if not self._features.has_types:
            return None
        return type_there(document.type, self._features.version.major) if self._features.has_several_types else "_doc"

    def _routing(self, document: Document) -> str | None:
        """Where it is kept: the routing it was given, or its parent's _id, as 5.x and older have it."""
        if not self._routes:
            return None
        return document.routing if document.routing is not None else document.parent

    def _reject(self, document: Document, status: int, reason: str) -> Reject:
        return Reject(
            index=self._target,
            id=clean(document.id if self._name is None else self._name(document)),
            type=clean(document.type),
            status=status,
            reason=clean(reason),
        )


def _breaks(source: bytes) -> bool:
    return b"\n" in source or source.endswith(b"\r")


def _in_bulk(length: int, document: Document) -> int:
    """Bytes of a document of that length in a bulk, its action line as good as counted."""
    return length + len(document.id) + 64
