"""The start: what a run or folder of changes that already exists is, and what Enter does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.model.text import counted

if TYPE_CHECKING:
    from esmigrate_tui.engine.listing import RunSummary


def standing(card: RunSummary) -> tuple[str, str, str]:
    """What a run is, what Enter does with it, and that as a word: follow, resume, or "" where it only says so."""
    if card.problem is not None:
        return "unreadable", f"because: {card.problem.sentence()}", ""
    if card.is_live:
        return "running", "Enter shows it; it runs without this screen.", "" if card.is_of_changes else "follow"
    if card.is_of_changes:
        left = counted(card.open_entries, "change") if card.open_entries else "nothing left"
        settle = f"`esmigrate cleanup {card.run}` reverts it." if card.open_entries else "It was reverted, or stays."
        return f"before a run: {left} to revert", settle, ""
    if card.is_finished:
        return f"finished, {card.outcome}", "Enter shows how it ended.", "follow"
    return "stopped half-way", "Enter resumes it after the last acknowledged document.", "resume"
