"""`esmigrate plan`: one command a method, each a module of its own."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.cli.groups import CommandIndex
from esmigrate_tui.cli.options import keeping_lines

METHODS: Final = {
    "Methods": {
        "reindex-from-remote": "The destination pulls each index from the source.",
        "copy-through-here": "Each document passes through this machine unchanged.",
        "index-from-source": "Files, or what other programs send, become documents.",
        "restore-from-snapshot": "The destination copies indices out of a snapshot.",
    }
}


def _place(name: str) -> tuple[str, str]:
    attribute = f"plan_{name.replace('-', '_')}"
    return f"{__package__}.{attribute}", attribute


plan: Final = CommandIndex(
    "plan",
    METHODS,
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
