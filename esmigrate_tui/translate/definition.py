"""A whole index definition: settings, mappings and aliases together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esmigrate_tui.model.definition_depth import DEFINITION_LEVELS, is_too_deep, too_deep
from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.aliases import translate_aliases
from esmigrate_tui.translate.analysis import STRIPPED, stripping
from esmigrate_tui.translate.limits import with_limits
from esmigrate_tui.translate.mappings import merged_mappings
from esmigrate_tui.translate.origin import created_by
from esmigrate_tui.translate.settings import translate_settings
from esmigrate_tui.translate.source_mode import with_source_mode
from esmigrate_tui.translate.translation import Translation

if TYPE_CHECKING:
    from collections.abc import Collection

    from esmigrate_tui.model.draft import IndexDefinition
    from esmigrate_tui.model.facts import Version


def translate(
    definition: IndexDefinition, destination: Version, *, plugins: Collection[str] | None = None
) -> Translation:
    """What creates on `destination` the index that `definition` describes.

    `plugins` are those of the destination, where they are known: what needs another one is left out then. Raises
    TooDeepError for what is nested so deeply that nobody can have meant it.
    """
    if is_too_deep([definition.settings, definition.mappings, definition.aliases], DEFINITION_LEVELS + 2):
        raise too_deep(f"The definition of {clean(definition.name, 200)}", "Leave it out.", (definition.name,))
    changes: list[str] = []
    source = created_by(definition.settings)
    settings, settings_changes = translate_settings(definition.settings, destination, source)
    found = merged_mappings(definition.mappings, destination, source, plugins)
    settings, mapping = with_source_mode(settings, found.mapping, destination, changes)
    settings = with_limits(settings, mapping, destination, changes)
    if destination.major >= 7 and names_analyzer(mapping, STRIPPED) and (more := stripping(settings)):
        settings |= more
        changes.append(f"the analyzer {STRIPPED} was removed, it is defined as what it was")
    body: dict[str, Any] = {"settings": settings, "mappings": mapping}
    if definition.aliases:
        body["aliases"] = translate_aliases(definition.aliases, destination, changes)
    return Translation(body=body, changes=(*settings_changes, *changes, *found.changes), conflicts=found.conflicts)


def names_analyzer(mapping: object, name: str) -> bool:
    """Whether any field of a mapping is analyzed by that name."""
    if isinstance(mapping, list):
        return any(names_analyzer(one, name) for one in mapping)
    if not isinstance(mapping, dict):
        return False
    return any(
        (key in {"analyzer", "search_analyzer", "search_quote_analyzer"} and value == name)
        or names_analyzer(value, name)
        for key, value in mapping.items()
    )
