"""Keys in a file's tables that no field has: most often a field's name that was mistyped, so that it has no effect."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator


class UnknownKey(NamedTuple):
    """A key without effect, its `table` as TOML writes it ("" at the top), and the `nearest` known key or ""."""

    key: str
    table: str
    nearest: str


def unknown_keys(values: dict[str, Any], kind: type) -> list[UnknownKey]:
    """What `values`, which convert to the struct `kind`, hold beyond its fields; each once, however often it recurs."""
    return list(dict.fromkeys(_unknown(values, inspect.type_info(kind), "", "[{}]")))


def _unknown(values: object, kind: inspect.Type, name: str, table: str) -> Iterator[UnknownKey]:
    match kind:
        case inspect.UnionType(types=kinds):
            for one in kinds:  # of a struct and None, as every union in a plan
                yield from _unknown(values, one, name, table)
        case inspect.VarTupleType(item_type=item) if isinstance(values, list):
            for value in values:
                yield from _unknown(value, item, name, "[[{}]]")
        case inspect.StructType(fields=fields) if isinstance(values, dict):
            known = {field.encode_name: field.type for field in fields}
            for key, value in values.items():
                if key in known:
                    yield from _unknown(value, known[key], f"{name}.{key}" if name else key, "[{}]")
                else:
                    nearest = get_close_matches(key, known, n=1)
                    yield UnknownKey(key, table.format(name) if name else "", nearest[0] if nearest else "")
        case _:
            pass
