"""Every answer is counted as it comes, unpacked: what has no end, or no end that can be held, is given up."""

from __future__ import annotations

import asyncio
import inspect
import tracemalloc
import zlib
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from esmigrate_tui.elastic import transport
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.decoding import without_sources
from esmigrate_tui.elastic.documents import Documents
from esmigrate_tui.elastic.paging import MOST_ALONE, MOST_BYTES, MOST_SCROLLED
from esmigrate_tui.elastic.samples import DocumentKey, sources
from esmigrate_tui.elastic.searches import Searches
from esmigrate_tui.elastic.wire import Wire, WireRequest
from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, Endpoint
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.broken_line import Flood, bomb, endless

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from esmigrate_tui.elastic.cluster import Cluster

    Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

SMALL: Final = 300_000  # bytes, so that what is counted to the end is soon there
HUGE: Final = 64 << 20


async def asked(reader: asyncio.StreamReader) -> bytes:
    """The path of a request that has come whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
    return head.split(b" ")[1].partition(b"?")[0]


@asynccontextmanager
async def reached(handler: Handler) -> AsyncIterator[Cluster]:
    """A cluster that is nothing but this handler of its lines."""
    lines: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    endpoint = Endpoint(scheme="http", host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    async with await connect(Connection(endpoint=endpoint), NO_CREDENTIAL) as cluster:
        yield cluster
    server.close()
    for line in lines:
        line.cancel()
    await asyncio.gather(*lines, return_exceptions=True)


@asynccontextmanager
async def flooding(answer: Flood) -> AsyncIterator[tuple[Cluster, Callable[[], int]]]:
    """A cluster whose every answer is that one, and how many bytes of bodies have left the server."""
    sent = 0

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await asked(reader)
        writer.write(b"HTTP/1.1 %d Told\r\n%b\r\n\r\n" % (answer.status, answer.head))
        for piece in answer.pieces:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
        writer.close()
        await writer.wait_closed()

    async with reached(say) as cluster:
        yield cluster, lambda: sent


def spaced(amount: int, length: int | None = None) -> Flood:
    """So many bytes of white space, which say that they are `length`, or do not say."""
    head = b"connection: close" if length is None else b"content-length: %d" % length
    return Flood(pieces=(b" " * amount,), head=head)


def deflated(size: int) -> Flood:
    """A bomb in the other packing that servers know."""
    packed = zlib.compress(b"0" * size, 9)
    return Flood(pieces=(packed,), head=b"content-encoding: deflate\r\ncontent-length: %d" % len(packed))


@pytest.mark.parametrize(
    "answer",
    [endless(), endless(b"", b" " * 100), bomb(HUGE), deflated(HUGE), spaced(SMALL + 1), spaced(9, 1 << 60)],
    ids=["chunks", "tiny chunks", "gzip bomb", "deflate bomb", "until the line closes", "a length beyond all"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_answer_that_is_too_large_is_given_up_and_hardly_held(answer: Flood, method: str) -> None:
    async with flooding(answer) as (cluster, sent):
        tracemalloc.start()
        with pytest.raises(ProblemError) as caught:
            await cluster.wire.exchange(method, "/logs/_search", b"{}", most=SMALL)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sent() < SMALL + (8 << 20)  # what the sockets' own buffers take
    assert caught.value.problem.cause is Cause.TOO_LARGE
    assert "more than 293 KiB" in caught.value.problem.what
    assert peak < 16 * SMALL < HUGE // 8


async def test_an_answer_of_just_as_many_bytes_as_are_held_is_read() -> None:
    for answer in (spaced(SMALL), spaced(SMALL, SMALL)):
        async with flooding(answer) as (cluster, _):
            assert (await cluster.wire.exchange("GET", "/", most=SMALL)).body == b" " * SMALL


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_of_an_error_without_end_the_beginning_is_told(status: int) -> None:
    flood = endless(b'{"error":{"type":"odd_exception","reason":"the beginning ')
    answer = Flood(pieces=flood.pieces, head=flood.head, status=status)
    async with flooding(answer) as (cluster, _):
        with pytest.raises(ProblemError) as caught:
            await cluster.wire.exchange("GET", "/logs")
    assert "the beginning" in caught.value.problem.evidence
    assert caught.value.problem.cause is not Cause.TOO_LARGE


async def test_a_change_whose_answer_has_no_end_may_have_been_made() -> None:
    async with flooding(endless()) as (cluster, _):
        with pytest.raises(ProblemError) as caught:
            await cluster.wire.request(WireRequest("PUT", "/logs", b"{}", most=SMALL))
    assert caught.value.problem.cause is Cause.UNKNOWN_OUTCOME


async def test_documents_whose_answer_has_no_end_are_refused_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esmigrate_tui.elastic.documents.BATCH_LIMIT", SMALL)
    async with flooding(endless()) as (cluster, _):
        monkeypatch.setattr(cluster.searches, "search_path", _path)
        with pytest.raises(ProblemError) as caught:
            await cluster.documents.bulk("logs", b"{}\n")
    assert caught.value.problem.cause is Cause.BUSY


async def _path(index: str, _kind: str = "") -> str:
    return f"/{index}"


def test_nothing_is_asked_for_without_a_bound() -> None:
    """Whatever is added: the one door has a bound by itself, every parameter that names another has one, too."""
    assert transport.MOST.get() == transport.RESPONSE_LIMIT
    named = {
        f"{one.__name__}.{name}": inspect.signature(method).parameters["most"].default
        for one in (Wire, Searches, Documents)
        for name, method in inspect.getmembers(one, inspect.isfunction)
        if "most" in inspect.signature(method).parameters
    }
    assert len(named) > 10
    bounds = {transport.RESPONSE_LIMIT, transport.BATCH_LIMIT, transport.LISTING_LIMIT, MOST_ALONE}
    assert {name: most for name, most in named.items() if most not in bounds} == {}
    assert inspect.signature(sources).parameters["most"].default is inspect.Parameter.empty
    assert 0 < MOST_BYTES < MOST_SCROLLED < MOST_ALONE < transport.LISTING_LIMIT


@pytest.mark.parametrize("most", [0, -1])
async def test_no_bound_is_no_bound(most: int) -> None:
    async with flooding(spaced(1)) as (cluster, _):
        with pytest.raises(ValueError, match=str(most)):
            await cluster.wire.request(WireRequest("GET", "/", most=most))


# -- bytes stay bytes ------------------------------------------------------------------------------------------------


def page(source: bytes) -> bytes:
    return b'{"hits":{"hits":[{"_id":"1","_source":' + source + b',"sort":[1]}]},"_shards":{"total":1,"successful":1}}'


@pytest.mark.parametrize(
    "source",
    [
        b'{"t":"' + b"x" * 2_000_000 + b'\\ud800"}',
        b'{"t":"' + b"\\n" * 1_000_000 + b'\\ud800"}',
        b'{"t":"' + b"\\\\" * 1_000_000 + b'\\udfff"}',
        b"{/*" + b"*x" * 1_000_000 + b'*/"t":"\\ud800"}',
        b"{//" + b"x" * 2_000_000 + b'\n"t":"\\ud800"}',
        b'{"t":[' + b"1," * 20_000 + b'"\\ud800"]}',
    ],
    ids=["a long string", "escapes", "backslashes", "a comment", "a line of comment", "a list"],
)
def test_a_document_that_msgspec_refuses_costs_no_more_than_its_bytes(source: bytes) -> None:
    body = page(source)
    tracemalloc.start()
    lean, found = without_sources(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == (source,)
    assert msgspec.json.decode(lean)["hits"]["hits"][0]["_source"] == 0
    assert peak < 2 * len(body) + 100_000


@pytest.mark.parametrize("text", [b'"', b'"\\', b"/*", b"/* * ", b'\\"', b'"_source":', b"//", b"/*/", b"*/"])
def test_what_is_cut_or_never_closed_is_passed_over_once(text: bytes) -> None:
    """A search that began anew at each of so many marks would not end within this test's time."""
    body = b'{"hits":{"hits":[{"_source":' + text * 300_000
    lean, found = without_sources(body)
    assert not found
    assert len(lean) <= 2 * len(body)
    assert lean.startswith(b'{"hits":{"hits":[{')


def _kinds() -> list[Any]:
    return [b"{}", b'{"s":"\\ud800"}', b'{"a":' * 2_000 + b"1" + b"}" * 2_000, b'{ "n" : 1.10, "x":1e400 }']


async def test_documents_got_by_their_ids_and_first_ones_are_the_bytes_they_were() -> None:
    kinds = _kinds()
    got = b'{"docs":[' + b",".join(b'{"found":true,"_source":%b}' % one for one in kinds) + b"]}"
    hits = b",".join(b'{"_id":"1","_source":%b}' % one for one in kinds)
    several = b'{"responses":[{"hits":{"hits":[' + hits + b']}},{"error":{"type":"x"}}]}'
    root = b'{"version":{"number":"7.17.28"},"tagline":"You Know, for Search"}'
    answers = {b"/_mget": got, b"/_msearch": several, b"/": root}

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while body := answers[await asked(reader)]:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body))
            writer.write(body)

    async with reached(say) as cluster:
        assert await sources(cluster, [DocumentKey("a", "1")] * len(kinds), most=SMALL) == tuple(kinds)
        assert await cluster.searches.first_sources(["a", "b"], 5) == {"a": tuple(kinds), "b": ()}
