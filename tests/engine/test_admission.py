"""How many tasks may go on together: the limit, what each weighs, and what counts as a push-back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.errors import explain
from esmigrate_tui.engine.admission import Admission, TasksInFlight, reason_of
from esmigrate_tui.model.connection import Endpoint
from esmigrate_tui.model.event import ConcurrencyChanged, SlowReason
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.weight import most_weight, together, weight_of
from tests.engine.tiny import plan_of

if TYPE_CHECKING:
    from esmigrate_tui.model.event import Event
    from esmigrate_tui.model.plan import Plan

MOST = 32.0
DESTINATION = SlowReason.DESTINATION


def by_work(*documents: int) -> Plan:
    return msgspec.structs.replace(plan_of(*documents, at_once=0), method=MethodName.COPY_THROUGH_HERE)


@pytest.mark.parametrize(
    ("documents", "size", "weight"),
    [
        (0, 0, 1.0),
        (100, 25_000, 1.0),
        (20_000, 8 << 20, 1.0),
        (40_000, None, 2.0),
        (100, 64 << 20, 8.0),
        (None, 16 << 20, 2.0),
        (None, None, 2.0),
        (1_000_000, 1 << 30, 128.0),
    ],
)
def test_a_task_weighs_what_its_documents_and_bytes_do(documents: int | None, size: int | None, weight: float) -> None:
    assert weight_of(MethodName.COPY_THROUGH_HERE, documents, size) == weight


def test_as_many_go_on_together_as_the_plan_says_or_as_are_not_too_heavy() -> None:
    assert together(by_work(*[1] * 50), 100, 100) == 32
    assert together(by_work(*[1] * 50), 100_000, None) == 6
    assert together(by_work(*[1] * 50), 10**9, None) == 1
    assert together(by_work(1, 1), 100, 100) == 2
    assert together(plan_of(*[1] * 50, at_once=3), 10**9, None) == 3


def test_of_what_the_destination_reads_by_itself_two_large_ones_go_on_together_and_fewer_small_ones() -> None:
    method = MethodName.REINDEX_FROM_REMOTE
    assert most_weight(method, 0.0) < most_weight(MethodName.COPY_THROUGH_HERE, 0.0)
    assert together(plan_of(*[1] * 50, at_once=0), 10**9, None) == 2
    assert together(plan_of(*[1] * 50, at_once=0), 100, None) == 16


def test_where_a_pace_is_asked_for_few_go_on_together() -> None:
    assert together(plan_of(*[1] * 50, at_once=0, requests_per_second=100.0), 100, None) == 4
    assert together(plan_of(*[1] * 50, at_once=9, requests_per_second=100.0), 100, None) == 9


def test_a_run_begins_with_four_small_ones_and_takes_one_more_for_each_that_ended_well() -> None:
    admission = Admission.of(by_work(1))
    assert admission.limit == 4.0
    for ended in range(1, 40):
        admission = admission.ended(0.0, is_good=True)
        assert admission.limit == min(MOST, 4.0 + ended)
    assert admission.ended(0.0, is_good=False) == admission


def test_a_large_one_goes_on_alone_and_small_ones_beside_what_leaves_room() -> None:
    admission = Admission.of(by_work(1))
    assert admission.admits(50.0, 0.0)
    assert not admission.admits(1.0, 50.0)
    assert admission.admits(1.0, 3.0)
    assert not admission.admits(1.5, 3.0)


def test_a_number_in_the_plan_is_a_number_of_tasks_whatever_they_weigh() -> None:
    plan = plan_of(10**9, 1, 1, at_once=2)
    admission = Admission.of(plan)
    assert [admission.weight(task) for task in plan.tasks] == [1.0, 1.0, 1.0]
    assert admission.admits(1.0, 1.0)
    assert not admission.admits(1.0, 2.0)
    assert admission.ended(0.0, is_good=True).limit == 2.0


def test_a_push_back_halves_it_but_not_twice_in_a_moment_and_never_below_one() -> None:
    admission = msgspec.structs.replace(Admission.of(by_work(1)), limit=20.0)
    once = admission.pushed_back(100.0, DESTINATION)
    assert (once.limit, once.reason) == (10.0, DESTINATION)
    assert once.pushed_back(104.9, DESTINATION).limit == 10.0
    admission = once
    for moment in range(110, 200, 10):
        admission = admission.pushed_back(float(moment), DESTINATION)
    assert admission.limit == 1.0
    assert admission.admits(1.0, 0.0)


def test_a_task_that_was_under_way_at_a_push_back_brings_no_other() -> None:
    admission = Admission.of(by_work(1)).pushed_back(100.0, DESTINATION)
    assert admission.ended(99.0, is_good=True).limit == 2.0
    assert admission.ended(101.0, is_good=True).limit == 3.0


def test_it_is_slower_until_the_limit_is_what_it_was() -> None:
    admission = Admission.of(by_work(1)).pushed_back(100.0, DESTINATION).ended(101.0, is_good=True)
    assert admission.reason is DESTINATION
    assert admission.ended(101.0, is_good=True).reason is None


def test_a_push_back_is_forgotten_after_a_while_also_where_no_task_ends() -> None:
    admission = msgspec.structs.replace(Admission.of(by_work(1)), limit=20.0)
    admission = admission.pushed_back(100.0, DESTINATION).pushed_back(102.0, DESTINATION)
    assert admission.rested(131.9).reason is DESTINATION
    forgotten = admission.rested(132.0)
    assert (forgotten.reason, forgotten.limit) == (None, 10.0)


def test_while_large_ones_go_on_it_grows_with_time_but_not_soon_after_trouble() -> None:
    admission = Admission.of(by_work(1)).rested(100.0)
    assert admission.limit == 4.0
    assert admission.rested(104.9).limit == 4.0
    assert admission.rested(105.0).limit == 5.0
    assert admission.rested(105.0).rested(106.0).limit == 5.0
    assert admission.troubled(104.0).rested(138.9).limit == 4.0
    assert admission.troubled(104.0).rested(139.0).limit == 5.0
    assert admission.pushed_back(104.0, DESTINATION).rested(108.9).limit == 2.0


@given(st.lists(st.tuples(st.sampled_from(["end", "push", "rest"]), st.integers(0, 40)), max_size=60))
def test_the_limit_stays_between_one_and_the_most_whatever_comes(story: list[tuple[str, int]]) -> None:
    admission, now = Admission.of(by_work(1)), 0.0
    for what, seconds in story:
        now += seconds
        match what:
            case "end":
                admission = admission.ended(now - 1, is_good=True)
            case "push":
                admission = admission.pushed_back(now, DESTINATION)
            case _:
                admission = admission.rested(now)
        assert 1.0 <= admission.limit <= MOST
        assert (admission.reason is None) == (admission.usual == 0.0)


# -- what is a push-back -----------------------------------------------------------------------------------------------


def _met(status: int, kind: str, reason: str = "no matter") -> Problem:
    body = {"error": {"type": kind, "reason": reason}, "status": status}
    return explain(status, body, {}, Endpoint(scheme="http", host="es", port=9200))


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (429, "es_rejected_execution_exception", "rejected execution of coordinating operation"),
        (429, "circuit_breaking_exception", "[parent] Data too large"),
        (503, "process_cluster_event_timeout_exception", "failed to process cluster event within 30s"),
        (500, "exception", "Trying to create too many scroll contexts. Must be less than or equal to: [500]."),
        (429, "illegal_state_exception", "slow down"),
    ],
)
def test_what_asks_to_wait_for_load_is_a_push_back(status: int, kind: str, reason: str) -> None:
    problem = _met(status, kind, reason)
    assert reason_of(problem) is DESTINATION
    assert reason_of(problem, "es:9200") is SlowReason.SOURCE
    assert reason_of(problem, "elsewhere:9200") is DESTINATION


@pytest.mark.parametrize(
    "problem",
    [
        _met(503, "master_not_discovered_exception"),
        _met(403, "cluster_block_exception", "blocked by: [FORBIDDEN/8/index write (api)]"),
        _met(429, "cluster_block_exception", "index [a] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded"),
        Problem(cause=Cause.CONNECTION, what="es:9200 does not answer."),
    ],
)
def test_what_is_unreachable_blocked_or_full_is_none(problem: Problem) -> None:
    assert reason_of(problem) is None


# -- what goes on ------------------------------------------------------------------------------------------------------


class Time:
    """A clock that is set, and a journal that keeps events."""

    now = 1_000.0

    def __init__(self) -> None:
        self.events: list[Any] = []

    def clock(self) -> float:
        return self.now

    async def record(self, event: Event) -> None:
        self.events.append(event)


async def test_it_is_journalled_when_it_becomes_slower_and_when_that_is_over_and_not_for_each_task() -> None:
    time, plan = Time(), by_work(*[100] * 40)
    in_flight = TasksInFlight(plan, time.clock, time.record)
    assert [in_flight.begins(task) for task in plan.tasks[:5]] == [True, True, True, True, False]
    for _ in range(10):
        await in_flight.pushed_back(DESTINATION)
    assert time.events == [ConcurrencyChanged(at=1_000.0, limit=2, reason=DESTINATION)]
    for task in plan.tasks[:4]:
        await in_flight.ended(task, is_good=True)
    time.now = 1_001.0
    for task in plan.tasks[4:20]:
        assert in_flight.begins(task)
        await in_flight.ended(task, is_good=True)
    assert [(event.limit, event.reason) for event in time.events] == [(2, DESTINATION), (4, None)]


async def test_a_heavy_task_that_is_only_counted_any_more_lets_another_begin() -> None:
    time, plan = Time(), by_work(10**6, 100, 10**6)
    in_flight = TasksInFlight(plan, time.clock, time.record)
    assert in_flight.begins(plan.tasks[0])
    assert not in_flight.begins(plan.tasks[1])
    in_flight.lighten(plan.tasks[0])
    assert in_flight.begins(plan.tasks[2])
    assert not in_flight.begins(plan.tasks[1])


async def test_a_heavy_task_that_waits_for_its_own_index_keeps_no_other_waiting() -> None:
    time, plan = Time(), by_work(10**6, 10**6, 100)
    in_flight = TasksInFlight(plan, time.clock, time.record)
    assert in_flight.begins(plan.tasks[0])
    await in_flight.met(plan.tasks[0], Problem(cause=Cause.CONNECTION, what="es:9200 does not answer."))
    assert not in_flight.begins(plan.tasks[1])
    await in_flight.met(plan.tasks[0], Problem(cause=Cause.BUSY, what="The index has a block."))
    assert in_flight.begins(plan.tasks[1])
    in_flight.continued(plan.tasks[0])
    await in_flight.ended(plan.tasks[1], is_good=True)
    assert not in_flight.begins(plan.tasks[2])
    assert time.events == []


async def test_never_more_tasks_go_on_than_the_most_however_light_they_have_become() -> None:
    time, plan = Time(), by_work(*[10**6] * 40)
    in_flight = TasksInFlight(plan, time.clock, time.record)
    begun = 0
    for task in plan.tasks:
        begun += in_flight.begins(task)
        in_flight.lighten(task)
    assert begun == MOST


async def test_room_that_comes_before_anybody_awaits_it_is_not_missed() -> None:
    time, plan = Time(), by_work(10**6, 10**6)
    in_flight = TasksInFlight(plan, time.clock, time.record)
    assert in_flight.begins(plan.tasks[0])
    changed = in_flight.changed()
    await in_flight.ended(plan.tasks[0], is_good=True)
    async with asyncio.timeout(5.0):
        await changed
    assert in_flight.begins(plan.tasks[1])
