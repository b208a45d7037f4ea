"""What templates of a destination would make of an index: merged here, shown before, named in what goes wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.elastic.responses.templates import (
    AllTemplates,
    ComponentTemplates,
    IndexTemplates,
    LegacyTemplate,
    template_layers,
)
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.facts import TemplateLayer
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.preflight.definitions import definitions_accepted
from esmigrate_tui.preflight.templates import effect_of, judged_effects, root_of, template_effects
from tests.methods.copying import fill, make, pair, settings
from tests.methods.migrating import migrated, planned

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes

BODY: Final[dict[str, Any]] = {
    "settings": {"number_of_shards": 1},
    "mappings": {"properties": {"user": {"properties": {"id": {"type": "long"}}}, "n": {"type": "long"}}},
    "aliases": {"mine": {}},
}


def layer(**parts: Any) -> TemplateLayer:  # noqa: ANN401  # JSON
    return TemplateLayer(template="house", **parts)


@pytest.mark.parametrize(
    ("given", "refusals", "changes", "is_felt"),
    [
        ({}, 0, 0, False),
        ({"mappings": {"properties": {"n": {"type": "long"}}}, "aliases": {"mine": {}}}, 0, 0, False),
        ({"mappings": {"properties": {"user": {"type": "keyword"}}}}, 1, 0, False),
        ({"mappings": {"properties": {"user": {"properties": {"id": {"properties": {}}}}}}}, 1, 0, False),
        ({"mappings": {"properties": {"user": {"type": "nested"}}}}, 1, 0, False),
        ({"mappings": {"properties": {"n": {"type": "object"}}}}, 1, 0, False),
        ({"mappings": {"_doc": {"properties": {"user": {"type": "keyword"}}}}}, 1, 0, False),
        ({"mappings": {"dynamic": "strict"}}, 0, 1, True),
        ({"mappings": {"properties": {"user": {"dynamic": "strict"}}}}, 0, 1, True),
        ({"mappings": {"_routing": {"required": True}}}, 0, 1, True),
        ({"mappings": {"properties": {"n": {"type": "long", "ignore_malformed": True}}}}, 0, 1, False),
        ({"aliases": {"theirs": {"is_write_index": True}}}, 0, 1, True),
        ({"settings": {"index": {"codec": "best_compression"}, "number_of_shards": 5}}, 0, 1, False),
        ({"settings": {"index.lifecycle.name": "told elsewhere"}}, 0, 0, False),
    ],
)
def test_what_a_template_does_is_what_the_request_does_not_say_itself(
    given: dict[str, Any],
    refusals: int,
    changes: int,
    is_felt: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    effect = effect_of(BODY, [layer(**given)])
    assert (len(effect.refusals), len(effect.changes), effect.is_felt) == (refusals, changes, is_felt)


def test_a_mapping_stands_under_its_types_or_by_itself() -> None:
    assert root_of({"_doc": {"properties": {"a": {}}}, "_default_": {"dynamic": False}}) == {
        "properties": {"a": {}},
        "dynamic": False,
    }
    assert root_of({"dynamic": "strict"}) == {"dynamic": "strict"}
    assert root_of(None) == {}


def test_legacy_templates_of_every_version_are_layers_in_their_order() -> None:
    legacy = {
        "late": LegacyTemplate(order=2, template="logs-*", aliases={"b": {}}),
        "early": LegacyTemplate(order=1, index_patterns=("logs-*", "x"), aliases={"a": {}}),
        "other": LegacyTemplate(order=0, template="other"),
    }
    found = template_layers("logs-1", AllTemplates(legacy, IndexTemplates(), ComponentTemplates()))
    assert [one.template for one in found] == ["early", "late"]


def test_a_contradiction_blocks_what_is_felt_warns_and_the_rest_is_noted() -> None:
    effects = {
        "a": effect_of(BODY, [layer(mappings={"properties": {"user": {"type": "keyword"}}})]),
        "b": effect_of(BODY, [layer(aliases={"theirs": {}})]),
        "c": effect_of(BODY, [layer(settings={"codec": "best_compression"})]),
    }
    said = judged_effects(effects)
    assert [(one.severity, one.subjects) for one in said] == [
        (Severity.BLOCKER, ("a",)),
        (Severity.WARNING, ("b",)),
        (Severity.NOTE, ("c",)),
    ]
    assert all("house" in one.why for one in said)
    assert [one.severity for one in judged_effects({"d": effect_of(BODY, [])})] == [Severity.PASSED]


async def put(cluster: Cluster, path: str, body: dict[str, Any]) -> None:
    await cluster.wire.exchange("PUT", path, json.dumps(body).encode())


@pytest.mark.nodes
@pytest.mark.parametrize("newer", ["6.8.23", "7.17.28"])
async def test_a_template_is_foreseen_seen_in_what_was_made_and_named_where_nothing_was(
    nodes: SharedNodes, tmp_path: Path, newer: str
) -> None:
    async with pair(nodes, "5.6.16", newer) as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        for index in ("tpl-felt", "tpl-torn"):
            await make(source, index, {"settings": settings(), "mappings": {"t": {}}})
            await fill(source, index, [({"_type": "t", "_id": "1"}, b'{"user":{"id":1}}')])
        typed = newer < "7"
        torn = {"properties": {"user": {"type": "keyword"}}}
        felt = {"index_patterns": ["tpl-felt"], "mappings": {"dynamic": "strict"}, "aliases": {"theirs": {}}}
        patterns = {"index_patterns": ["tpl-torn"], "mappings": {"_doc": torn} if typed else torn}
        if typed:
            felt["mappings"] = {"_doc": felt["mappings"]}
        await put(destination, "/_template/house-felt", felt)
        await put(destination, "/_template/house-torn", patterns)
        try:
            plan = await planned(clusters, draft, "tpl-felt", "tpl-torn")
            asked = draft.answered(tasks=plan.tasks)
            said = {one.severity: one async for one in template_effects(asked, clusters)}
            run = await migrated(plan, clusters, tmp_path)
        finally:
            await destination.wire.exchange("DELETE", "/_template/house-*")
    assert said[Severity.BLOCKER].subjects == ("tpl-torn",)
    assert "house-torn" in said[Severity.BLOCKER].why
    assert said[Severity.WARNING].subjects == ("tpl-felt",)
    assert "alias theirs" in said[Severity.WARNING].evidence
    assert run.outcome is RunOutcome.INCOMPLETE
    assert "template house-felt: strict, dynamic: strict" in run.notes
    assert "alias theirs" in run.notes
    torn_row = run.progress.task(2)
    assert torn_row.problem is not None
    assert "house-torn" in torn_row.problem.why
    assert any(line.is_problem and "house-felt" in line.text for line in run.progress.notable)


@pytest.mark.nodes
async def test_a_partitioned_index_passes_its_check_and_is_made(nodes: SharedNodes, tmp_path: Path) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        mappings = {"_doc": {"_routing": {"required": True}}}
        await make(clusters.source, "parted", {"settings": settings(4, routing_partition_size=2), "mappings": mappings})
        await fill(clusters.source, "parted", [({"_type": "_doc", "_id": "1", "routing": "a"}, b"{}")])
        plan = await planned(clusters, draft, "parted")
        asked = draft.answered(tasks=plan.tasks)
        said = [one.severity async for one in definitions_accepted(asked, clusters)]
        run = await migrated(plan, clusters, tmp_path)
    assert said == [Severity.PASSED]
    assert run.outcome is RunOutcome.VERIFIED


@pytest.mark.nodes
async def test_an_index_arrives_though_its_alias_has_a_name_that_only_2_4_takes(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async with pair(nodes, "2.4.6") as (clusters, draft):
        assert clusters.source is not None
        aliases: dict[str, Any] = {"w-*": {}, "al:colon": {}, "kept": {}}
        await make(clusters.source, "aliased", {"settings": settings(), "aliases": aliases})
        await fill(clusters.source, "aliased", [({"_type": "t", "_id": "1"}, b"{}")])
        plan = await planned(clusters, draft, "aliased")
        run = await migrated(plan, clusters, tmp_path)
        made = await clusters.destination.indices.definitions(["aliased"])
    assert set(made["aliased"].aliases) == {"kept"}
    assert sum("is left out" in change for change in plan.tasks[0].changes) == 2
    assert run.outcome is RunOutcome.VERIFIED


@pytest.mark.parametrize("key", ["_field_names", "_data_stream_timestamp", "include_in_all"])
def test_what_a_mapping_holds_at_its_top_is_no_type(key: str) -> None:
    mapping = {key: {"enabled": True}}
    assert root_of(mapping) == mapping
