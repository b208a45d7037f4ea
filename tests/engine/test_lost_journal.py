"""A journal that is lost: before its run goes on nothing begins anew, while it goes on the run ends and is reverted."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from esmigrate_tui.cli.exits import exit_code_of
from esmigrate_tui.cli.main import main
from esmigrate_tui.engine import lock
from esmigrate_tui.engine.folders import RunFolder, make_folder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.journal_store import JournalStore
from esmigrate_tui.engine.listing import summary
from esmigrate_tui.engine.lost_journal import JournalLostError, sign
from esmigrate_tui.engine.problem_file import writing_problem
from esmigrate_tui.engine.run import perform, started
from esmigrate_tui.model.event import RunFinished, RunOutcome, TaskAdvanced
from esmigrate_tui.model.outcome import ExitCode, exit_code
from tests.engine.tiny import BACK, Fast, Notepad, Tiny, plan_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from esmigrate_tui.model.plan import Plan


def deleted(folder: RunFolder) -> None:
    for file in folder.path.glob("journal*"):
        file.unlink()


def emptied(folder: RunFolder) -> None:
    folder.journal.write_bytes(b"")


def replaced(folder: RunFolder) -> None:
    other = folder.path / "other"
    other.write_bytes(folder.journal.read_bytes())
    other.replace(folder.journal)


def truncated(folder: RunFolder) -> None:
    os.truncate(folder.journal, folder.journal.stat().st_size // 2)


def plan() -> Plan:
    one = plan_of(100)
    task = msgspec.structs.replace(one.tasks[0], create='{"settings":{}}')
    return msgspec.structs.replace(one, tasks=(task,))


def test_a_run_that_begins_while_it_is_looked_at_has_lost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(plan(), tmp_path / "runs", lambda: "7K2P")
    exists = os.path.lexists

    def begins(path: str | Path) -> bool:
        before = exists(path)
        if not before and str(path) == str(folder.journal):
            monkeypatch.setattr(os.path, "lexists", exists)
            writer = JournalStore(folder.journal, is_writer=True)
            writer.make()
            writer.close()
            sign(folder.journal, 1.0)
        return before

    monkeypatch.setattr(os.path, "lexists", begins)
    assert JournalStore(folder.journal, is_writer=False).read(0, 9) == []


# -- found lost --------------------------------------------------------------------------------------------------------


def cli(arguments: list[str]) -> int:
    return exit_code_of(lambda: main(arguments, standalone_mode=False), sys.stderr)


@pytest.mark.parametrize(
    ("damage", "how"),
    [(emptied, "is empty, though the run had begun"), (deleted, "is missing, though the run had begun")],
)
def test_a_run_that_had_begun_and_whose_journal_is_lost_is_damaged_and_never_begun_anew(
    damage: Callable[[RunFolder], None],
    how: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    folder = make_folder(plan(), tmp_path / "runs", lambda: "BADX")

    async def written() -> None:
        async with await Journal.create(folder.journal) as journal:
            await journal.append(started(plan(), "BADX", 0.0))
            await journal.append(RunFinished(at=1.0, outcome=RunOutcome.VERIFIED))

    asyncio.run(written())
    folder.process.write_text('{"pid": 1, "started_at": 0.0}')
    damage(folder)
    assert cli(["status"]) == ExitCode.DONE
    assert f"unreadable, because The journal of this run {how}." in capsys.readouterr().out
    for command in ("status", "attach", "report", "cleanup", "resume", "stop"):
        assert cli([command, "BADX"]) == ExitCode.STATE, command
        said = capsys.readouterr().err
        assert how in said, command
        assert "GET /new-1/_settings" in said, command
        assert "run again" in said, command
    assert not folder.journal.exists() or not folder.journal.stat().st_size


async def test_a_process_that_may_still_write_is_named_where_its_journal_is_damaged(tmp_path: Path) -> None:
    folder = make_folder(plan(), tmp_path, lambda: "7K2P")
    async with await Journal.create(folder.journal) as journal:
        for at in range(200):
            await journal.append(started(plan(), "7K2P" * 500, float(at)))
    folder.process.write_text('{"pid": 4711, "started_at": 0.0}')
    truncated(folder)
    held = lock.hold(folder.lock)
    assert held is not None
    said = await summary(folder)
    lock.release(held)
    assert said.problem is not None
    assert "Its process (4711) may still be writing: `kill 4711` ends it." in said.problem.todo
    assert "PUT /new-1/_settings" in said.problem.todo
    after = await summary(folder)
    assert after.problem is not None
    assert "4711" not in after.problem.todo


def test_a_run_that_was_never_begun_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    make_folder(plan(), tmp_path / "runs", lambda: "NEWX")
    assert cli(["status"]) == ExitCode.DONE
    assert "unreadable" not in capsys.readouterr().out


# -- lost while the run goes on ----------------------------------------------------------------------------------------

WORDS: Final[dict[str, tuple[Callable[[RunFolder], None], str]]] = {
    "deleted": (deleted, "was deleted while the run was going on"),
    "replaced": (replaced, "was replaced by another file while the run was going on"),
    "truncated": (truncated, "was truncated while the run was going on"),
}


@pytest.mark.parametrize(("damage", "how"), WORDS.values(), ids=WORDS)
async def test_a_run_whose_journal_is_lost_meanwhile_stops_reverts_and_keeps_a_sentence(
    damage: Callable[[RunFolder], None], how: str, tmp_path: Path
) -> None:
    folder = make_folder(plan(), tmp_path, lambda: "7K2P")
    tiny, cluster, fast = Tiny(plan(), per_look=1, tunes=True, look_takes=0.01), Notepad(), Fast()
    async with await Journal.create(folder.journal) as journal:
        folder.process.write_text('{"pid": 1, "started_at": 0.0}')
        doing = asyncio.ensure_future(
            perform(
                plan(),
                cluster.as_clusters(),
                journal,
                {plan().method: tiny},
                clock=fast.clock,
                sleep=fast.sleep,
                run_id="7K2P",
                random=lambda: 0.5,
            )
        )
        async with Journal.open(folder.journal) as seen:
            await until_it_moves(seen)
            await asyncio.sleep(0.05)  # so that the file is known as it is
        damage(folder)
        with pytest.raises(JournalLostError) as raised:
            await asyncio.wait_for(doing, 20)
    problem = raised.value.problem
    assert how in problem.what
    assert "What it had changed was reverted." in problem.why
    assert exit_code(problem.cause) is ExitCode.STATE
    assert writing_problem(folder.journal) == problem
    assert ("stop", 1) in tiny.calls
    assert cluster.sent[-1].body == BACK.body
    assert tiny.arrived[1] < 100
    if damage is deleted:  # what a reader says then is what the process has kept
        with pytest.raises(JournalLostError, match="What it had changed was reverted"):
            await Journal.create(folder.journal)
        assert writing_problem(folder.journal) == problem


async def until_it_moves(journal: Journal) -> None:
    while not any(isinstance(event, TaskAdvanced) for _, event in await journal.read()):  # noqa: ASYNC110  # another process, by a file
        await asyncio.sleep(0.01)


async def test_a_journal_that_only_grows_is_not_taken_for_another_file(tmp_path: Path) -> None:
    folder = make_folder(plan(), tmp_path, lambda: "7K2P")
    async with await Journal.create(folder.journal) as journal:
        for at in range(400):
            await journal.append(started(plan(), "7K2P" * 1_000, float(at)))
        assert len(await journal.read(limit=1_000)) == 400
