"""`esmigrate status`: every run on this machine in a line, or one of them in full."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import click
import msgspec

from esmigrate_tui.cli.options import AsJson, CommandArgument, command
from esmigrate_tui.cli.output import printable, total_line
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.text import clean, counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.engine.folders import RunFolder
    from esmigrate_tui.engine.listing import RunSummary
    from esmigrate_tui.model.progress import Progress


class _StatusOptions(msgspec.Struct, frozen=True, kw_only=True):
    run: Annotated[str | None, CommandArgument("[RUN]")] = None
    as_json: AsJson = False


@command("status", _StatusOptions)
async def status(options: _StatusOptions) -> int:
    """List every run on this machine, or show one: how far it is, and whether a process works on it.

    esmigrate status
    esmigrate status 7K2P --json
    """
    from esmigrate_tui.flow import runs

    if options.run is not None:
        return await _print_one(runs.find(options.run), as_json=options.as_json)
    found = await runs.summaries()
    if options.as_json:
        for summary in found:
            click.echo(json_line(summary))
    elif not found:
        click.echo(printable(f"There are no runs of yours in {runs.home()}. `esmigrate` begins one."))
    else:
        for summary in found:
            click.echo(printable("\n".join(_summary_lines(summary))))
    return ExitCode.DONE if found else ExitCode.NOTHING


def _summary_lines(summary: RunSummary) -> Iterator[str]:
    if summary.problem is not None:
        yield f"{summary.run:6} {_state(summary)}"
        return
    if summary.is_of_changes:
        yield f"{summary.run:6} {_changes(summary)}   {summary.destination}"
        return
    share = f"{summary.fraction:4.0%}" if summary.fraction is not None else "   –"
    left = f"  {counted(summary.open_entries, 'change')} to revert" if summary.open_entries else ""
    way = f"{summary.source} → {summary.destination}".strip()
    yield f"{summary.run:6} {_state(summary):12} {share}  {way}{left}"
    if summary.waits_for is not None:
        yield f"       it waits: {summary.waits_for.sentence()}"


def _state(summary: RunSummary) -> str:
    if summary.problem is not None:
        return f"unreadable, because {clean(summary.problem.what, 300)}"
    if summary.outcome is not None:
        return str(summary.outcome)
    if summary.is_stopping:
        return "stopping"
    return "running" if summary.is_live else "interrupted"


def _changes(summary: RunSummary) -> str:
    """What was changed before a run, and whether it still is."""
    if not summary.open_entries:
        return "asked for before a run, nothing to revert"
    return f"{counted(summary.open_entries, 'change')} made before a run, not reverted"


async def _print_one(folder: RunFolder, *, as_json: bool) -> int:
    from esmigrate_tui.engine.listing import summary as summary_of
    from esmigrate_tui.flow import runs

    progress = await runs.progress_of(folder)
    if as_json:
        click.echo(json_line(progress))
    else:
        lines = _lines_of(await summary_of(folder), progress)
        click.echo("\n".join(printable(line) for line in lines))
    return ExitCode.DONE


def _lines_of(summary: RunSummary, progress: Progress) -> Iterator[str]:
    if summary.is_of_changes:
        yield f"{summary.run}: {_changes(summary)}"
        for entry in progress.ledger:
            yield f"  {entry.state:10}  {entry.side}: {entry.what}"
        return
    yield f"run {summary.run}: {_state(summary)}   {total_line(progress, time.time(), is_live=summary.is_live)}"
    if summary.waits_for is not None:
        yield f"It waits: {summary.waits_for.sentence()}"
    for task in progress.tasks:
        share = f"{task.fraction:4.0%}" if task.fraction is not None else "   –"
        yield f"  {task.state:10} {share}  {task.summary.source_index}"
    if not summary.is_live:
        yield from _left_lines(summary.run, progress)


def _left_lines(run: str, progress: Progress) -> Iterator[str]:
    """What a run whose process has ended left changed, and how it continues; a living one reverts it itself."""
    for entry in progress.open_ledger:
        trouble = f" ({clean(entry.trouble)})" if entry.trouble else ""
        yield f"  not reverted  {entry.side}: {clean(entry.what)}{trouble}"
    if progress.outcome is RunOutcome.WAITING and progress.problem is not None:
        yield f"It waits for you: {progress.problem.sentence()}"
        return
    if not progress.is_finished:
        yield f"Its process has ended. What was acknowledged stays; continue with: esmigrate resume {run}"
    if progress.left_working:
        yield f"The destination may still copy by itself. To cancel and revert that instead: esmigrate cleanup {run}"
    elif progress.open_ledger:
        yield f"Revert what it changed, without continuing, with: esmigrate cleanup {run}"
