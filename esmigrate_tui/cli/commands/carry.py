"""`esmigrate carry`: templates, ingest pipelines and lifecycle policies, looked at first and made when asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from esmigrate_tui.cli.connections import connected, connection_of, credential_for, raise_one_stdin
from esmigrate_tui.cli.runs import make_change
from esmigrate_tui.flow.planning import timestamp
from esmigrate_tui.methods.carrying import previewed
from esmigrate_tui.model.carried import DefinitionGroup, NameConflict
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.carried import CarriedDefinition
    from esmigrate_tui.model.connection import Connection, Credential


async def carry(options: Mapping[str, Any]) -> int:
    """Show what would be made on the destination, and make it where --make is given."""
    groups = [group for group in DefinitionGroup if options[group]]
    if not groups:
        msg = "Say what is to be carried over: --templates, --pipelines, --policies."
        raise click.UsageError(msg)
    raise_one_stdin(options)
    source, destination = [
        await credential_for(connection_of(side, options), side, options[f"{side}_password_file"])
        for side in (Side.SOURCE, Side.DESTINATION)
    ]
    async with connected(destination, source) as clusters:
        plan = await _plan(clusters, source[0], destination[0])
        found = await previewed(clusters, groups, options["names"])
    _show(found, as_json=options["as_json"])
    new = [one for one in found if one.conflict is NameConflict.NONE]
    if not new:
        return ExitCode.NOTHING
    if not options["make"]:
        if not options["as_json"]:
            click.echo(f"Nothing was made. --make makes {counted(len(new), 'definition')} on the destination.")
        return ExitCode.DONE
    return await _made(plan, {Side.SOURCE: source[1], Side.DESTINATION: destination[1]}, new)


async def _plan(clusters: Clusters, source: Connection, destination: Connection) -> Plan:
    """What the changes are written down with: both clusters, and no task."""
    facts = await clusters.destination.probe()
    return Plan(
        method=MethodName.COPY_THROUGH_HERE,
        made_at=timestamp(time.time()),
        source=source,
        destination=destination,
        destination_uuid=facts.uuid,
        destination_version=str(facts.version),
    )


def _show(found: Sequence[CarriedDefinition], *, as_json: bool) -> None:
    if as_json:
        for one in found:
            click.echo(json_line(one))
        return
    if not found:
        click.echo("The source has nothing of these that somebody made.")
    for one in found:
        for line in one.told():
            click.echo(line)


async def _made(plan: Plan, credentials: Mapping[Side, Credential], new: Sequence[CarriedDefinition]) -> int:
    """Make each, written down before; what is refused is said, and the others are made all the same."""
    folder, refused = "", 0
    for one in new:
        try:
            folder = await make_change(plan, credentials, one.change(), folder=folder)
        except ProblemError as error:
            refused += 1
            click.echo(f"! {one.label} was not made: {error.problem.sentence()}", err=True)
    click.echo(f"Made {counted(len(new) - refused, 'definition')} on the destination.")
    if folder:
        click.echo(f"  They stay until: esmigrate cleanup {folder}")
    return ExitCode.INCOMPLETE if refused else ExitCode.DONE
