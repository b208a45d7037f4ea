"""Which template makes a data stream: the one that applies to a name, and what it is made of.

https://www.elastic.co/guide/en/elasticsearch/reference/current/set-up-a-data-stream.html
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.model.carried import DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from esmigrate_tui.model.carried import CarriedDefinition, StoredDefinition
    from esmigrate_tui.model.facts import TemplateFacts


def template_for(name: str, templates: Iterable[TemplateFacts]) -> TemplateFacts | None:
    """The template that applies to what is made under this name: of several the strongest."""
    fitting = [one for one in templates if fits(name, one.patterns)]
    return max(fitting, key=lambda one: one.priority, default=None)


def claimed_by(name: str, templates: Iterable[TemplateFacts]) -> str:
    """The template that makes a data stream of what is made under this name; "" where it would be an index."""
    found = template_for(name, templates)
    return found.name if found is not None and found.makes_streams else ""


def templates_of(name: str, definitions: Iterable[StoredDefinition]) -> tuple[StoredDefinition, ...]:
    """The index template that makes this data stream, after the components it is made of; none where none makes it."""
    definitions = tuple(definitions)
    fitting = [one for one in definitions if one.kind is DefinitionKind.TEMPLATE and fits(name, patterns(one.body))]
    strongest = max(fitting, key=lambda one: priority_of(one.body), default=None)
    if strongest is None or not isinstance(strongest.body.get("data_stream"), dict):
        return ()
    composed = strongest.body.get("composed_of")
    wanted = [one for one in composed if isinstance(one, str)] if isinstance(composed, list) else []
    components = {one.name: one for one in definitions if one.kind is DefinitionKind.COMPONENT}
    return (*(components[each] for each in wanted if each in components), strongest)


def template_priority(one: CarriedDefinition) -> int:
    """How strong an index template is that would be made."""
    try:
        return priority_of(msgspec.json.decode(one.body, type=dict[str, Any]))
    except msgspec.MsgspecError:
        return 0


def patterns(body: dict[str, Any]) -> list[str]:
    """The names that an index template is for."""
    stored = body.get("index_patterns")
    return [pattern for pattern in (stored if isinstance(stored, list) else [stored]) if isinstance(pattern, str)]


def fits(name: str, given: Iterable[str]) -> bool:
    """Whether a name goes by one of these patterns."""
    return any(fnmatchcase(name, pattern) for pattern in given)


def priority_of(body: dict[str, Any]) -> int:
    """How strong an index template is: of several that fit a name the strongest applies."""
    priority = body.get("priority", 0)
    return priority if isinstance(priority, int) else 0
