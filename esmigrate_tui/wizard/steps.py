"""The steps of the wizard as data: the rail, Back, Next and its reason all follow from this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.text import counted
from esmigrate_tui.wizard.session import Session, Test, same_target

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Step:
    """One step: its name, its word in the rail ("" keeps it out), and why one may not go on ("" where one may)."""

    name: str
    in_rail: str
    may_go_on: Callable[[Session], str]


def _always(_: Session) -> str:
    return ""


def _method(session: Session) -> str:
    if session.method is None:
        return "choose a method"
    return session.method.why_not


def _connections(session: Session) -> str:
    for side in session.sides:
        form = session.form(side)
        match form.test:
            case Test.GOING:
                return f"the {side} is being tested"
            case Test.BAD:
                return f"the {side} refuses"
            case Test.NOT_YET:
                return f"the {side} is not tested yet"
            case Test.GOOD:
                pass
    return ""


def _preflight(session: Session) -> str:
    draft = session.draft
    if session.checking.since is not None:
        return "the checks are going on"
    if session.checking.problem is not None:
        return "the checks could not be made"
    if draft.blockers:
        return f"{counted(len(draft.blockers), 'check')} {'blocks' if len(draft.blockers) == 1 else 'block'}"
    if waiting := len(draft.unacknowledged):
        return f"{counted(waiting, 'warning')} to acknowledge"
    if session.checking.looked_at is None or session.checking.checked != checked_as(session):
        return "nothing was checked yet"
    return ""


def _selection(session: Session) -> str:
    if not session.draft.selected:
        return "nothing is chosen"
    if shared := same_target(session.draft):
        return f"two would go to {shared}"
    if session.listing.doing:
        return session.listing.doing
    return ""


def _review(session: Session) -> str:
    if session.plan_problem is not None:
        return "there is no plan"
    if session.plan is None:
        return "the plan is being made"
    if session.starting_since is not None:
        return "it is being started"
    return ""


STEPS: Final = (
    Step("start", "", _always),
    Step("method", "Method", _method),
    Step("connections", "Connections", _connections),
    Step("preflight", "Preflight", _preflight),
    Step("selection", "Select", _selection),
    Step("review", "Review", _review),
    Step("run", "Run", _always),
    Step("finish", "Finish", _always),
)
BY_NAME: Final = {step.name: step for step in STEPS}


def is_checked_with_selection(session: Session) -> bool:
    """Whether the last preflight looked at what is selected now, under the names it has now."""
    return bool(session.draft.selected) and session.checking.checked == checked_as(session)


def checked_as(session: Session) -> tuple[str, ...]:
    """What a preflight has looked at: the selected indices with their names on the destination."""
    return tuple(f"{name}→{session.draft.target(name)}" for name in session.draft.selected)


def following(name: str, session: Session) -> str:
    """The step after this one: a preflight that has looked at the selection goes on to the review."""
    if name == "preflight" and is_checked_with_selection(session):
        return "review"
    return STEPS[min(len(STEPS) - 1, _at(name) + 1)].name


def before(name: str, session: Session) -> str:
    """The step before this one, "" where there is none: a running migration has no way back."""
    if name == "preflight" and is_checked_with_selection(session):
        return "selection"
    if name in {"start", "run", "finish"} or (name == "method" and not session.runs):
        return ""
    if name == "selection" and session.draft.selected:
        # The preflight of what is selected lies after this step: between the two there would be no way out.
        return "connections"
    return STEPS[_at(name) - 1].name


def _at(name: str) -> int:
    return next(position for position, step in enumerate(STEPS) if step.name == name)
