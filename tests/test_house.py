"""The rules of the house that no linter knows: no circles within a room, and one place where versions are compared."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import esmigrate_tui

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT: Final = Path(esmigrate_tui.__file__).parent
_ROOMS: Final = sorted(path.name for path in _ROOT.iterdir() if (path / "__init__.py").is_file())
_MAY_COMPARE: Final = ("model/features.py", "model/facts.py", "translate/", "sandbox/")
"""Where versions are compared: the abilities of a version, its own parsing, translations, and the tests' nodes."""


def _module(path: Path) -> str:
    return ".".join(("esmigrate_tui", *path.relative_to(_ROOT).with_suffix("").parts)).removesuffix(".__init__")


def _modules(room: str) -> dict[str, ast.Module]:
    return {_module(path): ast.parse(path.read_text(encoding="utf-8")) for path in (_ROOT / room).rglob("*.py")}


def _imported(name: str, tree: ast.Module, modules: Mapping[str, ast.Module]) -> Iterator[str]:
    """The modules of a room that one of it imports, wherever the import stands, those for types alone included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found = inner & modules.keys()
            yield from found
            if node.module in modules and node.module != name and len(found) < len(inner):
                yield node.module


def _circles(graph: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Modules that import one another, by way of others or not: those left when all that end somewhere are gone."""
    left = dict(graph)
    while ended := [name for name, others in left.items() if not others & left.keys()]:
        for name in ended:
            del left[name]
    while begun := [name for name in left if not any(name in others for others in left.values())]:
        for name in begun:
            del left[name]
    return [[name, *sorted(left[name] & left.keys())] for name in sorted(left)]


@pytest.mark.parametrize("room", _ROOMS)
def test_no_module_of_a_room_imports_itself_by_way_of_others(room: str) -> None:
    modules = _modules(room)
    graph = {name: frozenset(_imported(name, tree, modules)) - {name} for name, tree in modules.items()}
    assert not _circles(graph)


def _is_of_a_version(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr in {"major", "minor"} for part in ast.walk(node))


def _is_a_version(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    if isinstance(node, ast.Await):
        return _is_a_version(node.value)
    if isinstance(node, ast.Call):
        is_parsed = isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "Version.parse"
        return is_parsed or _is_a_version(node.func)
    return name in {"version", "made_by"} and not ast.unparse(node).startswith("self.")


def _compared(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Version":
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Compare):
            is_order = any(isinstance(each, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for each in node.ops)
            sides = (node.left, *node.comparators)
            if any(map(_is_of_a_version, sides)) or (is_order and any(map(_is_a_version, sides))):
                yield node.lineno, ast.unparse(node)


def test_versions_are_compared_in_one_place() -> None:
    found = [
        f"{path}:{line}: {text}"
        for path, tree in (
            (file.relative_to(_ROOT).as_posix(), ast.parse(file.read_text())) for file in _ROOT.rglob("*.py")
        )
        if not path.startswith((*_MAY_COMPARE, "engine/journal"))  # the journal has a format version of its own
        for line, text in _compared(tree)
    ]
    assert not found, "ask Features (model/features.py) in place of comparing: " + "; ".join(found)


@pytest.mark.parametrize(
    "text",
    ["x = Version(7, 9)", "if facts.version.major >= 7: ...", "if facts.version < SINCE: ...", "a = 5 in {v.major}"],
)
def test_the_rule_finds_a_comparison(text: str) -> None:
    assert [*_compared(ast.parse(text))]


@pytest.mark.parametrize(
    "text", ["print(f'{version.major}.x')", "Features.of_cluster(facts).has_types", "v = Version.parse(t)"]
)
def test_the_rule_lets_pass_what_only_prints_or_asks(text: str) -> None:
    assert not [*_compared(ast.parse(text))]
