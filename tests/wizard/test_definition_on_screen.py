"""What will be made for an index: both definitions beside each other, the editor, and what becomes of a change."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pytest
from textual.widgets import TextArea

from esmigrate_tui.flow.definition import dropped, parts_of, rows_of
from esmigrate_tui.flow.session import IndexList
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.copy_options import CopyOptions, TypeRule
from esmigrate_tui.model.facts import IndexFacts, ShardFacts, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.draw import Canvas
from esmigrate_tui.wizard.screens import definition, selection
from esmigrate_tui.wizard.screens.definition import DefinitionScreen, begins, drawn, laid_out
from esmigrate_tui.wizard.screens.one_index import about
from esmigrate_tui.wizard.screens.selection import SelectionScreen
from tests.pictures import sample_values as sample
from tests.plain.script import Planning
from tests.wizard.world import Seen, settled, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.draft import IndexDefinition
    from esmigrate_tui.wizard.screens.definition import DefinitionLine

DEFINED = sample.DEFINED.but(listing=IndexList(pattern="orders"))
BODY = '{"settings": {}, "mappings": {"properties": {"status": {"type": "text"}}}}'


@pytest.fixture
def world() -> Planning:
    return Planning()


def at_selection(world: Planning, session: Session) -> WizardApp:
    """The wizard at the list, over this world."""
    app = WizardApp(world.services(), opening=(session, "selection"), credentials=sample.credentials_of(session))
    app.is_live = True
    app.clusters[Side.SOURCE] = world.source
    app.clusters[Side.DESTINATION] = world.destination
    return app


def without_definitions(session: Session) -> Session:
    return session.answered(definitions={})


@dataclass(frozen=True)
class Silent(Seen):
    """A cluster that does not answer."""

    async def definitions(self, names: Sequence[str]) -> dict[str, IndexDefinition]:
        self.defined.append(tuple(names))
        await asyncio.Event().wait()
        return {}


# -- looking ---------------------------------------------------------------------------------------------------------


async def test_what_the_translation_changes_stands_above_both_definitions(world: Planning) -> None:
    app = at_selection(world, DEFINED)
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        text = shown(app)
        assert "orders to shop-orders" in text
        assert "the field _all was removed" in text
        assert "placed: the date format" in text
        assert ' -         "type": "string"' in text
        assert ' +         "type": "keyword"' in text
        assert not world.source.defined
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, SelectionScreen)


async def test_a_definition_that_is_not_known_is_read_once(world: Planning) -> None:
    app = at_selection(world, without_definitions(DEFINED))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        assert "Nothing has to be changed: 7.17.28 takes all of it as it is." in shown(app)
        await pilot.press("escape", "m")
        await settled(pilot)
        assert world.source.defined == [("orders",)]


async def test_a_source_that_does_not_answer_is_left_with_esc(world: Planning) -> None:
    world.source = Silent(sample.OLD_FACTS, sample.INDICES)
    app = at_selection(world, without_definitions(DEFINED))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await pilot.pause()
        assert "Reading its definition from the source" in shown(app)
        await pilot.press("e", "u", "n")
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, SelectionScreen)
        assert world.source.defined == [("orders",)]


async def test_a_source_that_refuses_says_why(world: Planning) -> None:
    trouble = ProblemError(Problem(cause=Cause.CONNECTION, what="The line is cut.", todo="Mend it."))
    world.source = Seen(sample.OLD_FACTS, sample.INDICES, trouble)
    app = at_selection(world, without_definitions(DEFINED))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        assert "The line is cut." in shown(app)
        await pilot.press("n", "e", "escape")
        await pilot.pause()
        assert isinstance(app.screen, SelectionScreen)


async def test_of_thousands_of_fields_only_those_that_are_seen_are_drawn(
    world: Planning, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[DefinitionLine] = []

    def counted(line: DefinitionLine, width: int, *, is_wide: bool) -> Text:
        seen.append(line)
        return drawn(line, width, is_wide=is_wide)

    monkeypatch.setattr(definition, "drawn", counted)
    app = at_selection(world, sample.DEFINED_MANY.but(listing=IndexList(pattern="orders")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        assert "4 006 differences" in shown(app)
        assert "and 4 000 more: w shows them all" in shown(app)
        await pilot.press("end")
        await settled(pilot)
        assert '"aliases": {"shop": {}}' in shown(app)
        assert len(seen) < 24 * 8


async def test_n_goes_from_one_difference_to_the_next_and_back(world: Planning) -> None:
    app = at_selection(world, DEFINED)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m", "n", "n", "n")
        await settled(pilot)
        assert "include_in_all" in shown(app)
        assert "the field _all was removed" not in shown(app)
        await pilot.press("N", "N", "N", "N")
        await settled(pilot)
        assert "There is no further one." in shown(app)
        await pilot.press(*("n" * 9))
        await settled(pilot)
        assert "There is no further one." in shown(app)
        await pilot.press("home")
        await settled(pilot)
        assert "There is no further one." not in shown(app)


async def test_an_index_that_cannot_be_read_has_no_definition_to_come(world: Planning) -> None:
    app = at_selection(world, sample.PASSED.but(listing=IndexList(pattern="logs-2026.01.04")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await pilot.pause()
        assert "it cannot be chosen: open it first." in shown(app)


def test_no_text_is_cut_and_none_is_drawn_raw_at_any_width() -> None:
    (part,) = parts_of(sample.CHANGED.draft, "orders")
    rows, _ = rows_of(sample.CHANGED.draft, part)
    for width in (40, 78, 118, 198):
        is_wide = width >= 118
        lines = laid_out(rows, width, is_wide=is_wide)
        texts = [drawn(line, width, is_wide=is_wide) for line in lines]
        assert max(text.cell_len for text in texts) <= width
        assert not any("\x1b" in text.plain for text in texts)
        whole = "".join("".join(line.source or "" for line in lines).split())
        assert all("".join((row.source or "").split()).replace("␛", "") in whole.replace("␛", "") for row in rows[:30])
        assert begins(lines)


# -- changing --------------------------------------------------------------------------------------------------------


async def changed(app: WizardApp, body: str) -> None:
    """Put a body into the editor, as somebody who pastes it."""
    app.screen.query_one(TextArea).text = body


async def test_a_change_is_kept_on_the_way_back_marked_checked_and_planned_to_the_letter(world: Planning) -> None:
    app = at_selection(world, DEFINED.answered(selected=("orders",)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m", "e")
        await changed(app, BODY)
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert "changed by you" in shown(app)
        await pilot.press("escape")
        await pilot.pause()
        assert ", changed" in shown(app)
        assert "its definition was changed by you" in shown(app)
        await pilot.press("left")
        await settled(pilot)
        assert app.session.draft.edited
        made = world.plan(app.session.draft)
    assert json.loads(made.tasks[0].create) == json.loads(BODY)
    assert made.tasks[0].is_edited


async def test_the_look_with_the_selection_is_asked_about_the_change(world: Planning) -> None:
    app = at_selection(world, DEFINED.answered(selected=("orders",)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m", "e")
        await changed(app, BODY)
        await pilot.press("ctrl+n", "escape", "right")
        await settled(pilot)
        assert [json.loads(one.body) for one in world.checked[-1].edited] == [json.loads(BODY)]


async def test_another_change_has_the_checks_look_again(world: Planning) -> None:
    app = at_selection(world, sample.CHANGED.answered(findings=sample.PASSED.draft.findings))
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.session.draft.findings
        await pilot.press("m", "u")
        await settled(pilot)
        assert not app.session.draft.findings
        assert not app.session.draft.edited


async def test_u_takes_the_translation_again(world: Planning) -> None:
    app = at_selection(world, sample.CHANGED)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        assert "Changed by you: index.number_of_shards, note, status." in shown(app)
        await pilot.press("u")
        await settled(pilot)
        assert "Changed by you" not in shown(app)
        assert not app.session.draft.edited
        await pilot.press("u")
        await pilot.pause()
        assert "It is the translation, nothing was changed." in shown(app)


async def test_what_was_not_changed_in_the_editor_is_no_change(world: Planning) -> None:
    app = at_selection(world, DEFINED)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m", "e", "ctrl+n")
        await settled(pilot)
        assert isinstance(app.screen, DefinitionScreen)
        assert not app.session.draft.edited


@pytest.mark.parametrize(
    ("text", "said", "cursor"),
    [
        ('{"mappings": {},\n "settings": }', "is no JSON object: expecting value in line 2, column 14.", (1, 13)),
        ('{"mappings": {},\n "query": {}}', "has query beside mappings, settings and aliases.", None),
        ("[]", "is no JSON object", None),
        ('{"mappings": {"properties": {"a": 1}}}', "has no object at properties.a.", None),
    ],
)
async def test_what_cannot_make_an_index_is_not_taken_and_is_found_in_its_line(
    world: Planning, text: str, said: str, cursor: tuple[int, int] | None
) -> None:
    app = at_selection(world, DEFINED)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m", "e")
        await changed(app, text)
        await pilot.pause()
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert said in " ".join(shown(app).split())
        if cursor is not None:
            assert app.screen.query_one(TextArea).cursor_location == cursor
        await pilot.press("escape", "escape", "escape")
        await settled(pilot)
        assert isinstance(app.screen, SelectionScreen)
        assert not app.session.draft.edited


@pytest.mark.parametrize("keys", [("escape",), ("tab", "enter")], ids=["Esc", "Back"])
async def test_what_was_typed_in_the_editor_is_not_lost_by_one_key(world: Planning, keys: tuple[str, ...]) -> None:
    app = at_selection(world, DEFINED.answered(selected=("orders",)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m", "e")
        await changed(app, BODY)
        await pilot.pause()
        await pilot.press(*keys)
        await settled(pilot)
        assert app.screen.query_one(TextArea).text == BODY
        assert "is not taken yet: Ctrl+N takes it, Esc once more gives it up." in " ".join(shown(app).split())
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, DefinitionScreen)
        assert not app.session.draft.edited


async def test_what_is_not_chosen_is_looked_at_and_not_changed(world: Planning) -> None:
    app = at_selection(world, DEFINED.answered(selected=()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m", "e")
        await settled(pilot)
        assert isinstance(app.screen, DefinitionScreen)
        assert "Choose the index first" in shown(app)


async def test_settings_for_all_hold_at_once_are_seen_and_can_be_taken_back(world: Planning) -> None:
    app = at_selection(world, DEFINED)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("M", *"number_of_replicas")
        await pilot.pause()
        assert "number_of_replicas is not KEY=VALUE" in shown(app)
        await pilot.press("enter", *"=0 x=a", "enter")
        await settled(pilot)
        assert app.session.draft.settings == {"index.number_of_replicas": "0", "index.x": "a"}
        assert "2 settings for all" in shown(app)
        await pilot.press("m")
        await settled(pilot)
        assert "chosen for all: index.number_of_replicas=0" in shown(app)
        await pilot.press("e", "ctrl+n", "escape", "M")
        assert not app.session.draft.edited
        await pilot.press("end", "ctrl+u", "enter")
        await settled(pilot)
        assert app.session.draft.settings == {}


# -- when it fits no more --------------------------------------------------------------------------------------------


async def test_a_change_that_another_destination_makes_void_is_dropped_with_a_word(world: Planning) -> None:
    older = msgspec.structs.replace(sample.NEW_FACTS, version=Version(6, 8, 23))
    session = sample.CHANGED.answered(selected=("orders",), destination_facts=older)
    app = at_selection(world, session)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("right")
        await settled(pilot)
        assert isinstance(app.screen, SelectionScreen)
        assert "Next is not possible: 1 definition of yours no longer fits, dropped." in shown(app)
        assert "What you had changed in the definition of orders no longer fits, and is dropped." in shown(app)
        assert not app.session.draft.edited
        await pilot.press("right")
        await settled(pilot)
        assert not isinstance(app.screen, SelectionScreen)


def test_a_change_outlives_another_method_and_a_destination_of_the_same_version() -> None:
    draft = sample.CHANGED.draft
    assert dropped(draft) == ()
    assert dropped(draft.answered(method=MethodName.COPY_THROUGH_HERE)) == ()
    assert dropped(draft.answered(destination=sample.OLD).answered(destination_facts=sample.NEW_FACTS)) == ()


def test_a_change_fits_no_more_where_types_go_apart_or_the_index_is_there() -> None:
    draft = sample.CHANGED.draft.answered(method=MethodName.COPY_THROUGH_HERE)
    apart = draft.answered(copying=CopyOptions(types=TypeRule.APART))
    assert dropped(apart) == draft.edited
    assert [part.type for part in parts_of(apart, "orders")] == ["line", "order"]
    there = draft.answered(
        copying=CopyOptions(into_existing=True), destination_indices=(IndexFacts(name="shop-orders"),)
    )
    assert dropped(there) == draft.edited
    assert parts_of(there, "orders")[0].body == ""


async def test_each_type_that_goes_apart_is_looked_at_by_itself(world: Planning) -> None:
    session = DEFINED.answered(method=MethodName.COPY_THROUGH_HERE, copying=CopyOptions(types=TypeRule.APART))
    app = at_selection(world, session)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m")
        await settled(pilot)
        assert "shop-orders-line, type line (1 of 2)" in shown(app)
        await pilot.press("t")
        await settled(pilot)
        assert "shop-orders-order, type order (2 of 2)" in shown(app)


# -- beside the list -------------------------------------------------------------------------------------------------


async def test_the_shards_of_the_index_at_the_cursor_are_asked_for_once(
    world: Planning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "_RESTS_SECONDS", 0.0)
    spread = (
        ShardFacts(number=0, state="started", bytes=3 * sample.GIB, node="hot-1"),
        ShardFacts(number=1, state="started", bytes=sample.GIB // 2, node="hot-2"),
        ShardFacts(number=2, state="unassigned"),
    )
    world.source = Seen(sample.OLD_FACTS, sample.INDICES, spread=spread)
    app = at_selection(world, DEFINED)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("a", "a")
        await settled(pilot)
        text = " ".join(shown(app).split())
        assert world.source.sized == ["orders"]
        assert "Largest shard 0 3.0 GiB, smallest" in text
        assert "shard by shard" in text
        assert "Not there shard 2" in text


def test_one_shard_is_no_list() -> None:
    lines = about(sample.INDICES[1], DEFINED, Canvas(60), None, (ShardFacts(number=0, bytes=9),))
    assert not any("shard by shard" in line.plain or "Largest" in line.plain for line in lines)
