"""The documents at which a whole reindex chokes: found by reading the source here, and left out with their reasons.

A destination from 6.0 on reads a page of the source strictly: one key that stands twice in one document, which servers
before 6.0 keep, and the page is "not from an Elasticsearch". One `_id` of more than 512 bytes, which 2.x keeps, and the
bulk is invalid. Neither says which document it was.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.elastic.paging import LARGEST_PAGE
from esmigrate_tui.elastic.scan import pages, scan_ranges
from esmigrate_tui.model.document_depth import DOCUMENT_LEVELS, depth_of
from esmigrate_tui.model.event import Reject
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.elastic.documents import Document
    from esmigrate_tui.elastic.scan import ScanRange
    from esmigrate_tui.model.problem import Problem

LONGEST_ID: Final = 512
"""Bytes of an `_id` that servers from 5.0 on take."""
_INVALID: Final = "action_request_validation_exception"
_UNREAD: Final = ("[_source]", "Duplicate field")
_TOO_DEEP: Final = "nesting depth"
_AT_ONCE: Final = 1_000  # ids in one request


def chokes(problem: Problem) -> bool:
    """Whether a whole task seems to have ended by one document that cannot be read or written."""
    return _INVALID in problem.evidence or any(sign in problem.evidence for sign in _UNREAD)


def fault_of(document: Document, problem: Problem) -> str:
    """Why a document may be what that problem is about, in words; "" where it is not."""
    if _INVALID in problem.evidence:
        length = len(document.id.encode("utf-8", "surrogatepass"))
        return f"its _id has {length} bytes, and a server takes {LONGEST_ID}" if length > LONGEST_ID else ""
    if _TOO_DEEP in problem.evidence:
        levels = depth_of(bytes(document.source))
        return f"it has {levels} levels, and a server takes {DOCUMENT_LEVELS}" if levels > DOCUMENT_LEVELS else ""
    key = repeated_key(bytes(document.source))
    return "" if key is None else f"the key {clean(key, 200)} stands twice in one object of it"


def repeated_key(text: bytes) -> str | None:
    """A key that one object of a JSON text has twice; None where there is none, or none can be found."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len(pairs) != len({key for key, _ in pairs}):
            names = [key for key, _ in pairs]
            found.extend(key for at, key in enumerate(names) if key in names[:at])

    try:
        json.loads(text, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return None
    return found[0] if found else None


async def culprits(source: Cluster, index: str, into: str, problem: Problem, most: int) -> tuple[Reject, ...]:
    """Every document of a source index that may be what that problem is about, up to `most`; raises ProblemError.

    The index is read once, page by page; nothing of it is kept but these.
    """
    found: list[Reject] = []
    for stretch in await scan_ranges(source, index):
        found += await _in_stretch(source, index, into, stretch, problem)
        if len(found) > most:
            break
    return tuple(found)


async def _in_stretch(source: Cluster, index: str, into: str, stretch: ScanRange, problem: Problem) -> list[Reject]:
    size = LARGEST_PAGE
    while True:
        found: list[Reject] = []
        try:
            async for documents, _ in pages(source, index, stretch, size):
                found += [
                    Reject(index=into, id=document.id, type=document.type, status=400, reason=why)
                    for document in documents
                    if (why := fault_of(document, problem))
                ]
        except ProblemError as error:
            if error.problem.cause is not Cause.TOO_LARGE or size == 1:
                raise
            size = max(1, size // 8)  # a scroll cannot ask for less in the middle
        else:
            return found


async def within(source: Cluster, index: str, found: Sequence[Reject], query: dict[str, Any]) -> tuple[Reject, ...]:
    """Those of these documents that a query finds too."""
    ids = sorted({reject.id for reject in found})
    there: set[tuple[str, str]] = set()
    for first in range(0, len(ids), _AT_ONCE):
        few = ids[first : first + _AT_ONCE]
        there |= {(one.type, one.id) for one in await source.documents.by_id(index, few, query=query, is_bare=True)}
    return tuple(reject for reject in found if (reject.type, reject.id) in there)
