"""Commands to runs that need no cluster: what is listed, what is refused, what is said before it is done."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from esmigrate_tui.cli.commands.resume import accepted_fingerprints
from esmigrate_tui.cli.exits import exit_code_of
from esmigrate_tui.cli.main import main
from esmigrate_tui.engine import lock
from esmigrate_tui.engine.folders import RunFolder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.flow.run_control import effect_of
from esmigrate_tui.model.command import Command, PauseRun, ResumeRun, SetPace, StopRun
from esmigrate_tui.model.connection import Connection, Endpoint, Side
from esmigrate_tui.model.event import (
    Acknowledged,
    Event,
    LedgerChanged,
    Noted,
    Paused,
    RunFinished,
    RunOutcome,
    RunStarted,
    TaskAdvanced,
    TaskStarted,
    TaskSummary,
    WaitBegan,
)
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, Problem, ProblemError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEW: Final = Connection(endpoint=Endpoint(scheme="http", host="127.0.0.1", port=9))


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


class Shell:
    """The commands, in a place with runs of its own."""

    def __init__(self, home: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capture = capture

    def do(self, *arguments: str) -> Said:
        self._capture.readouterr()
        err = io.StringIO()
        code = exit_code_of(lambda: main(list(arguments), standalone_mode=False, prog_name="esmigrate"), err)
        seen = self._capture.readouterr()
        return Said(code, seen.out, seen.err + err.getvalue())

    def has(self, name: str, plan: Plan, *events: Event) -> RunFolder:
        folder = RunFolder(self.home / name)
        folder.path.mkdir(parents=True)
        folder.plan.write_text(plan.to_toml())

        async def written() -> None:
            async with await Journal.create(folder.journal) as journal:
                await journal.append_all(events)

        asyncio.run(written())
        return folder

    def has_restore(self) -> RunFolder:
        """A restore in which logs is half there and orders has not begun."""
        summaries = tuple(
            TaskSummary(number=at, source_index=name, destination_index=f"new-{name}", size=100)
            for at, name in enumerate(("logs", "orders"), start=1)
        )
        tasks = tuple(
            Task(number=one.number, source_index=one.source_index, destination_index=one.destination_index)
            for one in summaries
        )
        return self.has(
            "RRRR",
            _plan(tasks),
            _started("RRRR", summaries),
            TaskStarted(at=1.0, task=1),
            TaskAdvanced(at=2.0, task=1, moved=Acknowledged(done=50, total=100, parts_done=1, parts=2)),
        )

    def has_changes(self, state: EntryState) -> RunFolder:
        entry = LedgerEntry(
            number=1,
            side=Side.DESTINATION,
            what="repository old was registered",
            made_by=Request(method="PUT", path="/_snapshot/old"),
            undo=Request(method="DELETE", path="/_snapshot/old"),
            state=state,
        )
        return self.has(
            "CCCC",
            _plan(()),
            _started("CCCC", ()),
            LedgerChanged(at=1.0, entry=entry),
            RunFinished(at=2.0, outcome=RunOutcome.CHANGED),
        )


def _plan(tasks: tuple[Task, ...]) -> Plan:
    return Plan(
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        made_at="2026-09-21T13:00:00Z",
        destination=NEW,
        destination_uuid="u",
        destination_version="8.19.3",
        tasks=tasks,
    )


def _started(name: str, summaries: tuple[TaskSummary, ...]) -> RunStarted:
    return RunStarted(
        at=0.0,
        run=name,
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        source="",
        destination="http://new:9200",
        tasks=summaries,
    )


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    for name in [name for name in os.environ if name.startswith("ESMIGRATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    return Shell(tmp_path / "runs", capsys)


@pytest.fixture
def living(shell: Shell) -> Iterator[RunFolder]:
    """A restore that a process holds."""
    folder = shell.has_restore()
    held = lock.hold(folder.lock)
    assert held is not None
    yield folder
    lock.release(held)


def commands_in(folder: RunFolder) -> int:
    async def counted() -> int:
        async with Journal.open(folder.journal) as journal:
            return len(await journal.commands())

    return asyncio.run(counted())


# -- changes before a run ----------------------------------------------------------------------------------------------


def test_changes_before_a_run_are_listed_in_words(shell: Shell) -> None:
    shell.has_changes(EntryState.MADE)
    said = shell.do("status")
    assert said.code == ExitCode.DONE
    assert said.out == "CCCC   1 change made before a run, not reverted   http://new:9200\n"


def test_a_run_that_a_full_disk_holds_says_so_in_the_list_and_by_itself(shell: Shell, living: RunFolder) -> None:
    async def say() -> None:
        async with await Journal.create(living.journal) as journal:
            await journal.report_problem(Problem(cause=Cause.DISK_FULL, what="The disk of this machine is full."))

    asyncio.run(say())
    for said in (shell.do("status"), shell.do("status", living.run)):
        assert said.code == ExitCode.DONE
        assert "t waits: The disk of this machine is full." in said.out
    assert "disk-full" in shell.do("status", "--json").out


def test_changes_that_were_put_back_are_still_known(shell: Shell) -> None:
    shell.has_changes(EntryState.UNDONE)
    assert "asked for before a run, nothing to revert" in shell.do("status").out


def test_each_change_before_a_run_is_told_with_what_became_of_it(shell: Shell) -> None:
    shell.has_changes(EntryState.MADE)
    assert shell.do("status", "CCCC").out.splitlines() == [
        "CCCC: 1 change made before a run, not reverted",
        "  made        destination: repository old was registered",
    ]


def test_changes_before_a_run_cannot_be_resumed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.has_changes(EntryState.MADE)
    monkeypatch.setenv("ESMIGRATE_DESTINATION_PASSWORD", "it is not even looked at")
    said = shell.do("resume", "CCCC")
    assert said.code == ExitCode.NOTHING
    assert "CCCC is not a run: it holds changes that were made before one." in said.err
    assert "esmigrate cleanup CCCC" in said.err


def test_the_report_of_changes_does_not_speak_of_documents(shell: Shell) -> None:
    shell.has_changes(EntryState.MADE)
    said = shell.do("report", "CCCC")
    assert said.code == ExitCode.DONE
    assert "This is no run" in said.out
    assert "esmigrate cleanup CCCC" in said.out
    assert "documents" not in said.out


def test_the_report_of_changes_names_each_that_is_meant_to_stay(shell: Shell) -> None:
    entry = LedgerEntry(
        number=1,
        side=Side.SOURCE,
        what="the snapshot s-1 of logs was taken into old",
        made_by=Request(method="PUT", path="/_snapshot/old/s-1"),
        undo=None,
        state=EntryState.MADE,
    )
    ended = RunFinished(at=2.0, outcome=RunOutcome.CHANGED)
    shell.has("U5U8", _plan(()), _started("U5U8", ()), LedgerChanged(at=1.0, entry=entry), ended)
    assert "the snapshot s-1 of logs was taken into old" in shell.do("report", "U5U8").out


def test_where_nothing_is_left_to_put_back_no_secret_and_no_cluster_is_needed(shell: Shell) -> None:
    shell.has_changes(EntryState.UNDONE)
    said = shell.do("cleanup", "CCCC")
    assert said.code == ExitCode.DONE
    assert said.out == "Nothing that run CCCC changed is left to revert.\n"


@pytest.mark.parametrize("command", [("stop",), ("pause",), ("pace", "100")])
def test_changes_before_a_run_take_no_command_and_cleanup_is_named(shell: Shell, command: tuple[str, ...]) -> None:
    shell.has_changes(EntryState.MADE)
    said = shell.do(command[0], "CCCC", *command[1:])
    assert said.code == ExitCode.USAGE
    assert "CCCC is not a run: it holds changes that were made before one" in said.err
    assert "esmigrate cleanup CCCC" in said.err
    assert "resume" not in said.err


# -- what a run leaves behind ------------------------------------------------------------------------------------------


def an_entry(state: EntryState) -> LedgerEntry:
    return LedgerEntry(
        number=1,
        side=Side.DESTINATION,
        what="replicas of logs were switched off",
        made_by=Request(method="PUT", path="/logs/_settings"),
        undo=Request(method="PUT", path="/logs/_settings"),
        state=state,
    )


def has_reindex(shell: Shell, *events: Event) -> RunFolder:
    """A remote reindex of which nothing but these events is known."""
    old = Connection(endpoint=Endpoint(scheme="http", host="old", port=9200))
    plan = msgspec.structs.replace(_plan(()), method=MethodName.REINDEX_FROM_REMOTE, source=old)
    summary = TaskSummary(number=1, source_index="logs", destination_index="logs")
    begun = msgspec.structs.replace(_started("NNNN", (summary,)), method=MethodName.REINDEX_FROM_REMOTE)
    return shell.has("NNNN", plan, begun, *events)


def test_a_run_whose_process_died_says_what_it_left_changed_and_what_puts_it_back(shell: Shell) -> None:
    has_reindex(shell, TaskStarted(at=1.0, task=1), LedgerChanged(at=1.0, entry=an_entry(EntryState.MADE)))
    said = shell.do("status", "NNNN").out
    assert "  not reverted  destination: replicas of logs were switched off\n" in said
    assert "esmigrate resume NNNN" in said
    assert "esmigrate cleanup NNNN" in said
    assert "1 change to revert" in shell.do("status").out


@pytest.mark.parametrize("command", [("stop",), ("pause",), ("pace", "100")])
def test_a_run_whose_process_died_takes_no_command_and_both_ways_on_are_named(
    shell: Shell, command: tuple[str, ...]
) -> None:
    has_reindex(shell, TaskStarted(at=1.0, task=1))
    said = shell.do(command[0], "NNNN", *command[1:])
    assert said.code == ExitCode.USAGE
    assert "The process of run NNNN has ended, so it takes no command." in said.err
    assert "esmigrate resume NNNN" in said.err
    assert "esmigrate cleanup NNNN" in said.err


def test_a_run_that_has_ended_is_not_told_to_stop(shell: Shell) -> None:
    has_reindex(shell, RunFinished(at=2.0, outcome=RunOutcome.VERIFIED))
    said = shell.do("stop", "NNNN")
    assert said.code == ExitCode.USAGE
    assert "The run NNNN has ended (verified), so it takes no command." in said.err
    assert "resume" not in said.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (PauseRun(), "Run NNNN is paused. `esmigrate resume NNNN` continues it."),
        (ResumeRun(), "Run NNNN continues."),
        (StopRun(), "Run NNNN is stopping. `esmigrate status NNNN` shows when it has ended."),
        (SetPace(requests_per_second=500.0), "Run NNNN now copies at most 500 documents a second for each index."),
        (SetPace(requests_per_second=0.0), "Run NNNN now copies without a limit."),
    ],
)
def test_a_command_that_was_taken_is_named_with_what_the_run_does(command: Command, said: str) -> None:
    assert effect_of("NNNN", command) == said
    assert "done" not in effect_of("NNNN", command)


def test_a_run_that_was_told_to_stop_and_has_not_ended_is_shown_as_stopping(shell: Shell) -> None:
    asked = Noted(at=2.0, text="the run is to be stopped")
    folder = has_reindex(shell, TaskStarted(at=1.0, task=1), asked)
    held = lock.hold(folder.lock)
    assert held is not None
    assert "stopping" in shell.do("status").out
    said = shell.do("status", "NNNN").out
    assert said.startswith("run NNNN: stopping")
    lock.release(held)
    assert "interrupted" in shell.do("status").out


def test_a_run_that_is_paused_while_it_waits_promises_no_next_try(shell: Shell) -> None:
    away = Problem(cause=Cause.CONNECTION, what="The source is unreachable.")
    waits = WaitBegan(at=2.0, task=1, problem=away, until=3.0, patience_ends=900.0)
    folder = has_reindex(shell, TaskStarted(at=1.0, task=1), waits, Paused(at=4.0))
    held = lock.hold(folder.lock)
    assert held is not None
    said = shell.do("status", "NNNN").out
    lock.release(held)
    assert "waiting (The source is unreachable.)" in said
    assert "Next try" not in said


def test_a_wait_that_is_over_is_being_tried_again_while_a_process_does_it(shell: Shell) -> None:
    away = Problem(cause=Cause.CONNECTION, what="The source is unreachable.")
    waits = WaitBegan(at=2.0, task=1, problem=away, until=3.0, patience_ends=9.0)
    folder = has_reindex(shell, TaskStarted(at=1.0, task=1), waits)
    held = lock.hold(folder.lock)
    assert held is not None
    assert "waiting (The source is unreachable. Trying again now)" in shell.do("status", "NNNN").out
    lock.release(held)
    assert "waiting (The source is unreachable.)" in shell.do("status", "NNNN").out


def test_a_run_whose_process_died_is_not_said_to_go_on_at_a_rate(shell: Shell) -> None:
    moved = [TaskAdvanced(at=at, task=1, moved=Acknowledged(done=int(at) * 100, total=9_000)) for at in (2.0, 3.0)]
    has_reindex(shell, TaskStarted(at=1.0, task=1), *moved)
    said = shell.do("status", "NNNN").out
    assert "300 of 9 000" in said or "300 of 9,000" in said
    assert "documents/s" not in said
    assert "more" not in said.splitlines()[0]


def test_a_run_that_left_nothing_changed_is_not_said_to_be_put_back(shell: Shell) -> None:
    entry = LedgerChanged(at=1.0, entry=an_entry(EntryState.UNDONE))
    has_reindex(shell, entry, RunFinished(at=2.0, outcome=RunOutcome.STOPPED))
    assert "cleanup" not in shell.do("status", "NNNN").out


def test_cleaning_up_says_what_only_a_person_can_put_back(shell: Shell) -> None:
    has_reindex(shell, RunFinished(at=2.0, outcome=RunOutcome.STOPPED))
    shell.has_changes(EntryState.MADE)
    said = shell.do("cleanup", "NNNN")
    assert said.code == ExitCode.DONE
    assert "Nothing that run NNNN changed is left to revert." in said.out
    assert "reindex.remote.whitelist" in said.out
    assert "GET /_nodes/settings?" in said.out
    assert "repository old was registered" not in said.out  # that is another cluster's: the addresses differ


def test_what_was_changed_before_a_run_on_its_cluster_is_named_at_its_end(shell: Shell) -> None:
    new = Connection(endpoint=Endpoint(scheme="http", host="new", port=9200))
    folder = has_reindex(shell, RunFinished(at=2.0, outcome=RunOutcome.STOPPED))
    plan = Plan.from_toml(folder.plan.read_text())
    folder.plan.write_text(msgspec.structs.replace(plan, destination=new).to_toml())
    shell.has_changes(EntryState.MADE)
    said = shell.do("cleanup", "NNNN").out
    assert "revert what was changed before the run: repository old was registered." in " ".join(said.split())
    assert "esmigrate cleanup CCCC" in said


# -- what a restore cannot do, and what it does when it is stopped -----------------------------------------------------


def test_stopping_a_restore_says_first_what_it_deletes_and_wants_a_yes(shell: Shell, living: RunFolder) -> None:
    said = shell.do("stop", living.run)
    assert said.code == ExitCode.USAGE
    assert (
        "ends a restore by deleting what is only partially restored: new-logs will be deleted on http://new:9200"
        in (said.out)
    )
    assert "--yes" in said.err
    assert commands_in(living) == 0


def test_on_a_terminal_it_is_asked_and_a_no_leaves_everything_as_it_is(living: RunFolder) -> None:
    ours, theirs = os.openpty()
    environ = os.environ | {"ESMIGRATE_STATE_DIR": str(living.path.parents[1])}
    command = [sys.executable, "-m", "esmigrate_tui", "stop", living.run]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ) as process:
        os.write(ours, b"n\n")
        code = process.wait(30)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    os.close(theirs)
    assert code == ExitCode.USAGE
    assert "Delete it, and continue?" in said
    assert "Nothing was done." in said
    assert commands_in(living) == 0


def test_skipping_what_is_partially_restored_wants_a_yes_too(shell: Shell, living: RunFolder) -> None:
    said = shell.do("skip", living.run, "logs")
    assert said.code == ExitCode.USAGE
    assert "new-logs will be deleted" in said.out
    assert commands_in(living) == 0


def test_what_the_run_does_not_have_cannot_be_skipped(shell: Shell, living: RunFolder) -> None:
    said = shell.do("skip", living.run, "elsewhere")
    assert said.code == ExitCode.NOTHING
    assert "has no index elsewhere" in said.err


def test_a_restore_cannot_be_paced_and_the_settings_that_can_are_named(shell: Shell, living: RunFolder) -> None:
    said = shell.do("pace", living.run, "100")
    assert said.code == ExitCode.USAGE
    assert "indices.recovery.max_bytes_per_sec" in said.err
    assert commands_in(living) == 0


def test_a_restore_that_nobody_performs_is_not_asked_about(shell: Shell) -> None:
    folder = shell.has_restore()
    said = shell.do("stop", folder.run)
    assert "The process of run RRRR has ended" in said.err
    assert "deleted" not in said.out


def test_a_run_that_waits_for_a_user_says_what_it_needs(shell: Shell) -> None:
    needed = Problem(cause=Cause.AUTHENTICATION, what="new:9200 refused the sign-in.", todo="Give the new one: …")
    folder = has_reindex(shell, RunFinished(at=9.0, outcome=RunOutcome.WAITING, problem=needed))
    assert "waiting" in shell.do("status").out
    assert "new:9200 refused the sign-in. Give the new one: …" in shell.do("status", folder.run).out


@pytest.mark.parametrize("given", ["ab" * 32, "both=" + "ab" * 32, "source=abc"])
def test_a_certificate_is_accepted_of_one_side_by_its_whole_fingerprint(given: str) -> None:
    with pytest.raises(ProblemError) as raised:
        accepted_fingerprints([given])
    assert raised.value.problem.cause is Cause.USAGE
    assert accepted_fingerprints([f"source={'AB:' * 31}AB"]) == {Side.SOURCE: "ab" * 32}
