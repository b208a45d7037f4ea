"""Requests that tasks of a restore share: how many go out, and who is told what. Nothing here is a cluster."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.elastic.snapshots import RestoreProgress
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.restore_from_snapshot.sharing import RecoveryView, SharedRecoveries, SharedStarts
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import Repository, RestoreOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Connection(endpoint=Endpoint(scheme="http", host="localhost", port=9200))


class Asked:
    """Writes down what it is asked, and answers when it is let."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.troubles: dict[str, Cause] = {}

    async def look(self, names: Sequence[str]) -> Mapping[str, RestoreProgress]:
        await self._answer(names)
        return {name: RestoreProgress(index=name, uuid=f"u{len(self.calls)}", wanted=1, active=1) for name in names}

    async def send(self, tasks: Sequence[Task], plan: Plan) -> None:
        assert plan.restoration is not None
        await self._answer([task.source_index for task in tasks])

    async def _answer(self, names: Sequence[str]) -> None:
        self.calls.append(sorted(names))
        self.begun.set()
        await self.gate.wait()
        for name in names:
            if name in self.troubles:
                raise ProblemError(Problem(cause=self.troubles[name], what=f"{name} is wrong."))


def works(*names: str, renamed: str = "") -> list[Work]:
    tasks = tuple(
        Task(number=number, source_index=name, destination_index="new" if name == renamed else name)
        for number, name in enumerate(names, start=1)
    )
    plan = Plan(
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        made_at="2026-01-01T00:00:00Z",
        destination=HERE,
        destination_uuid="u",
        destination_version="7.17.28",
        restoration=RestoreOptions(repository=Repository(name="r", type="fs"), snapshot="s"),
        tasks=tasks,
    )
    return [Work(task=task, plan=plan, opaque_id=str(task.number), requests_per_second=0.0) for task in tasks]


# -- looks -------------------------------------------------------------------------------------------------------------


async def fresh(looks: SharedRecoveries, name: str) -> RecoveryView:
    with looks.following([name]):
        return await looks.newer_than(looks.begun, [name])


async def test_tasks_that_begin_together_share_one_look() -> None:
    asked = Asked()
    looks = SharedRecoveries(asked.look)
    found = await asyncio.gather(*(fresh(looks, name) for name in "abc"))
    assert asked.calls == [["a", "b", "c"]]
    assert {look.number for look in found} == {1}


async def test_one_that_has_not_seen_the_last_look_takes_it() -> None:
    asked = Asked()
    looks = SharedRecoveries(asked.look)
    with looks.following(["a"]), looks.following(["b"]):
        first = await looks.newer_than(0, ["a"])
        second = await looks.newer_than(0, ["b"])
        third = await looks.newer_than(first.number, ["a"])
        fourth = await looks.newer_than(second.number, ["b"])
    assert [first.number, second.number, third.number, fourth.number] == [1, 1, 2, 2]
    assert len(asked.calls) == 2


async def test_a_look_that_had_begun_before_is_not_fresh() -> None:
    asked = Asked()
    asked.gate.clear()
    looks = SharedRecoveries(asked.look)
    first = asyncio.ensure_future(fresh(looks, "a"))
    await asked.begun.wait()
    second = asyncio.ensure_future(fresh(looks, "a"))
    await asyncio.sleep(0)
    asked.gate.set()
    assert (await first).number == 1
    assert (await second).number == 2


async def test_a_newcomer_is_looked_at_though_the_last_look_did_not_know_it() -> None:
    asked = Asked()
    looks = SharedRecoveries(asked.look)
    with looks.following(["a"]):
        await looks.newer_than(0, ["a"])
        with looks.following(["b"]):
            found = await looks.newer_than(0, ["b"])
        await looks.newer_than(found.number, ["a"])
    assert asked.calls == [["a"], ["a", "b"], ["a"]]


async def test_a_trouble_is_told_to_all_who_wait_and_the_next_look_is_made_anew() -> None:
    asked = Asked()
    asked.troubles["a"] = Cause.CONNECTION
    looks = SharedRecoveries(asked.look)
    ends = await asyncio.gather(*(fresh(looks, name) for name in "ab"), return_exceptions=True)
    asked.troubles.clear()
    again = await fresh(looks, "a")
    assert all(isinstance(end, ProblemError) for end in ends)
    assert "a" in again.found


async def test_one_that_goes_away_leaves_the_look_to_the_others() -> None:
    asked = Asked()
    asked.gate.clear()
    looks = SharedRecoveries(asked.look)
    stays, goes = (asyncio.ensure_future(fresh(looks, name)) for name in "ab")
    await asked.begun.wait()
    goes.cancel()
    await asyncio.wait({goes})
    asked.gate.set()
    assert "a" in (await stays).found
    assert len(asked.calls) == 1


# -- starts ------------------------------------------------------------------------------------------------------------


async def test_restores_of_one_moment_are_one_request_but_for_those_that_cannot_share() -> None:
    asked = Asked()
    starts = SharedStarts(asked.send)
    await asyncio.gather(*(starts.start(work) for work in works("a", "b", "c", "d", renamed="c")))
    assert sorted(asked.calls) == [["a", "b", "d"], ["c"]]


async def test_what_comes_while_a_request_is_under_way_shares_the_next_one() -> None:
    asked = Asked()
    asked.gate.clear()
    starts = SharedStarts(asked.send)
    first, *others = works("a", "b", "c")
    one = asyncio.ensure_future(starts.start(first))
    await asked.begun.wait()
    rest = [asyncio.ensure_future(starts.start(work)) for work in others]
    await asyncio.sleep(0)
    asked.gate.set()
    await asyncio.gather(one, *rest)
    assert asked.calls == [["a"], ["b", "c"]]


async def test_when_several_are_refused_each_is_asked_for_alone_and_the_culprit_fails() -> None:
    asked = Asked()
    asked.troubles["b"] = Cause.EXISTS
    starts = SharedStarts(asked.send)
    ends = await asyncio.gather(*(starts.start(work) for work in works("a", "b", "c")), return_exceptions=True)
    assert asked.calls == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert [isinstance(end, ProblemError) for end in ends] == [False, True, False]


@pytest.mark.parametrize("cause", [Cause.CONNECTION, Cause.UNKNOWN_OUTCOME])
async def test_a_request_of_which_nobody_knows_the_end_is_not_sent_again(cause: Cause) -> None:
    asked = Asked()
    asked.troubles["b"] = cause
    starts = SharedStarts(asked.send)
    ends = await asyncio.gather(*(starts.start(work) for work in works("a", "b")), return_exceptions=True)
    assert asked.calls == [["a", "b"]]
    assert all(isinstance(end, ProblemError) for end in ends)


async def test_one_that_went_away_before_its_request_is_not_restored() -> None:
    asked = Asked()
    starts = SharedStarts(asked.send)
    stays, goes = (asyncio.ensure_future(starts.start(work)) for work in works("a", "b"))
    await asyncio.sleep(0)
    goes.cancel()
    await stays
    assert asked.calls == [["a"]]


async def test_plans_with_other_wishes_never_share() -> None:
    asked = Asked()
    starts = SharedStarts(asked.send)
    (mine,) = works("a")
    assert mine.plan.restoration is not None
    wish = msgspec.structs.replace(mine.plan.restoration, aliases=False)
    other = Work(
        task=mine.task,
        plan=msgspec.structs.replace(mine.plan, restoration=wish),
        opaque_id="2",
        requests_per_second=0.0,
    )
    await asyncio.gather(starts.start(mine), starts.start(other))
    assert asked.calls == [["a"], ["a"]]
