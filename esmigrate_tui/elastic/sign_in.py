"""A credential in the words of HTTP and of a remote `_reindex`: the only place where a secret is spelled out."""

from __future__ import annotations

import base64
from typing import Any

from esmigrate_tui.model.connection import Connection, Credential, Endpoint, SignIn
from esmigrate_tui.model.problem import Cause, ProblemError

__all__ = ["authorization", "remote"]


def authorization(credential: Credential, endpoint: Endpoint) -> str:
    """The value of the Authorization header, "" for none; raises ProblemError where the secret cannot be one."""
    secret = credential.secret
    match credential.sign_in:
        case SignIn.NONE:
            return ""
        case SignIn.PASSWORD:
            if ":" in credential.user:
                raise _unsendable("A user's name cannot hold a colon.", endpoint)
            return "Basic " + base64.b64encode(f"{credential.user}:{secret}".encode()).decode()
        case SignIn.API_KEY:
            encoded = base64.b64encode(secret.encode()).decode() if ":" in secret else secret
            return "ApiKey " + _one_word(encoded, "API key", endpoint)
        case SignIn.TOKEN:
            return "Bearer " + _one_word(secret, "token", endpoint)


def _one_word(secret: str, what: str, endpoint: Endpoint) -> str:
    secret = secret.strip()
    if not secret or not all("!" <= character <= "~" for character in secret):
        raise _unsendable(f"The {what} is empty or holds characters that no {what} has.", endpoint)
    return secret


def _unsendable(what: str, endpoint: Endpoint) -> ProblemError:
    return ProblemError.of(
        Cause.AUTHENTICATION,
        f"There was no sign-in at {endpoint.authority}. {what}",
        todo="Copy it again, whole and on one line.",
    )


def remote(connection: Connection, credential: Credential) -> dict[str, Any]:
    """What another cluster needs as `source.remote` to read from this one, secret and all.

    An API key goes as a header: `source.remote.api_key` came with 9.3 only. Trust is not in it: that is the other
    cluster's own `reindex.ssl.*`.
    """
    response: dict[str, Any] = {
        "host": connection.endpoint.url,
        "connect_timeout": "15s",
        "socket_timeout": "60s",
    }
    header = authorization(credential, connection.endpoint)
    if credential.sign_in is SignIn.PASSWORD:
        return response | {"username": credential.user, "password": credential.secret}
    return response | {"headers": {"Authorization": header}} if header else response
