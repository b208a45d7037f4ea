"""A run that goes on, told by lines: a letter and Enter, while what happens is said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow.run_control import (
    GOING_ON,
    STOPPING,
    THAT_IS_ALL,
    CommandReply,
    pacing,
    pausing,
    what_stopping_does,
    whether_that_is_all,
)
from esmigrate_tui.flow.session import is_watched
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.plain.console import EndOfInputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.progress import Progress
    from esmigrate_tui.plain.console import Console

_WORDS: Final = {
    "p": "p",
    "pause": "p",
    "r": "r",
    "resume": "r",
    "+": "+",
    "faster": "+",
    "-": "-",
    "slower": "-",
    "d": "d",
    "enough": "d",
    "s": "s",
    "stop": "s",
    "l": "l",
    "leave": "l",
    "q": "l",
    "?": "?",
}
_SURE: Final = {"y": True, "yes": True}


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
        while (letter := _WORDS.get((await console.word()).lower(), "")) != "l":
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


async def _order(letter: str, console: Console, progress: Callable[[], Progress]) -> CommandReply:
    """What a letter comes to now; a question is asked first where something cannot be taken back."""
    match letter:
        case "p":
            return pausing(progress(), "r")
        case "r":  # also where it is not known yet that it was paused: what is told last holds
            return GOING_ON
        case "+" | "-":
            return pacing(progress(), is_faster=letter == "+")
        case "s":
            if await _is_sure(console, "stop it", what_stopping_does(progress())):
                return STOPPING
            return CommandReply(said="It continues.")
        case "d" if is_watched(progress()):
            if await _is_sure(console, "end it so", whether_that_is_all(progress())):
                return THAT_IS_ALL
            return CommandReply(said="It continues.")
        case _:
            return CommandReply(said=letters(progress()))


async def _is_sure(console: Console, what: str, sentences: str) -> bool:
    """A question in a line of its own: what happens meanwhile is said between it and the answer."""
    console.say(f"{sentences} y to {what}; anything else keeps it running.")
    return _SURE.get((await console.word()).lower(), False)
