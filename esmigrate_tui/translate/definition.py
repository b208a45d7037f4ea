"""A whole index definition: settings, mappings and aliases together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.translate.mappings import translate_mappings
from esmigrate_tui.translate.settings import translate_settings

if TYPE_CHECKING:
    from esmigrate_tui.model.draft import IndexDefinition
    from esmigrate_tui.model.facts import Version


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a create-index request (typeless), and what is otherwise than on the source, in words."""

    body: dict[str, Any]
    changes: tuple[str, ...] = ()

    def as_json(self) -> str:
        """The body as JSON that a person can read."""
        return msgspec.json.format(msgspec.json.encode(self.body), indent=2).decode()


def translate(definition: IndexDefinition, destination: Version) -> Translation:
    """What creates on `destination` the index that `definition` describes."""
    settings, settings_changes = translate_settings(definition.settings, destination)
    mappings, mappings_changes = translate_mappings(definition.mappings, destination)
    body: dict[str, Any] = {"settings": settings, "mappings": mappings}
    if definition.aliases:
        body["aliases"] = definition.aliases
    return Translation(body=body, changes=settings_changes + mappings_changes)
