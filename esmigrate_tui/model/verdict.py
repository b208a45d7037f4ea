"""The verdict of a run: whether everything arrived, and whether it was checked. Screen and report say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.method import Unit
from esmigrate_tui.model.progress import TaskState
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import counted, number

if TYPE_CHECKING:
    from collections.abc import Collection

    from esmigrate_tui.model.progress import Progress


class RunVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict in words, and whether it is good news, bad, or something to look at."""

    mark: Literal["good", "warn", "bad"]
    sentence: str


def run_verdict(progress: Progress) -> RunVerdict:
    """How a run ended, with the number of its tasks that were proved where that is not all of them."""
    tasks = progress.tasks
    if progress.is_of_changes:
        failed = f" The last one failed: {progress.problem.what}" if progress.problem else ""
        return _warning(f"This is no run: changes were made before one, and nothing was copied.{failed}")
    proved = sum(task.is_proved for task in tasks)
    parts = nouns({task.summary.kind for task in tasks})
    complete = (
        f"{number(proved)} of {counted(len(tasks), *parts)} {'is' if proved == 1 else 'are'} complete and checked"
    )
    if ended_early := _ended_early(progress, complete):
        return ended_early
    if not tasks:
        return _warning("There was nothing to copy.")
    if progress.outcome is RunOutcome.VERIFIED and proved == len(tasks):
        return RunVerdict(mark="good", sentence="Everything arrived, and it was checked.")
    if progress.is_whole:
        return _warning(f"Everything arrived but {_rejected(progress)}.")
    if different := sum(task.state is TaskState.DIFFERENT for task in tasks):
        which = counted(different, *parts)
        if progress.unit is Unit.BYTES:
            not_as = "is not" if different == 1 else "are not"
            return _bad(f"{which} {not_as} as the snapshot, or the source, says; {complete}.")
        return _bad(f"{which} {'differs' if different == 1 else 'differ'} between the two clusters; {complete}.")
    return _bad(f"Not everything arrived, or it could not be checked; {complete}.")


def what_is_left(progress: Progress) -> str:
    """What was not made beside the indices, and what is still to be reverted, in sentences; "" where nothing is."""
    said: list[str] = []
    if lacking := len(progress.not_carried):
        said.append(
            f"Beside the indices {counted(lacking, 'definition')} {'was' if lacking == 1 else 'were'} not made."
        )
    if (left := len(progress.open_ledger)) and progress.is_finished and progress.outcome is not RunOutcome.WAITING:
        said.append(f"{counted(left, 'change')} {'is' if left == 1 else 'are'} still to be reverted.")
    return " ".join(said)


def nouns(kinds: Collection[RestoreKind]) -> tuple[str, str]:
    """What tasks of these kinds are called, one and several: a restore may bring back more than indices."""
    if kinds == {RestoreKind.DATA_STREAM}:
        return "data stream", "data streams"
    return ("index", "indices") if set(kinds) <= {RestoreKind.INDEX} else ("part", "parts")


def _ended_early(progress: Progress, complete: str) -> RunVerdict | None:
    """The verdict of a run that did not come to its end by itself; None where it did."""
    reason = f" {progress.problem.what}" if progress.problem else ""
    match progress.outcome:
        case None:
            return _bad(f"The run has not ended yet: {complete}.")
        case RunOutcome.FAILED:
            return _bad(f"The run failed; {complete}.{reason}")
        case RunOutcome.WAITING:
            why = f" {progress.problem.why}" if progress.problem else ""
            return _warning(f"The run waits for you; {complete}.{reason}{why}")
        case RunOutcome.ACCEPTED:
            arrived = counted(sum(task.destination_count or 0 for task in progress.tasks), "document")
            return _warning(f"{arrived} arrived; that this is all is the user's word, and was not checked.")
        case RunOutcome.STOPPED:
            deletes = progress.traits.stopping_deletes
            stays = "What was only partially restored was deleted." if deletes else "What has arrived stays."
            return _warning(f"The run was stopped before the end; {complete}. {stays}")
        case RunOutcome.VERIFIED | RunOutcome.INCOMPLETE | RunOutcome.CHANGED:
            return None


def _rejected(progress: Progress) -> str:
    """What did not arrive, where that is only what was rejected."""
    if not progress.traits.loads:
        return f"{counted(progress.refused, 'document')}, which the destination rejected"
    was = "was" if progress.refused == 1 else "were"
    return f"{counted(progress.refused, 'row')}, which could not be read or {was} rejected"


def _warning(sentence: str) -> RunVerdict:
    return RunVerdict(mark="warn", sentence=sentence)


def _bad(sentence: str) -> RunVerdict:
    return RunVerdict(mark="bad", sentence=sentence)
