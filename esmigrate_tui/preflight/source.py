"""What the source does not give as it stands: documents that are passed over, cut, arriving still, or of one _id."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from esmigrate_tui.elastic.document_places import document_places, first_ids
from esmigrate_tui.model.copy_options import TypeRule
from esmigrate_tui.model.facts import IndexState
from esmigrate_tui.model.method import MethodName, traits_of
from esmigrate_tui.model.text import clean, counted, listed, number
from esmigrate_tui.preflight.check import blocker, check, note, passed, repairs_of, waivable, warning, without_block
from esmigrate_tui.preflight.destination import expected_indices
from esmigrate_tui.preflight.repository import snapshot_indices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.elastic.document_places import DocumentPlace
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding

_FROZEN: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/7.17/frozen-indices.html"
_SOURCE_FIELD: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/mapping-source-field.html"
_BLOCKS: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/index-modules-blocks.html"
_ROUTING: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/mapping-routing-field.html"
_BETWEEN: Final = 0.5
"""Seconds between two looks at what is written: long enough to see a busy index, and nobody waits for it alone."""
_LOOKED_AT: Final = 200  # documents of each index whose ids are looked for a second time
_MOST_INDICES: Final = 100  # of which that is done, in one request


@check
def frozen_indices(draft: Draft) -> Iterator[Finding]:
    """Whether chosen indices are frozen: a remote reindex passes over their documents, and ends well with none."""
    frozen = tuple(index.name for index in draft.chosen_indices if index.frozen)
    if frozen:
        yield blocker(
            title=f"Frozen on the source, so a reindex would find no document in them: {listed(frozen)}",
            evidence="index.frozen: true",
            why="A search passes over frozen indices unless it asks for them, and a remote reindex does not ask.",
            fix="Unfreeze them for the time of the run, or copy through this machine, which reads them as they are:",
            copy="\n".join(f"POST {quote(name, safe='')}/_unfreeze" for name in frozen),
            link=_FROZEN,
            subjects=frozen,
            repairs=repairs_of(frozen, "unfrozen", "_unfreeze", "_freeze"),
        )


@check
def reading_blocked(draft: Draft) -> Iterator[Finding]:
    """Whether a chosen index has a block that refuses reads."""
    blocked = {
        index.name: block for index in draft.chosen_indices for block in index.blocks if block in {"read", "metadata"}
    }
    if blocked:
        yield blocker(
            title=f"A block on the source keeps these from being read: {listed(blocked)}",
            evidence=listed(f"{name}: index.blocks.{block}" for name, block in blocked.items()),
            why="It was set on purpose; every search of the index is refused.",
            fix="Find out why it was set, then lift it:",
            copy=without_block(blocked.items()),
            link=_BLOCKS,
            subjects=tuple(blocked),
        )


@waivable
def altered_sources(draft: Draft) -> Iterator[Finding]:
    """Whether the source keeps documents otherwise than they were sent: without some fields, or put together anew."""
    filtered = tuple(index.name for index in draft.chosen if index.source_filtered and index.source_enabled)
    if filtered:
        yield blocker(
            title=f"Only a part of each document was kept in {listed(filtered)}",
            evidence="_source has includes or excludes in the mapping",
            why="What was left out of _source can be searched on the source, and cannot be read back: it would be "
            "missing, in the searches of the destination too.",
            fix="Restore these from a snapshot, load them again from where the data came from, or accept the loss:",
            copy="\n".join(f"GET {quote(name, safe='')}/_mapping?filter_path=**._source" for name in filtered[:5]),
            link=_SOURCE_FIELD,
            subjects=filtered,
        )
    synthetic = tuple(index.name for index in draft.chosen if index.source_synthetic)
    if synthetic:
        yield warning(
            title=f"Documents are put together anew when they are read: {listed(synthetic)}",
            evidence="_source is synthetic",
            why="The values are those that were indexed; arrays may be sorted, and fields stand in another order.",
            fix="Accept it, or restore these from a snapshot.",
            link=_SOURCE_FIELD,
            subjects=synthetic,
        )


@check
async def still_written(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether documents arrive on the source between two looks, half a second apart."""
    names = chosen_on_source(draft)
    if not names or clusters.source is None:
        return
    before = await clusters.source.surroundings.written()
    await asyncio.sleep(_BETWEEN)
    after = await clusters.source.surroundings.written()
    yield judged_writes({name: after.get(name, 0) - before.get(name, 0) for name in names}, draft.method)


def chosen_on_source(draft: Draft) -> tuple[str, ...]:
    """The chosen indices by the names that the source has: those that back a data stream, too."""
    known = frozenset(index.name for index in draft.source_indices)
    if not draft.traits.restores:
        return tuple(index.name for index in draft.chosen_indices)
    if draft.snapshot is not None:
        return tuple(one for name in draft.selected for one in snapshot_indices(draft.snapshot, name) if one in known)
    return tuple(name for name in draft.selected if name in known)


def judged_writes(writes: Mapping[str, int], method: MethodName | None) -> Finding:
    """What it means that these were written so many times between two looks."""
    busy = {name: amount for name, amount in writes.items() if amount > 0}
    if not busy:
        return passed(title="Nothing was written to what is chosen, for half a second")
    restores = traits_of(method).restores
    return warning(
        title=f"Still written to on the source: {listed(busy)}",
        evidence=listed(f"{name}: {counted(amount, 'write')} in half a second" for name, amount in busy.items()),
        why="What was written after the snapshot is not in it."
        if restores
        else "What arrives after an index was read stays behind, and what is changed or deleted meanwhile may arrive "
        "as it was before.",
        fix="Stop what writes to them for the time of the run, or refuse writes on the source (they fail then; null "
        "lifts it again):",
        copy="\n".join(
            f'PUT {quote(name, safe="")}/_settings\n{{"index.blocks.write":true}}' for name in list(busy)[:5]
        ),
        link=_BLOCKS,
        subjects=tuple(busy),
    )


@waivable
async def colliding_ids(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether documents of one index share an _id, by their types or by their routing, of which one would be lost."""
    indices = [index for index in draft.chosen if index.state is IndexState.OPEN and index.documents]
    indices.sort(key=lambda index: len(index.types) < 2)  # those of several types are looked at in any case
    names = [index.name for index in indices][:_MOST_INDICES]
    if clusters.source is None or not names:
        return
    first = await first_ids(clusters.source, names, _LOOKED_AT)
    several = {index.name for index in indices if len(index.types) > 1 or len(index.backing) > 1}
    doubtful = {
        name: tuple(dict.fromkeys(one.id for one in found))
        for name, found in first.items()
        if found and (name in several or any(one.routing or one.parent for one in found))
    }
    again = await document_places(clusters.source, doubtful, 2 * _LOOKED_AT)
    for finding in judged_ids(again, draft):
        yield finding


def judged_ids(again: Mapping[str, Sequence[DocumentPlace]], draft: Draft) -> Iterator[Finding]:
    """What it means that several documents of an index have an _id, each with its type and routing."""
    apart = draft.copying.types is TypeRule.APART or bool(draft.copying.only_type)
    by_type: dict[str, str] = {}
    by_routing: dict[str, str] = {}
    by_index: dict[str, str] = {}
    streams = {index.name for index in draft.chosen if index.is_stream}
    for name, found in again.items():
        seen: dict[str, DocumentPlace] = {}
        for one in found:
            other = seen.setdefault(f"{one.type} {one.id}" if apart else one.id, one)
            if other.type != one.type:
                by_type[name] = f"{name}: {clean(one.id, 60)} in {clean(other.type, 60)} and {clean(one.type, 60)}"
            elif other is not one and name in streams:
                by_index[name] = f"{name}: {clean(one.id, 60)}"
            elif other is not one:
                by_routing[name] = (
                    f"{name}: {clean(one.id, 60)} by the routings {clean(other.routing or other.parent or '-', 60)} "
                    f"and {clean(one.routing or one.parent or '-', 60)}"
                )
    if by_type:
        yield blocker(
            title=f"Types share ids, and only one document of each can stay: {listed(by_type)}",
            evidence=listed(by_type.values()),
            why=f"Seen among the first {number(_LOOKED_AT)} documents of each. An index has one type now; the "
            "second document with an _id is rejected.",
            fix="Copy through this machine with --types apart: each type gets an index of its own.",
            link="https://www.elastic.co/guide/en/elasticsearch/reference/7.17/removal-of-types.html",
            subjects=tuple(by_type),
        )
    if by_index:
        yield warning(
            title=f"One _id in several indices of a data stream: {listed(by_index)}",
            evidence=listed(by_index.values()),
            why="Each of its indices may have that _id once. Here they become one index, in which the second "
            "document of an _id is rejected.",
            fix="Restore it from a snapshot, which keeps every index as it is.",
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/data-streams.html",
            subjects=tuple(by_index),
        )
    if by_routing:
        yield warning(
            title=f"One _id under several routings: {listed(by_routing)}",
            evidence=listed(by_routing.values()),
            why="They live side by side because they are in different shards. Where the new index puts them into "
            "one shard, the second is rejected.",
            fix="Restore these from a snapshot, which keeps every shard as it is, or give them ids of their own.",
            link=_ROUTING,
            subjects=tuple(by_routing),
        )


@check
def hidden_indices(draft: Draft) -> Iterator[Finding]:
    """Whether hidden indices are among the chosen, or the parts of a data stream."""
    parts = tuple(index.name for index in draft.chosen if index.backs_stream)
    hidden = tuple(index.name for index in expected_indices(draft) if index.hidden and not index.backs_stream)
    if hidden and draft.selected:
        yield note(
            title=f"Hidden indices are chosen: {listed(hidden)}",
            why="Patterns do not find them on the destination either, unless asked for.",
            subjects=hidden,
        )
    if parts:
        yield warning(
            title=f"Indices that back a data stream are chosen by themselves: {listed(parts)}",
            evidence=listed(f"{index.name}: of {index.data_stream}" for index in draft.chosen if index.backs_stream),
            why="Each of them arrives as a plain index: the data stream itself does not come along.",
            fix="To bring the data stream over as one thing, choose it by its own name.",
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/data-streams.html",
            subjects=parts,
        )
