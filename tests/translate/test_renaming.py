"""Renaming as Elasticsearch does it, on values."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.translate.renaming import renamed_by


@pytest.mark.parametrize(
    ("pattern", "replacement", "name", "new"),
    [
        ("(.+)", "restored-$1", "books", "restored-books"),
        ("books", "novels", "old-books-books", "old-novels-novels"),
        ("^logs-(.+)$", "$1-logs", "logs-2024", "2024-logs"),
        ("(?<year>\\d+)", "y${year}", "logs-2024", "logs-y2024"),
        ("(.)(.+)", "$10$2", "ab", "a0b"),
        ("\\Qa.b\\E", "c", "a.b-axb", "c-axb"),
        ("b", "\\$1\\\\", "abc", "a$1\\c"),
        (".*", "x", "abc", "xx"),
        ("x*", "-", "abxd", "-a-b--d-"),
        ("(a)|(b)", "[$1$2]", "ab", "[a][b]"),
        ("s\\z", "", "books", "book"),
    ],
)
def test_a_name_becomes_what_java_would_make_of_it(pattern: str, replacement: str, name: str, new: str) -> None:
    assert renamed_by([name], pattern, replacement) == {name: new}


def test_names_that_stay_as_they_are_are_left_out() -> None:
    assert renamed_by(["books", "logs"], "^logs$", "old-logs") == {"logs": "old-logs"}


@pytest.mark.parametrize(
    ("pattern", "replacement", "said"),
    [
        ("", "x", "is empty"),
        ("(", "x", "cannot be read"),
        ("(?P<a>b)", "x", "cannot be read"),
        ("[a-z&&[^b]]", "x", "cannot be read"),
        ("a", "$1", "no group"),
        ("(a)", "$2", "only 1"),
        ("(a)", "${b}", "no group named b"),
        ("a", "x$", "names no group"),
        ("a", "x\\", "backslash"),
        ("books", "", "leaves nothing of the name books"),
    ],
)
def test_what_cannot_be_read_is_said(pattern: str, replacement: str, said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        renamed_by(["books"], pattern, replacement)
    assert caught.value.problem.cause is Cause.USAGE
    assert said in caught.value.problem.what


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_a_quoted_name_and_an_escaped_replacement_are_taken_as_they_are(old: str, new: str) -> None:
    escaped = new.replace("\\", "\\\\").replace("$", "\\$")
    if "\\E" not in old:
        assert renamed_by([old], f"^\\Q{old}\\E$", escaped) == ({old: new} if old != new else {})


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_pattern_gives_names_or_a_sentence(pattern: str, replacement: str) -> None:
    with suppress(ProblemError):
        assert set(renamed_by(["books-2024"], pattern, replacement)) <= {"books-2024"}
