"""`esmigrate resume`: a paused run that continues, or a new process for one that has ended."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import click
import msgspec

from esmigrate_tui.cli.options import AsJson, CommandOption, Detach, RunName, SecretFiles, command
from esmigrate_tui.model.connection import Side, parse_fingerprint
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence


class _ResumeOptions(msgspec.Struct, frozen=True, kw_only=True):
    run: RunName
    secrets: SecretFiles
    as_json: AsJson = False
    accepted: Annotated[
        tuple[str, ...],
        CommandOption(
            "Trust this certificate of the source or the destination from now on, and no other: it was renewed.",
            "SIDE=SHA256",
            names=("--accept-fingerprint",),
        ),
    ] = ()
    detach: Detach = False


@command("resume", _ResumeOptions)
async def resume(options: _ResumeOptions) -> int:
    """Continue a paused run, or one whose process has ended, from the last position that was acknowledged.

      esmigrate resume 7K2P
      esmigrate resume 7K2P --destination-password-file new-password

    A run that waits for you says what it needs: a secret that was changed, or a certificate that was renewed.
    """
    from esmigrate_tui.cli.connections import given_secrets
    from esmigrate_tui.cli.control import command_run
    from esmigrate_tui.cli.following import follow_to_end, started_sentence
    from esmigrate_tui.engine.folders import read_plan
    from esmigrate_tui.engine.starting import accept_fingerprint, newest_event_to_resume, resume_run
    from esmigrate_tui.flow import runs
    from esmigrate_tui.flow.secrets import credentials_of
    from esmigrate_tui.model.command import ResumeRun

    folder = runs.find(options.run)
    accepted = accepted_fingerprints(options.accepted)
    if folder.is_live:
        if accepted or any(options.secrets.of(side) for side in Side):
            click.echo(
                "The run continues with what it has; what you gave is for one whose process has ended.", err=True
            )
        return await command_run(folder.run, ResumeRun())
    await newest_event_to_resume(folder)  # before a secret is asked for
    for side, fingerprint in accepted.items():
        await accept_fingerprint(folder, side, fingerprint, time.time())
    plan = await asyncio.to_thread(read_plan, folder)
    credentials = await credentials_of(plan, files=given_secrets(options.secrets))
    await resume_run(folder.run, credentials, home=runs.home())
    if not options.as_json:
        click.echo(started_sentence(folder.run))
    if options.detach:
        return ExitCode.DETACHED
    return await follow_to_end(folder.run, as_json=options.as_json)


def accepted_fingerprints(given: Sequence[str]) -> dict[Side, str]:
    """Which certificate of which side is accepted from now on: SIDE=SHA256 each; raises ProblemError (usage)."""
    found: dict[Side, str] = {}
    for one in given:
        name, sign, digits = one.partition("=")
        if not sign or name not in {str(side) for side in Side}:
            raise ProblemError.of(
                Cause.USAGE,
                f"{clean(one, 100)} does not say whose certificate is accepted.",
                todo="Write source=SHA256 or destination=SHA256.",
            )
        found[Side(name)] = parse_fingerprint(digits)
    return found
