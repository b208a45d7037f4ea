"""What holds of every method: each promise is tried on each of them, by command, on real nodes."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import pytest

from esmigrate_tui.model.method import MethodName
from tests.broken_line import Break
from tests.contract.subjects import AMOUNT, INDEX, ODD, REJECTED, STRICT, SUBJECTS
from tests.journeys.conftest import unharmed
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from _pytest.mark import ParameterSet

    from tests.broken_line import Asked, Fault
    from tests.contract.subjects import Stage
    from tests.journeys.conftest import Ended


async def a_plain_run(stage: Stage) -> Ended:
    """It arrives, and is verified."""
    await stage.planned()
    ended = await stage.operator.do("run", stage.plan)
    stage.run = stage.operator.folder_of(ended.run)
    return ended


async def stopped(stage: Stage) -> Ended:
    """Stopped in the middle, which reverts what was changed, and resumed."""
    async with unharmed(stage.operator.folder / stage.plan, *stage.nodes, INDEX):
        run = await stage.begun()
        ended = await stage.operator.do("stop", run.run, "--yes")
        followed = await stage.operator.do("attach", run.run, "--plain")
    assert ended.code == 0, ended.text
    assert followed.code == 3, followed.text
    return await stage.operator.do("resume", run.run)


async def killed(stage: Stage) -> Ended:
    """Its process killed in the middle, and resumed."""
    run = await stage.begun()
    await stage.operator.kill(run)
    status = await stage.operator.do("status", run.run)
    assert "interrupted" in status.out
    return await stage.operator.do("resume", run.run)


async def paused(stage: Stage) -> Ended:
    """Paused in the middle, and let go on."""
    run = await stage.begun()
    ended = await stage.operator.do("pause", run.run)
    await stage.operator.until(run, lambda progress: progress.is_paused)
    status = await stage.operator.do("status", run.run)
    assert ended.code == 0, ended.text
    assert "verified" not in status.out
    await stage.operator.do("pace", run.run, "0")
    await stage.operator.do("resume", run.run)
    return await stage.operator.do("attach", run.run, "--plain")


async def unreachable(stage: Stage) -> Ended:
    """What it reads from hangs up on everybody for a while; where that is no cluster, the destination does."""

    async def hang_up(asked: Asked) -> Fault:
        del asked
        return Break.BEFORE

    line = stage.source if stage.subject.reads_cluster else stage.destination
    run = await stage.begun()
    line.judge = hang_up
    await stage.operator.until(run, lambda progress: any(task.held_by for task in progress.tasks))
    line.judge = None
    await stage.operator.do("pace", run.run, "0")
    followed = await stage.operator.do("attach", run.run, "--plain")
    assert "waits" in followed.out
    if stage.subject.method is MethodName.REINDEX_FROM_REMOTE:
        # The search of the destination's own reindex, which could not close it: the source would in five minutes.
        async with await connected_to(stage.nodes[0]) as cluster:
            await cluster.wire.exchange("DELETE", "/_search/scroll/_all")
    return followed


WELL: Final[dict[str, Callable[[Stage], Awaitable[Ended]]]] = {
    "whole": a_plain_run,
    "stopped": stopped,
    "killed": killed,
    "paused": paused,
    "unreachable": unreachable,
}
"""What a run may live through and arrive whole, verified, with nothing left changed."""

pytestmark = pytest.mark.nodes


def trials(*scenarios: str) -> list[ParameterSet]:
    """Every scenario of every method that can have it."""
    return [
        pytest.param(subject, *([name] if len(scenarios) > 1 else []), id=f"{subject.method}-{name}")
        for subject in SUBJECTS
        for name in scenarios
        if name not in subject.lacks
    ]


@asynccontextmanager
async def nothing_left_changed(stage: Stage) -> AsyncIterator[None]:
    """Both clusters are as before, and the index as its plan has it."""
    is_restored = stage.subject.method is MethodName.RESTORE_FROM_SNAPSHOT
    restored = {stage.target: INDEX} if is_restored else None
    async with unharmed(stage.operator.folder / stage.plan, *stage.nodes, INDEX, restored=restored):
        yield


@pytest.mark.parametrize(("subject", "name"), trials(*WELL))
async def test_everything_arrives_once_and_nothing_is_left_changed(stage: Stage, name: str) -> None:
    async with nothing_left_changed(stage):
        ended = await WELL[name](stage)
        assert ended.code == 0, ended.text
    assert stage.run is not None
    assert await stage.arrived() == sorted(range(AMOUNT), key=str)
    assert json.loads((stage.run.path / "report.json").read_text())["is_verified"] is True


@pytest.mark.parametrize("subject", trials("rejected"))
async def test_a_document_that_is_rejected_is_named_and_all_others_arrive(stage: Stage) -> None:
    await stage.planned(ODD)
    stage.make_strict()
    async with unharmed(stage.operator.folder / stage.plan, *stage.nodes, ODD):
        ended = await stage.operator.do("run", stage.plan)
    (line,) = (stage.operator.folder_of(ended.run).path / "rejects.ndjson").read_text().splitlines()
    assert ended.code == 3, ended.text
    assert json.loads(line)["reason"]
    assert await stage.arrived() == sorted((n for n in range(20) if n != REJECTED), key=str)


@pytest.mark.parametrize("subject", trials("exists"))
async def test_an_index_that_exists_is_left_as_it_is(stage: Stage) -> None:
    await stage.planned()
    async with await connected_to(stage.nodes[1]) as cluster:
        await cluster.changes.create_index(stage.target, json.dumps(STRICT))
        ended = await stage.operator.do("run", stage.plan)
        assert await cluster.searches.count(stage.target) == 0
        settings = await cluster.indices.settings_of(stage.target)
    assert ended.code == 6, ended.text
    assert stage.target in ended.text
    assert settings["index.number_of_replicas"] == "0"


def test_every_method_is_under_contract() -> None:
    assert {subject.method for subject in SUBJECTS} == set(MethodName)
