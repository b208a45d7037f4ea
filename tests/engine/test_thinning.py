"""What the journal may forget without changing what a run looks like at its end."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from esmigrate_tui.engine.thinning import KEPT_WHOLE, JournalledAdvance, thinned
from esmigrate_tui.model.event import Acknowledged, Event, Noted, RunStarted, TaskAdvanced, TaskSummary
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.progress import Progress
from tests.examples import at_most

STARTED = RunStarted(
    at=0.0,
    run="7K2P",
    method=MethodName.REINDEX_FROM_REMOTE,
    source="s",
    destination="d",
    tasks=tuple(TaskSummary(number=n, source_index=f"i{n}", destination_index=f"i{n}") for n in (1, 2)),
)


def look_of(seq: int, event: TaskAdvanced) -> JournalledAdvance:
    moved = event.moved
    return JournalledAdvance(seq, event.at, bool(moved.note), moved.total is not None, bool(moved.token))


def folded(events: list[Event]) -> Progress:
    progress = Progress().after(STARTED)
    for event in events:
        progress = progress.after(event)
    return msgspec.structs.replace(progress, plot=())


@st.composite
def runs(draw: st.DrawFn) -> list[Event]:
    at, done, events = 0.0, {1: 0, 2: 0}, list[Event]()
    for _ in range(draw(st.integers(1, 60))):
        at += draw(st.sampled_from([0.0, 0.1, 0.5, 2.0, 20.0, 500.0, 20_000.0]))
        task = draw(st.sampled_from([1, 2]))
        if draw(st.integers(0, 9)) == 0:
            events.append(Noted(at=at, text="meanwhile", task=task))
            continue
        done[task] += draw(st.integers(0, 5))
        moved = Acknowledged(
            done=done[task],
            total=draw(st.sampled_from([None, 100, 200])),
            token=draw(st.sampled_from(["", f"t{at}"])),
            note=draw(st.sampled_from(["", "", "", "smaller batches"])),
        )
        events.append(TaskAdvanced(at=at, task=task, moved=moved))
    return events


@settings(max_examples=at_most(100), deadline=None)
@given(runs(), st.integers(1, 60))
def test_a_thinned_run_looks_the_same_at_its_end_but_for_its_plot(events: list[Event], every: int) -> None:
    kept: dict[int, Event] = {}
    looks: dict[int, list[JournalledAdvance]] = {1: [], 2: []}
    for seq, event in enumerate(events):
        kept[seq] = event
        if not isinstance(event, TaskAdvanced):
            continue
        looks[event.task].append(look_of(seq, event))
        if len(looks[event.task]) % every == 0:
            result = thinned(looks[event.task])
            looks[event.task] = result.stay
            for gone in result.go:
                del kept[gone]
            for bare in result.lose_token:
                old = kept[bare]
                assert isinstance(old, TaskAdvanced)
                kept[bare] = msgspec.structs.replace(old, moved=msgspec.structs.replace(old.moved, token=""))
    assert folded(list(kept.values())) == folded(events)


def test_six_hours_of_looks_twice_a_second_leave_fewer_than_2500() -> None:
    looks: list[JournalledAdvance] = []
    for seq in range(2 * 6 * 3600):
        looks.append(JournalledAdvance(seq, seq / 2, has_total=True, has_token=True))
        if seq % 64 == 0:
            looks = thinned(looks).stay
    assert len(looks) < 2_500


def test_the_last_minute_is_kept_whole() -> None:
    looks = [JournalledAdvance(seq, seq / 2, has_total=True) for seq in range(10_000)]
    stay = {look.seq for look in thinned(looks).stay}
    assert all(look.seq in stay for look in looks if look.at >= looks[-1].at - KEPT_WHOLE)


def test_a_look_with_a_note_is_never_forgotten() -> None:
    looks = [JournalledAdvance(seq, seq / 2, has_note=seq == 7, has_total=True) for seq in range(100_000)]
    assert 7 in {look.seq for look in thinned(looks).stay}


def test_only_the_newest_token_is_kept() -> None:
    looks = [JournalledAdvance(seq, float(seq), has_token=True) for seq in range(5)]
    assert thinned(looks).lose_token == [0, 1, 2, 3]
    assert [look.seq for look in thinned(looks).stay if look.has_token] == [4]


def test_nothing_and_one_look_stay_as_they_are() -> None:
    assert thinned([]).stay == []
    assert thinned([JournalledAdvance(1, 5.0)]).stay == [JournalledAdvance(1, 5.0)]
