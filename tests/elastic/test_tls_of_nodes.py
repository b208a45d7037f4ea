"""TLS on a real node: each way to trust its certificate, and what is said when it is not trusted."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from esmigrate_tui.elastic.certificate import presented_fingerprint
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.model.connection import Connection, Credential, SignIn, Trust, TrustKind, parse_address
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.sandbox.nodes import NodeOptions, SandboxNode, TlsFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes


@pytest.fixture(scope="module")
def tls() -> Iterator[TlsFiles]:
    """A certificate for 127.0.0.1, and no other name, of a private authority."""
    folder = Path(tempfile.mkdtemp(prefix="esmigrate-tls-", dir="/var/tmp"))  # the node's account must reach it
    folder.chmod(0o755)
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    files = TlsFiles(folder / "key.pem", folder / "certificate.pem", folder / "authority.pem")
    certificate.private_key_pem.write_to_path(str(files.key))
    certificate.cert_chain_pems[0].write_to_path(str(files.certificate))
    authority.cert_pem.write_to_path(str(files.authority))
    yield files
    shutil.rmtree(folder)


@pytest.fixture
async def node(nodes: SharedNodes, tls: TlsFiles) -> SandboxNode:
    return await nodes.get("6.8.23", NodeOptions(tls=tls))


def _connection(node: SandboxNode, trust: Trust, address: str = "") -> Connection:
    endpoint, _ = parse_address(address or node.url)
    return Connection(endpoint=endpoint, sign_in=SignIn.PASSWORD, user=node.user or "", trust=trust)


def _credential(node: SandboxNode) -> Credential:
    return Credential(sign_in=SignIn.PASSWORD, user=node.user or "", secret=node.password or "")


async def test_the_file_of_a_private_authority_makes_its_certificate_good(node: SandboxNode, tls: TlsFiles) -> None:
    trust = Trust(kind=TrustKind.CA_FILE, ca_file=str(tls.authority))
    async with await connect(_connection(node, trust), _credential(node)) as cluster:
        assert (await cluster.probe()).user == "elastic"


async def test_the_fingerprint_that_was_shown_can_be_pinned(node: SandboxNode, tls: TlsFiles) -> None:
    endpoint, _ = parse_address(node.url)
    shown = await presented_fingerprint(endpoint)
    der = ssl.PEM_cert_to_DER_cert(tls.certificate.read_text(encoding="ascii"))
    assert shown == hashlib.sha256(der).hexdigest()
    trust = Trust(kind=TrustKind.PINNED, fingerprint=shown)
    async with await connect(_connection(node, trust), _credential(node)) as cluster:
        assert (await cluster.probe()).user == "elastic"


async def test_the_certificate_may_go_unverified_when_that_was_asked_for(node: SandboxNode) -> None:
    async with await connect(_connection(node, Trust(kind=TrustKind.UNVERIFIED)), _credential(node)) as cluster:
        assert (await cluster.probe()).user == "elastic"


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (Trust(), "was signed by an authority that this machine does not know"),
        (Trust(kind=TrustKind.PINNED, fingerprint="ab" * 32), "shows another certificate than the pinned one"),
    ],
)
async def test_a_certificate_that_is_not_trusted_stops_before_the_password_is_sent(
    node: SandboxNode, trust: Trust, words: str
) -> None:
    async with await connect(_connection(node, trust), _credential(node)) as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.probe()
    assert caught.value.problem.cause is Cause.CERTIFICATE
    assert words in caught.value.problem.what


async def test_another_name_than_the_certificates_is_told(node: SandboxNode, tls: TlsFiles) -> None:
    trust = Trust(kind=TrustKind.CA_FILE, ca_file=str(tls.authority))
    connection = _connection(node, trust, node.url.replace("127.0.0.1", "localhost"))
    async with await connect(connection, _credential(node)) as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.probe()
    assert f"The certificate of localhost:{node.port} is for another host name" in caught.value.problem.what


async def test_http_to_a_node_with_tls_is_told(node: SandboxNode) -> None:
    connection = _connection(node, Trust(), node.url.replace("https:", "http:"))
    async with await connect(connection, _credential(node)) as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.probe()
    assert caught.value.problem.cause is Cause.CERTIFICATE
    assert "wants TLS" in caught.value.problem.what


async def test_https_to_a_node_without_tls_is_told(nodes: SharedNodes) -> None:
    node = await nodes.get("6.8.23")
    connection = _connection(node, Trust(), node.url.replace("http:", "https:"))
    async with await connect(connection, _credential(node)) as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.probe()
    assert caught.value.problem.cause is Cause.CERTIFICATE
    assert "answers without TLS" in caught.value.problem.what


async def _destination(nodes: SharedNodes, trusted: TlsFiles | None) -> Cluster:
    """A 7.17 node; it finds the authority beside its own certificate, as each node has its own copy of both."""
    settings = {"reindex.ssl.certificate_authorities": "tls/authority.crt"} if trusted is not None else {}
    node = await nodes.get("7.17.28", NodeOptions(tls=trusted, settings=settings))
    return await connect(_connection(node, Trust(kind=TrustKind.UNVERIFIED)), _credential(node))


async def test_a_destination_that_does_not_know_the_sources_authority_says_so(
    node: SandboxNode, nodes: SharedNodes
) -> None:
    async with (
        await connect(_connection(node, Trust(kind=TrustKind.UNVERIFIED)), _credential(node)) as source,
        await _destination(nodes, None) as destination,
    ):
        body = {"source": {"remote": source.wire.as_remote(), "index": "a"}, "dest": {"index": "b"}}
        with pytest.raises(ProblemError) as caught:
            await destination.tasks.dry_run(body)
    problem = caught.value.problem
    assert problem.cause is Cause.CERTIFICATE
    assert f"does not trust the certificate of 127.0.0.1:{node.port}" in problem.what
    assert "reindex.ssl.certificate_authorities" in problem.todo


async def test_a_destination_that_knows_the_sources_authority_reads_from_it(
    node: SandboxNode, tls: TlsFiles, nodes: SharedNodes
) -> None:
    async with (
        await connect(_connection(node, Trust(kind=TrustKind.UNVERIFIED)), _credential(node)) as source,
        await _destination(nodes, tls) as destination,
    ):
        await source.changes.create_index("tls-a", "{}")
        body = {"source": {"remote": source.wire.as_remote(), "index": "tls-a"}, "dest": {"index": "tls-b"}}
        await destination.tasks.dry_run(body)
        assert await destination.indices.existing(["tls-b"]) == {}
        await source.changes.delete_index("tls-a")
