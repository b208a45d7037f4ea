"""Another cluster answers at the destination's address: after a kill, or while a run goes on. It gets nothing.

The address is a line of the test's own (`tests/broken_line.py`), which leads to another node from some moment on, and
writes down every request that has reached either.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.sandbox.nodes import NodeOptions
from tests.broken_line import Line
from tests.by_hand import performed
from tests.journeys.test_restore import SLOW, fill, snapshot
from tests.methods.copying import fill as filled
from tests.methods.copying import make, numbered, settings
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.model.event import Event
    from esmigrate_tui.model.progress import Progress
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Ended, Operator

pytestmark = pytest.mark.nodes

HERE: Final = NodeOptions(security=False)
THERE: Final = NodeOptions(security=False, settings={"cluster.name": "another"})
INDEX: Final = "ac-books"
AMOUNT: Final = 600
SLOWLY: Final = ("--pace", "25")
OF_ITS_OWN: Final = {"index": {"refresh_interval": "7s", "number_of_replicas": "0"}}
"""What the index of that name has on the other cluster, which must stay so."""


@pytest.fixture
async def here(nodes: SharedNodes) -> AsyncIterator[SandboxNode]:
    node = await nodes.get("7.17.28", HERE)
    yield node
    await emptied(node)


@pytest.fixture
async def there(nodes: SharedNodes) -> AsyncIterator[SandboxNode]:
    node = await nodes.get("7.17.28", THERE)
    async with await connected_to(node) as cluster:
        await cluster.changes.create_index(INDEX, json.dumps({"settings": OF_ITS_OWN}))
    yield node
    await emptied(node)


async def emptied(node: SandboxNode) -> None:
    async with await connected_to(node) as cluster:
        for task in (await cluster.tasks.running()).values():  # which would make its index anew
            await cluster.tasks.cancel(task)
        for index in await cluster.indices.every():
            if index.name.startswith("ac-"):
                await cluster.changes.delete_index(index.name)


async def settings_on(node: SandboxNode, index: str = INDEX) -> dict[str, str]:
    async with await connected_to(node) as cluster:
        has = await cluster.indices.settings_of(index)
    return {name: has.get(f"index.{name}", "") for name in ("refresh_interval", "number_of_replicas", "uuid")}


async def planned_copy(operator: Operator, line: Line, source: SandboxNode, method: str) -> Ended:
    """A plan that takes half a minute, for the index of a source without security."""
    async with await connected_to(source) as cluster:
        if INDEX not in await cluster.indices.existing([INDEX]):
            wanted = settings(1, refresh_interval="9s", number_of_replicas=1)
            await make(cluster, INDEX, {"settings": wanted, "mappings": {"book": {}}})
            await filled(cluster, INDEX, numbered(AMOUNT, "book"))
    sides = ("--source", source.url, "--destination", line.node.url)
    few = ("--batch", "20") if method == "copy-through-here" else ()
    return await operator.do("plan", method, *sides, "--index", INDEX, "-o", "move.toml", *SLOWLY, *few)


async def planned_files(operator: Operator, line: Line) -> Ended:
    rows = "".join(f'{{"n":{number}}}\n' for number in range(AMOUNT))
    (operator.folder / "books.ndjson").write_text(rows)
    files = ("--file", "books.ndjson", "--into", INDEX, "--batch", "20")
    return await operator.do(
        "plan", "index-from-source", "--destination", line.node.url, *files, "-o", "move.toml", *SLOWLY
    )


def has_moved(progress: Progress) -> bool:
    return any(task.done > 0 for task in progress.tasks)


async def killed_in_the_middle(operator: Operator) -> str:
    """A run of move.toml whose process was killed after its first documents; its name."""
    begun = await operator.do("run", "move.toml", "--detach")
    assert begun.code == ExitCode.DETACHED, begun.text
    run = operator.folder_of(begun.run)
    await operator.until(run, has_moved)
    await operator.kill(run)
    return begun.run


async def events_of(operator: Operator, name: str) -> list[tuple[int, Event]]:
    async with Journal.open(operator.folder_of(name).journal) as journal:
        return await journal.read(limit=10_000)


def sent_to(line: Line, node: SandboxNode) -> set[str]:
    return {asked.what for name, asked in line.asked if name == node.name}


async def assert_left_alone(
    operator: Operator, line: Line, other: SandboxNode, name: str, before: dict[str, str]
) -> None:
    """Whatever is tried with a run while another cluster answers, it ends with code 10 and nothing is sent."""
    written = await events_of(operator, name)
    for command in ("resume", "cleanup", "run"):
        ended = await operator.do(command, "move.toml" if command == "run" else name)
        assert ended.code == ExitCode.STALE, ended.text
        assert "is not the cluster that this plan was made for" in ended.text
        assert await events_of(operator, name) == written
    assert sent_to(line, other) == {"GET /"}
    assert await settings_on(other) == before


@pytest.mark.parametrize("method", ["copy-through-here", "reindex-from-remote", "files"])
async def test_a_killed_run_leaves_another_cluster_at_the_address_alone_and_goes_on_at_its_own(
    nodes: SharedNodes, operator: Operator, here: SandboxNode, there: SandboxNode, method: str
) -> None:
    before = await settings_on(there)
    async with Line(here) as line:
        if method == "files":
            made = await planned_files(operator, line)
        else:
            made = await planned_copy(operator, line, await nodes.get("5.6.16"), method)
        assert made.code == 0, made.text
        name = await killed_in_the_middle(operator)
        tuned = await settings_on(here)
        line.leads_to(there)
        await assert_left_alone(operator, line, there, name, before)
        line.leads_to(here)
        cleaned = await operator.do("cleanup", name)
    assert (tuned["refresh_interval"], tuned["number_of_replicas"]) == ("-1", "0")
    assert cleaned.code == 0, cleaned.text
    after = await settings_on(here)
    wanted = ("", "1") if method == "files" else ("9s", "1")
    assert (after["refresh_interval"], after["number_of_replicas"]) == wanted


async def test_a_killed_restore_leaves_another_cluster_at_the_address_alone(
    operator: Operator, here: SandboxNode, there: SandboxNode
) -> None:
    before = await settings_on(there)
    async with await connected_to(here) as cluster:
        place = {"type": "fs", "settings": {"location": "ac-kept"}}
        await performed(cluster, Request(method="PUT", path="/_snapshot/ac-kept", body=json.dumps(place)))
        await fill(cluster, "ac-slow", 100, {"number_of_shards": 1}, words=12_000)
        await snapshot(cluster, "ac-kept", "all", "ac-slow")
        await cluster.changes.delete_index("ac-slow")
        await performed(cluster, Request(method="DELETE", path="/_snapshot/ac-kept"))
    try:
        async with Line(here) as line:
            where = ("--destination", line.node.url, "--repository", "ac-kept", "--snapshot", "all")
            place_of = ("--register", "fs", "--repository-setting", "location=ac-kept", *SLOW, "--remove-repository")
            named = ("--index", "ac-slow", "--rename", f"ac-slow={INDEX}")
            made = await operator.do("plan", "restore-from-snapshot", *where, *place_of, *named, "-o", "move.toml")
            assert made.code == 0, made.text
            begun = await operator.do("run", "move.toml", "--detach")
            assert begun.code == ExitCode.DETACHED, begun.text
            run = operator.folder_of(begun.run)
            await operator.until(run, lambda progress: any(task.parts for task in progress.tasks))
            await operator.kill(run)
            line.leads_to(there)
            await assert_left_alone(operator, line, there, begun.run, before)
            line.leads_to(here)
            resumed = await operator.do("resume", begun.run)
    finally:
        shutil.rmtree(here.snapshots / "ac-kept", ignore_errors=True)
    assert resumed.code == 0, resumed.text


async def test_a_run_that_meets_another_cluster_on_its_way_ends_with_code_10_and_is_resumed_at_its_own(
    nodes: SharedNodes, operator: Operator, here: SandboxNode, there: SandboxNode
) -> None:
    before = await settings_on(there)
    async with Line(here) as line:
        made = await planned_copy(operator, line, await nodes.get("5.6.16"), "copy-through-here")
        assert made.code == 0, made.text
        begun = await operator.do("run", "move.toml", "--detach")
        assert begun.code == ExitCode.DETACHED, begun.text
        run = operator.folder_of(begun.run)
        await operator.until(run, has_moved)
        line.leads_to(there)
        followed = await operator.do("attach", begun.run)
        line.leads_to(here)
        told: Any = json.loads((await operator.do("status", run.run, "--json")).out)
        resumed = await operator.do("resume", run.run)
    assert followed.code == ExitCode.STALE, followed.text
    assert "is not the cluster that this plan was made for" in followed.text
    assert run.log.read_text() == ""
    assert sent_to(line, there) == {"GET /"}
    assert await settings_on(there) == before
    assert [entry["state"] for entry in told["ledger"]][-1] == "not-undone"
    assert resumed.code == 0, resumed.text
    after = await settings_on(here)
    assert (after["refresh_interval"], after["number_of_replicas"]) == ("9s", "1")
