"""Runs seen from the command line: begun, followed to their end, told what to do, reported."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from esmigrate_tui import report
from esmigrate_tui.cli.connections import credentials_of
from esmigrate_tui.cli.output import JsonPrinter, LinePrinter, printable, total_line
from esmigrate_tui.engine import runs
from esmigrate_tui.engine.following import follow
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.places import raise_unsafe, user_name
from esmigrate_tui.engine.survival import logout_warning
from esmigrate_tui.hangup import HangupWatch
from esmigrate_tui.model.command import AcceptArrivals, PauseRun, ResumeRun, SetPace, SkipTask, StopRun
from esmigrate_tui.model.connection import Side, parse_fingerprint
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress, TaskState
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import clean, counted, listed
from esmigrate_tui.wizard.environment import wants_ascii, wants_lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from esmigrate_tui.engine.following import RunUpdate
    from esmigrate_tui.engine.runs import RunFolder, RunSummary
    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.ledger import LedgerEntry, PlannedChange
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.plain.console import Console

_ANSWER_SECONDS: Final = 10.0  # a run obeys within a second; a machine that swaps may need longer


def _home() -> Path:
    """Where the runs of this user are; raises ProblemError (state) where that place is not this user's alone."""
    home = runs.runs_home(os.environ)
    raise_unsafe(home)
    return home


def journal_of(run_id: str) -> Journal:
    """The journal of a run that exists, for reading and for commands."""
    return Journal.open(runs.find_run(run_id, _home()).journal)


def updates_of(run_id: str) -> AsyncIterator[RunUpdate]:
    """Everything that a run reports, as it comes, until it has finished or its process has ended."""
    return follow(runs.find_run(run_id, _home()).journal)


async def begin_run(plan: Plan, credentials: Mapping[Side, Credential], findings: Sequence[Finding]) -> str:
    """Begin a run in a process of its own; its name. What the preflight found is kept for its report."""
    choose = random.SystemRandom().choice
    folder = await runs.begin(
        plan, credentials, home=_home(), new_id=lambda: runs.new_run_id(choose), findings=findings
    )
    return folder.run


async def make_change(
    plan: Plan, credentials: Mapping[Side, Credential], change: PlannedChange, *, folder: str = ""
) -> str:
    """Make one change before a run, written down in a folder of its own or in an earlier one; the folder's name."""
    from esmigrate_tui.engine import changes  # noqa: PLC0415  # few commands make one

    choose = random.SystemRandom().choice
    return await changes.make_change(
        plan, credentials, change, home=_home(), new_id=lambda: runs.new_run_id(choose), folder=folder
    )


async def resume_ended_run(run_id: str, given: Mapping[Side, Credential]) -> None:
    """Let a new process go on with a run; a secret that is not given is looked for in environment and keyring."""
    folder = runs.find_run(run_id, _home())
    plan = await asyncio.to_thread(runs.read_plan, folder)
    await runs.resume_run(folder.run, await credentials_of(plan, {}, given=given), home=_home())


async def summaries() -> tuple[RunSummary, ...]:
    """Every run of this user."""
    return await runs.all_runs(_home())


def started_sentence(run_id: str) -> str:
    """What somebody needs to know who leaves now."""
    begun = f"Run {run_id} has begun, in a process of its own: Ctrl+C leaves, `esmigrate attach {run_id}` comes back."
    return "\n".join(part for part in (begun, leaving_warning()) if part)


def leaving_warning() -> str:
    """What must be known before logging out of this host; "" where nothing must."""
    return logout_warning(user_name())


# -- following ---------------------------------------------------------------------------------------------------------


class _Followed:
    """What the journal has told so far."""

    def __init__(self) -> None:
        self.progress = Progress()


async def follow_to_end(
    run_id: str,
    *,
    as_json: bool = False,
    stop_when_left: bool = False,
    in_lines: bool = False,
    console: Console | None = None,
) -> int:
    """Tell everything a run does until it ends, then its report; the exit code.

    Ctrl+C leaves the run going on, unless `stop_when_left`: then the run is ended first. With `in_lines` nothing is
    drawn over, on a terminal neither. What is typed on a `console` is told to the run.
    """
    # whoever stops the run has something to clean up; all others end with their terminal, also where SIGHUP is ignored
    ends_with_terminal = sys.stdout.isatty() and not stop_when_left
    with HangupWatch(sys.stdout.fileno(), has_signals=False) if ends_with_terminal else contextlib.nullcontext():
        return await _follow_to_end(
            run_id, as_json=as_json, stop_when_left=stop_when_left, in_lines=in_lines, console=console
        )


async def _follow_to_end(
    run_id: str, *, as_json: bool, stop_when_left: bool, in_lines: bool, console: Console | None
) -> int:
    told = _Followed()
    following = asyncio.ensure_future(_print_events(run_id, told, as_json=as_json, in_lines=in_lines))
    left = asyncio.Event()

    def leave(_: object = None) -> None:
        left.set()
        following.cancel()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, leave)
    steering = asyncio.ensure_future(_steer(run_id, console, told)) if console is not None else None
    if steering is not None:
        steering.add_done_callback(lambda done: None if done.cancelled() else leave())
    try:
        progress = await following
    except asyncio.CancelledError:
        if not left.is_set():
            raise
        if steering is not None and steering.done():
            steering.result()  # a mistake in it is no word of the person
        if stop_when_left:
            click.echo(f"\nEnding run {run_id} …", err=True)
            return (await end_run(run_id)).exit_code()
        click.echo(f"\nLeft. Run {run_id} goes on: esmigrate attach {run_id}", err=True)
        return ExitCode.DETACHED
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        if steering is not None:
            steering.cancel()
    paths = await written_report(run_id)
    if not as_json:
        await _show_end(run_id, paths)
    if progress.outcome is None:
        click.echo(
            f"esmigrate: the process of run {run_id} ended without finishing it. "
            f"What was acknowledged stays; go on with: esmigrate resume {run_id}",
            err=True,
        )
        return ExitCode.INCOMPLETE
    return progress.exit_code()


async def end_run(run_id: str) -> Progress:
    """Stop a run, and wait until it has put back what it changed."""
    await send_command(run_id, StopRun())
    return await _print_events(run_id, _Followed(), as_json=False, quietly=True)


async def _steer(run_id: str, console: Console, told: _Followed) -> None:
    from esmigrate_tui.plain.run_control import steer  # noqa: PLC0415  # only the plain way takes what is typed

    await steer(console, lambda: told.progress, lambda command: send_command(run_id, command))


async def _print_events(
    run_id: str, told: _Followed, *, as_json: bool, quietly: bool = False, in_lines: bool = False
) -> Progress:
    in_lines = in_lines or wants_lines(os.environ)
    printer = JsonPrinter(sys.stdout) if as_json else LinePrinter(sys.stdout, in_lines=in_lines)
    async for update in updates_of(run_id):
        told.progress = update.progress
        if not quietly:
            printer.show(update.events, update.progress, time.time())
    return told.progress


async def _show_end(run_id: str, paths: tuple[Path, ...]) -> None:
    gathered = await _gathered(runs.find_run(run_id, _home()))
    click.echo("")
    click.echo("\n".join(report.as_lines(gathered, 100, paths)))


async def watch(run_id: str, *, as_json: bool, in_lines: bool = False) -> int:
    """Follow a run that is going on, or tell one that has ended; in lines, what is typed is told to it."""
    found = runs.find_run(run_id, _home())
    console = None
    if in_lines and not as_json and found.is_live:
        from esmigrate_tui.plain.console import Console  # noqa: PLC0415  # only the plain way asks
        from esmigrate_tui.plain.terminal import Terminal  # noqa: PLC0415  # likewise

        console = Console(Terminal(), ascii_only=wants_ascii(os.environ))
    return await follow_to_end(found.run, as_json=as_json, in_lines=in_lines, console=console)


# -- telling -----------------------------------------------------------------------------------------------------------


async def send_command(run_id: str, command: Command) -> None:
    """Hand a command to the process that holds a run; raises ProblemError where none does."""
    folder = runs.find_run(run_id, _home())
    if not folder.is_live:
        raise ProblemError(
            Problem(
                cause=Cause.STATE,
                what=f"No process holds the run {folder.run}, so nobody can be told.",
                todo=f"`esmigrate status {folder.run}` says how it ended; `esmigrate resume {folder.run}` takes it up.",
            )
        )
    async with Journal.open(folder.journal) as journal:
        await journal.command(command)


async def command_run(run_id: str, command: Command) -> int:
    """Tell a run something, and wait until it has obeyed; raises ProblemError for what its method cannot do."""
    folder = runs.find_run(run_id, _home())
    await asyncio.to_thread(_must_fit, folder, command)
    if not folder.is_live:
        await send_command(run_id, command)
    async with Journal.open(folder.journal) as journal:
        number = await journal.command(command)
        deadline = time.monotonic() + _ANSWER_SECONDS
        while (answer := await journal.answer(number)) is None and folder.is_live:
            if time.monotonic() > deadline:
                click.echo(f"Run {folder.run} was told, and has not answered yet: esmigrate status {folder.run}")
                return ExitCode.DONE
            await asyncio.sleep(0.1)
    if answer == 0:
        click.echo(f"Run {folder.run}: nothing had to be done.")
        return ExitCode.NOTHING
    click.echo(f"Run {folder.run}: done.")
    return ExitCode.DONE


def _must_fit(folder: RunFolder, command: Command) -> None:
    """What a run cannot do is said, rather than nothing done in silence: a restore has no throttle, a watch no hand."""
    plan = runs.read_plan(folder)
    method = plan.method
    if any(task.shipping is not None for task in plan.tasks):
        _must_fit_a_watch(command)
        return
    if isinstance(command, AcceptArrivals):
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what="This run knows its own end, so nobody has to say that it is enough.",
                todo=f"To end it before that: esmigrate stop {folder.run}",
            )
        )
    if method.traits.can_be_paced:
        return
    if isinstance(command, SetPace):
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what="A restore cannot be slowed down from here.",
                why="The destination's own settings hold its pace: indices.recovery.max_bytes_per_sec of the cluster, "
                "max_restore_bytes_per_sec of the repository.",
                todo="Change the cluster's one there; it works at once.",
            )
        )
    if isinstance(command, PauseRun):
        click.echo("What is being restored goes on: a restore cannot be held. What has not begun yet waits.")


def _must_fit_a_watch(command: Command) -> None:
    """Others send: their pace is theirs, and a pause holds only the looks at what arrives."""
    if isinstance(command, SetPace):
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what="This run only watches: how fast documents come is up to who sends them.",
                todo="Slow the sender down where it runs.",
            )
        )
    if isinstance(command, PauseRun):
        click.echo("What is sent goes on arriving: only the looks at it are held.")


async def stop_run(run_id: str, *, confirmed: bool) -> int:
    """End a run; where that deletes something, it is said first and wants a yes."""
    folder = runs.find_run(run_id, _home())
    if folder.is_live and not await _agreed(folder, confirmed=confirmed):
        return ExitCode.USAGE
    return await command_run(folder.run, StopRun())


async def skip_task(run_id: str, name: str, *, confirmed: bool) -> int:
    """Leave one index out of a run that is going on; where that deletes something, it is said first."""
    folder = runs.find_run(run_id, _home())
    async with Journal.open(folder.journal) as journal:
        progress = await journal.progress()
    task = next((task for task in progress.tasks if task.summary.source_index == name), None)
    if task is None:
        raise ProblemError(
            Problem(
                cause=Cause.MISSING,
                what=f"The run {folder.run} has nothing called {clean(name, 200)}.",
                todo=f"`esmigrate status {folder.run}` lists what it has.",
            )
        )
    if folder.is_live and not await _agreed(folder, confirmed=confirmed, only=task.summary.number):
        return ExitCode.USAGE
    return await command_run(folder.run, SkipTask(task=task.summary.number))


_HALF_THERE: Final = frozenset({TaskState.PREPARING, TaskState.MOVING, TaskState.HELD})


async def _agreed(folder: RunFolder, *, confirmed: bool, only: int | None = None) -> bool:
    """Whether what stopping deletes may be deleted: said first, asked where there is a terminal to ask on."""
    async with Journal.open(folder.journal) as journal:
        progress = await journal.progress()
    if not progress.traits.stopping_deletes:
        return True
    half = [
        task.summary.destination_index
        for task in progress.tasks
        if task.state in _HALF_THERE
        and only in {None, task.summary.number}
        and task.summary.kind in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}
    ]
    if not half:
        return True
    click.echo(
        f"Elasticsearch ends a restore by deleting what it has half restored: {listed(half)} "
        f"will be deleted on {progress.destination}. The snapshot stays."
    )
    if confirmed:
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo("esmigrate: nothing was done. Give --yes to agree to that.", err=True)
        return False
    if click.confirm("Delete it, and go on?", default=False):
        return True
    click.echo("Nothing was done.")
    return False


async def resume_run(options: Mapping[str, Any]) -> int:
    """Go on with a paused run, or take up one whose process has ended."""
    folder = runs.find_run(options["run_id"], _home())
    accepted = accepted_fingerprints(options["accepted"])
    if folder.is_live:
        given = [name for name in ("source_password_file", "destination_password_file") if options[name]]
        if given or accepted:
            click.echo("The run goes on with what it has; what you gave is for one whose process has ended.", err=True)
        return await command_run(folder.run, ResumeRun())
    try:
        await runs.newest_event_to_resume(folder)  # before anybody is asked for a secret
        for side, fingerprint in accepted.items():
            await runs.accept_fingerprint(folder, side, fingerprint, time.time())
        credentials = await credentials_of(await asyncio.to_thread(runs.read_plan, folder), options)
        await runs.resume_run(folder.run, credentials, home=_home())
    except runs.RunHeldError as error:
        click.echo(f"esmigrate: {error.problem.sentence()}", err=True)
        return ExitCode.HELD
    if not options["as_json"]:
        click.echo(started_sentence(folder.run))
    if options["detach"]:
        return ExitCode.DETACHED
    return await follow_to_end(folder.run, as_json=options["as_json"])


def accepted_fingerprints(given: Sequence[str]) -> dict[Side, str]:
    """Which certificate of which side is accepted from now on: SIDE=SHA256 each; raises ProblemError (usage)."""
    found: dict[Side, str] = {}
    for one in given:
        name, sign, digits = one.partition("=")
        if not sign or name not in {str(side) for side in Side}:
            raise ProblemError(
                Problem(
                    cause=Cause.USAGE,
                    what=f"{clean(one, 100)} does not say whose certificate is accepted.",
                    todo="Write source=SHA256 or destination=SHA256.",
                )
            )
        found[Side(name)] = parse_fingerprint(digits)
    return found


_NOTHING_LEFT: Final = "Nothing that run {} changed is left to put back."


async def clean_up(options: Mapping[str, Any]) -> int:
    """Put back what a run left changed; then what is left for a person to put back."""
    from esmigrate_tui.engine.process import open_clusters  # noqa: PLC0415  # the client costs start-up time

    folder = runs.find_run(options["run_id"], _home())
    before = await _ledger_of(folder)
    if not folder.is_live and not any(entry.is_open for entry in before):
        click.echo(_NOTHING_LEFT.format(folder.run))
        await _print_by_hand(folder)
        return ExitCode.DONE
    credentials = await credentials_of(await asyncio.to_thread(runs.read_plan, folder), options)
    try:
        left = await runs.settle_run(folder, credentials, open_clusters=open_clusters)
    except runs.RunHeldError as error:
        click.echo(f"esmigrate: {error.problem.sentence()}", err=True)
        return ExitCode.HELD
    numbers = {entry.number for entry in left}
    settled = {entry.number: entry for entry in await _ledger_of(folder)}
    for entry in before:
        if entry.is_open and entry.number not in numbers:
            why_left = settled[entry.number].trouble
            done = f"left on the {entry.side}" if why_left else f"put back on the {entry.side}"
            click.echo(f"ok  {done}: {clean(entry.what)}{f'. {clean(why_left)}' if why_left else ''}")
    for entry in left:
        click.echo(f"x   not put back on the {entry.side}: {clean(entry.what)}. {clean(entry.trouble)}", err=True)
        if entry.undo is not None:
            click.echo("    By hand:", err=True)
            lines = entry.undo.as_console().splitlines()
            click.echo("\n".join(f"    {clean(line, len(line))}" for line in lines), err=True)
    if not left:
        click.echo(_NOTHING_LEFT.format(folder.run))
    await _print_by_hand(folder)
    return ExitCode.INCOMPLETE if left else ExitCode.DONE


async def _ledger_of(folder: RunFolder) -> tuple[LedgerEntry, ...]:
    async with Journal.open(folder.journal) as journal:
        return (await journal.progress()).ledger


async def _print_by_hand(folder: RunFolder) -> None:
    """What no request of this program can put back, each with text to copy."""
    for line in report.to_do_lines((await _gathered(folder)).by_hand, 100):
        click.echo(line)


# -- looking -----------------------------------------------------------------------------------------------------------


def _state(summary: RunSummary) -> str:
    if summary.problem is not None:
        return f"unreadable, because {clean(summary.problem.what, 300)}"
    if summary.is_of_changes:
        return "changes"
    if summary.outcome is not None:
        return str(summary.outcome)
    return "running" if summary.is_live else "interrupted"


async def show_status(run_id: str | None, out: TextIO, *, as_json: bool) -> int:
    """Every run, or one."""
    if run_id is not None:
        return await _show_one(runs.find_run(run_id, _home()), out, as_json=as_json)
    found = await summaries()
    if as_json:
        for summary in found:
            click.echo(json_line(summary), file=out)
        return ExitCode.DONE if found else ExitCode.NOTHING
    if not found:
        click.echo(printable(f"There are no runs of yours in {_home()}. `esmigrate` begins one."), file=out)
        return ExitCode.NOTHING
    for summary in found:
        if summary.problem is not None:
            click.echo(printable(f"{summary.run:6} {_state(summary)}"), file=out)
            continue
        if summary.is_of_changes:
            click.echo(printable(f"{summary.run:6} {_changes(summary)}   {summary.destination}"), file=out)
            continue
        share = f"{summary.fraction:4.0%}" if summary.fraction is not None else "   –"
        left = f"  {counted(summary.open_entries, 'change')} to put back" if summary.open_entries else ""
        way = f"{summary.source} → {summary.destination}".strip()
        click.echo(printable(f"{summary.run:6} {_state(summary):12} {share}  {way}{left}"), file=out)
        if summary.waits_for is not None:
            click.echo(printable(f"       it waits: {summary.waits_for.sentence()}"), file=out)
    return ExitCode.DONE


def _changes(summary: RunSummary) -> str:
    """What was changed before a run, and whether it still is."""
    if not summary.open_entries:
        return "asked for before a run, nothing to put back"
    return f"{counted(summary.open_entries, 'change')} made before a run, not put back"


async def _show_one(folder: RunFolder, out: TextIO, *, as_json: bool) -> int:
    async with Journal.open(folder.journal) as journal:
        progress = await journal.progress()
    if as_json:
        click.echo(json_line(progress), file=out)
        return ExitCode.DONE
    summary = await runs.summary(folder)
    if summary.is_of_changes:
        click.echo(printable(f"{folder.run}: {_changes(summary)}"), file=out)
        for entry in progress.ledger:
            click.echo(printable(f"  {entry.state:10}  {entry.side}: {entry.what}"), file=out)
        return ExitCode.DONE
    click.echo(printable(f"run {folder.run}: {_state(summary)}   {total_line(progress, time.time())}"), file=out)
    if summary.waits_for is not None:
        click.echo(printable(f"It waits: {summary.waits_for.sentence()}"), file=out)
    for task in progress.tasks:
        share = f"{task.fraction:4.0%}" if task.fraction is not None else "   –"
        click.echo(printable(f"  {task.state:10} {share}  {task.summary.source_index}"), file=out)
    if not summary.is_live:
        _print_what_is_left(folder, progress, out)
    return ExitCode.DONE


def _print_what_is_left(folder: RunFolder, progress: Progress, out: TextIO) -> None:
    """What a run whose process has gone left changed, and how it goes on; a living one puts it back itself."""
    for entry in progress.open_ledger:
        trouble = f" ({clean(entry.trouble)})" if entry.trouble else ""
        click.echo(printable(f"  not put back  {entry.side}: {clean(entry.what)}{trouble}"), file=out)
    if progress.outcome is RunOutcome.WAITING and progress.problem is not None:
        click.echo(printable(f"It waits for you: {progress.problem.sentence()}"), file=out)
        return
    if not progress.is_finished:
        click.echo(
            f"Its process has ended. What was acknowledged stays; go on with: esmigrate resume {folder.run}", file=out
        )
    if progress.open_ledger:
        click.echo(
            printable(f"Put back what it changed, without going on, with: esmigrate cleanup {folder.run}"), file=out
        )


# -- reports -----------------------------------------------------------------------------------------------------------


async def _gathered(folder: RunFolder) -> report.Report:
    async with Journal.open(folder.journal) as journal:
        progress = await journal.progress()
        rejects = await journal.rejects(10_000)
    plan = await asyncio.to_thread(runs.read_plan, folder)
    findings = await asyncio.to_thread(runs.read_findings, folder)
    beside = await runs.changed_beside(plan, _home()) if progress.is_finished and not progress.is_of_changes else {}
    return report.gather(
        plan,
        progress,
        now=time.time(),
        run=folder.run,
        rejects=rejects,
        findings=findings,
        rejects_file=str(folder.rejects) if rejects else "",
        plan_file=str(folder.plan),
        beside=[report.EarlierChanges(name=name, changes=changes) for name, changes in beside.items()],
    )


async def written_report(run_id: str) -> tuple[Path, ...]:
    """Write a run's report beside its journal; the files."""
    folder = runs.find_run(run_id, _home())
    gathered = await _gathered(folder)
    rejects = folder.rejects if gathered.refused_seen and folder.rejects.exists() else None
    return tuple(await asyncio.to_thread(report.write_all, gathered, folder.path, rejects))


async def show_report(run_id: str, kind: str, out: TextIO) -> int:
    """A run's report on standard output."""
    gathered = await _gathered(runs.find_run(run_id, _home()))
    texts = {
        "text": lambda: "\n".join(report.as_lines(gathered, width=100)),
        "markdown": lambda: report.as_markdown(gathered),
        "html": lambda: report.as_html(gathered),
        "json": lambda: report.as_json(gathered),
    }
    with contextlib.suppress(BrokenPipeError):
        click.echo(texts[kind](), file=out)
    return ExitCode.DONE
