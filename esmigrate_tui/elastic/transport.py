"""One client for every server from 2.4 to 9.x: what it would say that old ones do not know is taken back here."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from elastic_transport import (
    AiohttpHttpNode,
    AsyncTransport,
    HttpHeaders,
    SerializerCollection,
    TransportApiResponse,
)

if TYPE_CHECKING:
    from types import SimpleNamespace

_JSON: Final = "application/json"
_NDJSON: Final = "application/x-ndjson"
_LINGERING: Final = 0.1
_BLOCK: Final = 1 << 20
_SENT_WHOLE: Final = 1 << 20  # bytes; aiohttp wants to write a larger body piece by piece, and warns otherwise

RESPONSE_LIMIT: Final = 16 * 1024 * 1024
"""How many bytes a response may have by default: each is counted as it comes, unpacked."""
BATCH_LIMIT: Final = 64 * 1024 * 1024
"""The same for what has a sentence for each of many documents: bulks, and tasks with all rejected ones."""
LISTING_LIMIT: Final = 512 * 1024 * 1024
"""The same for what grows with the cluster itself: all its indices with their mappings, its snapshots."""
_FIRST_ERROR: Final = 400
_ERROR: Final = 1024 * 1024  # of an error only the beginning is read and held

MOST: Final[ContextVar[int]] = ContextVar("most bytes of an answer", default=RESPONSE_LIMIT)
"""How many bytes the answers to this task's requests may have; of a larger one nothing is kept."""


MAY_OPEN: Final[ContextVar[bool]] = ContextVar("may open a line", default=True)
"""Whether this task's requests may open a line of their own, or have to take one whose other end is known."""


class UnseenLineError(RuntimeError):
    """A request needs a new line, whose other end has not been identified yet; it was not sent.

    A RuntimeError, which the client's library hands on as it is, and does not take for a fault of the server.
    """


class RedirectedError(Exception):
    """The server sent the request elsewhere; it is not followed, as a POST would become a GET on the way."""

    def __init__(self, location: str) -> None:
        super().__init__(f"redirected to {location}")
        self.location = location


class TooLargeResponseError(Exception):
    """The response has more bytes than the caller holds in memory."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the answer has more than {most} bytes")
        self.most = most


class _BoundedResponse(aiohttp.ClientResponse):
    """A response that is given up as soon as it is larger than the caller holds, and held in memory once."""

    async def read(self) -> bytes:
        if self._body is None and self.method != "HEAD":
            is_error = self.status >= _FIRST_ERROR
            most = min(MOST.get(), _ERROR) if is_error else MOST.get()
            self._body, is_cut = await self._taken(most, is_error=is_error)
            if is_cut:
                return self._body
        return await super().read()

    async def _taken(self, most: int, *, is_error: bool) -> tuple[bytes, bool]:
        """All of it, counted as it comes; what it says of its own length is believed only where that is too much.

        Of an error the beginning will do: then the second is True where there was more.
        """
        length = self.content_length or 0
        is_packed = "content-encoding" in self.headers
        whole = _ResponseBody(length if not is_packed and _SENT_WHOLE < length <= most else 0)
        is_cut = False
        try:
            if length > most and not is_error:
                raise TooLargeResponseError(most)  # noqa: TRY301  # the line is closed in one place
            async for part in self.content.iter_any():
                is_cut = whole.taken + len(part) > most
                if is_cut and not is_error:
                    raise TooLargeResponseError(most)  # noqa: TRY301  # the same
                whole.take(part[: most - whole.taken] if is_cut else part)
                if is_cut:
                    self.close()
                    break
        except BaseException:
            self.close()
            raise
        return whole.joined(), is_cut


class _ResponseBody:
    """The parts of an answer as they come: in its place at once where its `length` is known, else in blocks."""

    def __init__(self, length: int) -> None:
        self.taken = 0
        self._placed = bytearray(length)
        self._blocks: list[bytearray] = []

    def take(self, part: bytes) -> None:
        """Hold another part; of millions of small ones nothing is held but their bytes."""
        if self._placed:
            self._placed[self.taken : self.taken + len(part)] = part
        elif self._blocks and len(self._blocks[-1]) < _BLOCK:
            self._blocks[-1] += part
        else:
            self._blocks.append(bytearray(part))
        self.taken += len(part)

    def joined(self) -> bytes:
        """All of it; a large one is read in place, and not copied."""
        if self._placed:
            del self._placed[self.taken :]
            return self._placed  # type: ignore[return-value]
        return b"".join(self._blocks)


async def _refuse_redirect(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, seen: aiohttp.TraceRequestRedirectParams
) -> None:
    raise RedirectedError(seen.response.headers.get("location", ""))


async def _refuse_unseen(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, _seen: aiohttp.TraceConnectionCreateStartParams
) -> None:
    if not MAY_OPEN.get():
        raise UnseenLineError


class WireNode(AiohttpHttpNode):
    """One server by aiohttp, where each request is sent once, to that server only, and is not logged.

    Faults and recorders for tests are subclasses of it.
    """

    _has_failed = False

    def _create_aiohttp_session(self) -> None:
        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(_refuse_redirect)
        trace.on_connection_create_start.append(_refuse_unseen)
        trace.on_request_exception.append(self._note_failure)
        self._loop = asyncio.get_running_loop()
        self.session = aiohttp.ClientSession(
            headers=self.headers,
            skip_auto_headers=("accept", "accept-encoding", "user-agent"),
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit_per_host=self._connections_per_node, ssl=self._ssl_context or False),
            trace_configs=[trace],
            response_class=_BoundedResponse,
        )
        # It would send a PUT or DELETE again when the line broke, and there is no public switch for that.
        self.session._retry_connection = False  # noqa: SLF001  # see the line above

    async def _note_failure(self, *_: object) -> None:
        self._has_failed = True

    async def close(self) -> None:  # type: ignore[override]  # asynchronous as its parent's
        """Let go of the lines."""
        await super().close()
        if self._ssl_assert_fingerprint and self._has_failed:
            # A line that was rejected for its fingerprint is closed in its own time, and nothing can wait for it.
            await asyncio.sleep(_LINGERING)

    def _log_request(self, *_arguments: Any, **_named: Any) -> None:  # noqa: ANN401  # the library's own shape
        """Nothing: the library would write bodies, and the source's password is in the body of a remote reindex."""


class _BytesAsTheyAre(SerializerCollection):
    """Bodies cross untouched: answers are decoded by msgspec, and an HTML page must not end in a library's error."""

    def dumps(self, data: Any, mimetype: str | None = None) -> bytes:  # noqa: ANN401  # the library's own shape
        sent = data if isinstance(data, bytes) else super().dumps(data, mimetype)
        return sent if len(sent) <= _SENT_WHOLE else io.BytesIO(sent)  # type: ignore[return-value]  # not copied

    def loads(self, data: bytes, mimetype: str | None = None) -> Any:  # noqa: ANN401, ARG002  # as above
        return data


def _plain(mimetype: str) -> str:
    return _NDJSON if "ndjson" in mimetype else _JSON


class WireTransport(AsyncTransport):
    """Sends plain media types, and takes a missing product header for granted: `probe()` checks the product itself.

    The `Warning` header is dropped: the client would turn a cluster's text into a Python warning on the terminal.
    """

    def __init__(self, *positional: Any, **named: Any) -> None:  # noqa: ANN401  # handed on as they come
        super().__init__(*positional, **named)
        self.serializers = _BytesAsTheyAre()
        self._sent_at: dict[object, float] = {}

    @property
    def unanswered_seconds(self) -> float:
        """For how long the oldest request under way has had no answer; 0.0 where none is."""
        return time.monotonic() - min(self._sent_at.values()) if self._sent_at else 0.0

    async def perform_request(  # type: ignore[override]  # the same call, its options handed on as they come
        self,
        method: str,
        target: str,
        **options: Any,  # noqa: ANN401  # as above
    ) -> TransportApiResponse:
        """The same request in words that every version knows."""
        headers = HttpHeaders(options.pop("headers", None) or {})
        headers["accept"] = _JSON
        if "content-type" in headers:
            headers["content-type"] = _plain(headers["content-type"])
        this = object()
        self._sent_at[this] = time.monotonic()
        try:
            meta, body = await super().perform_request(method, target, headers=headers, **options)
        finally:
            del self._sent_at[this]
        answered = HttpHeaders({name: value for name, value in meta.headers.items() if name.lower() != "warning"})
        answered["x-elastic-product"] = "Elasticsearch"
        return TransportApiResponse(dataclasses.replace(meta, headers=answered), body)
