"""One table of actions: bindings, footer, help page and command palette are all read from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from esmigrate_tui.model.method import MethodName, Trait, traits_of


@dataclass(frozen=True)
class Action:
    """Something a user can do in some steps.

    `keys` are Textual's names, `shown` is how the footer writes them, `label` its word there ("" keeps it out of the
    footer), `says` what it does, for the help page. `steps` are the steps that have it, with blanks between them, for
    methods with the trait `only_if` (None for all) and without the trait `unless`.
    """

    name: str
    keys: str
    shown: str
    label: str
    says: str
    steps: str
    only_if: Trait | None = None
    unless: Trait | None = None


_TYPED: Final = "connections files"
"""Steps in which one types, so that letters and arrows are not free."""
_LISTS: Final = "start method mapping preflight repository snapshot selection"
_NOT_TYPED: Final = f"{_LISTS} review run finish"
_ALL: Final = f"{_NOT_TYPED} {_TYPED}"

ACTIONS: Final = (
    # lists
    Action("none", "", "↑↓", "choose", "Move up and down; Page Up, Page Down, Home and End as well.", "start method"),
    Action("open", "enter", "Enter", "next", "Take this method and continue.", "method"),
    Action("open", "enter", "Enter", "take", "Attach to the run, resume it, or start a new migration.", "start"),
    # connections
    Action("test", "ctrl+t", "Ctrl+T", "test", "Connect to both clusters and look who they are.", "connections"),
    Action("test", "ctrl+t", "Ctrl+T", "look", "Look at the files again, as they are to be read now.", "files"),
    Action("none", "", "Tab", "field", "Go to the next field; Shift+Tab to the one before.", _TYPED),
    Action("none", "", "Space", "change", "Change a choice that has the focus.", _TYPED),
    # files
    Action("scroll_page(8)", "pagedown", "Page Down", "rows", "Read more of what was seen in the files.", "files"),
    Action("scroll_page(-8)", "pageup", "Page Up", "", "Back up in what was seen.", "files"),
    Action("save", "ctrl+o", "Ctrl+O", "", "Write the configuration of the sender to a file.", "files"),
    # mapping
    Action("none", "", "↑↓", "look", "Move through the fields; the one you are at is explained.", "mapping"),
    Action("open", "enter,space", "Enter", "type", "Choose another type for the field.", "mapping"),
    Action("format", "f", "f", "format", "Say how the dates of the field are written.", "mapping"),
    Action("leave_out", "x", "x", "leave out", "Leave the column out of the documents, or not.", "mapping"),
    Action("undo", "u", "u", "as guessed", "Take the guess for this field again.", "mapping"),
    Action("json", "j", "j", "as JSON", "See and edit all of it as JSON: settings and aliases too.", "mapping"),
    # preflight
    Action("none", "", "↑↓", "look", "Move through the findings; the one you are at is explained.", "preflight"),
    Action("again", "r", "r", "again", "Ask all the checks again.", "preflight"),
    Action("acknowledge", "space", "Space", "accept", "Accept a warning; the report will say so.", "preflight"),
    Action("copy", "c", "c", "copy", "Copy the text of the fix to the clipboard.", "preflight finish"),
    Action(
        "fix",
        "x",
        "x",
        "",
        "Apply the fix, where it loses no document and can be reverted; a question shows the request first.",
        "preflight",
    ),
    Action(
        "copy_here",
        "m",
        "m",
        "",
        "Where the destination may not fetch from the source: copy through this machine instead.",
        "preflight",
        "pulls",
    ),
    Action("open", "enter", "Enter", "", "Show or hide the checks that passed.", "preflight"),
    # repository
    Action(
        "open",
        "enter",
        "Enter",
        "take",
        "Take the repository; one that only the source has is registered first, after a question.",
        "repository",
    ),
    Action("add", "a", "a", "add", "Register a repository that is not in the list.", "repository"),
    Action("verify", "v", "v", "verify", "Let every node of the destination look whether it reaches it.", "repository"),
    Action("fill", "e", "e", "", "Fill in the form from this one: to register it otherwise.", "repository"),
    Action("again", "r", "r", "again", "Ask both clusters again.", "repository"),
    # snapshot
    Action("open", "enter", "Enter", "take", "Take the snapshot and continue.", "snapshot"),
    Action("choose", "space", "Space", "choose", "Choose the index, or not.", "selection"),
    Action("all", "a", "a", "all", "Choose all that the filter shows; once more to let them go.", "selection"),
    Action(
        "filter",
        "slash",
        "/",
        "filter",
        "Filter as you type: part of a name, a pattern with * and ?, or a /regular expression/.",
        "snapshot selection",
    ),
    Action("new", "t", "t", "new snapshot", "Take a new snapshot on the source, after a question.", "snapshot"),
    Action("again", "r", "r", "again", "List the snapshots again.", "snapshot"),
    Action("cancel", "ctrl+x", "Ctrl+X", "", "Cancel the snapshot that is being made, after a question.", "snapshot"),
    # selection
    Action(
        "options",
        "o",
        "o",
        "options",
        "Aliases, feature states, settings, and the other options of the restore.",
        "selection",
        "restores",
    ),
    Action(
        "options",
        "o",
        "o",
        "options",
        "How the result is verified, and the other options of the run.",
        "selection",
        unless="restores",
    ),
    Action(
        "resolve",
        "w",
        "w",
        "taken",
        "Decide what becomes of what has the name on the destination: another name, close it, delete it.",
        "selection",
        "restores",
    ),
    Action(
        "resolve_all",
        "W",
        "W",
        "",
        "The same for all that are chosen and whose name is taken.",
        "selection",
        "restores",
    ),
    Action("reverse", "S", "S", "", "Sort the other way round.", "selection"),
    Action("range", "v", "v", "", "Choose a range: v at its one end, v at the other.", "selection"),
    Action("rename", "e", "e", "rename", "Give the index another name on the destination.", "selection"),
    Action("sort", "s", "s", "sort", "Sort by the next column.", "selection"),
    Action(
        "definition",
        "m",
        "m",
        "definition",
        "See what will be made of the index, beside what it is: settings, mapping, aliases; and change it there.",
        "selection",
        unless="restores",
    ),
    Action(
        "settings",
        "M",
        "M",
        "",
        "Settings for all indices to be made: number_of_shards=1 number_of_replicas=0.",
        "selection",
        unless="restores",
    ),
    Action("rename_all", "p", "p", "", "Give all that are chosen new names, by a pattern.", "selection", "restores"),
    Action("hidden", "h", "h", "hidden", "Show or hide hidden and system indices.", "selection"),
    # review
    Action("none", "", "Tab", "other button", "Go between the two buttons, Back and Start.", "review"),
    Action("none", "", "Enter", "press", "Press the button that stands out.", "review"),
    Action("scroll_page(3)", "down", "↑↓", "scroll", "Read the rest.", "review"),
    Action("scroll_page(-3)", "up", "↑", "", "Read the rest.", "review"),
    Action("scroll_page(15)", "pagedown", "Page Down", "", "Read the rest, a page at a time.", "review"),
    Action("scroll_page(-15)", "pageup", "Page Up", "", "Read the rest, a page at a time.", "review"),
    Action("invert", "i", "i", "invert", "Choose what is not chosen among those shown.", "selection"),
    Action("write", "w", "w", "write the plan", "Write the plan to a file for `esmigrate run`.", "review"),
    Action("copy", "c", "c", "", "Copy the requests to the clipboard.", "review"),
    # run
    Action("pause", "p", "p", "pause", "Pause the run, or resume it.", "run"),
    Action(
        "faster",
        "plus,equals_sign",
        "+",
        "",
        "Lift the limit on documents a second by a step.",
        "run",
        unless="restores",
    ),
    Action(
        "slower",
        "minus",
        "+ -",
        "pace",
        "Limit the documents a second, to spare the clusters.",
        "run",
        unless="restores",
    ),
    Action(
        "enough",
        "d",
        "d",
        "",
        "Say that what others have sent is all there is: it is counted, and the run ends.",
        "run",
        "loads",
    ),
    Action("skip", "k", "k", "skip", "Leave out the index you are at.", "run"),
    Action("rejects", "e", "e", "rejected", "See the rejected documents, and why.", "run finish", unless="restores"),
    Action("fold", "f", "f", "", "Show or hide the indices that are done.", "run"),
    Action("resume", "r", "r", "", "Resume a run that is paused, or whose process has ended.", "run"),
    Action("leave", "escape,q", "Esc", "leave", "Leave the screen; the run continues without it.", "run"),
    Action("stop", "ctrl+x", "Ctrl+X", "stop", "Stop the run, after a question.", "run"),
    # everywhere
    Action("open", "enter", "Enter", "details", "All about the index you are at.", "run finish"),
    Action(
        "back",
        "left,escape",
        "←",
        "back",
        "Go back; every answer is kept.",
        "mapping preflight repository snapshot selection",
    ),
    Action("back", "left,escape", "←", "", "Go back; every answer is kept.", "method"),
    Action("back", "escape", "Esc", "back", "Go back; every answer is kept.", _TYPED),
    Action("back", "escape", "Esc", "", "Go back, as the button does; every answer is kept.", "review"),
    Action("next", "right,ctrl+n", "→", "", "Continue; where that is not possible yet, it says why.", _LISTS),
    Action(
        "next", "ctrl+n", "Ctrl+N", "", "Continue; where that is not possible yet, it says why.", f"{_TYPED} review"
    ),
    Action("explain", "question_mark,f1", "?", "explain", "This page.", _NOT_TYPED),
    Action("explain", "f1", "F1", "explain", "This page.", _TYPED),
    Action(
        "contrast",
        "f2",
        "F2",
        "",
        "More contrast: nothing dim, only trouble in colour. F2 again: as before. The next start has it too.",
        _ALL,
    ),
    Action("palette", "ctrl+p", "Ctrl+P", "", "Everything that can be done here, by name.", _ALL),
    Action(
        "leave", "q", "q", "quit", "Leave; a question says what was changed so far: mostly nothing.", f"{_LISTS} review"
    ),
    Action("leave", "q,escape", "q", "leave", "Leave; the report stays.", "finish"),
    Action("leave", "ctrl+q", "Ctrl+Q", "", "Leave.", _ALL),
)


def actions(step: str, method: MethodName | None = None) -> tuple[Action, ...]:
    """What can be done in a step with a method, in the footer's order."""
    traits = traits_of(method)
    return tuple(
        action
        for action in ACTIONS
        if step in action.steps.split()
        and (action.only_if is None or traits.has(action.only_if))
        and (action.unless is None or not traits.has(action.unless))
    )
