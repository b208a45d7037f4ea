"""The wizard: what each step has; and the app, which holds the session, goes from step to step, leaves in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from rich.segment import Segment
from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.reactive import Reactive
from textual.screen import Screen, ScreenResultType

from esmigrate_tui.flow.flow import Flow, begun
from esmigrate_tui.flow.keys import ACTIONS, actions
from esmigrate_tui.flow.layout import plain
from esmigrate_tui.flow.steps import BY_NAME, STEPS, before, following
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import duration
from esmigrate_tui.wizard.textual_private import OrderedApp
from esmigrate_tui.wizard.theme import CALM, STYLES, Contrast
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
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.text import Text
    from textual.app import ComposeResult
    from textual.color import Color
    from textual.theme import Theme
    from textual.widget import Widget

    from esmigrate_tui.flow.services import OpenCluster, Services
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.connection import Credential, Side
    from esmigrate_tui.wizard.draw import Canvas

SCREENS: Final = {step.name: f"{step.name.capitalize()}Screen" for step in STEPS}


class _AsciiOnly(LineFilter):
    """Everything in ASCII, cell by cell, for a locale that shows nothing else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Change the text, nothing else."""
        del background
        return [Segment(plain(text), style, control) for text, style, control in segments]


class WizardScreen(Screen[ScreenResultType]):
    """A screen of the wizard, which knows its app and what that holds."""

    @property
    def wizard(self) -> WizardApp:
        """The app that this screen belongs to."""
        return cast("WizardApp", self.app)

    @property
    def session(self) -> Session:
        """What is known now."""
        return self.wizard.session


class StepScreen(WizardScreen[None]):
    """A step: `body` makes its widgets once, `paint` shows a session on them, any number of times."""

    STEP: ClassVar[str]
    HAS_NEXT: ClassVar[bool] = True
    AUTO_FOCUS: ClassVar[str | None] = "#board"

    def __init_subclass__(cls, **others: Any) -> None:  # noqa: ANN401  # Textual's own
        """A step's keys are those of the table of actions; those for the palette and for contrast are the app's."""
        if step := cls.__dict__.get("STEP"):
            cls.BINDINGS = [
                Binding(action.keys, action.name, action.label or action.says, show=False)
                for action in ACTIONS
                if step in action.steps.split() and action.keys and action.name not in {"contrast", "palette"}
            ]
        super().__init_subclass__(**others)

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
        return (BY_NAME[self.STEP].may_go_on(session) or "next") if self.HAS_NEXT else ""

    def keys_instead(self) -> tuple[tuple[str, str], ...]:
        """The keys, each with what it does, that are the only ones now; () where those of the step are."""
        return ()

    def line_when_small(self, session: Session) -> str:
        """What matters most in one line, for a terminal without room."""
        return ", ".join(part for part in self.title_words(session) if part)

    # -- what all of them do -----------------------------------------------------------------------------------------

    def show_lines(self, name: str, lines: Callable[[Canvas], list[Text]]) -> None:
        """Show lines in the widget of that id."""
        self.query_one(f"#{name}", TextLines).show(lines)

    def compose(self) -> ComposeResult:
        """Yield the widgets, from top to bottom."""
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
        """Lay everything out again for the new size."""
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


class WizardApp(Flow, OrderedApp):
    """The wizard over a set of services.

    `draft` may be filled in already, with the credentials for its connections beside it. `follow` opens at the board of
    that run. `opening` (a session and a step) opens it anywhere, for pictures. `is_toured` shows it step by step.
    `run()` gives the exit code, or None after a crash or a signal, when `return_code` has it. `farewell` are lines to
    print once the screen is closed.
    """

    TITLE = "esmigrate"
    CSS = STYLES
    ENABLE_COMMAND_PALETTE = True
    ESCAPE_TO_MINIMIZE = False
    CLOSE_TIMEOUT = 2.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "contrast", show=False, priority=True)  # also under a question, which keeps other keys from us
    ]
    theme = Reactive(CALM.name)
    """From the first moment on: with a change of theme every style would be read twice before the first screen."""

    def __init__(
        self,
        services: Services[Any],
        draft: Draft | None = None,
        *,
        follow: str | None = None,
        credentials: Mapping[Side, Credential] | None = None,
        ascii_only: bool = False,
        has_contrast: bool = False,
        opening: tuple[Session, str] | None = None,
        is_toured: bool = False,
    ) -> None:
        super().__init__()
        self.services = services
        self.credentials: dict[Side, Credential] = dict(credentials or {})
        self.clusters: dict[Side, OpenCluster] = {}
        self.ascii_only = ascii_only
        self.farewell: tuple[str, ...] = ()
        self.is_live = opening is None
        self._follow = follow
        self._is_toured = is_toured
        self._opening = opening
        self._heading_for = ""
        self._session = opening[0] if opening else begun(services.methods, draft or Draft(), self.credentials)
        if ascii_only:
            self._filters.append(_AsciiOnly())
        self._contrast = Contrast(enabled=has_contrast)
        self._keeping = asyncio.Lock()
        self._filters.append(self._contrast)

    @property
    def available_themes(self) -> dict[str, Theme]:
        """The calm one as well."""
        return super().available_themes | {CALM.name: CALM}

    # -- the session -------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """What is known now."""
        return self._session

    def update(self, session: Session) -> None:
        """Replace the session, and redraw the step that shows it."""
        if session != self._session:
            self._session = session
            if (step := self.step) is not None:
                step.show()

    @property
    def step(self) -> StepScreen | None:
        """The step that is shown, maybe under a page laid over it."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, StepScreen)), None)

    @property
    def has_step(self) -> bool:
        """Whether a step is shown."""
        return self.step is not None

    def say(self, sentence: str) -> None:
        """Show a sentence in the step that is shown, until the next key."""
        if (step := self.step) is not None:
            step.say(sentence)

    @contextlib.contextmanager
    def saying_problems(self) -> Iterator[None]:
        """A ProblemError ends what is done inside, and is shown as a sentence."""
        try:
            yield
        except ProblemError as error:
            self.say(error.problem.sentence())

    async def restart_step(self) -> None:
        """Show the step anew: its screen gets no messages any more."""
        if (step := self.step) is not None:
            await self._go(step.STEP)

    def abandon_work(self) -> None:
        """Take back what the step says of work that has ended with a mistake."""
        if (step := self.step) is not None:
            step.let_go()

    def ask(self, page: Screen[ScreenResultType], then: Callable[[ScreenResultType], object]) -> None:
        """Lay a page over the step; `then` gets its answer, unless it was left without one (None)."""

        def answered(answer: ScreenResultType | None) -> None:
            if answer is not None:
                then(answer)

        self.push_screen(page, answered)

    def copy(self, text: str) -> None:
        """Hand a text to the terminal's clipboard, and say so; not every terminal takes it."""
        self.copy_to_clipboard(text)
        self.say("Copied. If your terminal does not take it, mark it with Shift and the mouse.")

    # -- the way -----------------------------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        """Now it is on the screen."""
        self._heading_for = await self._first()
        await self.push_screen(self._screen(self._heading_for))
        self.call_after_refresh(self._set_aside)
        if self._is_toured:
            self.run_worker(import_module("esmigrate_tui.wizard.tour").toured(self), group="tour")

    def _set_aside(self) -> None:
        """What was loaded until now stays: no key has to wait until all of it was looked through for garbage."""
        gc.enable()
        if not self.is_headless:  # else it is not this process's only app
            gc.freeze()

    async def _first(self) -> str:
        """The step to open at; the start is skipped where it has nothing to show."""
        if self._opening is not None:
            return self._opening[1]
        if self._follow is not None:
            self._session = self._session.but(run=self._follow)
            return "run"
        with contextlib.suppress(ProblemError):  # runs that cannot be listed must not keep anybody from a new one
            self._session = self._session.but(runs=await self.services.runs())
        return "start" if self._session.runs else "method"

    def _screen(self, step: str) -> Screen[None]:
        """A step's screen; each is imported when it is first shown."""
        module = import_module(f"esmigrate_tui.wizard.screens.{step}")
        screen: Screen[None] = getattr(module, SCREENS[step])()
        return screen

    def go(self, step: str) -> None:
        """To a step, as soon as what is being handled is done: a screen cannot wait for its own removal."""
        if step != self._heading_for:
            self._heading_for = step
            self.call_later(self._go, step)
            if (here := self.step) is not None:
                here.show()

    def is_leaving(self, step: str) -> bool:
        """Whether another step is on its way to the screen."""
        return self._heading_for not in {"", step}

    async def _go(self, step: str) -> None:
        while len(self.screen_stack) > 2:
            await self.pop_screen()
        await self.switch_screen(self._screen(step))

    def follow(self, run: str) -> None:
        """To the board of a run."""
        self._session = self._session.but(run=run, run_problem=None)
        self.go("run")

    def explain(self, step: str) -> None:
        """The page in plain words for a step."""
        from esmigrate_tui.wizard.pages import help_page  # noqa: PLC0415  # words that most people never open
        from esmigrate_tui.wizard.screens.dialogs import ReadScreen  # noqa: PLC0415  # loaded when first needed

        title, lines = help_page(step, self.session)
        self.push_screen(ReadScreen(title, lines))

    @work(group="rejects", exclusive=True)
    async def show_rejects(self) -> None:
        """The documents that were rejected, when they have been read."""
        from esmigrate_tui.wizard.pages import rejects_page  # noqa: PLC0415  # loaded when first needed
        from esmigrate_tui.wizard.screens.dialogs import ReadScreen  # noqa: PLC0415  # loaded when first needed

        refused, is_of_files = self.session.progress.refused, self.session.is_of_files
        with self.saying_problems():
            rejects = await self.services.rejects(self.session.run, 200)
            self.push_screen(
                ReadScreen("Rejected", lambda width: rejects_page(rejects, refused, width, is_of_files=is_of_files))
            )

    # -- the end -----------------------------------------------------------------------------------------------------

    async def ask_to_leave(self) -> None:
        """One question, then the end; it says what was changed on the clusters so far: mostly nothing."""
        from esmigrate_tui.wizard.screens.dialogs import AskScreen  # noqa: PLC0415  # loaded when first needed

        question = "Nothing has been changed on either cluster. The answers given here are not kept."
        if self.session.is_anything_changed:
            question = "\n".join(
                (
                    "What you had done here stays, until it is reverted:",
                    *self.to_revert(),
                    "The answers are not kept.",
                )
            )
        self.ask(AskScreen("Leave?", question, yes="Leave", no="Stay"), lambda _: self.leave(ExitCode.DONE))

    def leave(self, code: ExitCode, sentence: str = "") -> None:
        """End with an exit code; the sentence is in `farewell`, to be said on the terminal that is given back."""
        self.farewell = (*filter(None, (sentence,)), *self.to_revert())
        self.exit(code, return_code=int(code))

    async def action_quit(self) -> None:
        """Ctrl+Q: what leaving means in this step."""
        if len(self.screen_stack) > 2:
            await self.pop_screen()
        if (step := self.step) is not None:
            await step.action_leave()
        else:
            self.leave(ExitCode.DONE)

    def action_help_quit(self) -> None:
        """Ctrl+C: the same."""
        self.run_worker(self.action_quit(), group="quit", exclusive=True)

    async def on_unmount(self) -> None:
        """The end: let go of the clusters."""
        await self.close_clusters()

    def action_contrast(self) -> None:
        """More contrast, or the calm look again; the next start has it as well."""
        self._contrast.enabled = not self._contrast.enabled
        for screen in self.screen_stack:
            for each in (screen, *screen.query("*")):
                each.refresh()
        self.run_worker(self._keep_contrast(), group="contrast")

    async def _keep_contrast(self) -> None:
        """One after the other, each what holds by then: so the last one is the last that is written."""
        async with self._keeping:
            with self.saying_problems():
                await self.services.keep_contrast(self._contrast.enabled)

    # -- the palette -------------------------------------------------------------------------------------------------

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The step's own actions by name; no screenshot, which would write what is visible to a file."""
        step = screen if isinstance(screen, StepScreen) else self.step
        if step is None:
            return
        seen = set()
        for action in actions(step.STEP, self.session.method_name):
            if action.name in {"none", "palette"} or action.name in seen:
                continue
            seen.add(action.name)
            title = (action.label or action.name.replace("_", " ")).capitalize()
            yield SystemCommand(
                f"{title}  ({action.shown})", action.says, lambda name=action.name: self._do(step, name)
            )

    def _do(self, step: StepScreen, name: str) -> None:
        step.run_worker(step.run_action(name), group="palette", exclusive=True)
