"""The ids of a few documents of many indices, and who else has them: two requests however many indices there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Cluster


class Holder(msgspec.Struct, frozen=True):
    """Where a document with some _id is: its type ("" where the server names none) and its routing, if it has one."""

    id: str = msgspec.field(name="_id")
    type: str = msgspec.field(name="_type", default="")
    routing: str = msgspec.field(name="_routing", default="")
    parent: str = msgspec.field(name="_parent", default="")


class _Found(msgspec.Struct, frozen=True):
    class Inner(msgspec.Struct, frozen=True):
        hits: tuple[Holder, ...] = ()

    hits: Inner = Inner()


class _Several(msgspec.Struct, frozen=True):
    responses: tuple[_Found, ...] = ()


async def first_ids(cluster: Cluster, names: Sequence[str], size: int) -> dict[str, tuple[Holder, ...]]:
    """The first documents of each index by their ids; an index that cannot be searched has none."""
    look = {"size": size, "sort": ["_doc"], "_source": False}
    return await _asked(cluster, dict.fromkeys(names, look))


async def holders(cluster: Cluster, wanted: Mapping[str, Sequence[str]], size: int) -> dict[str, tuple[Holder, ...]]:
    """Every document of each index that has one of these ids, up to `size` of them."""
    looks = {
        name: {"size": size, "_source": False, "query": {"ids": {"values": list(ids)}}} for name, ids in wanted.items()
    }
    return await _asked(cluster, looks)


async def _asked(cluster: Cluster, looks: Mapping[str, dict[str, Any]]) -> dict[str, tuple[Holder, ...]]:
    if not looks:
        return {}
    told = cluster.decoded(*await cluster.search_each(looks), _Several)
    return {name: found.hits.hits for name, found in zip(looks, told.responses, strict=True)}
