"""Lines of text drawn as they are: no markup, no boxes, the terminal's own colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from esmigrate_tui.wizard.draw import Canvas

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.geometry import Size


def strip_of(widget: Widget, text: Text, width: int) -> Strip:
    """One line of exactly a width."""
    drawn = Strip(text.render(widget.app.console, end=""))
    return drawn.adjust_cell_length(width).apply_style(widget.rich_style)


def canvas_of(widget: Widget, width: int) -> Canvas:
    """What a widget's drawing has to go by."""
    return Canvas(width, ascii_only=getattr(widget.app, "ascii_only", False))


class TextLines(Widget):
    """Shows what `make` gives for its room; as high as that, where the style says `auto`."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "TextLines { width: 1fr; height: auto; }"

    def __init__(
        self,
        make: Callable[[Canvas], list[Text]] | None = None,
        *,
        id: str | None = None,  # noqa: A002  # Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._make = make or (lambda _: [])
        self._made: tuple[int, list[Text]] = (-1, [])

    def lines(self, width: int) -> list[Text]:
        """The lines at a width."""
        if self._made[0] != width:
            self._made = (width, self._make(canvas_of(self, width)))
        return self._made[1]

    def show(self, make: Callable[[Canvas], list[Text]]) -> None:
        """Show something else; only lines that look different are drawn, since each costs bytes on the line."""
        width, before = self._made
        self._make = make
        self._made = (-1, [])
        if width < 0:
            self.refresh(layout=True)
            return
        after = self.lines(width)
        if len(after) != len(before):
            self.refresh(layout=True)
            return
        changed = [Region(0, y, width, 1) for y, line in enumerate(after) if line != before[y]]
        if changed:
            self.refresh(*changed)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as lines."""
        del container, viewport
        return len(self.lines(width))

    def render_line(self, y: int) -> Strip:
        """One line."""
        width = self.size.width
        lines = self.lines(width)
        return strip_of(self, lines[y] if y < len(lines) else Text(), width)
