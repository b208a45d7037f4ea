"""Where to begin: a run that already exists, or a new migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.flow.start import standing
from esmigrate_tui.model.text import duration

if TYPE_CHECKING:
    from esmigrate_tui.engine.listing import RunSummary
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow


def _card(card: RunSummary, now: float) -> str:
    kind = "Changes" if card.is_of_changes else "Run"
    if card.problem is not None:
        return f"{kind} {card.run}: {', '.join(standing(card)[:2])}"
    parts = [f"{kind} {card.run}: {standing(card)[0]}"]
    if card.fraction is not None and not card.is_of_changes:
        parts.append(f"{card.fraction * 100:.0f} %")
    if card.started_at is not None:
        parts.append(f"begun {duration(max(0.0, now - card.started_at))} ago")
    parts.append(f"from {card.source} to {card.destination}" if card.source else f"to {card.destination}")
    return ", ".join(parts)


async def start(flow: PlainFlow, console: Console) -> str:
    """A new migration, or one of the runs."""
    cards, now = {card.run: card for card in flow.session.runs}, flow.services.now()
    options = [("new", "A new migration"), *((run, _card(card, now)) for run, card in cards.items())]
    live = next((card.run for card in flow.session.runs if card.is_live), "new")
    while (chosen := await console.choose("Where do you want to begin?", options, live)) != "new":
        _, does, word = standing(cards[chosen])
        if word == "follow":
            return chosen
        console.say(does if not word else "Resuming …")
        if word == "resume":
            with console.saying_problem():
                await flow.services.resume(chosen, flow.credentials)
                return chosen
    return ""
