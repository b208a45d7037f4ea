"""`esmigrate advise`: which way fits two clusters, before anything is planned."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import click

from esmigrate_tui import preflight
from esmigrate_tui.cli.connections import connected, connection_of, credential_for
from esmigrate_tui.flow import planning
from esmigrate_tui.flow.patterns import choose
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.text import counted, size
from esmigrate_tui.preflight.advice import MethodStanding, advise, estimated
from esmigrate_tui.preflight.survey import surveyed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.model.connection import Connection, Credential
    from esmigrate_tui.preflight.advice import Advice, AdviceInput, MethodAdvice

_MARKS: Final = {MethodStanding.OPEN: "ok", MethodStanding.ARRANGED: "! ", MethodStanding.CLOSED: "x "}


async def give_advice(options: Mapping[str, Any]) -> int:
    """Look at both clusters, and say of each method whether it is open, why, and how long it may take."""
    sides: dict[Side, tuple[Connection, Credential]] = {}
    for side in Side:
        if options[str(side)]:
            sides[side] = await credential_for(connection_of(side, options), side, options[f"{side}_password_file"])
    source = sides.get(Side.SOURCE)
    draft = Draft(
        source=source[0] if source else None,
        destination=sides[Side.DESTINATION][0],
    )
    async with connected(sides[Side.DESTINATION], source) as clusters:
        draft, reached = await preflight.look(draft, clusters)
        planning.raise_unreached(reached)
        if options["patterns"]:
            choice = choose(draft.offered, options["patterns"], closed_too=True)
            draft = draft.answered(selected=choice.names)
        here = await surveyed(draft, clusters, time.perf_counter)
    advice = advise(here)
    if options["as_json"]:
        click.echo(json_line(advice))
    else:
        click.echo("\n".join(advice_lines(here, advice)))
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
    lines = [f"{_MARKS[one.standing]} {one.method}: {one.standing}" + (", preferred" if is_preferred else "")]
    lines += [f"     {sentence}" for sentence in one.why]
    for todo in one.todo:
        first, *rest = todo.splitlines()
        lines += [f"     First: {first}", *(f"       {line}" for line in rest)]
    if one.estimate is not None:
        lines.append(f"     Moving takes {estimated(one.estimate)}: {one.estimate.basis}.")
    return lines
