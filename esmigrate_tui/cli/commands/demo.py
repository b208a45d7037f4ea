"""`esmigrate demo`: two real clusters on this machine, and a real migration between them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING, Annotated

import click
import msgspec

from esmigrate_tui.cli.options import CommandOption, command
from esmigrate_tui.model.connection import Connection, Credential, Side, SignIn, parse_address
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import counted, number
from esmigrate_tui.wizard.environment import wants_lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.flow.secrets import SignedIn
    from esmigrate_tui.sandbox.nodes import SandboxNode


class _DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    size: Annotated[int, CommandOption("Documents in the largest index.", within=click.IntRange(1))] = 2000
    source_version: Annotated[str, CommandOption("Version of the source cluster.")] = "6.8.23"
    destination_version: Annotated[str, CommandOption("Version of the destination cluster.")] = "7.17.28"
    headless: Annotated[bool, CommandOption("Move everything at once instead of opening the wizard.")] = False
    tour: Annotated[bool, CommandOption("Be led through the wizard: Enter presses the keys that each stop names.")] = (
        False
    )


@command("demo", _DemoOptions)
async def demo(options: _DemoOptions) -> int:
    """Start two real clusters with sample data on this machine, and migrate between them.

      esmigrate demo --tour

    The wizard opens with both connections filled in; with --tour it stops at each step, explains what you see, and
    names the keys that Enter then presses: two minutes, for showing it to others. Where there is no terminal,
    everything that can be chosen is moved and verified; the exit code is 0 only if that succeeds. Both clusters end
    with the command.
    """
    from esmigrate_tui.engine.lock import is_held
    from esmigrate_tui.engine.places import runs_home

    is_headless = options.headless or not sys.stdin.isatty() or not sys.stdout.isatty()
    if options.tour and (is_headless or wants_lines(os.environ)):
        msg = "--tour shows the screen: it needs a terminal that has one, and excludes --headless."
        raise click.UsageError(msg)
    # the demo's runs are kept apart from real ones; the clusters of an earlier demo's runs no longer exist
    home = runs_home(os.environ).parent / "demo"
    if not any(is_held(run / "lock") for run in home.glob("runs/*")):
        shutil.rmtree(home, ignore_errors=True)
    os.environ["ESMIGRATE_STATE_DIR"] = str(home)
    return await _demonstrate(options, is_headless=is_headless)


@contextlib.asynccontextmanager
async def _nodes(options: _DemoOptions) -> AsyncIterator[tuple[SandboxNode, SandboxNode]]:
    """Both nodes, the first with sample data; they end with this block, and with this process however it ends."""
    from esmigrate_tui.sandbox.commands import clear_bar, terminal_progress
    from esmigrate_tui.sandbox.errors import SandboxError
    from esmigrate_tui.sandbox.loading import load
    from esmigrate_tui.sandbox.nodes import down, up

    progress = terminal_progress()
    started: list[SandboxNode] = []
    try:
        try:
            for version in (options.source_version, options.destination_version):
                click.echo(f"Starting Elasticsearch {version} on this machine …", err=True)
                started.append(await up(version, progress=progress))
                clear_bar()
            loaded = await load(started[0], options.size, progress=progress)
            clear_bar()
        except SandboxError as error:
            clear_bar()
            raise ProblemError.of(Cause.STATE, str(error)) from None
        click.echo(f"The source cluster holds {number(sum(loaded.values()))} documents of sample data.", err=True)
        yield started[0], started[1]
    finally:
        for node in started:
            await down(node)


def _side(node: SandboxNode) -> SignedIn:
    endpoint, _ = parse_address(node.url)
    if node.user is None:
        return Connection(endpoint=endpoint), Credential(sign_in=SignIn.NONE)
    connection = Connection(endpoint=endpoint, sign_in=SignIn.PASSWORD, user=node.user)
    return connection, Credential(sign_in=SignIn.PASSWORD, user=node.user, secret=node.password or "")


async def _move_everything(source: SignedIn, destination: SignedIn) -> int:
    """What the wizard does, with every index that can be chosen and every warning printed."""
    from esmigrate_tui.cli.connections import connected
    from esmigrate_tui.cli.following import follow_to_end, started_sentence
    from esmigrate_tui.cli.plans import print_left_out
    from esmigrate_tui.cli.preflight import print_findings
    from esmigrate_tui.flow import runs
    from esmigrate_tui.flow.acceptance import standing
    from esmigrate_tui.flow.planning import plan_for

    draft = Draft(method=MethodName.REINDEX_FROM_REMOTE, source=source[0], destination=destination[0])
    credentials = {Side.SOURCE: source[1], Side.DESTINATION: destination[1]}
    async with connected(destination, source) as clusters:
        plan, choice = await plan_for(draft, clusters, ["*"], renamed={}, now=time.time())
    print_left_out(choice.left_out)
    findings = await print_findings(plan, credentials, as_json=False)
    if standing(findings, plan.accepted):
        return ExitCode.BLOCKED
    amount = counted(len(plan.tasks), "index", "indices")
    click.echo(f"\nMoving {amount}: {source[0].endpoint.url} to {destination[0].endpoint.url}")
    run = await runs.begin(plan, credentials, findings)
    click.echo(started_sentence(run))
    return await follow_to_end(run, stop_when_left=True)


async def _stop_runs() -> int:
    """Stop what was left running, which would wait for clusters that no longer exist; the exit code."""
    from esmigrate_tui.cli.following import end_run
    from esmigrate_tui.engine.lock import is_held
    from esmigrate_tui.engine.places import runs_home

    code = ExitCode.DONE
    for run in sorted(runs_home(os.environ).glob("*")):
        if is_held(run / "lock"):
            click.echo(f"The clusters of the demo end with it, and so does the run {run.name} …", err=True)
            code = (await end_run(run.name)).exit_code()
    return code


async def _demonstrate(options: _DemoOptions, *, is_headless: bool) -> int:
    task = asyncio.current_task()
    if task is not None:
        # a terminal that is closed, or a plain kill, must end the nodes as Ctrl+C does
        for number_of_signal in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number_of_signal, task.cancel)
    try:
        async with _nodes(options) as (old, new):
            source, destination = _side(old), _side(new)
            if is_headless:
                return await _move_everything(source, destination)
            from esmigrate_tui.cli.wiring import wizard_session

            draft = Draft(method=MethodName.REINDEX_FROM_REMOTE, source=source[0], destination=destination[0])
            given = {Side.SOURCE: source[1], Side.DESTINATION: destination[1]}
            code = await wizard_session(draft=draft, credentials=given, is_toured=options.tour)
            return code if code != ExitCode.DETACHED else await _stop_runs()
    except asyncio.CancelledError:
        click.echo("esmigrate: the demo was ended, and both clusters with it.", err=True)
        return 128 + signal.SIGTERM
