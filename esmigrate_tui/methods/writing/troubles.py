"""What may stand in the way of writing documents to the destination, in three sentences each."""

from __future__ import annotations

from esmigrate_tui.model.problem import Cause, Problem


def full(index: str, reason: str) -> Problem:
    """The trouble that the destination has no room for more documents."""
    return Problem(
        cause=Cause.DISK_FULL,
        what=f"The destination refuses writes to {index}: its disk is too full.",
        why="Above the flood-stage watermark it makes indices read-only, and lifts that when there is room.",
        todo="Free disk space on the destination or add some; the run goes on by itself then.",
        evidence=reason,
    )


def blocked(index: str, reason: str) -> Problem:
    """The trouble that the index is closed for writing."""
    return Problem(
        cause=Cause.BUSY,
        what=f"Nothing can be written to {index} on the destination for now: it has a block, or is closed.",
        why="A user, or a lifecycle policy, has done that.",
        todo="Take the block off, or open the index, when that is right; the run goes on by itself then.",
        evidence=reason,
    )


def unauthorized(index: str, reason: str) -> Problem:
    """The trouble that the user may read and make the index, but not fill it."""
    return Problem(
        cause=Cause.PRIVILEGES,
        what=f"The destination does not let this user create documents in {index}.",
        todo="Give it the privilege create_doc, or index, for that index.",
        evidence=reason,
    )


def busy(index: str, reason: str) -> Problem:
    """The trouble that the destination gave documents back more often than is waited for here."""
    return Problem(
        cause=Cause.BUSY,
        what=f"The destination is too busy to write to {index}.",
        why="It gave documents back several times in a row.",
        todo="Nothing has to be done: the run waits and tries again. A lower pace helps if it stays so.",
        evidence=reason,
    )


def odd_response(index: str, sent: int, told: int) -> Problem:
    """The trouble that an answer does not belong to what was sent."""
    return Problem(
        cause=Cause.UNSUPPORTED,
        what=f"The destination was sent {sent} documents for {index} and answered for {told}.",
        why="Then it is not known which of them arrived.",
        todo="Is there a proxy between that rewrites answers?",
    )


def stopped(index: str) -> Problem:
    """The problem of a perform that is still open after a stop."""
    return Problem(
        cause=Cause.STATE,
        what=f"The copy of {index} was stopped.",
        todo="Take the run up again; what has arrived stays.",
    )
