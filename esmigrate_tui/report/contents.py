"""What stands in a report, gathered from values alone; nothing in it can hold a secret, as none of them does."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.carried import CarryOutcome, DefinitionKind
from esmigrate_tui.model.chosen_types import ChosenType, chosen_types
from esmigrate_tui.model.connection import Connection, Side
from esmigrate_tui.model.event import Reject, RunOutcome
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.ledger import EntryState, LedgerEntry
from esmigrate_tui.model.method import MethodName, Unit
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import timestamp
from esmigrate_tui.model.verdict import run_verdict, what_is_left
from esmigrate_tui.report.judgement import EarlierChanges, ReportRow, ToDo, by_hand, how_checked, is_complete, to_do

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from esmigrate_tui.model.plan import Plan, Task
    from esmigrate_tui.model.progress import Progress, TaskProgress

FORMAT: Final = 1

_EXAMPLES: Final = 3
_PREVIEW: Final = re.compile(r"(?<=Preview of field's value: )'.{0,2000}?'(?=$|[\s,.;\])}])")


class ReportedCluster(msgspec.Struct, frozen=True, kw_only=True):
    """One end of the migration: its address without any secret, its version and its own id."""

    address: str
    version: str = ""
    uuid: str = ""


class ReportedProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that went wrong or made the run wait; `at` is ISO 8601 in UTC, "" where it is not one moment's."""

    at: str
    text: str


class ReportedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change to a cluster beside the documents; `by_hand` is the request that still has to be made, "" if none."""

    side: Side
    what: str
    state: EntryState
    trouble: str = ""
    by_hand: str = ""


class ReportedDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the indices and was to be made: `fate` is what became of it, `why` it was not made.

    `changes` is what was otherwise in the destination's version, `away` the request that takes it away again.
    """

    kind: DefinitionKind
    name: str
    fate: CarryOutcome
    why: str = ""
    changes: tuple[str, ...] = ()
    away: str = ""


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that was accepted before the run; `title` is "" where only the check's name is known."""

    check: str
    title: str = ""
    evidence: str = ""


class RejectGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one index that were refused for one reason, with a few of their ids."""

    index: str
    reason: str
    status: int
    documents: int
    ids: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A run at its end, or at the moment the report was asked for.

    Times are ISO 8601 in UTC; `seconds` is from the start to the end, waits included. `documents_expected` is None
    where one index is unknown. `rate_over_time` has pairs of seconds since the start and `unit`s a second: a restore is
    told in bytes, and `snapshot` says what was restored ("" for all other methods). `sender` is who sent the documents,
    where others did; `types` are those that were chosen, where no source had them.
    `refusals` sums up `refused_seen` refused documents, which may be fewer than `documents_refused`. `by_hand` has
    again those things of `to_do` that only clean up.
    """

    format: int = FORMAT
    run: str
    made_at: str
    verdict: str
    how_checked: str
    is_verified: bool
    outcome: RunOutcome | None
    exit_code: int
    method: MethodName
    source: ReportedCluster | None
    destination: ReportedCluster
    started_at: str
    finished_at: str
    seconds: float
    documents_arrived: int
    documents_expected: int | None
    documents_refused: int
    documents_per_second: float
    unit: Unit = Unit.DOCUMENTS
    snapshot: str = ""
    sender: str = ""
    types: tuple[ChosenType, ...] = ()
    bytes_arrived: int = 0
    bytes_expected: int | None = None
    bytes_per_second: float = 0.0
    indices: tuple[ReportRow, ...]
    carried: tuple[ReportedDefinition, ...] = ()
    troubles: tuple[ReportedProblem, ...]
    put_back: tuple[ReportedChange, ...]
    not_put_back: tuple[ReportedChange, ...]
    meant_to_stay: tuple[ReportedChange, ...]
    to_do: tuple[ToDo, ...]
    by_hand: tuple[ToDo, ...] = ()
    waivers: tuple[Waiver, ...]
    refusals: tuple[RejectGroup, ...]
    refused_seen: int
    rejects_file: str
    plan_file: str
    rate_over_time: tuple[tuple[float, float], ...]


def gather(  # noqa: PLR0913  # all that a report tells of is an argument
    plan: Plan,
    progress: Progress,
    *,
    now: float,
    run: str = "",
    rejects: Sequence[Reject] = (),
    findings: Sequence[Finding] = (),
    rejects_file: str = "",
    plan_file: str = "",
    is_live: bool = True,
    beside: Sequence[EarlierChanges] = (),
) -> Report:
    """The report of a run as `progress` shows it at `now` (seconds since 1970).

    `rejects` are the refused documents, or the first of them; `findings` what preflight found, for the waivers;
    `beside` what was changed on these clusters before the run, and is not reverted; `is_live` that a process holds it.
    """
    tasks = {task.number: task for task in plan.tasks}
    rows = tuple(_row(task, tasks.get(task.summary.number)) for task in progress.tasks)
    name = run or progress.run
    arrived = sum(row.destination_count or 0 for row in rows)
    each = [row.source_count for row in rows]
    seconds = progress.elapsed(now)
    copied = sum(row.size or 0 for row in rows)
    restored = plan.restoration
    return Report(
        run=name,
        made_at=_moment(now),
        verdict=f"{run_verdict(progress).sentence} {what_is_left(progress)}".strip(),
        how_checked=how_checked(rows),
        is_verified=is_complete(progress, rows),
        outcome=progress.outcome,
        exit_code=int(progress.exit_code()),
        method=plan.method,
        source=_end(plan.source, plan.source_version, plan.source_uuid) if plan.source else None,
        destination=_end(plan.destination, plan.destination_version, plan.destination_uuid),
        started_at=_moment(progress.started_at),
        finished_at=_moment(progress.finished_at),
        seconds=round(seconds, 3),
        documents_arrived=arrived,
        documents_expected=None if None in each else sum(count or 0 for count in each),
        documents_refused=progress.refused,
        documents_per_second=round(arrived / seconds, 1) if seconds > 0 else 0.0,
        unit=plan.method.traits.unit,
        sender=next((task.shipping.shipper.title for task in plan.tasks if task.shipping is not None), ""),
        types=_types(plan),
        snapshot=f"{restored.snapshot} in {restored.repository.name}" if restored else "",
        bytes_arrived=copied,
        bytes_expected=progress.expected if plan.method.traits.unit is Unit.BYTES else None,
        bytes_per_second=round(copied / seconds, 1) if seconds > 0 else 0.0,
        indices=rows,
        carried=_carried(plan, progress),
        troubles=_troubles(progress),
        put_back=_changes(entry for entry in progress.ledger if entry.state is EntryState.UNDONE),
        not_put_back=_changes(progress.open_ledger),
        meant_to_stay=_changes(
            entry for entry in progress.ledger if not entry.is_open and entry.state is not EntryState.UNDONE
        ),
        to_do=to_do(
            plan,
            progress,
            rows,
            run=name,
            rejects_file=rejects_file,
            plan_file=plan_file,
            is_live=is_live,
            beside=beside,
        ),
        by_hand=by_hand(plan, progress, rows, beside),
        waivers=_waivers(plan, findings),
        refusals=_refusals(rejects),
        refused_seen=len(rejects),
        rejects_file=rejects_file if progress.refused or rejects else "",
        plan_file=plan_file,
        rate_over_time=tuple(
            (round(at - (progress.started_at or 0.0), 1), round(rate, 1)) for at, rate in progress.plot
        ),
    )


def _types(plan: Plan) -> tuple[ChosenType, ...]:
    """The types that were chosen, where there is no source that has them already."""
    if not plan.method.traits.loads:
        return ()
    version = Version.parse(plan.destination_version)
    return tuple(one for task in plan.tasks for one in chosen_types(task.create, version))


def _moment(at: float | None) -> str:
    return "" if at is None else timestamp(at)


def _end(connection: Connection, version: str, uuid: str) -> ReportedCluster:
    return ReportedCluster(address=connection.endpoint.url, version=version, uuid=uuid)


def _row(task: TaskProgress, planned: Task | None) -> ReportRow:
    """One index, or part of a restore: that is proved by its shards, and by documents only where the source was asked.

    Else, where both sides were not counted, it has what the servers said while it was moved.
    """
    kind = planned.kind if planned else RestoreKind.INDEX
    row = ReportRow(
        source_index=task.summary.source_index,
        destination_index=task.summary.destination_index,
        state=task.state,
        source_count=task.source_count,
        destination_count=task.destination_count,
        was_counted=task.was_counted,
        is_verified=task.is_proved,
        seconds=_took(task),
        problem=_problem_of(task),
        changes=planned.changes if planned else (),
        samples=task.samples,
        compared=task.compared,
        is_stream=kind is RestoreKind.DATA_STREAM,
    )
    if task.unit is Unit.BYTES:
        if kind is RestoreKind.GLOBAL_STATE:  # it has neither shards nor bytes
            return msgspec.structs.replace(row, kind=kind)
        size = task.shards.bytes if task.shards and task.shards.bytes else task.done
        return msgspec.structs.replace(row, kind=kind, size=size, shards=task.shards)
    return msgspec.structs.replace(
        row,
        source_count=task.expected if task.source_count is None else task.source_count,
        destination_count=task.written + task.there_already
        if task.destination_count is None
        else row.destination_count,
        refused=task.refused,
        there_already=task.there_already,
        collided=task.collided,
        watched=task.watched,
    )


def _took(task: TaskProgress) -> float | None:
    if task.started_at is None or task.finished_at is None:
        return None
    return round(task.finished_at - task.started_at, 3)


def _problem_of(task: TaskProgress) -> str:
    return task.problem.sentence() if task.problem else task.held_by.sentence() if task.held_by else ""


def _troubles(progress: Progress) -> tuple[ReportedProblem, ...]:
    told = tuple(ReportedProblem(at=_moment(line.at), text=line.text) for line in progress.notable if line.is_problem)
    if progress.problem is None:
        return told
    return (*told, ReportedProblem(at=_moment(progress.finished_at), text=progress.problem.sentence()))


def _carried(plan: Plan, progress: Progress) -> tuple[ReportedDefinition, ...]:
    """What became of each definition of the plan, as far as the run has come to it."""
    found: list[ReportedDefinition] = []
    by_name = {(one.kind, one.name): one for one in progress.carried}
    for one in plan.carried:
        told = by_name.get((one.kind, one.name))
        undo = one.change().undo
        was_made = told is not None and told.fate is CarryOutcome.MADE
        found.append(
            ReportedDefinition(
                kind=one.kind,
                name=one.name,
                fate=CarryOutcome.NOT_YET if told is None else told.fate,
                why=told.problem.sentence() if told is not None and told.problem is not None else "",
                changes=one.changes,
                away=undo.as_console() if undo is not None and was_made else "",
            )
        )
    return tuple(found)


def _changes(entries: Iterable[LedgerEntry]) -> tuple[ReportedChange, ...]:
    return tuple(
        ReportedChange(
            side=entry.side,
            what=entry.what,
            state=entry.state,
            trouble=entry.trouble,
            by_hand=entry.undo.as_console() if entry.is_open and entry.undo else "",
        )
        for entry in entries
    )


def _waivers(plan: Plan, findings: Sequence[Finding]) -> tuple[Waiver, ...]:
    waivers: list[Waiver] = []
    for one in plan.accepted:
        found = [
            Waiver(check=one.check, title=finding.title, evidence=finding.evidence)
            for finding in findings
            if one.covers(finding) and finding.severity in {Severity.WARNING, Severity.BLOCKER}
        ]
        waivers.extend(found or [Waiver(check=one.check, title=one.title)])
    return tuple(waivers)


def _refusals(rejects: Sequence[Reject]) -> tuple[RejectGroup, ...]:
    """The refused documents by index and reason, the most frequent first."""
    amounts: Counter[tuple[str, int, str]] = Counter()
    ids: defaultdict[tuple[str, int, str], list[str]] = defaultdict(list)
    for reject in rejects:
        kind = (reject.index, reject.status, _without_its_own(reject))
        amounts[kind] += 1
        if len(ids[kind]) < _EXAMPLES:
            ids[kind].append(reject.id)
    return tuple(
        RejectGroup(index=kind[0], status=kind[1], reason=kind[2], documents=amount, ids=tuple(ids[kind]))
        for kind, amount in sorted(amounts.items(), key=lambda item: (-item[1], item[0]))
    )


def _without_its_own(reject: Reject) -> str:
    """The reason without the id and the value of this one document, so that equal reasons are seen to be equal."""
    reason = reject.reason
    if reject.id:
        reason = reason.replace(f"id '{reject.id}'", "id '…'").replace(f"[{reject.id}]: ", "[…]: ")
    return _PREVIEW.sub("'…'", reason)
