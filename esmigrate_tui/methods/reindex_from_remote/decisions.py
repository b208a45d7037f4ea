"""What a reindex from remote decides, as pure functions of values: what is asked for, and what the looks mean.

A part is what one server task reads: one range of a field, or the whole index. The token holds where each part stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.elastic.documents import NO_PIPELINE
from esmigrate_tui.methods.filling import MOST_REPEATS, more_than_given, switches_off
from esmigrate_tui.methods.reindex_from_remote.culprits import chokes
from esmigrate_tui.methods.reindex_from_remote.ranges import RangeField, query_of
from esmigrate_tui.methods.token import Token
from esmigrate_tui.methods.writing.decisions import item_outcome
from esmigrate_tui.methods.writing.problems import OF_ALL_DOCUMENTS, problem_of, stopped
from esmigrate_tui.model.event import Acknowledged, Reject
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.problem import PASSING, Cause, Problem
from esmigrate_tui.model.text import clean, counted
from esmigrate_tui.preflight.remote import remote_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from esmigrate_tui.elastic.reindex_tasks import ReindexProgress
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.model.plan import Plan, Task

PAUSE_SECONDS: Final = 3_600.0
"""How long one batch may take while paused; the scroll is kept open that long."""
_LARGEST_BATCH: Final = 5_000  # measured: five times the server's own default is faster, more is not
_BATCH_BYTES: Final = 16 * 1024 * 1024  # far below the 100 MB buffer, large enough to hide the way there and back
_DOCUMENT_GROWS: Final = 4  # a document's JSON against its compressed share of the store
MOST_REFUSED: Final = 5_000  # ids in one query; more is a wrong mapping, not a few bad documents
_MOST_PASSES: Final = 40
_MOST_SEARCHES: Final = 4  # more is a source that is written to, or another fault than those that are looked for


class ReindexPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one server task reads: documents not below `start` and below `end`; all where both are None.

    `choked` is what ended the last pass as a whole: the documents that did it are to be found, as was `searched` times.
    `task` is the running server task, "" between two passes. The first pass is counted before it is asked for: without
    a `batch` it is unknown whether it began. Totals are over the passes that ended; `there` is what the
    last of them found in place. `repeats` counts the passes that were made again because the source holds more than
    they were given.
    """

    start: int | None = None
    end: int | None = None
    task: str = ""
    passes: int = 0
    repeats: int = 0
    searched: int = 0
    choked: Problem | None = None
    batch: int = 0
    total: int = 0
    written: int = 0
    done: int = 0
    there: int = 0
    collided: int = 0
    retries: int = 0
    left_out: tuple[tuple[str, str], ...] = ()
    is_done: bool = False


class ReindexState(Token, frozen=True, kw_only=True, omit_defaults=True):
    """Where the work on one index stands; its JSON is the token of each acknowledgement.

    `made` is the uuid of the destination's index when the work began, "" where a token does not say. `most` documents
    may be in a first batch, by the sizes of some that were looked at; 0 where none were. `field` is what
    the parts are ranges of, None where the index is read whole. Without parts nothing has been decided yet.
    """

    made: str = ""
    most: int = 0
    field: RangeField | None = None
    parts: tuple[ReindexPart, ...] = ()

    @property
    def open(self) -> tuple[int, ...]:
        """The positions of the parts that are not done."""
        return tuple(position for position, part in enumerate(self.parts) if not part.is_done)

    @property
    def running(self) -> tuple[int, ...]:
        """The positions of the parts of which a server task is known."""
        return tuple(position for position, part in enumerate(self.parts) if part.task)

    def with_part(self, position: int, part: ReindexPart) -> ReindexState:
        """The state with another part in that place."""
        parts = (*self.parts[:position], part, *self.parts[position + 1 :])
        return msgspec.structs.replace(self, parts=parts)

    def opaque_id(self, work: Work, position: int) -> str:
        """The id by which the server task of a part is found again."""
        return f"{work.opaque_id}-{position + 1}" if len(self.parts) > 1 else work.opaque_id

    def first_batch(self, work: Work) -> int:
        """Documents a request to begin with: as the plan or the sizes on the disk say, capped by what was seen."""
        batch = first_batch(work.task, work.plan)
        return min(batch, self.most) if self.most and not work.plan.batch else batch

    def share(self, requests_per_second: float) -> float:
        """What each part may take of a throttle."""
        return requests_per_second / max(1, len(self.open))


WHOLE: Final = ReindexState(parts=(ReindexPart(),))
"""An index that one task reads."""


def divided(field: RangeField, edges: Sequence[int]) -> ReindexState:
    """An index that is read in ranges of a field; `edges` are where all but the first one start."""
    bounds = zip((None, *edges), (*edges, None), strict=True)
    return ReindexState(field=field, parts=tuple(ReindexPart(start=start, end=end) for start, end in bounds))


def announced(state: ReindexState) -> ReindexState:
    """The state to write down before the first task is asked for: a process that resumes then knows of it."""
    parts = tuple(msgspec.structs.replace(part, passes=part.passes or 1) for part in state.parts)
    return msgspec.structs.replace(state, parts=parts)


def never_asked(state: ReindexState, positions: Iterable[int]) -> ReindexState:
    """The state where these parts were announced, and then not asked for after all."""
    for position in positions:
        state = state.with_part(position, msgspec.structs.replace(state.parts[position], passes=0))
    return state


def in_task(part: ReindexPart, task: str, batch: int, *, is_surely_first: bool) -> ReindexPart:
    """The part with a running task; what an unseen pass may have written is no collision for this one."""
    is_the_announced = not part.batch and is_surely_first
    passes = part.passes if is_the_announced else part.passes + 1
    return msgspec.structs.replace(part, task=task, passes=passes, batch=part.batch or batch)


def resumed(state: ReindexState) -> ReindexState:
    """The state to go on from: an index of which all parts were done is read again, and found in place.

    Only what both sides hold can say that nothing is missing, and it has just said otherwise, or was not asked yet.
    """
    if state.open:
        return state
    parts = tuple(msgspec.structs.replace(part, is_done=False) for part in state.parts)
    return msgspec.structs.replace(state, parts=parts)


# -- what is asked for -----------------------------------------------------------------------------------------------


def first_batch(task: Task, plan: Plan) -> int:
    """Documents a request to begin with: what the plan says, else from the average size, at most 5 000."""
    if plan.batch:
        return plan.batch
    if not task.documents or not task.size:
        return 1_000
    average = max(1, task.size * _DOCUMENT_GROWS // task.documents)
    return max(1, min(_LARGEST_BATCH, _BATCH_BYTES // average))


def reindex_body(
    work: Work, field: RangeField | None, part: ReindexPart, remote: dict[str, Any], batch: int = 0
) -> dict[str, Any]:
    """The body of `POST _reindex` for one pass; `remote` holds the secret and is put in as it is.

    `batch` is what a first pass begins with, 0 for what the plan and the sizes on the disk say.

    `op_type: create` with `conflicts: proceed` never overwrites: a second document of the same `_id` is counted. The
    documents went through ingest pipelines when they were new: one that the index has by default is passed by.
    """
    left_out = tuple(identifier for _, identifier in part.left_out)
    passing = {"pipeline": NO_PIPELINE} if switches_off(work.plan, Version.parse(work.plan.destination_version)) else {}
    return {
        "conflicts": "proceed",
        "source": {
            "remote": remote,
            "index": remote_index(work.task.source_index),
            "size": part.batch or batch or first_batch(work.task, work.plan),
            "query": query_of(field, part.start, part.end, left_out),
        },
        "dest": {"index": work.task.destination_index, "op_type": "create", **passing},
    }


# -- what was seen ---------------------------------------------------------------------------------------------------


def standing(part: ReindexPart) -> Acknowledged:
    """What a part has come to in the passes that ended."""
    return Acknowledged(
        done=part.done,
        total=part.done if part.is_done else part.total or None,
        written=part.written,
        there_already=part.there,
        collided=part.collided,
        refused=len(part.left_out),
        retries=part.retries,
    )


def moved(part: ReindexPart, look: ReindexProgress, *, refused: int | None = None) -> Acknowledged:
    """What one look at a pass says about the whole part; `refused` documents where that is more than it left out."""
    again = part.passes > 1
    refused = len(part.left_out) if refused is None else refused
    settled = look.created + look.updated + look.version_conflicts + look.noops + refused
    return Acknowledged(
        done=max(part.done, settled),
        total=look.total + len(part.left_out) if look.total else part.total or None,
        written=part.written + look.created + look.updated,
        there_already=look.version_conflicts if again else 0,
        collided=part.collided if again else look.version_conflicts,
        refused=refused,
        retries=part.retries + look.bulk_retries + look.search_retries,
        throttled_seconds=look.throttled_seconds,
    )


def together(
    seen: Sequence[Acknowledged], state: ReindexState, rejects: tuple[Reject, ...] = (), note: str = ""
) -> Acknowledged:
    """All parts of an index in one look; how many documents it has is known when every part has said it."""
    totals = [one.total for one in seen if one.total is not None]
    return Acknowledged(
        done=sum(one.done for one in seen),
        total=sum(totals) or None if len(totals) == len(seen) else None,
        written=sum(one.written for one in seen),
        there_already=sum(one.there_already for one in seen),
        collided=sum(one.collided for one in seen),
        refused=sum(one.refused for one in seen),
        retries=sum(one.retries for one in seen),
        throttled_seconds=max((one.throttled_seconds for one in seen), default=0.0),
        token=state.as_token(),
        rejects=rejects,
        note=note,
    )


def after_pass(part: ReindexPart, look: ReindexProgress, **changes: Any) -> ReindexPart:  # noqa: ANN401  # the fields of Part
    """The part between two passes: no task, the ended pass added to the totals."""
    left_out = changes.get("left_out", part.left_out)
    so_far = moved(part, look, refused=len(left_out))
    return msgspec.structs.replace(
        part,
        task="",
        total=so_far.total or 0,
        written=so_far.written,
        done=so_far.done,
        there=so_far.there_already,
        collided=so_far.collided,
        retries=so_far.retries,
        **changes,
    )


# -- what it means ---------------------------------------------------------------------------------------------------


class PassVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a part means: what was seen, the part to go on with, what to tell, and a problem if there is one.

    A part that is neither done nor failed, and has no task, is to have another pass.
    """

    part: ReindexPart
    seen: Acknowledged
    rejects: tuple[Reject, ...] = ()
    note: str = ""
    problem: Problem | None = None


def _between(
    part: ReindexPart, *, rejects: tuple[Reject, ...] = (), note: str = "", problem: Problem | None = None
) -> PassVerdict:
    return PassVerdict(part=part, seen=standing(part), rejects=rejects, note=note, problem=problem)


def judged(work: Work, part: ReindexPart, look: ReindexProgress) -> PassVerdict:
    """What the result of an ended pass means for its part."""
    if look.problem is not None:
        if look.problem.cause is Cause.TOO_LARGE and part.batch > 1:
            smaller = after_pass(part, look, batch=max(1, part.batch // 2))
            note = f"a batch of {part.batch} was too large for the server, going on with {smaller.batch}"
            return _between(smaller, note=note)
        if chokes(look.problem) and part.searched < _MOST_SEARCHES:
            note = "a document ends the whole pass; the index is read here to find it"
            return _between(after_pass(part, look, searched=part.searched + 1, choked=look.problem), note=note)
        return _between(after_pass(part, look), problem=look.problem)
    if not look.failures:
        return _between(after_pass(part, look, is_done=True))
    passing = _passing_problem(work, look.failures)
    if passing is not None:
        return _between(after_pass(part, look), problem=passing)
    known = frozenset(part.left_out)
    new = tuple(reject for reject in look.failures if (reject.type, reject.id) not in known)
    left_out = (*part.left_out, *sorted({(reject.type, reject.id) for reject in new}))
    following = after_pass(part, look, left_out=left_out)
    if not new or len(left_out) > MOST_REFUSED or part.passes >= _MOST_PASSES:
        problem = _too_many(work, left_out, look.failures[0].reason)
        return _between(following, rejects=new, problem=problem)
    return _between(following, rejects=new)


def without(part: ReindexPart, found: Sequence[Reject], problem: Problem) -> PassVerdict:
    """A part that choked, going on without what was found; the problem itself where that is nothing new or too much."""
    known = frozenset(part.left_out)
    new = {(one.type, one.id): one for one in found if (one.type, one.id) not in known}
    if not new or len(known) + len(new) > MOST_REFUSED:
        return _between(msgspec.structs.replace(part, choked=None), problem=problem)
    rejects = tuple(msgspec.structs.replace(one, id=clean(one.id), type=clean(one.type)) for one in new.values())
    left_out = (*part.left_out, *sorted(new))
    return _between(msgspec.structs.replace(part, choked=None, left_out=left_out), rejects=rejects)


def given_whole(part: ReindexPart, look: ReindexProgress, verdict: PassVerdict, there: int) -> PassVerdict:
    """The verdict of a pass that seems to be the last, or another pass where the source holds `there`, which is more.

    A node that has just come back answers a search with the shards it has found until then: older servers say nothing
    of the others, and the pass ends well without their documents.
    """
    missing = there - verdict.part.done
    if missing <= 0 or part.repeats >= MOST_REPEATS:
        return verdict
    return _between(after_pass(part, look, repeats=part.repeats + 1), note=more_than_given(missing))


def vanished(work: Work, part: ReindexPart, seen: Acknowledged) -> PassVerdict:
    """What it means that the server no longer knows the task; what was `seen` of it is found in place by the next."""
    gone = msgspec.structs.replace(part, task="", done=seen.done, written=seen.written)
    problem = Problem(
        cause=Cause.UNKNOWN_OUTCOME,
        what=f"The outcome of copying {work.task.source_index} is unknown: "
        f"the destination no longer knows the task {part.task}.",
        why="A restarted node forgets its tasks, and a result that was not written down is lost.",
        todo="The counts of both sides are compared; where they differ the copy is made again, and finds in "
        "place what has arrived.",
    )
    return PassVerdict(part=gone, seen=seen, problem=problem)


def cancelled(work: Work, part: ReindexPart, look: ReindexProgress, *, is_ours: bool, was_before: bool) -> PassVerdict:
    """What it means that the task was cancelled: before this perform (it has another pass), by this run, by a user."""
    if was_before:
        return _between(after_pass(part, look))
    if is_ours:
        return _between(after_pass(part, look), problem=stopped(f"copy of {work.task.source_index}"))
    problem = Problem(
        cause=Cause.STATE,
        what=f"The copy of {work.task.source_index} was cancelled on the destination.",
        why=f"The server says: {look.canceled}.",
        todo="Take the run up again; what has arrived stays.",
    )
    return _between(after_pass(part, look), problem=problem)


def first_problem(verdicts: Sequence[PassVerdict]) -> Problem | None:
    """The problem to tell where several parts may have one: what cannot pass comes before what can."""
    problems = [verdict.problem for verdict in verdicts if verdict.problem is not None]
    return min(problems, key=lambda problem: problem.cause in PASSING, default=None)


def notes_of(verdicts: Sequence[PassVerdict]) -> str:
    """What is worth telling of several parts, each named where there are several."""
    of = f" of {len(verdicts)}: " if len(verdicts) > 1 else ""
    notes = ((f"range {number}{of}" if of else "", one.note) for number, one in enumerate(verdicts, start=1))
    return "; ".join(name + note for name, note in notes if note)


def _passing_problem(work: Work, failures: tuple[Reject, ...]) -> Problem | None:
    """The problem that made the destination refuse these for now, None when it is the documents themselves."""
    for reject in failures:
        outcome = item_outcome(reject.status, reject.reason)
        if outcome in OF_ALL_DOCUMENTS:
            return problem_of(outcome, work.task.destination_index, reject.reason)
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


# -- how it is told beforehand ---------------------------------------------------------------------------------------


def ranges_in_words(plan: Plan, most: int) -> str:
    """That an index may be read in up to so many ranges, in words; "" where none is."""
    if most < 2:
        return ""
    by = clean(plan.split_by, 200) if plan.split_by else "a date or a whole number"
    which = "Each index" if plan.split else "A large index"
    return f" {which} is read in up to {most} ranges of {by}, all at the same time."
