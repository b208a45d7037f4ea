import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from esmigrate_tui.sandbox import records
from esmigrate_tui.sandbox.errors import DiskFull, PlaceUnreachable
from esmigrate_tui.sandbox.launch import FileUser, NodeOptions, TlsFiles
from esmigrate_tui.sandbox.places import (
    NodeAccount,
    SandboxFolders,
    ensure_space,
    full_disk_reported,
    places,
    reachable,
)
from esmigrate_tui.sandbox.records import NodeRecord, ProcessIdentity, SandboxNode, standing
from esmigrate_tui.sandbox.supervisor import start_ticks


def myself() -> ProcessIdentity:
    return ProcessIdentity(os.getpid(), start_ticks(os.getpid()) or "")


def record(folder: Path) -> NodeRecord:
    node = SandboxNode(
        name="es-6.8.23",
        version="6.8.23",
        url="http://127.0.0.1:21001",
        port=21001,
        user="elastic",
        password="hidden",
        pid=0,
        home=folder / "home",
        log=folder / "log",
        snapshots=folder / "snapshots",
    )
    tls = TlsFiles(Path("/k"), Path("/c"), Path("/a"))
    options = NodeOptions(tls=tls, file_users=(FileUser("admin", "pw"),), settings={"a": "b"})
    return NodeRecord(node, options, 21002, myself())


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    records.write(place, record(tmp_path).with_process(myself(), None))
    assert records.read_all(place) == [record(tmp_path).with_process(myself(), None)]


def test_only_the_owner_can_read_a_record(tmp_path: Path) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    records.write(place, record(tmp_path))
    (path,) = place.state.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.state.stat().st_mode) == 0o700


def test_a_password_is_not_in_the_repr_of_a_node(tmp_path: Path) -> None:
    assert "hidden" not in repr(record(tmp_path).node)


def test_a_record_that_makes_no_sense_is_passed_over(tmp_path: Path) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    records.write(place, record(tmp_path))
    (place.state / "es-broken.json").write_text("{", encoding="ascii")
    assert [one.node.name for one in records.read_all(place)] == ["es-6.8.23"]


def test_a_process_with_the_same_number_and_another_start_is_not_the_same() -> None:
    assert myself().is_alive
    assert not replace(myself(), ticks="another boot:1").is_alive


def test_a_node_is_up_starting_stopped_or_dead(tmp_path: Path) -> None:
    new = record(tmp_path)
    gone = ProcessIdentity(2**22 - 1, "x")
    assert standing(new) == "starting"
    assert standing(replace(new, owner=gone)) == "dead"
    assert standing(new.with_process(myself(), None)) == "starting"
    assert standing(replace(new.with_process(myself(), None), is_healthy=True)) == "up"
    assert standing(replace(new.with_process(gone, None), is_healthy=True)) == "dead"
    assert standing(replace(new, is_stopped=True)) == "stopped"


def test_too_little_space_is_told_before_anything_is_written(tmp_path: Path) -> None:
    ensure_space(10, 10, tmp_path, "Unpacking")
    with pytest.raises(DiskFull, match=r"Unpacking needs 500 MB in .* and 3 MB are free .* ESMIGRATE_CACHE_DIR"):
        ensure_space(500_000_000, 3_000_000, tmp_path, "Unpacking")


def test_a_disk_that_fills_up_while_writing_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFull, match="is full"),
        full_disk_reported(tmp_path, "Unpacking"),
        Path("/dev/full").open("w", encoding="ascii") as out,
    ):
        out.write("x" * 100_000)


def test_a_folder_nobody_else_can_enter_is_not_reachable(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not reachable(closed / "deeper", NodeAccount(65534, 65534))
    assert reachable(closed / "deeper", NodeAccount())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts nodes as another account")
def test_a_cache_that_the_nodes_cannot_enter_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("ESMIGRATE_CACHE_DIR", str(tmp_path))
    with pytest.raises(PlaceUnreachable, match="ESMIGRATE_CACHE_DIR"):
        places()
