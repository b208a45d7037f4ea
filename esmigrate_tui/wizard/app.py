"""The wizard: holds the session, goes from step to step, and leaves in good order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.segment import Segment
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.reactive import Reactive

from esmigrate_tui.flow.flow import begun
from esmigrate_tui.flow.keys import actions
from esmigrate_tui.flow.layout import plain
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.wizard.screens.base import ScreenHost, StepScreen
from esmigrate_tui.wizard.theme import CALM, STYLES, Contrast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.color import Color
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


class _AsciiOnly(LineFilter):
    """Everything in ASCII, cell by cell, for a locale that shows nothing else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Change the text, nothing else."""
        del background
        return [Segment(plain(text), style, control) for text, style, control in segments]


class WizardApp(ScreenHost):
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
        """Something became known: the step shows it."""
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

    async def restart_step(self) -> None:
        """Show the step anew: its screen gets no messages any more."""
        if (step := self.step) is not None:
            await self._go(step.STEP)

    def abandon_work(self) -> None:
        """Take back what the step says of work that has ended with a mistake."""
        if (step := self.step) is not None:
            step.let_go()

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
        """The documents that were rejected, when they have been read."""
        self.run_worker(self._show_rejects(), group="rejects", exclusive=True)

    async def _show_rejects(self) -> None:
        from esmigrate_tui.wizard.screens.dialogs import ReadScreen  # noqa: PLC0415  # loaded when first needed
        from esmigrate_tui.wizard.screens.rejects import rejects_page  # noqa: PLC0415  # loaded when first needed

        try:
            rejects = await self.services.rejects(self.session.run, 200)
        except ProblemError as error:
            self.say(error.problem.sentence())
            return
        refused = self.session.progress.refused
        is_of_files = self.session.is_of_files
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
        self.push_screen(AskScreen("Leave?", question, yes="Leave", no="Stay"), self._answered_leaving)

    def _answered_leaving(self, leaves: bool | None) -> None:  # noqa: FBT001  # Textual's callback
        if leaves:
            self.leave(ExitCode.DONE)

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
            try:
                await self.services.keep_contrast(self._contrast.enabled)
            except ProblemError as error:
                self.say(error.problem.sentence())

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
