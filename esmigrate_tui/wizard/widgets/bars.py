"""The lines around a step: the rail, the title, the footer, and the sentence for a terminal that is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from esmigrate_tui.flow.keys import Action, actions
from esmigrate_tui.flow.layout import wrap
from esmigrate_tui.flow.steps import STEPS, is_step_of
from esmigrate_tui.wizard.draw import ACCENT, DIM, STRONG, ink, rule
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from textual import events

    from esmigrate_tui.model.method import MethodName
    from esmigrate_tui.wizard.draw import Canvas

LEAST_WIDTH = 80
LEAST_HEIGHT = 24
WIDE, TALL = 120, 40
"""From where on a step has room for more: details beside a list, more lines of a log."""


def rail(current: str, method: MethodName | None = None) -> tuple[Text, tuple[tuple[int, int, str], ...]]:
    """The rail of a method with the current step standing out, and where each word is: (from, to, step)."""
    steps = [step for step in STEPS if step.name == current or is_step_of(step, method)]
    names = [step.name for step in steps]
    at = names.index(current)
    line = ink(" esmigrate", ACCENT).append("   ")
    places: list[tuple[int, int, str]] = []
    for word in dict.fromkeys(step.in_rail for step in steps if step.in_rail):
        together = [position for position, step in enumerate(steps) if step.in_rail == word]
        if places:
            line.append(" ─ ", DIM)
        style = f"{STRONG} underline" if at in together else "" if together[-1] < at else DIM
        places.append((line.cell_len, line.cell_len + len(word), names[together[-1]]))
        line.append(word, style)
    return line, tuple(places)


def footer(
    step: str, next_word: str, width: int, method: MethodName | None = None
) -> tuple[Text, tuple[tuple[int, int, str], ...]]:
    """The keys of a step as far as they fit, Next with its reason last, and where each can be clicked."""
    line, places = Text(), list[tuple[int, int, str]]()
    shown = [action for action in actions(step, method) if action.label]
    end = Text()
    if next_word:
        key = next((action.shown for action in actions(step, method) if action.name == "next"), "→")
        end.append(f"{key} next", STRONG if next_word == "next" else DIM)
        if next_word != "next":
            end.append(f": {next_word}")
        end = ink(" ").append_text(end)
        end.truncate(max(20, width - 20), overflow="ellipsis")
    room = width - end.cell_len - 1
    for action in sorted(shown, key=lambda action: _rank(action, shown)):
        if (room := room - _length(action)) < 0:
            room += _length(action)
            shown.remove(action)
    for action in shown:
        first = line.cell_len + 1
        line.append(" ").append(action.shown, STRONG).append(" ").append(action.label, DIM).append(" ")
        places.append((first, line.cell_len, action.name))
    if next_word:
        line.append(" " * max(0, width - line.cell_len - end.cell_len - 1))
        places.append((line.cell_len, width, "next"))
        line.append_text(end)
    return line, tuple(places)


def _rank(action: Action, shown: list[Action]) -> int:
    """Which keys give way last: the page that explains all of them, what the step is about, and the way back."""
    if action.name == "explain":
        return 0
    return 1 if action in shown[:2] else 2 if action.name == "back" else 3


def _length(action: Action) -> int:
    return len(action.shown) + len(action.label) + 3


def key_words(*keys: tuple[str, str]) -> Text:
    """Keys and what each does, in one line."""
    line = ink(" ")
    for at, (key, does) in enumerate(keys):
        line.append("   " if at else "").append(f"{key} ", STRONG).append(does, DIM)
    return line


class KeyLine(TextLines):
    """The keys of a page that is laid over a step; where not all have room, the last ones do: the way out is one."""

    def __init__(self, *keys: tuple[str, str]) -> None:
        worded = [key_words(*keys[at:]) for at in range(len(keys))]
        super().__init__(lambda look: [next((line for line in worded if line.cell_len <= look.width), worded[-1])])


class RailLine(TextLines):
    """The rail; a step that lies behind can be clicked."""

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current
        self._places: tuple[tuple[int, int, str], ...] = ()

    def offer(self, method: MethodName | None) -> None:
        """The steps of this method."""
        line, self._places = rail(self._current, method)
        self.show(lambda _: [line])

    async def on_click(self, event: events.Click) -> None:
        """It was clicked."""
        for first, last, name in self._places:
            if first <= event.x < last:
                await self.screen.run_action(f"go('{name}')")


class TitleLine(TextLines):
    """A rule with the step's title."""

    def title(self, title: str, right: str = "") -> None:
        """Another title."""
        self.show(lambda look: [rule(look.width, title, right)])


class FootLine(TextLines):
    """The keys; and above them, until the next key, something that had to be said."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self._step = step
        self._next = ""
        self._method: MethodName | None = None
        self._instead: tuple[tuple[str, str], ...] = ()
        self._said = ""
        self._places: tuple[tuple[int, int, str], ...] = ()

    @property
    def said(self) -> str:
        """What stands above the keys."""
        return self._said

    def offer(
        self, next_word: str, method: MethodName | None = None, instead: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """Whether Next is there ("next"), why it is not possible, or "" where there is none; with the method's keys.

        `instead` are the only keys that do something now.
        """
        self._next, self._method, self._instead = next_word, method, instead
        self.show(self._drawn)

    def say(self, sentence: str) -> None:
        """Say something above the keys, which are needed all the same."""
        if sentence != self._said:
            self._said = sentence
            self.show(self._drawn)

    def _drawn(self, look: Canvas) -> list[Text]:
        width = look.width
        said = [ink(" ").append(each, STRONG) for each in wrap(self._said, width - 2)] if self._said else []
        if self._instead:
            self._places = ()
            return [*said, key_words(*self._instead)]
        line, self._places = footer(self._step, self._next, width, self._method)
        return [*said, line]

    async def on_click(self, event: events.Click) -> None:
        """It was clicked."""
        if event.y < self.size.height - 1:
            return
        for first, last, name in self._places:
            if first <= event.x < last and name != "none":
                await self.screen.run_action(name if name != "palette" else "app.command_palette")


class TooSmall(TextLines):
    """What is shown in place of a step where it has no room."""

    def show_line(self, line: str) -> None:
        """What matters most in one line, then the sentence that asks for room."""
        has = self.app.size
        ask = f"More room, please: {LEAST_WIDTH}x{LEAST_HEIGHT} at least, this is {has.width}x{has.height}."
        self.show(lambda look: [ink(each) for part in (line, ask) if part for each in wrap(part, look.width)])
