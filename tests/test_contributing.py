"""CONTRIBUTING names real files, and real functions in them: whoever follows it finds what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`([\w/]+(?:/|\.py|\.md))(?:: (\w+))?`", TEXT)))


@pytest.mark.parametrize(("path", "name"), PATHS)
def test_what_contributing_names_exists(path: str, name: str) -> None:
    places = [place / path for place in (ROOT / "esmigrate_tui", ROOT, *(ROOT / "esmigrate_tui" / "methods").glob("*"))]
    found = [place for place in places if place.exists()]
    assert found
    if name:
        assert any(re.search(rf"\b(?:def|class) {name}\b", place.read_text(encoding="utf-8")) for place in found)


def test_no_row_of_a_table_stands_twice() -> None:
    first = re.findall(r"^\| ([^|]+) \|", TEXT, re.MULTILINE)
    assert len([cell for cell in first if cell not in {"what", "---", "term", "command"}]) == len(
        {cell for cell in first if cell not in {"what", "---", "term", "command"}}
    )
