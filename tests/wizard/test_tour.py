"""The tour of the demo: Enter presses the keys that each stop names, Esc hands the wizard over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.model.connection import Credential, Side, SignIn
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.wizard.tour import STOPS, TourBox
from tests.pictures import sample_values as sample
from tests.wizard.world import SECRET, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from esmigrate_tui.model.outcome import ExitCode
    from esmigrate_tui.wizard.app import WizardApp
    from tests.wizard.world import World


def toured(world: World) -> WizardApp:
    draft = Draft(method=MethodName.REINDEX_FROM_REMOTE, source=sample.OLD, destination=sample.NEW)
    credentials = {
        Side.SOURCE: Credential(sign_in=SignIn.PASSWORD, user="elastic", secret=SECRET),
        Side.DESTINATION: Credential(sign_in=SignIn.API_KEY, secret=SECRET),
    }
    return world.app(draft, credentials=credentials, is_toured=True)


async def until(pilot: Pilot[ExitCode], holds: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if holds():
            return
        await pilot.pause(0.05)
    raise AssertionError(shown(pilot.app))  # type: ignore[arg-type]  # the wizard is what is piloted


async def test_the_tour_leads_from_the_methods_to_the_end_by_enter_alone(world: World) -> None:
    world.events = (*sample.RUN_EVENTS, *sample.ENDING)
    world.findings = sample.WARNINGS
    app = toured(world)
    async with app.run_test(size=(80, 24)) as pilot:
        for at, stop in enumerate(STOPS, start=1):
            await until(pilot, lambda title=f"Tour, {at} of": isinstance(app.screen, TourBox) and title in shown(app))  # type: ignore[misc]  # a default keeps the number
            assert stop.shown in shown(app)
            assert app.screen.query_one("Vertical").region.bottom == 24  # what it speaks of is to be seen above it
            assert app.step is not None
            assert stop.step == app.step.STEP
            await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, TourBox))
    assert len(world.begun) == 1
    assert world.found == sample.WARNINGS
    assert world.checked[-1].selected


async def test_escape_ends_the_tour_and_leaves_the_wizard_usable(world: World) -> None:
    app = toured(world)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TourBox))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, TourBox))
        await pilot.press("enter")
        await until(pilot, lambda: app.step is not None and app.step.STEP == "connections")
        await pilot.pause(0.3)
        assert not isinstance(app.screen, TourBox)
