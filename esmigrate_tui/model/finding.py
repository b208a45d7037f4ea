"""What a preflight check found."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from esmigrate_tui.model.ledger import PlannedChange
from esmigrate_tui.model.problem import Cause


class Severity(StrEnum):
    """How much a finding weighs: a blocker stops, a warning is accepted, a note is read, passed is good."""

    BLOCKER = "blocker"
    WARNING = "warning"
    NOTE = "note"
    PASSED = "passed"


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer of one check.

    `check` is the check's name (used with --accept), given by the check itself; `title` what is so in one line,
    `evidence` the server's own answer shortened, `why` one sentence for a reader new to it, `fix` what to do, `copy`
    text to paste as it is (a setting, a request), `link` the page of Elastic's documentation, `cause` the kind of
    problem where one was met, `subjects` the indices it is about. `repairs` are the changes that carry the fix out
    where that is safe: each can be reverted, and costs no document.
    """

    check: str = ""
    severity: Severity
    title: str
    evidence: str = ""
    why: str = ""
    fix: str = ""
    copy: str = ""
    link: str = ""
    cause: Cause | None = None
    subjects: tuple[str, ...] = ()
    repairs: tuple[PlannedChange, ...] = ()

    @property
    def key(self) -> str:
        """What an acceptance remembers: it no longer holds when the title changes."""
        return f"{self.check}: {self.title}"


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, order=True):
    """That a user continues in spite of a finding: it is known by its title, and accepted up to its severity.

    Without a title it holds for whatever the check finds of that weight: so `--accept` says it, before anything is
    found.
    """

    check: str
    severity: Severity
    title: str = ""

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is what was accepted."""
        is_it = finding.check == self.check and self.title in {"", finding.title}
        return is_it and _ORDER.index(finding.severity) >= _ORDER.index(self.severity)


def accepting(finding: Finding) -> Acceptance:
    """The acceptance of one finding as it is."""
    return Acceptance(check=finding.check, severity=finding.severity, title=finding.title)


_ORDER = tuple(Severity)


def worst_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings by weight, those of the same weight in the order they were found."""
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))
