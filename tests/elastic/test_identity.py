"""Which cluster is meant: nothing is asked of another that answers at its address, however it has got there."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.identity import LONGEST_TRUST, ClusterIdentity
from esmigrate_tui.elastic.transport import MAY_OPEN
from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, parse_address
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.sandbox.nodes import NodeOptions
from tests.broken_line import Answer, Break, Line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.broken_line import Fault
    from tests.fixtures_nodes import SharedNodes

OPEN = NodeOptions(security=False)
OTHER = NodeOptions(security=False, settings={"cluster.name": "another"})


@pytest.fixture
async def both(nodes: SharedNodes) -> tuple[SandboxNode, SandboxNode]:
    return await nodes.get("7.17.28", OPEN), await nodes.get("7.17.28", OTHER)


@asynccontextmanager
async def reached(line: Line, meant: str = "") -> AsyncIterator[Cluster]:
    endpoint, _ = parse_address(line.node.url)
    async with await connect(Connection(endpoint=endpoint), NO_CREDENTIAL, meant=meant) as cluster:
        yield cluster


async def uuid_of(line: Line) -> str:
    async with reached(line) as cluster:
        return (await cluster.wire.identity())[0]


def got(line: Line, node: SandboxNode) -> list[str]:
    return [asked.what for name, asked in line.asked if name == node.name]


@pytest.mark.nodes
async def test_a_cluster_that_is_meant_is_asked_who_it_is_on_every_line_and_before_every_change(
    both: tuple[SandboxNode, SandboxNode],
) -> None:
    async with Line(both[0]) as line:
        uuid = await uuid_of(line)
        line.asked.clear()
        async with reached(line, uuid) as cluster:
            await cluster.changes.create_index("idn-a", "{}")
            await cluster.changes.delete_index("idn-a")
    told = got(line, both[0])
    for change in ("PUT /idn-a", "DELETE /idn-a"):
        assert told[told.index(change) - 1] == "GET /"
    assert told[0] == "GET /"


@pytest.mark.nodes
async def test_nothing_is_sent_to_another_cluster_that_answers_after_a_line_was_lost(
    both: tuple[SandboxNode, SandboxNode],
) -> None:
    here, there = both
    async with Line(here) as line:
        async with reached(line, await uuid_of(line)) as cluster:
            await cluster.changes.create_index("idn-b", "{}")
            line.leads_to(there)
            for doing in (
                lambda: cluster.changes.create_index("idn-b", "{}"),
                lambda: cluster.changes.delete_index("idn-b"),
                lambda: cluster.documents.bulk("idn-b", b'{"create":{"_id":"1"}}\n{}\n'),
                lambda: cluster.tasks.start({"source": {}}, opaque_id="x", requests_per_second=0),
                lambda: cluster.searches.count("idn-b"),
            ):
                with pytest.raises(ProblemError) as caught:
                    await doing()
                assert caught.value.problem.cause in {Cause.STALE, Cause.CONNECTION}
            assert caught.value.problem.cause is Cause.STALE
            line.leads_to(here)  # some lines may still lead there
            with pytest.raises(ProblemError, match="is not the cluster that this plan was made for"):
                await cluster.changes.delete_index("idn-b")
        async with reached(line) as cluster:
            await cluster.changes.delete_index("idn-b")
    assert set(got(line, there)) == {"GET /"}


@pytest.mark.nodes
async def test_a_cluster_that_is_away_and_comes_back_as_another_is_found_out_by_documents_too(
    both: tuple[SandboxNode, SandboxNode],
) -> None:
    here, there = both
    async with Line(here) as line, reached(line, await uuid_of(line)) as cluster:
        bulk = b'{"create":{"_index":"idn-c","_id":"1"}}\n{}\n'
        line.leads_to(there)
        ends = await asyncio.gather(*(cluster.documents.bulk("idn-c", bulk) for _ in range(9)), return_exceptions=True)
    assert all(isinstance(end, ProblemError) and end.problem.cause is Cause.STALE for end in ends)
    assert set(got(line, there)) == {"GET /"}


@pytest.mark.nodes
async def test_many_requests_at_once_each_find_a_line_that_was_looked_at(both: tuple[SandboxNode, SandboxNode]) -> None:
    async with Line(both[0]) as line, reached(line, await uuid_of(line)) as cluster:
        await cluster.changes.create_index("idn-d", "{}")
        bodies = [b'{"create":{"_id":"%d"}}\n{}\n' % number for number in range(40)]
        ends = await asyncio.gather(*(cluster.documents.bulk("idn-d", body) for body in bodies))
        await cluster.searches.refresh("idn-d")
        assert await cluster.searches.count("idn-d") == 40
        await cluster.changes.delete_index("idn-d")
    assert [item.status for items in ends for item in items] == [201] * 40


@pytest.mark.nodes
@pytest.mark.parametrize("fault", [Break.BEFORE, Break.AFTER, Answer(502, b"<html>", "text/html")])
async def test_after_a_line_was_lost_it_is_asked_who_is_there(
    both: tuple[SandboxNode, SandboxNode], fault: Fault
) -> None:
    async with Line(both[0]) as line, reached(line, await uuid_of(line)) as cluster:
        await cluster.indices.every()
        line.breaks(fault, "/_cat/indices", 1)
        with pytest.raises(ProblemError):
            await cluster.indices.every()
        line.asked.clear()
        await cluster.wire.version()
        await cluster.indices.existing(["idn"])
    assert got(line, both[0])[0] == "GET /"


async def test_what_was_seen_a_moment_ago_is_not_asked_again_and_what_was_seen_long_ago_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = 0

    async def ask() -> str:
        nonlocal asked
        asked += 1
        return "u"

    identity, began = ClusterIdentity("u", "here:9200"), asyncio.get_running_loop().time()
    for seconds in (0.0, LONGEST_TRUST - 1, LONGEST_TRUST + 1):
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda passed=seconds: began + passed)
        await identity.must_be_seen(ask)
    assert asked == 2
    assert MAY_OPEN.get()


async def test_a_cluster_that_does_not_say_its_uuid_is_not_taken_for_the_one_that_is_meant() -> None:
    async def ask() -> str:
        return ""

    with pytest.raises(ProblemError) as caught:
        await ClusterIdentity("u", "here:9200").must_be_seen(ask)
    assert caught.value.problem.cause is Cause.STALE
    assert (
        "made for the cluster u; the one at this address is one that does not say its uuid" in caught.value.problem.why
    )
