"""Parquet of every type: each value exact, or its row rejected, or it is told that it was left out."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.reading.columns import day, instant
from esmigrate_tui.reading.open_file import found_files
from esmigrate_tui.reading.pages import FilePages, RowPosition
from esmigrate_tui.reading.sample import recognised, sampled

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.model.files import FileRow

_FAR: Final = 253_402_300_800  # seconds from 1970 to the year 10000


def rows_of(folder: Path, table: pa.Table, place: RowPosition = RowPosition(), **options: Any) -> list[FileRow]:  # noqa: ANN401, B008  # as the library has them; it is frozen
    parquet.write_table(table, folder / "a.parquet", **options)
    pages = FilePages(recognised(found_files([str(folder / "a.parquet")])), place, b"run")
    rows: list[FileRow] = []
    while (page := pages.next(500, 1_000_000)) is not None:
        rows += page.rows
    pages.close()
    return rows


def one(folder: Path, values: list[Any], kind: pa.DataType, **options: Any) -> list[bytes]:  # noqa: ANN401  # as above
    rows = rows_of(folder, pa.table({"x": pa.array(values, kind)}), **options)
    assert [row.error for row in rows] == [""] * len(values)
    return [row.source for row in rows]


@pytest.mark.parametrize(
    ("values", "kind", "written"),
    [
        ([1_700_000_000_123_456_789], pa.timestamp("ns"), '"2023-11-14T22:13:20.123456789"'),
        ([1_700_000_000_123_456_789], pa.timestamp("ns", "Europe/Berlin"), '"2023-11-14T22:13:20.123456789Z"'),
        ([-1], pa.timestamp("us"), '"1969-12-31T23:59:59.999999"'),
        ([_FAR * 1_000], pa.timestamp("ms"), '"+10000-01-01T00:00:00"'),
        ([-62_167_219_201], pa.timestamp("s"), '"-0001-12-31T23:59:59"'),
        ([_FAR // 86_400], pa.date32(), '"+10000-01-01"'),
        ([-1], pa.date32(), '"1969-12-31"'),
        ([86_399_000_000_001], pa.time64("ns"), '"23:59:59.000000001"'),
        ([3_661_000], pa.time32("ms"), '"01:01:01"'),
        ([1_000_000_001], pa.duration("ns"), '"PT1.000000001S"'),
        ([-1_500], pa.duration("ms"), '"-PT1.5S"'),
        ([Decimal("12345678901234567890.10")], pa.decimal128(22, 2), "12345678901234567890.10"),
        ([Decimal("-0.0000000000000000000000000000000000000001")], pa.decimal256(50, 40), f"-0.{'0' * 39}1"),
        ([2**64 - 1], pa.uint64(), "18446744073709551615"),
        ([1.5], pa.float16(), "1.5"),
        ([b"\x00\xff"], pa.binary(), '"AP8="'),
        ([[("k", 1), ("l", 2)]], pa.map_(pa.string(), pa.int64()), '{"k":1,"l":2}'),
        ([[(5, "v")]], pa.map_(pa.int32(), pa.string()), '{"5":"v"}'),
        ([{"a": [{"b": 1_700_000_000_000_000_001}]}], None, '{"a":[{"b":1700000000000000001}]}'),
        (["x"], pa.dictionary(pa.int32(), pa.string()), '"x"'),
        ([[1, None, 2]], pa.list_(pa.int64()), "[1,null,2]"),
    ],
)
def test_each_type_is_written_exactly(
    values: list[Any], kind: pa.DataType | None, written: str, tmp_path: Path
) -> None:
    array = pa.array(values, kind)
    assert one(tmp_path, values, array.type) == [f'{{"x":{written}}}'.encode()]


@given(seconds=st.integers(-62_135_596_800, _FAR - 1), micros=st.integers(0, 999_999))
def test_instants_are_those_of_the_calendar(seconds: int, micros: int) -> None:
    then = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
    assert instant(seconds * 1_000_000 + micros, "us") == then.replace(tzinfo=None).isoformat()
    assert day(seconds // 86_400) == (date(1970, 1, 1) + timedelta(days=seconds // 86_400)).isoformat()


def test_instants_of_96_bits_are_exact_wherever_they_are(tmp_path: Path) -> None:
    near, far = 1_700_000_000_123_456_789, -62_135_596_800_000_000  # the year 1, in microseconds
    rows = one(tmp_path, [near], pa.timestamp("ns"), use_deprecated_int96_timestamps=True)
    assert rows == [b'{"x":"2023-11-14T22:13:20.123456789"}']
    rows = one(tmp_path, [far, None, 0], pa.timestamp("us"), use_deprecated_int96_timestamps=True)
    assert rows == [b'{"x":"0001-01-01T00:00:00"}', b"{}", b'{"x":"1970-01-01T00:00:00"}']


def test_a_text_that_is_no_utf_8_rejects_its_row_and_no_other(tmp_path: Path) -> None:
    raw = pa.array([b"a", b"\xff", None, b"d"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 4, raw.buffers())
    rows = rows_of(tmp_path, pa.table({"n": [1, 2, 3, 4], "x": text}))
    assert [(row.source, row.error) for row in rows] == [
        (b'{"n":1,"x":"a"}', ""),
        (b"", "the column x: it is not UTF-8: byte 0xff stands where none can"),
        (b'{"n":3}', ""),
        (b'{"n":4,"x":"d"}', ""),
    ]


def test_a_late_row_that_cannot_be_written_is_one_row(tmp_path: Path) -> None:
    values = [[("k", 1)]] * 3_499 + [[("k", 1), ("k", 2)]] + [[("k", 1)]] * 4
    rows = rows_of(tmp_path, pa.table({"x": pa.array(values, pa.map_(pa.string(), pa.int64()))}))
    assert len(rows) == 3_504
    assert [(row.line, row.error) for row in rows if row.error] == [
        (3_500, "the column x: a map in it has the same name twice")
    ]


def test_values_that_json_does_not_have_are_left_out_and_counted(tmp_path: Path) -> None:
    table = pa.table({"n": [1, 2, 3], "x": [1.5, float("nan"), float("-inf")], "l": [[1.0], [float("inf"), 2.0], []]})
    rows = rows_of(tmp_path, table)
    assert [(json.loads(row.source), row.lost) for row in rows] == [
        ({"n": 1, "x": 1.5, "l": [1.0]}, 0),
        ({"n": 2, "l": [None, 2.0]}, 2),
        ({"n": 3, "l": []}, 1),
    ]
    assert sampled(recognised(found_files([str(tmp_path / "a.parquet")]))).lost == 3


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (pa.table([pa.array([1]), pa.array([2])], names=["x", "x"]), "x"),
        (
            pa.table(
                {
                    "s": pa.StructArray.from_arrays(
                        [pa.array([1]), pa.array([2])], fields=[pa.field("y", pa.int64()), pa.field("y", pa.int64())]
                    )
                }
            ),
            "s.y",
        ),
    ],
    ids=["columns", "members"],
)
def test_two_columns_of_one_name_are_refused(table: pa.Table, name: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=rf"Two columns of .* are called {re.escape(name)}\."):
        rows_of(tmp_path, table)


def test_nested_columns_are_gone_on_with_within_a_batch(tmp_path: Path) -> None:
    table = pa.table(
        {
            "m": pa.array([[(f"k{n}", n)] if n % 3 else None for n in range(5_000)], pa.map_(pa.string(), pa.int64())),
            "s": [{"l": [n] * (n % 4), "t": None} if n % 5 else None for n in range(5_000)],
            "f": pa.array([[n, n] for n in range(5_000)], pa.list_(pa.int64(), 2)),
        }
    )
    rows = rows_of(tmp_path, table, row_group_size=900)
    assert json.loads(rows[4_999].source) == {
        "m": {"k4999": 4_999},
        "s": {"l": [4_999] * 3, "t": None},
        "f": [4_999] * 2,
    }
    assert json.loads(rows[3].source) == {"s": {"l": [3, 3, 3], "t": None}, "f": [3, 3]}
    assert rows_of(tmp_path, table, RowPosition(0, 2_345, 2_346), row_group_size=900) == rows[2_345:]


def test_a_file_that_is_damaged_in_the_middle_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    table = pa.table({"n": list(range(6_000)), "t": [f"text {hash(str(n))}" for n in range(6_000)]})
    rows_of(tmp_path, table, row_group_size=1_000, compression="gzip")
    path = tmp_path / "a.parquet"
    data = bytearray(path.read_bytes())
    at = parquet.ParquetFile(path).metadata.row_group(3).column(0).data_page_offset
    data[at : at + 4_000] = b"\xff" * 4_000
    path.write_bytes(data)
    pages = FilePages(recognised(found_files([str(path)])), RowPosition(), b"run")
    rows: list[FileRow] = []
    while (page := pages.next(500, 1_000_000)) is not None:
        rows += page.rows
    *good, last = rows
    assert [json.loads(row.source)["n"] for row in good] == list(range(len(good)))
    assert 1_000 <= len(good) < 6_000
    assert "the file cannot be read any further" in last.error
