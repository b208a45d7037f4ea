"""How much is done for a key in a list of ten thousand: counted, not timed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui.flow import chosen, lists
from esmigrate_tui.flow.lists import shown_indices
from esmigrate_tui.flow.session import IndexList, Session, SnapshotList, SortBy
from esmigrate_tui.model.connection import Side
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.draw import Canvas
from esmigrate_tui.wizard.screens import selection, snapshot
from tests.pictures import sample_values as sample
from tests.wizard.world import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType
    from textual.screen import Screen

    from tests.wizard.world import World

SEEN = 24
"""No more rows than that fit on the terminal of these tests."""
LONG = {
    "selection": sample.TEN_THOUSAND,
    "snapshot": sample.ALBUM.but(
        snapshot_list=SnapshotList(repository="nightly", rows=sample.MANY_SNAPSHOTS, is_whole=True)
    ),
}


class Counting:
    """A function that counts how often it is called."""

    def __init__(self, does: Callable[..., Any]) -> None:
        self.calls = 0
        self._does = does

    def __call__(self, *values: object, **named: object) -> Any:  # noqa: ANN401  # what the function gives
        self.calls += 1
        return self._does(*values, **named)


class CountedWizard(WizardApp):
    """The wizard, counting what it would have sent to a terminal."""

    paints = 0

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        self.paints += renderable is not None and not self._batch_count
        super()._display(screen, renderable)


def in_a_list(world: World, session: Session, step: str) -> CountedWizard:
    """The wizard at a long list."""
    app = CountedWizard(world.services(), opening=(session, step), credentials=sample.credentials_of(session))
    app.clusters[Side.SOURCE], app.clusters[Side.DESTINATION] = world.source, world.destination
    return app


def test_a_key_in_the_filter_sorts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = Counting(lists._HEALTH_ORDER.__getitem__)

    class Counted(dict[Any, int]):
        def __getitem__(self, health: object) -> Any:  # noqa: ANN401  # a number
            return looked_up(health)

    monkeypatch.setattr(lists, "_HEALTH_ORDER", Counted())
    rows = tuple(msgspec.structs.replace(index) for index in sample.INDICES)
    for pattern in ("", "l", "lo", "logs*", "/^logs/", ""):
        shown_indices(rows, IndexList(sort=SortBy.HEALTH, pattern=pattern))
    assert looked_up.calls == sum(not index.is_system for index in rows)


def test_a_key_in_the_filter_asks_each_name_once_however_often_the_list_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = tuple(msgspec.structs.replace(index) for index in sample.INDICES)
    fits = Counting(lambda name: "logs" in name)
    monkeypatch.setattr(lists, "matcher", lambda _: fits)
    listing = IndexList(pattern="logs", shows_hidden=True)
    assert len({id(shown_indices(rows, msgspec.structs.replace(listing, cursor=cursor))) for cursor in range(5)}) == 1
    assert fits.calls == len(rows)


def test_of_ten_thousand_that_are_chosen_none_is_counted_again_at_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = sample.TEN_THOUSAND.answered(selected=tuple(index.name for index in sample.MANY)).draft
    look = Canvas(80)
    first = selection.totals(Session(draft=draft), look)
    walked = Counting(chosen.chosen)
    monkeypatch.setattr(chosen, "chosen", walked)
    again = selection.totals(Session(draft=draft, listing=IndexList(pattern="9", cursor=3)), look)
    assert again == first
    assert walked.calls == 0
    fewer = selection.totals(Session(draft=draft.answered(selected=draft.selected[1:])), look)
    assert "chosen 9 999" in fewer.plain
    assert walked.calls > 0


async def test_of_ten_thousand_rows_only_those_are_drawn_that_the_cursor_leaves_or_enters(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Counting(selection.index_row)
    monkeypatch.setattr(selection, "index_row", row)
    app = in_a_list(world, sample.TEN_THOUSAND, "selection")
    async with app.run_test(size=(80, SEEN)) as pilot:
        await pilot.press("down")
        await pilot.pause()
        for key, drawn in (("down", 2), ("up", 0), ("down", 0), ("down", 2)):
            row.calls = 0
            await pilot.press(key)
            await pilot.pause()
            assert row.calls <= drawn
        assert "▸  □ metrics-00003" in shown(app)


@pytest.mark.parametrize(
    ("step", "drawn"), [("selection", (selection, "index_row")), ("snapshot", (snapshot, "snapshot_row"))]
)
async def test_a_key_draws_the_rows_that_are_seen_lays_out_nothing_and_paints_once(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, drawn: tuple[Any, str]
) -> None:
    row = Counting(getattr(*drawn))
    monkeypatch.setattr(*drawn, row)
    app = in_a_list(world, LONG[step], step)
    async with app.run_test(size=(80, SEEN)) as pilot:
        await pilot.press("slash", "0")
        await pilot.pause()
        laid_out = Counting(app.screen._compositor.reflow)
        monkeypatch.setattr(app.screen._compositor, "reflow", laid_out)
        for key in ("1", "backspace", "5", "enter", "down", "pagedown", "up", "end"):
            row.calls = app.paints = 0
            await pilot.press(key)
            await pilot.pause()
            assert row.calls <= 2 * SEEN  # once for the cursor, once for what the session says
            assert app.paints == 1, key
        assert row.calls > 0  # the end of the list was never seen before
        assert laid_out.calls == 0
