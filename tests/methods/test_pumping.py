"""When what a pump has come to is worth a look before its time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.token import Token
from esmigrate_tui.methods.writing.control import WriteControl
from esmigrate_tui.methods.writing.pumping import ControlledPump, PumpMover
from esmigrate_tui.model.event import Acknowledged, Reject
from tests.engine.tiny import plan_of

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters

PLAN: Final = plan_of(10)
WORK: Final = Work(PLAN.tasks[0], PLAN, "esmigrate-run-1", 0.0)
NOWHERE: Final = cast("Clusters", None)


class Nothing(Token, frozen=True):
    """Where a pump that moves nothing stands."""


class Still:
    """What it would write with."""

    control = WriteControl(0.0)
    sent_back = 0


class Waits(ControlledPump[Nothing]):
    """Ends when it is stopped."""

    def __init__(self) -> None:
        Still.control = WriteControl(0.0)
        super().__init__(cast("Any", Still()), Nothing(), 1)

    def progress(self) -> Acknowledged:
        self._told = self.state
        return Acknowledged(done=0, rejects=self._control.reported())

    async def run(self) -> None:
        await self._stopped.wait()


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_there_is_news_at_once_where_nothing_runs() -> None:
    await asyncio.wait_for(PumpMover[Nothing]().news(WORK), 10)


async def test_there_is_news_when_a_pump_has_ended_and_not_before() -> None:
    mover: PumpMover[Nothing] = PumpMover()
    looks = mover.watched(WORK, Waits())
    await anext(looks)
    news = asyncio.ensure_future(mover.news(WORK))
    await turns()
    assert not news.done()
    await mover.stop(WORK, NOWHERE, "")
    await asyncio.wait_for(news, 10)
    assert [one async for one in looks] == []


async def test_there_is_news_when_a_pump_holds_back_until_its_rejects_are_reported() -> None:
    mover: PumpMover[Nothing] = PumpMover()
    pump = Waits()
    looks = mover.watched(WORK, pump)
    await anext(looks)
    news = asyncio.ensure_future(mover.news(WORK))
    Still.control.keep([Reject(index="new", id=str(number)) for number in range(5_000)])
    await asyncio.wait_for(news, 10)
    assert len((await anext(looks)).rejects) == 5_000
    news = asyncio.ensure_future(mover.news(WORK))
    await turns()
    assert not news.done()
    news.cancel()
    await looks.aclose()


async def test_another_task_has_no_news_of_a_pump_that_runs() -> None:
    mover: PumpMover[Nothing] = PumpMover()
    looks = mover.watched(WORK, Waits())
    await anext(looks)
    other = Work(PLAN.tasks[0], PLAN, "esmigrate-run-2", 0.0)
    await asyncio.wait_for(mover.news(other), 10)
    await looks.aclose()
