"""A problem as a person needs it: what happened, why, and what to do."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec


class Cause(StrEnum):
    """What kind of problems it is: it decides the exit code and whether waiting can help."""

    USAGE = "usage"
    AUTHENTICATION = "authentication"
    PRIVILEGES = "privileges"
    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    NOT_ELASTICSEARCH = "not-elasticsearch"
    NOT_WHITELISTED = "not-whitelisted"
    BUSY = "busy"
    DISK_FULL = "disk-full"
    BLOCKED = "blocked"
    MISSING = "missing"
    EXISTS = "exists"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"
    REFUSED = "refused"
    UNKNOWN_OUTCOME = "unknown-outcome"
    STATE = "state"
    STALE = "stale"
    INTERNAL = "internal"


PASSING: frozenset[Cause] = frozenset(
    {Cause.CONNECTION, Cause.NOT_ELASTICSEARCH, Cause.BUSY, Cause.DISK_FULL, Cause.UNKNOWN_OUTCOME}
)
"""Causes that time or a user's hand may cure while a run waits; a proxy may answer in a cluster's place for a while."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One problem in three sentences; `evidence` is the server's own answer, cleaned and shortened."""

    cause: Cause
    what: str
    why: str = ""
    todo: str = ""
    evidence: str = ""

    def sentence(self) -> str:
        """The whole problem on one line: what happened, why, what to do."""
        return " ".join(part for part in (self.what, self.why, self.todo) if part)

    def is_like(self, other: Problem) -> bool:
        """Whether both are the same but for the index that they name."""
        if self.cause is not other.cause:
            return False
        return self.what == other.what or (bool(self.why) and (self.why, self.todo) == (other.why, other.todo))


class ProblemError(Exception):
    """A problem on its way to the person; every error this program raises on purpose is one."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence())
        self.problem = problem

    @classmethod
    def of(cls, cause: Cause, what: str, *, why: str = "", todo: str = "", evidence: str = "") -> Self:
        """The error of a problem that consists of these."""
        return cls(Problem(cause=cause, what=what, why=why, todo=todo, evidence=evidence))
