"""A run is killed at every single write of its journal, and taken up: the end is that of a run that nobody killed."""

from __future__ import annotations

import asyncio
import collections
import itertools
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from esmigrate_tui.engine.folders import RunFolder, make_folder
from esmigrate_tui.engine.starting import newest_event_to_resume
from esmigrate_tui.model.connection import Credential, Side, SignIn
from esmigrate_tui.model.event import LedgerChanged, TaskAdvanced
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.report import gather
from tests.journeys.mortal import Order, Way
from tests.methods.copying import fill, joined, make, numbered, settings
from tests.methods.migrating import ended, of_unknown_size, planned
from tests.whole import assert_unharmed, before, planned_settings, whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.event import Event
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

ROOT: Final = Path(__file__).parents[2]
NAMES: Final = ("kw-plain", "kw-strict")
REFUSED: Final = "refused"
STRICT: Final[dict[str, Any]] = {
    "settings": {"index.number_of_shards": "1", "index.refresh_interval": "7s"},
    "mappings": {"properties": {"n": {"type": "long"}}},
}
AT_A_TIME: Final = 3
DEATHS: Final[dict[Way, int]] = {"before": -signal.SIGKILL, "after": -signal.SIGKILL, "told": 128 + signal.SIGTERM}
"""How a process dies around a write, and what it ends with."""


@dataclass(frozen=True)
class Mortals:
    """A few programs that fork a run's process when they are told to; each does one at a time."""

    free: asyncio.Queue[asyncio.subprocess.Process]
    credentials: bytes

    async def perform(self, folder: RunFolder, way: Way = "", number: int = 0) -> int:
        """Perform a run in a process of its own; how that ended."""
        program = await self.free.get()
        assert program.stdin is not None
        assert program.stdout is not None
        order = Order(str(folder.path), self.credentials, way, number)
        program.stdin.write(msgspec.json.encode(order) + b"\n")
        await program.stdin.drain()
        code = int(await program.stdout.readline())
        self.free.put_nowait(program)
        return code


@asynccontextmanager
async def mortals(source: SandboxNode, destination: SandboxNode) -> AsyncIterator[Mortals]:
    """The programs, and what they sign in with."""
    credentials = {
        side: Credential(sign_in=SignIn.PASSWORD, user=node.user, secret=node.password or "")
        for side, node in ((Side.SOURCE, source), (Side.DESTINATION, destination))
        if node.user
    }
    free: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()
    for _ in range(AT_A_TIME):
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.journeys.mortal",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        free.put_nowait(program)
    try:
        yield Mortals(free, msgspec.msgpack.encode(credentials))
    finally:
        while not free.empty():
            program = free.get_nowait()
            program.terminate()
            await program.wait()


def named(plan: Plan, prefix: str) -> Plan:
    """The plan with targets of its own."""
    tasks = (msgspec.structs.replace(task, destination_index=f"{prefix}{task.source_index}") for task in plan.tasks)
    return msgspec.structs.replace(plan, tasks=tuple(tasks))


async def end_of(plan: Plan, folder: RunFolder, prefix: str, destination: Cluster) -> dict[str, Any]:
    """All that a run came to, without its names, times and detours; its targets are deleted."""
    run = await ended(folder.path)
    targets = [task.destination_index for task in plan.tasks]
    report = gather(plan, run.progress, now=0.0)
    told = {
        "indices": [await whole(destination, target) for target in targets],
        "tasks": [
            {
                "state": row.state,
                "done": (row.done, row.total, row.refused, row.collided),
                "counts": (row.source_count, row.destination_count),
            }
            for row in run.progress.tasks
        ],
        "ledger": sorted((entry.task, entry.what, entry.state) for entry in run.progress.ledger),
        "rejects": sorted((reject["index"], reject["id"], reject["reason"]) for reject in run.rejects),
        "report": (report.outcome, report.verdict, report.how_checked, report.documents_arrived, report.refusals),
        "said": folder.log.read_text(),
    }
    for target in targets:
        await destination.changes.delete_index(target)
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(told).replace(prefix.encode(), b""))
    return found


def _task(event: Event) -> int:
    """The task that an event is about, 0 for the run as a whole."""
    number: int = event.entry.task if isinstance(event, LedgerChanged) else getattr(event, "task", 0)
    return number


async def two_indices(source: Cluster) -> None:
    """Fifty documents in each of two indices, one of which the destination refuses."""
    for name in NAMES:
        await make(source, name, {"settings": settings(1), "mappings": {"_doc": {"enabled": False}}})
        await fill(source, name, numbered(50))
    await fill(source, NAMES[1], [({"_type": "_doc", "_id": REFUSED}, b'{"n":"no number"}')])


@dataclass(frozen=True)
class Trial:
    """A plan that is performed again and again, each time with targets of its own."""

    plan: Plan
    home: Path
    destination: Cluster
    by: Mortals

    async def unbroken(self) -> tuple[range, dict[str, Any]]:
        """How many writes a run has that nobody kills, from the least to these; what it comes to.

        Events of different tasks may be written together; those of one task, but for looks, wait for each other.
        """
        run, folder = self._run("kw-whole-", "WH2E")
        assert await self.by.perform(folder) == ExitCode.INCOMPLETE
        events = (await ended(folder.path)).events
        of_tasks = collections.Counter(_task(event) for event in events if not isinstance(event, TaskAdvanced))
        del of_tasks[0]
        least = 2 + max(of_tasks.values())  # its beginning and its end
        # the first write makes the journal's tables
        return range(least + 1, len(events) + 2), await end_of(run, folder, "kw-whole-", self.destination)

    async def dying(self, way: Way, number: int) -> tuple[int, dict[str, Any]]:
        """How the process ended that dies at this write, and what the run comes to when it is taken up."""
        prefix = f"kw-{way}-{number}-"
        run, folder = self._run(prefix, f"{number:04}")
        code = await self.by.perform(folder, way, number)
        if code != ExitCode.INCOMPLETE:
            await newest_event_to_resume(folder)
            assert await self.by.perform(folder) == ExitCode.INCOMPLETE, folder.log.read_text()
        return code, await end_of(run, folder, prefix, self.destination)

    async def dying_everywhere(self, way: Way, writes: int) -> dict[int, tuple[int, dict[str, Any]]]:
        """The same for every write, until a run ends before it comes to so many."""
        found: dict[int, tuple[int, dict[str, Any]]] = {}
        numbers = itertools.count(1)

        async def one_after_another() -> None:
            while not any(code == ExitCode.INCOMPLETE and number >= writes for number, (code, _) in found.items()):
                number = next(numbers)
                found[number] = await self.dying(way, number)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_A_TIME):
                group.create_task(one_after_another())
        return found

    def _run(self, prefix: str, name: str) -> tuple[Plan, RunFolder]:
        plan = named(self.plan, prefix)
        return plan, make_folder(plan, self.home, lambda: name)


@pytest.mark.parametrize(
    ("method", "way"),
    [
        *((MethodName.COPY_THROUGH_HERE, way) for way in DEATHS),
        (MethodName.REINDEX_FROM_REMOTE, "before"),
        (MethodName.REINDEX_FROM_REMOTE, "after"),
    ],
)
async def test_a_run_that_dies_at_any_write_of_its_journal_ends_as_one_that_does_not(
    nodes: SharedNodes, tmp_path: Path, method: MethodName, way: Way
) -> None:
    old, new = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    async with joined(old, new) as (clusters, draft), mortals(old, new) as by:
        assert clusters.source is not None
        await two_indices(clusters.source)
        plan = of_unknown_size(await planned(clusters, draft.answered(method=method), *NAMES, create=STRICT))
        seen = await before(clusters, *NAMES)
        trial = Trial(plan, tmp_path, clusters.destination, by)
        writes, unbroken = await trial.unbroken()
        found = await trial.dying_everywhere(way, writes[-1])
        await assert_unharmed(seen, clusters)
    assert [index["settings"] for index in unbroken["indices"]] == [planned_settings(task) for task in plan.tasks]
    assert [task["state"] for task in unbroken["tasks"]] == ["verified", "set-aside"]
    assert [reject[1] for reject in unbroken["rejects"]] == [REFUSED]
    assert sum(code == DEATHS[way] for code, _ in found.values()) >= writes[0] - 1
    for number, (_, end) in sorted(found.items()):
        assert end == unbroken, f"dying {way} write {number}"
