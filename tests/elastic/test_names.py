"""A change is made to exactly the one thing that was named, however odd the name."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.paths import exact_name, must_be_narrow, paths_of
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "logs-*",
        "a,b",
        "-a",
        "+a",
        "_all",
        "_settings",
        "",
        ".",
        "..",
        "a/b",
        "a?b",
        "<a-{now/d}>",
        "a b",
        "a\u200bb",
    ],
)
def test_what_a_server_could_take_for_several_is_no_name(name: str) -> None:
    with pytest.raises(ProblemError) as caught:
        exact_name(name)
    assert caught.value.problem.cause is Cause.USAGE


@given(st.text(min_size=1, max_size=40))
def test_a_name_either_goes_out_whole_or_not_at_all(name: str) -> None:
    try:
        encoded = exact_name(name)
    except ProblemError:
        return
    assert unquote(encoded) == name
    assert not set(encoded) & set("*,/?#<>")


@pytest.mark.parametrize("name", ["logs-2026.01.01", ".kibana_1", "a%b", "été", "a:b", "x" * 255])
def test_names_that_indices_have_go_out(name: str) -> None:
    assert unquote(exact_name(name)) == name


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/"),
        ("DELETE", ""),
        ("DELETE", "/*"),
        ("DELETE", "/_all"),
        ("DELETE", "/%5Fall"),
        ("DELETE", "/a,b"),
        ("DELETE", "/a%2Cb"),
        ("DELETE", "/logs-%2A"),
        ("DELETE", "/-a"),
        ("DELETE", "/a/../b"),
        ("PUT", "/_settings"),
        ("PUT", "/_all/_settings"),
        ("PUT", "/*/_settings?flat_settings=true"),
        ("PUT", "/_mapping"),
        ("POST", "/*/_close"),
        ("POST", "/a//_close"),
    ],
)
def test_a_request_that_would_change_more_than_it_names_is_not_sent(method: str, path: str) -> None:
    with pytest.raises(ProblemError):
        must_be_narrow(Request(method=method, path=path))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_all/_settings"),
        ("GET", "/a*,b*/_count"),
        ("PUT", "/a"),
        ("DELETE", "/a?ignore_unavailable=true"),
        ("PUT", "/a%25b/_settings"),
        ("PUT", "/_snapshot/repository/snapshot"),
        ("PUT", "/_cluster/settings"),
        ("POST", "/_bulk"),
        ("POST", "/_aliases"),
        ("POST", "/_tasks/node:1/_cancel"),
        ("DELETE", "/_search/scroll"),
    ],
)
def test_a_request_about_one_thing_passes(method: str, path: str) -> None:
    must_be_narrow(Request(method=method, path=path))


@given(st.lists(st.text("abcé%.", min_size=1, max_size=80).filter(lambda name: name not in {".", ".."}), max_size=200))
def test_many_names_go_out_in_few_requests_none_of_them_too_long(names: list[str]) -> None:
    paths = paths_of(names)
    assert [unquote(part) for path in paths for part in path.removeprefix("/").split(",")] == names
    assert all(len(path) <= 3_500 for path in paths)
    assert len(paths) <= 1 + sum(len(path) for path in paths) // 2_000
