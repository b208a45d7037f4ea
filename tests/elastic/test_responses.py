"""From answers to facts, on values."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.responses.cluster import BlocksState, block_descriptions
from esmigrate_tui.elastic.responses.indices import (
    CatIndex,
    FlatSettings,
    IndexListing,
    IndexMapping,
    ResolvedIndices,
    create_request,
    index_facts,
)
from esmigrate_tui.elastic.responses.nodes import (
    NodeDisk,
    NodesInfo,
    NodesResponse,
    disk_facts,
    modules_and_plugins,
    reindex_whitelist,
)
from esmigrate_tui.elastic.responses.settings import bytes_of, flat_texts, kept_free
from esmigrate_tui.elastic.responses.templates import (
    AllTemplates,
    ComponentTemplates,
    IndexTemplates,
    LegacyTemplate,
    given_by_templates,
)
from esmigrate_tui.model.facts import DiskFacts, Health, IndexState, Version
from esmigrate_tui.model.features import Features, created_version

GIB = 1 << 30


@pytest.mark.parametrize(
    ("number", "version"),
    [
        ("2040699", Version(2, 4, 6)),
        ("5061699", Version(5, 6, 16)),
        ("6082399", Version(6, 8, 23)),
        ("7172899", Version(7, 17, 28)),
        ("8100299", Version(8, 10, 2)),
        ("8536000", Version(8)),
        ("9107000", Version(9)),
        ("soon", None),
        (None, None),
    ],
)
def test_the_number_of_its_creation_says_which_version_made_an_index(
    number: str | None, version: Version | None
) -> None:
    assert created_version(number) == version


@pytest.mark.parametrize(
    ("low", "headroom", "kept"),
    [
        ("85%", None, 150 * GIB),
        ("85%", "200GB", 150 * GIB),
        ("85%", "100GB", 100 * GIB),
        ("85%", "-1", 150 * GIB),
        ("0.9", None, 100 * GIB),
        ("50gb", None, 50 * GIB),
        ("512mb", None, GIB // 2),
    ],
)
def test_the_low_watermark_is_read_as_share_or_size(low: str, headroom: str | None, kept: int) -> None:
    settings = {"cluster.routing.allocation.disk.watermark.low": low}
    if headroom is not None:
        settings["cluster.routing.allocation.disk.watermark.low.max_headroom"] = headroom
    assert kept_free(1000 * GIB, settings) == pytest.approx(kept, abs=2)


def test_without_the_disk_threshold_everything_that_is_free_is_usable() -> None:
    assert kept_free(1000, {"cluster.routing.allocation.disk.threshold_enabled": "false"}) == 0


def test_room_is_summed_over_data_nodes_and_never_below_nothing() -> None:
    nodes = msgspec.convert(
        {
            "nodes": {
                "full": {"roles": ["data_hot"], "fs": {"total": {"total_in_bytes": 1000, "available_in_bytes": 100}}},
                "empty": {"roles": ["data"], "fs": {"total": {"total_in_bytes": 1000, "available_in_bytes": 900}}},
                "master": {"roles": ["master"], "fs": {"total": {"total_in_bytes": 7, "available_in_bytes": 7}}},
                "old": {"attributes": {"data": "false"}, "fs": {"total": {"total_in_bytes": 7}}},
            }
        },
        NodesResponse[NodeDisk],
    )
    assert disk_facts(nodes, {}) == DiskFacts(total=2000, free=1000, usable=750, before_flood=900, roomiest=750)


def test_no_node_that_says_means_no_room_is_known() -> None:
    assert disk_facts(None, {}) is None
    assert disk_facts(NodesResponse[NodeDisk](), {}) is None


def _nodes(*whitelists: object) -> NodesInfo:
    settings = [{} if one is None else {"reindex": {"remote": {"whitelist": one}}} for one in whitelists]
    return msgspec.convert({"nodes": {str(at): {"settings": one} for at, one in enumerate(settings)}}, NodesInfo)


@pytest.mark.parametrize(
    ("told", "settings", "expected"),
    [
        (_nodes("localhost:*,127.0.0.1:*"), {}, ("localhost:*", "127.0.0.1:*")),
        (_nodes(["a:1", "b:2"]), {}, ("a:1", "b:2")),
        (_nodes({"0": "a:1", "1": "b:2"}), {}, ("a:1", "b:2")),
        (_nodes(["a:1", "b:2"], ["b:2"]), {}, ("b:2",)),
        (_nodes(["a:1"], None), {}, ()),
        (_nodes(None), {"reindex.remote.whitelist": "[]"}, ()),
        (_nodes(None), {"reindex.remote.whitelist": '["*.io:*", "*.com:*"]'}, ("*.io:*", "*.com:*")),
        (_nodes(None), {"cluster.name": "x"}, None),
        (None, None, None),
    ],
)
def test_the_whitelist_is_what_every_node_allows(
    told: NodesInfo | None, settings: dict[str, str] | None, expected: tuple[str, ...] | None
) -> None:
    assert reindex_whitelist(told, settings) == expected


def test_flat_settings_are_layered_and_lists_become_json() -> None:
    assert flat_texts({"a": "1", "b.0": "x", "b.1": "y"}, {"a": "2", "c": ["p", "q"]}, {"d": True}) == {
        "a": "2",
        "b": '["x", "y"]',
        "c": '["p", "q"]',
        "d": "True",
    }


def test_blocks_are_those_of_the_whole_cluster_and_not_of_single_indices() -> None:
    state = msgspec.convert(
        {
            "blocks": {
                "global": {"6": {"description": "cluster read-only (api)"}},
                "indices": {
                    "shut": {"4": {"description": "index closed"}},
                    "full": {"12": {"description": "index read-only / allow delete (api)"}},
                },
            }
        },
        BlocksState,
    )
    assert block_descriptions(state) == ("cluster read-only (api)",)


def test_only_what_every_node_has_counts_as_installed() -> None:
    nodes = msgspec.convert(
        {
            "nodes": {
                "a": {"modules": [{"name": "reindex"}], "plugins": [{"name": "analysis-icu"}]},
                "b": {"modules": [{"name": "reindex"}], "plugins": []},
            }
        },
        NodesInfo,
    )
    assert modules_and_plugins(nodes) == (("reindex",), ())


def _listing(*entries: CatIndex, **mappings: object) -> IndexListing:
    return IndexListing(
        entries,
        {"a": FlatSettings({"index.uuid": "U", "index.version.created": "5061699", "index.number_of_shards": "5"})},
        {name: msgspec.json.decode(msgspec.json.encode(one), type=IndexMapping) for name, one in mappings.items()},
        {"a": ("x",)},
        {},
        frozenset(),
    )


def test_a_closed_index_of_an_old_version_is_known_by_its_settings() -> None:
    found, left_out = index_facts(_listing(CatIndex(index="a", status="close")), with_types=True)
    assert left_out == ()
    assert (found[0].state, found[0].health, found[0].documents) == (IndexState.CLOSED, Health.UNKNOWN, None)
    assert (found[0].uuid, found[0].shards, found[0].created) == ("U", 5, Version(5, 6, 16))


def test_types_are_those_that_can_hold_documents_and_one_without_source_is_enough() -> None:
    mapping = {"mappings": {"_default_": {}, "b": {}, "a": {"_source": {"enabled": False}}}}
    found, _ = index_facts(_listing(CatIndex(index="a"), a=mapping), with_types=True)
    assert found[0].types == ("a", "b")
    assert not found[0].source_enabled


def test_from_version_seven_there_are_no_types() -> None:
    found, _ = index_facts(
        _listing(CatIndex(index="a"), a={"mappings": {"_source": {"enabled": False}}}), with_types=False
    )
    assert found[0].types == ()
    assert not found[0].source_enabled


def test_a_name_that_cannot_be_shown_as_it_is_is_left_out_and_told() -> None:
    found, left_out = index_facts(_listing(CatIndex(index="a\u202eb"), CatIndex(index="ok")), with_types=False)
    assert [one.name for one in found] == ["ok"]
    assert left_out == ("a<U+202E>b",)


TYPELESS = {"settings": {"number_of_shards": 1}, "mappings": {"properties": {"a": {"type": "long"}}}}


def test_from_version_seven_a_definition_goes_as_it_is() -> None:
    assert create_request(json.dumps(TYPELESS), Features.of_elasticsearch("7.17.0")) == ("", json.dumps(TYPELESS))


def test_version_six_point_eight_is_told_that_there_is_no_type() -> None:
    assert create_request(json.dumps(TYPELESS), Features.of_elasticsearch("6.8.23")) == (
        "?include_type_name=false",
        json.dumps(TYPELESS),
    )


@pytest.mark.parametrize(("version", "name"), [(Version(6, 4), "_doc"), (Version(5, 6), "doc"), (Version(2, 4), "doc")])
def test_older_versions_are_given_the_type_they_ask_for(version: Version, name: str) -> None:
    query, body = create_request(json.dumps(TYPELESS), Features.of_elasticsearch(version))
    assert query == ""
    assert json.loads(body) == {**TYPELESS, "mappings": {name: TYPELESS["mappings"]}}


@pytest.mark.parametrize("mappings", [{"_doc": {"properties": {}}}, {"event": {}}, {}])
def test_a_definition_that_names_its_type_or_has_none_is_left_alone(mappings: dict[str, object]) -> None:
    body = json.dumps({"mappings": mappings})
    assert create_request(body, Features.of_elasticsearch("6.8.0")) == ("", body)


def test_of_composed_templates_the_strongest_gives_its_parts_and_then_its_own() -> None:
    told = AllTemplates(
        legacy={"old": LegacyTemplate(index_patterns=("logs*",), settings={"index": {"a": "legacy"}})},
        composable=msgspec.convert(
            {
                "index_templates": [
                    {"name": "weak", "index_template": {"index_patterns": ["logs*"], "priority": 1}},
                    {
                        "name": "strong",
                        "index_template": {
                            "index_patterns": ["logs-*"],
                            "priority": 2,
                            "composed_of": ["part", "gone"],
                            "template": {"settings": {"index": {"b": "own"}}},
                        },
                    },
                ]
            },
            IndexTemplates,
        ),
        components=msgspec.convert(
            {
                "component_templates": [
                    {
                        "name": "part",
                        "component_template": {"template": {"settings": {"index": {"b": "part", "c": {"d": "1"}}}}},
                    }
                ]
            },
            ComponentTemplates,
        ),
    )
    assert given_by_templates("logs-1", told) == {"index.b": "own", "index.c.d": "1"}
    assert given_by_templates("logs", told) == {}
    assert given_by_templates("other", told) == {}


def test_of_legacy_templates_all_that_fit_count_by_their_order() -> None:
    told = AllTemplates(
        legacy={
            "late": LegacyTemplate(order=5, index_patterns=("a*", "b*"), settings={"index.x": "late"}),
            "early": LegacyTemplate(order=1, index_patterns=("*",), settings={"index.x": "early", "index.y": "1"}),
        },
        composable=IndexTemplates(),
        components=ComponentTemplates(),
    )
    assert given_by_templates("beta", told) == {"index.x": "late", "index.y": "1"}
    assert given_by_templates("gamma", told) == {"index.x": "early", "index.y": "1"}


def test_an_index_that_backs_a_data_stream_has_its_aliases_as_documented() -> None:
    told = msgspec.json.decode(
        b"""{"indices":[{"name":".ds-web-000001","attributes":["hidden","open"],"data_stream":"web"},
        {"name":"shop","aliases":["sales"],"attributes":["open"]}],
        "aliases":[{"name":"sales","indices":["shop"]},{"name":"traffic","indices":["web"]}],
        "data_streams":[{"name":"web","backing_indices":[".ds-web-000001"],"timestamp_field":"@timestamp"}]}""",
        type=ResolvedIndices,
    )
    assert told.aliases_of_each() == {".ds-web-000001": ("traffic",), "shop": ("sales",)}


@given(st.text(max_size=80) | st.from_regex(r"[0-9.]{1,500}[kmgtp%]?b?", fullmatch=True))
def test_a_size_or_a_share_in_a_setting_may_be_any_text(told: str) -> None:
    assert (bytes_of({"size": told}, "size") or 0) >= 0
    kept = kept_free(1_000, {"cluster.routing.allocation.disk.watermark.low": told})
    assert isinstance(kept, int)
