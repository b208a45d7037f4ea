"""The one fold over events says what the board, the exit code and the report need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.cli.output import total_line
from esmigrate_tui.model.carried import CarryOutcome, DefinitionKind
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import (
    STOP_ASKED,
    Acknowledged,
    CarriedOver,
    Event,
    LedgerChanged,
    Noted,
    Paused,
    RunFinished,
    RunOutcome,
    RunResumed,
    RunStarted,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    TaskSummary,
    VerificationStarted,
    Verifying,
    WaitBegan,
    WaitEnded,
)
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.progress import Notable, Progress, ProgressFolding, Rate, TaskState
from tests.operations import growth

if TYPE_CHECKING:
    from collections.abc import Callable

STARTED = RunStarted(
    at=100.0,
    run="7K2P",
    method=MethodName.REINDEX_FROM_REMOTE,
    source="http://old:9200",
    destination="http://new:9200",
    tasks=(
        TaskSummary(number=1, source_index="logs", destination_index="logs", documents=1_000),
        TaskSummary(number=2, source_index="shop", destination_index="shop", documents=500),
    ),
)


def folded(*events: Event) -> Progress:
    progress = Progress()
    for event in (STARTED, *events):
        progress = progress.after(event)
    return progress


def advanced(at: float, done: int, task: int = 1, total: int | None = 1_000) -> TaskAdvanced:
    return TaskAdvanced(at=at, task=task, moved=Acknowledged(done=done, total=total, written=done, token=f"t{done}"))


def test_a_run_that_began_has_its_tasks_waiting() -> None:
    progress = folded()
    assert [task.state for task in progress.tasks] == [TaskState.WAITING, TaskState.WAITING]
    assert progress.expected == 1_500
    assert progress.fraction == 0.0
    assert progress.exit_code() is ExitCode.DETACHED


def test_what_was_acknowledged_adds_up() -> None:
    progress = folded(TaskStarted(at=101, task=1), advanced(102, 400), advanced(104, 600))
    assert progress.done == 600
    assert progress.task(1).token == "t600"
    assert progress.fraction == pytest.approx(0.4)
    assert progress.rate.per_second == pytest.approx(100.0)


def test_a_task_that_is_taken_up_again_has_begun_when_it_first_did() -> None:
    progress = folded(TaskStarted(at=101, task=1), RunResumed(at=500), TaskStarted(at=501, task=1))
    assert progress.task(1).started_at == 101


def test_the_time_left_comes_with_a_range_around_it() -> None:
    eta = folded(TaskStarted(at=101, task=1), advanced(102, 400), advanced(104, 600)).eta()
    assert eta is not None
    assert eta.least <= eta.likely <= eta.most
    assert eta.likely == pytest.approx(9.0)


def test_no_time_is_promised_while_nothing_moves() -> None:
    assert folded().eta() is None


def test_a_wait_says_why_and_goes_away_again() -> None:
    problem = Problem(cause=Cause.CONNECTION, what="The source does not answer.")
    waiting = WaitBegan(at=105, task=1, problem=problem, until=107, patience_ends=900)
    held = folded(TaskStarted(at=101, task=1), waiting)
    assert held.task(1).state is TaskState.HELD
    assert held.task(1).held_by == problem
    assert held.notable[-1].is_problem
    assert held.after(WaitEnded(at=107, task=1)).task(1).held_by is None


def test_the_same_trouble_is_told_once() -> None:
    problem = Problem(cause=Cause.CONNECTION, what="The source does not answer.")
    waits = [WaitBegan(at=105.0 + n, task=1, problem=problem, until=107, patience_ends=900) for n in range(5)]
    assert len(folded(TaskStarted(at=101, task=1), *waits).notable) == 1


def test_what_held_a_run_up_last_is_remembered_with_when_that_began() -> None:
    problem = Problem(cause=Cause.BUSY, what="The destination is busy.")
    waits = [WaitBegan(at=105.0 + n, task=1, problem=problem, until=107, patience_ends=900) for n in range(3)]
    progress = folded(TaskStarted(at=101, task=1), *waits, WaitEnded(at=108, task=1))
    assert progress.dip == Notable(at=105.0, text="The destination is busy.")
    assert progress.after(Paused(at=120)).dip == Notable(at=120, text="paused")


def verified(at: float, task: int, count: int) -> TaskFinished:
    return TaskFinished(at=at, task=task, outcome=TaskOutcome.VERIFIED, source_count=count, destination_count=count)


def test_a_verified_run_ends_with_zero() -> None:
    progress = folded(
        TaskStarted(at=101, task=1),
        VerificationStarted(at=110, task=1),
        verified(111, 1, 1_000),
        TaskStarted(at=111, task=2),
        verified(112, 2, 500),
        RunFinished(at=113, outcome=RunOutcome.VERIFIED),
    )
    assert progress.exit_code() is ExitCode.DONE
    assert progress.fraction == 1.0
    assert progress.elapsed(9_999) == 13


@pytest.mark.parametrize(
    ("outcome", "run", "code"),
    [
        (TaskOutcome.DIFFERENT, RunOutcome.INCOMPLETE, ExitCode.DIFFERENT),
        (TaskOutcome.WITH_REJECTS, RunOutcome.INCOMPLETE, ExitCode.INCOMPLETE),
        (TaskOutcome.FAILED, RunOutcome.INCOMPLETE, ExitCode.INCOMPLETE),
        (TaskOutcome.STOPPED, RunOutcome.STOPPED, ExitCode.INCOMPLETE),
    ],
)
def test_anything_short_of_verified_ends_otherwise(outcome: TaskOutcome, run: RunOutcome, code: ExitCode) -> None:
    progress = folded(TaskFinished(at=111, task=1, outcome=outcome, refused=1), RunFinished(at=113, outcome=run))
    assert progress.exit_code() is code


def test_a_change_stays_on_the_list_until_it_is_undone() -> None:
    undo = Request(method="PUT", path="/logs/_settings")
    entry = LedgerEntry(number=1, side=Side.DESTINATION, what="refresh off", made_by=undo, undo=undo)
    for state, is_open in (
        (EntryState.INTENDED, True),
        (EntryState.MADE, True),
        (EntryState.NOT_UNDONE, True),
        (EntryState.UNDONE, False),
        (EntryState.KEPT, False),
    ):
        changed = LedgerEntry(number=1, side=entry.side, what=entry.what, made_by=undo, undo=undo, state=state)
        assert bool(folded(LedgerChanged(at=101, entry=changed)).open_ledger) is is_open


def test_a_run_taken_up_again_is_running() -> None:
    progress = folded(Paused(at=101), RunFinished(at=113, outcome=RunOutcome.STOPPED), RunResumed(at=200))
    assert not progress.is_finished


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 10**9)), max_size=200))
def test_a_rate_is_never_negative_and_keeps_few_samples(looks: list[tuple[float, int]]) -> None:
    rate = Rate()
    for at, done in sorted(looks):
        rate = rate.after(at, done)
    assert rate.per_second >= 0
    assert len(rate.samples) <= 64


@given(st.integers(1, 5_000))
def test_the_plot_of_a_run_of_any_length_stays_small(looks: int) -> None:
    progress = folded(TaskStarted(at=101, task=1))
    for look in range(looks):
        progress = progress.after(advanced(102.0 + 60 * look, look, total=None))
    assert 1 <= len(progress.plot) <= 121


# -- a run of any size -----------------------------------------------------------------------------------------------


def entered(number: int, state: EntryState, task: int) -> LedgerChanged:
    made_by = Request(method="PUT", path=f"/new-{task}")
    entry = LedgerEntry(number=number, side=Side.DESTINATION, what="an index", made_by=made_by, undo=made_by)
    return LedgerChanged(at=110.0, entry=msgspec.structs.replace(entry, state=state, task=task))


def events_of(task: int) -> list[Event]:
    """What a typical run says of one task."""
    states = (EntryState.INTENDED, EntryState.MADE)
    entries = [entered(task * 3 + number, state, task) for number in range(3) for state in states]
    return [
        TaskStarted(at=101.0 + task, task=task),
        *entries,
        advanced(102.0 + task, 100, task),
        VerificationStarted(at=103.0 + task, task=task),
        verified(104.0 + task, task, 100),
    ]


def begun(tasks: int) -> RunStarted:
    each = [TaskSummary(number=at + 1, source_index=f"i{at}", destination_index=f"i{at}") for at in range(tasks)]
    return msgspec.structs.replace(STARTED, tasks=tuple(each))


EVENTS = st.one_of(
    st.builds(TaskStarted, at=st.just(101.0), task=st.integers(1, 2)),
    st.builds(advanced, st.floats(101, 200), st.integers(0, 1_000), st.integers(1, 2)),
    st.builds(VerificationStarted, at=st.just(150.0), task=st.integers(1, 2)),
    st.builds(Verifying, at=st.just(151.0), task=st.integers(1, 2), read=st.integers(0, 9), total=st.just(9)),
    st.builds(verified, st.just(160.0), st.integers(1, 2), st.integers(0, 1_000)),
    st.builds(entered, st.integers(1, 5), st.sampled_from(EntryState), st.integers(1, 2)),
    st.builds(
        CarriedOver,
        at=st.just(170.0),
        kind=st.sampled_from(DefinitionKind),
        name=st.sampled_from(["a", "b"]),
        fate=st.sampled_from(CarryOutcome),
    ),
    st.builds(Noted, at=st.just(171.0), text=st.sampled_from(["odd", STOP_ASKED]), task=st.integers(0, 2)),
    st.sampled_from([Paused(at=120.0), RunResumed(at=121.0), RunFinished(at=122.0, outcome=RunOutcome.STOPPED)]),
    st.just(STARTED),
)


@given(st.lists(EVENTS, max_size=30), st.integers(0, 30))
def test_events_fold_to_the_same_however_they_come(events: list[Event], cut: int) -> None:
    one_by_one = folded(*events)
    assert Progress().after_all([STARTED, *events]) == one_by_one
    assert folded(*events[:cut]).after_all(events[cut:]) == one_by_one
    assert one_by_one.done == sum(task.done for task in one_by_one.tasks)
    numbers = [entry.number for entry in one_by_one.ledger]
    assert numbers == sorted(set(numbers))


@given(st.lists(EVENTS, max_size=30), st.integers(0, 30))
def test_what_is_known_of_all_tasks_is_what_they_say_themselves(events: list[Event], cut: int) -> None:
    folding = ProgressFolding(Progress())
    folding.after([STARTED, *events[:cut]])
    progress = folding.after(events[cut:])
    assert progress == folded(*events)
    anew = msgspec.structs.replace(progress)  # which knows nothing yet, and goes through its tasks
    for known in (progress, folded(*events)):
        assert (known.done, known.refused, known.expected) == (anew.done, anew.refused, anew.expected)
        assert known.under_way == anew.under_way
    held = [task for task in progress.tasks if task.held_by is not None]
    assert progress.held == tuple(held)


def test_an_event_costs_the_same_in_a_run_of_many_tasks() -> None:
    def fold(tasks: int) -> Callable[[], object]:
        events = [begun(tasks), *(event for task in range(1, tasks + 1) for event in events_of(task))]
        return lambda: Progress().after_all(events)

    assert growth(fold) < 4.5


def test_who_follows_a_run_pays_for_its_events_and_not_for_its_tasks() -> None:
    def followed(tasks: int) -> Callable[[], object]:
        folding = ProgressFolding(Progress())
        events = [event for task in range(1, 10) for event in events_of(task)]
        folding.after([begun(tasks), *events[: len(events) // 2]])

        def follow() -> None:
            for event in events[len(events) // 2 :]:
                total_line(folding.after([event]), 0.0)

        return follow

    assert growth(followed) < 1.1


def test_a_task_is_found_at_once_whatever_the_numbers_are() -> None:
    def find(tasks: int) -> Callable[[], object]:
        each = [TaskSummary(number=at * 7 + 3, source_index="i", destination_index="i") for at in range(tasks)]
        progress = folded().after(msgspec.structs.replace(STARTED, tasks=tuple(each)))
        return lambda: [progress.task(summary.number) for summary in each]

    assert growth(find) < 4.5
