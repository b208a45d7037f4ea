"""What a cluster is, as far as it says: the facts that everything is planned with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from esmigrate_tui.elastic.responses.cluster import (
    BlocksState,
    ClusterHealth,
    ClusterStats,
    block_descriptions,
    health_of,
)
from esmigrate_tui.elastic.responses.nodes import (
    NodeDisk,
    NodesInfo,
    NodesResponse,
    disk_facts,
    modules_and_plugins,
    reindex_whitelist,
)
from esmigrate_tui.elastic.responses.security import AuthenticateResponse
from esmigrate_tui.elastic.responses.settings import bytes_of
from esmigrate_tui.elastic.wire import NAMELESS
from esmigrate_tui.model.facts import ClusterFacts, Version
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, whole_number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from esmigrate_tui.elastic.surroundings import Surroundings
    from esmigrate_tui.elastic.wire import Wire

T = TypeVar("T")

_NODES: Final = (
    "/_nodes/settings,plugins"
    "?filter_path=nodes.*.version,nodes.*.settings.reindex,nodes.*.modules.name,nodes.*.plugins.name"
)
_DISKS: Final = "/_nodes/stats/fs?filter_path=nodes.*.roles,nodes.*.attributes,nodes.*.fs.total"


async def probe(wire: Wire, surroundings: Surroundings) -> ClusterFacts:
    """What this cluster is, as far as it says; raises ProblemError where it is none, or may not be read."""
    root = await wire.root(anew=True)
    lost: list[ProblemError] = []
    ((stats, skew), (user, roles, security)), health, nodes, room, blocks, (settings, made) = await asyncio.gather(
        asyncio.gather(_stats(wire, lost), _who(wire, lost)),
        _unless_lost(wire.get_or_none("/_cluster/health", ClusterHealth), lost),
        _unless_lost(wire.get_or_none(_NODES, NodesInfo), lost),
        _unless_lost(wire.get_or_none(_DISKS, NodesResponse[NodeDisk]), lost),
        _unless_lost(wire.get_or_none("/_cluster/state/blocks", BlocksState), lost),
        asyncio.gather(
            _unless_lost(surroundings.cluster_settings(), lost), _unless_lost(surroundings.index_templates(), lost)
        ),
    )
    if len(lost) > 3:
        raise lost[0]
    response = "" if root.cluster_uuid == NAMELESS else root.cluster_uuid
    uuid = response or (blocks.cluster_uuid if blocks else "") or await _unless_lost(wire.uuid_of_state(), lost) or ""
    modules, plugins = modules_and_plugins(nodes)
    return ClusterFacts(
        name=clean(root.cluster_name),
        uuid=clean(uuid),
        version=Version.parse(root.version.number),
        flavour=clean(root.version.build_flavor),
        health=health_of(health),
        nodes=health.number_of_nodes if health else 0,
        data_nodes=health.number_of_data_nodes if health else 0,
        user=user,
        roles=roles,
        documents=stats.indices.docs.count if stats and stats.indices else None,
        store_bytes=stats.indices.store.size_in_bytes if stats and stats.indices else None,
        indices=stats.indices.count if stats and stats.indices else None,
        open_shards=health.active_shards + health.initializing_shards + health.unassigned_shards if health else None,
        max_shards_per_node=_whole(settings, "cluster.max_shards_per_node"),
        disk=disk_facts(room, settings),
        whitelist=reindex_whitelist(nodes, settings),
        plugins=plugins,
        modules=modules,
        blocks=block_descriptions(blocks),
        security=security,
        clock_skew_seconds=skew,
        pending_tasks=health.number_of_pending_tasks if health else None,
        recovery_bytes=bytes_of(settings, "indices.recovery.max_bytes_per_sec"),
        most_scrolls=_whole(settings, "search.max_open_scroll_context"),
        templates=made or (),
    )


async def _unless_lost(value: Awaitable[T], lost: list[ProblemError]) -> T | None:
    """A value, None where it cannot be seen; that nothing answered is noted in `lost`."""
    try:
        return await value
    except ProblemError as error:
        if error.problem.cause in {Cause.CONNECTION, Cause.CERTIFICATE}:
            lost.append(error)
        return None


async def _stats(wire: Wire, lost: list[ProblemError]) -> tuple[ClusterStats | None, float | None]:
    """The statistics, and how far the cluster's clock is ahead of ours: Elasticsearch itself sends no Date."""
    before = wire.clock()
    stats = await _unless_lost(wire.get_or_none("/_cluster/stats", ClusterStats), lost)
    between = (before + wire.clock()) / 2
    if stats is not None and stats.timestamp:
        return stats, stats.timestamp / 1000 - between
    return stats, None if wire.date is None else wire.date - between


async def _who(wire: Wire, lost: list[ProblemError]) -> tuple[str | None, tuple[str, ...], bool | None]:
    """User, roles, and whether security is on; None where that cannot be known."""
    security = "/_security" if (await wire.features()).has_security_at_root else "/_xpack/security"
    try:
        who = await wire.get(f"{security}/_authenticate", AuthenticateResponse)
    except ProblemError as error:
        match error.problem.cause:
            case Cause.CONNECTION | Cause.CERTIFICATE:
                lost.append(error)
                return None, (), None
            case Cause.AUTHENTICATION | Cause.PRIVILEGES:
                return None, (), True
            case Cause.BUSY | Cause.UNKNOWN_OUTCOME:
                return None, (), None
            case _:
                return None, (), False
    return clean(who.username), tuple(clean(role) for role in who.roles), True


def _whole(settings: Mapping[str, str] | None, key: str) -> int | None:
    return whole_number((settings or {}).get(key, ""))
