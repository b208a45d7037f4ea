"""`esmigrate plan`: one command a method, each a module of its own where it has options that no other has."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from esmigrate_tui.cli.groups import CommandIndex
from esmigrate_tui.cli.options import keeping_lines
from esmigrate_tui.methods import METHODS

if TYPE_CHECKING:
    import click


def _place(name: str) -> tuple[str, str]:
    attribute = f"plan_{name.replace('-', '_')}"
    return f"{__package__}.{attribute}", attribute


class PlanCommands(CommandIndex):
    """The commands of all methods; one without a module of its own takes the options that move documents."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a method, loaded now; None where there is no such method."""
        described = next((each for name, each in METHODS.items() if name == cmd_name), None)
        if described is None or find_spec(_place(cmd_name)[0]) is not None:
            return super().get_command(ctx, cmd_name)
        from esmigrate_tui.cli.plans import moving_command

        return moving_command(described)


def plan_commands() -> PlanCommands:
    """`esmigrate plan` with a command for each method."""
    return PlanCommands(
        "plan",
        {"Methods": {name.value: each.command for name, each in METHODS.items()}},
        _place,
        help=keeping_lines(
            """
            Make a plan: a file that says everything a run will do, to be read, kept and run.

              esmigrate plan reindex-from-remote --source https://elastic@old:9200 \\
                  --destination https://elastic@new:9200 --index 'logs-*' -o move.toml

            `esmigrate advise` says which method fits. Nothing is moved before `esmigrate run`.
            """
        ),
    )


plan: Final = plan_commands()
