"""How many tasks go on together: by the work that they are, and by how the clusters bear it.

`Admission` is pure: a limit that begins low, grows with each task that ends well, and is halved where a cluster pushes
back. `TasksInFlight` keeps what goes on in a run, and reports why that is less for the time being.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.event import ConcurrencyChanged, SlowReason
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.weight import most_weight, weight_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.model.event import Event
    from esmigrate_tui.model.plan import Plan, Task

_FIRST: Final = 4.0
_CALM_SECONDS: Final = 5.0  # after it was halved: what goes on until then was begun under the old limit
_FORGOTTEN_SECONDS: Final = 30.0  # without push-back, after which nothing is slower any more
_OF_CLUSTERS: Final = frozenset({Cause.CONNECTION, Cause.NOT_ELASTICSEARCH, Cause.DISK_FULL, Cause.AUTHENTICATION})
_MARKS: Final = re.compile(
    r"es_rejected_execution|rejected execution of|circuit_breaking|too many scroll contexts|too busy"
    r"|process_cluster_event_timeout|asked to wait"
)


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """What may go on together: tasks with a weight of `limit` at a time, never more than `most`.

    Where a plan says how many (`is_by_number`) each task weighs the same. `reason` says why it is less than it was,
    None where it is not; `usual` is the limit before, `halved_at` when it was made so, `pushed_at` when a cluster
    pushed back last, `grown_at` when the limit grew with time, or may at the earliest.
    """

    limit: float
    most: float
    method: MethodName
    is_by_number: bool = False
    reason: SlowReason | None = None
    usual: float = 0.0
    halved_at: float = -math.inf
    pushed_at: float = -math.inf
    grown_at: float = math.inf

    @classmethod
    def of(cls, plan: Plan) -> Admission:
        """How a run of the plan begins."""
        if plan.at_once:
            return cls(limit=plan.at_once, most=plan.at_once, method=plan.method, is_by_number=True)
        most = most_weight(plan.method, plan.requests_per_second)
        return cls(limit=min(_FIRST, most), most=most, method=plan.method)

    def weight(self, task: Task) -> float:
        """How much a task counts."""
        return 1.0 if self.is_by_number else weight_of(self.method, task.documents, task.size)

    def admits(self, weight: float, in_flight: float) -> bool:
        """Whether a task of that weight may begin beside those that go on; one is never too heavy to go on alone."""
        return not in_flight or in_flight + weight <= self.limit

    def ended(self, began: float, *, is_good: bool) -> Admission:
        """After a task that had begun at a moment: one more, where it ended well and nothing pushed back since."""
        if not is_good or self.pushed_at >= began:
            return self
        return self._grown()

    def pushed_back(self, now: float, reason: SlowReason) -> Admission:
        """After a push-back: half as much, unless it was halved a moment ago."""
        pushed = msgspec.structs.replace(self, pushed_at=now)
        if now - self.halved_at < _CALM_SECONDS:
            return pushed
        return msgspec.structs.replace(
            pushed,
            limit=max(1.0, self.limit / 2),
            usual=max(self.usual, self.limit) if self.reason else self.limit,
            halved_at=now,
            reason=reason,
        )

    def troubled(self, now: float) -> Admission:
        """After a task began to wait for another reason: for a while nothing grows with time."""
        return msgspec.structs.replace(self, grown_at=now + _FORGOTTEN_SECONDS)

    def rested(self, now: float) -> Admission:
        """At a moment in which tasks go on: one more every few seconds, and a push-back is forgotten after a while."""
        if self.reason is not None and now - self.pushed_at >= _FORGOTTEN_SECONDS:
            return self._recovered()
        if self.grown_at is math.inf:
            return msgspec.structs.replace(self, grown_at=now)
        if now - max(self.grown_at, self.pushed_at) < _CALM_SECONDS:
            return self
        return msgspec.structs.replace(self._grown(), grown_at=now)

    def _grown(self) -> Admission:
        grown = msgspec.structs.replace(self, limit=min(self.most, self.limit + 1.0))
        return grown._recovered() if grown.limit >= self.usual else grown  # noqa: SLF001  # of this very class

    def _recovered(self) -> Admission:
        """Nothing is slower any more; the limit goes on growing from where it is."""
        return msgspec.structs.replace(self, reason=None, usual=0.0)


def reason_of(problem: Problem, source: str = "") -> SlowReason | None:
    """Which cluster pushes back by a problem, None where it does not; `source` is the source's address."""
    words = f"{problem.what} {problem.evidence}"
    if problem.cause is not Cause.BUSY or _MARKS.search(words[:4_000]) is None:
        return None
    return SlowReason.SOURCE if source and source in problem.what else SlowReason.DESTINATION


class TasksInFlight:
    """What goes on in a run, by the number of each task; `record` writes an event to the journal."""

    def __init__(self, plan: Plan, clock: Callable[[], float], record: Callable[[Event], Awaitable[object]]) -> None:
        self._admission = Admission.of(plan)
        self._source = plan.source.endpoint.authority if plan.source is not None else ""
        self._clock = clock
        self._record = record
        self._weights: dict[int, float] = {}
        self._held: set[int] = set()
        """What waits for its own index, and weighs nothing meanwhile."""
        self._began: dict[int, float] = {}
        self._changed = asyncio.Event()

    def begins(self, task: Task) -> bool:
        """Take a task among those that go on, where there is room for it; whether there is."""
        weight = self._admission.weight(task)
        is_full = len(self._weights) >= self._admission.most
        if is_full or not self._admission.admits(weight, sum(self._weights.values())):
            return False
        self._weights[task.number], self._began[task.number] = weight, self._clock()
        return True

    def lighten(self, task: Task) -> None:
        """A heavy task is only counted any more: another may begin beside it."""
        self._held.discard(task.number)
        if self._weights.get(task.number, 0.0) > 1.0:
            self._weights[task.number] = 0.0
            self._pulse()

    async def ended(self, task: Task, *, is_good: bool) -> None:
        """A task goes on no longer."""
        self._weights.pop(task.number, None)
        self._held.discard(task.number)
        began = self._began.pop(task.number, self._clock())
        await self._become(self._admission.ended(began, is_good=is_good))
        self._pulse()

    async def met(self, task: Task, problem: Problem) -> None:
        """A task has to wait for a problem: a cluster pushes back, is unreachable, or it is a matter of this index.

        Of the last kind others may begin meanwhile, as they would beside a task that has failed.
        """
        if (reason := reason_of(problem, self._source)) is not None:
            await self.pushed_back(reason)
            return
        self._admission = self._admission.troubled(self._clock())
        if problem.cause not in _OF_CLUSTERS and task.number in self._weights and not self._admission.is_by_number:
            self._weights[task.number] = 0.0
            self._held.add(task.number)
            self._pulse()

    def continued(self, task: Task) -> None:
        """What a task has waited for is over."""
        if task.number in self._held:
            self._held.discard(task.number)
            self._weights[task.number] = self._admission.weight(task)

    async def pushed_back(self, reason: SlowReason) -> None:
        """A cluster pushes back."""
        await self._become(self._admission.pushed_back(self._clock(), reason))

    async def rested(self) -> None:
        """Some time has passed in which the run was not paused."""
        if self._weights:
            await self._become(self._admission.rested(self._clock()))
            self._pulse()

    def changed(self) -> Awaitable[object]:
        """What ends when there may be room for another task, counted from this call on, not from when it is awaited."""
        return self._changed.wait()

    async def _become(self, admission: Admission) -> None:
        before, self._admission = self._admission, admission
        is_less = admission.limit < before.limit
        if admission.reason is not before.reason or (is_less and admission.reason is not None):
            limit = max(1, int(admission.limit))
            await self._record(ConcurrencyChanged(at=self._clock(), limit=limit, reason=admission.reason))

    def _pulse(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
