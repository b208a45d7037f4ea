"""Which names on the destination a restore would meet: indices, data streams, aliases.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-restore-snapshot.html
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from esmigrate_tui.model.names import INDEX_NAME_RULE, index_name_problem
from esmigrate_tui.model.snapshot import TakenNameRule
from esmigrate_tui.model.text import counted, listed
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning
from esmigrate_tui.preflight.destination import documents_in_words
from esmigrate_tui.preflight.repository import snapshot_indices
from esmigrate_tui.preflight.restore.allocation import primary_shards

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import IndexFacts
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.snapshot import SnapshotFacts


def landing(draft: Draft, snapshot: SnapshotFacts, name: str) -> dict[str, str]:
    """The indices of the destination that come of one chosen name, each with its name in the snapshot."""
    if name not in snapshot.data_streams:
        return {draft.target(name): name}
    old, new = f".ds-{name}", f".ds-{draft.target(name)}"
    return {new + one.removeprefix(old): one for one in snapshot_indices(snapshot, name)}


class _TakenNames:
    """The names on the destination that a restore would meet, sorted by what becomes of them."""

    def __init__(self, draft: Draft, snapshot: SnapshotFacts) -> None:
        self.blocked: dict[str, str] = {}
        self.other_shards: dict[str, str] = {}
        self.unknown_shards: list[str] = []
        self.partly: list[str] = []
        self.lost: dict[str, int | None] = {}
        self._draft, self._snapshot = draft, snapshot
        self._shards = primary_shards(draft, snapshot)
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
            self.blocked[index.name] = f"index, {documents_in_words(index)}"
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


@check
def open_indices_in_the_way(draft: Draft) -> Iterator[Finding]:
    """Whether a name that will be restored is taken on the destination, and what is lost where that was allowed."""
    snapshot = draft.snapshot
    if snapshot is None:
        return
    taken = _TakenNames(draft, snapshot)
    if taken.blocked:
        yield blocker(
            title=f"{counted(len(taken.blocked), 'name')} on the destination taken: {listed(taken.blocked)}",
            evidence="; ".join(f"{name}: {what}" for name, what in list(taken.blocked.items())[:5]),
            why="A restore is refused over an open index, and overwrites a closed one.",
            fix="Give these indices another name on the destination, leave them out, or say that what is there is to "
            "be closed or deleted.",
            subjects=tuple(taken.blocked),
        )
    if taken.other_shards:
        yield blocker(
            title=f"With another number of shards than in the snapshot: {listed(taken.other_shards)}",
            evidence="; ".join(f"{name}: {what}" for name, what in list(taken.other_shards.items())[:5]),
            why="Only a closed index with as many primary shards can be restored into.",
            fix="Give these indices another name on the destination, or choose to delete the existing ones.",
            subjects=tuple(taken.other_shards),
        )
    if taken.partly:
        yield blocker(
            title=f"Not whole in the snapshot, and their names are taken: {listed(taken.partly)}",
            why="Parts of an index are never restored into an existing one, even a closed one.",
            fix="Give these indices another name on the destination, or choose to delete the existing ones.",
            subjects=tuple(taken.partly),
        )
    if taken.unknown_shards:
        yield warning(
            title=f"With as many shards as in the snapshot, or not: unknown of {listed(taken.unknown_shards)}",
            why="Only a closed index with as many primary shards can be restored into; else the server refuses it.",
            fix="Give them another name, or choose to delete the existing ones, to be sure.",
            subjects=tuple(taken.unknown_shards),
        )
    if taken.lost:
        counts = [f"{name}: {_documents(amount)}" for name, amount in taken.lost.items()]
        yield warning(
            title=f"What is in {counted(len(taken.lost), 'index', 'indices')} of the destination will be lost: "
            f"{listed(counts)}",
            evidence="; ".join(f"{name}: {draft.in_the_way[name]}" for name in list(taken.lost)[:5]),
            why="A deleted index cannot be restored, and a closed one is overwritten by the restore.",
            fix="Accept it only if nobody needs these documents, or give the restored indices another name.",
            subjects=tuple(taken.lost),
        )
    unfit = tuple(_unfit_names(draft, snapshot))
    yield from unfit
    if draft.selected and not (taken.blocked or taken.other_shards or taken.partly or taken.lost or unfit):
        yield passed(title="No chosen name is taken on the destination")


def _documents(amount: int | None) -> str:
    return "closed, nobody knows how many documents" if amount is None else counted(amount, "document")


def _unfit_names(draft: Draft, snapshot: SnapshotFacts) -> Iterable[Finding]:
    """Names that no index can have, that two would get, or that aliases of the chosen ones have already."""
    impossible = tuple(
        name for name in draft.selected if name in draft.renamed and index_name_problem(draft.target(name))
    )
    if impossible:
        yield blocker(
            title=f"No index can have such a name: {listed(draft.target(name) for name in impossible)}",
            why=INDEX_NAME_RULE,
            fix="Give these indices another name on the destination.",
            subjects=impossible,
        )
    if twice := draft.shared_targets():
        yield blocker(
            title=f"Several indices would get one name: {listed(twice)}",
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
        yield blocker(
            title=f"Aliases of the chosen indices are names of indices: {listed(clashing)}",
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
        yield warning(
            title="Whether the data streams have a template on the destination could not be seen",
            why="Without a matching template a data stream cannot begin a new index.",
            fix="Check it yourself:",
            copy="GET _index_template",
        )
        return
    patterns = [pattern for one in templates if one.makes_streams for pattern in one.patterns]
    bare = tuple(
        name for name, target in streams.items() if not any(fnmatchcase(target, pattern) for pattern in patterns)
    )
    if not bare:
        yield passed(title="Every chosen data stream has a template on the destination")
    elif wanted.global_state:
        yield note(
            title=f"Without a template on the destination until the global state is restored: {listed(bare)}",
            why="The templates of the source come with the global state.",
            subjects=bare,
        )
    else:
        target = streams[bare[0]]
        yield blocker(
            title=f"No template on the destination for {listed(bare)}",
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
        yield note(
            title="Which aliases the snapshot's indices have cannot be seen without the source",
            why="They are restored along. Where one would get a second index to write to, the server refuses it.",
            fix="Nothing has to be done; or restore without aliases.",
        )
        return
    ours = await clusters.destination.surroundings.write_aliases() or {}
    chosen = {one for name in draft.selected for one in snapshot_indices(snapshot, name)}
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
        yield blocker(
            title=f"A second index to write to would come to {listed(clashing)}",
            evidence="; ".join(f"{alias}: {', '.join(sorted(ours[alias]))}" for alias in clashing[:5]),
            why="An alias has at most one index that is written to; the server refuses the whole restore.",
            fix="Restore without aliases, or take is_write_index off the one on the destination:",
            copy="\n".join(f"GET _alias/{alias}" for alias in clashing[:5]),
            subjects=clashing,
        )
