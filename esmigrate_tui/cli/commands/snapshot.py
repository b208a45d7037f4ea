"""`esmigrate snapshots` and `esmigrate snapshot`: what lies in a repository, and a new one of the source."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any, Final

import click

from esmigrate_tui.cli.connections import connected, connection_of, credential_for
from esmigrate_tui.cli.runs import make_change
from esmigrate_tui.flow.patterns import choose
from esmigrate_tui.flow.planning import timestamp
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.ledger import PlannedChange
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import SnapshotProgress, SnapshotState
from esmigrate_tui.model.text import clean, counted, duration, listed, number, size

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.snapshot import Repository, SnapshotFacts

_LOOK_SECONDS: Final = 1.0
_ENDED: Final = {SnapshotState.SUCCESS: ExitCode.DONE, SnapshotState.PARTIAL: ExitCode.INCOMPLETE}


# -- listing -----------------------------------------------------------------------------------------------------------


async def list_them(options: Mapping[str, Any]) -> int:
    """The repositories of a cluster, or the snapshots of one, as they come."""
    given = [side for side in Side if options[str(side)]]
    if len(given) != 1:
        msg = "Give the cluster to look at, with --destination or with --source."
        raise click.UsageError(msg)
    (side,) = given
    sides = await credential_for(connection_of(side, options), side, options[f"{side}_password_file"])
    name: str = options["repository"]
    async with connected(sides, None) as clusters:
        if name:
            return await _snapshots(clusters.destination, name, as_json=options["as_json"])
        return _repositories(await clusters.destination.snapshots.repositories(), as_json=options["as_json"])


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


# -- taking ------------------------------------------------------------------------------------------------------------


async def take(options: Mapping[str, Any]) -> int:
    """Take a snapshot of exactly these indices on the source, written down like every change before a run."""
    from esmigrate_tui.elastic.snapshots import create_snapshot_request  # noqa: PLC0415  # the client costs start-up time

    if not (options["patterns"] or options["feature_state"] or options["global_state"]):
        msg = "Nothing is to be taken: give --index, --feature-state or --global-state."
        raise click.UsageError(msg)
    repository, name = options["repository"], options["name"]
    connection, credential = await credential_for(
        connection_of(Side.SOURCE, options), Side.SOURCE, options["source_password_file"]
    )
    async with connected((connection, credential), None) as clusters:
        cluster = clusters.destination
        facts = await cluster.probe()
        await _must_be_writable(cluster, repository)
        names = await _names(cluster, options)
        change = PlannedChange(
            side=Side.SOURCE,
            what=f"the snapshot {name} of {counted(len(names), 'index', 'indices')} was taken into {repository}",
            made_by=create_snapshot_request(
                repository,
                name,
                names,
                feature_states=options["feature_state"],
                global_state=options["global_state"],
                knows_features=Features.of_cluster(facts).has_feature_states,
            ),
        )
        # One cluster alone is spoken to: it stands at both ends of the plan that the change is written down with.
        plan = Plan(
            method=MethodName.RESTORE_FROM_SNAPSHOT,
            made_at=timestamp(time.time()),
            source=connection,
            destination=connection,
            source_uuid=facts.uuid,
            source_version=str(facts.version),
            destination_uuid=facts.uuid,
            destination_version=str(facts.version),
        )
        folder = await make_change(plan, dict.fromkeys(Side, credential), change)
        click.echo(
            f"The source takes the snapshot {name}: {listed(names) or 'no index'}. It goes on by itself, and stays "
            f"when it is made; `esmigrate report {folder}` keeps what was asked for."
        )
        if not options["wait"]:
            click.echo(
                f"Look at it with: esmigrate snapshots --source {connection.endpoint.url} --repository {repository}"
            )
            return ExitCode.DONE
        return await _until_left(_followed(cluster, repository, name), name)


async def _until_left(work: Coroutine[Any, Any, int], name: str) -> int:
    """Follow to the end, or until somebody leaves by Ctrl+C: the snapshot goes on then."""
    following = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, following.cancel)
    try:
        await asyncio.wait({following})
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    if following.cancelled():
        click.echo(f"\nLeft. The source goes on with the snapshot {name}.", err=True)
        return ExitCode.DETACHED
    return following.result()


async def _must_be_writable(cluster: Cluster, name: str) -> None:
    """A repository that is not there, or cannot be written to, is said before anything is asked of it."""
    known = {one.name: one for one in await cluster.snapshots.repositories()}
    if name not in known:
        raise ProblemError(
            Problem(
                cause=Cause.MISSING,
                what=f"The source has no repository {clean(name, 200)}.",
                why=f"It has {listed([*known])}." if known else "It has none at all.",
                todo="Correct the name, or register one there first.",
            )
        )
    if known[name].is_readonly:
        raise ProblemError(
            Problem(
                cause=Cause.BLOCKED,
                what=f"The source may only read the repository {clean(name)}.",
                todo="Take the snapshot into another one, which it may write to.",
            )
        )


async def _names(cluster: Cluster, options: Mapping[str, Any]) -> tuple[str, ...]:
    """The chosen indices, and data streams by their own names rather than by those that back them."""
    if not options["patterns"]:
        return ()
    rows: dict[str, IndexFacts] = {}
    for index in await cluster.indices():
        stream = index.data_stream
        rows.setdefault(stream or index.name, IndexFacts(name=stream) if stream else index)
    choice = choose([*rows.values()], options["patterns"], options["excluded"], hidden_too=options["hidden"])
    for name, why in choice.left_out:
        click.echo(f"! left out {name}: {why}", err=True)
    return choice.names


async def _followed(cluster: Cluster, repository: str, name: str) -> int:
    """Tell how far it is until it has ended; the exit code."""
    told = ""
    while True:
        taking = await cluster.snapshots.taking(repository, name)
        line = taking_line(taking)
        if line != told:
            click.echo(line)
            told = line
        if taking.state is not SnapshotState.IN_PROGRESS:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    made = await cluster.snapshots.snapshot(repository, name)
    for failure in made.failures[:5]:
        click.echo(f"x   {failure.index}, shard {failure.shard}: {failure.reason}", err=True)
    return _ENDED.get(taking.state, ExitCode.INTERNAL)


def taking_line(taking: SnapshotProgress) -> str:
    """How far a snapshot is, on one line."""
    shards = f"{number(taking.shards_done)} of {counted(taking.shards, 'shard')}"
    failed = f", {number(taking.shards_failed)} failed" if taking.shards_failed else ""
    return f"{taking.state:11}  {shards}{failed}   {size(taking.bytes_done)} of {size(taking.bytes)}"
