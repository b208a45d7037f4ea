"""Every document of an index, once, page by page, without keeping them.

A scan_range is what is left to be read of one shard: numbers above `after`, or a whole scroll where the shard has none.
"""

from __future__ import annotations

import asyncio
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
from esmigrate_tui.elastic.windows import WindowReader
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import whole_number

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.elastic.documents import Document

_WINDOW: Final = 10_000  # index.max_result_window where the index says nothing


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


async def scan_ranges(cluster: Cluster, index: str, pieces: int = 1, kind: str = "") -> tuple[ScanRange, ...]:
    """All of an index or a data stream as it is now, each shard's numbers in so many pieces; raises ProblemError.

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
            found += [
                ScanRange(shard=shard, after=after, until=until, index=name)
                for after, until in ranges(*numbers, pieces)
            ]
    return tuple(found)


async def pages(
    cluster: Cluster, index: str, scan_range: ScanRange, most_documents: int = LARGEST_PAGE, kind: str = ""
) -> AsyncIterator[tuple[Sequence[Document], ScanRange | None]]:
    """The documents of a scan_range, and with each page what is left of it then: None where it was the last.

    A scroll gives those of the type `kind` alone, "" for all. The next page is under way while one is used. Raises
    ProblemError; a scroll that was lost (missing), or had a page that was too large, has to be read again from its
    beginning, the latter with fewer documents a page.
    """
    index = scan_range.index or index
    most = whole_number((await cluster.indices.settings_of(index)).get("index.max_result_window", "")) or _WINDOW
    page_size = first_page_size(None, None, most_documents, most, is_scrolled=scan_range.is_scrolled)
    read = (
        _scrolled(cluster, index, scan_range, page_size, kind)
        if scan_range.is_scrolled
        else _windows(cluster, index, scan_range, page_size)
    )
    ahead: asyncio.Future[tuple[Sequence[Document], ScanRange | None] | None] | None = None
    try:
        ahead = asyncio.ensure_future(anext(read, None))
        while (page := await ahead) is not None:
            ahead = asyncio.ensure_future(anext(read, None))
            yield page
    finally:
        if ahead is not None:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
        await read.aclose()


async def _windows(
    cluster: Cluster, index: str, scan_range: ScanRange, page_size: PageSize
) -> AsyncGenerator[tuple[Sequence[Document], ScanRange | None]]:
    reader = WindowReader(cluster.documents, (index, scan_range.shard), scan_range.until, page_size)
    after = scan_range.after
    while after < scan_range.until:
        if (page := await reader.attempt(after)) is None:
            continue
        after = page.after
        yield page.documents, msgspec.structs.replace(scan_range, after=after) if after < scan_range.until else None


def _smaller(page_size: PageSize, error: ProblemError) -> PageSize:
    """The page_size after an answer that was too large; any other problem is raised again."""
    if error.problem.cause is not Cause.TOO_LARGE or page_size.documents == 1:
        raise error
    return page_size.smaller()


async def _scrolled(
    cluster: Cluster, index: str, scan_range: ScanRange, page_size: PageSize, kind: str
) -> AsyncGenerator[tuple[Sequence[Document], ScanRange | None]]:
    documents = cluster.documents
    scroll = ""
    while True:
        limit = MOST_SCROLLED if page_size.documents > 1 else MOST_ALONE
        try:
            page = await documents.open_scroll(
                index, scan_range.shard, 0, 1, page_size.documents, most=limit, kind=kind
            )
            break
        except ProblemError as error:
            page_size = _smaller(page_size, error)
    try:
        while page.documents:
            scroll = page.scroll
            yield page.documents, scan_range
            page = await documents.scroll(index, scroll, most=limit)
        scroll = page.scroll or scroll
        yield (), None
    finally:
        if scroll:
            await documents.close_scroll(scroll)
