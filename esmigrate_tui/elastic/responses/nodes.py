"""Responses about nodes, as types, and the pure way from there to facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from esmigrate_tui.elastic.responses.settings import kept_free, patterns, setting_below
from esmigrate_tui.model.facts import DiskFacts, NodeFacts
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

_FLOOD: Final = "cluster.routing.allocation.disk.watermark.flood_stage"
WHITELIST: Final = "reindex.remote.whitelist"


class NodesResponse(msgspec.Struct, Generic[T], frozen=True):
    """What a request below `_nodes` says of each node, as T, by its id."""

    nodes: dict[str, T] = {}


class _NodeModule(msgspec.Struct, frozen=True):
    name: str = ""


class NodeInfo(msgspec.Struct, frozen=True):
    """One node of `GET _nodes`."""

    version: str = ""
    build_flavor: str = ""
    settings: dict[str, Any] = {}
    modules: tuple[_NodeModule, ...] = ()
    plugins: tuple[_NodeModule, ...] = ()


class NodesInfo(NodesResponse[NodeInfo], frozen=True):
    """`GET _nodes`."""

    cluster_name: str = ""


class _FileSystemTotal(msgspec.Struct, frozen=True):
    total_in_bytes: int = 0
    available_in_bytes: int = 0


class _NodeFileSystems(msgspec.Struct, frozen=True):
    total: _FileSystemTotal | None = None


class _NodeRoles(msgspec.Struct, frozen=True):
    roles: tuple[str, ...] | None = None
    attributes: dict[str, str] = {}

    @property
    def holds_data(self) -> bool:
        """Before 5.0 there are no roles; a node without data said so in an attribute."""
        if self.roles is None:
            return self.attributes.get("data", "true") != "false"
        return any(role == "data" or role.startswith("data_") for role in self.roles)


class NodeDisk(_NodeRoles, frozen=True):
    """One node of `GET _nodes/stats/fs`."""

    fs: _NodeFileSystems | None = None


class _SearchContextCount(msgspec.Struct, frozen=True):
    open_contexts: int = 0


class _ShardSearchStats(msgspec.Struct, frozen=True):
    search: _SearchContextCount = _SearchContextCount()


class NodeSearchStats(msgspec.Struct, frozen=True):
    """One node of `GET _nodes/stats/indices/search`."""

    indices: _ShardSearchStats = _ShardSearchStats()


class NodeEntry(_NodeRoles, frozen=True):
    """One node of `GET _nodes/settings`."""

    name: str = ""
    host: str = ""
    ip: str = ""
    settings: dict[str, Any] = {}


def node_facts(response: NodesResponse[NodeEntry]) -> tuple[NodeFacts, ...]:
    """Every node, by name."""
    found = [
        NodeFacts(
            id=clean(one_id),
            name=clean(one.name),
            host=clean(one.host),
            ip=clean(one.ip.rpartition(":")[0] if one.ip.count(":") == 1 else one.ip),
            roles=tuple(clean(role) for role in one.roles or ()),
            attributes={clean(key): clean(value) for key, value in one.attributes.items()},
            holds_data=one.holds_data,
            folders=patterns(setting_below(one.settings, "path", "repo")),
            addresses=patterns(setting_below(one.settings, "repositories", "url", "allowed_urls")),
        )
        for one_id, one in response.nodes.items()
    ]
    return tuple(sorted(found, key=lambda node: node.name))


def reindex_whitelist(nodes: NodesInfo | None, settings: Mapping[str, str] | None) -> tuple[str, ...] | None:
    """What every node may read from, since any of them may run the task; None where it cannot be read."""
    written = [node.settings.get("reindex", {}) for node in nodes.nodes.values()] if nodes else []
    remote = [entry.get("remote", {}) if isinstance(entry, dict) else {} for entry in written]
    each = [patterns(entry.get("whitelist")) if isinstance(entry, dict) else () for entry in remote]
    if any(each):
        return tuple(pattern for pattern in each[0] if all(pattern in other for other in each[1:]))
    if settings is not None and WHITELIST in settings:
        return patterns(settings[WHITELIST])
    return None


def disk_facts(nodes: NodesResponse[NodeDisk] | None, settings: Mapping[str, str] | None) -> DiskFacts | None:
    """The room on all data nodes; None where no node says."""
    if nodes is None:
        return None
    totals = [node.fs.total for node in nodes.nodes.values() if node.holds_data and node.fs and node.fs.total]
    if not totals:
        return None
    known = settings or {}
    usable = [max(0, one.available_in_bytes - kept_free(one.total_in_bytes, known)) for one in totals]
    flood = [one.available_in_bytes - kept_free(one.total_in_bytes, known, _FLOOD, "95%") for one in totals]
    return DiskFacts(
        total=sum(one.total_in_bytes for one in totals),
        free=sum(one.available_in_bytes for one in totals),
        usable=sum(usable),
        before_flood=sum(max(0, each) for each in flood),
        roomiest=max(usable),
    )


def modules_and_plugins(nodes: NodesInfo | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of what every node has."""
    if nodes is None or not nodes.nodes:
        return (), ()
    modules = [{clean(one.name) for one in node.modules} for node in nodes.nodes.values()]
    plugins = [{clean(one.name) for one in node.plugins} for node in nodes.nodes.values()]
    return tuple(sorted(set.intersection(*modules))), tuple(sorted(set.intersection(*plugins)))
