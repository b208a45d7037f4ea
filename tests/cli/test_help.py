"""The commands as help and completion know them: by group, in one line each, without being loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import click
import pytest
from click.shell_completion import ShellComplete

import esmigrate_tui.cli.commands
from esmigrate_tui.cli.commands.plan import plan
from esmigrate_tui.cli.groups import CommandIndex
from esmigrate_tui.cli.main import SECTIONS, main
from esmigrate_tui.model.method import MethodName

_NAMES: Final = [name for section in SECTIONS.values() for name in section]
_HELP_LOADS: Final = """
import sys
from esmigrate_tui.cli.main import main
try:
    main(sys.argv[1:], prog_name="esmigrate")
finally:
    print(*sorted(name for name in sys.modules if name.startswith("esmigrate_tui.")), file=sys.stderr)
"""


def shown(*arguments: str) -> str:
    """What the command prints."""
    group: click.Command = main
    context = click.Context(main, info_name="esmigrate")
    for name in arguments:
        assert isinstance(group, click.Group)
        found = group.get_command(context, name)
        assert found is not None, name
        group, context = found, click.Context(found, parent=context, info_name=name)
    return group.get_help(context)


def test_the_groups_come_in_the_order_in_which_people_need_them() -> None:
    assert list(SECTIONS) == ["Begin", "While it runs", "Afterwards", "Look", "Tools"]
    text = shown()
    places = [text.index(f"\n{title}:") for title in SECTIONS]
    assert places == sorted(places)


def test_each_command_is_in_exactly_one_group_and_each_module_is_a_command() -> None:
    folder = Path(esmigrate_tui.cli.commands.__file__).parent
    modules = {path.stem for path in folder.glob("[a-z]*.py") if not path.stem.startswith("plan_")}
    assert len(_NAMES) == len(set(_NAMES))
    assert {*_NAMES} == modules | {"sandbox"}


@pytest.mark.parametrize("name", _NAMES)
def test_each_command_is_what_its_name_says_and_its_help_teaches_with_an_example(name: str) -> None:
    text = shown(name)
    assert text.startswith(f"Usage: esmigrate {name} ")
    if name not in {"sandbox", "credentials"}:  # groups whose commands have their own
        assert f"\n    esmigrate {name} " in text


def test_each_method_has_a_plan_of_its_own_with_an_example() -> None:
    assert set(plan.commands) == {str(name) for name in MethodName}
    for name in plan.commands:
        assert f"\n    esmigrate plan {name} " in shown("plan", name)


def test_each_line_of_the_help_fits_beside_its_name() -> None:
    lines = [line for group in (main, plan) for section in group.sections.values() for line in section.values()]
    assert max(map(len, lines)) <= 65


def test_the_list_of_commands_loads_none_of_them() -> None:
    for arguments in ([], ["plan"]):
        command = [sys.executable, "-c", _HELP_LOADS, *arguments, "--help"]
        loaded = subprocess.run(command, capture_output=True, text=True, check=True).stderr.split()
        commands = {name for name in loaded if name.startswith("esmigrate_tui.cli.commands.")}
        assert commands <= {f"esmigrate_tui.cli.commands.{name}" for name in arguments}
        assert not {"esmigrate_tui.sandbox", "esmigrate_tui.engine.starting", "esmigrate_tui.methods.contract"} & {
            *loaded
        }


def test_what_a_command_needs_to_be_done_is_not_loaded_for_its_help() -> None:
    command = [sys.executable, "-c", _HELP_LOADS, "plan", "restore-from-snapshot", "--help"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stderr.split()
    assert not {"esmigrate_tui.methods.contract", "esmigrate_tui.preflight", "esmigrate_tui.elastic"} & {*loaded}


@pytest.mark.parametrize(
    ("typed", "incomplete", "found"),
    [
        ([], "re", ["resume", "report"]),
        (["plan"], "c", ["copy-through-here"]),
        (["run"], "--det", ["--detach"]),
        (["plan", "copy-through-here", "--verify"], "s", ["samples"]),
    ],
)
def test_a_shell_completes_commands_options_and_choices(typed: list[str], incomplete: str, found: list[str]) -> None:
    completion = ShellComplete(main, {}, "esmigrate", "_ESMIGRATE_COMPLETE")
    assert [item.value for item in completion.get_completions(typed, incomplete)] == found


def test_a_shell_that_asks_what_could_be_typed_is_answered_instead_of_the_wizard() -> None:
    asked = {**os.environ, "_ESMIGRATE_COMPLETE": "bash_complete", "COMP_WORDS": "esmigrate sta", "COMP_CWORD": "1"}
    command = [sys.executable, "-m", "esmigrate_tui"]
    done = subprocess.run(command, env=asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.stdout == "plain,status\n"


def test_a_command_that_does_not_exist_is_refused() -> None:
    assert isinstance(main, CommandIndex)
    with pytest.raises(click.UsageError, match="No such command 'mvoe'"):
        main(["mvoe"], standalone_mode=False, prog_name="esmigrate")
