"""The file beside a journal in which its writer reports why it cannot write there, as on a full disk.

It is full from the start, so that its words need no room.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.disk import opened
from esmigrate_tui.model.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

PROBLEM_FILE: Final = "trouble.json"
_BYTES: Final = 4_096


def write_problem(journal: Path, problem: Problem | None) -> None:
    """Report why nothing can be written into this journal; None when it can. Raises OSError."""
    text = msgspec.json.encode(problem)[:_BYTES] if problem is not None else b""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(journal.with_name(PROBLEM_FILE), flags, 0o600)
    try:
        os.pwrite(descriptor, text.ljust(_BYTES), 0)
    finally:
        os.close(descriptor)


def writing_problem(journal: Path) -> Problem | None:
    """Why the process of a run cannot write into its journal; None where it can, or nothing is known."""
    try:
        with opened(journal.with_name(PROBLEM_FILE)) as file:
            text = file.read(_BYTES).strip()
        return msgspec.json.decode(text, type=Problem) if text else None
    except (OSError, msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return None
