"""A look at files: what a line names, what is recognised, and what stands against it, all in one value."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.model.files import Column, FileFormat, FileWishes, IdRule
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.reading.cells import Cells
from esmigrate_tui.reading.guess import guesses
from esmigrate_tui.reading.sample import looked_at, patterns_of

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "id,city\n1,Rome\n2,Bonn\n3\n"


def test_a_path_with_blanks_is_one_path_where_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "my file.csv").write_text(TABLE)
    look = looked_at(f" {tmp_path}/my file.csv ", FileWishes())
    assert [file.path for file in look.files] == [str(tmp_path / "my file.csv")]


def test_several_patterns_are_taken_apart_as_a_shell_does(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c d.csv"):
        (tmp_path / name).write_text(TABLE)
    look = looked_at(f"{tmp_path}/a.* {tmp_path}/b.csv '{tmp_path}/c d.csv' {tmp_path}/a.csv", FileWishes())
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
    look = looked_at(f"{tmp_path}/a.csv {tmp_path}/b.json.gz", FileWishes())
    assert look.formats == (FileFormat.CSV, FileFormat.NDJSON)
    assert look.problem is not None
    assert look.sample is None
    assert looked_at(f"{tmp_path}/*", FileWishes()).formats == (FileFormat.CSV, FileFormat.NDJSON, None)


def test_an_id_of_a_column_that_is_not_there_still_shows_the_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    look = looked_at(str(tmp_path / "a.csv"), FileWishes(ids=IdRule.FIELD, id_field="nr"))
    assert look.problem is not None
    assert "no column nr" in look.problem.what
    assert look.sample is not None
    assert [guess.field for guess in look.sample.guesses] == ["id", "city"]


def test_the_field_of_the_id_may_be_typed_later(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    look = looked_at(str(tmp_path / "a.csv"), FileWishes(ids=IdRule.FIELD))
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
    cells = Cells(("a", "b", "c"), (Column(name="a", type="long"), Column(name="b", type=""), Column(name="c")))
    assert cells.document([("1", False), ("2", True), ("x", False)]) == b'{"a":1,"c":"x"}'
