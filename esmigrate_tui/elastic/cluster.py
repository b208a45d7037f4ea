"""One cluster, asked in typed calls: the same ones for every version from 2.4 to 9.x."""

from __future__ import annotations

import asyncio
import copy
import json
import re
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import quote, unquote, urlsplit

import msgspec
from elastic_transport import TransportError
from elasticsearch import ApiError, AsyncElasticsearch

from esmigrate_tui.elastic import acknowledged as answered
from esmigrate_tui.elastic import sign_in
from esmigrate_tui.elastic.document_places import NO_DOCUMENT
from esmigrate_tui.elastic.documents import IN_SEVERAL, Documents, decoded_apart
from esmigrate_tui.elastic.errors import (
    TAGLINE,
    UnreadAnswerError,
    explain,
    explain_answer,
    explain_silence,
    not_elasticsearch,
    was_given_up,
    without_master,
    words,
)
from esmigrate_tui.elastic.identity import GATEWAYS, ClusterIdentity
from esmigrate_tui.elastic.responses.cluster import (
    BlocksState,
    BuildInfo,
    ClusterHealth,
    ClusterStats,
    RootResponse,
    UuidState,
    block_descriptions,
    health_of,
)
from esmigrate_tui.elastic.responses.indices import (
    CatIndex,
    CatName,
    CatShard,
    FlatSettings,
    IndexAliases,
    IndexListing,
    IndexMapping,
    ResolvedIndices,
    create_request,
    index_facts,
)
from esmigrate_tui.elastic.responses.nodes import (
    NodeInfo,
    NodesDisk,
    NodesInfo,
    disk_facts,
    modules_and_plugins,
    reindex_whitelist,
)
from esmigrate_tui.elastic.responses.search import (
    CountResponse,
    MultiSearchResponse,
    MultiSearchTotals,
    RefreshResponse,
    SearchResponse,
    ShardCounts,
)
from esmigrate_tui.elastic.responses.security import AuthenticateResponse
from esmigrate_tui.elastic.responses.settings import bytes_of, flat_texts
from esmigrate_tui.elastic.responses.tasks import ReindexStarted, ReindexStatus, TaskResponse, TasksResponse
from esmigrate_tui.elastic.snapshots import Snapshots
from esmigrate_tui.elastic.surroundings import Surroundings
from esmigrate_tui.elastic.transport import ANSWER, LISTING, MAY_OPEN, MOST, SEVERAL, UnseenLineError, WireTransport
from esmigrate_tui.model.carried import DefinitionKind
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.copying import PASSED_OVER
from esmigrate_tui.model.definition_depth import TooDeepError, is_too_deep, too_deep
from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.event import Reject
from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, ShardFacts, TemplateFacts, Version
from esmigrate_tui.model.features import Features, Product
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.streams import templates_of
from esmigrate_tui.model.text import clean, whole_number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from esmigrate_tui.model.carried import StoredDefinition
    from esmigrate_tui.model.connection import Connection, Credential

__all__ = ["Cluster", "Clusters", "ReindexProgress"]

T = TypeVar("T")

# Elasticsearch refuses a request line of more than 4096 bytes; the address's own path and the query come on top.
_LONGEST_PATH: Final = 3_000
_SLOW: Final = 120.0
_NAMELESS: Final = "_na_"  # the UUID that a node tells which has found no master yet
_READING: Final = frozenset({"GET", "HEAD"})
_LOOKS_WHO: Final[ContextVar[bool]] = ContextVar("looks who is there", default=False)
_MOST_LINES: Final = 4  # tries to get a line that was looked at: others want one as well
_COLUMNS: Final = "health,status,index,uuid,pri,rep,docs.count,docs.deleted,store.size,pri.store.size"
_SETTINGS: Final = (
    "index.version.created,index.uuid,index.hidden,index.refresh_interval"
    ",index.number_of_shards,index.number_of_replicas,index.frozen,index.search.throttled,index.blocks.*"
    ",index.mode,index.mapping.source.mode"
)


@dataclass(frozen=True)
class ReindexProgress:
    """One look at a reindex task. `problem` is the task's own error, or a failure to read; `failures` were refused."""

    completed: bool
    total: int = 0
    created: int = 0
    updated: int = 0
    version_conflicts: int = 0
    batches: int = 0
    noops: int = 0
    bulk_retries: int = 0
    search_retries: int = 0
    throttled_seconds: float = 0.0
    canceled: str | None = None
    failures: tuple[Reject, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True)
class _Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Cluster:
    """A cluster at the end of a wire; use it as an async context manager, or `close()` it."""

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
        """The uuid of the cluster that is meant, where it is known: no other one is asked or sent anything."""
        self._identity = ClusterIdentity(meant, connection.endpoint.authority) if meant else None
        self.left_out: tuple[str, ...] = ()
        """Names that `indices()` left out, cleaned: they hold what cannot be shown, so nobody could choose them."""
        self._credential = credential
        self._client = client
        self._clock = clock
        self._root: RootResponse | None = None
        self._date: float | None = None
        self._kept: dict[tuple[str, bytes], asyncio.Task[_Response]] | None = None

    def __repr__(self) -> str:
        return f"Cluster({self.connection.endpoint.url})"

    @property
    def snapshots(self) -> Snapshots:
        """Its repositories, snapshots and restores."""
        return Snapshots(self)

    @property
    def surroundings(self) -> Surroundings:
        """What it has around its indices: licence, nodes, templates, policies."""
        return Surroundings(self)

    @property
    def documents(self) -> Documents:
        """Its documents, page by page, as the bytes that they are."""
        return Documents(self)

    @property
    def unanswered_seconds(self) -> float:
        """For how long the oldest request under way has had no answer; 0.0 where none is."""
        transport = self._client.transport
        return transport.unanswered_seconds if isinstance(transport, WireTransport) else 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_unused: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the lines."""
        await self._client.close()

    def as_remote(self) -> dict[str, Any]:
        """What another cluster is told as `source.remote` to read from this one: the one way out for the secret."""
        return sign_in.remote(self.connection, self._credential)

    # ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def remembering(self) -> Cluster:
        """The same cluster, on the same lines, for many looks at one moment: it is asked for each thing once."""
        twin = copy.copy(self)
        twin._kept = {} if self._kept is None else self._kept  # noqa: SLF001  # of this very class
        return twin

    async def _ask(  # noqa: PLR0913  # the one door: what is asked, how, and for how long
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        *,
        remote: str = "",
        patience: float | None = None,
        headers: Mapping[str, str] | None = None,
        ndjson: bool = False,
        changes: bool | None = None,
        told_by_status: frozenset[int] = frozenset(),
        most: int = ANSWER,
        anew: bool = False,
    ) -> _Response:
        """One request, sent once; raises ProblemError for everything but an answer of 2xx.

        An answer of more than `most` bytes, as they come out of what packs them, is not read (too-large). `changes`
        says whether it does; None to go by the method. `told_by_status` are errors that are answers, too. `anew` asks
        again what is remembered.
        """
        sent = self._sent(
            method,
            path,
            body,
            remote=remote,
            patience=patience,
            headers=headers,
            ndjson=ndjson,
            changes=changes,
            told_by_status=told_by_status,
            most=most,
        )
        is_look = method == "GET" if body is None else changes is False
        if self._kept is None or not is_look or anew:
            return await sent
        asked = (path, b"" if body is None else body.encode() if isinstance(body, str) else body)
        if asked not in self._kept:
            self._kept[asked] = asyncio.create_task(sent)
        else:
            sent.close()
        return await asyncio.shield(self._kept[asked])

    async def _sent(  # noqa: PLR0913  # what is asked, how, and for how long
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        *,
        remote: str = "",
        patience: float | None = None,
        headers: Mapping[str, str] | None = None,
        ndjson: bool = False,
        changes: bool | None = None,
        told_by_status: frozenset[int] = frozenset(),
        most: int = ANSWER,
    ) -> _Response:
        """The request, once it is known that the cluster which is meant will get it."""
        identity = None if _LOOKS_WHO.get() else self._identity
        if identity is not None:
            await identity.must_be_seen(self._who_is_there, anew=method not in _READING if changes is None else changes)
        left = _MOST_LINES
        while True:
            left -= 1
            # where every line is closed after one answer, what was seen a moment ago is all that can be known
            token = MAY_OPEN.set(identity is None or not left)
            try:
                return await self._sent_once(
                    method,
                    path,
                    body,
                    remote=remote,
                    patience=patience,
                    headers=headers,
                    ndjson=ndjson,
                    changes=changes,
                    told_by_status=told_by_status,
                    most=most,
                )
            except UnseenLineError:
                if identity is not None:  # which opens the line that is to be used then
                    await identity.must_be_seen(self._who_is_there, anew=True)
            finally:
                MAY_OPEN.reset(token)

    async def _who_is_there(self) -> str:
        """The uuid of the cluster that answers just now, never a remembered one."""
        twin = copy.copy(self)
        twin._kept = None  # noqa: SLF001  # of this very class
        token = _LOOKS_WHO.set(True)
        try:
            return (await twin.identity())[0]
        finally:
            _LOOKS_WHO.reset(token)

    async def _sent_once(  # noqa: PLR0913  # what is asked, how, and for how long
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        *,
        remote: str = "",
        patience: float | None = None,
        headers: Mapping[str, str] | None = None,
        ndjson: bool = False,
        changes: bool | None = None,
        told_by_status: frozenset[int] = frozenset(),
        most: int = ANSWER,
    ) -> _Response:
        """The request itself."""
        if most <= 0:
            raise ValueError(most)  # no answer is without a bound
        endpoint = self.connection.endpoint
        told = {"accept": "application/json", **(headers or {})}
        if body is not None:
            told["content-type"] = "application/x-ndjson" if ndjson else "application/json"
        client = self._client if patience is None else self._client.options(request_timeout=patience)
        token = MOST.set(most)
        try:
            response = await client.perform_request(method, path, headers=told, body=body)
        except ApiError as error:
            # Never str(error): the library itself stumbles over odd bodies.
            meta, sign = error.meta, self._credential.sign_in
            if meta.status in GATEWAYS and self._identity is not None:
                self._identity.doubt()
            if meta.status in told_by_status:
                body_of = error.body if isinstance(error.body, bytes | bytearray) else b""
                return _Response(meta.status, meta.headers, bytes(body_of))
            problem = explain(meta.status, error.body, meta.headers, endpoint, remote=remote, sign_in=sign)
            raise ProblemError(problem) from None
        except (TransportError, OSError) as error:
            if self._identity is not None:
                self._identity.doubt()
            manner = method if changes is None else "POST" if changes else "GET"
            problem = explain_silence(error, endpoint, manner)
            raise (UnreadAnswerError if was_given_up(error) else ProblemError)(problem) from None
        except (ValueError, UnicodeError) as error:
            what = f"{endpoint.authority} cannot be asked: {clean(str(error), 200)}."
            raise ProblemError(Problem(cause=Cause.USAGE, what=what, todo="Look at the address.")) from None
        finally:
            MOST.reset(token)
        return _Response(response.meta.status, response.meta.headers, response.body if method != "HEAD" else b"")

    def _decoded(self, answer: _Response, kind: type[T]) -> T:
        try:
            return self._decoded_if_shallow(answer, kind)
        except RecursionError:
            todo = "Look at that cluster with the request by hand, and leave out what is nested so."
            raise too_deep(f"An answer of {self._place}", todo) from None

    def _decoded_if_shallow(self, answer: _Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except msgspec.ValidationError as error:
            raise self._odd(answer, str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        try:
            # Lone surrogates and the like, which msgspec refuses and Elasticsearch stores: as text it takes many times
            # the memory, so that documents, which alone may be large, are taken out before.
            told = json.loads(answer.body) if len(answer.body) <= SEVERAL else None
            if told is not None:
                return msgspec.convert(told, kind)
        except (ValueError, msgspec.ValidationError):
            pass
        start = answer.body[:300].decode(errors="replace")
        evidence = f"HTTP {answer.status} {start}"
        raise ProblemError(not_elasticsearch(self.connection.endpoint, answer.headers, evidence)) from None

    def _odd(self, answer: _Response, trouble: str) -> ProblemError:
        return ProblemError(
            Problem(
                cause=Cause.UNSUPPORTED,
                what=f"{self._place} gave an answer that this program does not understand.",
                todo="Is this version newer than those it was tested with? Please report it.",
                evidence=clean(f"{trouble}: {answer.body[:300].decode(errors='replace')}", 400),
            )
        )

    async def _get(self, path: str, kind: type[T], *, most: int = ANSWER) -> T:
        return self._decoded(await self._ask("GET", path, most=most), kind)

    async def _get_every(self, path: str, kind: type[T]) -> T:
        """A listing of all there is: security on 6.x says of a cluster without indices that it has no index `_all`."""
        try:
            return await self._get(path, kind, most=LISTING)
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING and "_all" in error.problem.what:
                return kind()
            raise

    @property
    def _place(self) -> str:
        return self.connection.endpoint.authority

    # ── who are you ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _introduced(self) -> RootResponse:
        """Name, version and product; asked once."""
        if self._root is None:
            self._root = await self._introduce()
        return self._root

    async def _introduce(self) -> RootResponse:
        try:
            answer = await self._ask("GET", "/")
        except ProblemError as error:
            # Builds without the module for `GET /` say 405, and a role may forbid it: a node's own page will do.
            if error.problem.cause not in {Cause.UNSUPPORTED, Cause.PRIVILEGES}:
                raise await self._looked_closer(error) from None
            root = await self._introduced_by_node(error)
        else:
            root = self._decoded(answer, RootResponse)
            self._date = _seconds(answer.headers.get("date", ""))
            is_elastic = root.tagline == TAGLINE and not root.version.distribution
            if not is_elastic or not root.version.number:
                product = "OpenSearch" if root.version.distribution == "opensearch" else ""
                raise ProblemError(
                    not_elasticsearch(
                        self.connection.endpoint,
                        answer.headers,
                        f"HTTP {answer.status} {answer.body[:300].decode(errors='replace')}",
                        product or clean(root.version.distribution or root.tagline, 80),
                    )
                )
        try:
            Version.parse(root.version.number)
        except ValueError:
            raise self._odd(_Response(200, {}, root.version.number.encode()), "it names no version") from None
        return root

    async def _introduced_by_node(self, trouble: ProblemError) -> RootResponse:
        path = "/_nodes/_local?filter_path=cluster_name,nodes.*.version,nodes.*.build_flavor"
        try:
            local = await self._get(path, NodesInfo)
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
        from esmigrate_tui.elastic.connect import presented_fingerprint  # noqa: PLC0415  # it imports this module

        try:
            await presented_fingerprint(endpoint, timeout=2.0)
        except ProblemError:
            return error
        what = f"{self._place} wants TLS, and the address begins with http://."
        todo = "Write https:// instead."
        return ProblemError(Problem(cause=Cause.CERTIFICATE, what=what, todo=todo, evidence=error.problem.evidence))

    async def version(self) -> Version:
        """The version that it says it is; asked once."""
        return Version.parse((await self._introduced()).version.number)

    async def features(self) -> Features:
        """What it can do, by the version that it says it is; asked once."""
        return Features.of(Product.ELASTICSEARCH, await self.version())

    async def identity(self) -> tuple[str, str]:
        """Its UUID and its name as they are now, in one request where `GET /` tells them; raises ProblemError."""
        self._root = None
        root = await self._introduced()
        if root.cluster_uuid == _NAMELESS:
            raise ProblemError(without_master(self._place, f"GET / told the cluster_uuid {_NAMELESS}"))
        lost: list[ProblemError] = []
        uuid = root.cluster_uuid or await self._uuid(lost)
        if lost:
            raise lost[0]
        return clean(uuid), clean(root.cluster_name)

    # ── for the other half of the wire ──────────────────────────────────────────────────────────────────────────────

    async def read(
        self, path: str, kind: type[T], *, is_slow: bool = False, anew: bool = False, most: int = ANSWER
    ) -> T:
        """What a GET answers, as a value, asked `anew` though it may be remembered; raises ProblemError."""
        patience = _SLOW if is_slow else None
        return self._decoded(await self._ask("GET", path, patience=patience, anew=anew, most=most), kind)

    async def look(self, request: Request, kind: type[T] = object) -> T:  # type: ignore[assignment]  # any JSON will do
        """What a request answers that changes nothing, though it is no GET; raises ProblemError."""
        answer = await self._ask(request.method, request.path, request.body or None, patience=_SLOW, changes=False)
        return self._decoded(answer, kind)

    async def carry(  # what is carried, and how much may come back
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        ndjson: bool = False,
        most: int = ANSWER,
        told_by_status: frozenset[int] = frozenset(),
    ) -> tuple[int, bytes]:
        """Documents there or back by a request that may be sent twice without harm: status and answer as they came.

        Raises ProblemError; too-large where the answer has more than `most` bytes.
        """
        answer = await self._ask(
            method,
            path,
            body,
            patience=_SLOW,
            ndjson=ndjson,
            changes=False,
            told_by_status=told_by_status,
            most=most,
        )
        return answer.status, answer.body

    def decoded(self, status: int, body: bytes, kind: type[T]) -> T:
        """An answer of `carry` as a value; raises ProblemError where it is none."""
        return self._decoded(_Response(status, {}, body), kind)

    def partial(self, name: str, done: str, shards: ShardCounts) -> ProblemError:
        """The trouble that an answer has not all shards."""
        return self._partial(name, done, shards)

    def paths(self, names: Sequence[str]) -> list[str]:
        """As few paths as hold all these names of single indices; raises ProblemError for what could mean several."""
        return _paths(names)

    async def probe(self) -> ClusterFacts:
        """What this cluster is, as far as it says; raises ProblemError where it is none, or nobody may ask it."""
        self._root = None
        root = await self._introduced()
        lost: list[ProblemError] = []
        ((stats, skew), (user, roles, security)), health, nodes, room, blocks, (settings, made) = await asyncio.gather(
            asyncio.gather(self._stats(lost), self._who(lost)),
            self._maybe("/_cluster/health", ClusterHealth, lost),
            self._maybe(_NODES, NodesInfo, lost),
            self._maybe(_DISKS, NodesDisk, lost),
            self._maybe("/_cluster/state/blocks", BlocksState, lost),
            asyncio.gather(self._settings_if_any(lost), self._templates_if_any(lost)),
        )
        if len(lost) > 3:
            raise lost[0]
        told = "" if root.cluster_uuid == _NAMELESS else root.cluster_uuid
        uuid = told or (blocks.cluster_uuid if blocks else "") or await self._uuid(lost)
        modules, plugins = modules_and_plugins(nodes)
        return ClusterFacts(
            name=clean(root.cluster_name),
            uuid=clean(uuid),
            version=Version.parse(root.version.number),
            flavour=clean(root.version.build_flavor),
            health=health_of(health),
            nodes=health.number_of_nodes if health else 0,
            data_nodes=health.number_of_data_nodes if health else 0,
            user=user,
            roles=roles,
            documents=stats.indices.docs.count if stats and stats.indices else None,
            store_bytes=stats.indices.store.size_in_bytes if stats and stats.indices else None,
            indices=stats.indices.count if stats and stats.indices else None,
            open_shards=health.active_shards + health.initializing_shards + health.unassigned_shards
            if health
            else None,
            max_shards_per_node=_whole(settings, "cluster.max_shards_per_node"),
            disk=disk_facts(room, settings),
            whitelist=reindex_whitelist(nodes, settings),
            plugins=plugins,
            modules=modules,
            blocks=block_descriptions(blocks),
            security=security,
            clock_skew_seconds=skew,
            pending_tasks=health.number_of_pending_tasks if health else None,
            recovery_bytes=bytes_of(settings, "indices.recovery.max_bytes_per_sec"),
            most_scrolls=_whole(settings, "search.max_open_scroll_context"),
            templates=made,
        )

    async def _maybe(self, path: str, kind: type[T], lost: list[ProblemError]) -> T | None:
        """What can be seen there: a server may lack it and a role may forbid it; silence is noted in `lost`."""
        try:
            return await self._get(path, kind)
        except ProblemError as error:
            if error.problem.cause in {Cause.CONNECTION, Cause.CERTIFICATE}:
                lost.append(error)
            return None

    async def _stats(self, lost: list[ProblemError]) -> tuple[ClusterStats | None, float | None]:
        """The statistics, and how far the cluster's clock is ahead of ours: Elasticsearch itself sends no Date."""
        before = self._clock()
        stats = await self._maybe("/_cluster/stats", ClusterStats, lost)
        between = (before + self._clock()) / 2
        if stats is not None and stats.timestamp:
            return stats, stats.timestamp / 1000 - between
        return stats, None if self._date is None else self._date - between

    async def _settings_if_any(self, lost: list[ProblemError]) -> dict[str, str] | None:
        try:
            return await self.cluster_settings()
        except ProblemError as error:
            if error.problem.cause is Cause.CONNECTION:
                lost.append(error)
            return None

    async def _templates_if_any(self, lost: list[ProblemError]) -> tuple[TemplateFacts, ...]:
        try:
            return await self.surroundings.index_templates() or ()
        except ProblemError as error:
            if error.problem.cause is Cause.CONNECTION:
                lost.append(error)
            return ()

    async def _who(self, lost: list[ProblemError]) -> tuple[str | None, tuple[str, ...], bool | None]:
        """User, roles, and whether security is on; None where nobody can say."""
        security = "/_security" if (await self.features()).has_security_at_root else "/_xpack/security"
        try:
            who = await self._get(f"{security}/_authenticate", AuthenticateResponse)
        except ProblemError as error:
            match error.problem.cause:
                case Cause.CONNECTION | Cause.CERTIFICATE:
                    lost.append(error)
                    return None, (), None
                case Cause.AUTHENTICATION | Cause.PRIVILEGES:
                    return None, (), True
                case Cause.BUSY | Cause.UNKNOWN_OUTCOME:
                    return None, (), None
                case _:
                    return None, (), False
        return clean(who.username), tuple(clean(role) for role in who.roles), True

    async def _uuid(self, lost: list[ProblemError]) -> str:
        state = await self._maybe("/_cluster/state/metadata?filter_path=metadata.cluster_uuid", UuidState, lost)
        return state.metadata.cluster_uuid if state else ""

    async def cluster_settings(self) -> dict[str, str]:
        """The settings in force, flat: defaults (from 5.0 on), persistent, transient; lists as JSON."""
        told = await self._get("/_cluster/settings?include_defaults=true&flat_settings=true", dict[str, dict[str, Any]])
        return flat_texts(told.get("defaults", {}), told.get("persistent", {}), told.get("transient", {}))

    # ── indices ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def indices(self) -> tuple[IndexFacts, ...]:
        """Every index by name, hidden, closed and system ones too, in four requests however many there are.

        Documents are as `_cat/indices` counts them: nested ones included; `count()` tells the others. Names that
        cannot be shown as they are do not appear: see `left_out`.
        """
        features = await self.features()
        # What `expand_wildcards=all` left out before 7.7 was nothing: hidden indices came with that version.
        every = "expand_wildcards=all"
        cat = f"/_cat/indices?format=json&bytes=b&h={_COLUMNS}" + (f"&{every}" if features.has_hidden_indices else "")
        settings = f"/_settings/{_SETTINGS}" if features.finds_no_settings else "/_settings"
        mappings = f"/_mapping?{every}" + ("" if features.has_types else "&filter_path=*.mappings._source")
        entries, told, mapped, (aliases, streams, hidden) = await asyncio.gather(
            self._get_every(cat, tuple[CatIndex, ...]),
            self._get_every(f"{settings}?flat_settings=true&{every}", dict[str, FlatSettings]),
            self._mapped(mappings),
            self._named_otherwise(features),
        )
        if mapped is None:
            mapped = await self._mapped_of([entry.index for entry in entries if _is_exact(entry.index)])
        found, self.left_out = index_facts(
            IndexListing(entries, told, mapped, aliases, streams, hidden), with_types=features.has_types
        )
        return found

    async def _mapped(self, path: str) -> dict[str, IndexMapping] | None:
        """The mappings of all indices; None where one of them is nested too deeply to be read."""
        try:
            return await self._get_every(path, dict[str, IndexMapping])
        except TooDeepError:
            return None

    async def _mapped_of(self, names: Sequence[str]) -> dict[str, IndexMapping]:
        """The mappings of these indices, but for those that cannot be read: they are found by halves."""
        try:
            told = [await self._get(f"{path}/_mapping", dict[str, IndexMapping]) for path in _paths(names)]
        except TooDeepError:
            if len(names) == 1:
                return {}
            half = len(names) // 2
            return await self._mapped_of(names[:half]) | await self._mapped_of(names[half:])
        return {name: one for some in told for name, one in some.items()}

    async def _named_otherwise(
        self, features: Features
    ) -> tuple[dict[str, tuple[str, ...]], dict[str, str], frozenset[str]]:
        """Aliases and data stream of each index, and which are hidden."""
        if features.has_data_streams:
            resolved = await self._get(_RESOLVE, ResolvedIndices, most=LISTING)
            return (
                resolved.aliases_of_each(),
                {index.name: index.data_stream for index in resolved.indices if index.data_stream},
                frozenset(index.name for index in resolved.indices if "hidden" in index.attributes),
            )
        aliased = await self._get_every(_ALIASES, dict[str, IndexAliases])
        return {name: tuple(entry.aliases) for name, entry in aliased.items()}, {}, frozenset()

    async def definitions(self, names: Sequence[str]) -> dict[str, IndexDefinition]:
        """What `GET /INDEX` says of each, as it came, and its documents; raises ProblemError (missing) without one.

        Of a data stream it is what its newest index says, with the templates that made it, as far as these can be seen.
        Raises TooDeepError with the names of those that are nested too deeply.
        """
        found = {
            name: IndexDefinition(
                name=name,
                settings=one.get("settings", {}),
                mappings=one.get("mappings", {}),
                aliases=one.get("aliases", {}),
            )
            for name, one in (await self._defined(names)).items()
        }
        streams = {name: await self._backing(name) for name in names if name not in found}
        templates = await self._templates() if any(streams.values()) else ()
        for name, backing in streams.items():
            if backing and backing[-1] in found:
                made_by = templates_of(name, templates)
                aliased = await self._get(f"/{_exact(name)}/_alias", dict[str, IndexAliases])
                aliases = aliased[name].aliases if name in aliased else {}
                found[name] = msgspec.structs.replace(
                    found[backing[-1]], name=name, aliases=aliases, backing=backing, templates=made_by
                )
        if gone := [name for name in names if name not in found]:
            what = f"{self._place} has no index {', '.join(clean(name) for name in gone[:5])}."
            todo = "Was it deleted meanwhile, or is this an alias? Look at the list again."
            raise ProblemError(Problem(cause=Cause.MISSING, what=what, todo=todo))
        counted = await self.counts(names) if names else {}
        return {name: msgspec.structs.replace(found[name], documents=counted.get(name)) for name in names}

    async def _defined(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What each says of itself; each is asked by itself where one of many cannot be followed."""
        with suppress(TooDeepError):
            together = [await self._get(path, dict[str, dict[str, Any]], most=LISTING) for path in _paths(names)]
            if not any(is_too_deep(one) for told in together for one in told.values()):
                return {name: one for told in together for name, one in told.items()}
        found: dict[str, dict[str, Any]] = {}
        deep: list[str] = []
        for name in names:
            try:
                told = await self._get(f"/{_exact(name)}", dict[str, dict[str, Any]])
            except TooDeepError:
                deep.append(name)
                continue
            if any(map(is_too_deep, told.values())):
                deep.append(name)
            found |= told
        if deep:
            raise _too_deep_to_plan(tuple(deep))
        return found

    async def _backing(self, name: str) -> tuple[str, ...]:
        """The indices of a data stream, the oldest first; none where that name is no data stream's."""
        if not (await self.features()).has_data_streams:
            return ()
        resolved = await self._get(f"/_resolve/index/{_exact(name)}?expand_wildcards=all", ResolvedIndices)
        return next((stream.backing for stream in resolved.data_streams if stream.name == name), ())

    async def _templates(self) -> tuple[StoredDefinition, ...]:
        """Index templates and their components; none where a role does not show them."""
        from esmigrate_tui.elastic.definitions import carried  # noqa: PLC0415  # it is only for data streams

        try:
            return await carried(self, (DefinitionKind.TEMPLATE, DefinitionKind.COMPONENT))
        except ProblemError as error:
            if error.problem.cause in {Cause.PRIVILEGES, Cause.UNSUPPORTED}:
                return ()
            raise

    async def shards(self, name: str) -> tuple[ShardFacts, ...]:
        """The primary shards of one index, by their numbers; raises ProblemError."""
        columns = "shard,prirep,state,docs,store,node"
        told = await self._get(f"/_cat/shards/{_exact(name)}?format=json&bytes=b&h={columns}", tuple[CatShard, ...])
        return tuple(sorted((one.facts for one in told if one.prirep == "p"), key=lambda one: one.number))

    async def existing(self, names: Sequence[str]) -> dict[str, str]:
        """Which of these names are taken, and by what: "index", "alias" or "data stream"."""
        features = await self.features()
        if features.has_data_streams:
            resolved = await self._get(_RESOLVE, ResolvedIndices, most=LISTING)
            taken = {index.name: "index" for index in resolved.indices}
            taken |= {alias.name: "alias" for alias in resolved.aliases}
            taken |= {stream.name: "data stream" for stream in resolved.data_streams}
        else:
            every = "&expand_wildcards=all" if features.has_hidden_indices else ""
            indices, aliased = await asyncio.gather(
                self._get_every(f"/_cat/indices?format=json&h=index{every}", tuple[CatName, ...]),
                self._get_every(_ALIASES, dict[str, IndexAliases]),
            )
            taken = {alias: "alias" for entry in aliased.values() for alias in entry.aliases}
            taken |= {entry.index: "index" for entry in indices}
        return {name: taken[name] for name in names if name in taken}

    async def create_index(self, name: str, body: str) -> None:
        """Make one index; `body` is JSON without types, which 6.x and older are given as they want it."""
        query, fitted = create_request(body, await self.features())
        await self.make(Request(method="PUT", path=f"/{_exact(name)}{query}", body=fitted))

    async def delete_index(self, name: str) -> None:
        """Delete exactly one index; never a pattern, a list or an alias."""
        path = f"/{_exact(name)}"
        if not (await self.features()).protects_from_aliases and (await self.existing([name])).get(name) == "alias":
            # Before 6.0 the name of an alias deletes every index behind it.
            raise _unsafe(name, "it is an alias")
        await self.make(Request(method="DELETE", path=path))

    async def refresh(self, name: str) -> None:
        """Let searches and counts see everything that was written; raises ProblemError where a shard failed."""
        answer = await self._ask("POST", f"/{_exact(name)}/_refresh", patience=_SLOW, changes=False)
        shards = self._decoded(answer, RefreshResponse).shards
        if shards.failed or not shards.total:
            raise self._partial(name, "refreshed", shards)

    async def search_path(self, name: str, kind: str = "") -> str:
        """What a search of one index is sent to: of the type `kind` alone, else of every document that it holds.

        A search that names no type passes over what 2.x keeps as `.percolator`; all types are named then.
        """
        if kind:
            return f"/{_exact(name)}/{quote(kind, safe='')}"
        kinds = (await self.types_to_name([name])).get(name, ())
        path = f"/{_exact(name)}" + (f"/{','.join(quote(one, safe='') for one in kinds)}" if kinds else "")
        if len(path) > _LONGEST_PATH:
            raise ProblemError(_too_many_types(name, len(kinds)))
        return path

    async def types_to_name(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The types of each of these indices in which a search that names none would pass documents over."""
        if (await self.features()).searches_every_type:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for path in _paths(names):
            told = await self._get(f"{path}/_mapping/{PASSED_OVER}", dict[str, IndexMapping], most=LISTING)
            for hidden in _paths(sorted(told)) if told else ():
                every = await self._get(f"{hidden}/_mapping", dict[str, IndexMapping], most=LISTING)
                found |= {name: tuple(sorted(one.mappings)) for name, one in every.items()}
        return found

    async def search_each(self, looks: Mapping[str, Mapping[str, Any]], *, most: int = SEVERAL) -> tuple[int, bytes]:
        """One `_msearch` for a search of each index, frozen ones and every type included; as `carry`."""
        kinds = await self.types_to_name(tuple(looks))
        typed = {name: {"type": list(kinds[name])} if name in kinds else {} for name in looks}
        lines = [part for name, look in looks.items() for part in ({"index": [name], **typed[name]}, look)]
        body = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        return await self.carry("POST", f"/_msearch{await self._frozen_too()}", body, ndjson=True, most=most)

    async def _frozen_too(self) -> str:
        """What a search says so that frozen indices, gone in 8, are not passed over and count as empty."""
        return "?ignore_throttled=false" if (await self.features()).has_frozen_indices else ""

    async def count(self, name: str, query: Mapping[str, Any] | None = None, *, kind: str = "") -> int:
        """Top-level documents, as `_count` says: all, or those a query finds, or those of one type.

        An answer without every shard is none (ProblemError).
        """
        path = f"{await self.search_path(name, kind)}/_count{await self._frozen_too()}"
        body = None if query is None else msgspec.json.encode({"query": query})
        answer = await self._ask("GET" if body is None else "POST", path, body, patience=_SLOW, changes=False)
        counted = self._decoded(answer, CountResponse)
        shards = counted.shards
        if shards.failed or shards.successful != shards.total or not shards.total:
            raise self._partial(name, "counted", shards)
        return counted.count

    def _partial(self, name: str, done: str, shards: ShardCounts) -> ProblemError:
        said = ""
        if shards.failures:
            said = explain_answer(0, {"error": shards.failures[0]}, self._place).evidence
        return ProblemError(
            Problem(
                cause=Cause.BUSY,
                what=f"{clean(name)} on {self._place} could only be {done} in {shards.successful} "
                f"of {shards.total} shards.",
                why="Some of its shards are not there, so the number would be too small.",
                todo="Wait until the index is yellow or green.",
                evidence=said,
            )
        )

    async def settings_of(self, name: str) -> dict[str, str]:
        """An index's own settings, flat, as they came: they are for putting back, not for showing."""
        [one, *others] = (await self.settings_of_parts(name)).items()
        if others or one[0] != name:
            what = f"{self._place} has no index {clean(name)}: that name is a data stream."
            raise ProblemError(Problem(cause=Cause.MISSING, what=what, todo="Name one of the indices that back it."))
        return one[1]

    async def settings_of_parts(self, name: str) -> dict[str, dict[str, str]]:
        """The same for each index that holds documents of that name: itself, or those of a data stream, oldest first.

        Raises ProblemError (missing) for an alias, and where one of them is not told.
        """
        told = await self._get(f"/{_exact(name)}/_settings?flat_settings=true", dict[str, FlatSettings])
        names = (name,) if name in told else await self._backing(name)
        if not names:
            what = f"{self._place} has no index {clean(name)}: that name is an alias."
            raise ProblemError(Problem(cause=Cause.MISSING, what=what, todo="Name the index behind it."))
        if gone := [one for one in names if one not in told]:
            what = f"{self._place} does not tell of {clean(gone[0])}, which is a part of {clean(name)}."
            todo = "Is it closed, or being deleted? Open it, and look again."
            raise ProblemError(Problem(cause=Cause.MISSING, what=what, todo=todo))
        return {one: _texts(told[one].settings) for one in names}

    async def put_settings(self, name: str, body: str) -> None:
        """Change settings of one index; null puts one back to its default."""
        await self.make(Request(method="PUT", path=f"/{_exact(name)}/_settings", body=body))

    async def sample(self, name: str, size: int) -> tuple[dict[str, Any], ...]:
        """The first hits of a search, cleaned for showing, fewer where they are large; numbers as Python reads them."""

        async def ask(amount: int) -> SearchResponse:
            return await self._get(f"/{_exact(name)}/_search?size={amount:d}", SearchResponse)

        found = await _as_many_as_fit(ask, size)
        return tuple(_cleaned(hit) for hit in found.hits.hits)

    async def counts(self, names: Sequence[str]) -> dict[str, int]:
        """Top-level documents of each index, without nested ones, in one request; one that cannot be searched has none.

        This is what a person plans with: `count()` is the proof, and accepts no partial answer.
        """
        counts_hits = (await self.features()).counts_hits_on_request
        look: dict[str, Any] = {"size": 0} | ({"track_total_hits": True} if counts_hits else {})
        told = self.decoded(*await self.search_each(dict.fromkeys(names, look)), MultiSearchTotals)
        totals = ((name, found.total) for name, found in zip(names, told.responses, strict=True))
        return {name: total for name, total in totals if total is not None}

    async def first_sources(
        self, names: Sequence[str], size: int, *, most: int = SEVERAL
    ) -> dict[str, tuple[bytes, ...]]:
        """`_source` of the first documents of each index, byte for byte as the server sent it; one request for all.

        They are fewer where they are large; an index that cannot be searched has none. Raises ProblemError; too-large
        where one of each is more than `most` bytes.
        """

        async def ask(amount: int) -> tuple[int, bytes]:
            look = {"size": amount, "sort": ["_doc"]}
            return await self.search_each(dict.fromkeys(names, look), most=most)

        status, body = await _as_many_as_fit(ask, size)
        told, sources = decoded_apart(self, status, body, MultiSearchResponse, IN_SEVERAL)
        return {
            name: tuple(sources(hit.source) for hit in found.hits.hits)
            for name, found in zip(names, told.responses, strict=True)
        }

    async def perform(self, request: Request) -> Any:  # noqa: ANN401  # whatever that request is answered with
        """A request as it is; the decoded answer, None where it was empty: it says nothing of whether that was done.

        Raises ProblemError (usage), before anything is sent, for one that would change more than it names.
        """
        _must_be_narrow(request)
        path = "/" + request.path.lstrip("/")
        is_bulk = path.partition("?")[0].endswith(("/_bulk", "/_msearch"))
        changes = request.method not in _READING and not path.partition("?")[0].endswith(_LOOKS)
        body = request.body or None
        answer = await self._ask(request.method, path, body, patience=_SLOW, ndjson=is_bulk, changes=changes)
        return self._decoded(answer, object) if answer.body.strip() else None

    async def make(self, request: Request) -> Any:  # noqa: ANN401  # whatever that request is answered with
        """Make a change; the decoded answer, None where the state alone says that it was made.

        It counts as made when its answer says so, else when a look at the state does. Raises ProblemError otherwise:
        unknown-outcome where nobody can tell.
        """
        _must_be_narrow(request)
        path = "/" + request.path.lstrip("/")
        try:
            answer = await self._ask(
                request.method,
                path,
                request.body or None,
                patience=_SLOW,
                ndjson=request.segments[-1] == "_bulk",
                changes=True,
            )
        except ProblemError as error:
            if error.problem.cause in answered.UNSURE and await self._is_seen(request):
                return None
            raise
        told = answered.decoded(answer.body)
        if answered.says_so(request, told):
            return told
        if await self._is_seen(request):
            return None
        raise ProblemError(answered.unsaid(self._place, answer.body))

    async def _is_seen(self, request: Request) -> bool:
        """Whether the state shows that a request was obeyed whose answer did not say so."""
        try:
            return await answered.is_so(self, request) is True
        except ProblemError:
            return False

    async def is_so(self, request: Request) -> bool | None:
        """Whether the state is the one that a change wants, whoever made it so; None where that cannot be told."""
        return await answered.is_so(self, request)

    async def stands(self, request: Request) -> bool:
        """Whether what a change would make, and never over another, is there already; raises ProblemError."""
        return await answered.stands(self, request)

    async def uuid_of(self, name: str) -> str:
        """The uuid of exactly that index, "" where there is none; raises ProblemError."""
        try:
            return (await self.settings_of(name)).get("index.uuid", "")
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING:
                return ""
            raise

    async def must_be_meant(self) -> None:
        """Raise ProblemError (stale) where another cluster than the one that is meant answers, as of now."""
        if self._identity is not None:
            await self._identity.must_be_seen(self._who_is_there, anew=True)

    # ── reindex ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def start_reindex(self, body: Mapping[str, Any], *, opaque_id: str, requests_per_second: float) -> str:
        """Start a reindex on this cluster; its task as "node:number". No throttle where the pace is not above 0."""
        pace = _pace(requests_per_second)
        path = f"/_reindex?wait_for_completion=false&requests_per_second={pace}"
        sent, remote = msgspec.json.encode(body), _remote_of(body)
        answer = await self._ask("POST", path, sent, remote=remote, headers={"x-opaque-id": opaque_id})
        return self._decoded(answer, ReindexStarted).task

    async def dry_reindex(self, body: Mapping[str, Any]) -> None:
        """Send that reindex with no document to move: whitelist, name, line, TLS, sign-in and privileges are all tried.

        It makes no index and writes nothing. Raises ProblemError where any of them fails.
        """
        source = {**body["source"], "query": NO_DOCUMENT, "size": 1}
        dry = {**body, "source": source}
        path = "/_reindex?wait_for_completion=true&timeout=20s"
        sent, remote = msgspec.json.encode(dry), _remote_of(body)
        answer = await self._ask("POST", path, sent, remote=remote, patience=_SLOW, changes=False)
        status = self._decoded(answer, ReindexStatus)
        if status.failures:
            raise ProblemError(self._failure_to_read(status.failures[0], remote))
        if status.total or status.timed_out:
            raise self._odd(answer, "a reindex of no documents found some")

    async def reindex_task(self, task_id: str) -> ReindexProgress:
        """How far a reindex is; raises ProblemError (missing) when it is gone: that is never success."""
        look = await self._get(f"/_tasks/{quote(task_id, safe=':')}", TaskResponse, most=SEVERAL)
        remote = _remote_in(look.task.description)
        status = look.response or look.task.status
        problem = None
        if look.error is not None:
            problem = explain(0, {"error": look.error}, {}, self.connection.endpoint, remote=remote)
        refused: list[Reject] = []
        for failure in status.failures:
            if "cause" in failure:
                refused.append(_reject(failure))
            else:
                problem = problem or self._failure_to_read(failure, remote)
        if look.completed and look.response is None and problem is None:
            what = f"{self._place} says that the task {clean(task_id)} has ended, and not how."
            todo = "Compare the documents of both sides."
            raise ProblemError(Problem(cause=Cause.MISSING, what=what, todo=todo))
        return ReindexProgress(
            completed=look.completed,
            total=status.total,
            created=status.created,
            updated=status.updated,
            version_conflicts=status.version_conflicts,
            batches=status.batches,
            noops=status.noops,
            bulk_retries=status.retries.bulk,
            search_retries=status.retries.search,
            throttled_seconds=status.throttled_millis / 1000,
            canceled=None if status.canceled is None else clean(status.canceled),
            failures=tuple(refused),
            problem=problem,
        )

    def _failure_to_read(self, failure: Mapping[str, Any], remote: str) -> Problem:
        """A failure to search the source, which is no fault of a document."""
        reason = failure.get("reason", failure)
        status = failure.get("status")
        return explain(
            status if isinstance(status, int) else 0, {"error": reason}, {}, self.connection.endpoint, remote=remote
        )

    async def find_reindex(self, opaque_id: str) -> str | None:
        """The running reindex that was started with that id; None when there is none."""
        return (await self.running_reindexes()).get(opaque_id)

    async def running_reindexes(self, into: Mapping[str, str] | None = None) -> dict[str, str]:
        """Every running reindex that was started with an id of its own, by that id.

        A server before 6.2 keeps no such ids: of it the reindexes into these indices are found, by what each of them
        stands for in `into`.
        """
        keeps_ids = (await self.features()).keeps_opaque_ids
        detailed = "" if keeps_ids else "&detailed=true"  # only then an old one describes them
        told = await self._get(f"/_tasks?actions=*reindex{detailed}", TasksResponse, most=SEVERAL)
        tasks = [(task_id, task) for node in told.nodes.values() for task_id, task in node.tasks.items()]
        if not keeps_ids:
            return {
                opaque_id: task_id
                for task_id, task in tasks
                for index, opaque_id in (into or {}).items()
                if task.description.endswith(f"to [{index}]")
            }
        return {task.headers["X-Opaque-Id"]: task_id for task_id, task in tasks if "X-Opaque-Id" in task.headers}

    async def rethrottle(self, task_id: str, requests_per_second: float) -> None:
        """Set the pace of a running reindex, in documents a second; no throttle where it is not above 0."""
        path = f"/_reindex/{quote(task_id, safe=':')}/_rethrottle?requests_per_second={_pace(requests_per_second)}"
        await self._told_task(path, task_id)

    async def cancel_task(self, task_id: str) -> None:
        """Ask a task to end, which it does after its current batch; raises ProblemError (missing) when it is gone."""
        await self._told_task(f"/_tasks/{quote(task_id, safe=':')}/_cancel", task_id)

    async def _told_task(self, path: str, task_id: str) -> None:
        answer = await self._ask("POST", path)
        told = self._decoded(answer, TasksResponse)
        troubles = (*told.task_failures, *told.node_failures)
        if troubles:
            # The failure of a node is told as an error, that of a task as one below "reason".
            trouble = troubles[0] if "caused_by" in troubles[0] else troubles[0].get("reason")
            raise ProblemError(explain_answer(0, {"error": trouble}, self._place))
        if not any(node.tasks for node in told.nodes.values()):
            what = f"{self._place} no longer runs the task {clean(task_id)}."
            raise ProblemError(Problem(cause=Cause.MISSING, what=what, todo="See how it ended."))


@dataclass(frozen=True)
class Clusters:
    """The two ends of a migration; `source` is None where the documents come from somewhere else."""

    destination: Cluster
    source: Cluster | None

    def of(self, side: Side) -> Cluster:
        """The cluster of a side; raises ProblemError (usage) where there is none."""
        cluster = self.destination if side is Side.DESTINATION else self.source
        if cluster is None:
            raise ProblemError(Problem(cause=Cause.USAGE, what="This run has no connection to the source."))
        return cluster

    def remembering(self) -> Clusters:
        """The same two, for many looks at one moment: neither is asked twice what it is asked by GET."""
        source = self.source.remembering() if self.source is not None else None
        return Clusters(destination=self.destination.remembering(), source=source)


def _too_deep_to_plan(names: tuple[str, ...]) -> TooDeepError:
    shown = ", ".join(clean(name, 100) for name in names[:5]) + (" and others" if len(names) > 5 else "")
    todo = "Leave it out, and make it on the destination by hand, with a flatter mapping where that can be."
    return too_deep(f"The definition of {shown}", todo, names)


async def _as_many_as_fit(ask: Callable[[int], Awaitable[T]], amount: int) -> T:
    """The answer about so many documents, or about fewer where that is more than is held; raises too-large for one."""
    while True:
        try:
            return await ask(amount)
        except UnreadAnswerError:
            if amount <= 1:
                raise
        amount = max(1, amount // 4)


_RESOLVE: Final = "/_resolve/index/*?expand_wildcards=all"
# Old versions pass over closed indices unless they are told not to.
_ALIASES: Final = "/_alias?expand_wildcards=all"
_AUTHENTICATE: Final = "/_security/_authenticate"
_NODES: Final = (
    "/_nodes/settings,plugins"
    "?filter_path=nodes.*.version,nodes.*.settings.reindex,nodes.*.modules.name,nodes.*.plugins.name"
)
_DISKS: Final = "/_nodes/stats/fs?filter_path=nodes.*.roles,nodes.*.attributes,nodes.*.fs.total"
# A POST to one of these only looks.
_LOOKS: Final = ("/_search", "/_count", "/_msearch", "/_refresh", "/_pit", "/_has_privileges", "/_field_caps")


def _whole(settings: Mapping[str, str] | None, key: str) -> int | None:
    return whole_number((settings or {}).get(key, ""))


def _seconds(date: str) -> float | None:
    """A Date header in seconds since 1970."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}


def _pace(requests_per_second: float) -> str:
    return f"{requests_per_second:g}" if requests_per_second > 0 else "-1"


def _unsafe(name: str, why: str) -> ProblemError:
    return ProblemError(
        Problem(
            cause=Cause.USAGE,
            what=f"{clean(name, 300)!r} is not the name of one index: {why}.",
            todo="Give the exact name of one index.",
        )
    )


def _too_many_types(name: str, amount: int) -> Problem:
    return Problem(
        cause=Cause.UNSUPPORTED,
        what=f"The {amount} types of {clean(name)} cannot be named in one request.",
        why=f"It has the type {PASSED_OVER}, which 2.x passes over in a search that does not name every type.",
        todo="Copy through this machine with --types apart: then each type is read by itself.",
    )


def _is_exact(name: str) -> bool:
    try:
        _exact(name)
    except ProblemError:
        return False
    return True


def _exact(name: str) -> str:
    """One index's name, percent-encoded; raises ProblemError for whatever a server could read as several."""
    if not name or name in {".", "..", "_all"}:
        raise _unsafe(name, "a server could take it for all of them")
    if name[0] in "-+_":
        raise _unsafe(name, f"it begins with {name[0]!r}")
    odd = next((character for character in name if character in '*?,<>/\\|"# ' or clean(character) != character), None)
    if odd is not None:
        raise _unsafe(name, f"it holds {clean(odd)!r}")
    return quote(name, safe="")


def _must_be_narrow(request: Request) -> None:
    """No change through a pattern, a list, or a path that means every index."""
    if request.method in _READING:
        return
    path = urlsplit(request.path).path
    segments = [unquote(segment) for segment in path.strip("/").split("/")]
    wide = [
        segment
        for segment in segments
        if segment in {"", "_all", ".", ".."}
        or segment.startswith(("-", "+"))
        or any(one in segment for one in "*,?<>/")
    ]
    is_for_all = request.method in {"PUT", "DELETE"} and segments[0] in {"_settings", "_mapping", "_mappings"}
    if wide or is_for_all:
        raise _unsafe(request.path, "a change is made to exactly one thing")


def _paths(names: Sequence[str]) -> list[str]:
    """As few paths as hold all the names, each short enough for a request line."""
    paths: list[str] = []
    for encoded in (_exact(name) for name in names):
        if paths and len(paths[-1]) + len(encoded) < _LONGEST_PATH:
            paths[-1] += "," + encoded
        else:
            paths.append("/" + encoded)
    return paths


def _remote_of(body: Mapping[str, Any]) -> str:
    """Host and port of the source that a reindex reads from, "" where it is the same cluster."""
    host = body.get("source", {}).get("remote", {}).get("host", "")
    return urlsplit(str(host)).netloc.rpartition("@")[2]


_LONGEST_DESCRIPTION: Final = 4_000  # characters, of which the address of the source is among the first


def _remote_in(description: str) -> str:
    """The same, from the words in which a task describes itself."""
    found = re.search(r"\bhost=(\S{1,300}) port=(\d{1,5})\b", description[:_LONGEST_DESCRIPTION])
    return f"{found[1]}:{found[2]}" if found else ""


def _reject(failure: Mapping[str, Any]) -> Reject:
    status = failure.get("status")
    return Reject(
        index=_text_of(failure, "index"),
        id=_text_of(failure, "id"),
        type=_text_of(failure, "type"),
        status=status if isinstance(status, int) else 0,
        reason=words(failure.get("cause")),
    )


def _text_of(failure: Mapping[str, Any], key: str) -> str:
    told = failure.get(key, "")
    return clean(told if isinstance(told, str) else "")


def _cleaned(value: Any) -> Any:  # noqa: ANN401  # JSON of any shape
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    return value
