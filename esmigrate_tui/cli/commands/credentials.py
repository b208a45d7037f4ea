"""`esmigrate credentials`: what the keyring keeps."""

from __future__ import annotations

import click

from esmigrate_tui import vault
from esmigrate_tui.model.connection import Connection, Credential, SignIn, parse_address
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, Problem, ProblemError


def _connection(url: str, *, api_key: bool) -> Connection:
    endpoint, user = parse_address(url)
    if not api_key and not user:
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what="A password belongs to a user, and the address names none.",
                todo="Give the address as https://USER@host:port, or --api-key.",
            )
        )
    return Connection(endpoint=endpoint, sign_in=SignIn.API_KEY if api_key else SignIn.PASSWORD, user=user)


async def print_state() -> int:
    """Say in words where a secret would be kept."""
    report = await vault.probe()
    click.echo(report.in_full())
    return ExitCode.DONE if report.state is vault.VaultState.AVAILABLE else ExitCode.NOTHING


async def save(url: str, *, api_key: bool) -> int:
    """Ask for a secret, unseen, and keep it; the keyring is probed before anything is asked for."""
    connection = _connection(url, api_key=api_key)
    report = await vault.probe()
    if report.state is not vault.VaultState.AVAILABLE:
        raise ProblemError(Problem(cause=Cause.STATE, what=report.in_full()))
    secret = click.prompt("API key" if api_key else f"Password of {connection.user}", hide_input=True, type=str)
    credential = Credential(sign_in=connection.sign_in, user=connection.user, secret=secret)
    kept = await vault.remember(connection, credential)
    click.echo(f"Kept for {connection.endpoint.url}: {kept.sentence}")
    return ExitCode.DONE


async def forget(url: str, *, api_key: bool) -> int:
    """Remove a secret from the keyring."""
    connection = _connection(url, api_key=api_key)
    if await vault.forget(connection):
        click.echo(f"Removed from the keyring: {connection.endpoint.url}")
        return ExitCode.DONE
    click.echo(f"The keyring keeps nothing for {connection.endpoint.url}.")
    return ExitCode.NOTHING
