"""What a cluster sends is harmless once it is cleaned; numbers read as a person says them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.model.text import clean, counted, duration, number, rate, size


@given(st.text(max_size=1_500))
def test_cleaned_text_holds_no_control_and_nothing_unseen(text: str) -> None:
    for character in clean(text):
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd", "Po"]), max_size=200))
def test_ordinary_text_is_kept_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("\x1b]0;owned\x07", "␛]0;owned␇"),
        ("a\u202eb", "a<U+202E>b"),
        ("\x9bred", "<U+009B>red"),
        ("one\ntwo", "one␊two"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_an_escape_is_shown_instead_of_obeyed(sent: str, shown: str) -> None:
    assert clean(sent) == shown


def test_a_long_text_says_how_much_is_missing() -> None:
    assert clean("x" * 3_000, 10) == "xxxxxxxxxx … (2 990 more characters)"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.6, "1 min 00 s"), (260, "4 min 20 s"), (11_100, "3 h 05 min"), (187_200, "2 d 4 h"), (-3, "0 s")],
)
def test_a_duration_is_said_as_a_person_says_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("amount", "said"), [(512, "512 B"), (1_288_490_189, "1.2 GiB"), (323_196_289_024, "301 GiB"), (0, "0 B")]
)
def test_a_size_has_binary_units(amount: int, said: str) -> None:
    assert size(amount) == said


def test_numbers_are_grouped_and_counted() -> None:
    assert number(1_234_567) == "1 234 567"
    assert counted(1, "index", "indices") == "1 index"
    assert counted(1_000, "index", "indices") == "1 000 indices"


def test_a_rate_below_one_is_no_zero() -> None:
    assert rate(0.0) == "0 documents a second"
    assert rate(0.4) == "less than 1 document a second"
    assert rate(1.2) == "1 document a second"
    assert rate(1_234.5) == "1 234 documents a second"
