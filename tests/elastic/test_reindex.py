"""A reindex from a real 6.8.23 into a real 7.17.28, and every way in which it can go wrong."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.by_hand import performed
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.elastic.reindex_tasks import ReindexProgress
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

DOCUMENTS = 200


async def _connected(nodes: SharedNodes, version: str) -> Cluster:
    return await connected_to(await nodes.get(version))


@pytest.fixture
async def source(nodes: SharedNodes) -> AsyncIterator[Cluster]:
    async with await _connected(nodes, "6.8.23") as cluster:
        if not await cluster.indices.existing(["reindex-a"]):
            await cluster.changes.create_index(
                "reindex-a", '{"settings": {"number_of_shards": 1, "number_of_replicas": 0}}'
            )
            action = json.dumps({"index": {"_index": "reindex-a", "_type": "_doc"}})
            body = "".join(f'{action}\n{{"a": {number}, "b": "b{number}"}}\n' for number in range(DOCUMENTS))
            await performed(cluster, Request(method="POST", path="/_bulk?refresh=true", body=body))
        yield cluster


@pytest.fixture
async def destination(nodes: SharedNodes) -> AsyncIterator[Cluster]:
    async with await _connected(nodes, "7.17.28") as cluster:
        yield cluster
        for name in await cluster.indices.existing(["reindex-b"]):
            await cluster.changes.delete_index(name)


def _body(source: Cluster, **remote: str) -> dict[str, Any]:
    told = {**source.wire.as_remote(), **remote}
    return {"source": {"remote": told, "index": "reindex-a", "size": 20}, "dest": {"index": "reindex-b"}}


async def _ended(destination: Cluster, task: str) -> ReindexProgress:
    async with asyncio.timeout(30):
        while True:
            look = await destination.tasks.progress(task)
            if look.completed:
                return look
            await asyncio.sleep(0.1)


async def test_a_reindex_is_followed_to_its_end(source: Cluster, destination: Cluster) -> None:
    task = await destination.tasks.start(_body(source), opaque_id="one", requests_per_second=0)
    look = await _ended(destination, task)
    assert (look.total, look.created, look.updated, look.batches) == (DOCUMENTS, DOCUMENTS, 0, DOCUMENTS // 20)
    assert (look.failures, look.problem, look.canceled) == ((), None, None)
    await destination.searches.refresh("reindex-b")
    assert await destination.searches.count("reindex-b") == await source.searches.count("reindex-a") == DOCUMENTS


async def test_a_look_may_wait_at_the_server_for_the_end(source: Cluster, destination: Cluster) -> None:
    task = await destination.tasks.start(_body(source), opaque_id="waited", requests_per_second=0)
    look = await destination.tasks.progress(task, wait=30.0)
    assert (look.completed, look.created) == (True, DOCUMENTS)
    assert (await destination.tasks.progress(task, wait=30.0)).created == DOCUMENTS


async def test_a_look_that_waited_in_vain_says_how_far_it_is(source: Cluster, destination: Cluster) -> None:
    task = await destination.tasks.start(_body(source), opaque_id="in vain", requests_per_second=20)
    look = await destination.tasks.progress(task, wait=0.2)
    assert (look.completed, look.problem) == (False, None)
    await destination.tasks.cancel(task)
    assert (await _ended(destination, task)).canceled
    for missing in ("nowhere:1", f"{await _some_node(destination)}:999999"):
        with pytest.raises(ProblemError) as caught:
            await destination.tasks.progress(missing, wait=0.2)
        assert caught.value.problem.cause is Cause.MISSING


async def test_trying_it_needs_no_destination_index_and_makes_none(source: Cluster, destination: Cluster) -> None:
    await destination.tasks.dry_run(_body(source))
    assert await destination.indices.existing(["reindex-b"]) == {}


async def test_a_running_reindex_is_found_by_its_own_id(source: Cluster, destination: Cluster) -> None:
    task = await destination.tasks.start(_body(source), opaque_id="find-me", requests_per_second=20)
    assert await destination.tasks.find("find-me") == task
    assert await destination.tasks.find("somebody-else") is None
    await destination.tasks.cancel(task)
    await _ended(destination, task)
    assert await destination.tasks.find("find-me") is None


async def test_a_slow_reindex_is_told_to_hurry(source: Cluster, destination: Cluster) -> None:
    task = await destination.tasks.start(_body(source), opaque_id="slow", requests_per_second=1)
    assert not (await destination.tasks.progress(task)).completed
    await destination.tasks.rethrottle(task, 0)
    look = await _ended(destination, task)
    assert look.created == DOCUMENTS


async def test_a_cancelled_reindex_says_so_and_is_not_taken_for_done(source: Cluster, destination: Cluster) -> None:
    task = await destination.tasks.start(_body(source), opaque_id="cancel", requests_per_second=10)
    await destination.tasks.cancel(task)
    look = await _ended(destination, task)
    assert look.canceled == "by user request"
    assert look.created < DOCUMENTS


async def test_a_task_that_nobody_knows_is_missing_and_no_success(destination: Cluster) -> None:
    for task in ("nowhere:1", f"{await _some_node(destination)}:999999"):
        with pytest.raises(ProblemError) as caught:
            await destination.tasks.progress(task)
        assert caught.value.problem.cause is Cause.MISSING


async def _some_node(cluster: Cluster) -> str:
    answer = await performed(cluster, Request(method="GET", path="/_nodes/_local?filter_path=nodes.*.name"))
    return str(next(iter(answer["nodes"])))


async def test_a_task_that_has_ended_can_neither_be_paced_nor_cancelled(source: Cluster, destination: Cluster) -> None:
    task = await destination.tasks.start(_body(source), opaque_id="over", requests_per_second=0)
    await _ended(destination, task)
    for told in (destination.tasks.rethrottle(task, 5), destination.tasks.cancel(task)):
        with pytest.raises(ProblemError) as caught:
            await told
        assert caught.value.problem.cause is Cause.MISSING


async def test_documents_that_the_destination_refuses_are_told_one_by_one(
    source: Cluster, destination: Cluster
) -> None:
    await destination.changes.create_index("reindex-b", '{"mappings": {"properties": {"b": {"type": "long"}}}}')
    body = {**_body(source), "conflicts": "proceed"}
    look = await _ended(destination, await destination.tasks.start(body, opaque_id="bad", requests_per_second=0))
    assert look.created == 0
    assert len(look.failures) == 20
    assert {reject.index for reject in look.failures} == {"reindex-b"}
    assert {reject.status for reject in look.failures} == {400}
    assert "failed to parse field [b]" in look.failures[0].reason


@pytest.mark.parametrize(
    ("remote", "cause", "words"),
    [
        ({"password": "wrong"}, Cause.AUTHENTICATION, "{source} rejected user elastic"),
        ({"host": "http://127.0.0.1:1"}, Cause.CONNECTION, "{destination} cannot reach 127.0.0.1:1"),
        ({"host": "http://10.1.1.1:9200"}, Cause.NOT_WHITELISTED, "{destination} may not read from 10.1.1.1:9200"),
        ({"host": "https://{source}"}, Cause.CERTIFICATE, "{destination} is set to use TLS with {source}"),
    ],
)
async def test_what_stands_between_destination_and_source_is_told_before_and_in_the_task(
    source: Cluster, destination: Cluster, remote: dict[str, str], cause: Cause, words: str
) -> None:
    places = {
        "source": source.wire.connection.endpoint.authority,
        "destination": destination.wire.connection.endpoint.authority,
    }
    body = _body(source, **{key: value.format_map(places) for key, value in remote.items()})
    with pytest.raises(ProblemError) as caught:
        await destination.tasks.dry_run(body)
    task = await destination.tasks.start(body, opaque_id="never", requests_per_second=0)
    look = await _ended(destination, task)
    assert look.problem is not None
    for problem in (caught.value.problem, look.problem):
        assert problem.cause is cause
        assert words.format_map(places) in problem.what
        assert places["destination"] in problem.sentence()
        assert source.wire.as_remote()["password"] not in problem.sentence() + problem.evidence


async def test_a_source_index_that_is_gone_is_said_of_the_source(source: Cluster, destination: Cluster) -> None:
    body = _body(source)
    body["source"]["index"] = "reindex-nope"
    with pytest.raises(ProblemError) as caught:
        await destination.tasks.dry_run(body)
    assert caught.value.problem.cause is Cause.MISSING
    assert f"{source.wire.connection.endpoint.authority} has no such index reindex-nope" in caught.value.problem.what


async def test_a_server_without_the_module_says_that_it_has_no_reindex(nodes: SharedNodes, source: Cluster) -> None:
    async with await _connected(nodes, "8.19.3") as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.tasks.dry_run(_body(source))
    assert caught.value.problem.cause is Cause.UNSUPPORTED
    assert "does not offer /_reindex" in caught.value.problem.what


async def test_a_password_as_remote_stays_out_of_the_description_of_the_task(
    source: Cluster, destination: Cluster
) -> None:
    task = await destination.tasks.start(_body(source), opaque_id="secret", requests_per_second=1)
    told = await performed(destination, Request(method="GET", path=f"/_tasks/{task}"))
    assert source.wire.as_remote()["password"] not in json.dumps(told)
    await destination.tasks.cancel(task)
    await _ended(destination, task)
