"""The word of the user that everything was sent: it ends a watch, holds through a kill, and only there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.model.command import AcceptArrivals, PauseRun
from esmigrate_tui.model.event import (
    ArrivalsAccepted,
    RunOutcome,
    TaskAdvanced,
    TaskFinished,
    VerificationStarted,
    WaitEnded,
)
from esmigrate_tui.model.problem import Cause
from esmigrate_tui.model.progress import TaskState
from esmigrate_tui.model.shipping import Shipper, ShippingOptions
from tests.engine.test_perform import Bench
from tests.engine.tiny import plan_of, trouble

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.model.plan import Plan


def watching(documents: int) -> Plan:
    """A plan in which others send, and never come to that number while the test lasts."""
    plan = plan_of(documents)
    sent = msgspec.structs.replace(plan.tasks[0], shipping=ShippingOptions(shipper=Shipper.CURL, expected=documents))
    return msgspec.structs.replace(plan, tasks=(sent,))


async def test_enough_ends_a_watch_even_a_paused_one_with_what_is_there(tmp_path: Path) -> None:
    bench = Bench(tmp_path, watching(100_000))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(PauseRun())
    await bench.tell(AcceptArrivals())
    await asyncio.wait_for(running, 60)
    (ended,) = bench.of(TaskFinished)
    assert bench.outcome is RunOutcome.ACCEPTED
    assert bench.state(1) is TaskState.ACCEPTED
    assert bench.of(VerificationStarted)
    assert bench.called("stop") == []
    assert "of 100 000 documents arrived" in ended.problem.what
    assert "You said that this is all." in ended.problem.why


async def test_a_quiet_watch_is_patient_anew_after_each_good_look(tmp_path: Path) -> None:
    bench = Bench(tmp_path, watching(100_000))
    bench.tiny.per_look = 0
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    for times in (1, 2):
        bench.tiny.troubles[1, 0] = [trouble(Cause.BUSY)]
        while (waited := len([*bench.of(WaitEnded)])) < times:
            assert not running.done()
            await asyncio.sleep(0.02)
            await bench.read()
        await bench.fast.sleep(70.0)  # longer than the plan waits
        assert waited == times
    await bench.tell(AcceptArrivals())
    await asyncio.wait_for(running, 60)
    assert bench.outcome is RunOutcome.ACCEPTED


async def test_enough_means_nothing_to_a_run_that_knows_its_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(500))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(AcceptArrivals())
    await asyncio.wait_for(running, 60)
    assert bench.of(ArrivalsAccepted) == []
    assert bench.outcome is RunOutcome.VERIFIED


async def test_enough_that_was_said_before_a_process_ended_holds_for_the_next(tmp_path: Path) -> None:
    bench = Bench(tmp_path, watching(100_000))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    bench.ending.set()
    await running
    async with Journal.open(bench.path) as journal:
        await journal.append(ArrivalsAccepted(at=bench.fast.clock()))
    bench.ending = asyncio.Event()
    await asyncio.wait_for(bench.run(), 60)
    assert bench.outcome is RunOutcome.ACCEPTED


async def test_a_run_that_ended_by_a_persons_word_has_nothing_left_when_it_is_taken_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, watching(100_000))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(AcceptArrivals())
    await asyncio.wait_for(running, 60)
    bench.tiny.calls.clear()
    await asyncio.wait_for(bench.run(), 60)
    assert bench.tiny.calls == []
    assert bench.outcome is RunOutcome.ACCEPTED
