"""Tasks by their work: many small ones together, a large one alone, fewer where a cluster pushes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.model.command import PauseRun, ResumeRun, SkipTask, StopRun
from esmigrate_tui.model.event import (
    ConcurrencyChanged,
    Noted,
    RunOutcome,
    SlowReason,
    TaskAdvanced,
    TaskFinished,
    TaskStarted,
    VerificationStarted,
)
from esmigrate_tui.model.problem import Cause
from esmigrate_tui.model.progress import TaskState
from esmigrate_tui.model.weight import most_weight
from tests.engine.test_perform import Bench
from tests.engine.tiny import Notepad, plan_of, trouble

if TYPE_CHECKING:
    from pathlib import Path

MANY = 30


async def test_many_small_ones_go_on_together_and_ever_more_while_they_end_well(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(*[30] * 60, at_once=0))
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert 4 < bench.tiny.most_at_once <= most_weight(bench.plan.method, 0.0)
    assert bench.of(ConcurrencyChanged) == []
    assert [event.task for event in bench.of(TaskStarted)] == list(range(1, 61))


async def test_a_large_one_goes_on_alone_until_it_is_only_counted(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10, 10, 10**6, 10, 10**6, at_once=0))
    bench.tiny.per_look = 200_000
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    events = bench.of(TaskStarted, VerificationStarted, TaskFinished)
    for number in (3, 5):
        of_it = [place for place, event in enumerate(events) if event.task == number]
        assert isinstance(events[of_it[1]], VerificationStarted)
        assert not any(isinstance(event, TaskStarted) for event in events[of_it[0] + 1 : of_it[1]])
    assert [event.task for event in bench.of(TaskStarted)] == [1, 2, 3, 4, 5]


async def test_documents_that_are_sent_back_make_it_slower_and_the_board_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(*[30] * 12, at_once=0))
    bench.tiny.sent_back[1] = 50
    await bench.run()
    [slower, *_] = bench.of(ConcurrencyChanged)
    assert (slower.limit, slower.reason) == (2, SlowReason.DESTINATION)
    assert bench.outcome is RunOutcome.VERIFIED
    assert bench.progress.slower == ""


async def test_a_full_queue_makes_it_slower(tmp_path: Path) -> None:
    busy = Bench(tmp_path, plan_of(*[30] * 3, at_once=0))
    busy.tiny.troubles[2, 10] = [trouble(Cause.BUSY, "The destination is too busy to write to new-2.")]
    await busy.run()
    assert busy.of(ConcurrencyChanged)[0].limit == 2
    assert busy.outcome is RunOutcome.VERIFIED


async def test_an_unreachable_cluster_makes_nothing_slower_afterwards(tmp_path: Path) -> None:
    away = Bench(tmp_path, plan_of(*[30] * 3, at_once=0))
    away.tiny.troubles[2, 10] = [trouble(Cause.CONNECTION)]
    await away.run()
    assert away.of(ConcurrencyChanged) == []
    assert away.outcome is RunOutcome.VERIFIED


async def test_an_ended_process_leaves_thirty_at_once_as_it_leaves_two(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(*[2_000] * MANY, 10, at_once=MANY), tunes=True)
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced, MANY)
    bench.ending.set()
    await asyncio.wait_for(running, 60)
    assert bench.outcome is None
    assert bench.called("stop") == []
    assert f"{MANY + 1} tasks not done yet" in bench.of(Noted)[-1].text
    bench.ending = asyncio.Event()
    bench.tiny.per_look = 1_000
    again = await bench.run()
    assert again.outcome is RunOutcome.VERIFIED
    assert sorted(bench.called("prepare")) == [*range(1, MANY + 2)]
    assert bench.progress.open_ledger == ()


async def test_a_stop_ends_thirty_at_once_and_reverts_what_each_has_changed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(*[5_000] * MANY, at_once=MANY), tunes=True)
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced, MANY)
    await bench.tell(SkipTask(task=7))
    await bench.tell(StopRun())
    await asyncio.wait_for(running, 60)
    assert bench.outcome is RunOutcome.STOPPED
    assert {row.state for row in bench.progress.tasks} == {TaskState.STOPPED, TaskState.SKIPPED}
    assert bench.state(7) is TaskState.SKIPPED
    assert sorted(set(bench.called("stop"))) == [*range(1, MANY + 1)]
    assert bench.progress.open_ledger == ()


async def test_thirty_at_once_rest_while_the_run_is_paused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(*[500] * MANY, at_once=MANY))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced, MANY)
    await bench.tell(PauseRun())
    while len(set(bench.called("pause"))) < MANY:
        await bench.fast.sleep(1.0)
    arrived = dict(bench.tiny.arrived)
    for _ in range(50):
        await bench.fast.sleep(0.5)
    assert bench.tiny.arrived == arrived
    await bench.tell(ResumeRun())
    await asyncio.wait_for(running, 60)
    assert bench.outcome is RunOutcome.VERIFIED


async def test_two_refusals_in_a_row_end_a_run_of_many_small_ones_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(*[10] * 40, at_once=0))
    for task in range(1, 41):
        bench.tiny.troubles[task, 0] = [trouble(Cause.AUTHENTICATION, "The password is wrong.")]
    await bench.run()
    assert bench.outcome is RunOutcome.FAILED
    assert bench.progress.problem is not None
    assert bench.progress.problem.cause is Cause.AUTHENTICATION
    assert len(bench.called("perform")) <= 5


async def test_a_cluster_that_no_longer_takes_the_secret_is_asked_once_for_thirty_tasks(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(*[30] * MANY, at_once=MANY))
    refused = trouble(Cause.AUTHENTICATION, "The password is wrong.")
    questions = 0

    class Changed(Notepad):
        async def identity(self) -> tuple[str, str]:
            nonlocal questions
            questions += 1
            return await super().identity()

    bench.cluster = Changed()
    bench.cluster.turns_away = refused
    for task in range(1, MANY + 1):
        bench.tiny.troubles[task, 10] = [refused]
    await bench.run()
    assert bench.outcome is RunOutcome.WAITING
    assert questions == 1


@pytest.mark.parametrize(("seconds", "reasons"), [(3.0, set()), (12.0, {SlowReason.ANSWERS})])
async def test_only_an_answer_that_takes_very_long_makes_it_slower(
    tmp_path: Path, seconds: float, reasons: set[SlowReason]
) -> None:
    bench = Bench(tmp_path, plan_of(500, at_once=0))
    bench.cluster.unanswered = lambda: seconds
    await bench.run()
    assert {event.reason for event in bench.of(ConcurrencyChanged)} == reasons
