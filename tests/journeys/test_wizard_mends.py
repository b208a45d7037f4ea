"""What blocks is put right in the wizard with a key, on a real node, and `esmigrate cleanup` puts back what it was."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from esmigrate_tui.cli.opening import real_doors
from esmigrate_tui.cli.running import clean_up, summaries
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.plan import MethodName
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.session import Test
from tests.journeys.conftest import connected_to
from tests.journeys.test_wizard import side, until
from tests.wizard.world import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import Node
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

LIMIT: Final = "cluster.max_shards_per_node"


class Destination:
    """The node whose limit of shards is too low, as somebody beside the wizard sees it."""

    def __init__(self, node: Node, cluster: Cluster) -> None:
        self.node, self.cluster = node, cluster
        self.prefix = f"mended-{secrets.token_hex(3)}"

    async def allow(self, shards: int | None) -> None:
        body = json.dumps({"persistent": {LIMIT: shards}})
        await self.cluster.perform(Request(method="PUT", path="/_cluster/settings", body=body))

    async def allowed(self) -> int:
        return int((await self.cluster.surroundings.persistent_settings())[LIMIT])

    async def make(self, name: str) -> None:
        body = '{"settings":{"number_of_shards":2,"number_of_replicas":0}}'
        await self.cluster.perform(Request(method="PUT", path=f"/{self.prefix}-{name}", body=body))


@pytest.fixture
async def destination(nodes: SharedNodes) -> AsyncIterator[Destination]:
    node = await nodes.get("7.17.28")
    there = Destination(node, await connected_to(node))
    await there.make("one")
    await there.allow(1)
    try:
        yield there
    finally:
        await there.allow(None)
        for name in ("one", "two"):
            with suppress(ProblemError):
                await there.cluster.delete_index(f"{there.prefix}-{name}")
        await there.cluster.close()


async def mended(pilot: Pilot[ExitCode], app: WizardApp) -> str:
    """The one thing that blocks, put right; the page that asked before."""

    def looked() -> bool:
        session = app.session
        return type(app.screen).__name__ == "PreflightScreen" and session.checking.looked_at is not None

    await until(pilot, looked, "what blocks")
    assert [finding.check for finding in app.session.draft.blockers] == ["shard-limit"]
    made = len(app.session.made)
    await pilot.press("x")
    await until(pilot, lambda: type(app.screen).__name__ == "ConfirmScreen", "the question")
    asked = shown(app)
    await pilot.press("tab", "enter")
    await until(pilot, lambda: len(app.session.made) > made and not app.session.mending.doing, "it is put right")
    await until(pilot, looked, "looking again")
    assert app.session.draft.blockers == ()
    return asked


async def test_what_blocks_is_put_right_with_a_key_and_cleanup_puts_back_what_it_was(
    destination: Destination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("ESMIGRATE_DESTINATION_PASSWORD", destination.node.password or "")
    connection, credential = side(destination.node)
    app: WizardApp = WizardApp(
        real_doors(),
        Draft(method=MethodName.RESTORE_FROM_SNAPSHOT, destination=connection),
        credentials={Side.DESTINATION: credential},
    )
    async with app.run_test(size=(80, 30)) as pilot:
        await until(pilot, lambda: type(app.screen).__name__ == "MethodScreen", "the methods")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.destination.test is Test.GOOD, "connected")
        await pilot.press("ctrl+n")
        asked = await mended(pilot, app)
        raised = await destination.allowed()
        await destination.allow(1_000)  # somebody else needs room for an index of their own, and takes it back again
        await destination.make("two")
        await destination.allow(2)
        await pilot.press("r")
        await until(pilot, lambda: bool(app.session.draft.blockers), "it blocks again")
        await mended(pilot, app)
        again = await destination.allowed()
        await pilot.press("q")
        await until(pilot, lambda: type(app.screen).__name__ == "AskScreen", "whether to leave")
        await pilot.press("tab", "enter")
    [folder] = await summaries()
    assert "PUT /_cluster/settings" in asked
    assert f"The request, to {connection.endpoint.authority}" in asked
    assert f'"{LIMIT}": "1"' in asked  # what puts it back
    assert 1 < raised < again
    assert folder.is_of_changes
    assert folder.open_entries == 2
    told = f"You had this put right: {LIMIT} is {raised}, {LIMIT} is {again}."
    assert app.farewell == (f"{told} `esmigrate cleanup {folder.run}` puts them back.",)
    assert await clean_up({"run_id": folder.run}) == ExitCode.DONE
    assert await destination.allowed() == 1
