"""Reindex from a remote cluster: the destination pulls from the source, document by document.

https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-reindex.html#reindex-from-remote

The server does the copying in tasks; this file starts them, looks at them and does what `decisions` says. A
task stops at the first batch in which the destination refuses a document, so it may need several passes: each leaves
out the documents that were refused before, and finds in place what an earlier pass wrote (`op_type: create`). A large
index is read by several tasks, each a range of one field (`reindex_ranges`): a remote reindex cannot slice.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from esmigrate_tui.elastic.field_percentiles import spread_of
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.filling import (
    amount,
    another_index,
    first_steps,
    made_index,
    make_index_beside_pipelines,
    manner,
    plan_of_indices,
    requests_around,
    source_of,
)
from esmigrate_tui.methods.proving import proof_step, proved, sides_of
from esmigrate_tui.methods.reindex_from_remote.culprits import culprits, within
from esmigrate_tui.methods.reindex_from_remote.decisions import (
    MOST_REFUSED,
    PAUSE_SECONDS,
    WHOLE,
    PassVerdict,
    ReindexPart,
    ReindexState,
    announced,
    cancelled,
    divided,
    first_problem,
    given_whole,
    in_task,
    judged,
    moved,
    never_asked,
    notes_of,
    ranges_in_words,
    reindex_body,
    resumed,
    standing,
    together,
    vanished,
    without,
)
from esmigrate_tui.methods.reindex_from_remote.ranges import edges_of, fields_of, how_many, query_of
from esmigrate_tui.methods.template_effects import with_template_note
from esmigrate_tui.model.connection import SignIn
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import PASSING, Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean, counted
from esmigrate_tui.preflight.remote import bearable
from esmigrate_tui.verify import Comparison, compare_counts
from esmigrate_tui.verify.counts import A_MOMENT
from esmigrate_tui.verify.progress import ComparisonProgress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.contract import Recorder
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Acknowledged
    from esmigrate_tui.model.plan import Plan


_SAMPLED: Final = (20, 4, 1)  # documents that are looked at before the first batch, fewer where they are too large
_MOST_SAMPLED: Final = 32 * 1024 * 1024  # bytes of them


_SMALL: Final = 20_000
"""Documents of an index whose copy may well have ended with the first look at it."""
_FIRST_LOOK_SECONDS: Final = 1.0
"""How long that look waits at the server for the end."""
_MOST_WAITING: Final = 3
"""Looks that wait at the same time: each holds a connection, and others want one as well."""


@contextmanager
def _may_have_ended() -> Iterator[None]:
    """A task that ended by itself needs no throttle and no cancelling; the next look tells how it ended."""
    try:
        yield
    except ProblemError as error:
        if error.problem.cause is not Cause.MISSING:
            raise


class ReindexFromRemote:
    """Starts, watches and throttles `_reindex` tasks of the destination."""

    prepare = staticmethod(make_index_beside_pipelines)

    def __init__(self) -> None:
        self._performed: set[str] = set()
        """What this process has performed of the run, by opaque ids."""
        self._counted: set[str] = set()
        """The works of which all of the source was counted when it had been read, by opaque ids."""
        self._stopped: set[str] = set()
        """The server tasks that this process has cancelled."""
        self._at_server: set[str] = set()
        """Of which a server task goes on as far as was seen, by opaque ids."""
        self._waiting = 0
        """How many looks wait at the server."""

    def plan(self, draft: Draft, made_at: str) -> Plan:
        """The plan of a draft whose indices are chosen and defined; raises ProblemError (usage) when it is not ready.

        `made_at` is ISO 8601 in UTC.
        """
        plan = plan_of_indices(draft, MethodName.REINDEX_FROM_REMOTE, made_at)
        _raise_unsplittable(draft)
        return plan

    def steps(self, plan: Plan) -> tuple[str, ...]:
        """What a run of this plan does, in order, in words."""
        side_by_side, pace = manner(plan)
        most = max((how_many(plan, task.documents or 0, task.size) for task in plan.tasks), default=1)
        return (
            *first_steps(plan),
            (
                f"Let the destination pull them{side_by_side} (_reindex from remote): {amount(plan)}{pace}. "
                "Nothing is overwritten; rejected documents are listed in the reject file."
                f"{ranges_in_words(plan, most)}"
            ),
            proof_step(plan),
        )

    def requests(self, plan: Plan) -> tuple[Request, ...]:
        """The requests for the first index of a plan, the secret as dots; those for the others are like them."""
        if not plan.tasks or plan.source is None:
            return ()
        task = plan.tasks[0]
        work = Work(task=task, plan=plan, opaque_id="", requests_per_second=plan.requests_per_second)
        remote: dict[str, Any] = {"host": plan.source.endpoint.url}
        if plan.source.sign_in is SignIn.PASSWORD:
            remote |= {"username": plan.source.user, "password": "••••••••"}
        elif plan.source.sign_in is not SignIn.NONE:
            remote |= {"headers": {"Authorization": "••••••••"}}
        body = msgspec.json.format(
            msgspec.json.encode(reindex_body(work, None, ReindexPart(), remote)), indent=2
        ).decode()
        throttle = f"&requests_per_second={plan.requests_per_second:g}" if plan.requests_per_second else ""
        path = f"/_reindex?wait_for_completion=false{throttle}"
        return requests_around(plan, Request(method="POST", path=path, body=body))

    async def open(self, plan: Plan, clusters: Clusters, recorder: Recorder) -> None:
        """Nothing is shared between the tasks of a reindex."""

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:
        """Yield a value a look, until the server's own results say that all was read and written.

        Raises ProblemError: UNKNOWN_OUTCOME when a task's result is not to be had, the task's own problem otherwise.
        Where a user has cancelled one task of an index, its others are cancelled too, and seen to end. What this run
        itself has cancelled before, or an earlier process of it has left, is continued.
        """
        state = resumed(ReindexState.from_token(since))
        note = ""
        if not state.parts:
            state, note = await _begun(work, clusters)
            state = msgspec.structs.replace(state, most=await _bearable(work, clusters))
        fresh = frozenset(position for position in state.open if not state.parts[position].passes)
        if fresh:  # written down before there is a task of any: which ranges they are, and that tasks may have begun
            state = announced(state)
            first = together([standing(part) for part in state.parts], state, note=note)
            yield await with_template_note(first, work, clusters)
        seen = [standing(part) for part in state.parts]
        trouble: Problem | None = None
        left = frozenset(state.parts[position].task for position in state.running)
        ended = left & self._stopped if work.opaque_id in self._performed else left
        self._performed.add(work.opaque_id)
        self._at_server.discard(work.opaque_id)
        is_new = False
        while True:
            before = state
            with self._waiting_look(is_new=is_new and _is_small(work, state)) as seconds:
                verdicts = await _looked(work, clusters, state, seen, _Cancelled(ended, self._stopped), seconds)
            is_new = False
            seen = [verdict.seen for verdict in verdicts]
            state = msgspec.structs.replace(state, parts=tuple(verdict.part for verdict in verdicts))
            trouble = trouble or first_problem(verdicts)
            is_cancelled = trouble is not None and trouble.cause is Cause.STATE
            error: ProblemError | None = None
            is_ours = True
            if is_cancelled and state.running:
                await self.stop(work, clusters, state.as_token())
            elif trouble is None and state.open:
                if len(state.open) < len(before.open) and work.requests_per_second:
                    await self.pace(work, clusters, state.as_token(), work.requests_per_second)
                state, error = await _started(work, clusters, state, fresh)
                is_new = True
            elif trouble is None and state.made:
                is_ours = await made_index(work, clusters) == state.made
            (self._at_server.add if state.running else self._at_server.discard)(work.opaque_id)
            rejects = tuple(reject for verdict in verdicts for reject in verdict.rejects)
            yield together(seen, state, rejects, notes_of(verdicts))
            if error is not None:
                raise error
            if trouble is not None and not (is_cancelled and state.running):
                raise ProblemError(trouble)
            if not is_ours:
                raise another_index(work)
            if not state.open:
                self._counted |= {work.opaque_id} if state.field is None else set()
                return

    @contextmanager
    def _waiting_look(self, *, is_new: bool) -> Iterator[float]:
        """How many seconds a look may wait at the server; 0.0 where it is not the first one, or too many do."""
        waits = is_new and self._waiting < _MOST_WAITING
        self._waiting += waits
        try:
            yield _FIRST_LOOK_SECONDS if waits else 0.0
        finally:
            self._waiting -= waits

    async def news(self, work: Work) -> None:
        """Never while a task goes on on the destination, which alone knows; at once before the first, and between."""
        if work.opaque_id in self._at_server:
            await asyncio.Event().wait()

    async def pace(self, work: Work, clusters: Clusters, since: str, requests_per_second: float) -> None:  # noqa: ARG002  # the contract
        """Divide a throttle among the tasks; 0 for none. Faster works at once, slower after the current batch."""
        state = ReindexState.from_token(since)
        for position in state.running:
            with _may_have_ended():
                await clusters.destination.tasks.rethrottle(
                    state.parts[position].task, state.share(requests_per_second)
                )

    async def pause(self, work: Work, clusters: Clusters, since: str) -> None:
        """Let each running task wait an hour between two batches, which holds its place without moving on."""
        state = ReindexState.from_token(since)
        for position in state.running:
            part = state.parts[position]
            batch = part.batch or state.first_batch(work)
            with _may_have_ended():
                await clusters.destination.tasks.rethrottle(part.task, batch / PAUSE_SECONDS)

    async def stop(self, work: Work, clusters: Clusters, since: str) -> None:
        """Cancel every running task of the index; the perform that follows sees them end."""
        state = ReindexState.from_token(since)
        running = await _running(work, clusters)
        unknown = {
            task
            for opaque_id, task in running.items()
            if opaque_id == work.opaque_id or opaque_id.startswith(f"{work.opaque_id}-")
        }
        for task in sorted(unknown | {state.parts[position].task for position in state.running}):
            self._stopped.add(task)
            with _may_have_ended():
                await clusters.destination.tasks.cancel(task)

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:
        """Documents on both sides after a refresh of the destination; where they are compared, by what they mean.

        A remote reindex writes each anew: 1.10 becomes 1.1.
        """
        within = A_MOMENT if work.opaque_id in self._counted else 0.0
        counts = await compare_counts(*sides_of(work, clusters), within=within)
        return await proved(work, clusters, counts, watch or ComparisonProgress(), values=True)


def _raise_unsplittable(draft: Draft) -> None:
    """Raise ProblemError (usage) where no chosen index can be divided by the field that the plan names."""
    if not draft.split_by or draft.source_facts is None:
        return
    features = Features.of_elasticsearch(draft.source_facts.version)
    mappings = [draft.definitions[index.name].mappings for index in draft.chosen]
    if not any(fields_of(one, features, draft.split_by) for one in mappings):
        raise ProblemError.of(
            Cause.USAGE,
            f"No chosen index can be divided by {clean(draft.split_by, 200)}.",
            why="That needs a date or a whole number, indexed and with doc_values, outside of nested objects.",
            todo="Name another field with --split-by, or leave it out: one is looked for.",
        )


class _Cancelled(NamedTuple):
    """Which tasks may have been cancelled `before` a perform began, and which ones are `ours`."""

    before: Collection[str]
    ours: Collection[str]


async def _running(work: Work, clusters: Clusters) -> dict[str, str]:
    """The reindexes that go on on the destination, by what this run called them."""
    return await clusters.destination.tasks.running({work.task.destination_index: work.opaque_id})


async def _begun(work: Work, clusters: Clusters) -> tuple[ReindexState, str]:
    """Whether the index is read whole or in ranges, and what to tell of that; "" where it is only to be expected.

    The source is asked only where the index is large enough, as far as the plan knows.
    """
    plan, task, source = work.plan, work.task, source_of(clusters)
    if task.documents is not None and how_many(plan, task.documents, task.size) < 2:
        return WHOLE, ""
    documents = await source.searches.count(task.source_index)  # raises where a shard is not there: to be waited for
    if how_many(plan, documents, task.size) < 2:
        return WHOLE, ""
    # an earlier process may have begun it whole, and ended before it could write that down
    if work.opaque_id in await _running(work, clusters):
        return WHOLE, ""
    try:
        definition = (await source.indices.definitions([task.source_index]))[task.source_index]
    except ProblemError as error:
        if error.problem.cause is not Cause.PRIVILEGES:
            raise
        return WHOLE, "it is read whole: this user may not see which fields it has"
    shards = int(definition.settings.get("index", {}).get("number_of_shards", 1))
    wanted = how_many(plan, documents, task.size, shards)
    if wanted < 2:
        return WHOLE, ""
    for field in fields_of(definition.mappings, await source.wire.features(), plan.split_by):
        spread = await spread_of(source, task.source_index, field.name, documents)
        edges = edges_of(field, spread, wanted) if spread is not None else ()
        state = divided(field, edges)
        if edges and await _is_covered(work, clusters, state, documents):
            name = clean(field.name, 200)
            return state, f"it is read in {counted(len(state.parts), 'range')} of {name}, side by side"
    by = clean(plan.split_by, 200) if plan.split_by else "no field"
    return WHOLE, f"it is read whole: {by} {'does not divide' if plan.split_by else 'divides'} it evenly enough"


async def _bearable(work: Work, clusters: Clusters) -> int:
    """How many documents a first batch may have, by those that the source gives first; 0 where nothing was seen.

    On the source's disk they are compressed: thirty of 6 MB may be less than one there.
    """
    index = work.task.source_index
    for many in _SAMPLED:
        try:
            found = await source_of(clusters).searches.first_sources([index], many, most=_MOST_SAMPLED)
        except ProblemError as error:
            if error.problem.cause in PASSING:
                raise
            if error.problem.cause is not Cause.TOO_LARGE:
                return 0
        else:
            sizes = [len(one) for one in found.get(index, ())]
            return bearable(sizes) if sizes else 0
    return 1


async def _is_covered(work: Work, clusters: Clusters, state: ReindexState, documents: int) -> bool:
    """Whether the source understands the ranges, and finds all its documents in them."""
    each = [query_of(state.field, part.start, part.end, ()) for part in state.parts]
    try:
        return await source_of(clusters).searches.count(work.task.source_index, {"bool": {"should": each}}) >= documents
    except ProblemError as error:
        if error.problem.cause in PASSING:
            raise
        return False


def _is_small(work: Work, state: ReindexState) -> bool:
    """Whether one task reads the index, and may well end at once."""
    documents = work.task.documents
    is_short = documents is not None and documents <= _SMALL and not work.requests_per_second
    return is_short and len(state.running) == len(state.parts) == 1


async def _looked(
    work: Work,
    clusters: Clusters,
    state: ReindexState,
    seen: list[Acknowledged],
    ended: _Cancelled,
    wait: float,
) -> list[PassVerdict]:
    """One look at every part; raises ProblemError where one could not be looked at, and then nothing has changed.

    It may `wait` so many seconds at the server for the end.
    """
    looks = (_look(work, clusters, state, position, last, ended, wait) for position, last in enumerate(seen))
    found = await asyncio.gather(*looks, return_exceptions=True)
    verdicts: list[PassVerdict] = []
    for one in found:
        if isinstance(one, BaseException):
            raise one
        verdicts.append(one)
    return verdicts


async def _look(  # one part of it, as it was seen last
    work: Work,
    clusters: Clusters,
    state: ReindexState,
    position: int,
    last: Acknowledged,
    ended: _Cancelled,
    wait: float,
) -> PassVerdict:
    """One look at a part, and what it means; `last` is what was seen of it before."""
    part = state.parts[position]
    if part.choked is not None:
        return await _freed(work, clusters, state, position, part.choked)
    if not part.task:
        return PassVerdict(part=part, seen=last)
    try:
        look = await clusters.destination.tasks.progress(part.task, wait=wait)
    except ProblemError as error:
        if error.problem.cause is not Cause.MISSING:
            raise
        return vanished(work, part, last)
    if not look.completed:
        return PassVerdict(part=part, seen=moved(part, look))
    if look.canceled:
        was_before = part.task in ended.before
        return cancelled(work, part, look, is_ours=part.task in ended.ours, was_before=was_before)
    verdict = judged(work, part, look)
    if verdict.part.is_done:
        # asked before it is told: where the line breaks here, the next try judges the same pass again
        query = None if state.field is None else query_of(state.field, part.start, part.end, ())
        there = await source_of(clusters).searches.count(work.task.source_index, query)
        return given_whole(part, look, verdict, there)
    return verdict


async def _freed(work: Work, clusters: Clusters, state: ReindexState, position: int, problem: Problem) -> PassVerdict:
    """A part whose pass choked, without the documents that did it; the problem itself where there are none such."""
    part, source, index = state.parts[position], source_of(clusters), work.task.source_index
    found = await culprits(source, index, work.task.destination_index, problem, MOST_REFUSED)
    if state.field is not None and found:
        found = await within(source, index, found, query_of(state.field, part.start, part.end, ()))
    return without(part, found, problem)


async def _started(
    work: Work, clusters: Clusters, state: ReindexState, fresh: frozenset[int]
) -> tuple[ReindexState, ProblemError | None]:
    """A running task for every part that needs another pass; what was started is in the state even after a problem.

    One that an earlier process started and could not write down is found; where it has ended since, what it has written
    is found in place, and is no second document of one _id. Of `fresh` parts none was ever asked for.
    """
    waiting = [at for at in state.open if not state.parts[at].task and state.parts[at].choked is None]
    if not waiting:
        return state, None
    source, destination = source_of(clusters), clusters.destination
    asked = -1
    try:
        # a reindex makes an index that is not there by itself, with guessed mappings
        state = msgspec.structs.replace(state, made=await made_index(work, clusters, state.made, within=A_MOMENT))
        known = await _running(work, clusters)
        if any(state.opaque_id(work, position) not in known for position in waiting):
            await source.searches.count(work.task.source_index)  # raises where a shard is not there: to be waited for
        for position in waiting:
            part, opaque_id = state.parts[position], state.opaque_id(work, position)
            task = known.get(opaque_id)
            is_surely_first = task is not None or position in fresh
            if task is None:
                asked = position
                task = await destination.tasks.start(
                    reindex_body(work, state.field, part, source.wire.as_remote(), state.first_batch(work)),
                    opaque_id=opaque_id,
                    requests_per_second=state.share(work.requests_per_second),
                )
            batch = state.first_batch(work)
            state = state.with_part(position, in_task(part, task, batch, is_surely_first=is_surely_first))
    except ProblemError as error:
        # a gateway may say 503 of what the server behind it has obeyed
        may_have_begun = {asked} if error.problem.cause in PASSING else set()
        unseen = {position for position in fresh if not state.parts[position].batch}
        return never_asked(state, unseen - may_have_begun), error
    return state, None
