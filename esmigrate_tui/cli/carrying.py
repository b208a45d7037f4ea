"""`esmigrate carry`: templates, ingest pipelines and lifecycle policies, looked at first and made when asked."""

from __future__ import annotations

import asyncio
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from esmigrate_tui.cli.connecting import connected, connection_of, credential_for, raise_one_stdin
from esmigrate_tui.cli.planning import timestamp
from esmigrate_tui.cli.running import make_change
from esmigrate_tui.model.carried import Conflict, Kind
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.plan import MethodName, Plan
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import clean, counted
from esmigrate_tui.translate.carried import preview

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.carried import Carried
    from esmigrate_tui.model.connection import Connection, Credential

_KINDS: Final = {
    "templates": (Kind.COMPONENT, Kind.TEMPLATE, Kind.LEGACY),
    "pipelines": (Kind.PIPELINE,),
    "policies": (Kind.POLICY,),
}


async def carry(options: Mapping[str, Any]) -> int:
    """Show what would be made on the destination, and make it where --make is given."""
    kinds = [kind for word, each in _KINDS.items() if options[word] for kind in each]
    if not kinds:
        msg = "Say what is to be carried over: --templates, --pipelines, --policies."
        raise click.UsageError(msg)
    raise_one_stdin(options)
    source, destination = [
        await credential_for(connection_of(side, options), side, options[f"{side}_password_file"])
        for side in (Side.SOURCE, Side.DESTINATION)
    ]
    async with connected(destination, source) as clusters:
        plan = await _plan(clusters, source[0], destination[0])
        found = await _previewed(clusters, kinds, options["names"])
    _show(found, as_json=options["as_json"])
    new = [one for one in found if one.conflict is Conflict.NONE]
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


async def _previewed(clusters: Clusters, kinds: Sequence[Kind], patterns: Sequence[str]) -> tuple[Carried, ...]:
    """What would be made, as far as it is anybody's own and its name fits one of the patterns."""
    from esmigrate_tui.elastic.carried import carried, processors  # noqa: PLC0415  # the client costs start-up time

    old, new = clusters.source, clusters.destination
    if old is None:
        msg = "Both clusters are needed."
        raise click.UsageError(msg)
    told, there, known = await asyncio.gather(carried(old, kinds), carried(new, kinds), processors(new))
    chosen = [one for one in told if not one.is_managed and _fits(one.name, patterns)]
    facts = await new.probe()
    plugins = (*facts.plugins, *facts.modules) if facts.modules else None
    return preview(chosen, there, facts.version, await old.version(), plugins=plugins, processors=known)


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _show(found: Sequence[Carried], *, as_json: bool) -> None:
    if as_json:
        for one in found:
            click.echo(msgspec.json.encode(one).decode())
        return
    if not found:
        click.echo("The source has nothing of these that somebody made.")
    for one in found:
        sign = {Conflict.NONE: "+", Conflict.SAME: "="}.get(one.conflict, "!")
        why = f": {one.conflict}" if one.conflict else ""
        click.echo(f"{sign} {one.kind} {clean(one.name, 300)}{why}")
        for change in one.changes:
            click.echo(f"    {change}")


async def _made(plan: Plan, credentials: Mapping[Side, Credential], new: Sequence[Carried]) -> int:
    """Make each, written down before; what is refused is said, and the others are made all the same."""
    folder, refused = "", 0
    for one in new:
        try:
            folder = await make_change(plan, credentials, one.change(), folder=folder)
        except ProblemError as error:
            refused += 1
            click.echo(f"! {one.kind} {clean(one.name, 300)} was not made: {error.problem.sentence()}", err=True)
    click.echo(f"Made {counted(len(new) - refused, 'definition')} on the destination.")
    if folder:
        click.echo(f"  They stay until: esmigrate cleanup {folder}")
    return ExitCode.INCOMPLETE if refused else ExitCode.DONE
