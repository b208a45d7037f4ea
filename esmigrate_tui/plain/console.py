"""Questions and answers in lines: one at a time, numbered choices, a default in brackets; no colour, no cursor."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from esmigrate_tui.flow.layout import plain, wrap
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import clean, counted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from esmigrate_tui.model.problem import Problem

PAGE: Final = 20
"""Rows of a list that are said at once."""
HOW: Final = (
    "One question at a time. Enter takes what stands in brackets; ? explains; b goes back, and every answer is kept; "
    "q leaves. To answer with the very letter b, q or ?, put a \\ before it; a single - empties what stands in "
    "brackets. Nothing is written on either cluster before you have confirmed it."
)


class BackError(Exception):
    """The user wants to go back: to the question before, or to the step before."""


class LeaveError(Exception):
    """The user wants to leave."""


class EndOfInputError(Exception):
    """There is no answer any more: the pipe has ended, or Ctrl+D was pressed."""


class LineTerminal(Protocol):
    """Where lines come from and go to."""

    @property
    def width(self) -> int:
        """How many characters a line has room for."""
        ...

    def write(self, text: str) -> None:
        """Write a text as it is."""
        ...

    async def ask(self, prompt: str, *, is_secret: bool) -> str:
        """Write the prompt and give the next line without its end; a secret is not shown. Raises EndOfInputError."""
        ...


class Console:
    """What is said, and what is asked. `help` says more about where one is."""

    def __init__(self, lines: LineTerminal, *, ascii_only: bool = False) -> None:
        self._lines = lines
        self._ascii_only = ascii_only
        self.help: Callable[[], None] = lambda: self.say(HOW)

    # -- saying ------------------------------------------------------------------------------------------------------

    def say(self, text: str = "", indent: int = 0) -> None:
        """Say something, wrapped at blanks; a line end in it begins a new line."""
        room = max(20, self._lines.width - 1 - indent)
        for paragraph in text.split("\n"):
            for line in wrap(clean(paragraph, 100_000), room):
                self._write(" " * indent + line)

    def show(self, text: str, indent: int = 4) -> None:
        """Show a text that is copied as it is: its lines stay whole."""
        for line in text.rstrip("\n").split("\n"):
            self._write(" " * indent + clean(line, 100_000))

    def trouble(self, problem: Problem) -> None:
        """A problem: what, why, what to do, and what was answered."""
        self.say(problem.what)
        for sentence in (problem.why, problem.todo):
            if sentence:
                self.say(sentence, 2)
        if problem.evidence:
            self.say(f"Details: {clean(problem.evidence, 500)}", 2)

    @contextmanager
    def saying_problem(self) -> Iterator[None]:
        """Say the ProblemError that ends the block."""
        try:
            yield
        except ProblemError as error:
            self.trouble(error.problem)

    def _write(self, line: str) -> None:
        self._lines.write((plain(line) if self._ascii_only else line).rstrip(" ") + "\n")

    # -- asking ------------------------------------------------------------------------------------------------------

    async def ask(self, question: str, default: str = "", *, shown: str = "") -> str:
        """One answer, "" for none; `shown` stands in the brackets where the default itself does not."""
        bracket = clean(shown or default, 300)
        prompt = f"{question} " if question.endswith("?") else f"{question}: "
        prompt = f"{question} [{bracket}]: " if bracket else prompt
        while True:
            typed = (await self._asked(prompt, is_secret=False)).strip()
            match typed:
                case "?":
                    self.help()
                case "b" | "B":
                    raise BackError
                case "q" | "Q":
                    raise LeaveError
                case "-" if default:
                    return ""
                case _:
                    return typed.removeprefix("\\") or default

    async def text(self, question: str, default: str = "", *, why_not: Callable[[str], str] | None = None) -> str:
        """A text; while `why_not` has something against it, that is said and it is asked again."""
        while True:
            typed = await self.ask(question, default)
            reason = why_not(typed) if why_not is not None else ""
            if not reason:
                return typed
            self.say(reason if reason.endswith(".") else f"That does not do: {reason}.")

    async def secret(self, question: str) -> str:
        """A secret, which is not shown; every letter of it counts, so that only an empty one is none."""
        return await self._asked(f"{question}: ", is_secret=True)

    async def word(self) -> str:
        """A line that nobody was asked for; raises EndOfInputError."""
        return (await self._asked("", is_secret=False)).strip()

    async def _asked(self, prompt: str, *, is_secret: bool) -> str:
        prompt = clean(prompt, 100_000)
        return await self._lines.ask(plain(prompt) if self._ascii_only else prompt, is_secret=is_secret)

    async def choose(self, question: str, options: Sequence[tuple[str, str]], default: str = "") -> str:
        """One of several, by its number or by its name; gives the name."""
        self.say(question)
        for at, (_, words) in enumerate(options, start=1):
            self.say(f"{at}. {words}", 2)
        names = [name for name, _ in options]
        while True:
            at_default = str(names.index(default) + 1) if default in names else ""
            typed = await self.ask("Number", at_default)
            if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(options):
                return names[int(typed) - 1]
            if typed and typed in names:
                return typed
            self.say(f"Give a number from 1 to {len(options)}.")

    def row(self, typed: str, names: Sequence[str], asked: str = "Which one?") -> int | None:
        """Where the one row is that a number or a name means, from 0; None where it is said why there is none."""
        at, wrong = place_of(typed, names)
        if wrong:
            self.say(f"{asked} {wrong[0].upper()}{wrong[1:]}.")
        return None if wrong else at

    async def agrees(self, question: str, *, default: bool = False) -> bool:
        """Yes or no; the safe one is the default."""
        while True:
            typed = (await self.ask(f"{question} y or n", "y" if default else "n")).lower()
            if typed in {"y", "yes", "n", "no"}:
                return typed in {"y", "yes"}
            self.say("Answer y for yes or n for no.")


def needed(why: str) -> Callable[[str], str]:
    """What speaks against an empty answer."""
    return lambda typed: "" if typed else why


async def in_turn(questions: Iterable[Callable[[], Awaitable[bool | None]]]) -> None:
    """Ask one after another; one that did not really ask gives False, and b goes to the last one that did."""
    each = tuple(questions)
    asked: list[int] = []
    at = 0
    while at < len(each):
        try:
            did_ask = await each[at]() is not False
        except BackError:
            if not asked:
                raise
            at = asked.pop()
            continue
        if did_ask:
            asked.append(at)
        at += 1


_NUMBER: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")


def numbers(typed: str, most: int) -> tuple[tuple[int, ...], str]:
    """The numbers in "1 3 5-9", each once, and what is wrong with them: "" for nothing."""
    found: dict[int, None] = {}
    for part in typed.replace(",", " ").split():
        matched = _NUMBER.fullmatch(part)
        if matched is None:
            return (), f"{part} is no number"
        first, last = int(matched[1]), int(matched[2] or matched[1])
        if not 1 <= first <= last <= most:
            return (), f"there are {counted(most, 'row')}, and {part} is not among them"
        found.update(dict.fromkeys(range(first, last + 1)))
    return tuple(found), "" if found else "a number is needed"


def place_of(typed: str, names: Sequence[str]) -> tuple[int, str]:
    """Where the one row is that a number or a name means, from 0; and what is wrong with it: "" for nothing."""
    at, wrong = numbers(typed, len(names))
    if wrong and typed.strip() in names:
        return names.index(typed.strip()), ""
    if len(at) > 1:
        wrong = "one at a time"
    return (0, wrong) if wrong else (at[0] - 1, "")


class PagedRows:
    """A long list said a page at a time; rows are numbered from 1 over all pages."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._top = 0

    def first(self) -> None:
        """From the top again."""
        self._top = 0

    def more(self, amount: int) -> None:
        """To the next page; after the last one the first."""
        self._top = self._top + PAGE if self._top + PAGE < amount else 0

    def say(self, rows: Sequence[str]) -> None:
        """Say the rows of this page, and how many there are."""
        if self._top >= len(rows):
            self._top = 0
        for at, row in enumerate(rows[self._top : self._top + PAGE], start=self._top + 1):
            self._console.say(f"{at}. {row}", 2)
        last = min(len(rows), self._top + PAGE)
        if len(rows) > PAGE:
            self._console.say(f"Rows {self._top + 1} to {last} of {len(rows)}; m shows more.")
