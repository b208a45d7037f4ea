"""Every document of an index, once, page by page, without keeping them.

A scan_range is what is left to be read of one shard: numbers above `after`, or a whole scroll where the shard has none.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.elastic.paging import (
    LARGEST_PAGE,
    MOST_ALONE,
    MOST_SCROLLED,
    PageSize,
    first_page_size,
    ranges,
)
from esmigrate_tui.elastic.windows import RequestMemory, WindowReader
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import whole_number

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.elastic.documents import Document, DocumentPage

_WINDOW: Final = 10_000  # index.max_result_window where the index says nothing
_WORTHWHILE: Final = 4 * LARGEST_PAGE  # numbers in a piece: its first pages are small


class ScanRange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is left of one shard: numbers above `after` to `until`; all of it, by a scroll, where `until` is -1.

    `index` has the shard where it is not the requested one: one of those that back a data stream.
    """

    shard: int
    after: int = -1
    until: int = -1
    index: str = ""

    @property
    def is_scrolled(self) -> bool:
        """Whether it can only be read from its beginning."""
        return self.until < 0


@dataclass
class ScanMemory:
    """What readers of one index share: the bytes that they may hold, and the largest page that one of them came to."""

    held: RequestMemory = field(default_factory=lambda: RequestMemory(sys.maxsize))
    largest: PageSize | None = None

    def begin(self, size: PageSize) -> PageSize:
        """What to begin another range with: what was learned from the others, as far as its index allows that."""
        if self.largest is None:
            return size
        return msgspec.structs.replace(
            self.largest, documents=min(self.largest.documents, size.limit), limit=size.limit
        )

    def learn(self, size: PageSize) -> None:
        """Remember the largest: one heavy document must not make the pages of all others small."""
        self.largest = max(self.largest or size, size, key=lambda one: one.documents)


@dataclass(frozen=True)
class _ScannedPage:
    """Documents, what is left of their range after them, and the bytes that are held for them."""

    documents: Sequence[Document]
    left: ScanRange | None
    claim: int = 0


async def scan_ranges(cluster: Cluster, index: str, pieces: int = 1, kind: str = "") -> tuple[ScanRange, ...]:
    """All of an index or a data stream as it is now, each shard's numbers in at most so many pieces.

    A shard with few numbers has fewer pieces: each costs requests of its own. Raises ProblemError.
    Where only documents of the type `kind` are meant there are no numbers: such an index was made before there were.
    """
    found: list[ScanRange] = []
    for part, settings in (await cluster.indices.settings_of_parts(index)).items():
        shards = range(whole_number(settings.get("index.number_of_shards", "")) or 1)
        name = "" if part == index else part
        if kind:
            found += [ScanRange(shard=shard) for shard in shards]
            continue
        for shard, numbers in zip(
            shards, await asyncio.gather(*(cluster.documents.numbers(part, shard) for shard in shards)), strict=True
        ):
            if numbers is None:
                found.append(ScanRange(shard=shard, index=name))
                continue
            worthwhile = max(1, (numbers[1] - numbers[0]) // _WORTHWHILE)
            found += [
                ScanRange(shard=shard, after=after, until=until, index=name)
                for after, until in ranges(*numbers, min(pieces, worthwhile))
            ]
    return tuple(found)


async def pages(
    cluster: Cluster,
    index: str,
    scan_range: ScanRange,
    most_documents: int = LARGEST_PAGE,
    kind: str = "",
    *,
    memory: ScanMemory | None = None,
) -> AsyncIterator[tuple[Sequence[Document], ScanRange | None]]:
    """The documents of a scan_range, and with each page what is left of it then: None where it was the last.

    A scroll gives those of the type `kind` alone, "" for all. The next page is under way while one is used, as far as
    the `memory` that it shares with other readers has room. Raises ProblemError; a scroll that was lost (missing), or
    had a page that was too large, has to be read again from its beginning, the latter with fewer documents a page.
    """
    index = scan_range.index or index
    memory = memory or ScanMemory()
    most = whole_number((await cluster.indices.settings_of(index)).get("index.max_result_window", "")) or _WINDOW
    page_size = first_page_size(None, None, most_documents, most, is_scrolled=scan_range.is_scrolled)
    read = (
        _scrolled(cluster, index, scan_range, page_size, kind, memory.held)
        if scan_range.is_scrolled
        else _windows(cluster, index, scan_range, page_size, memory)
    )
    ahead: asyncio.Future[_ScannedPage | None] | None = None
    claim = 0
    try:
        ahead = asyncio.ensure_future(anext(read, None))
        while (page := await ahead) is not None:
            claim = page.claim
            ahead = asyncio.ensure_future(anext(read, None))
            yield page.documents, page.left
            del page  # else it stays in memory until the next one is there
            memory.held.change(-claim)
            claim = 0
    finally:
        if ahead is not None:
            ahead.cancel()
            [last] = await asyncio.gather(ahead, return_exceptions=True)
            claim += last.claim if isinstance(last, _ScannedPage) else 0
        memory.held.change(-claim)
        await read.aclose()


async def _windows(
    cluster: Cluster, index: str, scan_range: ScanRange, page_size: PageSize, memory: ScanMemory
) -> AsyncGenerator[_ScannedPage]:
    place = (index, scan_range.shard)
    reader = WindowReader(cluster.documents, place, scan_range.until, memory.begin(page_size), memory=memory.held)
    after = scan_range.after
    while after < scan_range.until:
        if (page := await reader.attempt(after)) is None:
            continue
        after = page.after
        memory.learn(reader.size)
        left = msgspec.structs.replace(scan_range, after=after) if after < scan_range.until else None
        yield _ScannedPage(page.documents, left, page.claim)
        del page  # as above


def _smaller(page_size: PageSize, error: ProblemError) -> PageSize:
    """The page_size after an answer that was too large; any other problem is raised again."""
    if error.problem.cause is not Cause.TOO_LARGE or page_size.documents == 1:
        raise error
    return page_size.smaller()


async def _scrolled(
    cluster: Cluster, index: str, scan_range: ScanRange, page_size: PageSize, kind: str, memory: RequestMemory
) -> AsyncGenerator[_ScannedPage]:
    documents = cluster.documents
    scroll = ""
    while True:
        limit = MOST_SCROLLED if page_size.documents > 1 else MOST_ALONE
        opening = partial(
            documents.open_scroll, index, scan_range.shard, 0, 1, page_size.documents, most=limit, kind=kind
        )
        try:
            page = await _held(memory, page_size, opening)
            break
        except ProblemError as error:
            page_size = _smaller(page_size, error)
    try:
        while page.documents:
            scroll = page.scroll
            page_size = msgspec.structs.replace(page_size, average=page.bytes / len(page.documents))
            yield _ScannedPage(page.documents, scan_range, 2 * page.bytes)
            del page  # as above
            page = await _held(memory, page_size, partial(documents.scroll, index, scroll, most=limit))
        scroll = page.scroll or scroll
        yield _ScannedPage((), None, 2 * page.bytes)
    finally:
        if scroll:
            await documents.close_scroll(scroll)


async def _held(memory: RequestMemory, page_size: PageSize, ask: Callable[[], Awaitable[DocumentPage]]) -> DocumentPage:
    """A page of a scroll, for which twice its bytes are held: as received and as read."""
    claim = 2 * page_size.bytes
    await memory.take(claim)
    try:
        page = await ask()
    except BaseException:
        memory.change(-claim)
        raise
    memory.change(2 * page.bytes - claim)
    return page
