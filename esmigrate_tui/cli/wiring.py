"""The wizard with its real services. What one needs is imported when it is first used: the screen is first."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from esmigrate_tui.cli.preferences import keep_contrast, recalled
from esmigrate_tui.engine.places import has_runs
from esmigrate_tui.flow.offer import METHODS, preview
from esmigrate_tui.flow.services import RunCard, Services, VaultStatus
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.wizard.environment import wants_ascii, wants_lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.engine.following import RunUpdate
    from esmigrate_tui.model.carried import CarriedDefinition, DefinitionGroup
    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.connection import Connection, Credential, Endpoint, Side
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Reject
    from esmigrate_tui.model.files import FileInspection, FileOptions
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.preflight.advice import Advice
    from esmigrate_tui.vault import VaultReport

T = TypeVar("T")

# ruff: noqa: PLC0415  # every import in a function here keeps the first screen quick


async def _connect(connection: Connection, credential: Credential) -> Cluster:
    from esmigrate_tui.elastic.connect import connect

    return await connect(connection, credential)


async def _fingerprint(endpoint: Endpoint) -> str:
    from esmigrate_tui.elastic.connect import presented_fingerprint

    return await presented_fingerprint(endpoint)


_PATIENCE: float = 20.0
"""Seconds that looking at files may take: a thousand rows of fifty files take less than one."""


async def _patiently(work: Callable[[], T], what: str) -> T:
    """What the work returns, done beside the screen; raises ProblemError where the disk does not answer."""
    from esmigrate_tui.model.problem import Cause, Problem, ProblemError
    from esmigrate_tui.vault.deadline import within

    try:
        return await within(_PATIENCE, lambda _: work())
    except TimeoutError:
        raise ProblemError(
            Problem(
                cause=Cause.STATE,
                what=f"{what} has not come to an end in {_PATIENCE:.0f} seconds.",
                why="A network folder that is away does not answer at all; a pattern may also go through a whole disk.",
                todo="See that the folder can be listed, or name it more exactly. Then look again.",
            )
        ) from None


async def _files(typed: str, wishes: FileOptions) -> FileInspection:
    from esmigrate_tui.reading.sample import looked_at

    return await _patiently(lambda: looked_at(typed, wishes), "Looking at the files")


async def _preflight(draft: Draft, destination: Cluster, source: Cluster | None) -> AsyncIterator[Finding]:
    from esmigrate_tui import preflight
    from esmigrate_tui.elastic.cluster import Clusters

    if draft.reading is not None and draft.traits.loads:
        from esmigrate_tui.reading.opened import changed

        files = draft.reading.files
        await _patiently(lambda: changed(files), "Looking at the files")  # the checks wait without an end
    async for finding in preflight.run(_with_tasks(draft), Clusters(destination=destination, source=source)):
        yield finding


async def _advise(draft: Draft, destination: Cluster, source: Cluster) -> Advice:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.preflight.advice import advise
    from esmigrate_tui.preflight.survey import surveyed

    return advise(await surveyed(draft, Clusters(destination=destination, source=source), time.perf_counter))


async def _carried(
    groups: tuple[DefinitionGroup, ...], destination: Cluster, source: Cluster
) -> tuple[CarriedDefinition, ...]:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.carrying import previewed

    return await previewed(Clusters(destination=destination, source=source), groups)


def _with_tasks(draft: Draft) -> Draft:
    """The draft with what its plan would make, once the definitions of all that is chosen are known."""
    import msgspec

    from esmigrate_tui.flow.planning import named_there
    from esmigrate_tui.model.problem import ProblemError

    reads_documents = draft.method is not None and draft.traits.reads_documents
    if not (reads_documents and draft.selected and draft.definitions.keys() >= set(draft.selected)):
        return draft
    try:
        plan = _plan(draft)
    except ProblemError:
        return draft  # why there can be no plan yet, the checks find as well
    targets, uses = named_there(plan)
    return msgspec.structs.replace(draft, tasks=plan.tasks, targets=targets, uses=uses)


def _plan(draft: Draft) -> Plan:
    from esmigrate_tui.flow.planning import timestamp
    from esmigrate_tui.methods import METHODS as PERFORMED

    if draft.method is None:
        msg = "the wizard asks for a method first"
        raise ValueError(msg)
    return PERFORMED[draft.method].plan(draft, timestamp(time.time()))


async def _save_text(name: str, text: str) -> str:
    from esmigrate_tui.reading.opened import named

    path = await asyncio.to_thread(named, name)
    await _written(path, text, force=False)
    return str(path)


async def _written(path: Path, text: str, *, force: bool) -> None:
    import msgspec

    from esmigrate_tui.cli.headless import write_new
    from esmigrate_tui.model.problem import Cause, Problem, ProblemError
    from esmigrate_tui.model.text import clean

    try:
        await asyncio.to_thread(write_new, path, text, force=force)
    except ProblemError as error:  # it is there already; what to do then is said in the words of a command
        raise ProblemError(msgspec.structs.replace(error.problem, todo="Give it another name.")) from None
    except (OSError, ValueError) as error:  # a NUL in a name is a ValueError
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        what = f"{clean(str(path), 300)} cannot be written: {clean(why, 200)}."
        raise ProblemError(Problem(cause=Cause.STATE, what=what, todo="Give a place where you may write.")) from None


async def _save_plan(plan: Plan) -> str:
    name = f"esmigrate-{plan.made_at.replace(':', '')}.toml"
    await _written(Path(name), plan.to_toml(), force=True)
    return name


async def _begin(plan: Plan, credentials: Mapping[Side, Credential], findings: tuple[Finding, ...]) -> str:
    from esmigrate_tui.cli.runs import begin_run

    return await begin_run(plan, dict(credentials), findings)


async def _take_up(run: str, credentials: Mapping[Side, Credential]) -> None:
    from esmigrate_tui.cli.runs import resume_ended_run

    await resume_ended_run(run, credentials)


async def _runs() -> tuple[RunCard, ...]:
    if not await asyncio.to_thread(has_runs, os.environ):
        return ()  # nothing of the engine is needed for the first screen of the first migration
    from esmigrate_tui.cli.runs import summaries

    return tuple(
        RunCard(
            run=summary.run,
            method=summary.method,
            source=summary.source,
            destination=summary.destination,
            started_at=summary.started_at,
            fraction=summary.fraction,
            is_live=summary.is_live,
            is_finished=summary.is_finished,
            outcome=summary.outcome or "",
            is_of_changes=summary.is_of_changes,
            open_entries=summary.open_entries,
            unreadable=summary.problem.sentence() if summary.problem is not None else "",
        )
        for summary in await summaries()
    )


def _follow(run: str) -> AsyncIterator[RunUpdate]:
    from esmigrate_tui.cli.runs import updates_of

    return updates_of(run)


async def _command(run: str, command: Command) -> None:
    from esmigrate_tui.cli.runs import send_command

    await send_command(run, command)


async def _rejects(run: str, limit: int) -> tuple[Reject, ...]:
    from esmigrate_tui.cli.runs import journal_of

    async with journal_of(run) as journal:
        return await journal.rejects(limit)


async def _report(run: str) -> tuple[str, ...]:
    from esmigrate_tui.cli.runs import written_report

    return tuple(str(path) for path in await written_report(run))


async def _change(plan: Plan, credentials: Mapping[Side, Credential], change: PlannedChange, folder: str) -> str:
    from esmigrate_tui.cli.runs import make_change

    return await make_change(plan, credentials, change, folder=folder)


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
        methods=METHODS,
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
        take_up=_take_up,
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
    ended: Any = await app.run_async()
    lines = [*app.farewell]
    if ended is ExitCode.DETACHED:
        from esmigrate_tui.cli.runs import leaving_warning

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
    from esmigrate_tui.cli.runs import follow_to_end, started_sentence

    if left.is_new:
        console.say(started_sentence(left.run))
    return await follow_to_end(left.run, in_lines=True, console=console)


def open_wizard(*, follow: str | None = None, in_lines: bool = False) -> int:
    """Open the wizard on this terminal, as a screen or in lines; the exit code."""
    return asyncio.run(wizard_session(follow=follow, in_lines=in_lines))
