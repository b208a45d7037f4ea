"""Searches and counts over indices, and which path finds every document of one.

https://www.elastic.co/guide/en/elasticsearch/reference/current/search-count.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/search-multi-search.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.decoding import IN_SEVERAL, WireResponse, decoded_apart
from esmigrate_tui.elastic.errors import UnreadResponseError, explain_response
from esmigrate_tui.elastic.joined import JoinedReads
from esmigrate_tui.elastic.paths import LONGEST_PATH, exact_name, path_width, paths_of
from esmigrate_tui.elastic.responses.indices import IndexMapping
from esmigrate_tui.elastic.responses.search import (
    CountResponse,
    MultiSearchResponse,
    RawHit,
    RefreshResponse,
    SearchResponse,
    SearchTotal,
    ShardCounts,
)
from esmigrate_tui.elastic.transport import BATCH_LIMIT, LISTING_LIMIT
from esmigrate_tui.model.copy_options import PASSED_OVER
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from esmigrate_tui.elastic.wire import Wire

T = TypeVar("T")

NO_DOCUMENT: Final[dict[str, Any]] = {
    "ids": {"values": ["esmigrate-asks-for-no-document-6f1d0c5b9e7a4f0db0a1d3c25f2b8e94"]}
}
"""A query that finds nothing, and that no server knows beforehand to find nothing.

What can be known so (`match_none`, no ids, dates beyond all of a shard) is not sent to the shards from 8 on: a scroll
over several of them is then over nothing, and its next page is rejected with 503 "no nodes to search on".
"""


class Searches:
    """Searches and counts of one cluster."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._counted = JoinedReads(self._count, self._whole_counts, width=path_width)
        self._refreshed = JoinedReads(self._refresh, self._refresh_all, width=path_width)

    async def search_path(self, name: str, kind: str = "") -> str:
        """What a search of one index is sent to: of the type `kind` alone, else of every document that it holds.

        A search that names no type passes over what 2.x keeps as `.percolator`; all types are named then.
        """
        if kind:
            return f"/{exact_name(name)}/{quote(kind, safe='')}"
        kinds = (await self.types_to_name([name])).get(name, ())
        path = f"/{exact_name(name)}" + (f"/{','.join(quote(one, safe='') for one in kinds)}" if kinds else "")
        if len(path) > LONGEST_PATH:
            raise ProblemError(_too_many_types(name, len(kinds)))
        return path

    async def types_to_name(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The types of each of these indices in which a search that names none would pass documents over."""
        if (await self._wire.features()).searches_every_type:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for path in paths_of(names):
            response = await self._wire.get(
                f"{path}/_mapping/{PASSED_OVER}", dict[str, IndexMapping], most=LISTING_LIMIT
            )
            for hidden in paths_of(sorted(response)) if response else ():
                every = await self._wire.get(f"{hidden}/_mapping", dict[str, IndexMapping], most=LISTING_LIMIT)
                found |= {name: tuple(sorted(one.mappings)) for name, one in every.items()}
        return found

    async def search_each(self, searches: Mapping[str, Mapping[str, Any]], *, most: int = BATCH_LIMIT) -> WireResponse:
        """One `_msearch` for a search of each index, frozen ones and every type included; undecoded."""
        kinds = await self.types_to_name(tuple(searches))
        typed = {name: {"type": list(kinds[name])} if name in kinds else {} for name in searches}
        lines = [part for name, search in searches.items() for part in ({"index": [name], **typed[name]}, search)]
        body = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        return await self._wire.exchange(
            "POST", f"/_msearch{await self._frozen_included()}", body, is_ndjson=True, most=most
        )

    async def _frozen_included(self) -> str:
        """The parameter by which frozen indices, until 8, are not passed over and counted as empty."""
        return "?ignore_throttled=false" if (await self._wire.features()).has_frozen_indices else ""

    async def count(
        self, name: str, query: Mapping[str, Any] | None = None, *, kind: str = "", within: float = 0.0
    ) -> int:
        """Top-level documents, as `_count` says: all, or those a query finds, or those of one type.

        All are counted now, or were at most `within` seconds ago.

        A response without every shard is none (ProblemError).
        """
        if query is None and not kind and not self._wire.is_remembering:
            return await self._counted.get(name, within=within)
        return await self._count(name, query, kind=kind)

    async def _count(self, name: str, query: Mapping[str, Any] | None = None, *, kind: str = "") -> int:
        path = f"{await self.search_path(name, kind)}/_count{await self._frozen_included()}"
        body = None if query is None else msgspec.json.encode({"query": query})
        response = await self._wire.exchange("GET" if body is None else "POST", path, body)
        counted = self._wire.decode(response, CountResponse)
        shards = counted.shards
        if not shards.are_whole:
            raise partial_shards(self._wire.place, name, "counted", shards)
        return counted.count

    async def counts(self, names: Sequence[str]) -> dict[str, int]:
        """Top-level documents of each index, without nested ones, in one request; one that cannot be searched has none.

        This is for planning: `count()` is the proof, and accepts no partial response.
        """
        return {name: found.total for name, found in (await self._totals(names)).items() if found.total is not None}

    async def _whole_counts(self, names: Sequence[str]) -> dict[str, int]:
        """The same of those alone that every shard has taken part in."""
        found = ((name, one) for name, one in (await self._totals(names)).items() if one.shards.are_whole)
        return {name: one.total for name, one in found if one.total is not None and not one.timed_out}

    async def _totals(self, names: Sequence[str]) -> dict[str, SearchTotal]:
        counts_hits = (await self._wire.features()).counts_hits_on_request
        search: dict[str, Any] = {"size": 0} | ({"track_total_hits": True} if counts_hits else {})
        response = self._wire.decode(
            await self.search_each(dict.fromkeys(names, search)), MultiSearchResponse[SearchTotal]
        )
        return dict(zip(names, response.responses, strict=True))

    async def sample(self, name: str, size: int) -> tuple[dict[str, Any], ...]:
        """The first hits of a search, cleaned for showing, fewer where they are large; numbers as Python reads them."""

        async def request(amount: int) -> SearchResponse[dict[str, Any]]:
            return await self._wire.get(f"/{exact_name(name)}/_search?size={amount:d}", SearchResponse[dict[str, Any]])

        found = await as_many_as_fit(request, size)
        return tuple(_cleaned(hit) for hit in found.hits.hits)

    async def first_sources(
        self, names: Sequence[str], size: int, *, most: int = BATCH_LIMIT
    ) -> dict[str, tuple[bytes, ...]]:
        """`_source` of the first documents of each index, byte for byte as the server sent it; one request for all.

        They are fewer where they are large; an index that cannot be searched has none. Raises ProblemError; too-large
        where one of each is more than `most` bytes.
        """

        async def request(amount: int) -> WireResponse:
            search = {"size": amount, "sort": ["_doc"]}
            return await self.search_each(dict.fromkeys(names, search), most=most)

        response = await as_many_as_fit(request, size)
        result, sources = decoded_apart(
            response, MultiSearchResponse[SearchResponse[RawHit]], IN_SEVERAL, self._wire.connection.endpoint
        )
        return {
            name: tuple(sources(hit.source) for hit in found.hits.hits)
            for name, found in zip(names, result.responses, strict=True)
        }

    async def refresh(self, name: str) -> None:
        """Let searches and counts see everything that was written; raises ProblemError where a shard failed."""
        await self._refreshed.get(name)

    async def _refresh(self, name: str) -> None:
        shards = await self._shards_refreshed(f"/{exact_name(name)}")
        if shards.failed or not shards.total:
            raise partial_shards(self._wire.place, name, "refreshed", shards)

    async def _refresh_all(self, names: Sequence[str]) -> dict[str, None]:
        """Refresh several, all of which exist and are open, or none of them is refreshed."""
        [path] = paths_of(names)
        shards = await self._shards_refreshed(path)
        return dict.fromkeys(names) if shards.total and not shards.failed else {}

    async def _shards_refreshed(self, path: str) -> ShardCounts:
        response = await self._wire.exchange("POST", f"{path}/_refresh")
        return self._wire.decode(response, RefreshResponse).shards


def partial_shards(place: str, name: str, done: str, shards: ShardCounts) -> ProblemError:
    """The problem that a response has not all shards."""
    said = ""
    if shards.failures:
        said = explain_response(0, {"error": shards.failures[0]}, place).evidence
    return ProblemError.of(
        Cause.BUSY,
        f"{clean(name)} on {place} could only be {done} in {shards.successful} of {shards.total} shards.",
        why="Some of its shards are not there, so the number would be too small.",
        todo="Wait until the index is yellow or green.",
        evidence=said,
    )


async def as_many_as_fit(request: Callable[[int], Awaitable[T]], amount: int) -> T:
    """The response with so many documents, or with fewer where that is too large; raises too-large for one."""
    while True:
        try:
            return await request(amount)
        except UnreadResponseError:
            if amount <= 1:
                raise
        amount = max(1, amount // 4)


def _too_many_types(name: str, amount: int) -> Problem:
    return Problem(
        cause=Cause.UNSUPPORTED,
        what=f"The {amount} types of {clean(name)} cannot be named in one request.",
        why=f"It has the type {PASSED_OVER}, which 2.x passes over in a search that does not name every type.",
        todo="Copy through this machine with --types apart: then each type is read by itself.",
    )


def _cleaned(value: Any) -> Any:  # noqa: ANN401  # JSON of any shape
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    return value
