"""The ids of a few documents of many indices, and who else has them: two requests however many indices there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Cluster

NO_DOCUMENT: Final[dict[str, Any]] = {
    "ids": {"values": ["esmigrate-asks-for-no-document-6f1d0c5b9e7a4f0db0a1d3c25f2b8e94"]}
}
"""A query that finds nothing, and that no server knows beforehand to find nothing.

What can be known so (`match_none`, no ids, dates beyond all of a shard) is not asked of the shards from 8 on: a scroll
over several of them is then over nothing, and its next page is refused with 503 "no nodes to search on".
"""


class DocumentPlace(msgspec.Struct, frozen=True):
    """Where a document with some _id is: its type ("" where the server names none) and its routing, if it has one."""

    id: str = msgspec.field(name="_id")
    type: str = msgspec.field(name="_type", default="")
    routing: str = msgspec.field(name="_routing", default="")
    parent: str = msgspec.field(name="_parent", default="")


class _PlaceHits(msgspec.Struct, frozen=True):
    hits: tuple[DocumentPlace, ...] = ()


class _PlacesResponse(msgspec.Struct, frozen=True):
    hits: _PlaceHits = _PlaceHits()


class _MultiPlacesResponse(msgspec.Struct, frozen=True):
    responses: tuple[_PlacesResponse, ...] = ()


async def first_ids(cluster: Cluster, names: Sequence[str], size: int) -> dict[str, tuple[DocumentPlace, ...]]:
    """The first documents of each index by their ids; an index that cannot be searched has none."""
    look = {"size": size, "sort": ["_doc"], "_source": False}
    return await _asked(cluster, dict.fromkeys(names, look))


async def document_places(
    cluster: Cluster, wanted: Mapping[str, Sequence[str]], size: int
) -> dict[str, tuple[DocumentPlace, ...]]:
    """Every document of each index that has one of these ids, up to `size` of them."""
    looks = {
        name: {"size": size, "_source": False, "query": {"ids": {"values": list(ids)}}} for name, ids in wanted.items()
    }
    return await _asked(cluster, looks)


async def _asked(cluster: Cluster, looks: Mapping[str, dict[str, Any]]) -> dict[str, tuple[DocumentPlace, ...]]:
    if not looks:
        return {}
    told = cluster.decoded(*await cluster.search_each(looks), _MultiPlacesResponse)
    return {name: found.hits.hits for name, found in zip(looks, told.responses, strict=True)}
