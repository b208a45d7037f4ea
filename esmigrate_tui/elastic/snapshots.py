"""Repositories, snapshots and restores of one cluster, in typed calls: the same ones from 2.4 to 9.x.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshot-restore-apis.html
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.paths import paths_of
from esmigrate_tui.elastic.responses.settings import flat_texts
from esmigrate_tui.elastic.responses.snapshots import (
    AllocationExplanation,
    FeaturesResponse,
    IndexRecovery,
    RecoverySource,
    RepositoryEntry,
    RoutedIndexMetadata,
    RoutedIndexShards,
    RoutingState,
    SnapshotEntry,
    SnapshotPage,
    SnapshotStatusResponse,
)
from esmigrate_tui.elastic.transport import LISTING_LIMIT
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.repository_types import without_secrets
from esmigrate_tui.model.settings import flat
from esmigrate_tui.model.snapshot import (
    FeatureState,
    Repository,
    ShardFailure,
    SnapshotFacts,
    SnapshotIndex,
    SnapshotProgress,
    SnapshotState,
)
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from esmigrate_tui.elastic.changes import Changes
    from esmigrate_tui.elastic.wire import Wire

PAGE: Final = 500
"""Snapshots a request, where the server can give them in pages (7.14 and newer)."""


@dataclass(frozen=True)
class UnassignedShard:
    """A primary shard that no node has, with the server's own short reasons, cleaned.

    `status` is how the last search for a node ended ("deciders_no", "no_attempt", …); `attempts` how often one failed.
    """

    shard: int
    reason: str = ""
    details: str = ""
    status: str = ""
    attempts: int = 0


@dataclass(frozen=True)
class RestoreProgress:
    """How far the primaries of one index are: bytes and shards; `repository` and `snapshot` name what they come from.

    `wanted` and `active` are the index's primary shards and those that are started, `begun` the shards that a node has
    begun, `unassigned` those that none has. `uuid` is the index's own. Of the shards that are being copied just now
    `nodes` are the names of those that copy, `copying_seconds` how long the first has been, `bytes_per_second` all
    together.
    """

    index: str
    uuid: str
    wanted: int
    active: int
    is_closed: bool = False
    begun: int = 0
    done: int = 0
    bytes: int = 0
    bytes_done: int = 0
    repository: str = ""
    snapshot: str = ""
    unassigned: tuple[UnassignedShard, ...] = ()
    nodes: frozenset[str] = frozenset()
    copying_seconds: float = 0.0
    bytes_per_second: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every primary is started: one that is being restored is only started when it is whole."""
        return self.active == self.wanted > 0


@dataclass(frozen=True)
class ShardExplanation:
    """Why a shard is not where it should be: the server's own words, cleaned, the most telling first.

    `reason` is why it is unassigned, `attempts` how often a node has failed at it, `deciders` what the nodes object,
    `by_node` the same for each node.
    """

    state: str
    reason: str = ""
    details: str = ""
    attempts: int = 0
    can_allocate: str = ""
    deciders: tuple[str, ...] = ()
    by_node: tuple[tuple[str, ...], ...] = ()


class Snapshots:
    """What one cluster knows of repositories and snapshots, and how its restores are getting on."""

    def __init__(self, wire: Wire, changes: Changes) -> None:
        self._wire = wire
        self._changes = changes

    # -- repositories ------------------------------------------------------------------------------------------------

    async def repositories(self) -> tuple[Repository, ...]:
        """Every repository that is registered, by name."""
        response = await self._wire.get("/_snapshot?flat_settings=true", dict[str, RepositoryEntry])
        return tuple(sorted((_repository(name, entry) for name, entry in response.items()), key=lambda one: one.name))

    async def verify(self, repository: str) -> None:
        """Have every node verify that it reaches a repository; raises ProblemError with the first that does not."""
        await self._wire.read(f"/_snapshot/{_segment(repository)}/_verify")

    # -- snapshots ---------------------------------------------------------------------------------------------------

    async def snapshots(self, repository: str) -> AsyncIterator[tuple[SnapshotFacts, ...]]:
        """The snapshots of a repository, in pages, the newest first; an older server gives them all at once.

        Raises ProblemError, also where the repository cannot be read.
        """
        path = f"/_snapshot/{_segment(repository)}/_all"
        if not (await self._wire.features()).pages_snapshots:
            response = await self._wire.get(path, SnapshotPage, is_slow=True, most=LISTING_LIMIT)
            found = [_snapshot(repository, entry) for entry in response.every]
            yield tuple(sorted(found, key=lambda one: -(one.started_at or 0.0)))
            return
        after = ""
        while True:
            query = f"?size={PAGE}&sort=start_time&order=desc" + (f"&after={quote(after, safe='')}" if after else "")
            page = await self._wire.get(path + query, SnapshotPage, is_slow=True, most=LISTING_LIMIT)
            yield tuple(_snapshot(repository, entry) for entry in page.every)
            if not page.next:
                return
            after = page.next

    async def snapshot(self, repository: str, name: str, *, with_sizes: bool = True) -> SnapshotFacts:
        """One snapshot with all that the server says of it, sizes of its indices (read slowly) where it can.

        Raises ProblemError (missing) where there is none of that name.
        """
        path = f"/_snapshot/{_segment(repository)}/{_segment(name)}"
        detailed = (await self._wire.features()).details_snapshots
        response = await self._wire.get(
            path + ("?index_details=true" if detailed else ""), SnapshotPage, is_slow=True, most=LISTING_LIMIT
        )
        entry = next((one for one in response.every if one.snapshot == name), None)
        if entry is None:
            raise _no_snapshot(repository, name, "Look at the list again.")
        found = _snapshot(repository, entry)
        if not with_sizes or found.state not in {SnapshotState.SUCCESS, SnapshotState.PARTIAL}:
            return found
        return msgspec.structs.replace(found, details=await self._details(path, found))

    async def _details(self, path: str, found: SnapshotFacts) -> tuple[SnapshotIndex, ...]:
        """Shards, bytes and files of each index; what `_status` reads from the repository counts every file."""
        try:
            response = await self._wire.get(path + "/_status", SnapshotStatusResponse, is_slow=True, most=LISTING_LIMIT)
        except ProblemError as error:
            if error.problem.cause in {Cause.PRIVILEGES, Cause.UNSUPPORTED, Cause.INTERNAL}:
                return found.details
            raise
        entry = next((one for one in response.snapshots if one.snapshot == found.name), None)
        if entry is None:
            return found.details
        return tuple(
            SnapshotIndex(
                name=clean(name), shards=index.shards_stats.total, bytes=index.stats.size, files=index.stats.files
            )
            for name, index in sorted(entry.indices.items())
        )

    async def taking(self, repository: str, name: str) -> SnapshotProgress:
        """How far the making of a snapshot is; raises ProblemError (missing) where there is none."""
        path = f"/_snapshot/{_segment(repository)}/{_segment(name)}/_status"
        response = await self._wire.get(path, SnapshotStatusResponse, is_slow=True, most=LISTING_LIMIT)
        entry = next((one for one in response.snapshots if one.snapshot == name), None)
        if entry is None:
            raise _no_snapshot(repository, name, "Was it deleted meanwhile?")
        state = SnapshotState.IN_PROGRESS
        if entry.state not in _GOING_ON:
            # It says SUCCESS once the last shard is done; the snapshot is only there when the repository lists it so.
            state = (await self.snapshot(repository, name, with_sizes=False)).state
        return SnapshotProgress(
            state=state,
            shards=entry.shards_stats.total,
            shards_done=entry.shards_stats.done,
            shards_failed=entry.shards_stats.failed,
            bytes=entry.stats.size,
            bytes_done=entry.stats.size if state is SnapshotState.SUCCESS else entry.stats.processed_bytes,
        )

    async def features(self) -> tuple[str, ...]:
        """Names of the features whose state can be snapshotted and restored; none before 7.12."""
        if not (await self._wire.features()).has_feature_states:
            return ()
        response = await self._wire.get("/_features", FeaturesResponse)
        return tuple(sorted(clean(feature.name) for feature in response.features))

    # -- restores ----------------------------------------------------------------------------------------------------

    async def restore(self, request: Request) -> None:
        """Start a restore (or mount); it continues by itself, and `recoveries` has its progress.

        Raises ProblemError: EXISTS for an open index of that name, UNKNOWN_OUTCOME where the line broke.
        """
        await self._changes.make(request)

    async def recoveries(self, names: Sequence[str]) -> dict[str, RestoreProgress]:
        """How far each of these indices is, in two requests for all of them; one that does not exist is left out.

        Names are of indices, never of aliases: what lies behind one would be taken for it.
        """
        found: dict[str, RestoreProgress] = {}
        for path in paths_of(names):
            state, recovered = await asyncio.gather(
                self._wire.get(
                    f"/_cluster/state/metadata,routing_table{path}?{_STATE_OF_SHARDS}", RoutingState, most=LISTING_LIMIT
                ),
                self._wire.get(f"{path}/_recovery?ignore_unavailable=true", _RECOVERIES, most=LISTING_LIMIT),
            )
            for name, response in state.metadata.indices.items():
                found[name] = _recovery(name, response, state.routing_table.indices.get(name), recovered.get(name))
        return {name: found[name] for name in names if name in found}

    async def explain(self, index: str, shard: int) -> ShardExplanation | None:
        """Why a primary shard is not started, in the server's words; None where the server (before 5.0) cannot say."""
        if not (await self._wire.features()).explains_allocation:
            return None
        wanted = {"index": index, "shard": shard, "primary": True}
        try:
            response = await self._wire.read("/_cluster/allocation/explain", wanted, AllocationExplanation)
        except ProblemError as error:
            if error.problem.cause in {Cause.USAGE, Cause.MISSING, Cause.UNSUPPORTED, Cause.PRIVILEGES}:
                return None
            raise
        return _explanation(response)


# -- requests, pure ----------------------------------------------------------------------------------------------------


def _no_snapshot(repository: str, name: str, todo: str) -> ProblemError:
    what = f"There is no snapshot {clean(name)} in {clean(repository)}."
    return ProblemError.of(Cause.MISSING, what, todo=todo)


def _segment(name: str) -> str:
    """A name of a repository or snapshot, percent-encoded; raises ProblemError for whatever could mean several."""
    if not name or name[0] in "-_." or any(one in name for one in '*?,<>/\\|"# ') or clean(name) != name:
        raise ProblemError.of(
            Cause.USAGE,
            f"{clean(name, 200)!r} is not the name of one repository or snapshot.",
            todo="Give its exact name.",
        )
    return quote(name, safe="")


def register_request(repository: Repository) -> Request:
    """What registers a repository as it is described; the same again changes nothing."""
    body = {"type": repository.type, "settings": dict(repository.settings)}
    return Request(
        method="PUT",
        path=f"/_snapshot/{_segment(repository.name)}",
        body=msgspec.json.encode(body).decode(),
    )


def unregister_request(name: str) -> Request:
    """What takes a registration away; the files in the repository stay as they are."""
    return Request(method="DELETE", path=f"/_snapshot/{_segment(name)}")


def create_snapshot_request(
    repository: str,
    name: str,
    indices: Sequence[str],
    *,
    feature_states: Sequence[str] = (),
    global_state: bool = False,
    knows_features: bool = True,
) -> Request:
    """What makes a snapshot of exactly these indices (or data streams); it continues by itself.

    Without feature states "none" is said where the server knows them: it would take all with the global state.
    """
    body: dict[str, Any] = {
        "indices": ",".join(indices) if indices else "-*",
        "ignore_unavailable": False,
        "include_global_state": global_state,
        "partial": False,
    }
    if knows_features:
        body["feature_states"] = list(feature_states) or ["none"]
    return Request(
        method="PUT",
        path=f"/_snapshot/{_segment(repository)}/{_segment(name)}?wait_for_completion=false",
        body=msgspec.json.encode(body).decode(),
    )


def delete_snapshot_request(repository: str, name: str) -> Request:
    """What deletes a snapshot, or cancels one that is being made."""
    return Request(method="DELETE", path=f"/_snapshot/{_segment(repository)}/{_segment(name)}")


def restore_path(repository: str, snapshot: str, verb: str = "_restore") -> str:
    """The path of a restore (or `_mount`)."""
    return f"/_snapshot/{_segment(repository)}/{_segment(snapshot)}/{verb}"


# -- from answers to values, pure --------------------------------------------------------------------------------------

_ROUTED: Final = "routing_table.indices.*.shards.*"
_STATE_OF_SHARDS: Final = (
    "ignore_unavailable=true&allow_no_indices=true&filter_path=metadata.indices.*.state"
    ",metadata.indices.*.settings.index.uuid,metadata.indices.*.settings.index.number_of_shards"
    f",{_ROUTED}.primary,{_ROUTED}.state,{_ROUTED}.shard,{_ROUTED}.unassigned_info,{_ROUTED}.recovery_source"
)
_RECOVERIES: Final = dict[str, IndexRecovery]
_GOING_ON: Final = frozenset({"STARTED", "INIT", "IN_PROGRESS", "WAITING", "ABORTED"})


def _repository(name: str, entry: RepositoryEntry) -> Repository:
    settings = without_secrets(flat_texts(flat(entry.settings)))
    return Repository(name=clean(name), type=clean(entry.type), settings=settings, uuid=clean(entry.uuid))


def _state(text: str) -> SnapshotState:
    return SnapshotState(text) if text in SnapshotState.__members__ else SnapshotState.UNKNOWN


def _seconds(millis: int | None) -> float | None:
    return millis / 1000 if millis else None


def _snapshot(repository: str, entry: SnapshotEntry) -> SnapshotFacts:
    state = _state(entry.state)
    return SnapshotFacts(
        repository=repository,
        name=clean(entry.snapshot),
        uuid=clean(entry.uuid),
        state=state,
        version=clean(entry.version),
        started_at=_seconds(entry.start_time_in_millis),
        finished_at=None if state is SnapshotState.IN_PROGRESS else _seconds(entry.end_time_in_millis),
        indices=tuple(sorted(clean(name) for name in entry.indices)),
        data_streams=tuple(sorted(clean(name) for name in entry.data_streams)),
        feature_states=tuple(
            FeatureState(name=clean(one.feature_name), indices=tuple(sorted(clean(name) for name in one.indices)))
            for one in entry.feature_states
        ),
        global_state=entry.include_global_state,
        shards=entry.shards.total if entry.shards else None,
        shards_failed=entry.shards.failed if entry.shards else 0,
        failures=tuple(
            ShardFailure(index=clean(one.index), shard=one.shard_id, reason=clean(one.reason, 300))
            for one in entry.failures
        ),
        reason=clean(entry.reason or "", 300),
        details=tuple(
            SnapshotIndex(name=clean(name), shards=one.shard_count, bytes=one.size_in_bytes)
            for name, one in sorted(entry.index_details.items())
        ),
    )


def _recovery(
    name: str,
    index: RoutedIndexMetadata,
    routed: RoutedIndexShards | None,
    recovered: IndexRecovery | None,
) -> RestoreProgress:
    primaries = [copy for copies in (routed.shards if routed else {}).values() for copy in copies if copy.primary]
    moving = [shard for shard in (recovered.shards if recovered else ()) if shard.primary and shard.type == "SNAPSHOT"]
    copying = [shard for shard in moving if shard.stage != "DONE" and shard.total_time_in_millis]
    origins = [copy.recovery_source for copy in primaries if copy.recovery_source.snapshot]
    origin = moving[0].source if moving else origins[0] if origins else RecoverySource()
    return RestoreProgress(
        index=name,
        uuid=index.settings.index.uuid,
        wanted=int(index.settings.index.number_of_shards or 0),
        active=sum(copy.state in {"STARTED", "RELOCATING"} for copy in primaries),
        is_closed=index.state == "close",
        begun=len(moving),
        done=sum(shard.stage == "DONE" for shard in moving),
        bytes=sum(shard.index.size.total for shard in moving),
        bytes_done=sum(shard.index.size.recovered + shard.index.size.reused for shard in moving),
        repository=clean(origin.repository),
        snapshot=clean(origin.snapshot),
        unassigned=tuple(
            UnassignedShard(
                shard=copy.shard,
                reason=clean(copy.unassigned_info.reason),
                details=clean(copy.unassigned_info.details, 1_000),
                status=clean(copy.unassigned_info.allocation_status),
                attempts=copy.unassigned_info.failed_attempts,
            )
            for copy in sorted(primaries, key=lambda copy: copy.shard)
            if copy.state == "UNASSIGNED"
        ),
        nodes=frozenset(clean(shard.target.name) for shard in copying),
        copying_seconds=max((shard.total_time_in_millis / 1000 for shard in copying), default=0.0),
        bytes_per_second=sum(shard.index.size.recovered / shard.total_time_in_millis * 1000 for shard in copying),
    )


def _explanation(response: AllocationExplanation) -> ShardExplanation:
    by_node = tuple(
        tuple(
            clean(f"{decider.decider}: {decider.explanation}", 600)
            for decider in node.deciders
            if decider.decision in {"NO", "THROTTLE"}
        )
        for node in response.node_allocation_decisions
    )
    objections = dict.fromkeys(text for node in by_node for text in node)
    # The decider that only repeats that the restore has failed says nothing of why.
    ordered = sorted(objections, key=lambda text: text.startswith(("restore_in_progress", "max_retry")))
    unassigned = response.unassigned_info
    return ShardExplanation(
        state=clean(response.current_state),
        reason=clean(unassigned.reason),
        details=clean(unassigned.details, 1_000),
        attempts=unassigned.failed_allocation_attempts,
        can_allocate=clean(response.can_allocate),
        deciders=tuple(ordered),
        by_node=by_node,
    )
