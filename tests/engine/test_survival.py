"""Who logs out of a host that ends processes is warned in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.engine.survival import ends_processes, logout_warning

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("texts", "ends"),
    [
        ([], False),
        (["[Login]\n#KillUserProcesses=yes\n"], False),
        (["[Login]\nKillUserProcesses=yes\n"], True),
        (["[Login]\nKillUserProcesses = yes\n", "[Login]\nKillUserProcesses=no\n"], False),
        (["[Login]\nKillUserProcesses=no\n", "[Login]\nKillUserProcesses=1\n"], True),
    ],
)
def test_the_last_file_decides(texts: list[str], *, ends: bool) -> None:
    assert ends_processes(texts) is ends


def host(root: Path, text: str) -> Path:
    (root / "etc/systemd/logind.conf.d").mkdir(parents=True)
    (root / "etc/systemd/logind.conf.d/10-ours.conf").write_text(text)
    return root


def test_the_warning_names_the_ways_out(tmp_path: Path) -> None:
    said = logout_warning("ada", host(tmp_path, "[Login]\nKillUserProcesses=yes\n"))
    assert "enable-linger ada" in said
    assert "systemd-run" in said
    assert "tmux" in said


def test_who_lingers_is_not_warned(tmp_path: Path) -> None:
    (tmp_path / "var/lib/systemd/linger").mkdir(parents=True)
    (tmp_path / "var/lib/systemd/linger/ada").touch()
    assert logout_warning("ada", host(tmp_path, "[Login]\nKillUserProcesses=yes\n")) == ""


def test_a_host_without_systemd_has_nothing_to_warn_of(tmp_path: Path) -> None:
    assert logout_warning("ada", tmp_path) == ""
