"""Into which ranges a large index is divided: whatever its values are, every document is in exactly one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.field_percentiles import PERCENTS, Spread
from esmigrate_tui.elastic.searches import NO_DOCUMENT
from esmigrate_tui.methods.reindex_from_remote.decisions import divided
from esmigrate_tui.methods.reindex_from_remote.ranges import RangeField, edges_of, fields_of, how_many, query_of
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task

N = RangeField("n")
NEW = Version(7, 17, 28)
LONGS = st.integers(-(2**63), 2**63 - 1)


def plan(*, tasks: int = 1, at_once: int = 2, split: int = 0, pace: float = 0.0) -> Plan:
    return Plan(
        method=MethodName.REINDEX_FROM_REMOTE,
        made_at="2026-01-01T00:00:00Z",
        destination=Connection(endpoint=Endpoint(scheme="http", host="new", port=9200)),
        destination_uuid="u",
        destination_version="7.17.28",
        at_once=at_once,
        split=split,
        requests_per_second=pace,
        tasks=tuple(Task(number=n, source_index=f"i{n}", destination_index=f"i{n}") for n in range(1, tasks + 1)),
    )


def spread(values: list[int | None]) -> Spread:
    """What a server would say of these values, one a document."""
    known = sorted(float(value) for value in values if value is not None)
    percentiles = [known[min(len(known) - 1, percent * len(known) // 100)] for percent in PERCENTS] if known else []
    return Spread(documents=len(values), missing=len(values) - len(known), percentiles=tuple(percentiles))


def is_found(query: dict[str, Any], values: list[int]) -> bool:
    """Whether Elasticsearch would find a document: of a field with several values, any is enough."""
    if "match_all" in query:
        return True
    parts = query["bool"]
    inside = [clause["bool"]["should"][0] for clause in parts.get("filter", [])]
    below = [[value < clause["range"]["v"]["lt"] for value in values] for clause in inside]
    not_below = [[value < clause["range"]["v"]["lt"] for value in values] for clause in parts.get("must_not", [])]
    return all(any(one) for one in below) and not any(any(one) for one in not_below)


@given(st.sets(LONGS, min_size=1, max_size=15), st.lists(LONGS, max_size=4))
def test_any_document_is_in_exactly_one_range(edges: set[int], values: list[int]) -> None:
    state = divided(RangeField("v"), sorted(edges))
    found = [is_found(query_of(state.field, part.start, part.end, ()), values) for part in state.parts]
    assert found.count(True) == 1
    if not values:
        assert found[-1]


@given(st.lists(st.none() | LONGS, min_size=1, max_size=300), st.integers(2, 16))
def test_ranges_rise_are_not_too_many_and_none_holds_almost_all(values: list[int | None], wanted: int) -> None:
    edges = edges_of(N, spread(values), wanted)
    assert list(edges) == sorted(set(edges))
    assert len(edges) < wanted
    assert all(-(2**63) <= edge < 2**63 for edge in edges)


def test_even_values_are_divided_evenly() -> None:
    assert edges_of(N, spread([*range(1_000)]), 4) == (250, 500, 750)


def test_documents_without_a_value_are_part_of_what_is_balanced() -> None:
    edges = edges_of(N, spread([*range(800), *[None] * 200]), 4)
    assert edges == (248, 496, 752)  # the last range has 48 of these, and the 200


@pytest.mark.parametrize(
    "values",
    [[7] * 1_000, [*[1] * 900, *range(100)], [*range(100), *[None] * 900], [None] * 5],
)
def test_values_that_would_leave_almost_all_in_one_range_divide_nothing(values: list[int | None]) -> None:
    assert edges_of(N, spread(values), 4) == ()


@given(st.lists(LONGS, min_size=1, max_size=300))
def test_every_edge_of_a_date_is_an_instant_that_can_be_written(values: list[int]) -> None:
    field = RangeField("@timestamp", is_date=True)
    for edge in edges_of(field, spread([*values]), 4):
        assert query_of(field, None, edge, ())["bool"]["filter"]


def test_an_instant_does_not_depend_on_the_format_of_its_field() -> None:
    query = query_of(RangeField("@timestamp", is_date=True), -1_001, 2_000, ("a",))
    form = {"format": "strict_date_optional_time"}
    assert query == {
        "bool": {
            "filter": [
                {
                    "bool": {
                        "should": [
                            {"range": {"@timestamp": {"lt": "1970-01-01T00:00:02.000+00:00", **form}}},
                            NO_DOCUMENT,
                        ]
                    }
                }
            ],
            "must_not": [
                {"range": {"@timestamp": {"lt": "1969-12-31T23:59:58.999+00:00", **form}}},
                {"ids": {"values": ["a"]}},
            ],
        }
    }


def test_the_timestamp_comes_first_then_dates_then_whole_numbers_and_at_last_the_number_of_a_change() -> None:
    mapping = {
        "properties": {
            "n": {"type": "long"},
            "deep": {"properties": {"made": {"type": "date_nanos"}}},
            "born": {"type": "date"},
            "@timestamp": {"type": "date"},
            "price": {"type": "double"},
            "name": {"type": "keyword"},
        }
    }
    names = [field.name for field in fields_of(mapping, Features.of_elasticsearch(NEW))]
    assert names == ["@timestamp", "born", "deep.made", "n", "_seq_no"]
    assert [field.name for field in fields_of(mapping, Features.of_elasticsearch(Version(5, 6, 16)))] == names[:-1]


@pytest.mark.parametrize(
    "field",
    [
        {"type": "long", "index": False},
        {"type": "long", "index": "no"},
        {"type": "date", "doc_values": False},
        {"type": "date", "doc_values": "false"},
        {"type": "nested", "properties": {"n": {"type": "long"}}},
        {"type": "object", "enabled": False, "properties": {"n": {"type": "long"}}},
        {"type": "alias", "path": "other"},
        {"type": "text", "fields": {"n": {"type": "long"}}},
    ],
)
def test_a_field_that_cannot_be_searched_or_has_no_column_of_the_documents_own_divides_nothing(
    field: dict[str, Any],
) -> None:
    assert fields_of({"properties": {"f": field}}, Features.of_elasticsearch(Version(5, 6, 16))) == ()


def test_the_fields_of_every_type_of_an_old_index_are_looked_at() -> None:
    mappings = {"book": {"properties": {"made": {"type": "date"}}}, "loan": {"properties": {"n": {"type": "integer"}}}}
    assert [field.name for field in fields_of(mappings, Features.of_elasticsearch(Version(2, 4, 6)))] == ["made", "n"]


def test_a_word_that_only_a_newer_server_knows_does_no_harm() -> None:
    mapping = {"new_word": True, "properties": {"n": {"type": "long"}}}
    assert fields_of(mapping, Features.of_elasticsearch(NEW))[-1] == RangeField("_seq_no")


def test_only_the_field_that_was_asked_for_is_taken() -> None:
    mapping = {"properties": {"@timestamp": {"type": "date"}, "a": {"properties": {"n": {"type": "long"}}}}}
    assert fields_of(mapping, Features.of_elasticsearch(NEW), "a.n") == (RangeField("a.n"),)
    assert fields_of(mapping, Features.of_elasticsearch(NEW), "_seq_no") == (RangeField("_seq_no"),)
    assert fields_of(mapping, Features.of_elasticsearch(NEW), "nothing") == ()


@pytest.mark.parametrize(
    ("documents", "size", "ranges"),
    [(99_999, 0, 1), (100_000, 0, 2), (150_000, None, 3), (10**9, None, 4), (5_000, 3 << 30, 3), (1, 1 << 40, 1)],
)
def test_an_index_is_divided_when_each_range_is_worth_it(documents: int, size: int | None, ranges: int) -> None:
    assert how_many(plan(), documents, size) == ranges


def test_ranges_of_all_indices_together_do_not_overrun_the_source() -> None:
    assert how_many(plan(tasks=9, at_once=4), 10**9, None) == 2
    assert how_many(plan(tasks=9, at_once=8), 10**9, None) == 1
    assert how_many(plan(), 10**9, None, shards=60) == 3


def test_a_person_decides_how_many_there_are() -> None:
    assert how_many(plan(split=9, tasks=9, at_once=8), 10**9, None) == 9
    assert how_many(plan(split=1), 10**9, None) == 1
    assert how_many(plan(split=5), 3, None) == 3
    assert how_many(plan(split=-2), 3, None) == 1


def test_a_copy_that_is_slowed_down_on_purpose_is_not_divided() -> None:
    assert how_many(plan(pace=500.0), 10**9, None) == 1


def test_what_is_left_out_of_a_whole_index_is_all_that_its_query_says() -> None:
    assert query_of(None, None, None, ()) == {"match_all": {}}
    assert query_of(None, None, None, ("a",)) == {"bool": {"must_not": [{"ids": {"values": ["a"]}}]}}


def test_a_state_of_ranges_leaves_no_gap() -> None:
    parts = divided(RangeField("v"), (1, 5)).parts
    assert [msgspec.structs.astuple(part)[:2] for part in parts] == [(None, 1), (1, 5), (5, None)]
