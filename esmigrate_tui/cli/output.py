"""What a run without a wizard prints: lines for people, or one JSON object a line for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TextIO

from esmigrate_tui.flow.layout import clock, moment
from esmigrate_tui.model.carried import CarryOutcome
from esmigrate_tui.model.event import (
    ArrivalsAccepted,
    CarriedOver,
    LedgerChanged,
    Noted,
    ResponseAwaited,
    RunFinished,
    RunResumed,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    WaitBegan,
)
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.method import Unit
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import clean, counted, duration, number, size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from esmigrate_tui.model.event import Event
    from esmigrate_tui.model.problem import Problem
    from esmigrate_tui.model.progress import Progress

_EVERY: Final = 5.0  # seconds between two lines into a file

_MARKS: Final = {
    Severity.BLOCKER: "x blocks",
    Severity.WARNING: "! warns ",
    Severity.NOTE: "- note  ",
    Severity.PASSED: "ok      ",
}


def printable(text: str) -> str:
    """Lines as a terminal may get them, whatever came from a cluster or a file into them."""
    return "\n".join(clean(line, len(line)) for line in text.split("\n"))


def finding_lines(finding: Finding, *, is_accepted: bool = False) -> list[str]:
    """One finding: a line where it is good, all that helps where it is not, and of a note what can be typed."""
    mark = "ok      " if is_accepted else _MARKS[finding.severity]
    lines = [f"{mark} {finding.title}  [{finding.check}]" + ("  accepted" if is_accepted else "")]
    is_note = finding.severity is Severity.NOTE
    if finding.severity is Severity.PASSED or (is_note and not finding.copy):
        return lines
    indent = " " * 9
    if finding.evidence and not is_note:
        lines.append(f"{indent}Details: {finding.evidence}")
    if finding.why and not is_note:
        lines.append(f"{indent}Why: {finding.why}")
    if finding.fix:
        lines.append(f"{indent}Fix: {finding.fix}")
    lines.extend(f"{indent}  {line}" for line in finding.copy.splitlines())
    if finding.repairs:
        lines.append(f"{indent}Or let esmigrate do it: esmigrate check PLAN --fix {finding.check}")
    return lines


def total_line(progress: Progress, now: float, *, is_live: bool = True) -> str:
    """Where the whole run stands, on one line; of one that no process holds, nothing is said that goes on."""
    if progress.is_of_changes:
        return ""
    parts = _amounts(progress)
    if progress.fraction is not None:
        parts.insert(0, f"{progress.fraction:4.0%}")
    if not is_live:
        pass
    elif progress.is_stopping:
        parts.append("stopping")
    elif progress.is_paused:
        parts.append("paused")
    elif progress.rate.per_second and progress.unit is Unit.BYTES:
        parts.append(f"{size(progress.rate.per_second)}/s")
    elif progress.rate.per_second:
        parts.append(f"{number(round(progress.rate.per_second))} documents/s")
    parts.append(progress.slower if is_live and not progress.is_stopping else "")
    eta = progress.eta()
    if eta is not None and is_live and not progress.is_paused and not progress.is_stopping:
        parts.append(f"about {duration(eta.likely)} more")
    held = progress.held
    if held and held[0].held_by is not None:
        many = progress.held_with(held[0].held_by)
        who = f"{number(many)} waiting" if many > 1 else "waiting"
        again = _next_try(progress, held[0].held_until, now) if is_live else ""
        parts.append(f"{who} ({held[0].held_by.what}{again})")
    parts.append(progress.awaiting(now) if is_live else "")
    parts += _compared(progress)
    if progress.refused:
        parts.append(f"{counted(progress.refused, 'document')} rejected")
    return "   ".join(part for part in parts if part)


def _next_try(progress: Progress, until: float | None, now: float) -> str:
    """When what waits is tried again; while the run is paused or stopping, nothing is."""
    if progress.is_paused or progress.is_stopping or until is None:
        return ""
    return f" Next try in {duration(until - now)}" if until > now else " Trying again now"


def _compared(progress: Progress) -> list[str]:
    """How far comparing every document is, over all indices that are at it."""
    reading = progress.comparing
    if not reading:
        return []
    what = "naming what differs" if all(task.is_naming for task in reading) else "comparing"
    return [f"{what}: {number(sum(task.read for task in reading))} of {number(sum(task.to_read for task in reading))}"]


def _amounts(progress: Progress) -> list[str]:
    if progress.unit is Unit.DOCUMENTS:
        if progress.expected is None:
            return [counted(progress.done, "document") if progress.done else ""]
        return [f"{number(progress.done)} of {number(progress.expected)}"]
    parts = [f"{size(progress.done)} of {size(progress.expected)}" if progress.expected is not None else ""]
    if wanted := sum(task.parts for task in progress.tasks):
        arrived = sum(task.parts_done for task in progress.tasks)
        parts.append(f"{number(arrived)} of {counted(wanted, 'shard')}")
    return parts


def _verified(event: TaskFinished, kind: RestoreKind) -> str:
    """By what a task that ended well was proved."""
    if kind is RestoreKind.GLOBAL_STATE:
        return "restored, by the server's own word"
    there, arrived = event.source_count, event.destination_count
    if event.shards is None:
        return f"{number(there or 0)} = {number(arrived or 0)}, verified{_each(event)}"
    shards = f"verified: all of {counted(event.shards.wanted, 'shard')}"
    if arrived is None:
        return shards
    documents = counted(arrived, "document") if there is None else f"{number(there)} = {counted(arrived, 'document')}"
    return f"{shards}, {documents}{_each(event)}"


def _each(event: TaskFinished) -> str:
    """What a comparison of the documents themselves has added to their number."""
    if event.compared is not None:
        return f", every document compared {event.compared.manner}"
    if event.samples is not None and event.samples.compared:
        return f", {counted(event.samples.compared, 'sample')} compared"
    return ""


def _ended(event: TaskFinished, progress: Progress) -> str:
    summary = progress.task(event.task).summary
    name = summary.source_index
    if event.outcome is TaskOutcome.VERIFIED:
        return f"ok  {name}: {_verified(event, summary.kind)}"
    why = event.problem.sentence() if event.problem else ""
    by_word = event.outcome is TaskOutcome.ACCEPTED
    return f"{'ok ' if by_word else 'x  '} {name}: {event.outcome}. {why}".rstrip()


def event_lines(event: Event, progress: Progress) -> list[str]:  # noqa: PLR0911  # one branch an event, side by side
    """What is worth a line of its own; `progress` is that after the event."""
    match event:
        case TaskFinished():
            return [_ended(event, progress)]
        case WaitBegan():
            return [f"!   {progress.task(event.task).summary.source_index} waits: {event.problem.sentence()}"]
        case Noted():
            name = f"{progress.task(event.task).summary.source_index}: " if event.task else ""
            return [f"-   {name}{event.text}"]
        case ResponseAwaited() if event.since is not None:
            return [f"!   waiting for a response of the {event.side}, which keeps the connection open"]
        case RunResumed():
            return ["-   resumed by a new process"]
        case ArrivalsAccepted():
            return ["-   ended by the user: what has arrived is enough"]
        case TaskAdvanced() if event.moved.note:
            mark = "!" if event.moved.is_odd else "-"
            return [f"{mark}   {progress.task(event.task).summary.source_index}: {event.moved.note}"]
        case CarriedOver():
            is_made = event.fate in {CarryOutcome.MADE, CarryOutcome.SAME}
            mark = "ok " if is_made else "x  " if event.fate.is_open else "-  "
            return [f"{mark} {event.label}: {event.words}"]
        case LedgerChanged() if event.entry.state is EntryState.NOT_UNDONE:
            return [f"x   could not be reverted: {event.entry.what} ({event.entry.trouble})"]
        case RunFinished() if event.problem is not None:
            return [f"x   {event.problem.sentence()}"]
        case _:
            return []


_OLD: Final = 60.0  # seconds, after which a line that is printed needs its time: it is no news


def _time_of(at: float, now: float) -> str:
    """When something happened, in the time of this machine, where that was a while ago; "" where it is news."""
    if now - at < _OLD:
        return ""
    is_today = now - at < 12 * 3_600
    return f"{clock(at) if is_today else moment(at)}  "


class LinePrinter:
    """Progress for people: a line that is drawn over on a terminal, a line every few seconds elsewhere.

    Only lines on a terminal too, where `in_lines` asks for no line that is drawn over.
    """

    def __init__(self, out: TextIO, *, in_lines: bool = False) -> None:
        self._out = out
        self._is_terminal = out.isatty() and not in_lines
        self._shown_at = 0.0
        self._last_wait = ""
        self._waits: list[Problem] = []
        """What was said to be waited for: of many tasks that wait for the same, the first is named."""

    def show(self, events: Iterable[Event], progress: Progress, now: float) -> None:
        """What is new; `progress` is that after all `events`."""
        lines = [
            f"{_time_of(event.at, now)}{line}"
            for event in events
            if not self._is_waited_for(event)
            for line in map(printable, event_lines(event, progress))
            if not self._is_repeated(line)
        ]
        self._waits = [problem for problem in self._waits if progress.held_with(problem)]
        if self._is_terminal:
            for line in lines:
                print(f"\r\x1b[K{line}", file=self._out)
            if not progress.is_finished:
                print(f"\r\x1b[K    {printable(total_line(progress, now))}", end="", file=self._out, flush=True)
            else:
                print("\r\x1b[K", end="", file=self._out, flush=True)
            return
        for line in lines:
            print(line, file=self._out)
        if now - self._shown_at >= _EVERY and not progress.is_finished:
            self._shown_at = now
            print(f"    {printable(total_line(progress, now))}", file=self._out)
        self._out.flush()

    def _is_waited_for(self, event: Event) -> bool:
        """Whether it says that one more task waits for what others wait for."""
        if not isinstance(event, WaitBegan):
            return False
        is_known = any(problem.is_like(event.problem) for problem in self._waits)
        if not is_known:
            self._waits.append(event.problem)
        return is_known

    def _is_repeated(self, line: str) -> bool:
        if not line.startswith("!"):
            return False
        again, self._last_wait = line == self._last_wait, line
        return again


class JsonPrinter:
    """One JSON object a line: every event as the journal has it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, events: Iterable[Event], progress: Progress, now: float) -> None:  # noqa: ARG002  # as LinePrinter
        """What is new."""
        for event in events:
            print(json_line(event), file=self._out)
        self._out.flush()
