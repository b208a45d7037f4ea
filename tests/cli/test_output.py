"""What a run without a wizard prints, line by line: of a restore in bytes and shards."""

from __future__ import annotations

import io
import re
from typing import Final

import msgspec

from esmigrate_tui.cli.output import LinePrinter, event_lines, finding_lines, total_line
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.difference import IndexComparison
from esmigrate_tui.model.event import (
    Acknowledged,
    ArrivalsAccepted,
    ConcurrencyChanged,
    Event,
    Noted,
    Paused,
    RestoredShards,
    RunFinished,
    RunOutcome,
    RunResumed,
    RunStarted,
    Samples,
    SlowReason,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    TaskSummary,
    Verifying,
    WaitBegan,
    WaitEnded,
)
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.ledger import PlannedChange, Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.snapshot import RestoreKind

GIB: Final = 1024**3
MIB: Final = 1024**2


def folded(*events: Event, method: MethodName = MethodName.RESTORE_FROM_SNAPSHOT) -> Progress:
    """A run of one task of 3 GiB or 1 000 documents, after these events."""
    summary = TaskSummary(number=1, source_index="logs", destination_index="logs", documents=1_000, size=3 * GIB)
    begun = RunStarted(at=0.0, run="7K2P", method=method, source="", destination="http://new:9200", tasks=(summary,))
    progress = Progress()
    for event in (begun, TaskStarted(at=0.0, task=1), *events):
        progress = progress.after(event)
    return progress


def test_a_restore_is_told_in_bytes_and_shards() -> None:
    progress = folded(
        TaskAdvanced(at=0.0, task=1, moved=Acknowledged(done=0, total=3 * GIB, parts=5)),
        TaskAdvanced(at=30.0, task=1, moved=Acknowledged(done=GIB + GIB // 5, total=3 * GIB, parts_done=2, parts=5)),
    )
    assert total_line(progress, 30.0) == " 40%   1.2 GiB of 3.0 GiB   2 of 5 shards   41.0 MiB/s   about 45 s more"


def test_a_copy_of_documents_is_told_in_documents() -> None:
    progress = folded(
        TaskAdvanced(at=0.0, task=1, moved=Acknowledged(done=0, total=1_000)),
        TaskAdvanced(at=10.0, task=1, moved=Acknowledged(done=400, total=1_000)),
        method=MethodName.REINDEX_FROM_REMOTE,
    )
    assert total_line(progress, 10.0) == " 40%   400 of 1 000   40 documents/s   about 15 s more"


def finished(source: int | None, destination: int | None, shards: RestoredShards | None) -> list[str]:
    event = TaskFinished(
        at=1.0,
        task=1,
        outcome=TaskOutcome.VERIFIED,
        source_count=source,
        destination_count=destination,
        shards=shards,
    )
    return event_lines(event, folded(event))


def test_a_restored_index_without_a_source_is_told_by_its_shards_and_what_it_holds() -> None:
    assert finished(None, 2_101_443, RestoredShards(wanted=5, arrived=5, bytes=1)) == [
        "ok  logs: verified: all of 5 shards, 2 101 443 documents"
    ]


def test_a_restored_index_whose_source_was_counted_is_told_with_both_counts() -> None:
    assert finished(70, 70, RestoredShards(wanted=1, arrived=1, bytes=1)) == [
        "ok  logs: verified: all of 1 shard, 70 = 70 documents"
    ]


def test_how_far_comparing_every_document_is_stands_on_the_line() -> None:
    progress = folded(
        TaskAdvanced(at=0.0, task=1, moved=Acknowledged(done=1_000, total=1_000)),
        Verifying(at=50.0, task=1, read=1_200, total=2_000),
        method=MethodName.COPY_THROUGH_HERE,
    )
    assert total_line(progress, 50.0) == "100%   1 000 of 1 000   comparing: 1 200 of 2 000"
    naming = progress.after(Verifying(at=51.0, task=1, read=10, total=2_000, is_naming=True))
    assert total_line(naming, 51.0).endswith("naming what differs: 10 of 2 000")


def test_what_was_compared_is_told_with_the_counts() -> None:
    event = TaskFinished(
        at=1.0,
        task=1,
        outcome=TaskOutcome.VERIFIED,
        source_count=70,
        destination_count=70,
        compared=IndexComparison(source_count=70, destination_count=70, by_value=True),
    )
    assert event_lines(event, folded(event)) == ["ok  logs: 70 = 70, verified, every document compared by value"]
    some = msgspec.structs.replace(event, compared=None, samples=Samples(compared=20))
    assert event_lines(some, folded(some)) == ["ok  logs: 70 = 70, verified, 20 samples compared"]


def test_what_holds_no_documents_is_told_by_its_shards_alone() -> None:
    assert finished(None, None, RestoredShards(wanted=1, arrived=1)) == ["ok  logs: verified: all of 1 shard"]


def test_of_the_global_state_the_server_s_word_is_told() -> None:
    event = TaskFinished(at=1.0, task=1, outcome=TaskOutcome.VERIFIED, shards=RestoredShards(wanted=1, arrived=1))
    progress = folded(event)
    (task,) = progress.tasks
    summary = msgspec.structs.replace(task.summary, source_index="global state", kind=RestoreKind.GLOBAL_STATE)
    known = msgspec.structs.replace(progress, tasks=(msgspec.structs.replace(task, summary=summary),))
    assert event_lines(event, known) == ["ok  global state: restored, by the server's own word"]


def test_a_copied_index_is_told_with_both_counts() -> None:
    assert finished(70, 70, None) == ["ok  logs: 70 = 70, verified"]


def test_each_note_is_told_as_it_is_though_more_has_happened_since() -> None:
    events = (
        Noted(at=1.0, task=1, text="is to be left out"),
        ArrivalsAccepted(at=2.0),
        Noted(at=3.0, text="the run is to be stopped"),
    )
    progress = folded(*events)
    assert [line for event in events for line in event_lines(event, progress)] == [
        "-   logs: is to be left out",
        "-   ended by the user: what has arrived is enough",
        "-   the run is to be stopped",
    ]


def test_of_many_that_wait_for_the_same_the_first_is_printed_and_they_are_counted() -> None:
    progress, out = Progress(), io.StringIO()
    tasks = tuple(TaskSummary(number=n, source_index=f"i{n}", destination_index=f"i{n}") for n in range(1, 31))
    method = MethodName.COPY_THROUGH_HERE
    begun = RunStarted(at=0.0, run="7K2P", method=method, source="", destination="http://new:9200", tasks=tasks)
    printer, progress = LinePrinter(out), progress.after(begun)

    def waits(at: float, words: str) -> list[Event]:
        problems = [
            Problem(cause=Cause.BUSY, what=words.format(task.source_index), why="It gave some back.", todo="Wait.")
            for task in tasks
        ]
        return [
            WaitBegan(at=at, task=task.number, problem=problem, until=at + 9, patience_ends=99.0)
            for task, problem in zip(tasks, problems, strict=True)
        ]

    for at in (1.0, 2.0, 3.0):
        events = waits(at, "It is too busy to write to {}.")
        progress = progress.after_all(events)
        printer.show(events, progress, at)
    lines = [line for line in out.getvalue().splitlines() if line.startswith("!")]
    assert lines == ["!   i1 waits: It is too busy to write to i1. It gave some back. Wait."]
    assert "30 waiting (It is too busy to write to i1. Next try in 9 s)" in total_line(progress, 3.0)
    assert [one.text for one in progress.notable] == ["i1 waits: It is too busy to write to i1."]

    ended: list[Event] = [WaitEnded(at=4.0, task=task.number) for task in tasks]
    progress = progress.after_all(ended)
    printer.show(ended, progress, 4.0)
    again = waits(5.0, "It is too busy for {}.")
    printer.show(again, progress.after_all(again), 5.0)
    assert len([line for line in out.getvalue().splitlines() if line.startswith("!")]) == 2


def test_why_it_is_slower_stands_on_the_line_while_it_is() -> None:
    slowed = ConcurrencyChanged(at=1.0, limit=2, reason=SlowReason.DESTINATION)
    assert "slower: destination is busy" in total_line(folded(slowed), 1.0)
    assert "slower" not in total_line(folded(slowed), 1.0, is_live=False)
    assert "slower" not in total_line(folded(slowed, Paused(at=2.0)), 2.0)
    assert "slower" not in total_line(folded(slowed, RunResumed(at=2.0)), 2.0)
    assert "slower" not in total_line(folded(slowed, ConcurrencyChanged(at=2.0, limit=4)), 2.0)
    assert event_lines(slowed, folded(slowed)) == []


def test_what_ended_by_a_persons_word_is_told_as_good_but_not_as_verified() -> None:
    trouble = Problem(cause=Cause.STATE, what="7 documents arrived.")
    event = TaskFinished(at=1.0, task=1, outcome=TaskOutcome.ACCEPTED, destination_count=7, problem=trouble)
    assert event_lines(event, folded(event)) == ["ok  logs: accepted. 7 documents arrived."]


def test_what_a_note_gives_to_type_is_shown_and_its_reasons_are_not() -> None:
    note = Finding(check="c", severity=Severity.NOTE, title="T", why="Because", fix="Type:", copy="GET _x")
    assert finding_lines(note) == ["- note   T  [c]", "         Fix: Type:", "           GET _x"]
    assert finding_lines(msgspec.structs.replace(note, copy="")) == ["- note   T  [c]"]


def test_a_fix_that_can_be_carried_out_is_offered_by_its_command() -> None:
    change = PlannedChange(side=Side.SOURCE, what="it is opened", made_by=Request(method="POST", path="/x/_open"))
    found = Finding(check="readable", severity=Severity.BLOCKER, title="T", repairs=(change,))
    assert finding_lines(found)[-1] == "         Or let esmigrate do it: esmigrate check PLAN --fix readable"


def test_what_happened_a_while_ago_is_printed_with_its_time_and_news_without() -> None:
    refused = Problem(cause=Cause.AUTHENTICATION, what="old:9200 refused user elastic.", todo="Give the new one.")
    now = 2_000_000_000.0
    events: list[Event] = [
        RunFinished(at=now - 600, outcome=RunOutcome.WAITING, problem=refused),
        RunResumed(at=now - 1),
    ]
    out = io.StringIO()
    LinePrinter(out).show(events, Progress(is_paused=True), now)
    old, new = out.getvalue().splitlines()[:2]
    assert re.fullmatch(r"\d\d:\d\d:\d\d  x   old:9200 refused user elastic. Give the new one.", old)
    assert new == "-   resumed by a new process"
