"""A run followed on the command line: every event as a line until it ends, then its report."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import click

from esmigrate_tui import report
from esmigrate_tui.cli.output import JsonPrinter, LinePrinter
from esmigrate_tui.flow import runs
from esmigrate_tui.hangup import HangupWatch
from esmigrate_tui.model.command import StopRun
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.wizard.environment import wants_ascii, wants_lines

if TYPE_CHECKING:
    from esmigrate_tui.plain.console import Console


def started_sentence(run: str) -> str:
    """What has to be known by a user who leaves now."""
    begun = f"Run {run} has begun, in a process of its own: Ctrl+C leaves, `esmigrate attach {run}` comes back."
    return "\n".join(part for part in (begun, runs.leaving_warning()) if part)


class _Followed:
    """Where the run stands by what was read of its journal so far."""

    def __init__(self) -> None:
        self.progress = Progress()


async def follow_to_end(
    run: str,
    *,
    as_json: bool = False,
    stop_when_left: bool = False,
    in_lines: bool = False,
    console: Console | None = None,
) -> int:
    """Print everything a run does until it ends, then its report; the exit code.

    Ctrl+C leaves the run running, unless `stop_when_left`: then the run is ended first. With `in_lines` nothing is
    drawn over, on a terminal neither. What is typed on a `console` commands the run.
    """
    # a caller that stops the run has to clean up; all others end with their terminal, also where SIGHUP is ignored
    ends_with_terminal = sys.stdout.isatty() and not stop_when_left
    with HangupWatch(sys.stdout.fileno(), has_signals=False) if ends_with_terminal else contextlib.nullcontext():
        return await _follow_to_end(
            run, as_json=as_json, stop_when_left=stop_when_left, in_lines=in_lines, console=console
        )


async def _follow_to_end(
    run: str, *, as_json: bool, stop_when_left: bool, in_lines: bool, console: Console | None
) -> int:
    seen = _Followed()
    following = asyncio.ensure_future(_print_events(run, seen, as_json=as_json, in_lines=in_lines))
    left = asyncio.Event()

    def leave(_: object = None) -> None:
        left.set()
        following.cancel()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, leave)
    steering: asyncio.Future[None] | None = None
    if console is not None:
        from esmigrate_tui.plain.run_control import steer  # noqa: PLC0415  # only the plain way takes what is typed

        steering = asyncio.ensure_future(steer(console, lambda: seen.progress, partial(runs.send, run)))
        steering.add_done_callback(lambda done: None if done.cancelled() else leave())
    try:
        progress = await following
    except asyncio.CancelledError:
        if not left.is_set():
            raise
        if steering is not None and steering.done():
            steering.result()  # a mistake in it is no word of the person
        if stop_when_left:
            click.echo(f"\nEnding run {run} …", err=True)
            return (await end_run(run)).exit_code()
        click.echo(f"\nLeft. Run {run} continues: esmigrate attach {run}", err=True)
        return ExitCode.DETACHED
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        if steering is not None:
            steering.cancel()
    ended, paths = await runs.reported(run)
    if not as_json:
        click.echo("\n".join(("", *report.as_lines(ended, 100, paths))))
    if progress.outcome is None:
        click.echo(
            f"esmigrate: the process of run {run} ended without finishing it. "
            f"What was acknowledged stays; continue with: esmigrate resume {run}",
            err=True,
        )
        return ExitCode.INCOMPLETE
    return progress.exit_code()


async def end_run(run: str) -> Progress:
    """Stop a run, and wait until it has reverted what it changed."""
    await runs.send(run, StopRun())
    return await _print_events(run, _Followed(), as_json=False, quietly=True)


async def _print_events(
    run: str, seen: _Followed, *, as_json: bool, quietly: bool = False, in_lines: bool = False
) -> Progress:
    in_lines = in_lines or wants_lines(os.environ)
    printer = JsonPrinter(sys.stdout) if as_json else LinePrinter(sys.stdout, in_lines=in_lines)
    async for update in runs.updates_of(run):
        seen.progress = update.progress
        if not quietly:
            printer.show(update.events, update.progress, time.time())
    return seen.progress


async def watch(run: str, *, as_json: bool, in_lines: bool = False) -> int:
    """Follow a run that is in progress, or print one that has ended; in lines, what is typed commands it."""
    found = runs.find(run)
    console = None
    if in_lines and not as_json and found.is_live:
        from esmigrate_tui.plain.console import Console  # noqa: PLC0415  # only the plain way asks
        from esmigrate_tui.plain.terminal import Terminal  # noqa: PLC0415  # likewise

        console = Console(Terminal(), ascii_only=wants_ascii(os.environ))
    return await follow_to_end(found.run, as_json=as_json, in_lines=in_lines, console=console)
