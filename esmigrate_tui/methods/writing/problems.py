"""What may stand in the way of writing documents to the destination, in three sentences each."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.methods.writing.decisions import ItemOutcome
from esmigrate_tui.model.problem import Cause, Problem

OF_ALL_DOCUMENTS: Final = {
    ItemOutcome.FULL: (
        Cause.DISK_FULL,
        "The destination refuses writes to {}: its disk is too full.",
        "Above the flood-stage watermark it makes indices read-only, and lifts that when there is room.",
        "Free disk space on the destination or add some; the run goes on by itself then.",
    ),
    ItemOutcome.BLOCKED: (
        Cause.BUSY,
        "Nothing can be written to {} on the destination for now: it has a block, or is closed.",
        "A user, or a lifecycle policy, has done that.",
        "Take the block off, or open the index, when that is right; the run goes on by itself then.",
    ),
    ItemOutcome.TURNED_AWAY: (
        Cause.PRIVILEGES,
        "The destination does not let this user create documents in {}.",
        "",
        "Give it the privilege create_doc, or index, for that index.",
    ),
    ItemOutcome.LATER: (
        Cause.BUSY,
        "The destination is too busy to write to {}.",
        "It gave documents back several times in a row.",
        "Nothing has to be done: the run waits and tries again. A lower pace helps if it stays so.",
    ),
}
"""What is no fault of a document: its cause, what it is (of an index), why, and what to do."""


def problem_of(outcome: ItemOutcome, index: str, reason: str) -> Problem:
    """The problem of one of OF_ALL_DOCUMENTS, with the server's reason."""
    cause, what, why, todo = OF_ALL_DOCUMENTS[outcome]
    return Problem(cause=cause, what=what.format(index), why=why, todo=todo, evidence=reason)


def stopped(work: str) -> Problem:
    """The problem of a perform that is still open after a stop."""
    return Problem(
        cause=Cause.STATE, what=f"The {work} was stopped.", todo="Take the run up again; what has arrived stays."
    )
