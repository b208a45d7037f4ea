"""The verdict of a run as a table: one sentence, the same on the screen and in the report."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from esmigrate_tui.model.difference import Difference, DifferenceKind, IndexComparison
from esmigrate_tui.model.event import RestoredShards, RunOutcome, Samples, TaskSummary
from esmigrate_tui.model.method import MethodName, Unit
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.progress import Progress, TaskProgress, TaskState
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.verdict import run_verdict

REMOTE, COPY, FILES, RESTORE = (
    MethodName.REINDEX_FROM_REMOTE,
    MethodName.COPY_THROUGH_HERE,
    MethodName.INDEX_FROM_SOURCE,
    MethodName.RESTORE_FROM_SNAPSHOT,
)
BROKEN = Problem(cause=Cause.STATE, what="It is so.", why="For a reason.")
MISSING = Difference(kind=DifferenceKind.MISSING, id="a")


def copied(state: TaskState = TaskState.VERIFIED, there: int = 10, arrived: int = 10, **more: Any) -> TaskProgress:  # noqa: ANN401  # the fields of TaskProgress
    summary = TaskSummary(number=1, source_index="logs", destination_index="logs")
    return TaskProgress(summary=summary, state=state, source_count=there, destination_count=arrived, **more)


def restored(
    state: TaskState = TaskState.VERIFIED, arrived: int = 5, kind: RestoreKind = RestoreKind.INDEX
) -> TaskProgress:
    summary = TaskSummary(number=1, source_index="logs", destination_index="logs", kind=kind)
    return TaskProgress(summary=summary, unit=Unit.BYTES, state=state, shards=RestoredShards(wanted=5, arrived=arrived))


GOOD, ASIDE = copied(), copied(TaskState.WITH_REJECTS, 10, 7, refused=3)
LEFT = copied(TaskState.SKIPPED)
UNEQUAL = IndexComparison(source_count=10, destination_count=10, differences=(MISSING,))


@pytest.mark.parametrize(
    ("method", "outcome", "tasks", "mark", "sentence"),
    [
        (COPY, RunOutcome.VERIFIED, (GOOD, GOOD), "good", "Everything arrived, and it was checked."),
        (RESTORE, RunOutcome.VERIFIED, (restored(),), "good", "Everything arrived, and it was checked."),
        (
            COPY,
            RunOutcome.VERIFIED,
            (GOOD, copied(there=10, arrived=9)),
            "bad",
            "Not everything arrived, or it could not be checked; 1 of 2 indices is complete and checked.",
        ),
        (
            COPY,
            RunOutcome.VERIFIED,
            (copied(samples=Samples(compared=5, different=("a",))),),
            "bad",
            "Not everything arrived, or it could not be checked; 0 of 1 index are complete and checked.",
        ),
        (
            COPY,
            RunOutcome.VERIFIED,
            (copied(compared=UNEQUAL),),
            "bad",
            "Not everything arrived, or it could not be checked; 0 of 1 index are complete and checked.",
        ),
        (
            RESTORE,
            RunOutcome.VERIFIED,
            (restored(arrived=4),),
            "bad",
            "Not everything arrived, or it could not be checked; 0 of 1 index are complete and checked.",
        ),
        (
            REMOTE,
            RunOutcome.INCOMPLETE,
            (GOOD, ASIDE),
            "warn",
            "Everything arrived but 3 documents, which the destination rejected.",
        ),
        (
            FILES,
            RunOutcome.INCOMPLETE,
            (msgspec.structs.replace(ASIDE, refused=1),),
            "warn",
            "Everything arrived but 1 row, which could not be read or was rejected.",
        ),
        (
            COPY,
            RunOutcome.INCOMPLETE,
            (GOOD, copied(TaskState.DIFFERENT)),
            "bad",
            "1 index differs between the two clusters; 1 of 2 indices is complete and checked.",
        ),
        (
            RESTORE,
            RunOutcome.INCOMPLETE,
            (restored(TaskState.DIFFERENT), restored(TaskState.DIFFERENT, kind=RestoreKind.FEATURE_STATE)),
            "bad",
            "2 parts are not as the snapshot, or the source, says; 0 of 2 parts are complete and checked.",
        ),
        (
            COPY,
            RunOutcome.INCOMPLETE,
            (GOOD, LEFT),
            "bad",
            "Not everything arrived, or it could not be checked; 1 of 2 indices is complete and checked.",
        ),
        (
            COPY,
            RunOutcome.STOPPED,
            (GOOD, LEFT),
            "warn",
            "The run was stopped before the end; 1 of 2 indices is complete and checked. What has arrived stays.",
        ),
        (
            RESTORE,
            RunOutcome.STOPPED,
            (restored(kind=RestoreKind.DATA_STREAM),),
            "warn",
            (
                "The run was stopped before the end; 1 of 1 data stream is complete and checked. "
                "What was only partially restored was deleted."
            ),
        ),
        (
            COPY,
            RunOutcome.FAILED,
            (LEFT,),
            "bad",
            "The run failed; 0 of 1 index are complete and checked. It is so.",
        ),
        (
            COPY,
            RunOutcome.WAITING,
            (GOOD, LEFT),
            "warn",
            "The run waits for you; 1 of 2 indices is complete and checked. It is so. For a reason.",
        ),
        (
            FILES,
            RunOutcome.ACCEPTED,
            (copied(TaskState.ACCEPTED, 12, 10),),
            "warn",
            "10 documents arrived; that this is all is the user's word, and was not checked.",
        ),
        (COPY, None, (GOOD,), "bad", "The run has not ended yet: 1 of 1 index is complete and checked."),
        (
            COPY,
            RunOutcome.CHANGED,
            (),
            "warn",
            "This is no run: changes were made before one, and nothing was copied. The last one failed: It is so.",
        ),
        (COPY, RunOutcome.VERIFIED, (), "warn", "There was nothing to copy."),
    ],
)
def test_the_verdict(
    method: MethodName, outcome: RunOutcome | None, tasks: tuple[TaskProgress, ...], mark: str, sentence: str
) -> None:
    progress = Progress(run="7K2P", method=method, tasks=tasks, outcome=outcome, problem=BROKEN)
    verdict = run_verdict(progress)
    assert (verdict.mark, verdict.sentence) == (mark, sentence)


@pytest.mark.parametrize(
    ("method", "state", "kind", "is_deleted"),
    [
        (RESTORE, TaskState.PREPARING, RestoreKind.INDEX, True),
        (RESTORE, TaskState.MOVING, RestoreKind.INDEX, True),
        (RESTORE, TaskState.HELD, RestoreKind.DATA_STREAM, True),
        (RESTORE, TaskState.MOVING, RestoreKind.FEATURE_STATE, False),
        (RESTORE, TaskState.MOVING, RestoreKind.GLOBAL_STATE, False),
        (RESTORE, TaskState.WAITING, RestoreKind.INDEX, False),
        (RESTORE, TaskState.VERIFYING, RestoreKind.INDEX, False),
        (RESTORE, TaskState.VERIFIED, RestoreKind.INDEX, False),
        (COPY, TaskState.MOVING, RestoreKind.INDEX, False),
    ],
)
def test_what_a_stop_deletes(method: MethodName, state: TaskState, kind: RestoreKind, is_deleted: bool) -> None:  # noqa: FBT001  # a column of the table
    progress = Progress(run="7K2P", method=method, tasks=(restored(state, kind=kind),))
    assert progress.deleted_by_stopping() == (("logs",) if is_deleted else ())
    assert progress.deleted_by_stopping(2) == ()
