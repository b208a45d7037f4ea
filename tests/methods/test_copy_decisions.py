"""What a copy through this machine decides: pure, on values."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.paging import (
    HEAVIEST,
    LARGEST_PAGE,
    TARGET_BYTES,
    NumberWindow,
    PageSize,
    WindowCut,
    cut,
    first_page_size,
    window,
)
from esmigrate_tui.methods.copy_through_here.decisions import (
    IN_FLIGHT,
    CopyPart,
    CopyState,
    acknowledged,
    newer_parts,
    next_pass,
    numbered_parts,
    pieces,
    read_again,
    resumed,
    sliced_parts,
)
from esmigrate_tui.methods.writing.decisions import (
    MOST_STREAMS,
    ItemOutcome,
    Streams,
    Tally,
    Throttle,
    action,
    bulks,
    item_outcome,
    never_fits,
    wait_before,
)

FLOOD = (
    "cluster_block_exception: index [logs] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage "
    "watermark, index has read-only-allow-delete block];"
)
TWO = CopyState(made="d", of="s", parts=(CopyPart(shard=0, after=-1, until=99), CopyPart(shard=1, after=-1, until=99)))


def settled(state: CopyState, tally: Tally, *, after: int = 49, is_fresh: bool = True) -> CopyState:
    return acknowledged(state, 0, tally, after=after, is_last=after >= 99, is_fresh=is_fresh)


# -- parts -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(1, 64))
def test_the_parts_of_a_shard_cover_its_numbers_once(lowest: int, span: int, amount: int) -> None:
    parts = numbered_parts(3, lowest, lowest + span, amount)
    assert parts[0].after == lowest - 1
    assert parts[-1].until == lowest + span
    assert all(left.until == right.after for left, right in pairwise(parts))
    assert all(part.after < part.until for part in parts)
    assert len(parts) <= amount


def test_a_shard_without_documents_has_no_part() -> None:
    assert numbered_parts(0, 0, -1, 4) == ()


@pytest.mark.parametrize(
    ("documents", "shards", "each"),
    [(0, 1, 1), (1_000, 1, 1), (40_000, 1, 2), (10**9, 1, 8), (10**9, 5, 2), (10**9, 100, 1), (10**9, 0, 8)],
)
def test_a_large_index_is_cut_into_about_as_many_parts_as_there_may_be_streams(
    documents: int, shards: int, each: int
) -> None:
    assert pieces(documents, shards) == each


def test_the_slices_of_a_shard_are_all_of_them() -> None:
    assert [(part.slice, part.slices, part.is_scrolled) for part in sliced_parts(2, 3)] == [
        (0, 3, True),
        (1, 3, True),
        (2, 3, True),
    ]


def test_only_numbers_given_since_are_newer() -> None:
    known = (CopyPart(shard=0, until=50), CopyPart(shard=0, after=50, until=100), CopyPart(shard=1, until=10))
    now = (CopyPart(shard=0, until=120), CopyPart(shard=1, until=10), CopyPart(shard=2, after=4, until=5))
    assert newer_parts(known, now) == (CopyPart(shard=0, after=100, until=120), CopyPart(shard=2, after=-1, until=5))


def test_of_a_scrolled_index_nothing_is_known_to_be_newer() -> None:
    assert newer_parts(sliced_parts(0, 1), sliced_parts(0, 1)) == ()


# -- the token -------------------------------------------------------------------------------------------------------


def test_a_token_brings_back_the_state() -> None:
    state = settled(TWO, Tally(written=40, conflicts=2, refused=1))
    assert CopyState.from_token(state.as_token()) == state


def test_no_token_is_the_beginning() -> None:
    assert CopyState.from_token("") == CopyState()


def test_numbers_go_on_where_they_were_acknowledged() -> None:
    state = resumed(settled(TWO, Tally(written=40)))
    assert (state.parts[0].after, state.done) == (49, 40)


def test_a_slice_that_was_not_finished_begins_again_and_progress_does_not_run_backwards() -> None:
    state = CopyState(parts=(CopyPart(shard=0, settled=700, refused=3), CopyPart(shard=1, settled=10, is_done=True)))
    again = resumed(state)
    assert (again.parts[0].settled, again.parts[0].refused) == (0, 0)
    assert again.parts[1] == state.parts[1]
    assert again.done == state.done == 710


def test_documents_of_a_slice_are_counted_once_however_often_it_is_read() -> None:
    part = read_again(read_again(CopyPart(shard=0, settled=700)))
    state = acknowledged(
        CopyState(parts=(part,)), 0, Tally(written=300, conflicts=700), after=-1, is_last=True, is_fresh=True
    )
    assert (state.done, state.there, state.collided) == (1_000, 700, 0)


def test_another_pass_keeps_what_was_settled() -> None:
    state = next_pass(settled(TWO, Tally(written=40, refused=2)), TWO.parts)
    assert (state.done, state.refused, state.settled, state.repeats) == (42, 2, 0, 1)


# -- conflicts -------------------------------------------------------------------------------------------------------


def test_a_conflict_of_the_first_reading_is_a_collision() -> None:
    state = settled(TWO, Tally(written=40, conflicts=2))
    assert (state.collided, state.there, state.done) == (2, 0, 42)


def test_into_an_index_that_was_there_a_conflict_is_no_collision() -> None:
    state = settled(TWO, Tally(conflicts=2), is_fresh=False)
    assert (state.collided, state.there) == (0, 2)


def test_a_bulk_that_was_sent_twice_finds_its_own_documents() -> None:
    state = settled(TWO, Tally(conflicts=2, is_unsure=True))
    assert (state.collided, state.there) == (0, 2)


def test_after_a_break_conflicts_are_collisions_only_when_pages_went_through_without() -> None:
    state = resumed(settled(TWO, Tally(written=10), after=10))
    state = settled(state, Tally(conflicts=10), after=20)
    for step in range(IN_FLIGHT):
        state = settled(state, Tally(written=1), after=21 + step)
    state = settled(state, Tally(conflicts=3), after=30)
    assert (state.there, state.collided) == (10, 3)


def test_an_empty_window_says_nothing_of_what_was_in_flight() -> None:
    state = resumed(TWO)
    for step in range(10):
        state = settled(state, Tally(), after=step)
    assert state.parts[0].replay == IN_FLIGHT


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)), max_size=20))
def test_every_document_is_counted_once(pages: list[tuple[int, int, int]]) -> None:
    state = TWO
    for position, (written, conflicts, refused) in enumerate(pages):
        state = settled(state, Tally(written=written, conflicts=conflicts, refused=refused), after=position)
    assert state.done == sum(map(sum, pages))
    assert state.written + state.collided + state.there + state.refused == state.done


# -- sizes -----------------------------------------------------------------------------------------------------------


def test_a_heavy_page_makes_the_next_smaller_at_once() -> None:
    assert PageSize(documents=2_000).after(2_000, 60 * 1024 * 1024).documents == 100


def test_light_pages_make_the_next_larger_by_and_by() -> None:
    portion = PageSize(documents=100)
    sizes = []
    for _ in range(12):
        portion = portion.after(portion.documents, portion.documents * 500)
        sizes.append(portion.documents)
    assert sizes[0] == 201
    assert sizes[-1] == LARGEST_PAGE


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 10**9)), max_size=30), st.integers(1, LARGEST_PAGE))
def test_a_portion_is_never_empty_and_never_above_its_limit(pages: list[tuple[int, int]], limit: int) -> None:
    portion = PageSize(documents=1, limit=limit)
    for documents, size in pages:
        portion = portion.after(documents, size)
        assert 1 <= portion.documents <= limit
        assert portion.bytes <= HEAVIEST


def test_documents_of_20_mb_are_asked_for_one_by_one() -> None:
    assert PageSize(documents=50).after(2, 40_000_000).documents == 1


def test_too_large_an_answer_is_asked_for_in_much_smaller_pieces() -> None:
    assert [PageSize(documents=size).smaller().documents for size in (5_000, 312, 19, 1)] == [312, 19, 1, 1]


def test_room_is_made_for_a_document_of_which_only_is_known_that_it_is_large() -> None:
    assert PageSize(documents=10).smaller().bytes == HEAVIEST


@pytest.mark.parametrize(
    ("documents", "size", "batch", "largest", "expected"),
    [
        (None, None, 0, 10_000, 500),
        (1_000_000, None, 0, 10_000, 500),
        (1_000_000, 100_000_000, 0, 10_000, LARGEST_PAGE),
        (10, 50_000_000, 0, 10_000, 1),
        (1_000, 10_000_000, 0, 10_000, 78),
        (1_000_000, 100_000_000, 200, 10_000, 200),
        (1_000_000, 100_000_000, 0, 50, 49),
        (1_000_000, 100_000_000, 0, 1, 1),
    ],
)
def test_the_first_page_is_small_unless_the_size_of_documents_is_known(
    documents: int | None, size: int | None, batch: int, largest: int, expected: int
) -> None:
    assert first_page_size(documents, size, batch, largest).documents == expected


def test_pages_of_a_scroll_cannot_grow_and_so_begin_as_large_as_they_may_be() -> None:
    assert first_page_size(1_000_000, 100_000_000, 0, 10_000, is_scrolled=True).documents == LARGEST_PAGE


# -- windows ---------------------------------------------------------------------------------------------------------


def test_a_window_without_gaps_holds_one_document_less_than_is_asked_for() -> None:
    assert window(99, 10_000, 500, 1.0) == NumberWindow(after=99, until=599, size=501)


def test_a_window_full_of_gaps_is_wider() -> None:
    assert window(-1, 10**9, 500, 0.01).until == 49_999


def test_a_window_ends_with_its_part() -> None:
    assert window(90, 100, 500, 1.0).until == 100


def test_an_answer_that_was_not_cut_settles_its_window() -> None:
    assert cut(NumberWindow(after=0, until=10, size=11), [1, 2, 9]) == WindowCut(kept=3, after=10)


def test_of_a_cut_answer_only_what_lies_below_its_last_number_is_sure() -> None:
    assert cut(NumberWindow(after=0, until=99, size=4), [1, 2, 5, 5]) == WindowCut(kept=2, after=4)


def test_an_answer_of_one_number_alone_says_nothing() -> None:
    assert cut(NumberWindow(after=0, until=99, size=3), [7, 7, 7]) is None


@given(
    st.lists(st.integers(0, 300), max_size=200).map(sorted),
    st.integers(1, 40),
    st.floats(0.001, 1.0),
)
def test_windows_give_every_document_once_however_many_bear_one_number(
    numbers: list[int], documents: int, density: float
) -> None:
    found: list[int] = []
    after, more, last = -1, 0, 300
    while after < last:
        asked = window(after, last, documents + more, density)
        answer = [number for number in numbers if asked.after < number <= asked.until][: asked.size]
        used = cut(asked, answer)
        if used is None:
            more = 4 * (more + 1)
            continue
        assert used.after > after
        more = 0
        found += answer[: used.kept]
        after = used.after
    assert found == numbers


@given(st.lists(st.integers(0, 100), max_size=60), st.integers(1, 150), st.integers(1, 20))
def test_bulks_hold_every_document_once_and_in_order(sizes: list[int], most: int, longest: int) -> None:
    spans = bulks(sizes, most, longest)
    assert [position for span in spans for position in range(span.start, span.stop)] == list(range(len(sizes)))
    for span in spans:
        part = sizes[span]
        assert 1 <= len(part) <= longest
        assert len(part) == 1 or sum(part) <= most


# -- pace and streams ------------------------------------------------------------------------------------------------


def test_documents_wait_until_the_pace_lets_them() -> None:
    throttle, first = Throttle(rate=100.0).taking(10.0, 50)
    throttle, second = throttle.taking(10.1, 50)
    assert first == 0.0
    assert second == pytest.approx(0.4)


def test_without_a_pace_nothing_waits() -> None:
    assert Throttle().taking(10.0, 10**9) == (Throttle(), 0.0)


def test_a_new_pace_holds_at_once() -> None:
    throttle, _ = Throttle(rate=0.1).taking(0.0, 1_000)
    assert throttle.at(1_000.0, 5.0).taking(5.0, 1)[1] == 0.0


@given(st.lists(st.integers(1, 500), min_size=1, max_size=50), st.floats(1.0, 10_000.0))
def test_over_time_no_more_go_than_the_pace_says(portions: list[int], rate: float) -> None:
    throttle, now = Throttle(rate=rate), 0.0
    for documents in portions:
        throttle, wait = throttle.taking(now, documents)
        now += wait
    assert sum(portions[:-1]) <= rate * now + 1e-6


def test_a_slow_pace_is_even() -> None:
    assert [Throttle(rate=rate).documents for rate in (0.5, 10.0, 0.0)] == [1, 5, LARGEST_PAGE]


def test_streams_are_added_while_each_brings_something() -> None:
    streams = Streams()
    counts = []
    for rate in (1_000.0, 1_500.0, 2_000.0, 2_050.0, 9_000.0):
        streams = streams.after(rate)
        counts.append(streams.streams)
    assert counts == [3, 4, 5, 4, 4]


def test_there_are_never_more_than_the_most_streams() -> None:
    streams = Streams()
    for step in range(20):
        streams = streams.after(1_000.0 * 2.0**step)
    assert streams.streams == MOST_STREAMS


def test_a_destination_that_sends_documents_back_gets_fewer_streams() -> None:
    assert [Streams(streams=streams).after(1.0, retries=5).streams for streams in (5, 2, 1)] == [4, 1, 1]


def test_waits_grow_and_end_where_the_engine_is_to_wait() -> None:
    waits = [wait_before(tries) for tries in range(1, 8)]
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, None]


# -- what the destination says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (201, "", ItemOutcome.WRITTEN),
        (200, "", ItemOutcome.WRITTEN),
        (409, "version_conflict_engine_exception: [1]: version conflict", ItemOutcome.THERE),
        (429, "es_rejected_execution_exception: rejected execution of …", ItemOutcome.LATER),
        (503, "unavailable_shards_exception: [logs][0] primary shard is not active", ItemOutcome.LATER),
        (
            503,
            "process_cluster_event_timeout_exception: failed to process cluster event (put-mapping)",
            ItemOutcome.LATER,
        ),
        (429, FLOOD, ItemOutcome.FULL),
        (
            403,
            "cluster_block_exception: blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];",
            ItemOutcome.FULL,
        ),
        (
            403,
            "cluster_block_exception: index [logs] blocked by: [FORBIDDEN/8/index write (api)];",
            ItemOutcome.BLOCKED,
        ),
        (403, "security_exception: action [indices:data/write/bulk[s]] is unauthorized", ItemOutcome.TURNED_AWAY),
        (404, "index_not_found_exception: no such index [logs]", ItemOutcome.NO_INDEX),
        (400, "index_closed_exception: closed", ItemOutcome.BLOCKED),
        (500, "node_closed_exception: node closed {n}{127.0.0.1:9300}", ItemOutcome.LATER),
        (500, "already_closed_exception: translog is already closed (No space left on device)", ItemOutcome.FULL),
        (500, "already_closed_exception: translog is already closed (node is closing)", ItemOutcome.LATER),
        (400, "mapper_parsing_exception: failed to parse field [n]", ItemOutcome.REFUSED),
        (400, "document_parsing_exception: [1:6] failed to parse field [n]", ItemOutcome.REFUSED),
        (400, "illegal_argument_exception: Limit of total fields [1000] has been exceeded", ItemOutcome.REFUSED),
        (500, "null_pointer_exception: ", ItemOutcome.REFUSED),
        (400, "mapper_parsing_exception: failed to parse field [d] … field's value: '2026/12/31'", ItemOutcome.REFUSED),
        (400, "document_parsing_exception: [1:9] … field's value: 'read-only / allow delete'", ItemOutcome.REFUSED),
        (400, "document_parsing_exception: [1:9] … field's value: 'index_closed_exception'", ItemOutcome.REFUSED),
    ],
)
def test_only_a_fault_of_the_document_is_a_refusal(status: int, reason: str, expected: ItemOutcome) -> None:
    assert item_outcome(status, reason) is expected


@given(st.text(st.characters(exclude_categories=["Cs"])), st.none() | st.text(st.characters(exclude_categories=["Cs"])))
def test_an_action_is_one_line_that_says_where_the_document_goes(identifier: str, routing: str | None) -> None:
    line = action(identifier, routing, None)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"create": {"_id": identifier} | ({} if routing is None else {"routing": routing})}


def test_an_older_destination_is_told_the_type() -> None:
    assert json.loads(action("1", None, "_doc")) == {"create": {"_id": "1", "_type": "_doc"}}


def test_a_page_of_the_target_fits_one_bulk() -> None:
    assert len(bulks([TARGET_BYTES // 5_000] * 5_000, 8 * 1024 * 1024, LARGEST_PAGE)) == 1


OF_9 = "rejected execution of primary operation [coordinating_and_primary_bytes=5, replica_bytes=0, all_bytes=5, "
OF_7 = "rejected execution of coordinating operation [coordinating_and_primary_bytes=0, replica_bytes=0, all_bytes=0, "


@pytest.mark.parametrize(
    ("words", "is_hopeless"),
    [
        (f"es_rejected_execution_exception: {OF_9}primary_operation_bytes=80000032, max_primary_bytes=53687091]", True),
        (f"{OF_7}coordinating_operation_bytes=60000000, max_coordinating_and_primary_bytes=53687091]", True),
        (f"{OF_9}primary_operation_bytes=8000000, max_primary_bytes=53687091]", False),
        ("es_rejected_execution_exception: rejected execution of TimedRunnable, queue capacity = 200", False),
        ("", False),
    ],
)
def test_what_is_larger_than_the_memory_for_it_is_not_waited_for(
    words: str,
    is_hopeless: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    assert never_fits(words) is is_hopeless
