"""An old and a new cluster with a repository between them, for tests of restores on real nodes."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui.elastic.cluster import Cluster, Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.snapshots import create_snapshot_request, register_request, unregister_request
from esmigrate_tui.elastic.transport import WireNode
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.restore_from_snapshot.mover import RestoreFromSnapshot
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.snapshot import Repository, RestoreOptions
from tests.by_hand import performed
from tests.signing_in import side_of
from tests.whole import assert_unharmed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from esmigrate_tui.model.event import Acknowledged
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.model.problem import Problem
    from esmigrate_tui.sandbox.launch import FileUser
    from esmigrate_tui.sandbox.records import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.whole import Before

SLOW = "40kb"
"""Of a second: so that a restore of a thousand documents takes a few."""


class PlainBook:
    """Makes each change at once: the ledger itself is the engine's, and tested there."""

    def __init__(self, clusters: Clusters) -> None:
        self.clusters = clusters
        self.made: list[tuple[Request, Request | None]] = []

    async def change(self, side: Side, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # JSON
        assert side is Side.DESTINATION
        assert what
        self.made.append((made_by, undo))
        return await performed(self.clusters.destination, made_by)


class Recorder(WireNode):
    """The real node, which remembers what it was asked."""

    asked: list[tuple[str, str]]

    async def perform_request(self, method: str, target: str, **rest: Any) -> Any:  # type: ignore[override]  # noqa: ANN401  # handed on as it is
        self.asked.append((method, target.partition("?")[0]))
        return await super().perform_request(method, target, **rest)


async def opened(
    node: SandboxNode, asked: list[tuple[str, str]] | None = None, user: FileUser | None = None
) -> Cluster:
    recorder = type("OwnRecorder", (Recorder,), {"asked": [] if asked is None else asked})
    who = (user.name, user.password) if user else ()
    return await connect(*side_of(node, *who), node_class=recorder)


@dataclass
class Pair:
    """An old cluster, a new one, and a repository of their own that both have; the new one may only read it."""

    clusters: Clusters
    repository: Repository
    name: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    method: RestoreFromSnapshot = field(default_factory=RestoreFromSnapshot)

    @property
    def old(self) -> Cluster:
        assert self.clusters.source is not None
        return self.clusters.source

    @property
    def new(self) -> Cluster:
        return self.clusters.destination

    def index(self, name: str) -> str:
        return f"{self.name}-{name}"

    async def fill(self, name: str, documents: int, *, shards: int = 1, settings: dict[str, Any] | None = None) -> str:
        """An index of the old cluster, each document with an odd spelling that only bytes keep."""
        index = self.index(name)
        await fill(self.old, index, documents, shards=shards, settings=settings)
        return index

    async def snapshot(self, *indices: str, partial: bool = False, **options: Any) -> None:  # noqa: ANN401  # of take_request
        """A snapshot named "snap", made to its end."""
        request = create_snapshot_request(
            self.name,
            "snap",
            indices,
            knows_features=(await self.old.wire.version()).major >= 7,
            **options,
        )
        path = request.path.replace("wait_for_completion=false", "wait_for_completion=true")
        told = json.loads(request.body) | {"partial": partial}
        await performed(self.old, msgspec.structs.replace(request, path=path, body=json.dumps(told)))

    async def draft(self, *selected: str, **changes: Any) -> Draft:  # noqa: ANN401  # fields of Draft
        """All answers, the destination looked at just now; `restoration` holds changes of Restoration."""
        wanted = RestoreOptions(repository=self.repository, snapshot="snap", **changes.pop("restoration", {}))
        return msgspec.structs.replace(
            Draft(
                method=MethodName.RESTORE_FROM_SNAPSHOT,
                destination=self.new.wire.connection,
                destination_facts=await self.new.probe(),
                destination_indices=await self.new.indices.every(),
                snapshot=await self.new.snapshots.snapshot(self.name, "snap"),
                restoration=wanted,
                selected=selected,
            ),
            **changes,
        )

    async def works(self, draft: Draft) -> list[Work]:
        plan = self.method.plan(draft, "2026-01-01T00:00:00Z")
        await self.method.open(plan, self.clusters, PlainBook(self.clusters))
        return [works_of(plan, number, self.name) for number in range(len(plan.tasks))]

    async def work(self, *selected: str, **changes: Any) -> Work:  # noqa: ANN401  # fields of Draft
        return (await self.works(await self.draft(*selected, **changes)))[0]

    async def carried_out(self, work: Work, since: str = "") -> list[Acknowledged]:
        steps: list[Acknowledged] = []
        await drained(self.method.perform(work, self.clusters, since), steps)
        return steps

    async def trouble(self, work: Work, since: str = "", into: list[Acknowledged] | None = None) -> Problem:
        with pytest.raises(ProblemError) as caught:
            await drained(self.method.perform(work, self.clusters, since), [] if into is None else into)
        return caught.value.problem

    async def unharmed(self, seen: Before, *restored: str, gone: Sequence[str] = ()) -> None:
        """Both clusters are as they were, the restored indices with the settings that they had, and the others gone."""
        assert seen.source is not None
        made = {name: seen.source.indices[name].settings for name in restored}
        await assert_unharmed(seen, self.clusters, {**made, **dict.fromkeys(gone)})

    async def clear(self) -> None:
        for cluster in (self.new, self.old):
            for index in await cluster.indices.every():
                if index.name.startswith(self.name):
                    with suppress(ProblemError):
                        await cluster.changes.delete_index(index.name)
            with suppress(ProblemError):
                await performed(cluster, unregister_request(self.name))


async def drained(steps: AsyncIterator[Acknowledged], into: list[Acknowledged]) -> None:
    """Ask for every look, until the end or an error."""
    async for moved in steps:
        into.append(moved)
        await asyncio.sleep(0.05)


def works_of(plan: Plan, number: int, name: str) -> Work:
    return Work(task=plan.tasks[number], plan=plan, opaque_id=f"esmigrate-{name}-{number + 1}", requests_per_second=0.0)


async def fill(
    cluster: Cluster, index: str, documents: int, *, shards: int = 1, settings: dict[str, Any] | None = None
) -> None:
    own = {"number_of_shards": shards, "number_of_replicas": 0, **(settings or {})}
    typed = (await cluster.wire.version()).major < 7
    loose = {"dynamic": False}
    body: dict[str, Any] = {
        "settings": own,
        "mappings": {"book": loose} if typed else loose,
        "aliases": {f"{index}-alias": {}},
    }
    await performed(cluster, Request(method="PUT", path=f"/{index}?wait_for_active_shards=0", body=json.dumps(body)))
    for first in range(0, documents, 1_000):
        lines: list[str] = []
        for number in range(first, min(documents, first + 1_000)):
            action: dict[str, Any] = {"_index": index, "_id": str(number), "routing": str(number % 3)}
            if typed:
                action["_type"] = "book"
            lines.append(json.dumps({"index": action}))
            lines.append(f'{{ "n" : {number}.10,"big":1e400, "noise":"{secrets.token_hex(100)}"}}')
        bulk = Request(method="POST", path="/_bulk", body="\n".join(lines) + "\n")
        assert not (await performed(cluster, bulk))["errors"]
    if documents:
        await cluster.searches.refresh(index)


@asynccontextmanager
async def paired(
    old: SandboxNode, new: SandboxNode, settings: dict[str, str] | None = None, *, user: FileUser | None = None
) -> AsyncIterator[Pair]:
    """A repository of their own on both; `settings` are more of the new one's."""
    name = f"rst-{secrets.token_hex(3)}"
    asked: list[tuple[str, str]] = []
    source, destination = await opened(old), await opened(new, asked, user)
    place = Repository(name=name, type="fs", settings={"location": str(new.snapshots / name)})
    readonly = msgspec.structs.replace(place, settings=place.settings | {"readonly": "true"} | (settings or {}))
    pair = Pair(Clusters(destination=destination, source=source), readonly, name, asked)
    try:
        await performed(source, register_request(place))
        await performed(destination, register_request(readonly))
        yield pair
    finally:
        await pair.clear()
        await source.close()
        await destination.close()


@asynccontextmanager
async def usual(nodes: SharedNodes, slow: str = "") -> AsyncIterator[Pair]:
    more = {"max_restore_bytes_per_sec": slow} if slow else {}
    async with paired(await nodes.get("6.8.23"), await nodes.get("7.17.28"), more) as pair:
        yield pair


async def until(look: Callable[[], Awaitable[object]]) -> None:
    """Wait for something to be there, half a minute at most."""
    for _ in range(100):
        if await look():
            return
        await asyncio.sleep(0.3)
    raise AssertionError
