"""Hits that somebody saved: dumps of every age, responses, arrays; routing, several indices, and an _id within."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from esmigrate_tui.model.files import FileFormat, FileOptions, FileReading, FileRow, IdRule
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.reading.hits import HitsParser
from esmigrate_tui.reading.identity import IdAssigner
from esmigrate_tui.reading.json_lines import BulkParser, DumpParser
from esmigrate_tui.reading.members import taken_out
from esmigrate_tui.reading.open_file import found_files
from esmigrate_tui.reading.pages import FilePages, RowPosition
from esmigrate_tui.reading.sample import create_body, recognised, sampled

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OWN = IdAssigner(IdRule.OWN)


def hit(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # any member of a hit
    return {"_index": "i", "_type": "_doc", "_id": name, "_score": 1.0, "_source": {"n": name}} | more


def response(*hits: dict[str, Any]) -> dict[str, Any]:
    found = {"total": {"value": len(hits), "relation": "eq"}, "max_score": 1.0, "hits": list(hits)}
    top = {"top": {"hits": {"total": 1, "hits": [hit("not-this-one")]}}}
    return {"took": 1, "timed_out": False, "_shards": {"total": 1}, "hits": found, "aggregations": top}


def read(folder: Path, text: str | bytes, wishes: FileOptions | None = None, name: str = "a.json") -> FileReading:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return recognised(found_files([str(folder / name)]), wishes)


def rows_of(reading: FileReading, place: RowPosition = RowPosition()) -> tuple[list[FileRow], list[RowPosition], int]:  # noqa: B008  # it is frozen
    pages = FilePages(reading, place, b"run")
    rows: list[FileRow] = []
    places: list[RowPosition] = []
    passed = 0
    while (page := pages.next(50, 10_000_000)) is not None:
        rows += page.rows
        places.append(page.place)
        passed += page.passed
    pages.close()
    return rows, places, passed + pages.beside()[1]


def ids(rows: Iterable[FileRow]) -> list[tuple[str, str | None]]:
    return [(row.id, row.routing) for row in rows if not row.error]


SAVED = {
    "response": lambda hits: json.dumps(response(*hits)),
    "pretty response": lambda hits: json.dumps(response(*hits), indent=2),
    "responses one after another": lambda hits: "\n".join(json.dumps(response(one)) for one in hits),
    "several searches": lambda hits: json.dumps({"took": 1, "responses": [response(one) for one in hits]}),
    "asynchronous search": lambda hits: json.dumps({"id": "x", "is_running": False, "response": response(*hits)}),
    "array": lambda hits: json.dumps(list(hits)),
    "pretty array": lambda hits: json.dumps(list(hits), indent=1),
    "one below another": lambda hits: "\n".join(json.dumps(one, indent=2) for one in hits),
    "multi get": lambda hits: json.dumps({"docs": list(hits)}),
}


@pytest.mark.parametrize("kind", SAVED)
def test_hits_that_were_saved_are_documents_with_their_ids(kind: str, tmp_path: Path) -> None:
    hits = [hit(str(n), _routing="r" if n else None) for n in range(120)]
    reading = read(tmp_path, SAVED[kind](hits))
    rows, places, _ = rows_of(reading)
    assert reading.format is FileFormat.HITS
    assert reading.ids is IdRule.OWN
    assert [(row.id, json.loads(row.source), row.error) for row in rows] == [
        (str(n), {"n": str(n)}, "") for n in range(120)
    ]
    assert rows[1].routing == "r"
    assert rows_of(reading, places[0])[0] == rows[50:]


def test_an_ordinary_document_with_hits_in_it_stays_one(tmp_path: Path) -> None:
    reading = read(tmp_path, '{"hits":{"hits":[1]},"song":"x"}\n')
    assert reading.format is FileFormat.NDJSON
    assert [row.source for row in rows_of(reading)[0]] == [b'{"hits":{"hits":[1]},"song":"x"}']


def test_what_is_no_hit_among_hits_is_told_with_its_line() -> None:
    parser = HitsParser(OWN)
    rows = [
        *parser.feed(b'[{"_id":"1","_source":{"n":1}},\n7,\n{"_id":"2"},\n{"_id":"3","_source":{"n":'),
        *parser.end(),
    ]
    assert ids(rows) == [("1", None)]
    assert [(row.line, row.error) for row in rows if row.error] == [
        (2, "it is no hit of a search: it is no JSON object"),
        (3, "it has no _source"),
        (4, "the file ends within it"),
    ]


@given(data=st.text(st.sampled_from('{}[],:"\\ \nhits1_sourceid')).map(str.encode) | st.binary(), at=st.integers(1, 9))
def test_however_hits_are_cut_they_give_the_same_rows(data: bytes, at: int) -> None:
    whole, cut = HitsParser(OWN), HitsParser(OWN)
    pieces = [data[first : first + at] for first in range(0, len(data), at)]
    told = [*whole.feed(data), *whole.end()]
    assert [*itertools.chain(*(cut.feed(piece) for piece in pieces)), *cut.end()] == told


# -- routing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beside", "routing"),
    [
        ({"_routing": "R"}, "R"),
        ({"routing": "R"}, "R"),
        ({"fields": {"_routing": "R"}}, "R"),
        ({"fields": {"_routing": ["R"], "title": ["x"]}}, "R"),
        ({"fields": {"_parent": "P"}}, "P"),
        ({"fields": {"_parent": "P", "_routing": "R"}}, "R"),
        ({"_parent": "P"}, "P"),
        ({"parent": 5}, "5"),
        ({"_parent": "P", "_routing": "R"}, "R"),
        ({"fields": {"title": ["x"]}}, None),
    ],
)
def test_a_dump_of_any_age_keeps_the_routing(beside: dict[str, Any], routing: str | None) -> None:
    [row] = DumpParser(OWN).feed(json.dumps(hit("1", **beside)).encode() + b"\n")
    assert (row.id, row.routing, row.error) == ("1", routing, "")


@pytest.mark.parametrize(
    ("beside", "routing"),
    [({"routing": "R"}, "R"), ({"_routing": "R"}, "R"), ({"parent": "P"}, "P"), ({"_parent": "P"}, "P")],
)
def test_a_bulk_of_any_age_keeps_the_routing(beside: dict[str, Any], routing: str) -> None:
    action = json.dumps({"index": {"_index": "i", "_type": "t", "_id": "1", **beside}}).encode()
    [row] = BulkParser(OWN).feed(action + b'\n{"n":1}\n')
    assert (row.id, row.routing, row.index) == ("1", routing, "i")


def test_a_dumped_document_that_the_library_does_not_read_comes_all_the_same() -> None:
    [row] = DumpParser(OWN).feed(b'{"_index":"i","_id":"1","_source":{"t":"\\ud800"},"_routing":"r"}\n')
    assert (row.id, row.routing, row.source) == ("1", "r", b'{"t":"\\ud800"}')


# -- several indices -------------------------------------------------------------------------------------------------


def of_two(kind: str) -> str:
    if kind == "bulk":
        return "".join(f'{{"index":{{"_index":"{"ab"[n % 2]}","_id":"{n}"}}}}\n{{"n":{n}}}\n' for n in range(6))
    return "".join(json.dumps(hit(str(n), _index="ab"[n % 2])) + "\n" for n in range(6))


@pytest.mark.parametrize("kind", ["bulk", "dump"])
def test_documents_of_two_indices_are_not_mixed_unasked(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"documents of 2 indices: a \(3\), b \(3\)") as refused:
        sampled(read(tmp_path, of_two(kind)))
    assert "--from-index a" in refused.value.problem.todo


@pytest.mark.parametrize("kind", ["bulk", "dump"])
@pytest.mark.parametrize(("wanted", "found", "passed"), [("a", "024", 3), ("b*", "135", 3), ("*", "012345", 0)])
def test_the_documents_of_one_index_are_read_where_that_is_asked_for(
    kind: str, wanted: str, found: str, passed: int, tmp_path: Path
) -> None:
    sample = sampled(read(tmp_path, of_two(kind), FileOptions(from_index=wanted)))
    rows, _, left = rows_of(sample.reading)
    assert ids(rows) == [(one, None) for one in found]
    assert (left, sample.passed) == (passed, passed)


def test_a_document_of_another_index_that_comes_late_is_rejected(tmp_path: Path) -> None:
    lines = "".join(json.dumps(hit(str(n), _index="a" if n < 1_500 else "b")) + "\n" for n in range(1_501))
    reading = sampled(read(tmp_path, lines)).reading
    rows, _, _ = rows_of(reading)
    assert len(ids(rows)) == 1_500
    assert (rows[-1].line, "it is of the index b, and the first rows of a" in rows[-1].error) == (1_501, True)


# -- an _id within documents -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "name", "rest"),
    [
        (b'{"_id":{"$oid":"5f1a"},"n":1.10}', "5f1a", b'{"n":1.10}'),
        (b'{"n": 1, "_id" : "x" }', "x", b'{"n": 1}'),
        (b'{"n":1,"_id":7,"m":{"_id":8}}', "7", b'{"n":1,"m":{"_id":8}}'),
        (b'{"_id":{"$numberLong":"12345678901"}}', "12345678901", b"{}"),
    ],
)
def test_an_id_within_a_document_is_its_id_and_is_taken_out(
    line: bytes, name: str, rest: bytes, tmp_path: Path
) -> None:
    sample = sampled(read(tmp_path, line + b"\n", name="a.ndjson"))
    [row] = rows_of(sample.reading)[0]
    assert (row.id, row.source, row.error) == (name, rest, "")
    assert sample.reading.ids is IdRule.OWN
    assert "_id" not in json.loads(create_body(sample))["mappings"]["properties"]


def test_an_array_of_documents_with_ids_gives_them_up(tmp_path: Path) -> None:
    rows, _, _ = rows_of(sampled(read(tmp_path, '[{"_id":"a","n":1},\n{"_id":"b","n":2}]')).reading)
    assert [(row.id, row.source) for row in rows] == [("a", b'{"n":1}'), ("b", b'{"n":2}')]


def test_one_row_with_an_id_among_others_keeps_it_and_the_others_get_new_ones(tmp_path: Path) -> None:
    lines = "".join(f'{{"n":{n}}}\n' for n in range(200)) + '{"_id":"x","n":200}\n'
    sample = sampled(read(tmp_path, lines, name="a.ndjson"))
    rows, _, _ = rows_of(sample.reading)
    assert rows[-1].id == "x"
    assert not any(b"_id" in row.source for row in rows)
    assert sample.new_ids == 200


def test_a_table_with_a_column_of_ids_gives_them_up(tmp_path: Path) -> None:
    table = "_id,_index,_score,_routing,n\nx,i,1.5,r,1\n,i,1.5,,2\n"
    sample = sampled(read(tmp_path, table, name="a.csv"))
    rows, _, _ = rows_of(sample.reading)
    assert ids(rows)[0] == ("x", "r")
    assert [json.loads(row.source) for row in rows] == [{"_score": 1.5, "n": 1}, {"_score": 1.5, "n": 2}]
    assert rows[1].routing is None
    assert {column.name for column in sample.reading.columns if not column.type} == {"_id", "_index", "_routing"}


def test_the_column_of_ids_can_be_asked_for_by_name(tmp_path: Path) -> None:
    wishes = FileOptions(ids=IdRule.FIELD, id_field="_id")
    rows, _, _ = rows_of(sampled(read(tmp_path, "_id,n\nx,1\n,2\n", wishes, "a.csv")).reading)
    assert ids(rows) == [("x", None)]
    assert rows[1].error == "the field _id, which the _id is taken from, is missing or empty"
    rows, _, _ = rows_of(sampled(read(tmp_path, '{"_id":{"$oid":"5f"},"n":1}\n', wishes, "a.ndjson")).reading)
    assert [(row.id, row.source) for row in rows] == [("5f", b'{"n":1}')]


@pytest.mark.parametrize("rule", [IdRule.NEW, IdRule.HASH])
def test_ids_that_are_not_wanted_are_left_out_of_the_documents_too(rule: IdRule, tmp_path: Path) -> None:
    rows, _, _ = rows_of(sampled(read(tmp_path, '{"_id":"x","n":1}\n', FileOptions(ids=rule), "a.ndjson")).reading)
    assert rows[0].id != "x"
    assert rows[0].source == b'{"n":1}'


def test_columns_of_ids_and_routing_in_parquet_are_no_fields(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"_id": ["a", None], "_routing": ["r", None], "n": [1, 2]}), tmp_path / "a.parquet")
    reading = recognised(found_files([str(tmp_path / "a.parquet")]))
    rows, _, _ = rows_of(sampled(reading).reading)
    assert ids(rows)[0] == ("a", "r")
    assert [row.source for row in rows] == [b'{"n":1}', b'{"n":2}']
    assert len(rows[1].id) == 20


def test_an_id_that_says_something_else_than_the_one_beside_it_is_left_to_the_destination() -> None:
    lines = b'{"_id":"1","_source":{"_id":"1","n":1}}\n{"_id":"1","_source":{"_id":"2","n":1}}\n'
    assert [row.source for row in DumpParser(OWN).feed(lines)] == [b'{"n":1}', b'{"_id":"2","n":1}']


@given(
    before=st.dictionaries(st.text(), st.integers() | st.lists(st.text()) | st.dictionaries(st.text(), st.text())),
    value=st.text() | st.integers() | st.dictionaries(st.just("$oid"), st.text()),
    after=st.dictionaries(st.text(), st.integers() | st.text()),
    indent=st.sampled_from([None, 2]),
)
def test_a_member_is_taken_out_wherever_it_stands(
    before: dict[str, Any], value: object, after: dict[str, Any], indent: int | None
) -> None:
    before.pop("_id", None)
    others = before | {name: one for name, one in after.items() if name != "_id"}
    whole = before | {"_id": value} | others
    rest, taken = taken_out(json.dumps(whole, indent=indent).encode(), b'"_id"')
    assert taken is not None
    assert json.loads(taken) == value
    assert json.loads(rest) == {name: one for name, one in whole.items() if name != "_id"}
