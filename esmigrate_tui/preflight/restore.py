"""What only matters when indices come back from a snapshot: versions, names, states, places for shards.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-restore-snapshot.html
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.ledger import PlannedChange, Request
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.snapshot import Mount, TakenNameRule
from esmigrate_tui.model.text import counted, number
from esmigrate_tui.preflight.allocation import ALLOCATION, full, hindrances, restored_settings
from esmigrate_tui.preflight.destination import (
    NOT_A_NAME,
    doubled,
    expected,
    held_in,
    is_no_name,
    setting_raised,
    some,
)
from esmigrate_tui.preflight.repository import GUIDE, held
from esmigrate_tui.preflight.restorable import Restorability, RestoreJudgement, judge
from esmigrate_tui.preflight.room_needed import replicas_of
from esmigrate_tui.preflight.waiving import waivable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import IndexFacts
    from esmigrate_tui.model.snapshot import RestoreOptions, SnapshotFacts

_COMPATIBILITY: Final = GUIDE + "#snapshot-restore-version-compatibility"
_ARCHIVE: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/archive-indices.html"
_FEATURE_STATES: Final = (
    "https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshot-restore.html#feature-state"
)
_FILTERING: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/shard-allocation-filtering.html"
_INTERNAL: Final = (".security", ".kibana", ".tasks", ".fleet", ".async-search", ".watches", ".triggered_watches")
_DEFAULT_CAP: Final = "40mb"
_CAP: Final = "indices.recovery.max_bytes_per_sec"
_LIFECYCLE: Final = "index.lifecycle.name"


# -- versions ----------------------------------------------------------------------------------------------------------


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
            found[f"the feature state {state.name}"] = judge(oldest, snapshot, facts, licence=licence)
    for index in expected(draft):
        marked = None
        if marks is not None and index.created is not None:
            marked = all(name in marks for name in held(snapshot, index.name))
        found[index.name] = judge(index.created, snapshot, facts, licence=licence, mount=mount, marked_read_only=marked)
    return found


async def _marks(source: Cluster | None) -> frozenset[str] | None:
    """The indices of the source that carry a verified write block; None where nobody can say."""
    if source is None:
        return None
    settings = await source.surroundings.index_settings("index.verified_read_only", "index.blocks.write")
    if settings is None:
        return None
    both = ("index.verified_read_only", "index.blocks.write")
    return frozenset(name for name, told in settings.items() if all(told.get(key) == "true" for key in both))


def _by_why(judged: dict[str, RestoreJudgement], verdict: Restorability) -> dict[str, tuple[str, ...]]:
    """The indices of a verdict, by the reason."""
    found: dict[str, list[str]] = {}
    for name, one in judged.items():
        if one.verdict is verdict:
            found.setdefault(one.why, []).append(name)
    return {why: tuple(names) for why, names in found.items()}


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
            check="restorable-versions",
            severity=Severity.BLOCKER if blocks else Severity.NOTE,
            title=f"{here} cannot restore {some(names)}",
            evidence=why,
            why="A cluster restores what its own and the previous major version made, and never a newer snapshot.",
            fix=_way_out(judged[names[0]], draft),
            link=_COMPATIBILITY,
            subjects=names,
        )
    for why, names in _by_why(judged, Restorability.UNKNOWN).items():
        yield Finding(
            check="restorable-versions",
            severity=Severity.WARNING,
            title=f"Whether {here} can restore {some(names)} cannot be known",
            evidence=why,
            why="The server says so when the restore is asked for, and refuses it before anything is written.",
            fix="Ask a colleague who knows when these indices were created, or give a source that still has them. "
            f"Where it is refused: {_way_out(judged[names[0]], draft)}",
            link=_COMPATIBILITY,
            subjects=names,
        )
    if all(one.verdict is Restorability.YES for one in judged.values()):
        yield Finding(
            check="restorable-versions",
            severity=Severity.PASSED,
            title=f"{here} reads what the versions wrote that made the indices",
        )


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


async def archive_licence(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether indices can only come back as archives, which are read-only and licensed."""
    judged = await _judged(draft, clusters)
    for why, names in _by_why(judged, Restorability.ARCHIVE).items():
        yield Finding(
            check="archive-licence",
            severity=Severity.WARNING,
            title=f"Only as archives, read-only and slower to search: {some(names)}",
            evidence=why,
            why="Indices this old are read in their old format: nothing can be added, and some fields not be searched.",
            fix=f"Acknowledge it. To write to them again: {_way_out(judged[names[0]], draft)}",
            link=_ARCHIVE,
            subjects=names,
        )


# -- names -------------------------------------------------------------------------------------------------------------


def landing(draft: Draft, snapshot: SnapshotFacts, name: str) -> dict[str, str]:
    """The indices of the destination that come of one chosen name, each with its name in the snapshot."""
    if name not in snapshot.data_streams:
        return {draft.target(name): name}
    old, new = f".ds-{name}", f".ds-{draft.target(name)}"
    return {new + one.removeprefix(old): one for one in held(snapshot, name)}


def _shards(draft: Draft, snapshot: SnapshotFacts) -> dict[str, int]:
    """Primary shards of the indices in the snapshot, those left out of which neither it nor the source says."""
    told = {one.name: one.shards for one in snapshot.details if one.shards is not None}
    return {index.name: index.shards for index in draft.source_indices} | told


class _TakenNames:
    """The names on the destination that a restore would meet, sorted by what becomes of them."""

    def __init__(self, draft: Draft, snapshot: SnapshotFacts) -> None:
        self.blocked: dict[str, str] = {}
        self.other_shards: dict[str, str] = {}
        self.unknown_shards: list[str] = []
        self.partly: list[str] = []
        self.lost: dict[str, int | None] = {}
        self._draft, self._snapshot = draft, snapshot
        self._shards = _shards(draft, snapshot)
        self._failed = {failure.index for failure in snapshot.failures}
        self._there = {index.name: index for index in draft.destination_indices}
        self._aliases = {alias: index.name for index in draft.destination_indices for alias in index.aliases}
        self._streams: dict[str, list[IndexFacts]] = {}
        for index in draft.destination_indices:
            if index.data_stream:
                self._streams.setdefault(index.data_stream, []).append(index)
        for name in draft.selected:
            self._look_at(name)

    def _look_at(self, name: str) -> None:
        target = self._draft.target(name)
        if target in self._streams:
            backing = self._streams[target]
            if self._draft.in_the_way.get(target) is not TakenNameRule.DELETE:
                self.blocked[target] = "data stream"
            elif any(index.documents is None for index in backing):
                self.lost[target] = None
            else:
                self.lost[target] = sum(index.documents or 0 for index in backing)
            return
        if target in self._aliases:
            self.blocked[target] = f"alias of {self._aliases[target]}"
        for one, origin in landing(self._draft, self._snapshot, name).items():
            if one in self._there:
                self._meet(self._there[one], origin)

    def _meet(self, index: IndexFacts, origin: str) -> None:
        way = self._draft.in_the_way.get(index.name)
        if way is None:
            self.blocked[index.name] = f"index, {held_in(index)}"
            return
        if way is TakenNameRule.CLOSE:
            shards = self._shards.get(origin)
            if origin in self._failed:
                self.partly.append(index.name)
                return
            if shards is None:
                self.unknown_shards.append(index.name)
            elif shards != index.shards:
                self.other_shards[index.name] = f"{index.shards} there, {shards} in the snapshot"
                return
        self.lost[index.name] = index.documents


async def open_indices_in_the_way(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:  # noqa: ARG001  # the contract of a check
    """Whether a name that will be restored is taken on the destination, and what is lost where that was allowed."""
    snapshot = draft.snapshot
    if snapshot is None:
        return
    name_of_check = "open-indices-in-the-way"
    taken = _TakenNames(draft, snapshot)
    if taken.blocked:
        yield Finding(
            check=name_of_check,
            severity=Severity.BLOCKER,
            title=f"{counted(len(taken.blocked), 'name')} on the destination taken: {some(tuple(taken.blocked))}",
            evidence="; ".join(f"{name}: {what}" for name, what in list(taken.blocked.items())[:5]),
            why="A restore is refused over an open index, and overwrites a closed one.",
            fix="Give these indices another name on the destination, leave them out, or say that what is there is to "
            "be closed or deleted.",
            subjects=tuple(taken.blocked),
        )
    if taken.other_shards:
        yield Finding(
            check=name_of_check,
            severity=Severity.BLOCKER,
            title=f"With another number of shards than in the snapshot: {some(tuple(taken.other_shards))}",
            evidence="; ".join(f"{name}: {what}" for name, what in list(taken.other_shards.items())[:5]),
            why="Only a closed index with as many primary shards can be restored into.",
            fix="Give these indices another name on the destination, or say that what is there is to be deleted.",
            subjects=tuple(taken.other_shards),
        )
    if taken.partly:
        yield Finding(
            check=name_of_check,
            severity=Severity.BLOCKER,
            title=f"Not whole in the snapshot, and their names are taken: {some(tuple(taken.partly))}",
            why="Parts of an index are never restored into one that is there, even a closed one.",
            fix="Give these indices another name on the destination, or say that what is there is to be deleted.",
            subjects=tuple(taken.partly),
        )
    if taken.unknown_shards:
        yield Finding(
            check=name_of_check,
            severity=Severity.WARNING,
            title=f"With as many shards as in the snapshot, or not: unknown of {some(tuple(taken.unknown_shards))}",
            why="Only a closed index with as many primary shards can be restored into; else the server refuses it.",
            fix="Give them another name, or say that what is there is to be deleted, to be sure.",
            subjects=tuple(taken.unknown_shards),
        )
    if taken.lost:
        told = [f"{name}: {_documents(amount)}" for name, amount in taken.lost.items()]
        yield Finding(
            check=name_of_check,
            severity=Severity.WARNING,
            title=f"What is in {counted(len(taken.lost), 'index', 'indices')} of the destination will be lost: "
            f"{some(tuple(told))}",
            evidence="; ".join(f"{name}: {draft.in_the_way[name]}" for name in list(taken.lost)[:5]),
            why="A deleted index cannot be restored, and a closed one is overwritten by the restore.",
            fix="Acknowledge it only if nobody needs these documents, or give the restored indices another name.",
            subjects=tuple(taken.lost),
        )
    unfit = tuple(_unfit_names(draft, snapshot))
    for finding in unfit:
        yield finding
    if draft.selected and not (taken.blocked or taken.other_shards or taken.partly or taken.lost or unfit):
        yield Finding(check=name_of_check, severity=Severity.PASSED, title="No chosen name is taken on the destination")


def _documents(amount: int | None) -> str:
    return "closed, nobody knows how many documents" if amount is None else counted(amount, "document")


def _unfit_names(draft: Draft, snapshot: SnapshotFacts) -> Iterable[Finding]:
    """Names that no index can have, that two would get, or that aliases of the chosen ones have already."""
    check = "open-indices-in-the-way"
    impossible = tuple(name for name in draft.selected if name in draft.renamed and is_no_name(draft.target(name)))
    if impossible:
        yield Finding(
            check=check,
            severity=Severity.BLOCKER,
            title=f"No index can have such a name: {some(tuple(draft.target(name) for name in impossible))}",
            why=NOT_A_NAME,
            fix="Give these indices another name on the destination.",
            subjects=impossible,
        )
    if twice := doubled(draft):
        yield Finding(
            check=check,
            severity=Severity.BLOCKER,
            title=f"Several indices would get one name: {some(twice)}",
            why="Only one of them can be restored under it.",
            fix="Give each its own name on the destination.",
            subjects=twice,
        )
    if draft.restoration is None or not draft.restoration.aliases:
        return
    names = {index.name for index in draft.destination_indices}
    names |= {one for name in draft.selected for one in landing(draft, snapshot, name)}
    clashing = tuple(sorted({alias for index in draft.chosen for alias in index.aliases if alias in names}))
    if clashing:
        yield Finding(
            check=check,
            severity=Severity.BLOCKER,
            title=f"Aliases of the chosen indices are names of indices: {some(clashing)}",
            why="An alias cannot have the name of an index, and the restore would be refused.",
            fix="Restore without aliases, or under other names.",
            subjects=clashing,
        )


@waivable
async def data_stream_templates(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the destination has a template for every chosen data stream, which it needs to go on growing."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None:
        return
    streams = {name: draft.target(name) for name in draft.selected if name in snapshot.data_streams}
    if not streams:
        return
    templates = await clusters.destination.surroundings.index_templates()
    if templates is None:
        yield Finding(
            check="data-stream-templates",
            severity=Severity.WARNING,
            title="Whether the data streams have a template on the destination could not be seen",
            why="Without a matching template a data stream cannot begin a new index.",
            fix="Look at it yourself:",
            copy="GET _index_template",
        )
        return
    patterns = [pattern for one in templates if one.makes_streams for pattern in one.patterns]
    bare = tuple(
        name for name, target in streams.items() if not any(fnmatchcase(target, pattern) for pattern in patterns)
    )
    if not bare:
        yield Finding(
            check="data-stream-templates",
            severity=Severity.PASSED,
            title="Every chosen data stream has a template on the destination",
        )
    elif wanted.global_state:
        yield Finding(
            check="data-stream-templates",
            severity=Severity.NOTE,
            title=f"Without a template on the destination until the global state is restored: {some(bare)}",
            why="The templates of the source come with the global state.",
            subjects=bare,
        )
    else:
        target = streams[bare[0]]
        yield Finding(
            check="data-stream-templates",
            severity=Severity.BLOCKER,
            title=f"No template on the destination for {some(bare)}",
            why="A data stream without a matching template cannot begin a new index: it stops taking documents.",
            fix="Create the template on the destination first, as the source has it; it needs a data_stream object:",
            copy=f'PUT _index_template/{target}\n{{"index_patterns":["{target}*"],"data_stream":{{}},"priority":200}}',
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/set-up-a-data-stream.html",
            subjects=bare,
        )


@waivable
async def write_index_aliases(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether an alias would get a second index to write to, which the server refuses."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None or not wanted.aliases or not draft.selected:
        return
    theirs = await clusters.source.surroundings.write_aliases() if clusters.source is not None else None
    if theirs is None:
        yield Finding(
            check="write-index-aliases",
            severity=Severity.NOTE,
            title="Which aliases the snapshot's indices have cannot be seen without the source",
            why="They are restored along. Where one would get a second index to write to, the server refuses it.",
            fix="Nothing has to be done; or restore without aliases.",
        )
        return
    ours = await clusters.destination.surroundings.write_aliases() or {}
    chosen = {one for name in draft.selected for one in held(snapshot, name)}
    gone = {name for name, way in draft.in_the_way.items() if way is TakenNameRule.DELETE}
    replaced = {one for name in draft.selected for one in landing(draft, snapshot, name)}
    clashing = tuple(
        sorted(
            alias
            for alias, indices in theirs.items()
            if indices & chosen and ours.get(alias, frozenset()) - gone - replaced
        )
    )
    if clashing:
        yield Finding(
            check="write-index-aliases",
            severity=Severity.BLOCKER,
            title=f"A second index to write to would come to {some(clashing)}",
            evidence="; ".join(f"{alias}: {', '.join(sorted(ours[alias]))}" for alias in clashing[:5]),
            why="An alias has at most one index that is written to; the server refuses the whole restore.",
            fix="Restore without aliases, or take is_write_index off the one on the destination:",
            copy="\n".join(f"GET _alias/{alias}" for alias in clashing[:5]),
            subjects=clashing,
        )


# -- states ------------------------------------------------------------------------------------------------------------


@waivable
async def global_state_overwrites(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """What the global state of the snapshot would replace on the destination."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None or not wanted.global_state:
        return
    if snapshot.global_state is False:
        yield Finding(
            check="global-state-overwrites",
            severity=Severity.BLOCKER,
            title=f"The snapshot {snapshot.name} has no global state",
            evidence="include_global_state: false",
            why="It was made without, so there is none to restore.",
            fix="Leave the global state out, or choose a snapshot that has it.",
        )
        return
    there = await clusters.destination.surroundings.global_state()
    told = "; ".join(f"{kind}: {some(names)}" for kind, names in there.items())
    yield Finding(
        check="global-state-overwrites",
        severity=Severity.WARNING,
        title="The global state replaces "
        + (", ".join(f"{number(len(names))} {kind}" for kind, names in there.items()) or "settings and templates")
        + " of the destination",
        evidence=told,
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
        yield Finding(
            check="feature-states-lock-out",
            severity=Severity.BLOCKER,
            title=f"{facts.version} restores these only with their feature: {some(by_name)}",
            why="From 8.0 on internal indices come back with the state of the feature that they belong to, never by "
            "name.",
            fix="Leave them out. A snapshot from 7.12 or newer holds them as feature states, which can be chosen.",
            link=_FEATURE_STATES,
            subjects=by_name,
        )
    if "security" in chosen or any(name.startswith(".security") for name in by_name):
        yield await _locked_out(clusters)
    if chosen & {"kibana", "fleet"} or any(name.startswith(".kibana") for name in by_name):
        yield Finding(
            check="feature-states-lock-out",
            severity=Severity.WARNING,
            title="What Kibana keeps on the destination will be replaced",
            why="Dashboards, spaces and rules there give way to the snapshot's, which only its own Kibana reads.",
            fix="Use the Kibana version of the source, stop Kibana before the run, and start it again after.",
            link=_FEATURE_STATES,
        )
    if "fleet" in chosen and "kibana" not in chosen:
        yield Finding(
            check="feature-states-lock-out",
            severity=Severity.WARNING,
            title="Fleet is chosen without Kibana",
            why="Each holds a part of what the other needs: agents and their policies no longer fit together.",
            fix="Choose the feature state kibana as well, from the same snapshot.",
            link=_FEATURE_STATES,
        )
    others = tuple(sorted(chosen - {"security", "kibana", "fleet"}))
    if others:
        yield Finding(
            check="feature-states-lock-out",
            severity=Severity.NOTE,
            title=f"Internal indices of the destination will be replaced: {some(others)}",
            evidence="; ".join(
                f"{one.name}: {some(one.indices)}" for one in snapshot.feature_states if one.name in others
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
            yield Finding(
                check="feature-states-lock-out",
                severity=Severity.BLOCKER,
                title=f"Feature states that {where}: {some(tuple(names))}",
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
        check="feature-states-lock-out",
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


# -- places for shards -------------------------------------------------------------------------------------------------


@waivable
async def allocation_settings(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether some node of the destination may hold each index, by the settings that the index brings along."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None or not draft.selected:
        return
    if wanted.mount is Mount.SHARED_CACHE:
        return
    nodes = await clusters.destination.surroundings.nodes()
    told = await clusters.source.surroundings.index_settings(f"{ALLOCATION}*") if clusters.source is not None else None
    if nodes is None or told is None:
        yield Finding(
            check="allocation-settings",
            severity=Severity.NOTE,
            title="Where the indices want their shards cannot be seen "
            + ("without the source" if told is None else "on the destination"),
            why="An index brings its allocation settings along; where no node fits, its restore hangs.",
            fix="Nothing has to be done: the run says so if it happens. To be sure, ignore these settings:",
            copy=f"{ALLOCATION}*",
            link=_FILTERING,
        )
        return
    shards = _shards(draft, snapshot)
    hindered: dict[str, tuple[str, ...]] = {}
    for one in (one for name in draft.selected for one in held(snapshot, name)):
        settings = restored_settings(told.get(one, {}), wanted)
        if found := hindrances(settings, nodes, shards.get(one)):
            hindered[one] = found
    if not hindered:
        yield Finding(
            check="allocation-settings",
            severity=Severity.PASSED,
            title="The destination has nodes for every chosen index, by its allocation settings",
        )
        return
    reasons = tuple(dict.fromkeys(reason for found in hindered.values() for reason in found))
    keys = tuple(dict.fromkeys(part.partition(":")[0] for reason in reasons for part in reason.split("; ")))
    yield Finding(
        check="allocation-settings",
        severity=Severity.BLOCKER,
        title=f"No node of the destination may hold {some(tuple(hindered))}",
        evidence="; ".join(reasons[:5]),
        why="An index brings its allocation settings along: its shards would wait for a node that is not there, and "
        "the restore would hang.",
        fix="Ignore these settings when restoring, or give a node of the destination the attribute or role:",
        copy="\n".join(keys),
        link=_FILTERING,
        subjects=tuple(hindered),
    )


async def lifecycle_running(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether lifecycles of the destination would act on restored indices, or on the repository."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None or not draft.selected:
        return
    modes = await clusters.destination.surroundings.lifecycle()
    told = await clusters.source.surroundings.index_settings(_LIFECYCLE) if clusters.source is not None else None
    chosen = {one for name in draft.selected for one in held(snapshot, name)}
    for finding in judged_lifecycles(modes, told, chosen, wanted):
        yield finding


def judged_lifecycles(
    modes: Mapping[str, str],
    told: Mapping[str, Mapping[str, str]] | None,
    chosen: AbstractSet[str],
    wanted: RestoreOptions,
) -> tuple[Finding, ...]:
    """What it means that lifecycles ("ilm", "slm") are in these modes; `told` are the settings of the source's indices.

    None where the source cannot be asked.
    """
    found: list[Finding] = []
    managed = tuple(
        name
        for name in sorted(chosen)
        if told is not None and restored_settings(told.get(name, {}), wanted).get(_LIFECYCLE)
    )
    is_ignored = any(fnmatchcase(_LIFECYCLE, full(pattern)) for pattern in wanted.ignore_index_settings)
    if modes.get("ilm") == "RUNNING" and (managed or (told is None and not is_ignored)):
        whose = some(managed) if managed else "the restored indices, if they have a policy"
        found.append(
            Finding(
                check="lifecycle-running",
                severity=Severity.WARNING,
                title=f"Index lifecycles run on the destination, and will act on {whose}",
                evidence=f"operation_mode {modes['ilm']}",
                why="A policy goes by an index's age: it may be moved, shrunk or deleted soon after it is back.",
                fix=f"Ignore the setting {_LIFECYCLE}, or stop the lifecycles for the time of the run "
                "(POST _ilm/start after it):",
                copy="POST _ilm/stop",
                link="https://www.elastic.co/guide/en/elasticsearch/reference/current/start-stop-ilm.html",
                subjects=managed,
                repairs=(_stopped("ilm", "index"),),
            )
        )
    if modes.get("slm") == "RUNNING" and not wanted.repository.is_readonly:
        found.append(
            Finding(
                check="lifecycle-running",
                severity=Severity.WARNING,
                title="Snapshot lifecycles run on the destination, and may write to the repository",
                evidence=f"operation_mode {modes['slm']}",
                why="A retention rule may delete snapshots there, and two writers spoil a repository.",
                fix="Register the repository read-only, or stop them for the time of the run (POST _slm/start after "
                "it):",
                copy="POST _slm/stop",
                link="https://www.elastic.co/guide/en/elasticsearch/reference/current/slm-api-stop.html",
                repairs=(_stopped("slm", "snapshot"),),
            )
        )
    return tuple(found)


def _stopped(kind: str, of: str) -> PlannedChange:
    """The lifecycles of the destination stopped, to be started again."""
    return PlannedChange(
        side=Side.DESTINATION,
        what=f"the {of} lifecycles are stopped",
        made_by=Request(method="POST", path=f"/_{kind}/stop"),
        undo=Request(method="POST", path=f"/_{kind}/start"),
    )


async def replicas_beyond_nodes(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:  # noqa: ARG001  # the contract of a check
    """Whether indices bring more replicas than the destination has nodes for."""
    facts = draft.destination_facts
    if facts is None or not facts.data_nodes or draft.restoration is None:
        return
    most = facts.data_nodes - 1
    known = {name for index in draft.source_indices for name in (index.name, index.data_stream)}
    replicas = replicas_of(draft, draft.chosen)
    many = tuple(name for name, amount in replicas.items() if name in known and amount > most)
    if many:
        yield Finding(
            check="replicas-beyond-nodes",
            severity=Severity.NOTE,
            title=f"More replicas than the destination has nodes for, so yellow after the restore: {some(many)}",
            evidence=counted(facts.data_nodes, "data node"),
            why="A replica is never on the node of its primary; the documents are all there without it.",
            fix="Override the setting when restoring, or leave it:",
            copy=f"index.number_of_replicas={most}",
            subjects=many,
        )


async def speed_caps(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """What keeps a restore from being faster."""
    wanted = draft.restoration
    if wanted is None:
        return
    try:
        settings = await clusters.destination.cluster_settings()
    except ProblemError:
        settings = {}
    cap = settings.get(_CAP, _DEFAULT_CAP)
    own = wanted.repository.settings.get("max_restore_bytes_per_sec", "")
    told = f"{_CAP} {cap}" + (f"; max_restore_bytes_per_sec of the repository {own}" if own else "")
    yield Finding(
        check="speed-caps",
        severity=Severity.NOTE,
        title=f"Each node restores at most {cap} a second" + (f", and reads at most {own}" if own else ""),
        evidence=told,
        why="A restore counts as a recovery, and recoveries are kept slow so that searches stay quick.",
        fix="Nothing has to be done. On a cluster that nobody uses yet it can be raised for the time of the run "
        "(null restores the default):",
        copy=f'PUT _cluster/settings\n{{"persistent":{{"{_CAP}":"200mb"}}}}',
        link="https://www.elastic.co/guide/en/elasticsearch/reference/current/recovery.html",
        repairs=await setting_raised(clusters, _CAP, "200mb"),
    )


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
    told = await clusters.source.surroundings.index_settings("index.analysis.*") or {}
    chosen = tuple(one for name in draft.selected for one in held(snapshot, name) if one in told)
    if chosen:
        yield Finding(
            check="analysis-parts",
            severity=Severity.WARNING,
            title=f"The destination lacks {some(lacking)}, and analysers are defined by {some(chosen)}",
            evidence="; ".join(
                sorted({value for name in chosen for key, value in told[name].items() if ".type" in key})
            ),
            why="An index whose analyser needs a part that is not there stays red: no node can open its shards.",
            fix="Install the same analysis plugins on every node of the destination, or leave these indices out.",
            link="https://www.elastic.co/guide/en/elasticsearch/plugins/current/analysis.html",
            subjects=chosen,
        )


@waivable
async def restore_privileges(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the signed-in user on the destination may restore, register, and clear what is in the way."""
    wanted = draft.restoration
    if wanted is None:
        return
    actions = ["cluster:admin/snapshot/restore", "cluster:admin/snapshot/get"]
    actions += ["cluster:admin/repository/put"] if wanted.register else []
    actions += ["cluster:admin/repository/delete"] if wanted.unregister else []
    ways = {TakenNameRule.CLOSE: "indices:admin/close", TakenNameRule.DELETE: "indices:admin/delete"}
    on_indices = {name: (ways[way],) for name, way in draft.in_the_way.items()}
    lacking = await clusters.destination.surroundings.lacking(actions, on_indices)
    if lacking:
        yield Finding(
            check="restore-privileges",
            severity=Severity.BLOCKER,
            title=f"You may not do this on the destination: {some(lacking)}",
            evidence="; ".join(lacking[:5]),
            why="The restore would be refused when it is asked for.",
            fix="Sign in as a user with the cluster privilege manage, and with manage on the indices that are in "
            "the way:",
            copy='POST _security/role/restorer\n{"cluster":["manage"],"indices":[{"names":["*"],'
            '"privileges":["manage","read","view_index_metadata"]}]}',
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/security-privileges.html",
        )
    elif lacking is not None:
        yield Finding(check="restore-privileges", severity=Severity.PASSED, title="You may restore on the destination")


async def cancel_deletes(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:  # noqa: ARG001  # the contract of a check
    """That stopping a restore takes away what it has half made."""
    if draft.selected or draft.feature_states:
        yield Finding(
            check="cancel-deletes",
            severity=Severity.NOTE,
            title="Stopping a restore deletes the indices that are only partly back",
            why="Elasticsearch knows no other way to stop one; indices that are whole by then stay.",
            fix="Nothing has to be done: stopping asks first, and names them.",
        )
