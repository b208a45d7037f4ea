"""Which documents a remote reindex would write otherwise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.preflight.remote import is_rewritten


@pytest.mark.parametrize(
    "source",
    [b'{"a":1.10}', b'{"a":[1,2.50]}', b'{"a":1e3}', b'{"a":0.1234567890123456789}', b'{"a":1e400}', b'{"a":1.0E-5}'],
)
def test_a_number_that_comes_back_otherwise_is_seen(source: bytes) -> None:
    assert is_rewritten(source)


@pytest.mark.parametrize(
    "source",
    [b'{"a":1.1}', b'{"a":12345678901234567890}', b'{"a":"1.10"}', b'{"a":"say \\"1.10\\" "}', b'{"a":-5}', b"{}"],
)
def test_a_number_that_stays_is_left_in_peace(source: bytes) -> None:
    assert not is_rewritten(source)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.text())))
def test_integers_and_texts_are_never_suspected(document: dict[str, object]) -> None:
    assert not is_rewritten(json.dumps(document).encode())
