"""What one cluster has around its indices, in typed calls: licence, nodes, templates, policies, settings.

Every call only reads, and takes as many requests for a thousand indices as for one. A server that does not offer
something, and a role that may not see it, give None, so that silence is never taken for an empty list.
"""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from esmigrate_tui.elastic.paths import paths_of
from esmigrate_tui.elastic.responses.cluster import LicenceResponse, OperationMode
from esmigrate_tui.elastic.responses.indices import FlatSettings, IndexAliases, WritesResponse
from esmigrate_tui.elastic.responses.nodes import NodeEntry, NodeSearchStats, NodesResponse, node_facts
from esmigrate_tui.elastic.responses.security import HasPrivileges, RealmResponse, UserPrivileges
from esmigrate_tui.elastic.responses.settings import flat_texts
from esmigrate_tui.elastic.responses.templates import (
    AllTemplates,
    ComponentTemplates,
    IndexTemplates,
    LegacyTemplate,
    given_by_templates,
    template_layers,
)
from esmigrate_tui.elastic.transport import LISTING_LIMIT
from esmigrate_tui.elastic.wire import is_tolerated
from esmigrate_tui.model.facts import NodeFacts, RoleView, TemplateFacts, TemplateLayer
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.wire import Wire

T = TypeVar("T")

_NODES: Final = (
    "/_nodes/settings?filter_path=nodes.*.name,nodes.*.host,nodes.*.ip,nodes.*.roles,nodes.*.attributes"
    ",nodes.*.settings.path,nodes.*.settings.repositories"
)
_WRITTEN: Final = (
    "/_stats/indexing?filter_path=indices.*.primaries.indexing.index_total,indices.*.primaries.indexing.delete_total"
)
_POOLS: Final = ("write", "bulk", "index")  # the first from 6.3 on
_REJECTED: Final = "/_nodes/stats/thread_pool?filter_path=" + ",".join(
    f"nodes.*.thread_pool.{pool}.rejected" for pool in _POOLS
)
# Where a feature that costs a licence counts what there is of it.
_COUNTED: Final = {
    "watcher": ("count", "total"),
    "ml": ("jobs", "_all", "count"),
    "ccr": ("follower_indices_count",),
    "searchable_snapshots": ("indices_count",),
}
_TEMPLATES: Final = "/_index_template"  # in one form, so that one preflight requests them once


class WriteProblems(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since a shard, or a node, was started; None where this user may not see them."""

    failed: int | None = None
    turned_away: int | None = None


class _ThreadPool(msgspec.Struct, frozen=True):
    rejected: int = 0


class _NodeThreadPools(msgspec.Struct, frozen=True):
    thread_pool: dict[str, _ThreadPool] = {}


class Surroundings:
    """What one cluster has around its indices."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def _get(self, path: str, kind: type[T]) -> T | None:
        """What can be seen there; None where the server lacks it or a role forbids it."""
        return await self._wire.get_or_none(path, kind, most=LISTING_LIMIT)

    async def _get_if(self, path: str, kind: type[T], *, has: bool) -> T | None:
        """The same, empty where a server of that version cannot have any (`has`)."""
        return await self._get(path, kind) if has else kind()

    async def licence(self) -> str | None:
        """The type of its licence ("basic", "trial", "enterprise", …), with "expired" before it where it is."""
        features = await self._wire.features()
        response = await self._get("/_xpack/license" if features.has_xpack_licence else "/_license", LicenceResponse)
        if response is None or not response.license.type:
            return None
        is_active = response.license.status in {"active", ""}
        return clean(response.license.type if is_active else f"expired {response.license.type}")

    async def _security(self) -> str:
        return "/_security" if (await self._wire.features()).has_security_at_root else "/_xpack/security"

    async def realm(self) -> str | None:
        """The kind of realm that knows the user: "file", "native", "reserved", …"""
        path = f"{await self._security()}/_authenticate"
        response = await self._get(path, RealmResponse)
        return clean(response.authentication_realm.type) if response and response.authentication_realm.type else None

    async def lacking(self, actions: Sequence[str], on_indices: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
        """Which of these actions the user may not do, those on indices as "action on index".

        None where the server (without security) has no privileges.
        """
        path = f"{await self._security()}/user/_has_privileges"
        wanted = [{"names": [index], "privileges": list(names)} for index, names in on_indices.items()]
        try:
            response = await self._wire.read(path, {"cluster": actions, "index": wanted}, HasPrivileges)
        except ProblemError as error:
            if not is_tolerated(error.problem):
                raise
            return None
        lacking = [action for action, may in response.cluster.items() if not may]
        lacking += [
            f"{name} on {index}" for index, each in response.index.items() for name, may in each.items() if not may
        ]
        return tuple(sorted(clean(one) for one in lacking))

    async def cluster_settings(self) -> dict[str, str]:
        """The settings in force, flat: defaults (from 5.0 on), persistent, transient; lists as JSON."""
        response = await self._wire.get(
            "/_cluster/settings?include_defaults=true&flat_settings=true", dict[str, dict[str, Any]]
        )
        return flat_texts(response.get("defaults", {}), response.get("persistent", {}), response.get("transient", {}))

    async def persistent_settings(self) -> dict[str, str]:
        """The persistent settings of the cluster, flat."""
        response = await self._wire.get("/_cluster/settings?flat_settings=true", dict[str, dict[str, Any]])
        return flat_texts(response.get("persistent", {}))

    async def views(self) -> tuple[RoleView, ...] | None:
        """What the user's roles show of indices; None where the server does not say, as before 6.6."""
        if not (await self._wire.features()).lists_own_privileges:
            return None
        response = await self._get("/_security/user/_privileges", UserPrivileges)
        if response is None:
            return None
        return tuple(
            RoleView(
                names=tuple(clean(name) for name in one.names),
                may_read=any(name in {"all", "read"} or name.startswith("indices:") for name in one.privileges),
                queries=tuple(clean(query, 300) for query in one.query),
                hides_fields=bool(one.field_security) and all(fields.hides for fields in one.field_security),
            )
            for one in response.indices
        )

    async def written(self) -> dict[str, int]:
        """How often documents of each index were written or deleted since its shards are where they are."""
        response = await self._wire.get(_WRITTEN, WritesResponse, anew=True)
        counters = {name: one.primaries.indexing for name, one in response.indices.items()}
        return {clean(name): each.index_total + each.delete_total for name, each in counters.items()}

    async def write_problems(self, index: str) -> WriteProblems:
        """What is counted of failed writes of one index, and of rejected ones of all nodes.

        Of a document that a mapping rejects it keeps no count: 7.17.28 has `index_failed` 0 after one, 1 after a
        conflict.
        """
        (path,) = paths_of([index])
        failed = f"{path}/_stats/indexing?filter_path=indices.*.primaries.indexing.index_failed"
        stats, nodes = await asyncio.gather(
            self._wire.get_or_none(failed, WritesResponse),
            self._wire.get_or_none(_REJECTED, NodesResponse[_NodeThreadPools]),
        )
        return WriteProblems(
            failed=None
            if stats is None
            else sum(one.primaries.indexing.index_failed for one in stats.indices.values()),
            turned_away=None
            if nodes is None
            else sum(pool.rejected for node in nodes.nodes.values() for pool in node.thread_pool.values()),
        )

    async def open_searches(self) -> int | None:
        """How many searches are held open on the node that has most of them, scrolls among them."""
        path = "/_nodes/stats/indices/search?filter_path=nodes.*.indices.search.open_contexts"
        response = await self._get(path, NodesResponse[NodeSearchStats])
        return (
            max((one.indices.search.open_contexts for one in response.nodes.values()), default=0) if response else None
        )

    async def licensed_features(self) -> dict[str, int]:
        """What there is of features that cost a licence, counted; none where the server does not say."""
        response = await self._get("/_xpack/usage", dict[str, Any]) or {}
        counted = {name: _amount(response.get(name), path) for name, path in _COUNTED.items()}
        return {name: amount for name, amount in counted.items() if amount}

    async def refusal(self, body: Mapping[str, Any]) -> str | None:
        """Why the server would refuse to make an index of these settings and mappings, "" where it would not.

        It simulates a template of them (7.9 and newer): nothing is made. None where that cannot be known.
        """
        if not (await self._wire.features()).simulates_templates:
            return None
        template = {key: body[key] for key in ("settings", "mappings") if body.get(key)}
        wanted = {"index_patterns": ["esmigrate-look-*"], "priority": 2_000_000, "template": template}
        try:
            await self._wire.read("/_index_template/_simulate", wanted)
        except ProblemError as error:
            if not is_tolerated(error.problem):
                raise
            if not error.problem.evidence.startswith("HTTP 400 "):
                return None  # forbidden, or not there
            return error.problem.evidence.rpartition(" ← ")[2].partition(": ")[2] or error.problem.what
        return ""

    async def nodes(self) -> tuple[NodeFacts, ...] | None:
        """Every node with its roles, attributes, and where it may look for repositories."""
        response = await self._get(_NODES, NodesResponse[NodeEntry])
        return node_facts(response) if response is not None else None

    async def lifecycle(self) -> dict[str, str]:
        """The operation modes of index and snapshot lifecycles ("ilm", "slm"), as far as the server has them."""
        features = await self._wire.features()
        wanted = [name for name, has in (("ilm", features.has_ilm), ("slm", features.has_slm)) if has]
        response = await asyncio.gather(*(self._get(f"/_{name}/status", OperationMode) for name in wanted))
        return {name: clean(one.operation_mode) for name, one in zip(wanted, response, strict=True) if one is not None}

    async def index_templates(self) -> tuple[TemplateFacts, ...] | None:
        """The composable index templates; none before 7.8."""
        if not (await self._wire.features()).has_composable_templates:
            return ()
        response = await self._get(_TEMPLATES, IndexTemplates)
        if response is None:
            return None
        return tuple(
            TemplateFacts(
                name=clean(one.name),
                patterns=tuple(clean(pattern) for pattern in one.index_template.index_patterns),
                makes_streams=one.index_template.data_stream is not None,
                priority=one.index_template.priority or 0,
            )
            for one in response.index_templates
        )

    async def settings_by_templates(
        self, names: Sequence[str], patterns: Sequence[str]
    ) -> dict[str, dict[str, str]] | None:
        """The settings that templates give to indices of these names, of those that fit one of the patterns.

        Looked up once for any number of names. None where a role does not show the templates.
        """
        response = await self._templates()
        if response is None:
            return None
        return {name: _fitting(given_by_templates(name, response), patterns) for name in names}

    async def template_layers(self, names: Sequence[str]) -> dict[str, tuple[TemplateLayer, ...]] | None:
        """What templates give to indices of these names, the weakest first; None where a role does not show them."""
        response = await self._templates()
        return None if response is None else {name: template_layers(name, response) for name in names}

    async def _templates(self) -> AllTemplates | None:
        has_composable = (await self._wire.features()).has_composable_templates
        legacy, composable, components = await asyncio.gather(
            self._get("/_template", dict[str, LegacyTemplate]),
            self._get_if(_TEMPLATES, IndexTemplates, has=has_composable),
            self._get_if("/_component_template", ComponentTemplates, has=has_composable),
        )
        if legacy is None or composable is None or components is None:
            return None
        return AllTemplates(legacy, composable, components)

    async def global_state(self) -> dict[str, tuple[str, ...]]:
        """What a restored global state would replace: names by kind, kinds that are not there or not seen left out."""
        features = await self._wire.features()
        named = dict[str, dict[str, Any]]
        legacy, pipelines, policies, components, templates, settings = await asyncio.gather(
            self._get("/_template?filter_path=*.order", named),
            self._get_if("/_ingest/pipeline?filter_path=*.description,*.processors", named, has=features.has_ingest),
            self._get_if("/_ilm/policy?filter_path=*.version", named, has=features.has_ilm),
            self._get_if(
                "/_component_template?filter_path=component_templates.name",
                ComponentTemplates,
                has=features.has_composable_templates,
            ),
            self.index_templates(),
            self._get("/_cluster/settings?flat_settings=true", named),
        )
        found = {
            "persistent settings": tuple((settings or {}).get("persistent", {})),
            "legacy templates": tuple(legacy or {}),
            "index templates": tuple(one.name for one in templates or ()),
            "component templates": tuple(one.name for one in components.component_templates) if components else (),
            "ingest pipelines": tuple(pipelines or {}),
            "lifecycle policies": tuple(policies or {}),
        }
        return {kind: tuple(sorted(clean(name) for name in names)) for kind, names in found.items() if names}

    async def index_settings(self, *patterns: str) -> dict[str, dict[str, str]] | None:
        """The settings of every index that fit one of the patterns, flat, in one request for all of them.

        An index none of whose settings fit is left out.
        """
        features = await self._wire.features()
        # Before 6.0 a pattern that fits nothing is an error there.
        path = f"/_settings/{','.join(patterns)}" if features.finds_no_settings else "/_settings"
        response = await self._get(f"{path}?flat_settings=true&expand_wildcards=all", dict[str, FlatSettings])
        if response is None:
            return None
        fitting = {name: _fitting(one.settings, patterns) for name, one in response.items()}
        return {clean(name): settings for name, settings in fitting.items() if settings}

    async def write_aliases(self) -> dict[str, frozenset[str]] | None:
        """The indices that were named the ones to write to, by alias; none before 6.4."""
        response = await self._get("/_alias?expand_wildcards=all", dict[str, IndexAliases])
        if response is None:
            return None
        found: dict[str, set[str]] = {}
        for index, one in response.items():
            for alias, how in one.aliases.items():
                if isinstance(how, dict) and how.get("is_write_index") is True:
                    found.setdefault(clean(alias), set()).add(clean(index))
        return {alias: frozenset(indices) for alias, indices in found.items()}


def _fitting(settings: Mapping[str, Any], patterns: Sequence[str]) -> dict[str, str]:
    return {
        key: value
        for key, value in flat_texts(settings).items()
        if any(fnmatchcase(key, pattern) for pattern in patterns)
    }


def _amount(response: object, path: Sequence[str]) -> int:
    for key in path:
        response = response.get(key) if isinstance(response, dict) else None
    return response if isinstance(response, int) else 0
