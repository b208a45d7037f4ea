"""The journal: what is written is what is read, by whom and whenever."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esmigrate_tui.engine import lock
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.journal_store import JournalStore
from esmigrate_tui.model.command import Command, PauseRun, ResumeRun, SetPace, SkipTask, StopRun
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import (
    Acknowledged,
    Continued,
    Event,
    LedgerChanged,
    Noted,
    PaceChanged,
    Paused,
    Reject,
    RunFinished,
    RunOutcome,
    RunResumed,
    RunStarted,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    TaskSummary,
    VerificationStarted,
    WaitBegan,
    WaitEnded,
)
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from tests.examples import at_most

if TYPE_CHECKING:
    from pathlib import Path

TASKS = (1, 2, 3)
STARTED = RunStarted(
    at=1.0,
    run="7K2P",
    method=MethodName.REINDEX_FROM_REMOTE,
    source="http://old:9200",
    destination="http://new:9200",
    tasks=tuple(
        TaskSummary(number=n, source_index=f"old-{n}", destination_index=f"new-{n}", documents=n * 100) for n in TASKS
    ),
)
PROBLEM = Problem(cause=Cause.BUSY, what="The destination is busy.", evidence='{"error":"\\u00e9 " }')

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
counts = st.integers(0, 2**62)
task = st.sampled_from(TASKS)
at = st.floats(2.0, 1e10, allow_nan=False)
problems = st.builds(Problem, cause=st.sampled_from(Cause), what=words, why=words, todo=words, evidence=words)
moves = st.builds(
    Acknowledged, done=counts, total=st.none() | counts, written=counts, refused=counts, token=words, note=words
)
entries = st.builds(
    LedgerEntry,
    number=st.integers(1, 9),
    side=st.sampled_from(Side),
    what=words,
    made_by=st.just(Request(method="PUT", path="/a")),
    undo=st.none() | st.just(Request(method="PUT", path="/b", body="{}")),
    state=st.sampled_from(EntryState),
    trouble=words,
    task=task,
)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(RunResumed, at=at),
    st.builds(TaskStarted, at=at, task=task),
    st.builds(TaskAdvanced, at=at, task=task, moved=moves),
    st.builds(WaitBegan, at=at, task=task, problem=problems, until=at, patience_ends=at),
    st.builds(WaitEnded, at=at, task=task),
    st.builds(VerificationStarted, at=at, task=task),
    st.builds(
        TaskFinished,
        at=at,
        task=task,
        outcome=st.sampled_from(TaskOutcome),
        source_count=st.none() | counts,
        destination_count=st.none() | counts,
        refused=counts,
        problem=st.none() | problems,
    ),
    st.builds(LedgerChanged, at=at, entry=entries),
    st.builds(Paused, at=at),
    st.builds(Continued, at=at),
    st.builds(PaceChanged, at=at, requests_per_second=st.floats(0, 1e6)),
    st.builds(Noted, at=at, text=words, task=st.just(0) | task),
    st.builds(RunFinished, at=at, outcome=st.sampled_from(RunOutcome), problem=st.none() | problems),
)


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


@settings(max_examples=at_most(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(events, max_size=40))
def test_what_was_told_is_read_back_and_folds_to_the_same_progress(
    tmp_path_factory: pytest.TempPathFactory, told: list[Event]
) -> None:
    path = tmp_path_factory.mktemp("run") / "journal"
    everything: list[Event] = [STARTED, *told]

    async def story() -> None:
        live = Progress()
        async with await Journal.create(path) as journal:
            for event in everything:
                await journal.append(event)
                live = live.after(event)
        async with Journal.open(path) as again:
            assert [event for _, event in await again.read(limit=10_000)] == everything
            assert await again.progress() == live

    asyncio.run(story())


async def test_a_reader_sees_at_once_what_another_has_written(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal, Journal.open(tmp_path / "journal") as reader:
        seq = await journal.append(STARTED)
        assert await reader.read() == [(seq, STARTED)]
        later = await journal.append(Paused(at=2.0))
        assert await reader.read(after=seq) == [(later, Paused(at=2.0))]
        assert (await reader.progress()).is_paused


async def test_a_journal_that_is_not_there_yet_tells_of_nothing(tmp_path: Path) -> None:
    async with Journal.open(tmp_path / "journal") as reader:
        assert await reader.read() == []
        assert await reader.progress() == Progress()
        assert await reader.rejects() == ()
        assert await reader.last() is None
    assert not (tmp_path / "journal").exists()


async def test_a_journal_that_is_being_made_tells_of_nothing_until_it_is_whole(tmp_path: Path) -> None:
    (tmp_path / "journal").touch()
    async with Journal.open(tmp_path / "journal") as reader:
        assert await reader.read() == []
        async with await Journal.create(tmp_path / "journal") as journal:
            await journal.append(STARTED)
        assert [event for _, event in await reader.read()] == [STARTED]


async def test_a_command_for_a_run_that_was_never_begun_is_refused(tmp_path: Path) -> None:
    async with Journal.open(tmp_path / "journal") as reader:
        with pytest.raises(ProblemError) as caught:
            await reader.command(StopRun())
    assert caught.value.problem.cause is Cause.MISSING


async def test_the_journal_is_nobody_elses_to_read(tmp_path: Path) -> None:
    os.umask(0o022)
    async with await Journal.create(tmp_path / "journal") as journal:
        await journal.append(STARTED, [Reject(index="i", id="1")])
        modes = modes_in(tmp_path)
    assert set(modes) >= {"journal", "journal-wal", "rejects.ndjson"}
    assert set(modes.values()) == {0o600}


async def test_each_commit_is_on_the_disk_before_it_counts(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        pragma = await journal._in_turn(lambda: journal._store.connect().execute("PRAGMA synchronous").fetchone())
        mode = await journal._in_turn(lambda: journal._store.connect().execute("PRAGMA journal_mode").fetchone())
    assert (pragma, mode) == ((2,), ("wal",))
    async with await Journal.create(tmp_path / "journal") as again:
        assert await again._in_turn(lambda: again._store.connect().execute("PRAGMA synchronous").fetchone()) == (2,)


async def test_a_damaged_journal_is_one_sentence(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        for number in range(200):
            await journal.append(Noted(at=float(number), text="x" * 400))
    whole = (tmp_path / "journal").read_bytes()
    (tmp_path / "journal").write_bytes(whole[:8192] + os.urandom(len(whole) - 8192))
    async with Journal.open(tmp_path / "journal") as reader:
        with pytest.raises(ProblemError) as caught:
            await reader.read()
    assert caught.value.problem.cause is Cause.STATE
    assert caught.value.problem.what.startswith("The journal of this run is damaged")


async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("this is a diary, dear journal\n" * 100)
    async with Journal.open(tmp_path / "journal") as reader:
        with pytest.raises(ProblemError) as caught:
            await reader.progress()
    assert "damaged: file is not a database" in caught.value.problem.what


async def test_the_database_of_another_program_is_not_taken_for_a_journal(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "journal") as other:
        other.execute("PRAGMA application_id=7")
        other.execute("CREATE TABLE event (seq INTEGER)")
    other.close()
    async with Journal.open(tmp_path / "journal") as reader:
        with pytest.raises(ProblemError) as caught:
            await reader.read()
    assert caught.value.problem.what == "This file is not the journal of a run."


async def test_the_journal_of_a_newer_program_is_not_read(tmp_path: Path) -> None:
    await (await Journal.create(tmp_path / "journal")).close()
    with sqlite3.connect(tmp_path / "journal") as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()
    async with Journal.open(tmp_path / "journal") as reader:
        with pytest.raises(ProblemError) as caught:
            await reader.read()
    assert "has format 99" in caught.value.problem.what


async def test_an_event_that_this_program_does_not_know_is_one_sentence(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        await journal.append(STARTED)
        with sqlite3.connect(tmp_path / "journal") as newer:
            newer.execute("""UPDATE event SET json = '{"type":"teleported","at":1.0}'""")
        newer.close()
        with pytest.raises(ProblemError) as caught:
            await journal.read()
    assert caught.value.problem.what.startswith("Event 1 in the journal of this run cannot be read")


async def test_events_stand_in_the_order_in_which_they_were_appended(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        written = await asyncio.gather(*(journal.append(Noted(at=float(n), text=str(n))) for n in range(50)))
        assert written == sorted(written)
        assert [event.at for _, event in await journal.read()] == [float(n) for n in range(50)]


async def test_an_event_whose_writer_was_cancelled_is_written_all_the_same(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        writing = asyncio.ensure_future(journal.append(STARTED))
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert [event for _, event in await journal.read()] == [STARTED]


async def test_commands_come_through_in_order_until_they_are_obeyed(tmp_path: Path) -> None:
    told: list[Command] = [PauseRun(), ResumeRun(), SetPace(requests_per_second=500.0), SkipTask(task=2), StopRun()]
    async with await Journal.create(tmp_path / "journal") as journal, Journal.open(tmp_path / "journal") as screen:
        numbers = [await screen.command(command) for command in told]
        assert await journal.commands() == list(zip(numbers, told, strict=True))
        seq = await journal.append(Paused(at=1.0))
        await journal.obeyed(numbers[0], seq)
        assert await screen.answer(numbers[0]) == seq
        assert await screen.answer(numbers[1]) is None
        assert [number for number, _ in await journal.commands()] == numbers[1:]
        await journal.dismiss_commands()
        assert await journal.commands() == []
        assert await screen.answer(numbers[4]) == 0


async def test_a_command_that_this_program_does_not_know_is_left_aside(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        with sqlite3.connect(tmp_path / "journal") as newer:
            newer.execute("""INSERT INTO command (json) VALUES ('{"type":"teleport"}')""")
        newer.close()
        number = await journal.command(StopRun())
        assert await journal.commands() == [(number, StopRun())]
        assert await journal.answer(1) == 0


async def test_a_refused_document_is_kept_once_with_the_servers_reason(tmp_path: Path) -> None:
    one = Reject(index="new-1", id="a", status=400, reason="mapper_parsing_exception: [é]")
    two = Reject(index="new-1", id="b", status=400, reason="x")
    step = TaskAdvanced(at=1.0, task=1, moved=Acknowledged(done=2))
    async with await Journal.create(tmp_path / "journal") as journal:
        await journal.append(step, [one])
        await journal.append(step, [one, two])
        assert await journal.rejects() == (one, two)
        assert await journal.rejects(limit=1) == (one,)
        assert await journal.rejects(task=2) == ()
        lines = (tmp_path / "rejects.ndjson").read_bytes().splitlines()
        assert [msgspec.json.decode(line, type=Reject) for line in lines] == [one, two]


async def test_the_file_of_refused_documents_is_made_whole_again_from_the_journal(tmp_path: Path) -> None:
    one = Reject(index="new-1", id="a")
    async with await Journal.create(tmp_path / "journal") as journal:
        await journal.append(TaskAdvanced(at=1.0, task=1, moved=Acknowledged(done=2)), [one])
        (tmp_path / "rejects.ndjson").write_text('{"half a li')
        assert await journal.export_rejects() == 1
        assert msgspec.json.decode((tmp_path / "rejects.ndjson").read_bytes(), type=Reject) == one
        assert (tmp_path / "rejects.ndjson").stat().st_mode & 0o777 == 0o600


async def test_hours_of_looks_stay_a_small_file_with_the_newest_token(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        await journal.append(STARTED)
        looks: list[Event] = [
            TaskAdvanced(
                at=number / 2, task=1, moved=Acknowledged(done=number, total=10**6, token=f"{number}:" + "t" * 5_000)
            )
            for number in range(2 * 3_600)
        ]
        for first in range(0, len(looks), 16):
            await journal.append_all(looks[first : first + 16])
        rows = await journal.read(limit=100_000)
        progress = await journal.progress()
    assert len(rows) < 1_500
    assert progress.task(1).done == 7_199
    assert progress.task(1).token.startswith("7199:")
    assert (tmp_path / "journal").stat().st_size < 2_000_000


async def test_following_ends_when_the_run_has_finished(tmp_path: Path) -> None:
    held = lock.hold(tmp_path / "lock")
    assert held is not None
    seen: list[Event] = []
    async with await Journal.create(tmp_path / "journal") as journal, Journal.open(tmp_path / "journal") as screen:

        async def watch() -> None:
            async for batch in screen.follow(poll=0.01):
                seen.extend(event for _, event in batch)

        watching = asyncio.ensure_future(watch())
        await journal.append(STARTED)
        async with asyncio.timeout(60):
            while not seen:  # noqa: ASYNC110  # what is waited for is the polling itself
                await asyncio.sleep(0.01)
        assert seen == [STARTED]
        assert not watching.done()
        await journal.append(RunFinished(at=2.0, outcome=RunOutcome.VERIFIED))
        await asyncio.wait_for(watching, 60)
        async for _ in screen.follow(after=2, poll=0.01):
            pytest.fail("nothing came after the end")
    lock.release(held)
    assert [type(event) for event in seen] == [RunStarted, RunFinished]


async def test_following_ends_when_the_process_has_gone_without_a_word(tmp_path: Path) -> None:
    held = lock.hold(tmp_path / "lock")
    assert held is not None
    async with await Journal.create(tmp_path / "journal") as journal:
        await journal.append(STARTED)

        async def watch() -> int:
            return sum([len(batch) async for batch in journal.follow(poll=0.01)])

        watching = asyncio.ensure_future(watch())
        await asyncio.sleep(0.1)
        assert not watching.done()
        lock.release(held)
        assert await asyncio.wait_for(watching, 60) == 1


async def test_following_a_run_that_was_stopped_and_taken_up_does_not_end_at_the_first_end(tmp_path: Path) -> None:
    story: list[Event] = [
        STARTED,
        RunFinished(at=2.0, outcome=RunOutcome.STOPPED),
        RunResumed(at=3.0),
        RunFinished(at=4.0, outcome=RunOutcome.VERIFIED),
    ]
    async with await Journal.create(tmp_path / "journal") as journal:
        await journal.append_all(story)
        assert [event async for batch in journal.follow() for _, event in batch] == story


async def test_the_loop_goes_on_while_the_disk_is_slow(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        other = sqlite3.connect(tmp_path / "journal", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.ensure_future(journal.append(STARTED))
        turns = 0
        for _ in range(20):
            await asyncio.sleep(0.01)
            turns += 1
        assert not writing.done()
        other.execute("COMMIT")
        other.close()
        assert await writing == 1
        assert turns == 20


async def test_a_full_disk_is_a_trouble_that_can_pass(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        await journal._in_turn(lambda: journal._store.connect().execute("PRAGMA max_page_count=9").fetchall())
        with pytest.raises(ProblemError) as caught:
            await journal.append_all([Noted(at=float(number), text="x" * 1_000) for number in range(100)])
        assert caught.value.problem.cause is Cause.DISK_FULL
        await journal._in_turn(lambda: journal._store.connect().execute("PRAGMA max_page_count=9999").fetchall())
        await journal.append(Paused(at=1.0))


def test_the_lock_of_a_run_is_held_once(tmp_path: Path) -> None:
    assert not lock.is_held(tmp_path / "lock")
    held = lock.hold(tmp_path / "lock")
    assert held is not None
    assert lock.is_held(tmp_path / "lock")
    assert lock.hold(tmp_path / "lock") is None
    lock.release(held)
    assert not lock.is_held(tmp_path / "lock")


async def test_an_end_that_comes_between_two_looks_is_not_missed(tmp_path: Path) -> None:
    held = lock.hold(tmp_path / "lock")
    assert held is not None
    async with await Journal.create(tmp_path / "journal") as journal, Journal.open(tmp_path / "journal") as screen:
        await journal.append(STARTED)
        read = screen.read

        async def ending_meanwhile(after: int = 0, limit: int = 1_000) -> list[tuple[int, Event]]:
            batch = await read(after, limit)
            if not batch and after == 1:
                await journal.append(RunFinished(at=2.0, outcome=RunOutcome.VERIFIED))
            return batch

        screen.read = ending_meanwhile  # type: ignore[method-assign]  # the moment between the two looks
        seen = [event async for batch in screen.follow(poll=0.01) for _, event in batch]
    lock.release(held)
    assert [type(event) for event in seen] == [RunStarted, RunFinished]


# -- what is written together ----------------------------------------------------------------------------------------


async def test_what_waits_is_written_in_one_transaction_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        many: list[int] = []
        append = JournalStore.append

        def counting(store: JournalStore, several: Any) -> list[int]:  # noqa: ANN401  # handed on as it is
            many.append(len(several))
            return append(store, several)

        monkeypatch.setattr(JournalStore, "append", counting)
        events = [Noted(at=float(at), text=str(at)) for at in range(40)]
        numbers = await asyncio.gather(*(journal.append(event) for event in events))
        assert [event for _, event in await journal.read()] == events
        assert numbers == [number for number, _ in await journal.read()]
        assert sum(many) == len(events)
        assert len(many) <= 3


async def test_what_cannot_be_written_is_the_problem_of_its_own_caller_alone(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        good, bad = Noted(at=1.0, text="good"), Noted(at=2.0, text="\ud800")
        results = await asyncio.gather(
            *(journal.append(event) for event in (good, bad, good, bad, good)), return_exceptions=True
        )
        assert [isinstance(result, Exception) for result in results] == [False, True, False, True, False]
        assert [event for _, event in await journal.read()] == [good] * 3


async def test_a_full_disk_is_told_to_every_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:

        def full(store: JournalStore, several: Any) -> list[int]:  # noqa: ANN401  # the same
            del store, several
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(JournalStore, "append", full)
            events = [Noted(at=1.0, text=str(at)) for at in range(4)]
            results = await asyncio.gather(*(journal.append(event) for event in events), return_exceptions=True)
        assert all(isinstance(result, ProblemError) for result in results)
        assert await journal.read() == []


async def test_a_caller_that_is_cancelled_undoes_nothing_of_its_own_or_of_others(tmp_path: Path) -> None:
    async with await Journal.create(tmp_path / "journal") as journal:
        events = [Noted(at=1.0, text=str(at)) for at in range(4)]
        appending = [asyncio.ensure_future(journal.append(event)) for event in events]
        await asyncio.sleep(0)
        appending[2].cancel()
        results = await asyncio.gather(*appending, return_exceptions=True)
        assert isinstance(results[2], asyncio.CancelledError)
        await journal.append_all([events[0], events[1]])
        assert [event for _, event in await journal.read()] == [*events, *events[:2]]
