"""A whole migration by the engine, and the one comparison that says whether anything was lost, doubled or left behind.

Nothing of the program reads the two sides here: what is compared is what the servers say to plain requests.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.perform import perform
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.event import Event, Noted, RunOutcome, TaskAdvanced, WaitBegan
from esmigrate_tui.model.progress import Progress, TaskState
from esmigrate_tui.preflight import look
from tests.engine.tiny import Fast

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Methods
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.plan import Plan, Task
    from esmigrate_tui.model.problem import Cause

_MOST: Final = 10_000  # documents of an index under test: what one answer may hold
_OWN: Final = frozenset(  # what a server itself adds to the settings of any index
    {
        "index.creation_date",
        "index.provided_name",
        "index.routing.allocation.include._tier_preference",
        "index.uuid",
        "index.version.created",
        "index.version.upgraded",
    }
)


@dataclass(frozen=True)
class Index:
    """All that an index is; `documents` are _id, routing and bytes of each, `scrolls` those that are open on it."""

    documents: tuple[tuple[str, str, bytes], ...]
    settings: dict[str, str]
    mappings: dict[str, Any]
    aliases: dict[str, Any]
    count: int
    scrolls: int


class _Hit(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="_id")
    source: msgspec.Raw = msgspec.field(name="_source")
    routing: str = msgspec.field(name="_routing", default="")


class _Hits(msgspec.Struct, frozen=True):
    hits: tuple[_Hit, ...]


class _Found(msgspec.Struct, frozen=True):
    hits: _Hits


async def whole(cluster: Cluster, index: str) -> Index:
    """An index as it is at this moment, refreshed."""
    path = f"/{quote(index, safe='')}"
    await cluster.carry("POST", f"{path}/_refresh")
    _, body = await cluster.carry("POST", f"{path}/_search", b'{"size":%d}' % _MOST)
    hits = msgspec.json.decode(body, type=_Found).hits.hits
    counted: Any = await cluster.read(f"{path}/_count", dict)
    told: Any = await cluster.read(f"{path}?flat_settings=true", dict)
    for _ in range(100):
        stats: Any = await cluster.read(f"{path}/_stats/search", dict)
        scrolls = stats["_all"]["total"]["search"]["open_contexts"]
        if not scrolls:
            break
        await asyncio.sleep(0.1)  # an answer comes before the server has let go of what it read from
    return Index(
        documents=tuple(sorted((hit.id, hit.routing, bytes(hit.source)) for hit in hits)),
        settings={name: value for name, value in told[index]["settings"].items() if name not in _OWN},
        mappings=told[index]["mappings"],
        aliases=told[index]["aliases"],
        count=counted["count"],
        scrolls=scrolls,
    )


async def planned(
    clusters: Clusters,
    draft: Draft,
    *names: str,
    create: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401  # fields of a plan
) -> Plan:
    """The plan for some indices, the targets gone from the destination; `create` is what makes them there.

    `changes` are fields of the plan.
    """
    assert clusters.source is not None
    assert draft.method is not None
    method = METHODS[draft.method]
    draft, _ = await look(draft, clusters)
    draft = draft.answered(selected=names, definitions=await clusters.source.definitions(names))
    plan = method.plan(draft, "2026-01-01T00:00:00Z")
    for name in await clusters.destination.existing(names):
        await clusters.destination.delete_index(name)
    if create is not None:
        body = json.dumps(create)
        changes["tasks"] = tuple(msgspec.structs.replace(task, create=body) for task in plan.tasks)
    return msgspec.structs.replace(plan, **{"patience": 36_000, **changes})


@dataclass(frozen=True)
class Ended:
    """A run at its end: what it came to, what it told, and the lines of its rejects file."""

    outcome: RunOutcome | None
    progress: Progress
    events: tuple[Event, ...]
    rejects: tuple[dict[str, Any], ...]

    @property
    def waits(self) -> frozenset[Cause]:
        """What it has waited for."""
        return frozenset(event.problem.cause for event in self.events if isinstance(event, WaitBegan))

    @property
    def notes(self) -> str:
        """All that it found worth telling."""
        told = [event.text for event in self.events if isinstance(event, Noted)]
        told += [event.moved.note for event in self.events if isinstance(event, TaskAdvanced)]
        return "; ".join(filter(None, told))


async def migrated(
    plan: Plan, clusters: Clusters, folder: Path, *, factor: float = 10.0, methods: Methods = METHODS
) -> Ended:
    """Perform a plan to its end, by the real engine; its waits are shorter by that factor."""
    fast = Fast(factor)
    async with await Journal.create(folder / "journal") as journal:
        outcome = await perform(
            plan,
            clusters,
            journal,
            methods,
            clock=fast.clock,
            sleep=fast.sleep,
            run_id="7K2P",
            random=lambda: 0.5,
        )
    return await ended(folder, outcome)


async def ended(folder: Path, outcome: RunOutcome | None = None) -> Ended:
    """What a run's folder says of it."""
    async with Journal.open(folder / "journal") as journal:
        events = tuple(event for _, event in await journal.read(limit=100_000))
        progress = await journal.progress()
    lines = (folder / "rejects.ndjson").read_text().splitlines()
    return Ended(outcome or progress.outcome, progress, events, tuple(json.loads(line) for line in lines))


def planned_settings(task: Task) -> dict[str, str]:
    """The settings that the plan gives an index, as a server tells them."""
    wanted = json.loads(task.create)["settings"]
    return {"index.number_of_shards": "1", "index.number_of_replicas": "1", **wanted}


def assert_nothing_lost_or_doubled(
    before: Index, after: Index, there: Index, task: Task, run: Ended, refused: Collection[str] = ()
) -> None:
    """All of it: each document byte for byte, the refused ones, the settings, the ledger, the source, the verdict.

    `before` and `after` are the source around the run, `there` is the destination after it.
    """
    row = run.progress.task(task.number)
    rejects = [reject for reject in run.rejects if reject["index"] == task.destination_index]
    accepted = tuple(document for document in before.documents if document[0] not in refused)
    assert after == before
    assert before.scrolls == 0
    assert len(before.documents) == before.count
    assert [(name, routing) for name, routing, _ in there.documents] == [(name, to) for name, to, _ in accepted]
    assert there.documents == accepted
    assert there.count == len(accepted)
    assert there.settings == planned_settings(task)
    assert sorted(reject["id"] for reject in rejects) == sorted(refused)
    assert all(reject["reason"] and reject["status"] for reject in rejects)
    assert not run.progress.open_ledger
    assert row.state is (TaskState.SET_ASIDE if refused else TaskState.VERIFIED)
    assert (row.done, row.refused, row.collided) == (before.count, len(refused), 0)
