"""Settings by their full names: servers and people write them nested, dotted, and with or without `index.`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted names; a list stays a value."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def named(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of an index by their full names, each with `index.` before it, however they were written."""
    return {name if name.startswith("index.") else f"index.{name}": value for name, value in flat(settings).items()}
