"""The help pages are files: each step has one, each file is shown by some step, and each reads as a page."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from esmigrate_tui.flow.help import read, words_of
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.model.method import MethodName
from tests.pictures import sample_values as sample

PAGES = sorted(page.name.removesuffix(".md") for page in (files("esmigrate_tui.flow") / "pages").iterdir())
KINDS = {"files": "is_of_files", "watching": "is_watching", "restore": "is_restore"}


def test_each_step_has_a_page() -> None:
    assert [step for step in BY_NAME if step not in PAGES] == []


@pytest.mark.parametrize("name", PAGES)
def test_each_file_belongs_to_a_step_and_perhaps_to_a_kind_of_migration(name: str) -> None:
    step, _, kind = name.partition(".")
    assert step in BY_NAME or name == "network"
    assert not kind or kind in KINDS


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_title_then_paragraphs_and_nothing_left_to_fill_in(name: str) -> None:
    title, text = read(name)
    assert re.fullmatch(r"\S.*\S", title)
    assert text
    assert "\n\n\n" not in text
    assert not re.search(r"@[A-Z]+@|\{\w*\}|\$\{?\w|TODO", text)


def test_each_file_is_shown_in_some_migration() -> None:
    sessions = [sample.CONNECTED.answered(method=method) for method in MethodName]
    sessions.append(sample.WATCHING)
    shown = {words_of(step, session)[0] for session in sessions for step in BY_NAME}
    assert [name for name in PAGES if read(name)[0] not in shown and name != "network"] == []
    assert any(read("network")[1] in words_of("connections", session)[1] for session in sessions)
