"""Where the restore of a task stands, and what a look at its indices means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.methods.restore_from_snapshot.requests import (
    restoration_of,
)
from esmigrate_tui.methods.token import Token
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import Acknowledged, RestoredShards
from esmigrate_tui.model.ledger import replaced_index
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.elastic.snapshots import RestoreProgress
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.model.plan import Task
    from esmigrate_tui.model.snapshot import RestoreOptions


_PLACING: Final = tuple(
    f"index.routing.allocation.{name}" for name in ("require.", "include.", "exclude.", "total_shards_per_node")
)


class RestoreState(Token, frozen=True, kw_only=True, omit_defaults=True):
    """Where the restore of one task stands; its JSON is the token of each acknowledgement.

    `made` has the uuid of each index of the destination that the restore has made. `placed` has the settings that say
    where shards may be, as each index had them when it was first held up; `left_out` and `changed` are what a user
    has taken off or set by hand since, which another restore must not bring back. `is_acknowledged` says that the
    server has told the end by itself, which it does for the global state alone.
    """

    made: dict[str, str] = {}  # noqa: RUF012  # msgspec makes a new one for each
    placed: dict[str, dict[str, str]] = {}  # noqa: RUF012  # likewise
    left_out: tuple[str, ...] = ()
    changed: dict[str, str] = {}  # noqa: RUF012  # likewise
    is_acknowledged: bool = False


def comes_from(recovery: RestoreProgress, wanted: RestoreOptions) -> bool:
    """Whether the shards of an index say that they are, or were, restored from this snapshot."""
    return (recovery.repository, recovery.snapshot) == (wanted.repository.name, wanted.snapshot)


def is_whole(names: Iterable[str], made: Mapping[str, str], found: Mapping[str, RestoreProgress]) -> bool:
    """Whether every index is there, is the one that the restore has made, and has all its primaries started."""
    known = [(made.get(name, ""), found.get(name)) for name in names]
    return bool(known) and all(
        recovery is not None and recovery.is_complete and recovery.uuid == uuid != "" for uuid, recovery in known
    )


def seen_of(names: Iterable[str], state: RestoreState, found: Mapping[str, RestoreProgress]) -> list[RestoreProgress]:
    """What was seen of a task's indices; raises ProblemError where one was deleted, or made anew by another process."""
    for name in names:
        if name not in found:
            raise ProblemError.of(
                Cause.MISSING,
                f"The index {name} is no longer on the destination.",
                why="It was deleted while it was being restored, which cancels a restore.",
                todo="If that was intended, nothing has to be done. If not, run the plan again.",
            )
        if found[name].uuid != state.made.get(name):
            raise ProblemError(
                replaced_index(
                    name,
                    Side.DESTINATION,
                    verb="restored",
                    why="It was deleted and made anew meanwhile.",
                    todo="Look at what it holds. To restore it again, run the plan again under another name.",
                )
            )
    return [found[name] for name in names]


def never_seen(work: Work, names: Sequence[str]) -> ProblemError:
    """Nothing of an accepted restore can be seen."""
    return ProblemError.of(
        Cause.UNKNOWN_OUTCOME,
        f"The outcome of restoring {work.task.source_index} is unknown: "
        f"{counted(len(names), 'index', 'indices')} that should appear cannot be seen.",
        why="The destination accepted the restore, and shows nothing of it.",
        todo="It is looked for again, and restored again when it is not there.",
    )


def moved(
    task: Task, state: RestoreState, recoveries: Sequence[RestoreProgress], *, is_done: bool, note: str = ""
) -> Acknowledged:
    """What one look says: bytes and shards of all indices of a task."""
    wanted = sum(one.wanted for one in recoveries)
    seen = sum(one.bytes for one in recoveries)
    done = sum(one.bytes_done for one in recoveries)
    all_begun = bool(recoveries) and all(one.begun >= one.wanted for one in recoveries)
    total = seen if all_begun else task.size
    if is_done:  # a node that was restarted meanwhile has forgotten how many bytes there were
        total = done = total if total is not None else seen
    elif total is not None:
        done = min(done, total)
    return Acknowledged(
        done=done,
        total=total,
        parts_done=sum(one.active for one in recoveries),
        parts=max(wanted, task.shards or 0),
        token=state.as_token(),
        note=note,
    )


def shards_of(
    task: Task,
    names: Sequence[str],
    made: Mapping[str, str],
    found: Mapping[str, RestoreProgress],
    lost: int,
    wanted: RestoreOptions,
) -> RestoredShards:
    """The proof: the primaries that are started of indices that this restore has made, without the `lost` ones.

    `lost` are shards that the snapshot lacks: a partial restore starts them empty.
    """
    ours = [
        recovery
        for name in names
        if (recovery := found.get(name)) is not None and is_ours(recovery, made.get(name, ""), wanted)
    ]
    return RestoredShards(
        wanted=task.shards if task.shards is not None else max(1, sum(one.wanted for one in ours)),
        arrived=max(0, sum(one.active for one in ours) - lost),
        bytes=sum(one.bytes for one in ours) or task.size or 0,
    )


def is_ours(recovery: RestoreProgress, uuid: str, wanted: RestoreOptions) -> bool:
    """Whether it is the index that the restore has made: by its uuid, or as long as none is known by its origin."""
    return recovery.uuid == uuid if uuid else comes_from(recovery, wanted) and not recovery.is_closed


def by_hand(state: RestoreState, now: Mapping[str, Mapping[str, str]]) -> RestoreState:
    """The state with what was taken off or set by hand since a restore was held up, among what says where shards go."""
    gone = {key for name, before in state.placed.items() if name in now for key in before if key not in now[name]}
    new = {
        key: value
        for name, each in now.items()
        if name in state.placed
        for key, value in each.items()
        if state.placed[name].get(key) != value
    }
    return msgspec.structs.replace(
        state,
        left_out=tuple(sorted(({*state.left_out} | gone) - new.keys())),
        changed={key: value for key, value in {**state.changed, **new}.items() if key not in gone},
    )


def as_changed(work: Work, state: RestoreState) -> Work:
    """The work whose restore keeps what was taken off or set by hand."""
    if not state.left_out and not state.changed:
        return work
    wanted = restoration_of(work.plan)
    settings = {key: value for key, value in wanted.index_settings.items() if key not in state.left_out}
    restoration = msgspec.structs.replace(
        wanted,
        index_settings={**settings, **state.changed},
        ignore_index_settings=tuple(dict.fromkeys((*wanted.ignore_index_settings, *state.left_out))),
    )
    return replace(work, plan=msgspec.structs.replace(work.plan, restoration=restoration))


def anew(state: RestoreState) -> RestoreState:
    """Where a restore stands that is to be made once more: what was done by hand holds."""
    return RestoreState(left_out=state.left_out, changed=state.changed)


def as_set(state: RestoreState) -> str:
    """What another restore leaves as it was set by hand, in words; "" where nothing was."""
    without = f" without {listed(state.left_out)}" if state.left_out else ""
    set_ = f" with {listed([f'{key}={value}' for key, value in state.changed.items()])}" if state.changed else ""
    return f",{without}{set_}, as it was set by hand" if without or set_ else ""


async def held_up(
    state: RestoreState, clusters: Clusters, names: Sequence[str], problem: Problem | None
) -> RestoreState:
    """The state that remembers where shards were to be when a problem was first seen."""
    if problem is None or state.placed:
        return state
    return msgspec.structs.replace(state, placed=await placed_by(clusters, names))


async def placed_by(clusters: Clusters, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings of each index that say where its shards may be; an index that is missing has none."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        try:
            settings = await clusters.destination.indices.settings_of(name)
        except ProblemError as error:
            if error.problem.cause in {Cause.MISSING, Cause.PRIVILEGES}:
                continue
            raise
        found[name] = {key: value for key, value in settings.items() if key.startswith(_PLACING)}
    return found
