"""The table of actions as Textual's key bindings."""

from __future__ import annotations

from textual.binding import Binding

from esmigrate_tui.flow.keys import ACTIONS


def bindings(step: str) -> list[Binding]:
    """The step's keys for Textual; those for the palette and for more contrast are the app's."""
    return [
        Binding(action.keys, action.name, action.label or action.says, show=False)
        for action in ACTIONS
        if step in action.steps.split() and action.keys and action.name not in {"contrast", "palette"}
    ]
