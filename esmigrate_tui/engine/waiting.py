"""Waiting for what may pass: when to try again, when to give up, and what is reported meanwhile.

This is the one rule behind every wait of a run. `after_failure` and `report_of` are pure; a `Wait` remembers what they
need between two failures. Time is an argument in all of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.event import Noted, WaitBegan
from esmigrate_tui.model.problem import PASSING, Cause, Problem
from esmigrate_tui.model.text import duration

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.model.event import Event

_LONGEST_WAIT: Final = 30.0
_GOOD_SECONDS: Final = 60.0
_BLOCK: Final = "cluster_block_exception"
_COMING_BACK: Final = 60.0  # seconds after a cluster was unreachable, in which its "no such index" is no answer yet
_UNREACHABLE: Final = frozenset({Cause.CONNECTION, Cause.BUSY})


class WaitRule(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of wait differs from the others.

    `text` begins its line in the log of the run, "" for none; `is_said_once` writes it at the first failure only.
    `task` is the number of the task that waits, 0 for none: its wait is shown on its row. `at_most` is in seconds, for
    a wait that is shorter than the patience of the plan.
    """

    text: str = ""
    is_said_once: bool = False
    task: int = 0
    at_most: float = math.inf


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long something has failed without progress, out of `limit` seconds."""

    limit: float
    since: float | None = None
    tries: int = 0
    cause: Cause | None = None

    def failed(self, now: float, cause: Cause) -> Patience:
        """The patience after another failure."""
        since = now if self.since is None else self.since
        return msgspec.structs.replace(self, since=since, tries=self.tries + 1, cause=cause)

    def progressed(self, now: float, last_failure: float, *, is_further: bool) -> Patience:
        """The patience after a poll that succeeded: fresh when more was settled than before.

        After a broken connection a minute of successful polls is enough, even where the work itself is slow. A full
        disk counts as fixed only when a document was written.
        """
        held_on = self.cause is Cause.CONNECTION and now - last_failure >= _GOOD_SECONDS
        return Patience(limit=self.limit) if is_further or held_on else self

    def rested(self, seconds: float) -> Patience:
        """The patience after a pause, which is not held against a task."""
        return self if self.since is None else msgspec.structs.replace(self, since=self.since + seconds)

    @property
    def ends(self) -> float:
        """When it is over; only after a failure."""
        return (self.since or 0.0) + self.limit

    def next_try(self, now: float, random: Callable[[], float]) -> float | None:
        """When to try again: after 1, 2, 4 … 30 seconds, a little earlier by chance; None when patience is over.

        The last try is made at the very end. Chance keeps several tasks from trying all at once.
        """
        if now >= self.ends:
            return None
        wait = min(_LONGEST_WAIT, 2.0 ** min(max(0, self.tries - 1), 10)) * (1.0 - 0.25 * random())
        return min(now + wait, self.ends)


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """What follows a failure at `now`: the patience after it, and when to try again; None where it is given up.

    `is_hopeless` says that waiting cannot help: then nothing was waited for, and the patience is as before.
    """

    now: float
    patience: Patience
    until: float | None = None
    is_hopeless: bool = False

    @property
    def seconds(self) -> float:
        """How long to wait."""
        return 0.0 if self.until is None else self.until - self.now

    @property
    def is_first(self) -> bool:
        """Whether it is the first failure of this wait."""
        return not self.is_hopeless and self.patience.tries == 1


def after_failure(
    patience: Patience,
    problem: Problem,
    now: float,
    random: Callable[[], float],
    *,
    seconds_since_unreachable: float = math.inf,
) -> Retry:
    """Whether to try again after a failure, and when."""
    if not can_pass(problem) and not may_be_too_early(problem, seconds_since_unreachable):
        return Retry(now=now, patience=patience, is_hopeless=True)
    failed = patience.failed(now, problem.cause)
    return Retry(now=now, patience=failed, until=failed.next_try(now, random))


def report_of(rule: WaitRule, problem: Problem, retry: Retry) -> Event | None:
    """What is reported of a wait that begins now; None where nothing is, or nothing is waited for."""
    if retry.until is None:
        return None
    if rule.task:
        ends = retry.patience.ends
        return WaitBegan(at=retry.now, task=rule.task, problem=problem, until=retry.until, patience_ends=ends)
    if rule.text and (retry.is_first or not rule.is_said_once):
        return Noted(at=retry.now, text=f"{rule.text}: {problem.what}")
    return None


class Wait:
    """One wait, from its first failure until what failed works again.

    `record` writes an event to the journal, `random` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        rule: WaitRule,
        limit: float,
        clock: Callable[[], float],
        random: Callable[[], float],
        record: Callable[[Event], Awaitable[object]],
    ) -> None:
        self.patience = Patience(limit=min(limit, rule.at_most))
        self._rule = rule
        self._clock = clock
        self._random = random
        self._record = record
        self._failed_at = 0.0
        self._unreachable_at = -math.inf  # until when a cluster was unreachable, as far as was seen
        self._is_unreachable = False

    async def failed(self, problem: Problem) -> Retry:
        """What follows this failure; where it is a wait, that is reported."""
        now = self._clock()
        if problem.cause in _UNREACHABLE or self._is_unreachable:  # also at the first response after it
            self._unreachable_at = now
        self._is_unreachable = problem.cause in _UNREACHABLE
        since = now - self._unreachable_at if self._rule.task else math.inf
        retry = after_failure(self.patience, problem, now, self._random, seconds_since_unreachable=since)
        self.patience = retry.patience
        if not retry.is_hopeless:
            self._failed_at = now
        event = report_of(self._rule, problem, retry)
        if event is not None:
            await self._record(event)
        return retry

    def progressed(self, now: float, *, is_further: bool) -> None:
        """A poll succeeded; `is_further` says that more was settled than before."""
        self.patience = self.patience.progressed(now, self._failed_at, is_further=is_further)

    def rested(self, seconds: float) -> None:
        """A pause of so many seconds is not held against the wait."""
        self.patience = self.patience.rested(seconds)

    def is_over(self) -> None:
        """What failed works again: the next failure begins a wait of its own."""
        self.patience = Patience(limit=self.patience.limit)


def can_pass(problem: Problem) -> bool:
    """Whether waiting may help: a block of an index, or of the whole cluster, is lifted by hand."""
    return problem.cause in PASSING or (problem.cause is Cause.BLOCKED and _BLOCK in problem.evidence)


def may_be_too_early(problem: Problem, seconds_since_unreachable: float) -> bool:
    """Whether something only seems missing: a node that has just come back finds its indices and its users later."""
    return problem.cause in {Cause.MISSING, Cause.AUTHENTICATION} and seconds_since_unreachable <= _COMING_BACK


def given_up(problem: Problem, patience: Patience, *, stopping_deletes: bool = False) -> Problem:
    """The problem that outlasted the patience of the plan.

    `stopping_deletes` says that the method deletes what is incomplete, so that nothing is promised to stay.
    """
    kept = "." if stopping_deletes else "; what has arrived stays."
    return msgspec.structs.replace(
        problem,
        why=f"{problem.why} It has been so for {duration(patience.limit)}, as long as the plan waits.".strip(),
        todo=f"{problem.todo} When that is fixed, resume the run{kept}".strip(),
    )
