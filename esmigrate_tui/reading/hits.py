"""Saved search responses, and arrays of hits: their hits, followed by their brackets as the file comes.

https://www.elastic.co/guide/en/elasticsearch/reference/current/search-search.html

What stands beside the hits of a response (aggregations with hits of their own, suggestions) is passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.files import FileRow
from esmigrate_tui.reading.json_lines import BOM, row_of_hit, too_long
from esmigrate_tui.reading.lines import LONGEST_ROW

if TYPE_CHECKING:
    from esmigrate_tui.reading.identity import IdAssigner

_MARK: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|"', re.DOTALL)
_BLANK: Final = b" \t\r\n"
_LISTS: Final = frozenset({(b"hits", b"hits"), (b"response", b"hits", b"hits"), (b"responses", b"hits", b"hits")})
"""Where hits stand: in a response of a search, of one that ran by itself, of several at once."""
_LIST_OF_DOCS: Final = (b"docs",)
RESPONSE: Final = frozenset({b"hits", b"response", b"responses", b"docs"})
"""Members that make an object a response, and no hit."""


class HitsParser:
    """The hits of a file, which is read from its beginning: where one is, is known only by what stands before it."""

    def __init__(self, identity: IdAssigner, longest: int = LONGEST_ROW) -> None:
        self._identity = identity
        self._longest = longest
        self._offset = 0  # of the first byte that is held
        self._line = 1  # that the byte at `_counted` is in
        self._counted = 0
        self._held = b""
        self._seen = 0
        self._is_first = True
        self._open: list[bytes] = []  # the bracket and the name of what is open, but for the hit itself
        self._begun = -1  # where a hit begins in what is held
        self._depth = 0  # of brackets within it
        self._key = b""
        self._last = b""
        self._between = 0  # where what is no hit would begin
        self.is_lost = False

    def feed(self, piece: bytes) -> list[FileRow]:
        """The rows that are whole now; none any more where `is_lost` says so."""
        if self.is_lost:
            return []
        self._held += piece
        if self._is_first:
            if len(self._held) < len(BOM) and piece:
                return []
            self._is_first = False
            if self._held.startswith(BOM):
                self._held, self._offset = self._held[len(BOM) :], len(BOM)
        rows: list[FileRow] = []
        for mark in _MARK.finditer(self._held, self._seen):
            if mark[0] == b'"':
                break
            if (row := self._after(mark[0], mark.start(), mark.end())) is not None:
                rows.append(row)
            self._seen = mark.end()
        self._forget()
        if len(self._held) > self._longest:
            why = f"{too_long()}, or its quotes cannot be followed; what comes after it in this file was not read"
            rows.append(self._bad(max(self._begun, 0), len(self._held), why))
            self.is_lost = True
            self._held = b""
        return rows

    def end(self) -> list[FileRow]:
        """What the end of the file cuts off."""
        rows = self.feed(b"")
        if not self.is_lost and (self._begun >= 0 or self._open or self._held.strip(_BLANK)):
            rows.append(self._bad(max(self._begun, 0), len(self._held), "the file ends within it"))
        self._held = b""
        return rows

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
        """Take one mark; the row that ends with it."""
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
        if not self._open or not self._is_list or not self._held[self._between : end].strip(_BLANK):
            return None
        return self._bad(self._between, end, "it is no hit of a search: it is no JSON object")

    def _row(self, begun: int, end: int) -> FileRow:
        line, next_line = self._line_at(begun), self._line_at(end)
        return row_of_hit(self._held[begun:end], self._identity, line, self._offset + end, next_line)

    def _bad(self, begun: int, end: int, why: str) -> FileRow:
        text = self._held[begun:end]
        begun += len(text) - len(text.lstrip(_BLANK))
        line, next_line = self._line_at(begun), self._line_at(end)
        return FileRow(line, self._offset + end, next_line, error=why)

    def _line_at(self, place: int) -> int:
        """The line that a byte is in; asked for places in their order."""
        if place > self._counted:
            self._line += self._held.count(b"\n", self._counted, place)
            self._counted = place
        return self._line

    def _forget(self) -> None:
        """Let go of what is done with."""
        done = self._begun if self._begun >= 0 else min(self._between, self._seen)
        self._line_at(done)
        self._counted -= done
        self._held = self._held[done:]
        self._offset += done
        self._seen -= done
        self._between = max(0, self._between - done)
        self._begun = 0 if self._begun >= 0 else -1
