"""Choosing among many: ranges, the other way round, what stands beside the list, what else a run is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.flow.chosen import needed_bytes
from esmigrate_tui.flow.lists import shown_indices
from esmigrate_tui.flow.options import questions, said_otherwise
from esmigrate_tui.flow.session import IndexList, SortBy
from esmigrate_tui.model.carried import CarriedDefinition, DefinitionGroup, DefinitionKind, NameConflict
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.copy_options import PipelineRule, TypeRule
from esmigrate_tui.model.draft import IndexDefinition, bare_plan
from esmigrate_tui.model.method import MethodName, Proof
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.draw import Canvas
from esmigrate_tui.wizard.screens import selection
from esmigrate_tui.wizard.screens.forms import OptionsScreen
from esmigrate_tui.wizard.screens.one_index import about
from esmigrate_tui.wizard.screens.review import reviewed
from esmigrate_tui.wizard.widgets.fields import PlainInput
from tests.pictures import sample_values as sample
from tests.wizard.world import Seen, settled, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.flow.session import Session
    from tests.wizard.world import World

BARE = sample.PASSED
COPY = BARE.answered(method=MethodName.COPY_THROUGH_HERE)


def at_selection(world: World, session: Session, *, live: bool = True) -> WizardApp:
    """The wizard at the list, over this world."""
    app = WizardApp(world.services(), opening=(session, "selection"), credentials=sample.credentials_of(session))
    app.is_live = live
    app.clusters[Side.SOURCE] = world.source
    app.clusters[Side.DESTINATION] = world.destination
    return app


async def test_a_range_is_chosen_from_one_end_to_the_other_without_what_cannot_be(world: World) -> None:
    app = at_selection(world, BARE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("home", "down", "v")
        assert "range from" in shown(app)
        await pilot.press("down", "down", "down", "down", "v")
        rows = shown_indices(sample.INDICES, IndexList())[1:6]
        assert len(rows) == 5
        assert app.session.draft.selected == tuple(index.name for index in rows if index.documents is not None)
        assert len(app.session.draft.selected) == 4
        assert "range from" not in shown(app)


async def test_a_list_is_sorted_the_other_way_round(world: World) -> None:
    app = at_selection(world, BARE.but(listing=IndexList(sort=SortBy.DOCUMENTS)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("S")
        assert app.session.listing.backwards
        assert "by documents, backwards" in shown(app)
        first = shown_indices(sample.INDICES, app.session.listing)[0]
        assert (first.documents or 0) == min(each.documents or 0 for each in sample.INDICES if not each.is_system)


async def test_whoever_runs_down_the_list_reads_no_definition(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "_RESTS_SECONDS", 3_600.0)
    app = at_selection(world, BARE)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("down", "down", "down")
        assert not world.source.defined


async def test_where_the_cursor_rests_its_definition_is_read_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "_RESTS_SECONDS", 0.0)
    app = at_selection(world, BARE.but(listing=IndexList(pattern="orders")))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("a", "a")
        await settled(pilot)
        assert world.source.defined == [("orders",)]
        assert "0 fields" in shown(app)


async def test_a_definition_that_cannot_be_read_says_so_beside_the_list(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "_RESTS_SECONDS", 0.0)
    trouble = ProblemError(Problem(cause=Cause.CONNECTION, what="The line is cut.", todo="Mend it."))
    world.source = Seen(sample.OLD_FACTS, sample.INDICES, trouble)
    app = at_selection(world, BARE)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert "The line is cut. Mend it." in " ".join(shown(app).split())


async def test_a_narrow_terminal_has_the_whole_width_for_the_list(world: World) -> None:
    app = at_selection(world, BARE)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert not world.source.defined
        assert not app.screen.query_one("#pane").display


def test_what_a_mapping_holds_is_shown_as_text_alone() -> None:
    index = sample.INDICES[1]
    read = IndexDefinition(
        name=index.name, settings={"index.x": "\x1b]0;"}, mappings={"properties": {"\x1b[2J": {}}}, aliases={}
    )
    text = "\n".join(line.plain for line in about(index, BARE, Canvas(60), read))
    assert "\x1b" not in text
    assert "1 field" in text


@pytest.mark.parametrize("method", [MethodName.REINDEX_FROM_REMOTE, MethodName.COPY_THROUGH_HERE])
def test_the_safe_answer_stands_first_and_is_given_by_itself(method: MethodName) -> None:
    session = BARE.answered(method=method)
    assert all(each.value == each.options[0][0] for each in questions(session))
    assert said_otherwise(session) == ()


async def test_an_answer_about_a_copy_holds_at_once_and_is_checked_again(world: World) -> None:
    app = at_selection(world, COPY.answered(findings=sample.PASSED.draft.findings))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("o", "space", "tab", "space", "tab", "space", "tab", "space")
        copying = app.session.draft.copying
        assert (copying.pipelines, copying.versions, copying.types) == (PipelineRule.RESPECTED, True, TypeRule.APART)
        assert copying.into_existing
        assert not app.session.draft.findings
        await pilot.press("escape")
        await settled(pilot)
        assert app.step is app.screen


async def test_every_document_is_compared_where_that_was_chosen(world: World) -> None:
    app = at_selection(world, BARE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("o", "tab", "space", "space")
        assert "EVERY document" in shown(app)
        assert app.session.draft.verify is Proof.EVERYTHING
        assert bare_plan(app.session.draft, "2026-11-23T23:00:00Z").proof is Proof.EVERYTHING


async def test_the_number_of_tasks_of_an_index_can_be_chosen(world: World) -> None:
    app = at_selection(world, BARE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("o", "space", "space")
        assert app.session.draft.split == 2


TEMPLATE = CarriedDefinition(
    kind=DefinitionKind.TEMPLATE,
    name="logs",
    body='{"index_patterns":["logs-*"]}',
    changes=("the type log was removed",),
)
TAKEN = CarriedDefinition(
    kind=DefinitionKind.PIPELINE, name="clean", body='{"processors":[]}', conflict=NameConflict.OTHER
)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_what_stands_beside_the_indices_is_asked_for_and_shown_in_the_review(
    world: World, size: tuple[int, int]
) -> None:
    world.beside = (TEMPLATE, TAKEN)
    app = at_selection(world, BARE.answered(selected=("orders",)))
    async with app.run_test(size=size) as pilot:
        await pilot.press("o", "tab", "tab", "space", "space", "space", "space")
        assert "Also bring over: templates and ingest pipelines" in " ".join(shown(app).split())
        assert app.session.draft.bring == (DefinitionGroup.TEMPLATES, DefinitionGroup.PIPELINES)
        await pilot.press("escape")
        await settled(pilot)
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert world.asked_beside == [(DefinitionGroup.TEMPLATES, DefinitionGroup.PIPELINES)]
        assert app.session.draft.carried == (TEMPLATE, TAKEN)
        app.go("review")
        await settled(pilot)
        page = "\n".join(line.plain for line in reviewed(app.session, Canvas(76)))
    assert "+ index template logs\n         the type log was removed\n" in page
    assert "! ingest pipeline clean: the destination has another of that name" in page
    assert "Make 1 index template on" in page
    assert "PUT /_index_template/logs?create=true" in page


async def test_what_cannot_be_read_beside_the_indices_keeps_the_selection_from_going_on(world: World) -> None:
    world.troubles["carried"] = ProblemError(Problem(cause=Cause.UNSUPPORTED, what="It keeps no lifecycle policy."))
    app = at_selection(world, BARE.answered(selected=("orders",), bring=(DefinitionGroup.POLICIES,)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert "policies could not be read (o leaves them out)" in shown(app)
        assert app.session.draft.carried is None
        assert app.session.listing.problem is not None


async def test_what_was_answered_for_a_restore_means_nothing_for_a_reindex(world: World) -> None:
    restore = sample.OPTIONS.draft
    given = {
        "snapshot": restore.snapshot,
        "restoration": restore.restoration,
        "feature_states": restore.feature_states,
        "in_the_way": restore.in_the_way,
    }
    before = BARE.answered(selected=("orders",))
    draft = msgspec.structs.replace(before.draft, **given)
    session = before.but(draft=draft, listing=IndexList(settings=("number_of_replicas",)))
    assert restore.restoration is not None
    assert restore.restoration.index_settings
    assert needed_bytes(draft) == needed_bytes(before.draft)
    app = at_selection(world, session)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("o")
        assert isinstance(app.screen, OptionsScreen)
        await pilot.press("escape", "ctrl+n")
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "preflight"
    [looked_at] = world.checked
    assert (looked_at.snapshot, looked_at.restoration) == (None, None)
    assert (looked_at.feature_states, looked_at.in_the_way) == ((), {})
    assert app.session.draft.restoration == restore.restoration


@dataclass(frozen=True)
class Slow(Seen):
    """A source that says nothing of its indices until it is let."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def definitions(self, names: Sequence[str]) -> dict[str, IndexDefinition]:
        await self.may_answer.wait()
        return await super().definitions(names)


@pytest.mark.parametrize(
    ("keys", "typed"), [(("home", "space"), ""), (("o", "tab", "tab", "space", "escape"), ""), (("M", "x"), "x")]
)
async def test_what_is_answered_while_definitions_are_read_is_never_passed_over(
    world: World, keys: tuple[str, ...], typed: str
) -> None:
    source = Slow(sample.OLD_FACTS, sample.INDICES)
    world.source = source
    app = at_selection(world, BARE.answered(selected=("orders",)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+n", *keys)
        source.may_answer.set()
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "selection"
        if typed:
            assert app.screen.query_one(PlainInput).value == typed
            await pilot.press("escape")
        else:
            assert "Next is not possible: something was changed while it was read." in shown(app)
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert world.checked[-1].definitions.keys() == set(app.session.draft.selected)


def test_an_answer_about_what_stands_beside_the_indices_forgets_what_was_seen() -> None:
    seen = BARE.answered(bring=(DefinitionGroup.TEMPLATES,)).answered(carried=(TEMPLATE,))
    assert seen.answered(bring=(DefinitionGroup.PIPELINES,)).draft.carried is None


async def test_more_contrast_leaves_nothing_dim_until_it_is_taken_back(world: World) -> None:
    app = at_selection(world, BARE)

    def dims() -> int:
        strips = app.screen._compositor.render_strips(app.screen.size)
        return sum(bool(style and style.dim) for strip in strips for _, style, _ in strip)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = dims()
        await pilot.press("f2")
        await pilot.pause()
        assert before > 0
        assert dims() == 0
        await pilot.press("f2")
        await pilot.pause()
        assert dims() == before
