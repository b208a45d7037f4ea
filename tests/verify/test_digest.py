"""Sums over documents: the same for the same documents in any order, different for any difference; values compared."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.documents import Document
from esmigrate_tui.verify.digest import Digest, partition
from esmigrate_tui.verify.values import by_value, exact_number


def doc(identifier: str, source: bytes = b"{}", routing: str | None = None) -> Document:
    return Document(id=identifier, source=msgspec.Raw(source), routing=routing)


def of(*documents: Document) -> Digest:
    digest = Digest()
    digest.add(documents)
    return digest


DOCUMENTS = st.lists(
    st.builds(doc, st.text(min_size=1, max_size=5), st.binary(max_size=5), st.none() | st.text(min_size=1, max_size=3)),
    max_size=30,
)


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_the_order_of_documents_does_not_matter(documents: list[Document], chance: object) -> None:
    shuffled = sorted(documents, key=lambda _: chance.random())  # type: ignore[attr-defined]  # a Random
    assert of(*documents).differing(of(*shuffled)) == ()


@given(DOCUMENTS)
def test_pages_do_not_matter(documents: list[Document]) -> None:
    paged = Digest()
    for document in documents:
        paged.add([document])
    assert of(*documents).differing(paged) == ()
    assert paged.documents == len(documents)


@pytest.mark.parametrize(
    "other",
    [
        doc("a", b'{"n":2}', "r"),
        doc("a", b'{"n":1}'),
        doc("a", b'{"n":1}', "s"),
        doc("a", b'{ "n":1}', "r"),
        doc("b", b'{"n":1}', "r"),
    ],
    ids=["another value", "no routing", "another routing", "another byte", "another _id"],
)
def test_any_difference_is_seen_in_the_partition_of_its_id(other: Document) -> None:
    rest = [doc(str(number)) for number in range(50)]
    mine, its = of(*rest, doc("a", b'{"n":1}', "r")), of(*rest, other)
    assert set(mine.differing(its)) == {partition("a"), partition(other.id)}


def test_a_document_that_is_there_twice_is_a_difference() -> None:
    assert of(doc("a")).differing(of(doc("a"), doc("a"))) == (partition("a"),)
    assert of(doc("a"), doc("b")).differing(of(doc("a"), doc("b"), doc("b"), doc("b"))) == (partition("b"),)


def test_where_one_part_ends_and_the_next_begins_is_part_of_it() -> None:
    assert of(doc("a", b"{}", "b")).differing(of(doc("ab", b"{}"))) != ()
    assert of(doc("a", b"1", None)).differing(of(doc("a", b"1", ""))) != ()


@given(DOCUMENTS, DOCUMENTS)
def test_a_reading_that_was_broken_off_goes_on_from_what_was_kept(first: list[Document], then: list[Document]) -> None:
    kept = Digest.from_bytes(of(*first).as_bytes())
    kept.add(then)
    assert kept.differing(of(*first, *then)) == ()


# -- values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a":1.10,"b":2}', b'{ "b" : 2, "a" : 1.1 }'),
        (b'{"a":1e3}', b'{"a":1000}'),
        (b'{"a":1000.0}', b'{"a":1000}'),
        (b'{"a":"\\u00e9"}', '{"a":"é"}'.encode()),
        (b'{"a":1,"a":2}', b'{"a":2}'),
        (b'{"a":1.50,"s":"\\ud800"}', b'{"s":"\\ud800","a":1.5}'),
    ],
)
def test_what_says_the_same_has_one_form(one: bytes, other: bytes) -> None:
    assert by_value(one) == by_value(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a":9007199254740993}', b'{"a":9007199254740992}'),
        (b'{"a":0.1234567890123456789}', b'{"a":0.12345678901234568}'),
        (b'{"a":123456789012345678901234567890}', b'{"a":123456789012345678901234567891}'),
        (b'{"a":1e400}', b'{"a":"Infinity"}'),
        (b'{"a":1}', b'{"a":"1"}'),
        (b'{"a":1.5}', b'{"a":"1.5"}'),
        (b'{"a":[1,2]}', b'{"a":[2,1]}'),
        (b'{"a":null}', b"{}"),
        (b'{"a":1e-400}', b'{"a":0}'),
    ],
)
def test_what_says_another_thing_has_another_form(one: bytes, other: bytes) -> None:
    assert by_value(one) != by_value(other)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_in_one_way_and_keeps_its_value(value: Decimal) -> None:
    written = exact_number(str(value))
    assert Decimal(written) == value
    assert exact_number(written) == written


def test_a_number_with_an_endless_exponent_does_not_fill_the_memory() -> None:
    assert len(by_value(b'{"a":1e999999999}')) < 100
    assert len(by_value(b'{"a":1e99999999999999999999999999}')) < 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_how_a_value_is_laid_out_does_not_matter(value: object) -> None:
    wide = json.dumps(value, indent=3, ensure_ascii=True).encode()
    narrow = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode(
        "utf-8", "surrogatepass"
    )
    assert by_value(wide) == by_value(narrow)


@given(st.binary(max_size=20))
def test_what_is_no_json_is_left_as_it_is_or_read(source: bytes) -> None:
    assert by_value(by_value(source)) == by_value(source)
