"""Performing a plan with a method in memory: order, waiting, proof, commands, endings, and being taken up again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.cli.output import total_line
from esmigrate_tui.engine import lock
from esmigrate_tui.engine.folders import RunFolder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.listing import summary
from esmigrate_tui.engine.problem_file import PROBLEM_FILE, writing_problem
from esmigrate_tui.engine.run import perform
from esmigrate_tui.model.command import Command, PauseRun, ResumeRun, SetPace, SkipTask, StopRun
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import (
    Continued,
    Event,
    LedgerChanged,
    Noted,
    PaceChanged,
    Paused,
    ResponseAwaited,
    RunFinished,
    RunOutcome,
    RunResumed,
    RunStarted,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    VerificationStarted,
    WaitBegan,
    WaitEnded,
)
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode, exit_code
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.progress import Progress, TaskState
from tests.engine.tiny import BACK, TUNED, Fast, Notepad, Tiny, plan_of, trouble

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.contract import Recorder, Work
    from esmigrate_tui.model.event import Reject
    from esmigrate_tui.model.plan import Plan


class Bench:
    """A run on the bench: its journal, its method, its cluster and its time."""

    def __init__(self, folder: Path, plan: Plan, *, tunes: bool = False) -> None:
        self.path, self.plan = folder / "journal", plan
        self.tiny, self.cluster, self.fast = Tiny(plan, tunes=tunes), Notepad(), Fast()
        self.ending = asyncio.Event()
        self.outcome: RunOutcome | None = None
        self.events: list[Event] = []
        self.progress = Progress()
        self.rejects: tuple[Reject, ...] = ()

    async def run(self, *, journal_class: type[Journal] = Journal) -> Bench:
        journal = await journal_class.create(self.path)
        async with journal:
            try:
                self.outcome = await perform(
                    self.plan,
                    self.cluster.as_clusters(),
                    journal,
                    {MethodName.REINDEX_FROM_REMOTE: self.tiny},
                    clock=self.fast.clock,
                    sleep=self.fast.sleep,
                    run_id="7K2P",
                    random=lambda: 0.5,
                    ending=self.ending,
                )
            finally:
                await self.read()
        return self

    async def read(self) -> None:
        async with Journal.open(self.path) as journal:
            self.events = [event for _, event in await journal.read(limit=100_000)]
            self.progress, self.rejects = await journal.progress(), await journal.rejects()

    async def tell(self, command: Command) -> None:
        async with Journal.open(self.path) as journal:
            number = await journal.command(command)
            while await journal.answer(number) is None:  # noqa: ASYNC110  # another process says it, through a file
                await asyncio.sleep(0.005)

    async def until(self, kind: type[Any], task: int = 0) -> None:
        """Wait until such an event has been journalled."""
        async with Journal.open(self.path) as journal:
            while not any(  # noqa: ASYNC110  # the same
                isinstance(event, kind) and task in {0, getattr(event, "task", 0)}
                for _, event in await journal.read(limit=100_000)
            ):
                await asyncio.sleep(0.005)

    def of(self, *kinds: type[Any], task: int = 0) -> list[Any]:
        return [
            event for event in self.events if isinstance(event, kinds) and task in {0, getattr(event, "task", task)}
        ]

    def state(self, task: int) -> TaskState:
        return self.progress.task(task).state

    def called(self, name: str) -> list[int]:
        return [call[1] for call in self.tiny.calls if call[0] == name]


# -- order -------------------------------------------------------------------------------------------------------------


async def test_a_run_tells_its_story_in_order(tmp_path: Path) -> None:
    bench = await Bench(tmp_path, plan_of(20)).run()
    assert [type(event) for event in bench.events] == [
        RunStarted,
        TaskStarted,
        TaskAdvanced,
        TaskAdvanced,
        VerificationStarted,
        TaskFinished,
        RunFinished,
    ]
    assert bench.outcome is RunOutcome.VERIFIED
    assert bench.progress.exit_code() is ExitCode.DONE


async def test_a_task_is_prepared_moved_and_compared_in_this_order(tmp_path: Path) -> None:
    bench = await Bench(tmp_path, plan_of(20)).run()
    assert [call[0] for call in bench.tiny.calls] == ["prepare", "perform", "compare"]


async def test_what_all_tasks_share_is_made_before_the_first_and_put_back_at_the_end_of_the_run(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, plan_of(20, 20))
    bench.tiny.opening = (TUNED, BACK)
    await bench.run()
    assert bench.cluster.sent == [TUNED, BACK]
    assert [entry.task for entry in bench.progress.ledger] == [0]
    assert bench.progress.ledger[0].state is EntryState.UNDONE
    assert isinstance(bench.events[1], LedgerChanged)


async def test_what_all_tasks_share_is_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(20))
    bench.tiny.opening = (TUNED, None)
    bench.cluster.troubles[TUNED] = [trouble(Cause.CONNECTION), trouble(Cause.BUSY)]
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert len(bench.cluster.sent) == 3


async def test_a_run_whose_tasks_cannot_share_what_they_need_ends_before_the_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(20, 20))
    bench.tiny.opening = (TUNED, None)
    bench.cluster.troubles[TUNED] = [trouble(Cause.UNSUPPORTED, "There is no such type.")]
    await bench.run()
    assert bench.outcome is RunOutcome.FAILED
    assert not bench.called("prepare")
    assert {bench.state(1), bench.state(2)} == {TaskState.FAILED}
    assert bench.progress.problem is not None
    assert bench.progress.problem.what == "There is no such type."


async def test_tasks_begin_in_the_order_of_the_plan(tmp_path: Path) -> None:
    bench = await Bench(tmp_path, plan_of(30, 10, 20, at_once=1)).run()
    assert [event.task for event in bench.of(TaskStarted)] == [1, 2, 3]


async def test_no_more_tasks_go_on_at_once_than_the_plan_says(tmp_path: Path) -> None:
    bench = await Bench(tmp_path, plan_of(*[30] * 7, at_once=3)).run()
    assert bench.tiny.most_at_once == 3
    assert bench.outcome is RunOutcome.VERIFIED


async def test_work_that_ends_here_never_waits_for_time_to_pass(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30, 20, 0, at_once=1), tunes=True)

    async def never(seconds: float, /) -> None:
        await (asyncio.Event().wait() if seconds else asyncio.sleep(0))

    bench.fast.sleep = never  # type: ignore[method-assign]  # no time passes at all
    for number in (1, 2, 3):
        bench.tiny.ended[number].set()
    await asyncio.wait_for(bench.run(), 30)
    assert bench.outcome is RunOutcome.VERIFIED


async def test_a_paused_run_asks_for_nothing_though_its_work_has_ended(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(5_000))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(PauseRun())
    while not bench.called("pause"):
        await bench.fast.sleep(1.0)
    arrived = bench.tiny.arrived[1]
    bench.tiny.ended[1].set()
    for _ in range(50):
        await bench.fast.sleep(0.5)
    assert bench.tiny.arrived[1] == arrived
    await bench.tell(ResumeRun())
    await running
    assert bench.outcome is RunOutcome.VERIFIED


async def test_an_index_without_documents_is_verified(tmp_path: Path) -> None:
    bench = await Bench(tmp_path, plan_of(0)).run()
    assert bench.state(1) is TaskState.VERIFIED
    assert bench.progress.fraction == 1.0


async def test_replicas_and_refresh_are_put_back_after_moving_and_before_comparing(tmp_path: Path) -> None:
    bench = await Bench(tmp_path, plan_of(10), tunes=True).run()
    story = [type(event) for event in bench.events if isinstance(event, LedgerChanged | TaskAdvanced | TaskFinished)]
    assert story == [LedgerChanged, LedgerChanged, TaskAdvanced, LedgerChanged, TaskFinished]
    assert bench.of(LedgerChanged)[-1].entry.state is EntryState.UNDONE
    assert bench.of(LedgerChanged)[-1].entry.task == 1
    assert len(bench.cluster.sent) == 2
    assert bench.events.index(bench.of(VerificationStarted)[0]) > bench.events.index(bench.of(LedgerChanged)[-1])


async def test_the_pace_of_the_plan_is_told(tmp_path: Path) -> None:
    bench = await Bench(tmp_path, plan_of(10, requests_per_second=500.0)).run()
    assert [event.requests_per_second for event in bench.of(PaceChanged)] == [500.0]


async def test_a_method_that_this_program_lacks_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10))
    async with await Journal.create(bench.path) as journal:
        outcome = await perform(
            bench.plan,
            bench.cluster.as_clusters(),
            journal,
            {},
            clock=bench.fast.clock,
            sleep=bench.fast.sleep,
            run_id="7K2P",
            random=lambda: 0.5,
        )
        progress = await journal.progress()
    assert outcome is RunOutcome.FAILED
    assert progress.problem is not None
    assert "cannot perform the method reindex-from-remote" in progress.problem.what
    assert progress.task(1).state is TaskState.FAILED


# -- proof -------------------------------------------------------------------------------------------------------------


async def test_refused_documents_are_set_aside_and_kept_with_their_reasons(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(20))
    bench.tiny.refused[1] = 3
    await bench.run()
    assert bench.state(1) is TaskState.WITH_REJECTS
    assert bench.outcome is RunOutcome.INCOMPLETE
    assert [reject.id for reject in bench.rejects] == ["0", "1", "2"]
    assert (tmp_path / "rejects.ndjson").read_bytes().count(b"\n") == 3
    assert all(event.moved.rejects == () for event in bench.of(TaskAdvanced))


async def test_a_document_that_was_lost_on_the_way_is_a_difference(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(20))
    bench.tiny.lost[1] = 1
    await bench.run()
    assert bench.state(1) is TaskState.DIFFERENT
    (finished,) = bench.of(TaskFinished)
    assert (finished.source_count, finished.destination_count) == (20, 19)
    assert bench.progress.exit_code() is ExitCode.DIFFERENT


# -- problems ----------------------------------------------------------------------------------------------------------


async def test_a_task_that_fails_does_not_keep_the_others_from_going_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(20, 20, 20, at_once=1))
    bench.tiny.troubles[1, 10] = [trouble(Cause.REFUSED, "The mapping does not fit.")]
    await bench.run()
    assert [bench.state(task) for task in (1, 2, 3)] == [TaskState.FAILED, TaskState.VERIFIED, TaskState.VERIFIED]
    assert bench.outcome is RunOutcome.INCOMPLETE
    problem = bench.progress.task(1).problem
    assert problem is not None
    assert problem.what == "The mapping does not fit. new-1 has 10 of 20 documents, 10 are missing."


async def test_a_broken_line_is_waited_for_and_the_work_goes_on_from_the_last_token(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30))
    bench.tiny.troubles[1, 20] = [trouble(Cause.CONNECTION)] * 3
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert [call[2] for call in bench.tiny.calls if call[0] == "perform"] == ["", "20", "20", "20"]
    waits = bench.of(WaitBegan)
    assert [round(wait.until - wait.at, 1) for wait in waits] == [0.9, 1.8, 3.5]
    assert len({wait.patience_ends for wait in waits}) == 1
    assert len(bench.of(WaitEnded)) == 1
    assert bench.called("prepare") == [1]


async def test_what_does_not_pass_is_given_up_when_the_patience_of_the_plan_is_over(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30, 10, patience=20), tunes=True)
    bench.tiny.troubles[1, 20] = [trouble(Cause.DISK_FULL, "The disk is full.")] * 1_000
    await bench.run()
    assert bench.state(1) is TaskState.FAILED
    assert bench.state(2) is TaskState.VERIFIED
    (finished,) = bench.of(TaskFinished, task=1)
    assert (finished.source_count, finished.destination_count) == (30, 20)
    assert "new-1 has 20 of 30 documents, 10 are missing." in finished.problem.what
    assert "as long as the plan waits" in finished.problem.why
    assert bench.progress.open_ledger == ()
    assert bench.called("stop") == [1]


async def test_an_index_that_a_node_does_not_know_yet_when_it_comes_back_is_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30))
    bench.tiny.troubles[1, 10] = [trouble(Cause.CONNECTION), trouble(Cause.MISSING, "There is no such index.")]
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert [event.problem.cause for event in bench.of(WaitBegan)] == [Cause.CONNECTION, Cause.MISSING]


async def test_a_node_that_was_away_for_long_is_given_time_to_find_its_indices_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30, patience=3_600))
    missing = trouble(Cause.MISSING, "There is no such index.")
    bench.tiny.troubles[1, 10] = [*[trouble(Cause.CONNECTION)] * 9, missing, missing, missing]
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    waits = bench.of(WaitBegan)
    assert waits[-1].until - waits[-1].at > 20


async def test_an_index_that_is_missing_while_nothing_was_away_is_not_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30))
    bench.tiny.troubles[1, 10] = [trouble(Cause.MISSING, "There is no such index.")]
    await bench.run()
    assert bench.state(1) is TaskState.FAILED
    assert not bench.of(WaitBegan)


async def test_patience_begins_anew_after_progress(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(100, patience=15))
    for done in range(0, 100, 10):
        bench.tiny.troubles[1, done] = [trouble(Cause.CONNECTION)] * 3
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert bench.of(WaitBegan)[-1].at - bench.of(WaitBegan)[0].at > 15


async def test_preparing_and_comparing_are_waited_for_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10), tunes=True)
    bench.tiny.preparing[1] = [trouble(Cause.CONNECTION)]
    bench.tiny.comparing[1] = [trouble(Cause.BUSY)]
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert [event.problem.cause for event in bench.of(WaitBegan)] == [Cause.CONNECTION, Cause.BUSY]
    assert len({event.entry.number for event in bench.of(LedgerChanged)}) == 1


async def test_a_vanished_task_whose_counts_agree_is_verified_and_says_that_its_result_was_never_seen(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, plan_of(20))
    bench.tiny.arrived[1] = 20
    bench.tiny.troubles[1, 0] = [trouble(Cause.UNKNOWN_OUTCOME, "The outcome is unknown.")]
    await bench.run()
    assert bench.state(1) is TaskState.VERIFIED
    assert [event.text for event in bench.of(Noted)] == [
        "The outcome is unknown.",
        "the result of its copy was never seen; both sides have been counted instead",
    ]
    assert bench.called("perform") == [1]


async def test_a_vanished_task_whose_counts_differ_is_performed_again_from_its_token(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30))
    bench.tiny.troubles[1, 20] = [trouble(Cause.UNKNOWN_OUTCOME)]
    await bench.run()
    assert bench.state(1) is TaskState.VERIFIED
    assert [call[2] for call in bench.tiny.calls if call[0] == "perform"] == ["", "20"]
    assert bench.called("compare") == [1, 1]


async def test_a_task_that_vanishes_again_and_again_is_given_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30, patience=10))
    bench.tiny.troubles[1, 20] = [trouble(Cause.UNKNOWN_OUTCOME)] * 1_000
    await bench.run()
    assert bench.state(1) is TaskState.FAILED


async def test_a_wrong_password_for_every_task_ends_the_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(*[10] * 20, at_once=2))
    for task in range(1, 21):
        bench.tiny.troubles[task, 0] = [trouble(Cause.AUTHENTICATION, "The password is wrong.")]
    await bench.run()
    assert bench.outcome is RunOutcome.FAILED
    assert bench.progress.problem is not None
    assert bench.progress.problem.cause is Cause.AUTHENTICATION
    assert {row.state for row in bench.progress.tasks} == {TaskState.FAILED}
    assert len(bench.called("perform")) <= 3


async def test_being_turned_away_once_in_between_does_not_end_the_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10, 10, 10, 10, at_once=1))
    bench.tiny.troubles[1, 0] = [trouble(Cause.AUTHENTICATION)]
    bench.tiny.troubles[3, 0] = [trouble(Cause.AUTHENTICATION)]
    await bench.run()
    assert bench.outcome is RunOutcome.INCOMPLETE
    assert [bench.state(task) for task in (2, 4)] == [TaskState.VERIFIED] * 2


async def test_a_fault_of_our_own_in_one_task_is_told_and_the_others_go_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(tmp_path, plan_of(10, 10))
    inner = bench.tiny.prepare

    async def stumble(work: Work, clusters: Clusters, recorder: Recorder) -> None:
        if work.task.number == 1:
            raise ZeroDivisionError
        await inner(work, clusters, recorder)

    bench.tiny.prepare = stumble  # type: ignore[method-assign]  # a fault injected
    await bench.run()
    assert [bench.state(1), bench.state(2)] == [TaskState.FAILED, TaskState.VERIFIED]
    problem = bench.progress.task(1).problem
    assert problem is not None
    assert problem.cause is Cause.INTERNAL
    assert "ZeroDivisionError" in capfd.readouterr().err


async def test_what_cannot_be_put_back_stays_on_the_list_of_a_verified_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10), tunes=True)
    back = type(BACK)(method="PUT", path="/new-1/_settings", body=BACK.body)
    bench.cluster.troubles[back] = [trouble(Cause.PRIVILEGES, "The user may not change settings.")] * 5
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    (left,) = bench.progress.open_ledger
    assert left.trouble == "The user may not change settings."


async def test_putting_back_is_tried_again_while_the_cluster_is_away(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(10), tunes=True)
    back = type(BACK)(method="PUT", path="/new-1/_settings", body=BACK.body)
    bench.cluster.troubles[back] = [trouble(Cause.CONNECTION)] * 3
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert bench.progress.open_ledger == ()


# -- commands ----------------------------------------------------------------------------------------------------------


async def test_a_pause_holds_the_work_until_it_is_resumed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(1_000, 10, at_once=1))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(PauseRun())
    await asyncio.sleep(0.3)
    held = bench.tiny.arrived[1]
    await asyncio.sleep(0.1)
    assert bench.tiny.arrived[1] == held
    await bench.read()
    assert bench.progress.is_paused
    await bench.tell(ResumeRun())
    await running
    assert bench.outcome is RunOutcome.VERIFIED
    assert [call[0] for call in bench.tiny.calls if call[0] in {"pause", "pace"}] == ["pause", "pace"]


async def test_a_pause_is_not_held_against_the_patience(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(1_000, patience=15))
    bench.tiny.troubles[1, 10] = [trouble(Cause.CONNECTION)] * 3
    running = asyncio.ensure_future(bench.run())
    await bench.until(WaitBegan)
    await bench.tell(PauseRun())
    await bench.fast.sleep(30.0)
    await bench.tell(ResumeRun())
    await running
    assert bench.outcome is RunOutcome.VERIFIED


async def test_nothing_new_begins_while_paused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(300, 10, at_once=1))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(PauseRun())
    await asyncio.sleep(0.1)
    await bench.read()
    assert len(bench.of(TaskStarted)) == 1
    await bench.tell(StopRun())
    await running
    assert bench.outcome is RunOutcome.STOPPED


async def test_the_pace_is_passed_on_to_what_is_going_on_and_to_what_comes_later(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(300, 10, at_once=1))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(SetPace(requests_per_second=250.0))
    await running
    assert ("pace", 1, 250.0) in bench.tiny.calls
    assert ("pace", 2, 250.0) not in bench.tiny.calls  # it was begun at that pace
    assert bench.progress.requests_per_second == 250.0


async def test_a_command_that_changes_nothing_leads_to_no_event(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(300))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    for command in (
        ResumeRun(),
        SetPace(requests_per_second=0.0),
        SetPace(requests_per_second=-1.0),
        SkipTask(task=99),
    ):
        await bench.tell(command)
    await running
    assert bench.of(Noted, PaceChanged) == []
    assert bench.outcome is RunOutcome.VERIFIED


async def test_stopping_cancels_what_is_going_on_puts_back_and_says_so_of_every_task(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(5_000, 5_000, 10, at_once=2), tunes=True)
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced, 2)
    await bench.tell(StopRun())
    await asyncio.wait_for(running, 60)
    assert bench.outcome is RunOutcome.STOPPED
    assert {row.state for row in bench.progress.tasks} == {TaskState.STOPPED}
    assert sorted(bench.called("stop")) == [1, 2]
    assert bench.progress.open_ledger == ()
    assert all(event.problem is None for event in bench.of(TaskFinished))
    assert isinstance(bench.events[-1], RunFinished)


async def test_skipping_leaves_one_task_out_and_the_others_go_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(5_000, 20, 20, at_once=1))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(SkipTask(task=3))
    await bench.tell(SkipTask(task=1))
    await asyncio.wait_for(running, 60)
    assert [bench.state(task) for task in (1, 2, 3)] == [TaskState.SKIPPED, TaskState.VERIFIED, TaskState.SKIPPED]
    assert bench.outcome is RunOutcome.INCOMPLETE
    assert bench.called("prepare") == [1, 2]


async def test_a_stop_is_obeyed_while_the_run_waits_for_a_cluster(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30, patience=100_000))
    bench.tiny.troubles[1, 10] = [trouble(Cause.CONNECTION)] * 1_000
    running = asyncio.ensure_future(bench.run())
    await bench.until(WaitBegan)
    await bench.tell(StopRun())
    await asyncio.wait_for(running, 60)
    assert bench.state(1) is TaskState.STOPPED
    assert bench.called("stop") == [1]


async def test_a_stop_is_obeyed_while_a_look_takes_its_time(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30))
    bench.tiny.look_takes = 0.2
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskStarted)
    await bench.tell(StopRun())
    await asyncio.sleep(0.05)
    assert bench.called("stop") == [1]
    await asyncio.wait_for(running, 60)
    assert bench.state(1) is TaskState.STOPPED


async def test_a_task_that_could_not_be_stopped_says_that_it_may_go_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30, patience=100_000))
    bench.tiny.troubles[1, 10] = [trouble(Cause.CONNECTION)] * 1_000

    async def unreachable(work: Work, clusters: Clusters, since: str) -> None:  # noqa: ARG001  # the contract
        raise ProblemError(trouble(Cause.CONNECTION, "The destination is away."))

    bench.tiny.stop = unreachable  # type: ignore[method-assign]  # a fault injected
    running = asyncio.ensure_future(bench.run())
    await bench.until(WaitBegan)
    await bench.tell(StopRun())
    await asyncio.wait_for(running, 60)
    problem = bench.progress.task(1).problem
    assert problem is not None
    assert "may still be going on" in problem.what


# -- being ended and taken up ------------------------------------------------------------------------------------------


async def test_an_ended_process_leaves_a_journal_without_an_end_and_server_work_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(5_000, 10, at_once=1), tunes=True)
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    bench.ending.set()
    await asyncio.wait_for(running, 60)
    assert bench.outcome is None
    assert not bench.progress.is_finished
    assert bench.called("stop") == []
    assert "the process was told to end" in bench.of(Noted)[-1].text
    assert [entry.state for entry in bench.progress.open_ledger] == [EntryState.MADE]


async def test_a_run_is_taken_up_from_the_last_token_without_preparing_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(500, 10, at_once=1), tunes=True)
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    bench.ending.set()
    await running
    token = bench.progress.task(1).token
    bench.tiny.calls.clear()
    bench.ending = asyncio.Event()
    await bench.run()
    assert bench.tiny.calls[0] == ("perform", 1, token)
    assert bench.called("prepare") == [2]
    assert ("pace", 1, 0.0) in bench.tiny.calls  # an earlier process may have left it paused
    assert bench.outcome is RunOutcome.VERIFIED
    assert bench.progress.open_ledger == ()
    assert len(bench.of(RunStarted)) == len(bench.of(RunResumed)) == 1


async def test_a_run_that_was_paused_goes_on_when_it_is_taken_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(500))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(SetPace(requests_per_second=70.0))
    await bench.tell(PauseRun())
    bench.ending.set()
    await running
    assert bench.of(Paused)
    bench.ending = asyncio.Event()
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert [type(event) for event in bench.of(RunResumed, Continued)] == [RunResumed, Continued]
    assert bench.progress.requests_per_second == 70.0


async def test_a_stopped_run_is_taken_up_where_it_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(500, 10, 10, at_once=1), tunes=True)
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    await bench.tell(SkipTask(task=2))
    await bench.tell(StopRun())
    await running
    bench.tiny.cancelled.clear()
    await bench.run()
    assert [bench.state(task) for task in (1, 2, 3)] == [TaskState.VERIFIED, TaskState.SKIPPED, TaskState.VERIFIED]
    assert bench.outcome is RunOutcome.INCOMPLETE


async def test_a_difference_is_looked_into_again_when_the_run_is_taken_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(20, 20))
    bench.tiny.lost[1] = 1
    await bench.run()
    bench.tiny.lost.clear()
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert bench.called("compare").count(2) == 1


async def test_a_command_for_a_dead_process_is_not_obeyed_by_its_successor(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(500))
    running = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    bench.ending.set()
    await running
    async with Journal.open(bench.path) as journal:
        await journal.command(StopRun())
    bench.ending = asyncio.Event()
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED


class Killed(BaseException):
    """As good as kill -9: nothing of the process runs any more."""


class MortalJournal(Journal):
    """A journal whose process dies right after the event with that number was written."""

    dies_after = 0

    async def append(self, event: Event, rejects: Sequence[Reject] = ()) -> int:
        if self.dies_after < 0:
            raise Killed
        seq = await super().append(event, rejects)
        if seq >= self.dies_after:
            self.dies_after = -1
            raise Killed
        return seq


@pytest.mark.parametrize("number", range(1, 24))
async def test_a_run_that_is_killed_after_any_event_ends_verified_when_it_is_taken_up(
    tmp_path: Path, number: int
) -> None:
    bench = Bench(tmp_path, plan_of(20, 30), tunes=True)
    bench.tiny.refused[2] = 2

    class Mortal(MortalJournal):
        dies_after = number

    try:
        await bench.run(journal_class=Mortal)
    except BaseExceptionGroup as group:
        assert group.subgroup(Killed) is not None  # noqa: PT017  # it need not die: the story may be shorter
    except Killed:
        pass
    await bench.run()
    assert [bench.state(1), bench.state(2)] == [TaskState.VERIFIED, TaskState.WITH_REJECTS]
    assert bench.progress.open_ledger == ()
    assert bench.tiny.arrived == {1: 20, 2: 28}
    assert len(bench.rejects) == 2
    tuned = [request for request in bench.cluster.sent if request.body == TUNED.body]
    put_back = [request for request in bench.cluster.sent if request.body == BACK.body]
    assert {request.path for request in tuned} == {request.path for request in put_back}


async def test_a_full_disk_under_the_journal_holds_the_run_and_loses_nothing(tmp_path: Path) -> None:
    class Tight(Journal):
        refusals = 3

        async def append(self, event: Event, rejects: Sequence[Reject] = ()) -> int:
            if isinstance(event, TaskAdvanced) and self.refusals:
                self.refusals -= 1
                raise ProblemError(trouble(Cause.DISK_FULL, "The disk of this machine is full."))
            return await super().append(event, rejects)

    bench = await Bench(tmp_path, plan_of(30)).run(journal_class=Tight)
    assert bench.outcome is RunOutcome.VERIFIED
    assert len(bench.of(TaskAdvanced)) == 3


async def test_a_fault_in_the_run_itself_puts_back_what_it_can_and_says_that_it_failed(tmp_path: Path) -> None:
    class Faulty(Journal):
        async def append(self, event: Event, rejects: Sequence[Reject] = ()) -> int:
            if isinstance(event, VerificationStarted | TaskFinished):
                raise ZeroDivisionError
            return await super().append(event, rejects)

    bench = Bench(tmp_path, plan_of(30), tunes=True)
    with pytest.raises(ExceptionGroup):
        await bench.run(journal_class=Faulty)
    assert bench.progress.outcome is RunOutcome.FAILED
    assert bench.progress.problem is not None
    assert bench.progress.problem.cause is Cause.INTERNAL
    assert bench.progress.open_ledger == ()


async def test_an_outcome_is_final_in_the_journal_before_the_run_says_its_end(tmp_path: Path) -> None:
    bench = await Bench(tmp_path, plan_of(*[10] * 5, at_once=5)).run()
    assert {event.outcome for event in bench.of(TaskFinished)} == {TaskOutcome.VERIFIED}
    assert isinstance(bench.events[-1], RunFinished)


# -- what only a user can give -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (Cause.AUTHENTICATION, "esmigrate resume 7K2P --destination-password-file FILE"),
        (Cause.CERTIFICATE, "esmigrate resume 7K2P --accept-fingerprint destination=SHA256"),
    ],
)
async def test_a_run_whose_cluster_turns_it_away_in_the_middle_waits_for_a_user_and_goes_on_from_there(
    tmp_path: Path, cause: Cause, words: str
) -> None:
    bench = Bench(tmp_path, plan_of(40, 40, 40, at_once=2), tunes=True)
    bench.tiny.troubles[1, 20] = [trouble(cause, "It is not taken.")]
    bench.cluster.turns_away = trouble(cause, "It is not taken.")
    await bench.run()
    assert bench.progress.outcome is RunOutcome.WAITING
    assert bench.progress.problem is not None
    assert words in bench.progress.problem.todo
    assert bench.progress.exit_code() is exit_code(cause)
    assert not any(row.state.is_final for row in bench.progress.tasks if row.summary.number != 2)
    assert bench.called("stop") == []
    bench.cluster.turns_away = None
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED
    assert ("perform", 1, "20") in bench.tiny.calls
    assert not bench.progress.open_ledger


async def test_a_cluster_that_has_just_come_back_and_does_not_know_its_users_yet_is_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(30))
    bench.tiny.troubles[1, 10] = [trouble(Cause.CONNECTION), trouble(Cause.AUTHENTICATION)]
    bench.cluster.turns_away = trouble(Cause.AUTHENTICATION)
    await bench.run()
    assert bench.outcome is RunOutcome.VERIFIED


async def test_a_source_that_no_longer_takes_the_password_is_named(tmp_path: Path) -> None:
    bench, source = Bench(tmp_path, plan_of(30)), Notepad()
    source.turns_away = trouble(Cause.AUTHENTICATION)
    bench.tiny.troubles[1, 10] = [trouble(Cause.AUTHENTICATION)]
    bench.cluster.source = source
    await bench.run()
    assert bench.progress.problem is not None
    assert "--source-password-file" in bench.progress.problem.todo


# -- while nothing is answered -----------------------------------------------------------------------------------------


async def test_a_cluster_that_holds_a_line_open_is_named_until_it_answers(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(100_000))
    going = asyncio.ensure_future(bench.run())
    await bench.until(TaskAdvanced)
    since = bench.fast.clock() - 3.0
    bench.cluster.unanswered = lambda: bench.fast.clock() - since
    await bench.until(ResponseAwaited)
    await bench.read()
    [waiting] = bench.progress.awaited
    assert waiting.side is Side.DESTINATION
    assert bench.progress.awaiting((waiting.since or 0.0) + 5) == "no answer yet from the destination (5 s)"
    assert "no answer yet from the destination" in total_line(bench.progress, bench.fast.clock())
    bench.cluster.unanswered = float
    while bench.progress.awaited:
        await bench.read()
    await bench.tell(StopRun())
    await going
    assert bench.progress.awaited == ()


async def test_a_source_that_hangs_while_the_destination_reads_from_it_is_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of(100))

    class Frozen(Notepad):
        async def identity(self) -> tuple[str, str]:
            began = bench.fast.clock()
            self.unanswered = lambda: bench.fast.clock() - began
            await asyncio.Event().wait()
            raise AssertionError

    bench.cluster.source = Frozen()
    bench.tiny.look_takes = 3_600.0  # nothing arrives
    going = asyncio.ensure_future(bench.run())
    await bench.until(ResponseAwaited)
    await bench.read()
    assert [one.side for one in bench.progress.awaited] == [Side.SOURCE]
    assert "no answer yet from the source" in total_line(bench.progress, bench.fast.clock())
    bench.ending.set()
    await going


async def test_what_a_full_disk_keeps_out_of_the_journal_is_said_beside_it_until_there_is_room(tmp_path: Path) -> None:
    is_full = asyncio.Event()

    class Full(Journal):
        async def append(self, event: Event, rejects: Sequence[Reject] = ()) -> int:
            if isinstance(event, TaskFinished) and not is_full.is_set():
                raise ProblemError(trouble(Cause.DISK_FULL, "The disk of this machine is full."))
            return await super().append(event, rejects)

    bench = Bench(tmp_path, plan_of(10, patience=100_000))
    going = asyncio.ensure_future(bench.run(journal_class=Full))
    while (said := writing_problem(bench.path)) is None:  # noqa: ASYNC110  # another process says it, through a file
        await asyncio.sleep(0.005)
    assert said.what == "The disk of this machine is full."
    folder = RunFolder(tmp_path)
    held = lock.hold(folder.lock)
    assert held is not None
    assert (await summary(folder)).waits_for == said
    lock.release(held)
    is_full.set()
    await going
    assert writing_problem(bench.path) is None
    assert bench.outcome is RunOutcome.VERIFIED


async def test_what_is_said_beside_a_journal_needs_no_room(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        before = (tmp_path / PROBLEM_FILE).stat()
        await journal.report_problem(trouble(Cause.DISK_FULL, "x" * 10_000))
        after = (tmp_path / PROBLEM_FILE).stat()
    assert (before.st_size, before.st_blocks, before.st_ino) == (after.st_size, after.st_blocks, after.st_ino)
