"""Values as JSON for programs, in characters that are harmless where a person reads along."""

from __future__ import annotations

import json

import msgspec

from esmigrate_tui.model.text import escaped


def json_line(value: object, *, indent: int | None = None) -> str:
    """A value as JSON, on one line or indented; controls and bidi marks are escaped, so that the value is kept."""
    try:
        text = msgspec.json.encode(value)
    except UnicodeEncodeError:  # half a character, as the name of a file may have
        return json.dumps(msgspec.to_builtins(value), indent=indent)
    return escaped((text if indent is None else msgspec.json.format(text, indent=indent)).decode())
