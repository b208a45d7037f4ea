"""`esmigrate advise`: which method fits two clusters, before anything is planned."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final

import click
import msgspec

from esmigrate_tui.cli.options import AsJson, CommandOption, DestinationOptions, OptionalSource, command
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.text import counted, size

if TYPE_CHECKING:
    from esmigrate_tui.methods.advice import Advice, AdviceInput, MethodAdvice

_MARKS: Final = {"open": "ok", "to be arranged": "! ", "closed": "x "}


class _AdviseOptions(msgspec.Struct, frozen=True, kw_only=True):
    source: OptionalSource = None
    destination: DestinationOptions
    patterns: Annotated[
        tuple[str, ...], CommandOption("Index to move; else every index.", "PATTERN", names=("--index",))
    ] = ()
    as_json: AsJson = False


@command("advise", _AdviseOptions)
async def advise(options: _AdviseOptions) -> int:
    """Say of each method whether it is open between two clusters, why, how long it may take, and which to prefer.

      esmigrate advise --source https://elastic@old:9200 --destination https://elastic@new:9200

    Nothing is written on either cluster. An estimate is made of the servers' own limits and of a short read of the
    largest index; where it rests on figures that were measured elsewhere, it says so.
    """
    from esmigrate_tui import preflight
    from esmigrate_tui.cli.connections import connected, signed_in
    from esmigrate_tui.flow.patterns import choose
    from esmigrate_tui.flow.planning import raise_unreached
    from esmigrate_tui.methods.recommendation import advise as advise_on
    from esmigrate_tui.methods.survey import surveyed

    sides = await signed_in(options.source, options.destination)
    source = sides.get(Side.SOURCE)
    draft = Draft(source=source[0] if source else None, destination=sides[Side.DESTINATION][0])
    async with connected(sides[Side.DESTINATION], source) as clusters:
        draft, reached = await preflight.gather_facts(draft, clusters)
        raise_unreached(reached)
        if options.patterns:
            choice = choose(draft.offered, options.patterns, closed_too=True)
            draft = draft.answered(selected=choice.names)
        here = await surveyed(draft, clusters, time.perf_counter)
    advice = advise_on(here)
    click.echo(json_line(advice) if options.as_json else "\n".join(advice_lines(here, advice)))
    return ExitCode.DONE


def advice_lines(here: AdviceInput, advice: Advice) -> list[str]:
    """An advice for people: the two ends, the way to prefer, then every method."""
    lines = []
    if here.source is not None:
        amount = f"{counted(len(here.indices), 'index', 'indices')}, {counted(here.documents, 'document')}"
        lines.append(f"From {here.source.name} ({here.source.version}): {amount}, {size(here.bytes)}")
    lines.append(f"To   {here.destination.name} ({here.destination.version})")
    lines += ["", f"Prefer {advice.recommended}: {advice.reason}", ""]
    for one in advice.methods:
        lines += [*_method_lines(one, is_preferred=one.method is advice.recommended), ""]
    return lines[:-1]


def _method_lines(one: MethodAdvice, *, is_preferred: bool) -> list[str]:
    from esmigrate_tui.methods.advice import estimated

    lines = [f"{_MARKS[one.standing]} {one.method}: {one.standing}" + (", preferred" if is_preferred else "")]
    lines += [f"     {sentence}" for sentence in one.why]
    for todo in one.todo:
        first, *rest = todo.splitlines()
        lines += [f"     First: {first}", *(f"       {line}" for line in rest)]
    if one.estimate is not None:
        lines.append(f"     Moving takes {estimated(one.estimate)}: {one.estimate.basis}.")
    return lines
