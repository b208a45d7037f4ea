"""The wizard: holds the session, goes from step to step, and leaves in good order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import time
import traceback
from collections import deque
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.segment import Segment, Segments
from rich.text import Text
from textual import events
from textual._compositor import ChopsUpdate  # private, as what becomes of it
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.reactive import Reactive
from textual.worker import WorkerFailed

from esmigrate_tui.flow.flow import Flow, begun
from esmigrate_tui.flow.keys import actions
from esmigrate_tui.flow.layout import plain
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.wizard.screens.base import StepScreen
from esmigrate_tui.wizard.theme import CALM, STYLES, Contrast
from esmigrate_tui.wizard.widgets.sparing import SparingUpdate, TerminalCells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import RenderableType
    from textual.color import Color
    from textual.driver import Driver
    from textual.message import Message
    from textual.screen import Screen
    from textual.theme import Theme

    from esmigrate_tui.flow.services import OpenCluster, Services
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.connection import Credential, Side

SCREENS: Final = {
    "start": "StartScreen",
    "method": "MethodScreen",
    "connections": "ConnectionsScreen",
    "files": "FilesScreen",
    "mapping": "MappingScreen",
    "preflight": "PreflightScreen",
    "repository": "RepositoryScreen",
    "snapshot": "SnapshotScreen",
    "selection": "SelectionScreen",
    "review": "ReviewScreen",
    "run": "RunScreen",
    "finish": "FinishScreen",
}

_MOST_TURNS: Final = 2_000
"""Turns of the event loop until a key counts as done: it mostly takes ten, but news of a run may keep the loop busy."""
_MOST_MISTAKES: Final = 3
"""Mistakes between two keys, after which a step is not begun anew any more."""
_UNPAINTED: Final = 0.1
"""Seconds of keys that come all at once until what they did is painted."""


class _AsciiOnly(LineFilter):
    """Everything in ASCII, cell by cell, for a locale that shows nothing else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Change the text, nothing else."""
        del background
        return [Segment(plain(text), style, control) for text, style, control in segments]


def _place_of(error: BaseException | None) -> str:
    """What kind of mistake, and where in the program: never a value, which may be a secret."""
    frames = traceback.extract_tb(error.__traceback__) if error is not None else None
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


class WizardApp(Flow, App[ExitCode]):
    """The wizard over a set of services.

    `draft` may be filled in already, with the credentials for its connections beside it. `follow` opens at the board of
    that run. `opening` (a session and a step) opens it anywhere, for pictures. `is_toured` shows it step by step.
    `run()` gives the exit code, or None after a crash or a signal, when `return_code` has it. `farewell` are lines to
    print once the screen is gone.
    """

    TITLE = "esmigrate"
    CSS = STYLES
    ENABLE_COMMAND_PALETTE = True
    ESCAPE_TO_MINIMIZE = False
    CLOSE_TIMEOUT = 2.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "contrast", show=False, priority=True)  # also under a question, which keeps other keys from us
    ]
    GOES_ON_IN_TESTS: ClassVar = False
    """Whether a mistake is told on the screen where no person sees it; else it fails the test that made it."""
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
        super().__init__(ansi_color=True)
        self.animation_level = "none"
        self._on_terminal = TerminalCells()
        self._owes_a_paint = False
        self._left_out = False
        self._drops = False
        self._mistakes = 0
        self._typed: deque[events.Event] = deque()
        self._typing: asyncio.Task[None] | None = None
        self._seen: tuple[Screen[Any] | None, float] = None, 0.0
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
        """Something became known: the step shows it."""
        if session != self._session:
            self._session = session
            if (step := self.step) is not None:
                step.show()

    @property
    def step(self) -> StepScreen | None:
        """The step that is shown, maybe under a page laid over it."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, StepScreen)), None)

    def copy(self, text: str) -> None:
        """Hand a text to the terminal's clipboard, and say so; not every terminal takes it."""
        self.copy_to_clipboard(text)
        if (step := self.step) is not None:
            step.say("Copied. If your terminal does not take it, mark it with Shift and the mouse.")

    # -- the way -----------------------------------------------------------------------------------------------------

    def get_driver_class(self) -> type[Driver]:
        """The terminal of this machine, with a writer that never holds up the loop."""
        from esmigrate_tui.wizard.terminal import TerminalDriver  # noqa: PLC0415  # it needs the app's modules

        return TerminalDriver

    async def on_mount(self) -> None:
        """Now it is on the screen."""
        self._heading_for = await self._first()
        await self.push_screen(self._screen(self._heading_for))
        self.call_after_refresh(self._set_aside)
        if self._is_toured:
            from esmigrate_tui.wizard.tour import toured  # noqa: PLC0415  # only the demo has one

            self.run_worker(toured(self), group="tour")

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
        from esmigrate_tui.wizard.help_page import page  # noqa: PLC0415  # words that most people never open
        from esmigrate_tui.wizard.screens.dialogs import ReadScreen  # noqa: PLC0415  # loaded when first needed

        title, lines = page(step, self.session)
        self.push_screen(ReadScreen(title, lines))

    def show_rejects(self) -> None:
        """The documents that were set aside, when they have been read."""
        self.run_worker(self._show_rejects(), group="rejects", exclusive=True)

    async def _show_rejects(self) -> None:
        from esmigrate_tui.wizard.screens.dialogs import ReadScreen  # noqa: PLC0415  # loaded when first needed
        from esmigrate_tui.wizard.screens.rejects import aside  # noqa: PLC0415  # loaded when first needed

        try:
            rejects = await self.services.rejects(self.session.run, 200)
        except ProblemError as error:
            if (step := self.step) is not None:
                step.say(error.problem.sentence())
            return
        refused = self.session.progress.refused
        is_of_files = self.session.is_of_files
        self.push_screen(ReadScreen("Set aside", lambda width: aside(rejects, refused, width, is_of_files=is_of_files)))

    # -- the end -----------------------------------------------------------------------------------------------------

    async def ask_to_leave(self) -> None:
        """One question, then the end; it says what was changed on the clusters so far: mostly nothing."""
        from esmigrate_tui.wizard.screens.dialogs import AskScreen  # noqa: PLC0415  # loaded when first needed

        question = "Nothing has been changed on either cluster. The answers given here are not kept."
        if self.session.is_anything_changed:
            question = "\n".join(
                (
                    "What you had done here stays, until it is put back:",
                    *self.to_put_back(),
                    "The answers are not kept.",
                )
            )
        self.push_screen(AskScreen("Leave?", question, yes="Leave", no="Stay"), self._answered_leaving)

    def _answered_leaving(self, leaves: bool | None) -> None:  # noqa: FBT001  # Textual's callback
        if leaves:
            self.leave(ExitCode.DONE)

    def leave(self, code: ExitCode, sentence: str = "") -> None:
        """End with an exit code; the sentence is in `farewell`, to be said on the terminal that is given back."""
        self.farewell = (*filter(None, (sentence,)), *self.to_put_back())
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

    def left_by(self, number: int) -> None:
        """The terminal went, or somebody ended us: put it back as it was and go; the run has its own process."""
        self.exit(return_code=128 + number)

    async def on_unmount(self) -> None:
        """The end: let go of the clusters."""
        await self.let_clusters_go()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """What Textual paints, without what is on the terminal already; nothing at all where that is all of it."""
        if self._batch_count:
            self._owes_a_paint = self._owes_a_paint or renderable is not None
        elif renderable is not None:
            if self._is_far_behind:
                self._left_out = True
                return
            if self._running and not self.is_headless:
                renderable = self._sent(renderable)
            if screen is not self._seen[0] and screen is self.screen and self.step is not None:
                # Whoever sees it presses a key after its turn on the terminal has come, however long that takes.
                at_its_turn = getattr(self._driver, "at_its_turn", None)
                seen = partial(self._is_seen, screen)
                seen() if at_its_turn is None else at_its_turn(seen)
        super()._display(screen, renderable)

    def _is_seen(self, screen: Screen[Any]) -> None:
        self._seen = screen, time.monotonic()

    def _sent(self, renderable: RenderableType) -> RenderableType | None:
        """What of it has to be sent to the terminal."""
        if isinstance(renderable, ChopsUpdate):
            sparing = SparingUpdate(renderable, self._on_terminal, self.console)
            return sparing if sparing.text or self.cursor_position != self._previous_cursor_position else None
        self._on_terminal.forget()
        return renderable

    # -- mistakes of our own -------------------------------------------------------------------------------------------

    async def _dispatch_message(self, message: Message) -> None:
        """What a key does is done here: a mistake in it must not end this loop, and with it the wizard."""
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if self._is_beyond_repair():
                raise
            self._tell_mistake(error)

    def _handle_exception(self, error: Exception) -> None:
        """A mistake of our own in a screen or in its work: it costs what was being done there, not the answers."""
        if self._is_beyond_repair():
            super()._handle_exception(error)
        elif isinstance(error, WorkerFailed):
            if (step := self.step) is not None:
                step.let_go()
            self._tell_mistake(error.error)
        else:  # whoever made it gets no more messages
            self.call_later(self._begin_step_anew, error)

    def _is_beyond_repair(self) -> bool:
        """Whether there is no step to go on with, or one mistake follows another though nothing was asked for."""
        self._mistakes += 1
        is_for_a_test = self.is_headless and not self.GOES_ON_IN_TESTS
        return is_for_a_test or not self._running or self.step is None or self._mistakes > _MOST_MISTAKES

    async def _begin_step_anew(self, error: Exception) -> None:
        if (step := self.step) is not None:
            step.let_go()
            await self._go(step.STEP)
            self.call_after_refresh(self._tell_mistake, error)

    def _tell_mistake(self, error: BaseException) -> None:
        if (step := self.step) is not None:
            step.say(f"esmigrate made a mistake ({_place_of(error)}). Your answers are kept: try again.")

    def _fatal_error(self) -> None:
        """Our own fault: what happened, without the values of variables, which may hold a password."""
        self.bell()
        where = _place_of(sys.exc_info()[1])
        words = Text(
            f"esmigrate stumbled over a mistake of its own ({where}) and has to end. A run that is going on goes on: "
            "`esmigrate status` lists it. Please report this with the step you were at."
        )
        self._exit_renderables.append(Segments(self.console.render(words, self.console.options)))
        self._close_messages_no_wait()

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
            try:
                await self.services.keep_contrast(self._contrast.enabled)
            except ProblemError as error:
                if (step := self.step) is not None:
                    step.say(error.problem.sentence())

    # -- keys and words ----------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Every event passes here. What is typed or clicked waits until all that was typed before has been done.

        Textual hands a key at once to the widget that has the focus then: of keys that come in one burst, all would go
        where the first one goes, also those after a Tab.
        """
        if isinstance(event, events.Key | events.Paste | events.MouseDown | events.MouseUp) and not event.is_forwarded:
            self._typed.append(event)
            if self._typing is None:
                self._typing = asyncio.create_task(self._one_by_one())
            return
        if isinstance(event, events.Resize):
            self._on_terminal.forget()
        await super().on_event(event)

    async def _one_by_one(self) -> None:
        """Do what is typed, a key at a time; paint once what they do, not first a letter and then what it filters."""
        try:
            while self._typed and self._running:
                paints = time.monotonic() + _UNPAINTED
                with self.batch_update():
                    while self._typed and time.monotonic() < paints:
                        self.call_later(self._do_typed, self._typed.popleft())
                        await self._until_done()
                self._may_paint()
        finally:
            self._typing = None

    async def _until_done(self) -> None:
        """Wait until nothing more comes of what was typed but what needs a cluster, a file or a clock."""
        loop = asyncio.get_running_loop()
        for _ in range(_MOST_TURNS):
            await asyncio.sleep(0)
            if not loop._ready:  # type: ignore[attr-defined]  # noqa: SLF001  # what is to be run now; no public way
                return

    async def _do_typed(self, event: events.Event) -> None:
        """Do it, unless it was meant for what was shown before."""
        if isinstance(event, events.Key | events.MouseDown) and (step := self.step) is not None:
            step.say("")
            self._mistakes = 0
        if not isinstance(event, events.Key | events.Paste) or self._is_meant(event):
            await super().on_event(event)

    async def _press_keys(self, keys: Iterable[str]) -> None:
        """Press keys as a person does, who looks at what is there before each of them: in tests, by Textual's pilot."""
        for key in keys:
            await self.until_painted()
            await super()._press_keys([key])
        await self.until_painted()

    async def until_painted(self) -> None:
        """Wait until what was typed is done, and what came of it is to be seen."""
        for _ in range(_MOST_TURNS):
            if not self._running or (self._typing is None and self._seen[0] is self.screen):
                break
            await asyncio.sleep(0.001)

    def _is_meant(self, key: events.Key | events.Paste) -> bool:
        """Whether a key was pressed when what it acts on was to be seen; an answer may be typed before that.

        Else a key that is pressed twice would pass over a step, or answer a question, that nobody has read. What comes
        after one that does nothing does nothing either: it would go to another field than it was meant for.
        """
        seen, since = self._seen
        if seen is None or (seen is self.screen and key.time >= since):
            self._drops = False
            return True
        ahead: frozenset[str] = getattr(self.focused, "TYPED_AHEAD", frozenset())
        is_text = isinstance(key, events.Paste) or key.is_printable
        self._drops |= not (("printable" in ahead and is_text) or (isinstance(key, events.Key) and key.key in ahead))
        return not self._drops

    @property
    def _is_far_behind(self) -> bool:
        """Whether the terminal is not read, or so slowly that it would show what was long ago."""
        return bool(getattr(self._driver, "is_far_behind", False))

    def paint_what_was_left_out(self) -> None:
        """The terminal has all that was sent: it gets what was left out meanwhile, as it is now."""
        if self._left_out:
            self._left_out = False
            self._on_terminal.forget()
            self.screen.refresh()

    def _may_paint(self) -> None:
        """Tell the screen that the wait is over, which nobody else does; what was to be painted meanwhile is owed."""
        if self._batch_count or not self.screen_stack:
            return
        if self._owes_a_paint:
            self._owes_a_paint = False
            self.screen.refresh()
        self.screen.call_next(self.screen._on_timer_update)  # noqa: SLF001  # what the next frame would do

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
