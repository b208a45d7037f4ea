"""`esmigrate` and its commands, in the order in which people need them; each is a module of `commands/`."""

from __future__ import annotations

from typing import Final

import click

from esmigrate_tui.cli.groups import CommandIndex
from esmigrate_tui.cli.options import keeping_lines
from esmigrate_tui.model.outcome import ExitCode

SECTIONS: Final = {
    "Begin": {
        "advise": "Which method fits two clusters, why, and how long it may take.",
        "plan": "Make a plan: a file that says everything a run will do.",
        "check": "Run the preflight checks of a plan; nothing is written.",
        "run": "Check a plan, perform it, and verify what arrived.",
    },
    "While it runs": {
        "attach": "Follow a run that is in progress.",
        "pause": "Hold a run.",
        "resume": "Continue a run that was paused, stopped or interrupted.",
        "pace": "Limit how many documents a second each index may move.",
        "skip": "Leave one index out of a run; the others continue.",
        "enough": "End a run that waits for documents which others send.",
        "stop": "Stop a run; it can be resumed.",
    },
    "Afterwards": {
        "report": "What a run moved, how it was verified, and what is left to do.",
        "verify": "Compare every document of two indices.",
        "cleanup": "Revert what a run changed on the clusters beside the documents.",
    },
    "Look": {
        "status": "Every run on this machine, or one of them in full.",
        "snapshots": "The repositories of a cluster, or the snapshots in one of them.",
    },
    "Tools": {
        "snapshot": "Take a snapshot on the source.",
        "carry": "Carry over templates, ingest pipelines and lifecycle policies.",
        "credentials": "Keep a cluster's secret in the keyring, or remove it.",
        "demo": "Migrate sample data between two real clusters, here.",
        "sandbox": "Elasticsearch nodes on this machine, to try things on.",
    },
}
"""Each command in one section, with its line."""

_HELP: Final = """
    Move data into a new Elasticsearch cluster, and verify that nothing was lost.

    Without a command the wizard opens. It leads through the choice of a method, both connections, the preflight, the
    selection, a review, the run and its verification. Nothing is written before you have confirmed the review.

    The same without a screen, in three commands:

      export ESMIGRATE_SOURCE_PASSWORD=… ESMIGRATE_DESTINATION_PASSWORD=…
      esmigrate plan reindex-from-remote --source https://elastic@old:9200 \\
          --destination https://elastic@new:9200 --index 'logs-*' -o move.toml
      esmigrate check move.toml
      esmigrate run move.toml

    `esmigrate plan restore-from-snapshot` needs the destination alone: the source may be unreachable.

    With --plain the same steps are numbered questions, one at a time: for screen readers, for terminals that can only
    show lines (TERM=dumb, where it is the default), and for input through a pipe, one line each. ? explains, b goes
    back, q leaves. During the run, p pauses it, r resumes it, s stops it, l leaves it running.

    A run has a process of its own: closing this terminal does not stop it.
    """

_EXIT_CODES: Final = """
Exit codes: 0 done and verified (or ended by `enough`), 1 internal error, 2 usage, 3 finished but some documents failed
or are unverified, 4 authentication or privileges, 5 connection, 6 preflight blocked, 7 verification found differences,
8 the run is held by another process, 9 nothing to do, 10 the plan is stale, 11 a file or folder of this machine (such
as a journal) cannot be read or written, 20 detached: the run continues.
"""


def _place(name: str) -> tuple[str, str]:
    return ("esmigrate_tui.sandbox.commands", name) if name == "sandbox" else (f"{__package__}.commands.{name}", name)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  # click's callback
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415  # for this option alone

        click.echo(f"esmigrate {version('esmigrate-tui')}")
        ctx.exit()


def _without_command(*, plain: bool) -> int:
    if click.get_current_context().invoked_subcommand is not None:
        if plain:
            msg = "--plain is for the wizard, which opens without a command. For a run: esmigrate attach RUN --plain"
            raise click.UsageError(msg)
        return ExitCode.DONE
    from esmigrate_tui.cli.wiring import open_wizard  # noqa: PLC0415  # no command needs it

    return open_wizard(in_lines=plain)


main: Final = CommandIndex(
    "esmigrate",
    SECTIONS,
    _place,
    help=keeping_lines(_HELP),
    epilog=_EXIT_CODES,
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_print_version,
            help="Show the version.",
        ),
        click.Option(["--plain"], is_flag=True, help="The wizard as numbered questions and lines, without a screen."),
    ],
    callback=_without_command,
)
