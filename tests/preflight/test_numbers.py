"""Which documents a remote reindex would write otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.preflight.remote import is_rewritten, sampled_names, searches_together


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


def test_documents_are_looked_at_only_as_long_as_all_of_them_together_are_little() -> None:
    small = [IndexFacts(name=f"small-{n}", documents=10, primary_bytes=10_000) for n in range(600)]
    medium = [IndexFacts(name=f"medium-{n}", documents=10, primary_bytes=400_000) for n in range(100)]
    others = [IndexFacts(name="large", documents=10, primary_bytes=10_000_000), IndexFacts(name="empty", documents=0)]
    indices = (*others, *medium, *small)
    chosen = sampled_names(Draft(source_indices=indices, selected=tuple(index.name for index in indices)))
    read = sum(20 * (index.primary_bytes or 0) // 10 for index in indices if index.name in chosen)
    assert {"large", "empty"}.isdisjoint(chosen)
    assert "medium-0" in chosen
    assert len(chosen) <= 500
    assert 30 * 1024**2 < read <= 32 * 1024**2


@pytest.mark.parametrize(
    ("documents", "indices", "shards", "options", "searches"),
    [
        (100, 3, 5, {"at_once": 2}, 40),
        (100, 40, 5, {}, 80),
        (100, 3, 5, {}, 15),
        (10**9, 1, 3, {}, 12),
        (10**9, 9, 3, {}, 24),
        (10**9, 9, 3, {"split": 1}, 6),
        (100, 40, 5, {"requests_per_second": 50.0}, 20),
    ],
)
def test_searches_on_the_source_are_those_of_the_indices_that_may_go_on_together(
    documents: int, indices: int, shards: int, options: dict[str, Any], searches: int
) -> None:
    facts = tuple(IndexFacts(name=f"i{number}", documents=documents, shards=shards) for number in range(indices))
    draft = Draft(
        method=MethodName.REINDEX_FROM_REMOTE,
        source_indices=facts,
        selected=tuple(index.name for index in facts),
        **options,
    )
    assert searches_together(draft) == searches
