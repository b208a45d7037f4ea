"""Comparing every document in a run: told as it goes, held, paced, left and taken up like all other work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from esmigrate_tui.engine.ongoing import is_read_worth_recording
from esmigrate_tui.model.command import PauseRun, ResumeRun, SetPace, StopRun
from esmigrate_tui.model.event import RunOutcome, TaskFinished, Verifying
from esmigrate_tui.model.problem import Cause
from esmigrate_tui.model.progress import TaskState
from tests.engine.test_perform import Bench
from tests.engine.tiny import plan_of, trouble

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.model.event import TaskOutcome


async def begun(bench: Bench, reads: int) -> asyncio.Future[Bench]:
    """A run that has begun to compare."""
    bench.tiny.to_read = reads
    running = asyncio.ensure_future(bench.run())
    await bench.until(Verifying)
    return running


async def test_how_far_it_is_can_be_seen_while_it_reads(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10))
    await (await begun(bench, 300))
    told = bench.of(Verifying)
    assert 2 <= len(told) <= 101
    assert [one.read for one in told] == sorted(one.read for one in told)
    assert {one.total for one in told} == {300}
    assert bench.state(1) is TaskState.VERIFIED


async def test_a_pause_holds_it_and_nothing_is_read_twice(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10))
    running = await begun(bench, 400)
    await bench.tell(PauseRun())
    await asyncio.sleep(0.05)
    held = bench.tiny.paces.copy(), await told_until_now(bench)
    await asyncio.sleep(0.05)
    assert (bench.tiny.paces, await told_until_now(bench)) == held
    await bench.tell(ResumeRun())
    await running
    assert len(bench.called("compare")) == 2
    assert [one.read for one in bench.of(Verifying)] == sorted(one.read for one in bench.of(Verifying))
    assert bench.outcome is RunOutcome.VERIFIED


async def told_until_now(bench: Bench) -> int:
    """How far the newest word of it is."""
    await bench.read()
    return max(int(one.read) for one in bench.of(Verifying))


async def test_another_pace_is_obeyed_while_it_reads(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10))
    running = await begun(bench, 400)
    await bench.tell(SetPace(requests_per_second=50.0))
    await running
    assert bench.tiny.paces == [0.0, 50.0]


async def test_a_stop_while_it_reads_ends_as_stopped_and_claims_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10))
    running = await begun(bench, 1_000_000)
    await bench.tell(StopRun())
    await asyncio.wait_for(running, 60)
    [finished] = bench.of(TaskFinished)
    outcome: TaskOutcome = finished.outcome
    assert outcome == "stopped"
    assert finished.compared is None
    assert finished.source_count is None


async def test_a_run_whose_process_ended_while_it_read_verifies_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10))
    running = await begun(bench, 1_000_000)
    bench.ending.set()
    await asyncio.wait_for(running, 60)
    assert bench.state(1) is TaskState.VERIFYING
    bench.ending = asyncio.Event()
    bench.tiny.to_read = 20
    await bench.run()
    assert bench.state(1) is TaskState.VERIFIED
    assert len(bench.called("compare")) == 2


async def test_a_trouble_that_passes_is_waited_for_and_it_goes_on_where_it_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10, patience=60))
    bench.tiny.reading = {100: [trouble(Cause.CONNECTION)] * 3, 200: [trouble(Cause.CONNECTION)] * 4}
    await (await begun(bench, 300))
    assert len(bench.called("compare")) == 8
    assert [one.read for one in bench.of(Verifying)] == sorted(one.read for one in bench.of(Verifying))
    assert bench.outcome is RunOutcome.VERIFIED


def test_a_long_comparison_is_told_now_and_then_and_a_short_one_by_hundredths() -> None:
    def at(second: float, read: int, *, is_naming: bool = False) -> Verifying:
        return Verifying(at=second, task=1, read=read, total=1_000_000, is_naming=is_naming)

    assert is_read_worth_recording(None, at(0, 0))
    assert not is_read_worth_recording(at(0, 0), at(1, 9_999))
    assert is_read_worth_recording(at(0, 0), at(1, 10_000))
    assert is_read_worth_recording(at(0, 0), at(5, 1))
    assert not is_read_worth_recording(at(0, 5), at(60, 5))
    assert is_read_worth_recording(at(0, 5), at(1, 5, is_naming=True))
