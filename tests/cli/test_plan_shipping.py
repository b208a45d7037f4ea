"""What `esmigrate plan index-from-source --shipper` refuses before it speaks to anybody, and how types are shown."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.cli.exits import exit_code_of
from esmigrate_tui.cli.index_plans import GUESSES, chosen_lines
from esmigrate_tui.cli.main import main
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.outcome import ExitCode

if TYPE_CHECKING:
    from pathlib import Path


def ended(*options: str) -> tuple[int, str]:
    err = io.StringIO()
    arguments = ["plan", "index-from-source", "--destination", "http://127.0.0.1:9", "--index", "x", *options]
    return exit_code_of(lambda: main(arguments, standalone_mode=False, prog_name="esmigrate"), err), err.getvalue()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Give either --file, to index files, or --shipper"),
        (("--file", "a.csv", "--shipper", "curl"), "Give either --file, to index files, or --shipper"),
        (("--file", "a.csv", "--expected", "5"), "--expected and --configuration belong to --shipper"),
        (("--shipper", "curl", "--id-hash"), "--id-hash is about files"),
        (("--shipper", "curl", "--pipeline", "p"), "--pipeline is about files"),
        (("--shipper", "curl", "--configuration", "-"), "cannot both go to standard output"),
        (("--shipper", "curl", "--expected", "0"), "--expected"),
        (("--shipper", "fluentd"), "fluentd"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: tuple[str, ...], sentence: str) -> None:
    code, text = ended(*options)
    assert code == ExitCode.USAGE
    assert sentence in text


def test_a_mapping_that_is_no_json_says_how_to_write_one(tmp_path: Path) -> None:
    (tmp_path / "map").write_text("nonsense")
    code, text = ended("--shipper", "curl", "--mapping", str(tmp_path / "map"))
    assert code == ExitCode.USAGE
    assert '"properties"' in text


def test_chosen_types_stand_beside_what_would_be_guessed() -> None:
    body = '{"mappings":{"properties":{"at":{"type":"date"},"address":{"type":"ip"}}}}'
    assert [*chosen_lines(body, Version(9))] == [
        "Chosen types, and what the destination would most likely guess:",
        "  at       date  the same",
        "  address  ip    text, with a keyword beside it",
    ]
    assert [*chosen_lines(GUESSES, Version(9))] == []
