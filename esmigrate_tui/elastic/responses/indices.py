"""Responses about indices, as types, and the pure way from there to facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.elastic.responses.cluster import health_from
from esmigrate_tui.model.facts import IndexFacts, IndexState, ShardFacts
from esmigrate_tui.model.features import Features, created_version
from esmigrate_tui.model.text import clean, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BLOCKS: Final = "index.blocks."
_SOURCE_MODE: Final = "index.mapping.source.mode"
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


class IndexMapping(msgspec.Struct, frozen=True):
    """`GET _mapping` of one index, undecoded: some are megabytes."""

    mappings: dict[str, msgspec.Raw] = {}


class _ResolvedIndex(msgspec.Struct, frozen=True):
    name: str
    aliases: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    data_stream: str = ""


class _ResolvedName(msgspec.Struct, frozen=True):
    """Something with a name; `indices` of an alias are what it leads to: indices, or data streams (7.14)."""

    name: str
    indices: tuple[str, ...] = ()
    backing_indices: str | tuple[str, ...] = ()

    @property
    def backing(self) -> tuple[str, ...]:
        """The indices of a data stream, the oldest first; of a single one 7.x tells no list."""
        response = self.backing_indices
        return (response,) if isinstance(response, str) else response


class ResolvedIndices(msgspec.Struct, frozen=True):
    """`GET _resolve/index/*`, which is there from 7.9."""

    indices: tuple[_ResolvedIndex, ...] = ()
    aliases: tuple[_ResolvedName, ...] = ()
    data_streams: tuple[_ResolvedName, ...] = ()

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


class IndexAliases(msgspec.Struct, frozen=True):
    """`GET _alias` of one index."""

    aliases: dict[str, Any] = {}


class _WriteCounters(msgspec.Struct, frozen=True):
    index_total: int = 0
    index_failed: int = 0
    delete_total: int = 0


class _PrimaryWrites(msgspec.Struct, frozen=True):
    indexing: _WriteCounters = _WriteCounters()


class _IndexWrites(msgspec.Struct, frozen=True):
    """`GET _stats/indexing` of one index: how often its primaries were written to since they are there."""

    primaries: _PrimaryWrites = _PrimaryWrites()


class WritesResponse(msgspec.Struct, frozen=True):
    """`GET _stats/indexing`."""

    indices: dict[str, _IndexWrites] = {}


def _amount(text: str | None) -> int | None:
    return whole_number(text or "")


class IndexListing(msgspec.Struct, frozen=True):
    """The answers that together say everything about all indices."""

    cat: tuple[CatIndex, ...]
    settings: dict[str, FlatSettings]
    mappings: dict[str, IndexMapping]
    aliases: dict[str, tuple[str, ...]]
    data_streams: dict[str, str]
    hidden: frozenset[str]


def index_facts(responses: IndexListing, *, with_types: bool) -> tuple[tuple[IndexFacts, ...], tuple[str, ...]]:
    """All indices by name, and the (cleaned) names of those that cannot be named safely and are left out."""
    fit = [entry for entry in responses.cat if clean(entry.index) == entry.index]
    unfit = tuple(sorted(clean(entry.index) for entry in responses.cat if clean(entry.index) != entry.index))
    facts = (_index(entry, responses, with_types=with_types) for entry in fit)
    return tuple(sorted(facts, key=lambda one: one.name)), unfit


def _index(entry: CatIndex, responses: IndexListing, *, with_types: bool) -> IndexFacts:
    settings = responses.settings.get(entry.index, FlatSettings()).settings
    types, sources = _types(responses.mappings.get(entry.index, IndexMapping()).mappings, with_types=with_types)
    is_closed = entry.status == "close"
    return IndexFacts(
        name=entry.index,
        uuid=clean(entry.uuid or str(settings.get("index.uuid", ""))),
        state=IndexState.CLOSED if is_closed else IndexState.OPEN,
        health=health_from(entry.health),
        documents=None if is_closed else _amount(entry.docs),
        deleted=None if is_closed else _amount(entry.deleted),
        primary_bytes=_amount(entry.primary_store),
        store_bytes=_amount(entry.store),
        shards=_amount(entry.pri or settings.get("index.number_of_shards")) or 1,
        replicas=_amount(entry.rep or settings.get("index.number_of_replicas")) or 0,
        hidden=settings.get("index.hidden") == "true" or entry.index in responses.hidden,
        aliases=tuple(sorted(clean(alias) for alias in responses.aliases.get(entry.index, ()))),
        created=created_version(settings.get("index.version.created")),
        data_stream=clean(responses.data_streams.get(entry.index, "")),
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


class _SourceMapping(msgspec.Struct, frozen=True):
    """What a mapping says of the documents themselves; before 5.0 a single pattern is no list."""

    enabled: Any = True
    includes: Any = ()
    excludes: Any = ()
    mode: str = ""

    @property
    def is_kept(self) -> bool:
        return self.enabled not in {False, "false"} and self.mode != "disabled"


def _is_synthetic(settings: Mapping[str, Any], sources: Iterable[_SourceMapping]) -> bool:
    """Whether documents are put together from their fields when they are read (8.4 and newer)."""
    modes = {settings.get(_SOURCE_MODE, ""), *(one.mode for one in sources)} - {""}
    return "synthetic" in modes or (not modes and settings.get("index.mode") in {"time_series", "logsdb"})


class _TypeMapping(msgspec.Struct, frozen=True):
    source: _SourceMapping = msgspec.field(name="_source", default=_SourceMapping())


def _types(
    mappings: Mapping[str, msgspec.Raw], *, with_types: bool
) -> tuple[tuple[str, ...], tuple[_SourceMapping, ...]]:
    """The types in a mapping of 6.x and older, and what each says of its _source."""
    if not with_types:
        raw = mappings.get("_source")
        return (), (msgspec.json.decode(raw, type=_SourceMapping) if raw is not None else _SourceMapping(),)
    # _default_ is the pattern for types to come, not one that holds documents.
    typed = {name: msgspec.json.decode(raw, type=_TypeMapping) for name, raw in mappings.items() if name != "_default_"}
    return tuple(sorted(clean(name) for name in typed)), tuple(mapping.source for mapping in typed.values())


def create_request(body: str, features: Features) -> tuple[str, str]:
    """Query string and body that make an index on a server with these abilities from a typeless definition.

    From 7 on it goes as it is; 6.7 and 6.8 are told that it is typeless; older ones get the type they ask for.
    A definition that names a type already is left alone.
    """
    if not features.has_types:
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
    if features.takes_include_type_name:
        return "?include_type_name=false", body
    name = "_doc" if features.takes_doc_as_type else "doc"
    return "", msgspec.json.encode(definition | {"mappings": {name: mappings}}).decode()
