"""`esmigrate snapshot`: a new snapshot of the source."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Annotated, Final

import click
import msgspec

from esmigrate_tui.cli.options import CommandOption, Excluded, Hidden, SourceOptions, command
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft, bare_plan
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.ledger import PlannedChange
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import SnapshotProgress, SnapshotState
from esmigrate_tui.model.text import clean, counted, listed, number, size, timestamp

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from esmigrate_tui.elastic.cluster import Cluster

_LOOK_SECONDS: Final = 1.0
_ENDED: Final = {SnapshotState.SUCCESS: ExitCode.DONE, SnapshotState.PARTIAL: ExitCode.INCOMPLETE}


class _SnapshotOptions(msgspec.Struct, frozen=True, kw_only=True):
    source: SourceOptions
    repository: Annotated[str, CommandOption("A repository that the source may write to.", "NAME")]
    name: Annotated[str, CommandOption("Name of the new snapshot; lower case.", "NAME")]
    patterns: Annotated[
        tuple[str, ...], CommandOption("Index or data stream; * ? [ ] match many.", "PATTERN", names=("--index",))
    ] = ()
    excluded: Excluded = ()
    hidden: Hidden = False
    feature_states: Annotated[
        tuple[str, ...],
        CommandOption("State of a feature as well: kibana, security, …", "NAME", names=("--feature-state",)),
    ] = ()
    global_state: Annotated[bool, CommandOption("Settings and templates of the cluster as well.")] = False
    wait: Annotated[bool, CommandOption("Follow it to its end.")] = False


@command("snapshot", _SnapshotOptions)
async def snapshot(options: _SnapshotOptions) -> int:
    r"""Take a snapshot on the source, to be restored on the destination. Ctrl+C leaves; it continues by itself.

    esmigrate snapshot --source https://elastic@old:9200 --repository backups --name before-move \
          --index 'logs-*' --wait
    """
    from esmigrate_tui.cli.connections import connected, signed_in
    from esmigrate_tui.elastic.snapshots import create_snapshot_request
    from esmigrate_tui.flow.runs import make_change

    if not (options.patterns or options.feature_states or options.global_state):
        msg = "The snapshot would be empty: give --index, --feature-state or --global-state."
        raise click.UsageError(msg)
    repository, name = options.repository, options.name
    connection, credential = (await signed_in(options.source))[Side.SOURCE]
    async with connected((connection, credential)) as clusters:
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
                feature_states=options.feature_states,
                global_state=options.global_state,
                knows_features=Features.of_cluster(facts).has_feature_states,
            ),
        )
        # One cluster alone is spoken to: it stands at both ends of the plan that the change is recorded with.
        draft = Draft(
            method=MethodName.RESTORE_FROM_SNAPSHOT,
            source=connection,
            destination=connection,
            source_facts=facts,
            destination_facts=facts,
        )
        plan = bare_plan(draft, timestamp(time.time()))
        folder = await make_change(plan, dict.fromkeys(Side, credential), change)
        click.echo(
            f"The source takes the snapshot {name}: {listed(names) or 'no index'}. It continues by itself, and stays "
            f"when it is made; `esmigrate report {folder}` keeps what was requested."
        )
        if not options.wait:
            click.echo(
                f"Look at it with: esmigrate snapshots --source {connection.endpoint.url} --repository {repository}"
            )
            return ExitCode.DONE
        return await _until_left(_followed(cluster, repository, name), name)


async def _until_left(work: Coroutine[object, object, int], name: str) -> int:
    """Follow to the end, or until the user leaves by Ctrl+C: the snapshot continues then."""
    following = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, following.cancel)
    try:
        await asyncio.wait({following})
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    if following.cancelled():
        click.echo(f"\nLeft. The source continues the snapshot {name}.", err=True)
        return ExitCode.DETACHED
    return following.result()


async def _must_be_writable(cluster: Cluster, name: str) -> None:
    from esmigrate_tui.flow.repository import registered_as

    if (await registered_as(name, cluster, Side.SOURCE, "Correct the name, or register one there first.")).is_readonly:
        raise ProblemError.of(
            Cause.BLOCKED,
            f"The source may only read the repository {clean(name)}.",
            todo="Take the snapshot into another one, which it may write to.",
        )


async def _names(cluster: Cluster, options: _SnapshotOptions) -> tuple[str, ...]:
    """The chosen indices, and data streams by their own names rather than by those that back them."""
    if not options.patterns:
        return ()
    from esmigrate_tui.cli.plans import print_left_out
    from esmigrate_tui.flow.patterns import choose

    rows: dict[str, IndexFacts] = {}
    for index in await cluster.indices.every():
        stream = index.data_stream
        rows.setdefault(stream or index.name, IndexFacts(name=stream) if stream else index)
    choice = choose([*rows.values()], options.patterns, options.excluded, hidden_too=options.hidden)
    print_left_out(choice.left_out)
    return choice.names


async def _followed(cluster: Cluster, repository: str, name: str) -> int:
    printed = ""
    while True:
        taking = await cluster.snapshots.taking(repository, name)
        line = taking_line(taking)
        if line != printed:
            click.echo(line)
            printed = line
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
