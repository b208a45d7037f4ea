"""The indices of one cluster: what there is, its definitions, settings and shards. Every call only reads."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.elastic.definitions import carried
from esmigrate_tui.elastic.joined import JoinedReads
from esmigrate_tui.elastic.paths import exact_name, is_exact_name, path_width, paths_of
from esmigrate_tui.elastic.responses.indices import (
    CatIndex,
    CatName,
    CatShard,
    FlatSettings,
    IndexAliases,
    IndexListing,
    IndexMapping,
    ResolvedIndices,
    index_facts,
)
from esmigrate_tui.elastic.transport import LISTING_LIMIT
from esmigrate_tui.model.carried import DefinitionKind
from esmigrate_tui.model.definition_depth import TooDeepError, is_too_deep, too_deep
from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.streams import templates_of
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.searches import Searches
    from esmigrate_tui.elastic.wire import Wire
    from esmigrate_tui.model.carried import StoredDefinition
    from esmigrate_tui.model.facts import IndexFacts, ShardFacts
    from esmigrate_tui.model.features import Features

_COLUMNS: Final = "health,status,index,uuid,pri,rep,docs.count,docs.deleted,store.size,pri.store.size"
_SETTINGS: Final = (
    "index.version.created,index.uuid,index.hidden,index.refresh_interval"
    ",index.number_of_shards,index.number_of_replicas,index.frozen,index.search.throttled,index.blocks.*"
    ",index.mode,index.mapping.source.mode"
)
_RESOLVE: Final = "/_resolve/index/*?expand_wildcards=all"
# Old versions pass over closed indices unless they are told not to.
_ALIASES: Final = "/_alias?expand_wildcards=all"


class Indices:
    """The indices, data streams and aliases of one cluster."""

    def __init__(self, wire: Wire, searches: Searches) -> None:
        self.wire = wire
        self._searches = searches
        self._settings = JoinedReads(self._settings_of_parts, self._settings_of_each, width=path_width)
        self._visible = JoinedReads(self.uuid_of, self._visible_uuids, width=path_width)
        self.left_out: tuple[str, ...] = ()
        """Names that `every()` left out, cleaned: they hold what cannot be shown, so they could not be chosen."""

    async def every(self) -> tuple[IndexFacts, ...]:
        """Every index by name, hidden, closed and system ones too, in four requests however many there are.

        Documents are as `_cat/indices` counts them: nested ones included; `count()` leaves these out. Names that
        cannot be shown as they are do not appear: see `left_out`.
        """
        features = await self.wire.features()
        # What `expand_wildcards=all` left out before 7.7 was nothing: hidden indices came with that version.
        every = "expand_wildcards=all"
        cat = f"/_cat/indices?format=json&bytes=b&h={_COLUMNS}" + (f"&{every}" if features.has_hidden_indices else "")
        settings = f"/_settings/{_SETTINGS}" if features.finds_no_settings else "/_settings"
        mappings = f"/_mapping?{every}" + ("" if features.has_types else "&filter_path=*.mappings._source")
        entries, response, mapped, (aliases, streams, hidden) = await asyncio.gather(
            self.wire.get_listing(cat, tuple[CatIndex, ...]),
            self.wire.get_listing(f"{settings}?flat_settings=true&{every}", dict[str, FlatSettings]),
            self._mapped(mappings),
            self._named_otherwise(features),
        )
        if mapped is None:
            mapped = await self._mapped_of([entry.index for entry in entries if is_exact_name(entry.index)])
        found, self.left_out = index_facts(
            IndexListing(entries, response, mapped, aliases, streams, hidden), with_types=features.has_types
        )
        return found

    async def _mapped(self, path: str) -> dict[str, IndexMapping] | None:
        """The mappings of all indices; None where one of them is nested too deeply to be read."""
        try:
            return await self.wire.get_listing(path, dict[str, IndexMapping])
        except TooDeepError:
            return None

    async def _mapped_of(self, names: Sequence[str]) -> dict[str, IndexMapping]:
        """The mappings of these indices, but for those that cannot be read: they are found by halves."""
        try:
            response = [await self.wire.get(f"{path}/_mapping", dict[str, IndexMapping]) for path in paths_of(names)]
        except TooDeepError:
            if len(names) == 1:
                return {}
            half = len(names) // 2
            return await self._mapped_of(names[:half]) | await self._mapped_of(names[half:])
        return {name: one for some in response for name, one in some.items()}

    async def _named_otherwise(
        self, features: Features
    ) -> tuple[dict[str, tuple[str, ...]], dict[str, str], frozenset[str]]:
        """Aliases and data stream of each index, and which are hidden."""
        if features.has_data_streams:
            resolved = await self.wire.get(_RESOLVE, ResolvedIndices, most=LISTING_LIMIT)
            return (
                resolved.aliases_of_each(),
                {index.name: index.data_stream for index in resolved.indices if index.data_stream},
                frozenset(index.name for index in resolved.indices if "hidden" in index.attributes),
            )
        aliased = await self.wire.get_listing(_ALIASES, dict[str, IndexAliases])
        return {name: tuple(entry.aliases) for name, entry in aliased.items()}, {}, frozenset()

    async def definitions(self, names: Sequence[str]) -> dict[str, IndexDefinition]:
        """What `GET /INDEX` says of each, as it came, and its documents; raises ProblemError (missing) without one.

        Of a data stream it is what its newest index says, with the templates that made it, as far as these can be seen.
        Raises TooDeepError with the names of those that are nested too deeply.
        """
        found = {
            name: IndexDefinition(
                name=name,
                settings=one.get("settings", {}),
                mappings=one.get("mappings", {}),
                aliases=one.get("aliases", {}),
            )
            for name, one in (await self._defined(names)).items()
        }
        streams = {name: await self._backing(name) for name in names if name not in found}
        templates = await self._templates() if any(streams.values()) else ()
        for name, backing in streams.items():
            if backing and backing[-1] in found:
                made_by = templates_of(name, templates)
                aliased = await self.wire.get(f"/{exact_name(name)}/_alias", dict[str, IndexAliases])
                aliases = aliased[name].aliases if name in aliased else {}
                found[name] = msgspec.structs.replace(
                    found[backing[-1]], name=name, aliases=aliases, backing=backing, templates=made_by
                )
        if gone := [name for name in names if name not in found]:
            what = f"{self.wire.place} has no index {', '.join(clean(name) for name in gone[:5])}."
            todo = "Was it deleted meanwhile, or is this an alias? Look at the list again."
            raise ProblemError.of(Cause.MISSING, what, todo=todo)
        counted = await self._searches.counts(names) if names else {}
        return {name: msgspec.structs.replace(found[name], documents=counted.get(name)) for name in names}

    async def _defined(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The definition of each; each is read by itself where one of many is nested too deeply."""
        with suppress(TooDeepError):
            together = [
                await self.wire.get(path, dict[str, dict[str, Any]], most=LISTING_LIMIT) for path in paths_of(names)
            ]
            if not any(is_too_deep(one) for response in together for one in response.values()):
                return {name: one for response in together for name, one in response.items()}
        found: dict[str, dict[str, Any]] = {}
        deep: list[str] = []
        for name in names:
            try:
                response = await self.wire.get(f"/{exact_name(name)}", dict[str, dict[str, Any]])
            except TooDeepError:
                deep.append(name)
                continue
            if any(map(is_too_deep, response.values())):
                deep.append(name)
            found |= response
        if deep:
            raise _too_deep_to_plan(tuple(deep))
        return found

    async def _backing(self, name: str) -> tuple[str, ...]:
        """The indices of a data stream, the oldest first; none where that name is no data stream's."""
        if not (await self.wire.features()).has_data_streams:
            return ()
        resolved = await self.wire.get(f"/_resolve/index/{exact_name(name)}?expand_wildcards=all", ResolvedIndices)
        return next((stream.backing for stream in resolved.data_streams if stream.name == name), ())

    async def _templates(self) -> tuple[StoredDefinition, ...]:
        """Index templates and their components; none where a role does not show them."""
        try:
            return await carried(self.wire, (DefinitionKind.TEMPLATE, DefinitionKind.COMPONENT))
        except ProblemError as error:
            if error.problem.cause in {Cause.PRIVILEGES, Cause.UNSUPPORTED}:
                return ()
            raise

    async def shards(self, name: str) -> tuple[ShardFacts, ...]:
        """The primary shards of one index, by their numbers; raises ProblemError."""
        columns = "shard,prirep,state,docs,store,node"
        response = await self.wire.get(
            f"/_cat/shards/{exact_name(name)}?format=json&bytes=b&h={columns}", tuple[CatShard, ...]
        )
        return tuple(sorted((one.facts for one in response if one.prirep == "p"), key=lambda one: one.number))

    async def existing(self, names: Sequence[str]) -> dict[str, str]:
        """Which of these names are taken, and by what: "index", "alias" or "data stream"."""
        features = await self.wire.features()
        if features.has_data_streams:
            resolved = await self.wire.get(_RESOLVE, ResolvedIndices, most=LISTING_LIMIT)
            taken = {index.name: "index" for index in resolved.indices}
            taken |= {alias.name: "alias" for alias in resolved.aliases}
            taken |= {stream.name: "data stream" for stream in resolved.data_streams}
        else:
            every = "&expand_wildcards=all" if features.has_hidden_indices else ""
            indices, aliased = await asyncio.gather(
                self.wire.get_listing(f"/_cat/indices?format=json&h=index{every}", tuple[CatName, ...]),
                self.wire.get_listing(_ALIASES, dict[str, IndexAliases]),
            )
            taken = {alias: "alias" for entry in aliased.values() for alias in entry.aliases}
            taken |= {entry.index: "index" for entry in indices}
        return {name: taken[name] for name in names if name in taken}

    async def settings_of(self, name: str, *, within: float = 0.0) -> dict[str, str]:
        """An index's own settings, flat, as they came: they are for restoring, not for showing."""
        [one, *others] = (await self.settings_of_parts(name, within=within)).items()
        if others or one[0] != name:
            what = f"{self.wire.place} has no index {clean(name)}: that name is a data stream."
            raise ProblemError.of(Cause.MISSING, what, todo="Name one of the indices that back it.")
        return one[1]

    async def settings_of_parts(self, name: str, *, within: float = 0.0) -> dict[str, dict[str, str]]:
        """The same for each index that holds documents of that name: itself, or those of a data stream, oldest first.

        They are as of now, or as they were seen here at most `within` seconds ago, and not changed from here since.
        Raises ProblemError (missing) for an alias, and where one of them is not told.
        """
        exact_name(name)
        if self.wire.is_remembering:
            return await self._settings_of_parts(name)
        return await self._settings.get(name, within=within)

    def forget(self, name: str) -> None:
        """An index was, or may have been, changed: what was seen of it a moment ago is not so any more."""
        self._settings.forget(name)

    async def _settings_of_parts(self, name: str) -> dict[str, dict[str, str]]:
        response = await self.wire.get(f"/{exact_name(name)}/_settings?flat_settings=true", dict[str, FlatSettings])
        names = (name,) if name in response else await self._backing(name)
        if not names:
            what = f"{self.wire.place} has no index {clean(name)}: that name is an alias."
            raise ProblemError.of(Cause.MISSING, what, todo="Name the index behind it.")
        if gone := [one for one in names if one not in response]:
            what = f"{self.wire.place} does not list {clean(gone[0])}, which is a part of {clean(name)}."
            todo = "Is it closed, or being deleted? Open it, and try again."
            raise ProblemError.of(Cause.MISSING, what, todo=todo)
        return {one: _texts(response[one].settings) for one in names}

    async def _settings_of_each(self, names: Sequence[str]) -> dict[str, dict[str, dict[str, str]]]:
        """The same of those that are the name of an index itself, and that this user may see."""
        [path] = paths_of(names)
        query = "flat_settings=true&ignore_unavailable=true"
        response = await self.wire.get(f"{path}/_settings?{query}", dict[str, FlatSettings])
        return {name: {name: _texts(response[name].settings)} for name in names if name in response}

    async def uuid_of(self, name: str) -> str:
        """The uuid of exactly that index, "" where there is none; raises ProblemError."""
        try:
            return (await self.settings_of(name)).get("index.uuid", "")
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING:
                return ""
            raise

    async def visible_uuid(self, name: str) -> str:
        """The same, "" also where this user may not see it: for a name that is hardly taken yet."""
        exact_name(name)
        return await self._visible.get(name)

    async def _visible_uuids(self, names: Sequence[str]) -> dict[str, str]:
        found = await self._settings_of_each(names)
        return {name: found.get(name, {}).get(name, {}).get("index.uuid", "") for name in names}


def _too_deep_to_plan(names: tuple[str, ...]) -> TooDeepError:
    shown = ", ".join(clean(name, 100) for name in names[:5]) + (" and others" if len(names) > 5 else "")
    todo = "Leave it out, and make it on the destination by hand, with a flatter mapping where that can be."
    return too_deep(f"The definition of {shown}", todo, names)


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
