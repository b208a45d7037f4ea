"""Whether the clusters of a plan are those that it was made for: checked before anything else.

It is the first thing that the process of a run does, also of a resumed one, and the first before a change is made or
reverted. What cannot be reached now is checked again by the wire before anything is sent to it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import Cause, ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.plan import Plan

    OpenClusters = Callable[[Plan, Mapping[Side, Credential]], AbstractAsyncContextManager[Clusters]]

_SECONDS: Final = 5.0  # a run that begins is waited for: an unreachable cluster must not hold it up


async def require_same_clusters(clusters: Clusters, sides: Iterable[Side] = Side) -> None:
    """Raise ProblemError (stale) where another cluster answers at the address of one of these sides."""
    there = [clusters.destination if side is Side.DESTINATION else clusters.source for side in {*sides}]
    await asyncio.gather(*(_require_same_cluster(cluster) for cluster in there if cluster is not None))


async def _require_same_cluster(cluster: Cluster) -> None:
    try:
        async with asyncio.timeout(_SECONDS):
            await cluster.wire.must_be_meant()
    except TimeoutError:
        pass
    except ProblemError as error:
        if error.problem.cause is Cause.STALE:
            raise
