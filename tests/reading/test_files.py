"""Files on the disk: found, told apart, unpacked, read from any place on."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet

from esmigrate_tui.model.files import Compression, FileFormat, FileOptions, FileReading, FileRow, IdRule, TableColumn
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.reading.open_file import file_source, found_files, what_changed
from esmigrate_tui.reading.pages import FilePages, RowPosition
from esmigrate_tui.reading.sample import create_body, inspect_files, recognised, sampled, typed
from esmigrate_tui.reading.sniff import delimiter_of, encoding_of, format_of

if TYPE_CHECKING:
    from pathlib import Path

LINES = b"".join(b'{"n":%d,"text":"%b"}\n' % (n, b"x" * (n % 50)) for n in range(3_000))
PACKED = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def written(folder: Path, name: str, data: bytes) -> FileReading:
    path = folder / name
    path.write_bytes(data)
    return recognised(found_files([str(path)]))


BEGINNING = RowPosition()


def rows_from(
    reading: FileReading, place: RowPosition = BEGINNING, most: int = 10_000
) -> tuple[list[FileRow], list[RowPosition]]:
    pages = FilePages(reading, place, b"run")
    rows: list[FileRow] = []
    places: list[RowPosition] = []
    try:
        while (page := pages.next(500, most)) is not None:
            rows += page.rows
            places.append(page.place)
        return rows, [*places, pages.place]
    finally:
        pages.close()


@pytest.mark.parametrize("packing", PACKED)
def test_what_is_packed_reads_as_what_is_not(packing: str, tmp_path: Path) -> None:
    reading = written(tmp_path, "a.ndjson.any", PACKED[packing](LINES))
    rows, places = rows_from(reading)
    assert [json.loads(row.source)["n"] for row in rows] == list(range(3_000))
    assert places[-1].bytes == reading.size
    assert [place.bytes for place in places] == sorted(place.bytes for place in places)


@pytest.mark.parametrize("packing", PACKED)
def test_a_file_is_taken_up_at_the_end_of_any_page(packing: str, tmp_path: Path) -> None:
    reading = written(tmp_path, "a.ndjson", PACKED[packing](LINES))
    rows, places = rows_from(reading)
    for place in places[::7]:
        left, _ = rows_from(reading, place)
        assert left == [row for row in rows if place.file == 0 and row.end > place.offset]


def test_a_table_is_taken_up_with_its_columns(tmp_path: Path) -> None:
    table = "a,b\n" + "".join(f'{n},"x\n{n}"\n' for n in range(2_000))
    reading = written(tmp_path, "a.csv.gz", gzip.compress(table.encode()))
    rows, places = rows_from(reading)
    assert rows_from(reading, places[3])[0] == [row for row in rows if row.end > places[3].offset]


def test_several_files_come_one_after_another(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("y,x\n3,4\n")
    reading = written(tmp_path, "a.csv", b"x,y\n1,2\n")
    reading = recognised(found_files([str(tmp_path / "*.csv")]))
    rows, _ = rows_from(reading)
    assert [json.loads(row.source) for row in rows] == [{"x": "1", "y": "2"}, {"y": "3", "x": "4"}]
    assert reading.label == "a.csv and 1 more file"


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_packed_pieces_one_after_another_are_one_file(packing: str, tmp_path: Path) -> None:
    reading = written(tmp_path, "a.ndjson", PACKED[packing](LINES) + PACKED[packing](b'{"n":3000}\n'))
    assert [json.loads(row.source)["n"] for row in rows_from(reading)[0]] == list(range(3_001))


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_a_packed_file_that_was_cut_gives_what_is_there_and_says_so(packing: str, tmp_path: Path) -> None:
    noise = b"".join(b'{"n":%d,"h":"%d"}\n' % (n, hash((n, "x"))) for n in range(30_000))
    data = PACKED[packing](noise)
    reading = written(tmp_path, "a.ndjson", data[: len(data) // 2])
    rows, places = rows_from(reading)
    *good, last = rows
    assert 100 < len(good) < 30_000
    assert "cannot be unpacked any further" in last.error
    assert places[-1].file == 1


def test_parquet_gives_its_rows_as_json_and_is_taken_up_by_row(tmp_path: Path) -> None:
    table = pa.table({"n": list(range(5_000)), "t": ["x", None] * 2_500, "l": [[1, 2]] * 5_000})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=1_000)
    reading = recognised(found_files([str(tmp_path / "a.parquet")]))
    rows, places = rows_from(reading)
    assert reading.format is FileFormat.PARQUET
    assert json.loads(rows[1].source) == {"n": 1, "l": [1, 2]}
    assert [json.loads(row.source)["n"] for row in rows] == list(range(5_000))
    assert rows_from(reading, places[6])[0] == rows[places[6].offset :]


@pytest.mark.slow
def test_many_rows_are_read_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("a,b\n")
        for n in range(200_000):
            file.write(f'{n},"some text {n}"\n')
    reading = recognised(found_files([str(path)]))
    pages = FilePages(reading, RowPosition(), b"run")
    tracemalloc.start()
    amount = 0
    while (page := pages.next(5_000, 3_000_000)) is not None:
        amount += len(page.rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert amount == 200_000
    assert peak < 16 * 1024 * 1024


# -- told apart ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "name", "kind"),
    [
        (b'{"a":1}\n{"a":2}\n', "x", FileFormat.NDJSON),
        (b'\n [\n{"a":1}]', "x.ndjson", FileFormat.JSON),
        (b'{\n  "a": 1\n}\n{"a":2}', "x.json", FileFormat.JSON),
        (b'{"a":1\n{"a":2}\n', "x.json", FileFormat.NDJSON),
        (b'{"index":{"_id":"1"}}\n{"a":1}\n', "x.json", FileFormat.BULK),
        (b'{"_index":"i","_id":"1","_source":{"a":1}}\n', "x.json", FileFormat.ELASTICDUMP),
        (b"a,b\n1,2\n", "x.csv.gz", FileFormat.CSV),
        (b"a\tb\n1\t2\n", "x.tsv.gz", FileFormat.TSV),
        (b"PAR1....", "x", FileFormat.PARQUET),
        (b'\xef\xbb\xbf{"a":1}', "x", FileFormat.NDJSON),
    ],
)
def test_formats_are_told_apart_by_what_is_in_them(start: bytes, name: str, kind: FileFormat) -> None:
    assert format_of(start, name) is kind


@pytest.mark.parametrize(
    ("start", "delimiter"),
    [(b"a;b;c\n1,5;2;3\n4;5;6\n", ";"), (b'a,b\n"x;y;z",2\n', ","), (b"a|b\n1|2\n", "|"), (b"only\n1\n", ",")],
)
def test_the_delimiter_is_what_the_lines_have_evenly(start: bytes, delimiter: str) -> None:
    assert delimiter_of(start) == delimiter


def test_a_cut_character_is_no_proof_against_utf_8() -> None:
    assert encoding_of("größe".encode()[:4]) == "utf-8"


def test_files_of_two_kinds_make_two_plans(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.json").write_text('{"a":1}\n')
    with pytest.raises(ProblemError, match="read in one way"):
        recognised(found_files([str(tmp_path / "*")]))


def test_a_pattern_without_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="There is no file"):
        found_files([str(tmp_path / "*.csv")])


def test_a_home_of_nobody_is_a_file_that_is_not_there() -> None:
    with pytest.raises(ProblemError, match="There is no file ~nobody-here/a"):
        inspect_files("~nobody-here/a.csv", FileOptions())


def test_a_file_that_was_changed_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    known = file_source(str(path))
    assert what_changed([known]) == ""
    path.write_text("a\n2\n3\n")
    assert "was changed" in what_changed([known])
    path.unlink()
    assert "cannot be read" in what_changed([known])
    assert known.compression is Compression.NONE


# -- samples ---------------------------------------------------------------------------------------------------------


def body_of(reading: FileReading) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(create_body(sampled(reading)))
    return found


def test_a_sample_has_rows_types_and_what_is_bad(tmp_path: Path) -> None:
    reading = written(tmp_path, "a.csv", b"n,when\n1,2024-01-01\n2\n3,2024-01-02\n")
    sample = sampled(reading)
    assert [row.source for row in sample.rows] == [b'{"n":1,"when":"2024-01-01"}', b'{"n":3,"when":"2024-01-02"}']
    assert [(error.line, error.reason[:8]) for error in sample.errors] == [(3, "it has 1")]
    assert (sample.amount, sample.bad) == (3, 1)
    assert body_of(reading)["mappings"]["properties"]["n"] == {"type": "long"}
    assert sample.reading.columns == (TableColumn(name="n", type="long"), TableColumn(name="when", type="date"))


def test_cells_follow_a_mapping_that_was_edited(tmp_path: Path) -> None:
    reading = sampled(written(tmp_path, "a.csv", b"n\n1\n")).reading
    edited = typed(reading, '{"mappings":{"properties":{"n":{"type":"keyword"}}}}')
    assert [row.source for row in rows_from(edited)[0]] == [b'{"n":"1"}']


def test_ids_that_come_twice_are_seen_in_the_sample(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,x\n1,a\n2,b\n1,c\n")
    reading = recognised(found_files([str(tmp_path / "a.csv")]), FileOptions(ids=IdRule.FIELD, id_field="n"))
    assert sampled(reading).repeated_ids == ("1",)


def test_a_column_that_is_not_there_cannot_give_ids(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n\n1\n")
    reading = recognised(found_files([str(tmp_path / "a.csv")]), FileOptions(ids=IdRule.FIELD, id_field="id"))
    with pytest.raises(ProblemError, match="no column id"):
        sampled(reading)
