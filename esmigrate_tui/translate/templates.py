"""Index templates: legacy ones in the form that came with 7.8, and what they are made of.

https://www.elastic.co/guide/en/elasticsearch/reference/6.8/indices-templates.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/index-templates.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/indices-component-template.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.aliases import translate_aliases
from esmigrate_tui.translate.limits import with_limits
from esmigrate_tui.translate.mappings import merged_mappings
from esmigrate_tui.translate.pipelines import TOLD
from esmigrate_tui.translate.settings import translate_settings
from esmigrate_tui.translate.source_mode import with_source_mode
from esmigrate_tui.translate.translation import Translation

if TYPE_CHECKING:
    from collections.abc import Collection

_Json = dict[str, Any]

COMPOSABLE: Final = Version(7, 8)
"""The first version in which a template is made of components, and one alone applies to an index."""
_PATTERNS: Final = 6
"""From this major on a legacy template has a list of patterns instead of one."""
_REFERRING: Final = ("index.lifecycle.", "index.default_pipeline", "index.final_pipeline")
_BESIDE: Final = ("version", "_meta", "deprecated")


def translate_template(
    template: _Json, destination: Version, source: Version, plugins: Collection[str] | None = None
) -> Translation:
    """A legacy template, as `GET /_template` told it, for `destination`: composable from 7.8 on."""
    changes: list[str] = []
    patterns = template.get("index_patterns", template.get("template", []))
    patterns = [one for one in (patterns if isinstance(patterns, list) else [patterns]) if isinstance(one, str)]
    inner, conflicts = _inner(template, destination, source, plugins, changes)
    beside = {name: template[name] for name in _BESIDE if template.get(name) is not None}
    order = template.get("order", 0)
    order = order if isinstance(order, int) and not isinstance(order, bool) else 0
    body: _Json
    if destination >= COMPOSABLE:
        if order < 0:
            changes.append(f"its order of {order} becomes a priority of 0, the lowest there is")
        body = {"index_patterns": patterns, "priority": max(order, 0), "template": inner} | beside
    elif destination.major >= _PATTERNS:
        body = {"index_patterns": patterns, "order": order} | inner | beside
    else:
        body = {"template": patterns[0] if patterns else "", "order": order} | inner | beside
        if len(patterns) > 1:
            changes.append(f"of its patterns only {clean(patterns[0], 200)} is kept, there can be one")
    return Translation(body=body, changes=tuple(dict.fromkeys(changes)), conflicts=conflicts)


def translate_composable(
    stored: _Json, destination: Version, source: Version, plugins: Collection[str] | None = None
) -> Translation:
    """An index template or a component, as 7.8 and newer tell them, for a destination of 7.8 or newer."""
    changes: list[str] = []
    template = stored.get("template")
    body = dict(stored)
    conflicts: tuple[str, ...] = ()
    if isinstance(template, dict):
        inner, conflicts = _inner(template, destination, source, plugins, changes)
        body["template"] = inner
    components = stored.get("composed_of")
    absent = stored.get("ignore_missing_component_templates")
    changes.extend(
        f"it is composed of {clean(str(name), 200)}, which must be on the destination"
        for name in (components if isinstance(components, list) else ())
        if not isinstance(absent, list) or name not in absent
    )
    # What servers tell of a template, and do not want to be told.
    for name in TOLD:
        body.pop(name, None)
    return Translation(body=body, changes=tuple(dict.fromkeys(changes)), conflicts=conflicts)


def _inner(
    template: _Json, destination: Version, source: Version, plugins: Collection[str] | None, changes: list[str]
) -> tuple[_Json, tuple[str, ...]]:
    """Settings, mappings and aliases of a template, and what is beside them in one of 7.8 or newer."""
    kept: _Json = {name: template[name] for name in ("lifecycle", "data_stream_options") if name in template}
    conflicts: tuple[str, ...] = ()
    settings = template.get("settings")
    mappings = template.get("mappings")
    aliases = template.get("aliases")
    new: _Json = {}
    if isinstance(settings, dict):
        new, settings_changes = translate_settings(settings, destination, source, referring=_REFERRING)
        changes.extend(settings_changes)
    if isinstance(mappings, dict) and mappings:
        found = merged_mappings(mappings, destination, source, plugins)
        changes.extend(found.changes)
        conflicts = found.conflicts
        new, kept["mappings"] = with_source_mode(new, found.mapping, destination, changes)
        new = with_limits(new, found.mapping, destination, changes)
    if new:
        kept["settings"] = new
    if isinstance(aliases, dict) and aliases:
        kept["aliases"] = translate_aliases(aliases, destination, changes)
    return kept, conflicts


def overlap(one: str, other: str) -> bool:
    """Whether some name fits both patterns, in which * stands for any characters."""
    reached = {0}
    for position in range(len(one) + 1):
        # A star of the other may take what comes next, and may end.
        for place in range(len(other)):
            if place in reached and other[place] == "*":
                reached.add(place + 1)
        if position == len(one):
            break
        letter, then = one[position], set()
        for place in reached:
            if letter == "*":
                then |= set(range(place, len(other) + 1))
            elif place < len(other) and other[place] == "*":
                then.add(place)
            elif place < len(other) and other[place] == letter:
                then.add(place + 1)
        reached = then
    return len(other) in reached
