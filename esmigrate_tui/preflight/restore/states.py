"""What restoring the global state, or the state of a feature, replaces on the destination.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-restore-snapshot.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.features import Features
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.text import listed, number
from esmigrate_tui.preflight.check import blocker, note, waivable, warning
from esmigrate_tui.preflight.repository import GUIDE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft

_FEATURE_STATES: Final = (
    "https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshot-restore.html#feature-state"
)
_INTERNAL: Final = (".security", ".kibana", ".tasks", ".fleet", ".async-search", ".watches", ".triggered_watches")


@waivable
async def global_state_overwrites(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """What the global state of the snapshot would replace on the destination."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None or not wanted.global_state:
        return
    if snapshot.global_state is False:
        yield blocker(
            title=f"The snapshot {snapshot.name} has no global state",
            evidence="include_global_state: false",
            why="It was taken without, so there is none to restore.",
            fix="Leave the global state out, or choose a snapshot that has it.",
        )
        return
    there = await clusters.destination.surroundings.global_state()
    kinds = "; ".join(f"{kind}: {listed(names)}" for kind, names in there.items())
    yield warning(
        title="The global state replaces "
        + (", ".join(f"{number(len(names))} {kind}" for kind, names in there.items()) or "settings and templates")
        + " of the destination",
        evidence=kinds,
        why="Persistent settings, templates, pipelines and policies of the destination give way to the snapshot's, "
        "also those that the snapshot does not have.",
        fix="Leave the global state out unless the destination is to become what the source was.",
        link=GUIDE,
    )


@waivable
async def feature_states_lock_out(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """What restoring the indices of Elasticsearch's and Kibana's own features does to those who use them."""
    snapshot, facts = draft.snapshot, draft.destination_facts
    if snapshot is None or facts is None:
        return
    chosen = frozenset(draft.feature_states)
    by_name = tuple(name for name in draft.selected if name.startswith(_INTERNAL))
    async for finding in _unknown_features(draft, clusters):
        yield finding
    if by_name and Features.of_cluster(facts).restores_features_only:
        yield blocker(
            title=f"{facts.version} restores these only with their feature: {listed(by_name)}",
            why="From 8.0 on internal indices come back with the state of the feature that they belong to, never by "
            "name.",
            fix="Leave them out. A snapshot from 7.12 or newer holds them as feature states, which can be chosen.",
            link=_FEATURE_STATES,
            subjects=by_name,
        )
    if "security" in chosen or any(name.startswith(".security") for name in by_name):
        yield await _locked_out(clusters)
    if chosen & {"kibana", "fleet"} or any(name.startswith(".kibana") for name in by_name):
        yield warning(
            title="What Kibana keeps on the destination will be replaced",
            why="Dashboards, spaces and rules there give way to the snapshot's, which only its own Kibana reads.",
            fix="Use the Kibana version of the source, stop Kibana before the run, and start it again after.",
            link=_FEATURE_STATES,
        )
    if "fleet" in chosen and "kibana" not in chosen:
        yield warning(
            title="Fleet is chosen without Kibana",
            why="Each holds a part of what the other needs: agents and their policies no longer fit together.",
            fix="Choose the feature state kibana as well, from the same snapshot.",
            link=_FEATURE_STATES,
        )
    others = tuple(sorted(chosen - {"security", "kibana", "fleet"}))
    if others:
        yield note(
            title=f"Internal indices of the destination will be replaced: {listed(others)}",
            evidence="; ".join(
                f"{one.name}: {listed(one.indices)}" for one in snapshot.feature_states if one.name in others
            ),
            why="The server closes and overwrites what these features keep on the destination.",
            link=_FEATURE_STATES,
        )


async def _unknown_features(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Chosen feature states that the snapshot does not hold, or the destination does not know."""
    if not draft.feature_states or draft.snapshot is None:
        return
    in_snapshot = {state.name for state in draft.snapshot.feature_states}
    known = await clusters.destination.snapshots.features()
    for where, names in (
        ("the snapshot does not hold", [one for one in draft.feature_states if one not in in_snapshot]),
        ("the destination does not know", [one for one in draft.feature_states if one not in known]),
    ):
        if names:
            yield blocker(
                title=f"Feature states that {where}: {listed(names)}",
                why="The server would refuse the restore.",
                fix="Leave them out.",
                copy="GET _features",
                link=_FEATURE_STATES,
                subjects=tuple(names),
            )


async def _locked_out(clusters: Clusters) -> Finding:
    """Restored users and passwords replace those of the destination, also those of the signed-in user."""
    realm = await clusters.destination.surroundings.realm()
    is_safe = realm == "file"
    known_by = f"You are signed in by the realm {realm}" if realm else "Which realm knows you could not be seen"
    return Finding(
        severity=Severity.NOTE if is_safe else Severity.WARNING,
        title="Users, roles and API keys of the destination will be replaced"
        + ("; you keep access" if is_safe else "; you may lock yourself out"),
        evidence=f"{known_by}.",
        why="After the restore the passwords and keys of the source are valid, and the destination's are not, also "
        "not that of the user elastic."
        if not is_safe
        else "Users of the file realm are kept outside of the restored index.",
        fix="Nothing has to be done."
        if is_safe
        else "Make a superuser in the file realm of every node of the destination, and sign in as that one:",
        copy="" if is_safe else "bin/elasticsearch-users useradd rescue -r superuser",
        link="https://www.elastic.co/guide/en/elasticsearch/reference/current/file-realm.html",
    )
