"""Performing a plan: several tasks at a time, each prepared, moved, put back, compared; waiting for what may pass.

What is decided stands in `decisions`, pure; here it is carried out. Nothing is told but through the journal, and a task
that fails never ends the run: only being turned away at the door, twice in a row, does.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import traceback
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import msgspec

from esmigrate_tui.engine.control import Pacing, RunControl
from esmigrate_tui.engine.decisions import (
    LOOK_SECONDS,
    NEEDY,
    Patience,
    can_pass,
    given_up,
    is_read_worth_recording,
    is_whole,
    is_worth_recording,
    judged,
    may_be_too_early,
    needs,
    rest_after,
    run_outcome,
    with_counts,
)
from esmigrate_tui.engine.ledger import Ledger, to_clusters
from esmigrate_tui.methods.carrying import bring, decided_before, not_yet
from esmigrate_tui.methods.contract import Comparison, Work
from esmigrate_tui.model.carried import CarryOutcome
from esmigrate_tui.model.command import Command, SkipTask
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import (
    Acknowledged,
    CarriedOver,
    Continued,
    Noted,
    PaceChanged,
    ResponseAwaited,
    RunFinished,
    RunOutcome,
    RunResumed,
    RunStarted,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    TaskSummary,
    VerificationStarted,
    Verifying,
    WaitBegan,
    WaitEnded,
)
from esmigrate_tui.model.method import Proof
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress, TaskState
from esmigrate_tui.model.text import clean, counted
from esmigrate_tui.verify.progress import ComparisonProgress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.engine.journal import Journal
    from esmigrate_tui.methods.contract import Method, Methods
    from esmigrate_tui.model.carried import CarriedDefinition
    from esmigrate_tui.model.event import Event, Reject
    from esmigrate_tui.model.method import MethodName
    from esmigrate_tui.model.plan import Plan, Task

T = TypeVar("T")

_LISTEN_SECONDS: Final = 0.25  # a command is effective within a second
_WAITING_SECONDS: Final = 2.0  # a server that holds a line open for so long is named
_WAITING_AGAIN: Final = 10.0  # and a server that is slow all the time is not named at every request:
_WAITING_QUIET: Final = 60.0  # so long after it was
_WAITING_SLACK: Final = 0.5  # between two looks at two clocks
_ASK_SECONDS: Final = 10.0  # for one last request to a cluster that may be away
_STOP_SECONDS: Final = 60.0  # for a server's task to end after it was cancelled; it ends after its current batch
_SETTLE_SECONDS: Final = 60.0  # for putting back, when the run is over but a cluster is away
_PREPARE_GRACE: Final = 2.0  # for requests under way when the process is told to end
_TURNED_AWAY: Final = 2  # tasks in a row
_MOST_REFUSED: Final = 200_000  # of one task, known by name to its comparison: some 30 MB
_SHUT: Final = frozenset({Cause.AUTHENTICATION, Cause.STALE})
_AWAY: Final = frozenset({Cause.CONNECTION, Cause.BUSY})
_SETTLED: Final = frozenset({TaskState.VERIFIED, TaskState.ACCEPTED, TaskState.WITH_REJECTS, TaskState.SKIPPED})
_MAY_LACK_INDEX: Final = frozenset({TaskOutcome.FAILED, TaskOutcome.STOPPED})
_STOPPED: Final = "The run came to its end before all was done."
_INDICES_LACK: Final = "Not every index is there yet, and a template would change one that is still to be made."


class StopRequested(Exception):  # noqa: N818  # a way out, not an error
    """A person wants this task, or the whole run, to be stopped."""


class ProcessEnding(Exception):  # noqa: N818  # a way out, not an error
    """The process has been told to end; everything stays as it is, to be taken up."""


class Sleep(Protocol):
    """How time passes: `asyncio.sleep`, or a test's faster one."""

    def __call__(self, seconds: float, /) -> Awaitable[None]:
        """Return after so many seconds."""
        ...


async def perform(  # noqa: PLR0913  # everything from outside is an argument
    plan: Plan,
    clusters: Clusters,
    journal: Journal,
    methods: Methods,
    *,
    clock: Callable[[], float],
    sleep: Sleep,
    run_id: str,
    random: Callable[[], float],
    ending: asyncio.Event | None = None,
) -> RunOutcome | None:
    """Perform a plan to its end, going on where the journal says that an earlier process was.

    `clock` gives seconds since 1970 and never jumps, `random` numbers from 0 to 1. When `ending` is set the process has
    been told to end: no new work is taken, the journal says what is true, server-side work goes on, and the result is
    None: the run can be taken up.
    """
    method = methods.get(plan.method)
    run = _Run(plan, clusters, journal, method, clock, sleep, run_id, random)
    watch = asyncio.ensure_future(_end_when(ending, run.orders)) if ending else None
    try:
        return await run.whole()
    except Exception as error:
        await run.break_off(error)
        raise
    finally:
        if watch is not None:
            watch.cancel()


async def _end_when(ending: asyncio.Event, orders: RunControl) -> None:
    await ending.wait()
    orders.end()


@dataclass
class _TaskRun:
    """One task in the hands of this process."""

    task: Task
    work: Work
    token: str
    patience: Patience
    told_pacing: Pacing
    told_token: str = ""
    steps: AsyncIterator[Acknowledged] | None = None
    look: asyncio.Task[Acknowledged | None] | None = None
    last: Acknowledged | None = None
    reading: Verifying | None = None
    told_at: float = 0.0
    failed_at: float = 0.0
    away_at: float = -math.inf  # until when a cluster was away, as far as was seen
    is_away: bool = False
    has_begun: bool = False
    is_held: bool = False
    is_seen_to_end: bool = False
    version: int = field(default=-1)


class _Run:
    def __init__(
        self,
        plan: Plan,
        clusters: Clusters,
        journal: Journal,
        method: Method | None,
        clock: Callable[[], float],
        sleep: Sleep,
        run_id: str,
        random: Callable[[], float],
    ) -> None:
        self._plan = plan
        self._clusters = clusters
        self._journal = journal
        self._known_method = method
        self._clock = clock
        self._sleep = sleep
        self._run_id = run_id
        self._random = random
        is_watching = any(task.shipping is not None for task in plan.tasks)
        self.orders = RunControl(plan.requests_per_second, is_watching=is_watching)
        self._ledger = Ledger(to_clusters(clusters), self._tell, clock)
        self._before = Progress()
        self._queue: deque[Task] = deque()
        self._outcomes: dict[int, TaskOutcome] = {}
        self._turned_away: list[Problem] = []
        self._needed: Problem | None = None
        self._to_carry: list[CarriedDefinition] = []

    # -- the run ---------------------------------------------------------------------------------------------------

    async def whole(self) -> RunOutcome | None:
        await self._begin()
        problem: Problem | None = None
        if self._known_method is None:
            problem = _no_method(self._plan)
        else:
            listening = asyncio.gather(self._listen(), self._watch_lines())
            try:
                problem = await self._open(self._known_method)
                if problem is None:
                    await self._all_tasks()
                    await self._carry_over()
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
            if self._needed is not None:
                return await self._wait_for_a_user(self._needed)
            if self.orders.is_ending:
                await self._tell_ending()
                return None
            problem = problem or (self._turned_away[-1] if self._is_turned_away else None)
        await self._leave_the_rest(problem)
        await self._leave_definitions(_STOPPED)
        await self._settle_all()
        with contextlib.suppress(ProblemError, OSError):  # the table of rejects is whole all the same
            await self._journal.export_rejects()
        outcome = run_outcome(self._outcomes.values(), is_stopped=self.orders.is_stopping, problem=problem)
        await self._tell(RunFinished(at=self._clock(), outcome=outcome, problem=problem))
        return outcome

    async def break_off(self, error: Exception) -> None:
        """StopRequested things as tidy as can be after a fault that none of this was made for."""
        with contextlib.suppress(Exception):  # the fault itself is what is told
            await self._ledger.settle()
            problem = error.problem if isinstance(error, ProblemError) else _stumbled(error, "this run")
            await self._journal.append(RunFinished(at=self._clock(), outcome=RunOutcome.FAILED, problem=problem))

    async def _wait_for_a_user(self, problem: Problem) -> RunOutcome:
        """StopRequested everything as it is, and say what the run needs to go on."""
        with contextlib.suppress(ProblemError, OSError):
            await self._journal.export_rejects()
        await self._tell(RunFinished(at=self._clock(), outcome=RunOutcome.WAITING, problem=problem))
        return RunOutcome.WAITING

    async def _leave_where_a_user_is_needed(self, problem: Problem) -> None:
        """Raise ProcessEnding where a cluster itself no longer accepts the run's secret or shows another certificate.

        What only one task meets is that task's own trouble. Each cluster is asked who it is: a source's own refusal may
        also come from the destination, which reads from it.
        """
        if problem.cause not in NEEDY:
            return
        if self._needed is None:
            for side, cluster in ((Side.DESTINATION, self._clusters.destination), (Side.SOURCE, self._clusters.source)):
                trouble = None if cluster is None else await self._asked(cluster.identity())
                if trouble is not None and trouble.cause in NEEDY:
                    self._needed = needs(trouble, self._run_id, side)
                    self.orders.end()
                    break
        if self._needed is not None:
            raise ProcessEnding

    async def _begin(self) -> None:
        """Tell that the run begins or goes on, and find out what is left to do."""
        self._before = before = await self._journal.progress()
        now = self._clock()
        if before.run:
            await self._journal.dismiss_commands()
            with contextlib.suppress(ProblemError, OSError):
                await self._journal.export_rejects()
            self.orders.pacing = Pacing(is_paused=False, requests_per_second=before.requests_per_second)
            self.orders.is_enough = before.is_enough
            await self._tell(RunResumed(at=now))
            if before.is_paused:
                await self._tell(Continued(at=now))
        else:
            await self._tell(started(self._plan, self._run_id, now))
            if self._plan.requests_per_second:
                await self._tell(PaceChanged(at=now, requests_per_second=self._plan.requests_per_second))
        self._ledger = Ledger(to_clusters(self._clusters), self._tell, self._clock, before.ledger)
        states = {row.summary.number: row.state for row in before.tasks}
        for task in self._plan.tasks:
            state = states.get(task.number, TaskState.WAITING)
            if state in _SETTLED:
                self._outcomes[task.number] = TaskOutcome(state.value)
            else:
                self._queue.append(task)
        done = {(one.kind, one.name) for one in before.carried if not one.fate.is_open}
        self._to_carry = [one for one in self._plan.carried if (one.kind, one.name) not in done]

    async def _open(self, method: Method) -> Problem | None:
        """Make ready what all tasks share, waiting as long as the plan's patience; the trouble that did not pass."""
        patience = Patience(limit=float(self._plan.patience))
        while not self._is_closing:
            try:
                await method.open(self._plan, self._clusters, self._ledger.page(0))
            except ProblemError as error:
                if not can_pass(error.problem):
                    with contextlib.suppress(ProcessEnding):
                        await self._leave_where_a_user_is_needed(error.problem)
                    return error.problem
                now = self._clock()
                patience = patience.failed(now, error.problem.cause)
                until = patience.next_try(now, self._random)
                if until is None:
                    return given_up(error.problem, patience)
                await self._tell(Noted(at=now, text=f"waiting to begin: {error.problem.what}"))
                await self._sleep(until - now)
            else:
                return None
        return None

    async def _all_tasks(self) -> None:
        at_once = max(1, min(self._plan.at_once, len(self._queue)))
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._one_after_another())

    async def _one_after_another(self) -> None:
        while self._queue and not self._is_closing:
            if self.orders.pacing.is_paused:
                await self.orders.changed_since(self.orders.version)
                continue
            task = self._queue.popleft()
            try:
                await self._carry(task)
            except ProcessEnding:
                self._queue.append(task)
                return

    @property
    def _is_closing(self) -> bool:
        return self.orders.is_stopping or self.orders.is_ending or self._is_turned_away

    @property
    def _is_turned_away(self) -> bool:
        is_elsewhere = any(problem.cause is Cause.STALE for problem in self._turned_away)
        return is_elsewhere or len(self._turned_away) >= min(_TURNED_AWAY, len(self._plan.tasks))

    async def _leave_the_rest(self, problem: Problem | None) -> None:
        """Say of every task that was not begun that it will not be."""
        outcome = TaskOutcome.FAILED if problem is not None else TaskOutcome.STOPPED
        now = self._clock()
        await self._journal.append_all(
            [TaskFinished(at=now, task=task.number, outcome=outcome, problem=problem) for task in self._queue]
        )
        self._outcomes |= dict.fromkeys((task.number for task in self._queue), outcome)
        self._queue.clear()

    async def _carry_over(self) -> None:
        """Make what stands beside the indices, once all of these are there; what is refused is said, and ends nothing.

        What was decided with the plan is said even where nothing is made yet.
        """
        for one in [one for one in self._to_carry if decided_before(one) is not None]:
            await self._carried(one, decided_before(one))
        if any(outcome in _MAY_LACK_INDEX for outcome in self._outcomes.values()):
            await self._leave_definitions(_INDICES_LACK)
        patience = Patience(limit=float(self._plan.patience))
        while self._to_carry and not self._is_closing:
            one, ledger = self._to_carry[0], self._ledger
            try:
                fate = await bring(one, self._clusters.destination, ledger.page(0), ledger.entries)
            except ProblemError as error:
                with contextlib.suppress(ProcessEnding):
                    await self._leave_where_a_user_is_needed(error.problem)
                if self._needed is not None:
                    return
                now = self._clock()
                patience = patience.failed(now, error.problem.cause)
                until = patience.next_try(now, self._random) if can_pass(error.problem) else None
                if until is not None:
                    if patience.tries == 1:  # every task has ended, and nothing else would say why the run has not
                        text = f"waiting to make the {one.label}: {error.problem.what}"
                        await self._tell(Noted(at=now, text=text))
                    await self._rest_or_obey(until - now)
                elif can_pass(error.problem):
                    await self._leave_definitions(error.problem.what)
                else:
                    patience = Patience(limit=patience.limit)
                    await self._carried(one, CarryOutcome.REFUSED, error.problem)
            except Exception as error:  # noqa: BLE001  # a fault of ours must not take the rest of the run along
                traceback.print_exc()  # into process.log
                await self._carried(one, CarryOutcome.REFUSED, _stumbled(error, f"the {one.label}"))
            else:
                patience = Patience(limit=patience.limit)
                await self._carried(one, fate)

    async def _rest_or_obey(self, seconds: float) -> None:
        """Let time pass until somebody orders something."""
        nap = asyncio.ensure_future(self._sleep(seconds))
        news = asyncio.ensure_future(self.orders.changed_since(self.orders.version))
        try:
            await asyncio.wait({nap, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancelled(nap)
            await _cancelled(news)

    async def _carried(self, one: CarriedDefinition, fate: CarryOutcome | None, problem: Problem | None = None) -> None:
        """Say what became of a definition."""
        if fate is not None:
            at = self._clock()
            await self._tell(CarriedOver(at=at, kind=one.kind, name=one.name, fate=fate, problem=problem))
            self._to_carry.remove(one)

    async def _leave_definitions(self, why: str) -> None:
        """Say of every definition that was to be made and is not that it is left for later."""
        for one in [*self._to_carry]:
            await self._carried(one, CarryOutcome.NOT_YET, not_yet(why, self._run_id))

    async def _settle_all(self) -> None:
        """Put back what is still open; what cannot be stays on the list."""
        patience = Patience(limit=min(_SETTLE_SECONDS, float(self._plan.patience)))
        while (problem := await self._ledger.settle()) is not None and can_pass(problem):
            now = self._clock()
            patience = patience.failed(now, problem.cause)
            until = patience.next_try(now, self._random)
            if until is None or self.orders.is_ending:
                return
            await self._sleep(until - now)

    async def _tell_ending(self) -> None:
        text = "the process was told to end"
        if self._plan.method.traits.goes_on_by_itself:
            text += "; what the destination copies by itself goes on there"
        if self._ledger.open_entries:
            text += f"; {counted(len(self._ledger.open_entries), 'change')} not put back yet"
        text += f"; {counted(len(self._queue), 'task')} not done yet"
        if self._to_carry:
            text += f"; {counted(len(self._to_carry), 'definition')} not made yet"
        text += ": take the run up again"
        await self._tell(Noted(at=self._clock(), text=text))

    # -- commands --------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Obey commands as they come; the journal's own trouble is met by those who write."""
        while True:
            try:
                for number, command in await self._journal.commands():
                    await self._take(number, command)
            except ProblemError:
                pass
            except Exception:  # noqa: BLE001  # a run that has become deaf could not be stopped any more
                traceback.print_exc()  # into process.log
            await self._sleep(_LISTEN_SECONDS)

    async def _watch_lines(self) -> None:
        """Say when a cluster has taken a request and does not answer, long before the line is given up."""
        told: dict[Side, float] = {}
        quiet_until: dict[Side, float] = {}
        sides = {Side.DESTINATION: self._clusters.destination, Side.SOURCE: self._clusters.source}
        while True:
            await self._sleep(_WAITING_SECONDS / 2)
            for side, cluster in sides.items():
                waited, now = cluster.unanswered_seconds if cluster is not None else 0.0, self._clock()
                most = _WAITING_AGAIN if now < quiet_until.get(side, 0.0) else _WAITING_SECONDS
                event: Event | None = None
                if side in told and waited + _WAITING_SLACK < now - told[side]:
                    del told[side]
                    quiet_until[side] = now + _WAITING_QUIET
                    event = ResponseAwaited(at=now, side=side)
                elif side not in told and waited >= most:
                    told[side] = now - waited
                    event = ResponseAwaited(at=now, side=side, since=told[side])
                if event is not None:
                    with contextlib.suppress(ProblemError):  # who writes of the work itself meets it as well
                        await self._tell(event)

    async def _take(self, number: int, command: Command) -> None:
        still_open = {task.number for task in self._plan.tasks} - self._outcomes.keys()
        event = self.orders.take(command, still_open, self._clock())
        seq = 0 if event is None else await self._tell(event)
        await self._journal.obeyed(number, seq)
        if event is not None and isinstance(command, SkipTask):
            await self._skip_waiting(command.task)

    async def _skip_waiting(self, number: int) -> None:
        for task in self._queue:
            if task.number == number:
                self._queue.remove(task)
                await self._finish(TaskFinished(at=self._clock(), task=number, outcome=TaskOutcome.SKIPPED))
                return

    # -- one task --------------------------------------------------------------------------------------------------

    async def _carry(self, task: Task) -> None:
        """Carry a task to its end, whatever that is; raises ProcessEnding."""
        hand = self._take_in_hand(task)
        await self._tell(TaskStarted(at=self._clock(), task=task.number))
        try:
            finished = await self._stages(hand)
        except ProcessEnding:
            raise
        except StopRequested:
            finished = await self._left(hand)
        except ProblemError as error:
            finished = await self._failed(hand, error.problem)
        except Exception as error:  # noqa: BLE001  # a fault of ours in one task must not take the others along
            traceback.print_exc()  # into process.log
            finished = await self._failed(hand, _stumbled(error, "this task"))
        await self._finish(finished)

    def _take_in_hand(self, task: Task) -> _TaskRun:
        known = next((row for row in self._before.tasks if row.summary.number == task.number), None)
        token = known.token if known else ""
        last = None
        if known is not None and token:
            last = Acknowledged(
                done=known.done,
                total=known.total,
                written=known.written,
                there_already=known.there_already,
                collided=known.collided,
                refused=known.refused,
                retries=known.retries,
                parts_done=known.parts_done,
                parts=known.parts,
                token=token,
            )
        pace = self.orders.pacing.requests_per_second
        return _TaskRun(
            task=task,
            work=Work(task, self._plan, f"esmigrate-{self._run_id}-{task.number}", pace),
            token=token,
            patience=Patience(limit=float(self._plan.patience)),
            # A server's task that an earlier process left may be paused, or at another pace.
            told_pacing=Pacing(is_paused=bool(token), requests_per_second=pace),
            last=last,
            has_begun=bool(token),
        )

    async def _stages(self, hand: _TaskRun) -> TaskFinished:
        if not hand.token:
            await self._patiently(hand, lambda: self._prepare(hand))
        comparison, is_unseen = await self._moved_whole(hand)
        with contextlib.suppress(ProblemError):  # it stays on the ledger, and is tried again at the end of the run
            await self._patiently(hand, lambda: self._settle(hand))
        if comparison is None:
            comparison = await self._compared(hand)
        if is_unseen:
            seen = "what arrived has been looked at" if self._plan.source is None else "both sides have been counted"
            await self._note(hand, f"the result of its copy was never seen; {seen} instead")
        outcome, problem = judged(hand.task, comparison, hand.last, is_enough=self.orders.is_enough)
        return self._finished(hand, outcome, problem, comparison)

    async def _moved_whole(self, hand: _TaskRun) -> tuple[Comparison | None, bool]:
        """Move until the method says that all was moved, or until the counts say so where it cannot know."""
        while True:
            try:
                await self._move(hand)
            except ProblemError as error:
                if error.problem.cause is Cause.UNKNOWN_OUTCOME:
                    await self._note(hand, error.problem.what)
                    comparison = await self._compared(hand, is_progress=False)
                    if judged(hand.task, comparison, hand.last)[0] is not TaskOutcome.DIFFERENT:
                        return comparison, True
                await self._hold(hand, error.problem)
            else:
                return None, False

    async def _move(self, hand: _TaskRun) -> None:
        """Take look after look, obeying in between and while a look takes its time."""
        await self._rest(hand, 0.0)
        hand.work = replace(hand.work, requests_per_second=self.orders.pacing.requests_per_second)
        hand.steps = self._method.perform(hand.work, self._clusters, hand.token)
        hand.has_begun = True
        hand.is_seen_to_end = False
        try:
            looks = 0
            while (moved := await self._look(hand)) is not None:
                looks = 0 if is_whole(moved) and not is_whole(hand.last) else looks + 1
                await self._advance(hand, moved)
                if self.orders.is_enough and hand.task.shipping is not None:
                    break
                await self._rest(hand, rest_after(looks))
            hand.is_seen_to_end = True
        except StopRequested:
            await self._see_it_end(hand)
            raise
        finally:
            await _let_go(hand)

    async def _look(self, hand: _TaskRun) -> Acknowledged | None:
        if hand.look is None:
            hand.look = asyncio.ensure_future(_next(_open(hand)))
        while not hand.look.done():
            await self._until(hand, hand.look)
            if not hand.look.done():
                await self._obey(hand)
        look, hand.look = hand.look, None
        return look.result()

    async def _advance(self, hand: _TaskRun, moved: Acknowledged) -> None:
        """Write a look down, and only then count on it."""
        now = self._clock()
        bare = msgspec.structs.replace(moved, rejects=())
        if hand.is_held:
            hand.is_held = False
            await self._tell(WaitEnded(at=now, task=hand.task.number))
        if moved.rejects or is_worth_recording(hand.last, bare, now - hand.told_at):
            await self._tell(TaskAdvanced(at=now, task=hand.task.number, moved=bare), moved.rejects)
            hand.told_at = now
        # A watch has nothing to get on with: for days perhaps, a good look is all that it does.
        is_further = hand.task.shipping is not None or bare.done > (hand.last.done if hand.last else 0)
        hand.patience = hand.patience.looked(now, hand.failed_at, is_further=is_further)
        hand.last = bare
        hand.token = bare.token or hand.token

    async def _prepare(self, hand: _TaskRun) -> None:
        """Prepare; requests under way are seen through, for a moment even when the process has to end."""
        doing = asyncio.ensure_future(
            self._method.prepare(hand.work, self._clusters, self._ledger.page(hand.task.number))
        )
        try:
            while not doing.done():
                hand.version = self.orders.version
                await self._until(hand, doing)
                if self.orders.is_ending and not doing.done():
                    await asyncio.wait({doing}, timeout=_PREPARE_GRACE)
                    raise ProcessEnding
            doing.result()
        finally:
            await _cancelled(doing)

    async def _settle(self, hand: _TaskRun) -> None:
        problem = await self._ledger.settle(hand.task.number)
        if problem is not None:
            raise ProblemError(problem)

    async def _compared(self, hand: _TaskRun, *, is_progress: bool = True) -> Comparison:
        """What both sides hold; a comparison that is broken off, for whatever reason, goes on from where it was."""
        await self._tell(VerificationStarted(at=self._clock(), task=hand.task.number))
        watch = ComparisonProgress()
        if hand.last is not None and hand.last.refused and self._plan.proof is Proof.EVERYTHING:
            rejects = await self._journal.rejects(_MOST_REFUSED, hand.task.number)
            watch.refused = frozenset(reject.id for reject in rejects)
        return await self._patiently(hand, lambda: self._compare(hand, watch), is_progress=is_progress)

    async def _compare(self, hand: _TaskRun, watch: ComparisonProgress) -> Comparison:
        """Compare; a person who wants to leave need not wait for it, and another pace or a pause are obeyed soon."""
        while True:
            pacing = self.orders.pacing
            watch.pace = pacing.requests_per_second
            doing = asyncio.ensure_future(self._method.compare(hand.work, self._clusters, watch))
            try:
                while not doing.done() and not (watch.total and (pacing.is_paused or self.orders.pacing != pacing)):
                    nap = asyncio.ensure_future(self._sleep(LOOK_SECONDS))
                    try:
                        await self._until(hand, doing, nap)
                    finally:
                        await _cancelled(nap)
                    await self._tell_reading(hand, watch)
                    if not doing.done():
                        self._check(hand)
                if doing.done():
                    return doing.result()
            finally:
                await _cancelled(doing)
            await self._rest_through_pause(hand)

    async def _tell_reading(self, hand: _TaskRun, watch: ComparisonProgress) -> None:
        """Say how far a comparison of every document is, where it has got on since that was said last."""
        now = self._clock()
        reading = Verifying(
            at=now, task=hand.task.number, read=watch.read, total=watch.total, is_naming=watch.is_naming
        )
        if not watch.total or not is_read_worth_recording(hand.reading, reading):
            return
        if hand.is_held:  # it gets on: a long one may well be held up twice
            hand.is_held = False
            hand.patience = Patience(limit=hand.patience.limit)
        hand.reading = reading
        await self._tell(reading)

    # -- waiting ---------------------------------------------------------------------------------------------------

    async def _patiently(self, hand: _TaskRun, attempt: Callable[[], Awaitable[T]], *, is_progress: bool = True) -> T:
        """Try until it works; raises ProblemError for what cannot pass, or did not in time."""
        while True:
            self._check(hand)
            try:
                result = await attempt()
            except ProblemError as error:
                await self._hold(hand, error.problem)
                continue
            if hand.is_held and is_progress:
                hand.is_held = False
                hand.patience = Patience(limit=hand.patience.limit)
                await self._tell(WaitEnded(at=self._clock(), task=hand.task.number))
            return result

    async def _hold(self, hand: _TaskRun, problem: Problem) -> None:
        """Wait a while for what may pass; raises ProblemError for what cannot, or has not."""
        now = self._clock()
        if problem.cause in _AWAY or hand.is_away:  # also at the first answer after it: the wait before it may be long
            hand.away_at = now
        hand.is_away = problem.cause in _AWAY
        if not can_pass(problem) and not may_be_too_early(problem, now - hand.away_at):
            await self._leave_where_a_user_is_needed(problem)
            raise ProblemError(problem)
        hand.failed_at = now
        hand.patience = hand.patience.failed(now, problem.cause)
        until = hand.patience.next_try(now, self._random)
        if until is None:
            deletes = self._plan.method.traits.stopping_deletes and hand.has_begun
            raise ProblemError(given_up(problem, hand.patience, stopping_deletes=deletes))
        hand.is_held = True
        await self._tell(
            WaitBegan(at=now, task=hand.task.number, problem=problem, until=until, patience_ends=hand.patience.ends)
        )
        await self._rest(hand, until - now)

    async def _rest(self, hand: _TaskRun, seconds: float) -> None:
        """Let time pass, obeying at once; a pause is rested through, and not held against the task."""
        nap = asyncio.ensure_future(self._sleep(seconds))
        try:
            while not nap.done():
                await self._until(hand, nap)
                await self._obey(hand)
        finally:
            await _cancelled(nap)
        if self.orders.pacing.is_paused:
            began = self._clock()
            await self._rest_through_pause(hand)
            hand.patience = hand.patience.rested(self._clock() - began)

    async def _rest_through_pause(self, hand: _TaskRun) -> None:
        while self.orders.pacing.is_paused:
            if self._is_told(hand):
                await self.orders.changed_since(hand.version)
            else:
                await self._sleep(LOOK_SECONDS * 2)
            await self._obey(hand)

    async def _until(self, hand: _TaskRun, *doing: asyncio.Future[Any]) -> None:
        """Wait for one of these, or for orders that this task has not seen yet."""
        news = asyncio.ensure_future(self.orders.changed_since(hand.version))
        try:
            await asyncio.wait({*doing, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()

    # -- obeying ---------------------------------------------------------------------------------------------------

    def _check(self, hand: _TaskRun) -> None:
        """Raise ProcessEnding or StopRequested where that is the order."""
        hand.version = self.orders.version
        if self.orders.is_ending:
            raise ProcessEnding
        if self.orders.is_leaving(hand.task.number):
            raise StopRequested

    def _is_told(self, hand: _TaskRun) -> bool:
        """Whether the work under way is paced as it should be; a new token may stand for new work."""
        wanted = self.orders.pacing
        if hand.steps is None:
            return True
        as_started = Pacing(is_paused=False, requests_per_second=hand.work.requests_per_second)
        return hand.told_pacing == wanted and (hand.told_token == hand.token or wanted == as_started)

    async def _obey(self, hand: _TaskRun) -> None:
        """Pass the orders in force on to the work under way; raises ProcessEnding or StopRequested."""
        self._check(hand)
        if self._is_told(hand):
            return
        wanted, token = self.orders.pacing, hand.token
        asked = (
            self._method.pause(hand.work, self._clusters, token)
            if wanted.is_paused
            else self._method.pace(hand.work, self._clusters, token, wanted.requests_per_second)
        )
        problem = await self._asked(asked)
        # What has ended meanwhile needs no pace; a cluster that is away is told after the next look.
        if problem is None or not can_pass(problem):
            hand.told_pacing, hand.told_token = wanted, token

    async def _asked(self, request: Awaitable[object]) -> Problem | None:
        """Ask a cluster for something without waiting long; the trouble, or None."""
        asking = asyncio.ensure_future(request)
        nap = asyncio.ensure_future(self._sleep(_ASK_SECONDS))
        try:
            await asyncio.wait({asking, nap}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                return Problem(cause=Cause.CONNECTION, what="The cluster did not answer in time.")
            asking.result()
        except ProblemError as error:
            return error.problem
        finally:
            nap.cancel()
            await _cancelled(asking)
        return None

    async def _see_it_end(self, hand: _TaskRun) -> None:
        """Cancel what is going on, and look until it has ended; a new token may stand for new work, cancelled too."""
        deadline = self._clock() + _STOP_SECONDS
        cancelled: str | None = None
        while self._clock() < deadline and not self.orders.is_ending:
            if cancelled != hand.token:
                token = hand.token
                if await self._asked(self._method.stop(hand.work, self._clusters, token)) is None:
                    cancelled = token
            if hand.look is None:
                hand.look = asyncio.ensure_future(_next(_open(hand)))
            nap = asyncio.ensure_future(self._sleep(LOOK_SECONDS))
            try:
                await asyncio.wait({hand.look, nap}, return_when=asyncio.FIRST_COMPLETED)
                if not hand.look.done():
                    continue
                look, hand.look = hand.look, None
                moved = look.result()
                if moved is None:
                    hand.is_seen_to_end = True
                    return
                await self._advance(hand, moved)
                await nap
            except ProblemError as error:
                hand.is_seen_to_end = error.problem.cause not in {Cause.CONNECTION, Cause.BUSY}
                return
            finally:
                nap.cancel()

    async def _cancel(self, hand: _TaskRun) -> Problem | None:
        """Cancel what may be going on where no `perform` is open; the trouble, or None."""
        if not hand.has_begun or hand.is_seen_to_end:
            return None
        return await self._asked(self._method.stop(hand.work, self._clusters, hand.token))

    # -- endings ---------------------------------------------------------------------------------------------------

    async def _left(self, hand: _TaskRun) -> TaskFinished:
        """The end of a task that somebody has stopped or left out: what has arrived stays."""
        problem = await self._cancel(hand)
        await self._ledger.settle(hand.task.number)
        is_skipped = hand.task.number in self.orders.skipped
        outcome = TaskOutcome.SKIPPED if is_skipped else TaskOutcome.STOPPED
        trouble = None if problem is None else _may_go_on(self._plan.method, hand.task, problem)
        return self._finished(hand, outcome, trouble, None)

    async def _failed(self, hand: _TaskRun, problem: Problem) -> TaskFinished:
        """The end of a task that was given up, with what is there and what is missing as far as it can be counted."""
        comparison = None
        if hand.has_begun:
            trouble = await self._cancel(hand)
            if trouble is not None:
                problem = msgspec.structs.replace(
                    problem, why=f"{problem.why} {_may_go_on(self._plan.method, hand.task, trouble).what}".strip()
                )
            comparison = await self._counts(hand)
        await self._ledger.settle(hand.task.number)
        return self._finished(hand, TaskOutcome.FAILED, with_counts(problem, hand.task, comparison), comparison)

    async def _counts(self, hand: _TaskRun) -> Comparison | None:
        found: list[Comparison] = []

        async def count() -> None:
            found.append(await self._method.compare(hand.work, self._clusters, ComparisonProgress(is_brief=True)))

        with contextlib.suppress(Exception):  # the first trouble is the one to tell
            await self._asked(count())
        return found[0] if found else None

    def _finished(
        self, hand: _TaskRun, outcome: TaskOutcome, problem: Problem | None, comparison: Comparison | None
    ) -> TaskFinished:
        return TaskFinished(
            at=self._clock(),
            task=hand.task.number,
            outcome=outcome,
            source_count=comparison.source_count if comparison else None,
            destination_count=comparison.destination_count if comparison else None,
            refused=hand.last.refused if hand.last else 0,
            shards=comparison.shards if comparison else None,
            samples=comparison.samples if comparison else None,
            compared=comparison.compared if comparison else None,
            watched=comparison.watched if comparison else None,
            problem=problem,
        )

    async def _finish(self, event: TaskFinished) -> None:
        await self._tell(event)
        self._outcomes[event.task] = event.outcome
        is_turned_away = event.outcome is TaskOutcome.FAILED and event.problem is not None
        if is_turned_away and event.problem is not None and event.problem.cause in _SHUT:
            self._turned_away.append(event.problem)
        elif not self._is_turned_away:
            self._turned_away.clear()

    # -- telling ---------------------------------------------------------------------------------------------------

    async def _note(self, hand: _TaskRun, text: str) -> None:
        await self._tell(Noted(at=self._clock(), task=hand.task.number, text=text))

    async def _tell(self, event: Event, rejects: Sequence[Reject] = ()) -> int:
        """Write an event down; while this machine's disk is full the work waits, as long as the plan's patience."""
        patience = Patience(limit=float(self._plan.patience))
        while True:
            try:
                seq = await self._journal.append(event, rejects)
                if patience.tries:
                    await self._journal.report_trouble(None)
                return seq  # noqa: TRY300  # saying that it works again is part of the try
            except ProblemError as error:
                if not can_pass(error.problem):
                    raise
                now = self._clock()
                patience = patience.failed(now, error.problem.cause)
                until = patience.next_try(now, self._random)
                if patience.tries == 1:
                    await self._journal.report_trouble(error.problem)
                if until is None or self.orders.is_ending:
                    raise
                await self._sleep(until - now)

    @property
    def _method(self) -> Method:
        if self._known_method is None:
            raise ProblemError(_no_method(self._plan))
        return self._known_method


# -- values ------------------------------------------------------------------------------------------------------------


def started(plan: Plan, run_id: str, now: float) -> RunStarted:
    """How the journal of a run begins."""
    return RunStarted(
        at=now,
        run=run_id,
        method=plan.method,
        source=plan.source.endpoint.url if plan.source else "",
        destination=plan.destination.endpoint.url,
        tasks=tuple(
            TaskSummary(
                number=task.number,
                source_index=task.label,
                destination_index=task.destination_index,
                documents=task.documents,
                size=task.size,
                kind=task.kind,
            )
            for task in plan.tasks
        ),
    )


def _no_method(plan: Plan) -> Problem:
    return Problem(
        cause=Cause.UNSUPPORTED,
        what=f"This esmigrate cannot perform the method {plan.method.value}.",
        todo="Use the version that made the plan, or make a plan with another method.",
    )


def _stumbled(error: Exception, over: str) -> Problem:
    return Problem(
        cause=Cause.INTERNAL,
        what=f"esmigrate itself stumbled over {over}.",
        why="That is a fault in the program, not in your clusters.",
        todo="Please report it with process.log from the run's folder.",
        evidence=clean(type(error).__name__, 200),
    )


def _may_go_on(method: MethodName, task: Task, trouble: Problem) -> Problem:
    if method.traits.stopping_deletes:
        return Problem(
            cause=trouble.cause,
            what=f"The restore of {task.source_index} could not be cancelled, it may still be going on on the "
            "destination.",
            why=trouble.what,
            todo=f"Look at GET _cat/recovery?active_only=true there. When it is not wanted, delete "
            f"{task.destination_index}, unless it is whole.",
            evidence=trouble.evidence,
        )
    return Problem(
        cause=trouble.cause,
        what=f"The copy of {task.source_index} could not be stopped, it may still be going on on the destination.",
        why=trouble.what,
        todo="Look at GET _tasks?actions=*reindex there, and cancel it when it is not wanted.",
        evidence=trouble.evidence,
    )


# -- iterators and futures ---------------------------------------------------------------------------------------------


def _open(hand: _TaskRun) -> AsyncIterator[Acknowledged]:
    if hand.steps is None:
        raise AssertionError(hand.task.number)
    return hand.steps


async def _next(steps: AsyncIterator[Acknowledged]) -> Acknowledged | None:
    """The next look, None at the end."""
    return await anext(steps, None)


async def _let_go(hand: _TaskRun) -> None:
    """Drop the iterator; server-side work goes on."""
    steps, hand.steps = hand.steps, None
    look, hand.look = hand.look, None
    if look is not None:
        await _cancelled(look)
    close = getattr(steps, "aclose", None)
    if close is not None:
        with contextlib.suppress(Exception):
            await close()


async def _cancelled(doing: asyncio.Future[Any]) -> None:
    """Cancel what is still going on, and wait until it is; its result is not asked for."""
    if not doing.done():
        doing.cancel()
        await asyncio.wait({doing})
    if not doing.cancelled():
        doing.exception()  # seen, so that nobody is told that it was not
