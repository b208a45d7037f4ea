"""A run that goes on, told by lines: a letter and Enter, while what happens is said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow import run_control as steps
from esmigrate_tui.flow.session import is_watched
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.plain.console import EndOfInputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.progress import Progress
    from esmigrate_tui.plain.console import Console

_OF_WORDS: Final = {"pause": "p", "resume": "r", "faster": "+", "slower": "-", "enough": "d", "stop": "s", "leave": "l"}
_LETTERS: Final = _OF_WORDS | {"q": "l"}
"""The letters that stand for whole words."""


def letters(progress: Progress) -> str:
    """Which letters this run takes, in a sentence."""
    parts = ["p pauses", "r resumes"]
    if is_watched(progress):
        parts.append("d says that this is all (after a question)")
    elif progress.traits.can_be_paced:
        parts.append("- slows it down, + lifts that")
    parts += ["s stops it (after a question)", "l leaves it running", "? says this again"]
    return f"While it runs, a letter and Enter: {', '.join(parts)}."


async def steer(console: Console, progress: Callable[[], Progress], tell: Callable[[Command], Awaitable[None]]) -> None:
    """Take what is typed and tell the run, until the user leaves it; without an answer this never returns.

    To be cancelled when the run has ended.
    """
    while progress().method is None:  # noqa: ASYNC110  # the run's first word says which letters there are
        await asyncio.sleep(0.1)
    console.say(letters(progress()))
    try:
        while (letter := _LETTERS.get(word := (await console.word()).lower(), word)) != "l":
            order = await _order(letter, console, progress)
            if order.command is not None:
                try:
                    await tell(order.command)
                except ProblemError as error:
                    console.trouble(error.problem)
                    continue
            console.say(order.said)
    except EndOfInputError:
        await asyncio.Event().wait()


async def _order(letter: str, console: Console, progress: Callable[[], Progress]) -> steps.CommandReply:
    """What a letter comes to now; a question is asked first where something cannot be taken back."""
    match letter:
        case "p":
            return steps.pausing(progress(), "r")
        case "r":  # also where it is not known yet that it was paused: what is told last holds
            return steps.GOING_ON
        case "+" | "-":
            return steps.pacing(progress(), is_faster=letter == "+")
        case "s":
            if await _is_sure(console, "stop it", steps.what_stopping_does(progress())):
                return steps.STOPPING
            return steps.CommandReply(said="It continues.")
        case "d" if is_watched(progress()):
            if await _is_sure(console, "end it so", steps.whether_that_is_all(progress())):
                return steps.THAT_IS_ALL
            return steps.CommandReply(said="It continues.")
        case _:
            return steps.CommandReply(said=letters(progress()))


async def _is_sure(console: Console, what: str, sentences: str) -> bool:
    """A question in a line of its own: what happens meanwhile is said between it and the answer."""
    console.say(f"{sentences} y to {what}; anything else keeps it running.")
    return (await console.word()).lower() in {"y", "yes"}
