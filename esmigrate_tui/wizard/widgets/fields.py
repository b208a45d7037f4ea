"""Things to type into and to choose from, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final
from unicodedata import category

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.widgets import Input

from esmigrate_tui.flow.layout import shorten
from esmigrate_tui.wizard.draw import DIM, STRONG, ink
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from rich.text import Text
    from textual import events
    from textual.widget import Widget

    from esmigrate_tui.wizard.draw import Canvas


_AHEAD: Final = frozenset({"tab", "shift+tab", "up", "down", "left", "right", "space"})
"""Keys that only change an answer or go to another one: they may be pressed before they can be seen to do so."""


class PlainInput(Input):
    """A line to type into: no box, and a cursor that does not blink (it would cost 2 kB a second)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    TYPED_AHEAD: ClassVar = _AHEAD | {"backspace", "delete", "home", "end", "printable"}
    virtual_size = var(Size(0, 0))
    """How much is typed; it never makes the field wider, so that nothing has to be laid out anew at each letter."""

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None, **others: Any) -> None:  # noqa: A002, ANN401  # Textual's own names
        super().__init__(value, placeholder=placeholder, id=id, compact=True, select_on_focus=False, **others)
        self.cursor_blink = False

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line that is not empty, up to a tab, without what cannot be seen, such as an escape.

        What follows a tab was meant for another field, and may be a secret.
        """
        line = next((line for line in event.text.splitlines() if line.strip()), "").lstrip("\t").partition("\t")[0]
        event.text = "".join(each for each in line if category(each) != "Cc")

    async def action_submit(self) -> None:
        """Enter goes to the next field, and tells the screen."""
        self.post_message(self.Submitted(self, self.value, None))


class SecretInput(PlainInput):
    """A line for a secret: shown as dots, and never copied to a clipboard or into a selection."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id, password=True)

    def action_copy(self) -> None:
        """A secret is not copied."""

    def action_cut(self) -> None:
        """A secret is not copied."""

    def get_selection(self, selection: object) -> tuple[str, str] | None:
        """A secret is not part of any text that is marked."""
        del selection
        return None


class ChoiceField(TextLines, can_focus=True):
    """One of several values in one line; Space takes the next, the arrows go both ways."""

    DEFAULT_CSS = "ChoiceField { height: 1; width: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right", "turn(1)", show=False),
        Binding("left", "turn(-1)", show=False),
        Binding("enter,down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    TYPED_AHEAD: ClassVar = _AHEAD

    @dataclass
    class Changed(Message):
        """Another value was taken."""

        choice: ChoiceField
        value: str

    def __init__(self, options: tuple[tuple[str, str], ...], value: str, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(self._drawn, id=id)
        self._options = options
        self.value = value

    def offer(self, options: tuple[tuple[str, str], ...], value: str) -> None:
        """Other values to choose from, without a message."""
        if (options, value) != (self._options, self.value):
            self._options, self.value = options, value
            self.show(self._drawn)

    def action_turn(self, steps: int) -> None:
        """Take the next value."""
        values = [value for value, _ in self._options]
        at = values.index(self.value) if self.value in values else 0
        self.value = values[(at + steps) % len(values)]
        self.show(self._drawn)
        self.post_message(self.Changed(self, self.value))

    def on_click(self, event: events.Click) -> None:
        """It was clicked."""
        event.stop()
        self.focus()
        self.action_turn(1)

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001  # Textual calls it so
        """Look focused, or not."""
        super().watch_has_focus(has_focus)
        self.show(self._drawn)

    def _drawn(self, look: Canvas) -> list[Text]:
        """The value; where it has the focus it stands out without colour, between the keys that change it."""
        label = dict(self._options).get(self.value, self.value)
        here, width = look.mark("here"), look.width
        if not self.has_focus:
            return [here.append(" ").append(shorten(label, max(4, width - 2)), "none")]
        line = ink("← ").append(shorten(label, max(4, width - 2)), f"{STRONG} underline")
        return [line.append(" →" if line.cell_len + 2 <= width else "", "none")]


class TextButton(TextLines, can_focus=True):
    """A button without a box: a word that is reversed where it has the focus."""

    DEFAULT_CSS = "TextButton { height: 1; width: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "press", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("left", "app.focus_previous", show=False),
    ]

    @dataclass
    class Pressed(Message):
        """It was pressed."""

        press: TextButton

    def __init__(self, label: str, *, id: str) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(self._drawn, id=id)
        self._label = label

    def get_content_width(self, *_: object) -> int:
        """As wide as its word."""
        return len(self._label) + 6

    def relabel(self, label: str) -> None:
        """Another word."""
        if label != self._label:
            self._label = label
            self.show(self._drawn)
            self.refresh(layout=True)

    def _drawn(self, look: Canvas) -> list[Text]:
        focused = self.has_focus
        here = look.mark("here" if focused else "none")
        return [ink(" ").append_text(here).append(f" {self._label} ", f"{STRONG} reverse" if focused else "none")]

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001  # Textual calls it so
        """Look focused, or not."""
        super().watch_has_focus(has_focus)
        self.show(self._drawn)

    def on_click(self) -> None:
        """It was clicked."""
        self.action_press()

    def action_press(self) -> None:
        """Press it."""
        self.post_message(self.Pressed(self))


class LabelledField(Horizontal):
    """A word and the field that it belongs to, in one line; its id is the field's, with "-field" after it."""

    DEFAULT_CSS = """
    LabelledField { height: 1; width: 100%; }
    LabelledField > .label { width: 9; }
    """

    def __init__(self, label: str, control: Widget) -> None:
        self._label = TextLines(lambda _: [ink(label, DIM)], classes="label")
        super().__init__(self._label, control, id=f"{control.id}-field")

    def relabel(self, label: str) -> None:
        """Another word."""
        self._label.show(lambda _: [ink(label, DIM)])
