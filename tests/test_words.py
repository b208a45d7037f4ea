"""One term for one thing: what a user or a reader of the code meets has the terms of CONTRIBUTING's vocabulary.

Texts are string literals, docstrings, comments and the help pages; names are those of modules, classes and functions.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import esmigrate_tui

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(esmigrate_tui.__file__).parent
INSTEAD: Final = {
    r"(?:old|new) cluster": "source, destination",
    r"(?:put|puts|putting) (?:\w+ )?back": "revert, restore, undo",
    r"(?:set|sets|setting) (?:\w+ )?aside": "rejected",
    r"(?:take|takes|taken|taking|took) (?:\w+ )?up": "resume",
    r"mend(?:s|ed|ing)?": "fix",
    r"somebody|someone|whoever": "user, operator, another process",
    r"(?:is|are|was|were) (?:gone|away)": "missing, unreachable, no longer exists",
}
NAMES: Final = {
    r"mend(?:s|ed|ing|able)?": "fix",
    r"tell(?:s|ing)?|told": "report, log, notify, print",
    r"shelf|album|pile|doors": "cache, session, services",
    r"fates?": "outcome",
}

_TEXT: Final = re.compile(rf"\b(?:{'|'.join(INSTEAD)})\b", re.IGNORECASE)
_NAME: Final = re.compile(rf"(?:^|_)(?:{'|'.join(NAMES)})(?:$|_)")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each string, docstring and comment."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield from enumerate(source.split("\n\n"), 1)
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, " ".join(node.value.split())
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def names(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of the module and of each class and function, in lower case with underscores."""
    yield 0, path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, _HUMP.sub("_", node.name).lower()


FILES: Final = sorted(path for kind in ("*.py", "*.md") for path in ROOT.rglob(kind))


@pytest.mark.parametrize("room", sorted({room_of(path) for path in FILES}))
def test_texts_have_the_terms_of_the_vocabulary(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]!r} in {text[:90]!r}"
        for path in FILES
        if room_of(path) == room
        for line, text in texts(path)
        if (match := _TEXT.search(text))
    ]
    assert found == [], f"say instead: {INSTEAD}"


@pytest.mark.parametrize("room", sorted({room_of(path) for path in FILES}))
def test_names_have_the_terms_of_the_vocabulary(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in FILES
        if path.suffix == ".py" and room_of(path) == room
        for line, name in names(path)
        if _NAME.search(name)
    ]
    assert found == [], f"say instead: {NAMES}"
