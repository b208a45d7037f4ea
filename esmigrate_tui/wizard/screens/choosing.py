"""Pages laid over a step to answer it: one of many, with what each is for; and JSON to be edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import TextArea

from esmigrate_tui.flow.layout import fit, shorten
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.mapping import body_of, wrong_at
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, ink, paragraph, rule
from esmigrate_tui.wizard.widgets.bars import KeyLine, TitleLine
from esmigrate_tui.wizard.widgets.board import Board, line_rows
from esmigrate_tui.wizard.widgets.fields import PlainInput, TextButton
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text
    from textual.app import ComposeResult

    from esmigrate_tui.wizard.draw import Canvas


class ChooseScreen(Screen[str]):
    """Answers, each with what it is for; Enter takes the one at the cursor and gives its name, Esc leaves it as it was.

    `nameless` is what the answer without a name is called.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left,q", "leave", show=False),
        Binding("enter,space", "take", show=False),
    ]

    def __init__(self, title: str, answers: Sequence[tuple[str, str]], chosen: str, nameless: str) -> None:
        super().__init__()
        self._title, self._answers, self._chosen, self._nameless = title, answers, chosen, nameless

    def compose(self) -> ComposeResult:
        """Yield the widgets, from top to bottom."""
        yield TitleLine()
        yield Board(
            lambda look, cursor: line_rows(
                self._answers, lambda at, answer: self._drawn(answer, look, here=at == cursor)
            ),
            cursor=next((at for at, (name, _) in enumerate(self._answers) if name == self._chosen), 0),
        )
        yield KeyLine(("↑↓", "choose"), ("Enter", "take"), ("Esc", "leave it as it was"))

    def _drawn(self, answer: tuple[str, str], look: Canvas, *, here: bool) -> Text:
        name, says = answer
        line = ink("").append_text(look.mark("here" if here else "none")).append(" ")
        mark = look.mark("on" if name == self._chosen else "none")
        line.append_text(mark).append(" " * max(1, 4 - mark.cell_len), "none")
        line.append(fit(name or self._nameless, 18), STRONG if here else "none")
        return line.append(shorten(says, look.width - 25), DIM)

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title)
        self.query_one(Board).focus()

    def on_board_clicked(self, message: Board.Clicked) -> None:
        """A second click takes it."""
        if message.again:
            self.action_take()

    def action_take(self) -> None:
        """Take the one at the cursor."""
        self.dismiss(self._answers[self.query_one(Board).cursor][0])

    def action_leave(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)


def harmless(text: str) -> str:
    """JSON that means the same, in which whatever could harm a terminal, or cannot be seen, is written as an escape."""
    return "".join(one if one == "\n" or clean(one) == one else _escape(one) for one in text)


def _escape(character: str) -> str:
    code = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))


_MEANS: Final = (
    "All of it can be edited: settings such as index.number_of_shards, aliases, analyzers. "
    "What holds is what the index is made with."
)


class _Editor(TextArea):
    """Several lines to type into."""

    TYPED_AHEAD: ClassVar = PlainInput.TYPED_AHEAD | {"enter"}


class JsonScreen(Screen[str]):
    """The body that makes an index, as JSON; it is taken only where it can be read. Gives the new body."""

    CSS = """
    JsonScreen TextArea { height: 1fr; border: none; padding: 0 1; background: ansi_default; color: ansi_default;
        scrollbar-size: 0 1; }
    JsonScreen TextArea:focus { border: none; background-tint: ansi_default 0%; }
    JsonScreen TextArea .text-area--cursor { text-style: reverse; color: ansi_default; background: ansi_default; }
    JsonScreen TextArea .text-area--cursor-line { background: ansi_default; }
    JsonScreen TextArea .text-area--selection { text-style: reverse; color: ansi_default; background: ansi_default; }
    JsonScreen #notes { height: auto; }
    JsonScreen Horizontal { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("ctrl+n", "take", show=False),
    ]

    def __init__(self, title: str, body: str, *, is_fixed: bool = False) -> None:
        super().__init__()
        self._title, self._is_fixed = title, is_fixed
        self._body = harmless(msgspec.json.format(body.encode(), indent=2).decode())
        self._has_warned = False

    def compose(self) -> ComposeResult:
        """Yield the widgets, from top to bottom."""
        yield TitleLine()
        area = _Editor(self._body, theme="css", tab_behavior="focus", compact=True, read_only=self._is_fixed)
        area.cursor_blink = False
        yield area
        yield TextLines(lambda look: [rule(look.width)])
        yield TextLines(id="notes")
        with Horizontal():
            yield TextButton("Back", id="no")
            if not self._is_fixed:
                yield TextButton("Take it", id="yes")

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self._title, "Esc leaves it as it was")
        self.query_one(TextArea).focus()
        self._report("")

    def _report(self, trouble: str) -> None:
        words = "" if self._is_fixed else f"{_MEANS} Tab goes to the buttons, Ctrl+N takes it."
        said, style = (trouble, TROUBLE) if trouble else (words, DIM)
        self.query_one("#notes", TextLines).show(lambda look: paragraph(said, look.width, 1, style) if said else [])

    def on_text_area_changed(self) -> None:
        """What was said of it no longer holds."""
        self._has_warned = False
        self._report("")

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """Leave, or take it."""
        if message.press.id == "no":
            self.action_leave()
        else:
            self.action_take()

    def action_take(self) -> None:
        """Take it, where it can be read."""
        if self._is_fixed:
            self.dismiss(None)
            return
        area = self.query_one(TextArea)
        try:
            body = body_of(area.text)
        except ProblemError as error:
            if (at := wrong_at(area.text)) is not None and at.line - 1 != area.cursor_location[0]:
                area.move_cursor((at.line - 1, at.column - 1), center=True)
            self._report(error.problem.sentence())
            return
        self.dismiss(body)

    def action_leave(self) -> None:
        """Leave it as it was; what was typed is not lost by one key."""
        if self._has_warned or self.query_one(TextArea).text == self._body:
            self.dismiss(None)
            return
        self._has_warned = True
        self._report("What you have changed is not taken yet: Ctrl+N takes it, Esc once more gives it up.")
