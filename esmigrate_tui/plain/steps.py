"""From the first step to a run that has begun, by questions in lines; which step follows, the wizard's table says."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.flow.flow import Flow, begun
from esmigrate_tui.flow.steps import BY_NAME, before, following, walked
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.plain.console import HOW, BackError, Console, EndOfInputError, LeaveError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.flow.services import OpenCluster, Services
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.connection import Credential, Side


class FlowOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the questions ended: with a run to follow (begun here if `is_new`) or without; `said` are last sentences."""

    run: str = ""
    is_new: bool = False
    said: tuple[str, ...] = ()


class PlainFlow(Flow):
    """The flow in lines: what is waited for is printed once, as soon as it begins."""

    def __init__(
        self,
        services: Services[Any],
        console: Console,
        draft: Draft | None = None,
        credentials: Mapping[Side, Credential] | None = None,
    ) -> None:
        self.services = services
        self.console = console
        self.credentials: dict[Side, Credential] = dict(credentials or {})
        self.clusters: dict[Side, OpenCluster] = {}
        self._session = begun(services.methods, draft or Draft(), self.credentials)

    @property
    def session(self) -> Session:
        """What is known now."""
        return self._session

    def update(self, session: Session) -> None:
        """Replace the session; what is waited for is printed once."""
        waited, waits = _doing(self._session), _doing(session)
        self._session = session
        for place, doing in waits.items():
            if doing and doing != waited[place]:
                self.console.say(f"{doing} …")


def _doing(session: Session) -> dict[str, str]:
    return {
        "source": session.source.doing,
        "destination": session.destination.doing,
        "repository_list": session.repository_list.doing,
        "snapshot_list": session.snapshot_list.doing,
        "listing": session.listing.doing,
        "file_choice": session.file_choice.doing,
        "fixing": session.fixing.doing and f"fixing: {session.fixing.doing}",
    }


async def walk_through(flow: PlainFlow) -> FlowOutcome:
    """Ask step by step until a run has begun, or is to be followed, or the user leaves.

    Raises ProblemError (usage) where the answers come to an end before that.
    """
    console = flow.console
    console.say(HOW)
    try:
        run, is_new = await _walked(flow)
    except LeaveError:
        nothing = "" if flow.session.is_anything_changed else "Nothing was changed on either cluster."
        return FlowOutcome(said=tuple(filter(None, (nothing, *flow.to_revert()))))
    except asyncio.CancelledError:  # Ctrl+C
        console.say()
        _say_what_stays(flow)
        raise
    except EndOfInputError:
        _say_what_stays(flow)
        raise ProblemError.of(
            Cause.USAGE,
            "The answers ended before a migration was started; no document was written.",
            todo="Give an answer to each question, a line each; q leaves.",
        ) from None
    finally:
        await flow.close_clusters()
    return FlowOutcome(run=run, is_new=is_new, said=flow.to_revert())


def _say_what_stays(flow: PlainFlow) -> None:
    for sentence in flow.to_revert():
        flow.console.say(sentence)


async def _walked(flow: PlainFlow) -> tuple[str, bool]:
    """The run to follow, and whether it was begun here."""
    try:
        flow.update(flow.session.but(runs=await flow.services.runs()))
    except ProblemError as error:  # runs that cannot be listed must not keep anybody from a new one
        flow.console.trouble(error.problem)
    step = "start" if flow.session.runs else "method"
    while True:
        _announce(step, flow)
        try:
            run = await _asked(step, flow)
        except BackError:
            earlier = before(step, flow.session)
            if not earlier:
                flow.console.say("There is no step before this one; q leaves.")
            step = earlier or step
            continue
        if run:
            flow.update(flow.session.but(run=run))
            return run, step == "review"
        if reason := BY_NAME[step].may_go_on(flow.session):
            flow.console.say(f"It cannot continue yet: {reason}.")
        else:
            step = following(step, flow.session)


async def _asked(step: str, flow: PlainFlow) -> str:
    """Ask the questions of a step; the run to follow where one was begun or chosen, else ""."""
    module = import_module(f"esmigrate_tui.plain.{step}")
    run: str = await getattr(module, step)(flow, flow.console)
    return run


def _announce(step: str, flow: PlainFlow) -> None:
    """Say which step this is, and let ? explain it."""
    from esmigrate_tui.flow.help import words_of  # noqa: PLC0415  # the session decides which words

    title, _ = words_of(step, flow.session)
    rail = list(dict.fromkeys(filter(None, (BY_NAME[name].in_rail for name in walked(flow.session)))))
    word = BY_NAME[step].in_rail
    place = f"Step {rail.index(word) + 1} of {len(rail)}" if word else ""
    flow.console.say()
    flow.console.say(", ".join(dict.fromkeys(filter(None, (place, word, title)))) + ".")
    flow.console.help = lambda: explain(step, flow)


def explain(step: str, flow: PlainFlow) -> None:
    """The page in plain words for a step, as the wizard has it, and what can be answered anywhere."""
    from esmigrate_tui.flow.help import way_in_words, words_of  # noqa: PLC0415  # words that most people never need

    title, words = words_of(step, flow.session, way_in_words)
    flow.console.say(f"{title}.")
    for each in words.strip("\n").split("\n\n"):
        if each.startswith("   "):  # a drawing stays as it is
            flow.console.show(each, 0)
        else:
            flow.console.say(each.replace("\n", " "))
    for method in flow.session.methods if step == "method" else ():
        flow.console.say(f"{method.title}: {method.explained}")
        flow.console.say(way_in_words(method.name), 2)
    flow.console.say("Keys that are named here are those of the screen.")
    flow.console.say(HOW)
