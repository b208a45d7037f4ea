"""Repositories, snapshots, and what is asked of a restore: answers and wishes as values.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshot-restore.html
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import msgspec

from esmigrate_tui.model.facts import IndexFacts, Version


class Repository(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place that snapshots are kept in, as one cluster has it registered; secrets are never among its settings.

    `settings` are flat, values as text. `uuid` is "" where the server (before 7.12) or the registration has none.
    """

    name: str
    type: str
    settings: dict[str, str] = {}
    uuid: str = ""

    @property
    def is_readonly(self) -> bool:
        """Whether this cluster may only read it; a url repository always is."""
        return self.type == "url" or self.settings.get("readonly", "false") == "true"

    def registered(self, *, readonly: bool) -> Repository:
        """The same place as another cluster is to register it: readonly, or not."""
        others = {key: value for key, value in self.settings.items() if key not in {"readonly", "uuid"}}
        wanted = {"readonly": "true"} if readonly and self.type != "url" else {}
        return Repository(name=self.name, type=self.type, settings=others | wanted)

    @property
    def place(self) -> str:
        """Where it keeps its files, as far as its settings say: a path, an address, a bucket."""
        for key in ("location", "url", "bucket", "container", "path"):
            if self.settings.get(key):
                base = self.settings.get("base_path", "")
                return f"{self.settings[key]}/{base}" if base else self.settings[key]
        return ""


class SnapshotState(StrEnum):
    """Elasticsearch's own words for how a snapshot ended."""

    SUCCESS = "SUCCESS"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    IN_PROGRESS = "IN_PROGRESS"
    INCOMPATIBLE = "INCOMPATIBLE"
    UNKNOWN = "UNKNOWN"


class FeatureState(msgspec.Struct, frozen=True, kw_only=True):
    """The indices of one of Elasticsearch's or Kibana's own features, kept and restored together (7.12 and newer)."""

    name: str
    indices: tuple[str, ...] = ()


class ShardFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A shard that is not in the snapshot, with the server's reason, cleaned."""

    index: str
    shard: int
    reason: str = ""


class SnapshotIndex(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An index in a snapshot: its shards, and its bytes and files as the server counts them; None where it does not."""

    name: str
    shards: int | None = None
    bytes: int | None = None
    files: int | None = None


class SnapshotProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a snapshot is that is being made, in bytes and shards; `state` is IN_PROGRESS until it has ended.

    `bytes` is 0 where the server does not know yet what has to be written.
    """

    state: SnapshotState = SnapshotState.IN_PROGRESS
    shards: int = 0
    shards_done: int = 0
    shards_failed: int = 0
    bytes: int = 0
    bytes_done: int = 0


class SnapshotFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One snapshot as a repository lists it. Times are seconds since 1970; None is what the server did not say.

    `version` is the server's own word, also "8.19.0-8.19.3" for a range; `made_by` is the lowest version in it.
    `indices` are names as they are in the snapshot, backing indices of data streams and those of feature states too.
    `details` are filled in where one snapshot was asked for by its name.
    """

    repository: str
    name: str
    uuid: str = ""
    state: SnapshotState = SnapshotState.UNKNOWN
    version: str = ""
    started_at: float | None = None
    finished_at: float | None = None
    indices: tuple[str, ...] = ()
    data_streams: tuple[str, ...] = ()
    feature_states: tuple[FeatureState, ...] = ()
    global_state: bool | None = None
    shards: int | None = None
    shards_failed: int = 0
    failures: tuple[ShardFailure, ...] = ()
    reason: str = ""
    details: tuple[SnapshotIndex, ...] = ()

    @property
    def made_by(self) -> Version | None:
        """The (lowest) version that the snapshot says it was made by."""
        try:
            return Version.parse(self.version)
        except ValueError:
            return None

    @property
    def is_whole(self) -> bool:
        """Whether every shard is in it."""
        return self.state is SnapshotState.SUCCESS and not self.shards_failed and not self.failures

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0.0, self.finished_at - self.started_at)

    @property
    def of_features(self) -> frozenset[str]:
        """The indices that belong to a feature state; they are restored with it, not by name."""
        return frozenset(name for state in self.feature_states for name in state.indices)

    def stream_of(self, index: str) -> str:
        """The data stream that an index of this snapshot backs, "" where it backs none."""
        if not self.data_streams:
            return ""
        for pattern in (r"\.ds-(.+)-\d{4}\.\d{2}\.\d{2}-\d{6}", r"\.ds-(.+)-\d{6}"):  # dates came with 7.11
            found = re.fullmatch(pattern, index)
            if found and found[1] in self.data_streams:
                return found[1]
        return ""

    def detail(self, name: str) -> SnapshotIndex:
        """What is known of one index in it."""
        return next((index for index in self.details if index.name == name), SnapshotIndex(name=name))


class RestoreKind(StrEnum):
    """What one task of a restore brings back."""

    INDEX = "index"
    DATA_STREAM = "data-stream"
    FEATURE_STATE = "feature-state"
    GLOBAL_STATE = "global-state"


class Mount(StrEnum):
    """Whether an index is copied, or mounted as a searchable snapshot (wholly or partly cached)."""

    NONE = "none"
    FULL_COPY = "full_copy"
    SHARED_CACHE = "shared_cache"


class TakenNameRule(StrEnum):
    """What is done with an index of the destination whose name is taken; a name that is not among them blocks."""

    CLOSE = "close"
    DELETE = "delete"


class RestoreOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked of every restore of a plan.

    `repository` is as the destination has it, or is to have it where `register` says that the run registers it;
    `unregister` takes it away again at the run's end. `index_settings` are flat and win over the snapshot's own.
    """

    repository: Repository
    snapshot: str
    snapshot_uuid: str = ""
    register: bool = False
    unregister: bool = False
    aliases: bool = True
    global_state: bool = False
    partial: bool = False
    index_settings: dict[str, Any] = {}
    ignore_index_settings: tuple[str, ...] = ()
    mount: Mount = Mount.NONE


def offered(snapshot: SnapshotFacts, source_indices: tuple[IndexFacts, ...] = ()) -> tuple[IndexFacts, ...]:
    """What can be chosen from a snapshot, as a list of indices: each index by its name, each data stream by its own.

    Indices of feature states are left to those. What only the source can tell (the version that made an index,
    documents, replicas, aliases) is filled in where it still holds an index of that name.
    """
    known = {index.name: index for index in source_indices}
    details = {detail.name: detail for detail in snapshot.details}
    of_features = snapshot.of_features
    rows: dict[str, IndexFacts] = {}
    sizes: dict[str, list[SnapshotIndex]] = {}
    for name in snapshot.indices:
        if name in of_features:
            continue
        stream = snapshot.stream_of(name)
        sizes.setdefault(stream or name, []).append(details.get(name) or SnapshotIndex(name=name))
        there = known.get(name)
        if stream:
            # The first is the oldest: what reads it reads the others.
            rows.setdefault(
                stream, IndexFacts(name=stream, data_stream=stream, created=there.created if there else None)
            )
        elif there is not None:
            rows[name] = there
        else:
            rows[name] = IndexFacts(name=name)
    return tuple(_measured(rows[name], sizes[name]) for name in sorted(rows))


def _measured(index: IndexFacts, parts: list[SnapshotIndex]) -> IndexFacts:
    """The index with the snapshot's own figures: they are what will be copied."""
    each = [part.bytes for part in parts]
    shards = sum(part.shards or 1 for part in parts) if any(part.shards for part in parts) else index.shards
    return msgspec.structs.replace(
        index,
        primary_bytes=None if None in each else sum(amount or 0 for amount in each),
        store_bytes=None,
        shards=shards,
    )
