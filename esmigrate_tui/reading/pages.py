"""All files of one task, page by page, from any place on; what a page holds is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from esmigrate_tui.model.files import Compression, FileFormat, FileReading, FileRow, FileSource
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.decompression import CutShortError, is_of_bytes, is_utf8
from esmigrate_tui.reading.hits import HitsParser
from esmigrate_tui.reading.identity import IdAssigner
from esmigrate_tui.reading.json_lines import BulkParser, DumpParser, JsonLinesParser
from esmigrate_tui.reading.json_values import JsonValuesParser
from esmigrate_tui.reading.open_file import OpenFile
from esmigrate_tui.reading.parquet import amount, batches
from esmigrate_tui.reading.separated import SeparatedParser

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINES: Final = {FileFormat.NDJSON: JsonLinesParser, FileFormat.BULK: BulkParser, FileFormat.ELASTICDUMP: DumpParser}


class RowParser(Protocol):
    """What is fed the bytes of a file and gives its rows; how the bytes are cut makes no difference."""

    def feed(self, piece: bytes, /) -> list[FileRow]:
        """The rows that are whole now."""
        ...

    def end(self) -> list[FileRow]:
        """The rows that the end of the file makes whole."""
        ...


class RowPosition(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the next row is: the position of the file among the files, an offset in it (unpacked), a line.

    `bytes` of the files on the disk were read up to there: the share of the work, not a place to go to.
    """

    file: int = 0
    offset: int = 0
    line: int = 1
    bytes: int = 0


@dataclass(frozen=True)
class RowPage:
    """Some rows of one file, and the place after them; `size` is the bytes of their documents.

    `unread` are files before it that are not empty and gave no row, `passed` counts rows before it and among it that
    are of other indices than the one that was asked for.
    """

    path: str
    rows: tuple[FileRow, ...]
    place: RowPosition
    size: int
    unread: tuple[str, ...] = ()
    passed: int = 0


class FilePages:
    """Reads the files of a task; `next` blocks, and is asked by one thread at a time."""

    def __init__(self, reading: FileReading, place: RowPosition, salt: bytes) -> None:
        self._reading = reading
        self._place = place
        self._salt = salt
        self._before = sum(file.size for file in reading.files[: place.file])
        self._held: list[FileRow] = []
        self._at = 0
        self._file: _FileRows | None = None
        self._has_given = place.offset > 0  # whether the open file gave a row
        self._unread: list[str] = []
        self._passed = 0

    def close(self) -> None:
        """Close the file that is open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def next(self, documents: int, most: int) -> RowPage | None:
        """The next page, of so many rows or bytes at most (but one row at least); None after the last file."""
        files = self._reading.files
        while self._place.file < len(files):
            source = files[self._place.file]
            if self._file is None:
                self._file = _FileRows(self._reading, source, self._place, self._salt)
            rows, size = self._gathered(self._file, documents, most)
            if rows:
                last = rows[-1]
                at = self._before + self._packed_by(source)
                self._place = RowPosition(self._place.file, last.end, last.next_line, at)
                self._has_given = True
                if self._file.is_over and self._at >= len(self._held):
                    self._leave(source)
                return RowPage(source.path, tuple(rows), self._place, size, *self.beside())
            self._leave(source)
        return None

    def beside(self) -> tuple[tuple[str, ...], int]:
        """The files without a row, and the number of rows that were passed over, since this was last asked."""
        found = tuple(self._unread), self._passed
        self._unread, self._passed = [], 0
        return found

    def _leave(self, source: FileSource) -> None:
        """Go on to the next file."""
        self.close()
        self._held, self._at = [], 0
        if source.size and not self._has_given:
            self._unread.append(source.path)
        self._has_given = False
        self._before += source.size
        self._place = RowPosition(self._place.file + 1, 0, 1, self._before)

    @property
    def place(self) -> RowPosition:
        """Where it stands."""
        return self._place

    def _packed_by(self, source: FileSource) -> int:
        """Bytes of the open file that the rows given until now took, as nearly as can be known."""
        if self._reading.format is FileFormat.PARQUET:
            return 0 if self._file is None else int(source.size * self._file.share(self._held[self._at - 1].end))
        is_as_it_is = source.compression is Compression.NONE and not recoded(self._reading.alone(source))
        if is_as_it_is:
            return self._held[self._at - 1].end if self._held else source.size
        return self._file.packed_at if self._file is not None else source.size

    def _gathered(self, file: _FileRows, documents: int, most: int) -> tuple[list[FileRow], int]:
        rows: list[FileRow] = []
        size = 0
        while len(rows) < documents and size < most:
            if self._at >= len(self._held):
                following = next(file.rows, None)
                if following is None:
                    break
                self._held, self._at = following, 0
                continue
            row = self._of_index(self._held[self._at])
            if row is None:
                self._at += 1
                self._passed += 1
                self._has_given = True
                continue
            if rows and size + len(row.source) > most:
                break
            self._at += 1
            size += len(row.source)
            rows.append(row)
        return rows, size

    def _of_index(self, row: FileRow) -> FileRow | None:
        """The row, if it is of the index that is read: None where it is passed over, a bad one where it is odd."""
        wanted, seen = self._reading.from_index, self._reading.of_index
        if not row.index or (not wanted and (not seen or row.index == seen)):
            return row
        if wanted:
            return row if fnmatchcase(row.index, wanted) else None
        why = f"it is of the index {clean(row.index, 200)}, and the first rows of {clean(seen, 200)}"
        todo = "plan with --from-index and the name of one of them, or '*' for all of them in one index"
        return FileRow(row.line, row.end, row.next_line, error=f"{why}: {todo}", index=row.index)


class _FileRows:
    """One open file; `rows` gives its rows, as many at a time as a piece of it has; after `is_over` none come."""

    def __init__(self, reading: FileReading, source: FileSource, place: RowPosition, salt: bytes) -> None:
        self._source = source
        reading = reading.alone(source)
        identity = IdAssigner(reading.ids, reading.id_field, b"%b %d" % (salt, place.file), reading.drops_ids)
        self.is_over = False
        self._opened: OpenFile | None = None
        self._amount = 0
        if reading.format is FileFormat.PARQUET:
            self._amount = amount(source.path)
            self.rows: Iterator[list[FileRow]] = batches(source.path, identity, place.offset)
        else:
            self.rows = self._parsed(reading, identity, place)

    def share(self, rows: int) -> float:
        """How much of a file of rows that are counted so many of them are."""
        return rows / self._amount if self._amount else 1.0

    @property
    def packed_at(self) -> int:
        return self._opened.packed_at if self._opened is not None else 0

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _parsed(self, reading: FileReading, identity: IdAssigner, place: RowPosition) -> Iterator[list[FileRow]]:
        parser = parser_for(reading, identity, place, header(reading, self._source) if place.offset else ())
        self._opened = opened = OpenFile(self._source, recoded(reading))
        last = FileRow(place.line, place.offset, place.line)
        # Hits are known by what stands before them, and read from the beginning; the others go on where they are.
        before = place.offset if reading.format is FileFormat.HITS else 0
        try:
            opened.skip(place.offset - before)
            while piece := opened.read():
                rows = [row for row in parser.feed(piece) if row.end > before]
                self.is_over = getattr(parser, "is_lost", False)
                if rows:
                    last = rows[-1]
                    yield rows
                if self.is_over:
                    return
        except CutShortError as error:
            reason = f"the file cannot be unpacked any further, this row and what comes after it was not read: {error}"
            self.is_over = True
            rows = [row for row in parser.end() if row.end > before]
            # What only the end makes whole is cut as well: 12.34 may have become 12.3, and nothing shows it.
            cut = rows.pop() if rows else FileRow(last.next_line, last.end, last.next_line)
            yield [*rows, FileRow(cut.line, cut.end, cut.next_line, error=reason)]
            return
        self.is_over = True
        if rows := [row for row in parser.end() if row.end > before]:
            yield rows


def recoded(reading: FileReading) -> str:
    """The encoding that a file of this reading is brought into UTF-8 from as it is read, "" where it is not.

    A table in an encoding of single bytes is cut by its bytes, and reading can resume at any of them.
    """
    if is_utf8(reading.encoding) or (reading.format.has_columns and is_of_bytes(reading.encoding)):
        return ""
    return "" if reading.format is FileFormat.PARQUET else reading.encoding


def header(reading: FileReading, source: FileSource) -> tuple[str, ...]:
    """The columns of a table of text, as they are given or by its first row; none where it is none."""
    if not reading.format.has_columns or reading.names:
        return reading.names
    reading = reading.alone(source)
    parser = parser_for(reading, IdAssigner(reading.ids, reading.id_field), RowPosition(), ())
    opened = OpenFile(source, recoded(reading))
    try:
        while isinstance(parser, SeparatedParser) and not parser.names and (piece := opened.read()):
            parser.feed(piece)
        if isinstance(parser, SeparatedParser) and not parser.names:
            parser.end()
    except CutShortError:
        pass
    finally:
        opened.close()
    return parser.names if isinstance(parser, SeparatedParser) else ()


def parser_for(reading: FileReading, identity: IdAssigner, place: RowPosition, names: tuple[str, ...]) -> RowParser:
    """What reads a format, from a place on; `names` are the columns where the header is not read again."""
    if reading.format.has_columns:
        return SeparatedParser(
            identity,
            reading.columns,
            place.offset,
            place.line,
            delimiter=reading.delimiter,
            encoding="utf-8" if recoded(reading) else reading.encoding,
            written_in=reading.encoding,
            has_header=reading.has_header,
            names=reading.names or names,
        )
    if reading.format is FileFormat.HITS:
        return HitsParser(identity)
    if reading.format is FileFormat.JSON:
        return JsonValuesParser(identity, place.offset, place.line)
    return _LINES[reading.format](identity, place.offset, place.line)
