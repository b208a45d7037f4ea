"""Keys that come all at once, as a password manager or a slow line sends them: each goes where the one before led."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.widgets import Input

from tests.pictures.sample_values import BY_NAME, credentials_of
from tests.wizard.test_terminals import painted
from tests.wizard.world import settled

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from esmigrate_tui.model.outcome import ExitCode
    from esmigrate_tui.wizard.app import WizardApp
    from tests.wizard.world import World

pytestmark = pytest.mark.slow
_PROGRAM = """
import asyncio, json, os, sys
from esmigrate_tui.wizard.environment import harden_environment
harden_environment(os.environ)
from textual import events
from textual.widgets import Input, TextArea
from esmigrate_tui.wizard.app import WizardApp
from tests.pictures.sample_values import BY_NAME, PICTURE_SERVICES, credentials_of
name, expected, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
scene = BY_NAME[name]
class Counting(WizardApp):
    come = 0
    async def on_event(self, event):
        self.come += isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        await super().on_event(event)
def fields():
    values = {each.id: each.value for each in app.screen.query(Input)}
    return values | {"area": each.text for each in app.screen.query(TextArea)}
async def tell(pilot):
    await pilot.press(*scene.press)
    await app.until_painted()
    before = fields()
    app.come = 0
    open(path + ".ready", "w").close()
    while app.come < expected or app._typing is not None:
        await asyncio.sleep(0.02)
    await pilot.pause()
    with open(path, "w") as file:
        json.dump([before, fields()], file)
    app.exit()
app = Counting(PICTURE_SERVICES, credentials=credentials_of(scene.session), opening=(scene.session, scene.step))
app.run(auto_pilot=tell)
"""


def typed(folder: Path, scene: str, burst: str) -> dict[str, str]:
    """What one write to the terminal of a scene has added to its fields, by their ids."""
    path, ready = folder / "told.json", folder / "told.json.ready"
    painted(folder, {}, *("-c", _PROGRAM, scene, str(len(burst)), str(path)), when=(ready.exists, burst))
    before, after = json.loads(path.read_text())
    return {name: value.replace(before.get(name, ""), "") for name, value in after.items() if value != before.get(name)}


def test_a_whole_form_typed_in_one_write_stands_in_its_fields(tmp_path: Path) -> None:
    burst = "https://old:9200\t\telastic\tsecret12\t\t\tnew:9201\t \tanother"
    assert typed(tmp_path, "connections-empty", burst) == {
        "source-address": "https://old:9200",
        "source-user": "elastic",
        "source-secret": "secret12",
        "destination-address": "new:9201",
        "destination-secret": "another",
    }


@pytest.mark.parametrize(
    ("scene", "words"),
    [("files", 2), ("repository-form", 3), ("restore-pattern", 2), ("snapshot-new", 2)],
)
def test_in_every_form_each_word_stands_in_a_field_of_its_own(tmp_path: Path, scene: str, words: int) -> None:
    """Between the fields there are choices, which take no letters."""
    typed_words = ["one", "two", "six", "ten", "end"]
    added = [*typed(tmp_path, scene, "\t".join(typed_words)).values()]
    assert set(added) <= set(typed_words)
    assert len(added) >= words


@pytest.mark.parametrize(
    ("scene", "burst", "field"),
    [("selection", "/one\t22", "filter"), ("definition-json", "one\t22", "area")],
)
def test_what_comes_after_a_field_is_left_does_not_land_in_it(
    tmp_path: Path, scene: str, burst: str, field: str
) -> None:
    value = typed(tmp_path, scene, burst)[field]
    assert "one" in value
    assert "22" not in value


def sent(app: WizardApp, *keys: str) -> None:
    """Keys that come before any of them is handled, as the thread that reads them hands them over."""
    assert app._driver is not None
    for key in keys:
        app._driver.send_message(events.Key(key, key if len(key) == 1 else None))


async def done(app: WizardApp, pilot: Pilot[ExitCode]) -> None:
    """When all keys have been handled, and what came of them is to be seen."""
    await pilot.pause()
    await app.until_painted()
    await settled(pilot)


def at(world: World, name: str) -> WizardApp:
    """The wizard at a scene."""
    scene = BY_NAME[name]
    return world.app(opening=(scene.session, scene.step), credentials=credentials_of(scene.session))


async def test_next_that_comes_again_before_the_next_step_is_painted_passes_over_no_step(world: World) -> None:
    app = at(world, "files")
    app.is_live, app.clusters = True, dict.fromkeys(app.session.sides, world.destination)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.until_painted()
        with app.batch_update():
            sent(app, "ctrl+n")
            await settled(pilot)
            assert app.step is not None
            assert app.step.STEP == "mapping"
            sent(app, "ctrl+n")
            await settled(pilot)
        await done(app, pilot)
        assert app.step.STEP == "mapping"


async def test_a_question_is_not_answered_by_keys_that_came_before_it(world: World) -> None:
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.until_painted()
        sent(app, "q", "right", "enter")
        await done(app, pilot)
        assert app.return_value is None
        assert type(app.screen).__name__ == "AskScreen"
        await pilot.press("right", "enter")
    assert app.return_value == 0


async def test_a_name_may_be_typed_before_its_line_is_seen_but_is_not_taken_unseen(world: World) -> None:
    app = at(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await app.until_painted()
        sent(app, "e", "x", "y", "enter", "z")
        await done(app, pilot)
        assert app.screen.query_one(Input).value.endswith("xy")


async def test_a_paste_stands_in_the_field_that_has_the_focus_when_it_is_its_turn(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        await app.until_painted()
        address = app.screen.query_one("#source-address", Input).value
        app.screen.query_one("#source-user", Input).value = ""
        sent(app, "tab", "tab")
        assert app._driver is not None
        app._driver.send_message(events.Paste("\n\tela\x1bstic\nsecret12\n"))
        sent(app, "x")
        await done(app, pilot)
        assert app.screen.query_one("#source-address", Input).value == address
        assert app.screen.query_one("#source-user", Input).value == "elasticx"
