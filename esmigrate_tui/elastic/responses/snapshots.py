"""Responses about repositories, snapshots and restores, as types."""

from __future__ import annotations

from typing import Any

import msgspec

from esmigrate_tui.elastic.responses.search import ShardCounts


class RepositoryEntry(msgspec.Struct, frozen=True):
    """One entry of `GET _snapshot`."""

    type: str
    settings: dict[str, Any] = {}
    uuid: str = ""


class SnapshotFeature(msgspec.Struct, frozen=True):
    """A feature state in it."""

    feature_name: str
    indices: tuple[str, ...] = ()


class SnapshotFailure(msgspec.Struct, frozen=True):
    """A shard that is not in it."""

    index: str = ""
    shard_id: int = 0
    reason: str = ""


class SnapshotIndexDetail(msgspec.Struct, frozen=True):
    """An index in it, where `index_details` was asked for."""

    shard_count: int = 0
    size_in_bytes: int | None = None


class SnapshotEntry(msgspec.Struct, frozen=True):
    """One snapshot of `GET _snapshot/R/S`."""

    snapshot: str
    uuid: str = ""
    state: str = ""
    reason: str | None = None
    version: str = ""
    indices: tuple[str, ...] = ()
    data_streams: tuple[str, ...] = ()
    feature_states: tuple[SnapshotFeature, ...] = ()
    include_global_state: bool | None = None
    start_time_in_millis: int | None = None
    end_time_in_millis: int | None = None
    shards: ShardCounts | None = None
    failures: tuple[SnapshotFailure, ...] = ()
    index_details: dict[str, SnapshotIndexDetail] = {}


class RepositorySnapshots(msgspec.Struct, frozen=True):
    """The response of one repository."""

    snapshots: tuple[SnapshotEntry, ...] = ()


class SnapshotPage(msgspec.Struct, frozen=True):
    """`GET _snapshot/R/_all`; 7.0 to 7.5 wrap it into one response for each repository."""

    snapshots: tuple[SnapshotEntry, ...] = ()
    responses: tuple[RepositorySnapshots, ...] = ()
    next: str = ""

    @property
    def every(self) -> tuple[SnapshotEntry, ...]:
        """The snapshots, wherever they stand."""
        return self.snapshots or tuple(one for response in self.responses for one in response.snapshots)


class FileAmount(msgspec.Struct, frozen=True):
    """Files and their bytes."""

    file_count: int = 0
    size_in_bytes: int = 0


class FileStats(msgspec.Struct, frozen=True):
    """Files and bytes of a snapshot or a part of it; 6.2 and older have other names."""

    total: FileAmount | None = None
    incremental: FileAmount | None = None
    processed: FileAmount | None = None
    number_of_files: int = 0
    total_size_in_bytes: int = 0
    processed_size_in_bytes: int = 0

    @property
    def size(self) -> int:
        """All its bytes."""
        return self.total.size_in_bytes if self.total is not None else self.total_size_in_bytes

    @property
    def files(self) -> int:
        """All its files."""
        return self.total.file_count if self.total is not None else self.number_of_files

    @property
    def processed_bytes(self) -> int:
        """Bytes that are in the repository already: those copied now, and those that were there before."""
        copied = self.processed.size_in_bytes if self.processed is not None else self.processed_size_in_bytes
        if self.total is None or self.incremental is None:
            return copied
        return min(self.size, copied + self.total.size_in_bytes - self.incremental.size_in_bytes)


class SnapshotShardStats(msgspec.Struct, frozen=True):
    """Shards of a snapshot by where they are."""

    total: int = 0
    done: int = 0
    failed: int = 0


class SnapshotIndexStatus(msgspec.Struct, frozen=True):
    """One index of it."""

    shards_stats: SnapshotShardStats = SnapshotShardStats()
    stats: FileStats = FileStats()


class SnapshotStatus(msgspec.Struct, frozen=True):
    """One snapshot."""

    snapshot: str = ""
    state: str = ""
    shards_stats: SnapshotShardStats = SnapshotShardStats()
    stats: FileStats = FileStats()
    indices: dict[str, SnapshotIndexStatus] = {}


class SnapshotStatusResponse(msgspec.Struct, frozen=True):
    """`GET _snapshot/R/S/_status`."""

    snapshots: tuple[SnapshotStatus, ...] = ()


class FeatureEntry(msgspec.Struct, frozen=True):
    """One feature."""

    name: str
    description: str = ""


class FeaturesResponse(msgspec.Struct, frozen=True):
    """`GET _features`."""

    features: tuple[FeatureEntry, ...] = ()


class RecoverySource(msgspec.Struct, frozen=True):
    """Where a shard comes from."""

    repository: str = ""
    snapshot: str = ""


class RoutedIndexValues(msgspec.Struct, frozen=True):
    """Those below "index"."""

    uuid: str = ""
    number_of_shards: str = ""


class RoutedIndexSettings(msgspec.Struct, frozen=True):
    """Its settings."""

    index: RoutedIndexValues = RoutedIndexValues()


class RoutedIndexMetadata(msgspec.Struct, frozen=True):
    """One index."""

    state: str = ""
    settings: RoutedIndexSettings = RoutedIndexSettings()


class RoutingMetadata(msgspec.Struct, frozen=True):
    """What the indices are."""

    indices: dict[str, RoutedIndexMetadata] = {}


class UnassignedInfo(msgspec.Struct, frozen=True):
    """Why no node has it."""

    reason: str = ""
    details: str = ""
    allocation_status: str = ""
    failed_attempts: int = 0


class ShardCopy(msgspec.Struct, frozen=True):
    """One copy of a shard."""

    shard: int = 0
    primary: bool = False
    state: str = ""
    unassigned_info: UnassignedInfo = UnassignedInfo()
    recovery_source: RecoverySource = RecoverySource()


class RoutedIndexShards(msgspec.Struct, frozen=True):
    """Those of one index, all copies of each."""

    shards: dict[str, tuple[ShardCopy, ...]] = {}


class RoutingTable(msgspec.Struct, frozen=True):
    """Where their shards are."""

    indices: dict[str, RoutedIndexShards] = {}


class RoutingState(msgspec.Struct, frozen=True):
    """`GET _cluster/state/metadata,routing_table/A,B`, of which only the shards matter."""

    metadata: RoutingMetadata = RoutingMetadata()
    routing_table: RoutingTable = RoutingTable()


class RecoveredBytes(msgspec.Struct, frozen=True):
    """In bytes."""

    total: int = msgspec.field(name="total_in_bytes", default=0)
    reused: int = msgspec.field(name="reused_in_bytes", default=0)
    recovered: int = msgspec.field(name="recovered_in_bytes", default=0)


class RecoveredFiles(msgspec.Struct, frozen=True):
    """What is copied."""

    size: RecoveredBytes = RecoveredBytes()


class RecoveryTarget(msgspec.Struct, frozen=True):
    """The node that it is copied to."""

    name: str = ""


class ShardRecovery(msgspec.Struct, frozen=True):
    """One copy of a shard."""

    id: int = 0
    type: str = ""
    stage: str = ""
    primary: bool = False
    total_time_in_millis: int = 0
    target: RecoveryTarget = RecoveryTarget()
    source: RecoverySource = RecoverySource()
    index: RecoveredFiles = RecoveredFiles()


class IndexRecovery(msgspec.Struct, frozen=True):
    """One index of `GET _recovery`."""

    shards: tuple[ShardRecovery, ...] = ()


class UnassignedReason(msgspec.Struct, frozen=True):
    """Why it has no place."""

    reason: str = ""
    details: str = ""
    failed_allocation_attempts: int = 0


class DeciderVerdict(msgspec.Struct, frozen=True):
    """One rule."""

    decider: str = ""
    decision: str = ""
    explanation: str = ""


class NodeDecision(msgspec.Struct, frozen=True):
    """What one node says of it."""

    node_name: str = ""
    deciders: tuple[DeciderVerdict, ...] = ()


class AllocationExplanation(msgspec.Struct, frozen=True):
    """`GET _cluster/allocation/explain` of one shard."""

    current_state: str = ""
    unassigned_info: UnassignedReason = UnassignedReason()
    can_allocate: str = ""
    allocate_explanation: str = ""
    node_allocation_decisions: tuple[NodeDecision, ...] = ()
