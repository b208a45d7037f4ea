"""Where a cluster is and how it is spoken to; never the secret itself, which only a Credential holds."""

from __future__ import annotations

import base64
import ipaddress
import re
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

_CLOUD_HOSTS: Final = (".found.io", ".elastic-cloud.com", ".elastic.cloud", ".foundcluster.com")
_HERE: Final = re.compile(r"(localhost|127\.|\[::1\])")
_HOST: Final = re.compile(r"(?=.{1,253}\Z)\w(?:[\w.-]*\w)?\.?")
_ZONED: Final = re.compile(r"[0-9A-Fa-f:.]+(?:%[\w.-]+)?")
_PATH: Final = re.compile(r"[^\s\\?#\"'<>`{|}^]*")
_PORTS: Final = "a port is a number from 1 to 65535"
_FINGERPRINT: Final = re.compile(r"(?:[0-9a-f]{2}){32}")


class Side(StrEnum):
    """The two ends of a migration."""

    SOURCE = "source"
    DESTINATION = "destination"


class SignIn(StrEnum):
    """How a cluster is told who is asking."""

    NONE = "none"
    PASSWORD = "password"  # noqa: S105  # the kind of secret, not one
    API_KEY = "api-key"
    TOKEN = "token"  # noqa: S105  # the kind of secret, not one


class TrustKind(StrEnum):
    """How a cluster's certificate is judged."""

    SYSTEM = "system"
    CA_FILE = "ca-file"
    PINNED = "pinned"
    UNVERIFIED = "unverified"


class UnfitError(ProblemError, ValueError):
    """A value of a connection that nobody can mean: a sentence where it is typed; msgspec adds where in a file."""

    def __init__(self, what: str) -> None:
        super().__init__(Problem(cause=Cause.USAGE, what=f"{what[:1].upper()}{what[1:]}.", todo="Correct it."))
        self.what = what

    def __str__(self) -> str:
        return self.what


class Trust(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What makes a certificate good: this machine's authorities, a file of them, or one known fingerprint.

    `fingerprint` is the SHA-256 of the certificate as 64 lower-case hexadecimal digits.
    """

    kind: TrustKind = TrustKind.SYSTEM
    ca_file: str = ""
    fingerprint: str = ""

    def __post_init__(self) -> None:
        """Raise UnfitError for what a file can say and nobody can mean."""
        if "\0" in self.ca_file:
            raise UnfitError("the name of a file of authorities has a NUL in it")
        if self.fingerprint and not _FINGERPRINT.fullmatch(self.fingerprint):
            raise UnfitError("a fingerprint has 64 lower-case hexadecimal digits")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address of a cluster, without any secret: scheme, host (no brackets), port, path ("" or "/prefix")."""

    scheme: str
    host: str
    port: int
    path: str = ""

    def __post_init__(self) -> None:
        """Raise UnfitError for whatever would not reach the host that a person reads, wherever it came from."""
        if wrong := _wrong(self):
            raise UnfitError(wrong)

    @property
    def authority(self) -> str:
        """Host and port as Elasticsearch's whitelist matches them: no scheme; IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address, port always spelled out."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def is_encrypted(self) -> bool:
        """Whether what is said to it is encrypted on the way."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this very machine, so that nothing crosses a network."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


class Connection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An endpoint with the way to sign in and the trust in its certificate."""

    endpoint: Endpoint
    sign_in: SignIn = SignIn.NONE
    user: str = ""
    trust: Trust = Trust()

    def __post_init__(self) -> None:
        """Raise UnfitError for a user whose name would not be shown as it is."""
        if not _is_plain(self.user):
            raise UnfitError("the user's name has characters that cannot be shown")

    @property
    def vault_key(self) -> str:
        """The name under which the vault keeps this connection's secret: bound to where it is sent and whose it is."""
        pin = f"#{self.trust.fingerprint}" if self.trust.fingerprint else ""
        if self.endpoint.is_encrypted and self.trust.kind is TrustKind.UNVERIFIED:
            pin = "#unverified"  # a secret kept for a verified certificate is not for any server
        return f"{self.sign_in}:{self.user}@{self.endpoint.url}{pin}"


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A secret on its way from the vault to the wire; it has no readable form, and no value that is kept holds one.

    For SignIn.API_KEY `secret` is the encoded key or `id:key`; for TOKEN the bearer token.
    """

    sign_in: SignIn
    user: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        return f"Credential({self.sign_in}, {self.user!r}, secret hidden)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("sign_in", self.sign_in), ("user", self.user)]


NO_CREDENTIAL: Final = Credential(sign_in=SignIn.NONE)


def _is_plain(text: str) -> bool:
    """Whether a text is shown as it is, and would not be cut."""
    return clean(text) == text


def _wrong(endpoint: Endpoint) -> str:
    """What is wrong with the parts of an address, in a few words; "" where nothing is."""
    host, path = endpoint.host, endpoint.path
    if endpoint.scheme not in {"http", "https"}:
        return f"an address begins with http:// or https://, not with {clean(endpoint.scheme, 40)}://"
    if not 1 <= endpoint.port <= 65_535:
        return _PORTS
    if not _is_plain(host) or not (_is_ipv6(host) if ":" in host else _HOST.fullmatch(host)):
        return f"{clean(host, 200)!r} is no host"
    if path and not (path.startswith("/") and _is_plain(path) and _PATH.fullmatch(path)):
        return f"{clean(path, 200)!r} is no path of an address"
    if {".", ".."} & {unquote(part) for part in path.split("/")}:
        return "the path of an address does not go up or stay where it is: no . or .. in it"
    return ""


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return _ZONED.fullmatch(host) is not None


def _unusable(what: str, todo: str) -> ProblemError:
    return ProblemError.of(Cause.USAGE, what, todo=todo)


def _cloud_id(text: str) -> str:
    """The https address inside a Cloud ID (`name:base64`), or "" where it is none."""
    _, _, encoded = text.rpartition(":")
    try:
        parts = base64.b64decode(encoded, validate=True).decode("ascii").split("$")
    except ValueError:  # also what base64 and ASCII raise
        return ""
    if len(parts) < 2 or "." not in parts[0] or not parts[1]:
        return ""
    domain, _, port = parts[0].partition(":")
    return f"https://{parts[1]}.{domain}:{port or 443}"


def _default_port(scheme: str, host: str) -> int:
    return 443 if scheme == "https" and host.endswith(_CLOUD_HOSTS) else 9200


def parse_address(text: str) -> tuple[Endpoint, str]:
    """The endpoint that a person typed (a URL, host:port or a Cloud ID) and the user's name in it, "" if none.

    Raises ProblemError (usage) for what is no address, and for an address that carries a password.
    """
    typed = text.strip()
    if not typed:
        raise _unusable("There is no address.", "Give one such as https://old.example.org:9200, or a Cloud ID.")
    if not _is_plain(typed):
        raise _unusable(
            f"The address {clean(typed, 200)!r} has characters that cannot be seen, or that end a line.",
            "Type it anew rather than pasting it.",
        )
    if "://" not in typed:
        scheme = "http" if _HERE.match(typed) else "https"
        typed = _cloud_id(typed) or f"{scheme}://{typed}"
    try:
        parts = urlsplit(typed)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        why = _PORTS if "ort" in str(error) else clean(str(error), 200)
        raise _unusable(f"{clean(text, 200)!r} is not an address: {why}.", "Give scheme://host:port.") from None
    if parts.password is not None:
        raise _unusable(
            "The address carries a password, which would end up in your shell's history and in the plan.",
            "Leave it out: it is taken from ESMIGRATE_SOURCE_PASSWORD or ESMIGRATE_DESTINATION_PASSWORD, "
            "from a file, or from the keyring. Change this one, since it was visible.",
        )
    if parts.scheme not in {"http", "https"}:
        raise _unusable(
            f"An address begins with http:// or https://, not with {clean(parts.scheme, 40)}://.",
            "Correct it.",
        )
    if not host:
        raise _unusable(f"{clean(text, 200)!r} names no host.", "Give scheme://host:port.")
    if parts.query or parts.fragment:
        raise _unusable("An address has no ? or # part.", "Leave it out.")
    user = unquote(parts.username or "")
    if not _is_plain(user):
        raise _unusable("The user's name in the address has characters that cannot be shown.", "Type it anew.")
    try:
        endpoint = Endpoint(
            scheme=parts.scheme,
            host=host,
            port=_default_port(parts.scheme, host) if port is None else port,
            path=parts.path.rstrip("/"),
        )
    except UnfitError as error:
        raise _unusable(f"{clean(text, 200)!r} is not an address: {error}.", "Give scheme://host:port.") from None
    return endpoint, user


def parse_fingerprint(text: str) -> str:
    """The SHA-256 fingerprint that a person pasted, as 64 lower-case hexadecimal digits; raises ProblemError."""
    digits = re.sub(r"[\s:]", "", text).lower().removeprefix("sha256")
    if not _FINGERPRINT.fullmatch(digits):
        raise _unusable("That is not a SHA-256 fingerprint.", "It has 64 hexadecimal digits, with or without colons.")
    return digits
