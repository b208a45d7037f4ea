"""The ledger: written down before it is made, put back in reverse order, bound to its index, and never forgotten."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from typing import Any

import msgspec
import pytest

from esmigrate_tui.engine.ledger import Ledger, LedgerClusters
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import Event, LedgerChanged
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from tests.operations import growth

CREATE = Request(method="PUT", path="/new")
TUNE = Request(method="PUT", path="/new/_settings", body='{"index":{"number_of_replicas":0}}')
BACK = Request(method="PUT", path="/new/_settings", body='{"index":{"number_of_replicas":1}}')
DESTINATION = Side.DESTINATION


class World(LedgerClusters):
    """A journal in a list and a cluster that only knows its problems, on one line of time.

    `uuids` are its indices, `so` is what a look at the state of a change says.
    """

    def __init__(self) -> None:
        self.line: list[tuple[Any, ...]] = []
        self.troubles: dict[Request, list[Cause]] = defaultdict(list)
        self.uuids: dict[str, str] = {}
        self.so: dict[Request, bool] = {}
        self.standing: set[Request] = set()
        self.uuid = "here"

    def cluster(self, side: Side) -> str:
        del side
        return self.uuid

    async def uuid_of(self, side: Side, index: str) -> str | None:
        del side
        return self.uuids.get(index, "")

    async def uuid_before(self, side: Side, index: str) -> str | None:
        return await self.uuid_of(side, index)

    async def is_so(self, side: Side, request: Request) -> bool | None:
        del side
        return self.so.get(request)

    async def stands(self, side: Side, request: Request) -> bool:
        del side
        return request in self.standing

    async def make(self, side: Side, request: Request) -> Any:  # noqa: ANN401  # JSON
        self.line.append(("sent", side, request))
        if self.troubles[request]:
            raise ProblemError(Problem(cause=self.troubles[request].pop(0), what="No."))
        return {"acknowledged": True}

    async def tell(self, event: Event) -> None:
        assert isinstance(event, LedgerChanged)
        self.line.append(("told", event.entry.number, event.entry.state))

    def ledger(self, *entries: LedgerEntry) -> Ledger:
        return Ledger(self, self.tell, lambda: 0.0, entries)

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


def bound(one: LedgerEntry, uuid: str) -> LedgerEntry:
    return msgspec.structs.replace(one, index_uuid=uuid)


async def test_a_change_is_written_down_before_it_is_made_and_marked_after() -> None:
    world = World()
    answer = await world.ledger().recorder(1).change(DESTINATION, "replicas were switched off", TUNE, BACK)
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
        await ledger.recorder(0).change(DESTINATION, "", Request(method="PUT", path=f"/{number}"), undo)
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
    await ledger.recorder(1).change(DESTINATION, "made", CREATE, None)
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
        await ledger.recorder(1).change(DESTINATION, "tuned", TUNE, BACK)
    await ledger.settle()
    assert world.sent == [TUNE]


async def test_a_change_whose_answer_never_came_is_put_back() -> None:
    world = World()
    ledger = world.ledger()
    world.troubles[TUNE] = [Cause.CONNECTION]
    with pytest.raises(ProblemError):
        await ledger.recorder(1).change(DESTINATION, "tuned", TUNE, BACK)
    await ledger.settle()
    assert world.sent == [TUNE, BACK]


async def test_an_index_that_exists_already_is_a_trouble_the_first_time() -> None:
    world = World()
    world.troubles[CREATE] = [Cause.EXISTS]
    with pytest.raises(ProblemError) as caught:
        await world.ledger().recorder(1).change(DESTINATION, "made", CREATE, None)
    assert caught.value.problem.cause is Cause.EXISTS


@pytest.mark.parametrize("state", [EntryState.INTENDED, EntryState.MADE, EntryState.KEPT])
async def test_an_index_that_an_earlier_try_made_is_taken_for_made(state: EntryState) -> None:
    world = World()
    world.uuids["new"] = "one"
    ledger = world.ledger(bound(entry(1, state, made_by=CREATE), "one"))
    assert await ledger.recorder(1).change(DESTINATION, "made", CREATE, None) is None
    assert world.states.get(1, state) is EntryState.MADE
    assert world.sent == []


async def test_an_index_whose_making_nobody_saw_is_taken_for_made_where_it_is_as_it_was_wanted() -> None:
    world = World()
    world.uuids["new"], world.so[CREATE] = "one", True
    ledger = world.ledger(entry(1, EntryState.INTENDED, made_by=CREATE))
    assert await ledger.recorder(1).change(DESTINATION, "made", CREATE, None) is None
    assert [(one.state, one.index_uuid) for one in ledger.entries] == [(EntryState.MADE, "one")]
    assert world.sent == []


@pytest.mark.parametrize("so", [None, False])
async def test_an_index_that_is_not_as_it_was_wanted_is_never_taken_for_made(so: bool | None) -> None:  # noqa: FBT001  # a case
    world = World()
    world.uuids["new"] = "one"
    if so is not None:
        world.so[CREATE] = so
    with pytest.raises(ProblemError) as caught:
        await (
            world.ledger(entry(1, EntryState.INTENDED, made_by=CREATE))
            .recorder(1)
            .change(DESTINATION, "made", CREATE, None)
        )
    assert caught.value.problem.cause is Cause.EXISTS
    assert world.sent == []


async def test_an_index_is_never_made_over_one_that_was_there_before() -> None:
    world = World()
    world.uuids["new"], world.so[CREATE] = "theirs", True
    ledger = world.ledger()
    with pytest.raises(ProblemError, match="already has an index named new"):
        await ledger.recorder(1).change(DESTINATION, "made", CREATE, None)
    assert (world.sent, ledger.entries) == ([], ())


async def test_an_index_whose_making_was_sent_twice_by_something_in_between_is_its_own() -> None:
    world = World()
    world.troubles[CREATE], world.so[CREATE] = [Cause.EXISTS], True
    ledger = world.ledger()
    assert await ledger.recorder(1).change(DESTINATION, "made", CREATE, None) is None
    assert world.states == {1: EntryState.MADE}


async def test_an_index_that_somebody_has_made_anew_is_not_gone_on_with() -> None:
    world = World()
    world.uuids["new"] = "theirs"
    made = bound(entry(1, EntryState.MADE, made_by=CREATE), "ours")
    ledger = world.ledger(made)
    for change in (CREATE, TUNE):
        with pytest.raises(ProblemError, match="not the one that this run has made"):
            await ledger.recorder(1).change(DESTINATION, "made", change, None)
    assert world.sent == []
    assert ledger.entries == (made,)


async def test_an_index_that_is_gone_is_made_again_and_bound_anew() -> None:
    world = World()
    ledger = world.ledger(bound(entry(1, EntryState.MADE, made_by=CREATE), "first"))

    async def made(side: Side, request: Request) -> Any:  # noqa: ANN401  # JSON
        del side
        world.uuids["new"] = "second"
        return {"acknowledged": True, "index": request.index}

    world.make = made  # type: ignore[method-assign]  # a server that makes it
    await ledger.recorder(1).change(DESTINATION, "made", CREATE, None)
    await ledger.recorder(1).change(DESTINATION, "tuned", TUNE, BACK)
    assert [one.index_uuid for one in ledger.entries] == ["second", "second"]


async def test_a_change_is_bound_to_the_cluster_and_the_index_that_it_was_made_on() -> None:
    world = World()
    world.uuids["new"] = "one"
    ledger = world.ledger()
    await ledger.recorder(1).change(DESTINATION, "tuned", TUNE, BACK)
    assert [(one.cluster, one.index_uuid) for one in ledger.entries] == [("here", "one")]


@pytest.mark.parametrize(("now", "said"), [("theirs", "another one has its name"), ("", "no longer exists")])
async def test_an_index_that_has_the_name_of_the_changed_one_is_left_alone(now: str, said: str) -> None:
    world = World()
    world.uuids["new"] = now
    ledger = world.ledger(bound(entry(1, EntryState.MADE), "ours"))
    assert await ledger.settle() is None
    assert world.sent == []
    (left,) = ledger.entries
    assert left.state is EntryState.UNDONE
    assert said in left.trouble


async def test_what_was_changed_on_another_cluster_is_not_put_back_here_and_stays_on_the_list() -> None:
    world = World()
    world.uuids["new"] = "ours"
    ledger = world.ledger(msgspec.structs.replace(bound(entry(1, EntryState.MADE), "ours"), cluster="there"))
    problem = await ledger.settle()
    assert problem is not None
    assert problem.cause is Cause.STALE
    assert world.sent == []
    assert len(ledger.open_entries) == 1


@pytest.mark.parametrize(("so", "sent"), [(True, [BACK]), (None, [BACK]), (False, [])])
async def test_an_entry_of_an_older_journal_is_put_back_unless_it_is_seen_to_be_otherwise(
    so: bool | None,  # noqa: FBT001  # a case
    sent: list[Request],
) -> None:
    world = World()
    if so is not None:
        world.so[TUNE] = so
    ledger = world.ledger(entry(1, EntryState.MADE))
    assert await ledger.settle() is None
    assert (world.sent, ledger.open_entries) == (sent, ())


async def test_replicas_of_an_older_journal_are_given_back_as_a_number() -> None:
    world = World()
    null = Request(method="PUT", path="/new/_settings", body='{"index":{"number_of_replicas":null}}')
    ledger = world.ledger(msgspec.structs.replace(entry(1, EntryState.MADE), undo=null))
    await ledger.settle()
    assert [request.body for request in world.sent] == ['{"index":{"number_of_replicas":"1"}}']


async def test_what_stands_there_already_is_not_taken_for_made_by_an_answer_that_never_came() -> None:
    world = World()
    taken = Request(method="PUT", path="/_snapshot/backups/monday", body="{}")
    world.standing.add(taken)
    with pytest.raises(ProblemError, match="already has a snapshot named monday"):
        await world.ledger().recorder(0).change(DESTINATION, "taken", taken, Request(method="DELETE", path=taken.path))
    assert world.sent == []


@pytest.mark.parametrize(
    ("before", "after", "is_open"), [(False, True, True), (False, False, False), (True, True, False)]
)
async def test_what_a_server_has_made_before_it_refused_it_stays_on_the_list(
    before: bool,  # noqa: FBT001  # a case
    after: bool,  # noqa: FBT001  # a case
    is_open: bool,  # noqa: FBT001  # a case
) -> None:
    world = World()
    register = Request(method="PUT", path="/_snapshot/backups", body="{}")
    world.so[register] = before

    async def refused(side: Side, request: Request) -> Any:  # noqa: ANN401  # JSON
        del side
        world.so[request] = after
        raise ProblemError(Problem(cause=Cause.REFUSED, what="It cannot be read."))

    world.make = refused  # type: ignore[method-assign]  # a server that registers first, and looks then
    ledger = world.ledger()
    with pytest.raises(ProblemError, match="cannot be read"):
        await ledger.recorder(0).change(
            DESTINATION, "registered", register, Request(method="DELETE", path=register.path)
        )
    assert bool(ledger.open_entries) is is_open


async def test_an_index_that_another_task_made_is_not_taken_for_its_own() -> None:
    world = World()
    world.uuids["new"] = "one"
    ledger = world.ledger(bound(entry(1, EntryState.MADE, task=2, made_by=CREATE), "one"))
    with pytest.raises(ProblemError):
        await ledger.recorder(1).change(DESTINATION, "made", CREATE, None)


async def test_a_change_that_has_been_put_back_is_made_anew_under_a_new_number() -> None:
    world = World()
    ledger = world.ledger(entry(1, EntryState.UNDONE))
    await ledger.recorder(1).change(DESTINATION, "tuned", TUNE, BACK)
    assert world.states == {2: EntryState.MADE}


async def test_nothing_is_made_that_could_not_be_written_down() -> None:
    world = World()

    async def tell(_: Event) -> None:
        raise ProblemError(Problem(cause=Cause.DISK_FULL, what="The disk is full."))

    ledger = Ledger(world, tell, lambda: 0.0)
    for _ in range(2):
        with pytest.raises(ProblemError):
            await ledger.recorder(1).change(DESTINATION, "tuned", TUNE, BACK)
    assert world.sent == []


async def test_whatever_happens_every_sent_change_was_written_down_before() -> None:
    causes = [None, Cause.CONNECTION, Cause.EXISTS, Cause.PRIVILEGES]
    for first, second in itertools.product(causes, causes):
        world = World()
        ledger = world.ledger()
        world.troubles[TUNE] = [cause for cause in (first, second) if cause]
        for _ in range(2):
            try:
                await ledger.recorder(1).change(DESTINATION, "tuned", TUNE, BACK)
            except ProblemError:
                continue
        told = [index for index, what in enumerate(world.line) if what[0] == "told"]
        assert told[0] == 0
        await ledger.settle()
        assert ledger.open_entries == ()


def test_a_change_costs_the_same_in_a_run_of_many_tasks() -> None:
    async def whole(tasks: int) -> None:
        world = World()
        ledger = world.ledger()
        for task in range(tasks):
            recorder = ledger.recorder(task)
            for path in (f"/new-{task}", f"/new-{task}/_settings"):
                request = Request(method="PUT", path=path)
                await recorder.change(DESTINATION, "", request, request)
            assert await ledger.settle(task) is None
        assert ledger.open_entries == ()

    assert growth(lambda tasks: lambda: asyncio.run(whole(tasks)), few=30) < 4.5
