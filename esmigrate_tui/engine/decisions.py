"""How a task and a run ended, as pure functions of what was counted, compared and rejected."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.model.difference import DifferenceKind
from esmigrate_tui.model.event import Acknowledged, RunOutcome, TaskOutcome
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.text import clean, counted, listed, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from esmigrate_tui.methods.contract import Comparison
    from esmigrate_tui.model.difference import IndexComparison
    from esmigrate_tui.model.event import Samples
    from esmigrate_tui.model.plan import Task


def judged(
    task: Task, comparison: Comparison, moved: Acknowledged | None, *, is_enough: bool = False
) -> tuple[TaskOutcome, Problem | None]:
    """How a task ended, by the counts of both sides and by what the destination rejected.

    `is_enough` is the user's word that other senders have sent everything.
    """
    if task.shipping is not None:
        return _judged_arrival(task, comparison, is_enough=is_enough)
    there, arrived = comparison.source_count, comparison.destination_count
    refused = moved.refused if moved else 0
    if comparison.is_equal and not refused:
        return TaskOutcome.VERIFIED, None
    if comparison.gave_no_samples or comparison.shards is not None or there is None or arrived is None:
        return TaskOutcome.DIFFERENT, _not_seen(task) if comparison.gave_no_samples else _restored_otherwise(
            task, comparison
        )
    if comparison.compared is not None and not comparison.compared.is_equal:
        return TaskOutcome.DIFFERENT, _compared_otherwise(task, comparison.compared, there, arrived, moved)
    if comparison.samples is not None and comparison.samples.different:
        return TaskOutcome.DIFFERENT, _sampled_otherwise(task, comparison.samples, there, arrived)
    if comparison.unread and there - arrived == refused:
        return TaskOutcome.WITH_REJECTS, _unread(comparison.unread, there, refused)
    if refused and there - arrived == refused:
        return TaskOutcome.WITH_REJECTS, _refused(task, refused, arrived)
    return TaskOutcome.DIFFERENT, _difference(task, there, arrived, moved)


def _refused(task: Task, refused: int, arrived: int) -> Problem:
    """The problem that some documents were rejected, by the reader of the files or by the destination, and no other."""
    if task.reading is not None:
        return Problem(
            cause=Cause.REFUSED,
            what=f"{counted(refused, 'row')} of {task.source_index} {'was' if refused == 1 else 'were'} rejected; "
            f"{_others(arrived)}.",
            why="Each is in the rejects file with its file, its line and the reason.",
            todo="Correct these rows or the mapping, and index them from a file of their own.",
        )
    return Problem(
        cause=Cause.REFUSED,
        what=f"The destination rejected {counted(refused, 'document')} of {task.source_index}; {_others(arrived)}.",
        why="Each is in the rejects file with the server's reason.",
        todo="Correct the mapping or the documents, and send them again.",
    )


def _others(arrived: int) -> str:
    return "all others arrived" if arrived else "there were no others, nothing arrived"


def _unread(unread: tuple[str, ...], rows: int, refused: int) -> Problem:
    """The problem that files which are not empty gave no row: that all of nothing arrived proves nothing."""
    what = f"Nothing was read from {listed([clean(path, 300) for path in unread], most=3)}, which is not empty."
    if rows:
        what += f" Of {counted(rows, 'row')} of other files {number(rows - refused)} arrived."
    return Problem(
        cause=Cause.STATE,
        what=what,
        why="It has only a first row with names, or its rows end, or are held together, in an unknown way.",
        todo="Look at the file. If it holds documents, say what it is (--format), or convert it, and make a new plan.",
    )


def _judged_arrival(task: Task, comparison: Comparison, *, is_enough: bool) -> tuple[TaskOutcome, Problem | None]:
    """How watching ended: by the number that was expected, and else by the user's word, which proves nothing."""
    expected, arrived = comparison.source_count, comparison.destination_count
    index = task.destination_index
    if arrived is None:
        what = f"What arrived in {index} could not be counted."
        return TaskOutcome.DIFFERENT, Problem(cause=Cause.STATE, what=what, todo="Count it there.")
    if expected == arrived:
        return TaskOutcome.VERIFIED, None
    if expected is None:
        what = f"{counted(arrived, 'document')} arrived in {index}; no number was expected."
    elif arrived < expected:
        what = f"{number(arrived)} of {counted(expected, 'document')} arrived in {index}: {number(expected - arrived)} "
        what += "are missing." if expected - arrived > 1 else "is missing."
    else:
        what = f"{counted(arrived, 'document')} arrived in {index}, {number(arrived - expected)} more than expected."
    failed = comparison.watched.failed if comparison.watched else 0
    seen = f" {counted(failed, 'write')} failed in its shards, most often for an _id that was taken." if failed else ""
    if is_enough:
        why = f"You said that this is all.{seen}"
        todo = "Compare that with the number that the sender reports, and look for rejected documents in its log."
        return TaskOutcome.ACCEPTED, Problem(cause=Cause.STATE, what=what, why=why, todo=todo)
    why = "A batch may have been sent twice, or something else writes to it."
    if expected is None or arrived < expected:
        why = "Documents were deleted there after they had arrived."
    todo = "Look at the index. To continue watching, make a new plan: the index exists, and is used as it is."
    return TaskOutcome.DIFFERENT, Problem(cause=Cause.STATE, what=what, why=f"{why}{seen}", todo=todo)


def _restored_otherwise(task: Task, comparison: Comparison) -> Problem:
    """What is not as the snapshot, or the source, says of an index that was restored."""
    shards, samples = comparison.shards, comparison.samples
    there, arrived = comparison.source_count, comparison.destination_count
    if shards is None:
        return Problem(
            cause=Cause.STATE,
            what=f"What arrived of {task.source_index} could not be compared with anything.",
            why="Neither the source nor the snapshot could say what should have arrived.",
            todo="Look at the first documents yourself.",
        )
    if not shards.is_whole:
        return Problem(
            cause=Cause.STATE,
            what=f"{task.destination_index} has {number(shards.arrived)} of {counted(shards.wanted, 'shard')} of the "
            f"snapshot: documents of {task.source_index} are missing.",
            why="The others are not in the snapshot, or could not be read from the repository.",
            todo="Restore it from another snapshot, or copy what is missing from the source.",
        )
    changed = f" {counted(len(samples.different), 'sampled document')} differ." if samples and samples.different else ""
    compared = comparison.compared
    changed = f" Compared one by one: {compared.sentence}." if compared and not compared.is_equal else changed
    return Problem(
        cause=Cause.STATE,
        what=f"{task.destination_index} holds {number(arrived or 0)} documents as they are in the snapshot, "
        f"{task.source_index} on the source now holds {number(there or 0)}.{changed}",
        why="Every shard of the snapshot arrived: the source has most likely been written to since it was made.",
        todo="If so, stop what writes to the source, take a new snapshot and restore that one.",
    )


def _not_seen(task: Task) -> Problem:
    """What it means that documents are there and none of them can be had."""
    return Problem(
        cause=Cause.STATE,
        what=f"None of the documents of {task.destination_index} that were to be compared could be read.",
        why="The counts are all that is known: whether the documents are the same was not seen.",
        todo="Search the index on both sides. If that works, compare them: esmigrate verify --index "
        f"{shlex.quote(task.destination_index)} --source … --destination …",
    )


def _compared_otherwise(
    task: Task, compared: IndexComparison, there: int, arrived: int, moved: Acknowledged | None
) -> Problem:
    found = {difference.kind for difference in compared.differences}
    why = reasons(task, there, arrived, moved) if there != arrived else []
    if DifferenceKind.CONTENT in found:
        why.append("A document with another content was changed on one side since it was copied, or was there before.")
    refused = moved.refused if moved else 0
    if refused > compared.refused:
        why.append(
            f"The destination rejected {counted(refused, 'document')}; {number(compared.refused)} of these are known "
            "by name, the others are among the missing."
        )
    return Problem(
        cause=Cause.STATE,
        what=f"{task.source_index} and {task.destination_index} are not the same, compared {compared.manner}: "
        f"{compared.sentence}.",
        why=" ".join(why) or "One of them was written to meanwhile, or documents were there before.",
        todo=_what_to_do(found),
    )


def _what_to_do(found: set[DifferenceKind]) -> str:
    """What helps against differences of these kinds: nothing is ever overwritten."""
    if found <= {DifferenceKind.MISSING}:
        return (
            "Stop what writes to them, then resume the run: it copies what came to the source since. What was "
            "deleted on the destination a new copy brings back with --into-existing, which writes only what is missing."
        )
    if found <= {DifferenceKind.EXTRA}:
        return "If these do not belong there, delete them on the destination."
    return (
        "Look at one of them on both sides. Nothing is ever overwritten: delete what is wrong on the destination, and "
        "copy it again."
    )


def _sampled_otherwise(task: Task, samples: Samples, there: int, arrived: int) -> Problem:
    differ = "differs" if len(samples.different) == 1 else "differ"
    return Problem(
        cause=Cause.STATE,
        what=f"{number(len(samples.different))} of {counted(samples.compared, 'sampled document')} of "
        f"{task.source_index} {differ} on the two sides: {listed(samples.different)}.",
        why=f"It has {counted(there, 'document')} there, {number(arrived)} here. A document was changed on one side "
        "since it was copied, or was there before.",
        todo="To see every document that differs: esmigrate verify --index "
        f"{shlex.quote(task.destination_index)} --source … --destination …",
    )


def reasons(task: Task, there: int, arrived: int, moved: Acknowledged | None) -> list[str]:
    """Why the numbers of both sides may differ, by what was seen before and while the documents were moved.

    Both are numbers of whole documents: nested ones, which _cat/indices counts as well, are in neither.
    """
    why: list[str] = []
    if moved and moved.collided:
        why.append(f"{counted(moved.collided, 'document')} wanted an _id that another document had taken.")
    if moved and moved.refused:
        why.append(f"The destination rejected {counted(moved.refused, 'document')}, which should be the difference.")
    if task.reading is None:
        why += _of_source(task, there, moved)
    if task.create and moved and task.reading is None:
        acknowledged = moved.written + moved.there_already
        if arrived < acknowledged <= moved.done:
            gone = acknowledged - arrived
            is_ = "is" if gone == 1 else "are"
            why.append(
                f"{counted(gone, 'document')} that the destination had acknowledged {is_} no longer there: something "
                "deletes on it."
            )
        elif arrived > acknowledged > 0:
            more = arrived - acknowledged
            why.append(f"{counted(more, 'document')} there did not come from this run: something else writes to it.")
    return why or ["Something wrote to one of them meanwhile."]


def _of_source(task: Task, there: int, moved: Acknowledged | None) -> list[str]:
    why: list[str] = []
    if task.documents is not None and there != task.documents:
        change = abs(there - task.documents)
        came = f"{number(change)} more than when the plan was made: it is written to."
        went = f"{number(change)} fewer than when the plan was made: documents are deleted on it."
        why.append(f"The source has {came if there > task.documents else went}")
    if moved and moved.done < there and moved.done:
        late = there - moved.done
        why.append(f"{counted(late, 'document')} came to the source after it was read.")
    return why


def _difference(task: Task, there: int, arrived: int, moved: Acknowledged | None) -> Problem:
    gap = there - arrived
    missing = "none is missing" if gap == 0 else f"{number(abs(gap))} {'are missing' if gap > 0 else 'too many'}"
    why = reasons(task, there, arrived, moved)
    return Problem(
        cause=Cause.STATE,
        what=f"{task.source_index} has {counted(there, 'document')} on the source, "
        f"{task.destination_index} has {number(arrived)} on the destination: {missing}.",
        why=" ".join(why),
        todo="Stop what writes to them, then resume the run: it copies what is missing.",
    )


def run_outcome(tasks: Iterable[TaskOutcome], *, is_stopped: bool, problem: Problem | None) -> RunOutcome:
    """How a run ended, by how its tasks did; `problem` is one that ended it as a whole."""
    if problem is not None:
        return RunOutcome.FAILED
    if is_stopped:
        return RunOutcome.STOPPED
    ends = set(tasks)
    if ends <= {TaskOutcome.VERIFIED}:
        return RunOutcome.VERIFIED
    return RunOutcome.ACCEPTED if ends <= {TaskOutcome.VERIFIED, TaskOutcome.ACCEPTED} else RunOutcome.INCOMPLETE


def with_counts(problem: Problem, task: Task, comparison: Comparison | None) -> Problem:
    """The problem of a task that was given up, with what is missing as far as that could be counted."""
    if comparison is None:
        return problem
    there, arrived = comparison.source_count, comparison.destination_count
    if there is None or arrived is None:
        return problem
    gap = there - arrived
    state = f"{task.destination_index} has {number(arrived)} of {counted(there, 'document')}" + (
        f", {number(gap)} are missing." if gap > 0 else ", as many as the source, but the copy was not finished."
    )
    return msgspec.structs.replace(problem, what=f"{problem.what} {state}")
