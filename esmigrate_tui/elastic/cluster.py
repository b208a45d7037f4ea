"""One cluster, in typed calls: the same ones for every version from 2.4 to 9.x."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from esmigrate_tui.elastic.changes import Changes
from esmigrate_tui.elastic.documents import Documents
from esmigrate_tui.elastic.indices import Indices
from esmigrate_tui.elastic.probe import probe
from esmigrate_tui.elastic.reindex_tasks import ReindexTasks
from esmigrate_tui.elastic.searches import Searches
from esmigrate_tui.elastic.snapshots import Snapshots
from esmigrate_tui.elastic.surroundings import Surroundings
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import Cause, ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.elastic.wire import Wire
    from esmigrate_tui.model.facts import ClusterFacts

__all__ = ["Cluster", "Clusters"]


class Cluster:
    """A cluster at the end of a wire, by topics; use it as an async context manager, or `close()` it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.searches = Searches(wire)
        self.indices = Indices(wire, self.searches)
        self.changes = Changes(self.indices)
        self.documents = Documents(self.indices, self.searches)
        self.snapshots = Snapshots(wire, self.changes)
        self.surroundings = Surroundings(wire)
        self.tasks = ReindexTasks(wire)

    def __repr__(self) -> str:
        return f"Cluster({self.wire.connection.endpoint.url})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_unused: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the lines."""
        await self.wire.close()

    def remembering(self) -> Cluster:
        """The same cluster, on the same lines, for many reads at one moment: each thing is requested once."""
        return Cluster(self.wire.remembering())

    async def probe(self) -> ClusterFacts:
        """What this cluster is, as far as it says; raises ProblemError where it is none, or may not be read."""
        return await probe(self.wire, self.surroundings)


@dataclass(frozen=True)
class Clusters:
    """The two ends of a migration; `source` is None where the documents come from somewhere else."""

    destination: Cluster
    source: Cluster | None

    def of(self, side: Side) -> Cluster:
        """The cluster of a side; raises ProblemError (usage) where there is none."""
        cluster = self.destination if side is Side.DESTINATION else self.source
        if cluster is None:
            raise ProblemError.of(Cause.USAGE, "This run has no connection to the source.")
        return cluster

    def remembering(self) -> Clusters:
        """The same two, for many reads at one moment: neither gets the same GET twice."""
        source = self.source.remembering() if self.source is not None else None
        return Clusters(destination=self.destination.remembering(), source=source)
