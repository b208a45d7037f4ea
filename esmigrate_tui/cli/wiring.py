"""The wizard with its real services. What one needs is imported when it is first used: the screen is first."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING

from esmigrate_tui.cli.preferences import keep_contrast, recalled
from esmigrate_tui.engine.places import has_runs
from esmigrate_tui.flow.review import preview
from esmigrate_tui.flow.services import Services
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.wizard.environment import wants_ascii, wants_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.engine.listing import RunSummary
    from esmigrate_tui.methods.advice import Advice
    from esmigrate_tui.model.connection import Credential, Side
    from esmigrate_tui.model.draft import Draft

# ruff: noqa: PLC0415  # every import in a function here keeps the first screen quick


class _LateModule:
    """A module whose functions load it when they are called."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            return getattr(import_module(f"esmigrate_tui.{self._name}"), name)(*arguments)

        return call


if TYPE_CHECKING:
    from esmigrate_tui import vault
    from esmigrate_tui.elastic import certificate, cluster, connect
    from esmigrate_tui.flow import checking, inspection, planning, runs, saving
    from esmigrate_tui.methods import definitions_beside, recommendation, survey
else:
    certificate, cluster = _LateModule("elastic.certificate"), _LateModule("elastic.cluster")
    connect, definitions_beside = _LateModule("elastic.connect"), _LateModule("methods.definitions_beside")
    recommendation, survey = _LateModule("methods.recommendation"), _LateModule("methods.survey")
    checking, inspection = _LateModule("flow.checking"), _LateModule("flow.inspection")
    planning, runs, saving = _LateModule("flow.planning"), _LateModule("flow.runs"), _LateModule("flow.saving")
    vault = _LateModule("vault")


async def _advise(draft: Draft, destination: Cluster, source: Cluster) -> Advice:
    ends = cluster.Clusters(destination, source)
    return recommendation.advise(await survey.surveyed(draft, ends, time.perf_counter))


async def _runs() -> tuple[RunSummary, ...]:
    if not await asyncio.to_thread(has_runs, os.environ):
        return ()  # nothing of the engine is needed for the first screen of the first migration
    return await runs.summaries()


def real_services() -> Services[Cluster]:
    """Everything the wizard may do, wired to the real rooms."""
    return Services(
        methods=tuple(METHODS.values()),
        connect=connect.connect,
        fingerprint=certificate.presented_fingerprint,
        files=inspection.inspected,
        preflight=lambda draft, destination, source: checking.findings_of(
            draft, cluster.Clusters(destination, source), time.time()
        ),
        advise=_advise,
        carried=lambda groups, destination, source: definitions_beside.previewed(
            cluster.Clusters(destination, source), groups
        ),
        plan=lambda draft: planning.plan_of(draft, time.time()),
        preview=preview,
        save_text=saving.save_text,
        save_plan=saving.save_plan,
        begin=runs.begin,
        resume=runs.resume_ended,
        runs=_runs,
        follow=runs.updates_of,
        command=runs.send,
        rejects=runs.rejects,
        report=runs.write_report,
        change=runs.make_change,
        keep_contrast=keep_contrast,
        vault=vault,
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
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if follow is None and (in_lines or wants_lines(os.environ) or not is_terminal):
        if not in_lines:
            dumb = wants_lines(os.environ)
            shown = f"This terminal (TERM={os.environ['TERM']})" if dumb else "What is not a terminal"
            print(f"{shown} can only show lines: the same steps as questions, as with --plain.")  # noqa: T201  # before any question
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
        lines.append(await asyncio.to_thread(runs.leaving_warning))
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
