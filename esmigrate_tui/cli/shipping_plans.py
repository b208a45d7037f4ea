"""A plan for documents that another program sends: esmigrate makes the index, and counts what arrives."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import click

from esmigrate_tui import preflight
from esmigrate_tui.cli.connections import connected, signed_in
from esmigrate_tui.cli.plans import ANOTHER_NAME, write_plan
from esmigrate_tui.flow import planning
from esmigrate_tui.flow.saving import write_new
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.index_from_source.shippers import configuration
from esmigrate_tui.model.chosen import chosen_types
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.shipping import ShippingOptions
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.mapping import body_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.cli.index_options import IndexPlanOptions
    from esmigrate_tui.model.shipping import Shipper, ShipperConfiguration

_STDOUT: Final = "-"
GUESSES: Final = '{\n  "mappings": {}\n}'
"""The body of an index whose fields the destination is to guess."""

_OF_FILES: Final = {
    "kind": "--format",
    "id_field": "--id-field",
    "id_hash": "--id-hash",
    "id_server": "--id-server",
    "delimiter": "--delimiter",
    "encoding": "--encoding",
    "no_header": "--no-header",
    "columns": "--columns",
    "pipeline": "--pipeline",
    "batch": "--batch",
    "pace": "--pace",
}


async def make_shipping_plan(options: IndexPlanOptions, shipper: Shipper) -> int:
    """Look at the destination, write the plan, and the configuration for the sender with what is to be done with it."""
    _must_fit(options)
    shipping = ShippingOptions(shipper=shipper, expected=options.expected)
    body = await asyncio.to_thread(body_in, str(options.mapping)) if options.mapping else ""
    side = (await signed_in(options.destination))[Side.DESTINATION]
    into = options.into
    draft = Draft(method=MethodName.INDEX_FROM_SOURCE, destination=side[0], into=into)
    async with connected(side) as clusters:
        draft, reached = await preflight.look(draft, clusters)
        planning.raise_unreached(reached)
        is_there = (await clusters.destination.existing([into])).get(into) == "index"
    if is_there and body:
        raise ProblemError.of(
            Cause.EXISTS,
            f"The index {clean(into, 300)} exists on the destination already.",
            why="It is used as it is; a mapping can only be given to an index that is made.",
            todo="Leave --mapping out, or choose another name with --into.",
        )
    draft = draft.answered(shipping=shipping, create="" if is_there else body or GUESSES)
    plan = METHODS[MethodName.INDEX_FROM_SOURCE].plan(draft, planning.timestamp(time.time()))
    sender = configuration(shipping, plan.destination, into, Version.parse(plan.destination_version))
    for line in chosen_lines(draft.create, Version.parse(plan.destination_version)):
        click.echo(line, err=True)
    if is_there:
        click.echo(f"The index {clean(into, 300)} exists already, and is used as it is.", err=True)
    await write_plan(plan, (), options.written)
    await _write_configuration(sender, options)
    return ExitCode.DONE


def chosen_lines(create: str, version: Version) -> Iterator[str]:
    """The types that were chosen, each beside what the destination would guess; nothing where none was."""
    types = chosen_types(create, version)
    if not types:
        return
    yield "Chosen types, and what the destination would most likely guess:"
    name = min(40, max(len(one.field) for one in types))
    kind = max(len(one.chosen) for one in types)
    for one in types:
        yield f"  {one.field:{name}}  {one.chosen:{kind}}  {'the same' if one.is_same else one.guess or '?'}"


def _must_fit(options: IndexPlanOptions) -> None:
    """Refuse what means something for files alone, and two texts for one standard output."""
    if given := next((name for key, name in _OF_FILES.items() if getattr(options, key)), ""):
        msg = f"{given} is about files; with --shipper the sender decides that."
        raise click.UsageError(msg)
    if options.written.is_stdout and str(options.configuration) == _STDOUT:
        msg = "The plan and the configuration cannot both go to standard output: give -o or --configuration a file."
        raise click.UsageError(msg)


async def _write_configuration(sender: ShipperConfiguration, options: IndexPlanOptions) -> None:
    """Write the configuration where the user wants it, and print what to do, in order."""
    where = options.configuration
    if where is None and options.written.is_stdout:
        click.echo(f"For the configuration of the sender ({sender.name}), add --configuration FILE.", err=True)
        return
    if where is None or str(where) == _STDOUT:
        click.echo(sender.text, nl=False)
    else:
        await asyncio.to_thread(write_new, where, sender.text, force=options.written.force, todo=ANOTHER_NAME)
        click.echo(f"The configuration of the sender is in {where}; it holds no secret.", err=True)
    click.echo("What to do with it:", err=True)
    for number, step in enumerate(sender.steps, start=1):
        click.echo(f"  {number}. {step}", err=True)
