"""The board of a run: what it shows, what it tells the run, and how one leaves it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.engine.journal import RunUpdate
from esmigrate_tui.model.carried import CarryOutcome, DefinitionKind
from esmigrate_tui.model.command import PauseRun, ResumeRun, SetPace, SkipTask, StopRun
from esmigrate_tui.model.event import (
    CarriedOver,
    Paused,
    RunFinished,
    RunOutcome,
    RunStarted,
    TaskSummary,
)
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.screens.run import RunScreen
from esmigrate_tui.wizard.widgets.board import Board
from tests.pictures import sample_values as sample
from tests.wizard.world import settled, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.wizard.world import World

PAINTED = 0.8
"""Seconds in which the board has surely painted what came."""


async def test_a_run_that_is_followed_shows_what_its_journal_says(world: World) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        assert "51 %" in shown(app)
        assert "3 rejected" in shown(app)


async def test_leaving_a_run_detaches_and_says_so(world: World) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        await pilot.press("escape")
        await pilot.pause()
    assert app.return_code == ExitCode.DETACHED
    assert app.farewell == ("Run 7K2P continues without this screen. `esmigrate attach 7K2P` shows it again.",)
    assert not world.commands


async def test_a_run_that_has_finished_shows_the_finish_and_its_exit_code(world: World) -> None:
    world.events = (*sample.RUN_EVENTS, RunFinished(at=sample.NOW, outcome=RunOutcome.INCOMPLETE))
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        await settled(pilot)
        assert "Not everything arrived" in shown(app)
        assert "/runs/7K2P/report.md" in shown(app)
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == ExitCode.INCOMPLETE


async def test_a_run_that_ends_under_an_open_page_is_at_its_finish_once_that_is_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = asyncio.Event()

    async def follow(run: str) -> AsyncIterator[RunUpdate]:
        del run
        going_on = Progress().after_all(sample.RUN_EVENTS)
        yield RunUpdate([*sample.RUN_EVENTS], going_on)
        await may_end.wait()
        end = RunFinished(at=sample.NOW, outcome=RunOutcome.INCOMPLETE)
        yield RunUpdate([end], going_on.after(end))

    monkeypatch.setattr(world, "follow", follow)
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        may_end.set()
        await settled(pilot)
        board, page = app.step, app.screen
        assert isinstance(board, RunScreen)
        await board._tick()
        await settled(pilot)
        assert app.session.progress.is_finished
        assert app.screen is page
        await pilot.press("escape")
        await board._tick()
        await settled(pilot)
        assert "Not everything arrived" in shown(app)


REFUSED = Problem(cause=Cause.PRIVILEGES, what="The user may not do that.", todo="Grant manage_pipeline.")


async def test_the_finish_says_what_was_carried_over_and_what_was_not(world: World) -> None:
    progress = sample.FINISHED.progress
    for kind, fate, problem in (
        (DefinitionKind.TEMPLATE, CarryOutcome.MADE, None),
        (DefinitionKind.PIPELINE, CarryOutcome.REFUSED, REFUSED),
    ):
        event = CarriedOver(at=sample.NOW, kind=kind, name="logs", fate=fate, problem=problem)
        progress = progress.after(event)
    tasks = tuple(msgspec.structs.replace(task, later={"index.lifecycle.name": "keep"}) for task in sample.PLAN.tasks)
    plan = msgspec.structs.replace(sample.PLAN, tasks=tasks)
    app = WizardApp(world.services(), opening=(sample.FINISHED.but(progress=progress, plan=plan), "finish"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        lines = shown(app)
        assert "Carried over 1 made; 1 refused" in lines
        assert "ingest pipeline logs: refused. The user may not do that." in lines
        assert "make what is not made beside the indices: esmigrate resume" in lines
        assert "3  give 2 indices pipelines and lifecycles again: see the report" in lines
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == ExitCode.INCOMPLETE


async def test_a_run_whose_process_is_gone_is_taken_up_with_r(world: World) -> None:
    world.events = sample.RUN_EVENTS
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        assert "The process of this run has ended" in shown(app)
        await pilot.press("r")
        await pilot.pause()
        assert world.taken_up == ["7K2P"]


async def test_a_journal_that_cannot_be_read_is_a_sentence(world: World) -> None:
    world.troubles["follow"] = ProblemError(Problem(cause=Cause.MISSING, what="There is no run 7K2P."))
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        assert "There is no run 7K2P." in shown(app)


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        (("p",), PauseRun()),
        (("minus",), SetPace(requests_per_second=5_000.0)),
        (("plus",), SetPace(requests_per_second=0.0)),
        (("down", "k", "tab", "enter"), SkipTask(task=13)),
        (("ctrl+x", "tab", "enter"), StopRun()),
    ],
)
async def test_a_key_tells_the_run_what_to_do(world: World, keys: tuple[str, ...], command: object) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        await pilot.press(*keys)
        await pilot.pause()
        assert world.commands == [command]


async def test_the_cursor_stays_with_its_index_when_the_order_changes(world: World) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        await pilot.press("down")
        app.update(app.session.but(progress=sample.WAITED.progress))
        await pilot.press("k", "tab", "enter")
        await pilot.pause()
        assert world.commands == [SkipTask(task=13)]


@pytest.mark.parametrize("key", ["p", "r"])
async def test_a_key_lets_a_paused_run_go_on(world: World, key: str) -> None:
    world.events, world.ends = (*sample.RUN_EVENTS, Paused(at=sample.NOW)), False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        await pilot.press(key)
        await pilot.pause()
        assert world.commands == [ResumeRun()]


@pytest.mark.parametrize("keys", [("ctrl+x", "enter"), ("ctrl+x", "escape"), ("down", "k", "enter")])
async def test_nothing_is_stopped_by_the_answer_that_has_the_focus(world: World, keys: tuple[str, ...]) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        await pilot.press(*keys)
        await pilot.pause()
        assert not world.commands
        assert app.is_running


async def test_a_command_that_cannot_be_given_says_why(world: World) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    world.troubles["command"] = ProblemError(Problem(cause=Cause.STATE, what="The journal is read-only."))
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        await pilot.press("p")
        await pilot.pause()
        assert "The journal is read-only." in shown(app)


async def test_a_hostile_index_name_stays_text_on_the_board(world: World) -> None:
    summary = TaskSummary(number=1, source_index=sample.HOSTILE_NAME, destination_index="x", documents=3)
    began = RunStarted(
        at=sample.NOW, run="7K2P", method=MethodName.REINDEX_FROM_REMOTE, source="a", destination="b", tasks=(summary,)
    )
    world.events, world.ends = (began,), False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        assert "[/x] [@click=app" in shown(app)
        await pilot.click("#board", offset=(8, 0))
        await pilot.press("enter")
        await pilot.pause()
        assert sample.HOSTILE_NAME in shown(app)
        assert app.is_running


async def test_nothing_is_painted_while_nothing_happens_and_no_second_goes_by(world: World) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        paints = 0
        assert app.step is not None
        paint = app.step.paint

        def counting(session: object) -> None:
            nonlocal paints
            paints += 1
            paint(session)  # type: ignore[arg-type]

        app.step.paint = counting  # type: ignore[method-assign]
        await pilot.pause(1.2)
        assert paints == 0  # the clock of this test stands still


async def test_a_terminal_without_room_asks_for_it_and_shows_the_run_in_a_line(world: World) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause(PAINTED)
        assert "More room, please: 80x24 at least, this is 60x10." in shown(app)
        assert "run 7K2P: 51 %" in shown(app)


async def test_what_is_done_folds_into_a_line_that_opens(world: World) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        await pilot.press("end")
        await pilot.pause()
        assert "11 verified   f shows them" in shown(app)
        assert "logs-2026.01.03  verified" not in " ".join(shown(app).split())
        await pilot.press("enter", "end")
        await pilot.pause()
        assert "f shows them" not in shown(app)
        assert "logs-2026.01.11" in shown(app)


async def test_the_cursor_stays_on_the_line_of_what_is_done(world: World) -> None:
    world.events, world.ends = sample.RUN_EVENTS, False
    app = world.app(follow="7K2P")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(PAINTED)
        await pilot.press("end")
        board = app.screen.query_one(Board)
        at = board.cursor
        assert app.step is not None
        app.step.show()
        assert at == board.sheet.items - 1
        assert board.cursor == at
