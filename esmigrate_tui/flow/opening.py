"""The first two steps: what a run that is there already is, and which method is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.flow.session import in_order
from esmigrate_tui.model.text import counted

if TYPE_CHECKING:
    from esmigrate_tui.flow.base import Walk
    from esmigrate_tui.flow.services import RunCard
    from esmigrate_tui.model.method import MethodName


def standing(card: RunCard) -> tuple[str, str]:
    """What a run is, and what Enter does with it."""
    if card.unreadable:
        return "unreadable", f"because: {card.unreadable}"
    if card.is_live:
        return "going on", "Enter looks at it; it does not need this screen."
    if card.is_of_changes:
        left = counted(card.open_entries, "change") if card.open_entries else "nothing left"
        settle = f"`esmigrate cleanup {card.run}` puts it back." if card.open_entries else "It was put back, or stays."
        return f"before a run: {left} to put back", settle
    if card.is_finished:
        return f"finished, {card.outcome}" if card.outcome else "finished", "Enter shows how it ended."
    return "stopped half-way", "Enter goes on where the clusters acknowledged last."


def take(walk: Walk, name: MethodName) -> None:
    """Take a method as the answer."""
    walk.update(walk.session.answered(method=name))


def keep_what_is_offered(walk: Walk) -> None:
    """What was chosen for another method and is not offered by this one is no answer any more."""
    draft = walk.session.draft
    if draft.source_facts is not None or draft.snapshot is not None:
        walk.update(walk.session.answered(selected=in_order(draft, frozenset(draft.selected))))
