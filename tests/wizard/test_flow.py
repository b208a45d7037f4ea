"""From the first step to the last with the keyboard, on frozen values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.flow.session import ConnectionTest
from esmigrate_tui.model.connection import Side
from tests.pictures import sample_values as sample
from tests.wizard.world import SECRET, settled, shown

if TYPE_CHECKING:
    from tests.wizard.world import World


async def test_the_whole_way_is_walked_with_the_keyboard(world: World) -> None:
    world.events = (*sample.RUN_EVENTS, *sample.ENDING)
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        assert app.session.source.test is ConnectionTest.GOOD
        await pilot.press("ctrl+n")
        await settled(pilot)
        await pilot.press("right")
        await settled(pilot)
        await pilot.press("a", "right")
        await settled(pilot)
        await pilot.press("right")
        await settled(pilot)
        assert "In this order" in shown(app)
        await pilot.press("tab", "enter")
        await pilot.pause(1.2)
        await settled(pilot)
        assert "Everything arrived, and it was checked." in shown(app)
        await pilot.press("q")
    assert app.return_code == 0
    assert len(world.begun) == 1
    assert world.checked[-1].selected
    assert set(world.checked[-1].definitions) == set(world.checked[-1].selected)


async def test_the_run_gets_the_credentials_that_were_typed(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("ctrl+n")
        await settled(pilot)
        await pilot.press("right")
        await settled(pilot)
        await pilot.press("space", "right")
        await settled(pilot)
        await pilot.press("right")
        await settled(pilot)
        await pilot.press("tab", "enter")
        await settled(pilot)
    (_, credentials) = world.begun[0]
    assert credentials[Side.SOURCE].secret == SECRET
