"""Files through the wizard on a real node: bad rows are rejected, a mapping is corrected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.flow.mapping import KINDS, mapped
from esmigrate_tui.flow.session import ConnectionTest
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.wizard.app import WizardApp
from tests.journeys.test_wizard import until
from tests.signing_in import side_of
from tests.wizard.world import shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

    Opening = Callable[[SandboxNode], Awaitable[Cluster]]

pytestmark = pytest.mark.nodes

VERSION = "7.17.28"


def orders(amount: int) -> str:
    rows = (f'{n},"Rome, {n}",{n % 28 + 1:02}.01.2024,{n}.50' for n in range(amount))
    return "id,city,at,total\n" + "\n".join(rows) + "\n"


class Walk:
    """Somebody who walks through the steps of this method with the keyboard."""

    def __init__(self, app: WizardApp, pilot: Pilot[ExitCode]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def cluster(self) -> Any:  # noqa: ANN401  # the real one, behind what the wizard knows of it
        """The destination as the wizard has it connected."""
        return self.app.cluster(Side.DESTINATION)

    async def sees(self, screen: str, holds: Callable[[], bool] = lambda: True, seconds: float = 60) -> None:
        """Wait until this screen is there, and it is so."""
        await until(self.pilot, lambda: type(self.app.screen).__name__ == screen and holds(), screen, seconds)

    async def files(self, typed: str, into: str) -> None:
        """From the first screen to the index that the files go into."""
        await self.to_files()
        await self.pilot.press(*typed, "enter")
        await self.sees("FilesScreen", lambda: self.app.session.file_choice.look is not None)
        await self.pilot.press(*into)

    async def to_files(self) -> None:
        """From the first screen to that of the files."""
        await self.sees("MethodScreen")
        await self.pilot.press("enter")
        await self.sees("ConnectionsScreen", lambda: self.app.session.destination.test is ConnectionTest.GOOD)
        assert self.app.session.sides == (Side.DESTINATION,)
        await self.pilot.press("ctrl+n")
        await self.sees("FilesScreen")

    async def mapping(self) -> None:
        """On to the mapping."""
        await self.pilot.press("ctrl+n")
        await self.sees("MappingScreen")

    async def change(self, field: str, kind: str, then: str = "MappingScreen") -> None:
        """Another type for a field; `then` is the screen that comes."""
        at = [row.field for row in mapped(self.app.session)].index(field)
        await self.pilot.press("home", *("down",) * at, "enter")
        await self.sees("ChooseScreen")
        await self.pilot.press("home", *("down",) * [name for name, _ in KINDS].index(kind), "enter")
        await self.sees(then)

    async def to_the_end(self) -> None:
        """The run, until it has ended."""
        await self.to_the_run()
        await self.sees("FinishScreen", lambda: "arrived" in shown(self.app), seconds=120)

    async def to_the_run(self) -> None:
        """The checks, every warning accepted; the review; the beginning of the run."""
        await self.pilot.press("right")
        await self.sees("PreflightScreen", lambda: self.app.session.checking.looked_at is not None)
        assert self.app.session.draft.blockers == ()
        await self.pilot.press("home", *("space", "down") * len(self.app.session.draft.findings), "right")
        await self.sees("ReviewScreen", lambda: self.app.session.plan is not None)
        assert await self.cluster.indices.existing([self.app.session.draft.into]) == {}  # nothing is written until now
        await self.pilot.press("tab", "enter")


def opened_wizard(node: SandboxNode) -> WizardApp:
    connection, secret = side_of(node)
    return WizardApp(
        real_services(),
        Draft(method=MethodName.INDEX_FROM_SOURCE, destination=connection),
        credentials={Side.DESTINATION: secret},
    )


@pytest.fixture(autouse=True)
def _kept_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


async def test_a_table_with_bad_rows_arrives_but_for_them_and_they_are_told_by_reason(
    nodes: SharedNodes, opened: Opening, tmp_path: Path
) -> None:
    node = await nodes.get(VERSION)
    (tmp_path / "orders.csv").write_text(orders(300) + "short,row\nshorter,row\n900,x,tomorrow,1\n")
    app = opened_wizard(node)
    async with app.run_test(size=(80, 24)) as pilot:
        walk = Walk(app, pilot)
        await walk.files(f"{tmp_path}/orders.csv", "wizard-orders")
        assert "orders.csv:302: it has 2 cells, the table has 4 columns" in shown(app)
        await walk.mapping()
        await walk.change("at", "date", then="LineScreen")
        await pilot.press(*"dd.MM.yyyy", "enter")
        await walk.sees("MappingScreen")
        await walk.to_the_end()
        progress = app.session.progress
        finish = shown(app)
        await pilot.press("e")
        await walk.sees("ReadScreen")
        told = shown(app)
        await pilot.press("escape", "q")
    async with await opened(node) as cluster:
        count = await cluster.searches.count("wizard-orders")
        mapping: Any = await cluster.wire.get("/wizard-orders/_mapping", dict)
        await cluster.changes.delete_index("wizard-orders")
    assert progress.exit_code() is ExitCode.INCOMPLETE
    assert count == 300
    assert mapping["wizard-orders"]["mappings"]["properties"]["at"] == {"type": "date", "format": "dd.MM.yyyy"}
    assert "Everything arrived but 3 rows" in finish
    assert "2 for this reason" in told
    assert "orders.csv:302" in told
    assert "orders.csv:304" in told
    assert "tomorrow" in told


async def test_a_mapping_that_was_changed_is_what_the_index_has(
    nodes: SharedNodes, opened: Opening, tmp_path: Path
) -> None:
    node = await nodes.get(VERSION)
    lines = (json.dumps({"code": n, "who": {"name": f"n{n}"}, "free": n / 2}) for n in range(200))
    (tmp_path / "rows.ndjson").write_text("\n".join(lines))
    app = opened_wizard(node)
    async with app.run_test(size=(80, 24)) as pilot:
        walk = Walk(app, pilot)
        await walk.files(f"{tmp_path}/*.ndjson", "wizard-rows")
        await walk.mapping()
        await walk.change("code", "keyword")
        await walk.change("who.name", "text and keyword")
        await pilot.press("left")
        await walk.sees("FilesScreen")
        await walk.mapping()
        await walk.to_the_end()
        progress = app.session.progress
        await pilot.press("q")
    async with await opened(node) as cluster:
        count = await cluster.searches.count("wizard-rows")
        mapping: Any = await cluster.wire.get("/wizard-rows/_mapping", dict)
        await cluster.changes.delete_index("wizard-rows")
    properties = mapping["wizard-rows"]["mappings"]["properties"]
    assert progress.exit_code() is ExitCode.DONE
    assert count == 200
    assert properties["code"] == {"type": "keyword"}
    assert properties["who"]["properties"]["name"]["fields"] == {"keyword": {"type": "keyword", "ignore_above": 256}}
    assert properties["free"] == {"type": "double"}


async def test_what_another_program_sends_is_watched_until_a_person_says_that_it_is_all(
    nodes: SharedNodes, opened: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await nodes.get(VERSION)
    monkeypatch.chdir(tmp_path)
    app = opened_wizard(node)
    async with app.run_test(size=(80, 24)) as pilot:
        walk = Walk(app, pilot)
        await walk.to_files()
        await pilot.press("up", "space", "tab", *("left",), "tab", *"wizard-sent", "ctrl+o")
        await walk.sees("LineScreen")
        await pilot.press("enter")
        await walk.sees("FilesScreen")
        await until(pilot, lambda: len([*tmp_path.glob("*.sh")]) == 1, "the configuration as a file")
        await walk.mapping()
        await walk.to_the_run()
        await until(pilot, lambda: bool(app.session.progress.tasks) and app.session.is_watching, "the watch")
        async with await opened(node) as cluster:
            await until(pilot, lambda: "moving" in shown(app), "the index that was made")
            lines = "".join(f'{{"index":{{}}}}\n{{"n":{n}}}\n' for n in range(50))
            await cluster.wire.exchange("POST", "/wizard-sent/_bulk?refresh=true", lines.encode())
            await until(pilot, lambda: app.session.progress.done == 50, "what has arrived")
            await pilot.press("d")
            await walk.sees("AskScreen")
            await pilot.press("right", "enter")
            await walk.sees("FinishScreen", lambda: "arrived" in shown(app))
            finish, progress = shown(app), app.session.progress
            await pilot.press("q")
            await cluster.changes.delete_index("wizard-sent")
    assert progress.outcome is RunOutcome.ACCEPTED
    assert "50 documents arrived; that this is all is the user's word" in finish
