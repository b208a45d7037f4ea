"""The verdict in one sentence, how it was come by, and what is left for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.plan import MethodName, Plan
from esmigrate_tui.model.progress import Progress, TaskState
from esmigrate_tui.model.text import counted, number

if TYPE_CHECKING:
    from collections.abc import Sequence

_INDICES: Final = ("index", "indices")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One index of the run.

    Where `was_counted`, both counts are documents after a refresh; else they are what was expected and what the
    destination acknowledged. `seconds` is None while it is not finished. `changes` says what the destination's
    definition has otherwise than the source's.
    """

    source_index: str
    destination_index: str
    state: TaskState
    source_count: int | None
    destination_count: int | None
    was_counted: bool
    is_verified: bool
    refused: int = 0
    there_already: int = 0
    collided: int = 0
    seconds: float | None = None
    problem: str = ""
    changes: tuple[str, ...] = ()

    @property
    def verified(self) -> str:
        """Yes, or in a few words why not."""
        if self.is_verified:
            return "yes"
        if self.state is TaskState.VERIFIED:
            return "no: counts differ" if self.was_counted else "no: not counted"
        if self.state is TaskState.SET_ASIDE:
            return f"all but {number(self.refused)} refused"
        words = {TaskState.DIFFERENT: "counts differ", TaskState.WAITING: "not begun"}
        return f"no: {words.get(self.state, self.state.value)}"


class ToDo(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person has to do or to decide; `copy` is a command or request to paste, "" if there is none."""

    what: str
    copy: str = ""


def verdict(progress: Progress, rows: Sequence[Row]) -> str:
    """Whether everything arrived, in one sentence, and one more where changes wait to be put back."""
    left = len(progress.open_ledger)
    if not left or not progress.is_finished:
        return _verdict(progress, rows)
    waits = "waits" if left == 1 else "wait"
    return f"{_verdict(progress, rows)} {counted(left, 'change')} {waits} to be put back."


def _verdict(progress: Progress, rows: Sequence[Row]) -> str:
    good = sum(row.is_verified for row in rows)
    complete = f"{number(good)} of {counted(len(rows), *_INDICES)} {'is' if good == 1 else 'are'} complete and checked"
    match progress.outcome:
        case None:
            return f"The run has not ended yet: {complete}."
        case RunOutcome.FAILED:
            reason = f" {progress.problem.what}" if progress.problem else ""
            return f"The run failed; {complete}.{reason}"
        case RunOutcome.STOPPED:
            return f"The run was stopped before the end; {complete}. What has arrived stays."
        case _:
            pass
    if not rows:
        return "There was nothing to move."
    if progress.outcome is RunOutcome.VERIFIED and good == len(rows):
        return "Everything arrived, and it was checked."
    if all(row.is_verified or row.state is TaskState.SET_ASIDE for row in rows):
        refused = counted(sum(row.refused for row in rows), "document")
        return f"Everything arrived but {refused}, which the destination refused and which are set aside."
    if different := sum(row.state is TaskState.DIFFERENT for row in rows):
        differ = "differs" if different == 1 else "differ"
        return f"{counted(different, *_INDICES)} {differ} between the two clusters; {complete}."
    return f"Not everything arrived, or it could not be checked; {complete}."


def how_checked(rows: Sequence[Row]) -> str:
    """By what means it was checked, and what that cannot show."""
    seen = [row for row in rows if row.was_counted]
    if not seen:
        return "Nothing was checked."
    equal = sum(row.source_count == row.destination_count for row in seen)
    return (
        f"Documents were counted on both sides after a refresh, in {number(len(seen))} of "
        f"{counted(len(rows), *_INDICES)}: equal in {number(equal)}. Counts compare numbers, not contents."
    )


def to_do(plan: Plan, progress: Progress, rows: Sequence[Row], *, run: str, rejects_file: str) -> tuple[ToDo, ...]:
    """What a person must still do, in that order; the guide's own last steps among it."""
    is_complete = progress.outcome is RunOutcome.VERIFIED and all(row.is_verified for row in rows)
    things: list[ToDo] = []
    if progress.open_ledger and progress.is_finished:
        changes = counted(len(progress.open_ledger), "change")
        things.append(ToDo(what=f"Put back {changes}, or make the requests by hand.", copy=f"esmigrate cleanup {run}"))
    if progress.refused:
        place = f", listed in {rejects_file}" if rejects_file else ""
        refused = counted(progress.refused, "refused document")
        things.append(
            ToDo(what=f"Look at the {refused}{place}: correct the mapping or the documents, send them again.")
        )
    if not progress.is_finished:
        things.append(
            ToDo(what="See whether the run still goes on, and wait for its end.", copy=f"esmigrate status {run}")
        )
    elif not all(row.is_verified or row.state is TaskState.SET_ASIDE for row in rows):
        things.append(ToDo(what="Go on with what is missing; what has arrived stays.", copy=f"esmigrate resume {run}"))
    if look := next((row for row in rows if row.destination_count), None):
        path = quote(look.destination_index, safe="")
        things.append(ToDo(what="Look at the first documents yourself.", copy=f"GET /{path}/_search?pretty"))
    if plan.method is MethodName.REINDEX_FROM_REMOTE and plan.source is not None:
        things.append(
            ToDo(
                what=f"{'' if is_complete else 'When everything has arrived: '}take the line reindex.remote.whitelist "
                f"for {plan.source.endpoint.authority} out of the new cluster's settings, if it was added for this "
                "migration (hosted: Edit, Manage user settings and extensions; else elasticsearch.yml and a restart)."
            )
        )
    if is_complete:
        things.append(
            ToDo(what="Point your writers and readers at the new cluster.", copy=plan.destination.endpoint.url)
        )
        if plan.source is not None:
            things.append(ToDo(what=f"Keep or delete the old cluster: {_touched(progress)}."))
    return tuple(ToDo(what=thing.what[0].upper() + thing.what[1:], copy=thing.copy) for thing in things)


def _touched(progress: Progress) -> str:
    """What this run changed on the source."""
    changes = [entry for entry in progress.ledger if entry.side is Side.SOURCE]
    if not changes:
        return "nothing on it was changed"
    if all(entry.state is EntryState.UNDONE for entry in changes):
        return "what was changed on it was put back"
    return "not all that was changed on it was put back"
