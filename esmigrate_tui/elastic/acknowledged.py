"""What the response to a change has to say before the change counts as made, and how to check where it does not.

A write counts when its response says so: `{}`, an empty 200, a web page, or a response that was cut short does not.
Then the outcome is unknown until the state itself has been read. This is the one place that knows both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.settings import flat, named
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.elastic.indices import Indices
    from esmigrate_tui.model.ledger import Request

UNSURE: Final = frozenset({Cause.UNKNOWN_OUTCOME, Cause.CONNECTION, Cause.BUSY, Cause.NOT_ELASTICSEARCH})
"""Problems after which a change may have been made all the same: what responded need not know."""

_BY_SHARDS: Final = frozenset({"_refresh", "_flush", "_forcemerge"})
_BEGINS: Final = frozenset({"_restore", "_mount"})
_KEPT_AS_JSON: Final = frozenset({"_index_template", "_component_template", "_template", "_ingest", "_ilm"})
_OF_SNAPSHOT: Final = 3  # _snapshot, a repository, and a name in it
_NOT_THERE: Final = frozenset({404})
_TAKEN: Final = frozenset({"PUT", "POST"})


def says_so(request: Request, response: object) -> bool:
    """Whether a response says that the request was obeyed."""
    if not isinstance(response, dict):
        return False
    segments = request.segments
    if segments[-1] in _BY_SHARDS:
        shards = response.get("_shards")
        return isinstance(shards, dict) and not shards.get("failed", 1) and bool(shards.get("total"))
    if segments[-1] == "_bulk":
        return bool(response.get("items"))
    if segments[-1] in _BEGINS or _is_snapshot(request):
        return response.get("accepted") is True or isinstance(response.get("snapshot"), dict)
    return response.get("acknowledged") is True


def value_of(response: bytes) -> object:
    """A response as a value, None where it is none."""
    try:
        return msgspec.json.decode(response)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def unsaid(place: str, response: bytes) -> Problem:
    """The problem that the response to a change does not say that it was made."""
    said = clean(response[:300].decode(errors="replace"))
    return Problem(
        cause=Cause.UNKNOWN_OUTCOME,
        what=f"{place} did not confirm that this was done, so it is not known.",
        why="Its response is not the one that Elasticsearch gives."
        if response.strip()
        else "Its response is empty, which Elasticsearch's never is.",
        todo="Is there a proxy between that rewrites responses? Check the cluster before it is sent again.",
        evidence=said,
    )


async def stands(indices: Indices, request: Request) -> bool:
    """Whether what a request would make, and never over another, exists already; raises ProblemError.

    Of what a request may write over, or only changes, that is no question: False.
    """
    path, _, query = request.path.partition("?")
    if request.makes_index:
        return bool(await indices.existing([request.index]))
    is_stream = request.method == "PUT" and request.segments[0] == "_data_stream"
    if is_stream or _is_snapshot(request) or "create=true" in query:
        return await _found(indices, path) is not None
    return False


def _is_snapshot(request: Request) -> bool:
    segments = request.segments
    return segments[0] == "_snapshot" and len(segments) == _OF_SNAPSHOT and request.method in _TAKEN


async def is_so(indices: Indices, request: Request) -> bool | None:  # noqa: PLR0911  # one case a kind of request
    """Whether the state is the one that a request wants, by whatever it came; None where that cannot be known.

    Raises ProblemError where the cluster cannot be read.
    """
    segments = request.segments
    path = request.path.partition("?")[0]
    match request.method, segments:
        case "PUT", [_, "_settings"] if request.index:
            return await _has_settings(indices, request)
        case "PUT", ["_cluster", "settings"]:
            return await _cluster_has(indices, request)
        case "PUT", [_] if request.index:
            return await _is_bare(indices, request)
        case "POST", [_, "_open" | "_close"] if request.index:
            state = await _state_of(indices, request.index)
            return None if state is None else state == ("open" if segments[1] == "_open" else "close")
        case "PUT", ["_snapshot", name]:
            return _within(_asked(request), (await _found(indices, path) or {}).get(name))
        case "PUT" | "POST", ["_snapshot", _, _] | ["_data_stream", _]:
            return await _found(indices, path) is not None
        case "PUT", [kind, *_] if kind in _KEPT_AS_JSON:
            return True if _is_kept(_asked(request), await _found(indices, path)) else None
        case "DELETE", ["_data_stream" | "_snapshot", *_]:
            return await _found(indices, path) is None
        case "DELETE", [kind, *_] if kind in _KEPT_AS_JSON:
            return await _found(indices, path) is None
        case "DELETE", [_] if request.index:
            return not await indices.existing([request.index])
    return None


def _asked(request: Request) -> dict[str, Any]:
    try:
        wanted = msgspec.json.decode(request.body or "{}")
    except msgspec.DecodeError:
        return {}
    return wanted if isinstance(wanted, dict) else {}


async def _found(indices: Indices, path: str) -> dict[str, Any] | None:
    """What a GET of that path says, None where there is nothing; some servers say that with an empty object."""
    response = await indices.wire.exchange("GET", "/" + path.lstrip("/"), accepted=_NOT_THERE)
    result = indices.wire.decode(response, dict[str, Any])  # a web page is none, and says nothing of what is there
    return result if result and response.status not in _NOT_THERE else None


async def _has_settings(indices: Indices, request: Request) -> bool | None:
    try:
        has = await indices.settings_of(request.index)
    except ProblemError as error:
        if error.problem.cause is Cause.MISSING:  # there may be a data stream, or an alias, of that name
            return None if await indices.existing([request.index]) else False
        raise
    return all(_equal(value, has.get(name)) for name, value in named(_asked(request)).items())


async def _cluster_has(indices: Indices, request: Request) -> bool:
    response = await indices.wire.get("/_cluster/settings?flat_settings=true", dict[str, dict[str, Any]], anew=True)
    wanted = {kind: flat(settings) for kind, settings in _asked(request).items() if isinstance(settings, dict)}
    return all(
        _equal(value, response.get(kind, {}).get(name))
        for kind, settings in wanted.items()
        for name, value in settings.items()
    )


async def _state_of(indices: Indices, index: str) -> str | None:
    path = f"/_cluster/state/metadata/{quote(index, safe='')}?filter_path=metadata.indices.*.state"
    response = await indices.wire.get(f"{path}&expand_wildcards=all", dict[str, Any], anew=True)
    one = response.get("metadata", {}).get("indices", {}).get(index, {})
    return one.get("state") if isinstance(one, dict) else None


async def _is_bare(indices: Indices, request: Request) -> bool:
    """Whether an index of that name exists as the request wants it, without any document."""
    name = request.index
    try:
        has = (await indices.definitions([name]))[name]
    except ProblemError as error:
        if error.problem.cause is Cause.MISSING:
            return False
        raise
    requested = _asked(request)
    settings, fields = named(has.settings), fields_of(has.mappings)
    wanted = named(requested.get("settings") or {})
    return (
        not has.documents
        and all(_equal(value, settings.get(key)) for key, value in wanted.items() if value is not None)
        and all(fields.get(path) == kind for path, kind in fields_of(requested.get("mappings") or {}).items())
    )


def fields_of(mappings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Every field of a mapping by its path, with its type; a type of an old mapping counts as a step of the path."""
    if not prefix and "properties" not in mappings:
        inner = [one for one in mappings.values() if isinstance(one, dict) and "properties" in one]
        return {path: kind for one in inner for path, kind in fields_of(one).items()}
    found: dict[str, str] = {}
    left: list[tuple[str, Any]] = [(prefix, mappings)]
    while left:
        before, one = left.pop()
        for part in ("properties", "fields"):
            inner_fields = one.get(part)
            for name, field in inner_fields.items() if isinstance(inner_fields, dict) else ():
                if isinstance(field, dict):
                    path = f"{before}{name}"
                    found[path] = str(field.get("type", "object"))
                    left.append((f"{path}.", field))
    return found


def _equal(wanted: object, has: object) -> bool:
    """Whether a requested value is the one that a server returns as text; null requests none."""
    if wanted is None or has is None:
        return wanted is has
    return _text(wanted) == _text(has)


def _text(value: object) -> str:
    if isinstance(value, str):
        try:
            inner = msgspec.json.decode(value) if value.startswith("[") else value
        except msgspec.DecodeError:
            inner = value
        return value if isinstance(inner, str) else _text(inner)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return msgspec.json.encode([_text(one) for one in value]).decode()
    return str(value)


def _within(wanted: Mapping[str, Any], has: object) -> bool | None:
    """Whether a repository is registered as requested, as far as a server returns its settings."""
    if not isinstance(has, dict):
        return False
    response = flat(has.get("settings") or {})
    settings = flat(wanted.get("settings") or {})
    return wanted.get("type") == has.get("type") and all(
        _equal(value, response[name]) for name, value in settings.items() if name in response
    )


def _is_kept(wanted: Mapping[str, Any], response: Mapping[str, Any] | None) -> bool:
    """Whether the requested body is word for word in what a server keeps; another wording of it is not recognised."""
    left: list[object] = [response]
    while left:
        one = left.pop()
        if _holds(wanted, one) or (isinstance(one, dict) and _holds(wanted, {"template": one, "policy": one})):
            return bool(wanted)
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return False


def _holds(wanted: object, has: object) -> bool:
    if isinstance(wanted, dict):
        return isinstance(has, dict) and all(name in has and _holds(value, has[name]) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(has, list):
        return len(wanted) == len(has) and all(_holds(one, other) for one, other in zip(wanted, has, strict=True))
    return _equal(wanted, has)
