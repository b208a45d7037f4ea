"""The documents of one index, page by page there and bulk by bulk back, as the bytes that they are.

https://www.elastic.co/guide/en/elasticsearch/reference/current/paginate-search-results.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-bulk.html

A page is read from one shard. From 6.0 on every change to a shard has a number of its own (`_seq_no`), so that a page
can be "the documents numbered 5 001 to 10 000": nothing is kept open on the server, nothing can expire, and a page is
requested again in the same words after any restart. Older servers, and indices made by them, have no such numbers:
these are read by a scroll. Measured on 6.8.23 with 200 000 documents in two shards, windows of numbers are read as fast
as a scroll; a point in time adds nothing to them but something to keep open.

Pages are not requested with `filter_path`: the server would then parse each document and write it anew.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.acknowledged import unsaid
from esmigrate_tui.elastic.decoding import without_sources
from esmigrate_tui.elastic.error_words import words
from esmigrate_tui.elastic.errors import UnreadResponseError, explain_response
from esmigrate_tui.elastic.joined import JoinedReads
from esmigrate_tui.elastic.paging import MOST_ALONE
from esmigrate_tui.elastic.paths import path_width, paths_of
from esmigrate_tui.elastic.responses.nodes import NodesResponse
from esmigrate_tui.elastic.responses.search import HitList, MultiSearchResponse, SearchResponse, ShardCounts
from esmigrate_tui.elastic.searches import partial_shards
from esmigrate_tui.elastic.transport import BATCH_LIMIT, RESPONSE_LIMIT
from esmigrate_tui.elastic.waiting import seen_through
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import size as size_of
from esmigrate_tui.model.text import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.decoding import WireResponse
    from esmigrate_tui.elastic.indices import Indices
    from esmigrate_tui.elastic.searches import Searches
    from esmigrate_tui.model.features import Features

T = TypeVar("T")

KEPT_OPEN: Final = "30m"
"""How long a scroll waits for the next request: long enough for a pause, short enough for what a crash leaves."""

_CLOSING: Final = 5.0  # seconds in which a scroll is closed, or given up: the server closes it by itself in the end

AT_RANDOM: Final[dict[str, Any]] = {"function_score": {"random_score": {}}}
"""The query that draws documents by chance."""
NO_PIPELINE: Final = "_none"
"""What a request names to go through no ingest pipeline; an index's final one acts all the same."""

_UNMAPPED: Final = {"unmapped_type": "long"}  # up to 7.x an index without any mapping does not know its own fields
_OLDEST_READ_IN_FULL: Final = 7_000_000  # as index.version.created has it, in 8 and 9 alike
_ITEMS: Final = "filter_path=items.*.status,items.*.error"
_OF_ONE_NUMBER: Final = 100  # documents: one, and in an index that was shrunk one of each shard that it had
_MOST_WITH_SOURCES: Final = 16  # searches in one request that bring documents along
_EACH_ID: Final = 8  # documents of one _id that are read
_REFUSED: Final = 300  # statuses from here on
_STUMBLED: Final = 500
_ITEM_STATUSES: Final = frozenset({400, 403, 404, 409, 500})  # said of a document; others of all requests


class Document(msgspec.Struct, frozen=True, gc=False):
    """One hit; `source` is the document as the server sent it, empty where it keeps none.

    `version` is 0 where it was not requested.
    """

    id: str = msgspec.field(name="_id", default="")
    type: str = msgspec.field(name="_type", default="")
    routing: str | None = msgspec.field(name="_routing", default=None)
    parent: str | None = msgspec.field(name="_parent", default=None)
    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())
    sort: tuple[Any, ...] = ()
    version: int = msgspec.field(name="_version", default=0)

    @property
    def size(self) -> int:
        """Bytes of the document itself; 0 where there is none."""
        return len(self.source)


class UnreadDocument(Document, frozen=True, gc=False):
    """A document that is larger than what is held of one: it is known by its _id alone, and `why` says so."""

    why: str = ""


class _DocumentsResponse(SearchResponse[Document], frozen=True):
    timed_out: bool = False
    shards: ShardCounts = msgspec.field(name="_shards", default=ShardCounts())
    scroll_id: str = msgspec.field(name="_scroll_id", default="")


@dataclass(frozen=True)
class DocumentPage:
    """Some documents of one shard, and how many bytes their response had; `scroll` is the id for the next page.

    `has_breaks` says whether a document may hold a line break, or end with half of one. `total` is how many were found,
    0 where that was not counted.
    """

    documents: tuple[Document, ...]
    bytes: int
    has_breaks: bool
    scroll: str = ""
    total: int = 0


class BulkItem(msgspec.Struct, frozen=True, gc=False):
    """What became of one document of a bulk: the HTTP status, and the server's words (cleaned) where it is an error."""

    status: int
    reason: str = ""


@dataclass(frozen=True)
class _SmallSearch:
    """A search for a few documents of one index, its body as it is sent; `shard` is the one it looks in, -1 for all.

    `most` is how many bytes its response may have.
    """

    index: str
    body: bytes
    most: int
    shard: int = -1

    def width(self) -> int:
        """How much its index would take of a path; raises as `exact_name` does."""
        return path_width(self.index)

    @property
    def preference(self) -> str:
        """Which shard is searched, in the server's words; "" for all."""
        return f"_shards:{self.shard:d}|_local" if self.shard >= 0 else ""


class _OneOfSearches(msgspec.Struct, frozen=True):
    error: Any = None


class _BulkItemStatus(msgspec.Struct, frozen=True):
    status: int = 0
    error: Any = None


class _CreateResponse(msgspec.Struct, frozen=True):
    """The response to a document that has a request of its own; 2.x says `created` where later ones have a `result`."""

    id: str = msgspec.field(name="_id", default="")
    result: str = ""
    created: bool | None = None
    error: Any = None

    @property
    def is_written(self) -> bool:
        """Whether it says that a document was written, and which."""
        return bool(self.id) and (self.result in {"created", "updated"} or self.created is not None)


class _BulkResponse(msgspec.Struct, frozen=True):
    items: tuple[dict[str, _BulkItemStatus], ...] = ()


class _HttpLimits(msgspec.Struct, frozen=True):
    max_content_length_in_bytes: int = 0


class _NodeHttp(msgspec.Struct, frozen=True):
    http: _HttpLimits = _HttpLimits()


_decoder: Final = msgspec.json.Decoder(_DocumentsResponse)


class Documents:
    """Reading and writing the documents of one cluster."""

    def __init__(self, indices: Indices, searches: Searches) -> None:
        self._wire = indices.wire
        self._indices = indices
        self._searches = searches
        reads = partial(JoinedReads, self._small_page, self._small_pages, width=_SmallSearch.width)
        self._bare = reads()
        self._small = reads(most=_MOST_WITH_SOURCES)
        self._largest_request: int | None = None
        self._looking_for_largest = asyncio.Lock()

    # -- reading -----------------------------------------------------------------------------------------------------

    async def numbers(self, index: str, shard: int) -> tuple[int, int] | None:
        """The lowest and the highest number that a document of this shard has; None as in `numbered`."""
        found = await self.numbered(index, shard)
        return None if found is None else found[:2]

    async def numbered(self, index: str, shard: int) -> tuple[int, int, int] | None:
        """The lowest and highest number of a shard's documents, and how many there are; (0, -1, 0) where none is.

        None where documents of it have none, or none that can be searched: the server, or the one that made the index,
        was older than 6.0; or the index is an archive.
        """
        if not (await self._wire.features()).has_sequence_numbers or await self._is_archive(index):
            return None
        lowest, highest = await asyncio.gather(
            self._edge(index, shard, {"order": "asc", "missing": "_first"}),
            self._edge(index, shard, {"order": "desc", "missing": "_last"}),
        )
        if not lowest.documents:
            return 0, -1, 0
        first, last = _number(lowest), _number(highest)
        if first < 0:
            return None
        return first, max(first, last), lowest.total

    async def _is_archive(self, index: str) -> bool:
        """Whether an index is older than what its server writes and reads in full; of its own fields it knows few."""
        if not (await self._wire.features()).has_archives:
            return False
        created = whole_number((await self._indices.settings_of(index)).get("index.version.created", "")) or 0
        return 0 < created < _OLDEST_READ_IN_FULL

    async def _edge(self, index: str, shard: int, order: dict[str, str]) -> DocumentPage:
        body: dict[str, Any] = {"size": 1, "_source": False, "sort": [{"_seq_no": {**order, **_UNMAPPED}}]}
        if (await self._wire.features()).counts_hits_on_request:
            body["track_total_hits"] = True
        return await self._found(index, body, most=RESPONSE_LIMIT, shard=shard, is_bare=True)

    async def window(  # a window has two ends, in a shard of an index
        self,
        index: str,
        shard: int,
        after: int,
        until: int,
        size: int,
        *,
        most: int = MOST_ALONE,
        versions: bool = False,
        is_bare: bool = False,
    ) -> DocumentPage:
        """Up to `size` documents of a shard by their numbers, from above `after` to `until` inclusive.

        With `versions` each has its own; `is_bare` leaves their sources out. Raises ProblemError; too-large where the
        response has more than `most` bytes.
        """
        body: dict[str, Any] = {
            "size": size,
            "query": {"bool": {"filter": {"range": {"_seq_no": {"gt": after, "lte": until}}}}},
            "sort": [{"_seq_no": {"order": "asc", **_UNMAPPED}}],
        }
        if versions:
            body["version"] = True
        if is_bare:
            body["_source"] = False
        return await self._searched(index, f"preference=_shards:{shard:d}%7C_local", body, most=most)

    async def lone(  # the first of a window
        self, index: str, shard: int, after: int, until: int, *, most: int = MOST_ALONE, versions: bool = False
    ) -> tuple[DocumentPage, int]:
        """The documents with the first number above `after`, which is one but in a shrunk index, and that number.

        For documents of which two are too large together. One with more than `most` bytes is Unread.
        """
        first = await self.window(index, shard, after, until, 1, most=RESPONSE_LIMIT, is_bare=True)
        number = first.documents[0].sort[0] if first.documents else until
        if not isinstance(number, int):
            return first, until
        wanted = partial(self.window, index, shard, number - 1, number, _OF_ONE_NUMBER, versions=versions)
        try:
            return await wanted(most=most), number
        except ProblemError as error:
            if error.problem.cause is not Cause.TOO_LARGE:
                raise
        bare = await wanted(most=RESPONSE_LIMIT, is_bare=True)
        why = f"it has more than {size_of(most)}, the most that is held of one document"
        unread = (UnreadDocument(id=one.id, type=one.type, routing=one.routing, why=why) for one in bare.documents)
        return replace(bare, documents=tuple(unread)), number

    async def open_scroll(  # a slice of a shard of an index
        self,
        index: str,
        shard: int,
        part: int,
        parts: int,
        size: int,
        *,
        most: int = MOST_ALONE,
        versions: bool = False,
        kind: str = "",
    ) -> DocumentPage:
        """The first page of a scroll over one slice of a shard; a server older than 5.0 knows no slices.

        With `versions` each document has its own; `kind` is the type of those that are wanted, "" for all. Cut short
        while it is opened, the scroll, whose id is known nowhere else yet, is closed.
        """
        body: dict[str, Any] = {"size": size, "sort": ["_doc"]}
        if versions:
            body["version"] = True
        if parts > 1:
            body["slice"] = {"id": part, "max": parts}
        kept = f"scroll={KEPT_OPEN}&preference=_shards:{shard:d}"
        opening = asyncio.ensure_future(self._searched(index, kept, body, most=most, kind=kind))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            await seen_through(asyncio.ensure_future(self._close_opened(opening)))
            raise

    async def _close_opened(self, opening: asyncio.Future[DocumentPage]) -> None:
        await self.close_scroll((await asyncio.wait_for(opening, _CLOSING)).scroll)

    async def scroll(self, index: str, scroll: str, *, most: int = MOST_ALONE) -> DocumentPage:
        """The next page; raises ProblemError (missing) where the server no longer has the scroll."""
        body = msgspec.json.encode({"scroll": KEPT_OPEN, "scroll_id": scroll})
        return self._page(index, await self._wire.exchange("POST", "/_search/scroll", body, most=most))

    async def close_scroll(self, scroll: str) -> None:
        """Close a scroll, also where the caller is cancelled; that it cannot be done is no problem."""
        body = msgspec.json.encode({"scroll_id": [scroll]})
        carried = self._wire.exchange("DELETE", "/_search/scroll", body, accepted=frozenset({404}))
        if await seen_through(asyncio.ensure_future(asyncio.wait_for(carried, _CLOSING))):
            raise asyncio.CancelledError

    async def _searched(
        self, index: str, query: str, body: dict[str, Any], *, most: int = MOST_ALONE, kind: str = ""
    ) -> DocumentPage:
        features = await self._wire.features()
        path = await self._searches.search_path(index, kind)
        if features.rejects_partial_results:
            query += "&allow_partial_search_results=false"
        if features.has_frozen_indices:
            query += "&ignore_throttled=false"
        sent = msgspec.json.encode(self._body(body, features, is_scrolled="scroll=" in query))
        return self._page(index, await self._wire.exchange("POST", f"{path}/_search?{query}", sent, most=most))

    async def _found(  # what is searched, and where
        self,
        index: str,
        body: dict[str, Any],
        *,
        most: int = MOST_ALONE,
        shard: int = -1,
        kind: str = "",
        is_bare: bool = False,
    ) -> DocumentPage:
        """A page of few documents, by a request that searches of other indices may share."""
        search = _SmallSearch(index, msgspec.json.encode(body), most, shard)
        features = await self._wire.features()
        if kind or not features.searches_every_type or self._wire.is_remembering:
            return await self._small_page(search, kind)
        return await (self._bare if is_bare else self._small).get(search)

    async def _small_page(self, search: _SmallSearch, kind: str = "") -> DocumentPage:
        query = "request_cache=false"
        query += f"&preference={quote(search.preference, safe=':')}" if search.preference else ""
        body = msgspec.json.decode(search.body)
        return await self._searched(search.index, query, body, most=search.most, kind=kind)

    async def _small_pages(self, searches: Sequence[_SmallSearch]) -> dict[_SmallSearch, DocumentPage]:
        """The pages of several searches, but for those that no page came of, or only a part of one."""
        features = await self._wire.features()
        lines: list[bytes] = []
        for one in searches:
            preference = {"preference": one.preference} if one.preference else {}
            body = self._body(msgspec.json.decode(one.body), features)
            lines += [msgspec.json.encode({"index": [one.index], **preference}), msgspec.json.encode(body)]
        path = "/_msearch" + ("?ignore_throttled=false" if features.has_frozen_indices else "")
        sent = b"".join(line + b"\n" for line in lines)
        most = min(one.most for one in searches)
        response = await self._wire.exchange("POST", path, sent, is_ndjson=True, most=most)
        raws = self._wire.decode(response, MultiSearchResponse[msgspec.Raw]).responses
        found: dict[_SmallSearch, DocumentPage] = {}
        for one, raw in zip(searches, raws, strict=True):
            with suppress(ProblemError, msgspec.DecodeError, UnicodeDecodeError):
                if msgspec.json.decode(raw, type=_OneOfSearches).error is None:
                    found[one] = self._page(one.index, replace(response, body=bytes(raw)))
        return found

    @staticmethod
    def _body(body: dict[str, Any], features: Features, *, is_scrolled: bool = False) -> dict[str, Any]:
        """The body of a search, with what such a server has to be told to return documents whole."""
        if features.excludes_vectors:
            body = {"_source": {"exclude_vectors": False}, **body}
        if features.counts_hits_on_request and not is_scrolled:
            body = {"track_total_hits": False, **body}
        return body

    def _page(self, index: str, response: WireResponse) -> DocumentPage:
        """The page in a response; a partial one is none (ProblemError)."""
        body = response.body
        has_breaks = b"\n" in body or b"\r" in body
        is_spaced = has_breaks or b"\t" in body or any(mark in body for mark in _SPACED)
        try:
            result = _decoder.decode(body)
        except msgspec.ValidationError:
            result = self._wire.decode(response, _DocumentsResponse)  # which says what is odd about it
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            lean, sources = without_sources(body)
            result = _with_sources(self._wire.decode(replace(response, body=lean), _DocumentsResponse), sources)
        else:
            if is_spaced:
                result = _with_outer_spaces(body, result)
        shards = result.shards
        if result.timed_out or not shards.are_whole:
            raise partial_shards(self._wire.place, index, "read", shards)
        return DocumentPage(result.hits.hits, len(body), has_breaks, result.scroll_id, result.hits.many)

    async def by_chance(self, index: str, size: int, kind: str = "") -> tuple[str, ...]:
        """The ids of so many documents that the server takes by chance; fewer where it holds fewer."""
        body = {"size": size, "_source": False, "query": AT_RANDOM}
        page = await self._found(index, body, kind=kind, most=RESPONSE_LIMIT, is_bare=True)
        return tuple(dict.fromkeys(document.id for document in page.documents))

    async def drawn(self, index: str, size: int, kind: str = "", *, most: int = MOST_ALONE) -> tuple[Document, ...]:
        """So many documents that the server takes by chance, fewer where it holds fewer; raises as `by_id` does."""
        body = {"size": size, "query": AT_RANDOM}
        return (await self._found(index, body, kind=kind, most=most)).documents

    async def by_id(
        self,
        index: str,
        ids: Sequence[str],
        kind: str = "",
        *,
        query: Mapping[str, Any] | None = None,
        most: int = MOST_ALONE,
        is_bare: bool = False,
    ) -> tuple[Document, ...]:
        """The documents of these ids, as a search sees them: several have one where types or routings keep them apart.

        A request by id would want to know the type, which a newer server has forgotten. With a `query` only those that
        it finds too, `is_bare` without their sources. Raises ProblemError; too-large where the response has more than
        `most` bytes.
        """
        wanted = [{"ids": {"values": list(ids)}}, *([] if query is None else [query])]
        body: dict[str, Any] = {"size": _EACH_ID * len(ids), "query": {"bool": {"filter": wanted}}}
        if is_bare:
            body["_source"] = False
        return (await self._found(index, body, kind=kind, most=most, is_bare=is_bare)).documents

    # -- writing -----------------------------------------------------------------------------------------------------

    async def largest_request(self) -> int:
        """How many bytes a request may have at most, by the strictest node; 0 where none says. Requested once."""
        async with self._looking_for_largest:
            if self._largest_request is None:
                self._largest_request = await self._strictest_limit()
            return self._largest_request

    async def _strictest_limit(self) -> int:
        try:
            response = await self._wire.get(
                "/_nodes/http?filter_path=nodes.*.http.max_content_length_in_bytes", NodesResponse[_NodeHttp]
            )
        except ProblemError as error:
            if error.problem.cause in {Cause.PRIVILEGES, Cause.UNSUPPORTED, Cause.INTERNAL}:
                return 0
            raise
        return min((node.http.max_content_length_in_bytes for node in response.nodes.values()), default=0)

    async def bulk(self, index: str, body: bytes, pipeline: str = "") -> tuple[BulkItem, ...]:
        """What became of each document of a bulk whose actions name no index; raises ProblemError for it as a whole.

        All go through that ingest pipeline; "" leaves that to the index, NO_PIPELINE means not even its default.
        """
        [path] = paths_of([index])
        through = f"&pipeline={quote(pipeline, safe='')}" if pipeline else ""
        response = await self._written(
            "POST", f"{path}/_bulk?{_ITEMS}{through}", body, is_ndjson=True, accepted=frozenset({_STUMBLED})
        )
        if response.status == _STUMBLED:
            raise ProblemError(self._stumbled(self._wire.decode(response, _BulkItemStatus)))
        result = self._wire.decode(response, _BulkResponse)
        return tuple(_bulk_item(item) for entry in result.items for item in entry.values())

    async def _written(
        self, method: str, path: str, body: bytes, *, accepted: frozenset[int], is_ndjson: bool = False
    ) -> WireResponse:
        """Documents on their way; a response that is too large to be read rejects none: they may have arrived."""
        try:
            return await self._wire.exchange(
                method, path, body, is_ndjson=is_ndjson, accepted=accepted, most=BATCH_LIMIT
            )
        except ProblemError as error:
            if not isinstance(error, UnreadResponseError):
                raise
            raise ProblemError(msgspec.structs.replace(error.problem, cause=Cause.BUSY)) from None

    def _stumbled(self, response: _BulkItemStatus) -> Problem:
        """The problem of a bulk that a server failed at, such as one that is being stopped: no document is to blame."""
        place = self._wire.place
        problem = explain_response(_STUMBLED, response.error, place)
        if problem.cause is not Cause.REFUSED:
            return problem
        return Problem(
            cause=Cause.BUSY,
            what=f"{place} stumbled over a bulk of documents.",
            why=problem.what,
            todo="Look at the cluster's log; the same documents are sent again.",
            evidence=problem.evidence,
        )

    async def create(
        self,
        index: str,
        kind: str,
        document: Document,
        routing: str | None,
        *,
        pipeline: str = "",
        versions: bool = False,
    ) -> BulkItem:
        """Write one document by a request of its own, whose body may hold line breaks; never over another.

        `kind` is the type that servers older than 7.0 want. With `versions` it has its own version, and is written over
        one with a lower.
        """
        [path] = paths_of([index])
        name = quote(document.id, safe="")
        if (await self._wire.features()).has_types:
            path += f"/{quote(kind, safe='')}/{name}" + ("" if versions else "/_create")
        else:
            path += f"/_doc/{name}" if versions else f"/_create/{name}"
        wanted = {"routing": routing, "pipeline": pipeline or None}
        if versions:
            wanted |= {"version": str(document.version), "version_type": "external"}
        query = "&".join(f"{key}={quote(value, safe='')}" for key, value in wanted.items() if value is not None)
        path += f"?{query}" if query else ""
        response = await self._written("PUT", path, bytes(document.source), accepted=_ITEM_STATUSES)
        result = self._wire.decode(response, _CreateResponse)
        if result.error is None and response.status < _REFUSED and not result.is_written:
            place = self._wire.place
            # it is created, so it is sent again without harm until the server confirms it
            raise ProblemError(msgspec.structs.replace(unsaid(place, response.body), cause=Cause.BUSY))
        return _bulk_item(_BulkItemStatus(status=response.status, error=result.error))


def _number(page: DocumentPage) -> int:
    """The number of the only document of a page, -1 where it has none."""
    for document in page.documents:
        number = document.sort[0] if document.sort else None
        return number if isinstance(number, int) else -1
    return -1


def _bulk_item(item: _BulkItemStatus) -> BulkItem:
    if item.error is None:
        return BulkItem(item.status)
    return BulkItem(item.status, words(item.error))


_SOURCE: Final = b'"_source":'
_SPACED: Final = (b'"_source": ', b' ,"sort":')  # what follows a source in each hit that is requested here
_SPACE: Final = re.compile(rb"[ \t\r\n]*+")


def _with_outer_spaces(body: bytes, response: _DocumentsResponse) -> _DocumentsResponse:
    """A page with the white space around each document, which servers keep and send, and msgspec drops.

    Between two sources only a key can be the text `"_source":`, since quotes within a string are escaped.
    """
    found: list[Document] = []
    position = 0
    for document in response.hits.hits:
        if not document.size:
            found.append(document)
            continue
        begin = body.index(_SOURCE, position) + len(_SOURCE)
        first = _end_of_space(body, begin)
        last = first + document.size
        position = _end_of_space(body, last)
        is_whole = first == begin and position == last
        found.append(
            document if is_whole else msgspec.structs.replace(document, source=msgspec.Raw(body[begin:position]))
        )
    return msgspec.structs.replace(response, hits=HitList(tuple(found), response.hits.total))


def _end_of_space(body: bytes, begin: int) -> int:
    space = _SPACE.match(body, begin)
    return space.end() if space is not None else begin


def _with_sources(response: _DocumentsResponse, sources: Sequence[bytes]) -> _DocumentsResponse:
    hits = tuple(
        document
        if not document.size
        else msgspec.structs.replace(document, source=msgspec.Raw(sources[int(bytes(document.source))]))
        for document in response.hits.hits
    )
    return msgspec.structs.replace(response, hits=HitList(hits, response.hits.total))


def is_scroll_lost(problem: Problem) -> bool:
    """Whether a scroll was lost, rather than anything else."""
    return problem.cause is Cause.MISSING and "scroll" in problem.what
