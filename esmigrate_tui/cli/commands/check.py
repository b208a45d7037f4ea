"""`esmigrate check`: the preflight alone, with the fixes that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import click
import msgspec

from esmigrate_tui.cli.options import Accept, AsJson, CommandOption, PlanFile, SecretFiles, command
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.model.connection import Credential, Side
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.plan import Plan


class _CheckOptions(msgspec.Struct, frozen=True, kw_only=True):
    plan_file: PlanFile
    secrets: SecretFiles
    accept: Accept = ()
    fix: Annotated[tuple[str, ...], CommandOption("Apply the fix that this check's findings offer, now.", "CHECK")] = ()
    as_json: AsJson = False


@command("check", _CheckOptions)
async def check(options: _CheckOptions) -> int:
    """Look at both clusters and list what stands in a plan's way; nothing is written. Exit code 6 when it is blocked.

      esmigrate check move.toml
      esmigrate check move.toml --accept room

    Each finding ends with the name of its check in brackets. --accept continues all the same, and the report keeps it.
    --fix makes a change where a finding offers one: it is shown, recorded before it is made, and reverted by
    `esmigrate cleanup`; then everything is checked again.
    """
    from esmigrate_tui.cli.connections import given_secrets
    from esmigrate_tui.cli.preflight import also_accepting, print_findings
    from esmigrate_tui.flow.acceptance import standing
    from esmigrate_tui.flow.saving import read_plan
    from esmigrate_tui.flow.secrets import credentials_of

    plan = also_accepting(await read_plan(options.plan_file), options.accept)
    credentials = await credentials_of(plan, files=given_secrets(options.secrets))
    findings = await print_findings(plan, credentials, as_json=options.as_json)
    if options.fix:
        await _apply(plan, credentials, fixes_of(findings, options.fix), as_json=options.as_json)
        findings = await print_findings(plan, credentials, as_json=options.as_json)
    blockers = standing(findings, plan.accepted)
    if not options.as_json:
        warnings = sum(finding.severity is Severity.WARNING for finding in findings)
        click.echo(f"{counted(len(findings), 'finding')}: {len(blockers)} block, {warnings} warn.")
    return ExitCode.BLOCKED if blockers else ExitCode.DONE


def fixes_of(findings: Sequence[Finding], names: Sequence[str]) -> tuple[PlannedChange, ...]:
    """The changes that fix what the named checks have found; raises ProblemError (usage) where there is no fix."""
    fixable: dict[str, tuple[PlannedChange, ...]] = {}
    for finding in findings:
        if finding.repairs:
            fixable[finding.check] = (*fixable.get(finding.check, ()), *finding.repairs)
    for name in names:
        if name not in fixable:
            offered = f"What can be: {listed(tuple(fixable))}." if fixable else "Nothing else can be, either."
            raise ProblemError.of(
                Cause.USAGE,
                f"Nothing that {clean(name, 100)} found can be fixed from here.",
                why="Only changes are made for you that can be reverted and lose no document.",
                todo=f"{offered} For everything else the finding says what to type.",
            )
    return tuple(change for name in dict.fromkeys(names) for change in fixable[name])


async def _apply(
    plan: Plan, credentials: Mapping[Side, Credential], changes: Sequence[PlannedChange], *, as_json: bool
) -> None:
    """Show each change and make it; raises ProblemError for one that is refused."""
    from esmigrate_tui.flow.runs import make_change

    folder = ""
    for change in changes:
        if not as_json:
            click.echo(f"! Changing the {change.side}: {change.what}")
            click.echo("\n".join(f"    {line}" for line in change.made_by.as_console().splitlines()))
        folder = await make_change(plan, credentials, change, folder)
        if as_json:
            click.echo(json_line({"type": "fixed", "folder": folder, "change": msgspec.to_builtins(change)}))
    if not as_json:
        click.echo(f"  What can be reverted is, with: esmigrate cleanup {folder}")
