"""What servers of six majors answer, as types, and the pure way from there to facts."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.facts import (
    DiskFacts,
    Health,
    IndexFacts,
    IndexState,
    NodeFacts,
    ShardFacts,
    TemplateLayer,
    Version,
)
from esmigrate_tui.model.text import clean, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LOW: Final = "cluster.routing.allocation.disk.watermark.low"
_FLOOD: Final = "cluster.routing.allocation.disk.watermark.flood_stage"
_THRESHOLD: Final = "cluster.routing.allocation.disk.threshold_enabled"
WHITELIST: Final = "reindex.remote.whitelist"
_UNITS: Final = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
# From 8.11 on an index remembers a number of the index format, which says the major version and no more.
_FORMAT_NUMBERS_BEGIN: Final = 8_500_000


class BuildInfo(msgspec.Struct, frozen=True):
    """What `GET /` says of the build."""

    number: str = ""
    build_flavor: str = ""
    distribution: str = ""


class Root(msgspec.Struct, frozen=True):
    """`GET /`; every field may be missing, since anything may answer there."""

    name: str = ""
    cluster_name: str = ""
    cluster_uuid: str = ""
    version: BuildInfo = BuildInfo()
    tagline: str = ""


class NodeInfo(msgspec.Struct, frozen=True):
    """One node of `GET _nodes`."""

    class Named(msgspec.Struct, frozen=True):
        """Something with a name."""

        name: str = ""

    version: str = ""
    build_flavor: str = ""
    settings: dict[str, Any] = {}
    modules: tuple[Named, ...] = ()
    plugins: tuple[Named, ...] = ()


class NodesInfo(msgspec.Struct, frozen=True):
    """`GET _nodes`."""

    cluster_name: str = ""
    nodes: dict[str, NodeInfo] = {}


class ClusterHealth(msgspec.Struct, frozen=True):
    """`GET _cluster/health`."""

    status: str = ""
    number_of_nodes: int = 0
    number_of_data_nodes: int = 0
    active_shards: int = 0
    initializing_shards: int = 0
    unassigned_shards: int = 0
    number_of_pending_tasks: int = 0


class ClusterStats(msgspec.Struct, frozen=True):
    """`GET _cluster/stats`; the timestamp in milliseconds."""

    class Indices(msgspec.Struct, frozen=True):
        """All indices together."""

        class Docs(msgspec.Struct, frozen=True):
            """Their documents, nested ones included."""

            count: int = 0

        class Store(msgspec.Struct, frozen=True):
            """Their bytes, all copies."""

            size_in_bytes: int = 0

        count: int = 0
        docs: Docs = Docs()
        store: Store = Store()

    timestamp: int = 0
    indices: Indices | None = None


class NodesDisk(msgspec.Struct, frozen=True):
    """`GET _nodes/stats/fs`."""

    class Node(msgspec.Struct, frozen=True):
        """One node."""

        class Fs(msgspec.Struct, frozen=True):
            """Its disks."""

            class Total(msgspec.Struct, frozen=True):
                """All of them together, in bytes."""

                total_in_bytes: int = 0
                available_in_bytes: int = 0

            total: Total | None = None

        roles: tuple[str, ...] | None = None
        attributes: dict[str, str] = {}
        fs: Fs | None = None

        @property
        def holds_data(self) -> bool:
            """Before 5.0 there are no roles; a node without data said so in an attribute."""
            if self.roles is None:
                return self.attributes.get("data", "true") != "false"
            return any(role == "data" or role.startswith("data_") for role in self.roles)

    nodes: dict[str, Node] = {}


class StateOfBlocks(msgspec.Struct, frozen=True):
    """`GET _cluster/state/blocks`."""

    class Blocks(msgspec.Struct, frozen=True):
        """For the whole cluster, by number; those of single indices stand in their settings."""

        class Block(msgspec.Struct, frozen=True):
            """One block."""

            description: str = ""

        global_: dict[str, Block] = msgspec.field(name="global", default={})

    cluster_uuid: str = ""
    blocks: Blocks = Blocks()


class StateOfUuid(msgspec.Struct, frozen=True):
    """The cluster's own number, where `GET /` did not say it."""

    class Metadata(msgspec.Struct, frozen=True):
        """Where it stands."""

        cluster_uuid: str = ""

    metadata: Metadata = Metadata()


class Authenticated(msgspec.Struct, frozen=True):
    """`GET _security/_authenticate`."""

    username: str = ""
    roles: tuple[str, ...] = ()


class CatIndex(msgspec.Struct, frozen=True):
    """A line of `GET _cat/indices`; everything is text, and null where an index is closed."""

    index: str
    health: str | None = None
    status: str | None = None
    uuid: str | None = None
    pri: str | None = None
    rep: str | None = None
    docs: str | None = msgspec.field(name="docs.count", default=None)
    deleted: str | None = msgspec.field(name="docs.deleted", default=None)
    store: str | None = msgspec.field(name="store.size", default=None)
    primary_store: str | None = msgspec.field(name="pri.store.size", default=None)


class CatShard(msgspec.Struct, frozen=True):
    """A line of `GET _cat/shards`; null where no node has the shard."""

    shard: str
    prirep: str
    state: str | None = None
    docs: str | None = None
    store: str | None = None
    node: str | None = None

    @property
    def facts(self) -> ShardFacts:
        """What it says, as values."""
        return ShardFacts(
            number=_amount(self.shard) or 0,
            state=clean(self.state or "", 40).lower(),
            documents=_amount(self.docs),
            bytes=_amount(self.store),
            node=clean(self.node or "", 200),
        )


class CatName(msgspec.Struct, frozen=True):
    """A line of `GET _cat/indices`, the name only."""

    index: str


class FlatSettings(msgspec.Struct, frozen=True):
    """`GET _settings?flat_settings=true` of one index."""

    settings: dict[str, Any] = {}


class Mapped(msgspec.Struct, frozen=True):
    """`GET _mapping` of one index, undecoded: some are megabytes."""

    mappings: dict[str, msgspec.Raw] = {}


class Resolved(msgspec.Struct, frozen=True):
    """`GET _resolve/index/*`, which is there from 7.9."""

    class Index(msgspec.Struct, frozen=True):
        """An index of it."""

        name: str
        aliases: tuple[str, ...] = ()
        attributes: tuple[str, ...] = ()
        data_stream: str = ""

    class Named(msgspec.Struct, frozen=True):
        """Something with a name; `indices` of an alias are what it leads to: indices, or data streams (7.14)."""

        name: str
        indices: tuple[str, ...] = ()
        backing_indices: str | tuple[str, ...] = ()

        @property
        def backing(self) -> tuple[str, ...]:
            """The indices of a data stream, the oldest first; of a single one 7.x tells no list."""
            told = self.backing_indices
            return (told,) if isinstance(told, str) else told

    indices: tuple[Index, ...] = ()
    aliases: tuple[Named, ...] = ()
    data_streams: tuple[Named, ...] = ()

    def aliases_of_each(self) -> dict[str, tuple[str, ...]]:
        """The aliases of each index, and those of the data stream that it backs, which it does not tell itself."""
        of_stream: dict[str, list[str]] = {}
        for alias in self.aliases:
            for name in alias.indices:
                of_stream.setdefault(name, []).append(alias.name)
        return {
            index.name: tuple(dict.fromkeys((*index.aliases, *of_stream.get(index.data_stream, ()))))
            for index in self.indices
        }


class Aliased(msgspec.Struct, frozen=True):
    """`GET _alias` of one index."""

    aliases: dict[str, Any] = {}


class Shards(msgspec.Struct, frozen=True):
    """How many shards took part."""

    total: int = 0
    successful: int = 0
    failed: int = 0
    failures: list[Any] = []


class Counted(msgspec.Struct, frozen=True):
    """`GET _count`."""

    count: int
    shards: Shards = msgspec.field(name="_shards", default=Shards())


class Refreshed(msgspec.Struct, frozen=True):
    """`POST _refresh`."""

    shards: Shards = msgspec.field(name="_shards", default=Shards())


class Retries(msgspec.Struct, frozen=True):
    """How often something was sent again."""

    bulk: int = 0
    search: int = 0


class ReindexStatus(msgspec.Struct, frozen=True):
    """The counters of a reindex, in its running status and in its result alike."""

    total: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    batches: int = 0
    version_conflicts: int = 0
    noops: int = 0
    retries: Retries = Retries()
    throttled_millis: int = 0
    canceled: str | None = None
    timed_out: bool = False
    failures: tuple[dict[str, Any], ...] = ()


class Started(msgspec.Struct, frozen=True):
    """`POST _reindex?wait_for_completion=false`."""

    task: str


class TaskInfo(msgspec.Struct, frozen=True):
    """A task as the cluster lists it."""

    action: str = ""
    description: str = ""
    headers: dict[str, str] = {}
    status: ReindexStatus = ReindexStatus()


class TaskLook(msgspec.Struct, frozen=True):
    """`GET _tasks/ID`."""

    completed: bool
    task: TaskInfo
    response: ReindexStatus | None = None
    error: dict[str, Any] | None = None


class TasksOfNodes(msgspec.Struct, frozen=True):
    """`GET _tasks`, and what cancelling and rethrottling answer."""

    class Node(msgspec.Struct, frozen=True):
        """One node."""

        tasks: dict[str, TaskInfo] = {}

    nodes: dict[str, Node] = {}
    node_failures: tuple[dict[str, Any], ...] = ()
    task_failures: tuple[dict[str, Any], ...] = ()


class Hits(msgspec.Struct, frozen=True):
    """`GET _search`."""

    class Inner(msgspec.Struct, frozen=True):
        """Where the hits are."""

        hits: tuple[dict[str, Any], ...] = ()

    hits: Inner = Inner()


class RawHit(msgspec.Struct, frozen=True):
    """One hit whose document stays the bytes it came as."""

    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())


class RawHits(msgspec.Struct, frozen=True):
    """The hits of one search among several."""

    class Inner(msgspec.Struct, frozen=True):
        """The object below "hits"."""

        hits: tuple[RawHit, ...] = ()

    hits: Inner = Inner()


class SeveralHits(msgspec.Struct, frozen=True):
    """`POST _msearch`."""

    responses: tuple[RawHits, ...] = ()


class Totals(msgspec.Struct, frozen=True):
    """The total of one search among several: a number up to 6.x, an object since 7.0; none where it failed."""

    class Inner(msgspec.Struct, frozen=True):
        """The object below "hits"."""

        class Value(msgspec.Struct, frozen=True):
            """The object below "total"."""

            value: int

        total: int | Value

    hits: Inner | None = None

    @property
    def total(self) -> int | None:
        """How many were found."""
        if self.hits is None:
            return None
        return self.hits.total if isinstance(self.hits.total, int) else self.hits.total.value


class SeveralTotals(msgspec.Struct, frozen=True):
    """`POST _msearch` of which only the totals matter."""

    responses: tuple[Totals, ...] = ()


class RepositoryEntry(msgspec.Struct, frozen=True):
    """One entry of `GET _snapshot`."""

    type: str
    settings: dict[str, Any] = {}
    uuid: str = ""


class SnapshotEntry(msgspec.Struct, frozen=True):
    """One snapshot of `GET _snapshot/R/S`."""

    class Feature(msgspec.Struct, frozen=True):
        """A feature state in it."""

        feature_name: str
        indices: tuple[str, ...] = ()

    class Failure(msgspec.Struct, frozen=True):
        """A shard that is not in it."""

        index: str = ""
        shard_id: int = 0
        reason: str = ""

    class Detail(msgspec.Struct, frozen=True):
        """An index in it, where `index_details` was asked for."""

        shard_count: int = 0
        size_in_bytes: int | None = None

    snapshot: str
    uuid: str = ""
    state: str = ""
    reason: str | None = None
    version: str = ""
    indices: tuple[str, ...] = ()
    data_streams: tuple[str, ...] = ()
    feature_states: tuple[Feature, ...] = ()
    include_global_state: bool | None = None
    start_time_in_millis: int | None = None
    end_time_in_millis: int | None = None
    shards: Shards | None = None
    failures: tuple[Failure, ...] = ()
    index_details: dict[str, Detail] = {}


class SnapshotPage(msgspec.Struct, frozen=True):
    """`GET _snapshot/R/_all`; 7.0 to 7.5 wrap it into one response for each repository."""

    class Wrapped(msgspec.Struct, frozen=True):
        """The response of one repository."""

        snapshots: tuple[SnapshotEntry, ...] = ()

    snapshots: tuple[SnapshotEntry, ...] = ()
    responses: tuple[Wrapped, ...] = ()
    next: str = ""

    @property
    def every(self) -> tuple[SnapshotEntry, ...]:
        """The snapshots, wherever they stand."""
        return self.snapshots or tuple(one for response in self.responses for one in response.snapshots)


class FileStats(msgspec.Struct, frozen=True):
    """Files and bytes of a snapshot or a part of it; 6.2 and older have other names."""

    class Amount(msgspec.Struct, frozen=True):
        """Files and their bytes."""

        file_count: int = 0
        size_in_bytes: int = 0

    total: Amount | None = None
    incremental: Amount | None = None
    processed: Amount | None = None
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


class ShardStats(msgspec.Struct, frozen=True):
    """Shards of a snapshot by where they are."""

    total: int = 0
    done: int = 0
    failed: int = 0


class SnapshotStatuses(msgspec.Struct, frozen=True):
    """`GET _snapshot/R/S/_status`."""

    class One(msgspec.Struct, frozen=True):
        """One snapshot."""

        class Index(msgspec.Struct, frozen=True):
            """One index of it."""

            shards_stats: ShardStats = ShardStats()
            stats: FileStats = FileStats()

        snapshot: str = ""
        state: str = ""
        shards_stats: ShardStats = ShardStats()
        stats: FileStats = FileStats()
        indices: dict[str, Index] = {}

    snapshots: tuple[One, ...] = ()


class Features(msgspec.Struct, frozen=True):
    """`GET _features`."""

    class One(msgspec.Struct, frozen=True):
        """One feature."""

        name: str
        description: str = ""

    features: tuple[One, ...] = ()


class RecoverySource(msgspec.Struct, frozen=True):
    """Where a shard comes from."""

    repository: str = ""
    snapshot: str = ""


class Routed(msgspec.Struct, frozen=True):
    """`GET _cluster/state/metadata,routing_table/A,B`, of which only the shards matter."""

    class Metadata(msgspec.Struct, frozen=True):
        """What the indices are."""

        class Index(msgspec.Struct, frozen=True):
            """One index."""

            class Settings(msgspec.Struct, frozen=True):
                """Its settings."""

                class Own(msgspec.Struct, frozen=True):
                    """Those below "index"."""

                    uuid: str = ""
                    number_of_shards: str = ""

                index: Own = Own()

            state: str = ""
            settings: Settings = Settings()

        indices: dict[str, Index] = {}

    class Table(msgspec.Struct, frozen=True):
        """Where their shards are."""

        class Index(msgspec.Struct, frozen=True):
            """Those of one index, all copies of each."""

            class Copy(msgspec.Struct, frozen=True):
                """One copy of a shard."""

                class Unassigned(msgspec.Struct, frozen=True):
                    """Why no node has it."""

                    reason: str = ""
                    details: str = ""
                    allocation_status: str = ""
                    failed_attempts: int = 0

                shard: int = 0
                primary: bool = False
                state: str = ""
                unassigned_info: Unassigned = Unassigned()
                recovery_source: RecoverySource = RecoverySource()

            shards: dict[str, tuple[Copy, ...]] = {}

        indices: dict[str, Index] = {}

    metadata: Metadata = Metadata()
    routing_table: Table = Table()


class RecoveryOfIndex(msgspec.Struct, frozen=True):
    """One index of `GET _recovery`."""

    class Shard(msgspec.Struct, frozen=True):
        """One copy of a shard."""

        class Files(msgspec.Struct, frozen=True):
            """What is copied."""

            class Size(msgspec.Struct, frozen=True):
                """In bytes."""

                total: int = msgspec.field(name="total_in_bytes", default=0)
                reused: int = msgspec.field(name="reused_in_bytes", default=0)
                recovered: int = msgspec.field(name="recovered_in_bytes", default=0)

            size: Size = Size()

        class Target(msgspec.Struct, frozen=True):
            """The node that it is copied to."""

            name: str = ""

        id: int = 0
        type: str = ""
        stage: str = ""
        primary: bool = False
        total_time_in_millis: int = 0
        target: Target = Target()
        source: RecoverySource = RecoverySource()
        index: Files = Files()

    shards: tuple[Shard, ...] = ()


class Explained(msgspec.Struct, frozen=True):
    """`GET _cluster/allocation/explain` of one shard."""

    class Unassigned(msgspec.Struct, frozen=True):
        """Why it has no place."""

        reason: str = ""
        details: str = ""
        failed_allocation_attempts: int = 0

    class Node(msgspec.Struct, frozen=True):
        """What one node says of it."""

        class Decider(msgspec.Struct, frozen=True):
            """One rule."""

            decider: str = ""
            decision: str = ""
            explanation: str = ""

        node_name: str = ""
        deciders: tuple[Decider, ...] = ()

    current_state: str = ""
    unassigned_info: Unassigned = Unassigned()
    can_allocate: str = ""
    allocate_explanation: str = ""
    node_allocation_decisions: tuple[Node, ...] = ()


class License(msgspec.Struct, frozen=True):
    """`GET _license`."""

    class Own(msgspec.Struct, frozen=True):
        """The licence itself."""

        type: str = ""
        status: str = ""

    license: Own = Own()


class Realm(msgspec.Struct, frozen=True):
    """Where whoever asks is known from: a part of `GET _security/_authenticate`."""

    class Named(msgspec.Struct, frozen=True):
        """One realm."""

        type: str = ""

    authentication_realm: Named = Named()


class Privileges(msgspec.Struct, frozen=True):
    """`POST _security/user/_has_privileges`."""

    cluster: dict[str, bool] = {}
    index: dict[str, dict[str, bool]] = {}


class Privileged(msgspec.Struct, frozen=True):
    """`GET _security/user/_privileges`."""

    class OnIndices(msgspec.Struct, frozen=True):
        """One entry of one role."""

        class Fields(msgspec.Struct, frozen=True):
            """The fields that it shows."""

            grant: tuple[str, ...] | None = None
            except_: tuple[str, ...] | None = msgspec.field(name="except", default=None)

            @property
            def hides(self) -> bool:
                """Whether it leaves any out."""
                return bool(self.except_) or (self.grant is not None and "*" not in self.grant)

        names: tuple[str, ...] = ()
        privileges: tuple[str, ...] = ()
        query: tuple[str, ...] = ()
        field_security: tuple[Fields, ...] = ()

    indices: tuple[OnIndices, ...] = ()


class Written(msgspec.Struct, frozen=True):
    """`GET _stats/indexing` of one index: how often its primaries were written to since they are there."""

    class Primaries(msgspec.Struct, frozen=True):
        """Of the primaries."""

        class Indexing(msgspec.Struct, frozen=True):
            """The counters."""

            index_total: int = 0
            delete_total: int = 0

        indexing: Indexing = Indexing()

    primaries: Primaries = Primaries()


class WrittenOf(msgspec.Struct, frozen=True):
    """`GET _stats/indexing`."""

    indices: dict[str, Written] = {}


class OpenSearches(msgspec.Struct, frozen=True):
    """`GET _nodes/stats/indices/search`."""

    class One(msgspec.Struct, frozen=True):
        """One node."""

        class Indices(msgspec.Struct, frozen=True):
            """Of its shards."""

            class Search(msgspec.Struct, frozen=True):
                """The counters."""

                open_contexts: int = 0

            search: Search = Search()

        indices: Indices = Indices()

    nodes: dict[str, One] = {}


class OperationMode(msgspec.Struct, frozen=True):
    """`GET _ilm/status`, `GET _slm/status`."""

    operation_mode: str = ""


class TemplateBody(msgspec.Struct, frozen=True):
    """What a template gives."""

    settings: dict[str, Any] = {}
    mappings: dict[str, Any] = {}
    aliases: dict[str, Any] = {}


class LegacyTemplate(TemplateBody, frozen=True):
    """`GET _template`, one of them; before 6.0 it has one pattern, called `template`."""

    order: int = 0
    index_patterns: tuple[str, ...] = ()
    template: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """The names that it fits."""
        return self.index_patterns or ((self.template,) if self.template else ())


class IndexTemplates(msgspec.Struct, frozen=True):
    """`GET _index_template`."""

    class One(msgspec.Struct, frozen=True):
        """One template with its name."""

        class Body(msgspec.Struct, frozen=True):
            """The template itself."""

            index_patterns: tuple[str, ...] = ()
            data_stream: dict[str, Any] | None = None
            composed_of: tuple[str, ...] = ()
            priority: int | None = None
            template: TemplateBody = TemplateBody()

        name: str
        index_template: Body = Body()

    index_templates: tuple[One, ...] = ()


class ComponentTemplates(msgspec.Struct, frozen=True):
    """`GET _component_template`."""

    class One(msgspec.Struct, frozen=True):
        """One of them."""

        class Body(msgspec.Struct, frozen=True):
            """The template itself."""

            template: TemplateBody = TemplateBody()

        name: str
        component_template: Body = Body()

    component_templates: tuple[One, ...] = ()


class Templates(msgspec.Struct, frozen=True):
    """All templates of a cluster."""

    legacy: dict[str, LegacyTemplate]
    composable: IndexTemplates
    components: ComponentTemplates


class NodesAround(msgspec.Struct, frozen=True):
    """`GET _nodes/settings`."""

    class One(msgspec.Struct, frozen=True):
        """One node."""

        name: str = ""
        host: str = ""
        ip: str = ""
        roles: tuple[str, ...] = ()
        attributes: dict[str, str] = {}
        settings: dict[str, Any] = {}

    nodes: dict[str, One] = {}


def nodes_around(told: NodesAround) -> tuple[NodeFacts, ...]:
    """Every node, by name; one of 2.x that holds no data says so in an attribute."""
    found = [
        NodeFacts(
            id=clean(one_id),
            name=clean(one.name),
            host=clean(one.host),
            ip=clean(one.ip.rpartition(":")[0] if one.ip.count(":") == 1 else one.ip),
            roles=tuple(clean(role) for role in one.roles),
            attributes={clean(key): clean(value) for key, value in one.attributes.items()},
            holds_data=any(role == "data" or role.startswith("data_") for role in one.roles)
            if one.roles
            else one.attributes.get("data", "true") != "false",
            folders=_patterns(_below(one.settings, "path", "repo")),
            addresses=_patterns(_below(one.settings, "repositories", "url", "allowed_urls")),
        )
        for one_id, one in told.nodes.items()
    ]
    return tuple(sorted(found, key=lambda node: node.name))


def _below(settings: object, *keys: str) -> object:
    """A setting, whether it is written nested or flat; "" where it is not there."""
    for number, key in enumerate(keys):
        if not isinstance(settings, dict):
            return ""
        rest = ".".join(keys[number:])
        if rest in settings:
            return settings[rest]
        settings = settings.get(key, "")
    return settings


def created_by(number: object) -> Version | None:
    """The version in `index.version.created`: 6082399 is 6.8.23; of formats from 8.11 on only the major is known."""
    try:
        value = int(str(number))
    except ValueError:
        return None
    if value >= _FORMAT_NUMBERS_BEGIN:
        return Version(value // 1_000_000)
    return Version(value // 1_000_000, value // 10_000 % 100, value // 100 % 100)


def _amount(text: str | None) -> int | None:
    return whole_number(text or "")


def _health(text: str | None) -> Health:
    return Health(text) if text in {"green", "yellow", "red"} else Health.UNKNOWN


def health_of(answer: ClusterHealth | None) -> Health:
    """The colour; unknown where nobody said."""
    return _health(answer.status if answer else None)


class Listing(msgspec.Struct, frozen=True):
    """The answers that together say everything about all indices."""

    cat: tuple[CatIndex, ...]
    settings: dict[str, FlatSettings]
    mappings: dict[str, Mapped]
    aliases: dict[str, tuple[str, ...]]
    data_streams: dict[str, str]
    hidden: frozenset[str]


def listed(answers: Listing, *, with_types: bool) -> tuple[tuple[IndexFacts, ...], tuple[str, ...]]:
    """All indices by name, and the (cleaned) names of those that cannot be named safely and are left out."""
    fit = [entry for entry in answers.cat if clean(entry.index) == entry.index]
    unfit = tuple(sorted(clean(entry.index) for entry in answers.cat if clean(entry.index) != entry.index))
    facts = (_index(entry, answers, with_types=with_types) for entry in fit)
    return tuple(sorted(facts, key=lambda one: one.name)), unfit


def _index(entry: CatIndex, answers: Listing, *, with_types: bool) -> IndexFacts:
    settings = answers.settings.get(entry.index, FlatSettings()).settings
    types, sources = _types(answers.mappings.get(entry.index, Mapped()).mappings, with_types=with_types)
    is_closed = entry.status == "close"
    return IndexFacts(
        name=entry.index,
        uuid=clean(entry.uuid or str(settings.get("index.uuid", ""))),
        state=IndexState.CLOSED if is_closed else IndexState.OPEN,
        health=_health(entry.health),
        documents=None if is_closed else _amount(entry.docs),
        deleted=None if is_closed else _amount(entry.deleted),
        primary_bytes=_amount(entry.primary_store),
        store_bytes=_amount(entry.store),
        shards=_amount(entry.pri or settings.get("index.number_of_shards")) or 1,
        replicas=_amount(entry.rep or settings.get("index.number_of_replicas")) or 0,
        hidden=settings.get("index.hidden") == "true" or entry.index in answers.hidden,
        aliases=tuple(sorted(clean(alias) for alias in answers.aliases.get(entry.index, ()))),
        created=created_by(settings.get("index.version.created")),
        data_stream=clean(answers.data_streams.get(entry.index, "")),
        types=types,
        source_enabled=all(one.is_kept for one in sources) and settings.get(_SOURCE_MODE) != "disabled",
        source_filtered=any(one.includes or one.excludes for one in sources),
        source_synthetic=_is_synthetic(settings, sources),
        refresh_interval=clean(str(settings.get("index.refresh_interval", ""))),
        frozen="true" in {settings.get("index.frozen"), settings.get("index.search.throttled")},
        blocks=tuple(
            clean(key.removeprefix(_BLOCKS))
            for key, value in sorted(settings.items())
            if key.startswith(_BLOCKS) and value == "true"
        ),
    )


_BLOCKS: Final = "index.blocks."
_SOURCE_MODE: Final = "index.mapping.source.mode"


class _Source(msgspec.Struct, frozen=True):
    """What a mapping says of the documents themselves; before 5.0 a single pattern is no list."""

    enabled: Any = True
    includes: Any = ()
    excludes: Any = ()
    mode: str = ""

    @property
    def is_kept(self) -> bool:
        return self.enabled not in {False, "false"} and self.mode != "disabled"


def _is_synthetic(settings: Mapping[str, Any], sources: Iterable[_Source]) -> bool:
    """Whether documents are put together from their fields when they are read (8.4 and newer)."""
    modes = {settings.get(_SOURCE_MODE, ""), *(one.mode for one in sources)} - {""}
    return "synthetic" in modes or (not modes and settings.get("index.mode") in {"time_series", "logsdb"})


class _Typed(msgspec.Struct, frozen=True):
    source: _Source = msgspec.field(name="_source", default=_Source())


def _types(mappings: Mapping[str, msgspec.Raw], *, with_types: bool) -> tuple[tuple[str, ...], tuple[_Source, ...]]:
    """The types in a mapping of 6.x and older, and what each says of its _source."""
    if not with_types:
        raw = mappings.get("_source")
        return (), (msgspec.json.decode(raw, type=_Source) if raw is not None else _Source(),)
    # _default_ is the pattern for types to come, not one that holds documents.
    typed = {name: msgspec.json.decode(raw, type=_Typed) for name, raw in mappings.items() if name != "_default_"}
    return tuple(sorted(clean(name) for name in typed)), tuple(mapping.source for mapping in typed.values())


def flat(*layers: Mapping[str, Any]) -> dict[str, str]:
    """Flat settings of several layers, later ones winning; lists become JSON, 5.x's numbered keys become such lists."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update(layer)
    numbered: dict[str, list[tuple[int, str]]] = {}
    for key in tuple(merged):
        found = re.fullmatch(r"(.{1,1000})\.(\d{1,9})", key)
        if found is not None:
            numbered.setdefault(found[1], []).append((int(found[2]), str(merged.pop(key))))
    merged.update({key: [value for _, value in sorted(entries)] for key, entries in numbered.items()})
    return {clean(key): _as_text(value) for key, value in merged.items()}


def given_by_templates(name: str, told: Templates) -> dict[str, Any]:
    """The settings that an index of that name gets from templates."""
    return {key: value for layer in template_layers(name, told) for key, value in _dotted(layer.settings)}


def template_layers(name: str, told: Templates) -> tuple[TemplateLayer, ...]:
    """What an index of that name gets, the weakest first: of one template that is composed, else of all legacy ones.

    https://www.elastic.co/guide/en/elasticsearch/reference/current/index-templates.html
    """
    fitting = [one for one in told.composable.index_templates if _is_named(name, one.index_template.index_patterns)]
    if not fitting:
        ordered = sorted(told.legacy.items(), key=lambda one: one[1].order)
        return tuple(_layer(called, one) for called, one in ordered if _is_named(name, one.patterns))
    chosen = max(fitting, key=lambda one: one.index_template.priority or 0)
    parts = {one.name: one.component_template.template for one in told.components.component_templates}
    bodies = [parts[part] for part in chosen.index_template.composed_of if part in parts]
    return tuple(_layer(chosen.name, body) for body in (*bodies, chosen.index_template.template))


def _layer(name: str, body: TemplateBody) -> TemplateLayer:
    return TemplateLayer(
        template=clean(name, 200), settings=body.settings, mappings=body.mappings, aliases=body.aliases
    )


def _dotted(settings: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings by dotted names."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{inside}{key}.")
        else:
            yield inside + key, value


def _is_named(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return json.dumps([clean(str(one)) for one in value], ensure_ascii=False)
    return clean("" if value is None else str(value))


def _patterns(value: object) -> tuple[str, ...]:
    """A list setting, in any of the shapes in which servers write one."""
    entries: Iterable[object]
    if isinstance(value, list):
        entries = value
    elif isinstance(value, dict):
        entries = [value[key] for key in sorted(value, key=str)]
    else:
        text = str(value or "")
        entries = json.loads(text) if text.startswith('["') else text.strip("[]").split(",")
    return tuple(clean(pattern) for entry in entries if (pattern := str(entry).strip()))


def whitelist(nodes: NodesInfo | None, settings: Mapping[str, str] | None) -> tuple[str, ...] | None:
    """What every node may read from, since any of them may be asked; None where it cannot be read."""
    written = [node.settings.get("reindex", {}) for node in nodes.nodes.values()] if nodes else []
    remote = [entry.get("remote", {}) if isinstance(entry, dict) else {} for entry in written]
    each = [_patterns(entry.get("whitelist")) if isinstance(entry, dict) else () for entry in remote]
    if any(each):
        return tuple(pattern for pattern in each[0] if all(pattern in other for other in each[1:]))
    if settings is not None and WHITELIST in settings:
        return _patterns(settings[WHITELIST])
    return None


_LONGEST_SIZE: Final = 60


def _size(text: str) -> int | None:
    """Bytes in "500mb", "20GB" or "1024b"; None where it is none."""
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,9})?)\s{0,9}([kmgtp]?)b?", text[:_LONGEST_SIZE].strip().lower())
    return int(float(found[1]) * _UNITS[found[2] or "b"]) if found else None


def bytes_of(settings: Mapping[str, str] | None, key: str) -> int | None:
    """A setting that is a size, in bytes; None where it is not there, or none."""
    return _size((settings or {}).get(key, ""))


def kept_free(total: int, settings: Mapping[str, str], mark: str = _LOW, default: str = "85%") -> int:
    """The bytes of a disk of `total` that stay free at a watermark: at the low one its node takes no more shards."""
    if settings.get(_THRESHOLD) == "false":
        return 0
    told = settings.get(mark, default).strip()
    share: float | None = None
    if found := re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?)\s{0,9}%", told[:_LONGEST_SIZE]):
        share = float(found[1]) / 100
    elif re.fullmatch(r"0?\.\d{1,18}|[01](?:\.0{0,18})?", told[:_LONGEST_SIZE]):
        share = float(told)
    if share is None:
        return _size(told) or 0
    kept = int(total * (1 - share))
    headroom = _size(settings.get(f"{mark}.max_headroom", ""))
    return kept if headroom is None else min(kept, headroom)


def disk(nodes: NodesDisk | None, settings: Mapping[str, str] | None) -> DiskFacts | None:
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


def blocks(state: StateOfBlocks | None) -> tuple[str, ...]:
    """The blocks on the whole cluster; those of single indices are their own affair."""
    if state is None:
        return ()
    return tuple(clean(block.description) for block in state.blocks.global_.values())


def modules_and_plugins(nodes: NodesInfo | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of what every node has."""
    if nodes is None or not nodes.nodes:
        return (), ()
    modules = [{clean(one.name) for one in node.modules} for node in nodes.nodes.values()]
    plugins = [{clean(one.name) for one in node.plugins} for node in nodes.nodes.values()]
    return tuple(sorted(set.intersection(*modules))), tuple(sorted(set.intersection(*plugins)))


_ROOT_WORDS: Final = frozenset(
    {
        "properties",
        "dynamic",
        "dynamic_templates",
        "dynamic_date_formats",
        "date_detection",
        "numeric_detection",
        "runtime",
    }
)


def create_request(body: str, version: Version) -> tuple[str, str]:
    """Query string and body that make an index on a server of that version from a typeless definition.

    From 7 on it goes as it is; 6.7 and 6.8 are told that it is typeless; older ones get the type they ask for.
    A definition that names a type already is left alone.
    """
    if version.major >= 7:
        return "", body
    definition = msgspec.json.decode(body)
    mappings = definition.get("mappings") if isinstance(definition, dict) else None
    if not isinstance(mappings, dict) or not mappings:
        return "", body
    is_typeless = any(
        key in _ROOT_WORDS or (key.startswith("_") and key not in {"_doc", "_default_"}) for key in mappings
    )
    if not is_typeless:
        return "", body
    if version >= Version(6, 7):
        return "?include_type_name=false", body
    name = "_doc" if version >= Version(6, 2) else "doc"
    return "", msgspec.json.encode(definition | {"mappings": {name: mappings}}).decode()
