"""Data streams: the template that makes one, with its components, in the words of another version.

https://www.elastic.co/guide/en/elasticsearch/reference/current/data-streams.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/set-up-a-data-stream.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.model.carried import DefinitionKind, NameConflict
from esmigrate_tui.model.streams import fits, patterns
from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.carried import preview

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from esmigrate_tui.model.carried import CarriedDefinition, StoredDefinition
    from esmigrate_tui.model.facts import Version


def carried_templates(
    target: str,
    templates: Sequence[StoredDefinition],
    destination: Version,
    source: Version,
    plugins: Collection[str] | None = None,
) -> tuple[CarriedDefinition, ...]:
    """What makes `target` a data stream on a destination of that version, from what made it on the source.

    Under another name, for which the template is not meant, it gets a template of its own beside it.
    """
    found: list[CarriedDefinition] = []
    along = {f"it is composed of {clean(one.name, 200)}, " for one in templates if one.kind is DefinitionKind.COMPONENT}
    for each in preview(templates, (), destination, source, plugins=plugins):
        changes = tuple(change for change in each.changes if not any(change.startswith(part) for part in along))
        one = msgspec.structs.replace(each, changes=changes)
        body: dict[str, Any] = msgspec.json.decode(one.body)
        if one.kind is not DefinitionKind.TEMPLATE or fits(target, patterns(body)):
            found.append(one)
            continue
        meant = ", ".join(patterns(body)[:5])
        body["index_patterns"] = [target]
        change = f"it is for {target} alone: {clean(one.name, 200)} is for {clean(meant, 300)}"
        found.append(
            msgspec.structs.replace(
                one,
                name=f"{one.name}-{target}",
                body=msgspec.json.format(msgspec.json.encode(body), indent=2).decode(),
                changes=(*one.changes, change),
            )
        )
    return tuple(found)


def refused(first: Iterable[CarriedDefinition]) -> tuple[CarriedDefinition, ...]:
    """Those that the destination cannot hold as they are."""
    return tuple(one for one in first if one.conflict is NameConflict.REFUSED)
