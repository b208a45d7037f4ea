"""What a run has changed is put back after its process was killed, and what nobody else can put back is said."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.engine.folders import make_folder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.starting import newest_event_to_resume
from esmigrate_tui.model.connection import Credential, Side, SignIn
from esmigrate_tui.model.event import LedgerChanged, TaskAdvanced
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from tests.journeys.mortal import performer
from tests.methods.copying import fill, joined, make, numbered, settings
from tests.methods.migrating import of_unknown_size, planned

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Operator

pytestmark = pytest.mark.nodes

INDEX = "cu-books"
ALONE = "cu-alone"


def signed(node: SandboxNode) -> Credential:
    return Credential(sign_in=SignIn.PASSWORD, user=node.user or "", secret=node.password or "")


async def test_what_a_killed_run_has_switched_off_is_put_back_and_what_is_left_by_hand_is_said(
    nodes: SharedNodes, operator: Operator
) -> None:
    old, new = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    operator.knows(old, new)
    credentials = msgspec.msgpack.encode({Side.SOURCE: signed(old), Side.DESTINATION: signed(new)})
    home = operator.folder / "state" / "runs"
    async with joined(old, new) as (clusters, draft), performer() as perform_one:
        assert clusters.source is not None
        await make(clusters.source, INDEX, {"settings": settings(1, refresh_interval="7s", number_of_replicas=1)})
        await fill(clusters.source, INDEX, numbered(5))
        reindex = draft.answered(method=MethodName.REINDEX_FROM_REMOTE)
        plan = of_unknown_size(await planned(clusters, reindex, INDEX))
        whole = make_folder(plan, home, lambda: "WH2E")
        assert await perform_one(whole, credentials, "", 0) == ExitCode.DONE
        wanted = await clusters.destination.indices.settings_of(INDEX)
        await clusters.destination.changes.delete_index(INDEX)
        async with Journal.open(whole.journal) as journal:
            events = [event for _, event in await journal.read(limit=10_000)]
        tuned = next(
            at
            for at, event in enumerate(events)
            if isinstance(event, LedgerChanged)
            and event.entry.state is EntryState.MADE
            and "switched off" in event.entry.what
        )
        folder = make_folder(plan, home, lambda: "KL2D")
        # The first write makes the journal's tables.
        assert await perform_one(folder, credentials, "after", tuned + 2) == -signal.SIGKILL
        killed = await clusters.destination.indices.settings_of(INDEX)
        cleaned = await operator.do("cleanup", "KL2D")
        put_back = await clusters.destination.indices.settings_of(INDEX)
        await newest_event_to_resume(folder)
        resumed = await perform_one(folder, credentials, "", 0)
        await clusters.destination.changes.delete_index(INDEX)
        await clusters.source.changes.delete_index(INDEX)
    assert (killed["index.refresh_interval"], killed["index.number_of_replicas"]) == ("-1", "0")
    assert cleaned.code == ExitCode.DONE, cleaned.text
    assert f"reverted on the destination: replicas and refresh of {INDEX} were switched off" in cleaned.out
    assert "reindex.remote.whitelist" in cleaned.out
    for name in ("index.refresh_interval", "index.number_of_replicas"):
        assert put_back[name] == wanted[name], name
    assert "Nothing that run KL2D changed is left to revert." in cleaned.out
    assert resumed == ExitCode.DONE


async def test_what_the_destination_copies_by_itself_for_a_killed_run_is_cancelled_and_can_be_resumed(
    nodes: SharedNodes, operator: Operator
) -> None:
    old, new = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    operator.knows(old, new)
    credentials = msgspec.msgpack.encode({Side.SOURCE: signed(old), Side.DESTINATION: signed(new)})
    home = operator.folder / "state" / "runs"
    async with joined(old, new) as (clusters, draft), performer() as perform_one:
        assert clusters.source is not None
        await make(clusters.source, ALONE, {"settings": settings(1)})
        await fill(clusters.source, ALONE, numbered(400))
        answers = draft.answered(method=MethodName.REINDEX_FROM_REMOTE)
        plan = await planned(clusters, answers, ALONE, batch=10, requests_per_second=5.0)
        folder = make_folder(plan, home, lambda: "AL2N")
        ending = asyncio.ensure_future(perform_one(folder, credentials, "", 0))
        async with Journal.open(folder.journal) as journal:
            await until(lambda: moving(journal))
        os.kill(msgspec.json.decode(folder.process.read_bytes())["pid"], signal.SIGKILL)
        assert await ending == -signal.SIGKILL
        running = await clusters.destination.tasks.running()
        status = await operator.do("status", "AL2N")
        cleaned = await operator.do("cleanup", "AL2N")
        await until(lambda: idle(clusters.destination))
        folder.plan.write_text(msgspec.structs.replace(plan, requests_per_second=0.0).to_toml())
        await operator.do("resume", "AL2N", "--detach")
        await operator.do("pace", "AL2N", "0")
        resumed = await operator.do("attach", "AL2N")
        count = await clusters.destination.searches.count(ALONE)
        await clusters.destination.changes.delete_index(ALONE)
        await clusters.source.changes.delete_index(ALONE)
    assert "esmigrate-AL2N-1" in running
    assert "esmigrate cleanup AL2N" in status.out
    assert cleaned.code == ExitCode.DONE, cleaned.text
    assert f"ok  cancelled on the destination: the copy of {ALONE} into {ALONE}. What has arrived stays." in cleaned.out
    assert "Run AL2N is not finished: " in cleaned.out
    assert "esmigrate resume AL2N" in cleaned.out
    assert (resumed.code, count) == (ExitCode.DONE, 400), resumed.text


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110  # another process makes it true
            await asyncio.sleep(0.1)


async def idle(cluster: Cluster) -> bool:
    """Whether it runs no reindex any more."""
    return not await cluster.tasks.running()


async def moving(journal: Journal) -> bool:
    """Whether a server's task is known to copy."""
    return any(isinstance(event, TaskAdvanced) and event.moved.done for _, event in await journal.read(limit=1_000))
