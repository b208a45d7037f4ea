"""A finding that is put right with a key: shown first, asked for, said, and never lost sight of."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.flow.preflight import Remedy, fixing, remedies
from esmigrate_tui.flow.session import AppliedChange, way_back
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.draw import Canvas
from esmigrate_tui.wizard.screens.finish import to_do
from esmigrate_tui.wizard.screens.preflight import PreflightScreen, _fixed, found
from tests.pictures import sample_values as sample
from tests.wizard.world import lines_of, settled, shown

if TYPE_CHECKING:
    from esmigrate_tui.flow.session import Session
    from tests.wizard.world import World

RAISE, OPEN = sample.TOO_MANY_SHARDS, sample.CLOSED_INDICES
REFRESHED = AppliedChange(what="the index orders is refreshed", name="5QWA", back="", repaired=Side.SOURCE)
RAISED = AppliedChange(what="the limit is 1022", name="5QWA", repaired=Side.DESTINATION)
OPENED = AppliedChange(what="the index orders is opened", name="5QWA", repaired=Side.SOURCE)
LOST = ProblemError(Problem(cause=Cause.UNKNOWN_OUTCOME, what="The line broke before the answer.", todo="Look."))
REFUSED = ProblemError(Problem(cause=Cause.PRIVILEGES, what="You may not open it.", todo="Ask somebody who may."))


def preflight(world: World, *findings: Finding, session: Session = sample.CONNECTED) -> WizardApp:
    """The wizard at a preflight that has found these."""
    world.findings = findings
    app = WizardApp(world.services(), opening=(session, "preflight"), credentials=sample.credentials_of(session))
    app.is_live = True
    app.clusters = {Side.SOURCE: world.source, Side.DESTINATION: world.destination}
    return app


def explained(finding: Finding, session: Session = sample.CONNECTED) -> str:
    drawn = found(session.answered(findings=(finding,)), Canvas(80), 0, sample.NOW)
    return "\n".join(line.plain for line in lines_of(drawn)[: drawn.ends[0]])


# -- what is offered -------------------------------------------------------------------------------------------------


def test_a_finding_offers_to_be_put_right_only_where_it_carries_how() -> None:
    assert remedies(RAISE, sample.CONNECTED) == (Remedy.FIX,)
    assert remedies(sample.WARNINGS[0], sample.CONNECTED) == ()
    assert "x applies the fix" in explained(RAISE)
    assert "x applies the fix" not in explained(sample.WARNINGS[0])


@pytest.mark.parametrize(
    ("method", "severity", "is_offered"),
    [
        (MethodName.REINDEX_FROM_REMOTE, Severity.BLOCKER, True),
        (MethodName.REINDEX_FROM_REMOTE, Severity.WARNING, False),
        (MethodName.COPY_THROUGH_HERE, Severity.BLOCKER, False),
    ],
)
def test_copying_through_here_is_offered_where_a_reindex_cannot_reach_the_source(
    method: MethodName, severity: Severity, *, is_offered: bool
) -> None:
    finding = msgspec.structs.replace(sample.BLOCKED_FINDING, severity=severity)
    session = sample.CONNECTED.answered(method=method)
    assert (Remedy.COPY_HERE in remedies(finding, session)) is is_offered
    assert ("m uses Copy through this machine instead" in explained(finding, session)) is is_offered


def test_the_question_says_where_how_many_and_whether_it_can_be_put_back() -> None:
    title, said = fixing(OPEN)
    assert title == "Apply this fix on the source?"
    assert said[1].startswith("2 requests to the source, one after the other. Each is written in a ledger first")
    assert "`esmigrate cleanup` reverts it, by the request that stands below it." in said[1]
    for_good = msgspec.structs.replace(RAISE.repairs[0], undo=None)
    assert "there is nothing to revert after it" in fixing(msgspec.structs.replace(RAISE, repairs=(for_good,)))[1][1]


@pytest.mark.parametrize(
    ("repairs", "sentence"),
    [
        ([RAISED], "`esmigrate cleanup 5QWA` reverts it."),
        ([RAISED, OPENED], "`esmigrate cleanup 5QWA` reverts them."),
        ([RAISED, REFRESHED], "`esmigrate cleanup 5QWA` reverts what can be."),
        ([REFRESHED], ""),
    ],
)
def test_the_way_back_is_said_as_far_as_there_is_one(repairs: list[AppliedChange], sentence: str) -> None:
    assert way_back("5QWA", repairs) == sentence


def test_the_end_of_a_run_lists_what_was_put_right_before_it_once() -> None:
    ended = Progress(outcome=RunOutcome.VERIFIED, method=MethodName.COPY_THROUGH_HERE)
    things = to_do(ended, (RAISED, OPENED, REFRESHED))
    assert [thing for thing in things if "cleanup" in thing] == [
        "esmigrate cleanup 5QWA reverts: the limit is 1022, the index orders is opened"
    ]
    assert "keep or delete the source: revert first what was changed on it" in things


# -- with the key ----------------------------------------------------------------------------------------------------


async def test_nothing_is_changed_before_one_says_yes(world: World) -> None:
    app = preflight(world, OPEN)
    async with app.run_test(size=(80, 40)) as pilot:
        await settled(pilot)
        await pilot.press("x")
        page = shown(app)
        await pilot.press("enter")
        await settled(pilot)
    for line in ("POST /logs-2026.01.02/_open", "POST /logs-2026.01.02/_close", "POST /orders/_open"):
        assert line in page
    assert "The request, to old.example.org:9243" in page
    assert world.changes == []
    assert app.session.made == ()


async def test_what_is_put_right_is_said_and_the_checks_look_again(world: World) -> None:
    app = preflight(world, OPEN)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        world.findings = (sample.WARNINGS[1],)
        await pilot.press("x", "tab", "enter")
        await settled(pilot)
        assert "done    the index logs-2026.01.02 is opened, the index orders is opened" in shown(app)
        assert "`esmigrate cleanup 5QWA` reverts them." in shown(app)
        assert app.session.draft.findings == world.findings
    assert [change for _, change in world.changes] == list(OPEN.repairs)
    assert len(world.checked) == 2


async def test_all_that_is_put_right_is_put_back_by_one_name(world: World) -> None:
    app = preflight(world, RAISE)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        world.findings = (OPEN,)
        await pilot.press("x", "tab", "enter")
        await settled(pilot)
        await pilot.press("x", "tab", "enter")
        await settled(pilot)
        await pilot.press("q")
        assert "`esmigrate cleanup 5QWA` reverts them." in " ".join(shown(app).split())
        await pilot.press("tab", "enter")
    assert world.folders == ["", "5QWA", "5QWA"]
    told = "cluster.max_shards_per_node is 1022, the index logs-2026.01.02 is opened, the index orders is opened"
    assert app.farewell == (f"You had this fixed: {told}. `esmigrate cleanup 5QWA` reverts them.",)


async def test_a_refused_change_ends_in_its_sentence_and_what_was_made_before_it_stays_said(world: World) -> None:
    world.troubles[OPEN.repairs[1].what] = REFUSED
    app = preflight(world, OPEN)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("x", "tab", "enter")
        await settled(pilot)
        page = shown(app)
        assert app.step is not None
        assert app.step.STEP == "preflight"
    assert "done    the index logs-2026.01.02 is opened" in page
    assert "failed  the index orders is opened" in page
    assert "You may not open it." in page
    assert "Ask somebody who may." in page
    assert [made.what for made in app.session.made] == [OPEN.repairs[0].what]
    assert app.session.unsure == ()


async def test_a_change_whose_answer_was_lost_is_not_said_to_be_nothing(world: World) -> None:
    world.troubles["change"] = LOST
    app = preflight(world, RAISE)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("x", "tab", "enter")
        await settled(pilot)
        await pilot.press("q")
        question = " ".join(shown(app).split())
    told = (
        "Whether this was done is not known: cluster.max_shards_per_node is 1022. If it was, `esmigrate status` "
        "lists it."
    )
    assert app.to_revert() == (told,)
    assert told in question
    assert "Nothing has been changed" not in question


async def test_what_was_begun_goes_on_when_one_goes_back_to_the_clusters_it_was_meant_for(world: World) -> None:
    world.holds_back = asyncio.Event()
    app = preflight(world, OPEN)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("x", "tab", "enter")
        await pilot.pause()
        assert "fixing 1 of 2: the index logs-2026.01.02 is opened" in shown(app)
        assert BY_NAME["preflight"].may_go_on(app.session) == "a fix is being applied"
        assert any("the index logs-2026.01.02 is opened" in sentence for sentence in app.to_revert())
        await pilot.press("left")
        await pilot.pause()
        app.update(app.session.answered(destination=sample.OLD))
        world.holds_back.set()
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "connections"
    assert [plan.destination for plan, _ in world.changes] == [sample.NEW, sample.NEW]
    assert len(app.session.made) == 2
    assert app.session.draft.findings == ()


async def test_a_screen_that_one_comes_back_to_while_it_ends_looks_by_itself(world: World) -> None:
    app = preflight(world, RAISE)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("left")
        await settled(pilot)
        app.go("preflight")
        while not isinstance(app.step, PreflightScreen):  # noqa: ASYNC110  # before anybody could tell
            await asyncio.sleep(0)
        assert not app.step.is_mounted
        await _fixed(app, msgspec.structs.replace(RAISE, repairs=()))
        await settled(pilot)
        assert app.session.checking.looked_at is not None
    assert len(world.checked) == 2


async def test_what_cannot_be_put_right_from_here_says_so(world: World) -> None:
    app = preflight(world, sample.WARNINGS[1])
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("x")
        assert "This cannot be fixed from here" in shown(app)
        await pilot.press("m")
        assert "That is for where the destination may not fetch from the source" in shown(app)
    assert app.session.draft.method is MethodName.REINDEX_FROM_REMOTE


async def test_both_can_be_done_by_name_in_the_palette(world: World) -> None:
    app = preflight(world, RAISE)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        titles = [command.title for command in app.get_system_commands(app.screen)]
    assert {"Fix  (x)", "Copy here  (m)"} <= set(titles)


async def test_copying_through_here_keeps_every_answer_and_looks_again(world: World) -> None:
    session = sample.CONNECTED.answered(selected=("orders",), renamed={"orders": "shop"})
    app = preflight(world, sample.BLOCKED_FINDING, session=session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        world.findings = (sample.WARNINGS[1],)
        await pilot.press("m")
        await settled(pilot)
        assert "The method is Copy through this machine now" in shown(app)
        assert app.session.draft.unaccepted == world.findings
    draft = app.session.draft
    assert draft.method is MethodName.COPY_THROUGH_HERE
    assert (draft.source, draft.destination) == (sample.OLD, sample.NEW)
    assert (draft.selected, draft.renamed) == (("orders",), {"orders": "shop"})
    assert [each.method for each in world.checked] == [MethodName.REINDEX_FROM_REMOTE, MethodName.COPY_THROUGH_HERE]
    assert app.session.checking.checked == ("orders→shop",)
