"""From the first step to a run that has begun, by questions in lines; which step follows, the wizard's table says."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.flow.base import Walk, begun
from esmigrate_tui.flow.steps import BY_NAME, before, following, walked
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.plain.console import HOW, BackError, Console, EndOfInputError, LeaveError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.flow.services import Doors, OpenCluster
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.connection import Credential, Side

HANDLERS: Final = {
    "start": "opening",
    "method": "opening",
    "connections": "connections",
    "files": "files",
    "mapping": "mapping",
    "preflight": "preflight",
    "repository": "repository",
    "snapshot": "snapshot",
    "selection": "selection",
    "review": "review",
}
"""The module that asks the questions of each step, by a function of the step's name."""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """How a walk ended: with a run to follow, begun just now or before, or without; `said` are sentences to leave."""

    run: str = ""
    is_new: bool = False
    said: tuple[str, ...] = ()


class PlainWalk(Walk):
    """A walk whose session is told in lines: what is waited for, as soon as it is."""

    def __init__(
        self,
        doors: Doors[Any],
        console: Console,
        draft: Draft | None = None,
        credentials: Mapping[Side, Credential] | None = None,
    ) -> None:
        self.doors = doors
        self.console = console
        self.credentials: dict[Side, Credential] = dict(credentials or {})
        self.clusters: dict[Side, OpenCluster] = {}
        self._session = begun(doors.methods, draft or Draft(), self.credentials)

    @property
    def session(self) -> Session:
        """What is known now."""
        return self._session

    def update(self, session: Session) -> None:
        """Something became known: what is waited for is said once."""
        waited, waits = _doing(self._session), _doing(session)
        self._session = session
        for place, doing in waits.items():
            if doing and doing != waited[place]:
                self.console.say(f"{doing} …")


def _doing(session: Session) -> dict[str, str]:
    return {
        "source": session.source.doing,
        "destination": session.destination.doing,
        "shelf": session.shelf.doing,
        "album": session.album.doing,
        "listing": session.listing.doing,
        "pile": session.pile.doing,
        "mending": session.mending.doing and f"putting right: {session.mending.doing}",
    }


async def walk_through(walk: PlainWalk) -> Left:
    """Ask step by step until a run has begun, or is to be followed, or the person leaves.

    Raises ProblemError (usage) where the answers come to an end before that.
    """
    console = walk.console
    console.say(HOW)
    try:
        run, is_new = await _walked(walk)
    except LeaveError:
        nothing = "" if walk.session.is_anything_changed else "Nothing was changed on either cluster."
        return Left(said=tuple(filter(None, (nothing, *walk.to_put_back()))))
    except asyncio.CancelledError:  # Ctrl+C
        console.say()
        _say_what_stays(walk)
        raise
    except EndOfInputError:
        _say_what_stays(walk)
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what="The answers came to an end before a migration was begun; no document was written.",
                todo="Give an answer to each question, a line each; q leaves.",
            )
        ) from None
    finally:
        await walk.let_clusters_go()
    return Left(run=run, is_new=is_new, said=walk.to_put_back())


def _say_what_stays(walk: PlainWalk) -> None:
    for sentence in walk.to_put_back():
        walk.console.say(sentence)


async def _walked(walk: PlainWalk) -> tuple[str, bool]:
    """The run to follow, and whether it was begun here."""
    try:
        walk.update(walk.session.but(runs=await walk.doors.runs()))
    except ProblemError as error:  # runs that cannot be listed must not keep anybody from a new one
        walk.console.trouble(error.problem)
    step = "start" if walk.session.runs else "method"
    while True:
        _announce(step, walk)
        try:
            run = await _asked(step, walk)
        except BackError:
            earlier = before(step, walk.session)
            if not earlier:
                walk.console.say("There is no step before this one; q leaves.")
            step = earlier or step
            continue
        if run:
            walk.update(walk.session.but(run=run))
            return run, step == "review"
        if reason := BY_NAME[step].may_go_on(walk.session):
            walk.console.say(f"It cannot go on yet: {reason}.")
        else:
            step = following(step, walk.session)


async def _asked(step: str, walk: PlainWalk) -> str:
    """Ask the questions of a step; the run to follow where one was begun or chosen, else ""."""
    module = import_module(f"esmigrate_tui.plain.{HANDLERS[step]}")
    run: str = await getattr(module, step)(walk, walk.console)
    return run


def _announce(step: str, walk: PlainWalk) -> None:
    """Say which step this is, and let ? explain it."""
    from esmigrate_tui.flow.help import words_of  # noqa: PLC0415  # the session decides which words

    title, _ = words_of(step, walk.session)
    rail = list(dict.fromkeys(filter(None, (BY_NAME[name].in_rail for name in walked(walk.session)))))
    word = BY_NAME[step].in_rail
    place = f"Step {rail.index(word) + 1} of {len(rail)}" if word else ""
    walk.console.say()
    walk.console.say(", ".join(dict.fromkeys(filter(None, (place, word, title)))) + ".")
    walk.console.help = lambda: explain(step, walk)


def explain(step: str, walk: PlainWalk) -> None:
    """The page in plain words for a step, as the wizard has it, and what can be answered anywhere."""
    from esmigrate_tui.flow.help import way_in_words, words_of  # noqa: PLC0415  # words that most people never need

    title, words = words_of(step, walk.session, way_in_words)
    walk.console.say(f"{title}.")
    for each in words.strip("\n").split("\n\n"):
        if each.startswith("   "):  # a drawing stays as it is
            walk.console.show(each, 0)
        else:
            walk.console.say(each.replace("\n", " "))
    for method in walk.session.methods if step == "method" else ():
        walk.console.say(f"{method.title}: {method.explained}")
        walk.console.say(way_in_words(method.name), 2)
    walk.console.say("Keys that are named here are those of the screen.")
    walk.console.say(HOW)
