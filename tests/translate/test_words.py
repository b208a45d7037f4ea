"""Dates, analyzers, similarities, aliases and limits in the words of newer versions."""

from __future__ import annotations

from typing import Any

import pytest

from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.facts import Version
from esmigrate_tui.translate import translate
from esmigrate_tui.translate.aliases import translate_aliases
from esmigrate_tui.translate.dates import modern_format
from esmigrate_tui.translate.origin import created_by
from esmigrate_tui.translate.settings import translate_settings
from tests.translate.translating import translate_mappings

V5, V6, V7, V8, V9 = (Version(5, 6, 16), Version(6, 8, 23), Version(7, 17, 28), Version(8, 19, 3), Version(9, 5))


def analysis(kind: str, name: str, told: dict[str, Any], to: Version = V7) -> tuple[dict[str, Any], tuple[str, ...]]:
    kept, changes = translate_settings({"index": {"analysis": {kind: {name: told}}}}, to)
    mine = f"index.analysis.{kind}.{name}."
    return {key.removeprefix(mine): value for key, value in kept.items() if key.startswith(mine)}, changes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("YYYY-MM-dd", "yyyy-MM-dd"),
        ("xxxx-'W'ww-e", "weekyear_week_day"),
        ("xxxx/ww", "YYYY/ww"),
        ("'Year' YYYY", "'Year' yyyy"),
        ("HH:mm:ssZ", "HH:mm:ssXX||HH:mm:ssXXX||HH:mm:ssX"),
        ("HH:mm:ssZZ", "HH:mm:ssXXX||HH:mm:ssXX||HH:mm:ssX"),
        ("epoch_millis||YYYY Z", "epoch_millis||yyyy XX||yyyy XXX||yyyy X"),
        ("HH:mm 'Z'", "HH:mm 'Z'"),
        ("HH:mm ZZZ", "HH:mm VV"),
        ("hh:mm aa", "hh:mm a"),
        ("8YYYY||yyyy", "YYYY||yyyy"),
        ("dateOptionalTime||epoch_millis", "date_optional_time||epoch_millis"),
        ("strictWeekyearWeekDay", "strict_weekyear_week_day"),
        ("week_year", "weekyear"),
    ],
)
def test_a_format_of_joda_is_written_in_the_letters_of_java(old: str, new: str) -> None:
    assert modern_format(old, joda=True)[0] == new


def test_the_letters_of_java_are_left_alone() -> None:
    assert modern_format("YYYY||uuuu-MM-dd'T'HH:mmZ", joda=False) == ("YYYY||uuuu-MM-dd'T'HH:mmZ", ())


def test_a_century_cannot_be_written_and_that_is_said() -> None:
    pattern, notes = modern_format("CC", joda=True)
    assert pattern == "CC"
    assert any("century" in note for note in notes)


@pytest.mark.parametrize(
    ("settings", "major"),
    [
        ({"index": {"version": {"created": "6082399"}}}, 6),
        ({"index.version.created": "2040699"}, 2),
        ({"index": {"version": {"created": "8536000"}}}, 8),
        ({"index": {"version": {"created": "x"}}}, None),
        ({}, None),
    ],
)
def test_the_version_that_made_an_index_is_in_its_settings(settings: dict[str, Any], major: int | None) -> None:
    found = created_by(settings)
    assert (found.major if found else None) == major


def test_an_index_of_7_keeps_its_week_years() -> None:
    mapping = {"properties": {"w": {"type": "date", "format": "YYYY-'W'ww"}}}
    definition = IndexDefinition(name="i", settings={"index.version.created": "7172899"}, mappings=mapping, aliases={})
    assert translate(definition, V8).body["mappings"] == mapping


@pytest.mark.parametrize(
    ("kind", "told", "expected"),
    [
        ("filter", {"type": "nGram"}, {"type": "ngram"}),
        ("filter", {"type": "delimited_payload_filter"}, {"type": "delimited_payload"}),
        ("filter", {"type": "standard"}, {}),
        ("tokenizer", {"type": "PathHierarchy"}, {"type": "path_hierarchy"}),
        (
            "analyzer",
            {"tokenizer": "edgeNGram", "filter": "standard, nGram"},
            {"tokenizer": "edge_ngram", "filter": ["ngram"]},
        ),
        (
            "analyzer",
            {"tokenizer": "x", "char_filter": ["htmlStrip"]},
            {"tokenizer": "x", "char_filter": ["html_strip"]},
        ),
        (
            "analyzer",
            {"type": "stop", "stopwords": ["nGram", "standard"]},
            {"type": "stop", "stopwords": ["nGram", "standard"]},
        ),
        ("analyzer", {"type": "simple", "alias": "easy"}, {"type": "simple"}),
    ],
)
def test_components_have_the_names_of_7(kind: str, told: dict[str, Any], expected: dict[str, Any]) -> None:
    kept, changes = analysis(kind, "x", told)
    assert kept == expected
    assert bool(changes) is (kept != told)
    assert all("x" in change for change in changes)


def test_a_component_that_the_index_defines_itself_keeps_its_name() -> None:
    told = {
        "filter": {"nGram": {"type": "lowercase"}},
        "analyzer": {"a": {"tokenizer": "standard", "filter": ["nGram"]}},
    }
    kept, changes = translate_settings({"index": {"analysis": told}}, V7)
    assert kept["index.analysis.analyzer.a.filter"] == ["nGram"]
    assert changes == ()


def test_6_8_still_knows_the_old_names() -> None:
    assert analysis("filter", "x", {"type": "nGram", "max_gram": 9}, V6) == ({"type": "nGram", "max_gram": 9}, ())


def test_the_limits_of_ngrams_and_shingles_are_raised_to_what_there_is() -> None:
    told = {"g": {"type": "nGram", "min_gram": "2", "max_gram": "9"}, "s": {"type": "shingle", "max_shingle_size": 6}}
    kept, changes = translate_settings({"index": {"analysis": {"filter": told}}}, V7)
    assert (kept["index.max_ngram_diff"], kept["index.max_shingle_diff"]) == ("7", "5")
    assert sum("is set to" in change for change in changes) == 2


@pytest.mark.parametrize(
    ("kind", "told", "word"),
    [
        ("filter", {"type": "synonym", "synonyms_path": "words/de.txt"}, "words/de.txt"),
        ("filter", {"type": "stop", "stopwords_path": "stop.txt"}, "stop.txt"),
        ("filter", {"type": "hunspell", "locale": "de_DE"}, "de_DE"),
        ("filter", {"type": "synonym", "synonyms_set": "mine"}, "mine"),
    ],
)
def test_what_lies_on_the_nodes_is_said(kind: str, told: dict[str, Any], word: str) -> None:
    kept, changes = analysis(kind, "x", told)
    assert kept == told
    assert any(word in change and "destination" in change for change in changes)


def test_a_filter_that_cannot_read_synonyms_is_said() -> None:
    told = {
        "filter": {"w": {"type": "word_delimiter"}, "s": {"type": "synonym", "synonyms": ["a,b"]}},
        "analyzer": {
            "a": {"tokenizer": "standard", "filter": ["w", "s"]},
            "b": {"tokenizer": "x", "filter": ["s", "w"]},
        },
    }
    _, changes = translate_settings({"index": {"analysis": told}}, V7)
    (said,) = [change for change in changes if "synonyms" in change]
    assert said.startswith("setting index.analysis.analyzer.a.filter: w stands before the synonyms of s")


def test_an_analyzer_that_every_old_version_had_is_defined_where_a_field_names_it() -> None:
    mapping = {"doc": {"properties": {"f": {"type": "text", "analyzer": "standard_html_strip"}}}}
    definition = IndexDefinition(name="i", settings={}, mappings=mapping, aliases={})
    assert translate(definition, V6).body["settings"] == {}
    assert translate(definition, V7).body["settings"]["index.analysis.analyzer.standard_html_strip.char_filter"] == [
        "html_strip"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"and": [{"term": {"a": 1}}]}, {"bool": {"filter": [{"term": {"a": 1}}]}}),
        ({"or": {"filters": [{"term": {"a": 1}}]}}, {"bool": {"should": [{"term": {"a": 1}}]}}),
        ({"not": {"term": {"a": 1}}}, {"bool": {"must_not": [{"term": {"a": 1}}]}}),
        ({"missing": {"field": "a"}}, {"bool": {"must_not": [{"exists": {"field": "a"}}]}}),
        (
            {"filtered": {"query": {"match_all": {}}, "filter": {"query": {"match": {"a": 1}}}}},
            {"bool": {"must": [{"match_all": {}}], "filter": [{"match": {"a": 1}}]}},
        ),
        (
            {"nested": {"path": "n", "filter": {"limit": {"value": 1}}}},
            {"nested": {"path": "n", "filter": {"match_all": {}}}},
        ),
    ],
)
def test_the_filter_of_an_alias_asks_the_same_in_other_words(old: dict[str, Any], new: dict[str, Any]) -> None:
    changes: list[str] = []
    assert translate_aliases({"x": {"filter": old, "routing": "r"}}, V7, changes) == {
        "x": {"filter": new, "routing": "r"}
    }
    assert len(changes) == 1


@pytest.mark.parametrize("gone", [{"type": {"value": "a"}}, {"term": {"_type": "a"}}, {"bool": {"must": {"type": {}}}}])
def test_an_alias_whose_filter_cannot_be_said_is_left_out(gone: dict[str, Any]) -> None:
    changes: list[str] = []
    assert translate_aliases({"x": {"filter": gone}, "y": {}}, V7, changes) == {"y": {}}
    assert changes[0].startswith("alias x is left out")


def test_limits_are_raised_to_what_the_mapping_has() -> None:
    properties: dict[str, Any] = {f"f{number}": {"type": "long"} for number in range(1200)}
    properties |= {f"n{number}": {"type": "nested", "properties": {}} for number in range(51)}
    definition = IndexDefinition(name="i", settings={}, mappings={"doc": {"properties": properties}}, aliases={})
    settings = translate(definition, V7).body["settings"]
    assert settings == {"index.mapping.nested_fields.limit": "51", "index.mapping.total_fields.limit": "1500"}


def test_what_needs_a_plugin_is_left_out_where_the_destination_has_it_not() -> None:
    mapping = {"doc": {"_size": {"enabled": True}, "properties": {"h": {"type": "murmur3"}}}}
    definition = IndexDefinition(name="i", settings={}, mappings=mapping, aliases={})
    assert translate(definition, V7).body["mappings"] == mapping["doc"]
    lacking = translate(definition, V7, plugins=("analysis-icu",))
    assert lacking.body["mappings"] == {"properties": {"h": {"type": "object", "enabled": False}}}
    assert sum("mapper-" in change for change in lacking.changes) == 2


def test_a_template_for_any_field_becomes_one_for_strings_and_one_for_the_rest() -> None:
    old = {"t": {"match": "*", "mapping": {"type": "{dynamic_type}", "index": "not_analyzed"}}}
    mapping, _ = translate_mappings({"doc": {"dynamic_templates": [old]}}, V9)
    assert mapping["dynamic_templates"] == [
        {"t_strings": {"match": "*", "match_mapping_type": "string", "mapping": {"type": "keyword"}}},
        {"t": {"match": "*", "mapping": {"type": "{dynamic_type}", "index": True}}},
    ]


def test_a_setting_that_only_an_old_server_took_is_left_out_and_said() -> None:
    old = {"index.version.created": "2040699", "index.anything": "1", "index.refresh_interval": "5000"}
    kept, changes = translate_settings(old, V5)
    assert kept == {"index.refresh_interval": "5000ms"}
    assert any("index.anything" in change for change in changes)
    assert translate_settings({"index.version.created": "7172899", "index.anything": "1"}, V8)[0] == {
        "index.anything": "1"
    }


def test_how_documents_are_kept_is_a_setting_from_9_on() -> None:
    mapping = {"_source": {"mode": "synthetic", "excludes": ["x"]}}
    definition = IndexDefinition(name="i", settings={}, mappings=mapping, aliases={})
    assert translate(definition, V8).body == {"settings": {}, "mappings": mapping}
    found = translate(definition, V9)
    assert found.body == {
        "settings": {"index.mapping.source.mode": "synthetic"},
        "mappings": {"_source": {"excludes": ["x"]}},
    }
    assert found.changes == ("_source.mode is the setting index.mapping.source.mode now: synthetic",)
