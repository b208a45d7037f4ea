"""The snapshot: listed, taken as an answer, or made anew by the source."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.lists import filtered, matcher
from esmigrate_tui.flow.session import IndexList, NewSnapshot, Session, SnapshotInProgress, SnapshotList
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.facts import IndexState
from esmigrate_tui.model.features import Features, is_newer
from esmigrate_tui.model.ledger import PlannedChange
from esmigrate_tui.model.names import index_name_problem
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import Repository, RestoreOptions, SnapshotFacts, SnapshotState
from esmigrate_tui.model.text import counted, duration, listed, number, size

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import ClusterFacts
    from esmigrate_tui.model.snapshot import SnapshotProgress


def source_of(session: Session) -> Repository | None:
    """The source's own registration of the repository whose snapshots are listed; by its uuid, else by its name."""
    name = session.snapshot_list.repository
    there = next((one for one in session.repository_list.destination or () if one.name == name), None)
    if there is not None and there.uuid:
        same = next((one for one in session.repository_list.source if one.uuid == there.uuid), None)
        if same is not None:
            return same
    named = next((one for one in session.repository_list.source if one.name == name), None)
    if named is None or (there is not None and there.uuid and named.uuid and there.uuid != named.uuid):
        return None
    return named


def shown_snapshots(snapshot_list: SnapshotList) -> tuple[SnapshotFacts, ...]:
    """The snapshots that the filter shows, the newest first."""
    return filtered(snapshot_list.rows, snapshot_list.pattern)


def snapshot_here(snapshot_list: SnapshotList) -> SnapshotFacts | None:
    """The snapshot at the cursor."""
    rows = shown_snapshots(snapshot_list)
    return rows[snapshot_list.cursor] if snapshot_list.cursor < len(rows) else None


_CANNOT: Final = {
    SnapshotState.IN_PROGRESS: "it is still being made",
    SnapshotState.FAILED: "it failed, nothing of it can be restored",
    SnapshotState.INCOMPATIBLE: "this cluster cannot read it",
}


def why_not_from(snapshot: SnapshotFacts | None, destination: ClusterFacts | None = None) -> str:
    """Why nothing can be restored from a snapshot; "" where something can."""
    if snapshot is None:
        return "choose a snapshot"
    if destination is not None and snapshot.made_by is not None and is_newer(snapshot.made_by, destination.version):
        return "it is newer than the destination"
    return _CANNOT.get(snapshot.state, "")


STATE_WORDS: Final[dict[SnapshotState, str]] = {
    SnapshotState.SUCCESS: "success",
    SnapshotState.PARTIAL: "partial",
    SnapshotState.FAILED: "failed",
    SnapshotState.IN_PROGRESS: "in progress",
    SnapshotState.INCOMPATIBLE: "incompatible",
    SnapshotState.UNKNOWN: "not known",
}


def measures(snapshot: SnapshotFacts) -> str:
    """How long it took, and how much is in it."""
    parts = [f"took {duration(snapshot.seconds)}"] if snapshot.seconds is not None else []
    if snapshot.shards is not None:
        parts.append(counted(snapshot.shards, "shard"))
    parts.append(counted(len(snapshot.indices), "index", "indices"))
    if snapshot.data_streams:
        parts.append(counted(len(snapshot.data_streams), "data stream"))
    if sizes := [detail.bytes for detail in snapshot.details if detail.bytes is not None]:
        parts.append(size(sum(sizes)))
    return ", ".join(parts)


def beside(snapshot: SnapshotFacts) -> str:
    """What is in it beside indices."""
    features = ", ".join(state.name for state in snapshot.feature_states) or "none"
    whole = {True: "in it", False: "not in it", None: "not known"}[snapshot.global_state]
    return f"Feature states: {features}.   Global state: {whole}."


def resolved(patterns: str, draft: Draft) -> tuple[str, ...]:
    """The indices and data streams of the source that these patterns mean, each by its own name.

    System and hidden ones only where a pattern says their dot, or the whole name.
    """
    facts = draft.source_facts
    takes_closed = facts is None or Features.of_cluster(facts).snapshots_closed_indices
    found: dict[str, None] = {}
    for pattern in filter(None, (part.strip() for part in patterns.split(","))):
        means = matcher(pattern)
        if means is None:
            continue
        for index in draft.source_indices:
            name = index.data_stream or index.name
            is_inside = (index.hidden and not index.data_stream) or name.startswith(".")
            if is_inside and not (pattern.startswith(".") or pattern == name):
                continue
            if index.state is IndexState.CLOSED and not takes_closed:
                continue
            if pattern == name or (("*" in pattern or "?" in pattern) and means(name)):
                found[name] = None
    return tuple(found)


def why_not_new(session: Session, *, is_connected: bool) -> str:
    """Why the source cannot take one into this repository; "" where it can."""
    if session.is_left_out(Side.SOURCE) or not is_connected:
        return "a new snapshot is taken by the source, and none is connected"
    if session.snapshot_list.making is not None and session.snapshot_list.making.problem is None:
        return "one is being made already"
    there = source_of(session)
    if there is None:
        return f"the source has not registered {session.snapshot_list.repository}"
    return "the source has registered it readonly" if there.is_readonly else ""


def why_not_called(new: NewSnapshot, session: Session) -> str:
    """What is wrong with a snapshot as it is asked for, in a sentence; "" where nothing is."""
    if wrong := index_name_problem(new.name):
        return f"That is no name for a snapshot: {wrong}."
    if any(one.name == new.name for one in session.snapshot_list.rows):
        return "There is a snapshot of that name already."
    if not resolved(new.patterns, session.draft) and not new.feature_states:
        return "Nothing would be in it."
    return ""


TAKING: Final = (
    "The source writes a snapshot into the repository. Its indices stay as they are, in use or not.",
    "It is written in a ledger before it is made; `esmigrate cleanup` deletes the snapshot again.",
)
"""What has to be known before one says yes to a new snapshot."""


def taking(new: NewSnapshot, session: Session) -> PlannedChange:
    """The change that lets the source take a snapshot; raises ProblemError where that cannot be sent."""
    from esmigrate_tui.elastic.snapshots import (  # noqa: PLC0415  # loaded when first needed
        create_snapshot_request,
        delete_snapshot_request,
    )

    there = source_of(session)
    if there is None:
        what = f"The source has not registered {session.snapshot_list.repository}."
        raise ProblemError.of(Cause.STATE, what)
    return PlannedChange(
        side=Side.SOURCE,
        what=_taken(new.name, there.name),
        made_by=create_snapshot_request(
            there.name,
            new.name,
            resolved(new.patterns, session.draft),
            feature_states=new.feature_states,
            knows_features=bool(new.features),
        ),
        undo=delete_snapshot_request(there.name, new.name),
    )


PATTERNS: Final = "Names with * and ?, separated by commas; * is all but system and hidden ones, those need their dot."
WITHOUT_GLOBAL_STATE: Final = "The cluster's global state (templates, settings) is left out of it."


def meaning(patterns: str, draft: Draft) -> str:
    """Which indices the patterns of a new snapshot mean."""
    names = resolved(patterns, draft)
    many = counted(len(names), "index or data stream", "indices and data streams")
    return f"{many}: {listed(names, 20)}" if names else "That means no index."


def missing_from(snapshot: SnapshotFacts) -> str:
    """Which shards are not in a snapshot, in a sentence; "" where it is whole."""
    missing = snapshot.shards_failed or len(snapshot.failures)
    if not missing and snapshot.state is not SnapshotState.PARTIAL:
        return ""
    of = f" of {number(snapshot.shards)}" if snapshot.shards else ""
    which = listed(tuple(dict.fromkeys(f"{one.index} shard {one.shard}" for one in snapshot.failures)))
    return f"{number(missing)}{of} shards are not in it{': ' + which if which else ''}."


def so_far(taken: SnapshotProgress) -> tuple[str, ...]:
    """How far a snapshot is: shards, and bytes where the server knows them."""
    shards = f"{number(taken.shards_done)} of {counted(taken.shards, 'shard')}" if taken.shards else "beginning"
    return (shards, f"{size(taken.bytes_done)} of {size(taken.bytes)}") if taken.bytes else (shards,)


def ended(state: SnapshotState) -> str:
    """What is said of a snapshot that has been taken."""
    return f"Taken ({STATE_WORDS[state]}). Enter continues with it."


# -- what is done ----------------------------------------------------------------------------------------------------


async def list_them(flow: Flow, then: str = "") -> None:
    """List the snapshots anew, page by page; where that cannot be done, the list has the problem.

    The cursor goes to the one named `then`, or to the one that is chosen, as soon as it has come.
    """
    repository, chosen = flow.session.snapshot_list.repository, flow.session.draft.snapshot
    if not then and chosen is not None and chosen.repository == repository:
        then = chosen.name
    with flow.waiting("snapshot_list", f"listing the snapshots in {repository}"):
        flow.update_part("snapshot_list", rows=(), is_whole=False)
        async for page in flow.cluster(Side.DESTINATION).snapshots.snapshots(repository):
            flow.update_part("snapshot_list", rows=(*flow.session.snapshot_list.rows, *page))
            await asyncio.sleep(0)  # a page is on the screen before the next one is asked for
            shown = [one.name for one in shown_snapshots(flow.session.snapshot_list)]
            if then in shown:
                flow.update_part("snapshot_list", cursor=shown.index(then))
                then = ""
        flow.update_part("snapshot_list", is_whole=True)


async def take(flow: Flow, snapshot: SnapshotFacts) -> str:
    """Take a snapshot as the answer, with all that the server says of it; why not in a sentence, "" where it was.

    A problem of the server is the snapshot_list's problem, and a sentence as well.
    """
    known, draft = flow.session.draft.snapshot, flow.session.draft
    same = known is not None and (known.repository, known.name, known.uuid, known.state) == (
        snapshot.repository,
        snapshot.name,
        snapshot.uuid,
        snapshot.state,
    )
    if same and draft.restoration is not None:
        return ""
    repository = next(
        (one for one in flow.session.repository_list.destination or () if one.name == snapshot.repository), None
    )
    if repository is None:
        return "The repository is not registered on the destination any more: go back."
    with flow.waiting("snapshot_list", f"reading what is in {snapshot.name}"):
        found = await flow.cluster(Side.DESTINATION).snapshots.snapshot(snapshot.repository, snapshot.name)
        before = draft.restoration or RestoreOptions(repository=repository, snapshot="")
        restoration = msgspec.structs.replace(
            before, repository=repository, snapshot=found.name, snapshot_uuid=found.uuid, register=False
        )
        session = flow.session.answered(snapshot=found).answered(restoration=restoration)
        looked = IndexList(settings=session.listing.settings, pattern_of_names=session.listing.pattern_of_names)
        flow.update(session.but(listing=looked))
    problem = flow.session.snapshot_list.problem
    return problem.sentence() if problem is not None else ""


async def named(flow: Flow, *, is_live: bool = True) -> str:
    """Give the new snapshot a name and what features there are; a sentence where those are not known."""
    new, said = flow.session.snapshot_list.new, ""
    features = new.features
    try:
        if is_live:
            features = await flow.cluster(Side.SOURCE).snapshots.features()
    except ProblemError as error:
        said = f"Its feature states are not known: {error.problem.what}"
    at = datetime.fromtimestamp(flow.services.now(), UTC)
    name = new.name or f"esmigrate-{at:%Y.%m.%d-%H%M%S}"
    flow.update_part("snapshot_list", new=msgspec.structs.replace(new, name=name, features=features))
    return said


async def make(flow: Flow, name: str, repository: str, change: PlannedChange) -> bool:
    """Let the source begin to take a snapshot; False where it was refused, which the list then says."""
    flow.update_part(
        "snapshot_list",
        making=SnapshotInProgress(repository=repository, name=name, since=flow.services.now()),
        problem=None,
    )
    try:
        await flow.change(change, "deletes it again")
    except ProblemError as error:
        flow.update_part("snapshot_list", making=None, problem=error.problem)
        return False
    return True


def cancelling(making: SnapshotInProgress) -> tuple[PlannedChange, str]:
    """The change that cancels a snapshot that is being made, and what that does."""
    from esmigrate_tui.elastic.snapshots import delete_snapshot_request  # noqa: PLC0415  # loaded when first needed

    request = delete_snapshot_request(making.repository, making.name)
    question = (
        "What is written of it so far is deleted from the repository; the indices stay as they are.\n"
        f"To the source: {request.method} {request.path}"
    )
    return PlannedChange(side=Side.SOURCE, what=f"cancelled the snapshot {making.name}", made_by=request), question


async def cancel(flow: Flow, change: PlannedChange) -> str:
    """Cancel the snapshot that is being made; why that failed, "" where it was done."""
    making = flow.session.snapshot_list.making
    if making is None:
        return ""
    flow.update_part("snapshot_list", making=msgspec.structs.replace(making, is_cancelled=True))
    try:
        await flow.change(change)
    except ProblemError as error:
        if (making := flow.session.snapshot_list.making) is not None:
            flow.update_part("snapshot_list", making=msgspec.structs.replace(making, is_cancelled=False))
        return error.problem.sentence()
    kept = tuple(each for each in flow.session.made if each.what != _taken(making.name, making.repository))
    flow.update(flow.session.but(made=kept))
    return ""


def _taken(name: str, repository: str) -> str:
    return f"taken the snapshot {name} in {repository}"
