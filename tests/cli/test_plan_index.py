"""What `esmigrate plan index-from-source` refuses before it speaks to anybody, and what it shows of files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.cli.exits import exit_code_of
from esmigrate_tui.cli.index_plans import preview_lines
from esmigrate_tui.cli.main import main
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.reading.open_file import found_files
from esmigrate_tui.reading.sample import recognised, sampled

if TYPE_CHECKING:
    from pathlib import Path


def ended(*options: str) -> tuple[int, str]:
    err = io.StringIO()
    arguments = ["plan", "index-from-source", "--destination", "http://127.0.0.1:9", "--into", "x", *options]
    return exit_code_of(lambda: main(arguments, standalone_mode=False, prog_name="esmigrate"), err), err.getvalue()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--id-field", "a", "--id-hash"), "--id-field and --id-hash exclude each other"),
        (("--id-hash", "--id-server"), "--id-hash and --id-server exclude each other"),
        (("--delimiter", "ab"), "--delimiter wants one character"),
        (("--encoding", "base64"), "--encoding knows utf-8"),
        (("--encoding", "nonsense"), "--encoding knows utf-8"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    code, text = ended("--file", str(tmp_path / "a.csv"), *options)
    assert code == ExitCode.USAGE
    assert sentence in text


def test_standard_input_needs_a_file_to_be_kept_beside() -> None:
    code, text = ended("--file", "-")
    assert code == ExitCode.USAGE
    assert "give the plan's file with -o" in text


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, text = ended("--file", str(tmp_path / "none.csv"))
    assert code != ExitCode.DONE
    assert "none.csv" in text


def test_a_mapping_that_is_no_json_says_how_to_write_one(tmp_path: Path) -> None:
    (tmp_path / "map").write_text("nonsense")
    code, text = ended("--file", "a.csv", "--mapping", str(tmp_path / "map"))
    assert code == ExitCode.USAGE
    assert '"properties"' in text


def test_a_preview_has_rows_types_and_bad_rows_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n,at\n1,2024-01-01\n2\n")
    sample = sampled(recognised(found_files([str(path)])))
    text = "\n".join(preview_lines(sample, is_guessed=True))
    assert '_id (new)  {"n":1,"at":"2024-01-01"}' in text
    assert "date (strict_date_optional_time)" in text
    assert f"{path}:3: it has 1 cell, the table has 2 columns" in text
    assert "guessed" not in "\n".join(preview_lines(sample, is_guessed=False))
