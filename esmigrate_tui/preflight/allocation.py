"""Whether any node of a cluster may hold the shards of an index: its allocation settings against the nodes, pure.

https://www.elastic.co/guide/en/elasticsearch/reference/current/shard-allocation-filtering.html
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from esmigrate_tui.model.facts import NodeFacts
    from esmigrate_tui.model.snapshot import RestoreOptions

ALLOCATION: Final = "index.routing.allocation."
_FILTERS: Final = ("require", "include", "exclude")
_LIMIT: Final = ALLOCATION + "total_shards_per_node"
_PREFERENCE: Final = ALLOCATION + "include._tier_preference"


def full(setting: str) -> str:
    """A setting of an index by its full name: a request may leave "index." out."""
    return setting if setting.startswith(("index.", "*")) else f"index.{setting}"


def restored_settings(settings: Mapping[str, str], restoration: RestoreOptions) -> dict[str, str]:
    """The settings as a restored index will have them: without the ignored ones, with the overriding ones."""
    kept = {
        key: value
        for key, value in settings.items()
        if not any(fnmatchcase(key, full(pattern)) for pattern in restoration.ignore_index_settings)
    }
    for key, value in restoration.index_settings.items():
        if value is None:
            kept.pop(full(key), None)
        else:
            kept[full(key)] = _text(value)
    return kept


def hindrances(settings: Mapping[str, str], nodes: Sequence[NodeFacts], shards: int | None) -> tuple[str, ...]:
    """The settings, as "name: value", that keep every data node from taking the index's primary shards; () for none.

    Where each could be met by some node, but no node meets all, all of them are named.
    """
    holders = [node for node in nodes if node.holds_data]
    conditions = _conditions(settings, holders)
    met = [name for name, is_met in conditions if any(is_met(node) for node in holders)]
    found = [name for name, _ in conditions if name not in met]
    if not found and conditions and not any(all(is_met(node) for _, is_met in conditions) for node in holders):
        found = [name for name, _ in conditions]
    limit = settings.get(_LIMIT, "")
    if limit.isdigit() and int(limit) and shards is not None and shards > int(limit) * len(holders):
        found.append(f"{_LIMIT}: {limit}")
    return tuple(found)


def _conditions(
    settings: Mapping[str, str], holders: Sequence[NodeFacts]
) -> list[tuple[str, Callable[[NodeFacts], bool]]]:
    """What a node must fulfil, each with the settings that ask for it."""
    found: list[tuple[str, Callable[[NodeFacts], bool]]] = []
    included: dict[str, list[str]] = {}
    for key in sorted(settings):
        kind, _, attribute = key.removeprefix(ALLOCATION).partition(".")
        wanted = _values(settings[key])
        if not key.startswith(ALLOCATION) or kind not in _FILTERS or not attribute or not wanted:
            continue
        name = f"{key}: {settings[key]}"
        if key == _PREFERENCE:
            if condition := _in_preferred_tier(wanted, holders):
                found.append((name, condition))
        elif attribute == "_tier":
            found.append((name, _in_tier(wanted, kind)))
        elif kind == "require":
            found.append((name, _has_all(attribute, wanted)))
        elif kind == "exclude":
            found.append((name, _has_none(attribute, wanted)))
        else:
            included[attribute] = wanted
    if included:
        name = "; ".join(f"{ALLOCATION}include.{one}: {settings[f'{ALLOCATION}include.{one}']}" for one in included)
        found.append((name, _has_any(included)))
    return found


def _has_all(attribute: str, wanted: Sequence[str]) -> Callable[[NodeFacts], bool]:
    return lambda node: all(_matches(node, attribute, value) for value in wanted)


def _has_none(attribute: str, wanted: Sequence[str]) -> Callable[[NodeFacts], bool]:
    return lambda node: not any(_matches(node, attribute, value) for value in wanted)


def _has_any(included: Mapping[str, Sequence[str]]) -> Callable[[NodeFacts], bool]:
    return lambda node: any(
        _matches(node, attribute, value) for attribute, wanted in included.items() for value in wanted
    )


def _in_tier(wanted: Sequence[str], kind: str) -> Callable[[NodeFacts], bool]:
    tiers = frozenset(wanted)
    return lambda node: bool(node.tiers & tiers) is not (kind == "exclude")


def _in_preferred_tier(wanted: Sequence[str], holders: Sequence[NodeFacts]) -> Callable[[NodeFacts], bool] | None:
    """In the first of the tiers that the cluster has; None where its nodes (before 7.10) know of no tiers."""
    has_tiers = any(role.startswith("data_") for node in holders for role in node.roles)
    if not has_tiers:
        return None
    first = next((tier for tier in wanted if any(tier in node.tiers for node in holders)), "")
    return lambda node: first in node.tiers


def _matches(node: NodeFacts, attribute: str, value: str) -> bool:
    values = {
        "_name": (node.name,),
        "_host": (node.host, node.ip),
        "_ip": (node.ip,),
        "_host_ip": (node.ip,),
        "_publish_ip": (node.ip,),
        "_id": (node.id,),
    }.get(attribute, (node.attributes.get(attribute, ""),))
    return any(one and fnmatchcase(one, value) for one in values)


def _values(setting: str) -> list[str]:
    entries = json.loads(setting) if setting.startswith('["') else setting.split(",")
    return [text for entry in entries if (text := str(entry).strip())]


def _text(value: Any) -> str:  # noqa: ANN401  # a setting of any JSON type
    return value if isinstance(value, str) else json.dumps(value)
