"""Whether the destination takes the indices that will be made: fields, analysers, settings, and its own templates."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.features import Features
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.names import alias_problem
from esmigrate_tui.model.settings import named
from esmigrate_tui.model.text import clean, counted, listed, number
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning
from esmigrate_tui.preflight.files import FIELDS, amount_of_fields
from esmigrate_tui.preflight.refusals import without

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft

Kind = tuple[Mapping[str, Any], tuple[str, ...]]
"""A definition, and the names of the indices that have it."""
_TRIES: Final = 8
"""Requests by which definitions are tried: most clusters have many indices of few kinds."""
_ROUNDS: Final = 12
"""Things refused in one definition that are named: each is a request."""
_UNBOUND: Final = {
    "index.mapping.total_fields.limit": 1_000_000,
    "index.mapping.nested_fields.limit": 10_000,
    "index.mapping.depth.limit": 100,
}
"""Limits that several definitions in one need; each by itself is judged by its own."""
_NEARLY: Final = 0.9
_PLUGINS: Final = "https://www.elastic.co/guide/en/elasticsearch/plugins/current/analysis.html"
_LIMITS: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/mapping-settings-limit.html"
_LICENCES: Final = "https://www.elastic.co/subscriptions"
_LIFECYCLE: Final = "index.lifecycle.name"
_RANKS: Final = ("oss", "basic", "standard", "gold", "platinum", "enterprise", "trial")
# What differs from one index to the next and cannot be refused by itself.
_PARTITIONS: Final = "index.routing_partition_size"
_OWN: Final = ("index.number_of_shards", "index.number_of_replicas", _PARTITIONS)


def bodies_of(draft: Draft) -> dict[str, dict[str, Any]]:
    """What will be made, by the destination's name; nothing before there is a plan."""
    made = {task.destination_index: task.create for task in draft.tasks if task.makes_index}
    if not made and not draft.tasks and draft.create and draft.into:
        made = {draft.into: draft.create}
    return {name: msgspec.json.decode(body) for name, body in made.items()}


def kinds_of(bodies: Mapping[str, Mapping[str, Any]]) -> tuple[Kind, ...]:
    """The different definitions among these, each with the names that have it, the most frequent first."""
    kinds: dict[bytes, list[str]] = {}
    for name, body in bodies.items():
        key = msgspec.json.encode({"settings": _common(body), "mappings": body.get("mappings", {})}, order="sorted")
        kinds.setdefault(key, []).append(name)
    ordered = sorted(kinds.values(), key=len, reverse=True)
    return tuple((bodies[names[0]], tuple(names)) for names in ordered)


def joined_settings(kinds: Sequence[Kind]) -> tuple[tuple[Mapping[str, Any], tuple[Kind, ...]], ...]:
    """Definitions that can be tried by one request, each with the kinds it stands for.

    Kinds of the same settings that have nothing but fields become one, each an object in it.
    """
    alike: dict[bytes, list[Kind]] = {}
    alone: list[Kind] = []
    for kind in kinds:
        body = kind[0]
        if body.get("mappings", {}).keys() <= {"properties"}:
            alike.setdefault(msgspec.json.encode(_common(body), order="sorted"), []).append(kind)
        else:
            alone.append(kind)
    found: list[tuple[Mapping[str, Any], tuple[Kind, ...]]] = []
    for several in alike.values():
        if len(several) == 1:
            alone += several
            continue
        properties = [body.get("mappings", {}).get("properties", {}) for body, _ in several]
        fields = {f"kind{number}": {"properties": each} for number, each in enumerate(properties)}
        body = {"settings": _common(several[0][0]) | _UNBOUND, "mappings": {"properties": fields}}
        found.append((body, tuple(several)))
    return (*found, *((kind[0], (kind,)) for kind in alone))


def _common(body: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that kinds of an index share."""
    return {key: value for key, value in named(body.get("settings", {})).items() if key not in _OWN}


@waivable
async def definitions_accepted(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the destination would make the indices as the plan has them: it is asked, and nothing is made."""
    bodies = bodies_of(draft)
    if not bodies:
        return
    features = await clusters.destination.wire.features()
    own = {name: rule for name, body in bodies.items() if (rule := refused_by_rule(body, features))}
    for rule, names in _by_value(own).items():
        yield refused(names, rule, "Correct the definition: with m where indices are selected, or in the plan.")
    tries = joined_settings(kinds_of({name: body for name, body in bodies.items() if name not in own}))
    ask = clusters.destination.surroundings.refusal
    first = tries[:_TRIES]
    # Of several in one request only that something is refused is of interest.
    refusals = await asyncio.gather(
        *(ask(tried(body)) if len(kinds) > 1 else every_refusal(tried(body), ask) for body, kinds in first)
    )
    answered: list[tuple[tuple[str, ...], str | None]] = []
    again: list[Kind] = []
    for (_, kinds), why in zip(first, refusals, strict=True):
        if why and len(kinds) > 1:
            again += kinds  # which of them it is, each tells by itself
        else:
            answered.append((tuple(name for _, names in kinds for name in names), why))
    asked = again[:_TRIES]
    answered_again = await asyncio.gather(*(every_refusal(tried(body), ask) for body, _ in asked))
    answered += zip((names for _, names in asked), answered_again, strict=True)
    for finding in judged_refusals(answered):
        yield finding
    untried = [*again[_TRIES:], *(kind for _, kinds in tries[_TRIES:] for kind in kinds)]
    if left := tuple(name for _, names in untried for name in names):
        yield note(
            title=f"Not tried, since there are many different definitions: {listed(left)}",
            why="A definition that the destination refuses ends the task of that index, before a document is sent.",
            fix="Nothing has to be done; a plan of these alone tries them.",
            subjects=left,
        )


def tried(body: Mapping[str, Any]) -> dict[str, Any]:
    """The definition without what a trial cannot tell: it is made with one shard, whatever the definition says."""
    settings = {name: value for name, value in named(body.get("settings", {})).items() if name != _PARTITIONS}
    return {**body, "settings": settings}


def refused_by_rule(body: Mapping[str, Any], features: Features) -> str:
    """Why a server would refuse a definition for what no trial shows, in words; "" where it would not."""
    for alias in body.get("aliases") or {}:
        if why := alias_problem(alias, features):
            return f"Invalid alias name {clean(alias, 200)}: {why}"
    settings = named(body.get("settings") or {})
    size = _number(settings.get(_PARTITIONS))
    most = _number(settings.get("index.number_of_routing_shards"))
    if not most and not features.has_many_routing_shards:
        most = _number(settings.get("index.number_of_shards")) or 5
    if 0 < most <= size > 1:
        return f"index.routing_partition_size {size} must be less than the number of shards, {most}"
    routing = (body.get("mappings") or {}).get("_routing")
    is_required = isinstance(routing, dict) and str(routing.get("required")).lower() == "true"
    if size > 1 and features.partitions_by_required_routing and not is_required:
        return f"index.routing_partition_size {size} wants a mapping in which _routing is required"
    return ""


def _number(value: object) -> int:
    """A setting that is a number, 0 where it is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # digits of an int


def _by_value(each: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in each.items():
        found[value] = (*found.get(value, ()), name)
    return found


def refused(names: tuple[str, ...], why: str, fix: str) -> Finding:
    """What it means that the destination would not make these indices."""
    return blocker(
        title=f"The destination would refuse to make {listed(names)}",
        evidence=why,
        why="An index that cannot be created takes no documents: its task would end before the first one.",
        fix=fix,
        link=_PLUGINS,
        subjects=names,
    )


async def every_refusal(
    body: Mapping[str, Any], ask: Callable[[Mapping[str, Any]], Awaitable[str | None]]
) -> str | None:
    """All that a destination refuses in a definition, not only the first; "" for nothing, None where nobody can say."""
    reasons: list[str] = []
    rest: Mapping[str, Any] | None = body
    while rest is not None and len(reasons) < _ROUNDS:
        why = await ask(rest)
        if not why:
            return "; ".join(reasons) or why
        reasons.append(why)
        rest = without(rest, why)
    return "; ".join(reasons)


def judged_refusals(refusals: Sequence[tuple[tuple[str, ...], str | None]]) -> Iterator[Finding]:
    """What it means that the destination refuses definitions with these words; "" for accepted, None for unknown."""
    fix = (
        "Install what it lacks on every node of the destination (an analyser or a field type is part of a module or "
        "plugin), or correct the definition: with m where indices are selected, or in the plan."
    )
    for names, why in refusals:
        if why:
            yield refused(names, why, fix)
    unknown = tuple(name for names, why in refusals if why is None for name in names)
    good = sum(len(names) for names, why in refusals if why == "")
    if good:
        yield passed(title=f"The destination takes the definition of {counted(good, 'index', 'indices')}: it was asked")
    if unknown:
        yield note(
            title=f"Whether the destination takes the definitions could not be tried: {listed(unknown)}",
            why="From 7.9 on a server can be asked without making anything, by who may manage index templates.",
            fix="Nothing has to be done: a definition that is refused ends its task before a document is sent.",
            subjects=unknown,
        )


@check
async def lacking_parts(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether chosen indices define analysers, and the destination lacks a part for them that the source has."""
    source, destination = draft.source_facts, draft.destination_facts
    if source is None or destination is None or clusters.source is None or not draft.selected:
        return
    if Features.of_cluster(destination).simulates_templates and bodies_of(draft):
        return  # the destination itself is asked
    ours = {*destination.modules, *destination.plugins}
    theirs = {*source.modules, *source.plugins}
    lacking = tuple(sorted(part for part in theirs - ours if part.startswith(("analysis-", "mapper-"))))
    if not lacking or not ours:
        return
    settings = await clusters.source.surroundings.index_settings("index.analysis.*") or {}
    chosen = tuple(name for name in draft.selected if name in settings)
    if chosen:
        kinds = {value for name in chosen for key, value in settings[name].items() if key.endswith(".type")}
        yield warning(
            title=f"The destination lacks {listed(lacking)}, and analysers are defined by {listed(chosen)}",
            evidence=listed(sorted(kinds)),
            why="An index whose analyser needs a missing part cannot be created.",
            fix="Install the same plugins on every node of the destination, and restart them one by one:",
            copy="\n".join(f"bin/elasticsearch-plugin install {part}" for part in lacking),
            link=_PLUGINS,
            subjects=chosen,
        )


@waivable
def field_limits(draft: Draft) -> Iterator[Finding]:
    """Whether an index to be made has nearly as many fields as it may have."""
    near: dict[str, tuple[int, int]] = {}
    for body, names in kinds_of(bodies_of(draft)):
        limit = str(named(body.get("settings", {})).get("index.mapping.total_fields.limit", FIELDS))
        most = int(limit) if limit.isdigit() else FIELDS
        fields = amount_of_fields(body.get("mappings", {}).get("properties", {}))
        if fields > most * _NEARLY:
            near |= dict.fromkeys(names, (fields, most))
    if near:
        over = any(fields > most for fields, most in near.values())
        most_needed = max(fields for fields, _ in near.values())
        yield Finding(
            severity=Severity.BLOCKER if over else Severity.WARNING,
            title=f"{'More' if over else 'Nearly as many'} fields {'than' if over else 'as'} an index may have: "
            f"{listed(near)}",
            evidence=listed(f"{name}: {number(fields)} of {number(most)}" for name, (fields, most) in near.items()),
            why="A document that brings one field more is refused.",
            fix="Raise the limit in the definition, with m where indices are selected, or in the plan:",
            copy=f'"index.mapping.total_fields.limit": {2 * most_needed}',
            link=_LIMITS,
            subjects=tuple(near),
        )


@check
async def template_settings(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether templates of the destination give the new indices a lifecycle policy."""
    targets = {target for name in draft.selected for target in draft.all_targets(name)} or {draft.into} - {""}
    made = sorted(targets - set(draft.uses))
    if not made:
        return
    settings = await clusters.destination.surroundings.settings_by_templates(made, (_LIFECYCLE,))
    for finding in judged_template_settings(settings):
        yield finding


def judged_template_settings(settings: Mapping[str, Mapping[str, str]] | None) -> Iterator[Finding]:
    """What it means that templates give these settings to indices to be made; None where they cannot be seen."""
    if settings is None:
        yield note(
            title="Which templates of the destination the new indices would get could not be seen",
            why="A template may give an index a lifecycle that deletes it.",
            fix="Ask a user who may read index templates (privilege manage_index_templates):",
            copy="GET _index_template\nGET _template",
        )
        return
    managed = {name: one[_LIFECYCLE] for name, one in settings.items() if one.get(_LIFECYCLE)}
    if managed:
        yield warning(
            title=f"A template of the destination puts a lifecycle on {listed(managed)}",
            evidence=listed(f"{name}: policy {clean(policy, 80)}" for name, policy in managed.items()),
            why="A policy goes by an index's age, and these are new again: it may be rolled over, shrunk or, in "
            "time, deleted.",
            fix="Check what the policy does; if it should not act, put this into the settings of the plan:",
            copy=f'"{_LIFECYCLE}": null',
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/index-lifecycle-management.html",
            subjects=tuple(managed),
        )
    else:
        yield passed(title="No template of the destination gives the new indices a lifecycle")


@check
async def licence_features(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the source has a licence that the destination lacks, and what of it is in use."""
    if not draft.selected or clusters.source is None:
        return
    theirs, ours = await asyncio.gather(
        clusters.source.surroundings.licence(), clusters.destination.surroundings.licence()
    )
    if theirs is None or ours is None or rank(ours) >= rank(theirs):
        return
    used = await clusters.source.surroundings.licensed_features()
    yield Finding(
        severity=Severity.WARNING if used else Severity.NOTE,
        title=f"The source has the licence {theirs}, the destination {ours}"
        + (f"; in use there: {listed(used)}" if used else ""),
        evidence=listed(f"{name}: {number(amount)}" for name, amount in used.items()),
        why="What needs the licence does not run on the destination; the documents themselves are not touched by it.",
        fix="Give the destination the same licence if you need these, or see what will not run any more.",
        copy="GET _license",
        link=_LICENCES,
    )


def rank(licence: str) -> int:
    """How much a licence includes, the higher the more; one that has expired no more than basic."""
    if licence.startswith("expired "):
        return _RANKS.index("basic")
    return _RANKS.index(licence) if licence in _RANKS else 0
