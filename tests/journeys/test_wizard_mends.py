"""What blocks is put right in the wizard with a key, on real nodes, and `esmigrate cleanup` puts back what it was."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from esmigrate_tui.cli.commands.cleanup import CleanupOptions, clean_up
from esmigrate_tui.cli.options import SecretFiles
from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.flow.runs import summaries
from esmigrate_tui.flow.session import ConnectionTest
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.wizard.app import WizardApp
from tests.broken_line import Break, Line
from tests.by_hand import performed
from tests.journeys.test_wizard import until
from tests.signing_in import connected_to, side_of
from tests.wizard.world import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

LIMIT: Final = "cluster.max_shards_per_node"


class Destination:
    """The node whose limit of shards is too low, as somebody beside the wizard sees it."""

    def __init__(self, node: SandboxNode, cluster: Cluster) -> None:
        self.node, self.cluster = node, cluster
        self.prefix = f"fixed-{secrets.token_hex(3)}"

    async def allow(self, shards: int | None) -> None:
        body = json.dumps({"persistent": {LIMIT: shards}})
        await performed(self.cluster, Request(method="PUT", path="/_cluster/settings", body=body))

    async def allowed(self) -> int:
        return int((await self.cluster.surroundings.persistent_settings())[LIMIT])

    async def make(self, name: str) -> None:
        body = '{"settings":{"number_of_shards":2,"number_of_replicas":0}}'
        await performed(self.cluster, Request(method="PUT", path=f"/{self.prefix}-{name}", body=body))


@pytest.fixture
async def destination(nodes: SharedNodes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Destination]:
    node = await nodes.get("7.17.28")
    monkeypatch.setenv("ESMIGRATE_DESTINATION_PASSWORD", node.password or "")
    there = Destination(node, await connected_to(node))
    await there.make("one")
    await there.allow(1)
    try:
        yield there
    finally:
        await there.allow(None)
        for name in ("one", "two"):
            with suppress(ProblemError):
                await there.cluster.changes.delete_index(f"{there.prefix}-{name}")
        await there.cluster.close()


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


def wizard(method: MethodName, destination: SandboxNode, source: SandboxNode | None = None) -> WizardApp:
    """The wizard with its connections filled in."""
    (here, secret), there = side_of(destination), side_of(source) if source is not None else None
    credentials = {Side.DESTINATION: secret} | ({Side.SOURCE: there[1]} if there is not None else {})
    draft = Draft(method=method, source=there[0] if there is not None else None, destination=here)
    return WizardApp(real_services(), draft, credentials=credentials)


async def looked(pilot: Pilot[ExitCode], app: WizardApp) -> tuple[str, ...]:
    """The names of what blocks, once the checks have looked."""

    def is_so() -> bool:
        session = app.session
        is_there = type(app.screen).__name__ == "PreflightScreen" and not session.fixing.doing
        return is_there and session.checking.looked_at is not None

    await until(pilot, is_so, "what blocks")
    return tuple(finding.check for finding in app.session.draft.blockers)


async def to_the_checks(pilot: Pilot[ExitCode], app: WizardApp) -> tuple[str, ...]:
    """From the first screen to what blocks."""
    await until(pilot, lambda: type(app.screen).__name__ == "MethodScreen", "the methods")
    await pilot.press("enter")
    sides = [each for each in Side if app.session.form(each).address]
    await until(pilot, lambda: {app.session.form(each).test for each in sides} == {ConnectionTest.GOOD}, "connected")
    await pilot.press("ctrl+n")
    return await looked(pilot, app)


async def fixed(pilot: Pilot[ExitCode], app: WizardApp) -> str:
    """The one thing that blocks is put right, as far as that goes; the page that asked before."""
    assert await looked(pilot, app) == ("shard-limit",)
    await pilot.press("home", "x")
    await until(pilot, lambda: type(app.screen).__name__ == "ConfirmScreen", "the question")
    asked = shown(app)
    before = app.session.fixing
    await pilot.press("tab", "enter")
    await until(pilot, lambda: app.session.fixing is not before, "it is under way")
    return asked


async def test_what_blocks_is_put_right_with_a_key_and_cleanup_puts_back_what_it_was(destination: Destination) -> None:
    app = wizard(MethodName.RESTORE_FROM_SNAPSHOT, destination.node)
    async with app.run_test(size=(80, 30)) as pilot:
        await to_the_checks(pilot, app)
        asked = await fixed(pilot, app)
        assert await looked(pilot, app) == ()
        raised = await destination.allowed()
        await destination.allow(1_000)  # somebody else needs room for an index of their own, and takes it back again
        await destination.make("two")
        await destination.allow(raised - 1)
        await pilot.press("r")
        await until(pilot, lambda: bool(app.session.draft.blockers), "it blocks again")
        await fixed(pilot, app)
        assert await looked(pilot, app) == ()
        again = await destination.allowed()
        await pilot.press("q")
        await until(pilot, lambda: type(app.screen).__name__ == "AskScreen", "whether to leave")
        await pilot.press("tab", "enter")
    [folder] = await summaries()
    assert "PUT /_cluster/settings" in asked
    assert f"The request, to 127.0.0.1:{destination.node.port}" in asked
    assert f'"{LIMIT}": "1"' in asked  # what puts it back
    assert 1 < raised < again
    assert folder.is_of_changes
    assert folder.open_entries == 2
    told = f"You had this fixed: {LIMIT} is {raised}, {LIMIT} is {again}."
    assert app.farewell == (f"{told} `esmigrate cleanup {folder.run}` reverts them.",)
    assert await clean_up(CleanupOptions(run=folder.run, secrets=SecretFiles())) == ExitCode.DONE
    assert await destination.allowed() == raised - 1  # what the other user has set last is not this program's to change


async def test_a_change_whose_answer_was_lost_is_looked_at_and_put_back_by_cleanup(
    destination: Destination,
) -> None:
    async with Line(destination.node) as line:
        line.breaks(Break.AFTER, "PUT /_cluster/settings", 1)
        app = wizard(MethodName.RESTORE_FROM_SNAPSHOT, line.node)
        async with app.run_test(size=(80, 30)) as pilot:
            await to_the_checks(pilot, app)
            await fixed(pilot, app)
            assert await looked(pilot, app) == ()
            page, raised = shown(app), await destination.allowed()
            await pilot.press("q")
            await until(pilot, lambda: type(app.screen).__name__ == "AskScreen", "whether to leave")
            await pilot.press("tab", "enter")
        [folder] = await summaries()
        assert "! unsure" not in page
        assert raised > 1
        assert app.farewell == (
            f"You had this fixed: {LIMIT} is {raised}. `esmigrate cleanup {folder.run}` reverts it.",
        )
        assert folder.open_entries == 1
        assert await clean_up(CleanupOptions(run=folder.run, secrets=SecretFiles())) == ExitCode.DONE
    assert await destination.allowed() == 1


async def test_a_destination_that_may_not_fetch_is_got_round_with_a_key_and_the_documents_arrive(
    pair: tuple[SandboxNode, SandboxNode],
) -> None:
    source, destination = pair
    name = f"round-{secrets.token_hex(3)}"
    old, new = await connected_to(source), await connected_to(destination)
    lines = '{"index":{"_type":"_doc"}}\n{"n":1}\n' * 40
    await performed(old, Request(method="POST", path=f"/{name}/_bulk?refresh=true", body=lines))
    try:
        async with Line(source, "127.0.0.2") as line:  # an address that no whitelist names
            app = wizard(MethodName.REINDEX_FROM_REMOTE, destination, line.node)
            async with app.run_test(size=(80, 30)) as pilot:
                blocked = await to_the_checks(pilot, app)
                await pilot.press("home", "m")
                await until(pilot, lambda: app.session.draft.method is MethodName.COPY_THROUGH_HERE, "a copy")
                left = await looked(pilot, app)
                await pilot.press("right")
                await until(pilot, lambda: type(app.screen).__name__ == "SelectionScreen", "the selection")
                await pilot.press("slash", *name, "enter", "a", "right")
                await until(pilot, lambda: app.session.checking.checked == (f"{name}→{name}",), "its checks")
                await looked(pilot, app)
                await pilot.press("right")
                await until(pilot, lambda: app.session.plan is not None, "the plan")
                await pilot.press("tab", "enter")
                await until(pilot, lambda: type(app.screen).__name__ == "FinishScreen", "the end")
        arrived = await new.searches.count(name)
    finally:
        for cluster in (old, new):
            with suppress(ProblemError):
                await cluster.changes.delete_index(name)
            await cluster.close()
    assert blocked == ("destination-reaches-source",)
    assert left == ()
    assert app.session.progress.exit_code() is ExitCode.DONE
    assert arrived == 40
