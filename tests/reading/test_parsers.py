"""Parsers of files, on bytes: how a file is cut into pieces makes no difference, and every row says where it ends."""

from __future__ import annotations

import csv
import io
import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.model.files import FileFormat, FileReading, FileRow, IdRule, TableColumn
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.reading.identity import IdAssigner
from esmigrate_tui.reading.json_lines import JsonLinesParser
from esmigrate_tui.reading.json_values import JsonValuesParser
from esmigrate_tui.reading.lines import LineCutter
from esmigrate_tui.reading.pages import RowPosition, parser_for
from esmigrate_tui.reading.separated import SeparatedParser

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from esmigrate_tui.reading.pages import RowParser

NEW = IdAssigner(IdRule.NEW)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
DOCUMENTS = st.lists(
    st.dictionaries(
        st.text().filter(lambda name: name != "_id"),  # which is taken out of a document: it is no field
        st.recursive(
            SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
        ),
        max_size=4,
    ),
    max_size=6,
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
ANYTHING = st.text(st.sampled_from('{}[],:"\\ \n\rab1é\ufeff')).map(str.encode) | st.binary()
OWN = {FileFormat.BULK, FileFormat.ELASTICDUMP}


def reading(kind: FileFormat, **more: Any) -> FileReading:  # noqa: ANN401  # any field
    return FileReading(format=kind, files=(), ids=IdRule.OWN if kind in OWN else IdRule.NEW, **more)


def new(kind: FileFormat, place: RowPosition = RowPosition(), names: tuple[str, ...] = ()) -> RowParser:  # noqa: B008  # it is frozen
    how = reading(kind)
    return parser_for(how, IdAssigner(how.ids), place, names)


def fed(parser: RowParser, pieces: Iterable[bytes]) -> list[FileRow]:
    rows = [row for piece in pieces for row in parser.feed(piece)]
    return [*rows, *parser.end()]


def cut_at(data: bytes, places: Sequence[int]) -> list[bytes]:
    marks = sorted({min(place, len(data)) for place in places} | {0, len(data)})
    return [data[first:last] for first, last in itertools.pairwise(marks)]


def sources(rows: Iterable[FileRow]) -> list[Any]:
    return [json.loads(row.source) for row in rows if not row.error]


def reasons(rows: Iterable[FileRow]) -> list[tuple[int, str]]:
    return [(row.line, row.error) for row in rows if row.error]


TEXT_FORMATS = [kind for kind in FileFormat if kind is not FileFormat.PARQUET]


@pytest.mark.parametrize("kind", TEXT_FORMATS)
@given(data=ANYTHING, places=st.lists(st.integers(0, 60), max_size=12))
def test_however_a_file_is_cut_it_gives_the_same_rows_and_offsets(
    kind: FileFormat, data: bytes, places: list[int]
) -> None:
    try:
        whole = fed(new(kind), [data])
    except ProblemError:
        with pytest.raises(ProblemError):
            fed(new(kind), cut_at(data, places))
    else:
        assert fed(new(kind), cut_at(data, places)) == whole
        assert fed(new(kind), [data[at : at + 1] for at in range(len(data))]) == whole


@pytest.mark.parametrize("kind", TEXT_FORMATS)
@given(data=ANYTHING, at=st.integers(0, 10))
def test_a_file_that_is_taken_up_after_any_row_gives_the_rows_that_are_left(
    kind: FileFormat, data: bytes, at: int
) -> None:
    parser = new(kind)
    try:
        whole = fed(parser, [data])
    except ProblemError:
        return
    if at >= len(whole):
        return
    names = parser.names if isinstance(parser, SeparatedParser) else ()
    last = whole[at]
    if kind is FileFormat.HITS:  # where a hit is, is known by what stands before it: it is read from the beginning
        assert [row for row in fed(new(kind), [data]) if row.end > last.end] == [r for r in whole if r.end > last.end]
        return
    again = new(kind, RowPosition(0, last.end, last.next_line), names)
    assert fed(again, [data[last.end :]]) == whole[at + 1 :]


@given(documents=DOCUMENTS, places=st.lists(st.integers(0, 500), max_size=5))
def test_documents_come_back_from_lines(documents: list[Any], places: list[int]) -> None:
    lines = [json.dumps(document).encode() for document in documents]
    rows = fed(new(FileFormat.NDJSON), cut_at(b"\n".join(lines), places))
    assert [row.source for row in rows] == lines
    assert [row.line for row in rows] == list(range(1, len(lines) + 1))


@pytest.mark.parametrize("indent", [None, 1])
@given(documents=DOCUMENTS, places=st.lists(st.integers(0, 500), max_size=5))
def test_documents_come_back_from_an_array(indent: int | None, documents: list[Any], places: list[int]) -> None:
    text = json.dumps(documents, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    rows = fed(new(FileFormat.JSON), cut_at(text, places))
    assert [row.error for row in rows] == [""] * len(documents)
    assert sources(rows) == json.loads(text)
    assert not any(b"\n" in row.source for row in rows)


@given(documents=DOCUMENTS)
def test_documents_one_after_another_over_many_lines_come_back(documents: list[Any]) -> None:
    text = "\n".join(json.dumps(document, indent=2) for document in documents).encode()
    rows = fed(new(FileFormat.JSON), [text])
    assert sources(rows) == documents


@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), max_size=5)
    ),
    delimiter=st.sampled_from(",;\t|"),
    ending=st.sampled_from(["\n", "\r\n"]),
    places=st.lists(st.integers(0, 200), max_size=6),
)
def test_cells_come_back_from_a_table_that_python_has_written(
    table: list[list[str]], delimiter: str, ending: str, places: list[int]
) -> None:
    width = len(table[0]) if table else 1
    names = [f"c{position}" for position in range(width)]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows([names, *table])
    parser = SeparatedParser(NEW, (), delimiter=delimiter)
    rows = fed(parser, cut_at(out.getvalue().encode(), places))
    kept = [row for row in table if width > 1 or row[0].strip()]
    assert sources(rows) == [dict(zip(names, row, strict=True)) for row in kept]


# -- what is bad -----------------------------------------------------------------------------------------------------


def test_bad_lines_are_told_and_the_others_come() -> None:
    rows = fed(new(FileFormat.NDJSON), [b'{"a":1}\n{"a":\n[1]\n\n7\n{"a":2}'])
    assert sources(rows) == [{"a": 1}, {"a": 2}]
    assert [line for line, _ in reasons(rows)] == [2, 3, 5]
    assert "not JSON" in reasons(rows)[0][1]


def test_numbers_stay_the_digits_of_the_file() -> None:
    line = b'{"a":1.10,"b":1e3,"c":123456789012345678901234567890,"d":"\\ud800"}'
    assert fed(new(FileFormat.NDJSON), [line])[0].source == line


def test_a_quote_that_is_never_closed_spoils_only_its_own_line() -> None:
    rows = fed(new(FileFormat.CSV), [b'a,b\n1,"open\n2,two\n3,three\n'])
    assert sources(rows) == [{"a": "2", "b": "two"}, {"a": "3", "b": "three"}]
    assert reasons(rows) == [(2, "a quote is opened in it and not closed")]


def test_a_quote_within_a_cell_is_only_a_quote() -> None:
    assert sources(fed(new(FileFormat.CSV), [b'a,b\n3.5" disk,x\n'])) == [{"a": '3.5" disk', "b": "x"}]


def test_a_row_of_another_length_is_told_with_both_lengths() -> None:
    rows = fed(new(FileFormat.CSV), [b"a,b\n1,2,3\n4,5\n6\n"])
    assert sources(rows) == [{"a": "4", "b": "5"}]
    assert reasons(rows) == [
        (2, "it has 3 cells, the table has 2 columns"),
        (4, "it has 1 cell, the table has 2 columns"),
    ]


def test_a_row_over_several_lines_bears_the_number_of_the_first() -> None:
    rows = fed(new(FileFormat.CSV), [b'a,b\n"x\ny\nz",1\nbad\n'])
    assert [(row.line, row.error[:4]) for row in rows] == [(2, ""), (5, "it h")]


def test_what_is_not_in_the_encoding_is_told_with_its_byte() -> None:
    rows = fed(new(FileFormat.CSV), [b"a,b\nm\xfcll,1\nok,2\n"])
    assert reasons(rows) == [(2, "it is not utf-8: byte 0xfc stands where none can")]
    latin = SeparatedParser(NEW, (), encoding="latin-1")
    assert sources(fed(latin, [b"a,b\nm\xfcll,1\n"])) == [{"a": "müll", "b": "1"}]


def test_cells_become_what_their_column_is() -> None:
    columns = [
        TableColumn(name="n", type="long"),
        TableColumn(name="b", type="boolean"),
        TableColumn(name="t", type="keyword"),
    ]
    rows = fed(SeparatedParser(NEW, columns), [b'n,b,t\n007,TRUE,""\n1.10,maybe,\n,,x\n'])
    assert [row.source for row in rows] == [b'{"n":"007","b":true,"t":""}', b'{"n":1.10,"b":"maybe"}', b'{"t":"x"}']


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ProblemError, match="Two columns of the table are called a"):
        fed(new(FileFormat.CSV), [b"a,b,a\n1,2,3\n"])


def test_a_line_that_is_too_long_is_not_held() -> None:
    lines = LineCutter(longest=10)
    held = [*lines.feed(b"short\n" + b"x" * 30), *lines.feed(b"x" * 30 + b"\nnext\n")]
    assert held == [(b"short", 1, 6), (None, 2, 67), (b"next", 3, 72)]


def test_an_array_whose_brackets_cannot_be_followed_is_told_once() -> None:
    parser = JsonValuesParser(NEW, longest=40)
    rows = fed(parser, [b'[{"a":1},\n{"a":"', b"x" * 100, b'"},{"a":2}]'])
    assert sources(rows) == [{"a": 1}]
    assert [line for line, _ in reasons(rows)] == [2]
    assert parser.is_lost


def test_a_file_that_ends_within_a_document_says_so() -> None:
    assert reasons(fed(new(FileFormat.JSON), [b'[{"a":1},\n{"a"'])) == [(2, "the file ends within it")]


# -- formats with ids ------------------------------------------------------------------------------------------------


def test_elasticdump_gives_id_routing_and_the_bytes_of_the_document() -> None:
    lines = b'{"_index":"i","_type":"_doc","_id":"7","_score":1,"_routing":"r","_source":{"n": 1.10}}\n{"_id":"8"}\n'
    rows = fed(new(FileFormat.ELASTICDUMP), [lines])
    assert (rows[0].id, rows[0].routing, rows[0].source) == ("7", "r", b'{"n": 1.10}')
    assert reasons(rows) == [(2, "it has no _source")]


def test_a_bulk_gives_what_is_to_be_written_and_sets_aside_what_is_not() -> None:
    lines = (
        b'{"index":{"_index":"i","_id":"1","routing":"r"}}\n{"n":1}\n{"delete":{"_id":"2"}}\n'
        b'{"create":{"_id":3}}\n{"n":3}\n{"update":{"_id":"4"}}\n{"doc":{}}\n{"index":{}}\n{"n":5}\nnonsense\n'
        b'{"index":{"_id":"6"}}\n'
    )
    rows = fed(new(FileFormat.BULK), [lines])
    good = [row for row in rows if not row.error]
    assert [(row.id, row.routing, row.source) for row in good[:2]] == [("1", "r", b'{"n":1}'), ("3", None, b'{"n":3}')]
    assert len(good[2].id) == 20
    assert [line for line, _ in reasons(rows)] == [3, 6, 10, 11]


def test_ids_are_taken_from_a_field_and_rows_without_it_are_told() -> None:
    identity = IdAssigner(IdRule.FIELD, "a.b")
    rows = fed(JsonLinesParser(identity), [b'{"a":{"b":5}}\n{"a.b":"x"}\n{"a":{"b":null}}\n{"a":{"b":1.5}}\n'])
    assert [row.id for row in rows if not row.error] == ["5", "x"]
    assert [line for line, _ in reasons(rows)] == [3, 4]


def test_a_hash_is_that_of_the_row_alone() -> None:
    first = fed(JsonLinesParser(IdAssigner(IdRule.HASH, salt=b"one")), [b'{"a":1}\n{"a":1}\n{"a":2}\n'])
    again = fed(JsonLinesParser(IdAssigner(IdRule.HASH, salt=b"two")), [b'\n{"a":2}\n{"a":1}'])
    assert first[0].id == first[1].id == again[1].id
    assert first[2].id == again[0].id != first[0].id


def test_a_new_id_is_another_in_each_row_and_run_but_the_same_when_a_run_is_taken_up() -> None:
    data = b'{"a":1}\n{"a":1}\n'
    one, same, other = (
        [row.id for row in fed(JsonLinesParser(IdAssigner(IdRule.NEW, salt=salt)), [data])]
        for salt in (b"r1", b"r1", b"r2")
    )
    assert one == same
    assert len({*one, *other}) == 4
