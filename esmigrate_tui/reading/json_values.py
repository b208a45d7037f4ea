"""JSON objects in an array, or one after another over any lines, followed by their brackets as the file comes.

Nothing of a document is changed but a line break between its parts, which becomes a space: a line of a bulk ends with
the first line break in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.files import FileRow
from esmigrate_tui.reading.identity import NoIdError
from esmigrate_tui.reading.json_lines import BOM, too_long, trouble_of
from esmigrate_tui.reading.lines import LONGEST_ROW

if TYPE_CHECKING:
    from esmigrate_tui.reading.identity import IdAssigner

# A whole string, a bracket, a comma; or a quote whose string is not whole yet.
_MARK: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],]|"', re.DOTALL)
_BLANK: Final = b" \t\r\n"
_LOST: Final = "its brackets or quotes cannot be followed; what comes after it in this file was not read"


class JsonValuesParser:
    """The objects of a file; `offset` and `line` are where to go on, which is never within a document."""

    def __init__(self, identity: IdAssigner, offset: int = 0, line: int = 1, longest: int = LONGEST_ROW) -> None:
        self._identity = identity
        self._offset = offset  # of the first byte that is held
        self._line = line  # that the byte at `_counted` is in
        self._counted = 0
        self._longest = longest
        self._held = b""
        self._seen = 0  # bytes of what is held that need not be looked at again
        self._begun = -1  # where a value begins in what is held
        self._depth = 0
        self._is_first = offset == 0
        self._may_open = offset == 0
        self.is_lost = False

    def feed(self, piece: bytes) -> list[FileRow]:
        """The rows that are whole now; none any more where `is_lost` says so."""
        if self.is_lost:
            return []
        self._held += piece
        if self._is_first and not self._begins():
            return []
        rows: list[FileRow] = []
        for mark in _MARK.finditer(self._held, self._seen):
            if mark[0] == b'"':
                break
            if (row := self._after(mark[0], mark.start(), mark.end())) is not None:
                rows.append(row)
        self._forget()
        if len(self._held) > self._longest:
            rows.append(self._row(self._begun_at(), len(self._held), f"{too_long()}, or {_LOST}"))
            self.is_lost = True
            self._held = b""
        return rows

    def end(self) -> list[FileRow]:
        """What the end of the file cuts off."""
        self._is_first = False
        rows = self.feed(b"")
        if not self.is_lost and self._held.strip(_BLANK):
            rows.append(self._row(self._begun_at(), len(self._held), "the file ends within it"))
        self._held = b""
        return rows

    def _begins(self) -> bool:
        """Whether enough of the file is there to see a byte order mark; it is passed over."""
        if len(self._held) < len(BOM):
            return False
        self._is_first = False
        if self._held.startswith(BOM):
            self._held, self._offset = self._held[len(BOM) :], len(BOM)
        return True

    def _after(self, token: bytes, start: int, end: int) -> FileRow | None:
        """Take one mark; the row that ends with it."""
        row: FileRow | None = None
        before, self._seen = self._seen, end
        if self._depth:
            self._depth += 1 if token in b"{[" else -1 if token in b"}]" else 0
            if not self._depth:
                row = self._row(self._begun, end)
        else:
            if self._begun < 0 and self._held[before:start].strip(_BLANK):
                self._begun = before
            if token == b"{" or (token == b"[" and not self._may_open):
                if self._begun >= 0:  # something stands before it that is no document
                    row = self._row(self._begun, start)
                self._begun, self._depth = start, 1
            elif token in b",]":
                if self._begun >= 0:
                    row = self._row(self._begun, start)
            elif token != b"[" and self._begun < 0:
                self._begun = start
            self._may_open = False
        if row is not None and not self._depth:
            self._begun = -1
        return row

    def _begun_at(self) -> int:
        return max(self._begun, 0)

    def _row(self, begun: int, end: int, error: str = "") -> FileRow:
        """The row of a piece of what is held."""
        text = self._held[begun:end]
        begun += len(text) - len(text.lstrip(_BLANK))
        line, next_line = self._line_at(begun), self._line_at(end)
        offset = self._offset + end
        if error := error or trouble_of(text.strip(_BLANK)):
            return FileRow(line, offset, next_line, error=error)
        document = text.strip(_BLANK).replace(b"\n", b" ")
        try:
            named = self._identity.of(document, offset)
        except NoIdError as trouble:
            return FileRow(line, offset, next_line, error=str(trouble))
        return FileRow(line, offset, next_line, named.document, named.id, has_own_id=named.is_own)

    def _line_at(self, place: int) -> int:
        """The line that a byte is in; asked for places in their order."""
        if place > self._counted:
            self._line += self._held.count(b"\n", self._counted, place)
            self._counted = place
        return self._line

    def _forget(self) -> None:
        """Let go of what is done with."""
        done = self._begun if self._begun >= 0 else self._seen
        self._line_at(done)
        self._counted -= done
        self._held = self._held[done:]
        self._offset += done
        self._seen -= done
        self._begun = 0 if self._begun >= 0 else -1
