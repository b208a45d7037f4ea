"""Whole runs of restores on real nodes: many at a time, stopped and taken up, given up, refused."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.run import perform
from esmigrate_tui.model.command import StopRun
from esmigrate_tui.model.event import RunOutcome, TaskAdvanced, WaitBegan
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.progress import TaskState
from esmigrate_tui.model.snapshot import TakenNameRule
from tests.methods.migrating import Handed
from tests.methods.restoring import SLOW, fill, until, usual
from tests.whole import before, whole

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.model.progress import Progress
    from tests.fixtures_nodes import SharedNodes
    from tests.methods.restoring import Pair

pytestmark = pytest.mark.nodes


async def run(pair: Pair, plan: Plan, path: Path, ending: asyncio.Event | None = None) -> RunOutcome | None:
    """Perform a plan, going on where the journal is; a second of patience passes in a second."""
    async with await Journal.create(path) as journal:
        return await perform(
            plan,
            pair.clusters,
            journal,
            {MethodName.RESTORE_FROM_SNAPSHOT: Handed(lambda: pair.method)},
            clock=time.time,
            sleep=asyncio.sleep,
            run_id=pair.name,
            random=lambda: 0.5,
            ending=ending,
        )


async def told(path: Path) -> Progress:
    async with Journal.open(path) as journal:
        return await journal.progress()


async def moving(path: Path, kind: type[TaskAdvanced | WaitBegan] = TaskAdvanced) -> None:
    """Wait until the first look at a task, or its first problem, is in the journal."""
    async with Journal.open(path) as journal:
        while not any(isinstance(event, kind) for _, event in await journal.read(limit=1_000)):  # noqa: ASYNC110  # the run writes it
            await asyncio.sleep(0.05)


async def is_whole(pair: Pair, index: str) -> bool:
    """Whether every shard of a restored index has arrived."""
    found = await pair.new.snapshots.recoveries([index])
    return index in found and found[index].is_complete


async def test_many_small_indices_are_restored_with_a_few_requests_of_each_kind(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async with usual(nodes) as pair:
        names = [await pair.fill(f"many-{number:02}", 2) for number in range(40)]
        await pair.snapshot(*names)
        plan = pair.method.plan(await pair.draft(*names), "2026-01-01T00:00:00Z")
        pair.asked.clear()
        outcome = await run(pair, plan, tmp_path / "journal.sqlite")
        progress = await told(tmp_path / "journal.sqlite")
        restores = [path for _, path in pair.asked if path.endswith("_restore")]
    assert outcome is RunOutcome.VERIFIED
    assert {row.state for row in progress.tasks} == {TaskState.VERIFIED}
    assert len(restores) <= len(names) // 2


async def test_a_stopped_run_leaves_no_half_restored_index_and_can_be_taken_up(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite"
    async with usual(nodes, SLOW) as pair:
        small, large = await pair.fill("a-small", 2), await pair.fill("large", 600)
        await pair.snapshot(small, large)
        seen = await before(pair.clusters, small, large)
        plan = pair.method.plan(await pair.draft(small, large), "2026-01-01T00:00:00Z")
        # of two that begin together a slow node may read all of the large one before it reads any of the small one
        plan = msgspec.structs.replace(plan, at_once=1)
        running = asyncio.ensure_future(run(pair, plan, path))
        await until(lambda: pair.new.indices.existing([large]))
        await until(lambda: is_whole(pair, small))
        await moving(path)
        async with Journal.open(path) as journal:
            await journal.command(StopRun())
        stopped = await running
        await pair.unharmed(seen, small, gone=[large])
        again = await run(pair, plan, path)
        progress = await told(path)
        await pair.unharmed(seen, small, large)
    assert stopped is RunOutcome.STOPPED
    assert again is RunOutcome.VERIFIED
    assert {row.state for row in progress.tasks} == {TaskState.VERIFIED}


async def test_a_run_whose_process_ended_finds_its_restore_again(nodes: SharedNodes, tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    async with usual(nodes, SLOW) as pair:
        index = await pair.fill("large", 600)
        await pair.snapshot(index)
        seen = await before(pair.clusters, index)
        plan = pair.method.plan(await pair.draft(index), "2026-01-01T00:00:00Z")
        ending = asyncio.Event()
        running = asyncio.ensure_future(run(pair, plan, path, ending))
        await moving(path)
        ending.set()
        ended = await running
        first = (await pair.new.snapshots.recoveries([index]))[index]
        again = await run(pair, plan, path)
        after = (await pair.new.snapshots.recoveries([index]))[index]
        await pair.unharmed(seen, index)
    assert ended is None
    assert not first.is_complete
    assert again is RunOutcome.VERIFIED
    assert first.uuid == after.uuid


async def test_what_finds_no_node_is_waited_for_and_given_up_without_a_rest(nodes: SharedNodes, tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    async with usual(nodes) as pair:
        index = await pair.fill("books", 5)
        other = await pair.fill("other", 5)
        await pair.old.changes.put_settings(index, '{"index.routing.allocation.require.box":"hot"}')
        await pair.snapshot(index, other)
        seen = await before(pair.clusters, index, other)
        plan = pair.method.plan(await pair.draft(index, other), "2026-01-01T00:00:00Z")
        outcome = await run(pair, msgspec.structs.replace(plan, patience=3), path)
        progress = await told(path)
        await pair.unharmed(seen, other, gone=[index])
    problem = progress.task(1).problem
    assert outcome is RunOutcome.INCOMPLETE
    assert [row.state for row in progress.tasks] == [TaskState.FAILED, TaskState.VERIFIED]
    assert problem is not None
    assert "index.routing.allocation.require" in problem.why
    assert problem.todo.endswith("resume the run.")


async def test_an_index_that_was_closed_for_a_refused_restore_is_open_again_with_its_documents(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 20, shards=2)
        await pair.snapshot(index)
        await fill(pair.new, index, 7)  # one shard: a restore of two cannot go over it
        seen, there = await before(pair.clusters, index), await whole(pair.new, index)
        draft = await pair.draft(index, in_the_way={index: TakenNameRule.CLOSE})
        plan = pair.method.plan(draft, "2026-01-01T00:00:00Z")
        outcome = await run(pair, plan, tmp_path / "journal.sqlite")
        await asyncio.sleep(1)
        await pair.unharmed(seen)
        kept = await whole(pair.new, index)
        progress = await told(tmp_path / "journal.sqlite")
    assert outcome is RunOutcome.INCOMPLETE
    assert kept == there
    assert kept.count == 7
    assert progress.open_ledger == ()
