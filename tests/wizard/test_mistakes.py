"""A mistake of the program's own: one sentence on the screen, the answers kept, and the next key is obeyed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.model.connection import Side
from esmigrate_tui.wizard.app import SCREENS, WizardApp
from esmigrate_tui.wizard.screens import dialogs as leaves
from esmigrate_tui.wizard.widgets.bars import FootLine
from esmigrate_tui.wizard.widgets.fields import TextButton
from tests.pictures.sample_values import BY_NAME, credentials_of
from tests.wizard.world import settled, shown

if TYPE_CHECKING:
    from tests.wizard.world import World

SECRET = "correct-horse-battery"
STEPS = {
    "start": "start",
    "method": "method",
    "connections": "connections",
    "files": "files",
    "mapping": "mapping",
    "preflight": "preflight-passed",
    "repository": "repository",
    "snapshot": "snapshot",
    "selection": "selection",
    "review": "review",
    "run": "run",
    "finish": "finish",
}
"""For each step a scene of it."""


class Enduring(WizardApp):
    """The wizard as people have it: a mistake is told, and does not fail the test."""

    GOES_ON_IN_TESTS = True


def opened(world: World, step: str) -> WizardApp:
    scene = BY_NAME[STEPS[step]]
    app = Enduring(world.services(), opening=(scene.session, scene.step), credentials=credentials_of(scene.session))
    app.clusters = {Side.SOURCE: world.source, Side.DESTINATION: world.destination}
    return app


async def stumble() -> None:
    raise RuntimeError(SECRET)


def said(app: WizardApp) -> str:
    assert app.step is not None
    return app.step.query_one(FootLine).said


async def until_told(app: WizardApp) -> None:
    """Not by the pilot: it would wait for a screen that gets no messages any more."""
    while app.step is None or not app.step.is_mounted or not said(app):  # noqa: ASYNC110  # what is waited for has no event
        await asyncio.sleep(0.02)
    await app.until_painted()


def is_told(app: WizardApp, step: str) -> None:
    """The step is the same, its answers are there, and the mistake is told without what it held."""
    assert app.step is not None
    assert (step,) == (app.step.STEP,)
    assert app.session.draft == BY_NAME[STEPS[step]].session.draft
    assert "esmigrate made a mistake (RuntimeError in stumble" in said(app)
    assert SECRET not in shown(app)


def test_every_step_is_tried() -> None:
    assert STEPS.keys() == SCREENS.keys()


@pytest.mark.parametrize("step", STEPS)
async def test_a_mistake_in_the_work_of_a_screen_is_told_on_it(world: World, step: str) -> None:
    app = opened(world, step)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.until_painted()
        assert app.step is not None
        app.step.run_worker(stumble())
        await settled(pilot)
        is_told(app, step)
        await pilot.press("f2")
        assert app._contrast.enabled
        assert not said(app)


@pytest.mark.parametrize("step", STEPS)
async def test_a_mistake_in_what_a_screen_does_with_a_message_begins_it_anew(world: World, step: str) -> None:
    app = opened(world, step)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.until_painted()
        first = app.step
        assert first is not None
        first.call_later(stumble)
        await until_told(app)
        assert app.step is not first
        is_told(app, step)
        await pilot.press("f2")
        assert app._contrast.enabled


async def test_a_mistake_of_a_key_costs_nothing_but_what_it_would_have_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(world, "selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await app.until_painted()
        assert app.step is not None
        monkeypatch.setattr(type(app.step), "action_sort", lambda _: stumble())
        await pilot.press("s")
        is_told(app, "selection")
        await pilot.press("slash", "l")
        assert app.session.listing.pattern == "l"


async def test_a_mistake_in_a_question_leads_back_to_the_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(world, "method")

    async def fails(*_: Any) -> None:  # noqa: ANN401  # whatever it is given
        await stumble()

    monkeypatch.setattr(leaves.AskScreen, "on_text_button_pressed", fails)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        app.screen.query_one("#no", TextButton).action_press()
        await until_told(app)
        is_told(app, "method")


async def test_a_step_that_can_never_be_shown_ends_in_a_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from esmigrate_tui.wizard.screens.selection import SelectionScreen  # noqa: PLC0415  # only here

    app = opened(world, "selection")

    def fails(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(SelectionScreen, "paint", fails)
    with pytest.raises(RuntimeError):
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
    told = "".join(capfd.readouterr())
    assert app.return_code == 1
    assert "esmigrate stumbled over a mistake of its own (RuntimeError in fails" in told
    assert SECRET not in told
    assert "Traceback" not in told
