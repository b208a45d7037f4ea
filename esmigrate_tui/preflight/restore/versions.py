"""Whether the destination reads what the versions wrote that made the chosen indices.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-restore-snapshot.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.features import Features
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.snapshot import Mount
from esmigrate_tui.model.text import listed
from esmigrate_tui.preflight.check import check, passed, warning
from esmigrate_tui.preflight.destination import expected_indices
from esmigrate_tui.preflight.repository import GUIDE, snapshot_indices
from esmigrate_tui.preflight.restorable import Restorability, RestoreJudgement, judge_restorability

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft

_COMPATIBILITY: Final = GUIDE + "#snapshot-restore-version-compatibility"
_ARCHIVE: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/archive-indices.html"


async def _judged(draft: Draft, clusters: Clusters) -> dict[str, RestoreJudgement]:
    """What can be said of each chosen index; of all of them before one is chosen."""
    snapshot, facts, wanted = draft.snapshot, draft.destination_facts, draft.restoration
    if snapshot is None or facts is None:
        return {}
    licence = await clusters.destination.surroundings.licence() or ""
    marks = await _marks(clusters.source) if Features.of_cluster(facts).reads_marked_indices else None
    mount = wanted.mount if wanted is not None else Mount.NONE
    found: dict[str, RestoreJudgement] = {}
    created = {index.name: index.created for index in draft.source_indices}
    for state in snapshot.feature_states:
        if state.name in draft.feature_states:
            oldest = min((one for name in state.indices if (one := created.get(name)) is not None), default=None)
            found[f"the feature state {state.name}"] = judge_restorability(oldest, snapshot, facts, licence=licence)
    for index in expected_indices(draft):
        marked = None
        if marks is not None and index.created is not None:
            marked = all(name in marks for name in snapshot_indices(snapshot, index.name))
        found[index.name] = judge_restorability(
            index.created, snapshot, facts, licence=licence, mount=mount, marked_read_only=marked
        )
    return found


async def _marks(source: Cluster | None) -> frozenset[str] | None:
    """The indices of the source that carry a verified write block; None where nobody can say."""
    if source is None:
        return None
    settings = await source.surroundings.index_settings("index.verified_read_only", "index.blocks.write")
    if settings is None:
        return None
    both = ("index.verified_read_only", "index.blocks.write")
    return frozenset(name for name, each in settings.items() if all(each.get(key) == "true" for key in both))


def _by_why(judged: dict[str, RestoreJudgement], verdict: Restorability) -> dict[str, tuple[str, ...]]:
    """The indices of a verdict, by the reason."""
    found: dict[str, list[str]] = {}
    for name, one in judged.items():
        if one.verdict is verdict:
            found.setdefault(one.why, []).append(name)
    return {why: tuple(names) for why, names in found.items()}


@check
async def restorable_versions(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the destination reads what the versions wrote that made the chosen indices, and the snapshot."""
    judged = await _judged(draft, clusters)
    if not judged or draft.destination_facts is None:
        return
    here = draft.destination_facts.version
    refused = _by_why(judged, Restorability.NO)
    blocks = bool(draft.selected or draft.feature_states) or sum(len(names) for names in refused.values()) == len(
        judged
    )
    for why, names in refused.items():
        yield Finding(
            severity=Severity.BLOCKER if blocks else Severity.NOTE,
            title=f"{here} cannot restore {listed(names)}",
            evidence=why,
            why="A cluster restores what its own and the previous major version made, and never a newer snapshot.",
            fix=_way_out(judged[names[0]], draft),
            link=_COMPATIBILITY,
            subjects=names,
        )
    for why, names in _by_why(judged, Restorability.UNKNOWN).items():
        yield warning(
            title=f"Whether {here} can restore {listed(names)} cannot be known",
            evidence=why,
            why="The server says so when the restore is asked for, and refuses it before anything is written.",
            fix="Ask a colleague who knows when these indices were created, or give a source that still has them. "
            f"Where it is refused: {_way_out(judged[names[0]], draft)}",
            link=_COMPATIBILITY,
            subjects=names,
        )
    if all(one.verdict is Restorability.YES for one in judged.values()):
        yield passed(title=f"{here} reads what the versions wrote that made the indices")


def _way_out(judged: RestoreJudgement, draft: Draft) -> str:
    """The method that works, and what it takes."""
    way = judged.instead
    if not way:
        return "Leave these out."
    if draft.source_facts is None:
        return (
            f"With a source that answers, {way}. Without one, restore them into a cluster of a version between first."
        )
    return f"{way[0].upper()}{way[1:]}."


@check
async def archive_licence(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether indices can only come back as archives, which are read-only and licensed."""
    judged = await _judged(draft, clusters)
    for why, names in _by_why(judged, Restorability.ARCHIVE).items():
        yield warning(
            title=f"Only as archives, read-only and slower to search: {listed(names)}",
            evidence=why,
            why="Indices this old are read in their old format: nothing can be added, and some fields not be searched.",
            fix=f"Accept it. To write to them again: {_way_out(judged[names[0]], draft)}",
            link=_ARCHIVE,
            subjects=names,
        )
