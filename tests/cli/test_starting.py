"""How little the first screen waits for, and how a start ends that somebody stops."""

from __future__ import annotations

import io
import subprocess
import sys
from importlib import import_module

from esmigrate_tui.cli import wiring
from esmigrate_tui.cli.exits import exit_code_of

_FIRST_SCREEN = """
import sys
from importlib import import_module
import esmigrate_tui.cli.exits, esmigrate_tui.cli.wiring
import esmigrate_tui.wizard.app, esmigrate_tui.wizard.screens.method
print(*sorted(sys.modules))
"""


def test_the_first_screen_comes_without_commands_and_without_what_speaks_to_clusters() -> None:
    done = subprocess.run([sys.executable, "-c", _FIRST_SCREEN], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "textual" in loaded
    assert not loaded & {"click", "elasticsearch", "keyring", "tomllib", "tomli_w", "sqlite3"}
    assert "esmigrate_tui.methods.copy_through_here.description" in done.stdout.split()
    assert not [name for name in done.stdout.split() if name.endswith((".mover", "methods.advice", "tui.preflight"))]


def test_a_start_that_somebody_stops_says_so_and_ends_as_every_program_does() -> None:
    said = io.StringIO()

    def stopped() -> None:
        raise KeyboardInterrupt

    assert exit_code_of(stopped, said) == 130
    assert said.getvalue() == "esmigrate: stopped.\n"


def test_what_is_loaded_late_exists() -> None:
    late = {name: module for name, module in vars(wiring).items() if isinstance(module, wiring._LateModule)}
    assert len(late) >= 8
    for name, module in late.items():
        assert import_module(f"esmigrate_tui.{module._name}").__name__.endswith(f".{name}")
