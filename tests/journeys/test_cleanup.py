"""What a run has changed is put back after its process was killed, and what nobody else can put back is said."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.engine.folders import make_folder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.starting import newest_event_to_resume
from esmigrate_tui.model.connection import Credential, Side, SignIn
from esmigrate_tui.model.event import LedgerChanged
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from tests.journeys.mortal import performer
from tests.methods.copying import fill, joined, make, numbered, settings
from tests.methods.migrating import planned

if TYPE_CHECKING:
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Operator

pytestmark = pytest.mark.nodes

INDEX = "cu-books"


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
        plan = await planned(clusters, draft.answered(method=MethodName.REINDEX_FROM_REMOTE), INDEX)
        whole = make_folder(plan, home, lambda: "WH2E")
        assert await perform_one(whole, credentials, "", 0) == ExitCode.DONE
        wanted = await clusters.destination.settings_of(INDEX)
        await clusters.destination.delete_index(INDEX)
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
        killed = await clusters.destination.settings_of(INDEX)
        cleaned = await operator.do("cleanup", "KL2D")
        put_back = await clusters.destination.settings_of(INDEX)
        await newest_event_to_resume(folder)
        resumed = await perform_one(folder, credentials, "", 0)
        await clusters.destination.delete_index(INDEX)
        await clusters.source.delete_index(INDEX)
    assert (killed["index.refresh_interval"], killed["index.number_of_replicas"]) == ("-1", "0")
    assert cleaned.code == ExitCode.DONE, cleaned.text
    assert f"reverted on the destination: replicas and refresh of {INDEX} were switched off" in cleaned.out
    assert "reindex.remote.whitelist" in cleaned.out
    for name in ("index.refresh_interval", "index.number_of_replicas"):
        assert put_back[name] == wanted[name], name
    assert "Nothing that run KL2D changed is left to revert." in cleaned.out
    assert resumed == ExitCode.DONE
