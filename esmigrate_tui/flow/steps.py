"""The steps of the wizard as data: the rail, Back, Next and its reason all follow from this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow.chosen import in_the_way, is_anything_chosen, not_whole, settings_of, shared_targets
from esmigrate_tui.flow.files import shipping_of, why_not_into
from esmigrate_tui.flow.repository import repository_here
from esmigrate_tui.flow.session import ConnectionTest, FileChoice, Session
from esmigrate_tui.flow.snapshot import snapshot_here, why_not_from
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.files import IdRule
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.model.method import MethodName


@dataclass(frozen=True)
class WizardStep:
    """One step: its name, its word in the rail ("" keeps it out), and why one may not go on ("" where one may).

    Steps that stand side by side may share a word. `is_choice` says that something to be moved is chosen in it: only
    the methods that name it in `chosen_in` have it.
    """

    name: str
    in_rail: str
    may_go_on: Callable[[Session], str]
    is_choice: bool = False


def _always(_: Session) -> str:
    return ""


def _method(session: Session) -> str:
    return "choose a method" if session.method is None else ""


def _connections(session: Session) -> str:
    for side in session.sides:
        form = session.form(side)
        if session.is_left_out(side):
            continue
        match form.test:
            case ConnectionTest.GOING:
                return f"the {side} is being tested"
            case ConnectionTest.BAD:
                return f"the {side} is not connected"
            case ConnectionTest.NOT_YET:
                return "not tested yet"
            case ConnectionTest.GOOD:
                pass
    return ""


def _preflight(session: Session) -> str:
    draft = session.draft
    if session.fixing.doing:
        return "a fix is being applied"
    if session.checking.since is not None:
        return "the checks are running"
    if session.checking.problem is not None:
        return "the checks could not be made"
    if draft.blockers:
        return f"{counted(len(draft.blockers), 'check')} {'blocks' if len(draft.blockers) == 1 else 'block'}"
    if waiting := len(draft.unaccepted):
        return f"accept {counted(waiting, 'warning')}"
    return "" if is_checked(session) else "nothing was checked yet"


def _repository(session: Session) -> str:
    repository_list = session.repository_list
    if repository_list.doing:
        return repository_list.doing
    if repository_list.destination is None:
        return "the repositories are not known yet"
    known = repository_here(repository_list)
    if known is None:
        return "there is no repository yet"
    return "" if known.destination is not None else "Enter registers it here first"


def _snapshot(session: Session) -> str:
    snapshot_list = session.snapshot_list
    if snapshot_list.doing and (snapshot_list.is_whole or not snapshot_list.rows):
        return snapshot_list.doing
    return why_not_from(snapshot_here(snapshot_list), session.draft.destination_facts)


def _files(session: Session) -> str:
    file_choice = session.file_choice
    if file_choice.doing:
        return file_choice.doing
    if file_choice.sender is not None:
        reason = "" if shipping_of(file_choice) is not None else "how many is not a number"
    else:
        reason = _looked_at(file_choice)
    wrong = why_not_into(session.draft)
    return reason or (f"the index: {wrong}" if wrong else "")


def _looked_at(file_choice: FileChoice) -> str:
    """Why the files cannot be taken as they were seen; "" where they can."""
    look = file_choice.look
    if not file_choice.typed.strip():
        return "name the files"
    if not file_choice.is_looked_at:
        return "not looked at yet"
    if look is None or look.sample is None or look.problem is not None:
        return "not readable like this"
    if look.sample.is_unreadable:
        return f"no row can be read as {look.sample.reading.format}"
    if file_choice.wishes.ids is IdRule.FIELD and not file_choice.wishes.id_field:
        return "which field is the _id?"
    return ""


def _selection(session: Session) -> str:
    if not is_anything_chosen(session.draft):
        return "nothing is chosen"
    if session.is_restore and (wrong := settings_of(session.listing.settings)[1]):
        return wrong
    if lacking := not_whole(session.draft):
        return f"{counted(len(lacking), 'is', 'are')} not whole (o: missing shards)"
    if taken := in_the_way(session.draft):
        return f"{counted(len(taken), 'name is', 'names are')} taken there (w)"
    if shared := shared_targets(session.draft):
        return f"two would go to {shared[0]}"
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
    if (name := name_to_type(session)) and session.typed_name != name:
        return f"type {name} first"
    return ""


def name_to_type(session: Session) -> str:
    """What has to be typed before something that exists is overwritten, closed or deleted; "" where nothing is."""
    plan, facts = session.plan, session.draft.destination_facts
    if plan is None or not any(task.in_the_way or task.kind in _OVERWRITING for task in plan.tasks):
        return ""
    name = facts.name if facts is not None else ""
    # A name that could not be typed would never let anybody start.
    return (
        name if name.isascii() and name.isprintable() and 0 < len(name) <= 40 else plan.destination.endpoint.authority
    )


_OVERWRITING: Final = frozenset({RestoreKind.FEATURE_STATE, RestoreKind.GLOBAL_STATE})

STEPS: Final = (
    WizardStep("start", "", _always),
    WizardStep("method", "Method", _method),
    WizardStep("connections", "Connections", _connections),
    WizardStep("files", "Select", _files, is_choice=True),
    WizardStep("mapping", "Select", _always, is_choice=True),
    WizardStep("preflight", "Preflight", _preflight),
    WizardStep("repository", "Select", _repository, is_choice=True),
    WizardStep("snapshot", "Select", _snapshot, is_choice=True),
    WizardStep("selection", "Select", _selection, is_choice=True),
    WizardStep("review", "Review", _review),
    WizardStep("run", "Run", _always),
    WizardStep("finish", "Finish", _always),
)
BY_NAME: Final = {step.name: step for step in STEPS}


def walked(session: Session) -> tuple[str, ...]:
    """The names of the steps that the chosen method has, in order."""
    return tuple(step.name for step in STEPS if is_step_of(step, session.draft.method))


def is_step_of(step: WizardStep, method: MethodName | None) -> bool:
    """Whether a method has a step."""
    chosen_in = ("selection",) if method is None else METHODS[method].chosen_in
    return not step.is_choice or step.name in chosen_in


def is_checked(session: Session) -> bool:
    """Whether the last preflight came to its end, and looked at what is chosen now."""
    return session.checking.looked_at is not None and session.checking.checked == checked_as(session)


def is_checked_with_selection(session: Session) -> bool:
    """Whether the last preflight looked at what is selected now, under the names it has now."""
    return is_anything_chosen(session.draft) and session.checking.checked == checked_as(session)


def checked_as(session: Session) -> tuple[str, ...]:
    """What a preflight has looked at: all that is chosen, with its name on the destination."""
    draft = session.draft
    if not is_anything_chosen(draft):
        return ()
    if draft.traits.loads:
        return (f"{draft.offered[0].name}→{draft.into}",)
    beside: tuple[str, ...] = ()
    if session.is_restore and draft.restoration is not None:
        beside = tuple(f"feature state {name}" for name in draft.feature_states)
        beside += ("global state",) if draft.restoration.global_state else ()
    return tuple(f"{name}→{draft.target(name)}" for name in draft.selected) + beside


def following(name: str, session: Session) -> str:
    """The step after this one: a preflight that has looked at the selection goes on to the review."""
    if name == "preflight" and is_checked_with_selection(session):
        return "review"
    if name == "selection":
        return "preflight"
    steps = walked(session)
    return steps[min(len(steps) - 1, steps.index(name) + 1)]


def before(name: str, session: Session) -> str:
    """The step before this one, "" where there is none: a running migration has no way back."""
    steps = walked(session)
    if name == "preflight" and "selection" in steps and is_checked_with_selection(session):
        return "selection"
    if name in {"start", "run", "finish"} or (name == "method" and not session.runs):
        return ""
    if name == _first_choice(steps) and is_anything_chosen(session.draft):
        # The preflight of what is selected lies after this step: between the two there would be no way out.
        return "connections"
    return steps[steps.index(name) - 1]


def _first_choice(steps: tuple[str, ...]) -> str:
    """The first of the steps after a preflight in which something is chosen to be moved; "" for none."""
    first = steps[steps.index("preflight") + 1]
    return first if first != "review" else ""
