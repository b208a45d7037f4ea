"""What goes over the line when little has changed; an emulated terminal says whether it was enough."""

from __future__ import annotations

import pyte
from hypothesis import example, given, settings
from hypothesis import strategies as some
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from bench.wizard import wizard
from esmigrate_tui.wizard.widgets.cell_changes import TerminalCells
from tests.examples import at_most

WIDTH = 24
CONSOLE = Console(color_system="truecolor", force_terminal=True)
PIECES = some.tuples(
    some.text("ab 1─書籍e\u0301", max_size=8), some.sampled_from([Style(), Style(bold=True), Style(color="cyan")])
)
LINES = some.lists(PIECES, max_size=4).map(
    lambda pieces: Strip([Segment(text, style) for text, style in pieces]).adjust_cell_length(WIDTH, Style())
)


def on_a_terminal(sent: str) -> object:
    """Every cell of a terminal that was sent this, with its look."""
    screen = pyte.Screen(WIDTH, 1)
    pyte.Stream(screen).feed(sent)
    return [(cell.data, cell.bold, cell.fg) for cell in (screen.buffer[0][at] for at in range(WIDTH))]


def whole(line: Strip) -> str:
    """A line sent from its first cell to its last."""
    return Control.move_to(0, 0).segment.text + line.render(CONSOLE)


def sparing(shown: TerminalCells, line: Strip) -> str:
    """The same line, as far as it looks different."""
    return "".join(
        Control.move_to(first, 0).segment.text + line.crop(first, last).render(CONSOLE)
        for first, last in shown.news(0, 0, line)
    )


@settings(max_examples=at_most(40))
@example(
    [Strip([Segment(" " * WIDTH)], WIDTH), Strip([Segment("1"), Segment("\u0301"), Segment(" " * (WIDTH - 1))], WIDTH)]
)
@given(some.lists(LINES, min_size=1, max_size=5))
def test_a_terminal_that_gets_only_what_changed_shows_the_last_line(lines: list[Strip]) -> None:
    shown = TerminalCells()
    sent = "".join(sparing(shown, line) for line in lines)
    assert on_a_terminal(sent) == on_a_terminal("".join(map(whole, lines)))


@settings(max_examples=at_most(40))
@given(LINES)
def test_a_line_that_is_there_already_is_not_sent(line: Strip) -> None:
    shown = TerminalCells()
    sparing(shown, line)
    assert sparing(shown, line) == ""


def test_a_number_that_grows_costs_its_last_digits() -> None:
    shown = TerminalCells()
    before, after = (Strip([Segment(f"logs-2026.01.01 {n:>8}", Style())]).adjust_cell_length(WIDTH) for n in (41, 42))
    shown.news(0, 0, before)
    assert shown.news(0, 0, after) == [(23, 24)]


def test_a_wide_character_is_sent_whole_where_only_its_first_half_differs() -> None:
    shown = TerminalCells()
    before, after = (Strip([Segment(text, Style())]).adjust_cell_length(WIDTH) for text in ("書a", "籍a"))
    sent = sparing(shown, before) + sparing(shown, after)
    assert on_a_terminal(sent) == on_a_terminal(whole(before) + whole(after))


def test_what_was_painted_by_something_else_is_sent_again() -> None:
    shown = TerminalCells()
    line = Strip([Segment("logs", Style())])
    shown.news(0, 0, line)
    shown.forget()
    assert shown.news(0, 0, line) == [(0, 4)]


def test_what_was_sent_sparingly_is_what_a_whole_paint_shows() -> None:
    down, page, enter, escape = b"\x1b[B", b"\x1b[6~", b"\r", b"\x1b"
    keys = (b"\x1b[C", down, page, b" ", b"/", b"0", b"7", enter)
    with wizard("list", (80, 24)) as terminal:
        terminal.until("checks")
        for key in keys:
            terminal.press(key)
        terminal.press(b"o")
        terminal.until("Options of the run")
        terminal.press(escape)
        terminal.until(" filter  07")
        sparingly = terminal.text
        terminal.resize(90, 24)
        terminal.resize(80, 24)
        assert terminal.text.split("\n") == sparingly.split("\n")
