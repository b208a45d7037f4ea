"""Two definitions beside each other: nothing of either is lost, and what differs is found where it stands."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.facts import Version
from esmigrate_tui.translate import translate
from esmigrate_tui.translate.side_by_side import SideBySideLine, changed_at, of_body, of_source, side_by_side

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=14,
)
_OBJECTS = st.dictionaries(st.text(max_size=4), _VALUES, max_size=5)


def read_back(rows: tuple[SideBySideLine, ...], side: str) -> Any:  # noqa: ANN401  # JSON
    """One side's lines as the JSON that they are, with the commas that they leave out."""
    lines = [line for row in rows if (line := getattr(row, side)) is not None]
    text = ""
    for line, following in zip(lines, [*lines[1:], "}"], strict=True):
        is_last = line.endswith(("{", "[")) or following.startswith(("}", "]"))
        text += line if is_last else f"{line},"
    return json.loads(text)


@given(_OBJECTS, _OBJECTS)
def test_what_stands_on_each_side_is_the_whole_of_it(one: dict[str, Any], other: dict[str, Any]) -> None:
    rows = side_by_side(one, other)
    assert json.dumps(read_back(rows, "source"), sort_keys=True) == json.dumps(one, sort_keys=True)
    assert json.dumps(read_back(rows, "destination"), sort_keys=True) == json.dumps(other, sort_keys=True)


@given(_OBJECTS)
def test_what_is_the_same_has_no_difference(one: dict[str, Any]) -> None:
    assert all(row.is_same for row in side_by_side(one, one))
    body = json.dumps({"mappings": {"properties": one}})
    assert changed_at(body, body) == ()


@given(_OBJECTS, st.text(max_size=4).filter(bool), _VALUES)
def test_one_name_more_is_a_difference_on_its_side_alone(one: dict[str, Any], name: str, value: object) -> None:
    if name in one:
        return
    rows = side_by_side(one, one | {name: value})
    assert all(row.is_same or row.source is None for row in rows)
    assert not all(row.is_same for row in rows)


def defined(mappings: dict[str, Any], **settings: Any) -> IndexDefinition:  # noqa: ANN401  # as JSON has them
    return IndexDefinition(name="i", settings={"index": settings}, mappings=mappings, aliases={})


def test_settings_are_one_however_they_are_written() -> None:
    source, own = of_source(defined({}, number_of_shards="5", uuid="x", version={"created": "6082399"}, hidden=True))
    body = of_body('{"settings": {"number_of_shards": 5, "index": {"hidden": "true"}}, "mappings": {}}')
    assert source == body
    assert own == ("index.uuid", "index.version.created")


def test_an_only_type_is_no_difference_and_a_field_that_types_tell_otherwise_is_there_twice() -> None:
    one, _ = of_source(defined({"_doc": {"properties": {"a": {"type": "ip"}}}}))
    assert one == of_body('{"mappings": {"properties": {"a": {"type": "ip"}}}}')
    both, _ = of_source(
        defined({"t": {"properties": {"a": {"type": "ip"}}}, "u": {"properties": {"a": {"type": "date"}}}})
    )
    assert both["mappings"] == {"properties": {"a": {"type": "ip"}, "a (of u)": {"type": "date"}}}


def test_a_value_put_into_a_list_moves_no_other() -> None:
    rows = side_by_side({"f": ["lowercase", "stop" * 12, "snow"]}, {"f": ["lowercase", "trim", "stop" * 12, "snow"]})
    assert [row for row in rows if not row.is_same] == [SideBySideLine(2, None, '"trim"')]


def test_what_was_changed_is_named_by_setting_field_and_alias() -> None:
    before = {
        "settings": {"index.number_of_shards": "5"},
        "mappings": {
            "properties": {"a": {"type": "text"}, "b": {"properties": {"c": {"type": "ip"}, "d": {"type": "ip"}}}}
        },
    }
    after = {
        "settings": {"index": {"number_of_shards": 5, "number_of_replicas": 0}},
        "mappings": {
            "dynamic": "strict",
            "properties": {"a": {"type": "text"}, "b": {"properties": {"c": {"type": "keyword"}}}, "e": {}},
        },
        "aliases": {"new": {}},
    }
    assert changed_at(json.dumps(before), json.dumps(after)) == (
        "index.number_of_replicas",
        "dynamic",
        "b.c",
        "b.d",
        "e",
        "alias new",
    )


def test_a_translation_shows_beside_its_source_what_it_changes() -> None:
    source = defined({"doc": {"properties": {"a": {"type": "string", "index": "not_analyzed"}, "b": {"type": "ip"}}}})
    translation = translate(source, Version(7, 17, 28))
    body = msgspec.json.decode(translation.as_json())
    rows = side_by_side(of_source(source)[0], of_body(translation.as_json()))
    differing = [(row.source, row.destination) for row in rows if not row.is_same]
    assert '"a": {"type": "string", "index": "not_analyzed"}' in {source for source, _ in differing}
    assert read_back(rows, "destination")["mappings"] == body["mappings"]
    assert all('"b"' not in f"{one}{other}" for one, other in differing)
