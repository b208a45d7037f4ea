"""What every step has: rail, title, body, footer; Next with its reason, Back, help, and a line for small terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.screen import Screen

from esmigrate_tui.flow.flow import Flow
from esmigrate_tui.flow.steps import BY_NAME, STEPS, before, following
from esmigrate_tui.model.text import duration
from esmigrate_tui.wizard.draw import Canvas
from esmigrate_tui.wizard.textual_private import OrderedApp
from esmigrate_tui.wizard.widgets.bars import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    TALL,
    WIDE,
    FootLine,
    RailLine,
    TitleLine,
    TooSmall,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.outcome import ExitCode


class ScreenHost(Flow, OrderedApp):
    """The app as its screens know it; what `WizardApp` implements, so that no screen has to know that."""

    ascii_only: bool
    is_live: bool
    """Whether the screens read from the clusters; a picture does not."""

    @property
    def step(self) -> StepScreen | None:
        """The step that is shown, maybe under a page laid over it."""
        raise NotImplementedError

    def go(self, step: str) -> None:
        """To a step, as soon as what is being handled is done."""
        raise NotImplementedError

    def is_leaving(self, step: str) -> bool:
        """Whether another step is on its way to the screen."""
        raise NotImplementedError

    def follow(self, run: str) -> None:
        """To the board of a run."""
        raise NotImplementedError

    def explain(self, step: str) -> None:
        """The page in plain words for a step."""
        raise NotImplementedError

    def show_rejects(self) -> None:
        """The documents that were rejected."""
        raise NotImplementedError

    def copy(self, text: str) -> None:
        """Hand a text to the terminal's clipboard."""
        raise NotImplementedError

    async def ask_to_leave(self) -> None:
        """One question, then the end."""
        raise NotImplementedError

    def leave(self, code: ExitCode, sentence: str = "") -> None:
        """End with an exit code, and a sentence for the terminal that is given back."""
        raise NotImplementedError

    def action_contrast(self) -> None:
        """More contrast, or the calm look again."""
        raise NotImplementedError


class StepScreen(Screen[None]):
    """A step: `body` makes its widgets once, `paint` shows a session on them, any number of times."""

    STEP: ClassVar[str]
    AUTO_FOCUS: ClassVar[str | None] = "#board"

    # -- what a step says of itself ----------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """The widgets between title and footer."""
        raise NotImplementedError

    def paint(self, session: Session) -> None:
        """Show this session on them."""
        raise NotImplementedError

    def title_words(self, session: Session) -> tuple[str, str]:
        """The title, and the word at its right end."""
        raise NotImplementedError

    def next_word(self, session: Session) -> str:
        """What the footer says of Next: "next", the reason why not, or "" for a step without one."""
        return BY_NAME[self.STEP].may_go_on(session) or "next"

    def keys_instead(self) -> tuple[tuple[str, str], ...]:
        """The keys, each with what it does, that are the only ones now; () where those of the step are."""
        return ()

    def line_when_small(self, session: Session) -> str:
        """What matters most in one line, for a terminal without room."""
        return ", ".join(part for part in self.title_words(session) if part)

    # -- what all of them do -----------------------------------------------------------------------------------------

    @property
    def wizard(self) -> ScreenHost:
        """The app that this screen belongs to."""
        return cast("ScreenHost", self.app)

    @property
    def session(self) -> Session:
        """What is known now."""
        return self.wizard.session

    @property
    def look(self) -> Canvas:
        """What the drawing has to go by."""
        return Canvas(self.size.width, self.size.height, self.wizard.ascii_only)

    def compose(self) -> ComposeResult:
        """Its widgets."""
        yield RailLine(self.STEP)
        yield TitleLine()
        yield from self.body()
        yield TooSmall()
        yield FootLine(self.STEP)

    def on_mount(self) -> None:
        """Now it is on the screen; a picture reads nothing. Textual calls this after a subclass's own, by itself."""
        self.show()
        if self.wizard.is_live:
            self.set_interval(1.0, self._show_seconds)
            self.begin()

    def begin(self) -> None:
        """Read what the step needs to know, once it is on the screen."""

    def is_waiting(self, session: Session) -> bool:
        """Whether something is waited for, so that the seconds are shown."""
        del session
        return False

    def _show_seconds(self) -> None:
        if self.is_waiting(self.session):
            self.show()

    def waited(self, since: float) -> str:
        """How long something has been waited for."""
        return duration(max(0.0, self.wizard.services.now() - since))

    def on_resize(self) -> None:
        """It has another size."""
        size = self.app.size
        self.set_class(size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT, "-small")
        self.set_class(size.width >= WIDE, "-wide")
        self.set_class(size.height >= TALL, "-tall")
        self.show()

    def show(self) -> None:
        """Draw what is known now."""
        if not self.is_mounted or not self.is_attached:
            return
        session = self.session
        self.query_one(RailLine).offer(session.method_name)
        self.query_one(TitleLine).title(*self.title_words(session))
        word = "one moment" if self.wizard.is_leaving(self.STEP) else self.next_word(session)
        self.query_one(FootLine).offer(word, session.method_name, self.keys_instead())
        if self.has_class("-small"):
            self.query_one(TooSmall).show_line(self.line_when_small(session))
        self.paint(session)

    def say(self, sentence: str) -> None:
        """Say something above the keys until the next one is pressed; "" takes it back."""
        if self.is_mounted:
            self.query_one(FootLine).say(sentence)

    async def action_next(self) -> None:
        """Go on, or say why not."""
        if reason := BY_NAME[self.STEP].may_go_on(self.session):
            self.say(f"Next is not possible yet: {reason}.")
        else:
            await self.go_on()

    async def go_on(self) -> None:
        """Nothing stands in the way: to the next step."""
        self.wizard.go(following(self.STEP, self.session))

    async def action_back(self) -> None:
        """To the step before; every answer is kept."""
        if earlier := before(self.STEP, self.session):
            self.let_go()
            self.wizard.go(earlier)

    async def action_go(self, step: str) -> None:
        """To a step that was clicked in the rail, where it lies behind and there is a way back."""
        names = [each.name for each in STEPS]
        if self.STEP not in {"run", "finish"} and names.index(step) < names.index(self.STEP):
            self.let_go()
            self.wizard.go(step)

    def let_go(self) -> None:
        """Put the session into a state that holds without this screen's workers, which end with it."""

    def action_contrast(self) -> None:
        """More contrast, or the calm look again."""
        self.wizard.action_contrast()

    def action_explain(self) -> None:
        """The page in plain words."""
        self.wizard.explain(self.STEP)

    async def action_leave(self) -> None:
        """Leave the wizard, after one question: before a run nothing on a cluster can be lost."""
        await self.wizard.ask_to_leave()

    def action_none(self) -> None:
        """Keys that the widgets have themselves."""
