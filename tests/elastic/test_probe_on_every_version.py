"""A destination's way to a source is tried by a reindex of no document: from every version, over several shards."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.elastic.searches import NO_DOCUMENT
from esmigrate_tui.methods.reindex_from_remote.ranges import RangeField, query_of
from tests.methods.reindexing import fill, pair

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.elastic.reindex_tasks import ReindexProgress
    from tests.fixtures_nodes import SharedNodes

pytestmark = [pytest.mark.nodes, pytest.mark.newest]

SOURCES: Final = ("2.4.6", "5.6.16", "6.8.23", "7.17.28", "8.19.8", "9.4.3")
DESTINATIONS: Final = ("6.8.23", "7.17.28", "8.19.8", "9.4.3")
PAIRS: Final = [(old, new) for old in SOURCES for new in DESTINATIONS if int(old[0]) <= int(new[0])]
INDEX: Final = "probe-shards"
TIMES: Final = RangeField("t", is_date=True)


async def filled(clusters: Clusters) -> None:
    """An index of four shards on the source, with a document at each hour of a day."""
    assert clusters.source is not None
    if await clusters.source.indices.existing([INDEX]):
        return
    major = (await clusters.source.wire.version()).major
    mapping = {"properties": {"t": {"type": "date"}}}
    body: dict[str, Any] = {
        "settings": {"number_of_shards": 4, "number_of_replicas": 0},
        "mappings": mapping if major >= 7 else {"_doc" if major == 6 else "doc": mapping},
    }
    kind = {} if major >= 7 else {"_type": "_doc" if major == 6 else "doc"}
    lines = (({**kind, "_id": str(hour)}, f'{{"t":"2024-01-01T{hour:02}:00:00Z"}}') for hour in range(24))
    await fill(clusters.source, INDEX, body, lines)


def reindex(clusters: Clusters, into: str, **source: Any) -> dict[str, Any]:  # noqa: ANN401  # fields of its source
    assert clusters.source is not None
    return {"source": {"remote": clusters.source.wire.as_remote(), "index": INDEX, **source}, "dest": {"index": into}}


async def ended(destination: Cluster, task: str) -> ReindexProgress:
    async with asyncio.timeout(30):
        while True:
            look = await destination.tasks.progress(task)
            if look.completed:
                return look
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=[f"{old} to {new}" for old, new in PAIRS])
async def test_the_way_is_tried_whatever_the_versions_and_makes_no_index(
    nodes: SharedNodes, old: str, new: str
) -> None:
    async with pair(nodes, old, new) as (clusters, _):
        await filled(clusters)
        await clusters.destination.tasks.dry_run(reindex(clusters, "probe-nowhere"))
        assert await clusters.destination.indices.existing(["probe-nowhere"]) == {}


@pytest.mark.parametrize("old", SOURCES[-2:])
async def test_a_range_that_has_been_emptied_on_the_source_ends_well(nodes: SharedNodes, old: str) -> None:
    async with pair(nodes, old, "9.4.3") as (clusters, _):
        await filled(clusters)
        body = reindex(clusters, "probe-range", query=query_of(TIMES, None, 1_000_000_000_000, ()))
        task = await clusters.destination.tasks.start(body, opaque_id=f"probe-{old}", requests_per_second=0)
        look = await ended(clusters.destination, task)
        assert (look.total, look.failures, look.problem) == (0, (), None)


@pytest.mark.parametrize("version", ["8.19.3", "9.5.0"])
async def test_servers_that_cannot_be_a_source_here_go_on_with_that_scroll_too(
    nodes: SharedNodes, version: str
) -> None:
    """Their archives lack the page by which a destination learns the version; what it would ask next is asked here."""
    async with pair(nodes, version, version) as (clusters, _):
        await filled(clusters)
        assert clusters.source is not None
        query = json.dumps({"query": NO_DOCUMENT, "size": 1}).encode()
        opened = (await clusters.source.wire.exchange("POST", f"/{INDEX}/_search?scroll=1m&sort=_doc", query)).body
        scroll = json.dumps({"scroll": "1m", "scroll_id": json.loads(opened)["_scroll_id"]}).encode()
        response = await clusters.source.wire.exchange("POST", "/_search/scroll", scroll)
        status, page = response.status, response.body
        assert (status, json.loads(page)["hits"]["hits"]) == (200, [])
