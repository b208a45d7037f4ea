"""What watching decides: how much arrived, what of the problem is this run's, what is told, how it ends; pure."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.surroundings import WriteProblems
from esmigrate_tui.engine.control import RunControl
from esmigrate_tui.engine.decisions import judged, run_outcome
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.index_from_source.shipping import WatchState, news, of_quiet, task_of
from esmigrate_tui.model.chosen_types import BOTH, chosen_types
from esmigrate_tui.model.command import AcceptArrivals, PauseRun
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.event import (
    Acknowledged,
    ArrivalsAccepted,
    RunFinished,
    RunOutcome,
    RunStarted,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskSummary,
    Watched,
)
from esmigrate_tui.model.facts import ClusterFacts, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.shipping import Shipper, ShippingOptions
from esmigrate_tui.report import as_markdown, gather
from esmigrate_tui.verify import Comparison

METHOD = METHODS[MethodName.INDEX_FROM_SOURCE].mover()
SHIPPING = ShippingOptions(shipper=Shipper.LOGSTASH, expected=100)
OPEN = ShippingOptions(shipper=Shipper.LOGSTASH)
TASK = task_of(SHIPPING, "orders", '{"mappings":{"properties":{"at":{"type":"keyword"},"n":{"type":"long"}}}}')
DRAFT = Draft(
    method=MethodName.INDEX_FROM_SOURCE,
    destination=Connection(endpoint=Endpoint(scheme="http", host="new", port=9200)),
    destination_facts=ClusterFacts(name="new", uuid="u", version=Version(9, 5)),
    shipping=SHIPPING,
    into="orders",
    create=TASK.create,
)


NOTHING = Watched()


def plan(shipping: ShippingOptions = SHIPPING) -> Plan:
    return METHOD.plan(msgspec.structs.replace(DRAFT, shipping=shipping), "2026-01-01T00:00:00Z")


def quiet(state: WatchState, looks: int, arrived: int) -> str:
    return "".join(of_quiet(TASK, state, looks, arrived))


def test_only_what_came_since_the_beginning_has_arrived() -> None:
    state = WatchState(base=40)
    assert state.counted(100).arrived == 60
    assert state.counted(30).arrived == 0
    assert state.counted(100).as_moved(70).done == 60


@given(st.lists(st.integers(0, 5), min_size=1))
def test_failed_writes_are_counted_through_restarts_of_a_shard(steps: list[int]) -> None:
    state, raw, all_of_them = WatchState(failed_last=0), 0, 0
    for position, more in enumerate(steps):
        if position % 3 == 2:
            raw = 0
            state = state.troubled(WriteProblems(failed=0))
        raw += more
        all_of_them += more
        state = WatchState.from_token(state.troubled(WriteProblems(failed=raw)).as_token())
    assert state.failed == all_of_them


def test_what_was_before_the_run_or_cannot_be_seen_is_no_trouble_of_it() -> None:
    state = WatchState().troubled(WriteProblems(failed=7, turned_away=9))
    assert (state.failed, state.turned_away) == (0, 0)
    state = state.troubled(WriteProblems())
    assert state.troubled(WriteProblems(failed=8, turned_away=9)).failed == 1


def test_trouble_and_blocks_are_told_once() -> None:
    before = WatchState(failed=1)
    now = WatchState(failed=3, turned_away=1, blocks=("index.blocks.read_only_allow_delete",))
    told = "\n".join(news(before, now, "orders"))
    assert "2 writes to orders failed" in told
    assert "full queues turned 1 request away" in told
    assert "a disk there is nearly full" in told
    assert not [*news(now, now, "orders")]
    assert [*news(now, msgspec.structs.replace(now, blocks=()), "orders")] == ["orders is not blocked any more"]


def test_silence_is_told_after_a_while_and_never_again_at_once() -> None:
    state = WatchState(arrived=5)
    assert [looks for looks in range(2_000) if quiet(state, looks, 5)] == [119, 1_199]
    assert (
        quiet(state, 119, 5) == "nothing has arrived for a while: does Logstash still send, and what does its log say?"
    )
    assert quiet(state, 200, 4) == "documents arrive again"
    assert quiet(state, 0, 7) == "2 fewer than before: documents are being deleted there"


@pytest.mark.parametrize(
    ("expected", "arrived", "is_enough", "outcome", "words"),
    [
        (100, 100, False, TaskOutcome.VERIFIED, ""),
        (100, 100, True, TaskOutcome.VERIFIED, ""),
        (100, 101, False, TaskOutcome.DIFFERENT, "101 documents arrived in orders, 1 more than expected."),
        (100, 98, False, TaskOutcome.DIFFERENT, "98 of 100 documents arrived in orders: 2 are missing."),
        (100, 99, True, TaskOutcome.ACCEPTED, "99 of 100 documents arrived in orders: 1 is missing."),
        (None, 7, True, TaskOutcome.ACCEPTED, "7 documents arrived in orders; no number was expected."),
        (None, 0, False, TaskOutcome.DIFFERENT, "0 documents arrived in orders; no number was expected"),
        (100, None, True, TaskOutcome.DIFFERENT, "What arrived in orders could not be counted."),
    ],
)
def test_only_the_expected_number_is_a_proof(
    expected: int | None, arrived: int | None, *, is_enough: bool, outcome: TaskOutcome, words: str
) -> None:
    ended, problem = judged(TASK, Comparison(expected, arrived), None, is_enough=is_enough)
    assert ended is outcome
    assert words in (problem.what if problem else "")
    assert bool(problem) is bool(words)


def test_a_persons_word_ends_a_run_well_but_not_verified() -> None:
    assert run_outcome([TaskOutcome.ACCEPTED], is_stopped=False, problem=None) is RunOutcome.ACCEPTED
    both = [TaskOutcome.ACCEPTED, TaskOutcome.DIFFERENT]
    assert run_outcome(both, is_stopped=False, problem=None) is RunOutcome.INCOMPLETE


def test_enough_means_something_only_where_a_run_watches_and_ends_a_pause() -> None:
    assert RunControl(0.0).take(AcceptArrivals(), (), 1.0) is None
    orders = RunControl(0.0, is_watching=True)
    orders.take(PauseRun(), (), 1.0)
    assert orders.take(AcceptArrivals(), (), 2.0) == ArrivalsAccepted(at=2.0)
    assert orders.is_enough
    assert not orders.pacing.is_paused
    assert orders.take(AcceptArrivals(), (), 3.0) is None


def accepted(arrived: int, shipping: ShippingOptions = OPEN, watched: Watched = NOTHING) -> Progress:
    """A run that ended by the user's word."""
    comparison = Comparison(shipping.expected, arrived, watched=watched)
    outcome, problem = judged(plan(shipping).tasks[0], comparison, None, is_enough=True)
    progress = Progress()
    for event in (
        RunStarted(
            at=0.0,
            run="AAAA",
            method=MethodName.INDEX_FROM_SOURCE,
            source="",
            destination="http://new:9200",
            tasks=(TaskSummary(number=1, source_index="documents from Logstash", destination_index="orders"),),
        ),
        TaskAdvanced(at=1.0, task=1, moved=Acknowledged(done=3, token="t")),
        TaskAdvanced(at=9.0, task=1, moved=Acknowledged(done=3, token="t")),
        ArrivalsAccepted(at=10.0),
        TaskFinished(
            at=11.0,
            task=1,
            outcome=outcome,
            source_count=shipping.expected,
            destination_count=arrived,
            watched=watched,
            problem=problem,
        ),
        RunFinished(at=12.0, outcome=RunOutcome.ACCEPTED),
    ):
        progress = progress.after(event)
    return progress


def test_progress_knows_when_something_last_arrived_and_that_it_was_enough() -> None:
    progress = accepted(4)
    (task,) = progress.tasks
    assert task.moved_at == 1.0
    assert (task.done, task.expected) == (4, None)
    assert progress.is_enough
    assert progress.exit_code() is ExitCode.DONE
    assert not any(line.is_problem for line in progress.notable)


def test_the_report_says_by_whose_word_it_ended_and_what_was_seen() -> None:
    few = ShippingOptions(shipper=Shipper.LOGSTASH, expected=9)
    report = gather(plan(few), accepted(4, few, Watched(failed=2)), now=20.0)
    text = as_markdown(report)
    assert not report.is_verified
    assert "4 documents arrived; that this is all is the user's word, and was not checked." in report.verdict
    assert "4 documents arrived in orders, counted after a refresh; 9 were expected." in report.how_checked
    assert "The cluster counted 2 failed writes meanwhile." in report.how_checked
    assert "by the user's word" in text
    assert "5 are missing" in text
    assert "Compare the 4 documents with what Logstash says it has sent" in text
    assert "esmigrate resume" not in text


def test_the_report_has_the_chosen_types_beside_the_likely_guesses() -> None:
    text = as_markdown(gather(plan(OPEN), accepted(4), now=20.0))
    assert "| at | keyword | text, with a keyword beside it |" in text
    assert "| n | long | the same |" in text
    assert "no number was expected" in text


def test_types_within_objects_are_told_and_nonsense_has_none() -> None:
    body = """{"mappings":{"properties":{
        "o":{"properties":{"ip":{"type":"ip"}}},
        "t":{"type":"text","fields":{"keyword":{"type":"keyword"}}},
        "kept":{"type":"object","enabled":false},
        "at":{"type":"date","format":"epoch_millis"},
        "bad": 3}}}"""
    told = {one.field: (one.chosen, one.guess) for one in chosen_types(body, Version(8))}
    assert told == {
        "o.ip": ("ip", BOTH),
        "t": (BOTH, BOTH),
        "kept": ("kept, not searched", "an object"),
        "at": ("date (epoch_millis)", "long"),
    }
    assert chosen_types("nonsense", Version(8)) == ()
    assert chosen_types("", Version(8)) == ()


def test_a_plan_keeps_its_sender_and_says_what_a_run_does() -> None:
    made = plan()
    assert Plan.from_toml(made.to_toml()) == made
    assert made.tasks[0].shipping == SHIPPING
    steps = METHOD.steps(made)
    assert steps[0].startswith("Make the index orders on http://new:9200")
    assert "until orders holds 100 more documents" in steps[2]
    assert "until you say that it is enough" in METHOD.steps(plan(OPEN))[2]
    assert [request.path for request in METHOD.requests(made)][:2] == ["/orders", "/orders/_count"]
