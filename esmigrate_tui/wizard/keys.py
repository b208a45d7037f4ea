"""One table of actions: bindings, footer, help page and command palette are all read from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding


@dataclass(frozen=True)
class Action:
    """Something a person can do in some steps.

    `keys` are Textual's names, `shown` is how the footer writes them, `label` its word there ("" keeps it out of the
    footer), `says` what it does, for the help page. `steps` are the steps that have it.
    """

    name: str
    keys: str
    shown: str
    label: str
    says: str
    steps: tuple[str, ...]


_LISTS: Final = ("start", "method", "preflight", "selection")
_BEFORE: Final = ("start", "method", "connections", "preflight", "selection", "review")
_ALL: Final = (*_BEFORE, "run", "finish")

ACTIONS: Final = (
    # lists
    Action(
        "none", "", "↑↓", "choose", "Move up and down; Page Up, Page Down, Home and End as well.", ("start", "method")
    ),
    Action("open", "enter", "Enter", "next", "Take this method and go on.", ("method",)),
    Action("open", "enter", "Enter", "take", "Attach to the run, go on with it, or begin a new migration.", ("start",)),
    # connections
    Action("test", "ctrl+t", "Ctrl+T", "test", "Connect to both clusters and look who they are.", ("connections",)),
    Action("none", "", "Tab", "field", "Go to the next field; Shift+Tab to the one before.", ("connections",)),
    Action("none", "", "Space", "change", "Change a choice that has the focus.", ("connections",)),
    # preflight
    Action("none", "", "↑↓", "look", "Move through the findings; the one you are at is explained.", ("preflight",)),
    Action("again", "r", "r", "again", "Ask all the checks again.", ("preflight",)),
    Action("acknowledge", "space", "Space", "accept", "Accept a warning; the report will say so.", ("preflight",)),
    Action("copy", "c", "c", "copy", "Copy the text of the fix to the clipboard.", ("preflight", "finish")),
    Action("open", "enter", "Enter", "", "Show or hide the checks that passed.", ("preflight",)),
    # selection
    Action("choose", "space", "Space", "choose", "Choose the index, or not.", ("selection",)),
    Action("all", "a", "a", "all", "Choose all that the filter shows; once more to let them go.", ("selection",)),
    Action(
        "filter",
        "slash",
        "/",
        "filter",
        "Filter as you type: part of a name, a pattern with * and ?, or a /regular expression/.",
        ("selection",),
    ),
    Action("sort", "s", "s", "sort", "Sort by the next column.", ("selection",)),
    Action("rename", "e", "e", "rename", "Give the index another name on the destination.", ("selection",)),
    Action("hidden", "h", "h", "hidden", "Show or hide hidden and system indices.", ("selection",)),
    # review
    Action("none", "", "Tab", "Back or Start", "Go between the two buttons.", ("review",)),
    Action("scroll_page(3)", "down", "↑↓", "scroll", "Read the rest.", ("review",)),
    Action("scroll_page(-3)", "up", "↑", "", "Read the rest.", ("review",)),
    Action("scroll_page(15)", "pagedown", "Page Down", "", "Read the rest, a page at a time.", ("review",)),
    Action("scroll_page(-15)", "pageup", "Page Up", "", "Read the rest, a page at a time.", ("review",)),
    Action("invert", "i", "i", "invert", "Choose what is not chosen among those shown.", ("selection",)),
    Action("write", "w", "w", "write the plan", "Write the plan to a file for `esmigrate run`.", ("review",)),
    Action("copy", "c", "c", "", "Copy the requests to the clipboard.", ("review",)),
    # run
    Action("pause", "p", "p", "pause", "Pause the run, or let it go on.", ("run",)),
    Action("faster", "plus,equals_sign", "+", "", "Lift the limit on documents a second by a step.", ("run",)),
    Action("slower", "minus", "+ -", "pace", "Limit the documents a second, to spare the clusters.", ("run",)),
    Action("skip", "k", "k", "skip", "Leave out the index you are at.", ("run",)),
    Action("aside", "e", "e", "refused", "See the documents that were refused, and why.", ("run", "finish")),
    Action("resume", "r", "r", "", "Go on with a run whose process has ended.", ("run",)),
    Action("leave", "escape,q", "Esc", "leave", "Leave the screen; the run goes on without it.", ("run",)),
    Action("stop", "ctrl+x", "Ctrl+X", "stop", "Stop the run, after a question.", ("run",)),
    # everywhere
    Action("open", "enter", "Enter", "details", "All about the index you are at.", ("run", "finish")),
    Action("back", "left,escape", "←", "back", "Go back; every answer is kept.", ("preflight", "selection", "review")),
    Action("back", "left,escape", "←", "", "Go back; every answer is kept.", ("method",)),
    Action("back", "escape", "Esc", "back", "Go back; every answer is kept.", ("connections",)),
    Action("next", "right,ctrl+n", "→", "", "Go on; where that is not possible yet, it says why.", _LISTS),
    Action(
        "next", "ctrl+n", "Ctrl+N", "", "Go on; where that is not possible yet, it says why.", ("connections", "review")
    ),
    Action("explain", "question_mark,f1", "?", "explain", "This page.", tuple(s for s in _ALL if s != "connections")),
    Action("explain", "f1", "F1", "explain", "This page.", ("connections",)),
    Action("palette", "ctrl+p", "Ctrl+P", "", "Everything that can be done here, by name.", _ALL),
    Action("leave", "q", "q", "quit", "Leave; nothing has been changed on either cluster.", (*_LISTS, "review")),
    Action("leave", "q,escape", "q", "leave", "Leave; the report stays.", ("finish",)),
    Action("leave", "ctrl+q", "Ctrl+Q", "", "Leave.", _ALL),
)


def actions(step: str) -> tuple[Action, ...]:
    """What can be done in a step, in the footer's order."""
    return tuple(action for action in ACTIONS if step in action.steps)


def bindings(step: str) -> list[Binding]:
    """The step's keys for Textual; the palette's own key is the app's."""
    return [
        Binding(action.keys, action.name, action.label or action.says, show=False)
        for action in actions(step)
        if action.keys and action.name != "palette"
    ]
