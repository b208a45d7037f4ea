"""A method in memory, and time that runs faster: what the tests of the engine perform.

It stands in for a method, not for Elasticsearch: the engine knows moving data only by the contract of methods.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.methods.contract import Comparison, Recorder, Work
from esmigrate_tui.model.connection import Connection, Endpoint, Side
from esmigrate_tui.model.event import Acknowledged, Reject
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, Problem, ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.verify.progress import ComparisonProgress

HERE: Final = Connection(endpoint=Endpoint(scheme="http", host="localhost", port=9200))
TUNED: Final = Request(method="PUT", path="/new/_settings", body='{"index":{"refresh_interval":"-1"}}')
BACK: Final = Request(method="PUT", path="/new/_settings", body='{"index":{"refresh_interval":null}}')


def trouble(cause: Cause, what: str = "Something is wrong.") -> Problem:
    return Problem(cause=cause, what=what)


def plan_of(*documents: int, at_once: int = 2, patience: int = 60, requests_per_second: float = 0.0) -> Plan:
    tasks = tuple(
        Task(number=number, source_index=f"old-{number}", destination_index=f"new-{number}", documents=amount)
        for number, amount in enumerate(documents, start=1)
    )
    return Plan(
        method=MethodName.REINDEX_FROM_REMOTE,
        made_at="2026-01-01T00:00:00Z",
        source=HERE,
        destination=HERE,
        destination_uuid="u",
        destination_version="7.17.28",
        at_once=at_once,
        patience=patience,
        requests_per_second=requests_per_second,
        tasks=tasks,
    )


class Fast:
    """A clock, and a sleep that takes a `factor`th of what the clock says of it.

    Only a sleep is faster: whatever else is slow on a busy machine would be counted a hundred times.
    """

    def __init__(self, factor: float = 100.0, start: float = 1_000_000.0) -> None:
        self._factor, self._ahead = factor, start - time.monotonic()

    def clock(self) -> float:
        return time.monotonic() + self._ahead

    async def sleep(self, seconds: float, /) -> None:
        until = self.clock() + seconds
        await asyncio.sleep(seconds / self._factor)
        self._ahead += max(0.0, until - self.clock())  # where two sleep, the time of both is the same


class Notepad:
    """Writes down what a ledger sends to a cluster, and fails where it is told to.

    `uuids` are those of the indices that are not as every other index is, "" for one that is gone; `states` is what a
    look at the state of a change says, `elsewhere` that the cluster is another one.
    """

    def __init__(self, meant: str = "u") -> None:
        self.meant = meant
        self.sent: list[Request] = []
        self.troubles: dict[Request, list[Problem]] = defaultdict(list)
        self.turns_away: Problem | None = None
        self.source: Notepad | None = None
        self.unanswered: Callable[[], float] = float
        self.uuids: dict[str, str] = {}
        self.states: dict[Request, bool] = {}
        self.elsewhere: Problem | None = None

    @property
    def wire(self) -> Notepad:
        """It is all its parts in one."""
        return self

    changes = indices = wire

    @property
    def unanswered_seconds(self) -> float:
        return self.unanswered()

    async def identity(self) -> tuple[str, str]:
        """Who it is, to whoever it lets in."""
        await asyncio.sleep(0)
        if self.turns_away is not None:
            raise ProblemError(self.turns_away)
        return "u", "new"

    async def must_be_meant(self) -> None:
        if self.elsewhere is not None:
            raise ProblemError(self.elsewhere)

    async def uuid_of(self, name: str) -> str:
        return self.uuids.get(name, f"uuid of {name}")

    async def is_so(self, request: Request) -> bool | None:
        return self.states.get(request)

    async def stands(self, request: Request) -> bool:
        del request
        return False

    async def make(self, request: Request) -> Any:  # noqa: ANN401  # as the real one
        self.sent.append(request)
        await asyncio.sleep(0)
        if self.troubles[request]:
            raise ProblemError(self.troubles[request].pop(0))
        return {"acknowledged": True}

    def as_clusters(self) -> Clusters:
        return Clusters(destination=cast("Any", self), source=cast("Any", self.source))


@dataclass
class Tiny:
    """A task is a number of documents, the token how many have arrived; `per_look` arrive between two looks.

    `problems` are met one after another by the task that has settled so many documents, `refused` documents of a task
    are its last ones, `sent_back` were taken only when they were sent again, `lost` are documents that do not arrive
    though the server said so. Comparing reads `to_read` documents one after another, at one of the `paces`, and meets
    problems where so many are read (`reading`). `opening` is the change that all tasks share, with its inverse.
    """

    plan_to_move: Plan
    per_look: int = 10
    troubles: dict[tuple[int, int], list[Problem]] = field(default_factory=dict)
    preparing: dict[int, list[Problem]] = field(default_factory=dict)
    comparing: dict[int, list[Problem]] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    lost: dict[int, int] = field(default_factory=dict)
    sent_back: dict[int, int] = field(default_factory=dict)
    to_read: int = 0
    reading: dict[int, list[Problem]] = field(default_factory=dict)
    paces: list[float] = field(default_factory=list)
    opening: tuple[Request, Request | None] | None = None
    tunes: bool = False
    look_takes: float = 0.0
    arrived: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    running: set[int] = field(default_factory=set)
    most_at_once: int = 0
    cancelled: set[int] = field(default_factory=set)
    ended: dict[int, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    def plan(self, draft: Draft, made_at: str) -> Plan:
        raise NotImplementedError((draft, made_at))

    def steps(self, plan: Plan) -> tuple[str, ...]:
        raise NotImplementedError(plan)

    def requests(self, plan: Plan) -> tuple[Request, ...]:
        raise NotImplementedError(plan)

    def mover(self) -> Tiny:
        return self

    def documents(self, number: int) -> int:
        return next(task.documents or 0 for task in self.plan_to_move.tasks if task.number == number)

    async def open(self, plan: Plan, clusters: Clusters, recorder: Recorder) -> None:
        """What all tasks share: written down with its inverse where a test wants that."""
        del plan, clusters
        if self.opening is not None:
            await recorder.change(Side.DESTINATION, "the repository was registered", *self.opening)

    async def prepare(self, work: Work, clusters: Clusters, recorder: Recorder) -> None:  # noqa: ARG002  # the contract
        number = work.task.number
        self.calls.append(("prepare", number))
        if self.tunes:
            await recorder.change(Side.DESTINATION, f"tuned {number}", _of(TUNED, number), _of(BACK, number))
        _meet(self.preparing.get(number))

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:  # noqa: ARG002  # the contract
        number, done = work.task.number, int(since or 0)
        total = self.documents(number)
        self.calls.append(("perform", number, since))
        self.running.add(number)
        self.most_at_once = max(self.most_at_once, len(self.running))
        try:
            while done < total:
                await asyncio.sleep(self.look_takes)
                _meet(self.troubles.get((number, done)))
                if number in self.cancelled:
                    raise ProblemError(trouble(Cause.STATE, "cancelled"))
                done = min(total, done + self.per_look)
                refused = self.refused.get(number, 0) if done == total else 0
                self.arrived[number] = done - refused
                rejects = tuple(Reject(index=work.task.destination_index, id=str(each)) for each in range(refused))
                yield Acknowledged(
                    done=done,
                    total=total,
                    written=done - refused,
                    refused=refused,
                    retries=self.sent_back.get(number, 0),
                    token=str(done),
                    rejects=rejects,
                )
        finally:
            self.running.discard(number)

    async def news(self, work: Work) -> None:
        """It is as a server's work is: only a look shows how far it is, unless a test ends it."""
        await self.ended[work.task.number].wait()

    async def pace(self, work: Work, clusters: Clusters, since: str, requests_per_second: float) -> None:  # noqa: ARG002  # the contract
        self.calls.append(("pace", work.task.number, requests_per_second))

    async def pause(self, work: Work, clusters: Clusters, since: str) -> None:  # noqa: ARG002  # the contract
        self.calls.append(("pause", work.task.number))

    async def stop(self, work: Work, clusters: Clusters, since: str) -> None:  # noqa: ARG002  # the contract
        self.calls.append(("stop", work.task.number))
        self.cancelled.add(work.task.number)

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:  # noqa: ARG002  # the contract
        number = work.task.number
        self.calls.append(("compare", number))
        if watch is not None and not watch.is_brief and self.to_read:
            watch.total = self.to_read
            self.paces.append(watch.pace)
            while watch.read < self.to_read:
                _meet(self.reading.get(watch.read))
                await asyncio.sleep(0.001)
                watch.read += 1
        _meet(self.comparing.get(number))
        return Comparison(self.documents(number), self.arrived[number] - self.lost.get(number, 0))


def _meet(troubles: list[Problem] | None) -> None:
    if troubles:
        raise ProblemError(troubles.pop(0))


def _of(request: Request, number: int) -> Request:
    return Request(method=request.method, path=request.path.replace("new", f"new-{number}"), body=request.body)
