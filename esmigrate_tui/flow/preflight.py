"""The preflight: the checks are asked, their findings come in as they are found; what can be is fixed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow import method as methods
from esmigrate_tui.flow.session import AppliedChange, FixProgress, PreflightState, Session, way_back
from esmigrate_tui.flow.steps import checked_as
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import counted

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.model.method import MethodName


class Remedy(StrEnum):
    """What can be done from here about a finding."""

    FIX = "fix"
    COPY_HERE = "copy-here"


REMEDY_DOES: Final = {
    Remedy.FIX: "applies the fix, after a question that shows the request",
    Remedy.COPY_HERE: "uses Copy through this machine instead; your answers are kept",
}
"""What each does, after the key or the word that does it."""
_REACHES: Final = "destination-reaches-source"


def asked(session: Session) -> str:
    """Who is asked."""
    if session.is_of_files:
        return "the destination, and the files"
    is_alone = Side.SOURCE not in session.sides or session.is_left_out(Side.SOURCE)
    return "the destination" if is_alone else "both clusters"


def remedies(finding: Finding, session: Session) -> tuple[Remedy, ...]:
    """What can be done from here about a finding, beside what it says."""
    found = [Remedy.FIX] if finding.repairs else []
    if _instead(session) and finding.check == _REACHES and finding.severity is Severity.BLOCKER:
        found.append(Remedy.COPY_HERE)
    return tuple(found)


COPIES_HERE: Final = "The method is Copy through this machine now; your other answers are kept."


def revert_sentence(done: tuple[AppliedChange, ...]) -> str:
    """How what was fixed is reverted."""
    return way_back(done[0].name, list(done)) or "Nothing has to be reverted."


def toggle_accepted(flow: Flow, finding: Finding) -> bool:
    """Accept a warning, or no longer; whether it is accepted now."""
    known = flow.session.draft.accepted
    changed = known - {finding.key} if finding.key in known else known | {finding.key}
    flow.update(flow.session.answered(accepted=changed))
    return finding.key in changed


# -- fixing -----------------------------------------------------------------------------------------------------


def fixing(finding: Finding) -> tuple[str, tuple[str, ...]]:
    """The question before a finding is fixed, and what has to be known before one says yes."""
    sides = list(dict.fromkeys(change.side for change in finding.repairs))
    where = f"the {sides[0]}" if len(sides) == 1 else "both clusters"
    amount, undoable = len(finding.repairs), sum(change.undo is not None for change in finding.repairs)
    many = f"{counted(amount, 'request')} to {where}, one after the other. Each is" if amount > 1 else "It is"
    back = "`esmigrate cleanup` reverts it, by the request that stands below it."
    if not undoable:
        back = "there is nothing to revert after it."
    elif undoable < amount:
        back = "`esmigrate cleanup` reverts what has a request for that below it."
    return f"Apply this fix on {where}?", (
        f"{finding.title.rstrip('.')}.",
        f"{many} written in a ledger first; {back} No document is lost by that. Then the checks look again.",
    )


async def fix(flow: Flow, finding: Finding) -> None:
    """Put a finding right, as the user has just confirmed: one change after the other, until one fails.

    How far it came is the session's `fixing`. All of it goes to the clusters as they are connected now, whatever is
    answered meanwhile. The checks have to be asked again afterwards.
    """
    credentials = dict(flow.credentials)
    flow.update(flow.session.but(fixing=FixProgress(amount=len(finding.repairs))))
    try:
        plan = flow.plan_so_far()
        for change in finding.repairs:
            flow.update_part("fixing", doing=change.what, since=flow.services.now(), failed=change.what)
            name = await flow.make(plan, credentials, change, _folder(flow.session))
            made = AppliedChange(what=change.what, name=name, repaired=change.side)
            if change.undo is None:
                made = msgspec.structs.replace(made, back="")
            flow.update(flow.session.but(made=(*flow.session.made, made)))
            flow.update_part("fixing", done=(*flow.session.fixing.done, made), failed="")
    except ProblemError as error:
        flow.update_part("fixing", problem=error.problem)
    finally:
        flow.update_part("fixing", doing="")


def _folder(session: Session) -> str:
    """The name by which all that was fixed so far is reverted; "" where nothing was.

    What undoes two repairs of one setting has to be done in turn, so they lie together. A repository or a snapshot has
    a name of its own: it may stay when the repairs go.
    """
    return next((each.name for each in reversed(session.made) if each.repaired is not None), "")


def copy_here(flow: Flow) -> None:
    """Take the method that needs no connection from the destination to the source, where there is one instead."""
    if (instead := _instead(flow.session)) is not None:
        methods.take(flow, instead)
        methods.keep_what_is_offered(flow)


def _instead(session: Session) -> MethodName | None:
    method = session.draft.method
    return None if method is None else METHODS[method].instead


# -- looking -----------------------------------------------------------------------------------------------------------


def forget(flow: Flow) -> None:
    """What was found does not hold any more."""
    flow.update(flow.session.answered(findings=()).but(checking=PreflightState()))


async def look(flow: Flow) -> None:
    """Ask all the checks; where that cannot be done, `checking` has the problem."""
    session = flow.session.answered(findings=())
    flow.update(session.but(checking=PreflightState(since=flow.services.now(), checked=checked_as(session))))
    draft = flow.session.draft
    if Side.SOURCE not in flow.session.sides:  # one that was connected for another method does not count here
        draft = msgspec.structs.replace(draft, source=None, source_facts=None, source_indices=())
    if not flow.session.is_restore:  # nor does what was answered for a restore
        draft = msgspec.structs.replace(draft, snapshot=None, restoration=None, feature_states=(), in_the_way={})
    try:
        source = flow.clusters.get(Side.SOURCE) if draft.source else None
        async for finding in flow.services.preflight(draft, flow.cluster(Side.DESTINATION), source):
            flow.update(flow.session.answered(findings=(*flow.session.draft.findings, finding)))
    except ProblemError as error:
        flow.update_part("checking", since=None, problem=error.problem)
    else:
        flow.update_part("checking", since=None, looked_at=flow.services.now())
