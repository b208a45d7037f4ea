"""`esmigrate carry`: templates, ingest pipelines and lifecycle policies, shown first and made when asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import click
import msgspec

from esmigrate_tui.cli.options import AsJson, CommandOption, DestinationOptions, SourceOptions, command
from esmigrate_tui.model.carried import DefinitionGroup, NameConflict
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft, bare_plan
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import counted, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.model.carried import CarriedDefinition
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.plan import Plan


class _CarryOptions(msgspec.Struct, frozen=True, kw_only=True):
    source: SourceOptions
    destination: DestinationOptions
    templates: Annotated[bool, CommandOption("Index templates, legacy and new, and their components.")] = False
    pipelines: Annotated[bool, CommandOption("Ingest pipelines.")] = False
    policies: Annotated[bool, CommandOption("Lifecycle policies of indices.")] = False
    names: Annotated[
        tuple[str, ...], CommandOption("Only those of this name; * ? [ ] match many.", "PATTERN", names=("--name",))
    ] = ()
    make: Annotated[bool, CommandOption("Make them. Without it they are shown, and nothing is changed.")] = False
    as_json: AsJson = False


@command("carry", _CarryOptions)
async def carry(options: _CarryOptions) -> int:
    r"""Carry over templates, ingest pipelines and lifecycle policies, translated to the destination's version.

      esmigrate carry --source https://elastic@old:9200 --destination https://elastic@new:9200 \
          --templates --pipelines --name 'logs-*'

    Each is shown with what would change and with what the destination has of that name: + would be made, = exists
    already, ! stays as it is. Nothing is ever overwritten; `esmigrate cleanup` removes what was made. What Elastic's
    own programs manage is left to them. A plan does the same at the end of its run: `esmigrate plan … --with
    templates`.
    """
    from esmigrate_tui.cli.connections import connected, signed_in
    from esmigrate_tui.methods.definitions_beside import previewed

    groups = [group for group in DefinitionGroup if getattr(options, group)]
    if not groups:
        msg = "Say what is to be carried over: --templates, --pipelines, --policies."
        raise click.UsageError(msg)
    sides = await signed_in(options.source, options.destination)
    source, destination = sides[Side.SOURCE], sides[Side.DESTINATION]
    async with connected(destination, source) as clusters:
        draft = Draft(
            method=MethodName.COPY_THROUGH_HERE,
            source=source[0],
            destination=destination[0],
            destination_facts=await clusters.destination.probe(),
        )
        plan = bare_plan(draft, timestamp(time.time()))  # what the changes are recorded with: no task
        found = await previewed(clusters, groups, options.names)
    _show(found, as_json=options.as_json)
    new = [one for one in found if one.conflict is NameConflict.NONE]
    if not new:
        return ExitCode.NOTHING
    if not options.make:
        if not options.as_json:
            click.echo(f"Nothing was made. --make makes {counted(len(new), 'definition')} on the destination.")
        return ExitCode.DONE
    return await _made(plan, {side: credential for side, (_, credential) in sides.items()}, new)


def _show(found: Sequence[CarriedDefinition], *, as_json: bool) -> None:
    if as_json:
        for one in found:
            click.echo(json_line(one))
        return
    if not found:
        click.echo("The source has none of these that a user made.")
    for one in found:
        for line in one.lines():
            click.echo(line)


async def _made(plan: Plan, credentials: Mapping[Side, Credential], new: Sequence[CarriedDefinition]) -> int:
    """Make each, recorded before; what is rejected is reported, and the others are made all the same."""
    from esmigrate_tui.flow.runs import make_change

    folder, refused = "", 0
    for one in new:
        try:
            folder = await make_change(plan, credentials, one.change(), folder)
        except ProblemError as error:
            refused += 1
            click.echo(f"! {one.label} was not made: {error.problem.sentence()}", err=True)
    click.echo(f"Made {counted(len(new) - refused, 'definition')} on the destination.")
    if folder:
        click.echo(f"  They stay until: esmigrate cleanup {folder}")
    return ExitCode.INCOMPLETE if refused else ExitCode.DONE
