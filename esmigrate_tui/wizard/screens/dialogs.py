"""Screens laid over a step for a moment: a page to read, a question with a safe answer, a line to type."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen

from esmigrate_tui.flow.layout import as_console, shorten, wrap
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, ink, paragraph, rule
from esmigrate_tui.wizard.widgets.bars import KeyLine, TitleLine
from esmigrate_tui.wizard.widgets.board import Board, text_page
from esmigrate_tui.wizard.widgets.fields import PlainInput, TextButton
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import ComposeResult
    from textual.widget import Widget
    from textual.widgets import Input

    from esmigrate_tui.model.ledger import PlannedChange, Request


_AROUND = 3
"""Rows of a box around what it says: its title, its answers, its keys."""
_LOW = 12
"""Rows below which a question gives up its frame for its answers."""


class ReadScreen(Screen[None]):
    """A page to read; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,left,question_mark,f1", "close", "Close", show=False)
    ]

    def __init__(self, title: str, lines: Callable[[int], list[Text]]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Yield the widgets, from top to bottom."""
        yield TitleLine()
        yield Board(lambda look, _: text_page(self._lines(look.width)))
        yield KeyLine(("↑↓", "scroll"), ("Esc", "close"))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title)

    def action_close(self) -> None:
        """Back to the step."""
        self.dismiss()


class BoxScreen(ModalScreen[str]):
    """Some lines at the lower edge, and below them what answers them; the lines scroll where not all have room."""

    SCOPED_CSS = False  # else it would not be of the screens that are derived from this one
    CSS = """
    BoxScreen { align: left bottom; background: transparent; }
    BoxScreen > Vertical { height: auto; width: 100%; background: ansi_default; }
    BoxScreen VerticalScroll { height: auto; width: 100%; scrollbar-size: 0 1; }
    BoxScreen Horizontal { height: 1; overflow-x: auto; scrollbar-size: 0 0; }
    BoxScreen #why-not { height: 1; }
    BoxScreen #line { margin: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_lines(-1)", show=False),
        Binding("down", "scroll_lines(1)", show=False),
        Binding("pageup", "scroll_lines(-3)", show=False),
        Binding("pagedown", "scroll_lines(3)", show=False),
        Binding("escape", "cancel", show=False),
    ]

    def __init__(self, title: str, lines: Callable[[int], list[Text]]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def answers(self) -> Iterable[Widget]:
        """What stands below the lines."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Yield the widgets, from top to bottom."""
        with Vertical():
            yield TitleLine()
            yield VerticalScroll(TextLines(lambda look: self._lines(look.width)), can_focus=False)
            yield from self.answers()

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title)

    def on_resize(self) -> None:
        """Lay everything out again for the new size."""
        for lines in self.query(VerticalScroll):
            lines.styles.max_height = max(1, self.app.size.height - _AROUND)

    def action_scroll_lines(self, lines: int) -> None:
        """Read the rest."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_cancel(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)


class PickScreen(BoxScreen):
    """A question with several answers at the lower edge; the first one is safe and has the focus, Esc gives it."""

    KEYS: ClassVar = (("Tab", "next answer"), ("Enter", "take it"), ("Esc", "leave it as it is"))
    FIRST: ClassVar[int] = 0
    """The answer that has the focus."""

    def __init__(self, title: str, lines: Callable[[int], list[Text]], answers: tuple[tuple[str, str], ...]) -> None:
        super().__init__(title, lambda width: [*lines(width), Text()])
        self._answers = answers

    def answers(self) -> Iterable[Widget]:
        """A button for each."""
        yield Horizontal(*(TextButton(label, id=name) for name, label in self._answers))
        yield KeyLine(*self.KEYS)

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query(TextButton)[self.FIRST].focus()

    def take(self, answer: str) -> None:
        """End with an answer."""
        self.dismiss(answer)

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """One of the answers."""
        self.take(message.press.id or "")

    def action_cancel(self) -> None:
        """The safe one."""
        self.take(self._answers[0][0])


class AskScreen(PickScreen):
    """A question with two answers: gives "yes", or None for the safe one, which has the focus."""

    KEYS = (("Tab", "other answer"), ("Enter", "take it"), ("Esc", "not now"))

    def __init__(self, title: str, question: str, *, yes: str, no: str) -> None:
        super().__init__(title, lambda width: paragraph(question, width), (("no", no), ("yes", yes)))

    def take(self, answer: str) -> None:
        """The safe one is none."""
        self.dismiss(answer if answer == "yes" else None)


class LineScreen(BoxScreen):
    """A line to type at the lower edge; it says at once why what is typed does not do."""

    def __init__(self, title: str, label: str, value: str, why_not: Callable[[str], str]) -> None:
        super().__init__(title, lambda width: paragraph(label, width))
        self._value, self._why_not = value, why_not

    def answers(self) -> Iterable[Widget]:
        """The line."""
        yield PlainInput(self._value, id="line")
        yield TextLines(id="why-not")

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(PlainInput).focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Say why not, as it is typed."""
        why_not = self._why_not(message.value)
        words = ink(f" {why_not}", TROUBLE) if why_not else ink(" Enter takes it, Esc leaves it as it was.", DIM)
        self.query_one("#why-not", TextLines).show(lambda _: [words])

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take it, if it does."""
        if not self._why_not(message.value):
            self.dismiss(message.value)


class ConfirmScreen(Screen[str]):
    """A page with all that is about to happen, and a question: gives "yes", or None for the safe answer.

    Where `typed` is not "", exactly that has to be typed before the other answer is taken.
    """

    CSS = """
    ConfirmScreen Horizontal { height: 1; }
    ConfirmScreen #typed { margin: 0 1; }
    ConfirmScreen #why-not { height: 1; }
    ConfirmScreen.-low TitleLine, ConfirmScreen.-low #rule, ConfirmScreen.-low KeyLine { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("up", "scroll_page(-3)", show=False),
        Binding("down", "scroll_page(3)", show=False),
        Binding("pageup", "scroll_page(-15)", show=False),
        Binding("pagedown", "scroll_page(15)", show=False),
    ]

    def __init__(self, title: str, lines: Callable[[int], list[Text]], *, yes: str, no: str, typed: str = "") -> None:
        super().__init__()
        self._title, self._lines, self._yes, self._no, self._typed = title, lines, yes, no, typed

    def compose(self) -> ComposeResult:
        """Yield the widgets, from top to bottom."""
        yield TitleLine()
        yield Board(lambda look, _: text_page(self._lines(look.width)))
        yield TextLines(lambda look: [rule(look.width)], id="rule")
        if self._typed:
            yield TextLines(lambda look: paragraph(f"Type {self._typed} to allow it:", look.width))
            yield PlainInput(placeholder="type it here", id="typed")
            yield TextLines(id="why-not")
        with Horizontal():
            yield TextButton(self._no, id="no")
            yield TextButton(self._yes, id="yes")
        yield KeyLine(("Tab", "other answer"), ("Enter", "take it"), ("↑↓", "scroll"), ("Esc", "not now"))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title)
        self.query_one("#typed" if self._typed else "#no").focus()

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """One of the two answers."""
        if message.press.id == "yes":
            self._accept()
        else:
            self.action_cancel()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter after the name says yes."""
        message.stop()
        self._accept()

    def on_input_changed(self, message: Input.Changed) -> None:
        """What was said of it no longer holds."""
        message.stop()
        self.query_one("#why-not", TextLines).show(lambda _: [])

    def on_resize(self) -> None:
        """Lay everything out again for the new size."""
        self.set_class(self.app.size.height < _LOW, "-low")

    def _accept(self) -> None:
        if self._typed and self.query_one("#typed", PlainInput).value != self._typed:
            self.query_one("#why-not", TextLines).show(
                lambda _: [ink(" That is not it. Esc leaves it as it was.", TROUBLE)]
            )
            self.query_one("#typed", PlainInput).focus()
            return
        self.dismiss("yes")

    def action_scroll_page(self, lines: int) -> None:
        """Read the rest."""
        self.query_one(Board).action_move(lines)

    def action_cancel(self) -> None:
        """The safe answer."""
        self.dismiss(None)


def asked_of(
    sentences: tuple[str, ...], sent: Iterable[tuple[str, PlannedChange]], *, and_back: bool = False
) -> Callable[[int], list[Text]]:
    """What is about to be sent: some sentences, then for each change its cluster, its request and what undoes it."""

    def lines(width: int) -> list[Text]:
        drawn = [line for sentence in sentences for line in (Text(), *paragraph(sentence, width))]
        for to, change in sent:
            drawn += [Text(), *_sent("The request, to", to, change.made_by, width)]
            if and_back and change.undo is not None:
                drawn += _sent("What reverts it, to", to, change.undo, width)
        return drawn

    return lines


def _sent(words: str, to: str, request: Request, width: int) -> list[Text]:
    drawn = [ink(f" {words} ", DIM).append(shorten(to, width - len(words) - 4), STRONG)]
    for line in as_console(request).split("\n"):
        drawn += [ink("   ").append(each) for each in wrap(line, width - 4)]
    return drawn
