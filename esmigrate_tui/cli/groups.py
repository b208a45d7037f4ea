"""Groups of commands that know each by its name and one line, and load it only when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from esmigrate_tui.cli.options import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from click.shell_completion import CompletionItem


class CommandIndex(click.Group):
    """A group whose commands are loaded when they are called; help and completion read `sections` alone.

    `sections` are titles with the names and lines of their commands, in the order of the help. `place` names the module
    and the attribute of a command.
    """

    def __init__(
        self,
        name: str,
        sections: Mapping[str, Mapping[str, str]],
        place: Callable[[str], tuple[str, str]],
        *,
        help: str,  # noqa: A002  # as click calls it
        epilog: str = "",
        params: list[click.Parameter] | None = None,
        callback: Callable[..., int] | None = None,
    ) -> None:
        lines = {name: line for section in sections.values() for name, line in section.items()}
        super().__init__(
            name,
            {name: click.Command(name, short_help=line) for name, line in lines.items()},
            help=help,
            epilog=epilog or None,
            params=params,
            callback=callback,
            invoke_without_command=callback is not None,
            context_settings=CONTEXT,
        )
        self.sections = sections
        self._place = place

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as click calls it
        """All names, in the order of the help."""
        return list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # the same
        """The command itself, loaded now; None where there is none of that name."""
        if cmd_name not in self.commands:
            return None
        module, attribute = self._place(cmd_name)
        found = getattr(import_module(module), attribute)
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # the same
        """Each section with its commands, one line each."""
        width = max(map(len, self.commands))
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{width}}", line) for name, line in section.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names that begin so, with their lines, and options."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415  # for completion alone

        found = [
            CompletionItem(name, help=command.short_help)
            for name, command in self.commands.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]
