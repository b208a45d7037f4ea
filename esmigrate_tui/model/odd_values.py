"""Values that no field of a struct takes, in words for who edits the file: which key, in which table, what it wants."""

from __future__ import annotations

import re
from typing import Final

from msgspec import inspect

from esmigrate_tui.model.text import clean, listed

_PLACE: Final = re.compile(r" - at `\$([^`]{0,300})`$")
_STEP: Final = re.compile(r"\.([A-Za-z_]\w{0,60})|\[(\d{1,9}|\.{3})\]")
_EXPECTED: Final = re.compile(r"Expected `[^`]{1,60}`, got `([^`]{1,60})`$")
_BOUND: Final = re.compile(r"Expected `[^`]{1,60}` (>=|>|<=|<) (\S{1,40})$")
_ENUM: Final = re.compile(r"Invalid enum value (.{0,200})$")
_MISSING: Final = re.compile(r"Object missing required field `([^`]{1,60})`$")
_BOUNDS: Final = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_GOT: Final = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}


def odd_value(message: str, kind: type) -> str:
    """The message of a failed conversion to the struct `kind`, without the names that Python has for things."""
    place = _PLACE.search(message)
    text = message if place is None else message[: place.start()]
    key, table, wanted = _placed(place.group(1) if place is not None else "", inspect.type_info(kind))
    where = f" in {table}" if table else ""
    if (missing := _MISSING.match(text)) is not None:
        inside = f"{table}.{key}" if table else key
        return f"the key {missing.group(1)} is missing" + (f" in {inside}" if inside else "")
    if (got := _EXPECTED.match(text)) is not None and (words := _words(wanted)):
        return f"{key or 'it'}{where} must be {words}, and is {_GOT.get(got.group(1), 'something else')}"
    if key and (bound := _BOUND.match(text)) is not None:
        return f"{key}{where} must be {_BOUNDS[bound.group(1)]} {bound.group(2)}"
    if key and (value := _ENUM.match(text)) is not None and (words := _words(wanted)):
        return f"{key}{where} is {clean(value.group(1), 80)}, and must be {words}"
    return text if not key else f"{key}{where}: {text[:1].lower()}{text[1:]}"


def _placed(path: str, kind: inspect.Type | None) -> tuple[str, str, inspect.Type | None]:
    """The last key of a path, the table that it stands in as TOML names it, and the type that is wanted there."""
    names: list[str] = []
    for step in _STEP.finditer(path):
        name, number = step.groups()
        if name:
            names.append(name)
            kind = _field(kind, name)
        elif names:
            names[-1] = f"a value of {names[-1]}" if number == "..." else f"{names[-1]} {int(number) + 1}"
            kind = _item(kind)
    *tables, key = names or [""]
    return key, ".".join(tables), kind


def _field(kind: inspect.Type | None, name: str) -> inspect.Type | None:
    for one in _kinds(kind):
        if isinstance(one, inspect.StructType):
            return next((field.type for field in one.fields if field.encode_name == name), None)
    return None


def _item(kind: inspect.Type | None) -> inspect.Type | None:
    for one in _kinds(kind):
        if isinstance(one, inspect.VarTupleType | inspect.ListType):
            return one.item_type
        if isinstance(one, inspect.DictType):
            return one.value_type
    return None


def _kinds(kind: inspect.Type | None) -> tuple[inspect.Type, ...]:
    if kind is None:
        return ()
    return tuple(kind.types) if isinstance(kind, inspect.UnionType) else (kind,)


def _words(kind: inspect.Type | None) -> str:
    """What a type wants, in words; "" where that is not known."""
    for one in _kinds(kind):
        match one:
            case inspect.EnumType(cls=enum):
                return f"one of {listed([str(member.value) for member in enum], most=12)}"
            case inspect.StrType():
                return "a text in quotes"
            case inspect.BoolType():
                return "true or false"
            case inspect.IntType():
                return "a whole number"
            case inspect.FloatType():
                return "a number"
            case inspect.VarTupleType() | inspect.ListType():
                return "a list"
            case inspect.StructType() | inspect.DictType():
                return "a table"
            case _:
                continue
    return ""
