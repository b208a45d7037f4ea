"""The whole wizard on real nodes with Textual's Pilot; and a run whose terminal is closed."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.widgets import TextArea

from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.flow.session import ConnectionTest
from esmigrate_tui.methods.advice import MethodStanding
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.wizard.app import WizardApp
from tests.by_hand import performed
from tests.journeys.conftest import renamed, with_user
from tests.journeys.terminal import ESCAPE
from tests.signing_in import side_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.pilot import Pilot

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.journeys.conftest import Operator
    from tests.journeys.terminal import Terminal

    Opening = Callable[[SandboxNode], Awaitable[Cluster]]

pytestmark = pytest.mark.nodes


async def small_index(node: SandboxNode, opened: Opening, name: str, documents: int) -> None:
    """An index of the test's own on the shared source."""
    lines = "".join(
        f'{{"index":{{"_index":"{name}","_type":"_doc","_id":"{n}"}}}}\n{{"n":{n}}}\n' for n in range(documents)
    )
    async with await opened(node) as cluster:
        answer = await performed(cluster, Request(method="POST", path="/_bulk?refresh=true", body=lines))
    assert not answer["errors"]


async def until(pilot: Pilot[ExitCode], holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Let the app go on until it is so."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"the wizard never came to: {what}"
        await pilot.pause(0.1)


async def test_the_wizard_leads_from_the_first_screen_to_a_verified_end(
    pair: tuple[SandboxNode, SandboxNode], opened: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, destination = pair
    await small_index(source, opened, "walked", 300)
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    (old, old_secret), (new, new_secret) = side_of(source), side_of(destination)
    app: WizardApp = WizardApp(
        real_services(),
        Draft(method=MethodName.REINDEX_FROM_REMOTE, source=old, destination=new),
        credentials={Side.SOURCE: old_secret, Side.DESTINATION: new_secret},
    )

    def shows(step: str) -> bool:
        return type(app.step).__name__ == step

    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: shows("MethodScreen"), "the methods")
        await pilot.press("enter")
        await until(pilot, lambda: shows("ConnectionsScreen"), "the connections")
        await until(
            pilot,
            lambda: (
                app.session.source.test is ConnectionTest.GOOD and app.session.destination.test is ConnectionTest.GOOD
            ),
            "both connected",
        )
        await pilot.press("escape")
        await until(pilot, lambda: shows("MethodScreen"), "the methods again")
        await until(pilot, lambda: app.session.advice is not None, "which way fits")
        assert app.session.advice is not None
        assert app.session.advice.of(MethodName.REINDEX_FROM_REMOTE).standing is MethodStanding.OPEN
        await pilot.press("enter")
        await until(pilot, lambda: shows("ConnectionsScreen"), "the connections again")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: shows("PreflightScreen"), "the preflight")
        await until(pilot, lambda: app.session.checking.looked_at is not None, "the findings")
        await pilot.press("right")
        await until(pilot, lambda: shows("SelectionScreen"), "the selection")
        await until(pilot, lambda: bool(app.session.draft.source_indices), "the indices")
        await pilot.press("slash", *"walked", "enter")
        await pilot.press("a")
        await until(pilot, lambda: app.session.draft.selected == ("walked",), "one chosen")
        await pilot.press("right")
        await until(pilot, lambda: shows("PreflightScreen"), "the preflight of the selection")
        await until(pilot, lambda: app.session.checking.looked_at is not None, "its findings")
        await pilot.press("left")
        await until(pilot, lambda: shows("SelectionScreen"), "back to the selection")
        assert app.session.draft.selected == ("walked",)
        await pilot.press("right")
        if shows("PreflightScreen"):
            await pilot.press("right")
        await until(pilot, lambda: shows("ReviewScreen"), "the review")
        await until(pilot, lambda: app.session.plan is not None, "the plan")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: shows("RunScreen"), "the run")
        await until(pilot, lambda: shows("FinishScreen"), "the finish", seconds=120)
        progress = app.session.progress
        await pilot.press("q")
    async with await opened(destination) as cluster:
        assert await cluster.searches.count("walked") == 300
    assert progress.exit_code() is ExitCode.DONE
    assert [(task.source_count, task.destination_count) for task in progress.tasks] == [(300, 300)]


def report_of(app: WizardApp) -> str:
    return next(Path(path).read_text() for path in app.session.report if path.endswith(".md"))


async def reworded(pilot: Pilot[ExitCode], kind: str) -> None:
    """Give the one field of the index at the cursor another type, in the editor."""
    await pilot.press("m", "e")
    area = pilot.app.screen.query_one(TextArea)
    area.text = re.sub(r'"type": "\w+"', f'"type": "{kind}"', area.text)
    await pilot.press("ctrl+n", "escape")


async def test_a_definition_is_changed_judged_by_the_destination_and_made_as_it_was_changed(
    pair: tuple[SandboxNode, SandboxNode], opened: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, destination = pair
    await small_index(source, opened, "reworded", 60)
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    (old, old_secret), (new, new_secret) = side_of(source), side_of(destination)
    app: WizardApp = WizardApp(
        real_services(),
        Draft(method=MethodName.COPY_THROUGH_HERE, source=old, destination=new),
        credentials={Side.SOURCE: old_secret, Side.DESTINATION: new_secret},
    )

    def shows(step: str) -> bool:
        return type(app.step).__name__ == step

    def is_looked_at() -> bool:
        return shows("PreflightScreen") and app.session.checking.looked_at is not None

    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: shows("MethodScreen"), "the methods")
        await pilot.press("enter")
        good = ConnectionTest.GOOD
        await until(
            pilot, lambda: app.session.source.test is good and app.session.destination.test is good, "both connected"
        )
        await pilot.press("ctrl+n")
        await until(pilot, is_looked_at, "the findings")
        await pilot.press("right")
        await until(pilot, lambda: bool(app.session.draft.source_indices), "the indices")
        await pilot.press("slash", *"reworded", "enter", "a", "m")
        await until(pilot, lambda: "reworded" in app.session.draft.definitions, "its definition")
        await pilot.press("escape")
        await reworded(pilot, "nonsense")
        await pilot.press("right")
        await until(pilot, is_looked_at, "the findings of the selection")
        assert [finding.check for finding in app.session.draft.blockers] == ["definitions-accepted"]
        assert "nonsense" in app.session.draft.blockers[0].evidence
        await pilot.press("left")
        await until(pilot, lambda: shows("SelectionScreen"), "the selection again")
        await reworded(pilot, "keyword")
        await pilot.press("right")
        await until(pilot, is_looked_at, "the findings of the change")
        await pilot.press("right")
        await until(pilot, lambda: app.session.preview is not None, "the plan")
        assert app.session.preview is not None
        assert any("You have changed the definition of reworded." in step for step in app.session.preview.steps)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: shows("FinishScreen"), "the finish", seconds=120)
        await until(pilot, lambda: bool(app.session.report), "the report")
        report, progress = report_of(app), app.session.progress
        await pilot.press("q")
    async with await opened(destination) as cluster:
        made = await cluster.indices.definitions(["reworded"])
        await cluster.changes.delete_index("reworded")
    async with await opened(source) as cluster:
        before = await cluster.indices.definitions(["reworded"])
        await cluster.changes.delete_index("reworded")
    assert progress.exit_code() is ExitCode.DONE
    assert "its definition was changed by you: n" in report
    assert made["reworded"].documents == 60
    assert made["reworded"].mappings["properties"] == {"n": {"type": "keyword"}}
    assert before["reworded"].mappings["_doc"]["properties"] == {"n": {"type": "long"}}


async def test_a_closed_terminal_does_not_end_a_run(
    pair: tuple[SandboxNode, SandboxNode], terminal: Callable[..., Terminal], operator: Operator
) -> None:
    source, destination = pair
    operator.knows(source, destination)
    options = [*renamed("hung-up", "orders"), "--batch", "100", "--pace", "300"]
    await operator.plan(with_user(source), with_user(destination), *options)
    begun = await operator.do("run", "move.toml", "--detach")
    screen = terminal("attach", begun.run)
    await screen.until("you may leave")
    screen.hang_up()
    screen = terminal("attach", begun.run)
    await screen.until("you may leave")
    await screen.type(ESCAPE)
    code = await screen.ended()
    faster = await operator.do("pace", begun.run, "0")
    watched = await operator.do("attach", begun.run, "--plain")
    assert code == 20
    assert faster.code == 0, faster.text
    assert watched.code == 0, watched.text
