"""The definition of an index beside the one it gets on the destination, line by line, and where two bodies differ.

Both are brought into one form first: settings by their full names, as text; several types as one mapping.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.settings import named
from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.types import is_typeless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from esmigrate_tui.model.draft import IndexDefinition

_Json = dict[str, Any]

OF_ITS_OWN: Final = ("index.creation_date", "index.provided_name", "index.uuid", "index.version.")
"""Settings that each index has of its own, and that nobody gives it."""
_PARTS: Final = ("settings", "mappings", "aliases")
_SHORT: Final = 54
"""Characters of a line, with its indent, that has a whole object or list on it."""
_DEEPEST: Final = 200
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class SideBySideLine:
    """One line of JSON on each side, without its comma; None where a side has none there. `depth` is its indent."""

    depth: int
    source: str | None
    destination: str | None

    @property
    def is_same(self) -> bool:
        """Whether both sides have this line."""
        return self.source == self.destination


def side_by_side(source: _Json, destination: _Json) -> tuple[SideBySideLine, ...]:
    """Two bodies as lines beside each other; what stands on each side is the whole of it, as JSON."""
    rows: list[SideBySideLine] = []
    _object(rows, 0, "", source, destination)
    return tuple(rows)


def of_source(definition: IndexDefinition) -> tuple[_Json, tuple[str, ...]]:
    """What the source says of an index, and the names of the settings that are left out as each index's own."""
    body = _comparable(
        {"settings": definition.settings, "mappings": definition.mappings, "aliases": definition.aliases}
    )
    settings = body["settings"]
    own = tuple(name for name in settings if name.startswith(OF_ITS_OWN))
    return body | {"settings": {name: one for name, one in settings.items() if name not in own}}, own


def of_body(create: str) -> _Json:
    """The body of a create request in the form in which two are compared."""
    return _comparable(msgspec.json.decode(create, type=dict[str, Any]))


def changed_at(before: str, after: str) -> tuple[str, ...]:
    """Where two bodies differ: names of settings, paths of fields, names of aliases."""
    one, other = of_body(before), of_body(after)
    aliases = (f"alias {clean(name, 200)}" for name in _differing(one["aliases"], other["aliases"]))
    settings = (clean(name, 200) for name in _differing(one["settings"], other["settings"]))
    return (*settings, *dict.fromkeys(_fields_at(one["mappings"], other["mappings"], "")), *aliases)


def _fields_at(one: _Json, other: _Json, path: str) -> Iterator[str]:
    mine, theirs = one.get("properties"), other.get("properties")
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        mine, theirs, inner = {}, {}, frozenset[str]()
    else:
        inner = frozenset({"properties"})
    for name in _differing(one, other):
        if name not in inner:
            yield clean(path, 300) or clean(name, 200)
    for name in _differing(mine, theirs):
        here = f"{path}.{name}" if path else name
        field, there = mine.get(name), theirs.get(name)
        if isinstance(field, dict) and isinstance(there, dict):
            yield from _fields_at(field, there, here)
        else:
            yield clean(here, 300)


def _differing(one: _Json, other: _Json) -> list[str]:
    return [name for name in _names(one, other) if one.get(name, _ABSENT) != other.get(name, _ABSENT)]


# -- one form ----------------------------------------------------------------------------------------------------------


def _comparable(body: _Json) -> _Json:
    parts: _Json = {part: {} for part in _PARTS}
    parts |= {part: value for part, value in body.items() if isinstance(value, dict)}
    settings = {name: _text(value) for name, value in named(parts["settings"]).items()}
    return parts | {"settings": settings, "mappings": _mapping(parts["mappings"])}


def _text(value: object) -> object:
    """A setting as Elasticsearch keeps it: numbers and words alike as text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _mapping(mappings: _Json) -> _Json:
    """A mapping without types; where several differ in something, what the others say stands beside it."""
    if is_typeless(mappings) or not all(isinstance(one, dict) for one in mappings.values()):
        return mappings
    whole: _Json = {}
    for kind, body in mappings.items():
        if kind == "_default_":
            whole[kind] = body
            continue
        for name, value in body.items():
            if name == "properties" and isinstance(value, dict):
                properties = whole.setdefault("properties", {})
                for field, entry in value.items():
                    _put(properties, field, entry, kind)
            else:
                _put(whole, name, value, kind)
    return whole


def _put(into: _Json, name: str, value: object, kind: str) -> None:
    if into.get(name, value) == value:
        into[name] = value
    else:
        into[f"{name} (of {kind})"] = value


# -- lines -------------------------------------------------------------------------------------------------------------


def _object(rows: list[SideBySideLine], depth: int, label: str, one: _Json, other: _Json) -> None:
    rows.append(SideBySideLine(depth, f"{label}{{", f"{label}{{"))
    for name in _names(one, other):
        _value(rows, depth + 1, f"{_encoded(name)}: ", one.get(name, _ABSENT), other.get(name, _ABSENT))
    rows.append(SideBySideLine(depth, "}", "}"))


def _value(rows: list[SideBySideLine], depth: int, label: str, one: object, other: object) -> None:
    if one is _ABSENT or other is _ABSENT or _is_same(one, other):
        is_there, is_here = one is not _ABSENT, other is not _ABSENT
        for inner, line in _lines(depth, label, other if is_here else one):
            rows.append(SideBySideLine(inner, line if is_there else None, line if is_here else None))
        return
    room = _SHORT - 2 * depth - len(label)
    short = _short(one, room), _short(other, room)
    if isinstance(one, dict) and isinstance(other, dict) and None in short and depth < _DEEPEST:
        _object(rows, depth, label, one, other)
    elif isinstance(one, list) and isinstance(other, list) and None in short and depth < _DEEPEST:
        _list(rows, depth, label, one, other)
    elif None not in short:
        rows.append(SideBySideLine(depth, f"{label}{short[0]}", f"{label}{short[1]}"))
    else:
        rows += [SideBySideLine(inner, line, None) for inner, line in _lines(depth, label, one)]
        rows += [SideBySideLine(inner, None, line) for inner, line in _lines(depth, label, other)]


def _is_same(one: object, other: object) -> bool:
    """Whether two values are the same JSON: for Python true is 1."""
    if one != other or type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_is_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return all(map(_is_same, one, other))
    return True


def _list(rows: list[SideBySideLine], depth: int, label: str, one: list[Any], other: list[Any]) -> None:
    """Items by their place, counted from the end behind the first that differs: one that was put in is one line."""
    rows.append(SideBySideLine(depth, f"{label}[", f"{label}["))
    first = next(
        (at for at, (mine, theirs) in enumerate(zip(one, other, strict=False)) if not _is_same(mine, theirs)), None
    )
    first = min(len(one), len(other)) if first is None else first
    last = 0
    while last < min(len(one), len(other)) - first and _is_same(one[-1 - last], other[-1 - last]):
        last += 1
    ends = len(one) - last, len(other) - last
    pairs = (
        *zip(one[:first], other[:first], strict=True),
        *zip_longest(one[first : ends[0]], other[first : ends[1]], fillvalue=_ABSENT),
        *zip(one[ends[0] :], other[ends[1] :], strict=True),
    )
    for mine, theirs in pairs:
        _value(rows, depth + 1, "", mine, theirs)
    rows.append(SideBySideLine(depth, "]", "]"))


def _lines(depth: int, label: str, value: object) -> Iterator[tuple[int, str]]:
    """One value by itself, each line with its indent."""
    short = _short(value, _SHORT - 2 * depth - len(label))
    if short is not None or depth >= _DEEPEST:
        yield depth, f"{label}{_encoded(value) if short is None else short}"
    elif isinstance(value, dict):
        yield depth, f"{label}{{"
        for name in _names(value):
            yield from _lines(depth + 1, f"{_encoded(name)}: ", value[name])
        yield depth, "}"
    elif isinstance(value, list):
        yield depth, f"{label}["
        for item in value:
            yield from _lines(depth + 1, "", item)
        yield depth, "]"


def _short(value: object, room: int) -> str | None:
    """What is worth one line: a value, or a few of them together where there is room; None for more than that."""
    if not isinstance(value, dict | list) or not value:
        return _encoded(value)
    inner: Iterable[object] = value.values() if isinstance(value, dict) else value
    if len(value) > 8 or any(isinstance(one, dict | list) and one for one in inner):
        return None
    if isinstance(value, dict):
        value = {name: value[name] for name in _names(value)}
    encoded = _encoded(value)
    return encoded if len(encoded) <= room else None


def _names(*objects: _Json) -> list[str]:
    """The names in any of these, in one order: what kind of field it is comes first."""
    if len(objects) == 2 and objects[0].keys() | objects[1].keys() == frozenset(_PARTS):
        return [*_PARTS]
    return sorted({name for one in objects for name in one}, key=lambda name: (name != "type", name))


def _encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
