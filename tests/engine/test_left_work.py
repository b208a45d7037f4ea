"""What servers still do for a run whose process has ended is cancelled by a cleanup, where that deletes nothing."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.engine import lock
from esmigrate_tui.engine.cleanup import cancel_left_work
from esmigrate_tui.engine.folders import RunFolder, make_folder
from esmigrate_tui.engine.holding import RunHeldError
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.run import started
from esmigrate_tui.model.event import Acknowledged, RunFinished, RunOutcome, TaskAdvanced, TaskStarted
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from tests.engine.tiny import Notepad, Tiny, plan_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.engine.cleanup import CancelledTask
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.model.connection import Credential, Side
    from esmigrate_tui.model.event import Event
    from esmigrate_tui.model.plan import Plan

PLAN = plan_of(100, 100)
HALF = (TaskStarted(at=1.0, task=1), TaskAdvanced(at=2.0, task=1, moved=Acknowledged(done=40, token="40")))
AWAY = Problem(cause=Cause.CONNECTION, what="The destination is unreachable.")


@contextlib.asynccontextmanager
async def reached(plan: Plan, credentials: Mapping[Side, Credential]) -> AsyncIterator[Clusters]:
    del plan, credentials
    yield Notepad().as_clusters()


async def a_run(home: Path, *events: Event, plan: Plan = PLAN) -> RunFolder:
    folder = make_folder(plan, home, lambda: "7K2P")
    async with await Journal.create(folder.journal) as journal:
        await journal.append_all([started(plan, "7K2P", 0.0), *events])
    return folder


async def cancelled(folder: RunFolder, method: Tiny, plan: Plan = PLAN) -> tuple[CancelledTask, ...]:
    return await cancel_left_work(folder, {}, {plan.method: method}, open_clusters=reached, clock=lambda: 9.0)


async def test_only_what_was_begun_is_cancelled_and_the_run_can_still_be_resumed(tmp_path: Path) -> None:
    method = Tiny(PLAN)
    folder = await a_run(tmp_path, *HALF)
    found = await cancelled(folder, method)
    assert [(one.task.number, one.problem) for one in found] == [(1, None)]
    assert method.calls == [("stop", 1)]
    async with Journal.open(folder.journal) as journal:
        progress = await journal.progress()
    assert progress.is_unfinished
    assert progress.task(1).token == "40"
    assert "was cancelled" in progress.notable[-1].text


async def test_what_could_not_be_cancelled_is_reported(tmp_path: Path) -> None:
    class Deaf(Tiny):
        async def stop(self, work: Work, clusters: Clusters, since: str) -> None:
            await super().stop(work, clusters, since)
            raise ProblemError(AWAY)

    found = await cancelled(await a_run(tmp_path, *HALF), Deaf(PLAN))
    assert [one.problem for one in found] == [AWAY]


@pytest.mark.parametrize("method", [MethodName.RESTORE_FROM_SNAPSHOT, MethodName.COPY_THROUGH_HERE])
async def test_a_restore_is_not_cancelled_since_that_deletes_and_a_copy_has_ended_by_itself(
    tmp_path: Path, method: MethodName
) -> None:
    plan = msgspec.structs.replace(PLAN, method=method)
    tiny = Tiny(plan)
    assert await cancelled(await a_run(tmp_path, *HALF, plan=plan), tiny, plan) == ()
    assert tiny.calls == []


async def test_nothing_is_cancelled_of_a_run_that_has_ended_or_is_held(tmp_path: Path) -> None:
    method = Tiny(PLAN)
    ended = await a_run(tmp_path / "ended", *HALF, RunFinished(at=3.0, outcome=RunOutcome.STOPPED))
    assert await cancelled(ended, method) == ()
    living = await a_run(tmp_path / "living", *HALF)
    held = await asyncio.to_thread(lock.hold, living.lock)
    assert held is not None
    with pytest.raises(RunHeldError):
        await cancelled(living, method)
    lock.release(held)
    assert method.calls == []
