"""Tables of text (CSV, TSV), most of which name the columns in their first row; quotes as RFC 4180 has them.

A quote opens a cell only at its beginning. One that is never closed spoils its own line, not the rest of the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.files import FileRow
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, counted, size
from esmigrate_tui.reading.cells import CellConverter
from esmigrate_tui.reading.identity import ID, ROUTING, IdAssigner, NoIdError, position_of
from esmigrate_tui.reading.json_lines import BOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.model.files import TableColumn
    from esmigrate_tui.reading.cells import Cell

LONGEST_QUOTED: Final = 16 * 1024 * 1024
"""Bytes in which a row must end whose cells are quoted; after them an open quote is taken for a slip."""

SAYS: Final = re.compile(rb'"?sep=(.)"?\r?\n?', re.IGNORECASE)
"""A first line that is no row, but tells spreadsheets what separates the cells."""
_QUOTED: Final = re.compile(rb'"((?:[^"]|"")*+)"')


class SeparatedParser:
    """Rows of a table of text; the header is the first of them, or `names` where reading resumes in the middle.

    Without a header the first row is data, and the columns are called by `names`, else col1, col2 and so on.
    `written_in` is the encoding of the file itself, where its text comes in another one.
    """

    def __init__(  # noqa: PLR0913  # where, how and by what a table is read
        self,
        identity: IdAssigner,
        columns: Sequence[TableColumn],
        offset: int = 0,
        line: int = 1,
        *,
        delimiter: str = ",",
        encoding: str = "utf-8",
        has_header: bool = True,
        names: Sequence[str] = (),
        written_in: str = "",
    ) -> None:
        self._identity = identity
        self._columns = columns
        self._offset = offset
        self._line = line
        self._delimiter = delimiter.encode()
        self._text_delimiter = delimiter
        self._encoding = encoding
        self._written_in = written_in or encoding
        self._has_header = has_header
        self._held = b""
        self._is_first = offset == 0
        self._may_say = offset == 0
        self._cells: CellConverter | None = None
        self._id_at = self._own_at = self._routing_at = -1
        if names:
            self._named(names)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns; none before the header was read."""
        return self._cells.names if self._cells is not None else ()

    def feed(self, piece: bytes) -> list[FileRow]:
        """The rows that are whole now."""
        self._held += piece
        return self._rows(is_end=False)

    def end(self) -> list[FileRow]:
        """The rows that the end of the file makes whole."""
        return self._rows(is_end=True)

    # -- where rows end ----------------------------------------------------------------------------------------------

    def _rows(self, *, is_end: bool) -> list[FileRow]:
        rows: list[FileRow] = []
        held, at = self._held, 0
        if self._is_first and (is_end or len(held) >= len(BOM)):
            self._is_first = False
            at = len(BOM) if held.startswith(BOM) else 0
            self._offset += at
        while not self._is_first and at < len(held):
            found = held.find(b"\n", at)
            stop = found if found >= 0 else len(held)
            if found < 0 and not is_end:
                if len(held) - at <= LONGEST_QUOTED:
                    break
                cells: list[Cell] | str | None = f"it is longer than the {size(LONGEST_QUOTED)} that a row may have"
                following = stop
            elif self._may_say and SAYS.fullmatch(held, at, stop):
                cells, following = None, stop + 1 if found >= 0 else stop
            elif held.find(b'"', at, stop) < 0:
                following = stop + 1 if found >= 0 else stop
                cells = self._plain(held[at:stop])
            else:
                cells, following = self._quoted(held, at, stop, is_end=is_end)
                if cells is None:
                    break
            self._may_say = False
            breaks = held.count(b"\n", at, following)
            line, self._line = self._line, self._line + breaks
            self._offset += following - at
            row = self._row(cells, held[at:following], line) if cells is not None else None
            at = following
            if row is not None:
                rows.append(row)
        self._held = held[at:]
        return rows

    def _plain(self, text: bytes) -> list[Cell] | str:
        """The cells of a line without quotes, or what is wrong with it."""
        if text.endswith(b"\r"):
            text = text[:-1]
        try:
            decoded = text.decode(self._encoding)
        except UnicodeDecodeError as error:
            return self._undecoded(error)
        return [(cell, False) for cell in decoded.split(self._text_delimiter)]

    def _quoted(self, held: bytes, at: int, stop: int, *, is_end: bool) -> tuple[list[Cell] | str | None, int]:
        """The cells of a row in which quotes are, or what is wrong with it; None where more of the file is needed."""
        cells: list[Cell] = []
        after_line = min(stop + 1, len(held))
        position = at
        while True:
            quoted = held[position : position + 1] == b'"'
            if quoted:
                match = _QUOTED.match(held, position)
                is_cut = match is None or match.end() == len(held)
                if is_cut and not is_end and len(held) - at <= LONGEST_QUOTED:
                    return None, at
                if match is None or match.end() - at > LONGEST_QUOTED:
                    return "a quote is opened in it and not closed", after_line
                text, position = match[1].replace(b'""', b'"'), match.end()
            else:
                ends = [held.find(mark, position) for mark in (self._delimiter, b"\n")]
                until = min((one for one in ends if one >= 0), default=-1)
                if until < 0:
                    if not is_end and len(held) - at <= LONGEST_QUOTED:
                        return None, at
                    until = len(held)
                text, position = held[position:until], until
            ending = held[position : position + 2]
            if not quoted and ending[:1] != self._delimiter and text.endswith(b"\r"):
                text = text[:-1]
            try:
                cells.append((text.decode(self._encoding), quoted))
            except UnicodeDecodeError as error:
                return self._undecoded(error), after_line
            if ending[:1] == self._delimiter:
                position += 1
                continue
            if ending == b"\r" and not is_end and len(held) - at <= LONGEST_QUOTED:
                return None, at
            if ending[:1] == b"\n" or ending in {b"", b"\r\n", b"\r"}:
                return cells, min(len(held), position + (2 if ending == b"\r\n" else 1))
            return "text follows a closing quote in it", after_line

    def _undecoded(self, error: UnicodeDecodeError) -> str:
        if self._written_in != self._encoding:
            return f"it is not {self._written_in}: bytes stand in it where none can"
        return f"it is not {self._encoding}: byte 0x{error.object[error.start]:02x} stands where none can"

    # -- what rows hold ----------------------------------------------------------------------------------------------

    def _named(self, names: Sequence[str]) -> None:
        """Take the header; raises ProblemError (usage) where a column could not be told from another."""
        named = [name.strip() or f"column_{position}" for position, name in enumerate(names, start=1)]
        twice = next((name for position, name in enumerate(named) if name in named[:position]), None)
        if twice is not None:
            raise ProblemError.of(
                Cause.USAGE,
                f"Two columns of the table are called {clean(twice, 100)}.",
                why="A document holds a name once; one of the two would be lost.",
                todo="Rename one of them in the first row of the file.",
            )
        self._cells = CellConverter(named, self._columns)
        self._id_at = position_of(self._identity.field, named)
        self._own_at = position_of(ID, named)
        self._routing_at = position_of(ROUTING, named)

    def _row(self, cells: list[Cell] | str, raw: bytes, line: int) -> FileRow | None:
        """The row of some cells; None for the header and for an empty line."""
        if isinstance(cells, str):
            if self._cells is None:
                raise ProblemError.of(Cause.USAGE, f"The first row of the table cannot be read: {cells}.")
            return self._bad(line, cells)
        if len(cells) == 1 and not cells[0][0].strip():
            return None
        if self._cells is None and self._has_header:
            self._named([text for text, _ in cells])
            return None
        if self._cells is None:
            self._named([f"col{at}" for at in range(1, len(cells) + 1)])
            return self._row(cells, raw, line)
        if len(cells) != len(self._cells.names):
            wanted = counted(len(self._cells.names), "column")
            return self._bad(line, f"it has {counted(len(cells), 'cell')}, the table has {wanted}")
        document = self._cells.document(cells)
        own = cells[self._own_at][0] if self._own_at >= 0 else None
        try:
            if self._identity.field:
                value = cells[self._id_at][0] if self._id_at >= 0 else None
                identifier = self._identity.of_value(value)
            else:
                identifier = self._identity.of_own(own, raw.rstrip(b"\r\n"), self._offset)
        except NoIdError as error:
            return self._bad(line, str(error))
        routing = cells[self._routing_at][0] or None if self._routing_at >= 0 else None
        return FileRow(line, self._offset, self._line, document, identifier, routing, has_own_id=bool(own))

    def _bad(self, line: int, why: str) -> FileRow:
        return FileRow(line, self._offset, self._line, error=why)
