"""What the report of a restore says: shards and bytes first, documents only where somebody could count them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from esmigrate_tui.model.connection import Connection, Endpoint, Side
from esmigrate_tui.model.event import (
    Acknowledged,
    Event,
    LedgerChanged,
    RestoredShards,
    RunFinished,
    RunOutcome,
    RunStarted,
    Samples,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    TaskSummary,
)
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.snapshot import Mount, Repository, RestoreKind, RestoreOptions
from esmigrate_tui.report import Report, as_json, as_lines, as_markdown, gather

START: Final = 1_790_000_000.0
MIB: Final = 1024 * 1024
OLD: Final = Connection(endpoint=Endpoint(scheme="http", host="old.example.org", port=9200))
NEW: Final = Connection(endpoint=Endpoint(scheme="https", host="new.example.org", port=9243))


def a_plan(*, source: bool = False, kinds: tuple[RestoreKind, ...] = (), **wishes: Any) -> Plan:  # noqa: ANN401  # as Restoration has them
    kinds = kinds or (RestoreKind.INDEX, RestoreKind.INDEX)
    names = ("orders", "logs")
    return Plan(
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        made_at="2026-09-21T13:00:00Z",
        source=OLD if source else None,
        destination=NEW,
        destination_uuid="abc",
        destination_version="8.19.3",
        restoration=RestoreOptions(
            repository=Repository(name="old-backups", type="fs", settings={"location": "/there"}),
            snapshot="nightly",
            **wishes,
        ),
        tasks=tuple(
            Task(number=at + 1, source_index=name, destination_index=name, size=10 * MIB, shards=5, kind=kind)
            for at, (name, kind) in enumerate(zip(names, kinds, strict=True))
        ),
    )


def a_progress(
    *ended: TaskFinished,
    outcome: RunOutcome = RunOutcome.VERIFIED,
    ledger: tuple[LedgerEntry, ...] = (),
) -> Progress:
    names = ("orders", "logs")
    events: list[Event] = [
        RunStarted(
            at=START,
            run="7K2P",
            method=MethodName.RESTORE_FROM_SNAPSHOT,
            source="",
            destination=NEW.endpoint.url,
            tasks=tuple(
                TaskSummary(number=at + 1, source_index=name, destination_index=name, size=10 * MIB)
                for at, name in enumerate(names)
            ),
        ),
        *(TaskStarted(at=START, task=number) for number in (1, 2)),
        *(
            TaskAdvanced(
                at=START + 5, task=number, moved=Acknowledged(done=5 * MIB, total=10 * MIB, parts_done=2, parts=5)
            )
            for number in (1, 2)
        ),
        *ended,
        *(LedgerChanged(at=START + 9, entry=entry) for entry in ledger),
        RunFinished(at=START + 10, outcome=outcome),
    ]
    progress = Progress()
    for event in events:
        progress = progress.after(event)
    return progress


def an_end(task: int, *, arrived: int = 5, source: int | None = None, samples: Samples | None = None) -> TaskFinished:
    """A restored index of 70 documents."""
    is_good = arrived == 5 and source in {None, 70} and not (samples and samples.different)
    return TaskFinished(
        at=START + 9,
        task=task,
        outcome=TaskOutcome.VERIFIED if is_good else TaskOutcome.DIFFERENT,
        source_count=source,
        destination_count=70,
        shards=RestoredShards(wanted=5, arrived=arrived, bytes=10 * MIB),
        samples=samples,
        problem=None if is_good else Problem(cause=Cause.STATE, what="It is otherwise."),
    )


def a_report(plan: Plan | None = None, progress: Progress | None = None) -> Report:
    return gather(plan or a_plan(), progress or a_progress(an_end(1), an_end(2)), now=START + 60)


def _things(report: Report) -> str:
    return "\n".join(f"{thing.what} {thing.copy}" for thing in report.to_do)


# -- how it was checked ------------------------------------------------------------------------------------------------


def test_without_the_source_the_shards_are_the_proof_and_documents_are_said_to_be_unknown() -> None:
    report = a_report()
    assert report.verdict == "Everything arrived, and it was checked."
    assert report.is_verified
    assert report.exit_code == ExitCode.DONE
    assert report.how_checked == (
        "Every shard of the snapshot arrived in 2 of 2 indices. How many documents there should be cannot be known "
        "without the source: a snapshot does not say."
    )


def test_with_the_source_documents_and_samples_are_told_too() -> None:
    same = Samples(compared=10)
    progress = a_progress(an_end(1, source=70, samples=same), an_end(2, source=70, samples=same))
    assert a_report(progress=progress).how_checked == (
        "Every shard of the snapshot arrived in 2 of 2 indices. Documents were counted on both sides in 2: equal in 2. "
        "20 sampled documents are equal on both sides, byte for byte."
    )


def test_where_the_source_lacks_some_indices_it_is_said_for_how_many_documents_were_counted() -> None:
    report = a_report(progress=a_progress(an_end(1, source=70), an_end(2)))
    assert "counted on both sides in 1: equal in 1. How many documents of the others there should be" in (
        report.how_checked
    )


def test_a_sample_that_differs_is_told_and_not_called_verified() -> None:
    samples = Samples(compared=10, different=("a",))
    report = a_report(progress=a_progress(an_end(1, source=70, samples=samples), an_end(2)))
    assert "1 of 10 sampled documents differs from the source." in report.how_checked
    assert report.indices[0].verified == "no: the source differs"
    assert not report.is_verified


def test_missing_shards_are_told_and_end_with_the_code_for_differences() -> None:
    progress = a_progress(an_end(1, arrived=4), an_end(2), outcome=RunOutcome.INCOMPLETE)
    report = a_report(progress=progress)
    assert report.indices[0].verified == "no: shards are missing"
    assert report.verdict == (
        "1 index is not as the snapshot, or the source, says; 1 of 2 indices is complete and checked."
    )
    assert "arrived in 1 of 2 indices" in report.how_checked
    assert report.exit_code == ExitCode.DIFFERENT


def test_a_restore_called_verified_without_any_proof_is_not_reported_as_verified() -> None:
    bare = TaskFinished(at=START + 9, task=1, outcome=TaskOutcome.VERIFIED, destination_count=70)
    report = a_report(progress=a_progress(bare, an_end(2)))
    assert report.indices[0].verified == "no: not checked"
    assert not report.is_verified


def test_what_is_no_index_is_not_called_one() -> None:
    plan = a_plan(kinds=(RestoreKind.INDEX, RestoreKind.FEATURE_STATE))
    assert "in 2 of 2 parts" in a_report(plan).how_checked


def test_of_the_global_state_there_is_nothing_but_the_server_s_word() -> None:
    plan = a_plan(kinds=(RestoreKind.INDEX, RestoreKind.GLOBAL_STATE))
    word = TaskFinished(at=START + 9, task=2, outcome=TaskOutcome.VERIFIED, shards=RestoredShards(wanted=1, arrived=1))
    report = a_report(plan, a_progress(an_end(1), word))
    assert report.is_verified
    assert "arrived in 1 of 1 index." in report.how_checked
    assert report.how_checked.endswith("That the global state is restored, the server itself says.")
    assert "| logs | logs | global state | – | – | – | – | yes | 9 s |" in as_markdown(report)


def test_a_stopped_restore_says_that_what_was_half_there_is_gone() -> None:
    stopped = TaskFinished(at=START + 9, task=2, outcome=TaskOutcome.STOPPED)
    report = a_report(progress=a_progress(an_end(1), stopped, outcome=RunOutcome.STOPPED))
    assert report.verdict == (
        "The run was stopped before the end; 1 of 2 indices is complete and checked. "
        "What was only partially restored was deleted."
    )


# -- what is left to do ------------------------------------------------------------------------------------------------


def test_after_a_restore_nobody_is_sent_to_a_whitelist() -> None:
    things = _things(a_report())
    assert "whitelist" not in things
    assert "GET /orders/_search?pretty" in things
    assert "POST /_ilm/start\nPOST /_slm/start" in things
    assert "Keep the snapshot nightly until you are satisfied" in things
    assert "https://new.example.org:9243" in things


def test_a_repository_that_the_run_leaves_registered_is_told_with_the_way_to_be_rid_of_it() -> None:
    assert "DELETE /_snapshot/old-backups" in _things(a_report(a_plan(register=True)))
    assert "DELETE" not in _things(a_report(a_plan(register=True, unregister=True)))
    assert "DELETE" not in _things(a_report(a_plan()))


def test_overridden_replicas_are_told_with_the_request_that_sets_them() -> None:
    things = _things(a_report(a_plan(index_settings={"index.number_of_replicas": 0})))
    assert "The replicas were overridden with 0" in things
    assert 'PUT /orders,logs/_settings\n{"index":{"number_of_replicas":1}}' in things


def test_settings_that_were_left_out_are_named() -> None:
    plan = a_plan(ignore_index_settings=("index.routing.allocation.require.box",))
    assert "settings: index.routing.allocation.require.box." in _things(a_report(plan))


def test_restored_feature_states_ask_for_kibana_to_be_started_again() -> None:
    plan = a_plan(kinds=(RestoreKind.INDEX, RestoreKind.FEATURE_STATE))
    assert "Kibana" not in _things(a_report(plan))
    tasks = (plan.tasks[0], msgspec.structs.replace(plan.tasks[1], source_index="kibana"))
    progress = a_progress(an_end(1), an_end(2))
    summary = msgspec.structs.replace(progress.tasks[1].summary, source_index="kibana")
    named = msgspec.structs.replace(
        progress, tasks=(progress.tasks[0], msgspec.structs.replace(progress.tasks[1], summary=summary))
    )
    assert "Restart Kibana" in _things(a_report(msgspec.structs.replace(plan, tasks=tasks), named))


def test_a_mounted_index_needs_its_repository_for_good() -> None:
    things = _things(a_report(a_plan(mount=Mount.FULL_COPY, register=True)))
    assert "for as long as the mounted indices live" in things
    assert "DELETE" not in things


def test_without_a_source_no_old_cluster_is_to_be_deleted() -> None:
    assert "old cluster" not in _things(a_report())
    assert "shut the source cluster down" in _things(a_report(a_plan(source=True)))


# -- three ways to tell it ---------------------------------------------------------------------------------------------


def test_the_markdown_has_bytes_shards_and_kinds() -> None:
    text = as_markdown(a_report(progress=a_progress(an_end(1, source=70), an_end(2))))
    assert "- Method: Restore from a snapshot" in text
    assert "- Snapshot: nightly in old-backups" in text
    assert "- Copied: 20.0 MiB of 20.0 MiB" in text
    assert "- On average: 2.0 MiB a second" in text
    assert "| orders | orders | index | 10.0 MiB | 5 of 5 | 70 | 70 | yes | 9 s |" in text
    assert "| logs | logs | index | 10.0 MiB | 5 of 5 | – | 70 | yes | 9 s |" in text
    assert not re.search(r"documents a second|refused", text)


def test_the_lines_have_bytes_and_shards() -> None:
    lines = as_lines(a_report(), 80, [Path("/runs/report.md")])
    assert lines[:3] == (
        "restored          size  shards  documents  verified",
        "orders        10.0 MiB     5/5         70  yes",
        "logs          10.0 MiB     5/5         70  yes",
    )
    assert "20.0 MiB of 20.0 MiB in 10 s, 2.0 MiB a second. Every shard of the snapshot" in lines
    assert "documents a second" not in "\n".join(lines)


def test_the_json_can_be_read_back_and_says_in_what_it_counts() -> None:
    report = a_report()
    assert msgspec.json.decode(as_json(report), type=Report) == report
    assert '"unit": "bytes"' in as_json(report)


# -- changes before a run ----------------------------------------------------------------------------------------------


def changes(state: EntryState, problem: Problem | None = None, *, ended: bool = True) -> Progress:
    entry = LedgerEntry(
        number=1,
        side=Side.DESTINATION,
        what="repository old-backups was registered",
        made_by=Request(method="PUT", path="/_snapshot/old-backups"),
        undo=Request(method="DELETE", path="/_snapshot/old-backups"),
        state=state,
    )
    events: list[Event] = [
        RunStarted(at=START, run="7K2P", method=MethodName.RESTORE_FROM_SNAPSHOT, source="", destination="", tasks=()),
        LedgerChanged(at=START, entry=entry),
    ]
    if ended:
        events.append(RunFinished(at=START, outcome=RunOutcome.CHANGED, problem=problem))
    progress = Progress()
    for event in events:
        progress = progress.after(event)
    return progress


def test_changes_before_a_run_are_not_told_as_a_run() -> None:
    report = a_report(progress=changes(EntryState.MADE))
    assert report.verdict == (
        "This is no run: changes were made before one, and nothing was copied. 1 change is still to be reverted."
    )
    assert [thing.copy for thing in report.to_do] == ["esmigrate cleanup 7K2P"]
    assert not report.is_verified
    assert "documents" not in as_markdown(report).lower()
    assert "in 0 s" not in "\n".join(as_lines(report, 80))


def test_a_change_that_was_cut_short_is_still_to_be_put_back() -> None:
    report = a_report(progress=changes(EntryState.INTENDED, ended=False))
    assert [thing.copy for thing in report.to_do] == ["esmigrate cleanup 7K2P"]


def test_a_change_that_was_refused_says_why_and_leaves_nothing_to_do() -> None:
    refused = Problem(cause=Cause.REFUSED, what="The path is outside of path.repo.")
    report = a_report(progress=changes(EntryState.UNDONE, refused))
    assert report.verdict.endswith("The last one failed: The path is outside of path.repo.")
    assert report.to_do == ()
