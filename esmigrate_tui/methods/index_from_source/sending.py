"""What every sender's text is made of: where to, as whom, trusting what; and how strings are written into it; pure."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.connection import Connection, SignIn, TrustKind
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

PASSWORD: Final = "ES_PWD"  # noqa: S105  # the name under which the sender keeps it
API_KEY: Final = "ES_API_KEY"
TOKEN: Final = "ES_TOKEN"  # noqa: S105  # a name as well
USER: Final = "ES_USER"
CERTIFICATE: Final = "/etc/esmigrate-destination.pem"
"""Where the sender keeps the certificate that the connection has pinned."""

_TEMPLATES: Final = files("esmigrate_tui.methods.index_from_source") / "templates"
_SIMPLE: Final = re.compile(r"[A-Za-z0-9_.@+-]++")
_PLACE: Final = re.compile(r"@([A-Z]{1,40})@")


class ShippingTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What every text is made of: where to, into which index, as whom, and trusting what.

    `ca` is the file with the certificates to trust, "" for those of the sender's system. `type` is the type that the
    index has, "" from 7 on, where there are none.
    """

    connection: Connection
    index: str
    version: Version
    url: str
    ca: str
    type: str

    @property
    def is_unverified(self) -> bool:
        """Whether the certificate is not looked at, as the connection has it."""
        return self.connection.endpoint.is_encrypted and self.connection.trust.kind is TrustKind.UNVERIFIED

    @property
    def sign_in(self) -> SignIn:
        """How the sender signs in: as the connection does."""
        return self.connection.sign_in

    @property
    def has_simple_user(self) -> bool:
        """Whether the user's name can stand in any text as it is."""
        return _SIMPLE.fullmatch(self.connection.user) is not None

    @property
    def features(self) -> Features:
        """What the destination, and what is sent to it by its own version, can do."""
        return Features.of_elasticsearch(self.version)

    @property
    def fingerprint(self) -> str:
        """The pinned certificate's, "" where none is."""
        return self.connection.trust.fingerprint if self.connection.endpoint.is_encrypted else ""


def target_of(connection: Connection, index: str, version: Version) -> ShippingTarget:
    """What the texts for that index of that destination are made of."""
    endpoint, trust, features = connection.endpoint, connection.trust, Features.of_elasticsearch(version)
    ca = ""
    if endpoint.is_encrypted and trust.kind is TrustKind.CA_FILE:
        ca = trust.ca_file
    elif endpoint.is_encrypted and trust.kind is TrustKind.PINNED:
        ca = CERTIFICATE
    return ShippingTarget(
        connection=connection,
        index=index,
        version=version,
        url=f"{endpoint.scheme}://{endpoint.authority}{quote(endpoint.path, safe='/%')}",
        ca=ca,
        type="" if not features.has_types else "_doc" if features.takes_doc_as_type else "doc",
    )


def secret_of(target: ShippingTarget) -> tuple[str, str]:
    """The name of the secret, and what it is, in words; both "" where there is none."""
    match target.sign_in:
        case SignIn.NONE:
            return "", ""
        case SignIn.PASSWORD:
            return PASSWORD, f"the password of {clean(target.connection.user, 100)}"
        case SignIn.API_KEY:
            return API_KEY, "the API key"
        case SignIn.TOKEN:
            return TOKEN, "the token"


def signing_in(
    target: ShippingTarget, *, password: Sequence[str], key: Sequence[str], token: Sequence[str]
) -> list[str]:
    """The lines for the way in which the sender signs in; none where it needs no secret."""
    lines = {SignIn.PASSWORD: password, SignIn.API_KEY: key, SignIn.TOKEN: token}
    return [*lines.get(target.sign_in, ())]


def refused(what: str, todo: str) -> ProblemError:
    """The problem that a sender cannot do this, whatever its text would be."""
    return ProblemError.of(Cause.UNSUPPORTED, what, todo=todo)


def raise_references(target: ShippingTarget, name: str, *signs: str) -> None:
    """Raise ProblemError where a text would read a part of these names as a reference to something else."""
    for value in (target.index, target.ca):
        if found := next((sign for sign in signs if sign in value), ""):
            raise refused(
                f"{name} reads {found} in {clean(value, 300)} as a reference, not as a name.",
                "Choose another name for it.",
            )


@cache
def template(name: str) -> str:
    """The text of `templates/NAME.template`, without its last end of line; `@NAME@` is a place for a value."""
    return (_TEMPLATES / f"{name}.template").read_text(encoding="utf-8").removesuffix("\n")


def quoted(value: str) -> str:
    """A string as JSON, YAML, Java, JavaScript and Go all write it."""
    return json.dumps(value, ensure_ascii=False)


def filled(name: str, target: ShippingTarget, write: Callable[[str], str] = quoted, **places: str) -> str:
    """A template with each `@NAME@` replaced by its value, in one pass: a value may hold anything.

    URL and INDEX of the target are written by `write`, as the text's language has its strings. A line that becomes
    empty is left out. Raises KeyError where the template has a place without a value.
    """
    common = {"MAJOR": str(target.version.major), "URL": write(target.url), "INDEX": write(target.index)}
    values, lines = common | places, []
    for line in template(name).split("\n"):
        whole = _PLACE.sub(lambda found: values[found[1]], line)
        if whole.strip() or not _PLACE.search(line):
            lines.append(whole)
    return "\n".join(lines) + "\n"


def indented(lines: Iterable[str], by: int) -> str:
    """Lines that follow one another at the same depth; the first stands where the template has it."""
    return ("\n" + " " * by).join(lines)


def user_reference(target: ShippingTarget) -> str:
    """The user's name in a text with references: itself, or by reference where it is not simple."""
    return target.connection.user if target.has_simple_user else f"${{{USER}}}"
