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


class _SnapshotFeature(msgspec.Struct, frozen=True):
    feature_name: str
    indices: tuple[str, ...] = ()


class _SnapshotFailure(msgspec.Struct, frozen=True):
    index: str = ""
    shard_id: int = 0
    reason: str = ""


class _SnapshotIndexDetail(msgspec.Struct, frozen=True):
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
    feature_states: tuple[_SnapshotFeature, ...] = ()
    include_global_state: bool | None = None
    start_time_in_millis: int | None = None
    end_time_in_millis: int | None = None
    shards: ShardCounts | None = None
    failures: tuple[_SnapshotFailure, ...] = ()
    index_details: dict[str, _SnapshotIndexDetail] = {}


class _RepositorySnapshots(msgspec.Struct, frozen=True):
    snapshots: tuple[SnapshotEntry, ...] = ()


class SnapshotPage(msgspec.Struct, frozen=True):
    """`GET _snapshot/R/_all`; 7.0 to 7.5 wrap it into one response for each repository."""

    snapshots: tuple[SnapshotEntry, ...] = ()
    responses: tuple[_RepositorySnapshots, ...] = ()
    next: str = ""

    @property
    def every(self) -> tuple[SnapshotEntry, ...]:
        """The snapshots, wherever they stand."""
        return self.snapshots or tuple(one for response in self.responses for one in response.snapshots)


class _FileAmount(msgspec.Struct, frozen=True):
    file_count: int = 0
    size_in_bytes: int = 0


class _FileStats(msgspec.Struct, frozen=True):
    """Files and bytes of a snapshot or a part of it; 6.2 and older have other names."""

    total: _FileAmount | None = None
    incremental: _FileAmount | None = None
    processed: _FileAmount | None = None
    number_of_files: int = 0
    total_size_in_bytes: int = 0
    processed_size_in_bytes: int = 0

    @property
    def size(self) -> int:
        return self.total.size_in_bytes if self.total is not None else self.total_size_in_bytes

    @property
    def files(self) -> int:
        return self.total.file_count if self.total is not None else self.number_of_files

    @property
    def processed_bytes(self) -> int:
        """Bytes that are in the repository already: those copied now, and those that were there before."""
        copied = self.processed.size_in_bytes if self.processed is not None else self.processed_size_in_bytes
        if self.total is None or self.incremental is None:
            return copied
        return min(self.size, copied + self.total.size_in_bytes - self.incremental.size_in_bytes)


class _SnapshotShardStats(msgspec.Struct, frozen=True):
    total: int = 0
    done: int = 0
    failed: int = 0


class _SnapshotIndexStatus(msgspec.Struct, frozen=True):
    shards_stats: _SnapshotShardStats = _SnapshotShardStats()
    stats: _FileStats = _FileStats()


class _SnapshotStatus(msgspec.Struct, frozen=True):
    snapshot: str = ""
    state: str = ""
    shards_stats: _SnapshotShardStats = _SnapshotShardStats()
    stats: _FileStats = _FileStats()
    indices: dict[str, _SnapshotIndexStatus] = {}


class SnapshotStatusResponse(msgspec.Struct, frozen=True):
    """`GET _snapshot/R/S/_status`."""

    snapshots: tuple[_SnapshotStatus, ...] = ()


class _FeatureEntry(msgspec.Struct, frozen=True):
    name: str
    description: str = ""


class FeaturesResponse(msgspec.Struct, frozen=True):
    """`GET _features`."""

    features: tuple[_FeatureEntry, ...] = ()


class RecoverySource(msgspec.Struct, frozen=True):
    """Where a shard comes from."""

    repository: str = ""
    snapshot: str = ""


class _RoutedIndexValues(msgspec.Struct, frozen=True):
    uuid: str = ""
    number_of_shards: str = ""


class _RoutedIndexSettings(msgspec.Struct, frozen=True):
    index: _RoutedIndexValues = _RoutedIndexValues()


class RoutedIndexMetadata(msgspec.Struct, frozen=True):
    """One index."""

    state: str = ""
    settings: _RoutedIndexSettings = _RoutedIndexSettings()


class _RoutingMetadata(msgspec.Struct, frozen=True):
    indices: dict[str, RoutedIndexMetadata] = {}


class _UnassignedInfo(msgspec.Struct, frozen=True):
    reason: str = ""
    details: str = ""
    allocation_status: str = ""
    failed_attempts: int = 0


class _ShardCopy(msgspec.Struct, frozen=True):
    shard: int = 0
    primary: bool = False
    state: str = ""
    unassigned_info: _UnassignedInfo = _UnassignedInfo()
    recovery_source: RecoverySource = RecoverySource()


class RoutedIndexShards(msgspec.Struct, frozen=True):
    """Those of one index, all copies of each."""

    shards: dict[str, tuple[_ShardCopy, ...]] = {}


class _RoutingTable(msgspec.Struct, frozen=True):
    indices: dict[str, RoutedIndexShards] = {}


class RoutingState(msgspec.Struct, frozen=True):
    """`GET _cluster/state/metadata,routing_table/A,B`, of which only the shards matter."""

    metadata: _RoutingMetadata = _RoutingMetadata()
    routing_table: _RoutingTable = _RoutingTable()


class _RecoveredBytes(msgspec.Struct, frozen=True):
    total: int = msgspec.field(name="total_in_bytes", default=0)
    reused: int = msgspec.field(name="reused_in_bytes", default=0)
    recovered: int = msgspec.field(name="recovered_in_bytes", default=0)


class _RecoveredFiles(msgspec.Struct, frozen=True):
    size: _RecoveredBytes = _RecoveredBytes()


class _RecoveryTarget(msgspec.Struct, frozen=True):
    name: str = ""


class _ShardRecovery(msgspec.Struct, frozen=True):
    id: int = 0
    type: str = ""
    stage: str = ""
    primary: bool = False
    total_time_in_millis: int = 0
    target: _RecoveryTarget = _RecoveryTarget()
    source: RecoverySource = RecoverySource()
    index: _RecoveredFiles = _RecoveredFiles()


class IndexRecovery(msgspec.Struct, frozen=True):
    """One index of `GET _recovery`."""

    shards: tuple[_ShardRecovery, ...] = ()


class _UnassignedReason(msgspec.Struct, frozen=True):
    reason: str = ""
    details: str = ""
    failed_allocation_attempts: int = 0


class _DeciderVerdict(msgspec.Struct, frozen=True):
    decider: str = ""
    decision: str = ""
    explanation: str = ""


class _NodeDecision(msgspec.Struct, frozen=True):
    node_name: str = ""
    deciders: tuple[_DeciderVerdict, ...] = ()


class AllocationExplanation(msgspec.Struct, frozen=True):
    """`GET _cluster/allocation/explain` of one shard."""

    current_state: str = ""
    unassigned_info: _UnassignedReason = _UnassignedReason()
    can_allocate: str = ""
    allocate_explanation: str = ""
    node_allocation_decisions: tuple[_NodeDecision, ...] = ()
