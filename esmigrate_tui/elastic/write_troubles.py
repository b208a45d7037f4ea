"""What a cluster counts of the trouble that other clients have when they write to it: failed and rejected writes.

Of a document that a mapping rejects it keeps no count: 7.17.28 has `index_failed` 0 after one, 1 after a conflict.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from esmigrate_tui.elastic.paths import paths_of
from esmigrate_tui.elastic.responses.indices import WritesResponse
from esmigrate_tui.elastic.responses.nodes import NodesResponse

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster

T = TypeVar("T")

_POOLS: Final = ("write", "bulk", "index")  # the first from 6.3 on
_REJECTED: Final = "/_nodes/stats/thread_pool?filter_path=" + ",".join(
    f"nodes.*.thread_pool.{pool}.rejected" for pool in _POOLS
)


class WriteTroubles(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since a shard, or a node, was started; None where this user may not see them."""

    failed: int | None = None
    turned_away: int | None = None


class _ThreadPool(msgspec.Struct, frozen=True):
    rejected: int = 0


class _NodeThreadPools(msgspec.Struct, frozen=True):
    thread_pool: dict[str, _ThreadPool] = {}


async def write_troubles(cluster: Cluster, index: str) -> WriteTroubles:
    """What was counted until now, for one index and for all nodes; raises ProblemError where nothing responds."""
    (path,) = paths_of([index])
    stats, nodes = await asyncio.gather(
        cluster.wire.get_or_none(
            f"{path}/_stats/indexing?filter_path=indices.*.primaries.indexing.index_failed", WritesResponse
        ),
        cluster.wire.get_or_none(_REJECTED, NodesResponse[_NodeThreadPools]),
    )
    return WriteTroubles(
        failed=None if stats is None else sum(one.primaries.indexing.index_failed for one in stats.indices.values()),
        turned_away=None
        if nodes is None
        else sum(pool.rejected for node in nodes.nodes.values() for pool in node.thread_pool.values()),
    )
