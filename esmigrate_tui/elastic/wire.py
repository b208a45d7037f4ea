"""One line to one cluster: requests, their responses as values, and who it is that answers."""

from __future__ import annotations

import asyncio
import copy
from contextvars import ContextVar
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from elastic_transport import TransportError
from elasticsearch import ApiError

from esmigrate_tui.elastic import sign_in
from esmigrate_tui.elastic.certificate import presented_fingerprint
from esmigrate_tui.elastic.decoding import WireResponse, decoded, odd_response
from esmigrate_tui.elastic.errors import TAGLINE, UnreadResponseError, explain, not_elasticsearch, without_master
from esmigrate_tui.elastic.identity import GATEWAYS, ClusterIdentity
from esmigrate_tui.elastic.paths import READING
from esmigrate_tui.elastic.responses.cluster import BuildInfo, RootResponse, UuidState
from esmigrate_tui.elastic.responses.nodes import NodeInfo, NodesInfo
from esmigrate_tui.elastic.silence import explain_silence, was_given_up
from esmigrate_tui.elastic.transport import (
    LISTING_LIMIT,
    MAY_OPEN,
    MOST,
    RESPONSE_LIMIT,
    UnseenLineError,
    WireTransport,
)
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.features import Features, Product
from esmigrate_tui.model.problem import PASSING, Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from elasticsearch import AsyncElasticsearch

    from esmigrate_tui.model.connection import Connection, Credential

T = TypeVar("T")

SLOW: Final = 120.0
"""Seconds for what takes a server its time."""

NAMELESS: Final = "_na_"
"""The uuid that a node gives which has found no master yet."""

_RAISED: Final = PASSING | {Cause.CERTIFICATE, Cause.AUTHENTICATION}
_ASKS_WHO: Final[ContextVar[bool]] = ContextVar("asks who answers", default=False)
_MOST_LINES: Final = 4  # tries to get a line that was looked at: others want one as well


def is_tolerated(problem: Problem) -> bool:
    """Whether a problem only means that a server lacks something, or that a role forbids it: nothing that may pass."""
    return problem.cause not in _RAISED


@dataclass(frozen=True)
class WireRequest:
    """What is sent, how, and for how long.

    `remote` is the address of the source that a reindex reads from; `timeout` is in seconds, None for the connection's
    own. `changes` says whether it changes anything; None to go by the method. A status in `accepted` is no error. A
    response of more than `most` bytes, as they come out of what packs them, is not read (too-large). `anew` sends again
    what is remembered.
    """

    method: str
    path: str
    body: str | bytes | None = None
    remote: str = ""
    timeout: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_ndjson: bool = False
    changes: bool | None = None
    accepted: frozenset[int] = frozenset()
    most: int = RESPONSE_LIMIT
    anew: bool = False

    @property
    def is_change(self) -> bool:
        """Whether it may change something."""
        return self.method not in READING if self.changes is None else self.changes

    @property
    def key(self) -> tuple[str, bytes] | None:
        """What its response is remembered by; None where it is not."""
        if self.body is None:
            return (self.path, b"") if self.method == "GET" else None
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return (self.path, body) if self.changes is False else None


class Wire:
    """The line to the cluster at one address, and what is known of who answers there."""

    def __init__(
        self,
        connection: Connection,
        credential: Credential,
        client: AsyncElasticsearch,
        clock: Callable[[], float],
        *,
        meant: str = "",
    ) -> None:
        self.connection = connection
        self.meant = meant
        """The uuid of the cluster that is meant, where it is known: no other one is sent anything."""
        self.clock = clock
        self.date: float | None = None
        """The clock of what answered `GET /`, in seconds since 1970, where it says."""
        self._identity = ClusterIdentity(meant, connection.endpoint.authority) if meant else None
        self._credential = credential
        self._client = client
        self._root: RootResponse | None = None
        self._remembered: dict[tuple[str, bytes], asyncio.Task[WireResponse]] | None = None

    @property
    def place(self) -> str:
        """Its host and port, as sentences name it."""
        return self.connection.endpoint.authority

    @property
    def unanswered_seconds(self) -> float:
        """For how long the oldest request under way has had no answer; 0.0 where none is."""
        transport = self._client.transport
        return transport.unanswered_seconds if isinstance(transport, WireTransport) else 0.0

    async def close(self) -> None:
        """Let go of the lines."""
        await self._client.close()

    def as_remote(self) -> dict[str, Any]:
        """What another cluster gets as `source.remote` to read from this one: the one way out for the secret."""
        return sign_in.remote(self.connection, self._credential)

    def remembering(self) -> Wire:
        """The same line, for many reads at one moment: each thing is requested once."""
        twin = copy.copy(self)
        twin._remembered = {} if self._remembered is None else self._remembered  # noqa: SLF001  # of this very class
        return twin

    @property
    def is_remembering(self) -> bool:
        """Whether what was requested once is not requested again."""
        return self._remembered is not None

    # -- requests ----------------------------------------------------------------------------------------------------

    async def request(self, request: WireRequest) -> WireResponse:
        """One request, sent once; raises ProblemError for every response that is neither 2xx nor accepted."""
        if self._remembered is None or request.anew or (key := request.key) is None:
            return await self._sent(request)
        if key not in self._remembered:
            self._remembered[key] = asyncio.create_task(self._sent(request))
        return await asyncio.shield(self._remembered[key])

    async def _sent(self, request: WireRequest) -> WireResponse:
        """The request, once it is known that the cluster which is meant will get it."""
        identity = None if _ASKS_WHO.get() else self._identity
        if identity is not None:
            await identity.must_be_seen(self._uuid_now, anew=request.is_change)
        left = _MOST_LINES
        while True:
            left -= 1
            # where every line is closed after one response, what was seen a moment ago is all that can be known
            token = MAY_OPEN.set(identity is None or not left)
            try:
                return await self._sent_once(request)
            except UnseenLineError:
                if identity is not None:  # which opens the line that is to be used then
                    await identity.must_be_seen(self._uuid_now, by_itself=True)
            finally:
                MAY_OPEN.reset(token)

    async def _sent_once(self, request: WireRequest) -> WireResponse:
        if request.most <= 0:
            raise ValueError(request.most)  # no response is without a bound
        endpoint = self.connection.endpoint
        headers = {"accept": "application/json", **request.headers}
        if request.body is not None:
            headers["content-type"] = "application/x-ndjson" if request.is_ndjson else "application/json"
        client = self._client if request.timeout is None else self._client.options(request_timeout=request.timeout)
        token = MOST.set(request.most)
        try:
            response = await client.perform_request(request.method, request.path, headers=headers, body=request.body)
        except ApiError as error:
            # Never str(error): the library itself stumbles over odd bodies.
            meta, kind = error.meta, self._credential.sign_in
            if meta.status in GATEWAYS and self._identity is not None:
                self._identity.doubt()
            if meta.status in request.accepted:
                body = error.body if isinstance(error.body, bytes | bytearray) else b""
                return WireResponse(meta.status, bytes(body), meta.headers)
            problem = explain(meta.status, error.body, meta.headers, endpoint, remote=request.remote, sign_in=kind)
            raise ProblemError(problem) from None
        except (TransportError, OSError) as error:
            if self._identity is not None:
                self._identity.doubt()
            method = request.method if request.changes is None else "POST" if request.changes else "GET"
            problem = explain_silence(error, endpoint, method)
            raise (UnreadResponseError if was_given_up(error) else ProblemError)(problem) from None
        except (ValueError, UnicodeError) as error:
            what = f"{endpoint.authority} cannot be reached by a request: {clean(str(error), 200)}."
            raise ProblemError.of(Cause.USAGE, what, todo="Look at the address.") from None
        finally:
            MOST.reset(token)
        meta = response.meta
        return WireResponse(meta.status, response.body if request.method != "HEAD" else b"", meta.headers)

    # -- responses as values -----------------------------------------------------------------------------------------

    def decode(self, response: WireResponse, kind: type[T]) -> T:
        """A response as a value; raises ProblemError where it is none."""
        return decoded(response, kind, self.connection.endpoint)

    async def get(
        self, path: str, kind: type[T], *, is_slow: bool = False, anew: bool = False, most: int = RESPONSE_LIMIT
    ) -> T:
        """What a GET returns, as a value, requested `anew` though it may be remembered; raises ProblemError."""
        timeout = SLOW if is_slow else None
        return self.decode(await self.request(WireRequest("GET", path, timeout=timeout, anew=anew, most=most)), kind)

    async def get_listing(self, path: str, kind: type[T]) -> T:
        """A listing of all there is: security on 6.x says of a cluster without indices that it has no index `_all`."""
        try:
            return await self.get(path, kind, most=LISTING_LIMIT)
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING and "_all" in error.problem.what:
                return kind()
            raise

    async def get_or_none(self, path: str, kind: type[T], *, most: int = RESPONSE_LIMIT) -> T | None:
        """The same as `get`; None where the server lacks it or a role forbids it. Raises ProblemError otherwise."""
        try:
            return await self.get(path, kind, most=most)
        except ProblemError as error:
            if is_tolerated(error.problem):
                return None
            raise

    async def read(self, path: str, body: object = None, kind: type[T] = object) -> T:  # type: ignore[assignment]  # any JSON
        """What a POST returns that changes nothing, its body as JSON; raises ProblemError."""
        content = None if body is None else msgspec.json.encode(body)
        return self.decode(await self.request(WireRequest("POST", path, content, timeout=SLOW, changes=False)), kind)

    async def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        is_ndjson: bool = False,
        most: int = RESPONSE_LIMIT,
        accepted: frozenset[int] = frozenset(),
    ) -> WireResponse:
        """Documents there or back, undecoded, by a request that may be sent twice without harm.

        Raises ProblemError; too-large where the response has more than `most` bytes.
        """
        return await self.request(
            WireRequest(
                method, path, body, timeout=SLOW, is_ndjson=is_ndjson, changes=False, accepted=accepted, most=most
            )
        )

    # -- who answers -------------------------------------------------------------------------------------------------

    async def _uuid_now(self) -> str:
        """The uuid of the cluster that answers just now, never a remembered one."""
        twin = copy.copy(self)
        twin._remembered = None  # noqa: SLF001  # of this very class
        token = _ASKS_WHO.set(True)
        try:
            return (await twin.identity())[0]
        finally:
            _ASKS_WHO.reset(token)

    async def must_be_meant(self) -> None:
        """Raise ProblemError (stale) where another cluster than the one that is meant answers, as of now."""
        if self._identity is not None:
            await self._identity.must_be_seen(self._uuid_now, anew=True)

    async def root(self, *, anew: bool = False) -> RootResponse:
        """Name, version and product; requested once. Raises ProblemError for what is not Elasticsearch."""
        if anew:
            self._root = None
        if self._root is None:
            self._root = await self._introduce()
        return self._root

    async def _introduce(self) -> RootResponse:
        try:
            response = await self.request(WireRequest("GET", "/"))
        except ProblemError as error:
            # Builds without the module for `GET /` say 405, and a role may forbid it: a node's own page will do.
            if error.problem.cause not in {Cause.UNSUPPORTED, Cause.PRIVILEGES}:
                raise await self._looked_closer(error) from None
            root = await self._introduced_by_node(error)
        else:
            root = self.decode(response, RootResponse)
            self.date = _seconds(response.headers.get("date", ""))
            is_elastic = root.tagline == TAGLINE and not root.version.distribution
            if not is_elastic or not root.version.number:
                product = "OpenSearch" if root.version.distribution == "opensearch" else ""
                raise ProblemError(
                    not_elasticsearch(
                        self.connection.endpoint,
                        response.headers,
                        f"HTTP {response.status} {response.body[:300].decode(errors='replace')}",
                        product or clean(root.version.distribution or root.tagline, 80),
                    )
                )
        try:
            Version.parse(root.version.number)
        except ValueError:
            raise odd_response(
                WireResponse(200, root.version.number.encode()), "it names no version", self.connection.endpoint
            ) from None
        return root

    async def _introduced_by_node(self, trouble: ProblemError) -> RootResponse:
        path = "/_nodes/_local?filter_path=cluster_name,nodes.*.version,nodes.*.build_flavor"
        try:
            local = await self.get(path, NodesInfo)
        except ProblemError:
            raise trouble from None
        node = next(iter(local.nodes.values()), NodeInfo())
        build = BuildInfo(number=node.version, build_flavor=node.build_flavor)
        return RootResponse(cluster_name=local.cluster_name, version=build)

    async def _looked_closer(self, error: ProblemError) -> ProblemError:
        """A server with TLS just hangs up on plain HTTP: then the certificate it shows is what gives it away."""
        endpoint = self.connection.endpoint
        if (
            endpoint.is_encrypted
            or error.problem.cause is not Cause.CONNECTION
            or "broke off" not in error.problem.what
        ):
            return error
        try:
            await presented_fingerprint(endpoint, timeout=2.0)
        except ProblemError:
            return error
        what = f"{self.place} wants TLS, and the address begins with http://."
        todo = "Write https:// instead."
        return ProblemError.of(Cause.CERTIFICATE, what, todo=todo, evidence=error.problem.evidence)

    async def version(self) -> Version:
        """The version that it says it is; requested once."""
        return Version.parse((await self.root()).version.number)

    async def features(self) -> Features:
        """What it can do, by the version that it says it is; requested once."""
        return Features.of(Product.ELASTICSEARCH, await self.version())

    async def identity(self) -> tuple[str, str]:
        """Its UUID and its name as they are now, in one request where `GET /` has them; raises ProblemError."""
        root = await self.root(anew=True)
        if root.cluster_uuid == NAMELESS:
            raise ProblemError(without_master(self.place, f"GET / told the cluster_uuid {NAMELESS}"))
        return clean(root.cluster_uuid or await self.uuid_of_state()), clean(root.cluster_name)

    async def uuid_of_state(self) -> str:
        """The UUID in the cluster state, "" where it cannot be seen; raises ProblemError where nothing answers."""
        try:
            state = await self.get("/_cluster/state/metadata?filter_path=metadata.cluster_uuid", UuidState)
        except ProblemError as error:
            if error.problem.cause in {Cause.CONNECTION, Cause.CERTIFICATE}:
                raise
            return ""
        return state.metadata.cluster_uuid


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
