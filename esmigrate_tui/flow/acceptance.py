"""Which findings are accepted: by the name of a check before anything is found, by title and severity from then on."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui import preflight
from esmigrate_tui.model.finding import Acceptance, Finding, Severity, accepting
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.model.plan import Plan


def accepted(given: Sequence[str]) -> tuple[Acceptance, ...]:
    """Whatever the named checks find, accepted; raises ProblemError (usage) for a name that no check has."""
    if unknown := [name for name in given if name not in preflight.NAMES]:
        like = difflib.get_close_matches(unknown[0], preflight.NAMES, n=1)
        raise ProblemError.of(
            Cause.USAGE,
            f"--accept names {clean(unknown[0], 100)}, and no check has that name.",
            why="A finding that was meant to be accepted would still stand in the way.",
            todo=(
                (f"Did you mean {like[0]}? " if like else "")
                + "Take the name in brackets behind a finding of `esmigrate check`."
            ),
        )
    return tuple(Acceptance(check=name, severity=Severity.BLOCKER) for name in sorted(set(given)))


def can_be_waived(finding: Finding) -> bool:
    """Whether the user may accept it and continue: a warning always, a blocker where its check says so."""
    return finding.severity is not Severity.BLOCKER or finding.check in preflight.WAIVABLE


def is_accepted(finding: Finding, accepted: Sequence[Acceptance]) -> bool:
    """Whether it is accepted, and may be."""
    return can_be_waived(finding) and any(one.covers(finding) for one in accepted)


def standing(findings: Sequence[Finding], accepted: Sequence[Acceptance]) -> tuple[Finding, ...]:
    """The blockers that are not accepted, or may not be."""
    return tuple(
        finding for finding in findings if finding.severity is Severity.BLOCKER and not is_accepted(finding, accepted)
    )


def as_accepted(plan: Plan, findings: Sequence[Finding]) -> Plan:
    """The plan with what it accepts as it was found: by title and weight, no longer by the names of checks."""
    can_stop = (one for one in findings if one.severity in {Severity.BLOCKER, Severity.WARNING})
    found = [accepting(one) for one in can_stop if is_accepted(one, plan.accepted)]
    named = [one for one in plan.accepted if one.title]
    return msgspec.structs.replace(plan, accepted=tuple(sorted({*found, *named})))
