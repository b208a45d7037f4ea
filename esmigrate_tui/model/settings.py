"""Settings by their full names (nested or dotted, with or without `index.`), and what a mapping may hold at its top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAPPING_KEYS: Final = frozenset(
    {
        "properties",
        "dynamic",
        "dynamic_templates",
        "dynamic_date_formats",
        "date_detection",
        "numeric_detection",
        "runtime",
        "subobjects",
        "_meta",
        "_routing",
        "_source",
        "_size",
        "_field_names",
        "_all",
        "_parent",
        "_timestamp",
        "_ttl",
        "_data_stream_timestamp",
        "_tier",
        "_doc_count",
        "include_in_all",
        "transform",
        "enabled",
    }
)
"""What a mapping of any version may hold at its top; anything else there is the name of a type."""


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
