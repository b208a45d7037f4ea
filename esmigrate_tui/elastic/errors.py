"""What went wrong, as a person needs it: from an answer or from silence to one Problem, by pure functions.

```
nothing came back: explain_silence()
├── the name is not known · nothing listens there · unreachable · too slow ........ CONNECTION
├── the line broke after a change was sent ...................................... UNKNOWN_OUTCOME
├── the certificate: unknown authority · self-signed · another host's · expired · not the pinned one;
│   TLS where there is none, no TLS where it is asked for ....................... CERTIFICATE
└── a redirect, or something that is not HTTP ................................... NOT_ELASTICSEARCH
an answer came: explain()
├── not JSON, not Elasticsearch's ............................................... NOT_ELASTICSEARCH
├── handed on: the destination repeats what the source, or the way to it, said
│   ├── not on its whitelist .................................................... NOT_WHITELISTED
│   ├── cannot be reached from there ............................................ CONNECTION, CERTIFICATE
│   └── the source's own answer, explained by this same tree as the source's
├── known words (_KNOWN), most telling first
└── else by the status .......................................................... AUTHENTICATION, PRIVILEGES, MISSING, …
```
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from esmigrate_tui.model.connection import SignIn
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.model.connection import Endpoint


from esmigrate_tui.elastic.error_words import (
    LONGEST_BODY,
    LONGEST_EVIDENCE,
    LONGEST_REASON,
    LONGEST_SENTENCE,
    LONGEST_TEXT,
    ErrorWords,
    as_json,
    named_by,
    said_by,
)
from esmigrate_tui.elastic.known_errors import BY_STATUS, KNOWN, UNREACHED, KnownError


class UnreadResponseError(ProblemError):
    """A response was given up because it is too large: its request may have been done."""


TAGLINE: Final = "You Know, for Search"
"""What `GET /` of every Elasticsearch ends with."""


def explain(
    status: int,
    body: object,
    headers: Mapping[str, str],
    endpoint: Endpoint,
    *,
    remote: str = "",
    sign_in: SignIn | None = None,
) -> Problem:
    """What an error answer means.

    `body` is bytes, text, or the JSON in it; `status` 0 where there was none, as in the error of a task. `remote` is
    host and port of the source that the responding cluster is to read from, "" where there is none. `sign_in`
    is how the request was signed, None where that is not known.
    """
    place = endpoint.authority
    said = said_by(body)
    if said is None:
        return _unfamiliar(status, body, headers, endpoint)
    handed_on = _handed_on(said)
    if handed_on is not None:
        return _repeated(handed_on, place, remote or handed_on.host)
    evidence = _evidence(status, said)
    known_as = _by_words(said, place, evidence, sign_in)
    if known_as is not None:
        return known_as
    if status not in {401, 403}:
        far = remote or "the address that it is to read from"
        for known in UNREACHED:
            found = known.pattern.search(said.text)
            if found is not None:
                return _filled(known, found, place=place, said=said, evidence=evidence, remote=clean(far, 200))
    return _by_status(status, said, place, evidence)


def explain_response(status: int, error: object, place: str) -> Problem:
    """What an error inside an otherwise good answer means (a bulk item, a failure of a task), said of `place`."""
    said = said_by(error) or ErrorWords((("", as_json(error)),), {})
    evidence = _evidence(status, said)
    return _by_words(said, place, evidence, None) or _by_status(status, said, place, evidence)


def _by_words(said: ErrorWords, place: str, evidence: str, sign_in: SignIn | None) -> Problem | None:
    if "missing authentication" in said.text:
        return _unsigned(place, evidence, sign_in)
    for known in KNOWN:
        found = known.pattern.search(said.text)
        if found is not None:
            return _filled(known, found, place=place, said=said, evidence=evidence)
    return None


def _unsigned(place: str, evidence: str, sign_in: SignIn | None) -> Problem:
    """A cluster that saw no sign-in: up to 7.x it says so of a wrong, expired or revoked API key or token, too."""
    match sign_in:
        case SignIn.NONE:
            what = f"{place} requires a sign-in, and there was none."
            todo = "Give a user and password, or an API key."
        case SignIn.API_KEY | SignIn.TOKEN:
            what = f"{place} did not accept the {'API key' if sign_in is SignIn.API_KEY else 'token'}."
            todo = (
                "It is unknown there, expired or revoked, or such keys are switched off: make a new one, or use a user."
            )
        case _:
            what = f"{place} saw no sign-in that it accepts."
            todo = "Either none was given, or the API key or token is unknown there, expired or revoked."
    return Problem(cause=Cause.AUTHENTICATION, what=what, why="Its security is on.", todo=todo, evidence=evidence)


def _evidence(status: int, said: ErrorWords) -> str:
    reasons = " ← ".join((f"{kind}: {reason}" if kind else reason)[:LONGEST_REASON] for kind, reason in said.parts)
    return clean(f"HTTP {status} {reasons}" if status else reasons, LONGEST_EVIDENCE)


def _filled(
    known: KnownError, found: re.Match[str], *, place: str, said: ErrorWords, evidence: str, remote: str = ""
) -> Problem:
    groups = {name: clean(value, LONGEST_SENTENCE) for name, value in found.groupdict().items() if value is not None}
    for name in tuple(groups):
        groups.setdefault(name.rstrip("23"), groups[name])
    index = groups.get("index") or clean(
        named_by(said.detail, "resource.id") or named_by(said.detail, "index"), LONGEST_SENTENCE
    )
    response = {
        "made": "another version",
        "needed": "that action",
        "kind": "it was asked for",
        **groups,
        "named": f" {index}" if index else "",
        "place": place,
        "remote": remote,
    }
    return Problem(
        cause=known.cause,
        what=known.what.format_map(response),
        why=known.why.format_map(response),
        todo=known.todo.format_map(response),
        evidence=evidence,
    )


def _by_status(status: int, said: ErrorWords, place: str, evidence: str) -> Problem:
    kind, reason = said.parts[0] if said.parts else ("", "")
    deepest = next((response for _, response in reversed(said.parts) if response), "")
    if status in BY_STATUS:
        cause, what, todo = BY_STATUS[status]
        why = f"It said: {clean(reason, LONGEST_SENTENCE).rstrip('.; ')}." if reason else ""
        return Problem(cause=cause, what=what.format(place=place), why=why, todo=todo, evidence=evidence)
    words = clean(reason or kind or "no reason given", LONGEST_SENTENCE).rstrip(".; ")
    because = f"It said: {clean(deepest, LONGEST_SENTENCE).rstrip('.; ')}." if deepest and deepest != reason else ""
    return Problem(
        cause=Cause.REFUSED,
        what=f"{place} refused: {words}.",
        why=because,
        todo="Look at what was sent and at the cluster's log." if status < 500 else "Look at the cluster's log.",
        evidence=evidence,
    )


_AWAY: Final = frozenset({408, 429, 502, 503, 504})  # a gateway's words for "not now"


class _HandedOn(NamedTuple):
    """An answer of the source inside one of the destination's."""

    status: int
    body: str
    host: str


_STATUS_LINE: Final = re.compile(
    r"host \[(?:https?://)?(?P<host>[^\]]{0,300})\].{0,1000}?status line \[HTTP/[\d.]{1,9}"
    r" (?P<status>\d{3})[^\]]{0,300}\]"
    r"(?P<body>\n)?",
    re.DOTALL,
)

_STATUS: Final = re.compile(r'"status":(\d{3})\}\s{0,9}$')


def _handed_on(said: ErrorWords) -> _HandedOn | None:
    if not any(kind in {"status_exception", "response_exception"} for kind, _ in said.parts):
        return None
    for _, reason in said.parts:
        found = _STATUS_LINE.search(reason[:LONGEST_REASON])
        if found is not None:
            return _HandedOn(int(found["status"]), reason[found.end() :] if found["body"] else "", found["host"])
    for kind, reason in said.parts:
        if kind == "status_exception":
            inner = reason.partition("body=")[2]
            parsed = _STATUS.search(inner[-100:])
            return _HandedOn(int(parsed[1]) if parsed else 0, inner, "")
    return None


def _repeated(response: _HandedOn, place: str, remote: str) -> Problem:
    """The source's own response, said of the source, with the cluster that sent the request."""
    far = clean(remote, 200) or "the source"
    said = said_by(response.body)
    wanted = f"The request came from {place}, with the credentials given for the source."
    if said is None:
        is_refused, is_away = response.status in {401, 403}, response.status in _AWAY
        what = f"{far} answered {place} with HTTP {response.status}"
        return Problem(
            cause=Cause.AUTHENTICATION if is_refused else Cause.BUSY if is_away else Cause.NOT_ELASTICSEARCH,
            what=f"{what}." if is_refused else f"{what}, and not in the words of Elasticsearch.",
            why=f"{wanted} What stands before it could not reach it." if is_away else wanted,
            todo="Is the source up, and what stands before it? Wait, and try again."
            if is_away
            else "Look at address, port and path of the source, as seen from the destination, and at its credentials.",
            evidence=clean(f"HTTP {response.status} {response.body}", LONGEST_EVIDENCE),
        )
    inner = explain_response(response.status, {"error": said.detail or said.text}, far)
    return msgspec.structs.replace(inner, why=f"{wanted} {inner.why}".strip())


def _unfamiliar(status: int, body: object, headers: Mapping[str, str], endpoint: Endpoint) -> Problem:
    """An error that is not in Elasticsearch's words: from a proxy, a web server or a hosted platform."""
    text = _body_text(body)[:LONGEST_TEXT]
    evidence = clean(f"HTTP {status} {text}".strip(), LONGEST_EVIDENCE)
    place = endpoint.authority
    if "plain HTTP request was sent to HTTPS port" in text or "speaks https" in text:
        return Problem(
            cause=Cause.CERTIFICATE,
            what=f"{place} wants TLS, and the address begins with http://.",
            todo="Write https:// instead.",
            evidence=evidence,
        )
    if re.search(r"Unknown (?:deployment|resource|cluster)", text):
        return Problem(
            cause=Cause.CONNECTION,
            what=f"There is no deployment behind {place} (any more).",
            why="The platform's proxy responded, not a cluster.",
            todo="Copy the Elasticsearch endpoint from the deployment's page again.",
            evidence=evidence,
        )
    if status == 404 and text.strip() == "{}":  # what is said of a pipeline that is missing, by every version
        return Problem(cause=Cause.MISSING, what=f"{place} has nothing of that name.", evidence=evidence)
    if status == 503 and TAGLINE in text:
        return without_master(place, evidence)
    if status in BY_STATUS and status not in {404, 405, 406}:
        cause, what, todo = BY_STATUS[status]
        why = "" if status in {502, 503, 504} else "A proxy before the cluster may have said so."
        return Problem(cause=cause, what=what.format(place=place), why=why, todo=todo, evidence=evidence)
    return not_elasticsearch(endpoint, headers, evidence)


def _body_text(body: object) -> str:
    if isinstance(body, bytes | bytearray):
        return body[:LONGEST_BODY].decode(errors="replace")
    return body if isinstance(body, str) else as_json(body)


def without_master(place: str, evidence: str) -> Problem:
    """A node that says who it is, and that its cluster has no master: up to 6.8 by its status, then by its UUID."""
    response = explain_response(503, {"type": "master_not_discovered_exception"}, place)
    return msgspec.structs.replace(response, evidence=evidence)


def not_elasticsearch(endpoint: Endpoint, headers: Mapping[str, str], evidence: str, product: str = "") -> Problem:
    """Something responded that is not Elasticsearch; `product` is what it calls itself, "" where it did not say."""
    server = product or clean(headers.get("server", ""), 80)
    what = f"{endpoint.authority} answers, but it is not Elasticsearch"
    return Problem(
        cause=Cause.NOT_ELASTICSEARCH,
        what=f"{what}: it is {server}." if server else f"{what}.",
        why="OpenSearch parted from Elasticsearch at version 7.10; this program does not speak with it."
        if product == "OpenSearch"
        else "",
        todo="Look at host, port and path. Elasticsearch listens on 9200 by default, Kibana on 5601.",
        evidence=clean(evidence, LONGEST_EVIDENCE),
    )
