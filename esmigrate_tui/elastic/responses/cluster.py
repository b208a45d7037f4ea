"""Responses about a cluster as a whole, as types, and the pure way from there to facts."""

from __future__ import annotations

import msgspec

from esmigrate_tui.model.facts import Health
from esmigrate_tui.model.text import clean


class BuildInfo(msgspec.Struct, frozen=True):
    """What `GET /` says of the build."""

    number: str = ""
    build_flavor: str = ""
    distribution: str = ""


class RootResponse(msgspec.Struct, frozen=True):
    """`GET /`; every field may be missing, since anything may respond there."""

    name: str = ""
    cluster_name: str = ""
    cluster_uuid: str = ""
    version: BuildInfo = BuildInfo()
    tagline: str = ""


class ClusterHealth(msgspec.Struct, frozen=True):
    """`GET _cluster/health`."""

    status: str = ""
    number_of_nodes: int = 0
    number_of_data_nodes: int = 0
    active_shards: int = 0
    initializing_shards: int = 0
    unassigned_shards: int = 0
    number_of_pending_tasks: int = 0


class _DocumentTotals(msgspec.Struct, frozen=True):
    count: int = 0


class _StoreTotals(msgspec.Struct, frozen=True):
    size_in_bytes: int = 0


class _IndexTotals(msgspec.Struct, frozen=True):
    count: int = 0
    docs: _DocumentTotals = _DocumentTotals()
    store: _StoreTotals = _StoreTotals()


class ClusterStats(msgspec.Struct, frozen=True):
    """`GET _cluster/stats`; the timestamp in milliseconds."""

    timestamp: int = 0
    indices: _IndexTotals | None = None


class _ClusterBlock(msgspec.Struct, frozen=True):
    description: str = ""


class _ClusterBlocks(msgspec.Struct, frozen=True):
    """For the whole cluster, by number; those of single indices stand in their settings."""

    global_: dict[str, _ClusterBlock] = msgspec.field(name="global", default={})


class BlocksState(msgspec.Struct, frozen=True):
    """`GET _cluster/state/blocks`."""

    cluster_uuid: str = ""
    blocks: _ClusterBlocks = _ClusterBlocks()


class _UuidMetadata(msgspec.Struct, frozen=True):
    cluster_uuid: str = ""


class UuidState(msgspec.Struct, frozen=True):
    """The cluster's own number, where `GET /` did not say it."""

    metadata: _UuidMetadata = _UuidMetadata()


class _LicenceInfo(msgspec.Struct, frozen=True):
    type: str = ""
    status: str = ""


class LicenceResponse(msgspec.Struct, frozen=True):
    """`GET _license`."""

    license: _LicenceInfo = _LicenceInfo()


class OperationMode(msgspec.Struct, frozen=True):
    """`GET _ilm/status`, `GET _slm/status`."""

    operation_mode: str = ""


def health_from(text: str | None) -> Health:
    """The colour that a word stands for; unknown for every other word, and for none."""
    return Health(text) if text in {"green", "yellow", "red"} else Health.UNKNOWN


def health_of(response: ClusterHealth | None) -> Health:
    """The colour; unknown where there is none."""
    return health_from(response.status if response else None)


def block_descriptions(state: BlocksState | None) -> tuple[str, ...]:
    """The blocks on the whole cluster; those of single indices are their own affair."""
    if state is None:
        return ()
    return tuple(clean(block.description) for block in state.blocks.global_.values())
