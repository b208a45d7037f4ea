"""JSON objects in an array, or one after another over any lines.

Nothing of a document is changed but a line break between its parts, which becomes a space: a line of a bulk ends with
the first line break in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from esmigrate_tui.reading.brackets import BLANK, BracketParser
from esmigrate_tui.reading.json_lines import problem_of, row_of
from esmigrate_tui.reading.lines import LONGEST_ROW

if TYPE_CHECKING:
    from esmigrate_tui.model.files import FileRow
    from esmigrate_tui.reading.identity import IdAssigner


class JsonValuesParser(BracketParser):
    """The objects of a file."""

    marks = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],]|"', re.DOTALL)
    lost = "its brackets or quotes cannot be followed; what comes after it in this file was not read"

    def __init__(self, identity: IdAssigner, offset: int = 0, line: int = 1, longest: int = LONGEST_ROW) -> None:
        super().__init__(identity, offset, line, longest)
        self._may_open = offset == 0

    def _after(self, token: bytes, start: int, end: int) -> FileRow | None:
        row: FileRow | None = None
        if self._depth:
            self._depth += 1 if token in b"{[" else -1 if token in b"}]" else 0
            if not self._depth:
                row = self._row(self._begun, end)
        else:
            if self._begun < 0 and self._held[self._seen : start].strip(BLANK):
                self._begun = self._seen
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

    def _row(self, begun: int, end: int) -> FileRow:
        """The row of a piece of what is held."""
        text = self._held[begun:end].strip(BLANK)
        row = self._bad(begun, end, problem_of(text))
        if row.error:
            return row
        return row_of(self._identity, text.replace(b"\n", b" "), row.line, row.end, row.next_line)
