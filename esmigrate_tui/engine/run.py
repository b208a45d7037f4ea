"""Performing a plan: its tasks in order, as many together as the clusters bear, until every one of them has ended.

What is decided stands in `admission`, `decisions` and `waiting`, pure; here it is carried out. Everything is reported
through the journal. A task that fails never ends the run, unless a cluster refuses to let the run in twice in a row.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.engine.context import RunContext, Sleep, internal_fault
from esmigrate_tui.engine.control import Pacing, ProcessEnding, RunControl
from esmigrate_tui.engine.decisions import run_outcome
from esmigrate_tui.engine.definitions import DefinitionsToMake
from esmigrate_tui.engine.ledger import Ledger, LedgerClusters
from esmigrate_tui.engine.lost_journal import JournalLostError, after_damage
from esmigrate_tui.engine.task_execution import TaskExecution
from esmigrate_tui.engine.unanswered import report_unanswered
from esmigrate_tui.engine.waiting import WaitRule, given_up
from esmigrate_tui.model.command import Command, SkipTask
from esmigrate_tui.model.event import (
    Continued,
    PaceChanged,
    RunFinished,
    RunOutcome,
    RunResumed,
    RunStarted,
    TaskFinished,
    TaskOutcome,
    TaskSummary,
)
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress, TaskState
from esmigrate_tui.model.text import clean, counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.engine.journal import Journal
    from esmigrate_tui.methods.contract import Methods, Mover
    from esmigrate_tui.model.event import Event
    from esmigrate_tui.model.plan import Plan, Task
    from esmigrate_tui.model.progress import TaskProgress

_LISTEN_SECONDS: Final = 0.25  # a command is effective within a second
_BEGINNING: Final = WaitRule(text="waiting to begin")
_REVERTING: Final = WaitRule(at_most=60.0)  # the run is over, only a cluster is unreachable
_TURNED_AWAY: Final = 2  # tasks in a row
_SHUT: Final = frozenset({Cause.AUTHENTICATION, Cause.STALE})
_SETTLED: Final = frozenset({TaskState.VERIFIED, TaskState.ACCEPTED, TaskState.WITH_REJECTS, TaskState.SKIPPED})
_MAY_LACK_INDEX: Final = frozenset({TaskOutcome.FAILED, TaskOutcome.STOPPED})


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

    `clock` gives seconds since 1970 and never jumps, `random` numbers from 0 to 1. When `ending` is set the process was
    told to end: no new work is begun, the journal says what is true, server-side work goes on, and the result is None:
    the run can be resumed.
    """
    context = RunContext(plan, clusters, journal, clock=clock, sleep=sleep, run_id=run_id, random=random)
    mover = methods[plan.method].mover() if plan.method in methods else None
    run = Run(context, mover)
    watch = asyncio.ensure_future(_end_when(ending, context.control)) if ending else None
    try:
        return await run.whole()
    except Exception as error:
        if isinstance(error, JournalLostError):
            context.lose_journal(error.problem)
        if context.lost is not None:
            raise await run.abandon(context.lost) from None
        await run.break_off(error)
        raise
    finally:
        if watch is not None:
            watch.cancel()


async def _end_when(ending: asyncio.Event, control: RunControl) -> None:
    await ending.wait()
    control.end()


class Run:
    """The order of a run: begun, opened, its tasks a few at a time, its definitions, its end."""

    def __init__(self, context: RunContext, method: Mover | None) -> None:
        self._context = context
        self._plan = context.plan
        self._journal = context.journal
        self._control = context.control
        self._method = method
        self._before = Progress()
        self._has_begun = False
        self._queue: deque[Task] = deque()
        self._outcomes: dict[int, TaskOutcome] = {}
        self._turned_away: list[Problem] = []
        self._definitions = DefinitionsToMake(context, (), self._is_closing)

    async def whole(self) -> RunOutcome | None:
        """Perform the run to its end; None where its process was told to end before."""
        await self._begin()
        problem: Problem | None = None
        if self._method is None:
            problem = _no_method(self._plan)
        else:
            listening = asyncio.gather(self._listen(), report_unanswered(self._context))
            try:
                problem = await self._open(self._method)
                if problem is None:
                    await self._all_tasks(self._method)
                    is_whole = _MAY_LACK_INDEX.isdisjoint(self._outcomes.values())
                    await self._definitions.make(are_indices_whole=is_whole)
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
            if self._context.lost is not None:
                raise JournalLostError(self._context.lost)
            if self._context.needed is not None:
                return await self._wait_for_a_user(self._context.needed)
            if self._control.is_ending:
                await self._note_ending()
                return None
            problem = problem or (self._turned_away[-1] if self._is_turned_away else None)
        await self._leave_the_rest(problem)
        await self._definitions.leave()
        await self._revert_all()
        await self._export_rejects()
        outcome = run_outcome(self._outcomes.values(), is_stopped=self._control.is_stopping, problem=problem)
        await self._context.record(RunFinished(at=self._context.clock(), outcome=outcome, problem=problem))
        return outcome

    async def break_off(self, error: Exception) -> None:
        """Leave things as tidy as can be after a fault of this program."""
        with contextlib.suppress(Exception):  # the fault itself is what is reported
            await self._context.ledger.settle()
            problem = error.problem if isinstance(error, ProblemError) else internal_fault(error, "this run")
            finished = RunFinished(at=self._context.clock(), outcome=RunOutcome.FAILED, problem=problem)
            await self._journal.append(finished)

    async def abandon(self, lost: Problem) -> JournalLostError:
        """Revert what can be after the journal is lost, and say so beside it; the error that ends the process."""
        context = self._context
        if not self._has_begun:
            return JournalLostError(lost)
        ledger = Ledger(LedgerClusters(context.clusters), _unrecorded, context.clock, context.ledger.entries)
        context.ledger = ledger
        with contextlib.suppress(Exception):  # what is not reverted is named
            await self._revert_all()
        left = [clean(entry.what, 200) for entry in ledger.open_entries]
        reverted = f"Not reverted: {listed(left, most=3)}." if left else "What it had changed was reverted."
        problem = msgspec.structs.replace(
            lost,
            why=f"Nothing is done that cannot be written down, so the run was ended. {reverted}",
            todo=after_damage(context.journal.path, is_reverted=not left, is_ended=True),
        )
        await context.journal.report_problem(problem)
        return JournalLostError(problem)

    # -- beginning and ending --------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Record that the run begins or goes on, and find out what is left to do."""
        self._before = before = await self._journal.progress()
        self._context.ledger = self._context.ledger_of(before.ledger)
        self._has_begun = True
        now, record = self._context.clock(), self._context.record
        if before.run:
            await self._journal.dismiss_commands()
            await self._export_rejects()
            self._control.pacing = Pacing(is_paused=False, requests_per_second=before.requests_per_second)
            self._control.is_enough = before.is_enough
            await record(RunResumed(at=now))
            if before.is_paused:
                await record(Continued(at=now))
        else:
            await record(started(self._plan, self._context.run_id, now))
            if self._plan.requests_per_second:
                await record(PaceChanged(at=now, requests_per_second=self._plan.requests_per_second))
        states = {row.summary.number: row.state for row in before.tasks}
        for task in self._plan.tasks:
            state = states.get(task.number, TaskState.WAITING)
            if state in _SETTLED:
                self._outcomes[task.number] = TaskOutcome(state.value)
            else:
                self._queue.append(task)
        self._definitions = DefinitionsToMake(self._context, before.carried, self._is_closing)

    async def _open(self, method: Mover) -> Problem | None:
        """Make ready what all tasks share, waiting as long as the plan's patience; the problem that did not pass."""
        wait = self._context.wait(_BEGINNING)
        while not self._is_closing():
            try:
                await method.open(self._plan, self._context.clusters, self._context.ledger.recorder(0))
            except ProblemError as error:
                retry = await wait.failed(error.problem)
                if retry.is_hopeless:
                    await self._context.is_user_needed(error.problem)
                    return error.problem
                if retry.until is None:
                    return given_up(error.problem, retry.patience)
                await self._context.sleep(retry.seconds)
            else:
                return None
        return None

    async def _revert_all(self) -> None:
        wait = self._context.wait(_REVERTING)
        while (problem := await self._context.ledger.settle()) is not None:
            retry = await wait.failed(problem)
            if retry.until is None or self._control.is_ending:
                return
            await self._context.sleep(retry.seconds)

    async def _wait_for_a_user(self, problem: Problem) -> RunOutcome:
        """Leave everything as it is, and report what the run needs to go on."""
        await self._export_rejects()
        finished = RunFinished(at=self._context.clock(), outcome=RunOutcome.WAITING, problem=problem)
        await self._context.record(finished)
        return RunOutcome.WAITING

    async def _note_ending(self) -> None:
        text = "the process was told to end"
        if self._plan.method.traits.goes_on_by_itself:
            text += "; what the destination copies by itself goes on there"
        if changes := len(self._context.ledger.open_entries):
            text += f"; {counted(changes, 'change')} not reverted yet"
        text += f"; {counted(len(self._queue), 'task')} not done yet"
        if definitions := len(self._definitions):
            text += f"; {counted(definitions, 'definition')} not made yet"
        text += ": resume the run"
        await self._context.note(text)

    async def _export_rejects(self) -> None:
        with contextlib.suppress(ProblemError, OSError):  # the table of rejects is whole all the same
            await self._journal.export_rejects()

    # -- the tasks -------------------------------------------------------------------------------------------------

    async def _all_tasks(self, method: Mover) -> None:
        known = {row.summary.number: row for row in self._before.tasks}
        async with asyncio.TaskGroup() as group:
            while (task := await self._next_task()) is not None:
                group.create_task(self._one_task(method, task, known.get(task.number)))

    async def _next_task(self) -> Task | None:
        """The next task of the plan, as soon as it may begin beside those that go on; None when none is to begin."""
        in_flight, control = self._context.in_flight, self._control
        while self._queue and not self._is_closing():
            if not control.pacing.is_paused and in_flight.begins(self._queue[0]):
                return self._queue.popleft()
            changes = [
                asyncio.ensure_future(one) for one in (in_flight.changed(), control.changed_since(control.version))
            ]
            try:
                await asyncio.wait(changes, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in changes:
                    one.cancel()
        return None

    async def _one_task(self, method: Mover, task: Task, known: TaskProgress | None) -> None:
        is_good = False
        try:
            finished = await TaskExecution(self._context, method, task, known).whole()
            await self._finish(finished)
            is_good = finished.outcome is not TaskOutcome.FAILED
        except ProcessEnding:
            self._queue.append(task)
        with contextlib.suppress(ProcessEnding):  # the journal was lost: the run ends anyway
            await self._context.in_flight.ended(task, is_good=is_good)

    async def _finish(self, event: TaskFinished) -> None:
        await self._context.record(event)
        self._outcomes[event.task] = event.outcome
        problem = event.problem if event.outcome is TaskOutcome.FAILED else None
        if problem is not None and problem.cause in _SHUT:
            self._turned_away.append(problem)
        elif not self._is_turned_away:
            self._turned_away.clear()

    async def _leave_the_rest(self, problem: Problem | None) -> None:
        """Report of every task that was not begun that it will not be."""
        outcome = TaskOutcome.FAILED if problem is not None else TaskOutcome.STOPPED
        now = self._context.clock()
        await self._journal.append_all(
            [TaskFinished(at=now, task=task.number, outcome=outcome, problem=problem) for task in self._queue]
        )
        self._outcomes |= dict.fromkeys((task.number for task in self._queue), outcome)
        self._queue.clear()

    def _is_closing(self) -> bool:
        return self._control.is_stopping or self._control.is_ending or self._is_turned_away

    @property
    def _is_turned_away(self) -> bool:
        is_elsewhere = any(problem.cause is Cause.STALE for problem in self._turned_away)
        return is_elsewhere or len(self._turned_away) >= min(_TURNED_AWAY, len(self._plan.tasks))

    # -- commands --------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Follow commands as they come; the journal's own problem is met by those who write."""
        while True:
            try:
                for number, command in await self._journal.commands():
                    await self._take(number, command)
            except JournalLostError as error:
                self._context.lose_journal(error.problem)
                return
            except (ProblemError, ProcessEnding):
                pass
            except Exception:  # noqa: BLE001  # a run that takes no commands could not be stopped any more
                traceback.print_exc()  # into process.log
            await self._context.sleep(_LISTEN_SECONDS)

    async def _take(self, number: int, command: Command) -> None:
        still_open = {task.number for task in self._plan.tasks} - self._outcomes.keys()
        event = self._control.take(command, still_open, self._context.clock())
        seq = 0 if event is None else await self._context.record(event)
        await self._journal.obeyed(number, seq)
        if event is not None and isinstance(command, SkipTask):
            await self._skip_waiting(command.task)

    async def _skip_waiting(self, number: int) -> None:
        for task in self._queue:
            if task.number == number:
                self._queue.remove(task)
                await self._finish(TaskFinished(at=self._context.clock(), task=number, outcome=TaskOutcome.SKIPPED))
                return


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


async def _unrecorded(event: Event) -> None:
    """There is no journal any more to write an event into."""
    del event


def _no_method(plan: Plan) -> Problem:
    return Problem(
        cause=Cause.UNSUPPORTED,
        what=f"This esmigrate cannot perform the method {plan.method.value}.",
        todo="Use the version that made the plan, or make a plan with another method.",
    )
