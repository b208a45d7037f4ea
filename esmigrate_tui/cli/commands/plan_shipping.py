"""`esmigrate plan index-from-source --shipper`: others send the documents, esmigrate makes the index and watches."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import click

from esmigrate_tui import preflight
from esmigrate_tui.cli.connections import connected, connection_of, credential_for
from esmigrate_tui.cli.headless import write_new, write_plan
from esmigrate_tui.flow import planning
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.index_from_source.shippers import configuration
from esmigrate_tui.model.chosen import chosen_types
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.shipping import Shipper, ShippingOptions
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.mapping import body_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from esmigrate_tui.model.shipping import ShipperConfiguration

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


async def make_shipping_plan(options: Mapping[str, Any]) -> int:
    """Look at the destination, write the plan, and the configuration for the sender with what is to be done with it."""
    _must_fit(options)
    shipping = ShippingOptions(shipper=Shipper(options["shipper"]), expected=options["expected"])
    body = await asyncio.to_thread(body_in, str(options["mapping"])) if options["mapping"] else ""
    side = await credential_for(
        connection_of(Side.DESTINATION, options), Side.DESTINATION, options["destination_password_file"]
    )
    into: str = options["into"]
    draft = Draft(method=MethodName.INDEX_FROM_SOURCE, destination=side[0], into=into)
    async with connected(side, None) as clusters:
        draft, reached = await preflight.look(draft, clusters)
        planning.raise_unreached(reached)
        is_there = (await clusters.destination.existing([into])).get(into) == "index"
    if is_there and body:
        raise ProblemError(
            Problem(
                cause=Cause.EXISTS,
                what=f"The index {clean(into, 300)} is on the destination already.",
                why="It is used as it is; a mapping can only be given to an index that is made.",
                todo="Leave --mapping out, or choose another name with --into.",
            )
        )
    draft = draft.answered(shipping=shipping, create="" if is_there else body or GUESSES)
    plan = METHODS[MethodName.INDEX_FROM_SOURCE].plan(draft, planning.timestamp(time.time()))
    told = configuration(shipping, plan.destination, into, Version.parse(plan.destination_version))
    for line in chosen_lines(draft.create, Version.parse(plan.destination_version)):
        click.echo(line, err=True)
    if is_there:
        click.echo(f"The index {clean(into, 300)} is there already, and is used as it is.", err=True)
    await write_plan(plan, (), options)
    await _hand_over_configuration(told, options)
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


def _must_fit(options: Mapping[str, Any]) -> None:
    """Refuse what means something for files alone, and two texts for one standard output."""
    if given := next((name for key, name in _OF_FILES.items() if options[key]), ""):
        msg = f"{given} is about files; with --shipper the sender decides that."
        raise click.UsageError(msg)
    if str(options["output"]) == _STDOUT and str(options["configuration"]) == _STDOUT:
        msg = "The plan and the configuration cannot both go to standard output: give -o or --configuration a file."
        raise click.UsageError(msg)


async def _hand_over_configuration(told: ShipperConfiguration, options: Mapping[str, Any]) -> None:
    """Write the configuration where the person wants it, and say what is to be done, in order."""
    where: Path | None = options["configuration"]
    if where is None and str(options["output"]) == _STDOUT:
        click.echo(f"For the configuration of the sender ({told.name}), add --configuration FILE.", err=True)
        return
    if where is None or str(where) == _STDOUT:
        click.echo(told.text, nl=False)
    else:
        await asyncio.to_thread(write_new, where, told.text, force=options["force"])
        click.echo(f"The configuration of the sender is in {where}; it holds no secret.", err=True)
    click.echo("What to do with it:", err=True)
    for number, step in enumerate(told.steps, start=1):
        click.echo(f"  {number}. {step}", err=True)
