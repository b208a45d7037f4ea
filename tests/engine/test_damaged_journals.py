"""Journals that something has damaged: each says so of itself, and hides no other run."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esmigrate_tui.cli.exits import exit_code_of
from esmigrate_tui.cli.main import main
from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.engine.folders import RunFolder, make_folder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.listing import all_runs
from esmigrate_tui.flow.start import standing
from esmigrate_tui.model.event import (
    Acknowledged,
    Reject,
    RunStarted,
    TaskAdvanced,
    TaskStarted,
    TaskSummary,
    WaitBegan,
)
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from tests.engine.tiny import plan_of
from tests.examples import at_most

if TYPE_CHECKING:
    from collections.abc import Callable

PROBLEM: Final = Problem(cause=Cause.BUSY, what="The destination is busy.")


def cli(arguments: list[str]) -> int:
    return exit_code_of(lambda: main(arguments, standalone_mode=False), sys.stderr)


def started(run: str) -> RunStarted:
    summary = TaskSummary(number=1, source_index="old-1", destination_index="new-1", documents=100)
    return RunStarted(
        at=1_000.0,
        run=run,
        method=MethodName.REINDEX_FROM_REMOTE,
        source="http://old:9200",
        destination="http://new:9200",
        tasks=(summary,),
    )


async def written(home: Path, name: str) -> RunFolder:
    """A run that stopped half-way."""
    folder = make_folder(plan_of(100), home, lambda: name)
    async with await Journal.create(folder.journal) as journal:
        await journal.append(started(name))
        await journal.append(TaskStarted(at=1_001.0, task=1))
        await journal.append(
            TaskAdvanced(at=1_002.0, task=1, moved=Acknowledged(done=40, refused=1)), (Reject(index="i", id="1"),)
        )
        await journal.append(WaitBegan(at=1_003.0, task=1, problem=PROBLEM, until=1_009.0, patience_ends=2_000.0))
    return folder


def altered(statement: str, *values: object) -> Callable[[RunFolder], None]:
    def alter(folder: RunFolder) -> None:
        with sqlite3.connect(folder.journal) as connection:
            connection.execute(statement, values)
        connection.close()

    return alter


def event(text: str | bytes | float | None) -> Callable[[RunFolder], None]:
    return altered("INSERT INTO event (at, json) VALUES (1, ?)", text)


def cut(folder: RunFolder) -> None:
    whole = folder.journal.read_bytes()
    folder.journal.write_bytes(whole[: len(whole) // 3])


def not_a_file(folder: RunFolder) -> None:
    folder.journal.unlink()
    folder.journal.mkdir()


def fifo(folder: RunFolder) -> None:
    folder.journal.unlink()
    os.mkfifo(folder.journal)


def fifo_as_lock(folder: RunFolder) -> None:
    folder.lock.unlink(missing_ok=True)
    os.mkfifo(folder.lock)
    folder.journal.write_bytes(b"no database at all, but long enough to be looked at as one " * 20)


DAMAGES: Final[dict[str, Callable[[RunFolder], None]]] = {
    "a task that the plan does not have": event('{"type":"task-started","at":1004.0,"task":77}'),
    "a wait of an unknown task": event(
        '{"type":"wait-began","at":1,"task":0,"problem":{"cause":"busy","what":"x"},"until":1,"patience_ends":1}'
    ),
    "bytes that are no UTF-8": event(b'{"type":"noted","at":1,"text":"\xff\xfe"}'),
    "text that is no UTF-8": altered("UPDATE event SET json = CAST(x'7b22ff22' AS TEXT) WHERE seq = 2"),
    "a number in place of text": event(17.5),
    "a time beyond every calendar": event('{"type":"paused","at":1e300}'),
    "a time that is no number": event('{"type":"paused","at":NaN}'),
    "a time before all": event('{"type":"paused","at":-1e18}'),
    "a number of 400 digits": event('{"type":"task-advanced","at":1,"task":1,"moved":{"done":%s}}' % ("9" * 400)),
    "a text in place of a number": event('{"type":"task-started","at":1004.0,"task":"one"}'),
    "an unknown kind of event": event('{"type":"teleported","at":1004.0}'),
    "depth": event('{"type":"noted","at":1,"text":' + "[" * 100_000),
    "half of the file": cut,
    "an older schema": altered("ALTER TABLE event RENAME COLUMN json TO body"),
    "a missing table": altered("DROP TABLE event"),
    "a newer format": altered("PRAGMA user_version=99"),
    "another program's database": altered("PRAGMA application_id=7"),
    "a folder": not_a_file,
    "a pipe": fifo,
    "a pipe as lock": fifo_as_lock,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_journal_says_so_of_its_run_and_hides_no_other(
    damage: Callable[[RunFolder], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    home = tmp_path / "runs"
    asyncio.run(written(home, "GXXD"))
    damage(asyncio.run(written(home, "BADX")))

    assert cli(["status"]) == ExitCode.DONE
    listed = capsys.readouterr().out
    assert "GXXD" in listed
    assert "interrupted" in listed
    [bad] = [line for line in listed.splitlines() if line.startswith("BADX")]
    assert "unreadable, because " in bad

    assert cli(["status", "--json"]) == ExitCode.DONE
    assert capsys.readouterr().out.count("\n") == 2

    cards = {card.run: card for card in asyncio.run(_cards())}
    assert standing(cards["GXXD"])[0] == "stopped half-way"
    assert standing(cards["BADX"])[0] == "unreadable"
    assert "because" in standing(cards["BADX"])[1]

    for command in ("status", "attach", "report", "cleanup", "resume"):
        assert cli([command, "BADX"]) == ExitCode.STATE, command
        said = capsys.readouterr()
        assert "defect" not in said.err, command
        assert said.err.startswith("esmigrate: "), command


async def _cards() -> Any:  # noqa: ANN401  # the wizard's own
    return await real_services().runs()


def test_a_refused_document_that_cannot_be_read_is_said_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    folder = asyncio.run(written(tmp_path / "runs", "BADX"))
    altered("UPDATE reject SET json = ?", b'{"index":"\xff"}')(folder)
    assert cli(["status"]) == ExitCode.DONE
    assert "interrupted" in capsys.readouterr().out
    assert cli(["report", "BADX"]) == ExitCode.STATE
    assert "rejected document 1 " in capsys.readouterr().err


def test_a_fold_over_an_event_that_does_not_fit_is_a_sentence() -> None:
    with pytest.raises(ProblemError, match="task 9"):
        Progress().after(started("7K2P")).after(TaskStarted(at=2.0, task=9))


_ODD: Final = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=40),
    st.binary(max_size=60),
    st.sampled_from(
        [
            '{"type":"task-finished","at":5,"task":2,"outcome":"verified"}',
            '{"type":"run-finished","at":5,"outcome":"verified"}',
            '{"type":"run-started","at":0,"run":"","method":"x","source":"","destination":"","tasks":[]}',
            '{"type":"verifying","at":5,"task":1,"read":9223372036854775807,"total":-1}',
            '{"type":"pace-changed","at":5,"requests_per_second":1e308}',
        ]
    ),
)


@settings(max_examples=at_most(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_a_journal_the_list_of_runs_is_whole(data: st.DataObject, tmp_path: Path) -> None:
    home = Path(tempfile.mkdtemp(dir=tmp_path))
    asyncio.run(written(home, "GXXD"))
    folder = asyncio.run(written(home, "BADX"))
    if data.draw(st.booleans()):
        altered("UPDATE event SET json = ? WHERE seq = ?", data.draw(_ODD), data.draw(st.integers(1, 4)))(folder)
    else:
        whole = bytearray(folder.journal.read_bytes())
        for _ in range(data.draw(st.integers(1, 40))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        folder.journal.write_bytes(whole)
    found = {summary.run: summary for summary in asyncio.run(all_runs(home))}
    assert found.keys() == {"GXXD", "BADX"}
    assert found["GXXD"].problem is None
    if (problem := found["BADX"].problem) is not None:
        assert problem.what.endswith(".")
