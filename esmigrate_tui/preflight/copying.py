"""Whether what is copied arrives as it was: pipelines of the destination, and indices or data streams that it has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from esmigrate_tui.elastic.documents import NO_PIPELINE
from esmigrate_tui.model.carried import DefinitionKind, NameConflict
from esmigrate_tui.model.copy_options import PASSED_OVER, PipelineRule
from esmigrate_tui.model.facts import IndexState
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.method import MethodName, traits_of
from esmigrate_tui.model.streams import template_for, template_priority
from esmigrate_tui.model.text import clean, counted, listed, number
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.carried import CarriedDefinition
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import TemplateFacts

_PERCOLATOR: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_percolator.html"
_KINDS: Final = {"index.default_pipeline": "default pipeline", "index.final_pipeline": "final pipeline"}
_SAMPLED: Final = 20
_STREAMS: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/data-streams.html"
_VERSIONS: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-index_.html#index-versioning"
_PIPELINES: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/ingest.html"


@check
async def used_targets(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the indices and data streams that the plan adds to are there."""
    if not draft.uses:
        return
    taken = await clusters.destination.indices.existing(draft.uses)
    counts = {name: await clusters.destination.searches.count(name) for name, kind in taken.items() if kind == "index"}
    for finding in judged_targets(draft, taken, counts):
        yield finding


def judged_targets(draft: Draft, taken: Mapping[str, str], counts: Mapping[str, int]) -> Iterator[Finding]:
    """What it means that a name that is used is taken by an index, a data stream, something else or nothing."""
    for name in draft.uses:
        kind = taken.get(name, "")
        if kind == "index":
            older = " An older version is replaced." if draft.copying.versions else ""
            yield Finding(
                severity=Severity.WARNING if counts.get(name) else Severity.NOTE,
                title=f"The index {name} exists with {counted(counts.get(name, 0), 'document')}, and is used as it is",
                why="Documents are added to those; one whose _id is taken is counted as there already, whatever is "
                f"in it.{older} The proof is what was acknowledged, and by how much the index grew.",
                fix="If they should not be mixed, give the index another name with --rename.",
                subjects=(name,),
            )
        elif kind == "data stream":
            yield warning(
                title=f"Documents are added to the data stream {name}",
                why="Each is created in its newest index, without a routing. A document with the same _id in an "
                "older one is not noticed: another copy after a rollover doubles it. Its lifecycle counts from "
                "now, not from the documents' own time.",
                fix="Copy once, and let the stream not roll over meanwhile.",
                link=_STREAMS,
                subjects=(name,),
            )
        else:
            yield blocker(
                title=f"The plan adds to {name}, which is {f'an {kind}' if kind else 'not there any more'}",
                why="A document sent to a name that does not exist creates an index with guessed mappings.",
                fix="Make the plan again: it then makes the index, or name the index behind the alias.",
                subjects=(name,),
            )


@waivable
async def stream_templates(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether a template makes a data stream where the plan makes one, and none where the plan makes an index."""
    streams = {index.name for index in draft.chosen if index.is_stream}
    made = sorted(
        {target for name in draft.selected if name not in streams for target in draft.all_targets(name)}
        - set(draft.uses)
    )
    going = {name: draft.target(name) for name in draft.selected if name in streams}
    going = {name: target for name, target in going.items() if target not in draft.uses}
    if not made and not going:
        return
    templates = await clusters.destination.surroundings.index_templates()
    for finding in judged_names(made, templates or (), draft.method):
        yield finding
    first = {task.source_index: task.first for task in draft.tasks}
    for name, target in going.items():
        yield judged_stream_template(target, templates, first.get(name))


def judged_stream_template(
    target: str, templates: Sequence[TemplateFacts] | None, first: Sequence[CarriedDefinition] | None
) -> Finding:
    """By what a data stream will be made: a template that the destination has (None where unseen), or the source's.

    `first` is what the source has for it as the plan would make it, None before there is a plan.
    """
    if templates is None:
        return warning(
            title=f"Whether the destination has a template for the data stream {target} could not be seen",
            why="A data stream is created by an index template that matches its name.",
            fix="Ask a user who may read index templates (privilege manage_index_templates):",
            copy="GET _index_template",
            link=_STREAMS,
            subjects=(target,),
        )
    there = template_for(target, templates)
    if there is not None and there.makes_streams:
        return passed(title=f"The data stream {target} will be created by the destination's own template {there.name}")
    makes = next((one for one in first or () if one.kind is DefinitionKind.TEMPLATE), None)
    unfit = [one for one in first or () if one.conflict is NameConflict.REFUSED]
    of_its_name = makes is not None and any(one.name == makes.name for one in templates)
    priority = template_priority(makes) if makes is not None else 0
    if makes is not None and not unfit and not of_its_name and (there is None or there.priority < priority):
        components = [one.name for one in first or () if one.kind is DefinitionKind.COMPONENT]
        composed = f", composed of {listed(components)}" if components else ""
        return note(
            title=f"The data stream {target} will be created by the source's template {makes.name}{composed}",
            evidence=listed(f"{one.label}: {change}" for one in first or () for change in one.changes),
            why="They are created on the destination before the first document, and stay. A component of the same "
            "name that exists is used as it is.",
            link=_STREAMS,
        )
    if first is None:
        return note(
            title=f"The destination has no template for the data stream {target} yet",
            why="The source's is brought over with the run, where it can be.",
            link=_STREAMS,
        )
    if of_its_name:
        why = f"It has another template called {makes.name if makes else ''}, which is for other names or no streams."
    elif unfit:
        why = f"The source's cannot be carried over: {listed([c for one in unfit for c in one.changes], most=3)}."
    elif makes is not None and there is not None:
        why = f"Its template {there.name} wins over the source's (priority {there.priority}), and makes an index."
    else:
        why = "The source has none that fits, or does not show it."
    body = {"index_patterns": [target], "data_stream": {}, "priority": max(500, (there.priority if there else 0) + 1)}
    return blocker(
        title=f"No template of the destination makes {target} a data stream",
        why=f"{why} What would be made under that name is a plain index.",
        fix="Make a template for it, with the mappings that its newest index has on the source, or choose another name "
        "with --rename:",
        copy=f"PUT _index_template/{target}\n{json.dumps(body)}",
        link=_STREAMS,
        subjects=(target,),
    )


def judged_names(
    made: Sequence[str], templates: Sequence[TemplateFacts], method: MethodName | None = None
) -> Iterator[Finding]:
    """What it means for indices to be made under these names that there are these templates."""
    claimed = stream_names(made, templates)
    if not claimed:
        return
    yield blocker(
        title=f"Templates of the destination keep these names for data streams: {listed(claimed)}",
        evidence=listed(f"{name}: template {template}" for name, template in claimed.items()),
        why="No index can be made there under such a name; what is made is a data stream.",
        fix="Give another name with --rename, or copy through this machine: make the data stream, and plan with "
        "--into-existing:"
        if traits_of(method).pulls
        else "Give another name with --rename, or make the data stream and plan again with --into-existing:",
        copy="\n".join(f"PUT _data_stream/{name}" for name in claimed),
        link=_STREAMS,
        subjects=tuple(claimed),
    )


def stream_names(names: Sequence[str], templates: Sequence[TemplateFacts]) -> dict[str, str]:
    """Which of these names a template makes a data stream of, and its name: of several the strongest counts."""
    found: dict[str, str] = {}
    for name in names:
        strongest = template_for(name, templates)
        if strongest is not None and strongest.makes_streams:
            found[name] = strongest.name
    return found


@check
async def stream_documents(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the first documents for a data stream have what it wants of each."""
    streams = {index.data_stream for index in draft.destination_indices if index.data_stream} & set(draft.uses)
    going = [name for name in draft.selected if streams & set(draft.all_targets(name))]
    if clusters.source is None or not going:
        return
    for finding in judged_documents(await clusters.source.searches.first_sources(going, _SAMPLED)):
        yield finding


def judged_documents(samples: Mapping[str, Sequence[bytes]]) -> Iterator[Finding]:
    """What it means for a data stream that sampled documents have no @timestamp, or that all have one."""
    without = {name: sum(not _has_time(source) for source in sources) for name, sources in samples.items()}
    lacking = {name: amount for name, amount in without.items() if amount}
    if not lacking:
        yield passed(title="The first documents for the data stream have an @timestamp")
        return
    yield warning(
        title=f"Documents without an @timestamp would go into a data stream: {listed(lacking)}",
        evidence=listed(f"{name}: {amount} of the first {len(samples[name])}" for name, amount in lacking.items()),
        why="A data stream refuses a document without one; each is rejected with that reason.",
        fix="Copy them into an index, or let an ingest pipeline set the field with --pipelines respected.",
        link=_STREAMS,
        subjects=tuple(lacking),
    )


def _has_time(source: bytes) -> bool:
    """Whether a document has the field; one that nobody can read here is not judged."""
    try:
        document = json.loads(source)
    except (ValueError, RecursionError):
        return True
    return isinstance(document, dict) and document.get("@timestamp") is not None


@waivable
async def passed_over(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether chosen indices hold documents that a search without a type passes over, or that no search finds."""
    if clusters.source is None or not draft.chosen:
        return
    names = tuple(index.name for index in draft.chosen if index.state is not IndexState.CLOSED)
    for finding in judged_passed_over(draft, frozenset(await clusters.source.searches.types_to_name(names))):
        yield finding


def judged_passed_over(draft: Draft, hidden: Collection[str]) -> Iterator[Finding]:
    """What it means that these indices have the type that 2.x hides, and others more documents than a search finds."""
    if chosen := tuple(index.name for index in draft.chosen if index.name in hidden):
        pulled = draft.traits.pulls
        yield Finding(
            severity=Severity.BLOCKER if pulled else Severity.WARNING,
            title=f"Queries of the type {PASSED_OVER} are stored in {listed(chosen)}"
            + (", and a remote reindex passes them over" if pulled else ""),
            why="A server of 2.x finds these only where a search names the type, and the destination's reindex "
            "does not."
            if pulled
            else "They are read by the type's name and arrive as documents, which match nothing any more: since "
            "5.0 a field of the type percolator holds a query.",
            fix="Copy these indices through this machine."
            if pulled
            else "To percolate again, index the queries anew into a field of the type percolator.",
            link=_PERCOLATOR,
            subjects=chosen,
        )
    unfound = {
        index.name: (index.documents, count)
        for index in draft.chosen
        if index.documents is not None
        and (definition := draft.definitions.get(index.name)) is not None
        and (count := definition.documents) is not None
        and index.documents > count
        and not _has_nested(definition.mappings)
    }
    if unfound:
        yield note(
            title=f"The source's statistics count more documents than a search finds in {listed(unfound)}",
            evidence=listed(f"{name}: {number(held)}, found {number(seen)}" for name, (held, seen) in unfound.items()),
            why="Documents that were written a moment ago are found after a refresh, which the run asks for; "
            "otherwise something hides them from this user.",
            fix="If it stays so, look with a user who may see everything.",
            subjects=tuple(unfound),
        )


def _has_nested(mappings: object) -> bool:
    """Whether documents of a mapping may have nested ones, which only the statistics count."""
    waiting = [mappings]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if one.get("type") == "nested":
                return True
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return False


@check
def kept_versions(draft: Draft) -> Iterator[Finding]:
    """What it means that documents keep their versions."""
    if not draft.copying.versions:
        return
    yield note(
        title="Documents keep their versions (version_type external)",
        why="One is written where there is none with its _id, or one with a lower version, which it then replaces; as "
        "new or newer stays, and counts as there already. What was deleted on the source is not deleted here.",
        link=_VERSIONS,
    )


@waivable
async def destination_pipelines(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Which ingest pipelines of the destination the copied documents would go through, and what becomes of these."""
    if not draft.selected or not (await clusters.destination.wire.features()).has_default_pipelines:
        return
    surroundings = clusters.destination.surroundings
    targets = {target for name in draft.selected for target in draft.all_targets(name)}
    made = sorted(targets - set(draft.uses))
    by_templates = await surroundings.settings_by_templates(made, tuple(_KINDS)) if made else {}
    there: dict[str, dict[str, str]] | None = {}
    if draft.uses:
        there = await surroundings.index_settings(*_KINDS)
        backing = {index.name: index.data_stream or index.name for index in draft.destination_indices}
        there = None if there is None else {backing.get(name, name): one for name, one in there.items()}
    for finding in judged_pipelines(draft, by_templates, there):
        yield finding


def judged_pipelines(
    draft: Draft, by_templates: Mapping[str, Mapping[str, str]] | None, there: Mapping[str, Mapping[str, str]] | None
) -> Iterator[Finding]:
    """What pipelines mean that templates give to indices to be made, and those that indices have; None where unseen."""
    if by_templates is None or there is None:
        yield Finding(
            severity=Severity.NOTE if _is_off(draft) else Severity.WARNING,
            title="Whether templates or indices of the destination add ingest pipelines could not be seen",
            why="They are passed by as the plan wants; a final one of an index that is there acts all the same."
            if _is_off(draft)
            else "A pipeline may change documents, or drop them.",
            fix="Ask a user who may read index templates (privilege manage_index_templates).",
            link=_PIPELINES,
        )
        return
    used = {name: settings for name, settings in there.items() if name in draft.uses}
    acting = _acting({**by_templates, **used})
    final = [name for name, settings in used.items() if _names(settings, "index.final_pipeline")]
    if _is_off(draft) and final:
        yield blocker(
            title=f"A final pipeline cannot be passed by in {listed(final)}",
            evidence=listed(acting),
            why="It acts on every document, whatever a request says, and this run does not change indices that "
            "others use.",
            fix="Switch it off there while the copy runs, or plan with --pipelines respected:",
            copy="\n".join(f'PUT {quote(name)}/_settings\n{{"index.final_pipeline":"_none"}}' for name in final),
            link=_PIPELINES,
            subjects=tuple(final),
        )
    elif acting and _is_off(draft):
        yield note(
            title="Ingest pipelines of the destination are passed by while documents are copied",
            evidence=listed(acting),
            why="The documents went through theirs when they were new. What is written later goes through these.",
            fix="If they should act on the copied documents too, plan with --pipelines respected.",
            link=_PIPELINES,
        )
    elif acting:
        yield warning(
            title="Every document goes through ingest pipelines of the destination, as the plan wants",
            evidence=listed(acting),
            why="They may change documents, or drop them: then they are not what they were, and fewer arrive.",
            fix="If documents should arrive as they are, plan with --pipelines off.",
            link=_PIPELINES,
        )
    else:
        yield passed(title="No ingest pipeline of the destination waits for the documents")


def _is_off(draft: Draft) -> bool:
    return draft.copying.pipelines is PipelineRule.OFF


def _names(settings: Mapping[str, str], key: str) -> str:
    name = settings.get(key, "")
    return "" if name == NO_PIPELINE else name


def _acting(settings: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """The pipelines that act, in words, each with the indices that it acts on."""
    acting: dict[str, list[str]] = {}
    for index, one in sorted(settings.items()):
        for key, kind in _KINDS.items():
            if name := _names(one, key):
                acting.setdefault(f"{clean(name, 200)} ({kind})", []).append(clean(index, 200))
    return tuple(f"{pipeline} of {listed(indices)}" for pipeline, indices in acting.items())
