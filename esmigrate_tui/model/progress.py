"""The one fold over events, behind the board, the ETA, the exit code and the report."""

from __future__ import annotations

import math
from bisect import bisect_left
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.difference import IndexComparison
from esmigrate_tui.model.event import (
    STOP_ASKED,
    ArrivalsAccepted,
    CarriedOver,
    ConcurrencyChanged,
    Continued,
    Event,
    LedgerChanged,
    Noted,
    PaceChanged,
    Paused,
    ResponseAwaited,
    RestoredShards,
    RunFinished,
    RunOutcome,
    RunResumed,
    RunStarted,
    Samples,
    SlowReason,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    TaskSummary,
    VerificationStarted,
    Verifying,
    WaitBegan,
    WaitEnded,
    Watched,
)
from esmigrate_tui.model.ledger import LedgerEntry
from esmigrate_tui.model.method import MethodName, MethodTraits, Unit, traits_of
from esmigrate_tui.model.outcome import ExitCode, exit_code
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOOK_BACK: Final = 30.0  # seconds: long enough to smooth one batch, short enough to follow a change
_SAMPLES: Final = 64
_NOTABLE: Final = 50
_PLOTTED: Final = 120


class TaskState(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    PREPARING = "preparing"
    MOVING = "moving"
    HELD = "held"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    ACCEPTED = "accepted"
    WITH_REJECTS = "set-aside"
    DIFFERENT = "different"
    FAILED = "failed"
    SKIPPED = "skipped"
    STOPPED = "stopped"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it."""
        return self in _FINAL

    @property
    def is_under_way(self) -> bool:
        """Whether it was begun and has not ended."""
        return not self.is_final and self is not TaskState.WAITING


_FINAL: Final = frozenset(TaskState(outcome) for outcome in TaskOutcome)
_PARTIAL: Final = frozenset({TaskState.PREPARING, TaskState.MOVING, TaskState.HELD})
_DELETED: Final = frozenset({RestoreKind.INDEX, RestoreKind.DATA_STREAM})


class Rate(msgspec.Struct, frozen=True, gc=False):
    """Documents (or bytes) a second over the last half minute: arithmetic alone, fed with (seconds, amount) pairs."""

    samples: tuple[tuple[float, int], ...] = ()

    def after(self, at: float, done: int) -> Rate:
        """The rate with one more poll; polls older than the window are forgotten, but for the one before it."""
        kept = [*self.samples, (at, done)][-_SAMPLES:]
        while len(kept) > 2 and kept[1][0] <= at - _LOOK_BACK:
            kept.pop(0)
        return Rate(tuple(kept))

    @property
    def per_second(self) -> float:
        """Documents a second; 0.0 until two polls are apart in time."""
        if len(self.samples) < 2:
            return 0.0
        (first, before), (last, after) = self.samples[0], self.samples[-1]
        return max(0.0, (after - before) / (last - first)) if last > first else 0.0


class TaskProgress(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One task's row on the board; `moved_at` is when a poll last reported more than the one before.

    While every document is compared, `read` of about `to_read` documents of both sides were read; `is_naming` says
    that it is the second reading.
    """

    summary: TaskSummary
    unit: Unit = Unit.DOCUMENTS
    state: TaskState = TaskState.WAITING
    done: int = 0
    total: int | None = None
    written: int = 0
    there_already: int = 0
    collided: int = 0
    refused: int = 0
    retries: int = 0
    parts_done: int = 0
    parts: int = 0
    token: str = ""
    rate: Rate = Rate()
    moved_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    held_by: Problem | None = None
    held_until: float | None = None
    source_count: int | None = None
    destination_count: int | None = None
    shards: RestoredShards | None = None
    samples: Samples | None = None
    compared: IndexComparison | None = None
    watched: Watched | None = None
    problem: Problem | None = None
    read: int = 0
    to_read: int = 0
    is_naming: bool = False

    @property
    def read_share(self) -> float | None:
        """How much of what is compared was read, 0.0 to 1.0; None where no document is."""
        is_reading = self.state is TaskState.VERIFYING and self.to_read > 0
        return min(1.0, self.read / self.to_read) if is_reading else None

    @property
    def expected(self) -> int | None:
        """Documents (or bytes) to move: what the method found, else what the plan expected."""
        planned = self.summary.size if self.unit is Unit.BYTES else self.summary.documents
        return planned if self.total is None else self.total

    @property
    def fraction(self) -> float | None:
        """0.0 to 1.0; None where the total is unknown."""
        if self.state.is_final and self.state in {TaskState.VERIFIED, TaskState.WITH_REJECTS}:
            return 1.0
        if self.expected is None:
            return None
        return min(1.0, self.done / self.expected) if self.expected else 0.0

    @property
    def was_counted(self) -> bool:
        """Whether the documents of both sides were counted."""
        return self.source_count is not None and self.destination_count is not None

    @property
    def is_proved(self) -> bool:
        """Whether it is verified, and what was seen says so as well: counts, shards, samples, compared documents."""
        is_sampled = self.samples is not None and bool(self.samples.different)
        if self.state is not TaskState.VERIFIED or is_sampled or (self.compared and not self.compared.is_equal):
            return False
        are_counts_equal = self.source_count == self.destination_count
        if self.unit is Unit.BYTES:
            return self.shards is not None and self.shards.is_whole and (are_counts_equal or not self.was_counted)
        return self.was_counted and are_counts_equal


class Eta(msgspec.Struct, frozen=True):
    """Seconds that are left: the likely value and the range it will probably fall into."""

    likely: float
    least: float
    most: float


class Notable(msgspec.Struct, frozen=True, kw_only=True):
    """A line in the log of notable events."""

    at: float
    text: str
    is_problem: bool = False


class Progress(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A run at one moment; `after(event)` is the only way it changes.

    `awaited` are the clusters that hold a line open without answering, at most one of each side.
    `is_stopping` says that it was told to stop and has not ended. `slowed_by` says why fewer tasks go on together than
    could. `plot` has moments and rates, over the whole run;
    `dip` says what held it up last, and from when on.
    """

    run: str = ""
    method: MethodName | None = None
    source: str = ""
    destination: str = ""
    tasks: tuple[TaskProgress, ...] = ()
    started_at: float | None = None
    last_at: float | None = None
    finished_at: float | None = None
    outcome: RunOutcome | None = None
    problem: Problem | None = None
    is_paused: bool = False
    is_stopping: bool = False
    is_enough: bool = False
    requests_per_second: float = 0.0
    slowed_by: SlowReason | None = None
    rate: Rate = Rate()
    plot: tuple[tuple[float, float], ...] = ()
    dip: Notable | None = None
    ledger: tuple[LedgerEntry, ...] = ()
    carried: tuple[CarriedOver, ...] = ()
    notable: tuple[Notable, ...] = ()
    awaited: tuple[ResponseAwaited, ...] = ()

    # -- what the board asks ---------------------------------------------------------------------------------------

    @property
    def unit(self) -> Unit:
        """What `done`, `expected` and the rates are counted in."""
        return self.traits.unit

    @property
    def traits(self) -> MethodTraits:
        """What the run's method does; nothing in particular before it is known."""
        return traits_of(self.method)

    @cached_property
    def done(self) -> int:
        """Documents settled so far, over all tasks."""
        return sum(task.done for task in self.tasks)

    @cached_property
    def refused(self) -> int:
        """Documents that were rejected, and rows that were none."""
        return sum(task.refused for task in self.tasks)

    @cached_property
    def expected(self) -> int | None:
        """Documents to move over all tasks; None where one does not know."""
        each = [task.expected for task in self.tasks]
        return None if None in each else sum(amount or 0 for amount in each)

    @property
    def fraction(self) -> float | None:
        """0.0 to 1.0 of all documents; None where the total is unknown."""
        if self.expected is None:
            return None
        if self.expected == 0:
            return 1.0 if self.tasks and all(task.state.is_final for task in self.tasks) else 0.0
        return min(1.0, self.done / self.expected)

    @cached_property
    def under_way(self) -> tuple[TaskProgress, ...]:
        """The tasks that were begun and have not ended: few, in a run of however many."""
        return tuple(task for task in self.tasks if task.state.is_under_way)

    @property
    def held(self) -> tuple[TaskProgress, ...]:
        """The tasks that wait for a problem to pass."""
        return tuple(task for task in self.under_way if task.state is TaskState.HELD and task.held_by is not None)

    @property
    def comparing(self) -> tuple[TaskProgress, ...]:
        """The tasks of which every document is being compared at this moment."""
        return tuple(task for task in self.under_way if task.read_share is not None)

    @property
    def slower(self) -> str:
        """Why it is slower than it could be, in a few words; "" where it is not, or nothing moves anyway."""
        is_slower = self.slowed_by is not None and not self.is_finished and not self.is_paused
        return f"slower: {self.slowed_by.words}" if is_slower and self.slowed_by is not None else ""

    def held_with(self, problem: Problem) -> int:
        """How many tasks are held up by what is the same problem, but for the index that it names."""
        return sum(task.held_by is not None and task.held_by.is_like(problem) for task in self.under_way)

    def awaiting(self, now: float) -> str:
        """Which cluster has not answered for how long, in words; "" where none keeps the run waiting."""
        sides = [f"the {one.side} ({duration(now - (one.since or now))})" for one in self.awaited]
        return f"no answer yet from {' and '.join(sides)}" if sides and not self.is_finished else ""

    @property
    def is_finished(self) -> bool:
        """Whether the run has ended."""
        return self.outcome is not None

    @property
    def is_unfinished(self) -> bool:
        """Whether a run was begun and has to be resumed to end: where no process holds it, it was interrupted."""
        return self.outcome in {None, RunOutcome.WAITING} and bool(self.tasks)

    @cached_property
    def left_working(self) -> tuple[TaskProgress, ...]:
        """The tasks that servers may still copy by themselves where no process holds the run; never a restore."""
        is_left = self.is_unfinished and self.traits.goes_on_by_itself and not self.traits.stopping_deletes
        return self.under_way if is_left else ()

    @property
    def is_of_changes(self) -> bool:
        """Whether it is no run, but changes that were made before one: nothing can be resumed, only reverted."""
        return bool(self.run) and not self.tasks and self.outcome in {None, RunOutcome.CHANGED}

    @cached_property
    def is_whole(self) -> bool:
        """Whether everything arrived but what was rejected."""
        return all(task.is_proved or task.state is TaskState.WITH_REJECTS for task in self.tasks)

    def deleted_by_stopping(self, only: int = 0) -> tuple[str, ...]:
        """The indices and data streams on the destination that stopping the run, or `only` one task, deletes.

        Elasticsearch ends a restore by deleting what is only partially restored. () where the method deletes nothing.
        """
        if not self.traits.stopping_deletes:
            return ()
        return tuple(
            task.summary.destination_index
            for task in self.tasks
            if task.state in _PARTIAL and task.summary.kind in _DELETED and only in {0, task.summary.number}
        )

    @cached_property
    def open_ledger(self) -> tuple[LedgerEntry, ...]:
        """Changes that are still to be reverted."""
        return tuple(entry for entry in self.ledger if entry.is_open)

    @cached_property
    def not_carried(self) -> tuple[CarriedOver, ...]:
        """Definitions that were to be made, and were not."""
        return tuple(one for one in self.carried if one.fate.is_open)

    def task(self, number: int) -> TaskProgress:
        """The task with that number; raises ProblemError (state) where there is none: the journal is damaged."""
        return self.tasks[self.place(number)]

    def place(self, number: int) -> int:
        """Where the task with that number stands; raises as `task`. Plans number from 1: that place is tried first."""
        if 0 < number <= len(self.tasks) and self.tasks[number - 1].summary.number == number:
            return number - 1
        if (place := self._places.get(number)) is not None:
            return place
        raise ProblemError.of(
            Cause.STATE,
            f"The journal of this run has events of task {number}, which the run does not have.",
            todo="Its plan.toml, beside it, can be run again.",
        )

    @cached_property
    def _places(self) -> dict[int, int]:
        return {task.summary.number: place for place, task in reversed([*enumerate(self.tasks)])}

    def elapsed(self, now: float) -> float:
        """Seconds since the start, until the end."""
        if self.started_at is None:
            return 0.0
        return (self.finished_at or now) - self.started_at

    def eta(self) -> Eta | None:
        """What is left at the rate of the last half minute, with the whole run's rate as the other end of the range.

        None while nothing moves or the total is unknown.
        """
        if self.expected is None or self.is_finished or self.started_at is None or self.last_at is None:
            return None
        left = self.expected - self.done
        running = self.last_at - self.started_at
        rates = [rate for rate in (self.rate.per_second, self.done / running if running > 0 else 0.0) if rate > 0]
        if not rates or left <= 0:
            return None
        each = [left / rate for rate in rates]
        return Eta(each[0], min(each) * 0.85, max(each) * 1.15)

    def exit_code(self) -> ExitCode:
        """The exit code of a command that followed the run to this moment."""
        if self.outcome is None:
            return ExitCode.DETACHED
        if self.outcome in {RunOutcome.VERIFIED, RunOutcome.ACCEPTED, RunOutcome.CHANGED}:
            is_left = self.outcome is not RunOutcome.CHANGED and self.open_ledger
            return ExitCode.INCOMPLETE if self.not_carried or is_left else ExitCode.DONE
        if self.outcome is RunOutcome.WAITING and self.problem is not None:
            return exit_code(self.problem.cause)
        if any(task.state is TaskState.DIFFERENT for task in self.tasks):
            return ExitCode.DIFFERENT
        if self.problem is not None and self.problem.cause is Cause.STALE:
            return ExitCode.STALE
        return ExitCode.INTERNAL if self.outcome is RunOutcome.FAILED else ExitCode.INCOMPLETE

    # -- the fold --------------------------------------------------------------------------------------------------

    def after_all(self, events: Iterable[Event]) -> Progress:
        """This progress with several more events in it; what is long is copied once for all of them."""
        return ProgressFolding(self).after(events)

    def after(self, event: Event) -> Progress:
        """This progress with one more event in it."""
        return self.after_all((event,))


class ProgressFolding:
    """A progress that events are folded into in place.

    What grows with the run (tasks, ledger, definitions) is kept apart from the rest while events come, so that none of
    them costs more in a run of ten thousand tasks than in a run of one. What follows a run keeps one of these.
    """

    def __init__(self, before: Progress) -> None:
        self._before = before  # knows where each task stands
        self._now = before  # all but what is kept apart
        self._ledger = [*before.ledger]
        self._carried = {(one.kind, one.name): one for one in before.carried}
        self._take(before)

    def _take(self, whole: Progress) -> None:
        """Begin with the tasks of a progress, and what is known of them all."""
        self._tasks = [*whole.tasks]
        self._done, self._refused = whole.done, whole.refused
        unknown = [task.expected is None for task in whole.tasks] if whole.expected is None else []
        self._unknown = sum(unknown)  # tasks of which nothing says how much there is
        self._expected = sum(task.expected or 0 for task in whole.tasks) if unknown else whole.expected or 0
        places = [(whole.place(task.summary.number), task) for task in whole.under_way]
        self._under_way = {place for place, _ in places}
        self._held = {place: task.held_by for place, task in places if task.held_by is not None}

    def after(self, events: Iterable[Event]) -> Progress:
        """The progress with these events in it too; what is long is copied once for all of them."""
        for event in events:
            self._add(event)
        after = msgspec.structs.replace(
            self._now, tasks=tuple(self._tasks), ledger=tuple(self._ledger), carried=tuple(self._carried.values())
        )
        after.__dict__.update(  # known already: nobody need go through all tasks for it
            done=self._done,
            refused=self._refused,
            expected=None if self._unknown else self._expected,
            under_way=tuple(self._tasks[place] for place in sorted(self._under_way)),
        )
        return after

    def _add(self, event: Event) -> None:  # noqa: C901, PLR0912, PLR0915  # one branch an event, side by side
        """Fold one more event into it."""
        self._but(last_at=event.at)
        match event:
            case RunStarted():
                self._start(event)
            case RunResumed():
                self._but(outcome=None, finished_at=None, problem=None, is_stopping=False)
                self._but(rate=Rate(), awaited=(), slowed_by=None)
                self._note(event.at, "resumed by a new process")
            case TaskStarted():
                first = self._task(event.task).started_at  # of a run that was resumed
                began = event.at if first is None else first
                self._task_but(event.task, state=TaskState.PREPARING, started_at=began, problem=None)
            case TaskAdvanced():
                self._advance(event)
            case WaitBegan():
                self._hold(event)
            case WaitEnded():
                self._task_but(event.task, state=TaskState.MOVING, held_by=None, held_until=None)
            case VerificationStarted():
                self._task_but(event.task, state=TaskState.VERIFYING, held_by=None, held_until=None, read=0, to_read=0)
            case Verifying():
                self._task_but(
                    event.task,
                    state=TaskState.VERIFYING,
                    held_by=None,
                    held_until=None,
                    read=event.read,
                    to_read=event.total,
                    is_naming=event.is_naming,
                )
            case TaskFinished():
                self._end(event)
            case ResponseAwaited():
                others = tuple(one for one in self._now.awaited if one.side is not event.side)
                self._but(awaited=others if event.since is None else (*others, event))
            case LedgerChanged():
                self._enter(event.entry)
            case CarriedOver():
                self._carried.pop((event.kind, event.name), None)  # the newest is the last one
                self._carried[event.kind, event.name] = event
                self._note(event.at, f"{event.label}: {event.words}", is_problem=event.fate.is_open)
            case Paused():
                self._but(is_paused=True, dip=Notable(at=event.at, text="paused"))
                self._note(event.at, "paused")
            case Continued():
                self._but(is_paused=False)
                self._note(event.at, "continued")
            case PaceChanged():
                pace = f"{event.requests_per_second:g} documents/s" if event.requests_per_second else "no limit"
                self._but(requests_per_second=event.requests_per_second)
                self._note(event.at, f"pace: {pace}")
            case ConcurrencyChanged():
                self._but(slowed_by=event.reason)
            case ArrivalsAccepted():
                self._but(is_enough=True, is_paused=False)
                self._note(event.at, "you said that everything has arrived")
            case Noted():
                name = self._task(event.task).summary.source_index + ": " if event.task else ""
                if not event.task and event.text == STOP_ASKED:
                    self._but(is_stopping=True)
                self._note(event.at, name + event.text)
            case RunFinished():
                self._but(
                    outcome=event.outcome,
                    finished_at=event.at,
                    problem=event.problem,
                    is_paused=False,
                    is_stopping=False,
                )

    def _but(self, **changes: object) -> None:
        self._now = msgspec.structs.replace(self._now, **changes)

    def _task(self, number: int) -> TaskProgress:
        return self._tasks[self._before.place(number)]

    def _task_but(self, number: int, **changes: object) -> None:
        place = self._before.place(number)
        before = self._tasks[place]
        self._tasks[place] = after = msgspec.structs.replace(before, **changes)
        self._done += after.done - before.done
        self._refused += after.refused - before.refused
        expected, now_expected = before.expected, after.expected
        self._unknown += (now_expected is None) - (expected is None)
        self._expected += (now_expected or 0) - (expected or 0)
        (self._under_way.add if after.state.is_under_way else self._under_way.discard)(place)
        self._held.pop(place, None)
        if after.held_by is not None:
            self._held[place] = after.held_by

    def _note(self, at: float, text: str, *, is_problem: bool = False) -> None:
        line = Notable(at=at, text=text, is_problem=is_problem)
        self._but(notable=(*self._now.notable, line)[-_NOTABLE:])

    def _start(self, event: RunStarted) -> None:
        unit = event.method.traits.unit
        tasks = tuple(TaskProgress(summary=summary, unit=unit) for summary in event.tasks)
        self._but(
            run=event.run,
            method=event.method,
            source=event.source,
            destination=event.destination,
            started_at=event.at,
            tasks=tasks,
        )
        self._before = self._now
        self._take(self._now)

    def _hold(self, event: WaitBegan) -> None:
        task = self._task(event.task)
        is_known = any(problem.is_like(event.problem) for problem in self._held.values())
        self._task_but(event.task, state=TaskState.HELD, held_by=event.problem, held_until=event.until)
        if not is_known:  # of many that wait for the same, the first is named
            self._but(dip=Notable(at=event.at, text=event.problem.what))
            self._note(event.at, f"{task.summary.source_index} waits: {event.problem.what}", is_problem=True)

    def _enter(self, entry: LedgerEntry) -> None:
        place = bisect_left(self._ledger, entry.number, key=lambda entry: entry.number)
        is_known = place < len(self._ledger) and self._ledger[place].number == entry.number
        self._ledger[place : place + is_known] = [entry]

    def _advance(self, event: TaskAdvanced) -> None:
        moved, task = event.moved, self._task(event.task)
        self._task_but(
            event.task,
            state=TaskState.MOVING,
            held_by=None,
            held_until=None,
            **{name: getattr(moved, name) for name in _COUNTED},
            total=task.total if moved.total is None else moved.total,
            token=moved.token or task.token,
            rate=task.rate.after(event.at, moved.done),
            moved_at=event.at if moved.done > task.done else task.moved_at,
        )
        rate = self._now.rate.after(event.at, self._done)
        self._but(rate=rate, plot=_plotted(self._now.plot, event.at, rate.per_second))
        if moved.note:
            self._note(event.at, f"{task.summary.source_index}: {moved.note}", is_problem=moved.is_odd)

    def _end(self, event: TaskFinished) -> None:
        task = self._task(event.task)
        state = TaskState(event.outcome.value)
        arrived = state in {TaskState.VERIFIED, TaskState.WITH_REJECTS}
        settled = task.expected if task.unit is Unit.BYTES else event.source_count
        done = task.done
        if state is TaskState.ACCEPTED and event.destination_count is not None:
            done = event.destination_count
        self._task_but(
            event.task,
            state=state,
            finished_at=event.at,
            held_by=None,
            held_until=None,
            **{name: getattr(event, name) for name in _SEEN},
            done=settled if arrived and settled is not None else done,
            total=settled if arrived and settled is not None else task.total,
        )
        is_problem = state not in {TaskState.VERIFIED, TaskState.ACCEPTED}
        self._note(event.at, _ending(task.summary, event), is_problem=is_problem)


_COUNTED: Final = ("done", "written", "there_already", "collided", "refused", "retries", "parts_done", "parts")
_SEEN: Final = (
    *("source_count", "destination_count", "refused", "shards", "samples", "compared", "watched", "problem"),
)
"""What a task has of an event as it stands there."""


def _ending(summary: TaskSummary, event: TaskFinished) -> str:
    name, kind = summary.source_index, summary.kind
    match event.outcome:
        case TaskOutcome.VERIFIED if kind is RestoreKind.GLOBAL_STATE:
            return f"{name} restored, by the server's own word"
        case TaskOutcome.VERIFIED if event.source_count is None and event.shards is not None:
            documents = "" if event.destination_count is None else f", {counted(event.destination_count, 'document')}"
            return f"{name} verified: all of {counted(event.shards.wanted, 'shard')} arrived{documents}"
        case TaskOutcome.VERIFIED:
            compared = ", every one compared" if event.compared is not None else ""
            return f"{name} verified: {counted(event.source_count or 0, 'document')} on both sides{compared}"
        case TaskOutcome.WITH_REJECTS:
            return f"{name}: {counted(event.refused, 'document')} rejected, all others arrived"
        case _:
            return f"{name}: {event.problem.what if event.problem else event.outcome.value}"


def _plotted(plot: tuple[tuple[float, float], ...], at: float, rate: float) -> tuple[tuple[float, float], ...]:
    """The rate over the whole run in a bounded number of points: when they are too many, every second one goes."""
    if plot and at - plot[-1][0] < _spacing(plot):
        return plot
    longer = (*plot, (at, rate))
    return longer if len(longer) <= _PLOTTED else longer[::2]


def _spacing(plot: tuple[tuple[float, float], ...]) -> float:
    """Seconds between two points: doubled each time the plot was thinned out."""
    covered = plot[-1][0] - plot[0][0]
    return 1.0 if covered < _PLOTTED else 2.0 ** math.ceil(math.log2(covered / _PLOTTED))
