"""Why there was no response: from what the client raised to one Problem, by pure functions.

The tree of causes stands in `errors`.
"""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING, Final

import aiohttp
import msgspec
from elastic_transport import ConnectionTimeout

from esmigrate_tui.elastic.error_words import LONGEST_EVIDENCE
from esmigrate_tui.elastic.errors import not_elasticsearch
from esmigrate_tui.elastic.paths import READING
from esmigrate_tui.elastic.transport import RedirectedError, TooLargeResponseError
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.text import clean, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.model.connection import Endpoint


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception with everything it came from; the client's own text says less than its causes."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        below = getattr(one, "errors", ())
        pending += [inner for inner in below if isinstance(inner, BaseException)] if isinstance(below, tuple) else []
        for name in ("certificate_error", "os_error"):
            inner = getattr(one, name, None)
            pending += [inner] if isinstance(inner, BaseException) else []
        pending += [one.__cause__, one.__context__]


_UNKNOWN_AUTHORITY: Final = (
    "was signed by an authority that this machine does not know",
    "Give that authority's file (http_ca.crt in the cluster's config/certs), or pin the fingerprint.",
)
_CERTIFICATE_CODES: Final[dict[int, tuple[str, str]]] = {
    9: ("is not valid yet", "Look at the clocks of both machines."),
    10: ("has expired", "Have it renewed; only accept it unverified when you know why."),
    18: ("is self-signed, so no authority vouches for it", "Give its own file as authority, or pin its fingerprint."),
    19: _UNKNOWN_AUTHORITY,
    20: _UNKNOWN_AUTHORITY,
    21: ("could not be verified", "Give its authority's file, or pin the fingerprint."),
    62: ("is for another host name", "Use a name that stands in the certificate, or pin its fingerprint."),
    64: ("is for another address", "Use a name or address that stands in the certificate, or pin its fingerprint."),
}


def explain_silence(error: BaseException, endpoint: Endpoint, method: str) -> Problem:
    """Why there was no response to a request of that HTTP method."""
    causes = tuple(_chain(error))
    evidence = clean(
        next((str(cause) for cause in reversed(causes) if str(cause)), type(error).__name__), LONGEST_EVIDENCE
    )
    for cause in causes:
        if isinstance(cause, TooLargeResponseError):
            return _never_ending(cause.most, endpoint, method)
    problem = (
        _about_tls(causes, endpoint) or _about_the_way(causes, endpoint) or _about_the_line(causes, endpoint, method)
    )
    return msgspec.structs.replace(problem, evidence=problem.evidence or evidence)


def was_given_up(error: BaseException) -> bool:
    """Whether a response came that was too large to be read, which counts as silence."""
    return any(isinstance(cause, TooLargeResponseError) for cause in _chain(error))


def _never_ending(most: int, endpoint: Endpoint, method: str) -> Problem:
    """The problem with a response that was given up: its request may have been done."""
    what = f"An answer of {endpoint.authority} has more than {size(most)}, and was not read to its end"
    is_change = method not in READING
    return Problem(
        cause=Cause.UNKNOWN_OUTCOME if is_change else Cause.TOO_LARGE,
        what=f"{what}: it is not known whether this was done." if is_change else f"{what}.",
        why="No response that is needed is that large, and one without end would fill this machine's memory.",
        todo="Is it the cluster that responds, or a proxy before it?",
    )


def _about_tls(causes: tuple[BaseException, ...], endpoint: Endpoint) -> Problem | None:
    place = endpoint.authority
    # aiohttp's own errors count as those of `ssl`, too, and say nothing of what happened: their causes do.
    response = tuple(cause for cause in causes if not isinstance(cause, aiohttp.ClientError))
    for cause in causes:
        if isinstance(cause, aiohttp.ServerFingerprintMismatch):
            return Problem(
                cause=Cause.CERTIFICATE,
                what=f"{place} shows another certificate than the pinned one.",
                why="It was renewed, this is another server, or a third party is in between.",
                todo="Compare the SHA-256 fingerprint with the cluster's administrator before you pin the new one.",
                evidence=f"pinned {cause.expected.hex()}, shown {cause.got.hex()}",
            )
    for cause in response:
        if isinstance(cause, ssl.SSLCertVerificationError):
            trouble, todo = _CERTIFICATE_CODES.get(cause.verify_code, _CERTIFICATE_CODES[21])
            return Problem(
                cause=Cause.CERTIFICATE,
                what=f"The certificate of {place} {trouble}.",
                why="Without a certificate that can be verified, a third party in between could read the password.",
                todo=todo,
                evidence=clean(str(cause.verify_message or cause), LONGEST_EVIDENCE),
            )
    for cause in response:
        if isinstance(cause, ssl.SSLError):
            return _about_handshake(cause, endpoint)
    return None


def _about_handshake(error: ssl.SSLError, endpoint: Endpoint) -> Problem:
    place = endpoint.authority
    reason = str(error.reason or error).upper()
    if any(
        sign in reason for sign in ("WRONG_VERSION", "RECORD_LAYER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "TOO_LONG")
    ):
        what, why = f"{place} answers without TLS, and the address begins with https://.", ""
        todo = "Write http:// instead, if the way to it is safe."
    elif "CERTIFICATE_REQUIRED" in reason or "BAD_CERTIFICATE" in reason:
        what, why = (
            f"{place} wants a certificate of the client.",
            "This program signs in by password, API key or token.",
        )
        todo = "Set xpack.security.http.ssl.client_authentication to optional there, or use another address."
    elif "PROTOCOL" in reason:
        what, why = f"{place} only speaks a TLS older than 1.2.", "Those versions are no longer safe."
        todo = "Enable TLS 1.2 there (xpack.security.http.ssl.supported_protocols)."
    else:
        what, why = f"{place} and this machine could not agree on TLS.", ""
        todo = "Look at the certificate and the protocols of the cluster."
    return Problem(cause=Cause.CERTIFICATE, what=what, why=why, todo=todo, evidence=clean(str(error), LONGEST_EVIDENCE))


def _about_the_way(causes: tuple[BaseException, ...], endpoint: Endpoint) -> Problem | None:
    """A problem before anything was sent."""
    place = endpoint.authority
    for cause in causes:
        if isinstance(cause, RedirectedError):
            where = clean(cause.location, 200)
            return Problem(
                cause=Cause.NOT_ELASTICSEARCH,
                what=f"{place} sends requests on to {where or 'another address'}.",
                why="A request that changes something must not wander.",
                todo="Give that address, if it is the cluster's.",
            )
        if isinstance(cause, socket.gaierror | aiohttp.ClientConnectorDNSError):
            return Problem(
                cause=Cause.CONNECTION,
                what=f"The name of {place} is not known here.",
                why="The name server does not know it, or there is no network.",
                todo="Look at the spelling; inside a VPN or a container network, is this machine in it?",
            )
    for cause in causes:
        if isinstance(cause, aiohttp.InvalidURL):
            return Problem(cause=Cause.USAGE, what=f"{place} is no address.", todo="Give scheme://host:port.")
        number = getattr(cause, "errno", None)
        if number == errno.ECONNREFUSED or "Connection refused" in str(cause):
            return Problem(
                cause=Cause.CONNECTION,
                what=f"Nothing listens at {place}.",
                why="The machine responds; no program has that port open.",
                todo="Is Elasticsearch running, and is it this port? It is 9200 by default.",
            )
        if number in {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}:
            return Problem(
                cause=Cause.CONNECTION,
                what=f"There is no way from here to {place}.",
                why="The network says that it cannot be reached.",
                todo="Look at VPN, firewall and routes.",
            )
    return None


def _about_the_line(causes: tuple[BaseException, ...], endpoint: Endpoint, method: str) -> Problem:
    """A problem after the line stood, so that the request may have arrived."""
    place = endpoint.authority
    # of an answer that ends too early the parser complains, too: what began as HTTP was cut off
    is_cut = any(isinstance(cause, aiohttp.ClientPayloadError) for cause in causes)
    if not is_cut and any(isinstance(cause, aiohttp.http_exceptions.HttpProcessingError) for cause in causes):
        return not_elasticsearch(endpoint, {}, str(causes[-1]))
    is_slow = any(isinstance(cause, ConnectionTimeout | TimeoutError) for cause in causes)
    what = f"{place} did not answer in time" if is_slow else f"{place} broke off the line"
    if method not in READING:
        return Problem(
            cause=Cause.UNKNOWN_OUTCOME,
            what=f"{what}, so it is not known whether this was done.",
            why="The request was sent, and no response came back.",
            todo="Check the cluster before it is sent again.",
        )
    if is_slow:
        todo = "Is it overloaded? A firewall that drops what is sent looks the same: is the port open from here?"
    elif endpoint.is_encrypted:
        todo = "Is it starting or stopping? Look at its log."
    else:
        todo = "Is it starting or stopping? If it speaks TLS, write https:// instead of http://."
    return Problem(cause=Cause.CONNECTION, what=f"{what}.", todo=todo)
