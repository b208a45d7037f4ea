"""Nothing leaks, nothing is executed, and the wizard ends in good order whatever happens."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.environment import harden_environment, wants_ascii
from esmigrate_tui.wizard.widgets.fields import SecretInput
from tests.on_a_terminal import PATIENCE, arriving, drained, read_until, started
from tests.pictures import sample_values as sample
from tests.pictures.sample_values import SCENES, credentials_of
from tests.wizard.world import SECRET, settled, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.mark import ParameterSet

    from esmigrate_tui.wizard.app import StepScreen
    from tests.pictures.sample_values import Scene
    from tests.wizard.world import World


async def test_a_secret_is_on_no_screen_of_the_whole_way(world: World) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.demo()
    seen = ""
    async with app.run_test(size=(120, 60)) as pilot:
        for keys in (("enter",), ("ctrl+n",), ("right",), ("a", "right"), ("right",), ("tab", "enter")):
            await pilot.press(*keys)
            await settled_or_following(app)
            seen += shown(app)
    assert "_reindex" in seen
    assert SECRET not in seen
    assert SECRET not in repr(app.session)


async def settled_or_following(app: WizardApp) -> None:
    for _ in range(10):
        await asyncio.sleep(0.02)
        if all(worker.is_finished or worker.group == "follow" for worker in app.workers):
            break


async def test_a_secret_is_neither_copied_nor_cut(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        field = app.screen.query_one("#source-secret", SecretInput)
        field.focus()
        assert field.value == SECRET
        await pilot.press("ctrl+shift+a", "ctrl+c")
        assert app.clipboard == ""
        await pilot.press("ctrl+x")
        assert app.clipboard == ""
        assert field.value == SECRET


async def test_the_command_palette_offers_no_screenshot(world: World) -> None:
    app = world.app()
    async with app.run_test(size=(80, 24)):
        titles = [command.title.lower() for command in app.get_system_commands(app.screen)]
    assert titles
    assert not any("screenshot" in title or "save" in title for title in titles)


async def test_an_action_in_the_palette_does_what_its_key_does(world: World) -> None:
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.press(*"explain", "enter")
        await settled(pilot)
        await pilot.pause()
        assert "Esc close" in shown(app)


def test_a_crash_prints_no_values_of_variables_and_exits_with_1(
    world: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from esmigrate_tui.wizard.screens.method import MethodScreen  # noqa: PLC0415  # only here

    def crash(self: StepScreen) -> None:
        secret = SECRET
        del self, secret
        held = {"password": SECRET}  # a local in the frame that crashes
        raise RuntimeError(held.keys())

    monkeypatch.setattr(MethodScreen, "action_open", crash)
    app = world.demo()

    async def press_enter(pilot: object) -> None:
        await pilot.press("enter")  # type: ignore[attr-defined]

    app.run(headless=True, auto_pilot=press_enter)
    told = capfd.readouterr()
    assert app.return_code == 1
    assert "esmigrate stumbled over a mistake of its own" in told.err + told.out
    assert "RuntimeError" in told.err + told.out
    assert SECRET not in told.err + told.out


def test_the_environment_is_made_safe_before_textual_sees_it() -> None:
    environ = {
        "TEXTUAL_LOG": "/tmp/log",  # noqa: S108  # a name, not a file
        "TEXTUAL_DEBUG": "1",
        "TEXTUAL_DEVTOOLS_PORT": "1",
        "TEXTUAL_DRIVER": "x:y",
        "TEXTUAL_PRESS": "a",
        "TEXTUAL_COLOR_SYSTEM": "many",
        "TEXTUAL_FILTERS": "dim",
        "TEXTUAL_THEME": "none",
        "NO_COLOR": "",
        "SSLKEYLOGFILE": "/tmp/keys",  # noqa: S108  # a name, not a file
        "HOME": "/home/me",
        "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22",
    }
    harden_environment(environ)
    assert environ == {"HOME": "/home/me", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22", "TEXTUAL_FPS": "15"}


@pytest.mark.parametrize(
    ("environ", "ascii_only"),
    [
        ({}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "C.utf8"}, False),
        ({"LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # the second is Python's own
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "de_DE.UTF-8", "TERM": "linux"}, True),
    ],
)
def test_a_locale_that_says_otherwise_is_ascii_and_so_is_a_bare_console(
    environ: dict[str, str], *, ascii_only: bool
) -> None:
    assert wants_ascii(environ) is ascii_only


def every_scene() -> Iterator[ParameterSet]:
    """All of them; one of each step is enough for `make test-quick`."""
    seen: set[str] = set()
    for scene in SCENES:
        yield pytest.param(scene, id=scene.name, marks=[pytest.mark.slow] if scene.step in seen else [])
        seen.add(scene.step)


@pytest.mark.parametrize("scene", every_scene())
async def test_an_ascii_terminal_gets_nothing_but_ascii_and_no_line_too_wide(scene: Scene) -> None:
    app = WizardApp(
        sample.PICTURE_SERVICES,
        ascii_only=True,
        opening=(scene.session, scene.step),
        credentials=credentials_of(scene.session),
    )
    async with app.run_test(size=scene.size) as pilot:
        await pilot.press(*scene.press)
        await pilot.pause()
        assert shown(app).isascii(), [character for character in shown(app) if not character.isascii()]
        strips = app.screen._compositor.render_strips(app.screen.size)
        assert {strip.cell_length for strip in strips} == {scene.size[0]}


def test_the_first_screen_imports_nothing_heavy() -> None:
    code = "import sys, esmigrate_tui.wizard.app, esmigrate_tui.wizard.screens.method; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    for heavy in ("elasticsearch", "keyring", "aiohttp", "sqlite3", "esmigrate_tui.engine", "esmigrate_tui.elastic"):
        assert heavy not in loaded
    assert "esmigrate_tui.wizard.screens.run" not in loaded


def test_the_package_alone_imports_no_textual() -> None:
    code = "import sys, esmigrate_tui.wizard.environment, esmigrate_tui.flow.services; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "textual" not in told.stdout.split()


_PROGRAM = """
import sys
from esmigrate_tui.wizard.app import WizardApp
from tests.pictures.sample_values import PICTURE_SERVICES
app = WizardApp(PICTURE_SERVICES)
app.run()
sys.exit(app.return_code)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(number: signal.Signals) -> None:
    process, leader = started("-c", _PROGRAM)
    read_until(leader, b"How should the data")
    process.send_signal(number)
    told = drained(leader, PATIENCE)
    os.close(leader)
    assert process.wait(60) == 128 + number
    assert b"\x1b[?1049l" in told
    assert b"\x1b[?25h" in told


_BOARD = """
import asyncio, dataclasses, time
from esmigrate_tui.wizard.app import WizardApp
from tests.pictures.sample_values import PICTURE_SERVICES, RUN_EVENTS
async def follow(run):
    yield list(RUN_EVENTS)
    await asyncio.Event().wait()
WizardApp(dataclasses.replace(PICTURE_SERVICES, follow=follow, now=time.time), follow="7K2P").run()
"""


def test_a_board_that_nothing_happens_to_costs_next_to_nothing_on_the_line() -> None:
    process, leader = started("-c", _BOARD)
    read_until(leader, b"rejected")
    settled_at = time.monotonic() + 1.0
    sent = 0
    while time.monotonic() < settled_at + 3.0:
        got = len(arriving(leader, 0.1))
        sent += got if time.monotonic() > settled_at else 0
    process.terminate()
    os.close(leader)
    process.wait(60)
    assert sent / 3.0 < 1_000


def test_a_wizard_whose_terminal_vanished_does_not_spin() -> None:
    process, leader = started("-c", _PROGRAM)
    read_until(leader, b"How should the data")
    os.close(leader)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 128 + signal.SIGHUP
