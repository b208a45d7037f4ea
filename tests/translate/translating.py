"""Mappings as a test compares them: what cannot be among what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esmigrate_tui.translate.mappings import merged_mappings

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import Version


def translate_mappings(
    mappings: dict[str, Any], destination: Version, source: Version | None = None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    found = merged_mappings(mappings, destination, source)
    return found.mapping, (*found.changes, *found.conflicts)
