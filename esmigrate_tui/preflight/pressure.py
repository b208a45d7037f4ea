"""Whether the destination has problems of its own: copies without a place, a busy master, refused writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.facts import Health
from esmigrate_tui.model.text import counted, listed, number, size
from esmigrate_tui.preflight.check import blocker, check, note, waivable, warning, without_block
from esmigrate_tui.preflight.destination import WATERMARKS, expected_indices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding

_BUSY: Final = 50
"""Tasks that await the master: a cluster at rest has none, and making an index is one."""
_FLOOD: Final = "read_only_allow_delete"


@check
def copies_unplaced(draft: Draft) -> Iterator[Finding]:
    """Whether copies of shards have no place on the destination, which makes it yellow."""
    facts = draft.destination_facts
    if facts is not None and facts.health is Health.YELLOW:
        yield note(
            title="The destination is yellow: some of its replicas have no place",
            evidence=f"{facts.name}: status yellow, {counted(facts.data_nodes, 'data node')}",
            why="Its documents are all there; with one node more they would be there twice.",
            fix="Nothing has to be done for the migration. On a cluster of several nodes see why:",
            copy="GET _cluster/allocation/explain",
        )


@check
def pending_tasks(draft: Draft) -> Iterator[Finding]:
    """Whether the destination's master is so busy that making indices would wait."""
    facts = draft.destination_facts
    if facts is not None and facts.pending_tasks is not None and facts.pending_tasks >= _BUSY:
        yield warning(
            title=f"{number(facts.pending_tasks)} tasks await the destination's master",
            evidence=f"number_of_pending_tasks {facts.pending_tasks}",
            why="Making an index waits behind them, and may not be confirmed in time.",
            fix="Wait until they are fewer; this says what they are:",
            copy="GET _cluster/pending_tasks",
        )


@waivable
def refusing_indices(draft: Draft) -> Iterator[Finding]:
    """Whether indices of the destination refuse writes: those that are filled, or others because a disk was full."""
    used = set(draft.uses)
    if draft.traits.loads and not draft.create:
        used |= {draft.into}
    filled = {
        index.name: block
        for index in draft.destination_indices
        if {index.name, index.data_stream} & used
        for block in index.blocks
        if block in {"write", "read_only", _FLOOD}
    }
    if filled:
        yield blocker(
            title=f"Documents would be refused by {listed(filled)}: writes are blocked there",
            evidence="; ".join(f"{name}: index.blocks.{block}" for name, block in list(filled.items())[:5]),
            why="A user has set it, or a disk was full: every document sent there is rejected.",
            fix="Find out why, make room if a disk was full, then lift it:",
            copy=without_block(filled.items()),
            link=WATERMARKS,
            subjects=tuple(filled),
        )
    flooded = tuple(
        index.name for index in draft.destination_indices if _FLOOD in index.blocks and index.name not in filled
    )
    if flooded:
        yield warning(
            title=f"A disk of the destination was full: {listed(flooded)} refuse writes since",
            evidence="index.blocks.read_only_allow_delete: true",
            why="A node passed the flood stage; it may happen again while documents arrive.",
            fix="Make room first. From 7.4 on the block goes by itself then; before, lift it:",
            copy=without_block((name, _FLOOD) for name in flooded),
            link=WATERMARKS,
            subjects=flooded,
        )


@waivable
def largest_shard(draft: Draft) -> Iterator[Finding]:
    """Whether one shard is larger than the room on any single node, though all nodes together have enough."""
    facts = draft.destination_facts
    if facts is None or facts.disk is None or facts.disk.roomiest is None or facts.data_nodes < 2:
        return
    roomiest = facts.disk.roomiest
    large = {
        index.name: shard
        for index in expected_indices(draft)
        if index.primary_bytes and (shard := index.primary_bytes // max(1, index.shards)) > roomiest
    }
    if large:
        yield blocker(
            title=f"No single node has room for a shard of {listed(large)}",
            evidence=f"{size(max(large.values()))} a shard, {size(roomiest)} before the low watermark on the node that "
            "has most",
            why="A shard lives on one node, and cannot be spread over several.",
            fix="Give a node more disk, or more primary shards to the index in the plan.",
            link=WATERMARKS,
            subjects=tuple(large),
        )
