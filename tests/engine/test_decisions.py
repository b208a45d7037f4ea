"""What the engine decides, on values."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.engine.decisions import (
    judged,
    reasons,
    run_outcome,
    with_counts,
)
from esmigrate_tui.methods.contract import Comparison
from esmigrate_tui.model.difference import Difference, DifferenceKind, IndexComparison
from esmigrate_tui.model.event import Acknowledged, RestoredShards, RunOutcome, Samples, TaskOutcome
from esmigrate_tui.model.plan import Task
from esmigrate_tui.model.problem import Cause, Problem

TASK = Task(number=1, source_index="books", destination_index="books-new", documents=100)
AWAY = Problem(cause=Cause.CONNECTION, what="The destination is away.", todo="Start it.")
COUNTS = st.integers(0, 10**12)


def test_equal_counts_and_nothing_refused_are_verified() -> None:
    assert judged(TASK, Comparison(100, 100), Acknowledged(done=100)) == (TaskOutcome.VERIFIED, None)


def test_a_difference_of_exactly_the_refused_documents_is_set_aside() -> None:
    outcome, problem = judged(TASK, Comparison(100, 97), Acknowledged(done=100, refused=3))
    assert outcome is TaskOutcome.WITH_REJECTS
    assert problem is not None
    assert "3 documents of books" in problem.what


def test_any_other_difference_names_both_numbers() -> None:
    outcome, problem = judged(TASK, Comparison(1_100, 97), Acknowledged(done=100))
    assert outcome is TaskOutcome.DIFFERENT
    assert problem is not None
    assert "1 100 documents" in problem.what
    assert "97" in problem.what
    assert "1 003 are missing" in problem.what


def test_more_documents_than_the_source_has_are_a_difference() -> None:
    outcome, problem = judged(TASK, Comparison(100, 101), None)
    assert outcome is TaskOutcome.DIFFERENT
    assert problem is not None
    assert "1 too many" in problem.what


def test_equal_counts_are_no_proof_where_no_document_could_be_read_and_are_no_difference_either() -> None:
    for shards in (None, RestoredShards(wanted=2, arrived=2)):
        found = Comparison(100, 100, shards, samples=Samples(compared=0, unread=20))
        outcome, problem = judged(TASK, found, Acknowledged(done=100))
        assert outcome is TaskOutcome.DIFFERENT
        assert problem is not None
        assert "None of the documents of books-new that were to be compared could be read" in problem.what
        assert "differ" not in problem.sentence()


def test_equal_counts_are_no_proof_when_documents_were_refused() -> None:
    assert judged(TASK, Comparison(100, 100), Acknowledged(done=100, refused=2))[0] is TaskOutcome.DIFFERENT


def test_documents_that_wanted_the_same_id_are_named_as_the_reason() -> None:
    _, problem = judged(TASK, Comparison(6, 3), Acknowledged(done=6, collided=3))
    assert problem is not None
    assert "3 documents wanted an _id" in problem.why


def comparison(
    there: int, arrived: int, *differences: tuple[DifferenceKind, str], refused: int = 0, left: int = 0
) -> Comparison:
    """Both counts, and what a comparison of every document has found."""
    compared = IndexComparison(
        source_count=there,
        destination_count=arrived,
        refused=refused,
        differences=tuple(Difference(kind=kind, id=name) for kind, name in differences),
        partitions=left + len(differences),
        partitions_left=left,
    )
    return Comparison(there, arrived, compared=compared)


def test_equal_counts_of_unequal_documents_are_a_difference_that_names_them() -> None:
    found = comparison(100, 100, (DifferenceKind.MISSING, "a"), (DifferenceKind.EXTRA, "b"))
    outcome, problem = judged(TASK, found, Acknowledged(done=100))
    assert outcome is TaskOutcome.DIFFERENT
    assert problem is not None
    assert "1 missing on the destination (a), 1 only on the destination (b)" in problem.what


def test_what_was_not_looked_into_is_no_equality() -> None:
    outcome, problem = judged(TASK, comparison(100, 100, left=3), Acknowledged(done=100))
    assert outcome is TaskOutcome.DIFFERENT
    assert problem is not None
    assert "more in 3 of 3 parts" in problem.what


def test_documents_that_were_refused_and_are_missing_explain_themselves() -> None:
    outcome, problem = judged(TASK, comparison(100, 97, refused=3), Acknowledged(done=100, refused=3))
    assert outcome is TaskOutcome.WITH_REJECTS
    assert problem is not None
    assert problem.cause is Cause.REFUSED


def test_refused_documents_that_are_not_known_by_name_are_said_to_be_among_the_missing() -> None:
    found = comparison(100, 95, (DifferenceKind.MISSING, "x"), refused=3)
    _, problem = judged(TASK, found, Acknowledged(done=100, refused=5))
    assert problem is not None
    assert "rejected 5 documents; 3 of these are known by name" in problem.why


def test_documents_that_differ_are_not_promised_to_be_mended_by_going_on() -> None:
    _, missing = judged(TASK, comparison(100, 99, (DifferenceKind.MISSING, "a")), Acknowledged(done=100))
    _, changed = judged(TASK, comparison(100, 100, (DifferenceKind.CONTENT, "a")), Acknowledged(done=100))
    assert missing is not None
    assert changed is not None
    assert "resume the run" in missing.todo
    assert "Nothing is ever overwritten" in changed.todo


def test_a_sample_that_differs_is_a_difference_with_the_command_that_shows_them_all() -> None:
    found = Comparison(100, 100, samples=Samples(compared=20, different=("a",)))
    outcome, problem = judged(TASK, found, Acknowledged(done=100))
    assert outcome is TaskOutcome.DIFFERENT
    assert problem is not None
    assert "1 of 20 sampled documents of books differs" in problem.what
    assert "esmigrate verify --index books-new" in problem.todo


def test_reasons_for_a_difference_are_looked_up_in_what_was_seen() -> None:
    made = msgspec.structs.replace(TASK, create="{}")
    whole = Acknowledged(done=100, written=100)
    assert reasons(made, 100, 98, whole) == [
        "2 documents that the destination had acknowledged are no longer there: something deletes on it."
    ]
    assert reasons(made, 100, 103, whole) == [
        "3 documents there did not come from this run: something else writes to it."
    ]
    assert reasons(made, 104, 100, whole) == [
        "The source has 4 more than when the plan was made: it is written to.",
        "4 documents came to the source after it was read.",
    ]
    assert reasons(made, 90, 100, whole) == [
        "The source has 10 fewer than when the plan was made: documents are deleted on it."
    ]
    assert reasons(made, 100, 99, None) == ["Something wrote to one of them meanwhile."]


@given(COUNTS, COUNTS, st.integers(0, 10_000))
def test_only_equal_counts_without_a_refused_document_are_ever_verified(there: int, arrived: int, refused: int) -> None:
    outcome, problem = judged(TASK, Comparison(there, arrived), Acknowledged(done=there, refused=refused))
    assert (outcome is TaskOutcome.VERIFIED) == (there == arrived and refused == 0)
    assert (problem is None) == (outcome is TaskOutcome.VERIFIED)


def test_a_run_is_verified_only_if_every_task_is() -> None:
    verified, skipped = TaskOutcome.VERIFIED, TaskOutcome.SKIPPED
    assert run_outcome([verified, verified], is_stopped=False, problem=None) is RunOutcome.VERIFIED
    assert run_outcome([verified, skipped], is_stopped=False, problem=None) is RunOutcome.INCOMPLETE
    assert run_outcome([verified], is_stopped=True, problem=None) is RunOutcome.STOPPED
    assert run_outcome([verified], is_stopped=True, problem=AWAY) is RunOutcome.FAILED


def test_what_is_given_up_says_what_is_missing() -> None:
    assert with_counts(AWAY, TASK, None) == AWAY
    problem = with_counts(AWAY, TASK, Comparison(100, 40))
    assert "books-new has 40 of 100 documents, 60 are missing." in problem.what
