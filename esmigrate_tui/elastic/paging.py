"""How much of an index to request at a time, as pure functions of values: pages of bytes, windows of numbers.

From 6.0 on every change to a shard has a number of its own; a window is a range of them. Older servers are read by
slices of a scroll.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET_BYTES: Final = 3 * 1024 * 1024
"""What a page is to have: measured, pages of 1 to 5 MB are equally fast, and larger ones only fill memory."""
MOST_BYTES: Final = 8 * 1024 * 1024
"""What a page of more than one document may have; a larger one is not read, but requested in pieces."""
MOST_SCROLLED: Final = 32 * 1024 * 1024
"""The same for a page of a scroll: the server has gone past it, so that its whole slice must be read again."""
MOST_ALONE: Final = 72 * 1024 * 1024
"""The same for a document that is requested by itself: more only where the destination takes more than usual."""
HEAVIEST: Final = 24 * 1024 * 1024
"""What room is made for where a single document is requested because it is large, and its size is unknown."""
LARGEST_PAGE: Final = 5_000  # documents; below index.max_result_window of 10 000
FIRST_PAGE: Final = 500  # documents; their size is not known yet

_GROWS: Final = 2.0  # a page against the one before: one heavy document in a thousand must not be forgotten at once
_DOCUMENT_GROWS: Final = 4  # a document's JSON against its compressed share of the store
_WIDEST: Final = 1 << 40  # numbers in one window, where almost all of them belong to nothing any more


class PageSize(msgspec.Struct, frozen=True, kw_only=True):
    """How many documents to request, at most `limit`, and how many bytes they will have by what was seen last."""

    documents: int
    limit: int = LARGEST_PAGE
    average: float = 0.0

    @property
    def bytes(self) -> int:
        """What a page of this size is expected to have."""
        return int(min(HEAVIEST, max(1.0, self.average) * self.documents))

    def after(self, documents: int, size: int) -> PageSize:
        """The page size after a page: smaller at once when it was heavy, larger by and by."""
        if not documents:
            return self
        average = size / documents
        fitting = max(1, int(TARGET_BYTES / max(1.0, average)))
        grown = int(self.documents * _GROWS) + 1
        return msgspec.structs.replace(self, documents=max(1, min(self.limit, fitting, grown)), average=average)

    def smaller(self) -> PageSize:
        """The page size after a response that was too large to be read; each try makes the source read it all again."""
        documents = max(1, self.documents // 16)
        return msgspec.structs.replace(self, documents=documents, average=HEAVIEST / documents)


def first_page_size(
    documents: int | None, size: int | None, batch: int, window: int, *, is_scrolled: bool = False
) -> PageSize:
    """What to begin with: `batch` of the plan or less, from the average size in the store where that is known.

    `window` is index.max_result_window of the source, one of which is kept for seeing that a page was cut. Where the
    size is not known it is small at first, but for a scroll, whose pages cannot grow.
    """
    limit = max(1, min(batch or LARGEST_PAGE, window - 1))
    is_known = bool(documents and size)
    average = size * _DOCUMENT_GROWS / documents if documents and size else 1_000.0
    fitting = int(TARGET_BYTES / max(1.0, average))
    first = limit if is_scrolled or is_known else FIRST_PAGE
    return PageSize(documents=max(1, min(limit, first, fitting)), limit=limit, average=average)


def ranges(lowest: int, highest: int, amount: int) -> tuple[tuple[int, int], ...]:
    """The numbers of a shard in `amount` ranges of equal width: above the first, to the second; none of no number."""
    width = max(1, -(-(highest - lowest + 1) // amount))
    return tuple((first - 1, min(highest, first + width - 1)) for first in range(lowest, highest + 1, width))


class NumberWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers above `after` to `until`, and how many documents to request."""

    after: int
    until: int
    size: int


def window(after: int, last: int, documents: int, density: float) -> NumberWindow:
    """The next window that holds about so many documents; `density` is documents for each number, as seen last.

    It requests one more than fit in a window without gaps, so that a full response says that it was cut: a number
    stands for one document, except in an index that was shrunk, where one of every old shard may bear it.
    """
    width = max(documents, min(_WIDEST, int(documents / max(density, 1e-12))))
    return NumberWindow(after=after, until=min(last, after + width), size=documents + 1)


class WindowCut(msgspec.Struct, frozen=True, kw_only=True):
    """How many documents of a window's answer are surely all of theirs, and up to which number that is."""

    kept: int
    after: int


def cut(wanted: NumberWindow, numbers: Sequence[int]) -> WindowCut | None:
    """What of an answer can be used: all of it where it was not full, else what is below its last number.

    None where all bear one number: then more must be requested.
    """
    if len(numbers) < wanted.size:
        return WindowCut(kept=len(numbers), after=wanted.until)
    last = numbers[-1]
    kept = next((position for position, number in enumerate(numbers) if number == last), 0)
    return WindowCut(kept=kept, after=last - 1) if kept else None
