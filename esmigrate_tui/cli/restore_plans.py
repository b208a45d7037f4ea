"""From a snapshot and patterns to a plan, with or without a source."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

from esmigrate_tui import preflight
from esmigrate_tui.cli.connections import connected, signed_in
from esmigrate_tui.cli.plans import pairs, write_plan
from esmigrate_tui.cli.registration import described, registered
from esmigrate_tui.flow import planning
from esmigrate_tui.flow.chosen import whole_name
from esmigrate_tui.flow.patterns import Matched, choose, is_pattern
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import RestoreOptions, SnapshotState, TakenNameRule
from esmigrate_tui.model.text import clean, listed, timestamp
from esmigrate_tui.translate.renaming import renamed_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.cli.restore_options import RestorePlanOptions
    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.model.snapshot import Repository, SnapshotFacts

LATEST: Final = "latest"


async def make_restore_plan(options: RestorePlanOptions) -> int:
    """Look at the destination and its repository, choose from the snapshot, and write the plan."""
    in_the_way = _in_the_way(options)
    _must_be_readable(options)
    sides = await signed_in(options.source, options.destination)
    source = sides.get(Side.SOURCE)
    draft = Draft(
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        source=source[0] if source else None,
        destination=sides[Side.DESTINATION][0],
        at_once=options.at_once or 0,
        verify=options.verify,
    )
    made_at = timestamp(time.time())
    async with connected(sides[Side.DESTINATION], source) as clusters:
        draft, reached = await preflight.gather_facts(draft, clusters)
        planning.raise_unreached(reached)
        if source is not None and draft.source_facts is None:
            click.echo("! The source does not answer: planned without it.", err=True)
            draft = draft.answered(source=None)
        credentials = {side: credential for side, (_, credential) in sides.items()}
        repository, is_asked_for = await registered(draft, clusters, credentials, options, made_at)
        snapshot = await _snapshot(clusters.destination, repository, options.snapshot)
    draft = draft.answered(
        snapshot=snapshot, restoration=_restoration(options, repository, snapshot, register=is_asked_for)
    )
    choice = _choice(draft, options)
    draft = draft.answered(
        selected=choice.names,
        renamed=_renamed(choice, options),
        feature_states=options.feature_states,
        in_the_way=in_the_way,
    )
    plan = METHODS[MethodName.RESTORE_FROM_SNAPSHOT].plan(draft, made_at)
    _must_be_in_the_way(plan, in_the_way)
    click.echo(f"From {clean(snapshot.name)}, {_made(snapshot)}, in {clean(repository.name)}:", err=True)
    await write_plan(plan, choice.left_out, options.written)
    return ExitCode.DONE


def _must_be_readable(options: RestorePlanOptions) -> None:
    """Say at once what belongs together, before a secret is asked for."""
    if bool(options.rename_pattern) != bool(options.rename_replacement):
        msg = "--rename-pattern and --rename-replacement belong together: give both."
        raise click.UsageError(msg)
    if not (options.patterns or options.feature_states or options.global_state):
        msg = "Nothing is to be restored: give --index, --feature-state or --global-state."
        raise click.UsageError(msg)
    described(options.repository, options.registration)
    pairs("--rename", "OLD=NEW", options.renamed)
    _settings(options)


def _in_the_way(options: RestorePlanOptions) -> dict[str, TakenNameRule]:
    """What is closed or deleted on the destination: exact names alone, since naming one is the confirmation."""
    found: dict[str, TakenNameRule] = {}
    for way, names in ((TakenNameRule.CLOSE, options.close), (TakenNameRule.DELETE, options.delete)):
        for name in names:
            if is_pattern(name) or name in {"", "_all"} or "," in name:
                msg = f"--{way} wants the exact name of one index, not {clean(name, 100)!r}."
                raise click.UsageError(msg)
            if name in found:
                msg = f"{clean(name, 100)} cannot be closed and deleted: give it once."
                raise click.UsageError(msg)
            found[name] = way
    return found


def _must_be_in_the_way(plan: Plan, wanted: Mapping[str, TakenNameRule]) -> None:
    """Nothing is closed or deleted for nothing: a name that is not in the way is most likely a slip."""
    met = {name for task in plan.tasks for name in task.in_the_way}
    if idle := [name for name in wanted if name not in met]:
        raise ProblemError.of(
            Cause.USAGE,
            f"Nothing of what is restored is in the way of {listed(idle)}.",
            why="Only what stands in the way of a restore is closed or deleted by it.",
            todo="Leave it out of --close and --delete, or correct the name.",
        )


def _settings(options: RestorePlanOptions) -> dict[str, object]:
    given = pairs("--set", "KEY=VALUE", options.set, may_be_empty=True)
    return {whole_name(key): value for key, value in given.items()}


def _restoration(
    options: RestorePlanOptions, repository: Repository, snapshot: SnapshotFacts, *, register: bool
) -> RestoreOptions:
    return RestoreOptions(
        repository=repository,
        snapshot=snapshot.name,
        snapshot_uuid=snapshot.uuid,
        register=register,
        unregister=options.registration.remove_repository,
        aliases=not options.no_aliases,
        global_state=options.global_state,
        partial=options.partial,
        index_settings=_settings(options),
        ignore_index_settings=tuple(whole_name(key) for key in options.ignore_setting),
    )


def _choice(draft: Draft, options: RestorePlanOptions) -> Matched:
    if not options.patterns:
        return Matched(names=(), left_out=())
    return choose(
        draft.offered,
        options.patterns,
        options.excluded,
        hidden_too=options.hidden,
        closed_too=True,
        place="the snapshot",
        look=f"esmigrate snapshots --repository {clean(options.repository)} --json",
    )


def _renamed(choice: Matched, options: RestorePlanOptions) -> dict[str, str]:
    """New names by pattern, and those that are given one by one, which win."""
    each = pairs("--rename", "OLD=NEW", options.renamed)
    planning.raise_not_chosen(each, choice)
    if not options.rename_pattern:
        return each
    return renamed_by(choice.names, options.rename_pattern, options.rename_replacement) | each


async def _snapshot(cluster: Cluster, repository: Repository, wanted: str) -> SnapshotFacts:
    name = await _newest(cluster, repository) if wanted == LATEST else wanted
    return await cluster.snapshots.snapshot(repository.name, name)


async def _newest(cluster: Cluster, repository: Repository) -> str:
    seen = 0
    async for page in cluster.snapshots.snapshots(repository.name):
        seen += len(page)
        found = next((one for one in page if one.state is SnapshotState.SUCCESS), None)
        if found is not None:
            return found.name
    raise ProblemError.of(
        Cause.MISSING,
        f"The repository {clean(repository.name)} has no snapshot that ended well.",
        why=f"None of its {seen} is in the state SUCCESS." if seen else "It is empty.",
        todo="Name one with --snapshot, or take a new one on the source: esmigrate snapshot.",
    )


def _made(snapshot: SnapshotFacts) -> str:
    when = f" on {timestamp(snapshot.started_at)}" if snapshot.started_at is not None else ""
    return f"made{when} by {snapshot.version or 'an unknown version'}, {snapshot.state}"
