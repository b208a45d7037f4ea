"""Files of this machine: whole or not there, and never where somebody else wants them."""

from __future__ import annotations

import ast
import os
import stat
from pathlib import Path
from typing import Final

import pytest

import esmigrate_tui
from esmigrate_tui import disk
from esmigrate_tui.engine import lock
from esmigrate_tui.engine.folders import RunFolder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.lost_journal import sign
from esmigrate_tui.flow.saving import write_new
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.reading.mapping import body_in
from esmigrate_tui.reading.open_file import file_source

PACKAGE: Final = Path(esmigrate_tui.__file__).parent
_OURS: Final = {PACKAGE / "disk.py", PACKAGE / "wizard" / "gallery.py"}
"""The gallery draws pictures for this repository, on the machine of whoever builds it."""


def test_a_file_is_written_whole_for_its_owner_alone(tmp_path: Path) -> None:
    disk.write_whole(tmp_path / "plan", b"new")
    assert (tmp_path / "plan").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "plan").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_write_that_breaks_off_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "plan").write_bytes(b"old")
    with pytest.raises(RuntimeError), disk.replacing(tmp_path / "plan") as file:  # noqa: PT012  # both are the subject
        file.write(b"half")
        raise RuntimeError
    assert (tmp_path / "plan").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    (tmp_path / "plan").symlink_to(mine)
    disk.write_whole(tmp_path / "plan", b"new")
    assert mine.read_bytes() == b"mine"
    assert not (tmp_path / "plan").is_symlink()


def test_names_that_somebody_could_foresee_are_not_written_through(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    folder = RunFolder(tmp_path / "7K2P")
    folder.path.mkdir()
    plan = tmp_path / "plan.toml"
    for planted in (plan.with_name(f".plan.toml.{os.getpid()}"), folder.path / "process.part"):
        planted.symlink_to(mine)
    write_new(plan, "x", force=False)
    sign(folder.journal, 1.0)
    assert mine.read_bytes() == b"mine"


async def test_a_link_in_the_place_of_a_journal_a_log_or_a_lock_is_not_followed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"")
    for name in ("journal", "process.log", "lock"):
        (tmp_path / name).symlink_to(mine)
    with pytest.raises(ProblemError, match="cannot be used"):
        await Journal.create(tmp_path / "journal")
    with pytest.raises(OSError, match="symbolic links"):
        disk.appending(tmp_path / "process.log")
    with pytest.raises(OSError, match="symbolic links"):
        lock.hold(tmp_path / "lock")
    assert mine.read_bytes() == b""


def test_a_place_that_was_taken_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), disk.replacing(tmp_path / "plan", is_new=True) as file:  # noqa: PT012
        (tmp_path / "plan").write_bytes(b"theirs")
        file.write(b"ours")
    assert (tmp_path / "plan").read_bytes() == b"theirs"


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ProblemError, match="it is not a file"):
        write_new(tmp_path / "pipe", "x", force=True)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_no_reader_waits_for_a_pipe_or_reads_without_an_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero", "a\0b"):
        with pytest.raises(ProblemError, match="cannot be read"):
            body_in(str(tmp_path / name))
        with pytest.raises(ProblemError, match="cannot be read"):
            file_source(str(tmp_path / name))


_WRITING: Final = frozenset({"write_text", "write_bytes", "touch", "NamedTemporaryFile", "mkstemp", "mktemp"})


def _writes(call: ast.Call) -> bool:
    """Whether a call writes a file in another way than through `disk`."""
    if {"_SAFELY", "devnull"} & {getattr(one, "id", getattr(one, "attr", "")) for one in ast.walk(call)}:
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _WRITING:
        return True
    texts = [one.value for one in ast.walk(call) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if name == "open" and any(set(text) <= set("rwaxbt+") and set(text) & set("wax+") for text in texts):
        return True
    flags = {one.attr for one in ast.walk(call) if isinstance(one, ast.Attribute)}
    return name == "open" and bool(flags & {"O_WRONLY", "O_RDWR", "O_CREAT"}) and "O_NOFOLLOW" not in flags


def test_every_file_is_written_in_the_one_place_for_it() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{call.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path not in _OURS and "sandbox" not in path.parts
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and _writes(call)
        and "_SAFELY" not in ast.unparse(call)
        and "devnull" not in ast.unparse(call)
    ]
    assert found == []
