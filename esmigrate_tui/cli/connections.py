"""From options to clusters: secrets found, and both sides connected for as long as a command looks at them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from esmigrate_tui.flow.secrets import sign_in
from esmigrate_tui.model.connection import Side

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    from esmigrate_tui.cli.options import ClusterOptions, SecretFiles
    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.flow.secrets import SignedIn
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.plan import Plan


async def signed_in(*clusters: ClusterOptions | None) -> dict[Side, SignedIn]:
    """Connection and credential of each cluster that was given; raises ProblemError, click.UsageError."""
    given = [cluster for cluster in clusters if cluster is not None]
    _raise_one_stdin(cluster.password_file for cluster in given)
    return {cluster.side: await sign_in(cluster.connection(), cluster.side, cluster.password_file) for cluster in given}


def given_secrets(secrets: SecretFiles) -> dict[Side, Path | None]:
    """The files with the secrets of a plan's clusters; raises click.UsageError."""
    files = {side: secrets.of(side) for side in Side}
    _raise_one_stdin(files.values())
    return files


def _raise_one_stdin(files: Iterable[Path | None]) -> None:
    """Two secrets cannot come through one standard input: a UsageError says so."""
    if [str(file) for file in files].count("-") > 1:
        msg = "Both secrets cannot come from standard input: give a file for one of them."
        raise click.UsageError(msg)


@asynccontextmanager
async def connected(destination: SignedIn, source: SignedIn | None = None) -> AsyncIterator[Clusters]:
    """Both clusters, closed at the end."""
    from esmigrate_tui.elastic.cluster import Clusters  # noqa: PLC0415  # the client costs start-up time
    from esmigrate_tui.elastic.connect import connect  # noqa: PLC0415  # the same

    opened: list[Cluster] = []
    try:
        for connection, credential in (destination, *((source,) if source else ())):
            opened.append(await connect(connection, credential))
        yield Clusters(destination=opened[0], source=opened[1] if source else None)
    finally:
        for cluster in opened:
            await cluster.close()


@asynccontextmanager
async def clusters_of(plan: Plan, credentials: Mapping[Side, Credential]) -> AsyncIterator[Clusters]:
    """Both clusters of a plan, connected."""
    source = (plan.source, credentials[Side.SOURCE]) if plan.source is not None else None
    async with connected((plan.destination, credentials[Side.DESTINATION]), source) as clusters:
        yield clusters
