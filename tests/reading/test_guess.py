"""What fields most likely are, on values; and where nothing should be guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.reading.guess import guesses, properties


def kind(*values: Any, name: str = "x", from_text: bool = False) -> tuple[str, str]:  # noqa: ANN401  # JSON
    [guess] = guesses([{name: value} for value in values], from_text=from_text)
    return guess.type, guess.format


def mapping(*documents: dict[str, Any]) -> dict[str, Any]:
    return properties(guesses(documents))


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["1", "-2", "9223372036854775807"], "long"),
        (["1", "9223372036854775808"], "keyword"),
        (["1", "2.50", "1e3"], "double"),
        (["007", "12"], "keyword"),
        (["true", "FALSE"], "boolean"),
        (["yes", "no"], "keyword"),
        (["10.0.0.1", "::1"], "ip"),
        (["10.0.0.1", "10.0.0.256"], "keyword"),
        (["", "4"], "long"),
        (["", ""], ""),
        (["Berlin", "Rome"], "keyword"),
        (["a sentence of many words is prose and not a name"], "text"),
        (["x" * 300], "text"),
        (["1", "x"], "keyword"),
    ],
)
def test_cells_of_a_table(cells: list[str], wanted: str) -> None:
    assert kind(*cells, from_text=True)[0] == wanted


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["2024-02-29", "2024-03-01T10:00:00Z", "2024-03-01T10:00:00.123+02:00"], "strict_date_optional_time"),
        (["2024-02-29 10:00:00"], "yyyy-MM-dd HH:mm:ss"),
        (["2024-02-29 10:00:00.123", "2024-02-29 10:00:00.124"], "yyyy-MM-dd HH:mm:ss.SSS"),
        (["2024/02/29"], "yyyy/MM/dd"),
        (["29.02.2024"], "dd.MM.yyyy"),
        (["02/03/2024", "13/03/2024"], "dd/MM/yyyy"),
        (["02/03/2024", "03/13/2024"], "MM/dd/yyyy"),
        (["2024-02-29", "2024-02-29 10:00:00"], "strict_date_optional_time||yyyy-MM-dd HH:mm:ss"),
    ],
)
def test_dates_with_their_format(texts: list[str], wanted: str) -> None:
    assert kind(*texts) == ("date", wanted)


@pytest.mark.parametrize(
    "texts",
    [["2023-02-29"], ["02/03/2024"], ["13/03/2024", "03/13/2024"], ["2024"], ["2024-02-29T25:00:00"], ["10:00:00"]],
)
def test_no_date_is_guessed_where_it_could_be_wrong(texts: list[str]) -> None:
    assert kind(*texts)[0] == "keyword"


def test_a_number_in_the_text_of_json_is_text() -> None:
    assert kind("12", "13")[0] == "keyword"


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1, 2], "long"),
        ([1, 2.5], "double"),
        ([2**70], "keyword"),
        ([True, False], "boolean"),
        ([True, 1], "keyword"),
        ([[1, 2], [], 3], "long"),
        ([None], ""),
        ([{"lat": 1, "lon": 2.5}], "geo_point"),
        ([{"lat": 91, "lon": 2.5}], "object"),
        ([{"lat": 1, "lon": 2, "alt": 3}], "object"),
        ([{"a": 1}, 5], ""),
    ],
)
def test_values_of_json(values: list[Any], wanted: str) -> None:
    assert guesses([{"x": value} for value in values])[0].type == wanted


def test_a_point_in_text_is_one_only_by_its_name_too() -> None:
    assert kind("52.5,13.4", name="location")[0] == "geo_point"
    assert kind("52.5,13.4", name="amount")[0] == "keyword"
    assert kind("99.5,13.4", name="location")[0] == "keyword"


def test_a_mapping_has_objects_within_objects_and_several_of_them_nested() -> None:
    found = mapping({"a": {"b": {"c": 1}}, "items": [{"n": 1}, {"n": 2}], "one": [{"n": 1}], "none": None})
    assert found == {
        "a": {"properties": {"b": {"properties": {"c": {"type": "long"}}}}},
        "items": {"type": "nested", "properties": {"n": {"type": "long"}}},
        "one": {"properties": {"n": {"type": "long"}}},
    }


def test_a_dot_in_a_name_opens_an_object() -> None:
    assert mapping({"a.b": 1, "a.c": "x"}) == {"a": {"properties": {"b": {"type": "long"}, "c": {"type": "keyword"}}}}


def test_a_plain_value_beside_an_object_of_its_name_is_mapped_once() -> None:
    assert mapping({"a": 1, "a.b": 2}) == {"a": {"type": "long"}}


def test_one_value_among_many_that_is_no_date_is_named() -> None:
    [guess] = guesses([{"x": "2024-01-01"}] * 50 + [{"x": "soon"}])
    assert guess.type == "keyword"
    assert "all but 1 are dates, 'soon' is not" in guess.evidence


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(), one, max_size=3),
    max_leaves=8,
)


@given(documents=st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=6))
def test_whatever_the_documents_are_a_mapping_comes_of_them(documents: list[dict[str, Any]]) -> None:
    json.dumps(properties(guesses(documents)))


@given(documents=st.lists(st.dictionaries(st.text(), st.text(), max_size=4), max_size=6))
def test_whatever_the_cells_are_a_mapping_comes_of_them(documents: list[dict[str, str]]) -> None:
    json.dumps(properties(guesses(documents, from_text=True)))
