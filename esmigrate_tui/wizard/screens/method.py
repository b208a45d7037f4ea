"""The first question: which way."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text

from esmigrate_tui.wizard.draw import DIM, STRONG, Look, ink, spread
from esmigrate_tui.wizard.keys import bindings
from esmigrate_tui.wizard.screens.base import StepScreen
from esmigrate_tui.wizard.walk.opening import keep_what_is_offered, take
from esmigrate_tui.wizard.widgets.board import Blocks, Board

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.widget import Widget

    from esmigrate_tui.wizard.session import Session


def offered(session: Session, look: Look, cursor: int) -> Blocks:
    """The methods in the guide's order, and what each needs."""
    blocks = []
    for position, method in enumerate(session.methods):
        here = position == cursor
        title = ink(" ").append_text(look.mark("here" if here else "none")).append(" ")
        title.append(method.title, STRONG if here else "none")
        lines = [spread(title, ink(method.needs + " ", DIM), look.width)]
        lines += [ink("     ").append(line, "none" if here else DIM) for line in method.summary]
        blocks.append((*lines, Text()))
    return Blocks(tuple(blocks), (ink(" All of them: the new cluster as large as the old one, or larger."),))


class MethodScreen(StepScreen):
    """Choose a method."""

    STEP = "method"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("method")]

    def body(self) -> Iterable[Widget]:
        """The list."""
        methods, chosen = self.session.methods, self.session.draft.method
        at = [position for position, method in enumerate(methods) if method.name == chosen]
        at += [position for position, method in enumerate(methods) if method.needs_source]  # what most come for
        yield Board(cursor=at[0] if at else 0)

    def title_words(self, session: Session) -> tuple[str, str]:
        """The question."""
        del session
        return "How should the data get into the new cluster?", ""

    def paint(self, session: Session) -> None:
        """The methods."""
        look = self.look
        self.query_one(Board).show(lambda width, cursor: offered(session, Look(width, 0, look.ascii_only), cursor))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self._take(self.query_one(Board).cursor)
        super().on_mount()

    def on_board_moved(self, message: Board.Moved) -> None:
        """The one at the cursor is the answer."""
        self._take(message.item)

    async def on_board_clicked(self, message: Board.Clicked) -> None:
        """A second click goes on."""
        if message.again:
            await self.action_next()

    async def action_open(self) -> None:
        """Enter goes on."""
        await self.action_next()

    async def action_next(self) -> None:
        """Go on with the method at the cursor, also where its message is still on the way."""
        self._take(self.query_one(Board).cursor)
        await super().action_next()

    async def go_on(self) -> None:
        """What was chosen for another method and is not offered by this one is no answer any more."""
        keep_what_is_offered(self.wizard)
        await super().go_on()

    def _take(self, position: int) -> None:
        if self.session.methods:
            take(self.wizard, self.session.methods[position].name)
