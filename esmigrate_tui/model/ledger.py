"""Every change made to a cluster beside the documents themselves, recorded with its inverse before it is made."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import unquote

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import Cause, Problem


class EntryState(StrEnum):
    """Where a change stands: intended (written down, maybe made), made, undone, failed to undo, or meant to stay."""

    INTENDED = "intended"
    MADE = "made"
    UNDONE = "undone"
    NOT_UNDONE = "not-undone"
    KEPT = "kept"


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One request to a cluster: method, path (already percent-encoded), JSON body as text."""

    method: str
    path: str
    body: str = ""

    @property
    def segments(self) -> list[str]:
        """The parts of its path, decoded."""
        return [unquote(part) for part in self.path.partition("?")[0].strip("/").split("/")]

    @property
    def index(self) -> str:
        """The one index that it is about, "" where it is about something else."""
        first = self.segments[0]
        return "" if first.startswith("_") else first

    @property
    def makes_index(self) -> bool:
        """Whether it makes an index, which is refused where the name is taken."""
        return self.method == "PUT" and bool(self.index) and len(self.segments) == 1

    def as_console(self) -> str:
        """The request as Kibana's console takes it."""
        return f"{self.method} {self.path}" + (f"\n{self.body}" if self.body else "")


class PlannedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change that the user wants: what it is in words, its request, and its inverse (None where it is to stay)."""

    side: Side
    what: str
    made_by: Request
    undo: Request | None = None


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One change and its inverse; `what` says it in words, `undo` is None where it is meant to stay.

    `task` is the number of the task it was made for, 0 for the run as a whole. `cluster` is the uuid of the cluster it
    was made on, `index_uuid` that of the index; "" where it is not known, as in journals of older versions.
    """

    number: int
    side: Side
    what: str
    made_by: Request
    undo: Request | None = None
    state: EntryState = EntryState.INTENDED
    trouble: str = ""
    task: int = 0
    cluster: str = ""
    index_uuid: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be reverted."""
        return self.undo is not None and self.state in {
            EntryState.INTENDED,
            EntryState.MADE,
            EntryState.NOT_UNDONE,
        }

    @property
    def is_acknowledged(self) -> bool:
        """Whether the server has acknowledged it; not known of one that stays after a lost response."""
        return self.state is EntryState.MADE or (self.state is EntryState.KEPT and not self.trouble)


def replaced_index(index: str, side: Side, *, why: str, todo: str, verb: str = "made") -> Problem:
    """The problem that an index which a run has made, or restored, was deleted, and another one has its name."""
    what = f"The index {index} on the {side} is not the one that this run has {verb}."
    return Problem(cause=Cause.STATE, what=what, why=why, todo=todo)
