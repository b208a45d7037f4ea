"""What the looks at a reindex task mean: pure decisions, on values."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.reindex_tasks import ReindexProgress
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.filling import create_request, tuning_requests
from esmigrate_tui.methods.reindex_from_remote.decisions import (
    WHOLE,
    ReindexPart,
    ReindexState,
    after_pass,
    announced,
    divided,
    first_batch,
    first_problem,
    given_whole,
    in_task,
    judged,
    moved,
    never_asked,
    notes_of,
    reindex_body,
    resumed,
    standing,
    together,
    vanished,
)
from esmigrate_tui.methods.reindex_from_remote.ranges import RangeField
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.event import Reject
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.preflight.remote import bearable

CREATE = json.dumps({"settings": {"index.number_of_replicas": "1", "index.refresh_interval": "30s"}, "mappings": {}})


def work(*, documents: int | None = 1_000, size: int | None = 1_000_000, batch: int = 0, create: str = CREATE) -> Work:
    task = Task(
        number=1, source_index="logs", destination_index="logs-new", create=create, documents=documents, size=size
    )
    plan = Plan(
        method=MethodName.REINDEX_FROM_REMOTE,
        made_at="2026-01-01T00:00:00Z",
        destination=Connection(endpoint=Endpoint(scheme="http", host="new", port=9200)),
        destination_uuid="u",
        destination_version="7.17.28",
        batch=batch,
        tasks=(task,),
    )
    return Work(task=task, plan=plan, opaque_id="esmigrate-7K2P-1", requests_per_second=0.0)


def refused(*ids: str, status: int = 400, reason: str = "mapper_parsing_exception: no") -> tuple[Reject, ...]:
    return tuple(Reject(index="logs-new", id=identifier, status=status, reason=reason) for identifier in ids)


SEVEN = (
    "cluster_block_exception: index [logs] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage "
    "watermark, index has read-only-allow-delete block];"
)
FIRST = ReindexPart(task="n:1", passes=1, batch=1_000)


def test_all_read_and_written_is_done() -> None:
    verdict = judged(work(), FIRST, ReindexProgress(completed=True, total=1_000, created=1_000))
    assert verdict.part.is_done
    assert verdict.problem is None
    assert (verdict.seen.done, verdict.seen.written, verdict.seen.collided) == (1_000, 1_000, 0)


def test_a_pass_that_was_given_less_than_there_is_is_made_again() -> None:
    look = ReindexProgress(completed=True, total=800, created=800)
    verdict = given_whole(FIRST, look, judged(work(), FIRST, look), 1_000)
    assert not verdict.part.is_done
    assert (verdict.part.repeats, verdict.part.task, verdict.part.done) == (1, "", 800)
    assert "200 documents more" in verdict.note


@pytest.mark.parametrize(("there", "repeats"), [(800, 0), (700, 0), (1_000, 3)])
def test_a_whole_pass_or_a_source_that_never_rests_is_not_read_for_ever(there: int, repeats: int) -> None:
    look = ReindexProgress(completed=True, total=800, created=800)
    part = msgspec.structs.replace(FIRST, repeats=repeats)
    verdict = judged(work(), part, look)
    assert given_whole(part, look, verdict, there) is verdict


def test_a_second_document_of_one_id_is_counted_as_a_collision() -> None:
    step = moved(FIRST, ReindexProgress(completed=False, total=6, created=3, version_conflicts=3))
    assert (step.written, step.collided, step.there_already) == (3, 3, 0)


def test_on_a_later_pass_what_is_in_place_is_no_collision() -> None:
    later = ReindexPart(task="n:2", passes=2, batch=1_000, written=400, done=400)
    step = moved(later, ReindexProgress(completed=False, total=1_000, created=100, version_conflicts=400))
    assert (step.written, step.there_already, step.collided, step.done) == (500, 400, 0, 500)


def test_progress_never_runs_backwards_on_a_new_pass() -> None:
    later = ReindexPart(task="n:2", passes=2, batch=1_000, written=400, done=400)
    assert moved(later, ReindexProgress(completed=False, total=1_000, version_conflicts=10)).done == 400


def test_a_refused_document_is_set_aside_and_the_next_pass_leaves_it_out() -> None:
    look = ReindexProgress(completed=True, total=1_000, created=300, failures=refused("a", "b"))
    verdict = judged(work(), FIRST, look)
    assert not verdict.part.is_done
    assert [reject.id for reject in verdict.rejects] == ["a", "b"]
    body = reindex_body(work(), None, verdict.part, {"host": "http://old:9200"})
    assert body["source"]["query"] == {"bool": {"must_not": [{"ids": {"values": ["a", "b"]}}]}}


def test_a_document_is_set_aside_once() -> None:
    known = ReindexPart(task="n:2", passes=2, batch=1_000, left_out=(("", "a"),))
    look = ReindexProgress(completed=True, total=999, created=9, failures=refused("a", "c"))
    verdict = judged(work(), known, look)
    assert [reject.id for reject in verdict.rejects] == ["c"]


def test_the_same_refusals_again_end_the_task_with_the_reason() -> None:
    known = ReindexPart(task="n:2", passes=2, batch=1_000, left_out=(("", "a"),))
    verdict = judged(work(), known, ReindexProgress(completed=True, total=999, failures=refused("a")))
    assert verdict.problem is not None
    assert "mapper_parsing_exception" in verdict.problem.why


@pytest.mark.parametrize(
    ("failures", "cause"),
    [
        (refused("a", status=429, reason="es_rejected_execution_exception"), Cause.BUSY),
        (
            refused(
                "a", status=403, reason="cluster_block_exception: blocked by: [FORBIDDEN/12/index read-only (api)];"
            ),
            Cause.DISK_FULL,
        ),
        (
            refused("a", status=403, reason="cluster_block_exception: blocked by: [FORBIDDEN/8/index write];"),
            Cause.BUSY,
        ),
        (refused("a", status=429, reason=SEVEN), Cause.DISK_FULL),
        (refused("a", status=503, reason="unavailable_shards_exception"), Cause.BUSY),
    ],
)
def test_what_will_pass_is_no_fault_of_the_documents(failures: tuple[Reject, ...], cause: Cause) -> None:
    verdict = judged(work(), FIRST, ReindexProgress(completed=True, total=10, failures=failures))
    assert verdict.problem is not None
    assert verdict.problem.cause is cause
    assert verdict.rejects == ()
    assert (verdict.part.task, verdict.part.is_done) == ("", False)


def test_a_chunk_that_was_too_large_halves_the_batch() -> None:
    trouble = Problem(cause=Cause.TOO_LARGE, what="Remote responded with a chunk that was too large.")
    verdict = judged(work(), FIRST, ReindexProgress(completed=True, problem=trouble))
    assert (verdict.part.batch, verdict.part.is_done, verdict.problem) == (500, False, None)
    assert "500" in verdict.note


def test_a_single_document_that_is_too_large_ends_the_task() -> None:
    trouble = Problem(cause=Cause.TOO_LARGE, what="Remote responded with a chunk that was too large.")
    one = ReindexPart(task="n:9", passes=9, batch=1)
    assert judged(work(), one, ReindexProgress(completed=True, problem=trouble)).problem is trouble


def test_the_tasks_own_trouble_keeps_what_was_written() -> None:
    trouble = Problem(cause=Cause.CONNECTION, what="The destination cannot reach the source.")
    verdict = judged(work(), FIRST, ReindexProgress(completed=True, total=1_000, created=300, problem=trouble))
    assert verdict.problem is trouble
    assert (verdict.part.task, verdict.part.written, verdict.part.is_done) == ("", 300, False)


def test_the_body_never_overwrites() -> None:
    body = reindex_body(work(), None, FIRST, {"host": "http://old:9200", "username": "u", "password": "p"})
    assert body["dest"] == {"index": "logs-new", "op_type": "create", "pipeline": "_none"}
    assert body["conflicts"] == "proceed"
    assert "slices" not in body
    assert body["source"]["query"] == {"match_all": {}}


@given(st.integers(0, 10**9) | st.none(), st.integers(0, 10**14) | st.none())
def test_a_batch_is_always_one_that_the_server_takes(documents: int | None, size: int | None) -> None:
    task = work(documents=documents, size=size)
    assert 1 <= first_batch(task.task, task.plan) <= 5_000


def test_only_a_name_with_a_percent_sign_is_encoded_for_the_source() -> None:
    given = work()
    for name, sent in (("a%2bb", "a%252bb"), ("a+b", "a+b"), ("logs-ü", "logs-ü")):
        task = msgspec.structs.replace(given.task, source_index=name)
        assert reindex_body(replace(given, task=task), None, FIRST, {})["source"]["index"] == sent


def test_large_documents_begin_with_small_batches() -> None:
    task = work(documents=100, size=100 * 5 * 1024 * 1024)
    assert first_batch(task.task, task.plan) == 1
    assert first_batch(work(batch=77).task, work(batch=77).plan) == 77


def test_a_state_survives_as_a_token() -> None:
    part = ReindexPart(task="n:1", passes=3, batch=250, written=5, done=6, collided=1, left_out=(("t", "x y"),))
    state = divided(RangeField("@timestamp", is_date=True), (-5, 10**12)).with_part(1, part)
    assert ReindexState.from_token(state.as_token()) == state
    assert ReindexState.from_token("") == ReindexState()


def test_the_parts_of_an_index_are_told_as_one() -> None:
    looks = [
        ReindexProgress(completed=False, total=400, created=100),
        ReindexProgress(completed=False, total=600, created=50),
    ]
    state = divided(RangeField("n"), (10,))
    step = together([moved(FIRST, look) for look in looks], state)
    assert (step.done, step.total, step.written) == (150, 1_000, 150)
    assert ReindexState.from_token(step.token) == state


def test_the_total_is_not_known_before_every_part_has_said_it() -> None:
    looks = [ReindexProgress(completed=False, total=400, created=100), ReindexProgress(completed=False)]
    assert together([moved(FIRST, look) for look in looks], WHOLE).total is None


def test_a_range_that_nothing_is_in_does_not_hide_the_total() -> None:
    empty = after_pass(FIRST, ReindexProgress(completed=True), is_done=True)
    seen = [standing(empty), moved(FIRST, ReindexProgress(completed=False, total=400))]
    assert together(seen, WHOLE).total == 400


def test_a_throttle_is_divided_among_the_parts_that_are_not_done() -> None:
    state = divided(RangeField("n"), (10, 20, 30))
    assert state.share(100.0) == 25.0
    done = state.with_part(0, ReindexPart(end=10, is_done=True)).with_part(3, ReindexPart(start=30, is_done=True))
    assert done.share(100.0) == 50.0
    assert done.share(0.0) == 0.0


def test_each_part_has_an_id_of_its_own_and_a_whole_index_that_of_its_task() -> None:
    state = divided(RangeField("n"), (10, 20))
    assert [state.opaque_id(work(), position) for position in range(3)] == [
        "esmigrate-7K2P-1-1",
        "esmigrate-7K2P-1-2",
        "esmigrate-7K2P-1-3",
    ]
    assert WHOLE.opaque_id(work(), 0) == "esmigrate-7K2P-1"


def test_a_trouble_that_cannot_pass_is_told_before_one_that_can() -> None:
    busy = judged(work(), FIRST, ReindexProgress(completed=True, total=9, failures=refused("a", status=429)))
    wrong = Problem(cause=Cause.AUTHENTICATION, what="No.")
    turned_away = judged(work(), FIRST, ReindexProgress(completed=True, problem=wrong))
    fine = judged(work(), FIRST, ReindexProgress(completed=True, total=9, created=9))
    assert first_problem([fine, busy, turned_away]) is wrong
    assert first_problem([fine]) is None


def test_a_range_that_vanished_keeps_what_was_seen_of_it_and_finds_it_in_place() -> None:
    seen = moved(FIRST, ReindexProgress(completed=False, total=900, created=400))
    verdict = vanished(work(), FIRST, seen)
    assert verdict.problem is not None
    assert verdict.problem.cause is Cause.UNKNOWN_OUTCOME
    again = msgspec.structs.replace(verdict.part, task="n:2", passes=2)
    step = moved(again, ReindexProgress(completed=False, total=900, created=500, version_conflicts=400))
    assert (step.done, step.written, step.there_already, step.collided) == (900, 900, 400, 0)


def test_an_index_that_was_read_to_its_end_is_read_again_when_it_is_taken_up() -> None:
    state = divided(RangeField("n"), (10,))
    half = state.with_part(0, ReindexPart(end=10, passes=1, is_done=True))
    assert resumed(half) == half
    whole = half.with_part(1, ReindexPart(start=10, passes=1, is_done=True))
    assert resumed(whole).open == (0, 1)
    assert resumed(ReindexState()) == ReindexState()


def test_what_a_pass_that_nobody_saw_may_have_written_is_no_collision() -> None:
    look = ReindexProgress(completed=True, total=9, created=2, version_conflicts=7)
    [part] = announced(WHOLE).parts
    first = in_task(part, "n:1", 500, is_surely_first=True)
    assert (first.passes, first.batch, moved(first, look).collided) == (1, 500, 7)
    unsure = in_task(part, "n:2", 500, is_surely_first=False)
    assert (moved(unsure, look).collided, moved(unsure, look).there_already) == (0, 7)
    following = in_task(after_pass(first, look), "n:3", 500, is_surely_first=True)
    assert following.passes == 2
    assert never_asked(announced(WHOLE), {0}) == WHOLE


def test_a_note_names_its_range_where_there_are_several() -> None:
    trouble = Problem(cause=Cause.TOO_LARGE, what="Too large.")
    large = judged(work(), FIRST, ReindexProgress(completed=True, problem=trouble))
    fine = judged(work(), FIRST, ReindexProgress(completed=True, total=9, created=9))
    assert notes_of([fine, large]).startswith("range 2 of 2: a batch of 1000 was too large")
    assert notes_of([large]).startswith("a batch of 1000 was too large")


def test_what_is_switched_off_is_put_back_to_what_the_plan_wants() -> None:
    fast, back = tuning_requests(work().task)
    assert json.loads(fast.body) == {"index": {"refresh_interval": "-1", "number_of_replicas": 0}}
    assert json.loads(back.body) == {"index": {"refresh_interval": "30s", "number_of_replicas": "1"}}
    assert back.path == "/logs-new/_settings"


def test_what_the_plan_does_not_say_goes_back_to_what_the_index_had_and_replicas_are_always_a_number() -> None:
    _, back = tuning_requests(work(create="{}").task)
    assert json.loads(back.body) == {"index": {"refresh_interval": None, "number_of_replicas": 1}}
    _, back = tuning_requests(work(create="{}").task, {"index.number_of_replicas": "2", "index.refresh_interval": "9s"})
    assert json.loads(back.body) == {"index": {"refresh_interval": "9s", "number_of_replicas": "2"}}
    _, back = tuning_requests(work(create="{}").task, {}, Version(2, 4))
    assert json.loads(back.body) == {"index": {"refresh_interval": "1s", "number_of_replicas": 1}}


def test_replicas_that_a_template_lets_expand_by_themselves_are_left_alone() -> None:
    fast, _ = tuning_requests(work(create="{}").task, {"index.auto_expand_replicas": "0-1"})
    assert json.loads(fast.body) == {"index": {"refresh_interval": "-1"}}


def test_replicas_that_expand_by_themselves_are_left_alone() -> None:
    fast, _ = tuning_requests(work(create='{"settings":{"index.auto_expand_replicas":"0-1"}}').task)
    assert json.loads(fast.body) == {"index": {"refresh_interval": "-1"}}


def test_before_6_7_a_mapping_gets_the_type_that_documents_are_written_with() -> None:
    asked = create_request(work(create='{"mappings":{"properties":{}}}').task, Version(6, 2, 4))
    assert (asked.path, json.loads(asked.body)) == ("/logs-new", {"mappings": {"_doc": {"properties": {}}}})


def test_only_6_x_is_told_that_a_mapping_names_no_type() -> None:
    assert create_request(work().task, Version(6, 8, 23)).path == "/logs-new?include_type_name=false"
    assert create_request(work().task, Version(7, 17, 28)).path == "/logs-new"


def test_a_first_batch_is_no_larger_than_the_documents_that_were_seen_allow() -> None:
    megabytes = [n * 200_000 for n in range(1, 31)]  # up to 6 MB, which a disk may hold in a few kilobytes
    assert 1 <= bearable(megabytes) <= 8
    assert bearable([100 * 1024 * 1024]) == 1
    assert bearable([300] * 20) > 5_000
    assert bearable([300] * 19 + [6_000_000]) == 8 > bearable([6_000_000] * 20)
    squeezed = work(documents=30, size=30_000)
    seen = ReindexState(most=bearable(megabytes))
    assert first_batch(squeezed.task, squeezed.plan) > 100
    assert seen.first_batch(squeezed) == seen.most
    assert ReindexState().first_batch(squeezed) == first_batch(squeezed.task, squeezed.plan)
    assert seen.first_batch(work(batch=77)) == 77  # whoever asks for it has it
    assert reindex_body(squeezed, None, ReindexPart(), {}, seen.first_batch(squeezed))["source"]["size"] == seen.most
    assert reindex_body(squeezed, None, ReindexPart(batch=2), {}, seen.first_batch(squeezed))["source"]["size"] == 2
