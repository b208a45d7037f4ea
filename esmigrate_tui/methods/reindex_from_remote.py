"""Reindex from a remote cluster: the destination pulls from the source, document by document.

https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-reindex.html#reindex-from-remote

The server does the copying in a task; this file starts tasks, looks at them and judges what they say. A task stops at
the first batch in which the destination refuses a document, so an index may need several passes: each leaves out the
documents that were refused before, and finds in place what an earlier pass wrote (`op_type: create`).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.filling import (
    MOST_REPEATS,
    amount,
    another_index,
    create_request,
    made_index,
    made_indices,
    make_index,
    manner,
    more_than_given,
    plan_of_indices,
    source_of,
    tuning_requests,
)
from esmigrate_tui.methods.writing_troubles import full
from esmigrate_tui.model.connection import Side, SignIn
from esmigrate_tui.model.event import Moved
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.plan import MethodName, Plan, Task
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import counted
from esmigrate_tui.preflight.remote import remote_index
from esmigrate_tui.verify import Comparison, compare_counts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from esmigrate_tui.elastic.cluster import Clusters, ReindexLook
    from esmigrate_tui.methods.contract import Book
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Reject

_LARGEST_BATCH: Final = 5_000  # measured: five times the server's own default is faster, more is not
_BATCH_BYTES: Final = 16 * 1024 * 1024  # far below the 100 MB buffer, large enough to hide the way there and back
_DOCUMENT_GROWS: Final = 4  # a document's JSON against its compressed share of the store
_MOST_REFUSED: Final = 5_000  # ids in one query; more is a wrong mapping, not a few bad documents
_MOST_PASSES: Final = 40
_DISK_FULL: Final = ("/12/", "read-only / allow delete", "flood-stage watermark")  # block 12, whatever its words
_PAUSE_SECONDS: Final = 3_600.0  # how long one batch may take while paused; the scroll is kept open that long


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the work on one index stands; its JSON is the token of each Moved.

    `task` is the running server task, "" between two passes. `made` is the uuid of the destination's index when the
    work began, "" where a token does not say. Totals are over the passes that ended. `repeats` counts the passes that
    were made again because the source holds more than they were given.
    """

    task: str = ""
    made: str = ""
    passes: int = 0
    repeats: int = 0
    batch: int = 0
    written: int = 0
    done: int = 0
    collided: int = 0
    retries: int = 0
    left_out: tuple[tuple[str, str], ...] = ()

    def as_token(self) -> str:
        """The state as text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_token(cls, token: str) -> State:
        """The state in a token, or the beginning."""
        return msgspec.json.decode(token.encode(), type=cls) if token else cls()


def first_batch(task: Task, plan: Plan) -> int:
    """Documents a request to begin with: what the plan says, else from the average size, at most 5 000."""
    if plan.batch:
        return plan.batch
    if not task.documents or not task.size:
        return 1_000
    average = max(1, task.size * _DOCUMENT_GROWS // task.documents)
    return max(1, min(_LARGEST_BATCH, _BATCH_BYTES // average))


def reindex_body(work: Work, state: State, remote: dict[str, Any]) -> dict[str, Any]:
    """The body of `POST _reindex` for one pass; `remote` holds the secret and is put in as it is.

    `op_type: create` with `conflicts: proceed` never overwrites: a second document of the same `_id` is counted.
    """
    source: dict[str, Any] = {
        "remote": remote,
        "index": remote_index(work.task.source_index),
        "size": state.batch or first_batch(work.task, work.plan),
        "query": {"match_all": {}},
    }
    if state.left_out:
        ids = [identifier for _, identifier in state.left_out]
        source["query"] = {"bool": {"must_not": [{"ids": {"values": ids}}]}}
    return {
        "conflicts": "proceed",
        "source": source,
        "dest": {"index": work.task.destination_index, "op_type": "create"},
    }


def moved(
    state: State,
    look: ReindexLook,
    *,
    then: State | None = None,
    rejects: tuple[Reject, ...] = (),
    note: str = "",
) -> Moved:
    """What one look at a pass says about the whole task; `then` is the state to go on from where the pass has ended."""
    again = state.passes > 1
    refused = len((then or state).left_out)
    settled = look.created + look.updated + look.version_conflicts + look.noops + refused
    return Moved(
        done=max(state.done, settled),
        total=look.total + len(state.left_out) if look.total else None,
        written=state.written + look.created + look.updated,
        there_already=look.version_conflicts if again else 0,
        collided=state.collided if again else look.version_conflicts,
        refused=refused,
        retries=state.retries + look.bulk_retries + look.search_retries,
        throttled_seconds=look.throttled_seconds,
        token=(then or state).as_token(),
        rejects=rejects,
        note=note,
    )


def after_pass(state: State, look: ReindexLook, **changes: Any) -> State:  # noqa: ANN401  # the fields of State
    """The state between two passes: no task, the ended pass added to the totals."""
    so_far = moved(state, look)
    return msgspec.structs.replace(
        state,
        task="",
        written=so_far.written,
        done=so_far.done,
        collided=so_far.collided,
        retries=so_far.retries,
        **changes,
    )


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What an ended pass means: the step to tell, then another pass, a trouble, or (neither) that all is done."""

    step: Moved
    following: State | None = None
    problem: Problem | None = None


def judged(work: Work, state: State, look: ReindexLook) -> Verdict:
    """What the result of an ended pass means for the task."""
    if look.problem is not None:
        if look.problem.cause is Cause.TOO_LARGE and state.batch > 1:
            smaller = after_pass(state, look, batch=max(1, state.batch // 2))
            note = f"a batch of {state.batch} was too large for the server, going on with {smaller.batch}"
            return Verdict(step=moved(state, look, then=smaller, note=note), following=smaller)
        return Verdict(step=moved(state, look, then=after_pass(state, look)), problem=look.problem)
    if not look.failures:
        return Verdict(step=moved(state, look, then=after_pass(state, look)))
    passing = _passing_trouble(work, look.failures)
    if passing is not None:
        return Verdict(step=moved(state, look, then=after_pass(state, look)), problem=passing)
    known = frozenset(state.left_out)
    new = tuple(reject for reject in look.failures if (reject.type, reject.id) not in known)
    left_out = (*state.left_out, *sorted({(reject.type, reject.id) for reject in new}))
    following = after_pass(state, look, left_out=left_out)
    step = moved(state, look, then=following, rejects=new)
    if not new or len(left_out) > _MOST_REFUSED or state.passes >= _MOST_PASSES:
        return Verdict(step=step, problem=_too_many(work, left_out, look.failures[0].reason))
    return Verdict(step=step, following=following)


def _is_done(verdict: Verdict) -> bool:
    return verdict.problem is None and verdict.following is None


def given_whole(state: State, look: ReindexLook, verdict: Verdict, there: int) -> Verdict:
    """The verdict of a pass that seems to be the last, or another pass where the source holds `there`, which is more.

    A node that has just come back answers a search with the shards it has found until then: older servers say nothing
    of the others, and the pass ends well without their documents.
    """
    missing = there - verdict.step.done
    if missing <= 0 or state.repeats >= MOST_REPEATS:
        return verdict
    following = after_pass(state, look, repeats=state.repeats + 1)
    note = more_than_given(missing)
    return Verdict(step=moved(state, look, then=following, note=note), following=following)


def _passing_trouble(work: Work, failures: tuple[Reject, ...]) -> Problem | None:
    """The trouble that made the destination refuse these for now, None when it is the documents themselves."""
    for reject in failures:
        if any(mark in reject.reason for mark in _DISK_FULL):
            return full(work.task.destination_index, reject.reason)
        if reject.status in {429, 503}:
            return Problem(
                cause=Cause.BUSY,
                what=f"The destination is too busy to write to {work.task.destination_index}.",
                why="It tried each of these documents several times and then gave them back.",
                todo="Nothing has to be done: the run waits and tries again. A lower pace helps if it stays so.",
                evidence=reject.reason,
            )
    return None


def _too_many(work: Work, left_out: tuple[tuple[str, str], ...], reason: str) -> Problem:
    return Problem(
        cause=Cause.REFUSED,
        what=f"The destination refuses too many documents of {work.task.source_index}: "
        f"{counted(len(left_out), 'document')} until now, and more with every batch.",
        why=f"The last reason was: {reason}",
        todo="Most likely the mapping does not fit. Correct it in the plan, delete the destination's index "
        "and run the plan again.",
        evidence=reason,
    )


def _unknown(work: Work, task_id: str) -> ProblemError:
    return ProblemError(
        Problem(
            cause=Cause.UNKNOWN_OUTCOME,
            what=f"The outcome of copying {work.task.source_index} is unknown: "
            f"the destination no longer knows the task {task_id}.",
            why="A restarted node forgets its tasks, and a result that was not written down is gone.",
            todo="The counts of both sides are compared; where they differ the copy is made again, and finds in "
            "place what has arrived.",
        )
    )


@contextmanager
def _may_have_ended() -> Iterator[None]:
    """A task that ended by itself needs no throttle and no cancelling; the next look tells how it ended."""
    try:
        yield
    except ProblemError as error:
        if error.problem.cause is not Cause.MISSING:
            raise


class ReindexFromRemote:
    """The guide's second method, as the contract of methods wants it."""

    name: Final = MethodName.REINDEX_FROM_REMOTE
    title: Final = "Reindex from a remote cluster"
    needs: Final = (Side.SOURCE, Side.DESTINATION)

    def plan(self, draft: Draft, made_at: str) -> Plan:
        """The plan of a draft whose indices are chosen and defined; raises ProblemError (usage) when it is not ready.

        `made_at` is ISO 8601 in UTC.
        """
        return plan_of_indices(draft, self.name, made_at)

    def steps(self, plan: Plan) -> tuple[str, ...]:
        """What a run of this plan does, in order, in words."""
        old = f"{plan.source.endpoint.url} ({plan.source_version})" if plan.source is not None else "the source"
        new = f"{plan.destination.endpoint.url} ({plan.destination_version})"
        together, pace = manner(plan)
        return (
            f"Read from {old}; nothing on it is changed.",
            made_indices(plan, new),
            (
                f"Let the new cluster pull them{together} (_reindex from remote): {amount(plan)}{pace}. "
                "Nothing is overwritten; what is refused is set aside."
            ),
            "Put settings back, refresh, count on both sides, and compare.",
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
        body = msgspec.json.format(msgspec.json.encode(reindex_body(work, State(), remote)), indent=2).decode()
        throttle = f"&requests_per_second={plan.requests_per_second:g}" if plan.requests_per_second else ""
        asked = [
            create_request(task, Version.parse(plan.destination_version)),
            *(tuning_requests(task)[:1] if plan.tune else ()),
            Request(method="POST", path=f"/_reindex?wait_for_completion=false{throttle}", body=body),
            *(tuning_requests(task)[1:] if plan.tune else ()),
            Request(method="POST", path=f"/{quote(task.destination_index, safe='')}/_refresh"),
            Request(method="GET", path=f"/{quote(task.destination_index, safe='')}/_count"),
        ]
        return tuple(asked)

    async def open(self, plan: Plan, clusters: Clusters, book: Book) -> None:
        """Nothing is shared between the tasks of a reindex."""

    async def prepare(self, work: Work, clusters: Clusters, book: Book) -> None:
        """Make the destination index as the plan has it, and switch its replicas and refresh off for the time being."""
        await make_index(work, clusters, book)

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Moved]:
        """Yield a Moved a look, until the server's own result says that all was read and written.

        Raises ProblemError: UNKNOWN_OUTCOME when the task's result is not to be had, the task's own trouble otherwise.
        """
        state = State.from_token(since)
        last = Moved(
            done=state.done,
            written=state.written,
            collided=state.collided,
            refused=len(state.left_out),
            retries=state.retries,
        )
        while True:
            if not state.task:
                state = await self._start(work, clusters, state)
                last = msgspec.structs.replace(last, token=state.as_token(), rejects=(), note="")
                yield last
            try:
                look = await clusters.destination.reindex_task(state.task)
            except ProblemError as error:
                if error.problem.cause is not Cause.MISSING:
                    raise
                # what was seen of the pass counts for the next one, which finds it in place
                gone = msgspec.structs.replace(state, task="", done=last.done, written=last.written)
                yield msgspec.structs.replace(last, token=gone.as_token(), rejects=(), note="")
                raise _unknown(work, state.task) from None
            if not look.completed:
                last = moved(state, look)
                yield last
                continue
            if look.canceled:
                yield moved(state, look, then=after_pass(state, look))
                raise ProblemError(
                    Problem(
                        cause=Cause.STATE,
                        what=f"The copy of {work.task.source_index} was cancelled on the destination.",
                        why=f"The server says: {look.canceled}.",
                        todo="Take the run up again; what has arrived stays.",
                    )
                )
            verdict = judged(work, state, look)
            # asked before the step is told: where the line breaks here, the next try judges the same pass again
            found = state.made
            if _is_done(verdict):
                found = await made_index(work, clusters) if state.made else ""
                there = await source_of(clusters).count(work.task.source_index)
                verdict = given_whole(state, look, verdict, there)
            last = verdict.step
            yield last
            if verdict.problem is not None:
                raise ProblemError(verdict.problem)
            if found != state.made:
                raise another_index(work)
            if verdict.following is None:
                return
            state = verdict.following

    async def _start(self, work: Work, clusters: Clusters, state: State) -> State:
        """A running task for the next pass; one that an earlier process started and could not write down is found."""
        destination = clusters.destination
        batch = state.batch or first_batch(work.task, work.plan)
        # a reindex makes an index that is not there by itself, with guessed mappings
        made = await made_index(work, clusters)
        if state.made and made != state.made:
            raise another_index(work)
        running = await destination.find_reindex(work.opaque_id)
        if running is None:
            # raises where a shard is not there: to be waited for
            await source_of(clusters).count(work.task.source_index)
            body = reindex_body(work, state, source_of(clusters).as_remote())
            running = await destination.start_reindex(
                body, opaque_id=work.opaque_id, requests_per_second=work.requests_per_second
            )
        return msgspec.structs.replace(state, task=running, made=made, passes=state.passes + 1, batch=batch)

    async def pace(self, work: Work, clusters: Clusters, since: str, requests_per_second: float) -> None:  # noqa: ARG002  # the contract
        """Set the running task's throttle; 0 for none. Faster works at once, slower after the current batch."""
        state = State.from_token(since)
        if state.task:
            with _may_have_ended():
                await clusters.destination.rethrottle(state.task, requests_per_second)

    async def pause(self, work: Work, clusters: Clusters, since: str) -> None:
        """Let the running task wait an hour between two batches, which holds its place without moving on."""
        state = State.from_token(since)
        batch = state.batch or first_batch(work.task, work.plan)
        await self.pace(work, clusters, since, batch / _PAUSE_SECONDS)

    async def stop(self, work: Work, clusters: Clusters, since: str) -> None:
        """Cancel the running task; the perform that follows sees it end."""
        state = State.from_token(since)
        running = state.task or await clusters.destination.find_reindex(work.opaque_id)
        if running:
            with _may_have_ended():
                await clusters.destination.cancel_task(running)

    async def compare(self, work: Work, clusters: Clusters) -> Comparison:
        """Documents on both sides after a refresh of the destination."""
        task = work.task
        return await compare_counts(
            source_of(clusters), task.source_index, clusters.destination, task.destination_index
        )
