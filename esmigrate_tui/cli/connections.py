"""The options that name a cluster, and how they become a connection with its credential."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from esmigrate_tui.model.connection import (
    Connection,
    Credential,
    Side,
    SignIn,
    Trust,
    TrustKind,
    parse_address,
    parse_fingerprint,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.plan import Plan

from esmigrate_tui.model.problem import Cause, Problem, ProblemError

F = TypeVar("F", bound="Callable[..., Any]")

_HELP: Final = {
    "password-file": "File with the {side}'s password or API key ('-' for standard input).",
    "ca": "File with the certificate authority of the {side}.",
    "fingerprint": "SHA-256 fingerprint of the {side}'s certificate; nothing else is trusted then.",
}


def secret_options(side: Side) -> Callable[[F], F]:
    """The options with which a command learns a secret; never the secret itself."""
    return click.option(
        f"--{side}-password-file",
        f"{side}_password_file",
        type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
        help=_HELP["password-file"].format(side=side),
    )


def connection_options(side: Side, *, required: bool = True) -> Callable[[F], F]:
    """--SIDE and what belongs to it."""

    def decorate(command: F) -> F:
        for option in reversed(
            (
                click.option(
                    f"--{side}",
                    str(side),
                    metavar="URL",
                    required=required,
                    help=f"Address of the {side}, with the user's name if it has users: "
                    "https://elastic@host:9200, or a Cloud ID.",
                ),
                secret_options(side),
                click.option(
                    f"--{side}-ca",
                    f"{side}_ca",
                    type=click.Path(exists=True, dir_okay=False, path_type=Path),
                    help=_HELP["ca"].format(side=side),
                ),
                click.option(
                    f"--{side}-fingerprint", f"{side}_fingerprint", help=_HELP["fingerprint"].format(side=side)
                ),
                click.option(
                    f"--{side}-insecure",
                    f"{side}_insecure",
                    is_flag=True,
                    help=f"Do not verify the {side}'s certificate. Anyone on the way can then pass for it.",
                ),
            )
        ):
            command = option(command)
        return command

    return decorate


def connection_of(side: Side, options: Mapping[str, Any]) -> Connection:
    """The connection that the options of one side describe; sign-in is settled with the credential."""
    endpoint, user = parse_address(options[str(side)])
    chosen = [name for name in ("ca", "fingerprint", "insecure") if options[f"{side}_{name}"]]
    if len(chosen) > 1:
        msg = f"--{side}-{chosen[0]} and --{side}-{chosen[1]} exclude each other: give one."
        raise click.UsageError(msg)
    trust = Trust()
    if options[f"{side}_ca"]:
        trust = Trust(kind=TrustKind.CA_FILE, ca_file=str(options[f"{side}_ca"].resolve()))
    elif options[f"{side}_fingerprint"]:
        trust = Trust(kind=TrustKind.PINNED, fingerprint=parse_fingerprint(options[f"{side}_fingerprint"]))
    elif options[f"{side}_insecure"]:
        trust = Trust(kind=TrustKind.UNVERIFIED)
    sign_in = SignIn.PASSWORD if user else SignIn.NONE
    return Connection(endpoint=endpoint, sign_in=sign_in, user=user, trust=trust)


async def credential_for(
    connection: Connection, side: Side, password_file: Path | None
) -> tuple[Connection, Credential]:
    """The connection with its sign-in settled, and its credential, from wherever it is to be had."""
    from esmigrate_tui import vault  # noqa: PLC0415  # the keyring costs start-up time

    connection, credential, _ = await vault.resolve(connection, side, environ=os.environ, password_file=password_file)
    return connection, credential


async def credentials_of(
    plan: Plan, options: Mapping[str, Any], *, given: Mapping[Side, Credential] | None = None
) -> dict[Side, Credential]:
    """The credentials for a plan's connections: those given, the others from wherever they are to be had."""
    found: dict[Side, Credential] = {}
    raise_one_stdin(options)
    for side, connection in ((Side.SOURCE, plan.source), (Side.DESTINATION, plan.destination)):
        if connection is None:
            continue
        if given and side in given:
            found[side] = given[side]
            continue
        settled, credential = await credential_for(connection, side, options.get(f"{side}_password_file"))
        if settled.sign_in is not connection.sign_in:
            raise ProblemError(
                Problem(
                    cause=Cause.USAGE,
                    what=f"The plan signs in to the {side} with {connection.sign_in}; given is {settled.sign_in}.",
                    todo="Give the kind of secret that the plan was made with, or make the plan again.",
                )
            )
        found[side] = credential
    return found


def raise_one_stdin(options: Mapping[str, Any]) -> None:
    """Two secrets cannot come through one standard input: a UsageError says so."""
    files = [options.get(f"{side}_password_file") for side in Side]
    if all(str(file) == "-" for file in files):
        msg = "Both secrets cannot come from standard input: give a file for one of them."
        raise click.UsageError(msg)


@asynccontextmanager
async def connected(
    destination: tuple[Connection, Credential], source: tuple[Connection, Credential] | None
) -> AsyncIterator[Clusters]:
    """Both clusters, closed at the end."""
    from esmigrate_tui.elastic.cluster import Clusters  # noqa: PLC0415  # the client costs start-up time
    from esmigrate_tui.elastic.connect import connect  # noqa: PLC0415

    opened: list[Cluster] = []
    try:
        for connection, credential in (destination, *((source,) if source else ())):
            opened.append(await connect(connection, credential))
        yield Clusters(destination=opened[0], source=opened[1] if source else None)
    finally:
        for cluster in opened:
            await cluster.close()
