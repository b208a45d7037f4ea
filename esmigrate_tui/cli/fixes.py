"""The safe fixes of findings, carried out because somebody names their check: shown first, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from esmigrate_tui.cli.runs import make_change
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.model.connection import Credential, Side
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.plan import Plan


def fixes_of(findings: Sequence[Finding], names: Sequence[str]) -> tuple[PlannedChange, ...]:
    """The changes that put right what the named checks have found.

    Raises ProblemError (usage) for a check that found nothing which can be put right from here.
    """
    repairable: dict[str, tuple[PlannedChange, ...]] = {}
    for finding in findings:
        if finding.repairs:
            repairable[finding.check] = (*repairable.get(finding.check, ()), *finding.repairs)
    for name in names:
        if name not in repairable:
            offered = f"What can be: {listed(tuple(repairable))}." if repairable else "Nothing else can be, either."
            raise ProblemError(
                Problem(
                    cause=Cause.USAGE,
                    what=f"Nothing that {clean(name, 100)} found can be put right from here.",
                    why="Only changes are made for you that can be put back and cost nobody a document.",
                    todo=f"{offered} For everything else the finding says what to type.",
                )
            )
    return tuple(change for name in dict.fromkeys(names) for change in repairable[name])


async def apply_fixes(
    plan: Plan, credentials: Mapping[Side, Credential], changes: Sequence[PlannedChange], *, as_json: bool
) -> str:
    """Show each change and make it; the folder in which all are written down. Raises ProblemError for one refused."""
    folder = ""
    for change in changes:
        if not as_json:
            click.echo(f"! Changing the {change.side}: {change.what}")
            click.echo("\n".join(f"    {line}" for line in change.made_by.as_console().splitlines()))
        folder = await make_change(plan, credentials, change, folder=folder)
        if as_json:
            told = {"type": "fixed", "folder": folder, "change": msgspec.to_builtins(change)}
            click.echo(json_line(told))
    if not as_json:
        click.echo(f"  What can be put back is, with: esmigrate cleanup {folder}")
    return folder
