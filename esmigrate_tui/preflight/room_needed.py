"""How much room a selection takes on the destination: one answer for the selection, the plain way and the preflight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.features import Features
from esmigrate_tui.model.settings import named
from esmigrate_tui.model.snapshot import Mount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import IndexFacts
    from esmigrate_tui.model.snapshot import RestoreOptions

_REPLICAS: Final = ("index.number_of_replicas", "number_of_replicas")


def bytes_needed(draft: Draft, indices: Iterable[IndexFacts]) -> int:
    """Bytes that these indices of a draft will take, each with the replicas that the destination can place.

    No node holds two copies of one shard: on one node there is room for no replica, however many are wished for.
    """
    indices = tuple(indices)
    if _is_cached(_restoration(draft)):
        return 0  # it is read from the repository, through a cache of a size that is set
    replicas = replicas_of(draft, indices)
    nodes = draft.destination_facts.data_nodes if draft.destination_facts is not None else 0
    placed = {name: min(wished, nodes - 1) if nodes else wished for name, wished in replicas.items()}
    return sum((index.primary_bytes or 0) * (1 + placed[index.name]) for index in indices)


def replicas_of(draft: Draft, indices: Iterable[IndexFacts]) -> dict[str, int]:
    """The replicas that each will have: as planned, else as wished, else as on the source, else one."""
    restoration = _restoration(draft)
    if restoration is None:
        made, edited, wished = planned_shards(draft), _edited(draft), _wished(draft.settings)
        return {
            index.name: made[index.name][1]
            if index.name in made
            else edited.get(index.name, index.replicas if wished is None else wished)
            for index in indices
        }
    if restoration.mount is not Mount.NONE:
        return {index.name: 0 for index in indices}
    wished = _wished(restoration.index_settings)
    if wished is not None:
        return {index.name: wished for index in indices}
    seen: dict[str, int] = {}
    for one in draft.source_indices:
        for name in {one.name, one.data_stream}:
            seen[name] = max(seen.get(name, 0), one.replicas)
    return {index.name: seen.get(index.name, 1) for index in indices}


def _restoration(draft: Draft) -> RestoreOptions | None:
    """What was wished for a restore, where that is the method: it means nothing to another."""
    return draft.restoration if draft.method is None or draft.traits.restores else None


def _is_cached(restoration: RestoreOptions | None) -> bool:
    return restoration is not None and restoration.mount is Mount.SHARED_CACHE


def _edited(draft: Draft) -> dict[str, int]:
    """The replicas of those indices whose definition a person has changed."""
    found: dict[str, int] = {}
    for one in draft.edited:
        found[one.index] = max(found.get(one.index, 0), replicas_in(one.body))
    return found


def _wished(settings: Mapping[str, Any]) -> int | None:
    """The number of replicas that settings ask for; None where they do not."""
    said = [str(settings[key]) for key in _REPLICAS if key in settings]
    return next((int(text) for text in said if text.isdecimal()), None)


class _StoredIndexBody(msgspec.Struct, frozen=True):
    """What counts here; the mapping, which may be long, is passed over."""

    settings: dict[str, Any] | None = None


def planned_shards(draft: Draft) -> dict[str, tuple[int, int]]:
    """The primary shards that each source index gets, and their replicas; nothing before there is a plan.

    One that goes into an index that is there gets no shard, and the replicas which that has.
    """
    facts = draft.destination_facts
    by_itself = 1 if facts is None or Features.of_cluster(facts).defaults_to_one_shard else 5
    there = {index.name: index.replicas for index in draft.destination_indices}
    found: dict[str, tuple[int, int]] = {}
    for task in draft.tasks if draft.restoration is None else ():
        shards, replicas = found.get(task.source_index, (0, 0))
        if task.create:
            settings = named(msgspec.json.decode(task.create, type=_StoredIndexBody).settings or {})
            shards += _number(settings.get("index.number_of_shards"), by_itself)
            replicas = max(replicas, replicas_in(task.create))
        else:
            replicas = max(replicas, there.get(task.destination_index, 1))
        found[task.source_index] = shards, replicas
    return found


def replicas_in(body: str) -> int:
    """The replicas of the index that a body makes: one, where it does not say."""
    settings = named(msgspec.json.decode(body, type=_StoredIndexBody).settings or {})
    return _number(settings.get("index.number_of_replicas"), 1)


def _number(value: object, by_itself: int) -> int:
    return int(str(value)) if str(value).isdecimal() else by_itself
