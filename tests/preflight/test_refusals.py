"""Everything that a destination lacks for a definition is found, though each answer names one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.preflight.definitions import every_refusal
from esmigrate_tui.preflight.refusals import without
from tests.methods.reindexing import pair

if TYPE_CHECKING:
    from tests.fixtures_nodes import SharedNodes

BODY: Final[dict[str, Any]] = {
    "settings": {
        "number_of_shards": 2,
        "analysis": {
            "char_filter": {"signs": {"type": "mapping", "mappings": ["+ => plus"]}},
            "tokenizer": {"grams": {"type": "ngram", "min_gram": 2}},
            "filter": {"stems": {"type": "snowball", "language": "German"}},
            "analyzer": {
                "own": {"type": "custom", "tokenizer": "grams", "char_filter": ["signs"], "filter": ["stems"]},
                "plain": {"type": "custom", "tokenizer": "standard", "filter": ["asciifolding", "lowercase"]},
                "french": {"type": "french"},
            },
        },
    },
    "mappings": {
        "properties": {
            "rank": {"type": "rank_feature"},
            "text": {"type": "text", "analyzer": "own", "fields": {"typed": {"type": "search_as_you_type"}}},
            "told": {"type": "text", "analyzer": "english", "search_analyzer": "plain"},
            "deep": {"properties": {"price": {"type": "scaled_float", "scaling_factor": 100}}},
        }
    },
}
LACKING: Final = ("rank_feature", "search_as_you_type", "scaled_float", "snowball", "ngram", "mapping", "asciifolding")
LACKING_TOO: Final = ("french", "english")


@pytest.mark.nodes
@pytest.mark.parametrize("version", ["7.17.28", "9.5.0"])
async def test_a_bare_server_is_brought_to_name_all_that_it_lacks(nodes: SharedNodes, version: str) -> None:
    async with pair(nodes, version, version) as (clusters, _):
        told = await every_refusal(BODY, clusters.destination.surroundings.refusal)
        assert told is not None
        assert [name for name in (*LACKING, *LACKING_TOO) if f"[{name}]" not in told] == []
        assert await every_refusal({"mappings": {}}, clusters.destination.surroundings.refusal) == ""


async def test_words_that_say_nothing_end_the_asking() -> None:
    asked: list[object] = []

    async def ask(body: object) -> str:
        asked.append(body)
        return "The mapper type [rank_feature] declared on field [rank] does not exist." if len(asked) == 1 else "No."

    assert await every_refusal(BODY, ask) == (
        "The mapper type [rank_feature] declared on field [rank] does not exist.; No."
    )
    assert len(asked) == 2


async def test_a_server_that_refuses_for_ever_is_asked_a_few_times() -> None:
    left = [f"f{number}" for number in range(100)]
    body = {"mappings": {"properties": {name: {"type": name} for name in left}}}
    asked = 0

    async def ask(_: object) -> str:
        nonlocal asked
        asked += 1
        return f"No handler for type [{left[asked]}] declared on field [x]"

    await every_refusal(body, ask)
    assert asked == 12


def test_unknown_settings_are_taken_out_as_they_are_written() -> None:
    why = (
        "cause [Validation Failed: 1: unknown setting [index.knn] please;2: unknown setting [index.plugins.x] please;]"
    )
    body = {"settings": {"knn": True, "index": {"plugins": {"x": 1}, "codec": "default"}}}
    assert without(body, why) == {"settings": {"index.codec": "default"}, "mappings": {}}


def test_a_mapping_of_any_depth_can_be_looked_through() -> None:
    body: dict[str, Any] = {"properties": {"end": {"type": "rank_feature"}}}
    for _ in range(400):
        body = {"properties": {"a": body}}
    rest = without({"mappings": body}, "No handler for type [rank_feature] declared on field [end]")
    assert rest is not None
    assert "rank_feature" not in str(rest)


@given(st.text(max_size=60))
def test_whatever_is_said_something_is_taken_out_or_it_is_over(why: str) -> None:
    assert without(BODY, why) is None
