"""The one reader of windows: it gives each document once, asks for less where a page is too large, and frees memory."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.documents import Document, DocumentPage, UnreadDocument
from esmigrate_tui.elastic.paging import PageSize
from esmigrate_tui.elastic.windows import RequestMemory, WindowReader
from esmigrate_tui.model.problem import Cause, Problem, ProblemError


class Shard:
    """The documents of one shard by their numbers, of which a page with more than `most` is too large."""

    def __init__(self, numbers: list[int], most: int = 100, heavy: int = -1) -> None:
        self.numbers, self.most, self.heavy = numbers, most, heavy
        self.asked: list[int] = []

    async def window(self, index: str, shard: int, after: int, until: int, size: int, **options: Any) -> DocumentPage:  # noqa: ANN401
        del index, shard, options
        self.asked.append(size)
        found = [number for number in self.numbers if after < number <= until][:size]
        if len(found) > self.most or self.heavy in found:
            raise ProblemError(Problem(cause=Cause.TOO_LARGE, what="Too large."))
        return page_of([Document(id=str(number), sort=(number,)) for number in found])

    async def lone(self, index: str, shard: int, after: int, until: int, **options: object) -> tuple[DocumentPage, int]:
        del index, shard, options
        number = next((one for one in self.numbers if after < one <= until), until)
        kind = UnreadDocument if number == self.heavy else Document
        return page_of([kind(id=str(number), sort=(number,))]), number


def page_of(documents: list[Document]) -> DocumentPage:
    return DocumentPage(documents=tuple(documents), bytes=10 * len(documents), has_breaks=False)


async def all_of(shard: Shard, until: int, held: RequestMemory, *, keeps_unread: bool = True) -> list[str]:
    size = PageSize(documents=8)
    reader = WindowReader(cast("Any", shard), ("logs", 0), until, size, keeps_unread=keeps_unread, memory=held)
    found: list[str] = []
    after = -1
    while after < until:
        if (page := await reader.attempt(after)) is None:
            continue
        found += [document.id for document in page.documents]
        held.change(-page.claim)
        assert page.after > after
        after = page.after
    return found


@given(st.lists(st.integers(0, 80), max_size=60).map(sorted))
async def test_each_document_is_given_once_and_no_memory_is_kept(numbers: list[int]) -> None:
    held = RequestMemory(1 << 40)
    assert await all_of(Shard(numbers), 80, held) == [str(number) for number in numbers]
    assert held.held == 0


async def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones() -> None:
    shard, held = Shard(list(range(40)), most=3), RequestMemory(1 << 40)
    assert await all_of(shard, 39, held) == [str(number) for number in range(40)]
    assert min(shard.asked) <= 3
    assert held.held == 0


async def test_a_document_that_is_too_large_by_itself_is_unread_or_the_error() -> None:
    held = RequestMemory(1 << 40)
    assert await all_of(Shard(list(range(5)), heavy=2), 4, held) == ["0", "1", "2", "3", "4"]
    with pytest.raises(ProblemError):
        await all_of(Shard(list(range(5)), heavy=2), 4, held, keeps_unread=False)
    assert held.held == 0
