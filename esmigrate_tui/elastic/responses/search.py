"""Responses to searches and counts, as types."""

from __future__ import annotations

from typing import Any

import msgspec


class ShardCounts(msgspec.Struct, frozen=True):
    """How many shards took part."""

    total: int = 0
    successful: int = 0
    failed: int = 0
    failures: list[Any] = []


class CountResponse(msgspec.Struct, frozen=True):
    """`GET _count`."""

    count: int
    shards: ShardCounts = msgspec.field(name="_shards", default=ShardCounts())


class RefreshResponse(msgspec.Struct, frozen=True):
    """`POST _refresh`."""

    shards: ShardCounts = msgspec.field(name="_shards", default=ShardCounts())


class HitList(msgspec.Struct, frozen=True):
    """Where the hits are."""

    hits: tuple[dict[str, Any], ...] = ()


class SearchResponse(msgspec.Struct, frozen=True):
    """`GET _search`."""

    hits: HitList = HitList()


class RawHit(msgspec.Struct, frozen=True):
    """One hit whose document stays the bytes it came as."""

    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())


class RawHitList(msgspec.Struct, frozen=True):
    """The object below "hits"."""

    hits: tuple[RawHit, ...] = ()


class RawSearchResponse(msgspec.Struct, frozen=True):
    """The hits of one search among several."""

    hits: RawHitList = RawHitList()


class MultiSearchResponse(msgspec.Struct, frozen=True):
    """`POST _msearch`."""

    responses: tuple[RawSearchResponse, ...] = ()


class TotalValue(msgspec.Struct, frozen=True):
    """The object below "total"."""

    value: int


class TotalOfHits(msgspec.Struct, frozen=True):
    """The object below "hits"."""

    total: int | TotalValue


class SearchTotal(msgspec.Struct, frozen=True):
    """The total of one search among several: a number up to 6.x, an object since 7.0; none where it failed."""

    hits: TotalOfHits | None = None

    @property
    def total(self) -> int | None:
        """How many were found."""
        if self.hits is None:
            return None
        return self.hits.total if isinstance(self.hits.total, int) else self.hits.total.value


class MultiSearchTotals(msgspec.Struct, frozen=True):
    """`POST _msearch` of which only the totals matter."""

    responses: tuple[SearchTotal, ...] = ()
