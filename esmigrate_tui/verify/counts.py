"""Documents on both sides, counted by the servers themselves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster


@dataclass(frozen=True)
class Comparison:
    """Top-level documents of one index on both sides, as `_count` says after a refresh of the destination."""

    source_count: int
    destination_count: int

    @property
    def is_equal(self) -> bool:
        """Whether both hold the same number."""
        return self.source_count == self.destination_count


async def compare_counts(
    source: Cluster, source_index: str, destination: Cluster, destination_index: str
) -> Comparison:
    """Count one index on both sides; raises ProblemError where a count cannot be had whole."""
    await destination.refresh(destination_index)
    counts = await asyncio.gather(source.count(source_index), destination.count(destination_index))
    return Comparison(*counts)
