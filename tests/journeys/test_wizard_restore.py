"""The wizard's restore on real nodes: a snapshot is taken, its repository registered, and all of it put back."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.cli.commands.cleanup import CleanupOptions, clean_up
from esmigrate_tui.cli.options import SecretFiles
from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.elastic.snapshots import register_request
from esmigrate_tui.flow.repository import repositories
from esmigrate_tui.flow.session import ConnectionTest
from esmigrate_tui.flow.snapshot import shown_snapshots
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.snapshot import Repository
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.widgets.fields import PlainInput
from tests.by_hand import performed
from tests.journeys.conftest import taken_away
from tests.journeys.test_wizard import until
from tests.signing_in import connected_to, side_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes


@pytest.fixture
async def prepared(nodes: SharedNodes) -> AsyncIterator[tuple[SandboxNode, SandboxNode, str]]:
    """7.17.28 with two indices and a repository that it alone knows; 8.19.3 with an index of one of their names."""
    source, destination = await nodes.get("7.17.28"), await nodes.get("8.19.3")
    prefix = f"wizard-{secrets.token_hex(3)}"
    old, new = await connected_to(source), await connected_to(destination)
    lines = '{"index":{}}\n{"n":1}\n' * 30
    for name in ("one", "two"):
        await performed(old, Request(method="POST", path=f"/{prefix}-{name}/_bulk?refresh=true", body=lines))
    await performed(new, Request(method="POST", path=f"/{prefix}-two/_doc?refresh=true", body='{"there":true}'))
    await performed(old, register_request(Repository(name=prefix, type="fs", settings={"location": prefix})))
    try:
        yield source, destination, prefix
    finally:
        await taken_away(old, new, prefix, snapshot="walked")


class Walk:
    """Somebody who walks through the wizard with the keyboard, screen by screen."""

    def __init__(self, app: WizardApp, pilot: Pilot[ExitCode], prefix: str) -> None:
        self.app, self.pilot, self.prefix = app, pilot, prefix

    async def sees(self, screen: str, holds: Callable[[], bool] = lambda: True, seconds: float = 60) -> None:
        """Wait until this screen is there, and it is so."""
        await until(self.pilot, lambda: type(self.app.screen).__name__ == screen and holds(), screen, seconds)

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def focus(self, name: str) -> None:
        """Put the focus on a widget of the page that is laid over the step."""
        self.app.screen.query_one(f"#{name}").focus()
        await self.pilot.pause()

    async def connect(self) -> None:
        """Both clusters, and what there is to be said of them."""
        await self.sees("MethodScreen")
        await self.press("enter")
        sides = (Side.SOURCE, Side.DESTINATION)
        await self.sees(
            "ConnectionsScreen", lambda: {self.app.session.form(s).test for s in sides} == {ConnectionTest.GOOD}
        )
        await self.press("ctrl+n")
        await self.checked()

    async def checked(self) -> None:
        """Every warning accepted, and on."""
        await self.sees("PreflightScreen", lambda: self.app.session.checking.looked_at is not None)
        assert self.app.session.draft.blockers == ()
        await self.press("home", *("space", "down") * len(self.app.session.draft.findings), "right")

    async def register(self) -> None:
        """The repository that the source alone knows, after the question."""
        await self.sees("RepositoryScreen", lambda: self.app.session.repository_list.destination is not None)
        await self.sees("RepositoryScreen", lambda: not self.app.session.repository_list.doing)
        rows = [known.name for known in repositories(self.app.session.repository_list)]
        await self.press("home", *("down",) * rows.index(self.prefix), "enter")
        await self.sees("ConfirmScreen")
        await self.press("tab", "enter")
        await self.sees(
            "RepositoryScreen", lambda: bool(self.app.session.made) and not self.app.session.repository_list.doing
        )
        await self.press("enter")

    async def take(self, name: str) -> None:
        """A new snapshot of the test's indices, then straight on with it."""
        await self.sees("SnapshotScreen", lambda: self.app.session.snapshot_list.is_whole)
        await self.press("t")
        await self.sees("SnapshotForm")
        self.app.screen.query_one("#name", PlainInput).value = name
        self.app.screen.query_one("#patterns", PlainInput).value = f"{self.prefix}-*"
        await self.focus("yes")
        await self.press("enter")
        await self.sees("ConfirmScreen")
        await self.press("tab", "enter")
        await self.sees(
            "SnapshotScreen",
            lambda: (
                [one.name for one in shown_snapshots(self.app.session.snapshot_list)] == [name]
                and self.app.session.snapshot_list.making is None
                and not self.app.session.snapshot_list.doing
            ),
        )
        await self.press("enter")

    async def choose(self) -> None:
        """All of it, over what is in the way, and the repository to be taken away at the end."""
        await self.sees("SelectionScreen")
        await self.press("a", "end", "w", "right", "right", "enter")
        await self.sees("ConfirmScreen")
        await self.press(*f"{self.prefix}-two", "enter")
        await self.sees("SelectionScreen", lambda: bool(self.app.session.draft.in_the_way))
        await self.press("o")
        await self.sees("OptionsScreen")
        await self.focus("unregister")
        await self.press("space", "escape")
        await self.sees("SelectionScreen")
        await self.press("right")

    async def begin(self) -> None:
        """The name of what is overwritten, and the start."""
        await self.sees("ReviewScreen", lambda: self.app.session.plan is not None)
        facts = self.app.session.draft.destination_facts
        assert facts is not None
        await self.press("ctrl+n", *facts.name, "ctrl+n", "enter")
        await self.sees("FinishScreen", seconds=120)


async def test_the_wizard_takes_a_snapshot_registers_its_repository_and_restores_it(
    prepared: tuple[SandboxNode, SandboxNode, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, destination, prefix = prepared
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    (old, old_secret), (new, new_secret) = side_of(source), side_of(destination)
    app: WizardApp = WizardApp(
        real_services(),
        Draft(method=MethodName.RESTORE_FROM_SNAPSHOT, source=old, destination=new),
        credentials={Side.SOURCE: old_secret, Side.DESTINATION: new_secret},
    )
    async with app.run_test(size=(80, 24)) as pilot:
        walk = Walk(app, pilot, prefix)
        await walk.connect()
        await walk.register()
        await walk.take("walked")
        await walk.choose()
        await walk.checked()
        await walk.begin()
        progress, made = app.session.progress, app.session.made
        await pilot.press("q")
    assert progress.exit_code() is ExitCode.DONE
    assert [(task.source_count, task.destination_count) for task in progress.tasks] == [(30, 30), (30, 30)]
    there = await connected_to(destination)
    count, known = await there.searches.count(f"{prefix}-two"), await there.snapshots.repositories()
    await there.close()
    assert count == 30
    assert prefix not in {one.name for one in known}
    monkeypatch.setenv("ESMIGRATE_SOURCE_PASSWORD", source.password or "")
    monkeypatch.setenv("ESMIGRATE_DESTINATION_PASSWORD", destination.password or "")
    taken = next(each for each in made if each.what.startswith("taken"))
    assert await clean_up(CleanupOptions(run=taken.name, secrets=SecretFiles())) == ExitCode.DONE
    here = await connected_to(source)
    pages = [page async for page in here.snapshots.snapshots(prefix)]
    await here.close()
    assert [one.name for page in pages for one in page] == []
