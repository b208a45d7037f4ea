"""What is asked before anything is confirmed only reads, and in as many requests for a hundred indices as for one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.elastic.transport import WireNode
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.by_hand import performed
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes


class Recorder(WireNode):
    """The real node, which remembers what it was asked."""

    asked: list[tuple[str, str]]

    async def perform_request(self, method: str, target: str, **rest: Any) -> Any:  # type: ignore[override]  # noqa: ANN401  # handed on as it is
        self.asked.append((method, target.partition("?")[0]))
        return await super().perform_request(method, target, **rest)


@pytest.fixture
def asked() -> list[tuple[str, str]]:
    return []


@pytest.fixture(params=["6.8.23", "7.17.28"])
async def cluster(
    nodes: SharedNodes, request: pytest.FixtureRequest, asked: list[tuple[str, str]]
) -> AsyncIterator[Cluster]:
    node = await nodes.get(request.param)
    recorder = type("OwnRecorder", (Recorder,), {"asked": asked})
    async with await connected_to(node, recorder) as connected:
        yield connected
        for index in await connected.indices.every():
            if index.name.startswith("read-"):
                await connected.changes.delete_index(index.name)


async def _fill(cluster: Cluster, first: int, last: int) -> None:
    for number in range(first, last):
        body = {"settings": {"number_of_shards": 1, "number_of_replicas": 0}, "aliases": {"read-alias": {}}}
        await cluster.changes.create_index(f"read-{number:03}", json.dumps(body))


async def test_a_probe_is_eight_reads_and_one_of_templates_where_they_make_data_streams(
    cluster: Cluster, asked: list[tuple[str, str]]
) -> None:
    facts = await cluster.probe()
    assert {method for method, _ in asked} == {"GET"}
    assert len(asked) == (9 if facts.version.major >= 7 else 8)
    assert len(set(asked)) == len(asked)


async def test_listing_takes_as_many_reads_for_forty_indices_as_for_one(
    cluster: Cluster, asked: list[tuple[str, str]]
) -> None:
    needed: list[int] = []
    for first, last in ((0, 1), (1, 40)):
        await _fill(cluster, first, last)
        asked.clear()
        await cluster.probe()
        found = await cluster.indices.every()
        await cluster.indices.existing([index.name for index in found])
        names = [index.name for index in found if index.name.startswith("read-")]
        assert len(names) == last
        assert list(await cluster.indices.definitions(names)) == names
        assert {method if method == "GET" else (method, path) for method, path in asked} == {
            "GET",
            ("POST", "/_msearch"),
        }
        needed.append(len(asked))
    assert needed[0] == needed[1]


async def test_trying_a_reindex_changes_nothing(cluster: Cluster, asked: list[tuple[str, str]]) -> None:
    await _fill(cluster, 0, 1)
    before = await cluster.indices.every()
    asked.clear()
    body = {"source": {"remote": cluster.wire.as_remote(), "index": "read-000"}, "dest": {"index": "read-made"}}
    await cluster.tasks.dry_run(body)
    assert asked == [("POST", "/_reindex")]
    after = await cluster.indices.every()
    assert [(one.name, one.uuid, one.documents) for one in after] == [
        (one.name, one.uuid, one.documents) for one in before
    ]


async def test_a_change_that_is_too_wide_is_never_sent(cluster: Cluster, asked: list[tuple[str, str]]) -> None:
    for path in ("/read-*", "/_all", "/read-%2A", "/read-000,read-001", "/"):
        with pytest.raises(ProblemError) as caught:
            await performed(cluster, Request(method="DELETE", path=path))
        assert caught.value.problem.cause is Cause.USAGE
    assert asked == []
