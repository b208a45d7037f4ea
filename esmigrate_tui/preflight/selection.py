"""Whether what was chosen on the source can be read, and whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esmigrate_tui.model.copy_options import TypeRule
from esmigrate_tui.model.facts import Health, IndexState
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.text import clean, counted, listed
from esmigrate_tui.preflight.check import blocker, check, passed, repairs_of, warning
from esmigrate_tui.preflight.destination import expected_indices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft


@check
def readable(draft: Draft) -> Iterator[Finding]:
    """Whether every chosen index is open and has all its primary shards."""
    known = {index.name for index in draft.offered}
    gone = tuple(name for name in draft.selected if name not in known)
    closed = tuple(index.name for index in draft.chosen_indices if index.state is IndexState.CLOSED)
    red = tuple(index.name for index in draft.chosen_indices if index.health is Health.RED)
    if gone:
        yield blocker(
            title=f"No longer on the source: {listed(gone)}",
            why="An index that does not exist cannot be copied, and its absence must not pass for success.",
            fix="Choose again.",
            subjects=gone,
        )
    if closed:
        yield blocker(
            title=f"Closed on the source: {listed(closed)}",
            why="A closed index cannot be read.",
            fix="Open them on the source, or leave them out:",
            copy="\n".join(f"POST {name}/_open" for name in closed),
            subjects=closed,
            repairs=repairs_of(closed, "opened", "_open", "_close"),
        )
    if red:
        yield blocker(
            title=f"Red on the source, documents are missing: {listed(red)}",
            why="Only what its living shards hold would arrive, and look like everything.",
            fix="Bring the source back to green or yellow, or restore these indices from a snapshot.",
            subjects=red,
        )
    if not (gone or closed or red):
        yield passed(title="Every chosen index can be read whole")


@check
def source_kept(draft: Draft) -> Iterator[Finding]:
    """Whether the documents themselves were kept: an index with _source switched off cannot be read back."""
    without = tuple(index.name for index in draft.chosen if not index.source_enabled)
    if without:
        yield blocker(
            title=f"Without _source, so nothing can be read back: {listed(without)}",
            why="These indices are configured not to keep the documents; only the search structures exist.",
            fix="Restore them from a snapshot, or load them again from where the data came from.",
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/mapping-source-field.html",
            subjects=without,
        )


@check
def several_types(draft: Draft) -> Iterator[Finding]:
    """Whether an index has several mapping types, whose documents may share an _id."""
    if draft.copying.only_type or draft.copying.types is TypeRule.APART:
        yield from _types_apart(draft)
        return
    mixed = tuple(index.name for index in expected_indices(draft) if len(index.types) > 1)
    if mixed:
        yield warning(
            title=f"{counted(len(mixed), 'index has', 'indices have')} several mapping types: {listed(mixed)}",
            why="On the destination an index has one type: of two documents with the same _id only one can stay. "
            "The counts are compared at the end, and what is missing is reported.",
            fix="Where ids repeat between types, copy through this machine with --types apart: each type gets an index "
            "of its own.",
            link="https://www.elastic.co/guide/en/elasticsearch/reference/7.17/removal-of-types.html",
            subjects=mixed,
        )


def _types_apart(draft: Draft) -> Iterator[Finding]:
    """What is done with the types of indices that have several."""
    mixed = {index.name: index.types for index in draft.chosen if len(index.types) > 1}
    if not mixed:
        return
    kept = draft.copying.only_type
    left = sorted({kind for types in mixed.values() for kind in types} - {kept}) if kept else []
    yield Finding(
        severity=Severity.WARNING if left else Severity.NOTE,
        title=f"Only documents of the type {clean(kept, 200)} are copied of {listed(mixed)}"
        if kept
        else f"Each type of {listed(mixed)} goes into an index of its own",
        evidence=f"left out: {listed(left)}" if left else "",
        why="All others stay behind, and are missing when the source is shut down."
        if kept
        else "Their aliases are given to every one of them; a child and its parent may be in different ones.",
        fix="Copy the other types with another plan." if kept else "",
        link="https://www.elastic.co/guide/en/elasticsearch/reference/7.17/removal-of-types.html",
        subjects=tuple(mixed),
    )


@check
async def parents_and_children(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether indices of 5.x and older relate documents by `_parent`, which no newer version knows."""
    asked = tuple(index.name for index in draft.chosen if len(index.types) > 1)
    facts = draft.destination_facts
    newer = facts is not None and not Features.of_cluster(facts).has_several_types
    if clusters.source is None or not asked or not newer:
        return
    definitions = await clusters.source.indices.definitions(asked)
    related = tuple(name for name, one in definitions.items() if _has_parents(one.mappings))
    if related:
        yield warning(
            title=f"Documents with a _parent in {listed(related)}: their relation is not carried over",
            why="Each child keeps its parent's _id as its routing, so both stay in one shard. But since 6.0 a field of "
            "the document (type join) says who belongs to whom, and documents are copied as they are.",
            fix="Searches by has_child and has_parent need that field: add it to the mapping, and to each document "
            "afterwards (_update_by_query), or let the application index them anew.",
            link="https://www.elastic.co/guide/en/elasticsearch/reference/6.8/parent-join.html",
            subjects=related,
        )


def _has_parents(mappings: dict[str, Any]) -> bool:
    return any(isinstance(mapping, dict) and "_parent" in mapping for mapping in mappings.values())


@check
def refresh_switched_off(draft: Draft) -> Iterator[Finding]:
    """Whether documents may be on the source that no search sees yet."""
    silent = tuple(index.name for index in draft.chosen_indices if index.refresh_interval == "-1")
    if silent:
        yield warning(
            title=f"Never refreshed by themselves on the source: {listed(silent)}",
            why="Documents written since the last refresh cannot be read, and no count shows them.",
            fix="They are refreshed when the run begins; if your user may not do that, do it now:",
            copy="\n".join(f"POST {name}/_refresh" for name in silent),
            subjects=silent,
            repairs=repairs_of(silent, "refreshed", "_refresh"),
        )


@check
def internal_indices(draft: Draft) -> Iterator[Finding]:
    """Whether indices of Elasticsearch or Kibana themselves are among the chosen."""
    internal = tuple(index.name for index in draft.chosen if index.is_system)
    restores = draft.traits.restores
    if internal:
        yield warning(
            title=f"Internal indices are chosen: {listed(internal)}",
            why="They belong to Elasticsearch or Kibana; another version may not understand what they hold.",
            fix="Leave them out unless you know what they are for"
            + ("." if restores else "; between versions, restore them from a snapshot."),
            subjects=internal,
        )
