"""Documents on both sides, counted by the servers themselves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.problem import Cause, ProblemError

if TYPE_CHECKING:
    from collections.abc import Collection

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.difference import IndexComparison
    from esmigrate_tui.model.event import RestoredShards, Samples, Watched

A_MOMENT: Final = 1.0
"""Seconds in which what was seen is not looked at once more."""


@dataclass(frozen=True)
class ComparedIndex:
    """One side of a comparison: an index of a cluster, or the documents of one of its types (6.x and older)."""

    cluster: Cluster
    name: str
    kind: str = ""


@dataclass(frozen=True)
class Comparison:
    """What was found on both sides of one task.

    Counts are top-level documents as `_count` says after a refresh of the destination; `source_count` is None where
    there is no source to ask, `destination_count` where what was moved holds no documents that could be counted.
    `shards` proves copied files, `samples` some documents that were compared, `compared` all of them; None where these
    were not looked for. `unread` are files of the source that are not empty and of which nothing was read: of these
    nothing is proved. Where others sent the documents, `source_count` is the number that was expected, and `watched`
    says what the cluster has counted.
    """

    source_count: int | None
    destination_count: int | None
    shards: RestoredShards | None = None
    samples: Samples | None = None
    compared: IndexComparison | None = None
    watched: Watched | None = None
    unread: tuple[str, ...] = ()

    @property
    def gave_no_samples(self) -> bool:
        """Whether documents were to be compared and none of them could be read."""
        return self.samples is not None and bool(self.samples.unread) and not self.samples.compared

    @property
    def is_equal(self) -> bool:
        """Whether everything that could be compared is equal, and something was."""
        if self.shards is not None and not self.shards.is_whole:
            return False
        if self.samples is not None and (self.samples.different or self.gave_no_samples):
            return False
        if self.compared is not None and not self.compared.is_equal:
            return False
        if self.unread:
            return False
        if self.source_count is None:
            return self.shards is not None
        return self.source_count == self.destination_count


async def refresh_if_allowed(
    cluster: Cluster, index: str, tolerated: Collection[Cause] = frozenset({Cause.PRIVILEGES})
) -> None:
    """Show what was written a moment ago; a reader's user may not do that, and sees what there is."""
    try:
        await cluster.searches.refresh(index)
    except ProblemError as error:
        if error.problem.cause not in tolerated:
            raise


async def compare_counts(source: ComparedIndex, destination: ComparedIndex, *, within: float = 0.0) -> Comparison:
    """Count one index on both sides; raises ProblemError where a count cannot be had whole.

    Of the source it may be a count of at most `within` seconds ago: the one by which all of it was found to be read.
    """
    await destination.cluster.searches.refresh(destination.name)
    there, here = await asyncio.gather(
        source.cluster.searches.count(source.name, kind=source.kind, within=within),
        destination.cluster.searches.count(destination.name, kind=destination.kind),
    )
    return Comparison(there, here)
