"""Responses as values: JSON as msgspec reads it, and what Elasticsearch stores and msgspec refuses.

Documents stay the bytes that they are. Elasticsearch keeps some that msgspec does not read: lone surrogates, comments,
a thousand levels. Their sources are taken out before the rest is decoded.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from esmigrate_tui.elastic.errors import not_elasticsearch
from esmigrate_tui.elastic.transport import BATCH_LIMIT
from esmigrate_tui.model.definition_depth import too_deep
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from esmigrate_tui.model.connection import Endpoint

T = TypeVar("T")


@dataclass(frozen=True)
class WireResponse:
    """What came back, undecoded."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def decoded(response: WireResponse, kind: type[T], endpoint: Endpoint) -> T:
    """A response as a value; raises ProblemError where it is none, TooDeepError where it cannot be followed."""
    try:
        return _decoded_if_shallow(response, kind, endpoint)
    except RecursionError:
        todo = "Send the request to that cluster by hand, and leave out what is nested so."
        raise too_deep(f"An answer of {endpoint.authority}", todo) from None


def _decoded_if_shallow(response: WireResponse, kind: type[T], endpoint: Endpoint) -> T:
    try:
        return msgspec.json.decode(response.body, type=kind)
    except msgspec.ValidationError as error:
        raise odd_response(response, str(error), endpoint) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # Lone surrogates and the like, which msgspec refuses and Elasticsearch stores: as text it takes many times
        # the memory, so that documents, which alone may be large, are taken out before.
        result = json.loads(response.body) if len(response.body) <= BATCH_LIMIT else None
        if result is not None:
            return msgspec.convert(result, kind)
    except (ValueError, msgspec.ValidationError):
        pass
    start = response.body[:300].decode(errors="replace")
    evidence = f"HTTP {response.status} {start}"
    raise ProblemError(not_elasticsearch(endpoint, response.headers, evidence)) from None


def odd_response(response: WireResponse, trouble: str, endpoint: Endpoint) -> ProblemError:
    """The problem that a response is JSON, and not what is known of it."""
    return ProblemError.of(
        Cause.UNSUPPORTED,
        f"{endpoint.authority} gave a response that this program does not understand.",
        todo="Is this version newer than those it was tested with? Please report it.",
        evidence=clean(f"{trouble}: {response.body[:300].decode(errors='replace')}", 400),
    )


# -- pages that msgspec does not read --------------------------------------------------------------------------------

# Strings and comments are passed over, brackets count; everything else is of no interest.
# What is not closed reaches to the end. Possessive, so that nothing is remembered of a string: else the engine keeps a
# hundred bytes for each of its characters, in case it has to go back.
_MARK: Final = re.compile(
    rb'"[^"\\]*+(?:\\.?+[^"\\]*+)*+(?:"|\Z)|/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z)|//[^\n]*+|[{}\[\],]', re.DOTALL
)
IN_A_HIT: Final = 4  # brackets that are open within a hit: the answer's, "hits", its "hits", and the hit's own


def without_sources(body: bytes, within: int = IN_A_HIT) -> tuple[bytes, tuple[bytes, ...]]:
    """A page with a number in place of each `_source`, and the sources by that number; not parsed, only bracketed.

    `within` is how many brackets are open where a source stands. Elasticsearch keeps documents that msgspec refuses:
    lone surrogates, comments, a thousand levels.
    """
    lean: list[bytes] = []
    sources: list[bytes] = []
    depth, copied, begun = 0, 0, -1
    is_key = False
    for mark in _MARK.finditer(body):
        token = mark[0]
        if token in b"{[":
            depth += 1
        elif token in b"}],":
            depth -= token != b","
            if begun >= 0 and depth == within - (token == b"}"):
                end = mark.start()
                lean.append(b"%d" % len(sources))
                sources.append(body[begun:end])
                copied, begun = end, -1
        if begun < 0 and is_key and token == b'"_source"' and depth == within:
            begun = body.index(b":", mark.end()) + 1
            lean.append(body[copied:begun])
        is_key = token in b"{,"
    lean.append(body[copied:])
    return b"".join(lean), tuple(sources)


IN_SEVERAL: Final = 6
"""Brackets that are open within a hit of one of several searches."""
IN_GOT: Final = 3
"""The same within a document that was got by its _id."""


def decoded_apart(
    response: WireResponse, kind: type[T], within: int, endpoint: Endpoint
) -> tuple[T, Callable[[msgspec.Raw], bytes]]:
    """An answer that holds documents as a value, and what gives the bytes of a `_source` in it; raises ProblemError."""
    try:
        return msgspec.json.decode(response.body, type=kind), bytes
    except msgspec.ValidationError:
        return decoded(response, kind, endpoint), bytes  # which says what is odd about it
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        lean, sources = without_sources(response.body, within)
        return decoded(
            replace(response, body=lean), kind, endpoint
        ), lambda raw: sources[int(bytes(raw))] if len(raw) else b""
