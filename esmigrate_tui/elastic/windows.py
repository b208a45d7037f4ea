"""One shard read by the numbers of its changes, page by page, each of a size that was learned from those before.

Used by everything that reads all documents of an index: what is asked for follows the size of documents and how many
numbers belong to none, and what would be too large is asked for in smaller pieces.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from esmigrate_tui.elastic.documents import UnreadDocument
from esmigrate_tui.elastic.paging import (
    HEAVIEST,
    LARGEST_PAGE,
    MOST_ALONE,
    MOST_BYTES,
    NumberWindow,
    PageSize,
    cut,
    window,
)
from esmigrate_tui.model.problem import Cause, ProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.documents import Document, DocumentPage, Documents


class RequestMemory:
    """`size` bytes may be held; who needs more than are free waits in line, but not where none are held."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.held = 0
        self._freed = asyncio.Event()
        self._line = asyncio.Lock()

    async def take(self, amount: int) -> None:
        """Hold so many bytes, when they are free or when none are held."""
        async with self._line:  # a large one is not passed over for ever by small ones
            while self.held and self.held + amount > self._size:
                self._freed.clear()
                await self._freed.wait()
            self.held += amount

    def change(self, amount: int) -> None:
        """Hold more, or fewer, than was taken: what a page really has is seen when it is there."""
        self.held += amount
        if amount < 0:
            self._freed.set()


@dataclass(frozen=True)
class WindowPage:
    """Documents in the order of their numbers, up to the number `after`; `claim` bytes of memory are held for them.

    `has_breaks` says that a document may hold line breaks.
    """

    documents: Sequence[Document]
    has_breaks: bool
    after: int
    claim: int


class WindowReader:
    """Reads the numbers of one shard up to `until`. `size` is what it asks for next, by what it has seen.

    `alone` is how many bytes a single document may have; a larger one is an UnreadDocument where `keeps_unread`, else
    the error that it is too large.
    """

    def __init__(
        self,
        documents: Documents,
        place: tuple[str, int],
        until: int,
        size: PageSize,
        *,
        alone: int = MOST_ALONE,
        versions: bool = False,
        keeps_unread: bool = False,
        memory: RequestMemory | None = None,
    ) -> None:
        self._documents = documents
        self._index, self._shard = place
        self._until = until
        self.size = size
        self._alone = alone
        self._versions = versions
        self._keeps_unread = keeps_unread
        self._memory = memory or RequestMemory(sys.maxsize)
        self._density = 1.0  # documents a number
        self._more = 0  # documents to ask for beside, where all of the last answer bear one number

    def shrink(self) -> None:
        """Ask for less from now on."""
        self.size = self.size.smaller()

    async def attempt(self, after: int, limit: int = LARGEST_PAGE) -> WindowPage | None:
        """Ask once for the documents above the number `after`; None where it has to be asked again, for another size.

        `limit` is how many documents are wanted at most. Raises ProblemError.
        """
        wanted = min(self.size.documents, limit) + self._more
        numbers = window(after, self._until, wanted, self._density)
        claim = 2 * self.size.bytes  # as read and as sent
        most = MOST_BYTES if self.size.documents > 1 else self._alone
        await self._memory.take(claim)
        try:
            page = await self._documents.window(
                self._index,
                self._shard,
                numbers.after,
                numbers.until,
                numbers.size,
                most=most,
                versions=self._versions,
            )
        except BaseException as error:  # what is not cured is raised again
            self._memory.change(-claim)
            if not isinstance(error, ProblemError) or error.problem.cause is not Cause.TOO_LARGE:
                raise
            if self.size.documents == 1:
                return await self._single(after, error)
            self.shrink()
            return None
        used = cut(numbers, [document.sort[0] for document in page.documents])
        self._learn(page, numbers, used.after if used else after)
        if used is None:
            self._memory.change(-claim)
            self._more = 4 * (self._more + 1)
            return None
        self._more = 0
        self._memory.change(2 * page.bytes - claim)
        return WindowPage(page.documents[: used.kept], page.has_breaks, used.after, 2 * page.bytes)

    async def _single(self, after: int, error: ProblemError) -> WindowPage:
        """The next document by itself: with its neighbour it is more than is held of a page."""
        claim = 2 * HEAVIEST
        await self._memory.take(claim)
        try:
            page, number = await self._documents.lone(
                self._index, self._shard, after, self._until, most=self._alone, versions=self._versions
            )
        except BaseException:
            self._memory.change(-claim)
            raise
        if not self._keeps_unread and any(isinstance(one, UnreadDocument) for one in page.documents):
            self._memory.change(-claim)
            raise error
        self.size = self.size.after(len(page.documents), page.bytes)
        self._memory.change(2 * page.bytes - claim)
        return WindowPage(page.documents, page.has_breaks, number, 2 * page.bytes)

    def _learn(self, page: DocumentPage, wanted: NumberWindow, after: int) -> None:
        self.size = self.size.after(len(page.documents), page.bytes)
        passed = after - wanted.after
        if passed > 0:
            found = min(1.0, len(page.documents) / passed)
            self._density = found if page.documents else self._density / 4
