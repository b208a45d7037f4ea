"""A tour through the wizard, for showing it to others: at each step a sentence, and Enter presses the keys it names."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow.session import ConnectionTest, Session
from esmigrate_tui.model.finding import Severity, worst_first
from esmigrate_tui.wizard.screens.dialogs import AskScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.wizard.app import WizardApp

_LOOK_EVERY: Final = 0.1
_BETWEEN_KEYS: Final = 0.15  # seconds: slow enough to be seen


def _always(_: Session) -> bool:
    return True


def _accepting(session: Session) -> tuple[str, ...]:
    """Every warning that is not accepted yet is, then on."""
    rows = (one for one in worst_first(session.draft.findings) if one.severity is not Severity.PASSED)
    waiting = frozenset(one.key for one in session.draft.unaccepted)
    keys = [key for one in rows for key in (("space", "down") if one.key in waiting else ("down",))]
    return ("home", *keys, "right")


@dataclass(frozen=True)
class TourStop:
    """Where the tour stops: in which step, once what holds; what is said; the keys as they are named, and pressed."""

    step: str
    says: str
    shown: str
    keys: Callable[[Session], tuple[str, ...]]
    when: Callable[[Session], bool] = _always


STOPS: Final = (
    TourStop(
        "method",
        "Two real Elasticsearch clusters run on this machine: a source with sample data, and an empty destination. "
        "There are four ways to move the data; the tour takes the second: the destination fetches it from the source.",
        "Enter",
        lambda _: ("enter",),
    ),
    TourStop(
        "connections",
        "Both connections are filled in and tested at once: who answers, its version, what it holds, what room it "
        "has. Nothing but reading so far.",
        "Ctrl+N",
        lambda _: ("ctrl+n",),
        lambda session: session.source.test is ConnectionTest.GOOD and session.destination.test is ConnectionTest.GOOD,
    ),
    TourStop(
        "preflight",
        "Whatever is known to go wrong is looked at before anything moves: each finding says why it matters and how to "
        "fix it. A warning is accepted with Space, and the report will say so.",
        "Space on each warning, then the right arrow",
        _accepting,
        lambda session: session.checking.looked_at is not None and not session.checking.checked,
    ),
    TourStop(
        "selection",
        "Which indices: filtered as you type, chosen by pattern, renamed one by one. a chooses all that are shown; "
        "those that cannot be moved say why.",
        "a, then the right arrow",
        lambda _: ("a", "right"),
    ),
    TourStop(
        "preflight",
        "The checks look again, now at what is chosen: mappings are translated and tried on the destination.",
        "Space on each warning, then the right arrow",
        _accepting,
        lambda session: session.checking.looked_at is not None and bool(session.checking.checked),
    ),
    TourStop(
        "review",
        "What will happen, in order and to the letter; what is changed for the time of the run is reverted. Nothing "
        "has been written until now. The safe button has the focus: Tab goes to the other one.",
        "Tab, Enter",
        lambda _: ("tab", "enter"),
        lambda session: session.plan is not None,
    ),
    TourStop(
        "finish",
        "The run had a process of its own: this screen could have been closed. Every index was counted on both sides "
        "after a refresh, and samples were compared. The report is written as Markdown, JSON and HTML. That is all.",
        "q",
        lambda _: ("q",),
    ),
)


class TourBox(AskScreen):
    """What a stop says, at the lower edge; Enter presses its keys, Esc ends the tour."""

    AUTO_FOCUS, FIRST = "#yes", 1


async def toured(app: WizardApp) -> None:
    """Go from stop to stop until the last, or until the user takes over."""
    for at, stop in enumerate(STOPS, start=1):
        await _until(app, stop.step, stop.when)
        box = TourBox(f"Tour, {at} of {len(STOPS)}", stop.says, yes=f"Press {stop.shown}", no="End the tour")
        if not await app.push_screen_wait(box):
            return
        await _until(app, stop.step, stop.when)  # the keys are for the step, not for the box
        for key in stop.keys(app.session):
            await app.until_painted()  # as a user would, who presses no key for what is not to be seen yet
            app.simulate_key(key)
            await asyncio.sleep(_BETWEEN_KEYS)


async def _until(app: WizardApp, step: str, holds: Callable[[Session], bool]) -> None:
    """Wait until this step is on the screen, with nothing over it, and it is so."""
    while app.step is None or app.screen is not app.step or step != app.step.STEP or not holds(app.session):  # noqa: ASYNC110  # a screen has no event
        await asyncio.sleep(_LOOK_EVERY)
