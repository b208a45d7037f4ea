"""All that uses names that Textual or asyncio keep private, and why each is worth it.

- `ChopsUpdate`, `App._display`: only cells that look different are sent, and pictures are left out while the terminal
  is behind. Without them a slow line sees every row again at each key.
- `App._batch_count`, `Screen._on_timer_update`: what a burst of keys does is painted once, not letter by letter.
- `loop._ready`: the next key comes when nothing more comes of the last one. Without it all keys of a burst go to the
  widget that had the focus first. No public call says that the loop has nothing left to run.
- `App._dispatch_message`, `_handle_exception`, `_fatal_error`: a mistake of the program costs a step, not the answers,
  and a traceback shows no values.
- `App._press_keys`: tests wait until a key is painted, and never sleep.
- `LinuxDriver._file`, `_loop`, `_writer_thread`: a full terminal does not stop the loop.
- `ScrollView._scroll_update`: another height of a list lays out nothing anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import sys
import termios
import threading
import time
import traceback
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.control import Control
from rich.segment import Segments
from rich.text import Text
from textual import events
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.worker import WorkerFailed

from esmigrate_tui.hangup import GRACE, HangupWatch
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.wizard.terminal import TerminalWriter, write_once
from esmigrate_tui.wizard.widgets.cell_changes import TerminalCells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console, RenderableType
    from textual.driver import Driver
    from textual.message import Message
    from textual.screen import Screen

_MOST_TURNS: Final = 2_000
"""Turns of the event loop until a key counts as done: it mostly takes ten, but news of a run may keep the loop busy."""
_MOST_MISTAKES: Final = 3
"""Mistakes between two keys, after which a step is not begun anew any more."""
_UNPAINTED: Final = 0.1
"""Seconds of keys that come all at once until what they did is painted."""
_GIVEN_BACK: Final = (
    b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""What undoes all that Textual asks of a terminal: paste, wrapping, mouse, keys, the other screen, cursor, focus."""


def _place_of(error: BaseException | None) -> str:
    """What kind of mistake, and where in the program: never a value, which may be a secret."""
    frames = traceback.extract_tb(error.__traceback__) if error is not None else None
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


class OrderedApp(App[ExitCode]):
    """Does what is typed one key after the other, paints sparingly, and outlives a mistake in a step."""

    GOES_ON_IN_TESTS: ClassVar = False
    """Whether a mistake is reported on the screen where no user sees it; else it fails the test that made it."""

    def __init__(self) -> None:
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

    def get_driver_class(self) -> type[Driver]:
        """The terminal of this machine, with a writer that never holds up the loop."""
        return TerminalDriver

    # -- what a subclass has -------------------------------------------------------------------------------------------

    @property
    def has_step(self) -> bool:
        """Whether a step is shown."""
        raise NotImplementedError

    def say(self, sentence: str) -> None:
        """Show a sentence in the step that is shown, until the next key."""
        raise NotImplementedError

    async def restart_step(self) -> None:
        """Show the step anew: its screen gets no messages any more."""
        raise NotImplementedError

    def abandon_work(self) -> None:
        """Take back what the step says of work that has ended with a mistake."""
        raise NotImplementedError

    def left_by(self, number: int) -> None:
        """End by a signal, or because the terminal was closed; the run has its own process."""
        self.exit(return_code=128 + number)

    # -- painting ------------------------------------------------------------------------------------------------------

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
            if screen is not self._seen[0] and screen is self.screen and self.has_step:
                # A user who sees it presses a key after its turn on the terminal has come, however long that takes.
                at_its_turn = getattr(self._driver, "at_its_turn", None)
                seen = partial(self._is_seen, screen)
                seen() if at_its_turn is None else at_its_turn(seen)
        super()._display(screen, renderable)

    def _is_seen(self, screen: Screen[Any]) -> None:
        self._seen = screen, time.monotonic()

    def _sent(self, renderable: RenderableType) -> RenderableType | None:
        """What of it has to be sent to the terminal."""
        if isinstance(renderable, ChopsUpdate):
            update = SparingUpdate(renderable, self._on_terminal, self.console)
            return update if update.text or self.cursor_position != self._previous_cursor_position else None
        self._on_terminal.forget()
        return renderable

    # -- keys ----------------------------------------------------------------------------------------------------------

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
        if isinstance(event, events.Key | events.MouseDown) and self.has_step:
            self.say("")
            self._mistakes = 0
        if not isinstance(event, events.Key | events.Paste) or self._is_meant(event):
            await super().on_event(event)

    async def _press_keys(self, keys: Iterable[str]) -> None:
        """Press keys as a user does, who looks at what is there before each of them: in tests, by Textual's pilot."""
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

    # -- mistakes of the program ---------------------------------------------------------------------------------------

    async def _dispatch_message(self, message: Message) -> None:
        """What a key does is done here: a mistake in it must not end this loop, and with it the wizard."""
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if self._is_beyond_repair():
                raise
            self._report_mistake(error)

    def _handle_exception(self, error: Exception) -> None:
        """A mistake in a screen or in its work: it costs what was being done there, not the answers."""
        if self._is_beyond_repair():
            super()._handle_exception(error)
        elif isinstance(error, WorkerFailed):
            self.abandon_work()
            self._report_mistake(error.error)
        else:
            self.call_later(self._restart, error)

    def _is_beyond_repair(self) -> bool:
        """Whether there is no step to go on with, or one mistake follows another though nothing was asked for."""
        self._mistakes += 1
        is_for_a_test = self.is_headless and not self.GOES_ON_IN_TESTS
        return is_for_a_test or not self._running or not self.has_step or self._mistakes > _MOST_MISTAKES

    async def _restart(self, error: Exception) -> None:
        self.abandon_work()
        await self.restart_step()
        self.call_after_refresh(self._report_mistake, error)

    def _report_mistake(self, error: BaseException) -> None:
        self.say(f"esmigrate made a mistake ({_place_of(error)}). Your answers are kept: try again.")

    def _fatal_error(self) -> None:
        """What happened, without the values of variables, which may hold a password."""
        self.bell()
        where = _place_of(sys.exc_info()[1])
        words = Text(
            f"esmigrate stumbled over a mistake of its own ({where}) and has to end. A run that is under way "
            "continues: `esmigrate status` lists it. Please report this with the step you were at."
        )
        self._exit_renderables.append(Segments(self.console.render(words, self.console.options)))
        self._close_messages_no_wait()


class SparingUpdate(ChopsUpdate):
    """An update that sends nothing twice; to be made when it is sent, since from then on it counts as shown."""

    def __init__(self, update: ChopsUpdate, shown: TerminalCells, console: Console) -> None:
        super().__init__(update.chops, update.spans, update.chop_ends)
        self.text = "".join(self._sequences(shown, console))

    def render_segments(self, console: Console) -> str:
        """The bytes for the terminal."""
        del console
        return self.text

    def _sequences(self, shown: TerminalCells, console: Console) -> Iterator[str]:
        for y, first, last in self.spans:
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or start >= last or end <= first:
                    continue
                left, right = max(start, first), min(end, last)
                part = strip.crop(left - start, right - start)
                for begins, ends in shown.news(y, left, part):
                    yield Control.move_to(left + begins, y).segment.text
                    yield part.crop(begins, ends).simplify().render(console)


class QuietScrollView(ScrollView):
    """A scroll view of which another height lays out nothing anew: only its scrollbar follows."""

    virtual_size = var(Size(0, 0))

    def watch_virtual_size(self, size: Size) -> None:
        """The scrollbar follows."""
        self._scroll_update(size)


class TerminalDriver(LinuxDriver):
    """Textual's driver with a writer that never holds up the loop, and a watch that ends what has no terminal."""

    _app: OrderedApp
    _writer: TerminalWriter | None = None
    _watch: HangupWatch | None = None

    @property
    def is_far_behind(self) -> bool:
        """Whether the terminal takes so little that nothing should be painted now."""
        return self._writer is not None and self._writer.is_far_behind

    def start_application_mode(self) -> None:
        """Take the terminal."""
        assert self._file is not None, "the command looks for a terminal before it opens a screen"  # noqa: S101
        self._watch = HangupWatch(self.fileno, leave=self._leave, restore=self._restore, grace=GRACE)
        self._writer = TerminalWriter(self._file.fileno(), self._file.encoding, self._caught_up, self._watch.lose)
        self._writer.start()
        self._watch.start()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's own
        super().close()  # its own writer, which waits in the event loop where the terminal does not take more
        self._writer_thread = None

    def at_its_turn(self, callback: Callable[[], None]) -> None:
        """Call this, in another thread, when the terminal has all that was written before, and nothing more yet."""
        if self._writer is not None:
            self._writer.at_its_turn(callback)

    def write(self, data: str) -> None:
        """Have it written."""
        if self._writer is not None:
            self._writer.put(data)

    def close(self) -> None:
        """Give the terminal back when all is written."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _caught_up(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._app.paint_what_was_left_out)

    def _leave(self, number: int, is_gone: bool) -> None:  # noqa: FBT001  # the watch's callback
        if is_gone:
            self.exit_event.set()  # else the thread that reads would read nothing, over and over
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._app.left_by, number)

    def _restore(self) -> None:
        """Give the terminal back as far as that can be done without waiting for it."""
        if self._writer is None or not self._file:
            return
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        terminal = self._file.fileno()
        with contextlib.suppress(OSError):
            if select.select([], [terminal], [], 0)[1]:
                telling = threading.Thread(target=write_once, args=(terminal, _GIVEN_BACK), daemon=True)
                telling.start()
                telling.join(0.1)
