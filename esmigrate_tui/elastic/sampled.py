"""A few documents of an index by their ids, as the bytes that the server keeps: the same from 2.4 to 9.x."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.ledger import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.cluster import Cluster

_TYPELESS: Final = Version(7)


class Key(msgspec.Struct, frozen=True):
    """What one document is asked for by; `type` is "" where the server no longer names one."""

    index: str
    id: str
    type: str = ""
    routing: str = ""


class _Hit(msgspec.Struct, frozen=True):
    index: str = msgspec.field(name="_index")
    id: str = msgspec.field(name="_id")
    type: str = msgspec.field(name="_type", default="")
    routing: str = msgspec.field(name="_routing", default="")
    parent: str = msgspec.field(name="_parent", default="")


class _Found(msgspec.Struct, frozen=True):
    class Inner(msgspec.Struct, frozen=True):
        hits: tuple[_Hit, ...] = ()

    hits: Inner = Inner()


class _Got(msgspec.Struct, frozen=True):
    class One(msgspec.Struct, frozen=True):
        found: bool = False
        source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())

    docs: tuple[One, ...] = ()


async def sampled(cluster: Cluster, path: str, size: int) -> tuple[Key, ...]:
    """So many documents of an index, chosen by chance by the server; fewer where it holds fewer."""
    body = {"size": size, "_source": False, "query": {"function_score": {"random_score": {}}}}
    request = Request(method="POST", path=f"{path}/_search", body=msgspec.json.encode(body).decode())
    found = await cluster.look(request, _Found)
    # Before 6.0 a child's parent decides where it is kept, unless it was routed by itself.
    return tuple(Key(hit.index, hit.id, hit.type, hit.routing or hit.parent) for hit in found.hits.hits)


async def sources(cluster: Cluster, keys: Sequence[Key]) -> tuple[bytes | None, ...]:
    """`_source` of each document, byte for byte; None for one that is not there, b"" where none is kept."""
    typed = await cluster.version() < _TYPELESS
    asked: list[dict[str, Any]] = []
    for key in keys:
        one = {"_index": key.index, "_id": key.id}
        if typed:
            one["_type"] = key.type or "_doc"
        if key.routing:
            one["routing"] = key.routing
        asked.append(one)
    request = Request(method="POST", path="/_mget", body=msgspec.json.encode({"docs": asked}).decode())
    got = await cluster.look(request, _Got)
    return tuple(bytes(one.source) if one.found else None for one in got.docs)
