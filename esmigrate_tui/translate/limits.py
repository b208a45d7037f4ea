"""The limits that a mapping must keep to since 5.0, raised to what the old one has.

https://www.elastic.co/guide/en/elasticsearch/reference/current/mapping-settings-limit.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import Version

_Json = dict[str, Any]

_FIELDS: Final = ("index.mapping.total_fields.limit", 1000)
_DEPTH: Final = ("index.mapping.depth.limit", 20)
_NESTED: Final = ("index.mapping.nested_fields.limit", 50)  # 100 on newer ones: no harm to say it there
_METADATA: Final = 30  # fields that each index has by itself, and some versions count
_ROUND: Final = 500


def with_limits(settings: _Json, mapping: _Json, destination: Version, changes: list[str]) -> _Json:
    """Flat settings that let `mapping` in; `mapping` is typeless, or by type before 6.0."""
    if destination.major < 5:
        return settings
    fields, depth, nested = _measured(mapping, 0)
    kept = dict(settings)
    if fields + _METADATA > _limit(kept, *_FIELDS):
        wanted = (fields + _METADATA) // _ROUND * _ROUND + _ROUND
        _raise(kept, _FIELDS[0], wanted, f"the mapping has {fields} fields", changes)
    if depth > _limit(kept, *_DEPTH):
        _raise(kept, _DEPTH[0], depth, f"the mapping is {depth} objects deep", changes)
    if nested > _limit(kept, *_NESTED):
        _raise(kept, _NESTED[0], nested, f"the mapping has {nested} nested fields", changes)
    return kept


def _raise(settings: _Json, name: str, wanted: int, why: str, changes: list[str]) -> None:
    settings[name] = str(wanted)
    changes.append(f"setting {name} is set to {wanted}: {why}")


def _limit(settings: _Json, name: str, usual: int) -> int:
    value = str(settings.get(name, usual))
    return int(value) if value.isascii() and value.isdigit() else usual


def _measured(mapping: object, depth: int) -> tuple[int, int, int]:
    """How many fields there are (each object and each field below another is one), how deep, how many nested."""
    if not isinstance(mapping, dict):
        return 0, depth, 0
    fields, deepest, nested = 0, depth, 0
    for key in ("properties", "fields", "runtime"):
        inner = mapping.get(key)
        for name, field in inner.items() if isinstance(inner, dict) else ():
            is_object = isinstance(field, dict) and (
                "properties" in field or str(field.get("type")) in {"object", "nested"}
            )
            below, depth_below, nested_below = _measured(
                field, depth + 1 + name.count(".") if key == "properties" else 0
            )
            fields += below + 1 + name.count(".")
            deepest = max(deepest, depth_below)
            nested += nested_below + (is_object and field.get("type") == "nested")
    if depth == 0 and "properties" not in mapping:  # by type
        for part in mapping.values():
            more, deeper, further = _measured(part, 0) if isinstance(part, dict) and "properties" in part else (0, 0, 0)
            fields, deepest, nested = fields + more, max(deepest, deeper), nested + further
    return fields, deepest, nested
