"""A terminal that is not read, and then closed or signalled: the program is gone soon, and no loop waits for it."""

from __future__ import annotations

import os
import signal
import termios
import time
from typing import TYPE_CHECKING

import pytest

from tests.on_a_terminal import drained
from tests.on_a_terminal import started as on_a_terminal

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
_SCREEN = """
import asyncio, dataclasses, pathlib, signal, sys, time
from esmigrate_tui.wizard.app import WizardApp
from tests.pictures.sample_values import PICTURE_SERVICES, RUN_EVENTS
async def follow(run):
    yield list(RUN_EVENTS)
    await asyncio.Event().wait()
class Busy(WizardApp):
    async def on_mount(self):
        await super().on_mount()
        self.set_interval(0.01, self.paint)
    def paint(self):
        self._on_terminal.forget()
        self.screen.refresh()
        if self._driver.is_far_behind:
            pathlib.Path(sys.argv[1]).touch()
if "ignored" in sys.argv:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
services = dataclasses.replace(PICTURE_SERVICES, follow=follow, now=time.time)
app = Busy(services, follow="7K2P") if "attach" in sys.argv else Busy(services)
app.run()
sys.exit(app.return_code)
"""
_LINES = """
import asyncio, pathlib, signal, sys
from esmigrate_tui.plain.terminal import Terminal
if "ignored" in sys.argv:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
async def talk():
    terminal = Terminal()
    with terminal.watched():
        if "secret" in sys.argv:
            pathlib.Path(sys.argv[1]).touch()
            await terminal.ask("Password: ", is_secret=True)
        elif "idle" in sys.argv:
            terminal.write("here")
            pathlib.Path(sys.argv[1]).touch()
            await asyncio.Event().wait()
        terminal.write("here")
        pathlib.Path(sys.argv[1]).touch()
        while True:
            terminal.write("a line that nobody reads\\n" * 100)
from esmigrate_tui.cli.exits import exit_code_of
sys.exit(exit_code_of(lambda: asyncio.run(talk()), sys.stderr))
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[bytes], int]]]:
    """A program on a terminal of its own, of which nothing is read once it is there; ended whatever happens."""
    started: list[subprocess.Popen[bytes]] = []

    def one(program: str, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
        mark = tmp_path / "stalled"
        process, leader = on_a_terminal("-c", program, str(mark), *arguments)
        started.append(process)
        deadline = time.monotonic() + 60
        while not mark.exists():
            assert time.monotonic() < deadline, "the terminal is never full"
            assert process.poll() is None
            time.sleep(0.02)
        return process, leader

    yield one
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("arguments", [(), ("attach",), ("ignored",), ("attach", "ignored")], ids="-".join)
def test_a_screen_whose_full_terminal_is_closed_ends(
    start: Callable[..., tuple[subprocess.Popen[bytes], int]], arguments: tuple[str, ...]
) -> None:
    process, leader = start(_SCREEN, *arguments)
    os.close(leader)
    assert process.wait(60) == 128 + signal.SIGHUP


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("arguments", [(), ("attach",)], ids=["wizard", "attach"])
def test_a_screen_whose_terminal_is_full_obeys_a_signal(
    start: Callable[..., tuple[subprocess.Popen[bytes], int]], arguments: tuple[str, ...], number: signal.Signals
) -> None:
    process, leader = start(_SCREEN, *arguments)
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    os.close(leader)


def test_a_terminal_that_is_read_again_shows_what_holds_then_and_is_given_back(
    start: Callable[..., tuple[subprocess.Popen[bytes], int]],
) -> None:
    process, leader = start(_SCREEN)
    drained(leader)
    process.send_signal(signal.SIGTERM)
    told, deadline = b"", time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        told += drained(leader)
        time.sleep(0.01)
    told += drained(leader)
    os.close(leader)
    assert process.wait(60) == 128 + signal.SIGTERM
    assert b"\x1b[?1049l" in told
    assert b"\x1b[?25h" in told


def test_a_password_that_is_asked_for_leaves_no_terminal_without_an_echo(
    start: Callable[..., tuple[subprocess.Popen[bytes], int]],
) -> None:
    process, leader = start(_LINES, "secret")
    deadline = time.monotonic() + 30
    while termios.tcgetattr(leader)[3] & termios.ECHO:
        assert time.monotonic() < deadline, "the password would be shown"
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    assert termios.tcgetattr(leader)[3] & termios.ECHO
    os.close(leader)


@pytest.mark.parametrize("arguments", [("full",), ("full", "ignored"), ("idle", "ignored")], ids="-".join)
def test_lines_whose_terminal_is_closed_end(
    start: Callable[..., tuple[subprocess.Popen[bytes], int]], arguments: tuple[str, ...]
) -> None:
    process, leader = start(_LINES, *arguments)
    os.close(leader)
    assert process.wait(60) == 128 + signal.SIGHUP
