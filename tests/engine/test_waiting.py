"""Waiting and polling, as tables: when to try again and when to give up, and what is reported meanwhile."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.engine.ongoing import QUIET_SECONDS, is_worth_recording, poll_delay
from esmigrate_tui.engine.unanswered import UnansweredSide
from esmigrate_tui.engine.waiting import (
    Patience,
    Retry,
    Wait,
    WaitRule,
    after_failure,
    can_pass,
    given_up,
    report_of,
)
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import Acknowledged, Event, Noted, ResponseAwaited, WaitBegan
from esmigrate_tui.model.problem import Cause, Problem

AWAY = Problem(cause=Cause.CONNECTION, what="The destination is away.", todo="Start it.")
BLOCK = Problem(cause=Cause.BLOCKED, what="", evidence="cluster_block_exception")
FRESH = Patience(limit=60.0)


@pytest.mark.parametrize(
    ("patience", "problem", "now", "since_unreachable", "until"),
    [
        (FRESH, AWAY, 100.0, math.inf, 101.0),
        (Patience(limit=60.0, since=100.0, tries=1), AWAY, 101.0, 1.0, 103.0),
        (Patience(limit=60.0, since=100.0, tries=2), AWAY, 103.0, 1.0, 107.0),
        (Patience(limit=600.0, since=100.0, tries=9), AWAY, 200.0, 1.0, 230.0),
        (Patience(limit=60.0, since=100.0, tries=9), AWAY, 150.0, 1.0, 160.0),
        (Patience(limit=60.0, since=100.0, tries=9), AWAY, 160.0, 1.0, None),
        (FRESH, Problem(cause=Cause.DISK_FULL, what=""), 100.0, math.inf, 101.0),
        (FRESH, BLOCK, 100.0, math.inf, 101.0),
        (FRESH, Problem(cause=Cause.MISSING, what=""), 100.0, 60.0, 101.0),
        (FRESH, Problem(cause=Cause.AUTHENTICATION, what=""), 100.0, 60.0, 101.0),
    ],
)
def test_when_to_try_again(
    patience: Patience, problem: Problem, now: float, since_unreachable: float, until: float | None
) -> None:
    retry = after_failure(patience, problem, now, lambda: 0.0, seconds_since_unreachable=since_unreachable)
    assert (retry.until, retry.is_hopeless) == (until, False)
    assert retry.patience.tries == patience.tries + 1


@pytest.mark.parametrize(
    ("problem", "since_unreachable"),
    [
        (Problem(cause=Cause.MISSING, what=""), 61.0),
        (Problem(cause=Cause.AUTHENTICATION, what=""), math.inf),
        (Problem(cause=Cause.BLOCKED, what="", evidence="index_closed_exception"), 0.0),
        (Problem(cause=Cause.REFUSED, what=""), 0.0),
    ],
)
def test_when_waiting_cannot_help(problem: Problem, since_unreachable: float) -> None:
    retry = after_failure(FRESH, problem, 100.0, lambda: 0.0, seconds_since_unreachable=since_unreachable)
    assert retry == Retry(now=100.0, patience=FRESH, is_hopeless=True)


BEGIN = WaitRule(text="waiting to begin")
ONCE = WaitRule(text="waiting to make the policy p", is_said_once=True)


@pytest.mark.parametrize(
    ("rule", "tries", "event"),
    [
        (WaitRule(), 1, None),
        (BEGIN, 1, Noted(at=5.0, text="waiting to begin: The destination is away.")),
        (BEGIN, 2, Noted(at=5.0, text="waiting to begin: The destination is away.")),
        (ONCE, 1, Noted(at=5.0, text="waiting to make the policy p: The destination is away.")),
        (ONCE, 2, None),
        (WaitRule(task=3), 1, WaitBegan(at=5.0, task=3, problem=AWAY, until=6.0, patience_ends=62.0)),
        (WaitRule(task=3), 9, WaitBegan(at=5.0, task=3, problem=AWAY, until=6.0, patience_ends=62.0)),
    ],
)
def test_what_is_reported_of_a_wait(rule: WaitRule, tries: int, event: Event | None) -> None:
    patience = Patience(limit=60.0, since=2.0, tries=tries, cause=AWAY.cause)
    assert report_of(rule, AWAY, Retry(now=5.0, patience=patience, until=6.0)) == event
    assert report_of(rule, AWAY, Retry(now=5.0, patience=patience)) is None


async def test_what_is_missing_is_waited_for_only_by_a_task_whose_cluster_was_unreachable() -> None:
    missing, told = Problem(cause=Cause.MISSING, what=""), list[Event]()

    async def record(event: Event) -> None:
        told.append(event)

    for rule, is_waited_for in ((WaitRule(task=1), True), (BEGIN, False)):
        wait = Wait(rule, 60.0, lambda: 5.0, lambda: 0.0, record)
        assert (await wait.failed(missing)).is_hopeless
        await wait.failed(AWAY)
        assert (await wait.failed(missing)).is_hopeless is not is_waited_for
    assert [type(event) for event in told] == [WaitBegan, WaitBegan, Noted]


def test_waits_double_from_one_second_to_thirty() -> None:
    patience, waits = Patience(limit=10_000.0), []
    for _ in range(7):
        patience = patience.failed(0.0, Cause.BUSY)
        waits.append(patience.next_try(0.0, lambda: 0.0))
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


@given(st.integers(1, 500), st.floats(0.0, 2_000.0), st.floats(0.0, 1.0, exclude_max=True))
def test_a_wait_is_never_longer_than_thirty_seconds_nor_than_the_patience(
    failures: int, now: float, chance: float
) -> None:
    patience = Patience(limit=900.0, since=0.0)
    for _ in range(failures):
        patience = patience.failed(now, Cause.BUSY)
    until = patience.next_try(now, lambda: chance)
    assert (until is None) == (now >= 900.0)
    if until is not None:
        assert now < until <= min(now + 30.0, 900.0)


def test_patience_is_fresh_after_a_document_was_settled() -> None:
    tried = Patience(limit=60.0).failed(10.0, Cause.DISK_FULL)
    assert tried.progressed(11.0, 10.0, is_further=True) == Patience(limit=60.0)


def test_patience_with_a_full_disk_is_not_fresh_by_looking_at_it() -> None:
    tried = Patience(limit=60.0).failed(10.0, Cause.DISK_FULL)
    assert tried.progressed(1_000.0, 10.0, is_further=False) == tried


def test_patience_with_a_broken_line_is_fresh_after_a_minute_without_trouble() -> None:
    tried = Patience(limit=60.0).failed(10.0, Cause.CONNECTION)
    assert tried.progressed(40.0, 10.0, is_further=False) == tried
    assert tried.progressed(70.0, 10.0, is_further=False) == Patience(limit=60.0)


def test_a_pause_is_not_held_against_a_task() -> None:
    assert Patience(limit=60.0).failed(10.0, Cause.BUSY).rested(500.0).ends == 570.0
    assert Patience(limit=60.0).rested(500.0) == Patience(limit=60.0)


def test_what_is_given_up_says_how_long_it_was_waited_for() -> None:
    problem = given_up(AWAY, Patience(limit=900.0, since=0.0))
    assert "15 min 00 s" in problem.why
    assert problem.todo.startswith("Start it.")
    assert "what has arrived stays" in problem.todo


def test_what_is_given_up_never_says_that_it_stays_where_stopping_deletes_it() -> None:
    problem = given_up(AWAY, Patience(limit=900.0, since=0.0), stopping_deletes=True)
    assert problem.todo == "Start it. When that is fixed, resume the run."


def test_waiting_helps_against_a_full_disk_but_not_against_a_wrong_password() -> None:
    assert can_pass(Problem(cause=Cause.DISK_FULL, what=""))
    assert not can_pass(Problem(cause=Cause.AUTHENTICATION, what=""))


def test_polls_come_soon_at_first_and_every_half_second_then() -> None:
    assert [poll_delay(polls) for polls in (0, 1, 2, 3, 4, 1_000)] == [0.05, 0.1, 0.2, 0.4, 0.5, 0.5]


def test_a_poll_is_recorded_when_something_has_changed_or_after_a_while() -> None:
    look = Acknowledged(done=5, token="a")
    assert is_worth_recording(None, look, 0.0)
    assert not is_worth_recording(look, look, 1.0)
    assert is_worth_recording(look, msgspec.structs.replace(look, token="b"), 0.0)
    assert is_worth_recording(look, look, QUIET_SECONDS)


def test_a_cluster_that_does_not_respond_is_named_once_and_a_slow_one_not_at_every_request() -> None:
    side = UnansweredSide(Side.SOURCE)
    seen = [
        side.event(now, waited)
        for now, waited in ((100.0, 1.9), (101.0, 2.5), (102.0, 3.5), (103.0, 0.2), (110.0, 9.0), (111.0, 10.0))
    ]
    assert seen == [
        None,
        ResponseAwaited(at=101.0, side=Side.SOURCE, since=98.5),
        None,
        ResponseAwaited(at=103.0, side=Side.SOURCE),
        None,
        ResponseAwaited(at=111.0, side=Side.SOURCE, since=101.0),
    ]
