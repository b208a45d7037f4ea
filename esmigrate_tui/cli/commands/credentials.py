"""`esmigrate credentials`: the secrets that the keyring of this machine keeps."""

from __future__ import annotations

from typing import Annotated, Final

import click
import msgspec

from esmigrate_tui.cli.options import CONTEXT, CommandArgument, CommandOption, command
from esmigrate_tui.model.connection import Connection, Credential, SignIn, parse_address
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError


class NoOptions(msgspec.Struct, frozen=True):
    """No options."""


class KeptSecret(msgspec.Struct, frozen=True, kw_only=True):
    """Which cluster's secret, and of which kind."""

    url: Annotated[str, CommandArgument()]
    api_key: Annotated[bool, CommandOption("It is an API key, not a password.")] = False

    def connection(self) -> Connection:
        """The connection that the secret is for; raises ProblemError (usage) for a password without a user."""
        endpoint, user = parse_address(self.url)
        if not self.api_key and not user:
            raise ProblemError.of(
                Cause.USAGE,
                "A password belongs to a user, and the address names none.",
                todo="Give the address as https://USER@host:port, or --api-key.",
            )
        return Connection(endpoint=endpoint, sign_in=SignIn.API_KEY if self.api_key else SignIn.PASSWORD, user=user)


@command("status", NoOptions)
async def _status(_: NoOptions) -> int:
    """Say where a secret would be kept.

    esmigrate credentials status
    """
    from esmigrate_tui import vault

    report = await vault.probe()
    click.echo(report.in_full())
    return ExitCode.DONE if report.state is vault.VaultState.AVAILABLE else ExitCode.NOTHING


@command("save", KeptSecret)
async def _save(options: KeptSecret) -> int:
    """Ask for a cluster's secret without showing it, and keep it in the keyring.

    esmigrate credentials save https://elastic@new:9200
    """
    from esmigrate_tui import vault

    connection = options.connection()
    report = await vault.probe()  # before a secret is asked for
    if report.state is not vault.VaultState.AVAILABLE:
        raise ProblemError.of(Cause.STATE, report.in_full())
    name = "API key" if options.api_key else f"Password of {connection.user}"
    secret = click.prompt(name, hide_input=True, type=str)
    credential = Credential(sign_in=connection.sign_in, user=connection.user, secret=secret)
    kept = await vault.remember(connection, credential)
    click.echo(f"Kept for {connection.endpoint.url}: {kept.sentence}")
    return ExitCode.DONE


@command("forget", KeptSecret)
async def _forget(options: KeptSecret) -> int:
    """Remove a cluster's secret from the keyring.

    esmigrate credentials forget https://elastic@new:9200
    """
    from esmigrate_tui import vault

    connection = options.connection()
    if await vault.forget(connection):
        click.echo(f"Removed from the keyring: {connection.endpoint.url}")
        return ExitCode.DONE
    click.echo(f"The keyring keeps nothing for {connection.endpoint.url}.")
    return ExitCode.NOTHING


credentials: Final = click.Group(
    "credentials",
    [_status, _save, _forget],
    help="Keep a cluster's secret in the keyring of this machine, or remove it.",
    context_settings=CONTEXT,
)
