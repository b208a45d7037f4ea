"""What indexing files decides: pure, on values."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.engine.decisions import judged
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.index_from_source.decisions import FileState, are_collisions, compared, resumed, settled
from esmigrate_tui.methods.index_from_source.pump import place_of
from esmigrate_tui.methods.writing.decisions import MOST_STREAMS, Tally
from esmigrate_tui.model.connection import Connection, Endpoint, SignIn
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.event import Acknowledged, TaskOutcome
from esmigrate_tui.model.facts import ClusterFacts, TemplateFacts, Version
from esmigrate_tui.model.files import FileFormat, FileReading, FileRow, FileSource, IdRule
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.reading.pages import RowPosition

AT = RowPosition(file=0, offset=100, line=5, bytes=100)
METHOD = METHODS[MethodName.INDEX_FROM_SOURCE].mover()
READING = FileReading(
    format=FileFormat.CSV,
    files=(FileSource(path="/data/a.csv", size=1_000, modified="2026-01-01T00:00:00+00:00"),),
    ids=IdRule.FIELD,
    id_field="id",
    pipeline="mark",
)
DRAFT = Draft(
    method=MethodName.INDEX_FROM_SOURCE,
    destination=Connection(endpoint=Endpoint(scheme="http", host="new", port=9200), sign_in=SignIn.NONE),
    destination_facts=ClusterFacts(name="new", uuid="u", version=Version(9, 5)),
    reading=READING,
    into="orders",
    create='{"mappings":{}}',
)


def after(
    state: FileState, tally: Tally, rule: IdRule = IdRule.FIELD, *, bad: int = 0, is_fresh: bool = True
) -> FileState:
    return settled(state, AT, tally, bad, rule, is_fresh=is_fresh)


def test_two_rows_of_one_id_set_the_second_aside_and_do_not_lose_it_silently() -> None:
    state = after(FileState(), Tally(written=9, conflicts=1))
    assert (state.refused, state.collided, state.there) == (1, 1, 0)
    assert compared(state, 9, IdRule.FIELD, is_fresh=True).source_count == 10


def test_equal_rows_are_one_document_where_the_id_is_a_hash() -> None:
    state = after(FileState(), Tally(written=9, conflicts=1), IdRule.HASH)
    assert (state.refused, state.there) == (0, 1)
    assert compared(state, 9, IdRule.HASH, is_fresh=True).is_equal


def test_what_is_found_in_place_after_a_break_is_no_collision() -> None:
    state = resumed(FileState(rows=5, written=5))
    assert not are_collisions(state, Tally(conflicts=3), IdRule.FIELD, is_fresh=True)
    state = after(state, Tally(written=7, conflicts=3))
    assert (state.unsure, state.refused) == (3, 0)
    assert compared(state, 15, IdRule.FIELD, is_fresh=True).is_equal


def test_a_break_is_over_when_as_many_pages_as_can_have_been_under_way_were_new() -> None:
    state = resumed(FileState())
    for _ in range(MOST_STREAMS + 1):
        state = after(state, Tally(written=1))
    assert after(state, Tally(conflicts=1)).collided == 1


def test_documents_that_were_there_before_are_not_counted_as_rows() -> None:
    state = after(FileState(base=500), Tally(written=8, conflicts=2), is_fresh=False)
    found = compared(state, 508, IdRule.FIELD, is_fresh=False)
    assert (found.source_count, found.destination_count) == (10, 10)


@given(
    written=st.integers(0, 50), conflicts=st.integers(0, 50), refused=st.integers(0, 50), bad=st.integers(0, 50),
    base=st.integers(0, 50), rule=st.sampled_from(IdRule), is_fresh=st.booleans(), replay=st.booleans(),
    missing=st.integers(1, 10),
)  # fmt: skip
def test_a_document_that_is_missing_is_never_taken_for_there(  # one case, in every constellation
    *, written: int, conflicts: int, refused: int, bad: int, base: int, rule: IdRule, is_fresh: bool, replay: bool,
    missing: int,
) -> None:  # fmt: skip
    state = FileState(base=base)
    state = after(
        resumed(state) if replay else state,
        Tally(written=written, conflicts=conflicts, refused=refused),
        rule,
        bad=bad,
        is_fresh=is_fresh,
    )
    assert state.rows == state.written + state.there + state.unsure + state.refused
    good = compared(state, base + state.written + state.unsure, rule, is_fresh=is_fresh)
    assert good.source_count is not None
    assert good.destination_count == good.source_count - state.refused
    less = compared(state, base + state.written - missing, rule, is_fresh=is_fresh)
    assert less.source_count is not None
    assert less.destination_count is not None
    assert less.destination_count < less.source_count - state.refused


def test_how_many_rows_there_are_is_reckoned_from_the_bytes_and_exact_at_the_end() -> None:
    assert FileState().total(1_000) is None
    assert FileState(rows=10, place=RowPosition(bytes=250)).total(1_000) == 40
    assert FileState(rows=37, place=RowPosition(bytes=1_000)).total(1_000) == 37


def test_a_token_comes_back_as_the_state_it_was() -> None:
    state = FileState(made="x", rows=3, place=AT, replay=2)
    assert FileState.from_token(state.as_token()) == state
    assert FileState.from_token("") == FileState()


def test_rows_that_were_set_aside_are_told_as_rows_of_their_files() -> None:
    task = METHOD.plan(DRAFT, "2026-01-01T00:00:00Z").tasks[0]
    state = after(FileState(), Tally(written=9), bad=1)
    outcome, problem = judged(task, compared(state, 9, IdRule.FIELD, is_fresh=True), Acknowledged(done=10, refused=1))
    assert outcome is TaskOutcome.WITH_REJECTS
    assert problem is not None
    assert "1 row of a.csv" in problem.what


def test_rejected_rows_of_one_line_are_told_apart_and_others_called_by_their_line() -> None:
    alone, first, second = (
        FileRow(7, 100, 8, error="bad"),
        FileRow(1, 40, 1, error="bad"),
        FileRow(1, 80, 1, error="bad"),
    )
    assert place_of("a.json", alone) == "a.json:7"
    assert place_of("a.json", first) != place_of("a.json", second)
    assert place_of("a.json", first).startswith("a.json:1:")


# -- the plan --------------------------------------------------------------------------------------------------------


def test_a_plan_has_one_task_and_comes_back_from_its_file() -> None:
    plan = METHOD.plan(DRAFT, "2026-01-01T00:00:00Z")
    assert Plan.from_toml(plan.to_toml()) == plan
    assert [(task.source_index, task.destination_index, task.size) for task in plan.tasks] == [
        ("a.csv", "orders", 1_000)
    ]
    assert plan.source is None


def test_a_plan_without_files_is_refused() -> None:
    with pytest.raises(ProblemError, match="No file is chosen"):
        METHOD.plan(DRAFT.answered(reading=None), "2026-01-01T00:00:00Z")


def test_the_requests_of_a_plan_create_documents_through_its_pipeline() -> None:
    requests = METHOD.requests(METHOD.plan(DRAFT, "2026-01-01T00:00:00Z"))
    [bulk] = [request for request in requests if "_bulk" in request.path]
    assert bulk.path == "/orders/_bulk?pipeline=mark"
    assert bulk.body.startswith('{"create":{"_id":"…"}}')
    assert requests[0].method == "PUT"


def test_an_index_that_is_there_is_neither_made_nor_tuned() -> None:
    plan = METHOD.plan(DRAFT.answered(create=""), "2026-01-01T00:00:00Z")
    assert [request.method for request in METHOD.requests(plan)] == ["POST", "POST", "GET"]
    assert any("Use the index orders" in step and "stay" in step for step in METHOD.steps(plan))


def test_a_name_that_a_template_keeps_for_data_streams_becomes_one() -> None:
    ours = TemplateFacts(name="ours", patterns=("ord*",), makes_streams=True, priority=5)
    plain = TemplateFacts(name="plain", patterns=("orders",), priority=6)

    def planned(*templates: TemplateFacts) -> Task:
        facts = ClusterFacts(name="new", uuid="u", version=Version(9, 5), templates=templates)
        [task] = METHOD.plan(msgspec.structs.replace(DRAFT, destination_facts=facts), "2026-01-01T00:00:00Z").tasks
        return task

    assert planned(ours).makes_stream
    assert planned(ours).create == "{}"
    assert "the template ours makes it a data stream" in planned(ours).changes[0]
    assert planned(ours, plain).makes_index
    assert planned().create == DRAFT.create


# -- nothing proves nothing ------------------------------------------------------------------------------------------


def test_files_of_which_nothing_was_read_are_not_verified_however_equal_the_counts_are() -> None:
    task = METHOD.plan(DRAFT, "2026-01-01T00:00:00+00:00").tasks[0]
    state = FileState().beside(("/data/a.csv",), 0)
    outcome, problem = judged(task, compared(state, 0, IdRule.NEW, is_fresh=True), Acknowledged(done=0))
    assert outcome is TaskOutcome.WITH_REJECTS
    assert problem is not None
    assert problem.what == "Nothing was read from /data/a.csv, which is not empty."


def test_one_file_without_a_row_among_others_is_named_with_what_arrived() -> None:
    task = METHOD.plan(DRAFT, "2026-01-01T00:00:00+00:00").tasks[0]
    state = after(FileState(), Tally(written=7), IdRule.NEW).beside(("/data/b.csv",), 0)
    outcome, problem = judged(task, compared(state, 7, IdRule.NEW, is_fresh=True), Acknowledged(done=7))
    assert outcome is TaskOutcome.WITH_REJECTS
    assert problem is not None
    assert problem.what.endswith("Of 7 rows of other files 7 arrived.")


def test_that_all_others_arrived_is_not_said_where_there_were_none() -> None:
    task = METHOD.plan(DRAFT, "2026-01-01T00:00:00+00:00").tasks[0]
    state = after(FileState(), Tally(refused=3), IdRule.NEW)
    outcome, problem = judged(task, compared(state, 0, IdRule.NEW, is_fresh=True), Acknowledged(done=3, refused=3))
    assert outcome is TaskOutcome.WITH_REJECTS
    assert problem is not None
    assert "all others arrived" not in problem.what
    assert "nothing arrived" in problem.what


def test_rows_with_ids_of_their_own_collide_also_where_others_get_new_ones() -> None:
    state = after(FileState(), Tally(written=9, conflicts=1), IdRule.NEW)
    assert (state.refused, state.collided) == (1, 1)
