"""Files that are indexed: what they are, how they are read, what was seen in the first of their rows."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePath
from typing import Annotated

import msgspec

from esmigrate_tui.model.problem import Problem
from esmigrate_tui.model.text import clean, counted


class FileFormat(StrEnum):
    """How a file holds its documents, as the command line spells it."""

    NDJSON = "ndjson"
    BULK = "bulk"
    ELASTICDUMP = "elasticdump"
    HITS = "hits"
    JSON = "json"
    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"

    @property
    def has_columns(self) -> bool:
        """Whether it is a table of text whose first row names the columns."""
        return self in {FileFormat.CSV, FileFormat.TSV}

    @property
    def has_ids(self) -> bool:
        """Whether its documents bring their own _id along."""
        return self in {FileFormat.BULK, FileFormat.ELASTICDUMP, FileFormat.HITS}


class Compression(StrEnum):
    """What a file is packed with."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    XZ = "xz"


class IdRule(StrEnum):
    """Where the _id of a document comes from.

    OWN is the one that a row brings along: beside its document, or as a field `_id` in it; a row without one gets a new
    one. NEW is what the server does with a document without one. Here it is made from the run and the row's place, so
    that a bulk that is sent twice, or a run that is resumed, does not double a row; another run does.
    """

    OWN = "own"
    FIELD = "field"
    HASH = "hash"
    NEW = "new"

    @property
    def is_stable(self) -> bool:
        """Whether a second run gives the same row the same _id."""
        return self is not IdRule.NEW


class LineBreak(StrEnum):
    """What ends a line: a line feed (with a carriage return before it or not), or a carriage return alone."""

    LF = "lf"
    CR = "cr"


class FileSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file as it was when the plan was made: absolute path, bytes, and when it was changed (ISO 8601, UTC).

    Each file is judged by itself: `format`, `encoding` and `delimiter` say what is otherwise with it than with the
    files of its task, and are None or "" where nothing is.
    """

    path: str
    size: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    modified: str
    compression: Compression = Compression.NONE
    format: FileFormat | None = None
    encoding: str = ""
    delimiter: str = ""
    breaks: LineBreak = LineBreak.LF

    @property
    def as_found(self) -> FileSource:
        """The file without what was recognised of its content."""
        return FileSource(path=self.path, size=self.size, modified=self.modified, compression=self.compression)


class TableColumn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column of a table of text, and the type by which its cells become JSON: numbers and booleans, else text.

    A column of the type "" is left out of the documents.
    """

    name: str
    type: str = "keyword"


class FileReading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the files of one task are read.

    `delimiter` matters to tables of text, `columns` has the types of their cells. `id_field` is the column, or the
    dotted path of the field, that the rule FIELD takes the _id from; with `drops_ids` a field `_id` of a document,
    which no server takes, is left out unused. `pipeline` is an ingest pipeline of the destination. A table whose first
    row is data has no header; its columns are called by `names`, else col1, col2…

    Of formats that name an index with each document, `of_index` is the one that was seen, and a row of another one is
    rejected; `from_index` is a pattern that was asked for, and rows of others are passed over.
    """

    format: FileFormat
    files: tuple[FileSource, ...]
    encoding: str = "utf-8"
    delimiter: str = ","
    has_header: bool = True
    names: tuple[str, ...] = ()
    columns: tuple[TableColumn, ...] = ()
    ids: IdRule = IdRule.NEW
    id_field: str = ""
    drops_ids: bool = False
    of_index: str = ""
    from_index: str = ""
    pipeline: str = ""

    def alone(self, file: FileSource) -> FileReading:
        """How one of the files is read: by what was recognised of it."""
        return msgspec.structs.replace(
            self,
            files=(file,),
            format=file.format or self.format,
            encoding=file.encoding or self.encoding,
            delimiter=file.delimiter or self.delimiter,
        )

    @property
    def size(self) -> int:
        """Bytes of all files as they are on the disk."""
        return sum(file.size for file in self.files)

    @property
    def label(self) -> str:
        """The files in a few words."""
        first = clean(PurePath(self.files[0].path).name, 200) if self.files else "no file"
        return first if len(self.files) < 2 else f"{first} and {counted(len(self.files) - 1, 'more file')}"


class FileRow(msgspec.Struct, frozen=True, gc=False):
    """One row of a file: a document with its _id, or the reason why it is none.

    `line` is the line that it begins in (the row's number where there are no lines). `end` and `next_line` are where
    the next row may begin: an offset in the unpacked file, and a line. `has_own_id` says that the _id came with it,
    `index` which index it is said to be of. `lost` values of it are none that JSON has (NaN, infinite numbers).
    """

    line: int
    end: int
    next_line: int
    source: bytes = b""
    id: str = ""
    routing: str | None = None
    error: str = ""
    index: str = ""
    has_own_id: bool = False
    lost: int = 0


class RowError(msgspec.Struct, frozen=True, kw_only=True):
    """A row that could not be read: its file, its line, and why."""

    path: str
    line: int
    reason: str


class FieldGuess(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a field most likely is, by a sample. `type` is "" where nothing should be said, `evidence` why it is so.

    `format` is that of a date. `field` is a dotted path; fields of an object are guesses of their own. `examples` are a
    few of its values. `dynamic` is what a destination would take it for that is told nothing: "" for nothing.
    """

    field: str
    type: str
    format: str = ""
    evidence: str = ""
    examples: tuple[str, ...] = ()
    dynamic: str = ""


class FileSample(msgspec.Struct, frozen=True, kw_only=True):
    """What the first rows of the files show: some `rows` as they will be sent, a guess a field.

    `amount` rows were looked at, `bad` ones included, the first of which are `errors`; `repeated_ids` came twice.
    `unread` are files that are not empty and showed no row, `new_ids` rows without an _id where others have their own,
    `lost` values that JSON does not have, `passed` rows of other indices than the one that was asked for.
    """

    reading: FileReading
    rows: tuple[FileRow, ...] = ()
    guesses: tuple[FieldGuess, ...] = ()
    errors: tuple[RowError, ...] = ()
    bad: int = 0
    amount: int = 0
    repeated_ids: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    new_ids: int = 0
    lost: int = 0
    passed: int = 0

    @property
    def is_unreadable(self) -> bool:
        """Whether rows were found, and none of them can be read."""
        return self.bad > 0 and self.bad == self.amount


class FileOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a person wants files to be read; what is "" or None is left to what the files show."""

    format: FileFormat | None = None
    delimiter: str = ""
    encoding: str = ""
    has_header: bool = True
    names: tuple[str, ...] = ()
    ids: IdRule | None = None
    id_field: str = ""
    from_index: str = ""


class FileInspection(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at files has shown: which there are, as what each was recognised (None: as nothing), a sample.

    A `problem` says why they cannot be read as is wished; where there is a `sample` beside it, it is of another _id.
    """

    files: tuple[FileSource, ...]
    formats: tuple[FileFormat | None, ...] = ()
    sample: FileSample | None = None
    problem: Problem | None = None
