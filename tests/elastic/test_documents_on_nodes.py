"""Documents as bytes, on real nodes: pages by numbers and by scrolls, bulks and single ones, and what is too large."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.decoding import without_sources
from esmigrate_tui.elastic.documents import Document, is_scroll_lost
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.methods.copying import fill, make, numbered, reach, settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes

EVERY = ["2.4.6", "5.6.16", "6.8.23", "7.17.28", "9.5.0"]
NUMBERED = ["6.8.23", "7.17.28", "9.5.0"]
STORED = b'{ "n" : 1.10, "x":1e400, "s":"\\ud800", "c" :[ ] }'


@pytest.fixture
async def cluster(nodes: SharedNodes, request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    _, connected = await reach(await nodes.get(request.param))
    async with connected:
        yield connected


def on(*versions: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("cluster", versions, indirect=True)


async def an_index(cluster: Cluster, index: str, shards: int = 1) -> str | None:
    """An empty index that looks at no field, and the type that its documents want."""
    major = (await cluster.wire.version()).major
    kind = None if major >= 7 else "t" if major < 6 else "_doc"
    mapping: dict[str, Any] = {"enabled": False}
    await make(cluster, index, {"settings": settings(shards), "mappings": mapping if kind is None else {kind: mapping}})
    return kind


@pytest.mark.nodes
@on(*EVERY)
async def test_a_scroll_gives_every_document_of_a_shard_as_its_bytes(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-scroll", 2)
    typed = {"_type": kind} if kind else {}
    await fill(cluster, "cpd-scroll", [*numbered(600, kind), ({**typed, "_id": "odd"}, STORED)])
    found: dict[str, bytes] = {}
    for shard in range(2):
        page = await cluster.documents.open_scroll("cpd-scroll", shard, 0, 1, 100)
        while page.documents:
            assert len(page.documents) <= 100
            found |= {document.id: bytes(document.source) for document in page.documents}
            page = await cluster.documents.scroll("cpd-scroll", page.scroll)
        await cluster.documents.close_scroll(page.scroll)
    assert found == {"odd": STORED} | {str(n): b'{"n":%d}' % n for n in range(600)}


@pytest.mark.nodes
@on(*EVERY)
async def test_documents_are_found_by_their_ids_whatever_their_type_and_drawn_by_chance(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-ids", 2)
    typed = {"_type": kind} if kind else {}
    lines = [*numbered(30, kind), ({**typed, "_id": "odd", "routing": "far"}, STORED)]
    await fill(cluster, "cpd-ids", lines)
    found = await cluster.documents.by_id("cpd-ids", ["odd", "7", "none"])
    drawn = await cluster.documents.by_chance("cpd-ids", 20)
    assert {document.id: bytes(document.source) for document in found} == {"odd": STORED, "7": b'{"n":7}'}
    assert len(set(drawn)) == 20


@pytest.mark.nodes
@on("9.5.0")
async def test_vectors_that_the_server_keeps_apart_are_read_with_their_document(cluster: Cluster) -> None:
    vector = {"properties": {"v": {"type": "dense_vector", "dims": 3}, "t": {"type": "keyword"}}}
    await make(cluster, "cpd-vector", {"settings": settings(1), "mappings": vector})
    await fill(cluster, "cpd-vector", [({"_id": "1"}, b'{"t":"x","v":[0.5,10,6]}')])
    hidden = json.loads((await cluster.wire.exchange("GET", "/cpd-vector/_search", b"")).body)["hits"]["hits"][0][
        "_source"
    ]
    window = await cluster.documents.window("cpd-vector", 0, -1, 10, 10)
    scrolled = await cluster.documents.open_scroll("cpd-vector", 0, 0, 1, 10)
    await cluster.documents.close_scroll(scrolled.scroll)
    await cluster.changes.delete_index("cpd-vector")
    assert "v" not in hidden
    for page in (window, scrolled):
        source = json.loads(bytes(page.documents[0].source))
        assert (source["t"], source["v"]) == ("x", pytest.approx([0.5, 10, 6]))  # put together anew, as floats


@pytest.mark.nodes
@on("5.6.16", "6.8.23", "9.5.0")
async def test_the_slices_of_a_shard_are_together_all_of_it(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-slices")
    await fill(cluster, "cpd-slices", numbered(300, kind))
    found: list[str] = []
    for part in range(3):
        page = await cluster.documents.open_scroll("cpd-slices", 0, part, 3, 1_000)
        found += [document.id for document in page.documents]
        await cluster.documents.close_scroll(page.scroll)
    assert sorted(found) == sorted(str(n) for n in range(300))


@pytest.mark.nodes
@on(*EVERY)
async def test_a_scroll_that_is_gone_is_told_from_other_troubles(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-gone")
    await fill(cluster, "cpd-gone", numbered(30, kind))
    page = await cluster.documents.open_scroll("cpd-gone", 0, 0, 1, 10)
    await cluster.documents.close_scroll(page.scroll)
    await cluster.documents.close_scroll(page.scroll)
    with pytest.raises(ProblemError) as lost:
        await cluster.documents.scroll("cpd-gone", page.scroll)
    await cluster.changes.delete_index("cpd-gone")
    with pytest.raises(ProblemError) as missing:
        await cluster.documents.open_scroll("cpd-gone", 0, 0, 1, 10)
    assert is_scroll_lost(lost.value.problem)
    assert not is_scroll_lost(missing.value.problem)


@pytest.mark.nodes
@on("5.6.16", "7.17.28")
async def test_a_scroll_is_closed_also_where_whoever_opens_or_closes_it_is_cut_short(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-cut")
    await fill(cluster, "cpd-cut", numbered(30, kind))
    page = await cluster.documents.open_scroll("cpd-cut", 0, 0, 1, 10)
    for begin in (
        lambda: cluster.documents.close_scroll(page.scroll),
        lambda: cluster.documents.open_scroll("cpd-cut", 0, 0, 1, 10),
    ):
        under_way = asyncio.ensure_future(begin())
        for _ in range(3):  # by a stream, by what ends them all, and by somebody in a hurry
            await asyncio.sleep(0)
            under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await under_way
    with pytest.raises(ProblemError) as lost:
        await cluster.documents.scroll("cpd-cut", page.scroll)
    held = json.loads((await cluster.wire.exchange("GET", "/cpd-cut/_stats/search", b"")).body)["_all"]["total"][
        "search"
    ]
    await cluster.changes.delete_index("cpd-cut")
    assert is_scroll_lost(lost.value.problem)
    assert (held["scroll_total"], held["scroll_current"]) == (2, 0)


@pytest.mark.nodes
@on(*NUMBERED)
async def test_windows_of_numbers_give_every_document_of_a_shard(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-window")
    assert await cluster.documents.numbers("cpd-window", 0) == (0, -1)
    await fill(cluster, "cpd-window", numbered(250, kind))
    edges = await cluster.documents.numbers("cpd-window", 0)
    found: list[str] = []
    for after in range(-1, 249, 50):
        page = await cluster.documents.window("cpd-window", 0, after, after + 50, 51)
        assert [document.sort for document in page.documents] == [(n,) for n in range(after + 1, after + 51)]
        found += [document.id for document in page.documents]
    assert edges == (0, 249)
    assert found == [str(n) for n in range(250)]


@pytest.mark.nodes
@on("2.4.6", "5.6.16")
async def test_before_6_0_there_are_no_numbers(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-old")
    await fill(cluster, "cpd-old", numbered(3, kind))
    assert await cluster.documents.numbers("cpd-old", 0) is None


@pytest.mark.nodes
@on("6.8.23")
async def test_a_shard_that_does_not_take_part_makes_no_page(cluster: Cluster) -> None:
    await an_index(cluster, "cpd-one-shard")
    with pytest.raises(ProblemError) as raised:
        await cluster.documents.window("cpd-one-shard", 7, -1, 10, 11)
    assert raised.value.problem.cause is Cause.BUSY


@pytest.mark.nodes
@on("6.8.23", "9.5.0")
async def test_an_answer_that_is_too_large_is_not_read(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-large")
    typed = {"_type": kind} if kind else {}
    heavy = b'{"t":"' + b"x" * 1_000_000 + b'"}'
    await fill(cluster, "cpd-large", (({**typed, "_id": str(n)}, heavy) for n in range(5)))
    with pytest.raises(ProblemError) as raised:
        await cluster.documents.window("cpd-large", 0, -1, 10, 11, most=2_000_000)
    page = await cluster.documents.window("cpd-large", 0, -1, 0, 2, most=2_000_000)
    await cluster.changes.delete_index("cpd-large")
    assert raised.value.problem.cause is Cause.TOO_LARGE
    assert [bytes(document.source) for document in page.documents] == [heavy]


@pytest.mark.nodes
@on(*EVERY)
async def test_a_node_says_how_large_a_request_may_be(cluster: Cluster) -> None:
    assert await cluster.documents.largest_request() == 100 * 1024 * 1024


@pytest.mark.nodes
@on("6.8.23", "7.17.28", "9.5.0")
async def test_a_bulk_tells_the_fate_of_each_document(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-bulk")
    await cluster.documents.bulk("cpd-bulk", _created(kind, "one", STORED))
    items = await cluster.documents.bulk(
        "cpd-bulk", _created(kind, "one", b"{}") + _created(kind, "two", b"{") + _created(kind, "three", b'{"n":1}')
    )
    assert [item.status for item in items] == [409, 400, 201]
    assert "version_conflict" in items[0].reason
    assert items[2].reason == ""


def _created(kind: str | None, identifier: str, source: bytes) -> bytes:
    where = {"_id": identifier} | ({"_type": kind} if kind else {})
    return json.dumps({"create": where}).encode() + b"\n" + source + b"\n"


@pytest.mark.nodes
@on("6.8.23", "7.17.28", "9.5.0")
async def test_a_document_by_itself_keeps_its_line_breaks_and_is_never_written_over_another(cluster: Cluster) -> None:
    kind = await an_index(cluster, "cpd-create")
    [document] = _hits(b'{"_id":"a/b c","_routing":"r&1","_source":{\n "a" : 1.10\n}}')
    first = await cluster.documents.create("cpd-create", kind or "", document, document.routing)
    second = await cluster.documents.create("cpd-create", kind or "", document, document.routing)
    await cluster.searches.refresh("cpd-create")
    page = await cluster.documents.window("cpd-create", 0, -1, 10, 11)
    assert (first.status, second.status) == (201, 409)
    assert [(one.id, one.routing, bytes(one.source)) for one in page.documents] == [
        ("a/b c", "r&1", b'{\n "a" : 1.10\n}')
    ]
    assert page.has_breaks


def _hits(*hits: bytes) -> tuple[Document, ...]:
    return tuple(msgspec.json.decode(hit, type=Document) for hit in hits)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["_source", '"', "\\", "{", "}]", "//", "/*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.just("_source"), inner),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=4) | st.just("_source"), _json), max_size=5), st.booleans())
def test_sources_are_taken_out_as_they_are_whatever_they_hold(sources: list[dict[str, Any]], is_ascii: bool) -> None:  # noqa: FBT001  # one of two spellings
    texts = [json.dumps(source, ensure_ascii=is_ascii).encode(errors="surrogatepass") for source in sources]
    hits = b",".join(
        b'{"_id":"_source","_source":%s,"sort":[%d]}' % pair for pair in zip(texts, range(9), strict=False)
    )
    lean, found = without_sources(b'{"took":1,"hits":{"total":{"value":9},"hits":[' + hits + b"]}}")
    assert found == tuple(texts)
    assert [hit["_source"] for hit in json.loads(lean)["hits"]["hits"]] == list(range(len(texts)))


def test_comments_within_a_source_are_part_of_it() -> None:
    source = b'{"a":1 /* } "," */, // {"\n "b":[2]}'
    lean, found = without_sources(b'{"hits":{"hits":[{"_source":' + source + b"}]}}")
    assert found == (source,)
    assert json.loads(lean) == {"hits": {"hits": [{"_source": 0}]}}
