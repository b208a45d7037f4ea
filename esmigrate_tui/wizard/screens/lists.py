"""Steps with a list: one row at the cursor, which the session holds; and with a filter above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.containers import Horizontal

from esmigrate_tui.wizard.app import StepScreen
from esmigrate_tui.wizard.draw import DIM, ink
from esmigrate_tui.wizard.widgets.board import Board, line_rows
from esmigrate_tui.wizard.widgets.fields import PlainInput
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.text import Text
    from textual.widget import Widget
    from textual.widgets import Input

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.wizard.draw import Canvas

R = TypeVar("R")


class ListScreen(StepScreen, Generic[R]):
    """A step with one list: the session owns the cursor, so that a key is painted once."""

    LIST: ClassVar[str]
    """The session's field that says how the list is shown: where its cursor is, what is waited for, its filter."""

    def body(self) -> Iterable[Widget]:
        """The columns' words, the list, what is known of the one at the cursor."""
        yield TextLines(id="heading", classes="body")
        yield self.board()
        yield TextLines(id="details", classes="body")

    def rows(self, session: Session) -> Sequence[R]:
        """What is listed."""
        raise NotImplementedError

    def cursor(self, session: Session) -> int:
        """The row at which the cursor is, as far as there are that many."""
        at: int = getattr(session, self.LIST).cursor
        return at

    def look_at(self, **changes: object) -> None:
        """Change how the list is shown: its `cursor`, and whatever else the step knows of."""
        self.wizard.update_part(self.LIST, **changes)

    def let_go(self) -> None:
        """What was waited for ends with this screen."""
        self.look_at(doing="")

    def move_cursor(self, item: int) -> None:
        """Move the cursor to a row."""
        self.look_at(cursor=item)

    def here(self) -> R | None:
        """What is at the cursor."""
        return row_at(self.rows(self.session), self.cursor(self.session))

    def board(self) -> Board:
        """The widget of the list."""
        return Board(cursor=self.cursor(self.session), moved=self.move_cursor)

    def show_rows(self, session: Session, draw: Callable[[R, Canvas, bool], Text], empty: tuple[Text, ...]) -> R | None:
        """Show the rows, each drawn with the cursor on it or not; gives the one at the cursor."""
        rows = self.rows(session)
        self.query_one(Board).show(
            lambda look, cursor: line_rows(rows, lambda at, row: draw(row, look, at == cursor), empty),
            self.cursor(session),
        )
        return row_at(rows, self.cursor(session))

    async def on_board_clicked(self, message: Board.Clicked) -> None:
        """Take the row that is clicked once more."""
        if message.again:
            await self.take()

    async def take(self) -> None:
        """Take the row at the cursor, as Enter does."""
        await self.run_action("open")


def row_at(rows: Sequence[R], cursor: int) -> R | None:
    """The row at the cursor, the last one where there are fewer; None where there is none."""
    return rows[min(cursor, len(rows) - 1)] if rows else None


class FilteredScreen(ListScreen[R]):
    """The line of the filter above the list, and what its keys do."""

    @property
    def pattern(self) -> str:
        """The pattern that the list is filtered by."""
        pattern: str = getattr(self.session, self.LIST).pattern
        return pattern

    def filter_line(self) -> Horizontal:
        """The widget to type the filter into."""
        word = TextLines(lambda _: [ink(" filter", DIM)])
        return Horizontal(word, PlainInput(self.pattern, id="filter"), id="filter-line", classes="body")

    def show_filter_line(self) -> None:
        """Show it while there is a filter, or one is being typed."""
        self.query_one("#filter-line").set_class(bool(self.pattern) or self.is_filtering, "-shown")

    @property
    def is_filtering(self) -> bool:
        """Whether the filter has the focus."""
        return self.focused is not None and self.focused.id == "filter"

    def keys_instead(self) -> tuple[tuple[str, str], ...]:
        """While a filter is typed, all other keys are letters of it."""
        return (("Enter", "to the list, filtered like this"), ("Esc", "no filter")) if self.is_filtering else ()

    def on_descendant_focus(self) -> None:
        """Other keys do something now."""
        self.show()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one("#filter-line").add_class("-shown")
        self.query_one("#filter", PlainInput).focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """The list follows what is typed."""
        if message.value != self.pattern:
            self.look_at(pattern=message.value, cursor=0)

    def on_input_submitted(self) -> None:
        """Back to the list with this filter."""
        self.query_one(Board).focus()

    async def action_back(self) -> None:
        """Esc in the filter clears it; elsewhere it goes back."""
        if self.is_filtering:
            self.query_one("#filter", PlainInput).value = ""
            self.query_one(Board).focus()
            return
        await super().action_back()
