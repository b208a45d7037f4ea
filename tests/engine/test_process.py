"""A run in a process of its own: it outlives whoever began it, is never held twice, and leaves no secret behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.engine import handover, lock
from esmigrate_tui.engine.cleanup import settle_run
from esmigrate_tui.engine.folders import RunFolder
from esmigrate_tui.engine.handover import ProcessAhead, run_environment, spawned
from esmigrate_tui.engine.holding import RunHeldError
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.listing import all_runs, summary
from esmigrate_tui.engine.starting import begin, resume_run
from esmigrate_tui.model.command import StopRun
from esmigrate_tui.model.connection import Connection, Credential, Endpoint, Side, SignIn
from esmigrate_tui.model.event import RunFinished, RunOutcome, RunResumed, TaskAdvanced
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.engine.tiny import Notepad, plan_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.engine.same_clusters import OpenClusters
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.model.progress import Progress

pytestmark = pytest.mark.slow
TINY = (sys.executable, str(Path(__file__).with_name("tiny_run.py")))
ROOT = Path(__file__).parents[2]
CREDENTIALS = {
    Side.SOURCE: Credential(sign_in=SignIn.PASSWORD, user="elastic", secret="geheim"),
    Side.DESTINATION: Credential(sign_in=SignIn.API_KEY, secret="auch-geheim"),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for runs; processes that a failed test left there are ended."""
    monkeypatch.setenv("TINY_DESTINATION", str(tmp_path))
    yield tmp_path / "runs"
    for file in (tmp_path / "runs").glob("*/process.json"):
        if lock.is_held(file.with_name("lock")):
            os.kill(json.loads(file.read_text())["pid"], signal.SIGKILL)


@pytest.fixture
def started_ahead(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started, in order."""
    started: list[subprocess.Popen[bytes]] = []

    def seen(command: Sequence[str], log: int) -> subprocess.Popen[bytes]:
        started.append(spawned(command, log))
        return started[-1]

    monkeypatch.setattr(handover, "spawned", seen)
    return started


async def begun(home: Path, *documents: int, run: str = "7K2P") -> RunFolder:
    return await begin(plan_of(*documents), CREDENTIALS, home=home, new_id=lambda: run, command=TINY)


def pid_of(folder: RunFolder) -> int:
    return int(json.loads(folder.process.read_text())["pid"])


async def until_it_moves(folder: RunFolder, done: int = 1) -> None:
    async with Journal.open(folder.journal) as journal:
        async for batch in journal.follow(poll=0.02):
            if any(isinstance(event, TaskAdvanced) and event.moved.done >= done for _, event in batch):
                return


async def until_it_ends(folder: RunFolder) -> Progress:
    async with Journal.open(folder.journal) as journal:
        async for _ in journal.follow(poll=0.02):
            pass
        progress = await journal.progress()
    await until_it_is_gone(folder)
    return progress


async def until_it_is_gone(folder: RunFolder, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while lock.is_held(folder.lock):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def until_it_has_ended(child: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 60.0
    while child.poll() is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return int(child.returncode)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def alive(pid: int) -> str:
    """The state letter of a process, "" when it is gone for good."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def test_a_run_ends_verified_in_a_process_of_its_own(home: Path) -> None:
    folder = await begun(home, 2, 1)
    assert folder.is_live
    assert os.getsid(pid_of(folder)) == pid_of(folder) != os.getsid(0)
    progress = await until_it_ends(folder)
    assert progress.outcome is RunOutcome.VERIFIED
    assert progress.run == "7K2P"
    assert progress.open_ledger == ()
    assert folder.log.read_text() == ""


async def test_a_process_that_waits_ahead_performs_the_run_that_it_is_handed(
    home: Path, started_ahead: list[subprocess.Popen[bytes]]
) -> None:
    nowhere = Connection(endpoint=Endpoint(scheme="http", host="127.0.0.1", port=1))
    plan = msgspec.structs.replace(plan_of(2), source=nowhere, destination=nowhere)
    ahead = ProcessAhead(MethodName.REINDEX_FROM_REMOTE)
    secrets = {side: Credential(sign_in=SignIn.NONE) for side in Side}
    folder = await begin(plan, secrets, home=home, new_id=lambda: "7K2P", ahead=ahead)
    assert folder.is_live
    assert ahead.hand_over(folder.path, secrets) is None  # it has a run
    ahead.close()  # which it is not kept from
    assert folder.is_live
    assert os.getsid(pid_of(folder)) == pid_of(folder) != os.getsid(0)
    assert mode_of(folder.log) == 0o600
    assert [child.pid for child in started_ahead] == [pid_of(folder)]
    os.kill(pid_of(folder), signal.SIGTERM)
    await until_it_is_gone(folder)


async def test_a_process_that_waits_ahead_ends_where_no_run_comes(
    started_ahead: list[subprocess.Popen[bytes]],
) -> None:
    ahead = ProcessAhead(MethodName.COPY_THROUGH_HERE)
    ahead.close()
    ahead.close()
    assert await until_it_has_ended(started_ahead[0]) == ExitCode.DONE


async def test_where_the_process_ahead_has_died_another_performs_the_run(
    home: Path, started_ahead: list[subprocess.Popen[bytes]]
) -> None:
    ahead = ProcessAhead(MethodName.REINDEX_FROM_REMOTE, (sys.executable, "-c", ""))
    await until_it_has_ended(started_ahead[0])
    folder = await begin(plan_of(2), CREDENTIALS, home=home, new_id=lambda: "7K2P", command=TINY, ahead=ahead)
    assert (await until_it_ends(folder)).outcome is RunOutcome.VERIFIED
    ahead.close()


async def test_begin_returns_when_the_run_has_begun_and_not_when_it_has_ended(home: Path) -> None:
    folder = await begun(home, 100)
    async with Journal.open(folder.journal) as journal:
        assert not (await journal.progress()).is_finished
        await journal.command(StopRun())
    assert (await until_it_ends(folder)).outcome is RunOutcome.STOPPED


async def test_nothing_of_a_run_is_for_others_to_read(home: Path) -> None:
    os.umask(0o022)
    folder = await begun(home, 1)
    await until_it_ends(folder)
    assert mode_of(home) == mode_of(folder.path) == 0o700
    modes = {path.name: mode_of(path) for path in sorted(folder.path.glob("*"))}
    assert set(modes) >= {"journal", "lock", "plan.toml", "process.json", "process.log", "rejects.ndjson"}
    assert set(modes.values()) == {0o600}


async def test_no_secret_is_in_the_folder_the_arguments_or_the_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESMIGRATE_SOURCE_PASSWORD", "geheim")
    folder = await begun(home, 100)
    await until_it_moves(folder)
    process = Path(f"/proc/{pid_of(folder)}")
    assert b"geheim" not in process.joinpath("cmdline").read_bytes()
    assert b"geheim" not in process.joinpath("environ").read_bytes()
    assert all(b"geheim" not in path.read_bytes() for path in sorted(folder.path.glob("*")))
    os.kill(pid_of(folder), signal.SIGTERM)
    await until_it_is_gone(folder)


async def test_a_run_survives_the_death_of_the_process_that_began_it(home: Path, tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import asyncio, os, signal, sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from tests.engine.test_process import begun, pid_of
        async def main():
            folder = await begun(Path({str(home)!r}), 6)
            os.kill(os.getpid(), signal.SIGKILL)
        asyncio.run(main())
        """
    )
    (tmp_path / "beginner.py").write_text(script)
    beginner = await asyncio.create_subprocess_exec(sys.executable, str(tmp_path / "beginner.py"))
    assert await beginner.wait() == -signal.SIGKILL
    folder = RunFolder(home / "7K2P")
    assert folder.is_live
    assert (await until_it_ends(folder)).outcome is RunOutcome.VERIFIED


async def test_a_run_survives_a_closed_terminal_and_a_hangup(home: Path) -> None:
    folder = await begun(home, 6)
    await until_it_moves(folder)
    os.kill(pid_of(folder), signal.SIGHUP)
    progress = await until_it_ends(folder)
    assert progress.outcome is RunOutcome.VERIFIED


async def test_an_ended_run_leaves_no_zombie_behind(home: Path) -> None:
    folder = await begun(home, 1)
    pid = pid_of(folder)
    await until_it_ends(folder)
    while alive(pid):  # noqa: ASYNC110  # another process; a zombie would stay for ever
        await asyncio.sleep(0.02)


async def test_sigterm_ends_the_process_soon_and_the_run_can_be_resumed(home: Path) -> None:
    folder = await begun(home, 8)
    await until_it_moves(folder)
    os.kill(pid_of(folder), signal.SIGTERM)
    progress = await until_it_ends(folder)
    assert not progress.is_finished
    assert "the process was told to end" in progress.notable[-1].text
    assert [entry.state for entry in progress.open_ledger] == [EntryState.MADE]
    await resume_run("7k2p", CREDENTIALS, home=home, command=TINY)
    assert (await until_it_ends(folder)).outcome is RunOutcome.VERIFIED
    assert len((home.parent / "new-1").read_bytes()) == 8


def test_a_process_that_was_told_to_end_says_so_by_its_code(home: Path) -> None:
    folder = RunFolder(home / "7K2P")
    folder.path.mkdir(parents=True)
    folder.plan.write_text(plan_of(100).to_toml())
    with direct(folder) as process:
        while not (home.parent / "new-1").exists():
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 128 + signal.SIGTERM


def test_a_process_whose_look_hangs_ends_all_the_same(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_HANGS", "1")
    folder = RunFolder(home / "7K2P")
    folder.path.mkdir(parents=True)
    folder.plan.write_text(plan_of(100).to_toml())
    with direct(folder) as process:
        while not (home.parent / "new-1").exists():
            time.sleep(0.02)
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 128 + signal.SIGINT


def direct(folder: RunFolder, stderr: int | None = None) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        (*TINY, str(folder.path)), stdin=subprocess.PIPE, stderr=stderr, env=run_environment(os.environ)
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.msgpack.encode(CREDENTIALS))
    process.stdin.close()
    return process


async def test_a_killed_run_is_taken_up_from_its_last_token(home: Path) -> None:
    folder = await begun(home, 8)
    await until_it_moves(folder, done=3)
    os.kill(pid_of(folder), signal.SIGKILL)
    await until_it_is_gone(folder)
    assert (await summary(folder)).can_be_resumed
    await resume_run("7K2P", CREDENTIALS, home=home, command=TINY)
    progress = await until_it_ends(folder)
    assert progress.outcome is RunOutcome.VERIFIED
    assert progress.open_ledger == ()
    async with Journal.open(folder.journal) as journal:
        events = [event for _, event in await journal.read()]
    assert sum(isinstance(event, RunResumed) for event in events) == 1
    assert len((home.parent / "new-1").read_bytes()) == 8


async def test_a_run_that_a_living_process_holds_is_not_taken_up(home: Path) -> None:
    folder = await begun(home, 100)
    with pytest.raises(RunHeldError) as caught:
        await resume_run("7K2P", CREDENTIALS, home=home, command=TINY)
    assert caught.value.problem.cause is Cause.STATE
    assert caught.value.problem.what == "The run 7K2P is held by another process."
    os.kill(pid_of(folder), signal.SIGTERM)
    await until_it_is_gone(folder)


async def test_of_four_who_take_a_run_up_at_once_one_does_and_three_say_that_it_is_held(home: Path) -> None:
    folder = await begun(home, 100)
    os.kill(pid_of(folder), signal.SIGKILL)
    await until_it_is_gone(folder)
    tries = (resume_run("7K2P", CREDENTIALS, home=home, command=TINY) for _ in range(4))
    ends = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["RunFolder"] + 3 * ["RunHeldError"]
    os.kill(pid_of(folder), signal.SIGTERM)
    await until_it_is_gone(folder)


async def test_of_two_runs_into_one_index_the_second_is_refused_and_leaves_nothing(home: Path) -> None:
    first = await begun(home, 100, 100)
    with pytest.raises(RunHeldError, match=r"The run 7K2P is writing into new-1 on the same cluster\."):
        await begun(home, 5, run="AAAA")
    assert not (home / "AAAA").exists()
    os.kill(pid_of(first), signal.SIGTERM)
    await until_it_is_gone(first)
    second = await begun(home, 100, run="AAAA")
    os.kill(pid_of(second), signal.SIGTERM)
    await until_it_is_gone(second)


async def test_of_runs_into_one_index_that_begin_together_one_goes_on(home: Path) -> None:
    starts = (begun(home, 100, run=name) for name in ("AAAA", "BBBB", "CCCC"))
    ends = await asyncio.gather(*starts, return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["RunFolder", "RunHeldError", "RunHeldError"]
    (live,) = [RunFolder(home / run.run) for run in await all_runs(home)]
    os.kill(pid_of(live), signal.SIGTERM)
    await until_it_is_gone(live)


async def test_a_run_that_finds_another_cluster_does_not_begin_and_leaves_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_ELSEWHERE", "1")
    with pytest.raises(ProblemError, match=r"Here is another cluster\.") as caught:
        await begun(home, 1)
    assert caught.value.problem.cause is Cause.STALE
    assert await all_runs(home) == ()


async def test_a_run_that_finds_another_cluster_is_not_taken_up_and_stays_as_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = await begun(home, 100)
    os.kill(pid_of(folder), signal.SIGKILL)
    await until_it_is_gone(folder)
    async with Journal.open(folder.journal) as journal:
        before = await journal.read(limit=10_000)
    monkeypatch.setenv("TINY_ELSEWHERE", "1")
    with pytest.raises(ProblemError, match=r"Here is another cluster\.") as caught:
        await resume_run("7K2P", CREDENTIALS, home=home, command=TINY)
    assert caught.value.problem.cause is Cause.STALE
    async with Journal.open(folder.journal) as journal:
        assert await journal.read(limit=10_000) == before


def test_a_second_process_leaves_with_code_8_and_a_sentence(home: Path) -> None:
    folder = RunFolder(home / "7K2P")
    folder.path.mkdir(parents=True)
    folder.plan.write_text(plan_of(1).to_toml())
    held = lock.hold(folder.lock)
    assert held is not None
    done = subprocess.run((*TINY, str(folder.path)), input=b"\x80", capture_output=True, check=False, timeout=30)
    assert done.returncode == 8
    assert done.stderr == b"The run 7K2P is held by another process.\n"
    assert not folder.journal.exists()
    lock.release(held)


async def test_a_process_that_dies_at_once_is_quoted_and_cleaned(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_DIES", "1")
    with pytest.raises(ProblemError) as caught:
        await begun(home, 1)
    problem = caught.value.problem
    assert problem.what == "The process of the run 7K2P ended at once, with code 70."
    assert "I cannot ␛[31mlive␛[0m here." in problem.why


async def test_a_verified_run_has_nothing_to_take_up(home: Path) -> None:
    folder = await begun(home, 1)
    await until_it_ends(folder)
    with pytest.raises(ProblemError) as caught:
        await resume_run("7K2P", CREDENTIALS, home=home, command=TINY)
    assert caught.value.problem.cause is Cause.MISSING


async def test_the_list_of_runs_has_the_newest_first_and_says_which_live(home: Path) -> None:
    await until_it_ends(await begun(home, 1, run="AAAA"))
    live = await begun(home, 100, run="BBBB")
    broken = home / "CCCC"
    broken.mkdir()
    (broken / "journal").write_text("not a journal " * 100)
    (home / "notes").mkdir()
    runs = await all_runs(home)
    assert [run.run for run in runs] == ["BBBB", "AAAA", "CCCC"]
    assert [run.is_live for run in runs] == [True, False, False]
    assert runs[1].outcome is RunOutcome.VERIFIED
    assert runs[1].fraction == 1.0
    assert runs[2].problem is not None
    os.kill(pid_of(live), signal.SIGTERM)
    await until_it_is_gone(live)


async def test_what_a_killed_run_left_changed_is_put_back_afterwards(home: Path) -> None:
    folder = await begun(home, 100)
    await until_it_moves(folder)
    notepad = Notepad()
    with pytest.raises(RunHeldError):
        await settle_run(folder, CREDENTIALS, open_clusters=opening(notepad))
    os.kill(pid_of(folder), signal.SIGKILL)
    await until_it_is_gone(folder)
    assert await settle_run(folder, CREDENTIALS, open_clusters=opening(notepad), clock=lambda: 1.0) == ()
    assert [request.path for request in notepad.sent] == ["/new-1/_settings"]
    assert (await summary(folder)).open_entries == 0
    assert not folder.is_live


async def test_a_run_whose_journal_is_deleted_meanwhile_ends_with_one_sentence_and_is_never_begun_anew(
    home: Path,
) -> None:
    folder = await begun(home, 100_000)
    await until_it_moves(folder)
    for file in folder.path.glob("journal*"):
        file.unlink()
    await until_it_is_gone(folder)
    said = folder.log.read_text()
    assert said.startswith("The journal of this run was deleted while the run was going on.")
    assert said.count("\n") == 1
    assert "What it had changed was reverted." in said
    with pytest.raises(ProblemError) as caught:
        await resume_run("7K2P", CREDENTIALS, home=home, command=TINY)
    assert caught.value.problem.cause is Cause.STATE
    assert caught.value.problem.sentence() == said.strip()
    assert not folder.journal.exists()
    [listed] = await all_runs(home)
    assert listed.problem is not None


def test_the_lock_is_held_until_the_sentence_of_the_end_is_written(home: Path) -> None:
    folder = RunFolder(home / "7K2P")
    folder.path.mkdir(parents=True)
    folder.plan.write_text(plan_of(1).to_toml())
    folder.journal.write_text("no journal")
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writes, b"\n" * 4_096)
    os.set_blocking(writes, True)
    with direct(folder, stderr=writes) as process, os.fdopen(reads, "rb") as said:
        os.close(writes)
        deadline = time.monotonic() + 60
        while not lock.is_held(folder.lock):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(1.0)
        assert lock.is_held(folder.lock)  # its sentence does not fit into the pipe yet
        assert said.read().strip().startswith(b"The journal of this run is damaged")
        assert process.wait(timeout=60) == ExitCode.STATE
    assert not lock.is_held(folder.lock)


def opening(notepad: Notepad) -> OpenClusters:
    @contextlib.asynccontextmanager
    async def opened(plan: Plan, credentials: Mapping[Side, Credential]) -> AsyncIterator[Clusters]:
        assert plan.tasks
        assert credentials == CREDENTIALS
        yield notepad.as_clusters()

    return opened


async def test_a_follower_that_comes_late_sees_the_whole_story(home: Path) -> None:
    folder = await begun(home, 2)
    await until_it_ends(folder)
    async with Journal.open(folder.journal) as journal:
        events = [event async for batch in journal.follow() for _, event in batch]
    assert isinstance(events[-1], RunFinished)
