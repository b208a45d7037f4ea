"""Changes before a run: in a journal before they are made, listed with the runs, put back, never taken up."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from esmigrate_tui.engine import lock
from esmigrate_tui.engine.changes import make_change
from esmigrate_tui.engine.cleanup import settle_run
from esmigrate_tui.engine.folders import find_run
from esmigrate_tui.engine.holding import RunHeldError
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.listing import summary
from esmigrate_tui.engine.starting import resume_run
from esmigrate_tui.model.connection import Connection, Endpoint, Side
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.ledger import EntryState, PlannedChange, Request
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.engine.tiny import Notepad, plan_of, trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.engine.same_clusters import OpenClusters
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.model.progress import Progress

REGISTER: Final = Request(method="PUT", path="/_snapshot/old", body='{"type":"fs","settings":{"location":"/there"}}')
UNREGISTER: Final = Request(method="DELETE", path="/_snapshot/old")
TAKE: Final = Request(method="PUT", path="/_snapshot/old/new", body='{"indices":"orders"}')
CHANGE: Final = PlannedChange(
    side=Side.DESTINATION, what="repository old was registered", made_by=REGISTER, undo=UNREGISTER
)
STAYS: Final = PlannedChange(side=Side.DESTINATION, what="snapshot new was taken", made_by=TAKE)


class World:
    """Folders below a home, and a cluster that writes down what it is sent."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.notepad = Notepad()
        self._names = (f"AAA{letter}" for letter in "ABCDEFGH")
        self._times = itertools.count(1)

    def opening(self) -> OpenClusters:
        @contextlib.asynccontextmanager
        async def opened(plan: Plan, credentials: Mapping[Side, Credential]) -> AsyncIterator[Clusters]:
            assert not plan.tasks
            assert credentials == {}
            yield self.notepad.as_clusters()

        return opened

    async def make(self, change: PlannedChange = CHANGE, folder: str = "", plan: Plan | None = None) -> str:
        return await make_change(
            plan or plan_of(1),
            {},
            change,
            home=self.home,
            new_id=lambda: next(self._names),
            folder=folder,
            open_clusters=self.opening(),
            clock=lambda: float(next(self._times)),
        )

    async def progress(self, name: str) -> Progress:
        async with Journal.open(find_run(name, self.home).journal) as journal:
            return await journal.progress()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_change_is_in_the_journal_before_it_is_sent(world: World) -> None:
    seen: list[EntryState] = []

    class Looking(Notepad):
        async def make(self, request: Request) -> object:
            seen.extend(entry.state for entry in (await world.progress("AAAA")).ledger)
            return await super().make(request)

    world.notepad = Looking()
    assert await world.make() == "AAAA"
    assert seen == [EntryState.INTENDED]
    assert world.notepad.sent == [REGISTER]


async def test_what_was_changed_before_a_run_ended_well_and_waits_to_be_put_back(world: World) -> None:
    progress = await world.progress(await world.make())
    assert progress.outcome is RunOutcome.CHANGED
    assert progress.exit_code() is ExitCode.DONE
    assert progress.is_of_changes
    assert [entry.what for entry in progress.open_ledger] == [CHANGE.what]


async def test_a_refused_change_was_never_made_and_raises_its_trouble(world: World) -> None:
    world.notepad.troubles[REGISTER] = [trouble(Cause.REFUSED, "The path is outside of path.repo.")]
    with pytest.raises(ProblemError, match=r"outside of path\.repo"):
        await world.make()
    progress = await world.progress("AAAA")
    assert [(entry.state, entry.trouble) for entry in progress.ledger] == [
        (EntryState.UNDONE, "It was never made: The path is outside of path.repo.")
    ]
    assert progress.problem is not None
    assert (await summary(find_run("AAAA", world.home))).open_entries == 0


async def test_a_change_whose_answer_was_lost_may_have_been_made_and_stays_on_the_list(world: World) -> None:
    world.notepad.troubles[REGISTER] = [trouble(Cause.UNKNOWN_OUTCOME)]
    with pytest.raises(ProblemError):
        await world.make()
    assert (await summary(find_run("AAAA", world.home))).open_entries == 1


async def test_a_change_that_is_cut_short_is_still_on_the_list(world: World) -> None:
    class Silent(Notepad):
        async def make(self, request: Request) -> object:
            self.sent.append(request)
            return await asyncio.Event().wait()

    world.notepad = Silent()
    making = asyncio.ensure_future(world.make())
    while not world.notepad.sent:  # noqa: ASYNC110  # a list has no event
        await asyncio.sleep(0.01)
    making.cancel()
    await asyncio.wait({making})
    left = await summary(find_run("AAAA", world.home))
    assert left.is_of_changes
    assert not left.is_live
    assert left.open_entries == 1


async def test_several_changes_go_into_one_folder_and_are_put_back_last_first(world: World) -> None:
    other = msgspec.structs.replace(
        CHANGE,
        made_by=msgspec.structs.replace(REGISTER, path="/_snapshot/other"),
        undo=msgspec.structs.replace(UNREGISTER, path="/_snapshot/other"),
    )
    name = await world.make()
    assert await world.make(other, folder=name) == name
    assert await world.make(STAYS, folder=name) == name
    world.notepad.sent.clear()
    assert await settle_run(find_run(name, world.home), {}, open_clusters=world.opening()) == ()
    assert [request.path for request in world.notepad.sent] == ["/_snapshot/other", "/_snapshot/old"]
    left = await summary(find_run(name, world.home))
    assert left.is_of_changes
    assert left.open_entries == 0


async def test_a_change_to_other_clusters_gets_a_folder_of_its_own(world: World) -> None:
    name = await world.make()
    elsewhere = Connection(endpoint=Endpoint(scheme="http", host="elsewhere", port=9200))
    other = msgspec.structs.replace(plan_of(1), destination=elsewhere)
    assert await world.make(folder=name, plan=other) == "AAAB"


async def test_a_run_gets_no_change_that_is_not_its_own(world: World) -> None:
    folder = world.home / "RRRR"
    folder.mkdir()
    (folder / "plan.toml").write_text(plan_of(1).to_toml())
    with pytest.raises(ProblemError) as caught:
        await world.make(folder="RRRR")
    assert caught.value.problem.cause is Cause.USAGE
    assert world.notepad.sent == []


async def test_a_folder_that_another_process_holds_is_left_alone(world: World) -> None:
    name = await world.make()
    world.notepad.sent.clear()
    held = lock.hold(find_run(name, world.home).lock)
    assert held is not None
    try:
        with pytest.raises(RunHeldError):
            await world.make(STAYS, folder=name)
    finally:
        lock.release(held)
    assert world.notepad.sent == []


async def test_changes_before_a_run_cannot_be_taken_up(world: World) -> None:
    name = await world.make()
    assert not (await summary(find_run(name, world.home))).can_be_resumed
    with pytest.raises(ProblemError) as caught:
        await resume_run(name, {}, home=world.home)
    assert caught.value.problem.what == "AAAA is not a run: it holds changes that were made before one."
    assert "esmigrate cleanup AAAA" in caught.value.problem.todo


async def test_changes_whose_journal_was_emptied_are_damaged_and_not_forgotten(world: World) -> None:
    name = await world.make(CHANGE)
    folder = find_run(name, world.home)
    folder.journal.write_bytes(b"")
    seen = await summary(folder)
    assert seen.problem is not None
    assert "is empty" in seen.problem.what
    assert "reverted by hand" in seen.problem.todo
    with pytest.raises(ProblemError):
        await world.make(CHANGE, folder=name)
