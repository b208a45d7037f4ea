"""Runs as folders: names, places, and what never gets into the environment of a run's process."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.engine.folders import ALPHABET, find_run, make_folder, new_run_id, read_findings, read_plan
from esmigrate_tui.engine.handover import run_environment
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.listing import all_runs
from esmigrate_tui.engine.places import runs_home
from esmigrate_tui.engine.starting import accept_fingerprint, begin, resume_run
from esmigrate_tui.model.connection import Connection, Endpoint, Side, TrustKind
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.engine.tiny import plan_of


@given(st.randoms(use_true_random=False))
def test_the_name_of_a_run_is_short_and_cannot_be_misread(random: object) -> None:
    name = new_run_id(random.choice)  # type: ignore[attr-defined]  # hypothesis' own random.Random
    assert len(name) == 4
    assert set(name) <= set(ALPHABET)
    assert not set(name) & set("01ILO")


def test_the_folder_of_the_runs_is_where_the_person_wants_it() -> None:
    assert runs_home({"HOME": "/home/a"}) == Path("/home/a/.local/state/esmigrate/runs")
    assert runs_home({"HOME": "/home/a", "XDG_STATE_HOME": "/state"}) == Path("/state/esmigrate/runs")
    assert runs_home({"HOME": "/home/a", "XDG_STATE_HOME": "relative"}) == Path("/home/a/.local/state/esmigrate/runs")
    assert runs_home({"ESMIGRATE_STATE_DIR": "/mine", "XDG_STATE_HOME": "/state"}) == Path("/mine/runs")


def test_no_secret_and_nothing_that_writes_secrets_down_is_left_in_the_environment() -> None:
    bad = {
        "ESMIGRATE_SOURCE_PASSWORD": "x",
        "ESMIGRATE_DESTINATION_API_KEY": "x",
        "ESMIGRATE_SOURCE_TOKEN": "x",
        "TEXTUAL_LOG": "x",
        "TEXTUAL_DEBUG": "x",
        "TEXTUAL_DEVTOOLS_PORT": "x",
        "TEXTUAL_DRIVER": "x",
        "TEXTUAL_PRESS": "x",
        "SSLKEYLOGFILE": "x",
    }
    good = {"PATH": "/bin", "ESMIGRATE_STATE_DIR": "/mine", "HTTPS_PROXY": "", "SSL_CERT_FILE": "/ca"}
    kept = run_environment(bad | good)
    assert kept.keys() - {"PYTHONPATH"} == good.keys()


def test_a_run_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    for name in ("7K2P", "../..", "", "*", "x\x1b[31m"):
        with pytest.raises(ProblemError) as caught:
            find_run(name, tmp_path)
        assert caught.value.problem.cause is Cause.MISSING
        assert "\x1b" not in caught.value.problem.what


async def test_a_name_that_is_taken_is_not_used_twice(tmp_path: Path) -> None:
    (tmp_path / "AAAA").mkdir()
    names = iter(["AAAA", "AAAA", "BBBB"])
    folder = await begin(
        plan_of(1), {}, home=tmp_path, new_id=lambda: next(names), command=(sys.executable, "-c", WRITES_A_JOURNAL)
    )
    assert folder.run == "BBBB"
    assert not list((tmp_path / "AAAA").iterdir())


def test_what_the_preflight_found_is_kept_with_the_run_for_its_owner_alone(tmp_path: Path) -> None:
    kept = Finding(check="clocks", severity=Severity.NOTE, title="late", evidence="an hour")
    passed = Finding(check="room", severity=Severity.PASSED, title="Room enough")
    folder = make_folder(plan_of(1), tmp_path, lambda: "AAAA", (kept, passed))
    quiet = make_folder(plan_of(1), tmp_path, lambda: "BBBB", (passed,))
    assert read_findings(folder) == (kept,)
    assert read_findings(quiet) == ()
    assert folder.findings.stat().st_mode & 0o777 == 0o600
    folder.findings.write_text("[{")
    assert read_findings(folder) == ()


WRITES_A_JOURNAL = """
import asyncio, json, os, sys
from pathlib import Path
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.model.event import RunStarted
async def main():
    async with await Journal.create(Path(sys.argv[1]) / "journal") as journal:
        (Path(sys.argv[1]) / "process.json").write_text(json.dumps({"pid": os.getpid(), "started_at": 1.0}))
        method = "reindex-from-remote"
        await journal.append(RunStarted(at=1.0, run="x", method=method, source="", destination="", tasks=()))
asyncio.run(main())
"""


async def test_when_every_name_is_taken_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "AAAA").mkdir()
    with pytest.raises(ProblemError) as caught:
        await begin(plan_of(1), {}, home=tmp_path, new_id=lambda: "AAAA")
    assert caught.value.problem.what == "No name is free for another run."


async def test_a_place_where_nothing_can_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ProblemError) as caught:
        await begin(plan_of(1), {}, home=tmp_path / "file", new_id=lambda: "AAAA")
    assert caught.value.problem.what.startswith("The run cannot be written down on this machine")


async def test_a_run_without_its_plan_cannot_be_taken_up(tmp_path: Path) -> None:
    (tmp_path / "AAAA").mkdir()
    with pytest.raises(ProblemError) as caught:
        await resume_run("AAAA", {}, home=tmp_path)
    assert "The plan of the run AAAA cannot be read" in caught.value.problem.what


async def test_where_there_are_no_runs_the_list_is_empty(tmp_path: Path) -> None:
    assert await all_runs(tmp_path / "nothing") == ()


def test_the_engine_comes_without_the_screen_and_without_the_keyring() -> None:
    code = "import sys, esmigrate_tui.engine.process as p; p.__dict__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "esmigrate_tui.engine.run" in loaded
    assert {"textual", "keyring", "elasticsearch"}.isdisjoint(loaded)


def test_the_whole_process_of_a_run_comes_without_the_screen_and_without_the_keyring() -> None:
    code = "import sys, esmigrate_tui.engine.process, esmigrate_tui.methods, esmigrate_tui.elastic.connect"
    listed = [sys.executable, "-c", f"{code}; print(*sys.modules)"]
    loaded = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    assert "elasticsearch" in loaded
    assert {"textual", "keyring"}.isdisjoint(loaded)


def test_the_runs_own_program_says_how_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "esmigrate_tui.engine.process"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")


async def test_a_renewed_certificate_is_accepted_for_one_side_of_a_run_and_nothing_else_changes(tmp_path: Path) -> None:
    far = Connection(endpoint=Endpoint(scheme="https", host="old.example.org", port=9200), user="elastic")
    plan = msgspec.structs.replace(plan_of(10), source=far)
    folder = make_folder(plan, tmp_path, lambda: "7K2P")
    async with await Journal.create(folder.journal):
        pass
    await accept_fingerprint(folder, Side.SOURCE, "ab" * 32, 5.0)
    after = read_plan(folder)
    assert after.source is not None
    assert (after.source.trust.kind, after.source.trust.fingerprint) == (TrustKind.PINNED, "ab" * 32)
    assert msgspec.structs.replace(after, source=far) == plan
    assert stat.S_IMODE(folder.plan.stat().st_mode) == 0o600
    async with Journal.open(folder.journal) as journal:
        assert "ab" * 32 in str(await journal.read())
    with pytest.raises(ProblemError, match="meets no certificate"):
        await accept_fingerprint(folder, Side.DESTINATION, "ab" * 32, 5.0)
