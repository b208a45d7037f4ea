"""Restore from a snapshot: the destination copies the files of whole shards out of a repository.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-restore-snapshot.html

The server does the copying by itself; this file starts restores, looks at them and judges what it sees. A restore is
known by its index: by the repository and snapshot that the shards say they come from, and then by the index's uuid. It
cannot be held or slowed down but by the clusters' own settings, and it is cancelled by deleting the index.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import msgspec

from esmigrate_tui.elastic.paths import paths_of
from esmigrate_tui.elastic.snapshots import register_request, unregister_request
from esmigrate_tui.methods.restore_from_snapshot.requests import (
    close_requests,
    delete_request,
    destination_names,
    held_by,
    mount_request,
    planned,
    restoration_of,
    restore_request,
    start_request,
)
from esmigrate_tui.methods.restore_from_snapshot.sharing import RecoveryView, SharedRecoveries, SharedStarts
from esmigrate_tui.methods.restore_from_snapshot.troubles import (
    RecoveryLimits,
    all_judged,
    binding_cap,
    bytes_of,
    is_settled,
    may_work_now,
    stuck,
    unplaced,
)
from esmigrate_tui.methods.token import Token
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import Acknowledged, RestoredShards, Samples
from esmigrate_tui.model.ledger import Request, replaced_index
from esmigrate_tui.model.method import Proof
from esmigrate_tui.model.plan import Plan, Task, amount_of
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import Mount, Repository, RestoreKind, RestoreOptions, SnapshotFacts, TakenNameRule
from esmigrate_tui.model.text import clean, counted, listed, number, size
from esmigrate_tui.verify import Comparison
from esmigrate_tui.verify.index import ComparedIndex
from esmigrate_tui.verify.progress import ComparisonProgress
from esmigrate_tui.verify.samples import compare_samples

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.elastic.snapshots import RestoreProgress
    from esmigrate_tui.methods.contract import Recorder, Work
    from esmigrate_tui.model.draft import Draft

__all__ = ["RestoreFromSnapshot", "mount_request", "restore_request"]

_PLACING: Final = tuple(
    f"index.routing.allocation.{name}" for name in ("require.", "include.", "exclude.", "total_shards_per_node")
)


class RestoreState(Token, frozen=True, kw_only=True, omit_defaults=True):
    """Where the restore of one task stands; its JSON is the token of each acknowledgement.

    `made` has the uuid of each index of the destination that the restore has made. `placed` has the settings that say
    where shards may be, as each index had them when it was first held up; `left_out` and `changed` are what somebody
    has taken off or set by hand since, which another restore must not bring back. `is_acknowledged` says that the
    server has told the end by itself, which it does for the global state alone.
    """

    made: dict[str, str] = {}  # noqa: RUF012  # msgspec makes a new one for each
    placed: dict[str, dict[str, str]] = {}  # noqa: RUF012  # likewise
    left_out: tuple[str, ...] = ()
    changed: dict[str, str] = {}  # noqa: RUF012  # likewise
    is_acknowledged: bool = False


# -- judging what is seen, pure ----------------------------------------------------------------------------------------


def comes_from(recovery: RestoreProgress, wanted: RestoreOptions) -> bool:
    """Whether the shards of an index say that they are, or were, restored from this snapshot."""
    return (recovery.repository, recovery.snapshot) == (wanted.repository.name, wanted.snapshot)


def is_whole(names: Iterable[str], made: Mapping[str, str], found: Mapping[str, RestoreProgress]) -> bool:
    """Whether every index is there, is the one that the restore has made, and has all its primaries started."""
    known = [(made.get(name, ""), found.get(name)) for name in names]
    return bool(known) and all(
        recovery is not None and recovery.is_complete and recovery.uuid == uuid != "" for uuid, recovery in known
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
        if (recovery := found.get(name)) is not None and _is_ours(recovery, made.get(name, ""), wanted)
    ]
    return RestoredShards(
        wanted=task.shards if task.shards is not None else max(1, sum(one.wanted for one in ours)),
        arrived=max(0, sum(one.active for one in ours) - lost),
        bytes=sum(one.bytes for one in ours) or task.size or 0,
    )


def _is_ours(recovery: RestoreProgress, uuid: str, wanted: RestoreOptions) -> bool:
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


def _anew(state: RestoreState) -> RestoreState:
    """Where a restore stands that is to be made once more: what was done by hand holds."""
    return RestoreState(left_out=state.left_out, changed=state.changed)


def _as_set(state: RestoreState) -> str:
    """What another restore leaves as it was set by hand, in words; "" where nothing was."""
    without = f" without {listed(state.left_out)}" if state.left_out else ""
    set_ = f" with {listed([f'{key}={value}' for key, value in state.changed.items()])}" if state.changed else ""
    return f",{without}{set_}, as it was set by hand" if without or set_ else ""


async def _held_up(
    state: RestoreState, clusters: Clusters, names: Sequence[str], problem: Problem | None
) -> RestoreState:
    """The state that remembers where shards were to be when a trouble was first seen."""
    if problem is None or state.placed:
        return state
    return msgspec.structs.replace(state, placed=await _placed(clusters, names))


async def _placed(clusters: Clusters, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings of each index that say where its shards may be; an index that is gone has none."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        try:
            settings = await clusters.destination.settings_of(name)
        except ProblemError as error:
            if error.problem.cause in {Cause.MISSING, Cause.PRIVILEGES}:
                continue
            raise
        found[name] = {key: value for key, value in settings.items() if key.startswith(_PLACING)}
    return found


# -- troubles ----------------------------------------------------------------------------------------------------------


def _no_repository(name: str) -> ProblemError:
    return ProblemError(
        Problem(
            cause=Cause.BUSY,
            what=f"The repository {clean(name)} is no longer registered on the destination.",
            why="Somebody took it away since the run began; a restore reads all its files from there.",
            todo="Register it again under the same name; the run goes on by itself then.",
        )
    )


def _gone(name: str) -> ProblemError:
    return ProblemError(
        Problem(
            cause=Cause.MISSING,
            what=f"The index {name} is no longer on the destination.",
            why="Somebody deleted it while it was being restored, which cancels a restore.",
            todo="If that was meant, nothing has to be done. If not, run the plan again.",
        )
    )


def _another(name: str) -> ProblemError:
    return ProblemError(
        replaced_index(
            name,
            Side.DESTINATION,
            verb="restored",
            why="It was deleted and made anew meanwhile.",
            todo="Look at what it holds. To restore it again, run the plan again under another name.",
        )
    )


def _not_ours_to_delete(work: Work, said: Problem) -> ProblemError:
    return ProblemError(
        Problem(
            cause=Cause.PRIVILEGES,
            what=f"The restore of the feature {work.task.source_index} cannot be cancelled.",
            why="From 8.0 on even a superuser may not delete the indices of a feature.",
            todo="Let it come to its end: such indices are small. Or sign in with a role that has "
            "allow_restricted_indices.",
            evidence=said.evidence or said.what,
        )
    )


def _never_seen(work: Work, names: Sequence[str]) -> ProblemError:
    return ProblemError(
        Problem(
            cause=Cause.UNKNOWN_OUTCOME,
            what=f"The outcome of restoring {work.task.source_index} is unknown: "
            f"{counted(len(names), 'index', 'indices')} that should appear cannot be seen.",
            why="The destination accepted the restore, and shows nothing of it.",
            todo="It is looked for again, and restored again when it is not there.",
        )
    )


# -- the method --------------------------------------------------------------------------------------------------------


class _Shared:
    """What all tasks of a run share in this process."""

    def __init__(self, cluster: Cluster, wanted: RestoreOptions) -> None:
        self._cluster = cluster
        self._wanted = wanted
        self._snapshot: SnapshotFacts | None = None
        self._caps: RecoveryLimits | None = None
        self._said: set[str] = set()
        self.looks = SharedRecoveries(cluster.snapshots.recoveries)
        self.starts = SharedStarts(self._start)
        self.made: dict[str, dict[str, str]] = {}  # by the opaque id of the task
        self.acknowledged: set[str] = set()

    async def snapshot(self, *, anew: bool = False) -> SnapshotFacts:
        """The snapshot as the repository has it: which indices back a stream or a feature, and what it lacks."""
        if self._snapshot is None or anew:
            name = self._wanted.repository.name
            self._snapshot = await self._cluster.snapshots.snapshot(name, self._wanted.snapshot, with_sizes=False)
        return self._snapshot

    async def _start(self, tasks: Sequence[Task], plan: Plan) -> None:
        try:
            await self._cluster.snapshots.restore(start_request(tasks, plan))
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING and await self._is_unregistered():
                raise _no_repository(self._wanted.repository.name) from None
            raise

    async def _is_unregistered(self) -> bool:
        known = await self._cluster.snapshots.repositories()
        return self._wanted.repository.name not in {one.name for one in known}

    async def cap(self, recoveries: Sequence[RestoreProgress]) -> str:
        """The setting that decides how fast it goes, said once; "" when there is none, or it was said."""
        if self._said or not is_settled(recoveries):
            return ""
        if self._caps is None:
            self._caps = RecoveryLimits()  # others need not ask while we do
            self._caps = await self._read_caps()
        told = binding_cap(recoveries, self._caps, self._wanted.repository.name)
        if told:
            self._said.add(told)
        return told

    async def _read_caps(self) -> RecoveryLimits:
        """The limits in force; none where they cannot be seen, as they only explain."""
        snapshots = self._cluster.snapshots
        try:
            settings, known, features = await asyncio.gather(
                self._cluster.cluster_settings(), snapshots.repositories(), self._cluster.features()
            )
        except ProblemError:
            return RecoveryLimits()
        own = next((one.settings for one in known if one.name == self._wanted.repository.name), {})
        limited = features.limits_restores_by_recovery
        return RecoveryLimits(
            recovery=bytes_of(settings.get("indices.recovery.max_bytes_per_sec", "40mb")) if limited else None,
            repository=bytes_of(own.get("max_restore_bytes_per_sec", "0" if limited else "40mb")),
        )


class RestoreFromSnapshot:
    """Starts restores, and knows one by its index: there is no task of the server that could be found again."""

    def __init__(self) -> None:
        self._runs: WeakKeyDictionary[Cluster, dict[tuple[str, str], _Shared]] = WeakKeyDictionary()

    def _shared(self, plan: Plan, clusters: Clusters) -> _Shared:
        wanted = restoration_of(plan)
        known = self._runs.setdefault(clusters.destination, {})
        key = (wanted.repository.name, wanted.snapshot)
        if key not in known:
            known[key] = _Shared(clusters.destination, wanted)
        return known[key]

    # -- in words ------------------------------------------------------------------------------------------------------

    def plan(self, draft: Draft, made_at: str) -> Plan:
        """The plan of a draft whose snapshot and indices are chosen; raises ProblemError when it is not ready.

        `made_at` is ISO 8601 in UTC.
        """
        return planned(draft, made_at)

    def steps(self, plan: Plan) -> tuple[str, ...]:
        """What a run of this plan does, in order, in words."""
        wanted = restoration_of(plan)
        new = f"{plan.destination.endpoint.url} ({plan.destination_version})"
        steps: list[str] = []
        if wanted.register:
            manner = "read-only" if wanted.repository.is_readonly else "for reading and writing"
            after = ", and take it away again at the end" if wanted.unregister else ""
            steps.append(f"Register the repository {wanted.repository.name} on {new}, {manner}{after}.")
        else:
            steps.append(f"Look for the snapshot {wanted.snapshot} in {wanted.repository.name} on {new}.")
        ways = [
            way for task in plan.tasks if task.kind is not RestoreKind.FEATURE_STATE for way in task.in_the_way.values()
        ]
        for way, done in ((TakenNameRule.CLOSE, "Close"), (TakenNameRule.DELETE, "Delete")):
            if amount := ways.count(way):
                then = " and restore over" if way is TakenNameRule.CLOSE else ""
                named = f"{counted(amount, 'index', 'indices')} that {'is' if amount == 1 else 'are'} in the way"
                steps.append(f"{done}{then} {named} on {new}.")
        steps.append(self._restored(plan, wanted))
        steps.append(
            "Wait until every shard is started, refresh, count"
            + (", and compare with the source." if plan.source is not None else ", and compare with the snapshot.")
            + self._proved(plan)
        )
        return tuple(steps)

    @staticmethod
    def _proved(plan: Plan) -> str:
        """What comparing every document means for a restore, in words; "" where nobody has asked for it."""
        if plan.proof is not Proof.EVERYTHING:
            return ""
        if plan.source is None:
            return " No document can be compared: that needs the source, and the plan has none."
        return (
            " Then read every document of both sides once more, and compare it byte for byte; what the source has been "
            "sent since the snapshot was made differs. Of what belongs to a feature only the shards are compared."
        )

    @staticmethod
    def _restored(plan: Plan, wanted: RestoreOptions) -> str:
        """What is copied, and how."""
        known = [task.size for task in plan.tasks if task.size is not None]
        renamed = sum(task.source_index != task.destination_index for task in plan.tasks)
        verb = "Restore" if wanted.mount is Mount.NONE else "Mount"
        return (
            f"{verb} {amount_of(plan)} "
            f"from the snapshot {wanted.snapshot}"
            + (f" ({size(sum(known))})" if known else "")
            + (f", {number(renamed)} under another name" if renamed else "")
            + (f", {plan.at_once} at a time" if plan.at_once > 1 and len(plan.tasks) > 1 else "")
            + ". Nothing on the source is touched."
        )

    def requests(self, plan: Plan) -> tuple[Request, ...]:
        """The requests for the first task of a plan; those for the others are like them."""
        if not plan.tasks:
            return ()
        wanted, task = restoration_of(plan), plan.tasks[0]
        asked: list[Request] = []
        if wanted.register:
            asked.append(register_request(wanted.repository))
        if task.kind is not RestoreKind.FEATURE_STATE:
            for name, way in task.in_the_way.items():
                is_stream = task.kind is RestoreKind.DATA_STREAM and name == task.destination_index
                closing, _ = close_requests(name)
                asked.append(closing if way is TakenNameRule.CLOSE else delete_request(name, is_stream=is_stream))
        start = start_request((task,), plan)
        pretty = msgspec.json.format(start.body.encode(), indent=2).decode()
        asked.append(msgspec.structs.replace(start, body=pretty))
        if task.kind in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}:
            path = delete_request(task.destination_index).path
            asked += [
                Request(method="GET", path=f"{path}/_recovery"),
                Request(method="POST", path=f"{path}/_refresh"),
                Request(method="GET", path=f"{path}/_count"),
            ]
        if wanted.register and wanted.unregister:
            asked.append(unregister_request(wanted.repository.name))
        return tuple(asked)

    # -- making ready --------------------------------------------------------------------------------------------------

    async def open(self, plan: Plan, clusters: Clusters, recorder: Recorder) -> None:
        """Register the repository where the plan says so, and see that the snapshot is in it, and the same one."""
        wanted = restoration_of(plan)
        known = await clusters.destination.snapshots.repositories()
        there = next((one for one in known if one.name == wanted.repository.name), None)
        if there is not None:
            self._must_be_the_same(there, wanted)
        if wanted.register and (there is None or wanted.unregister):
            # One that was registered to look into it is registered the same once more: so it is taken away at the end.
            try:
                await recorder.change(
                    Side.DESTINATION,
                    f"the repository {wanted.repository.name} was registered",
                    register_request(wanted.repository),
                    unregister_request(wanted.repository.name) if wanted.unregister else None,
                )
            except ProblemError as error:
                # Older servers refuse even the same again while a restore is going on that an earlier process began.
                if there is None or error.problem.cause is not Cause.BUSY:
                    raise
        elif there is None:
            raise ProblemError(
                Problem(
                    cause=Cause.MISSING,
                    what=f"The destination has no repository {wanted.repository.name}.",
                    why="It was there when the plan was made, or was to be registered by somebody else.",
                    todo="Register it there under the same name, and run the plan again.",
                )
            )
        snapshot = await self._shared(plan, clusters).snapshot(anew=True)
        if wanted.snapshot_uuid and snapshot.uuid and wanted.snapshot_uuid != snapshot.uuid:
            raise ProblemError(
                Problem(
                    cause=Cause.STATE,
                    what=f"The snapshot {wanted.snapshot} in {wanted.repository.name} is not the one of the plan.",
                    why="It was deleted and another one was made under its name, or the repository is another one.",
                    todo="Make a new plan from it, if it is the right one.",
                    evidence=f"{snapshot.uuid}, not {wanted.snapshot_uuid}",
                )
            )

    @staticmethod
    def _must_be_the_same(there: Repository, wanted: RestoreOptions) -> None:
        """A repository of that name that is another one; raises ProblemError (exists)."""
        ours = wanted.repository
        if there.type == ours.type and (there.place == ours.place or not ours.place):
            return
        raise ProblemError(
            Problem(
                cause=Cause.EXISTS,
                what=f"The destination has another repository named {ours.name}.",
                why=f"It is of type {there.type}"
                + (f" at {there.place}" if there.place else "")
                + f", the plan wants {ours.type}"
                + (f" at {ours.place}." if ours.place else "."),
                todo="Register the wanted one under another name, and make a new plan.",
            )
        )

    async def prepare(self, work: Work, clusters: Clusters, recorder: Recorder) -> None:
        """Close or delete what is in the way, exactly the indices that the task names.

        One that this very snapshot is being restored into is left alone: an earlier process has started that.
        """
        task, cluster = work.task, clusters.destination
        if not task.in_the_way or task.kind in {RestoreKind.FEATURE_STATE, RestoreKind.GLOBAL_STATE}:
            return
        stream = task.destination_index if task.kind is RestoreKind.DATA_STREAM else ""
        if task.in_the_way.get(stream) is TakenNameRule.DELETE and await cluster.existing([stream]) == {
            stream: "data stream"
        }:
            request = delete_request(stream, is_stream=True)
            await recorder.change(Side.DESTINATION, f"the data stream {stream} was deleted", request, None)
        names = [name for name in task.in_the_way if name != stream]
        for name, there in (await cluster.snapshots.recoveries(names)).items():
            if comes_from(there, restoration_of(work.plan)) and not there.is_complete and not there.is_closed:
                continue
            if task.in_the_way[name] is TakenNameRule.DELETE:
                await recorder.change(Side.DESTINATION, f"the index {name} was deleted", delete_request(name), None)
            elif not there.is_closed:
                closing, opening = close_requests(name)
                what = f"the index {name} was closed, to be restored over"
                await recorder.change(Side.DESTINATION, what, closing, opening)

    # -- restoring -----------------------------------------------------------------------------------------------------

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:
        """Yield a value a look, until every primary shard of the restored indices is seen started.

        Raises ProblemError: BUSY or DISK_FULL where a shard finds no node, REFUSED where it could not be read, MISSING
        or STATE where the index is gone or another one, UNKNOWN_OUTCOME where nothing of the restore can be seen.
        """
        shared, state = self._shared(work.plan, clusters), RestoreState.from_token(since)
        if work.task.kind is RestoreKind.GLOBAL_STATE:
            async for step in self._global_state(work, clusters, state):
                yield step
            return
        names = destination_names(work.task, await shared.snapshot())
        if not names:
            raise _never_seen(work, names)
        paths_of(names)  # an odd name is this task's trouble, not that of all who share a look
        with shared.looks.following(names):
            look = await shared.looks.newer_than(shared.looks.begun, names)
            note, was_held_up, is_sure = "", bool(state.made), False
            if await self._is_cured(state, clusters, names, look.found):
                state = by_hand(state, await _placed(clusters, names))
                await self._take_away(work, clusters, names, state)
                look = await shared.looks.newer_than(shared.looks.begun, names)
                note = f"a node may take its shards now, so it is restored once more{_as_set(state)}"
                state = _anew(state)
            elif state.made and not any(name in look.found for name in names):
                # Stopping has deleted it, or somebody has since; taking a task up means that it is wanted.
                state, note = _anew(state), "its index was gone, so it is restored again"
            if not state.made:
                made, look = await self._begun(as_changed(work, state), shared, names, look)
                state = msgspec.structs.replace(state, made=made)
                was_held_up = False
            shared.made[work.opaque_id] = state.made
            while True:
                recoveries = self._seen(names, state, look.found)
                is_done = is_whole(names, state.made, look.found)
                problem = None if is_done else await self._trouble(clusters, recoveries)
                if problem is not None and not was_held_up and not is_sure and not all_judged(recoveries):
                    problem, is_sure = None, True  # one more look shows how many shards it is
                state = await _held_up(state, clusters, names, problem)
                if problem is None or not was_held_up:
                    note = note or await shared.cap(list(look.found.values()))
                    yield moved(work.task, state, recoveries, is_done=is_done, note=note)
                if problem is not None:
                    raise ProblemError(problem)
                if is_done:
                    return
                note, was_held_up = "", False
                look = await shared.looks.newer_than(look.number, names)

    async def _begun(
        self, work: Work, shared: _Shared, names: Sequence[str], look: RecoveryView
    ) -> tuple[dict[str, str], RecoveryView]:
        """What the restore of a task has made, started, or found where it was started before; with a look at it."""
        if not _is_under_way(work, names, look.found):
            refused: ProblemError | None = None
            try:
                await shared.starts.start(work)
            except ProblemError as error:
                if error.problem.cause is not Cause.EXISTS:
                    raise
                refused = error  # unless what an earlier request has started has become visible only now
            look = await shared.looks.newer_than(shared.looks.begun, names)
            if refused is not None and not _is_under_way(work, names, look.found):
                raise refused
        if unseen := [name for name in names if name not in look.found]:
            raise _never_seen(work, unseen)
        return {name: look.found[name].uuid for name in names}, look

    @staticmethod
    def _seen(names: Sequence[str], state: RestoreState, found: Mapping[str, RestoreProgress]) -> list[RestoreProgress]:
        """What was seen of the task's indices; raises ProblemError where one is gone, or another one."""
        for name in names:
            if name not in found:
                raise _gone(name)
            if found[name].uuid != state.made.get(name):
                raise _another(name)
        return [found[name] for name in names]

    @staticmethod
    async def _trouble(clusters: Clusters, recoveries: Sequence[RestoreProgress]) -> Problem | None:
        """Why a shard will not start by itself; None while all may."""
        for recovery in recoveries:
            if shards := stuck(recovery):
                explanation = await clusters.destination.snapshots.explain(recovery.index, shards[0].shard)
                return unplaced(recovery, shards, explanation)
        return None

    @staticmethod
    async def _is_cured(
        state: RestoreState, clusters: Clusters, names: Sequence[str], found: Mapping[str, RestoreProgress]
    ) -> bool:
        """Whether nothing but the failure itself keeps each stuck shard from being restored again."""
        troubled = [found[name] for name in names if name in found and found[name].uuid == state.made.get(name)]
        stuck_shards = [(one.index, shard) for one in troubled for shard in stuck(one)]
        if not stuck_shards:
            return False
        for index, shard in stuck_shards[:1]:
            if not may_work_now(await clusters.destination.snapshots.explain(index, shard.shard)):
                return False
        return True

    async def _global_state(self, work: Work, clusters: Clusters, state: RestoreState) -> AsyncIterator[Acknowledged]:
        """The one restore that is waited for: the server's own answer is all that can be known of it."""
        shared = self._shared(work.plan, clusters)
        if not state.is_acknowledged:
            await clusters.destination.snapshots.restore(restore_request(work.task, work.plan))
        shared.acknowledged.add(work.opaque_id)
        yield Acknowledged(done=0, total=0, parts_done=1, parts=1, token=RestoreState(is_acknowledged=True).as_token())

    async def pace(self, work: Work, clusters: Clusters, since: str, requests_per_second: float) -> None:
        """Nothing: a restore goes as fast as the clusters' own settings let it."""

    async def pause(self, work: Work, clusters: Clusters, since: str) -> None:
        """Nothing: a restore cannot be held. What is under way goes on, and no other is begun."""

    # -- stopping ------------------------------------------------------------------------------------------------------

    async def stop(self, work: Work, clusters: Clusters, since: str) -> None:
        """Delete what this task has half restored, which cancels the restore; what is whole, or not ours, stays.

        Raises ProblemError: privileges for a feature state on 8.0 and newer, where nobody may delete it.
        """
        if work.task.kind is RestoreKind.GLOBAL_STATE:
            return
        names = destination_names(work.task, await self._shared(work.plan, clusters).snapshot())
        await self._take_away(work, clusters, names, RestoreState.from_token(since))

    async def _take_away(self, work: Work, clusters: Clusters, names: Sequence[str], state: RestoreState) -> None:
        wanted, cluster = restoration_of(work.plan), clusters.destination
        found = await cluster.snapshots.recoveries(names)
        half = [
            one
            for one in found.values()
            if _is_ours(one, state.made.get(one.index, ""), wanted) and not one.is_complete and not one.is_closed
        ]
        if not half:
            return
        if work.task.kind is RestoreKind.DATA_STREAM:
            await self._take_stream_away(work, cluster, names)
            return
        for one in half:
            try:
                await cluster.delete_index(one.index)
            except ProblemError as error:
                if error.problem.cause is Cause.PRIVILEGES and work.task.kind is RestoreKind.FEATURE_STATE:
                    raise _not_ours_to_delete(work, error.problem) from None
                if error.problem.cause is not Cause.MISSING:
                    raise

    @staticmethod
    async def _take_stream_away(work: Work, cluster: Cluster, names: Sequence[str]) -> None:
        """Delete a half restored data stream if nothing else is in it: its newest index cannot be deleted alone."""
        path = delete_request(work.task.destination_index, is_stream=True).path
        told = await cluster.wire.get(path, dict[str, Any])
        backing = {
            str(index.get("index_name", "")) for one in told.get("data_streams", []) for index in one.get("indices", [])
        }
        if backing and backing <= set(names):
            await cluster.make(delete_request(work.task.destination_index, is_stream=True))

    # -- proof ---------------------------------------------------------------------------------------------------------

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:
        """Started shards against the snapshot's; documents against the source's, where it has them and is connected.

        Of the global state nothing can be seen but that the server has said that it is restored: one part of one.
        """
        shared, task = self._shared(work.plan, clusters), work.task
        if task.kind is RestoreKind.GLOBAL_STATE:
            return Comparison(None, None, RestoredShards(wanted=1, arrived=int(work.opaque_id in shared.acknowledged)))
        snapshot = await shared.snapshot()
        names, held = destination_names(task, snapshot), held_by(task, snapshot)
        paths_of(names)  # as in `perform`
        with shared.looks.following(names):
            look = await shared.looks.newer_than(shared.looks.begun, names)
        found = {name: look.found[name] for name in names if name in look.found}
        lost = len({(one.index, one.shard) for one in snapshot.failures if one.index in held})
        shards = shards_of(task, names, shared.made.get(work.opaque_id, {}), found, lost, restoration_of(work.plan))
        if set(found) != set(names) or any(one.is_closed or not one.is_complete for one in found.values()):
            return Comparison(None, None, shards)
        arrived = await self._counted(clusters.destination, task, names)
        there = await self._on_source(task, clusters, held)
        counts = Comparison(there, arrived, shards)
        source, proof = clusters.source, work.plan.proof
        if there is None or source is None or (watch is not None and watch.is_brief) or proof is Proof.COUNTS:
            return counts
        if proof is Proof.SAMPLES:
            return replace(counts, samples=await self._sampled(clusters, names, held))
        pairs = [
            (ComparedIndex(source, old), ComparedIndex(clusters.destination, new))
            for new, old in zip(names, held, strict=True)
        ]
        compared = await (watch or ComparisonProgress()).compare(pairs, there + (arrived or 0), values=False)
        return replace(counts, compared=compared)

    @staticmethod
    async def _counted(cluster: Cluster, task: Task, names: Sequence[str]) -> int | None:
        """Documents that arrived; None where nobody may look into the indices of a feature."""
        total = 0
        for name in names:
            try:
                if task.kind is not RestoreKind.FEATURE_STATE:  # what is restored can be seen without a refresh
                    await cluster.refresh(name)
                total += await cluster.count(name)
            except ProblemError as error:
                if error.problem.cause is Cause.PRIVILEGES and task.kind is RestoreKind.FEATURE_STATE:
                    return None
                raise
        return total

    @staticmethod
    async def _on_source(task: Task, clusters: Clusters, held: Sequence[str]) -> int | None:
        """Documents of the same indices on the source; None where it lacks one of them, or cannot be asked.

        A restore needs no source, so its troubles hold nothing up. What belongs to a feature is written to all the
        time: its number would say nothing.
        """
        source = clusters.source
        if source is None or task.kind is RestoreKind.FEATURE_STATE:
            return None
        total = 0
        try:
            for name in held:
                await source.settings_of(name)  # raises where that name is an alias by now
                await _refreshed_if_allowed(source, name)
                total += await source.count(name)
        except ProblemError:
            return None
        return total

    @staticmethod
    async def _sampled(clusters: Clusters, names: Sequence[str], held: Sequence[str]) -> Samples | None:
        """Documents of both sides compared; None where they could not be."""
        if clusters.source is None:
            return None
        try:
            return await compare_samples(clusters.source, clusters.destination, dict(zip(names, held, strict=True)))
        except ProblemError:
            return None


async def _refreshed_if_allowed(source: Cluster, name: str) -> None:
    """Let a count see what was written a moment ago; a reader's user may not do that."""
    try:
        await source.refresh(name)
    except ProblemError as error:
        if error.problem.cause is not Cause.PRIVILEGES:
            raise


def _is_under_way(work: Work, names: Sequence[str], found: Mapping[str, RestoreProgress]) -> bool:
    """Whether every index is being restored from the snapshot, or was since the plan was made.

    What was in the way of a feature state is replaced by the restore itself, so one that is whole may be the old one.
    """
    there = [found[name] for name in names if name in found]
    if len(there) < len(names) or any(one.is_closed or not comes_from(one, restoration_of(work.plan)) for one in there):
        return False
    is_replaced = work.task.kind is RestoreKind.FEATURE_STATE and bool(work.task.in_the_way)
    return not is_replaced or not all(one.is_complete for one in there)
