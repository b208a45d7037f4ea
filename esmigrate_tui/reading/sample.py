"""The first rows of the files: what a person looks at before anything is written, and what preflight asks."""

from __future__ import annotations

import contextlib
import shlex
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.files import (
    FieldGuess,
    FileFormat,
    FileInspection,
    FileOptions,
    FileReading,
    FileSample,
    IdRule,
    LineBreak,
    RowError,
    TableColumn,
)
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, counted, listed, number
from esmigrate_tui.reading.decompression import CutShortError, is_of_bytes, is_utf8
from esmigrate_tui.reading.guess import documents_of, guesses, is_written_number, properties
from esmigrate_tui.reading.identity import UNFIT, field_of, position_of
from esmigrate_tui.reading.json_lines import BOM
from esmigrate_tui.reading.mapping import entries
from esmigrate_tui.reading.open_file import OpenFile, found_files, path_of
from esmigrate_tui.reading.pages import FilePages, RowPosition, header
from esmigrate_tui.reading.sniff import (
    PARQUET,
    breaks_of,
    delimiter_of,
    encoding_of,
    format_of,
    refuse_known,
    wide_encoding_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from esmigrate_tui.model.files import FileRow, FileSource

ROWS: Final = 1_000
"""Rows that are looked at, of all files together; of each file some."""
_BYTES: Final = 8 * 1024 * 1024
_START: Final = 64 * 1024
_FOR_ENCODING: Final = 16 * 1024 * 1024  # bytes of a table that are looked through for one beyond ASCII
_FILES: Final = 50
_SHOWN: Final = 5
_ERRORS: Final = 20


def _unpacked_start(file: FileSource, *, until_text: bool = False) -> tuple[bytes, bytes]:
    """The first bytes, and those by which the encoding is judged: where `until_text` is set the first beyond ASCII."""
    opened = OpenFile(file)
    try:
        start = seen = opened.read(_START)
        looked_through = len(start)
        with contextlib.suppress(CutShortError):  # what is cut off farther on is a bad row of the run
            while until_text and seen.isascii() and looked_through < _FOR_ENCODING and (piece := opened.read()):
                seen = piece
                looked_through += len(piece)
    except CutShortError as error:
        raise ProblemError.of(
            Cause.USAGE,
            f"The file {clean(file.path, 500)} cannot be unpacked: {error}.",
            why="It was cut short, or is damaged.",
            todo="Get it whole, or leave it out.",
        ) from None
    finally:
        opened.close()
    return start, start if seen is start else seen.partition(b"\n")[2] or seen


@dataclass(frozen=True)
class _RecognisedFile:
    """What one file was recognised as; `first` is the first row of a table."""

    file: FileSource
    format: FileFormat
    encoding: str
    delimiter: str
    breaks: LineBreak


def _judged(file: FileSource, wishes: FileOptions) -> _RecognisedFile:
    """What a file is by itself; raises ProblemError for what is not read here."""
    start, seen = _unpacked_start(file)
    if wishes.format is None or wishes.format is not FileFormat.PARQUET:
        refuse_known(start, file.path)
    if start.startswith(PARQUET):
        return _RecognisedFile(file, wishes.format or FileFormat.PARQUET, "utf-8", ",", LineBreak.LF)
    encoding = wishes.encoding or wide_encoding_of(start)
    text = start
    if encoding and not is_utf8(encoding) and not is_of_bytes(encoding):
        text = start.decode(encoding, "ignore").encode("utf-8", "ignore").removeprefix(BOM)
    kind = wishes.format or format_of(text, file.path)
    if not encoding:
        if kind.has_columns and start.isascii():
            start, seen = _unpacked_start(file, until_text=True)
        encoding = encoding_of(seen, is_whole=seen is start and len(start) < _START)
        if not is_utf8(encoding) and not is_of_bytes(encoding):
            text = start.decode(encoding, "ignore").encode()
    breaks = breaks_of(text)
    if breaks is LineBreak.CR:
        text = text.replace(b"\r", b"\n")
    delimiter = ","
    if kind.has_columns:
        delimiter = wishes.delimiter or ("\t" if kind is FileFormat.TSV else delimiter_of(text))
    return _RecognisedFile(file, kind, encoding, delimiter, breaks)


_ALIKE: Final = (
    frozenset({FileFormat.CSV, FileFormat.TSV}),
    frozenset({FileFormat.NDJSON, FileFormat.JSON}),
    frozenset({FileFormat.ELASTICDUMP, FileFormat.HITS}),
)
"""Formats that files of one plan may have side by side."""


def recognised(files: tuple[FileSource, ...], wishes: FileOptions | None = None, pipeline: str = "") -> FileReading:
    """How files are to be read: as is wished, the rest by what each of them holds. Raises ProblemError."""
    with _in_a_sentence(files[0].path if files else "no file"):
        return _recognised(files, wishes or FileOptions(), pipeline)


def _recognised(files: tuple[FileSource, ...], wishes: FileOptions, pipeline: str) -> FileReading:
    found = [_judged(file, wishes) for file in files]
    first = found[0]
    alike = next((kinds for kinds in _ALIKE if first.format in kinds), frozenset({first.format}))
    odd = next((one for one in found if one.format not in alike), None)
    if odd is not None:
        raise ProblemError.of(
            Cause.USAGE,
            f"{clean(odd.file.path, 300)} looks like {odd.format}, {clean(files[0].path, 300)} like {first.format}.",
            why="The files of one plan are read in one way.",
            todo="Make a plan for each, or say what they are (--format).",
        )
    if wishes.names and not first.format.has_columns:
        raise ProblemError.of(
            Cause.USAGE,
            f"{clean(files[0].path, 300)} is {first.format}, which has no columns to be named.",
            todo="Name columns of tables of text alone, or say what the files are (--format).",
        )
    common = _common(found)
    ids = wishes.ids or (IdRule.OWN if first.format.has_ids else IdRule.NEW)
    reading = FileReading(
        format=common.format,
        files=tuple(_as_judged(one, common) for one in found),
        encoding=common.encoding,
        delimiter=common.delimiter,
        has_header=(wishes.has_header and not wishes.names) or not first.format.has_columns,
        names=wishes.names,
        ids=ids,
        id_field=wishes.id_field,
        drops_ids=wishes.ids in {IdRule.NEW, IdRule.HASH},
        from_index=wishes.from_index,
        pipeline=pipeline,
    )
    if reading.format.has_columns and reading.has_header:
        _must_have_headers(reading)
    return reading


def _common(found: Sequence[_RecognisedFile]) -> _RecognisedFile:
    """What most of the files are, each trait by itself."""

    def most(of: Callable[[_RecognisedFile], Any]) -> Any:  # noqa: ANN401  # whatever trait it is
        return Counter(of(one) for one in found).most_common(1)[0][0]

    return _RecognisedFile(
        found[0].file,
        most(lambda one: one.format),
        most(lambda one: one.encoding),
        most(lambda one: one.delimiter),
        LineBreak.LF,
    )


def _as_judged(one: _RecognisedFile, common: _RecognisedFile) -> FileSource:
    """The file with what is otherwise with it than with most."""
    return msgspec.structs.replace(
        one.file,
        format=None if one.format is common.format else one.format,
        encoding="" if one.encoding == common.encoding else one.encoding,
        delimiter="" if one.delimiter == common.delimiter else one.delimiter,
        breaks=one.breaks,
    )


def _must_have_headers(reading: FileReading) -> None:
    """Raise ProblemError (usage) where a file begins with data while another one names the columns."""
    first = header(reading, reading.files[0])
    for file in reading.files[1:_FILES]:
        other = header(reading, file)
        looks_like_data = [is_written_number(name) for name in other]
        if len(other) == len(first) and not set(other) & set(first) and any(looks_like_data):
            if any(is_written_number(name) for name in first):
                continue
            raise ProblemError.of(
                Cause.USAGE,
                f"The first row of {clean(file.path, 300)} looks like data, not like names of columns: "
                f"{clean(', '.join(other), 200)}.",
                why=(
                    f"The first row of {clean(reading.files[0].path, 300)} names them: {clean(', '.join(first), 200)}."
                ),
                todo="Make a plan of its own for the files without names (--columns), into the same index.",
            )


def sampled(reading: FileReading) -> FileSample:
    """The first rows of each file as they will be sent, what their fields most likely are, and the rows that are bad.

    The columns of a table that has none in `reading` get their types from what is guessed. Raises ProblemError, also
    where a file holds something that nobody has foreseen.
    """
    with _in_a_sentence(reading.label):
        return _sampled(reading)


@contextlib.contextmanager
def _in_a_sentence(label: str) -> Iterator[None]:
    """Have whatever goes wrong in looking at files end as a ProblemError: no file is worth losing all answers for."""
    try:
        yield
    except ProblemError:
        raise
    except Exception as error:
        raise ProblemError.of(
            Cause.USAGE,
            f"The first rows of {clean(label, 300)} cannot be read.",
            why="They hold something that this program does not expect; it is a fault of the program, not of them.",
            todo="Say what the files are (--format), or convert them to lines of JSON.",
        ) from error


def _sampled(reading: FileReading) -> FileSample:
    known, found = (
        reading,
        tuple(FieldGuess(field=field_of(column.name), type=column.type) for column in reading.columns),
    )
    if reading.format.has_columns:
        _must_have_id_column(reading)
    if reading.format.has_columns and not reading.columns:
        texts = _read(reading).rows
        found = guesses(documents_of(row.source for _, row in texts), from_text=True)
        known = msgspec.structs.replace(reading, columns=_columns(reading, found))
    seen = _read(known)
    known = _of_one_index(known, seen)
    if known.ids is IdRule.NEW and not known.drops_ids and any(row.has_own_id for _, row in seen.rows):
        known = msgspec.structs.replace(known, ids=IdRule.OWN)
    if not reading.format.has_columns:
        found = guesses(documents_of(row.source for _, row in seen.rows))
    ids = Counter(row.id for _, row in seen.rows)
    return FileSample(
        reading=known,
        rows=tuple(row for _, row in seen.rows[:_SHOWN]),
        guesses=found,
        errors=tuple(seen.errors[:_ERRORS]),
        bad=len(seen.errors),
        amount=len(seen.rows) + len(seen.errors),
        repeated_ids=tuple(name for name, times in ids.items() if times > 1),
        unread=tuple(seen.unread),
        new_ids=sum(not row.has_own_id for _, row in seen.rows) if known.ids is IdRule.OWN else 0,
        lost=sum(row.lost for _, row in seen.rows),
        passed=seen.passed,
    )


def _of_one_index(reading: FileReading, seen: _SampledRows) -> FileReading:
    """The reading with the index whose documents were seen; raises ProblemError (usage) where there are several."""
    if reading.from_index or reading.of_index:
        return reading
    names = Counter(row.index for _, row in seen.rows if row.index)
    if len(names) > 1:
        counts = listed([f"{name} ({number(times)})" for name, times in names.most_common()], most=6)
        one = next(iter(names))
        raise ProblemError.of(
            Cause.USAGE,
            f"The first rows of {reading.label} are documents of {counted(len(names), 'index', 'indices')}: {counts}.",
            why="A plan fills one index; these would be mixed in it, and of two with one _id the second is lost.",
            todo=(
                f"Make a plan for each: --from-index {shlex.quote(clean(one, 200))}, in the wizard Of index. "
                "To have all in one index: '*'."
            ),
        )
    return msgspec.structs.replace(reading, of_index=next(iter(names), ""))


def patterns_of(typed: str) -> tuple[str, ...]:
    """The paths and patterns in a line, as a shell takes them apart; raises ProblemError (usage) for an open quote."""
    try:
        return tuple(shlex.split(typed))
    except ValueError:
        raise ProblemError.of(
            Cause.USAGE,
            "A quote is opened and not closed.",
            todo="Quotes go around a path that has blanks in it: 'my files/*.csv'.",
        ) from None


def inspect_files(typed: str, wishes: FileOptions) -> FileInspection:
    """What the named files show, read by the chosen options; raises ProblemError where a pattern matches none."""
    is_one_path = bool(typed.strip()) and path_of(typed.strip()).is_file()  # blanks and all
    files = found_files([typed.strip()] if is_one_path else patterns_of(typed))
    try:
        reading = _as_wished(files, wishes)
    except ProblemError as error:
        return FileInspection(files=files, formats=_formats(files), problem=error.problem)
    formats = tuple(file.format or reading.format for file in reading.files)
    try:
        return FileInspection(files=files, formats=formats, sample=sampled(reading))
    except ProblemError as error:
        problem = error.problem
    with contextlib.suppress(ProblemError):  # it may be more than the _id that is wrong
        without = msgspec.structs.replace(wishes, ids=None, id_field="")
        return FileInspection(files=files, formats=formats, sample=sampled(_as_wished(files, without)), problem=problem)
    return FileInspection(files=files, formats=formats, problem=problem)


def _as_wished(files: tuple[FileSource, ...], wishes: FileOptions) -> FileReading:
    """As is wished, as far as it is: the name of a field, and those of columns, may be typed later."""
    is_by_field = wishes.ids is IdRule.FIELD
    ids = None if is_by_field and not wishes.id_field else wishes.ids
    names = () if wishes.has_header else wishes.names
    return recognised(
        files,
        msgspec.structs.replace(wishes, ids=ids, id_field=wishes.id_field if is_by_field else "", names=names),
    )


def _formats(files: tuple[FileSource, ...]) -> tuple[FileFormat | None, ...]:
    """As what each of the first files is recognised by itself."""
    found: list[FileFormat | None] = []
    for file in files[:_FILES]:
        try:
            found.append(_judged(file, FileOptions()).format)
        except ProblemError:
            found.append(None)
    return tuple(found)


def create_body(sample: FileSample) -> str:
    """The body that makes an index as it was guessed: JSON that a person can read and edit."""
    body: dict[str, Any] = {"settings": {}, "mappings": {"properties": properties(sample.guesses)}}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode()


def typed(reading: FileReading, create: str) -> FileReading:
    """How files are read, the cells of a table as the mapping in `create` wants them: a person may have edited that."""
    if not reading.columns or not create:
        return reading
    wanted = entries(create)
    columns = tuple(
        TableColumn(
            name=column.name,
            type=wanted.get(field_of(column.name), {}).get("type", column.type) if column.type else "",
        )
        for column in reading.columns
    )
    return msgspec.structs.replace(reading, columns=columns)


@dataclass(frozen=True)
class _SampledRows:
    """Good rows with their files, bad ones, files that are not empty and have none, and how many were passed over."""

    rows: list[tuple[str, FileRow]]
    errors: list[RowError]
    unread: list[str]
    passed: int


def _read(reading: FileReading) -> _SampledRows:
    """The first rows of the first files."""
    rows: list[tuple[str, FileRow]] = []
    errors: list[RowError] = []
    unread: list[str] = []
    all_passed = 0
    files = reading.files[:_FILES]
    each = max(20, ROWS // max(1, len(files)))
    for file in files:
        pages = FilePages(msgspec.structs.replace(reading, files=(file,)), RowPosition(), b"sample")
        try:
            page = pages.next(each, _BYTES // len(files))
            empty, passed = (page.unread, page.passed) if page is not None else pages.beside()
        finally:
            pages.close()
        unread += empty
        all_passed += passed
        for row in page.rows if page is not None else ():
            if row.error:
                errors.append(RowError(path=file.path, line=row.line, reason=row.error))
            else:
                rows.append((file.path, row))
    return _SampledRows(rows, errors, unread, all_passed)


def _must_have_id_column(reading: FileReading) -> None:
    for file in reading.files[:_FILES]:
        names = header(reading, file)
        if reading.ids is IdRule.FIELD and names and position_of(reading.id_field, names) < 0:
            which = "The table" if len(reading.files) == 1 else clean(file.path, 300)
            raise ProblemError.of(
                Cause.USAGE,
                f"{which} has no column {clean(reading.id_field, 100)} to take the _id from.",
                why=f"Its columns are: {clean(', '.join(names), 500)}.",
                todo="Name one of these (--id-field).",
            )


def _columns(reading: FileReading, found: tuple[FieldGuess, ...]) -> tuple[TableColumn, ...]:
    """The columns of all files, in the order in which they come; those that no document can hold are left out of it."""
    types = {guess.field: guess.type for guess in found}
    names = dict.fromkeys(name for file in reading.files[:_FILES] for name in header(reading, file))
    return tuple(
        TableColumn(name=name, type="" if name in UNFIT else types.get(field_of(name), "") or "keyword")
        for name in names
    )
