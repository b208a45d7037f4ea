"""`esmigrate snapshots`: the repositories of a cluster, or the snapshots in one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import click
import msgspec

from esmigrate_tui.cli.options import AsJson, CommandOption, OptionalDestination, OptionalSource, command
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.text import clean, counted, duration, timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.snapshot import Repository, SnapshotFacts


class _SnapshotsOptions(msgspec.Struct, frozen=True, kw_only=True):
    destination: OptionalDestination = None
    source: OptionalSource = None
    repository: Annotated[str, CommandOption("List the snapshots in this one; else list the repositories.", "NAME")] = (
        ""
    )
    as_json: AsJson = False


@command("snapshots", _SnapshotsOptions)
async def snapshots(options: _SnapshotsOptions) -> int:
    """List the repositories of a cluster, or the snapshots in one of them, the newest first. Nothing is changed.

    esmigrate snapshots --destination https://elastic@new:9200
    esmigrate snapshots --destination https://elastic@new:9200 --repository backups
    """
    from esmigrate_tui.cli.connections import connected, signed_in

    sides = await signed_in(options.source, options.destination)
    if len(sides) != 1:
        msg = "Give the cluster to look at, with --destination or with --source."
        raise click.UsageError(msg)
    (side,) = sides.values()
    async with connected(side) as clusters:
        if options.repository:
            return await _snapshots(clusters.destination, options.repository, as_json=options.as_json)
        return _repositories(await clusters.destination.snapshots.repositories(), as_json=options.as_json)


def _repositories(found: Sequence[Repository], *, as_json: bool) -> int:
    if as_json:
        for one in found:
            click.echo(json_line(one))
        return ExitCode.DONE if found else ExitCode.NOTHING
    if not found:
        click.echo("No repository is registered there.")
        return ExitCode.NOTHING
    width = max(len(clean(one.name)) for one in found)
    for one in found:
        access = "read-only" if one.is_readonly else "writable"
        click.echo(f"{clean(one.name):{width}}  {clean(one.type):6}  {access:9}  {clean(one.place, 200)}".rstrip())
    return ExitCode.DONE


async def _snapshots(cluster: Cluster, repository: str, *, as_json: bool) -> int:
    seen = 0
    async for page in cluster.snapshots.snapshots(repository):
        seen += len(page)
        for one in page:
            click.echo(json_line(one) if as_json else snapshot_line(one))
    if not seen and not as_json:
        click.echo(f"The repository {clean(repository)} is empty.")
    return ExitCode.DONE if seen else ExitCode.NOTHING


def snapshot_line(one: SnapshotFacts) -> str:
    """A snapshot in one line, its name last: names have any length."""
    when = timestamp(one.started_at) if one.started_at is not None else "–"
    took = duration(one.seconds) if one.seconds is not None else "–"
    failed = f", {counted(one.shards_failed, 'shard')} failed" if one.shards_failed else ""
    return (
        f"{one.state:11}  {when:20}  {took:>12}  {one.version or '–':14}  "
        f"{counted(len(one.indices), 'index', 'indices'):>11}{failed}  {clean(one.name)}"
    )
