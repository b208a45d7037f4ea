"""What is carried over beside indices, as it would be on the destination, and what of it is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.model.carried import CarriedDefinition, DefinitionKind, NameConflict
from esmigrate_tui.model.definition_depth import DEFINITION_LEVELS, is_too_deep
from esmigrate_tui.model.settings import named
from esmigrate_tui.model.streams import patterns, priority_of
from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.pipelines import TOLD, translate_pipeline
from esmigrate_tui.translate.policies import translate_policy
from esmigrate_tui.translate.templates import COMPOSABLE, overlap, translate_composable, translate_template
from esmigrate_tui.translate.types import is_typeless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from esmigrate_tui.model.carried import StoredDefinition
    from esmigrate_tui.model.facts import Version

_Json = dict[str, Any]


def preview(
    definitions: Iterable[StoredDefinition],
    there: Iterable[StoredDefinition],
    destination: Version,
    source: Version,
    *,
    plugins: Collection[str] | None = None,
    processors: Collection[str] | None = None,
) -> tuple[CarriedDefinition, ...]:
    """Each of a source's definitions for `destination`, with its conflict; those come first that others need.

    `there` are the destination's own. What cannot be on a destination of that version is not in it: a component
    before 7.8.
    """
    there = tuple(there)
    known = {(one.kind, one.name): one.body for one in there}
    found = [
        carried
        for one in definitions
        if (carried := _one(one, known, destination, source, plugins, processors)) is not None
    ]
    order = list(DefinitionKind)
    found.sort(key=lambda one: (order.index(one.kind), one.name))
    return tuple(_beside_others(one, found, there) for one in found)


def is_same(one: CarriedDefinition, there: StoredDefinition) -> bool:
    """Whether what a destination has is what would be made there."""
    return one.kind is there.kind and comparable(msgspec.json.decode(one.body)) == _known(one.kind, there.body)


def _beside_others(
    one: CarriedDefinition, found: Iterable[CarriedDefinition], there: Iterable[StoredDefinition]
) -> CarriedDefinition:
    """A template with what is to be said of others that are for some of its indices: one alone applies, since 7.8."""
    if one.kind is not DefinitionKind.TEMPLATE or one.conflict is not NameConflict.NONE:
        return one
    others = {other.name: other.body for other in there if other.kind is DefinitionKind.TEMPLATE}
    others |= {other.name: msgspec.json.decode(other.body) for other in found if other.kind is DefinitionKind.TEMPLATE}
    mine = msgspec.json.decode(one.body)
    changes: list[str] = []
    conflict = NameConflict.NONE
    for name, body in others.items():
        if name == one.name or not _overlapping(mine, body):
            continue
        shown = clean(name, 200)
        if priority_of(body) == priority_of(mine):
            conflict = NameConflict.REFUSED
            changes.append(f"the template {shown} is for some of its indices and has the same priority: merge the two")
        elif priority_of(body) > priority_of(mine):
            changes.append(f"the template {shown} wins where both are for an index; they are not merged any more")
    return msgspec.structs.replace(one, changes=(*one.changes, *changes), conflict=conflict)


def _overlapping(one: _Json, other: _Json) -> bool:
    return any(overlap(a, b) for a in patterns(one) for b in patterns(other))


def _one(
    stored: StoredDefinition,
    known: dict[tuple[DefinitionKind, str], _Json],
    destination: Version,
    source: Version,
    plugins: Collection[str] | None,
    processors: Collection[str] | None,
) -> CarriedDefinition | None:
    kind = stored.kind
    if is_too_deep(stored.body):
        why = f"it is nested deeper than {DEFINITION_LEVELS} levels of JSON, which this program does not follow"
        return CarriedDefinition(kind=kind, name=stored.name, body="{}", changes=(why,), conflict=NameConflict.REFUSED)
    if kind is DefinitionKind.PIPELINE:
        new = translate_pipeline(stored.body, destination, source, processors)
    elif kind is DefinitionKind.POLICY:
        new = translate_policy(stored.body, destination)
    elif kind is DefinitionKind.LEGACY:
        new = translate_template(stored.body, destination, source, plugins)
        kind = DefinitionKind.LEGACY if destination < COMPOSABLE else DefinitionKind.TEMPLATE
    elif destination < COMPOSABLE:
        return None
    else:
        new = translate_composable(stored.body, destination, source, plugins)
    conflict = NameConflict.REFUSED if new.conflicts else NameConflict.NONE
    if (mine := known.get((kind, stored.name))) is not None:
        conflict = NameConflict.SAME if _known(kind, mine) == comparable(new.body) else NameConflict.OTHER
    return CarriedDefinition(
        kind=kind,
        name=stored.name,
        body=msgspec.json.format(msgspec.json.encode(_sent(kind, new.body, destination)), indent=2).decode(),
        changes=(*new.changes, *new.conflicts),
        conflict=conflict,
    )


def _sent(kind: DefinitionKind, body: _Json, destination: Version) -> _Json:
    """The body of the request; 6.x wants a legacy template's mapping under a type, and 6.7 can be told otherwise."""
    mappings = body.get("mappings")
    if kind is not DefinitionKind.LEGACY or destination.major != 6 or not mappings or not is_typeless(mappings):
        return body
    return body | {"mappings": {"_doc": mappings}}


def _known(kind: DefinitionKind, body: _Json) -> _Json:
    """What the destination has, as comparable; a policy comes with what uses it, a pipeline with its dates."""
    if kind is DefinitionKind.POLICY:
        return comparable({"policy": body.get("policy", {})})
    return comparable({name: value for name, value in body.items() if name not in TOLD})


def comparable(body: _Json) -> _Json:
    """A body in the one form in which two can be compared: settings flat, as text; what a server adds left out."""
    found: _Json = {}
    for name, value in body.items():
        if name in {"version", "_meta", "order", "priority"} and value in (None, 0, {}):
            continue
        if name == "settings" and isinstance(value, dict):
            found[name] = {key: one if isinstance(one, list) else _text(one) for key, one in named(value).items()}
        elif name == "mappings" and isinstance(value, dict) and set(value) == {"_doc"}:
            found[name] = value["_doc"]
        elif name in {"template", "policy"} and isinstance(value, dict):
            found[name] = comparable(value)
        elif value not in ({}, [], None):
            found[name] = value
    return found


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
