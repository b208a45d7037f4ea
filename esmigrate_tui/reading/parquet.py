"""Parquet, by the library pyarrow where it is installed: rows in batches, as JSON. An offset is a number of rows."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.files import Row
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.identity import Identity, NoIdError
from esmigrate_tui.reading.opened import needs_extra

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH: Final = 2_000  # rows; a row group, which is the least that is read at once, has many more
_encode: Final = msgspec.json.Encoder().encode


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Any]:
    """A Parquet file; raises ProblemError where it is none, or where it turns out to be broken."""
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra that may not be installed
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise ProblemError(needs_extra(path, "pyarrow", "parquet")) from None
    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise ProblemError(
            Problem(
                cause=Cause.STATE,
                what=f"The file {clean(path, 500)} cannot be read as Parquet: {clean(str(error), 200)}.",
                todo="See that it is whole.",
            )
        ) from None


def amount(path: str) -> int:
    """How many rows a file has, by its own word."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def batches(path: str, identity: Identity, offset: int) -> Iterator[list[Row]]:
    """The rows from number `offset` on, batch by batch; raises ProblemError where it is no Parquet file."""
    with _opened(path) as file:
        number, groups = _first_group(file.metadata, offset)
        for batch in file.iter_batches(batch_size=_BATCH, row_groups=groups):
            if number + batch.num_rows > offset:
                documents = batch.to_pylist()
                yield [_row(one, at, identity) for at, one in enumerate(documents, start=number + 1) if at > offset]
            number += batch.num_rows


def _first_group(metadata: Any, offset: int) -> tuple[int, list[int]]:  # noqa: ANN401  # pyarrow has no types
    """How many rows stand before the row group that `offset` is in, and the groups from that one on."""
    before = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if before + rows > offset:
            return before, list(range(group, metadata.num_row_groups))
        before += rows
    return before, []


def _row(document: dict[str, Any], number: int, identity: Identity) -> Row:
    try:
        source = _encode({name: value for name, value in document.items() if value is not None})
        return Row(number, number, number + 1, source, identity.of(source, number))
    except NoIdError as error:
        return Row(number, number, number + 1, error=str(error))
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        return Row(number, number, number + 1, error=f"it cannot be written as JSON: {clean(str(error), 200)}")
