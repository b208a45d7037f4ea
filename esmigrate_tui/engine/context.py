"""What all parts of a run share: plan, clusters, time, the commands in force, and the way into the journal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from esmigrate_tui.engine.admission import TasksInFlight
from esmigrate_tui.engine.control import ProcessEnding, RunControl
from esmigrate_tui.engine.ledger import Ledger, LedgerClusters
from esmigrate_tui.engine.lost_journal import JournalLostError
from esmigrate_tui.engine.waiting import Wait, WaitRule
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import Noted
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.engine.journal import Journal
    from esmigrate_tui.model.event import Event, Reject
    from esmigrate_tui.model.ledger import LedgerEntry
    from esmigrate_tui.model.plan import Plan

_REQUEST_SECONDS: Final = 10.0  # for one last request to a cluster that may be unreachable
_RECORDING: Final = WaitRule()
_NEEDS_USER: Final = frozenset({Cause.AUTHENTICATION, Cause.CERTIFICATE})


class Sleep(Protocol):
    """How time passes: `asyncio.sleep`, or a test's faster one."""

    def __call__(self, seconds: float, /) -> Awaitable[None]:
        """Return after so many seconds."""
        ...


class RunContext:
    """What the run itself, each of its tasks and its definitions are given.

    `clock` gives seconds since 1970 and never jumps, `random` numbers from 0 to 1. `needed` is what only the user can
    fix, once a cluster has been seen to want it. `lost` says how the journal was lost, after which nothing is done that
    would have to be written down. `moved_at` is when something arrived last, of any task.
    """

    def __init__(
        self,
        plan: Plan,
        clusters: Clusters,
        journal: Journal,
        *,
        clock: Callable[[], float],
        sleep: Sleep,
        run_id: str,
        random: Callable[[], float],
    ) -> None:
        self.plan = plan
        self.clusters = clusters
        self.journal = journal
        self.clock = clock
        self.sleep = sleep
        self.run_id = run_id
        is_watching = any(task.shipping is not None for task in plan.tasks)
        self.in_flight = TasksInFlight(plan, clock, self.record)
        self.control = RunControl(plan.requests_per_second, is_watching=is_watching)
        self.needed: Problem | None = None
        self.lost: Problem | None = None
        self.moved_at = clock()
        self._random = random
        self._asking = asyncio.Lock()
        self._asked = 0
        self.ledger = self.ledger_of(())

    def ledger_of(self, entries: Iterable[LedgerEntry]) -> Ledger:
        """A ledger with what an earlier process of this run has written down."""
        return Ledger(LedgerClusters(self.clusters), self.record, self.clock, entries)

    def wait(self, rule: WaitRule) -> Wait:
        """A wait that has not begun, as long as the plan's patience."""
        return Wait(rule, float(self.plan.patience), self.clock, self._random, self.record)

    async def record(self, event: Event, rejects: Sequence[Reject] = ()) -> int:
        """Write an event to the journal; its number. While the disk of this machine is full, the work waits.

        Raises ProcessEnding where the journal is lost.
        """
        wait = self.wait(_RECORDING)
        while True:
            try:
                number = await self.journal.append(event, rejects)
            except JournalLostError as error:
                self.lose_journal(error.problem)
                raise ProcessEnding from None
            except ProblemError as error:
                retry = await wait.failed(error.problem)
                if retry.is_first:
                    await self.journal.report_problem(error.problem)
                if retry.until is None or self.control.is_ending:
                    raise
                await self.sleep(retry.seconds)
                continue
            if wait.patience.tries:
                await self.journal.report_problem(None)
            return number

    def lose_journal(self, problem: Problem) -> None:
        """Let all work end: what is done from here on could not be written down."""
        self.lost = self.lost or problem
        self.control.end()

    async def note(self, text: str, task: int = 0) -> None:
        """Write a line into the log of the run."""
        await self.record(Noted(at=self.clock(), task=task, text=text))

    async def attempted(self, request: Awaitable[object]) -> Problem | None:
        """Send a request to a cluster without waiting long for its response; the problem, or None."""
        asking = asyncio.ensure_future(request)
        nap = asyncio.ensure_future(self.sleep(_REQUEST_SECONDS))
        try:
            await asyncio.wait({asking, nap}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                return Problem(cause=Cause.CONNECTION, what="The cluster did not answer in time.")
            asking.result()
        except ProblemError as error:
            return error.problem
        finally:
            nap.cancel()
            await cancelled(asking)
        return None

    async def is_user_needed(self, problem: Problem) -> bool:
        """Whether a cluster itself no longer accepts the run's secret, or shows another certificate.

        What only one task meets is that task's own problem. Each cluster is asked who it is: a source's own refusal may
        also come from the destination, which reads from it. Then no new work is begun.
        """
        if problem.cause not in _NEEDS_USER:
            return False
        asked = self._asked
        async with self._asking:  # many tasks meet it together: a question that was put since then is theirs, too
            if self.needed is None and asked == self._asked:
                self._asked += 1
                await self._ask_clusters()
        return self.needed is not None

    async def _ask_clusters(self) -> None:
        clusters = ((Side.DESTINATION, self.clusters.destination), (Side.SOURCE, self.clusters.source))
        for side, cluster in clusters:
            trouble = None if cluster is None else await self.attempted(cluster.wire.identity())
            if trouble is not None and trouble.cause in _NEEDS_USER:
                self.needed = needed_of_user(trouble, self.run_id, side)
                self.control.end()
                return

    async def raise_user_needed(self, problem: Problem) -> None:
        """Raise ProcessEnding where a user is needed."""
        if await self.is_user_needed(problem):
            raise ProcessEnding


async def cancelled(doing: asyncio.Future[Any]) -> None:
    """Cancel what is still going on, and wait until it is; its result is not wanted."""
    if not doing.done():
        doing.cancel()
        await asyncio.wait({doing})
    if not doing.cancelled():
        doing.exception()  # marked as retrieved, so that asyncio does not log it


def needed_of_user(problem: Problem, run: str, side: Side) -> Problem:
    """The problem that a cluster no longer accepts the run's secret, or shows another certificate."""
    if problem.cause is Cause.CERTIFICATE:
        return msgspec.structs.replace(
            problem,
            why=f"{problem.why} The run waits for you; what has arrived stays.".strip(),
            todo=f"{problem.todo} If it is the {side}'s own: esmigrate resume {run} --accept-fingerprint {side}=SHA256",
        )
    return msgspec.structs.replace(
        problem,
        why="It was accepted until now: a password was changed, or a key has expired. The run waits for you; what has "
        "arrived stays.",
        todo=f"Give the new one: esmigrate resume {run} --{side}-password-file FILE",
    )


def internal_fault(error: Exception, over: str) -> Problem:
    """The problem of a fault in this program; `over` says what it was doing."""
    return Problem(
        cause=Cause.INTERNAL,
        what=f"esmigrate itself failed over {over}.",
        why="That is a fault in the program, not in your clusters.",
        todo="Please report it with process.log from the run's folder.",
        evidence=clean(type(error).__name__, 200),
    )
