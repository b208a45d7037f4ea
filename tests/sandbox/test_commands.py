import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from esmigrate_tui.sandbox.commands import _only_one, sandbox
from esmigrate_tui.sandbox.errors import SandboxError
from esmigrate_tui.sandbox.records import SandboxNode

HOME = Path("home")


def test_an_unknown_version_is_a_usage_error_with_a_sentence() -> None:
    result = CliRunner().invoke(sandbox, ["up", "2.4.6", "1.2.3"])
    assert result.exit_code == 2
    assert "The sandbox does not know Elasticsearch 1.2.3" in result.output
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("own_sandbox")
def test_an_empty_sandbox_says_how_to_begin() -> None:
    assert CliRunner().invoke(sandbox, ["status"]).output == "No node is up. Start one: up 6.8.23\n"


@pytest.mark.usefixtures("own_sandbox")
def test_a_name_that_nobody_has_is_a_usage_error() -> None:
    result = CliRunner().invoke(sandbox, ["down", "es-none"])
    assert (result.exit_code, result.output) == (2, "Error: There is no node es-none here. Known: none.\n")


def test_a_version_names_the_only_node_that_has_it_and_never_one_of_several() -> None:
    node = SandboxNode("es-6.8.23", "6.8.23", "http://127.0.0.1:1", 1, None, None, 1, HOME, HOME / "log", HOME)
    assert _only_one("6.8.23", [node]) is node
    assert _only_one("7.17.28", [node]) is None
    with pytest.raises(SandboxError, match=r"Several nodes are 6.8.23: es-6.8.23, es-6.8.23-2. Name one"):
        _only_one("6.8.23", [node, replace(node, name="es-6.8.23-2")])


def test_without_a_network_up_ends_with_the_code_for_connections(own_sandbox: Path) -> None:
    environment = os.environ | {"ESMIGRATE_CACHE_DIR": str(own_sandbox / "cache"), "https_proxy": "http://127.0.0.1:9"}
    environment = {name: value for name, value in environment.items() if name.lower() != "no_proxy"}
    command = [sys.executable, "-m", "esmigrate_tui.sandbox", "up", "2.4.6"]
    run = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=100)
    assert run.returncode == 5
    announced, said = run.stderr.splitlines()
    assert announced == "Elasticsearch 2.4.6 is not on this machine yet: 27 MB will be downloaded."
    assert said.startswith("Error: Could not download elasticsearch-2.4.6.zip")
    assert "Traceback" not in run.stderr


def test_the_commands_import_nothing_slow_until_one_runs() -> None:
    code = (
        "import sys, esmigrate_tui.sandbox.commands;"
        "slow = ('aiohttp', 'jgo', 'elasticsearch', 'textual');"
        "print([name for name in slow if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"


def test_the_sandbox_knows_nobody_else_in_the_package() -> None:
    code = (
        "import sys, esmigrate_tui.sandbox.commands, esmigrate_tui.sandbox.loading, esmigrate_tui.sandbox.nodes;"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('esmigrate_tui.')};"
        "print(rooms, 'elasticsearch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "{'sandbox'} False"
