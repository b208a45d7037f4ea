"""Members of a JSON object as bytes: looked for, and taken out, without reading or writing anything of the rest."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# A whole string, or a mark between values.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],:]', re.DOTALL)


class ObjectMember(NamedTuple):
    """A member of an object: its name, what its value begins with, and how deep it is: 1 for the object's own."""

    name: bytes
    opens: bytes
    depth: int


def members(text: bytes, deepest: int = 2) -> list[ObjectMember]:
    """The members of the first object in a text which may be cut, as far as it goes; arrays count as a level too."""
    found: list[ObjectMember] = []
    depth, key = 0, b""
    last = b""
    for mark in _TOKEN.finditer(text):
        token = mark[0]
        if token == b":" and key and depth <= deepest:
            value = text[mark.end() :].lstrip()[:1] if depth == 1 else text[mark.end() : mark.end() + 40].lstrip()[:1]
            found.append(ObjectMember(key[1:-1], value, depth))
        key = token if token[:1] == b'"' and last in {b"{", b","} else b""
        depth += (token in b"{[") - (token in b"}]")
        if token == b"}" and depth <= 0:
            break
        last = token
    return found


def taken_out(document: bytes, name: bytes) -> tuple[bytes, bytes | None]:
    """An object without the first member of a name (its JSON, quotes and all), and that member's value.

    The value is None where the object has no such member; then it is given back as it came.
    """
    if name not in document:
        return document, None
    depth, comma, begun, value = 0, -1, -1, -1
    last = b""
    for mark in _TOKEN.finditer(document):
        token = mark[0]
        if depth == 1 and begun < 0 and token == name and last in {b"{", b","}:
            begun = mark.start()
        elif token == b":" and begun >= 0 and value < 0:
            value = mark.end()
        elif depth == 1 and token in b",}":
            if value >= 0:
                first, end = begun, mark.end()
                if token == b"}":
                    first, end = (comma if comma >= 0 else begun), mark.start()
                return document[:first] + document[end:], document[value : mark.start()].strip()
            comma = mark.start()
        depth += (token in b"{[") - (token in b"}]")
        last = token
    return document, None
