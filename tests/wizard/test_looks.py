"""The two looks: calm and of more contrast. Both are readable on black, on white, and without any colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.model.event import SlowReason
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.draw import Canvas
from esmigrate_tui.wizard.screens.run import amount, below, by_attention, totals
from esmigrate_tui.wizard.widgets.lines import TextLines
from tests.pictures import sample_values as sample
from tests.pictures.sample_values import BY_NAME, PICTURE_SERVICES, credentials_of
from tests.wizard.world import settled, shown

if TYPE_CHECKING:
    from rich.color import Color
    from rich.style import Style

    from esmigrate_tui.flow.session import Session
    from tests.wizard.world import World

ON_ANY_BACKGROUND = {"default", "cyan", "red", "green", "grey"}
"""Colours of the terminal's own palette that can be read on black and on white; white, yellow and blue cannot."""
NAMES = {1: "red", 2: "green", 6: "cyan", 8: "grey"}


def styles(app: WizardApp) -> set[Style]:
    """How what is on the screen is painted."""
    strips = app.screen._compositor.render_strips(app.screen.size)
    return {segment.style for strip in strips for segment in strip if segment.style is not None}


def named(colour: Color | None) -> str:
    """A colour by the name of its place in the palette; one that is no place in it as it is."""
    if colour is None or colour.is_default:
        return "default"
    return NAMES.get(colour.number if colour.number is not None else -1, colour.name)


def colours(app: WizardApp) -> tuple[set[str], set[str]]:
    """The colours that are on the screen, of letters and of what is behind them."""
    each = styles(app)
    return {named(style.color) for style in each}, {named(style.bgcolor) for style in each}


def app_of(name: str, *, has_contrast: bool = False) -> WizardApp:
    scene = BY_NAME[name]
    return WizardApp(
        PICTURE_SERVICES,
        credentials=credentials_of(scene.session),
        opening=(scene.session, scene.step),
        has_contrast=has_contrast,
    )


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("method", ("ctrl+p",)),  # the palette
        ("run", ("ctrl+p", "p", "a", "down")),
        ("connections-refused", ()),
        ("connections-compare", ("ctrl+n",)),
        ("preflight-blocked", ()),
        ("preflight-mend-asked", ()),
        ("selection-details", ()),
        ("selection-options", ()),
        ("definition-changed", ()),
        ("definition-wrong", ()),
        ("repository-form", ()),
        ("snapshot-new", ()),
        ("restore-delete", ("x",)),
        ("mapping-json", ("shift+down",)),
        ("sent", ()),
        ("run-waiting", ()),
        ("run-stop", ()),
        ("finish-incomplete", ()),
        ("help", ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_nothing_is_painted_in_a_colour_that_vanishes_on_black_or_on_white(
    name: str, more: tuple[str, ...]
) -> None:
    app = app_of(name)
    async with app.run_test(size=BY_NAME[name].size) as pilot:
        await pilot.press(*BY_NAME[name].press, *more)
        await settled(pilot)
        letters, behind = colours(app)
    assert letters <= ON_ANY_BACKGROUND
    assert behind <= {"default"}


async def test_more_contrast_dims_nothing_and_has_red_alone(world: World) -> None:
    del world
    app = app_of("run-waiting", has_contrast=True)
    async with app.run_test(size=(80, 24)):
        letters, behind = colours(app)
        assert not any(style.dim for style in styles(app))
    assert letters <= {"default", "red"}
    assert behind <= {"default"}


@pytest.mark.parametrize(
    "name", ["help", "run-stop", "restore-delete", "mapping-type", "mapping-json", "selection-settings"]
)
async def test_more_contrast_is_one_key_away_under_whatever_lies_over_a_step(name: str) -> None:
    app = app_of(name)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*BY_NAME[name].press)
        await settled(pilot)
        over = app.screen
        assert over is not app.step
        assert any(style.dim for style in styles(app))
        await pilot.press("f2")
        await settled(pilot)
        assert app.screen is over
        assert not any(style.dim for style in styles(app))
        await pilot.press("f2")
        await settled(pilot)
        assert any(style.dim for style in styles(app))


async def test_the_look_that_is_chosen_is_kept_for_the_next_start(world: World) -> None:
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f2")
        await settled(pilot)
        assert world.contrasts == [True]
        await pilot.press("f2")
        await settled(pilot)
    assert world.contrasts == [True, False]


async def test_a_look_that_cannot_be_kept_holds_and_says_so(world: World) -> None:
    trouble = Problem(cause=Cause.STATE, what="It holds until you leave: no room.")
    world.troubles["keep_contrast"] = ProblemError(trouble)
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f2")
        await settled(pilot)
        assert "It holds until you leave: no room." in shown(app)
        assert not any(style.dim for style in styles(app))


async def test_the_palette_is_in_ascii_where_nothing_else_is(world: World) -> None:
    app = world.app(ascii_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p", *"expl")
        await settled(pilot)
        assert shown(app).isascii()


# -- a question without room -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(40, 6), (40, 5), (80, 6)])
@pytest.mark.parametrize(
    ("name", "safe", "other"),
    [
        ("run-stop", "Keep it running", "Stop the run"),
        ("restore-run-stop", "Keep it running", "Stop the run"),
        ("preflight-mend-asked", "Not now", "Apply the fix"),
        ("restore-delete", "Leave it", "Delete it"),
    ],
)
async def test_a_question_keeps_its_answers_in_sight_and_scrolls_its_words(
    name: str, safe: str, other: str, size: tuple[int, int]
) -> None:
    app = app_of(name)
    async with app.run_test(size=size) as pilot:
        await pilot.press(*BY_NAME[name].press)
        await settled(pilot)
        first = shown(app)
        assert safe in first
        assert other in first
        await pilot.press(*["pagedown"] * 20)
        await settled(pilot)
        assert shown(app) != first
        assert other in shown(app)


async def test_an_answer_beyond_the_edge_is_seen_when_it_has_the_focus() -> None:
    app = app_of("restore-taken")
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.press(*BY_NAME["restore-taken"].press)
        await settled(pilot)
        assert "Leave it" in shown(app)
        assert "Delete it first" not in shown(app)
        await pilot.press("right", "right", "right")
        await settled(pilot)
        assert "Delete it first" in shown(app)


async def test_a_line_to_type_is_in_sight_in_a_terminal_without_room() -> None:
    app = app_of("selection-settings")
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.press(*BY_NAME["selection-settings"].press)
        await settled(pilot)
        assert any(line.strip() == "number_of_replicas=0" for line in shown(app).split("\n"))
        assert "Enter takes it" in shown(app)


# -- a terminal without room -------------------------------------------------------------------------------------------


async def on(name: str, size: tuple[int, int], *keys: str) -> str:
    """What a scene's screen says in a terminal of this size, in one line."""
    app = app_of(name)
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return " ".join(shown(app).split())


@pytest.mark.parametrize("size", [(79, 24), (80, 23), (40, 6)], ids=str)
async def test_below_80x24_a_run_is_a_line_and_a_sentence_asks_for_more_room(size: tuple[int, int]) -> None:
    said = await on("run", size)
    assert "run 7K2P: 51 %, 10 339 077 documents, about 15 min more, 3 rejected" in said
    assert f"More room, please: 80x24 at least, this is {size[0]}x{size[1]}." in said


async def test_at_80x24_nobody_asks_for_more_room() -> None:
    assert "More room" not in await on("run", (80, 24))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("run-waiting", "logs-2026.01.13 waits: the destination is busy (429)."),
        ("run-process-gone", "run 7K2P: The process of this run has ended"),
        ("restore-run", "11.9 GiB of 22.3 GiB"),
        ("finish-incomplete", "run 7K2P: 1 index differs between the two clusters"),
        ("preflight-blocked", "2 block"),
        ("connections-testing", "Reindex from a remote cluster"),
    ],
)
async def test_a_line_says_what_matters_most(name: str, words: str) -> None:
    assert words in await on(name, (60, 10))


async def test_a_terminal_of_hardly_any_size_is_no_trouble() -> None:
    assert "run 7K2P" in await on("run", (12, 3))
    assert len(await on("run", (1, 1))) <= 1


async def test_a_question_in_a_small_terminal_has_the_safe_answer_at_hand() -> None:
    said = await on("run-stop", (60, 10), "ctrl+x")
    assert "▸ Keep it running" in said


# -- very full, and at rest --------------------------------------------------------------------------------------------


async def test_of_ten_thousand_indices_no_amount_is_cut() -> None:
    said = await on("selection-thousands", (80, 24))
    assert "10 000 indices" in said
    assert "5 000 shown" in said
    assert "chosen 5 000 of 10 000 22 666 879 docs 100.0 GiB room for 301 GiB ✓ ok" in said


async def test_a_paused_run_claims_no_speed() -> None:
    said = await on("run-paused", (80, 24))
    assert "paused: p resumes it" in said
    assert "documents/s" not in said
    assert "6 788" not in said
    assert "6 788" in await on("run", (80, 24))


# -- a terminal with more room -----------------------------------------------------------------------------------------


async def test_on_a_wide_terminal_the_index_one_is_at_is_explained_beside_the_list() -> None:
    said = await on("run-waiting", (120, 40))
    assert "Goes to logs-2026.01.13" in said
    below = await on("run-waiting", (120, 40), "down")
    assert "Goes to orders" in below
    assert "3, e shows why" in below
    assert "Goes to" not in await on("run-waiting", (80, 24))


@pytest.mark.parametrize("name", ["mapping", "snapshot", "run", "finish-aside"])
async def test_on_a_large_terminal_a_row_stays_together(name: str) -> None:
    app = app_of(name)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        rows = shown(app).splitlines()
    heading = next(row for row in rows if row.startswith("↑↓"))
    gaps = [len(gap) for gap in re.findall(r"(?<=\S) +(?=\S)", heading)]
    assert max(gaps) <= 90


async def test_on_a_wide_terminal_what_is_different_in_the_end_is_explained_beside_the_list() -> None:
    said = await on("finish-incomplete", (120, 40))
    assert "807 819 on the source" in said
    assert "Resume the run: it goes over this" in said
    assert "Goes to orders" in await on("finish-incomplete", (120, 40), "down")


async def test_on_a_wide_terminal_a_trouble_says_why_and_what_to_do_beside_the_list() -> None:
    trouble = next(task.held_by for task in BY_NAME["restore-run-waiting"].session.progress.tasks if task.held_by)
    app = app_of("restore-run-waiting")
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        pane = app.screen.query_one("#pane", TextLines)
        said = " ".join(" ".join(line.plain for line in pane.lines(pane.size.width)).split())
    assert trouble.what in said
    assert trouble.why in said
    assert trouble.todo in said


def told(session: Session, width: int = 80) -> str:
    """The totals of a board and what stands below its list, in one line."""
    look = Canvas(width)
    lines = (*totals(session, look), *below(session, by_attention(session.progress), look, sample.NOW))
    return " ".join(" ".join(line.plain for line in lines).split())


def test_what_was_set_aside_is_never_what_is_cut() -> None:
    progress = msgspec.structs.replace(sample.WAITED.progress, requests_per_second=20_000.0)
    said = told(sample.WAITED.but(progress=progress))
    assert "limit 20 000/s each" in said
    assert "about 15 min more 3 rejected" in said
    assert "11 verified" in said
    assert "…" not in said


def test_where_there_is_room_nothing_is_said_shorter() -> None:
    said = told(sample.WAITED, 120)
    assert "about 15 min more (11 min to 18 min) 3 rejected" in said
    assert "1 with rejects" in said


def test_why_it_is_slower_is_a_word_beside_the_rate_where_there_is_room() -> None:
    slowed = msgspec.structs.replace(sample.WAITED.progress, slowed_by=SlowReason.DESTINATION)
    said = told(sample.WAITED.but(progress=slowed))
    assert "slower: destination is busy about 15 min more 3 rejected" in said
    full = told(sample.WAITED.but(progress=msgspec.structs.replace(slowed, requests_per_second=20_000.0)))
    assert "limit 20 000/s each about 15 min more 3 rejected" in full
    assert "…" not in said + full


def test_of_many_that_wait_for_the_same_one_is_named_and_the_others_are_counted() -> None:
    session = BY_NAME["run-waiting"].session
    held = next(task for task in session.progress.tasks if task.held_by)
    progress = msgspec.structs.replace(
        session.progress,
        tasks=tuple(
            msgspec.structs.replace(task, state=held.state, held_by=held.held_by, held_until=held.held_until)
            for task in session.progress.tasks
        ),
    )
    many = len(progress.tasks) - 1
    assert f" and {many} more wait: " in told(session.but(progress=progress), 120)
    assert " more wait: " not in told(session, 120)


@pytest.mark.parametrize(
    ("many", "said"),
    [(None, "–"), (0, "0"), (999_999_999, "999 999 999"), (1_000_000_000, "1 000 M"), (2_147_483_519, "2 147 M")],
)
def test_a_number_of_documents_is_whole_or_said_in_millions(many: int | None, said: str) -> None:
    assert amount(many) == said
