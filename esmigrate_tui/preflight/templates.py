"""What templates of the destination would make of the indices of a plan: looked up, merged here, and shown before.

https://www.elastic.co/guide/en/elasticsearch/reference/current/index-templates.html

A request that makes an index is laid over whatever templates have for its name: what it does not say itself, they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.settings import MAPPING_KEYS, named
from esmigrate_tui.model.text import clean, listed
from esmigrate_tui.preflight.check import blocker, check, passed
from esmigrate_tui.preflight.definitions import bodies_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import TemplateLayer

_LINK: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/index-templates.html"
_TOLD_ELSEWHERE: Final = frozenset({"index.lifecycle.name", "index.default_pipeline", "index.final_pipeline"})
_OBJECTS: Final = frozenset({"object", "nested"})
_SHOWN: Final = 8


class TemplateEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What templates do to one index: why it cannot be made (`refusals`), and in what it is otherwise than planned.

    `is_felt` says that documents may be refused for it, or are seen or kept otherwise than before.
    """

    templates: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    is_felt: bool = False


def effect_of(body: Mapping[str, Any], layers: Sequence[TemplateLayer]) -> TemplateEffect:
    """What these templates, the weakest first, do to an index that is made by that body."""
    refusals: list[str] = []
    changes: list[str] = []
    mapping, aliases = root_of(body.get("mappings")), body.get("aliases") or {}
    given: dict[str, Any] = {}
    others: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for layer in layers:
        given = _laid_over(root_of(layer.mappings), given)
        others |= layer.aliases
        settings |= named(layer.settings)
    _compare(given, mapping, "", refusals, changes)
    is_felt = any(name in given and name not in mapping for name in ("dynamic", "_source", "_routing"))
    is_felt = is_felt or any(change.startswith("strict") for change in changes)
    for alias, how in others.items():
        if alias not in aliases:
            writes = isinstance(how, dict) and how.get("is_write_index") in {True, "true"}
            changes.append(f"alias {clean(alias, 80)}" + (", to which is written" if writes else ""))
            is_felt = True
    wanted = named(body.get("settings") or {})
    changes += [
        f"{clean(name, 100)}: {_short(value)}"
        for name, value in settings.items()
        if name not in wanted and name not in _TOLD_ELSEWHERE
    ]
    names = tuple(dict.fromkeys(layer.template for layer in layers))
    return TemplateEffect(templates=names, refusals=tuple(refusals), changes=tuple(changes), is_felt=is_felt)


def root_of(mappings: object) -> dict[str, Any]:
    """A mapping itself, whatever types it stands under; of several the fields of all."""
    if not isinstance(mappings, dict):
        return {}
    if not mappings.keys() - MAPPING_KEYS or "properties" in mappings:
        return mappings
    found: dict[str, Any] = {}
    for one in mappings.values():
        if isinstance(one, dict):
            found = _laid_over(one, found)
    return found


def _laid_over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    """Two mappings as one, in which the upper has the last word on each field."""
    found = {**lower, **upper}
    below, above = lower.get("properties"), upper.get("properties")
    if isinstance(below, dict) and isinstance(above, dict):
        found["properties"] = {**below, **above}
    return found


def _compare(
    given: Mapping[str, Any], planned: Mapping[str, Any], path: str, refusals: list[str], changes: list[str]
) -> None:
    """What a template's object has that the plan's has not, and in what they contradict each other."""
    where = f" of {clean(path, 200)}" if path else ""
    for name, value in given.items():
        if name == "dynamic" and "dynamic" not in planned:
            is_strict = str(value).lower() in {"strict", "strict_allow_templates"}
            changes.append(f"{'strict, ' if is_strict else ''}dynamic{where}: {_short(value)}")
        elif name not in {"properties", "dynamic", "type"} and name not in planned:
            changes.append(f"{clean(name, 80)}{where}: {_short(value)}")
    ours = _properties(planned)
    for name, field in _properties(given).items():
        here = f"{path}.{name}" if path else name
        if name not in ours:
            changes.append(f"field {clean(here, 200)}: {_kind(field)}")
            continue
        mine = ours[name]
        if _is_object(field) != _is_object(mine):
            refusals.append(f"{clean(here, 200)} is {_kind(mine)} in the plan, {_kind(field)} in the template")
        elif _is_object(field):
            if _kind(field) != _kind(mine):
                refusals.append(f"{clean(here, 200)} is {_kind(mine)} in the plan, {_kind(field)} in the template")
            _compare(field, mine, here, refusals, changes)
        else:
            more = sorted(set(field) - set(mine) - {"type"})
            changes += [f"{clean(here, 200)} gets {clean(one, 80)}: {_short(field[one])}" for one in more]


def _properties(mapping: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    properties = mapping.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: field for name, field in properties.items() if isinstance(field, dict)}


def _is_object(field: Mapping[str, Any]) -> bool:
    return str(field.get("type", "object")) in _OBJECTS


def _kind(field: Mapping[str, Any]) -> str:
    return clean(str(field.get("type", "object")), 40)


def _short(value: object) -> str:
    return clean(value if isinstance(value, str) else msgspec.json.encode(value).decode(), 80)


@check
async def template_effects(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """What templates of the destination would make of the new indices."""
    bodies = bodies_of(draft)
    if not bodies:
        return
    layers = await clusters.destination.surroundings.template_layers(tuple(bodies))
    if layers is None:
        return  # template-settings says that they cannot be seen
    for finding in judged_effects({name: effect_of(body, layers[name]) for name, body in bodies.items()}):
        yield finding


def judged_effects(effects: Mapping[str, TemplateEffect]) -> Iterator[Finding]:
    """What it means that templates do this to the indices that will be made under these names."""
    refused = {name: one for name, one in effects.items() if one.refusals}
    if refused:
        yield blocker(
            title=f"Templates of the destination contradict the plan's mapping of {listed(refused)}",
            evidence=listed(f"{name}: {listed(one.refusals, _SHOWN)}" for name, one in refused.items()),
            why=f"{_named(refused)} fits the name, and a field cannot be a value and an object at once: the index "
            "would not be made.",
            fix="Give another name with --rename, or keep the template from these names during the run.",
            link=_LINK,
            subjects=tuple(refused),
        )
    for is_felt in (True, False):
        changed = {
            name: one for name, one in effects.items() if one.changes and one.is_felt is is_felt and name not in refused
        }
        if changed:
            yield Finding(
                severity=Severity.WARNING if is_felt else Severity.NOTE,
                title=f"Templates of the destination add to {listed(changed)} what the source has not",
                evidence=listed(f"{name}: {listed(one.changes, _SHOWN)}" for name, one in changed.items()),
                why=f"{_named(changed)} fits the name, and says what the plan does not say itself."
                + (" Documents may be refused for it, or seen by others." if is_felt else ""),
                fix="If that is not wanted, say the opposite in the definition (m where indices are selected, or "
                "in the plan), give another name with --rename, or change the template.",
                link=_LINK,
                subjects=tuple(changed),
            )
    if not any(one.refusals or one.changes for one in effects.values()):
        yield passed(title="No template of the destination changes what will be created")


def _named(effects: Mapping[str, TemplateEffect]) -> str:
    templates = tuple(dict.fromkeys(name for one in effects.values() for name in one.templates))
    return f"The template {listed(templates)}" if len(templates) == 1 else f"One of the templates {listed(templates)}"
