"""`esmigrate demo`: two real clusters on this machine, and a real migration between them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from typing import TYPE_CHECKING

import click

from esmigrate_tui import preflight
from esmigrate_tui.cli.connections import connected
from esmigrate_tui.cli.output import finding_lines
from esmigrate_tui.cli.runs import begin_run, end_run, follow_to_end, started_sentence
from esmigrate_tui.engine.lock import is_held
from esmigrate_tui.engine.runs import runs_home
from esmigrate_tui.flow import planning
from esmigrate_tui.flow.patterns import choose
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.connection import Connection, Credential, Side, SignIn, parse_address
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import counted, number

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.sandbox.nodes import SandboxNode


@contextlib.asynccontextmanager
async def _nodes(
    size: int, source_version: str, destination_version: str
) -> AsyncIterator[tuple[SandboxNode, SandboxNode]]:
    """Both nodes, the first with sample data; they end with this block, and with this process however it ends."""
    from esmigrate_tui.sandbox.commands import clear_bar, terminal_progress  # noqa: PLC0415  # only the demo needs the sandbox
    from esmigrate_tui.sandbox.errors import SandboxError  # noqa: PLC0415
    from esmigrate_tui.sandbox.loading import load  # noqa: PLC0415
    from esmigrate_tui.sandbox.nodes import down, up  # noqa: PLC0415

    progress = terminal_progress()
    started: list[SandboxNode] = []
    try:
        try:
            for version in (source_version, destination_version):
                click.echo(f"Starting Elasticsearch {version} on this machine …", err=True)
                started.append(await up(version, progress=progress))
                clear_bar()
            loaded = await load(started[0], size, progress=progress)
            clear_bar()
        except SandboxError as error:
            clear_bar()
            raise ProblemError(Problem(cause=Cause.STATE, what=str(error))) from None
        click.echo(f"The old cluster holds {number(loaded.documents)} documents of sample data.", err=True)
        yield started[0], started[1]
    finally:
        for node in started:
            await down(node)


def _side(node: SandboxNode) -> tuple[Connection, Credential]:
    endpoint, _ = parse_address(node.url)
    if node.user is None:
        return Connection(endpoint=endpoint), Credential(sign_in=SignIn.NONE)
    connection = Connection(endpoint=endpoint, sign_in=SignIn.PASSWORD, user=node.user)
    return connection, Credential(sign_in=SignIn.PASSWORD, user=node.user, secret=node.password or "")


async def _move_everything(source: tuple[Connection, Credential], destination: tuple[Connection, Credential]) -> int:
    """What the wizard does, with every index that can be chosen and every warning told."""
    draft = Draft(method=MethodName.REINDEX_FROM_REMOTE, source=source[0], destination=destination[0])
    async with connected(destination, source) as clusters:
        draft, _ = await preflight.look(draft, clusters)
        choice = choose(draft.offered, ["*"])
        for name, why in choice.left_out:
            click.echo(f"- left out {name}: {why}")
        if clusters.source is None:
            raise ProblemError(Problem(cause=Cause.USAGE, what="The demo needs a source."))
        definitions = await clusters.source.definitions(choice.names)
        draft = draft.answered(selected=choice.names, definitions=definitions)
        findings = []
        async for finding in preflight.run(draft, clusters):
            findings.append(finding)
            click.echo("\n".join(finding_lines(finding)))
        if any(finding.severity is Severity.BLOCKER for finding in findings):
            return ExitCode.BLOCKED
        plan = METHODS[MethodName.REINDEX_FROM_REMOTE].plan(draft, planning.timestamp(time.time()))
    click.echo(f"\nMoving {counted(len(plan.tasks), 'index', 'indices')}: {source[0].endpoint.url} to "
               f"{destination[0].endpoint.url}")  # fmt: skip
    run_id = await begin_run(plan, {Side.SOURCE: source[1], Side.DESTINATION: destination[1]}, findings)
    click.echo(started_sentence(run_id))
    return await follow_to_end(run_id, stop_when_left=True)


async def _end_what_goes_on() -> int:
    """Stop what was left going on, which would wait for clusters that are gone; the exit code."""
    code = ExitCode.DONE
    for run in sorted(runs_home(os.environ).glob("*")):
        if is_held(run / "lock"):
            click.echo(f"The clusters of the demo end with it, and so does run {run.name} …", err=True)
            code = (await end_run(run.name)).exit_code()
    return code


def demonstrate(
    size: int, source_version: str, destination_version: str, *, is_headless: bool, is_toured: bool = False
) -> int:
    """Start the nodes, migrate with the wizard or without, end the nodes; the exit code."""
    # the demo's runs are kept apart from real ones; those of an earlier demo point to clusters that are gone
    home = runs_home(os.environ).parent / "demo"
    if not any(is_held(run / "lock") for run in home.glob("runs/*")):
        shutil.rmtree(home, ignore_errors=True)
    os.environ["ESMIGRATE_STATE_DIR"] = str(home)
    return asyncio.run(
        _demonstrate(size, source_version, destination_version, is_headless=is_headless, is_toured=is_toured)
    )


async def _demonstrate(
    size: int, source_version: str, destination_version: str, *, is_headless: bool, is_toured: bool
) -> int:
    task = asyncio.current_task()
    if task is not None:
        # a terminal that is closed, or a plain kill, must end the nodes as Ctrl+C does
        for number_of_signal in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number_of_signal, task.cancel)
    try:
        async with _nodes(size, source_version, destination_version) as (old, new):
            source, destination = _side(old), _side(new)
            if is_headless:
                return await _move_everything(source, destination)
            from esmigrate_tui.cli.wiring import wizard_session  # noqa: PLC0415  # the screen costs start-up time

            draft = Draft(method=MethodName.REINDEX_FROM_REMOTE, source=source[0], destination=destination[0])
            given = {Side.SOURCE: source[1], Side.DESTINATION: destination[1]}
            code = await wizard_session(draft=draft, credentials=given, is_toured=is_toured)
            return code if code != ExitCode.DETACHED else await _end_what_goes_on()
    except asyncio.CancelledError:
        click.echo("esmigrate: the demo was ended, and both clusters with it.", err=True)
        return 128 + signal.SIGTERM
