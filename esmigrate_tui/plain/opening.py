"""Where to begin, and which way: a run that is there already, or a new migration by one of the methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.flow import opening as steps
from esmigrate_tui.flow.advising import STANDING, ask, can_be_asked
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import duration

if TYPE_CHECKING:
    from esmigrate_tui.flow.services import RunCard
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.walk import PlainWalk
    from esmigrate_tui.preflight.advice import Advice


def _card(card: RunCard, now: float) -> str:
    kind = "Changes" if card.is_of_changes else "Run"
    if card.unreadable:
        return f"{kind} {card.run}: unreadable, because: {card.unreadable}"
    parts = [f"{kind} {card.run}: {steps.standing(card)[0]}"]
    if card.fraction is not None and not card.is_of_changes:
        parts.append(f"{card.fraction * 100:.0f} %")
    if card.started_at is not None:
        parts.append(f"begun {duration(max(0.0, now - card.started_at))} ago")
    parts.append(f"from {card.source} to {card.destination}" if card.source else f"to {card.destination}")
    return ", ".join(parts)


async def start(walk: PlainWalk, console: Console) -> str:
    """A new migration, or one of the runs."""
    cards, now = {card.run: card for card in walk.session.runs}, walk.doors.now()
    options = [("new", "A new migration"), *((run, _card(card, now)) for run, card in cards.items())]
    live = next((card.run for card in walk.session.runs if card.is_live), "new")
    while (chosen := await console.choose("Where do you want to begin?", options, live)) != "new":
        card = cards[chosen]
        if card.is_of_changes or card.unreadable:
            console.say(steps.standing(card)[1])
        elif card.is_live or card.is_finished:
            return card.run
        else:
            console.say("Taking it up …")
            try:
                await walk.doors.take_up(card.run, walk.credentials)
            except ProblemError as error:
                console.trouble(error.problem)
            else:
                return card.run
    return ""


async def method(walk: PlainWalk, console: Console) -> str:
    """Which of the methods; where both clusters are known, how each stands between them."""
    if can_be_asked(walk):
        console.say("Looking which way fits …")
        await ask(walk)
    if (problem := walk.session.advising.problem) is not None:
        console.say(f"Which way fits could not be found out: {problem.sentence()}")
    methods, advice = walk.session.methods, walk.session.advice
    first = next((one.name for one in methods if one.needs_source), methods[0].name)
    words = {one.name: f"{one.title} ({one.needs}). {' '.join(one.summary)}" for one in methods}
    if advice is not None:
        words = {one.name: f"{one.title}: {_advised(one.name, advice)}" for one in methods}
    asked = "How should the data get into the new cluster? It should be as large as the old one, or larger."
    options = [(one.name.value, words[one.name]) for one in methods]
    chosen = await console.choose(asked, options, (walk.session.draft.method or first).value)
    steps.take(walk, MethodName(chosen))
    steps.keep_what_is_offered(walk)
    return ""


def _advised(name: MethodName, advice: Advice) -> str:
    """How a method stands between these clusters, what has to be done first, and how long it may take."""
    from esmigrate_tui.preflight.advice import estimated  # noqa: PLC0415  # the first question needs none of it

    said = advice.of(name)
    is_first = advice.recommended is name
    parts = [f"{'recommended, ' if is_first else ''}{STANDING[said.standing]}."]
    parts += [advice.reason] if is_first else []
    parts += said.why
    parts += [f"First: {todo}" for todo in said.todo]
    if said.estimate is not None:
        parts.append(f"Moving takes {estimated(said.estimate)}: {said.estimate.basis}.")
    return " ".join(parts)
