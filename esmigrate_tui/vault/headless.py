"""The secret of a run that has no screen to ask on: from a file, from the environment, from the keyring; never argv."""

from __future__ import annotations

import base64
import os
import re
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, Credential, Side, SignIn
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, duration
from esmigrate_tui.vault import keys
from esmigrate_tui.vault.deadline import within

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VARIABLES: Final[dict[SignIn, str]] = {SignIn.PASSWORD: "PASSWORD", SignIn.API_KEY: "API_KEY", SignIn.TOKEN: "TOKEN"}
_WORDS: Final[dict[SignIn, str]] = {SignIn.PASSWORD: "password", SignIn.API_KEY: "API key", SignIn.TOKEN: "token"}
_API_KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,}:[A-Za-z0-9_-]{16,}")
_LONGEST: Final = 16_384  # bytes: longer than any token that fits into a request's headers
_STANDARD_INPUT: Final = 0
_PATIENCE: Final = 120.0  # seconds: what writes into a pipe may have to ask the user for a passphrase first


class ResolvedConnection(NamedTuple):
    """A connection with the way to sign in that its secret decides, the secret, and where it came from."""

    connection: Connection
    credential: Credential
    origin: str


def variable(side: Side, kind: SignIn) -> str:
    """The environment variable for that side and kind of secret."""
    return f"ESMIGRATE_{side.upper()}_{_VARIABLES[kind]}"


def ways(side: Side) -> str:
    """All the ways to give a secret where nobody can be asked, in one sentence."""
    return (
        f"Set {variable(side, SignIn.PASSWORD)} (with the user's name in the address) or "
        f"{variable(side, SignIn.API_KEY)} or {variable(side, SignIn.TOKEN)}, "
        f"or give --{side}-password-file FILE (- for standard input), "
        "or save it in the keyring: esmigrate credentials save URL."
    )


async def resolve(
    connection: Connection,
    side: Side,
    *,
    environ: Mapping[str, str],
    password_file: Path | None = None,
    use_keyring: bool = True,
) -> ResolvedConnection:
    """The secret for one side: the file given, else the environment, else the keyring when it is unlocked.

    What a file holds is of the kind that the connection names; where it names neither kind nor user, an API key is
    known by its form.
    Without any, a connection that names neither a user nor a way to sign in is spoken to without signing in.
    Raises ProblemError: authentication when there is no secret and one is needed, usage when what is given cannot be
    what was meant (two at once, no user for a password, a file that others may read).
    """
    if password_file is not None:
        kind = SignIn.PASSWORD if connection.sign_in is SignIn.NONE else connection.sign_in
        secret = await _read(password_file, side, kind)
        if connection.sign_in is SignIn.NONE and not connection.user and _is_api_key(secret):
            kind = SignIn.API_KEY
        place = "standard input" if str(password_file) == "-" else clean(str(password_file), 300)
        return _resolved(connection, side, kind, secret, f"from {place}")
    given = {kind: environ[variable(side, kind)] for kind in _VARIABLES if environ.get(variable(side, kind))}
    if len(given) > 1:
        names = " and ".join(variable(side, kind) for kind in given)
        raise _unusable(
            f"{names} are {'both' if len(given) == 2 else 'all'} set, and only one can be used.", "Unset the others."
        )
    if given:
        ((given_kind, given_secret),) = given.items()
        name = variable(side, given_kind)
        return _resolved(connection, side, given_kind, _one_line(given_secret, name, given_kind), f"from {name}")
    wanted = SignIn.PASSWORD if connection.sign_in is SignIn.NONE and connection.user else connection.sign_in
    silence = ""
    if use_keyring:
        kinds = (SignIn.API_KEY, SignIn.TOKEN) if wanted is SignIn.NONE else (wanted,)
        found = await _from_keyring(connection, side, kinds)
        if isinstance(found, ResolvedConnection):
            return found
        silence = found
    if wanted is SignIn.NONE:
        return ResolvedConnection(connection, NO_CREDENTIAL, f"The {side} is spoken to without signing in.")
    empty = [variable(side, kind) for kind in _VARIABLES if environ.get(variable(side, kind)) == ""]
    raise ProblemError.of(
        Cause.AUTHENTICATION,
        f"There is no {_WORDS[wanted]} for the {side}, {connection.endpoint.url}.",
        why=" ".join([*(f"{name} is set, but empty." for name in empty), *([silence] if silence else [])]),
        todo=ways(side),
    )


async def _from_keyring(connection: Connection, side: Side, kinds: tuple[SignIn, ...]) -> ResolvedConnection | str:
    """What the keyring has of these kinds, or why that is nothing; a keyring that is locked is not asked."""
    report = await keys.probe()
    if not report.is_available:
        return report.sentence
    for kind in kinds:
        user = connection.user if kind is SignIn.PASSWORD or connection.sign_in is kind else ""
        bound = msgspec.structs.replace(connection, sign_in=kind, user=user)
        try:
            credential = await keys.recall(bound)
        except ProblemError as error:
            return error.problem.why
        if credential is not None:
            origin = f"The {side}'s {_WORDS[kind]} came from the keyring ({report.place}, unlocked)."
            return ResolvedConnection(bound, credential, origin)
    return f"The keyring ({report.place}, unlocked) holds none for this address and user."


def _resolved(connection: Connection, side: Side, kind: SignIn, secret: str, origin: str) -> ResolvedConnection:
    user = connection.user if kind is SignIn.PASSWORD or connection.sign_in is kind else ""
    if kind is SignIn.PASSWORD and not user:
        endpoint = connection.endpoint
        raise _unusable(
            f"A password for the {side} came {origin}, but no user's name.",
            f"Put the name into the address, such as {endpoint.scheme}://elastic@{endpoint.authority}{endpoint.path}.",
        )
    return ResolvedConnection(
        msgspec.structs.replace(connection, sign_in=kind, user=user),
        Credential(sign_in=kind, user=user, secret=secret),
        f"The {side}'s {_WORDS[kind]} came {origin}.",
    )


def _is_api_key(secret: str) -> bool:
    """Whether it has the form of a key that Elasticsearch made: `id:key`, as it is or in Base64."""
    try:
        decoded = base64.b64decode(secret, validate=True).decode("ascii")
    except ValueError:
        decoded = ""
    return any(_API_KEY.fullmatch(form) for form in (secret, decoded))


def _one_line(text: str, place: str, kind: SignIn) -> str:
    """The secret without the line end that editors and `echo` add; raises ProblemError where it cannot be one."""
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise _unusable(f"{place} is empty.", f"It should hold the {_WORDS[kind]} and nothing else.")
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in secret):
        raise _unusable(
            f"{place} holds more than one line, or control characters.",
            f"It should hold the {_WORDS[kind]} and nothing else.",
        )
    if kind is not SignIn.PASSWORD and not all("!" <= character <= "~" for character in secret):
        raise _unusable(
            f"{place} holds spaces or letters with accents, which no {_WORDS[kind]} has.", "Copy it once more."
        )
    return secret


async def _read(path: Path, side: Side, kind: SignIn) -> str:
    option = f"--{side}-password-file"
    shown = "Standard input" if str(path) == "-" else f"The file {clean(str(path), 300)}"
    try:
        content = await within(_PATIENCE, lambda _abandoned: _content(path, option))
    except TimeoutError:
        raise _unusable(
            f"{shown} gave nothing within {duration(_PATIENCE)}.", f"{option} takes the secret from it."
        ) from None
    except OSError as error:
        raise _unusable(f"{shown} cannot be read: {error.strerror or error}.", f"Correct {option}.") from None
    if len(content) > _LONGEST:
        raise _unusable(f"{shown} is too long to be a secret.", f"Correct {option}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(f"{shown} is not text in UTF-8.", f"Correct {option}.") from None
    return _one_line(text, shown, kind)


def _content(path: Path, option: str) -> bytes:
    """The bytes of the file, of standard input, or of a descriptor or pipe given by its path; it may block."""
    if str(path) == "-":
        if os.isatty(_STANDARD_INPUT):
            raise _unusable(
                "Standard input is this terminal, which would show the secret as it is typed.",
                f"Send it through a pipe: COMMAND | esmigrate … {option} -",
            )
        return _bytes_of(_STANDARD_INPUT)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check_private(os.fstat(descriptor), path, option)
        return _bytes_of(descriptor)
    finally:
        os.close(descriptor)


def _bytes_of(descriptor: int) -> bytes:
    """Up to one byte more than a secret may have; by the descriptor itself, as a thread stuck in it may be left."""
    content = b""
    while len(content) <= _LONGEST and (more := os.read(descriptor, _LONGEST + 1 - len(content))):
        content += more
    return content


def _check_private(seen: os.stat_result, path: Path, option: str) -> None:
    """Refuse what others may read, as ssh does with its keys: only one's own file, which one can put right."""
    if not stat.S_ISREG(seen.st_mode) or seen.st_uid != os.geteuid() or not seen.st_mode & 0o077:
        return
    name = clean(str(path), 300)
    raise _unusable(
        f"Others on this machine may read or change {name} (its mode is {stat.S_IMODE(seen.st_mode):04o}).",
        f"Make it yours alone: chmod 600 {name}; where that cannot be done, hand it over: {option} - < {name}",
    )


def _unusable(what: str, todo: str) -> ProblemError:
    return ProblemError.of(Cause.USAGE, what, todo=todo)
