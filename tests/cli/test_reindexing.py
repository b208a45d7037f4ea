"""What `esmigrate plan reindex-from-remote` refuses before anybody is asked for a secret or spoken to."""

from __future__ import annotations

import io

import pytest

from esmigrate_tui.cli.exits import exit_code_of
from esmigrate_tui.cli.main import main
from esmigrate_tui.model.outcome import ExitCode

NOBODY = ("--source", "http://127.0.0.1:9", "--destination", "http://127.0.0.1:9", "--index", "logs")


def refused(*options: str) -> str:
    """What is said of these options, which are refused as usage."""
    err = io.StringIO()
    arguments = ["plan", "reindex-from-remote", *NOBODY, *options]
    assert exit_code_of(lambda: main(arguments, standalone_mode=False, prog_name="esmigrate"), err) == ExitCode.USAGE
    return err.getvalue()


def test_an_index_that_is_read_whole_is_divided_by_nothing() -> None:
    assert "nothing to divide by --split-by" in refused("--split", "1", "--split-by", "@timestamp")


def test_no_more_ranges_are_asked_for_than_a_source_can_bear() -> None:
    assert "17 is not in the range 0<=x<=16" in refused("--split", "17")


@pytest.mark.parametrize("option", [("--source-insecure",), ("--source-fingerprint", "ab" * 32)])
def test_what_tls_trusts_is_refused_where_there_is_no_tls(option: tuple[str, ...]) -> None:
    assert f"{option[0]} is for TLS, and http://127.0.0.1:9 is without" in refused(*option)


@pytest.mark.parametrize("pace", ["nan", "inf", "-inf"])
def test_a_pace_is_a_number_that_can_be_kept(pace: str) -> None:
    assert "--pace" in refused("--pace", pace)
