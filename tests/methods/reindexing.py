"""What the tests of a reindex on real nodes share: both nodes connected, filled, planned, carried out."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

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
    from collections.abc import AsyncIterator, Iterable

    from esmigrate_tui.model.event import Acknowledged
    from tests.fixtures_nodes import SharedNodes

UNTYPED: dict[str, Any] = {"mappings": {"_doc": {"properties": {}}}}
METHOD = METHODS[MethodName.REINDEX_FROM_REMOTE].mover()


class PlainBook:
    """Makes each change at once: the ledger itself is the engine's, and tested there."""

    def __init__(self, clusters: Clusters) -> None:
        self.clusters = clusters
        self.undo: list[Request] = []

    async def change(self, side: Side, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # JSON
        assert side is Side.DESTINATION
        assert what
        if undo is not None:
            self.undo.append(undo)
        return await performed(self.clusters.destination, made_by)

    async def put_back(self) -> None:
        """Undo each change, as the engine does when a task has ended."""
        for undo in self.undo:
            await performed(self.clusters.destination, undo)


@asynccontextmanager
async def pair(nodes: SharedNodes, source: str, destination: str = "7.17.28") -> AsyncIterator[tuple[Clusters, Draft]]:
    """Both shared nodes, connected, with a draft that has looked at neither."""
    opened: list[tuple[Connection, Cluster]] = []
    for version in (source, destination):
        connection, credential = side_of(await nodes.get(version))
        opened.append((connection, await connect(connection, credential)))
    draft = Draft(method=MethodName.REINDEX_FROM_REMOTE, source=opened[0][0], destination=opened[1][0])
    try:
        yield Clusters(destination=opened[1][1], source=opened[0][1]), draft
    finally:
        for _, cluster in opened:
            await cluster.close()


async def fill(cluster: Cluster, index: str, body: dict[str, Any], lines: Iterable[tuple[dict[str, Any], str]]) -> None:
    """An index of the source with documents, sent as they stand; one that a test before left is replaced."""
    if await cluster.indices.existing([index]):
        await cluster.changes.delete_index(index)
    await performed(cluster, Request(method="PUT", path=f"/{index}", body=json.dumps(body)))
    bulk = "".join(json.dumps({"index": {"_index": index, **action}}) + "\n" + text + "\n" for action, text in lines)
    answer = await performed(cluster, Request(method="POST", path="/_bulk", body=bulk))
    assert not answer["errors"]
    await cluster.searches.refresh(index)


async def work_for(clusters: Clusters, draft: Draft, index: str, **changes: Any) -> Work:  # noqa: ANN401  # fields of Plan
    """The planned work for one index, its target gone from the destination."""
    assert clusters.source is not None
    draft, _ = await gather_facts(draft, clusters)
    draft = draft.answered(selected=(index,), definitions=await clusters.source.indices.definitions([index]))
    plan = msgspec.structs.replace(METHOD.plan(draft, "2026-01-01T00:00:00Z"), **changes)
    if await clusters.destination.indices.existing([index]):
        await clusters.destination.changes.delete_index(index)
    return Work(task=plan.tasks[0], plan=plan, opaque_id=f"esmigrate-test-{index}", requests_per_second=0.0)


async def carried_out(work: Work, clusters: Clusters, since: str = "") -> list[Acknowledged]:
    """Everything a perform yields, looked at ten times a second."""
    steps: list[Acknowledged] = []
    await drained(METHOD.perform(work, clusters, since), steps)
    return steps


async def drained(steps: AsyncIterator[Acknowledged], into: list[Acknowledged] | None = None) -> None:
    """Ask for every look, until the end or an error."""
    async for moved in steps:
        if into is not None:
            into.append(moved)
        await asyncio.sleep(0.1)
