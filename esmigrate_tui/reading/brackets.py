"""JSON that is no object a line: its brackets are followed as the file comes, and what is done with is let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.files import FileRow
from esmigrate_tui.reading.json_lines import BOM, too_long
from esmigrate_tui.reading.lines import LONGEST_ROW

if TYPE_CHECKING:
    import re

    from esmigrate_tui.reading.identity import IdAssigner

BLANK: Final = b" \t\r\n"


class BracketParser:
    """Finds the rows of a file by its marks; `offset` and `line` are where to go on, which is never within a document.

    `marks` finds a whole string, a bracket and the like, or a quote whose string is not whole yet. `lost` says why
    nothing can be followed any more.
    """

    marks: re.Pattern[bytes]
    lost: str

    def __init__(self, identity: IdAssigner, offset: int = 0, line: int = 1, longest: int = LONGEST_ROW) -> None:
        self._identity = identity
        self._offset = offset  # of the first byte that is held
        self._line = line  # that the byte at `_counted` is in
        self._counted = 0
        self._longest = longest
        self._held = b""
        self._seen = 0  # bytes of what is held that need not be looked at again
        self._begun = -1  # where a value begins in what is held
        self._depth = 0  # of brackets within it
        self._is_first = offset == 0
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
        for mark in self.marks.finditer(self._held, self._seen):
            if mark[0] == b'"':
                break
            if (row := self._after(mark[0], mark.start(), mark.end())) is not None:
                rows.append(row)
            self._seen = mark.end()
        self._forget(self._begun if self._begun >= 0 else self._done())
        if len(self._held) > self._longest:
            rows.append(self._bad(max(self._begun, 0), len(self._held), f"{too_long()}, or {self.lost}"))
            self.is_lost = True
            self._held = b""
        return rows

    def end(self) -> list[FileRow]:
        """What the end of the file cuts off."""
        rows = self.feed(b"")
        if not self.is_lost and (self._is_within() or self._held.strip(BLANK)):
            rows.append(self._bad(max(self._begun, 0), len(self._held), "the file ends within it"))
        self._held = b""
        return rows

    def _after(self, token: bytes, start: int, end: int) -> FileRow | None:
        """Take one mark; the row that ends with it."""
        raise NotImplementedError

    def _is_within(self) -> bool:
        """Whether something is open, though nothing of it is held."""
        return False

    def _done(self) -> int:
        """Up to where what is held is done with, outside of a value."""
        return self._seen

    def _bad(self, begun: int, end: int, why: str) -> FileRow:
        """The row of a piece of what is held that is no document."""
        text = self._held[begun:end]
        begun += len(text) - len(text.lstrip(BLANK))
        line, next_line = self._line_at(begun), self._line_at(end)
        return FileRow(line, self._offset + end, next_line, error=why)

    def _line_at(self, place: int) -> int:
        """The line that a byte is in; asked for places in their order."""
        if place > self._counted:
            self._line += self._held.count(b"\n", self._counted, place)
            self._counted = place
        return self._line

    def _forget(self, done: int) -> None:
        self._line_at(done)
        self._counted -= done
        self._held = self._held[done:]
        self._offset += done
        self._seen -= done
        self._begun = 0 if self._begun >= 0 else -1
