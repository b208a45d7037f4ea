"""A step with a list that is filtered as one types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal

from esmigrate_tui.wizard.draw import DIM, ink
from esmigrate_tui.wizard.screens.base import StepScreen
from esmigrate_tui.wizard.widgets.board import Board
from esmigrate_tui.wizard.widgets.fields import PlainInput
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from textual.widgets import Input


class FilteredScreen(StepScreen):
    """The line of the filter above the list, and what its keys do; a step says what pattern it has."""

    @property
    def pattern(self) -> str:
        """The pattern that the list is filtered by."""
        raise NotImplementedError

    def look_at(self, **changes: object) -> None:
        """Look at the list otherwise: `pattern`, `cursor`, and whatever else the step knows of."""
        raise NotImplementedError

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
            self.query_one(Board).move_to(0)
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
