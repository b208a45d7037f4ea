"""Settings that a newer server takes when an index is created."""

from __future__ import annotations

from typing import Any

import pytest

from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.settings import flat
from esmigrate_tui.translate import translate
from esmigrate_tui.translate.settings import translate_settings

V7 = Version(7, 17, 28)
V8 = Version(8, 19, 3)

ANSWERED = {
    "index": {
        "number_of_shards": "3",
        "number_of_replicas": "1",
        "uuid": "abc",
        "creation_date": "1",
        "provided_name": "logs",
        "version": {"created": "6082399"},
        "refresh_interval": "30s",
        "analysis": {"analyzer": {"mine": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase"]}}},
    }
}


def test_what_a_server_writes_itself_is_not_told_to_it() -> None:
    kept, changes = translate_settings(ANSWERED, V7)
    assert kept == {
        "index.number_of_shards": "3",
        "index.number_of_replicas": "1",
        "index.refresh_interval": "30s",
        "index.analysis.analyzer.mine.type": "custom",
        "index.analysis.analyzer.mine.tokenizer": "standard",
        "index.analysis.analyzer.mine.filter": ["lowercase"],
    }
    assert changes == ()


@pytest.mark.parametrize(
    "name",
    [
        "index.blocks.write",
        "index.routing.allocation.require.box",
        "index.lifecycle.name",
        "index.default_pipeline",
        "index.mapper.dynamic",
    ],
)
def test_what_would_not_work_there_is_left_out_and_said(name: str) -> None:
    kept, changes = translate_settings({name: "x"}, V7)
    assert kept == {}
    assert len(changes) == 1
    assert name in changes[0]


def test_a_setting_is_left_out_only_from_the_major_that_dropped_it() -> None:
    assert "index.soft_deletes.enabled" in translate_settings({"index.soft_deletes.enabled": "true"}, V7)[0]
    assert translate_settings({"index.soft_deletes.enabled": "true"}, V8)[0] == {}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("index.analysis.filter.f.type", "nGram", "ngram"),
        ("index.analysis.analyzer.a.filter", ["standard", "lowercase"], ["lowercase"]),
        ("index.analysis.analyzer.a.tokenizer", "edgeNGram", "edge_ngram"),
        ("index.analysis.analyzer.a.type", "standard", "standard"),
        ("index.similarity.mine.type", "classic", "BM25"),
    ],
)
def test_components_have_todays_names(name: str, value: Any, expected: Any) -> None:  # noqa: ANN401  # JSON
    assert translate_settings({name: value}, V7)[0] == {name: expected}


def test_nested_settings_are_flattened() -> None:
    assert flat({"a": {"b": {"c": "1"}, "d": ["x"]}}) == {"a.b.c": "1", "a.d": ["x"]}


def test_a_whole_definition_becomes_a_body() -> None:
    definition = IndexDefinition(
        name="logs",
        settings=ANSWERED,
        mappings={"_doc": {"properties": {"a": {"type": "long"}}}},
        aliases={"web": {"filter": {"term": {"a": 1}}}},
    )
    translation = translate(definition, V7)
    assert translation.body["mappings"] == {"properties": {"a": {"type": "long"}}}
    assert translation.body["aliases"] == {"web": {"filter": {"term": {"a": 1}}}}
    assert '"index.number_of_shards": "3"' in translation.as_json()
