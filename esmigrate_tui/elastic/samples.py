"""A few documents of an index by their ids, as the bytes that the server keeps: the same from 2.4 to 9.x."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.elastic.decoding import IN_A_HIT, IN_GOT, decoded_apart
from esmigrate_tui.elastic.documents import AT_RANDOM
from esmigrate_tui.elastic.paging import MOST_ALONE
from esmigrate_tui.elastic.responses.search import SearchResponse
from esmigrate_tui.elastic.searches import as_many_as_fit
from esmigrate_tui.elastic.transport import BATCH_LIMIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.elastic.decoding import WireResponse


class DocumentKey(msgspec.Struct, frozen=True):
    """What one document is requested by; `type` is "" where the server no longer has any."""

    index: str
    id: str
    type: str = ""
    routing: str = ""


class _SampledHit(msgspec.Struct, frozen=True):
    index: str = msgspec.field(name="_index")
    id: str = msgspec.field(name="_id")
    type: str = msgspec.field(name="_type", default="")
    routing: str = msgspec.field(name="_routing", default="")
    parent: str = msgspec.field(name="_parent", default="")
    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())


class _GotDocument(msgspec.Struct, frozen=True):
    found: bool = False
    error: Any = None
    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())


class _MultiGetResponse(msgspec.Struct, frozen=True):
    docs: tuple[_GotDocument, ...] = ()


async def sampled(cluster: Cluster, path: str, size: int) -> tuple[tuple[DocumentKey, bytes], ...]:
    """So many documents of an index, chosen by chance by the server, each with its `_source`, b"" where none is kept.

    They come by the search itself: an archive of 5.x finds no document by its _id at all.
    """
    body: dict[str, Any] = {"query": AT_RANDOM}
    if (await cluster.wire.features()).excludes_vectors:
        body["_source"] = {"exclude_vectors": False}

    async def request(amount: int) -> WireResponse:
        sent = msgspec.json.encode(body | {"size": amount})
        most = BATCH_LIMIT if amount > 1 else MOST_ALONE
        return await cluster.wire.exchange("POST", f"{path}/_search", sent, most=most)

    response = await as_many_as_fit(request, size)
    found, source_of = decoded_apart(response, SearchResponse[_SampledHit], IN_A_HIT, cluster.wire.connection.endpoint)
    # Before 6.0 a child's parent decides where it is kept, unless it was routed by itself.
    return tuple(
        (DocumentKey(hit.index, hit.id, hit.type, hit.routing or hit.parent), source_of(hit.source))
        for hit in found.hits.hits
    )


async def sources(cluster: Cluster, keys: Sequence[DocumentKey], *, most: int) -> tuple[bytes | None, ...]:
    """`_source` of each document, byte for byte; None for one that is not there, b"" where none is kept.

    An index that gives no document by its _id (an archive) is searched for it. Raises ProblemError where it cannot be;
    too-large where the response has more than `most` bytes.
    """
    features = await cluster.wire.features()
    wanted: list[dict[str, Any]] = []
    for key in keys:
        one = {"_index": key.index, "_id": key.id}
        # Before 6.0 a type had any name; where none is named there, it is found in whatever type it has.
        if kind := key.type or ("" if features.has_several_types else "_doc"):
            one |= {"_type": kind} if features.has_types else {}
        if key.routing:
            one["routing"] = key.routing
        wanted.append(one)
    response = await cluster.wire.exchange("POST", "/_mget", msgspec.json.encode({"docs": wanted}), most=most)
    got, source_of = decoded_apart(response, _MultiGetResponse, IN_GOT, cluster.wire.connection.endpoint)
    refused = [key for key, one in zip(keys, got.docs, strict=True) if one.error is not None]
    searched = await _searched(cluster, refused)
    return tuple(
        searched.get(key) if one.error is not None else source_of(one.source) if one.found else None
        for key, one in zip(keys, got.docs, strict=True)
    )


async def _searched(cluster: Cluster, keys: Sequence[DocumentKey]) -> dict[DocumentKey, bytes]:
    wanted: dict[str, list[DocumentKey]] = {}
    for key in keys:
        wanted.setdefault(key.index, []).append(key)
    found: dict[DocumentKey, bytes] = {}
    for index, those in wanted.items():
        by_place = {(key.id, key.routing): key for key in those}
        for one in await cluster.documents.by_id(index, [key.id for key in those]):
            held = by_place.get((one.id, one.routing or one.parent or ""))
            if held is not None and one.type in {held.type, "", "_doc"}:
                found[held] = bytes(one.source)
    return found
