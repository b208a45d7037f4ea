"""Parquet, by the library pyarrow where it is installed: rows in batches, as JSON. An offset is a number of rows."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.files import FileRow, IdRule
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.columns import NotFinite, NoValue, values
from esmigrate_tui.reading.identity import ID, ROUTING, UNFIT, IdAssigner, NoIdError
from esmigrate_tui.reading.open_file import needs_extra

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BATCH: Final = 2_000  # rows; a row group, which is the least that is read at once, has many more
_INT96: Final = "INT96"
_NANOSECONDS: Final = range(-(2**63) // 1_000, 2**63 // 1_000)  # microseconds that are a number of nanoseconds too


def _errors() -> tuple[type[Exception], ...]:
    """What the library raises where a file is broken."""
    import pyarrow as pa  # noqa: PLC0415  # an extra that may not be installed

    return pa.ArrowException, OSError


@contextlib.contextmanager
def _opened(path: str, **options: str) -> Iterator[Any]:
    """A Parquet file; raises ProblemError where it is none, or where it turns out to be broken."""
    try:
        from pyarrow import parquet  # noqa: PLC0415  # an extra that may not be installed
    except ImportError:
        raise ProblemError(needs_extra(path, "pyarrow", "parquet")) from None
    try:
        with parquet.ParquetFile(path, **options) as file:
            yield file
    except _errors() as error:
        raise ProblemError.of(
            Cause.USAGE,
            f"The file {clean(path, 500)} cannot be read as Parquet: {clean(str(error), 200)}.",
            todo="See that it is whole.",
        ) from None


def amount(path: str) -> int:
    """How many rows a file has, by its own word."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def names(path: str) -> tuple[str, ...]:
    """The columns of a file; raises ProblemError (usage) where one could not be told from another."""
    with _opened(path) as file:
        found = tuple(file.schema_arrow.names)
        twice = _twice(file.schema_arrow)
    if twice:
        raise ProblemError.of(
            Cause.USAGE,
            f"Two columns of {clean(path, 300)} are called {clean(twice, 100)}.",
            why="A document holds a name once; one of the two would be lost.",
            todo="Rename one of them in the file.",
        )
    return found


def _twice(fields: Iterable[Any]) -> str:
    """A name that two columns have, or two members of one; "" where there is none."""
    seen: set[str] = set()
    for field in fields:
        if field.name in seen:
            return str(field.name)
        seen.add(field.name)
        if inner := _twice(field.type.field(at) for at in range(field.type.num_fields)):
            return f"{field.name}.{inner}"
    return ""


def batches(path: str, identity: IdAssigner, offset: int) -> Iterator[list[FileRow]]:
    """The rows from number `offset` on, batch by batch; raises ProblemError where it is no Parquet file."""
    columns, written = names(path), _BatchWriter()
    with _opened(path) as file, _of_old_instants(path, file) as old:
        number, groups = _first_group(file.metadata, offset)
        coarse = old.iter_batches(batch_size=_BATCH, row_groups=groups) if old is not None else None
        fine = file.iter_batches(batch_size=_BATCH, row_groups=groups)
        while True:
            try:
                batch, spare = next(fine, None), next(coarse, None) if coarse is not None else None
            except _errors() as error:
                yield [_broken(max(number, offset) + 1, error)]
                return
            if batch is None:
                return
            if number + batch.num_rows > offset:
                held = [_values(batch, spare, at) for at in range(batch.num_columns)]
                yield [
                    _row(dict(zip(columns, cells, strict=True)), at, identity, written)
                    for at, cells in enumerate(zip(*held, strict=True), start=number + 1)
                    if at > offset
                ]
            number += batch.num_rows


def _broken(number: int, error: Exception) -> FileRow:
    """The bad row that a file is from some row on which cannot be read."""
    why = f"the file cannot be read any further, what comes after this was not read: {clean(str(error), 200)}"
    return FileRow(number, number, number + 1, error=why)


@contextlib.contextmanager
def _of_old_instants(path: str, file: Any) -> Iterator[Any]:  # noqa: ANN401  # pyarrow has no types
    """The same file once more, its instants of 96 bits in microseconds; None where it has none.

    They reach beyond what nanoseconds of 64 bits hold (from 1677 to 2262), and are read as another time there.
    """
    schema = file.schema
    if not any(schema.column(at).physical_type == _INT96 for at in range(len(schema))):
        yield None
        return
    with _opened(path, coerce_int96_timestamp_unit="us") as old:
        yield old


def _values(batch: Any, spare: Any, at: int) -> Sequence[Any]:  # noqa: ANN401  # pyarrow has no types
    """The values of a column; `spare` has its instants in microseconds, for those that nanoseconds do not reach."""
    found = values(batch.column(at))
    if spare is None or spare.column(at).type == batch.column(at).type:
        return found
    import pyarrow as pa  # noqa: PLC0415  # a batch is made by it

    coarse = spare.column(at)
    if not pa.types.is_timestamp(coarse.type):
        return found if found == values(coarse) else values(coarse)  # within others: exact to a microsecond
    rough = coarse.view(pa.int64()).to_pylist()
    return [
        one if micro is None or micro in _NANOSECONDS else other
        for one, micro, other in zip(found, rough, values(coarse), strict=True)
    ]


def _first_group(metadata: Any, offset: int) -> tuple[int, list[int]]:  # noqa: ANN401  # pyarrow has no types
    """How many rows stand before the row group that `offset` is in, and the groups from that one on."""
    before = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if before + rows > offset:
            return before, list(range(group, metadata.num_row_groups))
        before += rows
    return before, []


class _BatchWriter:
    """Writes the rows of a batch; `lost` counts values of the last one that JSON does not have."""

    def __init__(self) -> None:
        self.lost = 0
        self._encoder = msgspec.json.Encoder(enc_hook=self._of_others)

    def row(self, document: dict[str, Any]) -> bytes:
        """The JSON of a row; raises ValueError where a value of it has none."""
        self.lost = 0
        return self._encoder.encode(document)

    def _of_others(self, value: object) -> None:
        if isinstance(value, NotFinite):
            self.lost += 1
            return
        raise TypeError("a value of it is of a kind that JSON does not have")


def _row(document: dict[str, Any], number: int, identity: IdAssigner, written: _BatchWriter) -> FileRow:
    wrong = next(((name, one) for name, one in document.items() if isinstance(one, NoValue)), None)
    if wrong is not None:
        return FileRow(number, number, number + 1, error=f"the column {clean(wrong[0], 100)}: {wrong[1].why}")
    own, routing = document.get(ID), document.get(ROUTING)
    kept = {name: one for name, one in document.items() if one is not None and name not in UNFIT}
    without = [name for name, one in kept.items() if isinstance(one, NotFinite)]
    for name in without:
        del kept[name]
    try:
        source = written.row(kept)
        if identity.rule is not IdRule.FIELD:
            identifier = identity.of_own(own, source, number)
        elif identity.field == ID:
            identifier = identity.of_value(own)
        else:
            identifier = identity.of(source, number).id
    except NoIdError as error:
        return FileRow(number, number, number + 1, error=str(error))
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        return FileRow(number, number, number + 1, error=f"it cannot be written as JSON: {clean(str(error), 200)}")
    return FileRow(
        number,
        number,
        number + 1,
        source,
        identifier,
        None if routing is None else str(routing),
        has_own_id=own is not None,
        lost=written.lost + len(without),
    )
