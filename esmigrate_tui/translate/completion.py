"""Fields for suggestions: 5.0 wrote them anew.

https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_suggester.html
"""

from __future__ import annotations

from typing import Any

from esmigrate_tui.model.text import clean

_Json = dict[str, Any]


def modern_completion(field: _Json, path: str, changes: list[str]) -> _Json:
    """A completion field without payloads, and with its contexts in a list."""
    if "payloads" not in field and "context" not in field:
        return field
    kept = {name: value for name, value in field.items() if name not in {"payloads", "context"}}
    if "payloads" in field:
        changes.append(f"{path}: payloads is left out, suggestions come with their document")
    told = field.get("context")
    if isinstance(told, dict):
        kept["contexts"] = [_context(name, one, path, changes) for name, one in told.items() if isinstance(one, dict)]
        changes.append(f"{path}: context is written contexts now")
    changes.append(f"{path}: documents that have output, payload or context in it are refused")
    return kept


def _context(name: str, told: _Json, path: str, changes: list[str]) -> _Json:
    """One context; a geo context has one precision now, the finest it had."""
    kept: _Json = {"name": name}
    for key, value in told.items():
        if key in {"default", "neighbors"}:
            changes.append(f"{path}: {key} of the context {clean(name, 80)} is left out, it was removed")
        elif key == "precision" and isinstance(value, list):
            kept[key] = max((one for one in value if isinstance(one, int)), default=6)
        else:
            kept[key] = value
    return kept
