"""The first question: which way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from esmigrate_tui.flow import method as steps
from esmigrate_tui.flow.layout import shorten
from esmigrate_tui.wizard.app import StepScreen
from esmigrate_tui.wizard.draw import DIM, STRONG, ink, paragraph, spread
from esmigrate_tui.wizard.widgets.board import Board, block_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.methods.advice import Advice, MethodAdvice
    from esmigrate_tui.wizard.draw import Canvas, Mark
    from esmigrate_tui.wizard.widgets.board import BoardContent


_MARKS: Final[dict[str, Mark]] = {"open": "good", "to be arranged": "warn", "closed": "bad"}


def offered(session: Session, look: Canvas, cursor: int) -> BoardContent:
    """The methods in the guide's order, and what each needs; where both clusters are known, how each stands there."""
    blocks = []
    for position, method in enumerate(session.methods):
        here = position == cursor
        title = ink(" ").append_text(look.mark("here" if here else "none")).append(" ")
        title.append(method.title, STRONG if here else "none")
        said = session.advice.of(method.name) if session.advice is not None else None
        right = ink(method.needs + " ", DIM) if said is None else standing(said, session.advice, look)
        lines = [spread(title, right, look.width)]
        if said is not None and here:
            lines += reasons(said, session.advice, look)
        elif said is not None and said.standing == "closed":
            lines += [line for sentence in said.why[:1] for line in paragraph(sentence, look.width, 5, DIM)]
        else:
            lines += [ink("     ").append(line, "none" if here else DIM) for line in method.summary]
        blocks.append((*lines, Text()))
    after = [ink(" All of them: the destination as large as the source, or larger.")]
    if session.advising.problem is not None:
        trouble = session.advising.problem.sentence()
        after += paragraph(f"Which way fits could not be found out: {trouble}", look.width, 1, DIM)
    return block_rows(blocks, after)


def standing(said: MethodAdvice, advice: Advice | None, look: Canvas) -> Text:
    """Whether a method can be used between these clusters, in a word or two."""
    line = Text()
    if advice is not None and advice.recommended is said.method:
        line.append("recommended, ", STRONG)
    return line.append_text(look.mark(_MARKS[said.standing])).append(f" {steps.STANDING[said.standing]} ")


def reasons(said: MethodAdvice, advice: Advice | None, look: Canvas) -> list[Text]:
    """Why a method stands so here, what has to be done first, and how long it may take."""
    from esmigrate_tui.methods.advice import estimated  # noqa: PLC0415  # the first screen needs none of it

    lines: list[Text] = []
    if advice is not None and advice.recommended is said.method:
        lines += paragraph(advice.reason, look.width, 5, STRONG)
    for sentence in said.why:
        lines += paragraph(sentence, look.width, 5)
    for todo in said.todo:
        first, *rest = todo.splitlines()
        lines += paragraph(f"First: {first}", look.width, 5)
        lines += [ink(" " * 7).append(shorten(line, look.width - 8), "none") for line in rest]
    if said.estimate is not None:
        lines += paragraph(f"Moving takes {estimated(said.estimate)}: {said.estimate.basis}.", look.width, 5, DIM)
    return lines


class MethodScreen(StepScreen):
    """Choose a method."""

    STEP = "method"

    def body(self) -> Iterable[Widget]:
        """The list."""
        methods, chosen = self.session.methods, self.session.draft.method
        at = [position for position, method in enumerate(methods) if method.name == chosen]
        at += [position for position, method in enumerate(methods) if method.needs_source]  # what most come for
        yield Board(cursor=at[0] if at else 0, moved=self._take)

    def title_words(self, session: Session) -> tuple[str, str]:
        """The question."""
        since = session.advising.since
        waits = "" if since is None else f"looking which way fits, {self.waited(since)}"
        return "How should the data get into the destination?", waits

    def paint(self, session: Session) -> None:
        """The methods."""
        self.query_one(Board).show(lambda look, cursor: offered(session, look.for_reading, cursor))

    def on_mount(self) -> None:
        """The method at the cursor is the answer."""
        self._take(self.query_one(Board).cursor)

    def begin(self) -> None:
        """Ask which way fits, where both clusters are known."""
        if steps.can_be_asked(self.wizard):
            self.run_worker(steps.ask(self.wizard), group="advice", exclusive=True)

    def is_waiting(self, session: Session) -> bool:
        """Whether that is being asked."""
        return session.advising.since is not None

    async def on_board_clicked(self, message: Board.Clicked) -> None:
        """A second click goes on."""
        if message.again:
            await self.action_next()

    async def action_open(self) -> None:
        """Enter continues."""
        await self.action_next()

    async def go_on(self) -> None:
        """What was chosen for another method and is not offered by this one is no answer any more."""
        steps.keep_what_is_offered(self.wizard)
        await super().go_on()

    def _take(self, position: int) -> None:
        if self.session.methods:
            steps.take(self.wizard, self.session.methods[position].name)
