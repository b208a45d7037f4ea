"""Lines of a file that comes in pieces, each with its number and the offset where it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_ROW: Final = 100 * 1024 * 1024
"""Bytes of a row that can be held: what Elasticsearch takes by default in one request (http.max_content_length)."""


class LineCutter:
    """Cuts pieces into lines; one that is longer than `longest` is dropped as it comes, and told with no text."""

    def __init__(self, offset: int = 0, line: int = 1, longest: int = LONGEST_ROW) -> None:
        self._offset = offset  # of the first byte that is held
        self._line = line
        self._longest = longest
        self._held: list[bytes] = []
        self._size = 0
        self._is_too_long = False

    def feed(self, piece: bytes) -> Iterator[tuple[bytes | None, int, int]]:
        """(text without its end, or None; number; offset after it) of each line that is whole now."""
        first, *more = piece.split(b"\n")
        self._hold(first)
        for following in more:
            yield self._taken(1)
            self._hold(following)

    def end(self) -> Iterator[tuple[bytes | None, int, int]]:
        """The last line, where no line break ends it."""
        if self._size:
            yield self._taken(0)

    def _hold(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._longest:
            self._is_too_long = True
            self._held = []
        elif part:
            self._held.append(part)

    def _taken(self, breaks: int) -> tuple[bytes | None, int, int]:
        text = None if self._is_too_long else b"".join(self._held)
        line = self._line
        self._offset += self._size + breaks
        self._line += 1
        self._held, self._size, self._is_too_long = [], 0, False
        return text, line, self._offset
