"""What a method promises and what it is given: everything the engine knows about moving data.

`perform` is the only verb that writes documents. A method never sleeps, retries or logs, and sees no clock: each value
that it yields is one observation, and the engine decides when to take the next: after a while, or as soon as there is
`news`. Whatever goes wrong is a ProblemError;
by its cause the engine waits and calls `perform` again with the last token, or gives the task up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from esmigrate_tui.model.method import MethodName
from esmigrate_tui.verify import Comparison

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.connection import Side
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Acknowledged
    from esmigrate_tui.model.ledger import Request
    from esmigrate_tui.model.plan import Plan, Task
    from esmigrate_tui.verify.progress import ComparisonProgress

__all__ = ["Comparison", "HasMover", "Methods", "Mover", "Recorder", "Work"]


@dataclass(frozen=True)
class Work:
    """One task as a method gets it.

    `opaque_id` is the same for a task in every process of a run, so that server-side work can be found again by it.
    `requests_per_second` is the throttle of this moment (documents a second, 0 for none): the plan's, or what a person
    has set since.
    """

    task: Task
    plan: Plan
    opaque_id: str
    requests_per_second: float


class Recorder(Protocol):
    """Where a method writes down each change beside the documents, before it is made."""

    async def change(self, side: Side, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # JSON
        """Write the change down with its inverse, make it, mark it as made; return the cluster's JSON answer.

        `what` says the change in words, in the past tense. `undo` must be harmless when it is sent twice, or when the
        change was never made; None says that the change is meant to stay. A change that an earlier try of the same
        task has written down is made again under its old entry; an index that is there already is taken for made where
        it is seen to be the run's own, and the answer is None. Raises the ProblemError of the request, exists or state
        where what exists is not the run's own.
        """
        ...


class Mover(Protocol):
    """What performs one run by one method. `work` of the same task is equal in every call, but for its pace."""

    def plan(self, draft: Draft, made_at: str) -> Plan:
        """The plan of a draft; pure. Raises ProblemError (usage) where the draft is not ready."""
        ...

    def steps(self, plan: Plan) -> tuple[str, ...]:
        """What a run of the plan does, in order, in words; pure."""
        ...

    def requests(self, plan: Plan) -> tuple[Request, ...]:
        """The requests to the destination for the plan's first task, every secret as dots; pure."""
        ...

    async def open(self, plan: Plan, clusters: Clusters, recorder: Recorder) -> None:
        """Make ready what all tasks of a run share, every change through `recorder`; reverted at the end of the run.

        Called once before the first task, and again when a run is resumed. Raises ProblemError, which ends the run.
        """
        ...

    async def prepare(self, work: Work, clusters: Clusters, recorder: Recorder) -> None:
        """Make the destination ready, every change through `recorder`; called again after a problem that passed."""
        ...

    def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:
        """Move the task's documents, going on from the token `since` ("" for the beginning).

        Yields only after the server acknowledged, and ends when all was moved. The engine asks for the next value when
        it is time for one, asks for none while a run is paused, and may drop the iterator at any moment (server-side
        work goes on then): the last token is enough to go on. Raises ProblemError; UNKNOWN_OUTCOME where server-side
        work no longer exists and its result cannot be read.
        """
        ...

    async def news(self, work: Work) -> None:
        """Return when `perform` should be asked for its next value at once: nothing goes on for the task any more, or
        something waits to be taken. Never returns where only a server knows.
        """
        ...

    async def pace(self, work: Work, clusters: Clusters, since: str, requests_per_second: float) -> None:
        """Set the throttle of what is going on (0 for none), also to go on after a pause."""
        ...

    async def pause(self, work: Work, clusters: Clusters, since: str) -> None:
        """Hold what is going on, so that it can go on later."""
        ...

    async def stop(self, work: Work, clusters: Clusters, since: str) -> None:
        """Cancel what is going on; a restore is cancelled by deleting what it has half made, and only that.

        A `perform` that is open then ends or raises soon: so it is seen to end.

        Called again when a look brings another token, and alone where no `perform` is open (while the engine waits, or
        when it gives a task up); harmless where nothing is going on.
        """
        ...

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:
        """Compare both sides, or what arrived with what the snapshot says of itself; changes nothing.

        May be cancelled at any moment, and goes on from what `watch` has seen when it is called again with that.
        """
        ...


class HasMover(Protocol):
    """What the engine needs of a method's description."""

    @property
    def mover(self) -> Callable[[], Mover]:
        """Makes the mover of one run: what it remembers belongs to that run."""
        ...


Methods = Mapping[MethodName, HasMover]
"""All methods by their name: the engine gets them handed in."""
