"""What a person prefers is kept from one start to the next, and no file of it is in anybody's way."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from esmigrate_tui.cli import preferences as preferring
from esmigrate_tui.cli.preferences import Preferences, keep_contrast, recalled
from esmigrate_tui.engine.places import settings_file
from esmigrate_tui.model.problem import ProblemError


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return settings_file(os.environ)


def test_settings_are_kept_where_the_platform_says() -> None:
    assert settings_file({"HOME": "/home/a"}) == Path("/home/a/.config/esmigrate/settings.json")
    assert settings_file({"XDG_CONFIG_HOME": "/c", "HOME": "/home/a"}) == Path("/c/esmigrate/settings.json")
    assert settings_file({"XDG_CONFIG_HOME": "c", "HOME": "/home/a"}) == Path("/home/a/.config/esmigrate/settings.json")


async def test_what_is_kept_is_there_at_the_next_start(file: Path) -> None:
    assert recalled() == Preferences(contrast=False)
    await keep_contrast(True)
    assert recalled() == Preferences(contrast=True)
    await keep_contrast(False)
    assert recalled() == Preferences(contrast=False)
    assert [path.name for path in file.parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    "garbled",
    [
        b"",
        b"{",
        b"[]",
        b'{"contrast":"loud"}',
        b'{"contrast":',
        b"\xff\xfe\x00",
        b'{"x":' + b"[" * 60_000,
        b"{" * 70_000,
    ],
    ids=["empty", "cut", "a list", "a word", "no value", "no text", "deep", "long"],
)
def test_a_garbled_file_is_none_and_is_written_anew(file: Path, garbled: bytes) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(garbled)
    assert recalled() == Preferences()
    asyncio.run(keep_contrast(True))
    assert recalled() == Preferences(contrast=True)


def test_a_folder_in_place_of_the_file_is_no_trouble(file: Path) -> None:
    file.mkdir(parents=True)
    assert recalled() == Preferences()


def test_what_cannot_be_written_is_said_in_one_sentence(file: Path) -> None:
    file.parent.parent.write_text("a file where the folder should be")
    with pytest.raises(ProblemError) as caught:
        asyncio.run(keep_contrast(True))
    assert caught.value.problem.sentence().startswith("It holds until you leave: ")
    assert "cannot be written: " in caught.value.problem.what
    assert recalled() == Preferences()


def test_a_disk_that_does_not_answer_is_not_waited_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferring, "_PATIENCE", 0.0)
    monkeypatch.setattr(preferring, "_write", lambda *_: time.sleep(0.2))
    with pytest.raises(ProblemError) as caught:
        asyncio.run(keep_contrast(True))
    assert "the disk does not answer" in caught.value.problem.what
    assert not file.exists()
