"""The ids of a few documents of many indices, and who else has them: two requests however many indices there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.elastic.responses.search import MultiSearchResponse, SearchResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Cluster


class DocumentPlace(msgspec.Struct, frozen=True):
    """Where a document with some _id is: its type ("" where the server names none) and its routing, if it has one."""

    id: str = msgspec.field(name="_id")
    type: str = msgspec.field(name="_type", default="")
    routing: str = msgspec.field(name="_routing", default="")
    parent: str = msgspec.field(name="_parent", default="")


async def first_ids(cluster: Cluster, names: Sequence[str], size: int) -> dict[str, tuple[DocumentPlace, ...]]:
    """The first documents of each index by their ids; an index that cannot be searched has none."""
    search = {"size": size, "sort": ["_doc"], "_source": False}
    return await _searched(cluster, dict.fromkeys(names, search))


async def document_places(
    cluster: Cluster, wanted: Mapping[str, Sequence[str]], size: int
) -> dict[str, tuple[DocumentPlace, ...]]:
    """Every document of each index that has one of these ids, up to `size` of them."""
    searches = {
        name: {"size": size, "_source": False, "query": {"ids": {"values": list(ids)}}} for name, ids in wanted.items()
    }
    return await _searched(cluster, searches)


async def _searched(cluster: Cluster, searches: Mapping[str, dict[str, Any]]) -> dict[str, tuple[DocumentPlace, ...]]:
    if not searches:
        return {}
    response = cluster.wire.decode(
        await cluster.searches.search_each(searches), MultiSearchResponse[SearchResponse[DocumentPlace]]
    )
    return {name: found.hits.hits for name, found in zip(searches, response.responses, strict=True)}
