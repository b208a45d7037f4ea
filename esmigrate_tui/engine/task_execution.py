"""One task from its preparation to its verdict: prepared, copied, reverted, compared, and what its end says."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from esmigrate_tui.engine.context import cancelled, internal_fault
from esmigrate_tui.engine.control import ProcessEnding, StopRequested, TaskControl
from esmigrate_tui.engine.decisions import judged, with_counts
from esmigrate_tui.engine.ongoing import (
    POLL_SECONDS,
    OngoingWork,
    is_read_worth_recording,
    is_worth_recording,
    poll_delay,
    seems_whole,
)
from esmigrate_tui.engine.waiting import WaitRule, given_up
from esmigrate_tui.methods.contract import Comparison, Work
from esmigrate_tui.model.event import (
    Acknowledged,
    SlowReason,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    VerificationStarted,
    Verifying,
    WaitEnded,
)
from esmigrate_tui.model.method import Proof
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.verify.progress import ComparisonProgress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.engine.context import RunContext
    from esmigrate_tui.methods.contract import Mover
    from esmigrate_tui.model.method import MethodName
    from esmigrate_tui.model.plan import Plan, Task
    from esmigrate_tui.model.progress import TaskProgress

T = TypeVar("T")

_PREPARE_GRACE: Final = 2.0  # for requests under way when the process is told to end
_MOST_REFUSED: Final = 200_000  # of one task, known by name to its comparison: some 30 MB


class TaskExecution:
    """One task as this process executes it; `known` is what an earlier process of the run has left of it."""

    def __init__(self, context: RunContext, method: Mover, task: Task, known: TaskProgress | None) -> None:
        token = known.token if known else ""
        self._context = context
        self._method = method
        self._task = task
        self._control = TaskControl(context.control, task.number)
        work = work_of(context.plan, context.run_id, task, context.control.pacing.requests_per_second)
        self._ongoing = OngoingWork(context, method, work, self._control, token)
        self._wait = context.wait(WaitRule(task=task.number))
        self._is_waiting = False
        self._last = msgspec.convert(known, Acknowledged, from_attributes=True) if token else None
        self._recorded_at = 0.0
        self._reading: Verifying | None = None

    async def whole(self) -> TaskFinished:
        """Execute the task to its end, however it ends; raises ProcessEnding."""
        await self._context.record(TaskStarted(at=self._context.clock(), task=self._task.number))
        try:
            return await self._stages()
        except ProcessEnding:
            if self._context.lost is not None and not self._context.plan.method.traits.stopping_deletes:
                await self._ongoing.cancel()  # no later process would know that it goes on
            raise
        except StopRequested:
            return await self._stopped()
        except ProblemError as error:
            return await self._failed(error.problem)
        except Exception as error:  # noqa: BLE001  # a fault of ours in one task must not end the others
            traceback.print_exc()  # into process.log
            return await self._failed(internal_fault(error, "this task"))

    async def _stages(self) -> TaskFinished:
        if not self._ongoing.token:
            await self._until_it_works(self._prepare)
        comparison, is_unseen = await self._copied()
        if self._context.plan.proof is not Proof.EVERYTHING:
            self._context.in_flight.lighten(self._task)
        with contextlib.suppress(ProblemError):  # it stays on the ledger, and is tried again at the end of the run
            await self._until_it_works(self._revert)
        if comparison is None:
            comparison = await self._compared()
        if is_unseen:
            is_alone = self._context.plan.source is None
            seen = "what arrived has been looked at" if is_alone else "both sides have been counted"
            await self._note(f"the result of its copy was never seen; {seen} instead")
        outcome, problem = judged(self._task, comparison, self._last, is_enough=self._context.control.is_enough)
        return self._finished(outcome, problem, comparison)

    # -- preparing and copying -------------------------------------------------------------------------------------

    async def _prepare(self) -> None:
        """Prepare; requests under way are completed, for a moment even when the process has to end."""
        recorder = self._context.ledger.recorder(self._task.number)
        doing = asyncio.ensure_future(self._method.prepare(self._ongoing.work, self._context.clusters, recorder))
        try:
            while not doing.done():
                self._control.see()
                await self._control.until(doing)
                if self._context.control.is_ending and not doing.done():
                    await asyncio.wait({doing}, timeout=_PREPARE_GRACE)
                    raise ProcessEnding
            doing.result()
        finally:
            await cancelled(doing)

    async def _copied(self) -> tuple[Comparison | None, bool]:
        """Copy until the method says that everything was, or until the counts say so where it cannot know.

        The comparison that said so, and whether the method's own result was never seen.
        """
        while True:
            try:
                await self._copy()
            except ProblemError as error:
                if error.problem.cause is Cause.UNKNOWN_OUTCOME:
                    await self._note(error.problem.what)
                    comparison = await self._compared(is_progress=False)
                    if judged(self._task, comparison, self._last)[0] is not TaskOutcome.DIFFERENT:
                        return comparison, True
                await self._wait_for(error.problem)
            else:
                return None, False

    async def _copy(self) -> None:
        """Poll until the end, following commands in between and while a poll takes its time."""
        await self._rest(0.0)
        self._ongoing.begin()
        try:
            polls = 0
            while (moved := await self._ongoing.poll()) is not None:
                polls = 0 if seems_whole(moved) and not seems_whole(self._last) else polls + 1
                await self._advance(moved)
                if self._context.control.is_enough and self._task.shipping is not None:
                    break
                await self._rest(poll_delay(polls), self._ongoing.news())
            self._ongoing.has_ended()
        except StopRequested:
            await self._ongoing.stop(self._advance)
            raise
        finally:
            await self._ongoing.let_go()

    async def _advance(self, moved: Acknowledged) -> None:
        """Record what was acknowledged, and only then count on it."""
        now = self._context.clock()
        bare = msgspec.structs.replace(moved, rejects=())
        if self._is_waiting:
            self._is_waiting = False
            self._context.in_flight.continued(self._task)
            await self._context.record(WaitEnded(at=now, task=self._task.number))
        if moved.rejects or is_worth_recording(self._last, bare, now - self._recorded_at):
            await self._context.record(TaskAdvanced(at=now, task=self._task.number, moved=bare), moved.rejects)
            self._recorded_at = now
        if moved.retries > (self._last.retries if self._last else 0):
            await self._context.in_flight.pushed_back(SlowReason.DESTINATION)
        # A watch may see nothing new for days: there a poll that succeeds is progress.
        is_further = self._task.shipping is not None or bare.done > (self._last.done if self._last else 0)
        self._wait.progressed(now, is_further=is_further)
        if is_further:
            self._context.moved_at = now
        self._last = bare
        self._ongoing.token = bare.token or self._ongoing.token

    async def _revert(self) -> None:
        problem = await self._context.ledger.settle(self._task.number)
        if problem is not None:
            raise ProblemError(problem)

    # -- comparing -------------------------------------------------------------------------------------------------

    async def _compared(self, *, is_progress: bool = True) -> Comparison:
        """What both sides hold; a comparison that is interrupted goes on from where it was."""
        await self._context.record(VerificationStarted(at=self._context.clock(), task=self._task.number))
        watch = ComparisonProgress()
        if self._last is not None and self._last.refused and self._context.plan.proof is Proof.EVERYTHING:
            rejects = await self._context.journal.rejects(_MOST_REFUSED, self._task.number)
            watch.refused = frozenset(reject.id for reject in rejects)
        return await self._until_it_works(lambda: self._compare(watch), is_progress=is_progress)

    async def _compare(self, watch: ComparisonProgress) -> Comparison:
        """Compare; a stop need not wait for it, and another pace or a pause are followed soon."""
        control = self._context.control
        while True:
            pacing = control.pacing
            watch.pace = pacing.requests_per_second
            doing = asyncio.ensure_future(self._method.compare(self._ongoing.work, self._context.clusters, watch))
            try:
                while not doing.done() and not (watch.total and (pacing.is_paused or control.pacing != pacing)):
                    nap = asyncio.ensure_future(self._context.sleep(POLL_SECONDS))
                    try:
                        await self._control.until(doing, nap)
                    finally:
                        await cancelled(nap)
                    await self._record_reading(watch)
                    if not doing.done():
                        self._control.check()
                if doing.done():
                    return doing.result()
            finally:
                await cancelled(doing)
            await self._rest_through_pause()

    async def _record_reading(self, watch: ComparisonProgress) -> None:
        """Record how far a comparison of every document is, where it has progressed since the last record."""
        reading = Verifying(
            at=self._context.clock(),
            task=self._task.number,
            read=watch.read,
            total=watch.total,
            is_naming=watch.is_naming,
        )
        if not watch.total or not is_read_worth_recording(self._reading, reading):
            return
        if self._is_waiting:  # it progresses: a long one may well have to wait twice
            self._is_waiting = False
            self._context.in_flight.continued(self._task)
            self._wait.is_over()
        self._reading = reading
        await self._context.record(reading)

    async def _counts(self) -> Comparison | None:
        found: list[Comparison] = []

        async def count() -> None:
            brief = ComparisonProgress(is_brief=True)
            found.append(await self._method.compare(self._ongoing.work, self._context.clusters, brief))

        with contextlib.suppress(Exception):  # the first problem is the one to report
            await self._context.attempted(count())
        return found[0] if found else None

    # -- waiting ---------------------------------------------------------------------------------------------------

    async def _until_it_works(self, attempt: Callable[[], Awaitable[T]], *, is_progress: bool = True) -> T:
        """Try until it works; raises ProblemError for what cannot pass, or did not in time."""
        while True:
            self._control.check()
            try:
                result = await attempt()
            except ProblemError as error:
                await self._wait_for(error.problem)
                continue
            if self._is_waiting and is_progress:
                self._is_waiting = False
                self._context.in_flight.continued(self._task)
                self._wait.is_over()
                await self._context.record(WaitEnded(at=self._context.clock(), task=self._task.number))
            return result

    async def _wait_for(self, problem: Problem) -> None:
        """Wait a while for what may pass; raises ProblemError for what cannot, or has not."""
        retry = await self._wait.failed(problem)
        if retry.is_hopeless:
            await self._context.raise_user_needed(problem)
            raise ProblemError(problem)
        if retry.until is None:
            deletes = self._context.plan.method.traits.stopping_deletes and self._ongoing.has_begun
            raise ProblemError(given_up(problem, retry.patience, stopping_deletes=deletes))
        self._is_waiting = True
        await self._context.in_flight.met(self._task, problem)
        await self._rest(retry.seconds)

    async def _rest(self, seconds: float, *news: Awaitable[None]) -> None:
        """Let time pass, or less where there are `news`, following commands at once.

        A pause is not held against the task.
        """
        ends = [asyncio.ensure_future(one) for one in (self._context.sleep(seconds), *news)]
        try:
            while not any(one.done() for one in ends):
                await self._control.until(*ends)
                await self._ongoing.follow_commands()
        finally:
            for one in ends:
                await cancelled(one)
        if self._context.control.pacing.is_paused:
            began = self._context.clock()
            await self._rest_through_pause()
            self._wait.rested(self._context.clock() - began)

    async def _rest_through_pause(self) -> None:
        while self._context.control.pacing.is_paused:
            if self._ongoing.follows_commands:
                await self._control.news()
            else:
                await self._context.sleep(POLL_SECONDS * 2)
            await self._ongoing.follow_commands()

    # -- how it ends -----------------------------------------------------------------------------------------------

    async def _stopped(self) -> TaskFinished:
        """The end of a task that the user has stopped or skipped: what has arrived stays."""
        problem = await self._ongoing.cancel()
        await self._context.ledger.settle(self._task.number)
        is_skipped = self._task.number in self._context.control.skipped
        outcome = TaskOutcome.SKIPPED if is_skipped else TaskOutcome.STOPPED
        trouble = None if problem is None else _may_go_on(self._context.plan.method, self._task, problem)
        return self._finished(outcome, trouble, None)

    async def _failed(self, problem: Problem) -> TaskFinished:
        """The end of a task that was given up, with what arrived and what is missing as far as it can be counted."""
        comparison = None
        if self._ongoing.has_begun:
            trouble = await self._ongoing.cancel()
            if trouble is not None:
                what = _may_go_on(self._context.plan.method, self._task, trouble).what
                problem = msgspec.structs.replace(problem, why=f"{problem.why} {what}".strip())
            comparison = await self._counts()
        await self._context.ledger.settle(self._task.number)
        return self._finished(TaskOutcome.FAILED, with_counts(problem, self._task, comparison), comparison)

    def _finished(self, outcome: TaskOutcome, problem: Problem | None, comparison: Comparison | None) -> TaskFinished:
        return TaskFinished(
            at=self._context.clock(),
            task=self._task.number,
            outcome=outcome,
            source_count=comparison.source_count if comparison else None,
            destination_count=comparison.destination_count if comparison else None,
            refused=self._last.refused if self._last else 0,
            shards=comparison.shards if comparison else None,
            samples=comparison.samples if comparison else None,
            compared=comparison.compared if comparison else None,
            watched=comparison.watched if comparison else None,
            problem=problem,
        )

    async def _note(self, text: str) -> None:
        await self._context.note(text, self._task.number)


def work_of(plan: Plan, run: str, task: Task, requests_per_second: float) -> Work:
    """One task of a run as its method gets it, the same in every process of the run but for its pace."""
    return Work(task, plan, f"esmigrate-{run}-{task.number}", requests_per_second)


def _may_go_on(method: MethodName, task: Task, trouble: Problem) -> Problem:
    if method.traits.stopping_deletes:
        return Problem(
            cause=trouble.cause,
            what=f"The restore of {task.source_index} could not be cancelled, it may still be going on on the "
            "destination.",
            why=trouble.what,
            todo=f"Look at GET _cat/recovery?active_only=true there. When it is not wanted, delete "
            f"{task.destination_index}, unless it is complete.",
            evidence=trouble.evidence,
        )
    return Problem(
        cause=trouble.cause,
        what=f"The copy of {task.source_index} could not be stopped, it may still be going on on the destination.",
        why=trouble.what,
        todo="Look at GET _tasks?actions=*reindex there, and cancel it when it is not wanted.",
        evidence=trouble.evidence,
    )
