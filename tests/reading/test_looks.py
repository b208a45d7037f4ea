"""A look at files: what a line names, what is recognised, and what stands against it, all in one value."""

from __future__ import annotations

import gzip
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.model.files import FileFormat, FileOptions, IdRule, TableColumn
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.reading.cells import CellConverter
from esmigrate_tui.reading.guess import guesses
from esmigrate_tui.reading.pages import FilePages, RowPosition
from esmigrate_tui.reading.sample import inspect_files, patterns_of

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "id,city\n1,Rome\n2,Bonn\n3\n"


def test_a_path_with_blanks_is_one_path_where_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "my file.csv").write_text(TABLE)
    look = inspect_files(f" {tmp_path}/my file.csv ", FileOptions())
    assert [file.path for file in look.files] == [str(tmp_path / "my file.csv")]


def test_several_patterns_are_taken_apart_as_a_shell_does(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c d.csv"):
        (tmp_path / name).write_text(TABLE)
    look = inspect_files(f"{tmp_path}/a.* {tmp_path}/b.csv '{tmp_path}/c d.csv' {tmp_path}/a.csv", FileOptions())
    assert [file.path.rpartition("/")[2] for file in look.files] == ["a.csv", "b.csv", "c d.csv"]
    assert look.formats == (FileFormat.CSV,) * 3


def test_an_open_quote_is_said() -> None:
    with pytest.raises(ProblemError) as caught:
        patterns_of("'a b")
    assert "not closed" in caught.value.problem.what


def test_files_of_two_kinds_are_listed_each_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(b'{"a":1}\n'))
    (tmp_path / "c.bin").write_bytes(b"\0\1\2")
    look = inspect_files(f"{tmp_path}/a.csv {tmp_path}/b.json.gz", FileOptions())
    assert look.formats == (FileFormat.CSV, FileFormat.NDJSON)
    assert look.problem is not None
    assert look.sample is None
    assert inspect_files(f"{tmp_path}/*", FileOptions()).formats == (FileFormat.CSV, FileFormat.NDJSON, None)


def test_an_id_of_a_column_that_is_not_there_still_shows_the_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    look = inspect_files(str(tmp_path / "a.csv"), FileOptions(ids=IdRule.FIELD, id_field="nr"))
    assert look.problem is not None
    assert "no column nr" in look.problem.what
    assert look.sample is not None
    assert [guess.field for guess in look.sample.guesses] == ["id", "city"]


def test_the_field_of_the_id_may_be_typed_later(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    look = inspect_files(str(tmp_path / "a.csv"), FileOptions(ids=IdRule.FIELD))
    assert look.problem is None
    assert look.sample is not None
    assert (look.sample.amount, look.sample.bad) == (3, 1)


def test_a_guess_has_examples_that_differ() -> None:
    [guess] = guesses([{"a": value} for value in ("x", "x", "y", "z", "w")])
    assert guess.examples == ("x", "y", "z")


def test_what_a_destination_would_guess_goes_by_the_first_value() -> None:
    found = guesses([{"n": 1, "f": 1.5, "d": "01.02.2026", "o": {"p": "x"}, "e": None}, {"n": 2.5}])
    assert {guess.field: (guess.type, guess.dynamic) for guess in found} == {
        "n": ("double", "long"),
        "f": ("double", "float"),
        "d": ("date", "text and keyword"),
        "o": ("object", "object"),
        "o.p": ("keyword", "text and keyword"),
        "e": ("", ""),
    }


def test_a_column_that_is_left_out_is_in_no_document() -> None:
    cells = CellConverter(
        ("a", "b", "c"), (TableColumn(name="a", type="long"), TableColumn(name="b", type=""), TableColumn(name="c"))
    )
    assert cells.document([("1", False), ("2", True), ("x", False)]) == b'{"a":1,"c":"x"}'


def test_a_table_without_a_header_has_columns_by_number_or_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('1,1,"x"\n2,2,y\n3\n')
    path = str(tmp_path / "a.csv")
    numbered = inspect_files(path, FileOptions(has_header=False)).sample
    named = inspect_files(path, FileOptions(has_header=False, names=("id", "n", ""))).sample
    assert numbered is not None
    assert named is not None
    assert [row.source for row in numbered.rows] == [
        b'{"col1":1,"col2":1,"col3":"x"}',
        b'{"col1":2,"col2":2,"col3":"y"}',
    ]
    assert named.rows[0].source == b'{"id":1,"n":1,"column_3":"x"}'
    assert [(error.line, error.reason) for error in named.errors] == [(3, "it has 1 cell, the table has 3 columns")]


def test_a_table_without_a_header_is_taken_up_in_the_middle(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("".join(f"{n},x\n" for n in range(10)))
    look = inspect_files(str(tmp_path / "a.csv"), FileOptions(has_header=False))
    assert look.sample is not None
    with closing(FilePages(look.sample.reading, RowPosition(), b"s")) as pages:
        first = pages.next(4, 10_000)
    assert first is not None
    with closing(FilePages(look.sample.reading, first.place, b"s")) as pages:
        rest = pages.next(100, 10_000)
    assert rest is not None
    assert [row.source for row in (*first.rows, *rest.rows)] == [b'{"col1":%d,"col2":"x"}' % n for n in range(10)]


def test_columns_of_what_is_no_table_cannot_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text('{"a":1}\n')
    look = inspect_files(str(tmp_path / "a.ndjson"), FileOptions(has_header=False, names=("a",)))
    assert look.problem is not None
    assert "has no columns to be named" in look.problem.what


@pytest.mark.parametrize(
    ("value", "said"),
    [('{"b":1}', "neither text nor"), ("[1]", "neither text nor"), ('""', "is missing"), ("null", "is missing")],
)
def test_a_row_whose_id_can_be_none_is_a_bad_row(tmp_path: Path, value: str, said: str) -> None:
    (tmp_path / "a.ndjson").write_text(f'{{"a":1}}\n{{"a":{value}}}\n')
    look = inspect_files(str(tmp_path / "a.ndjson"), FileOptions(ids=IdRule.FIELD, id_field="a"))
    assert look.sample is not None
    assert [error.line for error in look.sample.errors] == [2]
    assert said in look.sample.errors[0].reason


def test_a_look_at_documents_of_several_indices_says_which_and_what_to_do(tmp_path: Path) -> None:
    two = '{"_index":"%s","_id":"1","_source":{"n":1}}\n'
    (tmp_path / "a.json").write_text(two % "a" + two % "b")
    look = inspect_files(str(tmp_path / "a.json"), FileOptions())
    assert look.sample is None
    assert look.formats == (FileFormat.ELASTICDUMP,)
    assert look.problem is not None
    assert "in the wizard Of index" in look.problem.todo
    assert inspect_files(str(tmp_path / "a.json"), FileOptions(from_index="a")).sample is not None
