"""What the tests of a copy through this machine have in common: two connected nodes, an index, its work, its bytes."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.cluster import Cluster, Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.model.connection import Connection, Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.preflight import gather_facts
from tests.by_hand import performed
from tests.signing_in import side_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from elastic_transport import BaseAsyncNode

    from esmigrate_tui.model.event import Acknowledged
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

METHOD: Final = METHODS[MethodName.COPY_THROUGH_HERE].mover()


class PlainBook:
    """Makes each change at once: the ledger itself is the engine's, and tested there."""

    def __init__(self, clusters: Clusters) -> None:
        self.clusters = clusters

    async def change(self, side: Side, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401, ARG002  # JSON
        assert side is Side.DESTINATION
        assert what
        return await performed(self.clusters.destination, made_by)


async def reach(node: SandboxNode, node_class: type[BaseAsyncNode] | None = None) -> tuple[Connection, Cluster]:
    """A node, connected."""
    connection, credential = side_of(node)
    return connection, await connect(connection, credential, node_class=node_class)


@asynccontextmanager
async def joined(
    source: SandboxNode, destination: SandboxNode, *, node_class: type[BaseAsyncNode] | None = None
) -> AsyncIterator[tuple[Clusters, Draft]]:
    """Both nodes, connected; `node_class` is what the destination is reached through."""
    old, new = await reach(source), await reach(destination, node_class)
    draft = Draft(method=MethodName.COPY_THROUGH_HERE, source=old[0], destination=new[0])
    try:
        yield Clusters(destination=new[1], source=old[1]), draft
    finally:
        await old[1].close()
        await new[1].close()


@asynccontextmanager
async def pair(
    nodes: SharedNodes, source: str, destination: str = "7.17.28", *, node_class: type[BaseAsyncNode] | None = None
) -> AsyncIterator[tuple[Clusters, Draft]]:
    """Both shared nodes of those versions, connected."""
    old, new = await nodes.get(source), await nodes.get(destination)
    async with joined(old, new, node_class=node_class) as both:
        yield both


def settings(shards: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """The settings of a source index."""
    return {"number_of_shards": shards, "number_of_replicas": 0, "refresh_interval": "-1", **more}


async def make(cluster: Cluster, index: str, body: dict[str, Any]) -> None:
    """An empty index; one that a test before left is replaced."""
    if await cluster.indices.existing([index]):
        await cluster.changes.delete_index(index)
    await performed(cluster, Request(method="PUT", path=f"/{index}", body=json.dumps(body)))


async def fill(cluster: Cluster, index: str, lines: Iterable[tuple[dict[str, Any], bytes]]) -> None:
    """Documents of an index, as they stand."""
    body, documents = b"", list(lines)
    for position, (action, text) in enumerate(documents, start=1):
        body += json.dumps({"index": action}).encode() + b"\n" + text + b"\n"
        if len(body) > 4_000_000 or position == len(documents):
            response = await cluster.wire.exchange("POST", f"/{index}/_bulk", body, is_ndjson=True)
            status, answer = response.status, response.body
            assert status == 200
            assert b'"errors":false' in answer, answer[:2_000]
            body = b""
    await cluster.searches.refresh(index)


def numbered(amount: int, kind: str | None = "_doc", first: int = 0) -> Iterable[tuple[dict[str, Any], bytes]]:
    """So many documents that tell their own number."""
    typed = {"_type": kind} if kind else {}
    return (({**typed, "_id": str(n)}, b'{"n":%d}' % n) for n in range(first, first + amount))


async def work_for(
    clusters: Clusters,
    draft: Draft,
    index: str,
    *,
    create: dict[str, Any] | None = None,
    pace: float = 0.0,
    into: str = "",
) -> Work:
    """The planned work for one index, its target gone from the destination; `create` is what makes it there.

    `into` is another name there.
    """
    assert clusters.source is not None
    draft, _ = await gather_facts(draft, clusters)
    draft = draft.answered(selected=(index,), definitions=await clusters.source.indices.definitions([index]))
    draft = draft.answered(renamed={index: into} if into else {})
    plan = METHOD.plan(draft, "2026-01-01T00:00:00Z")
    if await clusters.destination.indices.existing([into or index]):
        await clusters.destination.changes.delete_index(into or index)
    task = plan.tasks[0]
    if create is not None:
        task = msgspec.structs.replace(task, create=json.dumps(create))
    return Work(task=task, plan=plan, opaque_id=f"esmigrate-copy-{index}", requests_per_second=pace)


def paced(work: Work, pace: float) -> Work:
    """The same work at another pace."""
    return replace(work, requests_per_second=pace)


async def carried_out(work: Work, clusters: Clusters, since: str = "") -> list[Acknowledged]:
    """Everything a perform yields, looked at twenty times a second."""
    steps: list[Acknowledged] = []
    await drained(METHOD.perform(work, clusters, since), steps)
    return steps


async def drained(steps: AsyncIterator[Acknowledged], into: list[Acknowledged]) -> None:
    """Ask for every look, until the end or an error."""
    async for moved in steps:
        into.append(moved)
        await asyncio.sleep(0.05)


async def looked_until(steps: AsyncIterator[Acknowledged], is_enough: Callable[[Acknowledged], bool]) -> Acknowledged:
    """Look until something is seen."""
    while True:
        moved = await anext(steps)
        if is_enough(moved):
            return moved
        await asyncio.sleep(0.02)


async def leave(steps: AsyncIterator[Acknowledged]) -> None:
    """Drop a perform as the engine does."""
    await steps.aclose()  # type: ignore[attr-defined]  # it is an async generator, whatever the contract says


async def stored(cluster: Cluster, index: str, identifier: str, *, kind: str = "_doc", routing: str = "") -> bytes:
    """The bytes of one document, by the request that gives nothing but them."""
    name = quote(identifier, safe="")
    path = f"/{index}/{kind}/{name}/_source" if (await cluster.wire.version()).major < 7 else f"/{index}/_source/{name}"
    return (await cluster.wire.exchange("GET", path + (f"?routing={quote(routing, safe='')}" if routing else ""))).body


async def numbers_in(cluster: Cluster, index: str) -> list[int]:
    """Every number that `numbered` documents of an index tell, sorted."""
    found: list[int] = []
    page = await cluster.documents.open_scroll(index, 0, 0, 1, 5_000)
    while page.documents:
        found += [json.loads(bytes(document.source))["n"] for document in page.documents]
        page = await cluster.documents.scroll(index, page.scroll)
    await cluster.documents.close_scroll(page.scroll)
    return sorted(found)
