"""The body that makes an index, as JSON that a person edits: the entry of one field in it, and whether it holds.

A field is a dotted path, as the guesses have it. Nothing that stands beside an entry is lost when it is changed.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

import msgspec

from esmigrate_tui.disk import opened
from esmigrate_tui.model.definition_depth import DEFINITION_LEVELS, is_too_deep
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean, size
from esmigrate_tui.reading.open_file import path_of

Entry = dict[str, Any]

_TOO_DEEP: Final = f"{{}} is nested deeper than {DEFINITION_LEVELS} levels of JSON."
_LONGEST: Final = 64 * 1024 * 1024  # bytes of a body: more than any cluster takes
_PARTS: Final = frozenset({"mappings", "settings", "aliases"})
_KEYWORD: Final[Entry] = {"type": "keyword", "ignore_above": 256}

BOTH: Final = "text and keyword"
"""Text that is searched by its words, with a field beside it that has it as a whole."""
UNSEARCHED: Final = "kept only"
"""In the document, but neither parsed nor searched."""
OPEN: Final = ""
"""Not in the mapping: the destination takes it for what its first value looks like."""


def entry_of(kind: str, date_format: str = "") -> Entry | None:
    """What the mapping says of a field of a kind, as `kind_of` names it; None for nothing."""
    if kind == OPEN:
        return None
    if kind == BOTH:
        return {"type": "text", "fields": {"keyword": _KEYWORD}}
    if kind == UNSEARCHED:
        return {"type": "object", "enabled": False}
    if kind in {"object", "nested"}:
        return {"properties": {}} if kind == "object" else {"type": "nested", "properties": {}}
    return {"type": kind, "format": date_format} if kind == "date" and date_format else {"type": kind}


def kind_of(entry: Entry | None) -> str:
    """What an entry makes of its field, in a word."""
    if entry is None:
        return OPEN
    if entry.get("enabled") is False:
        return UNSEARCHED
    kind = str(entry.get("type", "object"))
    is_both = kind == "text" and any(
        isinstance(one, dict) and one.get("type") == "keyword" for one in _object(entry.get("fields")).values()
    )
    return BOTH if is_both else clean(kind, 60)


def entries(create: str) -> dict[str, Entry]:
    """Every field of the body with its entry, by its dotted path; an object comes before its fields."""
    found: dict[str, Entry] = {}

    def walk(properties: Entry, inside: str) -> None:
        for name, entry in properties.items():
            if isinstance(entry, dict):
                found[inside + name] = entry
                walk(_object(entry.get("properties")), f"{inside}{name}.")

    walk(_properties(_decoded(create)), "")
    return found


def with_entry(create: str, field: str, entry: Entry | None) -> str:
    """The body with another entry for a field, None for none; the fields of an object that stays one are kept."""
    body = _decoded(create)
    here = body.setdefault("mappings", {}).setdefault("properties", {})
    *objects, name = field.split(".")
    for part in objects:
        outer = here.get(part)
        if not isinstance(outer, dict):
            if entry is None:
                return create
            outer = here[part] = {}
        here = outer.setdefault("properties", {})
    if entry is None:
        here.pop(name, None)
    else:
        kept = _object(_object(here.get(name)).get("properties"))
        here[name] = {**entry, "properties": kept} if "properties" in entry and kept else entry
    return _written(body)


def body_of(text: str | bytes, file: str = "") -> str:
    """The body in a text that has the whole of it, its mappings, or their properties alone; raises ProblemError.

    `file` is where it stands, "" for a text that is seen while it is changed: there the line says enough.
    """
    where = file or "This"
    try:
        given = msgspec.json.decode(text, type=dict[str, Any])
    except RecursionError:
        raise _wrong(_TOO_DEEP.format(where)) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        if (at := wrong_at(text)) is None:
            raise _wrong(f"{where} is no JSON object: {clean(str(error), 200)}.") from None
        what = f"{where} is no JSON object: {at.why} in line {at.line}, column {at.column}."
        raise _wrong(what) if file else ProblemError.of(Cause.USAGE, what) from None
    if is_too_deep(given):
        raise _wrong(_TOO_DEEP.format(where))
    body = given if given.keys() & _PARTS else {"mappings": given}
    if unknown := sorted(body.keys() - _PARTS):
        raise _wrong(f"{where} has {clean(unknown[0], 60)} beside mappings, settings and aliases.")
    if wrong := next((part for part in sorted(body) if not isinstance(body[part], dict)), ""):
        raise _wrong(f"{where} has no object at {wrong}.")
    _check(_object(body.get("mappings")).get("properties", {}), where, "properties")
    return _written(body)


def body_in(name: str) -> str:
    """The body in a file that a person names; raises ProblemError. It waits for the disk."""
    shown = clean(name, 300)
    try:
        with opened(path_of(name)) as file:
            text = file.read(_LONGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problem = Problem(cause=Cause.MISSING, what=f"{shown} cannot be read: {clean(why, 200)}.")
        raise ProblemError(problem) from None
    if len(text) > _LONGEST:
        raise _wrong(f"{shown} is larger than {size(_LONGEST)}.")
    return body_of(text, shown)


class JsonErrorPosition(NamedTuple):
    """Where a text stops being JSON, both from 1, and why."""

    line: int
    column: int
    why: str


def wrong_at(text: str | bytes) -> JsonErrorPosition | None:
    """Where a text stops being JSON; None where that cannot be said, or it is some."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return JsonErrorPosition(error.lineno, error.colno, f"{error.msg[:1].lower()}{clean(error.msg[1:], 200)}")
    except (ValueError, RecursionError):
        return None
    return None


def _check(properties: object, where: str, at: str) -> None:
    if not isinstance(properties, dict):
        raise _wrong(f"{where} has no object at {clean(at, 200)}.")
    for name, entry in properties.items():
        if not isinstance(entry, dict):
            raise _wrong(f"{where} has no object at {clean(f'{at}.{name}', 200)}.")
        _check(entry.get("properties", {}), where, f"{at}.{name}.properties")


def _wrong(what: str) -> ProblemError:
    todo = 'Write it as {"properties": {"FIELD": {"type": "keyword"}}}.'
    return ProblemError.of(Cause.USAGE, what, todo=todo)


def _decoded(create: str) -> Entry:
    return msgspec.json.decode(create, type=dict[str, Any]) if create else {}


def _properties(body: Entry) -> Entry:
    return _object(_object(body.get("mappings")).get("properties"))


def _object(value: object) -> Entry:
    return value if isinstance(value, dict) else {}


def _written(body: Entry) -> str:
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode()
