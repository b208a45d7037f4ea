"""What happens during a run, in the past tense; each event is journalled before it is shown.

`at` is seconds since 1970 (UTC), `task` a Task's number.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from esmigrate_tui.model.carried import CarryOutcome, DefinitionKind
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.difference import IndexComparison
from esmigrate_tui.model.ledger import LedgerEntry
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Problem
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import clean

Moment = Annotated[float, msgspec.Meta(ge=0.0, lt=253_402_300_800.0)]
"""Seconds since 1970, before the year 10000: what a calendar can show. A journal with another is damaged."""
Count = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A number of documents, bytes or tries, of a size that a server can have counted."""


class Reject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document that the destination rejected, or a row that is none; the reason as the server said it, cleaned."""

    index: str
    id: str
    type: str = ""
    status: Count = 0
    reason: str = ""


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a method yields after the server acknowledged: totals of the task so far, never what was merely read.

    `done` counts documents settled (written, there already, or rejected), of `total` (None until known); for a method
    that copies files both are bytes, and `parts_done` of `parts` are the shards.
    `there_already` were found in place on a repeated pass, `collided` were found in place on the first pass into a
    destination that this run made: two documents want one `_id`. `token` is where to resume the work.
    `rejects` are those rejected since the last one; `note` says something worth reporting, and `is_odd` that it is
    not as it should be.
    """

    done: Count
    total: Count | None = None
    written: Count = 0
    there_already: Count = 0
    collided: Count = 0
    refused: Count = 0
    retries: Count = 0
    throttled_seconds: float = 0.0
    parts_done: Count = 0
    parts: Count = 0
    token: str = ""
    rejects: tuple[Reject, ...] = ()
    is_odd: bool = False
    note: str = ""


class TaskOutcome(StrEnum):
    """How a task ended; only VERIFIED is proved, ACCEPTED is good by the user's word alone."""

    VERIFIED = "verified"
    ACCEPTED = "accepted"
    WITH_REJECTS = "set-aside"
    DIFFERENT = "different"
    FAILED = "failed"
    SKIPPED = "skipped"
    STOPPED = "stopped"


class RunOutcome(StrEnum):
    """How a run ended; CHANGED is no run at all, but changes that were made before one.

    WAITING is no end either: its process has left since a cluster no longer takes its secret, or shows another
    certificate, and a user who resumes it gives what it needs.
    """

    VERIFIED = "verified"
    ACCEPTED = "accepted"
    INCOMPLETE = "incomplete"
    STOPPED = "stopped"
    FAILED = "failed"
    CHANGED = "changed"
    WAITING = "waiting"


class TaskSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A task as the board needs it."""

    number: Count
    source_index: str
    destination_index: str
    documents: Count | None = None
    size: Count | None = None
    kind: RestoreKind = RestoreKind.INDEX


class _RunEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    at: Moment


class _TaskEvent(_RunEvent, frozen=True, kw_only=True):
    task: Count


class RunStarted(_RunEvent, frozen=True, kw_only=True, tag="run-started"):
    """A run began."""

    run: str
    method: MethodName
    source: str
    destination: str
    tasks: tuple[TaskSummary, ...]


class RunResumed(_RunEvent, frozen=True, tag="run-taken-up"):
    """A new process went on with a run whose earlier process had ended."""


class TaskStarted(_TaskEvent, frozen=True, tag="task-started"):
    """Work on a task began: its destination index is being prepared."""


class TaskAdvanced(_TaskEvent, frozen=True, kw_only=True, tag="task-advanced"):
    """The server acknowledged more; `moved.rejects` is empty here: the journal keeps them apart."""

    moved: Acknowledged


class WaitBegan(_TaskEvent, frozen=True, kw_only=True, tag="wait-began"):
    """Something that may pass stands in the way; the next try is at `until`, the last one at `patience_ends`."""

    problem: Problem
    until: Moment
    patience_ends: Moment


class WaitEnded(_TaskEvent, frozen=True, tag="wait-ended"):
    """The task goes on."""


class VerificationStarted(_TaskEvent, frozen=True, tag="verification-started"):
    """Everything was copied as far as the server says; now both sides are compared."""


class Verifying(_TaskEvent, frozen=True, kw_only=True, tag="verifying"):
    """Every document is compared: so many of both sides were read, of about `total`.

    A second reading, which begins anew, `is_naming` what differs.
    """

    read: Count
    total: Count
    is_naming: bool = False


class RestoredShards(msgspec.Struct, frozen=True, kw_only=True):
    """The proof of copied files: `arrived` of the `wanted` primary shards of the snapshot are there, with `bytes`."""

    wanted: Count
    arrived: Count
    bytes: Count = 0

    @property
    def is_whole(self) -> bool:
        """Whether every shard arrived; none wanted proves nothing."""
        return self.arrived == self.wanted > 0


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """Documents compared byte for byte by their _id on both sides; `different` are ids that are missing or changed.

    `unread` are those that a side holds and does not give: nothing is known of them.
    """

    compared: Count
    different: tuple[str, ...] = ()
    unread: Count = 0


class Watched(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the cluster has counted while others sent: it knows of these, and not of what a mapping rejected.

    `failed` are writes that a shard did not carry out, most often for an _id that was taken. `turned_away` are requests
    that the full queue of a node refused, of this sender or of another.
    """

    failed: Count = 0
    turned_away: Count = 0


class TaskFinished(_TaskEvent, frozen=True, kw_only=True, tag="task-finished"):
    """A task ended. Counts are documents after a refresh; None where they could not be had.

    `shards` is the proof of a restore, `samples` some documents that were compared, `compared` all of them, `watched`
    what was seen while others sent; each None where it was not looked for.
    """

    outcome: TaskOutcome
    source_count: Count | None = None
    destination_count: Count | None = None
    refused: Count = 0
    shards: RestoredShards | None = None
    samples: Samples | None = None
    compared: IndexComparison | None = None
    watched: Watched | None = None
    problem: Problem | None = None


class ResponseAwaited(_RunEvent, frozen=True, kw_only=True, tag="answer-awaited"):
    """A cluster holds a line open without answering `since` a moment; None once it has answered, or the line broke."""

    side: Side
    since: Moment | None = None


class LedgerChanged(_RunEvent, frozen=True, kw_only=True, tag="ledger-changed"):
    """A change beside the documents was intended, made, undone, or could not be undone."""

    entry: LedgerEntry


class CarriedOver(_RunEvent, frozen=True, kw_only=True, tag="carried-over"):
    """It was decided what becomes of a definition that was to be carried over; `problem` says why it was not made."""

    kind: DefinitionKind
    name: str
    fate: CarryOutcome
    problem: Problem | None = None

    @property
    def label(self) -> str:
        """What it is, and its name."""
        return f"{self.kind} {clean(self.name, 300)}"

    @property
    def words(self) -> str:
        """What became of it, and why."""
        return f"{self.fate}. {self.problem.sentence()}" if self.problem is not None else str(self.fate)


class Paused(_RunEvent, frozen=True, tag="paused"):
    """The user paused the run."""


class Continued(_RunEvent, frozen=True, tag="continued"):
    """The user let the run go on after a pause."""


class PaceChanged(_RunEvent, frozen=True, kw_only=True, tag="pace-changed"):
    """The user set the throttle, in documents a second and task; 0 for none."""

    requests_per_second: float


class SlowReason(StrEnum):
    """Why fewer tasks go on together than could."""

    DESTINATION = "destination-busy"
    SOURCE = "source-busy"
    ANSWERS = "slow-answers"

    @property
    def words(self) -> str:
        """The same for a person."""
        return _SLOW[self]


_SLOW: Final = {
    SlowReason.DESTINATION: "destination is busy",
    SlowReason.SOURCE: "source is busy",
    SlowReason.ANSWERS: "answers take long",
}


class ConcurrencyChanged(_RunEvent, frozen=True, kw_only=True, tag="concurrency-changed"):
    """A cluster pushed back, so that at most `limit` small tasks go on together; without a `reason` that is over."""

    limit: Count
    reason: SlowReason | None = None


class ArrivalsAccepted(_RunEvent, frozen=True, tag="enough-said"):
    """The user said that everything has arrived which other senders will send."""


class Noted(_RunEvent, frozen=True, kw_only=True, tag="noted"):
    """Something worth a line in the log of notable events; `task` 0 for the run as a whole."""

    text: str
    task: Count = 0


STOP_ASKED: Final = "the run is to be stopped"
"""What is noted when a run takes the command to stop: so its progress knows it, from older journals too."""


class RunFinished(_RunEvent, frozen=True, kw_only=True, tag="run-finished"):
    """The run ended, and its ledger was settled as far as that went."""

    outcome: RunOutcome
    problem: Problem | None = None


Event = (
    RunStarted
    | ResponseAwaited
    | RunResumed
    | TaskStarted
    | TaskAdvanced
    | WaitBegan
    | WaitEnded
    | VerificationStarted
    | Verifying
    | TaskFinished
    | LedgerChanged
    | CarriedOver
    | Paused
    | Continued
    | PaceChanged
    | ConcurrencyChanged
    | ArrivalsAccepted
    | Noted
    | RunFinished
)
