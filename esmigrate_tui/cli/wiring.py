"""The wizard with its real services. What one needs is imported when it is first used: the screen is first."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from typing import TYPE_CHECKING

from esmigrate_tui.cli.preferences import keep_contrast, recalled
from esmigrate_tui.engine.places import has_runs
from esmigrate_tui.flow.offer import preview
from esmigrate_tui.flow.services import RunCard, Services, VaultStatus
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.wizard.environment import wants_ascii, wants_lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.engine.following import RunUpdate
    from esmigrate_tui.methods.advice import Advice
    from esmigrate_tui.model.carried import CarriedDefinition, DefinitionGroup
    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.connection import Connection, Credential, Endpoint, Side
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Reject
    from esmigrate_tui.model.files import FileInspection, FileOptions
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.vault import VaultReport

# ruff: noqa: PLC0415  # every import in a function here keeps the first screen quick


async def _connect(connection: Connection, credential: Credential) -> Cluster:
    from esmigrate_tui.elastic.connect import connect

    return await connect(connection, credential)


async def _fingerprint(endpoint: Endpoint) -> str:
    from esmigrate_tui.elastic.connect import presented_fingerprint

    return await presented_fingerprint(endpoint)


async def _files(typed: str, options: FileOptions) -> FileInspection:
    from esmigrate_tui.flow.inspection import inspected

    return await inspected(typed, options)


async def _preflight(draft: Draft, destination: Cluster, source: Cluster | None) -> AsyncIterator[Finding]:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.flow.checking import findings_of

    async for finding in findings_of(draft, Clusters(destination=destination, source=source), time.time()):
        yield finding


async def _advise(draft: Draft, destination: Cluster, source: Cluster) -> Advice:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.recommendation import advise
    from esmigrate_tui.methods.survey import surveyed

    return advise(await surveyed(draft, Clusters(destination=destination, source=source), time.perf_counter))


async def _carried(
    groups: tuple[DefinitionGroup, ...], destination: Cluster, source: Cluster
) -> tuple[CarriedDefinition, ...]:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.carrying import previewed

    return await previewed(Clusters(destination=destination, source=source), groups)


def _plan(draft: Draft) -> Plan:
    from esmigrate_tui.flow.planning import plan_of

    return plan_of(draft, time.time())


async def _save_text(name: str, text: str) -> str:
    from esmigrate_tui.flow.saving import save_text

    return await save_text(name, text)


async def _save_plan(plan: Plan) -> str:
    from esmigrate_tui.flow.saving import save_plan

    return await save_plan(plan)


async def _begin(plan: Plan, credentials: Mapping[Side, Credential], findings: tuple[Finding, ...]) -> str:
    from esmigrate_tui.flow import runs

    return await runs.begin(plan, dict(credentials), findings)


async def _resume(run: str, credentials: Mapping[Side, Credential]) -> None:
    from esmigrate_tui.flow import runs

    await runs.resume_ended(run, credentials)


async def _runs() -> tuple[RunCard, ...]:
    if not await asyncio.to_thread(has_runs, os.environ):
        return ()  # nothing of the engine is needed for the first screen of the first migration
    from esmigrate_tui.flow import runs

    return await runs.cards()


def _follow(run: str) -> AsyncIterator[RunUpdate]:
    from esmigrate_tui.flow import runs

    return runs.updates_of(run)


async def _command(run: str, command: Command) -> None:
    from esmigrate_tui.flow import runs

    await runs.send(run, command)


async def _rejects(run: str, limit: int) -> tuple[Reject, ...]:
    from esmigrate_tui.flow import runs

    return await runs.rejects(run, limit)


async def _report(run: str) -> tuple[str, ...]:
    from esmigrate_tui.flow import runs

    return tuple(str(path) for path in await runs.write_report(run))


async def _change(plan: Plan, credentials: Mapping[Side, Credential], change: PlannedChange, folder: str) -> str:
    from esmigrate_tui.flow import runs

    return await runs.make_change(plan, credentials, change, folder)


def _word(report: VaultReport) -> VaultStatus:
    from esmigrate_tui.vault import VaultState

    return VaultStatus(is_available=report.state is VaultState.AVAILABLE, place=report.place, sentence=report.sentence)


class _KeyringVault:
    """The real vault, its words as the wizard has them."""

    async def probe(self) -> VaultStatus:
        """What it can do here."""
        from esmigrate_tui import vault

        return _word(await vault.probe())

    async def remember(self, connection: Connection, credential: Credential) -> VaultStatus:
        """Keep a secret, and read it back."""
        from esmigrate_tui import vault

        return _word(await vault.remember(connection, credential))

    async def recall(self, connection: Connection) -> Credential | None:
        """The secret kept for this connection."""
        from esmigrate_tui import vault

        return await vault.recall(connection)


def real_services() -> Services[Cluster]:
    """Everything the wizard may do, wired to the real rooms."""
    return Services(
        methods=tuple(METHODS.values()),
        connect=_connect,
        fingerprint=_fingerprint,
        files=_files,
        preflight=_preflight,
        advise=_advise,
        carried=_carried,
        plan=_plan,
        preview=preview,
        save_text=_save_text,
        save_plan=_save_plan,
        begin=_begin,
        take_up=_resume,
        runs=_runs,
        follow=_follow,
        command=_command,
        rejects=_rejects,
        report=_report,
        change=_change,
        keep_contrast=keep_contrast,
        vault=_KeyringVault(),
        now=time.time,
    )


async def wizard_session(
    *,
    draft: Draft | None = None,
    credentials: Mapping[Side, Credential] | None = None,
    follow: str | None = None,
    in_lines: bool = False,
    is_toured: bool = False,
) -> int:
    """The wizard from its first screen to its last, or its first question to its last; the exit code."""
    if follow is None and (in_lines or wants_lines(os.environ)):
        if not in_lines:
            term = os.environ["TERM"]
            print(f"This terminal (TERM={term}) can only show lines: the same steps as questions, as with --plain.")  # noqa: T201  # before any question
        return await _questions(draft, credentials)
    gc.disable()  # until the first screen is there, which enables it: what is loaded for that is no garbage
    from esmigrate_tui.wizard.app import WizardApp

    app: WizardApp = WizardApp(
        real_services(),
        draft,
        follow=follow,
        credentials=dict(credentials or {}),
        ascii_only=wants_ascii(os.environ),
        has_contrast=recalled().contrast,
        is_toured=is_toured,
    )
    ended = await app.run_async()
    lines = [*app.farewell]
    if ended is ExitCode.DETACHED:
        from esmigrate_tui.flow.runs import leaving_warning

        lines.append(await asyncio.to_thread(leaving_warning))
    for line in filter(None, lines):
        print(line)  # noqa: T201  # on the terminal that the screen has just given back
    return int(ended if ended is not None else app.return_code or ExitCode.DONE)


async def _questions(draft: Draft | None, credentials: Mapping[Side, Credential] | None) -> int:
    """The wizard's steps as questions, then the run in lines; the exit code."""
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow, walk_through
    from esmigrate_tui.plain.terminal import Terminal

    terminal = Terminal()
    console = Console(terminal, ascii_only=wants_ascii(os.environ))
    with terminal.watched():
        left = await walk_through(PlainFlow(real_services(), console, draft, credentials))
    for sentence in left.said:
        console.say(sentence)
    if not left.run:
        return ExitCode.DONE
    from esmigrate_tui.cli.following import follow_to_end, started_sentence

    if left.is_new:
        console.say(started_sentence(left.run))
    return await follow_to_end(left.run, in_lines=True, console=console)


def open_wizard(*, follow: str | None = None, in_lines: bool = False) -> int:
    """Open the wizard on this terminal, as a screen or in lines; the exit code."""
    return asyncio.run(wizard_session(follow=follow, in_lines=in_lines))
