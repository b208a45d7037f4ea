"""What a server may send as an error: any JSON, any text, of any depth and length; nothing of it is taken for ours."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import esmigrate_tui
from esmigrate_tui.elastic import error_words
from esmigrate_tui.elastic.error_words import words
from esmigrate_tui.elastic.errors import explain, explain_response
from esmigrate_tui.model.connection import Endpoint
from esmigrate_tui.model.outcome import ExitCode, exit_code
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.text import clean

HERE: Final = Endpoint(scheme="https", host="new.example.org", port=9200)
_ROOT: Final = Path(esmigrate_tui.__file__).parent
_MATCHING: Final = ("elastic", "methods", "preflight", "report", "verify")
_WIDEST: Final = 2_000
_LONGEST: Final = 4_000  # characters of one sentence and its evidence together

_TEXTS: Final = st.text(max_size=40)
_KEYS: Final = st.sampled_from(
    ("error", "type", "reason", "caused_by", "root_cause", "failed_shards", "_shards", "failures", "status", "index")
)
_ANY_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS | _TEXTS, inner, max_size=6),
    max_leaves=30,
)


def _is_bearable(problem: Problem) -> bool:
    texts = (problem.what, problem.why, problem.todo, problem.evidence)
    return all(clean(text) == text for text in texts) and sum(map(len, texts)) <= _LONGEST


@given(_ANY_JSON, st.sampled_from((0, 200, 400, 401, 403, 404, 413, 429, 500, 502, 503, 504)))
def test_any_json_is_an_error_in_words(body: object, status: int) -> None:
    problems = [
        explain(status, json.dumps(body).encode(), {}, HERE),
        explain(status, body, {}, HERE),
        explain_response(status, body, HERE.authority),
        explain_response(status, {"error": body}, HERE.authority),
    ]
    assert all(_is_bearable(problem) for problem in problems)
    assert len(words(body)) <= _LONGEST


@given(st.binary(max_size=400), st.sampled_from((400, 500, 502, 503, 504)))
def test_any_bytes_are_an_error_in_words(body: bytes, status: int) -> None:
    assert _is_bearable(explain(status, body, {}, HERE))


@pytest.mark.parametrize("levels", [200, 900, 3_000, 200_000])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [('{"caused_by":', "}"), ('{"root_cause":[', "]}"), ("[", "]"), ('{"reason":', "}"), ('{"error":', "}")],
)
def test_the_depth_of_an_error_ends_nothing(opening: str, closing: str, levels: int) -> None:
    inner = '{"type":"x_exception","reason":"deep"}'
    body = '{"error":{"type":"top_exception","reason":"at the top","caused_by":%s}}'
    whole = body % (opening * levels + inner + closing * levels)
    problem = explain(400, whole.encode(), {}, HERE)
    assert _is_bearable(problem)
    assert "at the top" in problem.what + problem.evidence


@pytest.mark.parametrize(
    "error",
    [
        {"shard": 0, "reason": {"type": "query_shard_exception", "reason": "No mapping found for [x]"}},
        {"type": {"odd": 1}, "reason": {"type": "query_shard_exception", "reason": "No mapping found for [x]"}},
        {"reason": {"reason": {"reason": {"type": "x", "reason": "No mapping found for [x]"}}}},
        {"failures": [], "reason": ["a", "list"], "caused_by": "No mapping found for [x]"},
    ],
)
def test_a_reason_that_is_an_object_is_read_and_never_printed(error: dict[str, Any]) -> None:
    for status in (0, 400, 403, 503):
        problem = explain_response(status, {"error": error}, "new:9200")
        shown = " ".join((problem.sentence(), problem.evidence, words(error)))
        assert "No mapping found for [x]" in problem.evidence
        assert "{'" not in shown
        assert "['" not in shown


def test_an_error_without_any_words_is_told_as_the_json_that_it_was() -> None:
    problem = explain_response(400, {"odd": {"code": 7}}, "new:9200")
    assert '{"odd":{"code":7}}' in problem.what
    assert words({"odd": [None]}) == '{"odd":[null]}'


def test_what_is_matched_has_a_bounded_length() -> None:
    wide = {"type": "x", "reason": "action[" * 10_000}
    said = error_words.said_by(
        {"error": {**wide, "root_cause": [{**wide, "type": str(number)} for number in range(90)]}}
    )
    assert said is not None
    assert len(said.text) <= 16_000


# -- no pattern whose work grows faster than the text it is given -----------------------------------------------------


def _patterns_in(value: object, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, Mapping):
        for one in value.values():
            yield from _patterns_in(one, depth - 1)
    elif depth and isinstance(value, (tuple, list)):
        for one in value:
            yield from _patterns_in(one, depth - 1)
    elif depth and hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _patterns_in(getattr(value, name, None), depth - 1)


def _found() -> Iterator[tuple[str, str | bytes]]:
    """Every pattern of the rooms that read what servers say: compiled ones, and those that are given on the spot."""
    for room in _MATCHING:
        for module in pkgutil.walk_packages([str(_ROOT / room)], f"esmigrate_tui.{room}."):
            name = module.name
            for value in vars(importlib.import_module(name)).values():
                yield from ((name, pattern.pattern) for pattern in _patterns_in(value))
            file = importlib.import_module(name).__file__
            assert file is not None
            tree = ast.parse(Path(file).read_text(encoding="utf-8"))
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                    of = call.func.value
                    first = call.args[0] if call.args else None
                    if isinstance(of, ast.Name) and of.id == "re" and isinstance(first, ast.Constant):
                        assert isinstance(first.value, str | bytes)
                        yield name, first.value


def _repeats(items: Any, inside: int = 1) -> Iterator[tuple[int, int, int]]:  # noqa: ANN401  # the parser's own tree
    """Each repeat that can be given back: how often at least and at most, and how often what it stands in repeats."""
    for kind, value in items:
        match str(kind):
            case "MAX_REPEAT" | "MIN_REPEAT":
                yield int(value[0]), int(value[1]), inside
                yield from _repeats(value[2], max(inside, int(value[1])))
            case "POSSESSIVE_REPEAT":
                yield from _repeats(value[2])
            case "ATOMIC_GROUP":
                yield from _repeats(value)
            case "SUBPATTERN":
                yield from _repeats(value[3], inside)
            case "ASSERT" | "ASSERT_NOT":
                yield from _repeats(value[1], inside)
            case "BRANCH":
                for branch in value[1]:
                    yield from _repeats(branch, inside)


def _is_slow(pattern: str | bytes) -> bool:
    """Whether a text could be made that keeps a pattern busy: a repeat without end, or one that varies within one."""
    tree = importlib.import_module("re._parser").parse(pattern)
    return any(most > _WIDEST or (inside > 1 and most > 1 and least != most) for least, most, inside in _repeats(tree))


def test_no_pattern_for_what_servers_say_can_be_made_slow() -> None:
    found = [*_found()]
    assert len(found) > 80
    assert not [f"{name}: {pattern!r}" for name, pattern in found if _is_slow(pattern)]


@pytest.mark.parametrize("pattern", [r"a.*b", r"a.*?b", r"(?:a|b)+c", r"(?:a{1,9}b?){2,9}c", r"[^\]]+\]", r"x(?=\s*$)"])
def test_the_rule_finds_patterns_that_are_slow(pattern: str) -> None:
    assert _is_slow(pattern)


@pytest.mark.parametrize("pattern", [r"a.*+", r"\[[^\]]{1,300}\] not", r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'])
def test_the_rule_lets_patterns_pass_that_are_not(pattern: str) -> None:
    assert not _is_slow(pattern)


# -- how a command ends ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [*Cause])
def test_only_a_defect_ends_as_one(cause: Cause) -> None:
    assert (exit_code(cause) is ExitCode.INTERNAL) == (cause is Cause.INTERNAL)


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html><h1>Bad Gateway</h1></html>", b'{"message":"upstream"}', b"\xff\xfe"])
def test_a_gateway_that_reaches_nobody_is_a_matter_of_the_connection(status: int, body: bytes) -> None:
    problem = explain(status, body, {"content-type": "text/html"}, HERE)
    assert exit_code(problem.cause) is ExitCode.CONNECTION
    assert HERE.authority in problem.what
    assert problem.todo
