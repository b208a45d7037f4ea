"""Templates, pipelines and policies in the words of a newer version, and what the destination has of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.model.carried import DefinitionKind, NameConflict, StoredDefinition
from esmigrate_tui.model.facts import Version
from esmigrate_tui.translate.carried import preview
from esmigrate_tui.translate.pipelines import translate_pipeline
from esmigrate_tui.translate.policies import translate_policy
from esmigrate_tui.translate.templates import overlap, translate_composable, translate_template
from tests.translate.test_any_json import OBJECTS, VERSIONS

V2, V5, V6, V7, V8 = (Version(2, 4, 6), Version(5, 6), Version(6, 8, 23), Version(7, 17, 28), Version(8, 19))
LEGACY: dict[str, Any] = {
    "order": 3,
    "version": 7,
    "index_patterns": ["logs-*"],
    "settings": {"index": {"number_of_shards": "2", "default_pipeline": "clean", "lifecycle": {"name": "keep"}}},
    "mappings": {"log": {"properties": {"d": {"type": "date", "format": "YYYY"}}}},
    "aliases": {"all-logs": {}},
}


def template(name: str = "logs", **changes: Any) -> StoredDefinition:  # noqa: ANN401  # JSON
    return StoredDefinition(kind=DefinitionKind.LEGACY, name=name, body=LEGACY | changes)


def test_a_legacy_template_becomes_one_of_the_new_kind_from_7_8_on() -> None:
    found = translate_template(LEGACY, V7, V6)
    assert "priority" in found.body
    assert found.body == {
        "index_patterns": ["logs-*"],
        "priority": 3,
        "version": 7,
        "template": {
            "settings": {
                "index.default_pipeline": "clean",
                "index.lifecycle.name": "keep",
                "index.number_of_shards": "2",
            },
            "mappings": {"properties": {"d": {"type": "date", "format": "yyyy"}}},
            "aliases": {"all-logs": {}},
        },
    }
    assert any("clean" in change for change in found.changes)
    assert any("keep" in change for change in found.changes)


def test_a_legacy_template_stays_one_on_6_8_and_before_6_0_has_one_pattern() -> None:
    assert translate_template(LEGACY, V6, V5).body["index_patterns"] == ["logs-*"]
    old = {name: value for name, value in LEGACY.items() if name != "index_patterns"} | {"template": "logs-*"}
    assert translate_template(old, V6, V2).body["index_patterns"] == ["logs-*"]
    assert translate_template(old, V5, V2).body["template"] == "logs-*"
    assert "order" in translate_template(old, V5, V2).body


def test_an_order_below_nothing_becomes_the_lowest_priority() -> None:
    found = translate_template(LEGACY | {"order": -5}, V7, V6)
    assert found.body["priority"] == 0
    assert any("-5" in change for change in found.changes)


def test_a_template_says_which_components_it_needs() -> None:
    told = {"index_patterns": ["x"], "composed_of": ["a", "b"], "ignore_missing_component_templates": ["b"]}
    found = translate_composable(told, V8, V7)
    assert found.body == told
    assert found.changes == ("it is composed of a, which must be on the destination",)


def test_a_component_is_translated_within() -> None:
    told = {"template": {"mappings": {"_field_names": {"enabled": False}}, "lifecycle": {"enabled": True}}}
    found = translate_composable(told, V8, V7)
    assert found.body == {"template": {"mappings": {}, "lifecycle": {"enabled": True}}}
    assert found.changes == ("_field_names cannot be switched any more",)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ({"script": {"inline": "x"}}, {"script": {"source": "x"}}, "source"),
        ({"script": {"stored": "s"}}, {"script": {"id": "s"}}, "the stored script s"),
        ({"date": {"formats": ["YYYY", "UNIX"]}}, {"date": {"formats": ["yyyy", "UNIX"]}}, "yyyy"),
        ({"user_agent": {"ecs": False}}, {"user_agent": {}}, "ecs"),
        ({"geoip": {"database_file": "a.mmdb.gz"}}, {"geoip": {"database_file": "a.mmdb"}}, "a.mmdb"),
        ({"pipeline": {"name": "p"}}, {"pipeline": {"name": "p"}}, "the pipeline p"),
        ({"enrich": {"policy_name": "e"}}, {"enrich": {"policy_name": "e"}}, "the enrich policy e"),
        ({"set": {"field": "_type"}}, {"set": {"field": "_type"}}, "_type"),
        (
            {"foreach": {"processor": {"script": {"inline": "x"}}}},
            {"foreach": {"processor": {"script": {"source": "x"}}}},
            "foreach.processor.script.inline",
        ),
        (
            {"a": {"on_failure": [{"script": {"inline": "x"}}]}},
            {"a": {"on_failure": [{"script": {"source": "x"}}]}},
            "on_failure[0]",
        ),
    ],
)
def test_a_processor_is_written_in_todays_words(old: dict[str, Any], new: dict[str, Any], word: str) -> None:
    found = translate_pipeline({"processors": [old]}, V8, V5)
    assert found.body == {"processors": [new]}
    assert any(word in change for change in found.changes)
    assert all(change.startswith("processors[0].") or "strictly" in change for change in found.changes)


def test_a_processor_that_is_not_there_is_a_conflict() -> None:
    found = translate_pipeline({"processors": [{"geoip": {}}, {"set": {}}]}, V8, V7, frozenset({"set"}))
    assert found.conflicts == ("processors[0].geoip: the destination has no such processor",)


def test_a_policy_freezes_no_more_and_says_what_it_refers_to() -> None:
    cold = {
        "actions": {
            "freeze": {},
            "allocate": {"require": {"box": "c"}},
            "searchable_snapshot": {"snapshot_repository": "r"},
        }
    }
    found = translate_policy({"version": 3, "modified_date": "x", "policy": {"phases": {"cold": cold}}}, V8)
    assert set(found.body["policy"]["phases"]["cold"]["actions"]) == {"allocate", "searchable_snapshot"}
    assert set(found.body) == {"policy"}
    assert [change.split()[0].rstrip(":") for change in found.changes] == [
        "cold.freeze",
        "cold.allocate.require",
        "cold.searchable_snapshot",
    ]


def test_what_the_destination_has_is_told_apart() -> None:
    told = [
        template("new", index_patterns=["a"]),
        template("same", index_patterns=["b"]),
        template("other", index_patterns=["c"]),
    ]
    made = translate_template(told[1].body, V7, V6).body
    as_told = json.loads(json.dumps(made).replace('"index.number_of_shards"', '"number_of_shards"'))
    there = [
        StoredDefinition(kind=DefinitionKind.TEMPLATE, name="same", body=as_told | {"composed_of": []}),
        StoredDefinition(kind=DefinitionKind.TEMPLATE, name="other", body={"index_patterns": ["z"], "priority": 1}),
    ]
    found = {one.name: one.conflict for one in preview(told, there, V7, V6)}
    assert found == {"new": NameConflict.NONE, "same": NameConflict.SAME, "other": NameConflict.OTHER}


def test_two_templates_of_one_priority_for_one_index_cannot_both_be() -> None:
    told = [template("a"), template("b", index_patterns=["*-1"]), template("c", order=0)]
    found = {one.name: one for one in preview(told, [], V7, V6)}
    assert {name: one.conflict for name, one in found.items()} == {
        "a": NameConflict.REFUSED,
        "b": NameConflict.REFUSED,
        "c": NameConflict.NONE,
    }
    assert sum("wins where both" in change for change in found["c"].changes) == 2


def test_those_that_others_need_come_first() -> None:
    told = [
        template("t"),
        StoredDefinition(kind=DefinitionKind.PIPELINE, name="p", body={"processors": []}),
        StoredDefinition(kind=DefinitionKind.POLICY, name="l", body={"policy": {"phases": {}}}),
        StoredDefinition(kind=DefinitionKind.COMPONENT, name="c", body={"template": {}}),
    ]
    found = preview(told, [], V8, V7)
    assert [one.kind for one in found] == [
        DefinitionKind.POLICY,
        DefinitionKind.PIPELINE,
        DefinitionKind.COMPONENT,
        DefinitionKind.TEMPLATE,
    ]
    assert [one.kind for one in preview(told, [], V6, V6)] == [
        DefinitionKind.POLICY,
        DefinitionKind.PIPELINE,
        DefinitionKind.LEGACY,
    ]


def test_a_change_never_writes_over_and_has_its_inverse() -> None:
    [one] = preview([template("a/b")], [], V7, V6)
    change = one.change()
    assert (change.made_by.method, change.made_by.path) == ("PUT", "/_index_template/a%2Fb?create=true")
    assert change.undo is not None
    assert (change.undo.method, change.undo.path, change.undo.body) == ("DELETE", "/_index_template/a%2Fb", "")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("a*", "*b", True),
        ("a*", "b*", False),
        ("*", "x", True),
        ("logs-1", "logs-1", True),
        ("a*c", "ab*d", False),
        ("a", "a*", True),
    ],
)
def test_patterns_overlap_where_one_name_fits_both(one: str, other: str, both: bool) -> None:  # noqa: FBT001  # a case
    assert overlap(one, other) is overlap(other, one) is both


@given(st.text("ab*", max_size=6), st.text("ab", max_size=6))
def test_a_name_that_fits_a_pattern_overlaps_it(pattern: str, name: str) -> None:
    from fnmatch import fnmatchcase  # noqa: PLC0415  # what it is compared with

    assert overlap(pattern, name) is fnmatchcase(name, pattern)


@given(OBJECTS, VERSIONS, st.sampled_from(list(DefinitionKind)))
def test_no_json_raises(body: dict[str, Any], to: Version, kind: DefinitionKind) -> None:
    for one in preview([StoredDefinition(kind=kind, name="x", body=body)], [], to, V6):
        assert json.loads(one.body) is not None
        assert one.change().undo is not None
