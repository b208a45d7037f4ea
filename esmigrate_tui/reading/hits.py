"""Saved search responses, and arrays of hits: their hits.

https://www.elastic.co/guide/en/elasticsearch/reference/current/search-search.html

What stands beside the hits of a response (aggregations with hits of their own, suggestions) is passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from esmigrate_tui.reading.brackets import BLANK, BracketParser
from esmigrate_tui.reading.json_lines import row_of_hit

if TYPE_CHECKING:
    from esmigrate_tui.model.files import FileRow
    from esmigrate_tui.reading.identity import IdAssigner

_LISTS: Final = frozenset({(b"hits", b"hits"), (b"response", b"hits", b"hits"), (b"responses", b"hits", b"hits")})
"""Where hits stand: in a response of a search, of one that ran by itself, of several at once."""
_LIST_OF_DOCS: Final = (b"docs",)
RESPONSE: Final = frozenset({b"hits", b"response", b"responses", b"docs"})
"""Members that make an object a response, and no hit."""


class HitsParser(BracketParser):
    """The hits of a file, which is read from its beginning: where one is, is known only by what stands before it."""

    marks = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|"', re.DOTALL)
    lost = "its quotes cannot be followed; what comes after it in this file was not read"

    def __init__(self, identity: IdAssigner) -> None:
        super().__init__(identity)
        self._open: list[bytes] = []  # the bracket and the name of what is open, but for the hit itself
        self._key = b""
        self._last = b""
        self._between = 0  # where what is no hit would begin

    def _is_within(self) -> bool:
        return bool(self._open)

    def _done(self) -> int:
        return min(self._between, self._seen)

    def _forget(self, done: int) -> None:
        super()._forget(done)
        self._between = max(0, self._between - done)

    @property
    def _is_list(self) -> bool:
        """Whether hits stand where the file has come to: in the list of a response, in an array, or by themselves."""
        if not self._open:
            return True
        names = self._names
        return self._open[-1][:1] == b"[" and (not names or names in _LISTS or names == _LIST_OF_DOCS)

    @property
    def _names(self) -> tuple[bytes, ...]:
        """Of which members it is within."""
        return tuple(one[1:] for one in self._open if len(one) > 1)

    def _after(self, token: bytes, start: int, end: int) -> FileRow | None:
        row: FileRow | None = None
        if self._begun >= 0:
            row = self._within(token, end)
        elif token in b"{[":
            if token == b"{" and self._is_list:
                self._begun, self._depth = start, 1
            else:
                self._open.append(token + self._key)
        elif token in b"}]":
            row = self._between_hits(start) if token == b"]" and self._open else None
            if self._open:
                self._open.pop()
        elif token == b",":
            row = self._between_hits(start)
        if self._begun < 0 and token in b"{[}],":
            self._between = end
        is_name = token[:1] == b'"' and self._last in {b"{", b","}
        self._key = token[1:-1] if is_name else self._key if token == b":" else b""
        self._last = token
        return row

    def _within(self, token: bytes, end: int) -> FileRow | None:
        """Take a mark of what may be a hit."""
        if token in b"{[":
            if self._depth == 1 and self._key in RESPONSE and not self._names:
                self._open += [b"{", token + self._key]
                self._begun = -1
                return None
            self._depth += 1
        elif token in b"}]":
            self._depth -= 1
            if not self._depth:
                begun, self._begun = self._begun, -1
                return self._row(begun, end)
        return None

    def _between_hits(self, end: int) -> FileRow | None:
        """The row that says that something stands among hits which is none."""
        if not self._open or not self._is_list or not self._held[self._between : end].strip(BLANK):
            return None
        return self._bad(self._between, end, "it is no hit of a search: it is no JSON object")

    def _row(self, begun: int, end: int) -> FileRow:
        line, next_line = self._line_at(begun), self._line_at(end)
        return row_of_hit(self._held[begun:end], self._identity, line, self._offset + end, next_line)
