"""Screens laid over a step for a moment: a page to read, a question with a safe answer, a line to type."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen, ScreenResultType

from esmigrate_tui.flow.layout import as_console, shorten, wrap
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, ink, paragraph, rule
from esmigrate_tui.wizard.widgets.bars import KeyLine, TitleLine
from esmigrate_tui.wizard.widgets.board import Board, TextPage
from esmigrate_tui.wizard.widgets.fields import PlainInput, TextButton
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
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
        """Its widgets."""
        yield TitleLine()
        yield Board(lambda width, _: TextPage(tuple(self._lines(width))))
        yield KeyLine(("↑↓", "scroll"), ("Esc", "close"))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title)

    def action_close(self) -> None:
        """Back to the step."""
        self.dismiss()


class BoxScreen(ModalScreen[ScreenResultType]):
    """Some lines at the lower edge, and below them what answers them; the lines scroll where not all have room."""

    CSS = """
    BoxScreen { align: left bottom; background: transparent; }
    BoxScreen > Vertical { height: auto; width: 100%; background: ansi_default; }
    BoxScreen VerticalScroll { height: auto; width: 100%; scrollbar-size: 0 1; }
    BoxScreen Horizontal { height: 1; overflow-x: auto; scrollbar-size: 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_lines(-1)", show=False),
        Binding("down", "scroll_lines(1)", show=False),
        Binding("pageup", "scroll_lines(-3)", show=False),
        Binding("pagedown", "scroll_lines(3)", show=False),
    ]

    def said(self, make: Callable[[int], list[Text]]) -> VerticalScroll:
        """The lines."""
        return VerticalScroll(TextLines(make), can_focus=False)

    def on_resize(self) -> None:
        """It has another size."""
        for lines in self.query(VerticalScroll):
            lines.styles.max_height = max(1, self.app.size.height - _AROUND)

    def action_scroll_lines(self, lines: int) -> None:
        """Read the rest."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


class AskScreen(BoxScreen[bool]):
    """A question at the lower edge; the safe answer has the focus, Esc gives it."""

    CSS = BoxScreen.CSS.replace("BoxScreen", "AskScreen")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "answer(False)", show=False)]
    FIRST: ClassVar[str] = "#no"

    def __init__(self, title: str, question: str, *, yes: str, no: str) -> None:
        super().__init__()
        self._title, self._question, self._yes, self._no = title, question, yes, no

    def compose(self) -> ComposeResult:
        """Its widgets."""
        with Vertical():
            yield TitleLine()
            yield self.said(lambda width: [*paragraph(self._question, width), Text()])
            with Horizontal():
                yield TextButton(self._no, id="no")
                yield TextButton(self._yes, id="yes")
            yield KeyLine(("Tab", "other answer"), ("Enter", "take it"), ("Esc", "not now"))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title)
        self.query_one(self.FIRST, TextButton).focus()

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """One of the two answers."""
        self.dismiss(message.press.id == "yes")

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001  # Textual's actions take plain arguments
        """Answer with a key."""
        self.dismiss(answer)


class LineScreen(BoxScreen[str | None]):
    """A line to type at the lower edge; it says at once why what is typed does not do."""

    CSS = BoxScreen.CSS.replace("BoxScreen", "LineScreen") + "#why-not { height: 1; } #line { margin: 0 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False)]

    def __init__(self, title: str, label: str, value: str, why_not: Callable[[str], str]) -> None:
        super().__init__()
        self._title, self._label, self._value, self._why_not = title, label, value, why_not

    def compose(self) -> ComposeResult:
        """Its widgets."""
        with Vertical():
            yield TitleLine()
            yield self.said(lambda width: paragraph(self._label, width))
            yield PlainInput(self._value, id="line")
            yield TextLines(id="why-not")

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title)
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

    def action_cancel(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)


class ConfirmScreen(Screen[bool]):
    """A page with all that is about to happen, and a question; the safe answer has the focus, Esc gives it.

    Where `typed` is not "", exactly that has to be typed before the other answer is taken.
    """

    CSS = """
    ConfirmScreen Horizontal { height: 1; }
    ConfirmScreen #typed { margin: 0 1; }
    ConfirmScreen #why-not { height: 1; }
    ConfirmScreen.-low TitleLine, ConfirmScreen.-low #rule, ConfirmScreen.-low KeyLine { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer(False)", show=False),
        Binding("up", "scroll_page(-3)", show=False),
        Binding("down", "scroll_page(3)", show=False),
        Binding("pageup", "scroll_page(-15)", show=False),
        Binding("pagedown", "scroll_page(15)", show=False),
    ]

    def __init__(self, title: str, lines: Callable[[int], list[Text]], *, yes: str, no: str, typed: str = "") -> None:
        super().__init__()
        self._title, self._lines, self._yes, self._no, self._typed = title, lines, yes, no, typed

    def compose(self) -> ComposeResult:
        """Its widgets."""
        yield TitleLine()
        yield Board(lambda width, _: TextPage(tuple(self._lines(width))))
        yield TextLines(lambda width: [rule(width)], id="rule")
        if self._typed:
            yield TextLines(lambda width: paragraph(f"Type {self._typed} to allow it:", width))
            yield PlainInput(placeholder="type it here", id="typed")
            yield TextLines(id="why-not")
        with Horizontal():
            yield TextButton(self._no, id="no")
            yield TextButton(self._yes, id="yes")
        yield KeyLine(("Tab", "other answer"), ("Enter", "take it"), ("↑↓", "scroll"), ("Esc", "not now"))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title)
        if self._typed:
            self.query_one("#typed", PlainInput).focus()
        else:
            self.query_one("#no", TextButton).focus()

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """One of the two answers."""
        if message.press.id == "yes":
            self._accept()
        else:
            self.dismiss(False)  # the answer is the value

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter after the name says yes."""
        message.stop()
        self._accept()

    def on_input_changed(self, message: Input.Changed) -> None:
        """What was said of it no longer holds."""
        message.stop()
        self.query_one("#why-not", TextLines).show(lambda _: [])

    def on_resize(self) -> None:
        """It has another size."""
        self.set_class(self.app.size.height < _LOW, "-low")

    def _accept(self) -> None:
        if self._typed and self.query_one("#typed", PlainInput).value != self._typed:
            self.query_one("#why-not", TextLines).show(
                lambda _: [ink(" That is not it. Esc leaves it as it was.", TROUBLE)]
            )
            self.query_one("#typed", PlainInput).focus()
            return
        self.dismiss(True)  # the answer is the value

    def action_scroll_page(self, lines: int) -> None:
        """Read the rest."""
        self.query_one(Board).action_move(lines)

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001  # Textual's actions take plain arguments
        """Answer with a key."""
        self.dismiss(answer)


class PickScreen(BoxScreen[str]):
    """A question with several answers at the lower edge; the first one is safe and has the focus, Esc gives it."""

    CSS = BoxScreen.CSS.replace("BoxScreen", "PickScreen")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False)]

    def __init__(self, title: str, lines: Callable[[int], list[Text]], answers: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self._title, self._lines, self._answers = title, lines, answers

    def compose(self) -> ComposeResult:
        """Its widgets."""
        with Vertical():
            yield TitleLine()
            yield self.said(lambda width: [*self._lines(width), Text()])
            with Horizontal():
                for name, label in self._answers:
                    yield TextButton(label, id=name)
            yield KeyLine(("Tab", "next answer"), ("Enter", "take it"), ("Esc", "leave it as it is"))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title)
        self.query_one(f"#{self._answers[0][0]}", TextButton).focus()

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """One of the answers."""
        self.dismiss(message.press.id)

    def action_cancel(self) -> None:
        """The safe one."""
        self.dismiss(self._answers[0][0])


def asked_of(sentences: tuple[str, ...], to: str, request: Request) -> Callable[[int], list[Text]]:
    """What is about to be sent: some sentences, then the cluster and the exact request."""
    return lambda width: [*_said(sentences, width), *_sent("The request, to", to, request, width)]


def asked_of_all(
    sentences: tuple[str, ...], sent: tuple[tuple[str, PlannedChange], ...]
) -> Callable[[int], list[Text]]:
    """What is about to be sent: some sentences, then for each change its cluster, its request and what undoes it."""

    def lines(width: int) -> list[Text]:
        drawn = _said(sentences, width)
        for to, change in sent:
            drawn += _sent("The request, to", to, change.made_by, width)
            if change.undo is not None:
                drawn += _sent("What reverts it, to", to, change.undo, width)
            drawn.append(Text())
        return drawn

    return lines


def _said(sentences: tuple[str, ...], width: int) -> list[Text]:
    drawn = [Text()]
    for sentence in sentences:
        drawn += [*paragraph(sentence, width), Text()]
    return drawn


def _sent(words: str, to: str, request: Request, width: int) -> list[Text]:
    drawn = [ink(f" {words} ", DIM).append(shorten(to, width - len(words) - 4), STRONG)]
    for line in as_console(request).split("\n"):
        drawn += [ink("   ").append(each) for each in wrap(line, width - 4)]
    return drawn
