"""When no answer comes: each way to be met by silence has its own sentence, seen on real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import pytest
import trustme

from esmigrate_tui.elastic.certificate import presented_fingerprint
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, Endpoint, Trust, TrustKind
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from tests.by_hand import performed

if TYPE_CHECKING:
    from pathlib import Path

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _hang_up_after_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def _find_no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As a web server does that is greeted in TLS."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


def _saying(text: bytes) -> Handler:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        await writer.drain()
        writer.close()

    return say


def _page(status: str, body: bytes = b"<h1>Hello</h1>", headers: str = "Content-Type: text/html\r\n") -> Handler:
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return _saying(head.encode() + body)


@asynccontextmanager
async def _listening(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    lines: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines[writer] = task
        with suppress(asyncio.IncompleteReadError, OSError):
            await handler(reader, writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in lines:
            writer.transport.abort()
        await asyncio.gather(*lines.values())


def _serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def _trouble(
    port: int, scheme: str = "http", trust: Trust | None = None, host: str = "127.0.0.1", seconds: float = 5.0
) -> Problem:
    endpoint = Endpoint(scheme=scheme, host=host, port=port)
    connection = Connection(endpoint=endpoint, trust=trust or Trust())
    async with await connect(connection, NO_CREDENTIAL, timeout=seconds) as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.probe()
    assert endpoint.authority in caught.value.problem.what
    assert caught.value.problem.todo
    return caught.value.problem


async def test_a_port_where_nobody_listens() -> None:
    async with _listening(_hang_up) as port:
        pass
    problem = await _trouble(port)
    assert (problem.cause, problem.what) == (Cause.CONNECTION, f"Nothing listens at 127.0.0.1:{port}.")


async def test_a_name_that_nobody_knows() -> None:
    problem = await _trouble(9200, host="nowhere.invalid")
    assert problem.cause is Cause.CONNECTION
    assert "name of nowhere.invalid:9200 is not known" in problem.what


async def test_a_server_that_never_answers() -> None:
    async with _listening(_say_nothing) as port:
        problem = await _trouble(port, seconds=0.3)
    assert problem.cause is Cause.CONNECTION
    assert "did not answer in time" in problem.what


async def test_how_long_a_server_has_not_answered_is_known_while_it_holds_the_line_open() -> None:
    asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await _say_nothing(reader, writer)

    async with _listening(say_nothing) as port:
        endpoint = Endpoint(scheme="http", host="127.0.0.1", port=port)
        async with await connect(Connection(endpoint=endpoint), NO_CREDENTIAL) as cluster:
            assert cluster.wire.unanswered_seconds == 0.0
            asking = asyncio.ensure_future(cluster.probe())
            await asked.wait()
            first = cluster.wire.unanswered_seconds
            await asyncio.sleep(0)
            assert 0.0 < first < cluster.wire.unanswered_seconds
            asking.cancel()
            await asyncio.wait({asking})
            assert cluster.wire.unanswered_seconds == 0.0


async def test_a_server_that_hangs_up() -> None:
    async with _listening(_hang_up_after_request) as port:
        problem = await _trouble(port)
    assert problem.cause is Cause.CONNECTION
    assert "broke off the line" in problem.what


async def test_a_change_to_a_server_that_hangs_up_has_an_unknown_outcome_and_is_sent_once() -> None:
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.transport.abort()

    async with _listening(hear) as port:
        endpoint = Endpoint(scheme="http", host="127.0.0.1", port=port)
        async with await connect(Connection(endpoint=endpoint), NO_CREDENTIAL) as cluster:
            for method in ("PUT", "POST", "DELETE"):
                with pytest.raises(ProblemError) as caught:
                    await performed(cluster, Request(method=method, path="/a"))
                assert caught.value.problem.cause is Cause.UNKNOWN_OUTCOME
    assert [line.split()[0] for line in heard] == [b"PUT", b"POST", b"DELETE"]


_CUT: Final = {
    "of known length": b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"name',
    "in pieces": b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"nam',
}


@pytest.mark.parametrize("manner", list(_CUT))
async def test_an_answer_that_is_cut_off_is_a_broken_line_and_says_nothing_of_a_change(manner: str) -> None:
    async with _listening(_saying(_CUT[manner])) as port:
        problem = await _trouble(port)
        endpoint = Endpoint(scheme="http", host="127.0.0.1", port=port)
        async with await connect(Connection(endpoint=endpoint), NO_CREDENTIAL) as cluster:
            with pytest.raises(ProblemError) as caught:
                await performed(cluster, Request(method="PUT", path="/a"))
    assert problem.cause is Cause.CONNECTION
    assert "broke off the line" in problem.what
    assert caught.value.problem.cause is Cause.UNKNOWN_OUTCOME


async def test_a_change_is_not_sent_again_when_a_kept_line_turns_out_to_be_closed() -> None:
    heard: list[bytes] = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.transport.abort()

    async with _listening(answer_once) as port:
        endpoint = Endpoint(scheme="http", host="127.0.0.1", port=port)
        async with await connect(Connection(endpoint=endpoint), NO_CREDENTIAL) as cluster:
            await performed(cluster, Request(method="GET", path="/a"))
            with pytest.raises(ProblemError) as caught:
                await performed(cluster, Request(method="DELETE", path="/a"))
    assert caught.value.problem.cause is Cause.UNKNOWN_OUTCOME
    assert len(heard) == 2


@pytest.mark.parametrize("status", [b"429 Too Many Requests", b"502 Bad Gateway", b"503 Service Unavailable"])
async def test_a_busy_server_is_asked_once_since_waiting_is_the_engines_business(status: bytes) -> None:
    heard: list[bytes] = []

    async def be_busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with _listening(be_busy) as port:
        problem = await _trouble(port)
    assert problem.cause is Cause.BUSY
    assert len(heard) == 1


async def test_an_ordinary_web_server_is_told_by_its_name() -> None:
    page = _page("200 OK", headers="Content-Type: text/html\r\nServer: SimpleHTTP/0.6\r\n")
    async with _listening(page) as port:
        problem = await _trouble(port)
    assert problem.cause is Cause.NOT_ELASTICSEARCH
    assert "it is SimpleHTTP/0.6" in problem.what


async def test_opensearch_is_told_from_elasticsearch() -> None:
    body = (
        b'{"name":"n","cluster_name":"c","cluster_uuid":"u","version":{"distribution":"opensearch","number":"2.11.0"},'
        b'"tagline":"The OpenSearch Project: https://opensearch.org/"}'
    )
    async with _listening(_page("200 OK", body, "Content-Type: application/json\r\n")) as port:
        problem = await _trouble(port)
    assert problem.cause is Cause.NOT_ELASTICSEARCH
    assert "it is OpenSearch" in problem.what


async def test_something_that_does_not_speak_http() -> None:
    async with _listening(_saying(b"SSH-2.0-OpenSSH_9.6\r\n")) as port:
        problem = await _trouble(port)
    assert problem.cause is Cause.NOT_ELASTICSEARCH


async def test_a_redirect_is_told_and_not_followed() -> None:
    async with _listening(_page("301 Moved", headers="Location: https://es.example.org/\r\n")) as port:
        problem = await _trouble(port)
    assert problem.cause is Cause.NOT_ELASTICSEARCH
    assert "sends requests on to https://es.example.org/" in problem.what


async def test_https_to_a_server_without_tls() -> None:
    async with _listening(_find_no_http) as port:
        problem = await _trouble(port, "https")
    assert problem.cause is Cause.CERTIFICATE
    assert "answers without TLS" in problem.what


async def test_http_to_a_server_with_tls() -> None:
    async with _listening(_say_nothing, _serving(trustme.CA().issue_cert("127.0.0.1"))) as port:
        problem = await _trouble(port)
    assert problem.cause is Cause.CERTIFICATE
    assert "wants TLS" in problem.what


async def test_an_authority_that_this_machine_does_not_know() -> None:
    async with _listening(_say_nothing, _serving(trustme.CA().issue_cert("127.0.0.1"))) as port:
        problem = await _trouble(port, "https")
    assert problem.cause is Cause.CERTIFICATE
    assert "was signed by an authority that this machine does not know" in problem.what


async def test_a_certificate_for_another_host(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    trust = Trust(kind=TrustKind.CA_FILE, ca_file=str(tmp_path / "ca.crt"))
    async with _listening(_say_nothing, _serving(authority.issue_cert("es.example.org"))) as port:
        by_address = await _trouble(port, "https", trust)
        by_name = await _trouble(port, "https", trust, host="localhost")
    assert "is for another address" in by_address.what
    assert "is for another host name" in by_name.what


async def test_a_certificate_that_nobody_vouches_for() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.private_key_pem.tempfile() as key, authority.cert_pem.tempfile() as certificate:
        context.load_cert_chain(certificate, key)
    async with _listening(_say_nothing, context) as port:
        problem = await _trouble(port, "https")
    assert "is self-signed" in problem.what


async def test_a_pinned_certificate_is_accepted_and_another_one_is_not() -> None:
    certificate = trustme.CA().issue_cert("es.example.org")
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())).hexdigest()
    async with _listening(_page("200 OK"), _serving(certificate)) as port:
        assert await presented_fingerprint(Endpoint(scheme="https", host="127.0.0.1", port=port)) == shown
        accepted = await _trouble(port, "https", Trust(kind=TrustKind.PINNED, fingerprint=shown))
        refused = await _trouble(port, "https", Trust(kind=TrustKind.PINNED, fingerprint="00" * 32))
    assert accepted.cause is Cause.NOT_ELASTICSEARCH
    assert refused.cause is Cause.CERTIFICATE
    assert "shows another certificate than the pinned one" in refused.what
    assert shown in refused.evidence


async def test_an_unverified_certificate_is_accepted_when_that_was_asked_for() -> None:
    async with _listening(_page("200 OK"), _serving(trustme.CA().issue_cert("es.example.org"))) as port:
        problem = await _trouble(port, "https", Trust(kind=TrustKind.UNVERIFIED))
    assert problem.cause is Cause.NOT_ELASTICSEARCH


async def test_no_fingerprint_is_shown_where_there_is_no_tls() -> None:
    async with _listening(_find_no_http) as port:
        with pytest.raises(ProblemError) as caught:
            await presented_fingerprint(Endpoint(scheme="https", host="127.0.0.1", port=port))
    assert caught.value.problem.cause is Cause.CERTIFICATE


@pytest.mark.parametrize(("content", "words"), [(None, "there is no such file"), ("nonsense", "no certificate in PEM")])
async def test_a_file_of_authorities_that_is_none(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "ca.crt"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    endpoint = Endpoint(scheme="https", host="es.example.org", port=9200)
    connection = Connection(endpoint=endpoint, trust=Trust(kind=TrustKind.CA_FILE, ca_file=str(path)))
    with pytest.raises(ProblemError) as caught:
        await connect(connection, NO_CREDENTIAL)
    assert words in caught.value.problem.what
    assert caught.value.problem.cause is Cause.CERTIFICATE


async def test_authorities_in_the_home_of_nobody_are_not_there() -> None:
    endpoint = Endpoint(scheme="https", host="es.example.org", port=9200)
    trust = Trust(kind=TrustKind.CA_FILE, ca_file="~nobody-here/ca.crt")
    with pytest.raises(ProblemError, match=r"~nobody-here/ca\.crt: there is no such file"):
        await connect(Connection(endpoint=endpoint, trust=trust), NO_CREDENTIAL)
