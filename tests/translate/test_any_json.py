"""Any JSON as a definition: nothing raises, nothing old is left, nothing is lost without a word."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.facts import Version
from esmigrate_tui.translate import translate
from esmigrate_tui.translate.settings import translate_settings
from tests.examples import at_most
from tests.translate.translating import translate_mappings

VERSIONS = st.sampled_from([Version(2, 4), Version(5, 6), Version(6, 8), Version(7, 17), Version(8, 19), Version(9, 5)])
NEWER = st.sampled_from([Version(5, 6), Version(6, 8), Version(7, 17), Version(8, 19), Version(9, 5)])
_WORDS = st.sampled_from(
    [
        "properties",
        "type",
        "fields",
        "dynamic",
        "dynamic_templates",
        "mapping",
        "match",
        "match_mapping_type",
        "format",
        "index",
        "norms",
        "fielddata",
        "similarity",
        "context",
        "contexts",
        "copy_to",
        "_all",
        "_parent",
        "_routing",
        "_source",
        "_default_",
        "analyzer",
        "filter",
        "and",
        "or",
        "not",
        "bool",
        "query",
        "index.analysis.filter.f.type",
        "index.analysis.analyzer.a.filter",
        "index.similarity.s.type",
        "index.version.created",
        "a",
        "b.c",
        "index.mapping.total_fields.limit",
        "index.refresh_interval",
        "max_gram",
        "min_gram",
        "loading",
        "ignore_above",
    ]
)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(
        ["string", "text", "date", "nGram", "completion", "binary", "not_analyzed", "YYYY||8x'", "2040699"]
    ),
)
ANY = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(_WORDS | st.text(max_size=3), ANY, max_size=5)

PARAMETERS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["string", "long", "date", "boolean", "geo_point", "ip", "binary", "completion", "text"]),
    "index": st.sampled_from(["no", "not_analyzed", "analyzed", True, False]),
    "norms": st.fixed_dictionaries({"enabled": st.booleans()}) | st.booleans(),
    "omit_norms": st.booleans(),
    "include_in_all": st.booleans(),
    "store": st.sampled_from(["yes", "no", True]),
    "precision_step": st.integers(1, 64),
    "boost": st.floats(1, 3),
    "ignore_above": st.integers(1, 9),
    "null_value": st.sampled_from(["x"]),
    "index_options": st.sampled_from(["docs", "freqs", "positions", "offsets"]),
    "fielddata": st.sampled_from([{"format": "disabled"}, {"loading": "eager"}, {"filter.frequency.min": "0.1"}]),
    "similarity": st.sampled_from(["default", "classic", "BM25", "mine"]),
    "term_vector": st.sampled_from(["yes"]),
    "format": st.sampled_from(["dateOptionalTime", "YYYY-MM-dd", "xxxx-'W'ww-e", "epoch_millis"]),
    "payloads": st.booleans(),
    "copy_to": st.sampled_from(["other", ["x", "y"]]),
    "lat_lon": st.booleans(),
    "doc_values": st.booleans(),
    "index_analyzer": st.sampled_from(["simple"]),
    "position_offset_gap": st.integers(1, 9),
}
FIELDS = st.recursive(
    st.fixed_dictionaries({"type": PARAMETERS["type"]}, optional={k: v for k, v in PARAMETERS.items() if k != "type"}),
    lambda inner: st.fixed_dictionaries({"properties": st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)}),
    max_leaves=6,
)
MAPPINGS = st.dictionaries(
    st.sampled_from(["doc", "book", "_default_"]),
    st.fixed_dictionaries({"properties": st.dictionaries(st.text("abc", min_size=1), FIELDS, max_size=4)}),
    min_size=1,
    max_size=2,
)
# Another spelling of the same, which needs no word; the last two say what is so anyway.
SPELLINGS = {"index", "norms", "omit_norms", "store", "index_analyzer", "position_offset_gap", "doc_values"}


@settings(max_examples=at_most(150))
@given(OBJECTS, OBJECTS, OBJECTS, VERSIONS)
def test_no_json_raises(one: dict[str, Any], other: dict[str, Any], third: dict[str, Any], to: Version) -> None:
    found = translate(IndexDefinition(name="i", settings=one, mappings=other, aliases=third), to)
    assert found.as_json()
    assert all(change for change in (*found.changes, *found.conflicts))


@settings(max_examples=at_most(150))
@given(MAPPINGS, NEWER)
def test_translating_what_was_translated_changes_nothing(mappings: dict[str, Any], to: Version) -> None:
    old = IndexDefinition(name="i", settings={"index.version.created": "2040699"}, mappings=mappings, aliases={})
    once = translate(old, to).body
    made = once["settings"] | {"index.version.created": f"{to.major}000099"}
    again = translate(IndexDefinition(name="i", settings=made, mappings=once["mappings"], aliases={}), to)
    assert again.body == once
    assert again.conflicts == ()


def _lost(old: dict[str, Any], new: dict[str, Any], path: str) -> list[str]:
    """Each parameter, as PATH and its name, that an old field has and a new one has not or has otherwise."""
    found = []
    for name, value in old.items():
        if name == "properties":
            for one, field in value.items():
                here = f"{path}.{one}" if path else one
                found += _lost(field, new.get(name, {}).get(one, {}), here)
        elif new.get(name) != value and name not in SPELLINGS:
            found.append(path)
    return found


@settings(max_examples=at_most(200))
@given(st.dictionaries(st.text("abc", min_size=1), FIELDS, max_size=4), NEWER)
def test_no_field_loses_anything_without_a_word(properties: dict[str, Any], to: Version) -> None:
    mapping, changes = translate_mappings({"doc": {"properties": properties}}, to)
    mapping = mapping.get("doc", mapping)
    for path in _lost({"properties": properties}, mapping, ""):
        assert any(change.startswith(f"{path}: ") for change in changes), (path, changes)


@settings(max_examples=at_most(150))
@given(OBJECTS, NEWER)
def test_no_setting_is_lost_without_a_word(told: dict[str, Any], to: Version) -> None:
    told = {f"index.{name}" if not name.startswith("index.") else name: f"{value}" for name, value in told.items()}
    kept, changes = translate_settings(told, to)
    for name, value in told.items():
        is_private = name.startswith(("index.version.", "index.uuid"))
        assert is_private or kept.get(name) == value or any(name.rpartition(".")[0] in one for one in changes)
