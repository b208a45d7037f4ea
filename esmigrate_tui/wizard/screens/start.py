"""What there is already: runs that are going on, that stopped half-way, that are finished; or a new migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from esmigrate_tui.flow.layout import shorten
from esmigrate_tui.flow.start import standing
from esmigrate_tui.model.method import traits_of
from esmigrate_tui.model.text import duration
from esmigrate_tui.wizard.app import StepScreen
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, ink, spread
from esmigrate_tui.wizard.widgets.board import Board, block_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from esmigrate_tui.engine.listing import RunSummary
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.wizard.draw import Canvas
    from esmigrate_tui.wizard.widgets.board import BoardContent


def there_is(session: Session, look: Canvas, cursor: int, now: float) -> BoardContent:
    """A new migration first, then the runs, the newest first."""
    blocks = [_new(look, here=cursor == 0)]
    for position, card in enumerate(session.runs, start=1):
        here = position == cursor
        state, does, _ = standing(card)
        title = ink(" ").append_text(look.mark("here" if here else "none")).append(" ")
        kind = "Changes" if card.is_of_changes else "Run"
        title.append(f"{kind} {shorten(card.run, 20)}", STRONG if here else "none").append("  ")
        title.append(state, "none" if card.is_live or card.is_finished else TROUBLE)
        share = "" if card.fraction is None or card.is_of_changes else f"{card.fraction * 100:.0f} %"
        since = f"{duration(max(0.0, now - card.started_at))} ago" if card.started_at is not None else ""
        right = ink("   ".join(part for part in (share, since) if part) + " ", DIM)
        lines = [
            spread(title, right, look.width),
            ink("     ").append(shorten(_way(card, session), look.width - 6), "none" if here else DIM),
        ]
        if here and card.problem is None:
            lines.append(ink("     ").append(does, DIM))
        blocks.append((*lines, Text()))
    return block_rows(blocks)


def _way(card: RunSummary, session: Session) -> str:
    """From where to where, and by which method where it is not the source that is read."""
    if card.problem is not None:
        return card.problem.sentence()
    title = next((method.title for method in session.methods if method.name == card.method), "")
    if card.is_of_changes:
        return f"on {card.destination}"
    if traits_of(card.method).restores or not card.source:
        return f"{title} → {card.destination}"
    return f"{card.source} → {card.destination}"


def _new(look: Canvas, *, here: bool) -> tuple[Text, ...]:
    title = ink(" ").append_text(look.mark("here" if here else "none")).append(" ")
    title.append("A new migration", STRONG if here else "none")
    says = ink("     ").append("Nothing on either cluster is changed before you have confirmed it.", DIM)
    return (title, says, Text())


class StartScreen(StepScreen):
    """Choose what to do with what there is."""

    STEP, HAS_NEXT = "start", False  # Enter says it all here

    def body(self) -> Iterable[Widget]:
        """The list."""
        live = next((at for at, card in enumerate(self.session.runs, start=1) if card.is_live), 0)
        yield Board(cursor=live)

    def title_words(self, session: Session) -> tuple[str, str]:
        """How many runs there are."""
        going = sum(card.is_live for card in session.runs)
        return "Where do you want to begin?", f"{going} running" if going else ""

    def paint(self, session: Session) -> None:
        """The runs."""
        now = self.wizard.services.now()
        self.query_one(Board).show(lambda look, cursor: there_is(session, look.for_reading, cursor, now))

    async def on_board_clicked(self, message: Board.Clicked) -> None:
        """A second click takes it."""
        if message.again:
            await self.action_open()

    async def action_next(self) -> None:
        """Next does what Enter does."""
        await self.action_open()

    async def action_open(self) -> None:
        """Take what the cursor is at."""
        at = self.query_one(Board).cursor
        if at == 0:
            self.wizard.go("method")
            return
        card = self.session.runs[at - 1]
        _, does, word = standing(card)
        if word == "follow":
            self.wizard.follow(card.run)
            return
        self.say(does if not word else "Resuming …")
        if word == "resume":
            self.run_worker(self._resume(card.run), group="take-up", exclusive=True)

    async def _resume(self, run: str) -> None:
        with self.wizard.saying_problems():
            await self.wizard.services.resume(run, self.wizard.credentials)
            self.wizard.follow(run)
