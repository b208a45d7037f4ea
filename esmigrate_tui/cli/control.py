"""Commands to a run: refused where its method cannot do it, confirmed where it deletes, and waited for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from esmigrate_tui.flow import run_control, runs
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.text import listed

if TYPE_CHECKING:
    from esmigrate_tui.engine.folders import RunFolder
    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.progress import Progress


async def command_run(run: str, command: Command) -> int:
    """Give a run a command, and wait until it has obeyed; raises ProblemError for what its method cannot do."""
    folder = runs.find(run)
    await runs.raise_ended(folder)
    if remark := run_control.remark(await runs.progress_of(folder), command, folder.run):
        click.echo(remark)
    has_acted = await runs.obeyed(folder, command)
    if has_acted is None:
        click.echo(f"Run {folder.run} has the command, and has not answered yet: esmigrate status {folder.run}")
        return ExitCode.DONE
    if has_acted:
        click.echo(run_control.effect_of(folder.run, command))
        return ExitCode.DONE
    click.echo(run_control.nothing_to_do(folder.run, command, await runs.progress_of(folder)))
    return ExitCode.NOTHING


async def is_agreed(folder: RunFolder, progress: Progress, *, confirmed: bool, only: int = 0) -> bool:
    """Whether what stopping deletes may be deleted: said first, asked where there is a terminal to ask on."""
    deleted = progress.deleted_by_stopping(only) if folder.is_live else ()
    if not deleted:
        return True
    click.echo(
        f"Elasticsearch ends a restore by deleting what is only partially restored: {listed(deleted)} "
        f"will be deleted on {progress.destination}. The snapshot stays."
    )
    if confirmed:
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo("esmigrate: nothing was done. Give --yes to agree to that.", err=True)
        return False
    if click.confirm("Delete it, and continue?", default=False):
        return True
    click.echo("Nothing was done.")
    return False
