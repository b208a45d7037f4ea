"""The depth of a document, counted on its bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.model.document_depth import DOCUMENT_LEVELS, depth_of, is_document_too_deep

_BRACKETS = st.text(alphabet='{}[]"\\/*\n a', max_size=12)
_VALUES = st.recursive(
    st.none() | st.integers() | _BRACKETS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_BRACKETS, inner, max_size=4),
    max_leaves=40,
)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


@given(_VALUES, st.sampled_from((None, 1)))
def test_brackets_count_and_what_stands_in_strings_does_not(value: Any, indent: int | None) -> None:  # noqa: ANN401  # JSON
    source = json.dumps(value, indent=indent).encode()
    assert depth_of(source) == _depth(value)
    for deepest in range(4):
        assert is_document_too_deep(source, deepest) == (_depth(value) > deepest)


@given(st.binary(max_size=60))
def test_any_bytes_have_a_depth(source: bytes) -> None:
    assert 0 <= depth_of(source) <= len(source)


def test_brackets_in_comments_do_not_count() -> None:
    assert depth_of(b'{/* {[{ */"a":[1]// }}}[[[\n,"b":{}}') == 2


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'{"a":[', b"]}")])
def test_the_edge_is_where_servers_have_it(opening: bytes, closing: bytes) -> None:
    each = opening.count(b"[") + opening.count(b"{")
    most = DOCUMENT_LEVELS // each
    assert not is_document_too_deep(opening * most + b"1" + closing * most)
    assert is_document_too_deep(opening * (most + 1) + b"1" + closing * (most + 1))
    assert is_document_too_deep(opening * 100_000)


def test_a_wide_document_is_not_deep() -> None:
    assert not is_document_too_deep(b'{"a":[' + b'{"b":[1,2]},' * 10_000 + b"{}]}")
    assert depth_of(b'{"a":[' + b'{"b":[1,2]},' * 10_000 + b"{}]}") == 4
