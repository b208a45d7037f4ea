"""`esmigrate cleanup`: the ledger of a run settled, and what is left for the user."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import click
import msgspec

from esmigrate_tui.cli.options import RunName, SecretFiles, command
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.text import clean, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.engine.cleanup import CancelledTask
    from esmigrate_tui.engine.folders import RunFolder
    from esmigrate_tui.model.ledger import LedgerEntry
    from esmigrate_tui.model.progress import Progress


class CleanupOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which run, and with which secrets."""

    run: RunName
    secrets: SecretFiles


async def clean_up(options: CleanupOptions) -> int:
    """Revert what a run changed on the clusters and could not revert itself; list what is left for you.

      esmigrate cleanup 7K2P

    Also after a crash: each change is recorded with its inverse before it is made, and a copy that the destination
    still performs by itself is cancelled; the run can be resumed all the same. What no request can revert
    (reindex.remote.whitelist, lifecycles that you stopped, the source cluster) is listed with text to copy. The exit
    code is 3 where something could not be reverted.
    """
    from esmigrate_tui.cli.connections import given_secrets
    from esmigrate_tui.engine.cleanup import cancel_left_work, settle_run
    from esmigrate_tui.engine.folders import read_plan
    from esmigrate_tui.engine.process import open_clusters
    from esmigrate_tui.flow import runs
    from esmigrate_tui.flow.secrets import credentials_of
    from esmigrate_tui.methods import METHODS

    folder = runs.find(options.run)
    progress = await runs.progress_of(folder)
    before = progress.ledger
    cancelled: Sequence[CancelledTask] = ()
    left: Sequence[LedgerEntry] = ()
    if folder.is_live or progress.left_working or progress.open_ledger:
        plan = await asyncio.to_thread(read_plan, folder)
        credentials = await credentials_of(plan, files=given_secrets(options.secrets))
        cancelled = await cancel_left_work(folder, credentials, METHODS, open_clusters=open_clusters)
        left = await settle_run(folder, credentials, open_clusters=open_clusters)
        _print_cancelled(cancelled)
        _print_settled(before, (await runs.progress_of(folder)).ledger, left)
    is_incomplete = bool(left) or any(one.problem is not None for one in cancelled)
    if not is_incomplete:
        click.echo(f"Nothing that run {folder.run} changed is left to revert.")
    if progress.is_unfinished:
        _print_unfinished(folder.run, progress)
    await _print_by_hand(folder)
    return ExitCode.INCOMPLETE if is_incomplete else ExitCode.DONE


cleanup: Final = command("cleanup", CleanupOptions)(clean_up)


def _print_cancelled(cancelled: Sequence[CancelledTask]) -> None:
    for task, problem in cancelled:
        copying = f"the copy of {clean(task.label)} into {clean(task.destination_index)}"
        if problem is None:
            click.echo(f"ok  cancelled on the destination: {copying}. What has arrived stays.")
        else:
            click.echo(f"x   not cancelled on the destination: {copying}. {problem.sentence()}", err=True)
            click.echo(
                "    It may still write. By hand: GET /_tasks?actions=*reindex, then POST /_tasks/ID/_cancel", err=True
            )


def _print_unfinished(run: str, progress: Progress) -> None:
    """That the run itself is only partly done: cleaning up does not finish it, and removes no document."""
    share = f": {progress.fraction:.0%} is done" if progress.fraction is not None else ""
    click.echo(f"Run {run} is not finished{share}. Continue it with: esmigrate resume {run}")
    if names := [clean(row.summary.destination_index) for row in progress.tasks if row.state.is_under_way]:
        click.echo(f"Partially filled: {listed(names)}. If you do not continue the run, delete what you do not need.")
    if progress.traits.stopping_deletes and names:
        click.echo("What the destination is restoring continues: to cancel that would delete it.")


def _print_settled(before: Sequence[LedgerEntry], after: Sequence[LedgerEntry], left: Sequence[LedgerEntry]) -> None:
    numbers = {entry.number for entry in left}
    settled = {entry.number: entry for entry in after}
    for entry in before:
        if entry.is_open and entry.number not in numbers:
            why_left = settled[entry.number].trouble
            done = f"left on the {entry.side}" if why_left else f"reverted on the {entry.side}"
            click.echo(f"ok  {done}: {clean(entry.what)}{f'. {clean(why_left)}' if why_left else ''}")
    for entry in left:
        click.echo(f"x   not reverted on the {entry.side}: {clean(entry.what)}. {clean(entry.trouble)}", err=True)
        if entry.undo is not None:
            click.echo("    By hand:", err=True)
            lines = entry.undo.as_console().splitlines()
            click.echo("\n".join(f"    {clean(line, len(line))}" for line in lines), err=True)


async def _print_by_hand(folder: RunFolder) -> None:
    """What no request of this program can revert, each with text to copy."""
    from esmigrate_tui import report
    from esmigrate_tui.flow import runs

    for line in report.to_do_lines((await runs.gathered(folder)).by_hand, 100):
        click.echo(line)
