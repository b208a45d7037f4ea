"""Whether the nodes of the destination may hold the restored shards.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-restore-snapshot.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.snapshot import Mount
from esmigrate_tui.model.text import counted, listed
from esmigrate_tui.preflight.allocation import ALLOCATION, hindrances, restored_settings
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning
from esmigrate_tui.preflight.repository import snapshot_indices
from esmigrate_tui.preflight.room_needed import replicas_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.snapshot import SnapshotFacts

_FILTERING: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/shard-allocation-filtering.html"


@waivable
async def allocation_settings(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether some node of the destination may hold each index, by the settings that the index brings along."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None or not draft.selected:
        return
    if wanted.mount is Mount.SHARED_CACHE:
        return
    nodes = await clusters.destination.surroundings.nodes()
    source = clusters.source
    settings_of = await source.surroundings.index_settings(f"{ALLOCATION}*") if source is not None else None
    if nodes is None or settings_of is None:
        yield note(
            title="Where the indices want their shards cannot be seen "
            + ("without the source" if settings_of is None else "on the destination"),
            why="An index brings its allocation settings along; where no node fits, its restore hangs.",
            fix="Nothing has to be done: the run says so if it happens. To be sure, ignore these settings:",
            copy=f"{ALLOCATION}*",
            link=_FILTERING,
        )
        return
    shards = primary_shards(draft, snapshot)
    hindered: dict[str, tuple[str, ...]] = {}
    for one in (one for name in draft.selected for one in snapshot_indices(snapshot, name)):
        settings = restored_settings(settings_of.get(one, {}), wanted)
        if found := hindrances(settings, nodes, shards.get(one)):
            hindered[one] = found
    if not hindered:
        yield passed(title="The destination has nodes for every chosen index, by its allocation settings")
        return
    reasons = tuple(dict.fromkeys(reason for found in hindered.values() for reason in found))
    keys = tuple(dict.fromkeys(part.partition(":")[0] for reason in reasons for part in reason.split("; ")))
    yield blocker(
        title=f"No node of the destination may hold {listed(hindered)}",
        evidence="; ".join(reasons[:5]),
        why="An index brings its allocation settings along: its shards would wait for a node that does not exist, and "
        "the restore would hang.",
        fix="Ignore these settings when restoring, or give a node of the destination the attribute or role:",
        copy="\n".join(keys),
        link=_FILTERING,
        subjects=tuple(hindered),
    )


@check
def replicas_beyond_nodes(draft: Draft) -> Iterator[Finding]:
    """Whether indices bring more replicas than the destination has nodes for."""
    facts = draft.destination_facts
    if facts is None or not facts.data_nodes or draft.restoration is None:
        return
    most = facts.data_nodes - 1
    known = {name for index in draft.source_indices for name in (index.name, index.data_stream)}
    replicas = replicas_of(draft, draft.chosen)
    many = tuple(name for name, amount in replicas.items() if name in known and amount > most)
    if many:
        yield note(
            title=f"More replicas than the destination has nodes for, so yellow after the restore: {listed(many)}",
            evidence=counted(facts.data_nodes, "data node"),
            why="A replica is never on the node of its primary; the documents are all there without it.",
            fix="Override the setting when restoring, or leave it:",
            copy=f"index.number_of_replicas={most}",
            subjects=many,
        )


@check
async def analysis_parts(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether chosen indices define analysers, and the destination lacks a part for them that the source has."""
    snapshot, wanted = draft.snapshot, draft.restoration
    source, destination = draft.source_facts, draft.destination_facts
    if snapshot is None or wanted is None or source is None or destination is None or clusters.source is None:
        return
    theirs, ours = {*source.modules, *source.plugins}, {*destination.modules, *destination.plugins}
    lacking = tuple(sorted(part for part in theirs - ours if part.startswith("analysis-")))
    if not lacking or not draft.selected:
        return
    settings = await clusters.source.surroundings.index_settings("index.analysis.*") or {}
    chosen = tuple(one for name in draft.selected for one in snapshot_indices(snapshot, name) if one in settings)
    if chosen:
        yield warning(
            title=f"The destination lacks {listed(lacking)}, and analysers are defined by {listed(chosen)}",
            evidence="; ".join(
                sorted({value for name in chosen for key, value in settings[name].items() if ".type" in key})
            ),
            why="An index whose analyser needs a missing part stays red: no node can open its shards.",
            fix="Install the same analysis plugins on every node of the destination, or leave these indices out.",
            link="https://www.elastic.co/guide/en/elasticsearch/plugins/current/analysis.html",
            subjects=chosen,
        )


def primary_shards(draft: Draft, snapshot: SnapshotFacts) -> dict[str, int]:
    """Primary shards of the indices in the snapshot, those left out of which neither it nor the source says."""
    in_snapshot = {one.name: one.shards for one in snapshot.details if one.shards is not None}
    return {index.name: index.shards for index in draft.source_indices} | in_snapshot
