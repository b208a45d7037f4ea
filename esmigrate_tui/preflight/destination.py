"""Whether the destination can take what was chosen: health, blocks, room, shards, names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.facts import Health, IndexState, with_streams
from esmigrate_tui.model.ledger import PlannedChange, Request
from esmigrate_tui.model.names import INDEX_NAME_RULE, index_name_problem
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import counted, listed, number, size
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning
from esmigrate_tui.preflight.room_needed import bytes_needed, planned_shards, replicas_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import IndexFacts
    from esmigrate_tui.model.finding import Finding

_TIGHT: Final = 0.8
WATERMARKS: Final = (
    "https://www.elastic.co/guide/en/elasticsearch/reference/current/modules-cluster.html#disk-based-shard-allocation"
)
_BLOCKS: Final = {True: "read_only_allow_delete", False: "read_only"}
_NAMED: Final = 5


def expected_indices(draft: Draft) -> tuple[IndexFacts, ...]:
    """The chosen indices; before anything is chosen, all that could be: the worst case."""
    if draft.feature_states or (draft.restoration is not None and draft.restoration.global_state):
        return draft.chosen
    return draft.chosen or tuple(
        index for index in draft.offered if not (index.is_system or index.hidden or index.backs_stream)
    )


def documents_in_words(index: IndexFacts) -> str:
    """What an index holds, in words: nobody knows it of a closed one."""
    return "closed" if index.state is IndexState.CLOSED else counted(index.documents or 0, "document")


@waivable
def destination_health(draft: Draft) -> Iterator[Finding]:
    """Whether the destination is green or yellow."""
    facts = draft.destination_facts
    if facts is None:
        return
    if facts.health is Health.RED:
        yield blocker(
            title="The destination is red: some of its primary shards are missing",
            evidence=f"{facts.name}: status {facts.health}",
            why="A cluster that has lost shards of its own should not be given more.",
            fix="Bring it back to green or yellow first; this request says which shards, and why:",
            copy="GET _cluster/allocation/explain",
        )
    elif facts.health is Health.UNKNOWN:
        yield warning(
            title="Whether the destination is healthy could not be seen",
            evidence=f"{facts.name} did not answer GET _cluster/health",
            why="A cluster that has lost shards of its own should not be given more.",
            fix="Sign in as a user with the cluster privilege monitor, or check it yourself:",
            copy="GET _cluster/health",
        )
    else:
        yield passed(title=f"The destination is {facts.health}")


@waivable
def destination_blocks(draft: Draft) -> Iterator[Finding]:
    """Whether the destination as a whole refuses writes."""
    facts = draft.destination_facts
    if facts is not None and facts.blocks:
        yield blocker(
            title="The destination is blocked and takes no writes",
            evidence="; ".join(facts.blocks),
            why="A block on the whole cluster refuses every index and every document.",
            fix="Find out who set it and why, then lift it, each block in a request of its own:",
            # Up to 6.8 a request that lifts one block is refused because of the other.
            copy="\n".join(
                f'PUT _cluster/settings\n{{"persistent":{{"cluster.blocks.{block}":null}}}}'
                for block in dict.fromkeys(_BLOCKS["delete" in each] for each in facts.blocks)
            ),
        )


@waivable
def room(draft: Draft) -> Iterator[Finding]:
    """Whether the chosen data fits below the destination's low disk watermark, with the replicas it will have."""
    facts = draft.destination_facts
    if facts is None or facts.disk is None:
        yield warning(
            title="How much room the destination has could not be seen",
            why="A disk that fills up stops every write on that cluster.",
            fix="Check it yourself:",
            copy="GET _cat/allocation?v",
        )
        return
    if draft.shipping is not None:
        yield note(
            title=f"{size(facts.disk.usable)} before the low watermark; how much will be sent is not known",
            why="The sender decides how much arrives, and a disk above the watermark refuses more.",
        )
        return
    needed = bytes_needed(draft, expected_indices(draft))
    measured = f"{size(needed)} to move, {size(facts.disk.usable)} before the low watermark"
    free = f"{size(facts.disk.free)} free of {size(facts.disk.total)} on the destination's data nodes"
    if facts.disk.before_flood is not None:
        free += f", {size(facts.disk.before_flood)} before the flood stage"
    if needed > facts.disk.usable:
        yield blocker(
            title=f"No room: {measured}",
            evidence=free,
            why="Above the watermarks a cluster first places no more shards and then refuses every write.",
            fix="Give the destination more disk, choose fewer indices, or free some room.",
            link=WATERMARKS,
        )
    elif needed > facts.disk.usable * _TIGHT:
        yield warning(
            title=f"Little room: {measured}",
            evidence=free,
            why="An index can take more room on another version, and merging needs some for a while.",
            fix="Give the destination more disk, or watch it during the run.",
            link=WATERMARKS,
        )
    else:
        yield passed(title=f"Room enough: {measured}")


@waivable
async def shard_limit(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the destination's limit of open shards leaves room for those to be made."""
    facts = draft.destination_facts
    if facts is None or facts.open_shards is None or not facts.max_shards_per_node:
        return
    limit = facts.max_shards_per_node * max(1, facts.data_nodes)
    indices = expected_indices(draft)
    replicas, made = replicas_of(draft, indices), planned_shards(draft)
    more = sum(made.get(index.name, (index.shards, 0))[0] * (1 + replicas[index.name]) for index in indices)
    measured = f"{number(facts.open_shards)} open, {number(more)} to be made, {number(limit)} allowed"
    if facts.open_shards + more > limit:
        raised = needed_limit(facts.open_shards, more, facts.data_nodes)
        yield blocker(
            title=f"Too many shards for the destination: {measured}",
            why="It refuses to create an index beyond its limit of open shards.",
            fix="Choose fewer indices, add data nodes, or raise the limit for a while:",
            copy=f'PUT _cluster/settings\n{{"persistent":{{"cluster.max_shards_per_node":{raised}}}}}',
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/misc-cluster-settings.html",
            repairs=await setting_raised(clusters, "cluster.max_shards_per_node", raised),
        )
    else:
        yield passed(title=f"Shards: {measured}")


def needed_limit(there: int, more: int, data_nodes: int) -> int:
    """The least cluster.max_shards_per_node with which so many more open shards have room."""
    return -(-(there + more) // max(1, data_nodes))


@check
def existing_names(draft: Draft) -> Iterator[Finding]:
    """Whether a name that will be made is taken on the destination, by an index, an alias or a data stream."""
    taken: dict[str, str] = {}
    for index in with_streams(draft.destination_indices):
        taken[index.name] = f"{'data stream' if index.is_stream else 'index'}, {documents_in_words(index)}"
        for alias in index.aliases:
            taken.setdefault(alias, f"alias of {index.data_stream or index.name}")
    if draft.selected:
        clashes = {
            name: target
            for name in draft.selected
            for target in draft.all_targets(name)
            if target in taken and target not in draft.uses
        }
        clashing = tuple(clashes)
        if clashing:
            yield blocker(
                title=f"{counted(len(clashing), 'name')} on the destination taken: {listed(clashing)}",
                evidence="; ".join(f"{name}: {taken[name]}" for name in list(clashes.values())[:_NAMED]),
                why="Documents would be mixed with the existing ones, or overwrite them.",
                fix="Give these indices another name on the destination, leave them out, or delete the existing ones.",
                subjects=clashing,
            )
        else:
            yield passed(title="No chosen name is taken on the destination")
    elif already := tuple(index.name for index in expected_indices(draft) if draft.target(index.name) in taken):
        yield note(
            title=f"{counted(len(already), 'index', 'indices')} of the source exist on the destination too: "
            f"{listed(already)}",
            why="They can only be chosen under another name.",
            subjects=already,
        )
    wrong = {
        name: target
        for name in draft.selected
        for target in draft.all_targets(name)
        if target != name and index_name_problem(target)
    }
    if impossible := tuple(wrong):
        yield blocker(
            title=f"No index can have such a name: {listed(wrong.values())}",
            why=INDEX_NAME_RULE,
            fix="Give these indices another name on the destination.",
            subjects=impossible,
        )
    if twice := draft.shared_targets():
        yield blocker(
            title=f"Several indices would go into one: {listed(twice)}",
            why="Documents with the same _id would overwrite one another without a word.",
            fix="Give each its own name on the destination.",
            subjects=twice,
        )
    names = {index.name for index in draft.destination_indices}
    clashing_aliases = tuple(sorted({alias for index in draft.chosen for alias in index.aliases if alias in names}))
    if clashing_aliases:
        yield blocker(
            title=f"Aliases of the chosen indices are names of indices on the destination: {listed(clashing_aliases)}",
            why="An alias cannot have the name of an index, and the index would not be created.",
            fix="Leave these indices out, or rename what is on the destination.",
            subjects=clashing_aliases,
        )


@check
def shared_aliases(draft: Draft) -> Iterator[Finding]:
    """Whether an alias of a chosen index is in use on the destination already."""
    if draft.restoration is not None and not draft.restoration.aliases:
        return
    there = {alias for index in draft.destination_indices for alias in index.aliases}
    shared = tuple(sorted({alias for index in draft.chosen for alias in index.aliases if alias in there}))
    if shared:
        yield warning(
            title=f"Aliases of the chosen indices are in use on the destination: {listed(shared)}",
            why="A search by the alias will find documents of both; where it is an alias to write to, the second index "
            "is refused.",
            fix="Check what the alias is for; remove it there, or leave these indices out.",
            copy="\n".join(f"GET _alias/{name}" for name in shared[:_NAMED]),
            subjects=shared,
        )


async def setting_raised(clusters: Clusters, key: str, value: object) -> tuple[PlannedChange, ...]:
    """A persistent setting of the destination given another value, to be restored to the present one.

    () where what it has now cannot be read: it could not be restored.
    """
    try:
        before = (await clusters.destination.surroundings.persistent_settings()).get(key)
    except ProblemError:
        return ()
    undo = _persistent(key, before)
    return (PlannedChange(side=Side.DESTINATION, what=f"{key} is {value}", made_by=_persistent(key, value), undo=undo),)


def _persistent(key: str, value: object) -> Request:
    body = msgspec.json.encode({"persistent": {key: value}}).decode()
    return Request(method="PUT", path="/_cluster/settings", body=body)
