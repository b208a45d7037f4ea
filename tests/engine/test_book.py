"""The ledger: written down before it is made, put back in reverse order, and never forgotten."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

import pytest

from esmigrate_tui.engine.book import Ledger
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import Event, LedgerChanged
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
from esmigrate_tui.model.problem import Cause, Problem, ProblemError

CREATE = Request(method="PUT", path="/new")
TUNE = Request(method="PUT", path="/new/_settings", body='{"index":{"number_of_replicas":0}}')
BACK = Request(method="PUT", path="/new/_settings", body='{"index":{"number_of_replicas":1}}')
DESTINATION = Side.DESTINATION


class World:
    """A journal in a list and a cluster that only knows its troubles, on one line of time."""

    def __init__(self) -> None:
        self.line: list[tuple[Any, ...]] = []
        self.troubles: dict[Request, list[Cause]] = defaultdict(list)

    async def send(self, side: Side, request: Request) -> Any:  # noqa: ANN401  # JSON
        self.line.append(("sent", side, request))
        if self.troubles[request]:
            raise ProblemError(Problem(cause=self.troubles[request].pop(0), what="No."))
        return {"acknowledged": True}

    async def tell(self, event: Event) -> None:
        assert isinstance(event, LedgerChanged)
        self.line.append(("told", event.entry.number, event.entry.state))

    def ledger(self, *entries: LedgerEntry) -> Ledger:
        return Ledger(self.send, self.tell, lambda: 0.0, entries)

    @property
    def sent(self) -> list[Request]:
        return [what[2] for what in self.line if what[0] == "sent"]

    @property
    def states(self) -> dict[int, EntryState]:
        return {what[1]: what[2] for what in self.line if what[0] == "told"}


def entry(number: int, state: EntryState, *, task: int = 1, made_by: Request = TUNE) -> LedgerEntry:
    return LedgerEntry(
        number=number, side=DESTINATION, what="tuned", made_by=made_by, undo=BACK, state=state, task=task
    )


async def test_a_change_is_written_down_before_it_is_made_and_marked_after() -> None:
    world = World()
    answer = await world.ledger().page(1).change(DESTINATION, "replicas were switched off", TUNE, BACK)
    assert answer == {"acknowledged": True}
    assert world.line == [
        ("told", 1, EntryState.INTENDED),
        ("sent", DESTINATION, TUNE),
        ("told", 1, EntryState.MADE),
    ]


async def test_changes_are_put_back_in_reverse_order() -> None:
    world = World()
    ledger = world.ledger()
    undoes = [Request(method="DELETE", path=f"/{number}") for number in range(3)]
    for number, undo in enumerate(undoes):
        await ledger.change(0, DESTINATION, "", Request(method="PUT", path=f"/{number}"), undo)
    world.line.clear()
    assert await ledger.settle() is None
    assert world.sent == undoes[::-1]
    assert set(world.states.values()) == {EntryState.UNDONE}
    assert ledger.open_entries == ()


async def test_a_task_puts_back_only_its_own_changes() -> None:
    world = World()
    ledger = world.ledger(entry(1, EntryState.MADE, task=1), entry(2, EntryState.MADE, task=2))
    await ledger.settle(2)
    assert world.states == {2: EntryState.UNDONE}


async def test_a_change_is_put_back_once() -> None:
    world = World()
    ledger = world.ledger(entry(1, EntryState.MADE))
    await ledger.settle()
    await ledger.settle()
    assert world.sent == [BACK]


async def test_what_cannot_be_put_back_stays_on_the_list_with_its_trouble() -> None:
    world = World()
    ledger = world.ledger(entry(1, EntryState.MADE), entry(2, EntryState.MADE, made_by=CREATE))
    world.troubles[BACK] = [Cause.CONNECTION]
    problem = await ledger.settle()
    assert problem is not None
    assert problem.cause is Cause.CONNECTION
    (left,) = ledger.open_entries
    assert (left.number, left.state, left.trouble) == (2, EntryState.NOT_UNDONE, "No.")
    assert await ledger.settle() is None
    assert ledger.open_entries == ()


async def test_what_is_gone_needs_no_putting_back_and_that_is_said() -> None:
    world = World()
    ledger = world.ledger(entry(1, EntryState.MADE))
    world.troubles[BACK] = [Cause.MISSING]
    assert await ledger.settle() is None
    assert world.states == {1: EntryState.UNDONE}


async def test_a_change_that_was_meant_to_stay_is_kept() -> None:
    world = World()
    ledger = world.ledger()
    await ledger.change(1, DESTINATION, "made", CREATE, None)
    await ledger.settle()
    assert world.states == {1: EntryState.KEPT}
    assert world.sent == [CREATE]


async def test_an_intended_change_of_a_dead_process_is_put_back_as_if_it_had_been_made() -> None:
    world = World()
    await world.ledger(entry(1, EntryState.INTENDED)).settle()
    assert world.sent == [BACK]
    assert world.states == {1: EntryState.UNDONE}


async def test_a_change_that_the_server_refused_is_not_put_back() -> None:
    world = World()
    ledger = world.ledger()
    world.troubles[TUNE] = [Cause.PRIVILEGES]
    with pytest.raises(ProblemError):
        await ledger.change(1, DESTINATION, "tuned", TUNE, BACK)
    await ledger.settle()
    assert world.sent == [TUNE]


async def test_a_change_whose_answer_never_came_is_put_back() -> None:
    world = World()
    ledger = world.ledger()
    world.troubles[TUNE] = [Cause.CONNECTION]
    with pytest.raises(ProblemError):
        await ledger.change(1, DESTINATION, "tuned", TUNE, BACK)
    await ledger.settle()
    assert world.sent == [TUNE, BACK]


async def test_an_index_that_exists_already_is_a_trouble_the_first_time() -> None:
    world = World()
    world.troubles[CREATE] = [Cause.EXISTS]
    with pytest.raises(ProblemError) as caught:
        await world.ledger().change(1, DESTINATION, "made", CREATE, None)
    assert caught.value.problem.cause is Cause.EXISTS


@pytest.mark.parametrize("state", [EntryState.INTENDED, EntryState.MADE, EntryState.KEPT])
async def test_an_index_that_an_earlier_try_made_is_taken_for_made(state: EntryState) -> None:
    world = World()
    ledger = world.ledger(entry(1, state, made_by=CREATE))
    world.troubles[CREATE] = [Cause.EXISTS]
    assert await ledger.change(1, DESTINATION, "made", CREATE, None) is None
    assert world.states.get(1, state) is EntryState.MADE


async def test_an_index_that_another_task_made_is_not_taken_for_its_own() -> None:
    world = World()
    ledger = world.ledger(entry(1, EntryState.MADE, task=2, made_by=CREATE))
    world.troubles[CREATE] = [Cause.EXISTS]
    with pytest.raises(ProblemError):
        await ledger.change(1, DESTINATION, "made", CREATE, None)


async def test_a_change_that_has_been_put_back_is_made_anew_under_a_new_number() -> None:
    world = World()
    ledger = world.ledger(entry(1, EntryState.UNDONE))
    await ledger.change(1, DESTINATION, "tuned", TUNE, BACK)
    assert world.states == {2: EntryState.MADE}


async def test_nothing_is_made_that_could_not_be_written_down() -> None:
    world = World()

    async def tell(_: Event) -> None:
        raise ProblemError(Problem(cause=Cause.DISK_FULL, what="The disk is full."))

    ledger = Ledger(world.send, tell, lambda: 0.0)
    for _ in range(2):
        with pytest.raises(ProblemError):
            await ledger.change(1, DESTINATION, "tuned", TUNE, BACK)
    assert world.sent == []


async def test_whatever_happens_every_sent_change_was_written_down_before() -> None:
    causes = [None, Cause.CONNECTION, Cause.EXISTS, Cause.PRIVILEGES]
    for first, second in itertools.product(causes, causes):
        world = World()
        ledger = world.ledger()
        world.troubles[TUNE] = [cause for cause in (first, second) if cause]
        for _ in range(2):
            try:
                await ledger.change(1, DESTINATION, "tuned", TUNE, BACK)
            except ProblemError:
                continue
        told = [index for index, what in enumerate(world.line) if what[0] == "told"]
        assert told[0] == 0
        await ledger.settle()
        assert ledger.open_entries == ()
