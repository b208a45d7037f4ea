"""Several mapping types as one mapping, and one type of an index alone."""

from __future__ import annotations

from typing import Any

import pytest

from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.facts import Version
from esmigrate_tui.translate import translate
from esmigrate_tui.translate.types import is_typeless, merged, of_type

V7 = Version(7, 17, 28)
LONG = {"type": "long"}


def two(one: dict[str, Any], other: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"a": {"properties": {"f": one}}, "b": {"properties": {"f": other}}}


def test_fields_of_every_type_are_in_the_one_mapping() -> None:
    found = merged({"a": {"properties": {"x": LONG}}, "b": {"properties": {"y": LONG}}, "c": {}})
    assert found.mapping == {"properties": {"x": LONG, "y": LONG}}
    assert found.conflicts == ()


def test_an_object_without_fields_takes_those_of_another_type() -> None:
    found = merged(two({"type": "object"}, {"properties": {"x": LONG}}))
    assert found.mapping["properties"]["f"]["properties"] == {"x": LONG}
    assert found.conflicts == ()


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        ({"ignore_above": 5}, {"ignore_above": 9}, {"ignore_above": 9}),
        ({"ignore_above": 5}, {}, {}),
        ({"copy_to": ["x"]}, {"copy_to": "y"}, {"copy_to": ["x", "y"]}),
        ({"dynamic": "strict"}, {}, {"dynamic": "true"}),
        ({"dynamic": "strict"}, {"dynamic": "false"}, {"dynamic": "false"}),
        ({"fields": {"r": LONG}}, {}, {"fields": {"r": LONG}}),
    ],
)
def test_of_what_may_differ_the_one_that_refuses_nothing_is_taken(
    one: dict[str, Any], other: dict[str, Any], kept: dict[str, Any]
) -> None:
    found = merged(two({"type": "keyword"} | one, {"type": "keyword"} | other))
    assert found.mapping["properties"]["f"] == {"type": "keyword"} | kept
    assert found.conflicts == ()


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        (LONG, {"type": "keyword"}, "type"),
        (LONG, {"properties": {"x": LONG}}, "type"),
        ({"type": "text", "analyzer": "a"}, {"type": "text", "analyzer": "b"}, "analyzer"),
        ({"type": "object", "enabled": False}, {"type": "object"}, "enabled"),
    ],
)
def test_what_cannot_be_one_field_is_a_conflict_with_its_path(
    one: dict[str, Any], other: dict[str, Any], word: str
) -> None:
    found = merged(two(one, other))
    assert len(found.conflicts) >= 1
    assert all(conflict.startswith("f: ") for conflict in found.conflicts)
    assert any(f"differ in {word}" in conflict for conflict in found.conflicts)


def test_a_routing_is_required_only_where_every_type_wants_it() -> None:
    needed = {"_routing": {"required": True}}
    assert merged({"a": needed, "b": needed}).mapping == needed
    found = merged({"a": needed, "b": {}})
    assert found.mapping == {}
    assert any("_routing" in change for change in found.changes)


def test_dynamic_templates_of_one_name_are_both_kept() -> None:
    one, other = ({"dynamic_templates": [{"t": {"match": name, "mapping": LONG}}]} for name in ("x", "y"))
    found = merged({"a": one, "b": other})
    assert [name for template in found.mapping["dynamic_templates"] for name in template] == ["t", "t_b"]


def test_a_type_alone_has_its_own_mapping_and_the_settings_of_all() -> None:
    definition = IndexDefinition(
        name="i",
        settings={"index.number_of_shards": "3"},
        mappings=two(LONG, {"type": "date"}),
        aliases={},
        documents=9,
    )
    alone = of_type(definition, "b")
    assert alone.documents is None
    assert translate(alone, V7).body == {
        "settings": {"index.number_of_shards": "3"},
        "mappings": {"properties": {"f": {"type": "date"}}},
    }
    assert translate(alone, V7).conflicts == ()
    assert translate(definition, V7).conflicts != ()


def test_a_name_that_begins_with_a_dash_is_no_type() -> None:
    assert is_typeless({"properties": {}, "_new_in_10": {}})
    assert not is_typeless({"_doc": {}})
    assert not is_typeless({"properties": {}, "book": {}})


def test_a_value_and_an_object_of_one_name_are_a_conflict() -> None:
    definition = IndexDefinition(
        name="i", settings={}, mappings={"doc": {"properties": {"a": LONG, "a.b": LONG}}}, aliases={}
    )
    assert translate(definition, V7).conflicts == ("a.b: a cannot be a value and an object at once",)
