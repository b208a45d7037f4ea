"""Responses to searches and counts, as types."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class ShardCounts(msgspec.Struct, frozen=True):
    """How many shards took part."""

    total: int = 0
    successful: int = 0
    failed: int = 0
    failures: list[Any] = []

    @property
    def are_whole(self) -> bool:
        """Whether every shard took part, and there is one."""
        return not self.failed and self.successful == self.total > 0


class CountResponse(msgspec.Struct, frozen=True):
    """`GET _count`."""

    count: int
    shards: ShardCounts = msgspec.field(name="_shards", default=ShardCounts())


class RefreshResponse(msgspec.Struct, frozen=True):
    """`POST _refresh`."""

    shards: ShardCounts = msgspec.field(name="_shards", default=ShardCounts())


class _TotalValue(msgspec.Struct, frozen=True):
    value: int


class HitList(msgspec.Struct, Generic[T], frozen=True):
    """The object below "hits", each hit as T, and how many were found: a number up to 6.x, an object since 7.0."""

    hits: tuple[T, ...] = ()
    total: int | _TotalValue | None = None

    @property
    def many(self) -> int:
        """How many were found; 0 where that was not counted."""
        return self.total.value if isinstance(self.total, _TotalValue) else self.total or 0


class SearchResponse(msgspec.Struct, Generic[T], frozen=True):
    """`GET _search`, each hit as T."""

    hits: HitList[T] = HitList()


class MultiSearchResponse(msgspec.Struct, Generic[T], frozen=True):
    """`POST _msearch`, the response of each search as T."""

    responses: tuple[T, ...] = ()


class RawHit(msgspec.Struct, frozen=True):
    """One hit whose document stays the bytes it came as."""

    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())


class _TotalOfHits(msgspec.Struct, frozen=True):
    total: int | _TotalValue


class SearchTotal(msgspec.Struct, frozen=True):
    """The total of one search among several: a number up to 6.x, an object since 7.0; none where it failed."""

    hits: _TotalOfHits | None = None
    timed_out: bool = False
    shards: ShardCounts = msgspec.field(name="_shards", default=ShardCounts())

    @property
    def total(self) -> int | None:
        """How many were found."""
        if self.hits is None:
            return None
        return self.hits.total if isinstance(self.hits.total, int) else self.hits.total.value
