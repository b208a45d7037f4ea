"""Readers of one index side by side: each document once, no more memory than is shared; what one learns, all know."""

from __future__ import annotations

import asyncio
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esmigrate_tui.elastic.documents import Document, DocumentPage
from esmigrate_tui.elastic.paging import FIRST_PAGE, LARGEST_PAGE
from esmigrate_tui.elastic.scan import ScanMemory, ScanRange, pages, scan_ranges
from esmigrate_tui.elastic.windows import RequestMemory


class SlowShard:
    """Documents with the numbers from 0 on, of some bytes each; a page takes a turn of the loop."""

    def __init__(self, many: int, weight: int = 1) -> None:
        self.many = many
        self._weight = weight
        self.asked: list[int] = []

    async def window(self, index: str, shard: int, after: int, until: int, size: int, **_: object) -> DocumentPage:
        del index, shard
        self.asked.append(size)
        await asyncio.sleep(0)
        found = range(after + 1, min(until + 1, self.many, after + 1 + size))
        documents = tuple(Document(id=str(number), sort=(number,)) for number in found)
        return DocumentPage(documents=documents, bytes=self._weight * len(found), has_breaks=False)

    async def numbers(self, index: str, shard: int) -> tuple[int, int]:
        del index, shard
        return 0, self.many - 1


class NotedMemory(RequestMemory):
    """Memory that remembers the most that was held of it."""

    most = 0

    def change(self, amount: int) -> None:
        super().change(amount)
        self.most = max(self.most, self.held)


def cluster_of(shard: SlowShard) -> Any:  # noqa: ANN401  # as far as a scan asks it
    async def settings_of(name: str) -> dict[str, str]:
        del name
        return {}

    async def settings_of_parts(name: str) -> dict[str, dict[str, str]]:
        return {name: {"index.number_of_shards": "1"}}

    return SimpleNamespace(
        documents=shard,
        indices=SimpleNamespace(settings_of=settings_of, settings_of_parts=settings_of_parts),
    )


async def read(cluster: Any, part: ScanRange, memory: ScanMemory, into: list[str]) -> None:  # noqa: ANN401
    async for documents, _ in pages(cluster, "logs", part, memory=memory):
        into += [document.id for document in documents]
        await asyncio.sleep(0)


@settings(deadline=None, max_examples=20)
@given(st.integers(5, 60_000), st.integers(1, 5), st.integers(1, 3_000))
async def test_readers_side_by_side_give_each_document_once_within_their_memory(
    many: int, amount: int, weight: int
) -> None:
    shard, found = SlowShard(many, weight), list[str]()
    cluster, largest = cluster_of(shard), 4 * LARGEST_PAGE * weight
    held = NotedMemory(largest)
    parts = [
        ScanRange(shard=0, after=at * many // amount - 1, until=(at + 1) * many // amount - 1) for at in range(amount)
    ]
    memory = ScanMemory(held)
    await asyncio.gather(*(read(cluster, part, memory, found) for part in parts))
    assert sorted(map(int, found)) == [*range(many)]
    assert held.held == 0
    # what a page really has is seen when it is there: each of them may have twice what was expected of it
    assert held.most <= 2 * largest


async def test_what_is_broken_off_keeps_no_memory() -> None:
    held = RequestMemory(1 << 40)
    reading = pages(cluster_of(SlowShard(20_000)), "logs", ScanRange(shard=0, until=19_999), memory=ScanMemory(held))
    async for _ in reading:
        assert held.held
        break
    await reading.aclose()  # type: ignore[attr-defined]  # a generator
    assert held.held == 0


async def test_a_range_begins_with_the_page_that_another_has_come_to() -> None:
    shard, memory = SlowShard(60_000), ScanMemory()
    cluster = cluster_of(shard)
    await read(cluster, ScanRange(shard=0, after=-1, until=29_999), memory, [])
    assert shard.asked[0] == FIRST_PAGE + 1
    shard.asked.clear()
    await read(cluster, ScanRange(shard=0, after=29_999, until=59_999), memory, [])
    assert shard.asked == [LARGEST_PAGE + 1] * 6


@pytest.mark.parametrize(("many", "pieces"), [(0, 0), (100, 1), (20_000, 1), (45_000, 2), (10_000_000, 8)])
async def test_a_shard_has_as_many_pieces_as_are_worth_their_requests(many: int, pieces: int) -> None:
    found = await scan_ranges(cluster_of(SlowShard(many)), "logs", 8)
    assert len(found) == pieces
    assert sum(part.until - part.after for part in found) == many


class NotedDocument(Document, frozen=True, gc=True, weakref=True):
    """A document of which it is known whether it is still in memory."""


async def test_a_page_that_was_used_is_let_go_before_the_next_one_is_there() -> None:
    alive: list[weakref.ref[NotedDocument]] = []
    left_at_each: list[int] = []

    class Noting(SlowShard):
        async def window(self, index: str, shard: int, after: int, until: int, size: int, **_: object) -> DocumentPage:
            page = await super().window(index, shard, after, until, size)
            for _turn in range(20):  # whoever has the page before is done with it
                await asyncio.sleep(0)
            left_at_each.append(sum(one() is not None for one in alive))
            alive[:] = []
            documents = tuple(NotedDocument(id=one.id, sort=one.sort) for one in page.documents)
            alive.extend(map(weakref.ref, documents))
            return DocumentPage(documents=documents, bytes=page.bytes, has_breaks=False)

    reading = pages(cluster_of(Noting(3_000)), "logs", ScanRange(shard=0, until=2_999))
    async for documents, _ in reading:
        del documents
        await asyncio.sleep(0)
    assert len(left_at_each) > 2
    assert set(left_at_each) == {0}
