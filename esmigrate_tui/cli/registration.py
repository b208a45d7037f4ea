"""The repository of a restore on the destination: as it exists, or registered at once where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from esmigrate_tui.cli.plans import pairs
from esmigrate_tui.flow.repository import registered_as, registering
from esmigrate_tui.flow.runs import make_change
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import bare_plan
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.cli.restore_options import RegistrationOptions, RestorePlanOptions
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.snapshot import Repository


def described(name: str, options: RegistrationOptions) -> Repository | None:
    """The repository that --register describes, None where it is not given; raises ProblemError for what is missing."""
    from esmigrate_tui.model.repository_types import repository_of  # noqa: PLC0415  # a long table, for one option

    values = pairs("--repository-setting", "KEY=VALUE", options.repository_setting, may_be_empty=True)
    if not options.register:
        alone = not options.register_from_source
        if values or (alone and (options.remove_repository or options.writable)):
            msg = "--repository-setting, --writable and --remove-repository go with --register: they are for a new one."
            raise click.UsageError(msg)
        return None
    if options.register_from_source:
        msg = "--register and --register-from-source exclude each other: give one."
        raise click.UsageError(msg)
    if options.writable:
        values.setdefault("readonly", "false")
    return repository_of(options.register, name, values)


async def registered(
    draft: Draft, clusters: Clusters, credentials: Mapping[Side, Credential], options: RestorePlanOptions, made_at: str
) -> tuple[Repository, bool]:
    """The repository as the destination has it, and whether it was asked for to be registered.

    One that is missing is registered now, and that is printed.

    Raises ProblemError where the destination has none of that name and none was asked for, or has another one.
    """
    name, asked = options.repository, options.registration
    wanted = described(name, asked)
    known = {one.name: one for one in await clusters.destination.snapshots.repositories()}
    if wanted is None and asked.register_from_source:
        wanted = await _as_on_the_source(clusters, name, writable=asked.writable)
    there = known.get(name)
    if there is not None:
        _must_be_the_same(there, wanted)
        return there, wanted is not None
    if wanted is None:
        raise await _nowhere(clusters, name, tuple(known))
    folder = await _register(draft, credentials, wanted, made_at)
    stays = "The run removes it at its end; without a run" if asked.remove_repository else "It stays until"
    click.echo(f"  {stays}: esmigrate cleanup {folder}", err=True)
    found = {one.name: one for one in await clusters.destination.snapshots.repositories()}
    return found.get(name, wanted), True


async def _register(draft: Draft, credentials: Mapping[Side, Credential], wanted: Repository, made_at: str) -> str:
    access = "read-only" if wanted.is_readonly else "WRITABLE"
    folder = await make_change(bare_plan(draft, made_at), credentials, registering(wanted))
    place = f" at {clean(wanted.place)}" if wanted.place else ""
    click.echo(
        f"! Registered the repository {wanted.name} on the destination, {access}: type {wanted.type}{place}.", err=True
    )
    return folder


async def _as_on_the_source(clusters: Clusters, name: str, *, writable: bool) -> Repository:
    if clusters.source is None:
        msg = "--register-from-source needs --source."
        raise click.UsageError(msg)
    todo = "Correct the name, or describe the repository with --register."
    there = await registered_as(name, clusters.source, Side.SOURCE, todo)
    return there.registered(readonly=not writable)


def _must_be_the_same(there: Repository, wanted: Repository | None) -> None:
    """Raise ProblemError for another repository of that name: it is neither overwritten nor used."""
    if wanted is None:
        return
    if (there.type, there.place) != (wanted.type, wanted.place):
        raise ProblemError.of(
            Cause.EXISTS,
            f"The destination has another repository {clean(there.name)} already.",
            why=f"It is of the type {clean(there.type)} at {clean(there.place, 200)}, "
            f"not {clean(wanted.type)} at {clean(wanted.place, 200)}.",
            todo="Register it under another name, or leave --register out to use the one that exists.",
        )
    other = [
        f"{key} is {clean(there.settings.get(key, 'not set'), 200)} there, not {clean(value, 200)}"
        for key, value in wanted.settings.items()
        if there.settings.get(key) != value
    ]
    if other:
        click.echo(f"! The repository is registered already, and left as it is: {'; '.join(other)}.", err=True)


async def _nowhere(clusters: Clusters, name: str, known: tuple[str, ...]) -> ProblemError:
    """The problem where the destination has no such repository: the shortest way to have one."""
    todo = "Register it with --register TYPE --repository-setting KEY=VALUE, or correct the name."
    if clusters.source is not None:
        try:
            there = {one.name for one in await clusters.source.snapshots.repositories()}
        except ProblemError:
            there = set()
        if name in there:
            todo = "The source has it: --register-from-source registers it on the destination too, read-only."
    return ProblemError.of(
        Cause.MISSING,
        f"The destination knows no repository {clean(name, 200)}.",
        why=f"It has {listed(known)}." if known else "It has none at all.",
        todo=todo,
    )
