"""Mapping types: what has some, how several become one mapping, and what an index is for one alone.

https://www.elastic.co/guide/en/elasticsearch/reference/7.17/removal-of-types.html
https://www.elastic.co/guide/en/elasticsearch/reference/2.4/breaking_20_mapping_changes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.settings import MAPPING_KEYS
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.model.draft import IndexDefinition

_Json = dict[str, Any]

_TYPES_WITH_DASH: Final = frozenset({"_doc", "_default_"})  # the only ones that may begin so, since 2.0


class MergedMappings(msgspec.Struct, frozen=True, kw_only=True):
    """Several mappings as one: what was chosen where they differ, and where they cannot be one.

    `conflicts` are sentences with the field's path; the mapping has the first type's word there.
    """

    mapping: dict[str, Any]
    changes: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def is_typeless(mappings: object) -> bool:
    """Whether `mappings` is a mapping itself, not an object of types; an empty one is."""
    if not isinstance(mappings, dict):
        return True
    if all(name in MAPPING_KEYS for name in mappings):
        return True
    return "properties" in mappings and any(name.startswith("_") and name not in _TYPES_WITH_DASH for name in mappings)


def types_of(mappings: _Json) -> tuple[str, ...]:
    """The names of the mapping types, without `_default_`; () for a typeless mapping."""
    return () if is_typeless(mappings) else tuple(name for name in mappings if name != "_default_")


def type_there(kind: str, major: int) -> str:
    """What a type is called on a destination of that major: since 5.0 no name of one begins with a dot."""
    return kind.lstrip(".") if major >= 5 else kind


def of_type(definition: IndexDefinition, kind: str) -> IndexDefinition:
    """The definition of an index for one type of it alone; how many documents that has is not known."""
    return msgspec.structs.replace(definition, mappings={kind: definition.mappings[kind]}, documents=None)


def merged(parts: Mapping[str, _Json]) -> MergedMappings:
    """One mapping for all of these, by type.

    Since 2.0 a field has the same mapping in every type of an index, but for a few parameters. Of those the one is
    taken that refuses no document and loses no value; what cannot be taken together is a conflict.
    """
    changes: list[str] = []
    conflicts: list[str] = []
    mapping: _Json = {}
    for number, (kind, part) in enumerate(parts.items()):
        mapping = _roots(mapping, part, kind, changes, conflicts) if number else dict(part)
    return MergedMappings(
        mapping=mapping, changes=tuple(dict.fromkeys(changes)), conflicts=tuple(dict.fromkeys(conflicts))
    )


def _roots(one: _Json, other: _Json, kind: str, changes: list[str], conflicts: list[str]) -> _Json:
    """Two whole mappings as one; `kind` is the type of the second."""
    kept = dict(one)
    for name in dict.fromkeys((*one, *other)):
        mine, theirs = one.get(name), other.get(name)
        if mine == theirs:
            continue
        if name in {"properties", "runtime"}:
            kept[name] = _properties(_json(mine), _json(theirs), "", changes, conflicts)
        elif name == "dynamic":
            kept |= _dynamic(mine, theirs, "the mapping", changes)
            if not kept.get("dynamic"):
                kept.pop("dynamic", None)
        elif name == "_routing":
            kept.pop(name, None)
            changes.append("_routing is not required any more: not every type of the index wanted it")
        elif name == "_meta":
            kept[name] = _json(theirs) | _json(mine)
        elif name == "dynamic_templates":
            kept[name] = _templates(mine, theirs, kind)
            changes.append("dynamic_templates: those of each type are for all new fields now")
        elif name in {"date_detection", "numeric_detection", "dynamic_date_formats", "include_in_all"}:
            kept[name] = theirs if name not in one else mine
            changes.append(f"{name}: the types differ, {_short(kept[name])} is for all new fields now")
        else:
            conflicts.append(f"{clean(name, 80)}: the types of the index differ in it")
            kept[name] = theirs if name not in one else mine
    return kept


def _properties(one: _Json, other: _Json, path: str, changes: list[str], conflicts: list[str]) -> _Json:
    kept = dict(one)
    for name, field in other.items():
        here = f"{path}.{name}" if path else name
        if name not in one:
            kept[name] = field
        elif one[name] != field:
            kept[name] = _fields(_json(one[name]), _json(field), here, changes, conflicts)
    return kept


def _fields(one: _Json, other: _Json, path: str, changes: list[str], conflicts: list[str]) -> _Json:
    kept = dict(one)
    shown = clean(path, 200)
    for name in dict.fromkeys((*one, *other)):
        mine, theirs = one.get(name), other.get(name)
        if mine == theirs or (name == "type" and _kind(one) == _kind(other)):
            continue
        if name in {"properties", "fields"}:
            kept[name] = _properties(_json(mine), _json(theirs), path, changes, conflicts)
        elif name == "dynamic":
            kept = {key: value for key, value in kept.items() if key != "dynamic"}
            kept |= _dynamic(mine, theirs, shown, changes)
        elif name == "ignore_above":
            limits = [value for value in (mine, theirs) if isinstance(value, int)]
            kept.pop(name, None)
            if len(limits) == 2:
                kept[name] = max(limits)
            changes.append(f"{shown}: the types differ in ignore_above, {kept.get(name, 'no limit')} is kept")
        elif name == "copy_to":
            kept[name] = list(dict.fromkeys((*_list(mine), *_list(theirs))))
            changes.append(f"{shown}: the types differ in copy_to, {_short(kept[name])} is kept")
        elif name == "include_in_all":
            kept[name] = True
        else:
            conflicts.append(f"{shown}: the types of the index differ in {clean(name, 80)}: {_differing(mine, theirs)}")
    return kept


def _kind(field: _Json) -> object:
    return field.get("type", "object")


def _dynamic(mine: object, theirs: object, where: str, changes: list[str]) -> _Json:
    """Strict only where both are, since it refuses documents; off where one is, since that only leaves unindexed."""
    words = {str(word if word is not None else True).lower() for word in (mine, theirs)}
    if len(words) == 1:
        return {"dynamic": mine if mine is not None else theirs}
    chosen = "false" if "false" in words else "true"
    changes.append(f"{where}: the types differ in dynamic, {chosen} is kept")
    return {"dynamic": chosen}


def _templates(mine: object, theirs: object, kind: str) -> list[object]:
    """The dynamic templates of both; one of a name that the first has too gets the type's name added."""
    kept = _list(mine)
    names = {name for one in kept if isinstance(one, dict) for name in one}
    for template in _list(theirs):
        if template in kept or not isinstance(template, dict):
            continue
        kept.append({(f"{name}_{kind}" if name in names else name): body for name, body in template.items()})
    return kept


def _differing(mine: object, theirs: object) -> str:
    return f"{_short(mine)} and {_short(theirs)}"


def _short(value: object) -> str:
    return "nothing" if value is None else clean(msgspec.json.encode(value).decode(), 80)


def _json(value: object) -> _Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]
