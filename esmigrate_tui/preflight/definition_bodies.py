"""What the bodies of a plan make: settings by their full names, shards and copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.model.features import Features
from esmigrate_tui.model.settings import named

if TYPE_CHECKING:
    from esmigrate_tui.model.draft import Draft


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
