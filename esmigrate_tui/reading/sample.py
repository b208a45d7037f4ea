"""The first rows of the files: what a person looks at before anything is written, and what preflight asks."""

from __future__ import annotations

import contextlib
import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.files import Column, FileFormat, FileLook, FileWishes, Guess, IdRule, Reading, RowError, Sample
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.guess import documents_of, guesses, properties
from esmigrate_tui.reading.opened import CutShortError, Opened, found_files, named
from esmigrate_tui.reading.pages import Pages, Place, header
from esmigrate_tui.reading.sniff import delimiter_of, encoding_of, format_of

if TYPE_CHECKING:
    from esmigrate_tui.model.files import FileSource, Row

ROWS: Final = 1_000
"""Rows that are looked at, of all files together; of each file some."""
_BYTES: Final = 8 * 1024 * 1024
_START: Final = 64 * 1024
_FILES: Final = 50
_SHOWN: Final = 5
_ERRORS: Final = 20


def start_of(file: FileSource) -> bytes:
    """The first bytes of a file, unpacked; raises ProblemError."""
    opened = Opened(file)
    try:
        return opened.read(_START)
    except CutShortError as error:
        raise ProblemError(
            Problem(
                cause=Cause.STATE,
                what=f"The file {clean(file.path, 500)} cannot be unpacked: {error}.",
                todo="See that it is whole.",
            )
        ) from None
    finally:
        opened.close()


def recognised(files: tuple[FileSource, ...], wishes: FileWishes | None = None, pipeline: str = "") -> Reading:
    """How files are to be read: as somebody says, the rest by the first bytes of each. Raises ProblemError."""
    wishes = wishes or FileWishes()
    starts = [(file, start_of(file)) for file in files[:_FILES]]
    kinds = {file.path: wishes.format or format_of(start, file.path) for file, start in starts}
    found = list(dict.fromkeys(kinds.values()))
    if len(found) > 1:
        odd = next(path for path, one in kinds.items() if one is not found[0])
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what=f"{clean(odd, 300)} looks like {found[1]}, {clean(files[0].path, 300)} like {found[0]}.",
                why="The files of one plan are read in one way.",
                todo="Make a plan for each, or say what they are (--format).",
            )
        )
    [chosen] = found
    if wishes.names and not chosen.has_columns:
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what=f"{clean(files[0].path, 300)} is {chosen}, which has no columns to be named.",
                todo="Name columns of tables of text alone, or say what the files are (--format).",
            )
        )
    is_utf8 = all(encoding_of(start) == "utf-8" for _, start in starts)
    delimiter = wishes.delimiter
    if not delimiter:
        delimiter = "\t" if chosen is FileFormat.TSV else delimiter_of(starts[0][1])
    return Reading(
        format=chosen,
        files=files,
        encoding=(wishes.encoding or ("utf-8" if is_utf8 else "latin-1")) if chosen.has_columns else "utf-8",
        delimiter=delimiter if chosen.has_columns else ",",
        has_header=(wishes.has_header and not wishes.names) or not chosen.has_columns,
        names=wishes.names,
        ids=wishes.ids or (IdRule.OWN if chosen.has_ids else IdRule.NEW),
        id_field=wishes.id_field,
        pipeline=pipeline,
    )


def sampled(reading: Reading) -> Sample:
    """The first rows of each file as they will be sent, what their fields most likely are, and the rows that are bad.

    The columns of a table that has none in `reading` get their types from what is guessed.
    """
    known, found = reading, tuple(Guess(field=column.name, type=column.type) for column in reading.columns)
    if reading.format.has_columns and not reading.columns:
        _must_have_id_column(reading)
        texts, _, _ = _read(reading)
        found = guesses(documents_of(row.source for _, row in texts), from_text=True)
        known = msgspec.structs.replace(reading, columns=_columns(reading, found))
    rows, errors, amount = _read(known)
    if not reading.format.has_columns:
        found = guesses(documents_of(row.source for _, row in rows))
    ids = Counter(row.id for _, row in rows)
    return Sample(
        reading=known,
        rows=tuple(row for _, row in rows[:_SHOWN]),
        guesses=found,
        errors=tuple(errors[:_ERRORS]),
        bad=len(errors),
        amount=amount,
        repeated_ids=tuple(name for name, times in ids.items() if times > 1),
    )


def patterns_of(typed: str) -> tuple[str, ...]:
    """The paths and patterns in a line, as a shell takes them apart; raises ProblemError (usage) for an open quote."""
    try:
        return tuple(shlex.split(typed))
    except ValueError:
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what="A quote is opened and not closed.",
                todo="Quotes go around a path that has blanks in it: 'my files/*.csv'.",
            )
        ) from None


def looked_at(typed: str, wishes: FileWishes) -> FileLook:
    """What the files that a line names show, read as somebody wishes; raises ProblemError where one names none."""
    is_one_path = bool(typed.strip()) and named(typed.strip()).is_file()  # blanks and all
    files = found_files([typed.strip()] if is_one_path else patterns_of(typed))
    try:
        reading = _as_wished(files, wishes)
    except ProblemError as error:
        return FileLook(files=files, formats=_formats(files), problem=error.problem)
    formats = (reading.format,) * len(files)
    try:
        return FileLook(files=files, formats=formats, sample=sampled(reading))
    except ProblemError as error:
        problem = error.problem
    with contextlib.suppress(ProblemError):  # it may be more than the _id that is wrong
        without = msgspec.structs.replace(wishes, ids=None, id_field="")
        return FileLook(files=files, formats=formats, sample=sampled(_as_wished(files, without)), problem=problem)
    return FileLook(files=files, formats=formats, problem=problem)


def _as_wished(files: tuple[FileSource, ...], wishes: FileWishes) -> Reading:
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
            found.append(format_of(start_of(file), file.path))
        except ProblemError:
            found.append(None)
    return tuple(found)


def create_body(sample: Sample) -> str:
    """The body that makes an index as it was guessed: JSON that a person can read and edit."""
    body: dict[str, Any] = {"settings": {}, "mappings": {"properties": properties(sample.guesses)}}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode()


def typed(reading: Reading, create: str) -> Reading:
    """How files are read, the cells of a table as the mapping in `create` wants them: a person may have edited that."""
    if not reading.columns or not create:
        return reading
    wanted = msgspec.json.decode(create).get("mappings", {}).get("properties", {})
    columns = tuple(
        Column(name=column.name, type=wanted.get(column.name, {}).get("type", column.type) if column.type else "")
        for column in reading.columns
    )
    return msgspec.structs.replace(reading, columns=columns)


def _read(reading: Reading) -> tuple[list[tuple[str, Row]], list[RowError], int]:
    """Good rows with their files, bad ones, and how many there were."""
    rows: list[tuple[str, Row]] = []
    errors: list[RowError] = []
    files = reading.files[:_FILES]
    each = max(20, ROWS // max(1, len(files)))
    for file in files:
        pages = Pages(msgspec.structs.replace(reading, files=(file,)), Place(), b"sample")
        try:
            page = pages.next(each, _BYTES // len(files))
        finally:
            pages.close()
        for row in page.rows if page is not None else ():
            if row.error:
                errors.append(RowError(path=file.path, line=row.line, reason=row.error))
            else:
                rows.append((file.path, row))
    return rows, errors, len(rows) + len(errors)


def _must_have_id_column(reading: Reading) -> None:
    names = header(reading, reading.files[0])
    if reading.ids is IdRule.FIELD and names and reading.id_field not in names:
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what=f"The table has no column {clean(reading.id_field, 100)} to take the _id from.",
                why=f"Its columns are: {clean(', '.join(names), 500)}.",
                todo="Name one of these (--id-field).",
            )
        )


def _columns(reading: Reading, found: tuple[Guess, ...]) -> tuple[Column, ...]:
    types = {guess.field: guess.type for guess in found}
    names = header(reading, reading.files[0])
    return tuple(Column(name=name, type=types.get(name, "") or "keyword") for name in names)
