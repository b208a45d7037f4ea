"""A list or a page that draws only the lines that are seen, so that ten thousand rows cost as much as ten."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from esmigrate_tui.wizard.textual_private import QuietScrollView
from esmigrate_tui.wizard.widgets.lines import canvas_of, strip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.text import Text
    from textual import events

    from esmigrate_tui.wizard.draw import Canvas

Row = TypeVar("Row")

MOST_LINES: Final = 512
"""More than any terminal shows."""


@dataclass(frozen=True)
class BoardContent:
    """Lines, each drawn by `line` when it is seen; `ends` are the lines after each item that the cursor can be on."""

    height: int
    line: Callable[[int], Text]
    ends: Sequence[int] = ()

    @property
    def items(self) -> int:
        """How many items there are; 0 for a page to read."""
        return len(self.ends)

    def item_at(self, y: int) -> int | None:
        """The item that a line belongs to."""
        item = bisect_right(self.ends, y)
        return item if item < len(self.ends) else None

    def span(self, item: int) -> tuple[int, int]:
        """The first line of an item, and the one after its last."""
        return self.ends[item - 1] if item else 0, self.ends[item]


def text_page(lines: Sequence[Text]) -> BoardContent:
    """Lines to read; nothing to choose."""
    return BoardContent(len(lines), lines.__getitem__)


def block_rows(blocks: Sequence[Sequence[Text]], after: Sequence[Text] = ()) -> BoardContent:
    """Items of several lines each, with lines after all of them that belong to none."""
    lines = [*chain.from_iterable(blocks), *after]
    return BoardContent(len(lines), lines.__getitem__, tuple(accumulate(map(len, blocks))))


def line_rows(rows: Sequence[Row], draw: Callable[[int, Row], Text], empty: Sequence[Text] = ()) -> BoardContent:
    """One line an item; `empty` where there is none."""
    if not rows:
        return text_page(empty)
    return BoardContent(len(rows), lambda y: draw(y, rows[y]), range(1, len(rows) + 1))


class Board(QuietScrollView, can_focus=True):
    """Shows items with a cursor, or scrolls lines where there are none.

    `moved` owns the cursor, where there is one: it is called with the item that a key or a click asks for, and has to
    `show` again with it. Else the board keeps the cursor itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "move_page(-1)", "Page up", show=False),
        Binding("pagedown", "move_page(1)", "Page down", show=False),
        Binding("home", "move_end(-1)", "To the first", show=False),
        Binding("end", "move_end(1)", "To the last", show=False),
    ]
    ALLOW_SELECT = False

    @dataclass
    class Clicked(Message):
        """An item was clicked; `again` when the cursor had been on it."""

        board: Board
        item: int
        again: bool

    def __init__(
        self,
        make: Callable[[Canvas, int], BoardContent] | None = None,
        *,
        cursor: int = 0,
        moved: Callable[[int], None] | None = None,
        id: str = "board",  # noqa: A002  # Textual's own name for it
    ) -> None:
        super().__init__(id=id, classes="body")
        self._moved = moved
        self._make = make
        self.sheet = text_page(())
        """What is shown."""
        self._line = self.sheet.line
        self._drawn: dict[int, Text | None] = {}
        self.cursor = cursor

    def show(self, make: Callable[[Canvas, int], BoardContent], cursor: int | None = None) -> None:
        """Show what `make(look, cursor)` gives, from now on and after each change of width or cursor."""
        self._make = make
        if cursor is not None:
            self.cursor = cursor
        self._remake()

    def on_resize(self) -> None:
        """Lay everything out again for the new size."""
        self._remake()

    def _remake(self) -> None:
        width = self.scrollable_content_region.width
        if self._make is None or not width:
            return
        look = canvas_of(self, width)
        self.sheet = self._make(look, self.cursor)
        held = max(0, min(self.cursor, self.sheet.items - 1))
        if held != self.cursor:
            self.cursor = held
            self.sheet = self._make(look, held)
        self._line = lru_cache(maxsize=MOST_LINES)(self.sheet.line)  # to compare it and to draw it, it is made once
        self.virtual_size = Size(width, self.sheet.height)
        self._keep_in_sight()
        top = self.scroll_offset.y
        changed = [
            Region(0, y, width, 1) for y in range(self.size.height) if self._drawn.get(y) != self._seen_at(top + y)
        ]
        if changed:
            self.refresh(*changed)

    def _seen_at(self, y: int) -> Text | None:
        """The text of a line, None below the last."""
        return self._line(y) if y < self.sheet.height else None

    def _keep_in_sight(self) -> None:
        if not self.sheet.items:
            return
        first, last = self.sheet.span(self.cursor)
        top, height = round(self.scroll_y), max(1, self.size.height)
        if self.cursor == self.sheet.items - 1 and self.sheet.height - first <= height:
            last = self.sheet.height  # what comes after the last item is seen with it
        if first < top or last - first > height:
            top = first
        elif last > top + height:
            top = last - height
        self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One line."""
        y += self.scroll_offset.y
        width = self.scrollable_content_region.width
        text = self._drawn[y - self.scroll_offset.y] = self._seen_at(y)
        if text is None:
            return Strip.blank(width, self.rich_style)
        return strip_of(self, text, width)

    def action_move(self, steps: int) -> None:
        """Move the cursor, or scroll a page that has no items."""
        if not self.sheet.items:
            self.scroll_relative(y=steps, animate=False)
            return
        self.move_to(self.cursor + steps)

    def action_move_page(self, direction: int) -> None:
        """Move by what fits on the screen."""
        self.action_move(direction * max(1, self.size.height - 1))

    def action_move_end(self, direction: int) -> None:
        """Move to the first or the last."""
        self.action_move(direction * (self.sheet.items + self.sheet.height))

    def move_to(self, item: int) -> None:
        """Put the cursor on an item, or on the nearest there is."""
        cursor = max(0, min(item, self.sheet.items - 1))
        if cursor == self.cursor:
            return
        self.cursor = cursor
        if self._moved is None:
            self._remake()
        else:
            self._moved(cursor)

    def on_click(self, event: events.Click) -> None:
        """It was clicked."""
        y = event.y + self.scroll_offset.y
        item = self.sheet.item_at(y) if y < self.sheet.height else None
        if item is None:
            return
        again = item == self.cursor
        self.move_to(item)
        self.post_message(self.Clicked(self, item, again))
