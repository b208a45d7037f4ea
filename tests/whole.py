"""Clusters as a whole, before and after: the one comparison of every test in which something fails on the way.

Nothing of the program reads them here: what is compared is what the servers say to plain requests.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.facts import Version

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.plan import Task

T = TypeVar("T")

_MOST: Final = 10_000  # documents of an index under test: what one answer may hold
_MOST_BYTES: Final = 512 << 20  # some tests have documents as large as a cluster takes
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
_AT_WORK: Final = "/_tasks?actions=indices:data/*,cluster:admin/snapshot/*,cluster:admin/reindex/*"
_NUMBERS: Final = "/_stats/docs?level=shards&filter_path=indices.*.shards.routing,indices.*.shards.seq_no"
_OPEN: Final = "/_stats/search?filter_path=indices.*.total.search.open_contexts"
_NONE: Final = frozenset({404})  # what a server says that has no pipeline


@dataclass(frozen=True)
class Index:
    """All that an index is; `documents` are _id, routing and bytes of each, `scrolls` those that are open on it."""

    documents: tuple[tuple[str, str, bytes], ...]
    versions: tuple[tuple[str, str, int], ...]
    settings: dict[str, str]
    mappings: dict[str, Any]
    aliases: dict[str, Any]
    count: int
    scrolls: int


@dataclass(frozen=True)
class Surrounding:
    """What a cluster has around its indices, and what goes on there: all that a run is to leave as it was.

    `settings` are the persistent and transient ones, `scrolls` all searches that are held open, points in time too (but
    for those of the server's own indices), `at_work` the tasks that read, write, reindex, snapshot or restore.
    """

    settings: dict[str, Any]
    templates: dict[str, Any]
    pipelines: dict[str, Any]
    scrolls: int
    at_work: tuple[str, ...]


@dataclass(frozen=True)
class State:
    """A cluster from which a run only reads.

    `indices` are those under test, `definitions` settings, mappings and aliases of every index there is, `numbers` the
    highest number of a change in each of their shards (6.0 and newer): a document written anywhere would raise one.
    """

    indices: dict[str, Index]
    definitions: dict[str, Any]
    numbers: dict[str, Any]
    repositories: dict[str, Any]
    around: Surrounding


@dataclass(frozen=True)
class Before:
    """Both clusters before something is done with them; None for a source that is not there."""

    source: State | None
    destination: Surrounding


class _Hit(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="_id")
    source: msgspec.Raw = msgspec.field(name="_source")
    version: int = msgspec.field(name="_version")
    routing: str = msgspec.field(name="_routing", default="")


class _Hits(msgspec.Struct, frozen=True):
    hits: tuple[_Hit, ...]


class _Found(msgspec.Struct, frozen=True):
    hits: _Hits


async def whole(cluster: Cluster, index: str) -> Index:
    """An index as it is at this moment, refreshed."""
    path = f"/{quote(index, safe='')}"
    await cluster.wire.exchange("POST", f"{path}/_refresh")
    query = b'{"size":%d,"version":true}' % _MOST
    body = (await cluster.wire.exchange("POST", f"{path}/_search", query, most=_MOST_BYTES)).body
    hits = msgspec.json.decode(body, type=_Found).hits.hits
    counted: Any = await cluster.wire.get(f"{path}/_count", dict)
    told: Any = await cluster.wire.get(f"{path}?flat_settings=true", dict)
    return Index(
        documents=tuple(sorted((hit.id, hit.routing, bytes(hit.source)) for hit in hits)),
        versions=tuple(sorted((hit.id, hit.routing, hit.version) for hit in hits)),
        settings=settings_in(told[index]),
        mappings=told[index]["mappings"],
        aliases=told[index]["aliases"],
        count=counted["count"],
        scrolls=await _at_rest(lambda: _scrolls(cluster, f"{path}{_OPEN}")),
    )


def settings_in(told: Mapping[str, Any]) -> dict[str, str]:
    """The settings of an index that somebody gave it."""
    return {name: value for name, value in told["settings"].items() if name not in _OWN}


async def surrounding(cluster: Cluster) -> Surrounding:
    """What there is around the indices at this moment, as soon as nothing of it goes on any more."""
    version = await cluster.wire.version()
    templates = {"legacy": await cluster.wire.get("/_template", dict)}
    if version >= Version(7, 8):
        templates |= {
            kind: await cluster.wire.get(f"/_{kind}", dict) for kind in ("index_template", "component_template")
        }
    pipelines = b"{}"
    if version.major >= 5:
        pipelines = (await cluster.wire.exchange("GET", "/_ingest/pipeline", accepted=_NONE)).body
    return Surrounding(
        settings=await cluster.wire.get("/_cluster/settings?flat_settings=true", dict),
        templates=templates,
        pipelines=json.loads(pipelines),
        scrolls=await _at_rest(lambda: _scrolls(cluster, _OPEN)),
        at_work=await _at_rest(lambda: _tasks(cluster)),
    )


async def state(cluster: Cluster, *names: str) -> State:
    """A source as it is at this moment, with the documents of these indices."""
    version = await cluster.wire.version()
    every = "?flat_settings=true" + ("&expand_wildcards=all" if version >= Version(7, 7) else "")
    indices = {name: await whole(cluster, name) for name in names}
    return State(
        indices=indices,
        definitions=await cluster.wire.get(f"/_all{every}", dict),
        numbers=_highest(await cluster.wire.get(_NUMBERS, dict)) if version.major >= 6 else {},
        repositories=await cluster.wire.get("/_snapshot", dict),
        around=await surrounding(cluster),
    )


async def before(clusters: Clusters, *names: str) -> Before:
    """Both sides before something is done with these indices of the source.

    Scrolls that are still open belong to runs of earlier tests that were killed: they would expire on the way, and are
    closed first.
    """
    for cluster in (clusters.source, clusters.destination):
        if cluster is not None:
            await cluster.wire.exchange("DELETE", "/_search/scroll/_all", accepted=_NONE)
    source = None if clusters.source is None else await state(clusters.source, *names)
    return Before(source, await surrounding(clusters.destination))


async def assert_unharmed(
    seen: Before, clusters: Clusters, made: Mapping[str, Mapping[str, str] | None] | None = None
) -> None:
    """The source is as it was in everything, and so is what the destination has around its indices.

    `made` are names of the destination with the settings that a plan gives them, None for what must not be there.
    """
    if clusters.source is not None and seen.source is not None:
        assert await state(clusters.source, *seen.source.indices) == seen.source
    assert await surrounding(clusters.destination) == seen.destination
    made = made or {}
    there = await clusters.destination.indices.existing(list(made))
    assert there == {name: "index" for name, settings in made.items() if settings is not None}
    for name in there:
        told: Any = await clusters.destination.wire.get(f"/{quote(name, safe='')}?flat_settings=true", dict)
        assert settings_in(told[name]) == made[name]


def planned_settings(task: Task) -> dict[str, str]:
    """The settings that a plan gives an index, as a server tells them."""
    wanted = json.loads(task.create).get("settings", {})
    named = {name if name.startswith("index.") else f"index.{name}": str(value) for name, value in wanted.items()}
    return {"index.number_of_shards": "1", "index.number_of_replicas": "1", **named}


async def _scrolls(cluster: Cluster, path: str) -> int:
    told: Any = await cluster.wire.get(path, dict)
    opened = {name: one["total"]["search"]["open_contexts"] for name, one in told.get("indices", {}).items()}
    return sum(amount for name, amount in opened.items() if not name.startswith("."))


async def _tasks(cluster: Cluster) -> tuple[str, ...]:
    told: Any = await cluster.wire.get(_AT_WORK, dict)
    return tuple(sorted(task["action"] for node in told["nodes"].values() for task in node["tasks"].values()))


async def _at_rest(look: Callable[[], Awaitable[T]]) -> T:
    """What is still there after ten seconds: an answer comes before the server has let go of what it was made of."""
    for _ in range(100):
        if not (seen := await look()):
            break
        await asyncio.sleep(0.1)
    return seen


def _highest(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        index: {
            number: [copy["seq_no"]["max_seq_no"] for copy in copies if copy["routing"]["primary"]]
            for number, copies in one["shards"].items()
        }
        for index, one in told.get("indices", {}).items()
    }
