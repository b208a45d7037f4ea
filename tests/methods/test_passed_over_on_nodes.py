"""Documents that a search without a type, or of frozen indices, passes over: read, counted and compared like all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from esmigrate_tui.model.copy_options import CopyOptions, TypeRule
from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.method import MethodName, Proof
from esmigrate_tui.preflight import copying
from esmigrate_tui.verify import compare_counts
from esmigrate_tui.verify.counts import ComparedIndex
from tests.methods.copying import METHOD, fill, make, pair, settings
from tests.methods.migrating import migrated
from tests.methods.test_copy_choices import chosen, found_by
from tests.preflight.test_checks_on_facts import draft as drafted

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.plan import Plan
    from tests.fixtures_nodes import SharedNodes

INDEX: Final = "watched"
QUERIES: Final = {"warn": {"query": {"term": {"level": "warn"}}}, "all": {"query": {"match_all": {}}}}


async def filled(source: Cluster) -> None:
    """Two types beside the queries: three documents of one, one of the other."""
    await make(source, INDEX, {"settings": settings(2), "mappings": {"line": {}, "host": {}}})
    await fill(source, INDEX, [({"_type": "line", "_id": str(n)}, b'{"level":"warn"}') for n in range(3)])
    await fill(source, INDEX, [({"_type": "host", "_id": "h"}, b'{"name":"a"}')])
    for name, query in QUERIES.items():
        await source.wire.exchange("PUT", f"/{INDEX}/.percolator/{name}", json.dumps(query).encode())
    await source.searches.refresh(INDEX)


async def planned(draft: Draft, clusters: Clusters) -> Plan:
    """The plan of a draft, all compared; what it makes is gone from the destination."""
    plan = METHOD.plan(draft, "2026-01-01T00:00:00Z")
    for name in await clusters.destination.indices.existing([task.destination_index for task in plan.tasks]):
        await clusters.destination.changes.delete_index(name)
    return msgspec.structs.replace(plan, verify=Proof.EVERYTHING)


@pytest.mark.nodes
@pytest.mark.parametrize("newer", ["2.4.6", "5.6.16", "7.17.28"])
async def test_queries_that_2_4_keeps_beside_documents_arrive_and_are_compared(
    nodes: SharedNodes, tmp_path: Path, newer: str
) -> None:
    async with pair(nodes, "2.4.6", newer) as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        await filled(source)
        into = "watched-there"
        plan = await planned(await chosen(clusters, draft, INDEX, into, CopyOptions()), clusters)
        assert plan.documents == 6
        run = await migrated(plan, clusters, tmp_path)
        assert run.outcome is RunOutcome.VERIFIED
        assert run.progress.tasks[0].done == 6
        found = await compare_counts(ComparedIndex(source, INDEX), ComparedIndex(destination, into))
        assert (found.source_count, found.destination_count) == (6, 6)


@pytest.mark.nodes
async def test_types_that_go_apart_leave_no_query_behind(nodes: SharedNodes, tmp_path: Path) -> None:
    async with pair(nodes, "2.4.6") as (clusters, draft):
        assert clusters.source is not None
        await filled(clusters.source)
        plan = await planned(await chosen(clusters, draft, INDEX, INDEX, CopyOptions(types=TypeRule.APART)), clusters)
        run = await migrated(plan, clusters, tmp_path)
        assert run.outcome is RunOutcome.VERIFIED
        arrived = {task.destination_index: row.done for task, row in zip(plan.tasks, run.progress.tasks, strict=True)}
        assert arrived == {"watched-.percolator": 2, "watched-host": 1, "watched-line": 3}


@pytest.mark.nodes
@pytest.mark.parametrize(
    ("method", "severity"),
    [(MethodName.REINDEX_FROM_REMOTE, Severity.BLOCKER), (MethodName.COPY_THROUGH_HERE, Severity.WARNING)],
)
async def test_stored_queries_are_told_of_before_and_stop_a_remote_reindex(
    nodes: SharedNodes, method: MethodName, severity: Severity
) -> None:
    async with pair(nodes, "2.4.6") as (clusters, draft):
        assert clusters.source is not None
        await filled(clusters.source)
        wanted = msgspec.structs.replace(await chosen(clusters, draft, INDEX, INDEX, CopyOptions()), method=method)
        [said] = await found_by(copying.passed_over, wanted, clusters)
        assert said.severity is severity
        assert said.subjects == (INDEX,)


@pytest.mark.nodes
async def test_frozen_indices_are_counted_where_several_are_looked_at_in_one_request(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, _):
        source = clusters.source
        assert source is not None
        await make(source, "iced", {"settings": settings()})
        await fill(source, "iced", [({"_type": "_doc", "_id": "1"}, b'{"a":1}')])
        await source.wire.exchange("POST", "/iced/_freeze")
        assert await source.searches.counts(["iced"]) == {"iced": 1}
        assert await source.searches.first_sources(["iced"], 5) == {"iced": (b'{"a":1}',)}


def test_more_documents_in_the_statistics_than_a_search_finds_are_told_unless_some_are_nested() -> None:
    def draft(mappings: dict[str, Any], held: int) -> Draft:
        definition = IndexDefinition(name="logs", settings={}, mappings=mappings, aliases={}, documents=4)
        return drafted(source_indices=(IndexFacts(name="logs", documents=held),), definitions={"logs": definition})

    nested = {"properties": {"a": {"properties": {"b": {"type": "nested"}}}}}
    [said] = copying.judged_passed_over(draft({}, 5), frozenset())
    assert said.evidence == "logs: 5, found 4"
    assert not list(copying.judged_passed_over(draft({}, 4), frozenset()))
    assert not list(copying.judged_passed_over(draft(nested, 5), frozenset()))
