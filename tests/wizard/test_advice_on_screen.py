"""Where a method is chosen and both clusters are known: what is said of each, and that it holds nobody up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.flow.session import AdviceState
from esmigrate_tui.methods.advice import AdviceInput
from esmigrate_tui.methods.recommendation import advise
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.wizard.draw import Canvas
from esmigrate_tui.wizard.screens.method import offered
from tests.pictures import sample_values as sample
from tests.wizard.world import lines_of, settled, shown

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from esmigrate_tui.model.outcome import ExitCode
    from tests.wizard.world import World


async def back_from_connections(pilot: Pilot[ExitCode]) -> None:
    """Connect to both, and come back to the methods."""
    await pilot.press("enter")
    await settled(pilot)
    await pilot.press("escape")
    await settled(pilot)


async def test_before_anything_is_known_nobody_is_asked(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert not world.advised
        assert "needs source and destination" in shown(app)


async def test_coming_back_shows_which_method_to_prefer_and_why(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await back_from_connections(pilot)
        assert app.session.advice is not None
        assert "recommended, " in shown(app)


async def test_two_clusters_are_asked_about_once(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await back_from_connections(pilot)
        await back_from_connections(pilot)
    assert len(world.advised) == 1


async def test_names_of_a_snapshot_say_nothing_of_the_source(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        app.update(app.session.answered(selected=("orders", "only-in-a-snapshot")))
        await pilot.press("escape")
        await settled(pilot)
    assert world.advised[0].selected == ("orders",)


async def test_an_advice_that_cannot_be_had_leaves_the_choice_open(world: World) -> None:
    world.troubles["advise"] = ProblemError(Problem(cause=Cause.CONNECTION, what="The line is cut."))
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await back_from_connections(pilot)
        await pilot.press("end")
        assert "Which way fits could not be found out: The line is cut." in " ".join(shown(app).split())
        await pilot.press("enter")
        await settled(pilot)
        assert app.step is not None
        assert app.step.STEP == "connections"


async def test_one_may_choose_while_the_clusters_are_still_looked_at(world: World) -> None:
    app = world.demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        world.hangs = True
        await pilot.press("escape")
        await settled(pilot)
        assert "looking which way fits" in shown(app)
        await pilot.press("down", "up", "enter")
        await pilot.pause()
        await pilot.pause()
        assert app.step is not None
        assert app.step.STEP == "connections"
        assert app.session.advising == AdviceState()


def test_a_closed_method_says_why_wherever_the_cursor_is() -> None:
    older = AdviceInput(
        source=msgspec.structs.replace(sample.OLD_FACTS, version=Version(9, 1, 0)),
        destination=sample.NEW_FACTS,
        indices=sample.INDICES,
    )
    between = (sample.OLD_FACTS.uuid, sample.NEW_FACTS.uuid)
    session = sample.CONNECTED.but(advising=AdviceState(advice=advise(older), between=between))
    first = [method.name for method in session.methods].index(MethodName.INDEX_FROM_SOURCE)
    text = "\n".join(line.plain for line in lines_of(offered(session, Canvas(80), first)))
    assert "closed here" in text
    assert "The destination (7.17.28) is older than the source (9.1.0)." in text


def test_an_advice_holds_for_its_two_clusters_alone() -> None:
    other = msgspec.structs.replace(sample.OLD_FACTS, uuid="another")
    session = sample.ADVISED.answered(source_facts=other)
    assert sample.ADVISED.advice is not None
    assert session.advice is None
