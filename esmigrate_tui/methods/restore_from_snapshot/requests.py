"""What a restore is planned and asked as: pure functions from a draft to tasks, and from a task to its request.

https://www.elastic.co/guide/en/elasticsearch/reference/current/restore-snapshot-api.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.snapshots import restore_path
from esmigrate_tui.model.draft import Draft, bare_plan
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.names import INDEX_NAME_RULE, index_name_problem
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import (
    Mount,
    RestoreKind,
    RestoreOptions,
    SnapshotFacts,
    SnapshotState,
    TakenNameRule,
)
from esmigrate_tui.model.text import clean, counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from esmigrate_tui.model.facts import IndexFacts
    from esmigrate_tui.model.snapshot import ShardFailure, SnapshotIndex

AT_ONCE: Final = 16
"""Tasks at a time where the plan does not say: the cluster itself decides how many shards it restores at a time."""

GLOBAL_STATE: Final = "global state"
"""What the task of the cluster-wide state is called; no index has a space in its name."""

BACKING: Final = ".ds-"

_NAMES_SHOWN: Final = 3
_WAYS_OUT: Final[dict[str, frozenset[TakenNameRule]]] = {
    "index": frozenset(TakenNameRule),
    "data stream": frozenset({TakenNameRule.DELETE}),
    "alias": frozenset(),
}


# -- the plan ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _RestoreFacts:
    """What every task of a plan is made from, looked up once: a snapshot may hold ten thousand indices.

    `chosen`, `details` and `lost` are by index, `there` says of each name of the destination what it is.
    """

    draft: Draft
    snapshot: SnapshotFacts
    wanted: RestoreOptions
    chosen: dict[str, IndexFacts]
    details: dict[str, SnapshotIndex]
    lost: dict[str, list[ShardFailure]]
    there: dict[str, str]


def _ground(draft: Draft, snapshot: SnapshotFacts, wanted: RestoreOptions) -> _RestoreFacts:
    lost: dict[str, list[ShardFailure]] = {}
    for failure in snapshot.failures:
        lost.setdefault(failure.index, []).append(failure)
    there: dict[str, str] = {}
    for index in draft.destination_indices:
        there |= dict.fromkeys(index.aliases, "alias")
    there |= {index.data_stream: "data stream" for index in draft.destination_indices if index.data_stream}
    there |= {index.name: "index" for index in draft.destination_indices}
    return _RestoreFacts(
        draft=draft,
        snapshot=snapshot,
        wanted=wanted,
        chosen={index.name: index for index in draft.chosen},
        details={detail.name: detail for detail in snapshot.details},
        lost=lost,
        there=there,
    )


def planned(draft: Draft, made_at: str) -> Plan:
    """The plan of a draft whose snapshot and indices are chosen; raises ProblemError for what is not ready."""
    draft = msgspec.structs.replace(draft, method=MethodName.RESTORE_FROM_SNAPSHOT)
    bare = bare_plan(draft, made_at)
    ground = _ground(draft, *_ready(draft))
    tasks = [
        *(_index_task(ground, name) for name in _chosen(ground)),
        *(_feature_task(ground, name) for name in _features(ground)),
    ]
    if ground.wanted.global_state:
        tasks.append(_global_task(ground.snapshot))
    for task in tasks:
        _must_be_a_name(task)
    if not tasks:
        raise ProblemError.of(
            Cause.MISSING,
            "Nothing is chosen, so there is nothing to restore.",
            todo="Choose an index, a data stream, a feature state, or the global state.",
        )
    _must_be_apart(tasks)
    at_once = draft.at_once or AT_ONCE
    numbered = tuple(msgspec.structs.replace(task, number=place) for place, task in enumerate(tasks, start=1))
    return msgspec.structs.replace(bare, tasks=numbered, restoration=ground.wanted, at_once=at_once)


def _ready(draft: Draft) -> tuple[SnapshotFacts, RestoreOptions]:
    """The chosen snapshot and how to restore it; raises ProblemError where it is none that can be restored."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None or wanted.snapshot != snapshot.name:
        raise ProblemError.of(Cause.USAGE, "No snapshot is chosen.", todo="Choose the one to restore from.")
    if snapshot.state not in {SnapshotState.SUCCESS, SnapshotState.PARTIAL}:
        said = {
            SnapshotState.IN_PROGRESS: "is still being made",
            SnapshotState.FAILED: "has failed",
            SnapshotState.INCOMPATIBLE: "is of a format that the destination cannot read",
        }.get(snapshot.state, "is in a state that is not known")
        raise ProblemError.of(
            Cause.BLOCKED,
            f"The snapshot {snapshot.name} {said}, so nothing can be restored from it.",
            todo=(
                "Wait until it is made."
                if snapshot.state is SnapshotState.IN_PROGRESS
                else "Choose another snapshot, or take a new one."
            ),
            evidence=snapshot.reason,
        )
    return snapshot, msgspec.structs.replace(wanted, snapshot_uuid=wanted.snapshot_uuid or snapshot.uuid)


def _chosen(ground: _RestoreFacts) -> Sequence[str]:
    """The selected indices and data streams in the order in which they are offered."""
    snapshot = ground.snapshot
    if gone := [name for name in ground.draft.selected if name not in ground.chosen]:
        if of_feature := next((name for name in gone if name in snapshot.of_features), None):
            raise ProblemError.of(
                Cause.USAGE,
                f"The index {of_feature} is part of a feature state.",
                why="Such indices are restored together, by the name of their feature.",
                todo="Choose the feature state instead.",
            )
        raise ProblemError.of(
            Cause.MISSING,
            f"The snapshot {snapshot.name} holds no {listed(gone, _NAMES_SHOWN)}.",
            todo="Look at the list again, or choose another snapshot.",
        )
    return tuple(ground.chosen)


def _features(ground: _RestoreFacts) -> Sequence[str]:
    """The chosen feature states in the order of the snapshot."""
    draft, snapshot = ground.draft, ground.snapshot
    known = [state.name for state in snapshot.feature_states]
    if gone := [name for name in draft.feature_states if name not in known]:
        raise ProblemError.of(
            Cause.MISSING,
            f"The snapshot {snapshot.name} holds no feature state {listed(gone, _NAMES_SHOWN)}.",
            todo="Look at the list again, or choose another snapshot.",
        )
    facts = draft.destination_facts
    if draft.feature_states and facts is not None and not Features.of_cluster(facts).has_feature_states:
        raise ProblemError.of(
            Cause.UNSUPPORTED,
            f"The destination ({facts.version}) does not know feature states.",
            why="They came with 7.12; before that, the indices themselves are restored.",
            todo="Leave the feature states out.",
        )
    return [name for name in known if name in draft.feature_states]


def _index_task(ground: _RestoreFacts, name: str) -> Task:
    """The task of one index or data stream."""
    draft, snapshot, wanted = ground.draft, ground.snapshot, ground.wanted
    kind = RestoreKind.DATA_STREAM if name in snapshot.data_streams else RestoreKind.INDEX
    held = (
        [index for index in snapshot.indices if snapshot.stream_of(index) == name]
        if kind is RestoreKind.DATA_STREAM
        else [name]
    )
    if wanted.mount is not Mount.NONE and kind is not RestoreKind.INDEX:
        raise ProblemError.of(
            Cause.USAGE,
            f"The data stream {name} cannot be mounted as a whole.",
            why="A searchable snapshot is mounted index by index.",
            todo="Restore it, or leave it out.",
        )
    lost = _must_be_whole(ground, name, held)
    target = draft.target(name)
    task = Task(
        number=0,
        source_index=name,
        destination_index=target,
        kind=kind,
        documents=ground.chosen[name].documents,
        shards=_total(ground, held, lambda one: one.shards),
        size=_total(ground, held, lambda one: one.bytes),
    )
    taken = _taken(ground, [target, *destination_names(task, snapshot)])
    if taken.get(target) == "data stream":  # those that back it go with it
        own = draft.destination_streams.get(target, frozenset())
        taken = {one: what for one, what in taken.items() if one not in own}
    for one, what in taken.items():
        if draft.in_the_way.get(one) not in _WAYS_OUT[what]:
            raise _name_taken(one, what)
    in_the_way = {one: draft.in_the_way[one] for one in taken}
    changes = (*_wishes(task, wanted), *_lost(lost), *_ways(in_the_way))
    return msgspec.structs.replace(task, in_the_way=in_the_way, changes=changes)


def _feature_task(ground: _RestoreFacts, name: str) -> Task:
    """The task of one feature state: its indices of the destination are replaced by the server itself."""
    snapshot, wanted = ground.snapshot, ground.wanted
    held = next(state.indices for state in snapshot.feature_states if state.name == name)
    lost = _must_be_whole(ground, name, held)
    task = Task(
        number=0,
        source_index=name,
        destination_index=name,
        kind=RestoreKind.FEATURE_STATE,
        shards=_total(ground, held, lambda one: one.shards),
        size=_total(ground, held, lambda one: one.bytes),
    )
    there = _taken(ground, held)
    names = listed(sorted(there), _NAMES_SHOWN)
    replaced = f"Elasticsearch itself replaces {names} of the destination" if there else ""
    return msgspec.structs.replace(
        task,
        in_the_way=dict.fromkeys(there, TakenNameRule.CLOSE),
        changes=(*_wishes(task, wanted), *_lost(lost), *((replaced,) if replaced else ())),
    )


def _global_task(snapshot: SnapshotFacts) -> Task:
    """The task of the cluster-wide state; raises ProblemError (missing) where it is not in the snapshot."""
    if snapshot.global_state is False:
        raise ProblemError.of(
            Cause.MISSING,
            f"The snapshot {snapshot.name} was made without the global state.",
            todo="Leave it out, or choose a snapshot that has it.",
        )
    return Task(
        number=0,
        source_index=GLOBAL_STATE,
        destination_index=GLOBAL_STATE,
        kind=RestoreKind.GLOBAL_STATE,
        changes=(
            "persistent settings of the destination give way to the snapshot's",
            "templates, pipelines and policies of the same name are overwritten",
        ),
    )


def _must_be_whole(ground: _RestoreFacts, name: str, held: Iterable[str]) -> int:
    """How many of its shards the snapshot lacks; raises ProblemError (blocked) unless a partial restore is wanted."""
    failures = [failure for index in dict.fromkeys(held) for failure in ground.lost.get(index, ())]
    lost = len({(failure.index, failure.shard) for failure in failures})
    if lost and not ground.wanted.partial:
        raise ProblemError.of(
            Cause.BLOCKED,
            f"{counted(lost, 'shard')} of {name} {'is' if lost == 1 else 'are'} not in the snapshot "
            f"{ground.snapshot.name}.",
            why="Elasticsearch restores such an index only if it is told that a part will do.",
            todo=(
                "Choose another snapshot, leave it out, or ask for a partial restore: the missing shards are "
                "empty then."
            ),
            evidence=failures[0].reason,
        )
    return lost


def _taken(ground: _RestoreFacts, names: Iterable[str]) -> dict[str, str]:
    """Which of the names the destination has, and as what."""
    return {name: ground.there[name] for name in dict.fromkeys(names) if name in ground.there}


def _name_taken(name: str, what: str) -> ProblemError:
    todo = {
        "index": "Restore under another name, or have the index closed or deleted first.",
        "data stream": "Restore under another name, or have the data stream deleted first.",
        "alias": "Restore under another name, or take the alias away.",
    }[what]
    return ProblemError.of(
        Cause.BLOCKED,
        f"The destination has {'an' if what[0] in 'ai' else 'a'} {what} {name} already.",
        why="A restore would be refused, or overwrite it.",
        todo=todo,
    )


def _must_be_apart(tasks: Sequence[Task]) -> None:
    """No two of them into one name; raises ProblemError (usage)."""
    seen: dict[str, Task] = {}
    for task in tasks:
        if task.kind not in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}:
            continue
        if other := seen.get(task.destination_index):
            raise ProblemError.of(
                Cause.USAGE,
                f"{other.source_index} and {task.source_index} would both become {task.destination_index}.",
                todo="Give each a name of its own.",
            )
        seen[task.destination_index] = task


def _must_be_a_name(task: Task) -> None:
    """A new name that Elasticsearch takes; raises ProblemError (usage)."""
    name = task.destination_index
    if name == task.source_index or not index_name_problem(name):
        return
    raise ProblemError.of(
        Cause.USAGE,
        f"{clean(name, 300)!r} cannot be the name of an index.",
        why=INDEX_NAME_RULE,
        todo="Choose another name.",
    )


def _total(ground: _RestoreFacts, held: Iterable[str], of: Callable[[SnapshotIndex], int | None]) -> int | None:
    """The shards or bytes of these indices together; None where the snapshot does not say it of one of them."""
    known = [of(ground.details[name]) if name in ground.details else None for name in held]
    return None if not known or None in known else sum(amount or 0 for amount in known)


def _wishes(task: Task, wanted: RestoreOptions) -> tuple[str, ...]:
    """What the restored index has otherwise than the one in the snapshot, in words."""
    said: list[str] = []
    if task.destination_index != task.source_index:
        said.append(f"it is named {task.destination_index}")
    if wanted.mount is not Mount.NONE:
        how = "kept as a full copy" if wanted.mount is Mount.FULL_COPY else "read through the shared cache"
        said.append(f"it is mounted as a searchable snapshot, {how}")
    said.extend(f"{name} becomes {clean(_shown(value), 100)}" for name, value in wanted.index_settings.items())
    said.extend(f"{name} is left out" for name in wanted.ignore_index_settings)
    if not wanted.aliases and task.kind is not RestoreKind.FEATURE_STATE:
        said.append("its aliases are left out")
    return tuple(said)


def _lost(lost: int) -> tuple[str, ...]:
    return (f"{counted(lost, 'shard')} that the snapshot lacks will be empty",) if lost else ()


def _ways(in_the_way: dict[str, TakenNameRule]) -> tuple[str, ...]:
    said = {TakenNameRule.CLOSE: "is closed and overwritten", TakenNameRule.DELETE: "is deleted first"}
    return tuple(f"{name} on the destination {said[way]}" for name, way in in_the_way.items())


def _shown(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


# -- names and requests ------------------------------------------------------------------------------------------------


def destination_names(task: Task, snapshot: SnapshotFacts) -> tuple[str, ...]:
    """The indices of the destination that a task brings back: one, those that back a stream, those of a feature."""
    match task.kind:
        case RestoreKind.INDEX:
            return (task.destination_index,)
        case RestoreKind.DATA_STREAM:
            old, new = BACKING + task.source_index, BACKING + task.destination_index
            backing = [index for index in snapshot.indices if snapshot.stream_of(index) == task.source_index]
            return tuple(new + index.removeprefix(old) for index in backing)
        case RestoreKind.FEATURE_STATE:
            return next((one.indices for one in snapshot.feature_states if one.name == task.source_index), ())
        case RestoreKind.GLOBAL_STATE:
            return ()


def held_by(task: Task, snapshot: SnapshotFacts) -> tuple[str, ...]:
    """The same indices by their names in the snapshot."""
    return destination_names(msgspec.structs.replace(task, destination_index=task.source_index), snapshot)


def can_share(task: Task, plan: Plan) -> bool:
    """Whether its restore can be asked for in one request with others: it keeps its name, and is one plain index."""
    is_plain = task.kind is RestoreKind.INDEX and task.source_index == task.destination_index
    return is_plain and restoration_of(plan).mount is Mount.NONE


def restore_of_several(tasks: Sequence[Task], plan: Plan) -> Request:
    """What starts the restore of tasks at once; of several only where each can share.

    It goes on by itself, but for the global state, which is waited for.
    """
    wanted = restoration_of(plan)
    task = tasks[0]
    knows_features = Features.of_elasticsearch(plan.destination_version).has_feature_states
    is_named = task.kind in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}
    body: dict[str, Any] = {
        "indices": ",".join(one.source_index for one in tasks) if is_named else "-*",
        "ignore_unavailable": False,
        "include_global_state": task.kind is RestoreKind.GLOBAL_STATE,
        "include_aliases": wanted.aliases or task.kind is RestoreKind.FEATURE_STATE,
        "partial": wanted.partial,
    }
    if knows_features:
        body["feature_states"] = [task.source_index] if task.kind is RestoreKind.FEATURE_STATE else ["none"]
    if is_named and task.source_index != task.destination_index:
        # The indices that back a data stream are renamed along: the pattern meets the beginning of their names.
        end = "$" if task.kind is RestoreKind.INDEX else ""
        body["rename_pattern"] = rf"^\Q{task.source_index}\E{end}"
        body["rename_replacement"] = _as_replacement(task.destination_index)
    if task.kind is not RestoreKind.GLOBAL_STATE:
        body |= _settings(wanted)
    waits = "true" if task.kind is RestoreKind.GLOBAL_STATE else "false"
    return Request(
        method="POST",
        path=f"{restore_path(wanted.repository.name, wanted.snapshot)}?wait_for_completion={waits}",
        body=msgspec.json.encode(body).decode(),
    )


def mount_request(task: Task, plan: Plan) -> Request:
    """What mounts one index as a searchable snapshot, as `_mount` is documented.

    https://www.elastic.co/guide/en/elasticsearch/reference/current/searchable-snapshots-api-mount-snapshot.html
    """
    wanted = restoration_of(plan)
    storage = Mount.SHARED_CACHE if wanted.mount is Mount.SHARED_CACHE else Mount.FULL_COPY
    body = {"index": task.source_index, "renamed_index": task.destination_index, **_settings(wanted)}
    path = restore_path(wanted.repository.name, wanted.snapshot, "_mount")
    return Request(
        method="POST",
        path=f"{path}?wait_for_completion=false&storage={storage.value}",
        body=msgspec.json.encode(body).decode(),
    )


def start_request(tasks: Sequence[Task], plan: Plan) -> Request:
    """What starts these tasks: a restore, or a mount of one."""
    is_mounted = restoration_of(plan).mount is not Mount.NONE and tasks[0].kind is RestoreKind.INDEX
    return mount_request(tasks[0], plan) if is_mounted else restore_of_several(tasks, plan)


def close_requests(index: str) -> tuple[Request, Request]:
    """What closes an index, and what opens it again: harmless where the restore has opened it."""
    path = f"/{quote(index, safe='')}"
    return Request(method="POST", path=f"{path}/_close"), Request(method="POST", path=f"{path}/_open")


def delete_request(index: str, *, is_stream: bool = False) -> Request:
    """What deletes exactly one index, or a data stream with those that back it."""
    return Request(method="DELETE", path=f"{'/_data_stream' if is_stream else ''}/{quote(index, safe='')}")


def restoration_of(plan: Plan) -> RestoreOptions:
    """What a plan is to be restored from, and how; raises ProblemError (usage) where it does not say."""
    if plan.restoration is None:
        raise ProblemError.of(
            Cause.USAGE,
            "The plan does not say what is to be restored from.",
            todo="Make a new one with `esmigrate plan`.",
        )
    return plan.restoration


def _settings(wanted: RestoreOptions) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if wanted.index_settings:
        told["index_settings"] = dict(wanted.index_settings)
    if wanted.ignore_index_settings:
        told["ignore_index_settings"] = list(wanted.ignore_index_settings)
    return told


def _as_replacement(name: str) -> str:
    """A name as Java's replacement takes it literally."""
    return name.replace("\\", "\\\\").replace("$", "\\$")
