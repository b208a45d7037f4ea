"""Mappings of old majors in the words of newer ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.model.facts import Version
from esmigrate_tui.translate.mappings import is_typeless, types_of
from tests.translate.translating import translate_mappings

V7 = Version(7, 17, 28)
V8 = Version(8, 19, 3)
V6 = Version(6, 8, 23)


def field(old: dict[str, Any], to: Version = V7) -> dict[str, Any]:
    mapping, _ = translate_mappings({"doc": {"properties": {"f": old}}}, to)
    found: dict[str, Any] = mapping["properties"]["f"]
    return found


def test_one_type_becomes_none() -> None:
    mapping, changes = translate_mappings({"_doc": {"dynamic": "strict", "properties": {"a": {"type": "long"}}}}, V7)
    assert mapping == {"dynamic": "strict", "properties": {"a": {"type": "long"}}}
    assert changes == ()


def test_a_typeless_mapping_stays_as_it_is() -> None:
    mapping = {"properties": {"type": {"type": "keyword"}}, "_routing": {"required": True}}
    assert translate_mappings(mapping, V8) == (mapping, ())


def test_several_types_become_one_and_that_is_said() -> None:
    old = {
        "_default_": {"dynamic": "false"},
        "book": {"properties": {"title": {"type": "text"}}},
        "loan": {"properties": {"due": {"type": "date"}}},
    }
    mapping, changes = translate_mappings(old, V7)
    assert set(mapping["properties"]) == {"title", "due"}
    assert types_of(old) == ("book", "loan")
    assert any("book, loan" in change for change in changes)
    assert any("_default_" in change for change in changes)


def test_a_destination_that_has_types_itself_keeps_them_all() -> None:
    old = {"_default_": {"dynamic": "false"}, "a": {"properties": {"x": {"type": "string"}}}, "b": {"enabled": False}}
    assert translate_mappings(old, Version(2, 4, 6)) == (old, ())
    assert translate_mappings(old, Version(5, 6, 16))[0] == old | {"a": {"properties": {"x": {"type": "text"}}}}


def test_a_mapping_that_looks_at_no_field_still_does_not() -> None:
    assert translate_mappings({"doc": {"enabled": False}}, V8) == ({"enabled": False}, ())


def test_where_types_disagree_the_first_stays_and_that_is_said() -> None:
    old = {"a": {"properties": {"x": {"type": "long"}}}, "b": {"properties": {"x": {"type": "keyword"}}}}
    mapping, changes = translate_mappings(old, V7)
    assert mapping["properties"]["x"] == {"type": "long"}
    assert any("x: the types of the index differ in type" in change for change in changes)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string"}, {"type": "text"}),
        ({"type": "string", "index": "not_analyzed"}, {"type": "keyword"}),
        ({"type": "string", "index": "no"}, {"type": "text", "index": False}),
        ({"type": "string", "index": "not_analyzed", "ignore_above": 256}, {"type": "keyword", "ignore_above": 256}),
        ({"type": "string", "norms": {"enabled": False}}, {"type": "text", "norms": False}),
        ({"type": "string", "fielddata": {"format": "disabled"}}, {"type": "text"}),
        ({"type": "string", "index_analyzer": "simple"}, {"type": "text", "analyzer": "simple"}),
        ({"type": "string", "position_offset_gap": 50}, {"type": "text", "position_increment_gap": 50}),
        ({"type": "long", "index": "no"}, {"type": "long", "index": False}),
        ({"type": "long", "index": "not_analyzed", "precision_step": 8}, {"type": "long", "index": True}),
        ({"type": "geo_point", "lat_lon": True, "geohash": True}, {"type": "geo_point"}),
        ({"type": "geo_shape", "tree": "quadtree", "precision": "1m"}, {"type": "geo_shape"}),
        ({"type": "attachment", "fields": {"content": {"type": "string"}}}, {"type": "object", "enabled": False}),
        ({"type": "date", "format": "dateOptionalTime"}, {"type": "date", "format": "date_optional_time"}),
        ({"type": "date", "format": "YYYY-MM-dd"}, {"type": "date", "format": "yyyy-MM-dd"}),
        ({"type": "date", "format": "strict_date_optional_time||epoch_millis"},) * 2,
        ({"type": "text", "include_in_all": False}, {"type": "text"}),
        ({"type": "alias", "path": "other"}, {"type": "alias", "path": "other"}),
        ({"type": "keyword", "similarity": "classic"}, {"type": "keyword"}),
    ],
)
def test_a_field_is_written_in_todays_words(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert field(old) == new


def test_that_text_is_scored_and_sorted_otherwise_is_said_once() -> None:
    old = {"doc": {"properties": {name: {"type": "string"} for name in "abc"}}}
    _, changes = translate_mappings(old, V7)
    assert sum("BM25" in change for change in changes) == 1
    assert sum("fielddata" in change for change in changes) == 1
    assert len(changes) == 5


def test_fields_below_fields_are_translated_too() -> None:
    old = {"properties": {"deep": {"type": "string", "fields": {"raw": {"type": "string", "index": "not_analyzed"}}}}}
    assert field(old)["properties"]["deep"] == {"type": "text", "fields": {"raw": {"type": "keyword"}}}


def test_a_dynamic_template_is_translated_too() -> None:
    old = {"doc": {"dynamic_templates": [{"s": {"match_mapping_type": "string", "mapping": {"type": "string"}}}]}}
    mapping, _ = translate_mappings(old, V7)
    assert mapping["dynamic_templates"] == [{"s": {"match_mapping_type": "string", "mapping": {"type": "text"}}}]


@pytest.mark.parametrize("gone", ["_all", "_timestamp", "_ttl", "_parent"])
def test_what_is_gone_is_left_out_and_said(gone: str) -> None:
    mapping, changes = translate_mappings({"doc": {gone: {"enabled": True}, "properties": {}}}, V7)
    assert gone not in mapping
    assert any(gone in change for change in changes)


def test_all_is_still_there_within_one_major() -> None:
    mapping, _ = translate_mappings({"doc": {"_routing": {"required": True}, "properties": {}}}, V6)
    assert mapping["_routing"] == {"required": True}


def test_an_index_time_boost_is_left_out_only_where_it_is_gone() -> None:
    assert field({"type": "text", "boost": 2.0}, V7) == {"type": "text", "boost": 2.0}
    assert field({"type": "text", "boost": 2.0}, V8) == {"type": "text"}


_FIELDS = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "long", "date", "text", "keyword", "boolean"])},
        optional={
            "index": st.sampled_from(["no", "not_analyzed", "analyzed", True, False]),
            "norms": st.fixed_dictionaries({"enabled": st.booleans()}),
            "include_in_all": st.booleans(),
            "store": st.sampled_from(["yes", "no", True]),
        },
    ),
    lambda inner: st.fixed_dictionaries({"properties": st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)}),
    max_leaves=8,
)


def _walk(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    return [value, *(found for inner in value.values() for found in _walk(inner))]


@given(st.dictionaries(st.text("abc", min_size=1), _FIELDS, max_size=4))
def test_nothing_old_is_left_at_any_depth(properties: dict[str, Any]) -> None:
    mapping, _ = translate_mappings({"doc": {"properties": properties}}, V7)
    assert is_typeless(mapping)
    assert set(mapping["properties"]) == set(properties)
    for found in _walk(mapping["properties"]):
        assert found.get("type") != "string"
        assert found.get("index") not in {"no", "not_analyzed", "analyzed"}
        assert not isinstance(found.get("norms"), dict) or "properties" not in found


@given(st.dictionaries(st.text("abc", min_size=1), _FIELDS, max_size=4))
def test_translating_twice_is_translating_once(properties: dict[str, Any]) -> None:
    once, _ = translate_mappings({"doc": {"properties": properties}}, V8)
    assert translate_mappings(once, V8)[0] == once
