"""From a Connection and a Credential to a Cluster: signing in, and judging the certificate."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from elastic_transport import NodeConfig
from elasticsearch import AsyncElasticsearch

from esmigrate_tui.disk import opened
from esmigrate_tui.elastic.cluster import Cluster
from esmigrate_tui.elastic.sign_in import authorization
from esmigrate_tui.elastic.transport import WireNode, WireTransport
from esmigrate_tui.elastic.wire import Wire
from esmigrate_tui.model.connection import Connection, Credential, Endpoint, Trust, TrustKind
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from elastic_transport import BaseAsyncNode

__all__ = ["connect"]

_AT_ONCE = 10
_MOST_AUTHORITIES = 16 * 1024 * 1024  # bytes: all authorities of a system are a quarter of a megabyte


async def connect(
    connection: Connection,
    credential: Credential,
    *,
    node_class: type[BaseAsyncNode] | None = None,
    timeout: float = 30.0,  # noqa: ASYNC109  # of each request to come, not of this call
    clock: Callable[[], float] = time.time,
    meant: str = "",
) -> Cluster:
    """The cluster at that address; nothing is sent to it yet.

    `meant` is the uuid of the cluster that is meant, where it is known: nothing is sent to another that responds there.
    `timeout` is seconds for one request. `node_class` is for tests, a subclass of WireNode. Raises ProblemError where
    the CA file cannot be read or the secret cannot be sent.
    """
    endpoint = connection.endpoint
    context = await asyncio.to_thread(_tls, endpoint, connection.trust) if endpoint.is_encrypted else None
    pinned = connection.trust.fingerprint if connection.trust.kind is TrustKind.PINNED and context else None
    header = authorization(credential, endpoint)
    node = NodeConfig(
        scheme=endpoint.scheme,
        host=endpoint.host,
        port=endpoint.port,
        path_prefix=endpoint.path,
        headers={"authorization": header} if header else {},
        connections_per_node=_AT_ONCE,
        request_timeout=timeout,
        http_compress=False,
        ssl_context=context,
        ssl_assert_fingerprint=pinned,
    )
    client = AsyncElasticsearch(
        [node],
        transport_class=WireTransport,
        node_class=node_class or WireNode,
        max_retries=0,
        retry_on_status=(),
        retry_on_timeout=False,
        meta_header=False,
    )
    return Cluster(Wire(connection, credential, client, clock, meant=meant))


def _tls(endpoint: Endpoint, trust: Trust) -> ssl.SSLContext:
    """How the certificate of this endpoint is judged; reads files."""
    has_own = trust.kind is TrustKind.CA_FILE
    context = _authorities(endpoint, trust.ca_file) if has_own else ssl.create_default_context()
    # Python 3.13 began to refuse authorities without key usage, as `elasticsearch-certutil` made them for years.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if trust.kind in {TrustKind.PINNED, TrustKind.UNVERIFIED}:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _authorities(endpoint: Endpoint, ca_file: str) -> ssl.SSLContext:
    path = Path(os.path.expanduser(ca_file))  # noqa: PTH111  # Path's own raises where ~NAME is no user
    try:
        with opened(path) as file:
            text = file.read(_MOST_AUTHORITIES).decode("ascii", "ignore")
        return ssl.create_default_context(cadata=text)
    except FileNotFoundError:
        trouble = "there is no such file"
    except (ssl.SSLError, ValueError):
        trouble = "there is no certificate in PEM form in it"
    except OSError as error:
        trouble = (error.strerror or "it cannot be read").lower()
    raise ProblemError.of(
        Cause.CERTIFICATE,
        f"The authorities for {endpoint.authority} could not be read from {clean(str(path), 300)}: {trouble}.",
        todo="Give the file of the authority that signed the cluster's certificate, such as http_ca.crt.",
    )
