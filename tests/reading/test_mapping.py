"""The body that makes an index, field by field: what is changed, and what stays."""

from __future__ import annotations

import json

import pytest

from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.reading.mapping import BOTH, UNSEARCHED, body_of, entries, entry_of, kind_of, with_entry

BODY = json.dumps(
    {
        "settings": {"number_of_shards": 2},
        "mappings": {
            "dynamic": "strict",
            "properties": {
                "a": {"type": "long", "doc_values": False},
                "who": {"properties": {"name": {"type": "keyword"}}},
            },
        },
    }
)


def test_fields_of_objects_have_dotted_paths() -> None:
    assert list(entries(BODY)) == ["a", "who", "who.name"]


def test_another_type_for_one_field_leaves_all_else_as_it_was() -> None:
    after = json.loads(with_entry(BODY, "who.name", entry_of(BOTH)))
    before = json.loads(BODY)
    assert after["mappings"]["properties"]["who"]["properties"]["name"]["type"] == "text"
    before["mappings"]["properties"]["who"]["properties"]["name"] = after["mappings"]["properties"]["who"][
        "properties"
    ]["name"]
    assert after == before


def test_an_object_that_becomes_nested_keeps_its_fields() -> None:
    after = json.loads(with_entry(BODY, "who", entry_of("nested")))
    assert after["mappings"]["properties"]["who"] == {
        "type": "nested",
        "properties": {"name": {"type": "keyword"}},
    }


def test_a_field_of_no_entry_is_left_to_the_destination() -> None:
    assert "a" not in entries(with_entry(BODY, "a", None))
    assert with_entry(BODY, "x.y", None) == BODY


def test_a_field_in_an_object_that_is_not_there_makes_it() -> None:
    assert kind_of(entries(with_entry("", "x.y", entry_of("ip")))["x.y"]) == "ip"


@pytest.mark.parametrize("kind", ["keyword", "text", BOTH, UNSEARCHED, "date", "object", "nested", "geo_point", ""])
def test_a_kind_is_read_back_as_it_was_chosen(kind: str) -> None:
    assert kind_of(entry_of(kind)) == kind


def test_the_properties_alone_are_a_body_too() -> None:
    assert json.loads(body_of('{"properties":{"a":{"type":"ip"}}}')) == {
        "mappings": {"properties": {"a": {"type": "ip"}}}
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON object: expecting property name enclosed in double quotes in line 1, column 2."),
        ('{"mappings":\n {},,}', "in line 2, column 5."),
        ("[1]", "is no JSON object"),
        ('{"mappings":1}', "has no object at mappings"),
        ('{"mappings":{},"query":{}}', "has query beside mappings"),
        ('{"properties":{"a":{"properties":{"b":"keyword"}}}}', "has no object at properties.a.properties.b"),
        ('{"properties":[]}', "has no object at properties"),
    ],
)
def test_what_is_no_body_says_where(text: str, said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        body_of(text)
    assert said in caught.value.problem.what
