"""The preflight of a plan on the command line: each finding printed as it is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from esmigrate_tui.cli.connections import clusters_of
from esmigrate_tui.cli.output import finding_lines, printable
from esmigrate_tui.flow import checking
from esmigrate_tui.flow.acceptance import accepted, is_accepted
from esmigrate_tui.model.output import json_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.model.connection import Credential, Side
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.plan import Plan


def also_accepting(plan: Plan, more: Sequence[str]) -> Plan:
    """The plan with more that it accepts; raises ProblemError."""
    return msgspec.structs.replace(plan, accepted=tuple(sorted({*plan.accepted, *accepted(more)})))


async def print_findings(plan: Plan, credentials: Mapping[Side, Credential], *, as_json: bool) -> tuple[Finding, ...]:
    """Every finding for a plan, worst first, each printed as it is found; raises ProblemError."""

    def found(finding: Finding) -> None:
        is_waived = is_accepted(finding, plan.accepted)
        if as_json:
            accepting = {"accepted": True} if is_waived else {}
            click.echo(json_line({"type": "finding", **msgspec.to_builtins(finding), **accepting}))
        else:
            click.echo(printable("\n".join(finding_lines(finding, is_accepted=is_waived))))

    async with clusters_of(plan, credentials) as clusters:
        return await checking.check(plan, clusters, found)
