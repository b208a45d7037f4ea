"""The wizard in the terminals that people have: sixteen colours, none, a bare console, a locale without UTF-8."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pyte
import pytest

from tests.on_a_terminal import arriving, started

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow
SIXTEEN = {*range(30, 38), 39, *range(40, 48), 49, *range(90, 98), *range(100, 108)}
"""What a terminal of sixteen colours is told: https://en.wikipedia.org/wiki/ANSI_escape_code#Colors."""
NO_COLOUR = {39, 49}
SCENE = """
import os, sys
from esmigrate_tui.wizard.environment import harden_environment, wants_ascii
harden_environment(os.environ)
from esmigrate_tui.wizard.app import WizardApp
from tests.pictures.sample_values import BY_NAME, PICTURE_SERVICES, credentials_of
scene = BY_NAME[sys.argv[1]]
async def press(pilot):
    await pilot.press(*scene.press)
    await pilot.pause()
    app.exit()
app = WizardApp(
    PICTURE_SERVICES,
    credentials=credentials_of(scene.session),
    opening=(scene.session, scene.step),
    ascii_only=wants_ascii(os.environ),
)
app.run(auto_pilot=press)
"""


class Painted:
    """What a program sent to a terminal of 80x24, and what that showed until it was given back."""

    def __init__(self) -> None:
        self.sent, self.code = b"", 0
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self._is_given_back = False

    def feed(self, more: bytes) -> None:
        """What was sent next."""
        self.sent += more
        if not self._is_given_back:
            screen, end, _ = more.partition(b"\x1b[?1049l")
            self._stream.feed(screen)
            self._is_given_back = bool(end)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    @property
    def looks_told(self) -> set[int]:
        """Every number in the escape sequences that say how letters look: 2 is dim, 7 reversed, from 30 on colours."""
        told = re.findall(rb"\x1b\[([0-9;:]*)m", self.sent)
        return {number for each in told for number in map(int, re.findall(rb"\d+", each))}

    @property
    def colours(self) -> set[int]:
        """Everything in them that is about a colour."""
        return {number for number in self.looks_told if number >= 30}

    def looks(self, words: str) -> pyte.screens.Char:
        """How the first of these words is painted."""
        y = next(y for y, row in enumerate(self.screen.display) if words in row)
        return self.screen.buffer[y][self.screen.display[y].index(words)]


def painted(
    folder: Path,
    environ: dict[str, str],
    *arguments: str,
    keys: tuple[tuple[str, str], ...] = (),
    when: tuple[Callable[[], bool], str] | None = None,
) -> Painted:
    """A program in a terminal until it ends; `keys` are pressed as soon as the words before them are to be read.

    `when` is a burst of keys, written at once as soon as its condition holds.
    """
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    beside = {"HOME": str(folder), "TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC"}
    process, leader = started(*arguments, environ=kept | beside | environ)
    shown, left, deadline = Painted(), [*keys], time.monotonic() + 90
    try:
        while time.monotonic() < deadline:
            try:
                shown.feed(arriving(leader, 0.1))
            except EOFError:
                break
            if when is not None and when[0]():
                os.write(leader, when[1].encode())
                when = None
            if left and left[0][0] in shown.text:
                os.write(leader, left.pop(0)[1].encode())
        assert not left, f"never saw {left[0][0]!r}, but:\n{shown.text}"
        shown.code = process.wait(60)
    finally:
        process.kill()
        process.wait()
        os.close(leader)
    return shown


def scene(folder: Path, name: str, **environ: str) -> Painted:
    return painted(folder, environ, "-c", SCENE, name)


@pytest.mark.parametrize("name", ["preflight-blocked", "run-waiting"])
def test_sixteen_colours_are_all_that_a_terminal_is_told(tmp_path: Path, name: str) -> None:
    plain = scene(tmp_path, name, TERM="xterm")
    many = scene(tmp_path, name, COLORTERM="truecolor")
    assert plain.colours <= SIXTEEN
    assert many.colours <= SIXTEEN
    assert 31 in plain.colours or 36 in plain.colours
    assert plain.text == many.text


def test_without_colour_troubles_and_the_row_one_is_at_still_stand_out(tmp_path: Path) -> None:
    blocked = scene(tmp_path, "preflight-blocked", NO_COLOR="1")
    assert blocked.colours <= NO_COLOUR
    assert "✗ blocks" in blocked.text
    assert "▸" in blocked.text


def test_without_colour_the_answer_that_has_the_focus_is_reversed_or_underlined(tmp_path: Path) -> None:
    asked = scene(tmp_path, "run-stop", NO_COLOR="1")
    assert asked.colours <= NO_COLOUR
    safe, other = asked.looks("Keep it running"), asked.looks("Stop the run")
    assert (safe.reverse, safe.underscore, safe.bold) != (other.reverse, other.underscore, other.bold)


@pytest.mark.parametrize(
    "environ",
    [{"LANG": "C"}, {"LC_ALL": "POSIX"}, {"TERM": "linux"}],
    ids=["LANG=C", "LC_ALL=POSIX", "TERM=linux"],
)
def test_a_terminal_that_has_only_ascii_gets_only_ascii(tmp_path: Path, environ: dict[str, str]) -> None:
    blocked = scene(tmp_path, "preflight-blocked", **environ)
    assert blocked.sent.isascii()
    assert blocked.colours <= SIXTEEN
    assert "x blocks" in blocked.text
    assert ">" in blocked.text


def test_the_program_starts_whatever_the_environment_says_of_colours(tmp_path: Path) -> None:
    environ = {
        "TERM": "screen",
        "LANG": "C",
        "NO_COLOR": "",
        "TEXTUAL_COLOR_SYSTEM": "many",
        "TEXTUAL_FILTERS": "dim",
        "TEXTUAL_THEME": "none",
    }
    started = painted(
        tmp_path,
        environ,
        *("-m", "esmigrate_tui"),
        keys=(
            ("How should the data", "?"),
            ("These are the ways", "q"),
            ("How should the data", "q"),
            ("Leave?", "\x1b[C\r"),
        ),
    )
    assert started.code == 0
    assert started.sent.isascii()
    assert started.colours <= SIXTEEN


def test_a_command_speaks_ascii_to_a_terminal_that_shows_nothing_else_and_utf_8_to_a_file(tmp_path: Path) -> None:
    command = ("-m", "esmigrate_tui", "--help")
    terminal = painted(tmp_path, {"LANG": "C"}, *command)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C"}
    file = subprocess.run([sys.executable, *command], env=environ, capture_output=True, check=True)
    assert terminal.sent.isascii()
    assert "ESMIGRATE_SOURCE_PASSWORD=." in terminal.sent.decode()
    assert "ESMIGRATE_SOURCE_PASSWORD=…" in file.stdout.decode()


def test_the_look_that_was_chosen_is_there_at_the_next_start(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "ESMIGRATE_STATE_DIR": str(tmp_path / "state")}
    leave = (("How should the data", "q"), ("Leave?", "\x1b[C\r"))
    f2 = (("How should the data", "\x1bOQ"), ("How should the data", "?"), ("These are the ways", "q"))
    first = painted(tmp_path, environ, "-m", "esmigrate_tui", keys=(*f2, *leave))
    assert (tmp_path / "config" / "esmigrate" / "settings.json").read_text() == '{"contrast":true}\n'
    second = painted(tmp_path, environ, "-m", "esmigrate_tui", keys=leave)
    assert (first.code, second.code) == (0, 0)
    assert 2 in first.looks_told
    assert 2 not in second.looks_told
    assert second.colours <= {31, 39, 49}
