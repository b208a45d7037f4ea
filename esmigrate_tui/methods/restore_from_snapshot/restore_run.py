"""What all tasks of a run share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from esmigrate_tui.elastic.responses.settings import bytes_of
from esmigrate_tui.methods.restore_from_snapshot.problems import (
    RecoveryLimits,
    binding_cap,
    is_settled,
)
from esmigrate_tui.methods.restore_from_snapshot.requests import (
    start_request,
)
from esmigrate_tui.methods.restore_from_snapshot.sharing import SharedRecoveries, SharedStarts
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.elastic.snapshots import RestoreProgress
    from esmigrate_tui.model.plan import Plan, Task
    from esmigrate_tui.model.snapshot import RestoreOptions, SnapshotFacts


_CAP: Final = "indices.recovery.max_bytes_per_sec"
_OWN_CAP: Final = "max_restore_bytes_per_sec"


class RestoreRun:
    """What all tasks of a run share in this process."""

    def __init__(self, cluster: Cluster, wanted: RestoreOptions) -> None:
        self._cluster = cluster
        self._wanted = wanted
        self._snapshot: SnapshotFacts | None = None
        self._caps: RecoveryLimits | None = None
        self._said: set[str] = set()
        self.looks = SharedRecoveries(cluster.snapshots.recoveries)
        self.starts = SharedStarts(self._start)
        self.made: dict[str, dict[str, str]] = {}  # by the opaque id of the task
        self.acknowledged: set[str] = set()

    async def snapshot(self, *, anew: bool = False) -> SnapshotFacts:
        """The snapshot as the repository has it: which indices back a stream or a feature, and what it lacks."""
        if self._snapshot is None or anew:
            name = self._wanted.repository.name
            self._snapshot = await self._cluster.snapshots.snapshot(name, self._wanted.snapshot, with_sizes=False)
        return self._snapshot

    async def _start(self, tasks: Sequence[Task], plan: Plan) -> None:
        try:
            await self._cluster.snapshots.restore(start_request(tasks, plan))
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING and await self._is_unregistered():
                raise ProblemError.of(
                    Cause.BUSY,
                    f"The repository {clean(self._wanted.repository.name)} is no longer registered on the destination.",
                    why="It was removed since the run began; a restore reads all its files from there.",
                    todo="Register it again under the same name; the run goes on by itself then.",
                ) from None
            raise

    async def _is_unregistered(self) -> bool:
        known = await self._cluster.snapshots.repositories()
        return self._wanted.repository.name not in {one.name for one in known}

    async def cap(self, recoveries: Sequence[RestoreProgress]) -> str:
        """The setting that decides how fast it goes, said once; "" when there is none, or it was said."""
        if self._said or not is_settled(recoveries):
            return ""
        if self._caps is None:
            self._caps = RecoveryLimits()  # others need not ask while we do
            self._caps = await self._read_caps()
        told = binding_cap(recoveries, self._caps, self._wanted.repository.name)
        if told:
            self._said.add(told)
        return told

    async def _read_caps(self) -> RecoveryLimits:
        """The limits in force; none where they cannot be seen, as they only explain."""
        snapshots = self._cluster.snapshots
        try:
            settings, known, features = await asyncio.gather(
                self._cluster.surroundings.cluster_settings(), snapshots.repositories(), self._cluster.wire.features()
            )
        except ProblemError:
            return RecoveryLimits()
        own = next((one.settings for one in known if one.name == self._wanted.repository.name), {})
        limited = features.limits_restores_by_recovery
        return RecoveryLimits(
            recovery=bytes_of({_CAP: "40mb", **settings}, _CAP) if limited else None,
            repository=bytes_of({_OWN_CAP: "0" if limited else "40mb", **own}, _OWN_CAP),
        )
