"""Where runs are kept: of this user, for this user alone, also where the system knows nothing of the user."""

from __future__ import annotations

import asyncio
import os
import pwd
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.cli.exits import exit_code_of
from esmigrate_tui.cli.following import started_sentence
from esmigrate_tui.cli.main import main
from esmigrate_tui.cli.preferences import keep_contrast, recalled
from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.engine import places
from esmigrate_tui.engine.folders import make_folder
from esmigrate_tui.flow.runs import leaving_warning
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.reading.open_file import path_of
from esmigrate_tui.sandbox.errors import PlaceUnreachable
from esmigrate_tui.sandbox.places import places as of_sandbox
from esmigrate_tui.vault import probe
from tests.engine.tiny import plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.engine.listing import RunSummary


_NAMES = ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user without an entry in the system's list, as in a container that was given a number, and without a home."""

    def nobody(_: object) -> pwd.struct_passwd:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr(pwd, "getpwnam", nobody)
    for name in (*_NAMES, "ESMIGRATE_STATE_DIR", "ESMIGRATE_CACHE_DIR", "ESMIGRATE_SANDBOX_DIR"):
        monkeypatch.delenv(name, raising=False)
    return iter(())


def cli(*arguments: str) -> int:
    return exit_code_of(lambda: main(list(arguments), standalone_mode=False), sys.stderr)


@pytest.mark.usefixtures("unknown")
def test_a_user_whom_the_system_does_not_know_begins_runs_where_there_is_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path / "state"))
    assert leaving_warning() == ""
    assert "Run 7K2P has begun" in started_sentence("7K2P")
    home = places.runs_home(os.environ)
    assert make_folder(plan_of(1), home, lambda: "7K2P").plan.is_file()
    assert cli("status") == ExitCode.DONE


async def _cards() -> tuple[RunSummary, ...]:
    return await real_services().runs()


@pytest.mark.usefixtures("unknown")
def test_where_there_is_no_home_at_all_that_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("status") == ExitCode.STATE
    said = capsys.readouterr().err
    assert "HOME is not set" in said
    assert "ESMIGRATE_STATE_DIR" in said
    assert asyncio.run(_cards()) == ()
    assert not recalled().contrast
    with pytest.raises(ProblemError, match="HOME is not set"):
        asyncio.run(keep_contrast(True))
    assert path_of("~/x") == Path("~/x")
    with pytest.raises(PlaceUnreachable):
        of_sandbox()
    assert asyncio.run(probe()).sentence


@pytest.mark.usefixtures("unknown")
def test_a_place_in_a_home_that_is_not_there_is_no_folder_called_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", "~nobody-here/x")
    with pytest.raises(ProblemError, match="home that does not exist"):
        places.runs_home(os.environ)


@pytest.mark.parametrize("mode", [0o777, 0o772, 0o770])
def test_a_place_that_others_may_write_to_is_refused(
    mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    home = tmp_path / "runs"
    home.mkdir()
    home.chmod(mode)
    with pytest.raises(ProblemError, match="may be changed by others") as refused:
        make_folder(plan_of(1), home, lambda: "7K2P")
    assert refused.value.problem.cause is Cause.STATE
    assert list(home.iterdir()) == []
    assert cli("status") == ExitCode.STATE
    assert "may be changed by others" in capsys.readouterr().err


def test_a_place_beside_which_others_may_write_is_refused_but_not_one_that_is_shared_as_tmp_is(tmp_path: Path) -> None:
    home = tmp_path / "state" / "runs"
    home.mkdir(parents=True, mode=0o700)
    home.parent.chmod(0o777)
    with pytest.raises(ProblemError, match="may be changed by others"):
        places.raise_unsafe(home)
    home.parent.chmod(0o1777)
    places.raise_unsafe(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_runs_of_another_user_are_not_said_to_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    home = tmp_path / "runs"
    make_folder(plan_of(1), home, lambda: "7K2P")
    os.chown(home, 54_321, 54_321)
    assert cli("status") == ExitCode.STATE
    assert "belongs to another user (54321)" in capsys.readouterr().err


def test_a_folder_that_may_not_be_looked_into_is_not_said_to_be_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    home = tmp_path / "runs"
    home.mkdir(mode=0o700)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may look everywhere
    assert cli("status") == ExitCode.STATE
    assert "may not be looked into" in capsys.readouterr().err


def test_every_folder_that_is_made_for_runs_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        make_folder(plan_of(1), tmp_path / "a" / "b" / "runs", lambda: "7K2P")
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o077 for path in (tmp_path / "a", tmp_path / "a" / "b")] == [0, 0]


@pytest.mark.skipif(sys.platform != "linux", reason="the system call is Linux's")
def test_no_command_leaves_its_memory_behind() -> None:
    looking = """
import ctypes, resource, sys
from esmigrate_tui.cli.start import run
sys.argv = ["esmigrate", "--version"]
run()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), file=sys.stderr)
"""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    done = subprocess.run(
        [sys.executable, "-c", looking],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)),  # no threads here
    )
    assert done.stderr.strip() == "(0, 0) 0"
