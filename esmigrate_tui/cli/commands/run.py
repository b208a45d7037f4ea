"""`esmigrate run`: the preflight, then the run in its own process, followed until it ends."""

from __future__ import annotations

import sys
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import click
import msgspec

from esmigrate_tui.cli.options import Accept, AsJson, CommandOption, Detach, PlanFile, SecretFiles, command
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.text import clean, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.engine.handover import ProcessAhead
    from esmigrate_tui.model.connection import Credential, Side
    from esmigrate_tui.model.plan import Plan


class _RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    plan_file: PlanFile
    secrets: SecretFiles
    accept: Accept = ()
    as_json: AsJson = False
    detach: Detach = False
    confirm: Annotated[
        str, CommandOption("Name of the destination's cluster: agree to overwrite what is there.", "NAME")
    ] = ""


@command("run", _RunOptions)
async def run(options: _RunOptions) -> int:
    """Check a plan, perform it, and verify what arrived. Ctrl+C leaves; the run continues.

    esmigrate run move.toml
    esmigrate run move.toml --detach
    """
    from esmigrate_tui.flow import runs
    from esmigrate_tui.flow.saving import read_plan

    plan = await read_plan(options.plan_file)
    with runs.process_ahead(plan.method) as ahead:
        return await _checked_and_run(plan, options, ahead)


async def _checked_and_run(plan: Plan, options: _RunOptions, ahead: ProcessAhead) -> int:
    # Imported in this order: the process ahead loads its part while the checks are loaded and made.
    from esmigrate_tui.cli.connections import given_secrets
    from esmigrate_tui.cli.preflight import also_accepting, print_findings
    from esmigrate_tui.flow import runs
    from esmigrate_tui.flow.acceptance import as_accepted, can_be_waived, standing
    from esmigrate_tui.flow.secrets import credentials_of

    as_json = options.as_json
    plan = also_accepting(plan, options.accept)
    credentials = await credentials_of(plan, files=given_secrets(options.secrets))
    if not await _may_overwrite(plan, credentials, options.confirm, as_json=as_json):
        return ExitCode.USAGE
    findings = await print_findings(plan, credentials, as_json=as_json)
    if blockers := standing(findings, plan.accepted):
        waivable = next((finding.check for finding in blockers if can_be_waived(finding)), "")
        accept = f", or accept what may be accepted with --accept {waivable}" if waivable else ""
        click.echo(
            f"esmigrate: {counted(len(blockers), 'finding')} in the way; nothing was written. Fix it{accept}.", err=True
        )
        return ExitCode.BLOCKED
    name = await runs.begin(as_accepted(plan, findings), credentials, findings, ahead)
    from esmigrate_tui.cli.following import follow_to_end, started_sentence

    if not as_json:
        click.echo(started_sentence(name))
    if options.detach:
        if as_json:
            click.echo(json_line({"type": "detached", "run": name}))
        return ExitCode.DETACHED
    return await follow_to_end(name, as_json=as_json)


async def _may_overwrite(plan: Plan, credentials: Mapping[Side, Credential], given: str, *, as_json: bool) -> bool:
    """Whether what is there may be overwritten, asked before anything else; a plan that only adds asks nothing."""
    from esmigrate_tui.cli.connections import clusters_of
    from esmigrate_tui.flow.checking import raise_stale
    from esmigrate_tui.flow.review import overwritten

    if not overwritten(plan):
        return True
    async with clusters_of(plan, credentials) as clusters:
        name = await raise_stale(plan, clusters)
    return is_confirmed(plan, name, given, as_json=as_json)


def is_confirmed(plan: Plan, name: str, given: str, *, as_json: bool = False) -> bool:
    """Whether the user agrees that the plan overwrites what it does on the cluster `name`; what, is printed first.

    `given` is the name on the command line, "" for none: then it is asked for, where there is a terminal to ask on.
    """
    from esmigrate_tui.flow.review import overwritten

    for line in overwritten(plan):
        click.echo(f"! {line}.", err=True)
    if not given and not as_json and sys.stdin.isatty() and sys.stdout.isatty():
        given = click.prompt(f"To agree, type the name of the destination ({clean(name)})", default="")
    if given == name:
        return True
    wrong = f"The destination is not called {clean(given, 200)}" if given else "This overwrites what is there"
    click.echo(f"esmigrate: {wrong}; nothing was done. To agree, give --confirm {quote(clean(name))}", err=True)
    return False
