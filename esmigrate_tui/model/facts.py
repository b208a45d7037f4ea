"""What was seen of a cluster: answers turned into values, with what could not be seen left as None."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final

import msgspec


class Version(msgspec.Struct, frozen=True, order=True, gc=False):
    """A server's version; ordered."""

    major: int
    minor: int = 0
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Version:
        """The version in "8.19.3" or "9.0.0-SNAPSHOT"; raises ValueError where there is none."""
        found = re.match(r"(\d{1,5})\.(\d{1,5})(?:\.(\d{1,5}))?", text)
        if found is None:
            raise ValueError(text)
        return cls(int(found[1]), int(found[2]), int(found[3] or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


class Health(StrEnum):
    """Elasticsearch's own three colours, and the word for an index that tells none because it is closed."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNKNOWN = "unknown"


class IndexState(StrEnum):
    """Whether an index can be read."""

    OPEN = "open"
    CLOSED = "close"


class IndexFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One index as a cluster lists it.

    `documents` are top-level documents as `_count` would say where known, else what `_cat/indices` says (nested ones
    included); None for a closed index. `store_bytes` is all copies, `primary_bytes` the primaries. `created` is the
    version that made it. `data_stream` names the stream it backs; a row that is called so itself stands for the stream,
    and `backing` has the names of its indices, the oldest first. `blocks` are those that were set on it ("write",
    "read_only_allow_delete", …). Of a filtered _source fields were left out, a synthetic one is made anew when read.
    """

    name: str
    uuid: str = ""
    state: IndexState = IndexState.OPEN
    health: Health = Health.UNKNOWN
    documents: int | None = None
    deleted: int | None = None
    primary_bytes: int | None = None
    store_bytes: int | None = None
    shards: int = 1
    replicas: int = 0
    hidden: bool = False
    aliases: tuple[str, ...] = ()
    created: Version | None = None
    data_stream: str = ""
    backing: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    source_enabled: bool = True
    source_filtered: bool = False
    source_synthetic: bool = False
    refresh_interval: str = ""
    frozen: bool = False
    blocks: tuple[str, ...] = ()

    @property
    def is_system(self) -> bool:
        """Whether it is one of Elasticsearch's or Kibana's own: its name starts with a dot."""
        return self.name.startswith(".") and not self.backs_stream

    @property
    def backs_stream(self) -> bool:
        """Whether it is one of those that a data stream keeps its documents in, and not the data stream itself."""
        return bool(self.data_stream) and self.name != self.data_stream

    @property
    def is_stream(self) -> bool:
        """Whether it stands for a data stream as a whole."""
        return bool(self.data_stream) and self.name == self.data_stream


def with_streams(indices: tuple[IndexFacts, ...]) -> tuple[IndexFacts, ...]:
    """The indices of a cluster with a row for each data stream, which sums up those that back it; by name.

    Those that back it stay in the list.
    """
    streams: dict[str, list[IndexFacts]] = {}
    for index in indices:
        if index.backs_stream:
            streams.setdefault(index.data_stream, []).append(index)
    if not streams:
        return indices
    rows = [_stream(name, sorted(parts, key=_generation)) for name, parts in streams.items()]
    return tuple(sorted((*indices, *rows), key=lambda one: one.name))


def _generation(index: IndexFacts) -> tuple[int, str]:
    """The number at the end of such a name, by which a data stream counts; restored under another name it stays."""
    number = index.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0, index.name


_WORST: Final = (Health.RED, Health.YELLOW, Health.UNKNOWN, Health.GREEN)


def _stream(name: str, parts: list[IndexFacts]) -> IndexFacts:
    """A data stream as one row. What keeps one of its indices from being read keeps the whole from it."""
    documents, primary = [one.documents for one in parts], [one.primary_bytes for one in parts]
    is_closed = any(one.state is IndexState.CLOSED for one in parts)
    stores, deleted = [one.store_bytes for one in parts], [one.deleted for one in parts]
    return IndexFacts(
        name=name,
        state=IndexState.CLOSED if is_closed else IndexState.OPEN,
        health=min((one.health for one in parts), key=_WORST.index),
        documents=_sum(documents),
        deleted=_sum(deleted),
        primary_bytes=_sum(primary),
        store_bytes=_sum(stores),
        shards=sum(one.shards for one in parts),
        replicas=max(one.replicas for one in parts),
        aliases=parts[-1].aliases,
        created=min((one.created for one in parts if one.created is not None), default=None),
        data_stream=name,
        backing=tuple(one.name for one in parts),
        source_enabled=all(one.source_enabled for one in parts),
        source_filtered=any(one.source_filtered for one in parts),
        source_synthetic=any(one.source_synthetic for one in parts),
        refresh_interval="-1" if any(one.refresh_interval == "-1" for one in parts) else parts[-1].refresh_interval,
        frozen=any(one.frozen for one in parts),
        blocks=tuple(sorted({block for one in parts for block in one.blocks})),
    )


def _sum(amounts: list[int | None]) -> int | None:
    return None if None in amounts else sum(amount or 0 for amount in amounts)


class DiskFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The room on a cluster's data nodes, in bytes; `usable` is what fits before the low watermark.

    `before_flood` is what fits before the flood stage, at which writes are refused, `roomiest` what fits on the one
    node that has most room before the low watermark; None where nobody looked.
    """

    total: int
    free: int
    usable: int
    before_flood: int | None = None
    roomiest: int | None = None


class TemplateFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An index template (7.8 and newer): what it applies to, and whether it makes data streams.

    Of several that fit a name the one with the highest `priority` counts.
    """

    name: str
    patterns: tuple[str, ...] = ()
    makes_streams: bool = False
    priority: int = 0


class ClusterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster as probe() saw it.

    None: the server did not say. `flavour` is "default", "oss", "serverless" or "". `whitelist` is the value of
    reindex.remote.whitelist (as a tuple of patterns), None where it cannot be read. `pending_tasks` await the master.
    `recovery_bytes` is how fast each node restores at most, in bytes a second (0: as fast as it can), `most_scrolls`
    how many searches may be held open on a node, `templates` what applies to an index or a data stream to be made.
    """

    name: str
    uuid: str
    version: Version
    flavour: str = ""
    health: Health = Health.UNKNOWN
    nodes: int = 0
    data_nodes: int = 0
    user: str | None = None
    roles: tuple[str, ...] = ()
    documents: int | None = None
    store_bytes: int | None = None
    indices: int | None = None
    open_shards: int | None = None
    max_shards_per_node: int | None = None
    disk: DiskFacts | None = None
    whitelist: tuple[str, ...] | None = None
    plugins: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    security: bool | None = None
    clock_skew_seconds: float | None = None
    pending_tasks: int | None = None
    recovery_bytes: int | None = None
    most_scrolls: int | None = None
    templates: tuple[TemplateFacts, ...] = ()


class ShardFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One primary shard as its cluster lists it; documents and bytes are None while no node has it."""

    number: int
    state: str = ""
    documents: int | None = None
    bytes: int | None = None
    node: str = ""


class NodeFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One node as its cluster describes it, as far as it matters to where shards and repositories may be.

    `roles` is empty before 5.0. `folders` is its path.repo, `addresses` its repositories.url.allowed_urls.
    """

    id: str = ""
    name: str = ""
    host: str = ""
    ip: str = ""
    roles: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    holds_data: bool = True
    folders: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def tiers(self) -> frozenset[str]:
        """The data tiers that it serves; a node of the plain role `data` serves every one."""
        every = frozenset({"data_content", "data_hot", "data_warm", "data_cold", "data_frozen"})
        return every if "data" in self.roles else every & frozenset(self.roles)


class TemplateLayer(msgspec.Struct, frozen=True, kw_only=True):
    """What one template of a cluster gives to an index of some name, in the cluster's own words."""

    template: str
    settings: dict[str, Any] = {}
    mappings: dict[str, Any] = {}
    aliases: dict[str, Any] = {}


class RoleView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one entry of a role shows of indices: `names` are patterns, `queries` show only what they find.

    `hides_fields` is whether some fields of a document are left out.
    """

    names: tuple[str, ...] = ()
    may_read: bool = False
    queries: tuple[str, ...] = ()
    hides_fields: bool = False
