"""Back, Next and their reasons; answers that are kept; problems that leave the step usable."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.engine.listing import RunSummary
from esmigrate_tui.flow.session import ConnectionTest
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.vault import VaultReport, VaultState
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.draw import Canvas
from esmigrate_tui.wizard.screens.start import there_is
from esmigrate_tui.wizard.widgets.fields import PlainInput, SecretInput
from tests.pictures import sample_values as sample
from tests.wizard.world import SECRET, Seen, lines_of, settled, shown

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from esmigrate_tui.model.outcome import ExitCode
    from tests.wizard.world import World

TROUBLE = ProblemError(Problem(cause=Cause.CONNECTION, what="The line is cut.", todo="Mend it."))


def opened(world: World, scene: str) -> WizardApp:
    """The wizard at a scene of the sample values, over this world, alive."""
    session, step = sample.BY_NAME[scene].session, sample.BY_NAME[scene].step
    app = WizardApp(world.services(), opening=(session, step), credentials=sample.credentials_of(session))
    app.is_live = True
    return app


async def to_connections(pilot: Pilot[ExitCode]) -> None:
    await pilot.press("enter")
    await settled(pilot)


def test_a_run_of_files_is_listed_by_its_method_where_there_is_no_old_cluster() -> None:
    card = RunSummary(run="4FLS", method=MethodName.INDEX_FROM_SOURCE, destination="https://new:9200", is_live=True)
    session = sample.FRESH.but(runs=(card,))
    text = "\n".join(line.plain for line in lines_of(there_is(session, Canvas(80), 1, sample.NOW)))
    assert "Index from the source → https://new:9200" in text


async def test_back_keeps_what_was_typed(world: World) -> None:
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        await pilot.press(*"https://old:9200", "tab", "tab", *"me", "tab", *SECRET)
        await pilot.press("escape")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert app.screen.query_one("#source-address", PlainInput).value == "https://old:9200"
        assert app.screen.query_one("#source-user", PlainInput).value == "me"
        assert app.screen.query_one("#source-secret", SecretInput).value == SECRET


async def test_a_prefilled_wizard_tests_both_connections_at_once(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        assert [app.session.source.test, app.session.destination.test] == [ConnectionTest.GOOD, ConnectionTest.GOOD]
        assert "prod-logs" in shown(app)


async def test_a_connection_that_fails_says_why_and_can_be_tried_again(world: World) -> None:
    world.troubles["connect"] = TROUBLE
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        assert "not reached: The line is cut." in shown(app)
        assert "Mend it." in shown(app)
        world.troubles.clear()
        await pilot.press("ctrl+t")
        await settled(pilot)
        assert app.session.source.test is ConnectionTest.GOOD


async def test_a_connection_that_never_answers_can_be_left_and_is_then_not_tested(world: World) -> None:
    world.hangs = True
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "connecting to" in shown(app)
        assert "the source is being tested" in shown(app)
        await pilot.press("escape")
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "method"
        assert [app.session.source.test, app.session.destination.test] == [
            ConnectionTest.NOT_YET,
            ConnectionTest.NOT_YET,
        ]


async def test_the_clusters_are_let_go_at_the_end(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
    assert world.source.closed == ["prod-logs"]
    assert world.destination.closed == ["logs-2026"]


async def test_without_colour_everything_is_still_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = opened(world, "preflight-blocked")
    app.is_live = False
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "✗ blocks" in shown(app)
        colours = {
            segment.style.color.name
            for strip in app.screen._compositor.render_strips(app.screen.size)
            for segment in strip.apply_filter(app._filters[-1], app.screen.background_colors[1])
            if segment.style is not None and segment.style.color is not None
        }
    assert colours == {"default"}


async def test_an_edited_address_has_to_be_tested_again(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        await pilot.press("x")
        assert app.session.source.test is ConnectionTest.NOT_YET
        assert "not tested yet" in shown(app)


async def test_an_address_with_a_password_in_it_is_refused_in_a_sentence(world: World) -> None:
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        await pilot.press(*"http://me:secret@old:9200", "ctrl+t")
        await settled(pilot)
        assert app.session.source.problem is not None
        assert app.session.source.problem.what.startswith("The address carries a password")
        assert "incomplete: The address" in shown(app)


async def test_a_fingerprint_is_pinned_only_after_it_was_compared(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        await pilot.press("tab", "tab", "tab", "tab", "tab", "space", "space")
        await pilot.press("ctrl+t")
        await settled(pilot)
        assert "9F:2C:41" in shown(app)
        assert "not tested yet" in shown(app)
        before = len(world.connected)
        await pilot.press("tab", "space")
        await settled(pilot)
        assert app.session.source.test is ConnectionTest.GOOD
        assert world.connected[before][0].trust.fingerprint == "9f2c41" + "00" * 29


async def test_a_secret_in_the_keyring_need_not_be_typed(world: World) -> None:
    world.vault_word = sample.KEYRING
    world.kept = sample.credentials_of(sample.TYPED)[next(iter(sample.credentials_of(sample.TYPED)))]
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        await pilot.press(*"http://elastic@old:9200", "ctrl+t")
        await settled(pilot)
        assert app.session.source.test is ConnectionTest.GOOD


async def test_remember_asks_the_keyring_only_after_the_test_was_good(world: World) -> None:
    world.vault_word = sample.KEYRING
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        assert not world.remembered
        await pilot.press("tab", "tab", "tab", "tab", "space", "ctrl+t")
        await settled(pilot)
        assert [connection.endpoint.host for connection in world.remembered] == ["old.example.org"]
        assert "remembered: Secret Service, unlocked" in shown(app)


async def test_the_keyrings_sentence_stands_there_before_a_secret_is_typed(world: World) -> None:
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        assert "There is no keyring on this" in shown(app)


async def test_checks_that_cannot_be_made_say_so_and_can_be_asked_again(world: World) -> None:
    world.troubles["preflight"] = TROUBLE
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert "The line is cut." in shown(app)
        world.troubles.clear()
        await pilot.press("r")
        await settled(pilot)
        assert app.session.checking.problem is None


async def test_a_blocker_stops_next_and_says_so(world: World) -> None:
    world.findings = (sample.BLOCKED_FINDING,)
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        await pilot.press("ctrl+n")
        await settled(pilot)
        await pilot.press("space", "right")
        await settled(pilot)
        assert "Next is not possible yet: 1 check blocks." in shown(app)


async def test_a_warning_is_accepted_with_space(world: World) -> None:
    world.findings = (sample.WARNINGS[0],)
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert "accept 1 warning" in shown(app)
        await pilot.press("space")
        assert app.session.draft.accepted == {sample.WARNINGS[0].key}
        await pilot.press("right")
        await settled(pilot)
        assert "goes to" in shown(app)


async def test_the_text_of_a_fix_is_copied_and_that_is_said(world: World) -> None:
    app = opened(world, "preflight-blocked")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        assert app.clipboard == sample.BLOCKED_FINDING.copy
        assert "Copied." in shown(app)


async def test_definitions_that_cannot_be_read_leave_the_selection_as_it_was(world: World) -> None:
    world.source = Seen(sample.OLD_FACTS, sample.INDICES, trouble=TROUBLE)
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await to_connections(pilot)
        await pilot.press("ctrl+n")
        await settled(pilot)
        await pilot.press("right")
        await settled(pilot)
        await pilot.press("space", "right")
        await settled(pilot)
        assert "The line is cut." in shown(app)
        assert len(app.session.draft.selected) == 1


async def test_nothing_chosen_keeps_the_selection_from_going_on(world: World) -> None:
    app = opened(world, "selection-nothing")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right")
        assert "Next is not possible yet: nothing is chosen." in shown(app)


async def test_the_filter_follows_each_key_and_a_takes_only_what_it_shows(world: World) -> None:
    app = opened(world, "selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"/01.0[12]$/", "enter", "i", "a")
        assert app.session.draft.selected == ("logs-2026.01.01", "logs-2026.01.02", "orders")
        await pilot.press("a")
        assert set(app.session.draft.selected) == {"orders"}


async def test_a_closed_index_is_not_chosen_and_says_why(world: World) -> None:
    app = opened(world, "selection-filtered")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "down", "space")
        assert "It cannot be chosen: open it first." in shown(app)
        assert "logs-2026.01.04" not in app.session.draft.selected


async def test_another_name_is_taken_only_if_elasticsearch_would_take_it(world: World) -> None:
    app = opened(world, "selection-filtered")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("up", "e", *"/Bad", "enter")
        assert "only small letters" in shown(app)
        await pilot.press("ctrl+u", *"new-name", "enter")
        await settled(pilot)
        assert app.session.draft.renamed == {"logs-2026.01.01": "new-name"}


async def test_a_plan_that_cannot_be_made_says_why(world: World) -> None:
    world.troubles["plan"] = TROUBLE
    app = opened(world, "review-no-plan")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "There is no plan: The line is cut." in shown(app)
        await pilot.press("tab", "enter")
        assert "Next is not possible yet: there is no plan." in shown(app)


async def test_a_plan_that_could_not_be_made_is_made_on_the_way_back_to_it(world: World) -> None:
    world.troubles["plan"] = TROUBLE
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        for keys in (["enter"], ["ctrl+n"], ["right"], ["a", "right"], ["right"]):
            await pilot.press(*keys)
            await settled(pilot)
        assert "There is no plan: The line is cut." in shown(app)
        world.troubles.clear()
        await pilot.press("escape")
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "selection"
        await pilot.press("space", "right")
        await settled(pilot)
        await pilot.press("right")
        await settled(pilot)
        assert "In this order" in shown(app)


async def test_enter_on_the_review_goes_back_since_that_is_the_safe_button(world: World) -> None:
    app = opened(world, "review")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "selection"
        assert not world.begun


async def test_a_run_that_cannot_be_started_leaves_the_review_usable(world: World) -> None:
    world.troubles["begin"] = TROUBLE
    app = opened(world, "review")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "enter")
        await settled(pilot)
        assert "Not started: The line is cut. Mend it." in shown(app)
        world.troubles.clear()
        await pilot.press("enter")
        await settled(pilot)
        assert len(world.begun) == 1


@pytest.fixture
def may_begin(world: World, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """What the beginning of a run waits for."""
    event, begin = asyncio.Event(), world.begin

    async def slowly(*given: Any) -> str:  # noqa: ANN401  # as the door has it
        await event.wait()
        return await begin(*given)

    monkeypatch.setattr(world, "begin", slowly)
    return event


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_a_run_that_is_being_started_is_never_lost_sight_of(
    world: World, may_begin: asyncio.Event, key: str
) -> None:
    app = opened(world, "review")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "enter", key)
        await pilot.pause()
        assert not world.begun
        may_begin.set()
        await settled(pilot)
        assert app.session.run == "7K2P"
        assert app.step is app.screen
        assert app.step.STEP == "run"
    assert len(world.begun) == 1


async def test_a_run_that_could_not_be_started_says_so_wherever_one_is_by_then(
    world: World, may_begin: asyncio.Event
) -> None:
    world.troubles["begin"] = TROUBLE
    app = opened(world, "review")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", "enter", "escape")
        await pilot.pause()
        may_begin.set()
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "selection"
        assert "Not started: The line is cut. Mend it." in shown(app)


async def test_the_plan_is_written_with_w_and_the_command_for_it_is_shown(world: World) -> None:
    app = opened(world, "review")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("w", "pagedown")
        await settled(pilot)
        assert "esmigrate run /tmp/plan.toml" in shown(app)


async def test_a_run_that_stopped_half_way_is_taken_up_from_the_start(world: World) -> None:
    world.cards = (RunSummary(run="3MXD", fraction=0.3),)
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert world.taken_up == ["3MXD"]


async def test_runs_that_cannot_be_taken_up_say_why_on_the_start(world: World) -> None:
    world.cards = (RunSummary(run="3MXD", fraction=0.3),)
    world.troubles["resume"] = TROUBLE
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert "The line is cut. Mend it." in shown(app)


@pytest.mark.parametrize("scene", ["preflight-passed", "selection", "review"])
async def test_leaving_asks_first_and_the_safe_answer_has_the_focus(world: World, scene: str) -> None:
    app = opened(world, scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        assert "Leave?" in shown(app)
        await pilot.press("enter")
        assert "Leave?" not in shown(app)
        await pilot.press("q", "tab", "enter")
        await settled(pilot)
    assert app.return_code == 0


async def test_every_step_has_a_help_page_that_closes_again(world: World) -> None:
    for scene in ("start", "method", "preflight-passed", "selection", "review", "run", "finish"):
        app = opened(world, scene)
        app.is_live = False
        async with app.run_test(size=(80, 24)) as pilot:
            before = shown(app)
            await pilot.press("question_mark")
            await pilot.pause()
            assert "Esc close" in shown(app)
            await pilot.press("escape")
            await pilot.pause()
            assert shown(app) == before


async def test_a_step_that_lies_behind_is_reached_by_a_click_on_the_rail(world: World) -> None:
    app = opened(world, "selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click("RailLine", offset=(25, 0))
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "connections"


async def test_next_in_the_footer_can_be_clicked(world: World) -> None:
    app = opened(world, "method")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click("FootLine", offset=(77, 0))
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "connections"


async def test_a_hostile_name_is_only_text(world: World) -> None:
    index = IndexFacts(name=sample.HOSTILE_NAME, documents=1)
    session = sample.PASSED.answered(source_indices=(index,))
    app = WizardApp(world.services(), opening=(session, "selection"))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "[/x] [@click=" in shown(app)
        await pilot.click("#board", offset=(8, 0))
        assert app.is_running
        assert app.session.draft.selected == (sample.HOSTILE_NAME,)


async def test_a_trouble_is_told_to_its_end_where_there_is_no_keyring(world: World) -> None:
    word = VaultReport(state=VaultState.ABSENT, place="", sentence="There is no keyring here, over SSH. " * 5)
    why = "The name server does not know it, or there is no network."
    todo = "Look at the spelling; inside a VPN or a container network, is this machine in it? Yes or no."
    trouble = Problem(cause=Cause.CONNECTION, what="The name of old:9200 is not known here.", why=why, todo=todo)
    session = sample.TYPED.but(vault=word).with_form(Side.SOURCE, test=ConnectionTest.BAD, problem=trouble)
    app = WizardApp(world.services(), opening=(session, "connections"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "Yes or no." in shown(app)
