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
        return self in {FileFormat.BULK, FileFormat.ELASTICDUMP}


class Compression(StrEnum):
    """What a file is packed with."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class IdRule(StrEnum):
    """Where the _id of a document comes from.

    NEW is what the server does with a document without one. Here it is made from the run and the row's place, so that a
    bulk that is sent twice, or a run that is taken up, does not double a row; another run does.
    """

    OWN = "own"
    FIELD = "field"
    HASH = "hash"
    NEW = "new"

    @property
    def is_stable(self) -> bool:
        """Whether a second run gives the same row the same _id."""
        return self is not IdRule.NEW


class FileSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file as it was when the plan was made: absolute path, bytes, and when it was changed (ISO 8601, UTC)."""

    path: str
    size: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    modified: str
    compression: Compression = Compression.NONE


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column of a table of text, and the type by which its cells become JSON: numbers and booleans, else text.

    A column of the type "" is left out of the documents.
    """

    name: str
    type: str = "keyword"


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the files of one task are read.

    `encoding` and `delimiter` matter to tables of text, `columns` has the types of their cells. `id_field` is the
    column, or the dotted path of the field, that the rule FIELD takes the _id from. `pipeline` is an ingest pipeline of
    the destination. A table whose first row is data has no header; its columns are called by `names`, else col1, col2…
    """

    format: FileFormat
    files: tuple[FileSource, ...]
    encoding: str = "utf-8"
    delimiter: str = ","
    has_header: bool = True
    names: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    ids: IdRule = IdRule.NEW
    id_field: str = ""
    pipeline: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files as they are on the disk."""
        return sum(file.size for file in self.files)

    @property
    def label(self) -> str:
        """The files in a few words."""
        first = clean(PurePath(self.files[0].path).name, 200) if self.files else "no file"
        return first if len(self.files) < 2 else f"{first} and {counted(len(self.files) - 1, 'more file')}"


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row of a file: a document with its _id, or the reason why it is none.

    `line` is the line that it begins in (the row's number where there are no lines). `end` and `next_line` are where
    the next row may begin: an offset in the unpacked file, and a line.
    """

    line: int
    end: int
    next_line: int
    source: bytes = b""
    id: str = ""
    routing: str | None = None
    error: str = ""


class RowError(msgspec.Struct, frozen=True, kw_only=True):
    """A row that could not be read: its file, its line, and why."""

    path: str
    line: int
    reason: str


class Guess(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
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


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What the first rows of the files show: some `rows` as they will be sent, a guess a field.

    `amount` rows were looked at, `bad` ones included, the first of which are `errors`; `repeated_ids` came twice.
    """

    reading: Reading
    rows: tuple[Row, ...] = ()
    guesses: tuple[Guess, ...] = ()
    errors: tuple[RowError, ...] = ()
    bad: int = 0
    amount: int = 0
    repeated_ids: tuple[str, ...] = ()


class FileWishes(msgspec.Struct, frozen=True, kw_only=True):
    """How a person wants files to be read; what is "" or None is left to what the files show."""

    format: FileFormat | None = None
    delimiter: str = ""
    encoding: str = ""
    has_header: bool = True
    names: tuple[str, ...] = ()
    ids: IdRule | None = None
    id_field: str = ""


class FileLook(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at files has shown: which there are, as what each was recognised (None: as nothing), a sample.

    A `problem` says why they cannot be read as is wished; where there is a `sample` beside it, it is of another _id.
    """

    files: tuple[FileSource, ...]
    formats: tuple[FileFormat | None, ...] = ()
    sample: Sample | None = None
    problem: Problem | None = None
