"""Runs whose clusters change on the way, on real nodes: another password, a block on everything."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

import pytest

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.model.connection import Credential, SignIn
from esmigrate_tui.model.event import RunOutcome, WaitBegan
from esmigrate_tui.model.problem import Cause
from esmigrate_tui.sandbox.nodes import NodeOptions
from tests.methods.copying import fill, joined, make, numbered, settings
from tests.methods.migrating import migrated, planned

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.event import Event
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

AMOUNT: Final = 600
BEGUN: Final = 50


async def filled(source: Cluster | None, index: str) -> None:
    assert source is not None
    await make(source, index, {"settings": settings(), "mappings": {"_doc": {}}})
    await fill(source, index, numbered(AMOUNT))


async def seen(folder: Path, is_it: Callable[[Event], bool]) -> None:
    """Wait until the journal of a run tells something."""
    while not (folder / "journal").exists():  # noqa: ASYNC110  # the run makes it
        await asyncio.sleep(0.05)
    async with Journal.open(folder / "journal") as journal:
        while not any(is_it(event) for _, event in await journal.read(limit=10_000)):  # noqa: ASYNC110  # a file
            await asyncio.sleep(0.05)


async def has_moved(folder: Path) -> None:
    await seen(folder, lambda event: getattr(getattr(event, "moved", None), "done", 0) >= BEGUN)


async def beside(run: Awaitable[object], *doing: Awaitable[None]) -> None:
    """Let things happen one after another while a run goes on; both end."""
    running = asyncio.ensure_future(run)
    for one in doing:
        await one
    await running


async def blocked(cluster: Cluster, *, is_on: bool) -> None:
    body = json.dumps({"transient": {"cluster.blocks.read_only": True if is_on else None}})
    await cluster.wire.exchange("PUT", "/_cluster/settings", body.encode())


async def test_a_cluster_that_was_made_read_only_as_a_whole_is_waited_for(nodes: SharedNodes, tmp_path: Path) -> None:
    async with joined(await nodes.get("6.8.23"), await nodes.get("7.17.28")) as (clusters, draft):
        await filled(clusters.source, "wt-blocked")
        plan = await planned(clusters, draft, "wt-blocked", batch=20, requests_per_second=150.0)
        try:
            await beside(
                migrated(plan, clusters, tmp_path),
                has_moved(tmp_path),
                blocked(clusters.destination, is_on=True),
                seen(tmp_path, lambda event: isinstance(event, WaitBegan)),
                blocked(clusters.destination, is_on=False),
            )
        finally:
            await blocked(clusters.destination, is_on=False)
        async with Journal.open(tmp_path / "journal") as journal:
            progress = await journal.progress()
            waits = [event for _, event in await journal.read(limit=10_000) if isinstance(event, WaitBegan)]
    assert progress.outcome is RunOutcome.VERIFIED
    assert {wait.problem.cause for wait in waits} <= {Cause.BLOCKED, Cause.BUSY}
    assert not progress.open_ledger


async def test_a_password_that_is_changed_in_the_middle_is_asked_for_and_the_copy_goes_on(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    old = await nodes.fresh("6.8.23", NodeOptions(security=True))
    async with joined(old, await nodes.get("7.17.28")) as (clusters, draft):
        source = clusters.source
        assert source is not None
        await filled(source, "wt-password")
        plan = await planned(clusters, draft, "wt-password", batch=20, requests_per_second=150.0)

        async def change_it() -> None:
            await source.wire.exchange("PUT", "/_xpack/security/user/elastic/_password", b'{"password":"another-one"}')

        await beside(migrated(plan, clusters, tmp_path), has_moved(tmp_path), change_it())
        async with Journal.open(tmp_path / "journal") as journal:
            waiting = await journal.progress()
        assert waiting.outcome is RunOutcome.WAITING
        assert waiting.problem is not None
        assert "esmigrate resume 7K2P --source-password-file FILE" in waiting.problem.todo
        assert BEGUN <= waiting.done < AMOUNT
        credential = Credential(sign_in=SignIn.PASSWORD, user="elastic", secret="another-one")
        async with await connect(source.wire.connection, credential) as again:
            ended = await migrated(plan, Clusters(destination=clusters.destination, source=again), tmp_path)
    assert ended.outcome is RunOutcome.VERIFIED
    assert ended.progress.tasks[0].written == AMOUNT
