"""Somebody who knows nothing but what is on the screen: every key that is pressed is written there at that moment.

A key is known by the word beside it: "Enter next" in the footer, "Space accepts" at the end of a row, "d says that this
is all" in a sentence. Fields, choices and buttons are known by their words, and reached by whatever key the screen
names for that. Letters that are typed into a field, and Backspace there, are all that is known beforehand.
"""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.terminal import Terminal

_NAMED: Final = {
    "Enter": "\r",
    "Space": " ",
    "Tab": "\t",
    "Esc": "\x1b",
    "Page Down": "\x1b[6~",
    "F1": "\x1bOP",
    "↑": "\x1b[A",
    "↓": "\x1b[B",
    "←": "\x1b[D",
    "→": "\x1b[C",
}
"""What a keyboard sends for the keys that have a name."""
_KEY: Final = r"Ctrl\+[A-Z]|Enter|Space|Tab|Esc|Page Down|F1|[←→?/+-]|[A-Za-z]"
_NEXT: Final = re.compile(r"(?:→|Ctrl\+N) next(?:: (.*\S))?\s*$")
_CALM: Final = 2
"""As many looks show nothing new before a screen is read."""
_BACKSPACE: Final = "\x7f"
_SECONDS: Final = 30.0
"""What stands unchanged for so long does not go away by itself."""
_MANY: Final = 40
"""As many times a key is pressed in search of something: what is further away would be lost on anybody."""


class Reader:
    """A person in front of a window, who reads, and presses what is written there."""

    def __init__(self, window: Terminal) -> None:
        self.window = window
        self.asked: list[str] = []
        """What the footer has asked for on the way."""

    # -- reading -----------------------------------------------------------------------------------------------------

    @property
    def lines(self) -> list[str]:
        """All that is on the screen."""
        return self.window.text.split("\n")

    @property
    def text(self) -> str:
        """The same with sentences in one piece, wherever their lines were broken."""
        return " ".join(self.window.text.split())

    async def sees(self, words: str, seconds: float = 90) -> None:
        """Wait until these words are on the screen."""
        await self._until(lambda: words in self.text, f"never saw {words!r}", seconds)

    def stopped(self, why: str) -> AssertionError:
        """The screen does not say enough to go on."""
        return AssertionError(f"{why}; the screen is\n{self.window.text}")

    async def _until(self, holds: Callable[[], bool], why: str, seconds: float = _SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            self.window.screen.dirty.clear()
            while not self.window.screen.dirty:
                if time.monotonic() > deadline:
                    raise self.stopped(why)
                await self.window.look(0.01)
        await self._rest()

    async def _until_other(self, read: Callable[[], object], before: object, why: str) -> None:
        await self._until(lambda: read() != before, why)

    def _keys_for(self, words: str) -> list[str]:
        return re.findall(rf"(?:^|\s)({_KEY}) {re.escape(words)}", self.text)

    def lacking(self) -> str | None:
        """What the footer says is lacking before Next; "" where nothing is, None where it says nothing of Next."""
        found = _NEXT.search(self.lines[-1])
        return (found[1] or "") if found else None

    # -- pressing ----------------------------------------------------------------------------------------------------

    async def do(self, words: str, then: str = "") -> None:
        """Press the key that stands beside these words, and wait for what is to come of it."""
        keys = self._keys_for(words)
        if not keys:
            raise self.stopped(f"nothing says how to: {words}")
        await self._press(keys[-1])  # what lies on top is drawn below
        if then:
            await self.sees(then)

    async def _press(self, key: str) -> None:
        """Press a key, and see what it changes; one that changes nothing is not waited for long."""
        screen = self.window.screen
        screen.dirty.clear()
        self.window.send(_NAMED.get(key) or (chr(ord(key[-1]) - 64) if key.startswith("Ctrl+") else key))
        deadline = time.monotonic() + 3
        while not screen.dirty and time.monotonic() < deadline:
            await self.window.look(0.01)
        await self._rest()

    async def _rest(self) -> None:
        """Look until nothing more is painted: what is half drawn would be misread."""
        calm = 0
        while calm < _CALM:
            self.window.screen.dirty.clear()
            await self.window.look(0.02)
            calm = 0 if self.window.screen.dirty else calm + 1

    async def go_on(self, then: str) -> None:
        """On with Next until these words are seen; what the footer says is lacking is done first, or waited for."""
        since, stands = time.monotonic(), self.lacking()
        while then not in self.text:
            await self._rest()
            if then in self.text:  # it came while the rest was waited for: Next would pass over it
                return
            lacking = self.lacking()
            if lacking != stands:
                since, stands = time.monotonic(), lacking
            heading = self.lines[1]
            match lacking:
                case "":
                    await self.do("next")
                    # Not any change: a busy machine may still be painting what was typed before.
                    await self._until(partial(self._has_answered, heading, then), "Next does nothing")
                    since = time.monotonic()
                case "not tested yet":
                    self.asked.append("test")
                    await self.do("test")
                    await self._until_other(self.lacking, "not tested yet", "nothing is tested")
                case str() if lacking.startswith("accept"):
                    await self._accept()
                case _ if time.monotonic() - since > _SECONDS:
                    raise self.stopped(f"it does not go on to {then!r}: {lacking}")
                case _:
                    await self.window.look(0.05)

    def _has_answered(self, heading: str, then: str) -> bool:
        """Whether Next has led on, or said what it waits for."""
        return then in self.text or self.lines[1] != heading or bool(self.lacking())

    async def go_back(self) -> None:
        """Back to the step before."""
        page = self.text
        await self.do("back")
        await self._until_other(lambda: self.text, page, "Back does nothing")

    async def _accept(self) -> None:
        """Accept the next warning that is not accepted yet."""
        await self.go_to("Space accepts")
        lacking = self.lacking()
        self.asked.append("accept")
        await self.do("accepts")
        await self._until_other(self.lacking, lacking, "the warning was never accepted")

    # -- lists -------------------------------------------------------------------------------------------------------

    def _at(self) -> int:
        """The line with the cursor of a list."""
        return next((y for y, line in enumerate(self.lines) if line.lstrip().startswith("▸")), 0)

    async def go_to(self, words: str) -> None:
        """Move through a list, by the arrows that it names, until the cursor is at a row with these words."""
        for _ in range(_MANY):
            at = self._at()
            if words in self.lines[at]:
                return
            if "↑↓" not in self.text:
                raise self.stopped(f"nothing says how to come to {words!r}")
            wanted = next((y for y, line in enumerate(self.lines) if words in line), len(self.lines))
            await self._press("↓" if at < wanted else "↑")
        raise self.stopped(f"there is no row with {words!r}")

    # -- fields, choices and buttons ---------------------------------------------------------------------------------

    def _focus(self) -> tuple[int, int]:
        """Line and column of what stands out: a cell in reverse as one types, a button, a value between arrows."""
        edge = self.window.screen.columns - 1  # has the bar of what can be scrolled
        for y in range(1, len(self.lines)):
            for x, cell in sorted(self.window.screen.buffer[y].items()):
                if x < edge and (cell.reverse or (cell.bold and cell.underscore)):
                    return y, x
        return 0, 0

    def _field(self, under: str) -> tuple[int, str]:
        """Where what stands out begins with its label, and its line; "" where that is not below these words."""
        y, x = self._focus()
        heading = next((line for line in self.lines if under and under in line), "")
        left = heading.find(under) if heading else 0
        beside = re.search(r"\s[A-Z]{4,}", heading[left + len(under) :])
        right = left + len(under) + beside.start() if beside else len(self.lines[y])
        part = self.lines[y][left:right]
        return left + len(part) - len(part.lstrip()), part.strip() if left <= x < right else ""

    async def _reach(self, label: str, under: str) -> None:
        for _ in range(_MANY):
            if self._field(under)[1].startswith(label):
                return
            before = self._focus()
            await self.do("field" if self._keys_for("field") else "next field")
            await self._until_other(self._focus, before, f"Tab goes nowhere, to {label!r}")
        raise self.stopped(f"there is no field {label!r}")

    async def fill(self, label: str, text: str, *, under: str = "") -> None:
        """Type into the field with this label, in place of what stands there."""
        await self._reach(label, under)
        while old := self._before_the_cursor(label, under):
            self.window.send(_BACKSPACE * len(old))
            await self._until_other(lambda: self._before_the_cursor(label, under), old, f"{label!r} cannot be emptied")
        self.window.send(text)
        await self._until(
            lambda: self._before_the_cursor(label, under)[-8:] in {text[-8:], "•" * min(8, len(text))},
            f"{label!r} does not take {text!r}",
        )

    def _before_the_cursor(self, label: str, under: str) -> str:
        starts, line = self._field(under)
        return line[len(label) : self._focus()[1] - starts].strip() if line.startswith(label) else ""

    async def choose(self, label: str, value: str, *, under: str = "") -> None:
        """Turn the choice with this label, by the arrows around it, until it says this."""
        await self._reach(label, under)
        for _ in range(_MANY):
            line = self._field(under)[1]
            if value in line:
                return
            if "←" not in line:
                raise self.stopped(f"nothing says how {label!r} is changed")
            await self._press("→" if "→" in line else "←")
        raise self.stopped(f"{label!r} is never {value!r}")

    def _button(self) -> str:
        y, _ = self._focus()
        row = self.window.screen.buffer[y]
        return "".join(cell.data for _, cell in sorted(row.items()) if cell.reverse).strip()

    async def push(self, button: str, then: str = "") -> None:
        """Push a button: to it, and then what the screen says pushes it."""
        for _ in range(_MANY):
            if self._button() == button:
                break
            before = self._focus()
            ways = ("other button", "other answer", "next answer", "next field")
            await self.do(next((way for way in ways if self._keys_for(way)), "go to the button"))
            await self._until_other(self._focus, before, f"Tab goes nowhere, to {button!r}")
        else:
            raise self.stopped(f"there is no button {button!r}")
        page = self.text
        await self.do("press" if self._keys_for("press") else "take it")
        await self._until(lambda: then in self.text if then else self.text != page, f"{button} led to no {then!r}", 90)
