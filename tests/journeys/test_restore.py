"""Restores by command on real nodes: across each major version, and every way in which one can go wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import re
import shutil
import socket
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.progress import TaskState
from esmigrate_tui.sandbox.nodes import stop
from tests.by_hand import performed
from tests.fixtures_nodes import in_own_loop
from tests.journeys.conftest import unharmed, with_user
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.progress import Progress
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Operator
    from tests.journeys.terminal import Terminal

    Opening = Callable[[SandboxNode], Awaitable[Cluster]]

pytestmark = pytest.mark.nodes

OLD: Final = {"rs-orders": 300, "rs-logs-1": 120, "rs-logs-2": 80}
"""Indices and their documents on every source."""

SLOW: Final = ("--repository-setting", "max_restore_bytes_per_sec=150kb")
"""What makes the restore of rs-slow, of 1.5 MB, last for ten seconds."""

HANGS: Final = "index.routing.allocation.require.box"


@dataclass
class Kept:
    """A repository that a source has, with its snapshots; `taken` keeps what a destination has got from it."""

    source: SandboxNode
    name: str
    location: str
    destinations: list[SandboxNode] = field(default_factory=list)

    @property
    def register(self) -> tuple[str, ...]:
        """The options that register it on a destination."""
        return ("--register", "fs", "--repository-setting", f"location={self.location}")


async def ask(cluster: Cluster, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
    """One request; its answer."""
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    return await performed(cluster, Request(method=method, path=path, body=text))


async def fill(cluster: Cluster, name: str, documents: int, settings: dict[str, Any], *, words: int = 0) -> None:
    """An index with so many documents, each with a text of random `words` bytes, which nothing compresses."""
    version = await cluster.wire.version()
    await ask(cluster, "PUT", f"/{name}", {"settings": {"number_of_replicas": 0, **settings}})
    chance = random.Random(name)  # noqa: S311  # the same documents every time
    target = {"_index": name} | ({"_type": "_doc"} if version.major < 7 else {})
    for first in range(0, documents, 100):
        lines: list[str] = []
        for at in range(first, min(documents, first + 100)):
            lines.append(json.dumps({"index": target | {"_id": f"{at}"}}))
            text = base64.b64encode(chance.randbytes(words)).decode()
            lines.append('{"n":%d, "price":1.10, "text":"%s"}' % (at, text))  # noqa: UP031  # the spaces are part of it
        await ask(cluster, "POST", "/_bulk?refresh=true", "\n".join(lines) + "\n")


async def snapshot(cluster: Cluster, repository: str, name: str, indices: str, *, partial: bool = False) -> None:
    """Take one and wait for its end."""
    body = {"indices": indices, "include_global_state": False, "partial": partial}
    await ask(cluster, "PUT", f"/_snapshot/{repository}/{name}?wait_for_completion=true", body)


async def prepared(node: SandboxNode, kept: Kept) -> None:
    """The source's indices, and the snapshot `all` of them."""
    async with await connected_to(node) as cluster:
        await ask(cluster, "PUT", f"/_snapshot/{kept.name}", {"type": "fs", "settings": {"location": kept.location}})
        for name, documents in OLD.items():
            await fill(cluster, name, documents, {"number_of_shards": 2})
        await ask(cluster, "PUT", "/rs-orders/_alias/rs-current", None)
        await snapshot(cluster, kept.name, "all", "rs-orders,rs-logs-1,rs-logs-2")


async def removed(kept: Kept) -> None:
    """Nothing of these tests stays on a shared node."""
    for node in (kept.source, *kept.destinations):
        async with await connected_to(node) as cluster:
            for index in await cluster.indices.every():
                if index.name.startswith("rs-"):
                    await cluster.changes.delete_index(index.name)
            if kept.name in {one.name for one in await cluster.snapshots.repositories()}:
                await ask(cluster, "DELETE", f"/_snapshot/{kept.name}")


def _kept(nodes: SharedNodes, version: str) -> Kept:
    node = nodes.get_now(version)
    name = f"rs-{version.replace('.', '-')}-{uuid.uuid4().hex[:6]}"
    kept = Kept(node, name, name)
    in_own_loop(prepared(node, kept))
    return kept


@pytest.fixture(scope="module")
def six(nodes: SharedNodes) -> Iterator[Kept]:
    """A repository of a 6.8.23 that is stopped: whatever is restored from it is restored without a source."""
    node = nodes.fresh_now("6.8.23")
    kept = Kept(node, f"rs-6-{uuid.uuid4().hex[:6]}", f"rs-6-{uuid.uuid4().hex[:6]}")
    in_own_loop(prepared(node, kept))
    in_own_loop(stop(node))
    yield kept
    shutil.rmtree(node.snapshots / kept.location, ignore_errors=True)


@pytest.fixture(scope="module")
def seven(nodes: SharedNodes) -> Iterator[Kept]:
    """A repository of the shared 7.17.28."""
    kept = _kept(nodes, "7.17.28")
    yield kept
    in_own_loop(removed(kept))
    shutil.rmtree(kept.source.snapshots / kept.location, ignore_errors=True)


@pytest.fixture(scope="module")
def eight(nodes: SharedNodes) -> Iterator[Kept]:
    """A repository of the shared 8.19.3."""
    kept = _kept(nodes, "8.19.3")
    yield kept
    in_own_loop(removed(kept))
    shutil.rmtree(kept.source.snapshots / kept.location, ignore_errors=True)


async def clear(cluster: Cluster, *prefixes: str) -> None:
    """Delete what earlier tests have restored."""
    for index in await cluster.indices.every():
        if index.name.startswith(prefixes or ("rs-",)):
            await cluster.changes.delete_index(index.name)


async def counts(cluster: Cluster, *names: str) -> list[int]:
    return [await cluster.searches.count(name) for name in names]


# -- from each major version into the next -----------------------------------------------------------------------------


async def test_6_to_7_without_any_source(operator: Operator, six: Kept, nodes: SharedNodes, opened: Opening) -> None:
    destination = await nodes.get("7.17.28")
    async with await opened(destination) as cluster:
        await clear(cluster)
        planned = await operator.plan_restore(destination, six.name, *six.register, "--index", "rs-*")
        checked = await operator.do("check", "restore.toml")
        done = await operator.do("run", "restore.toml")
        told = await operator.do("report", done.run, "--format", "json")
        found = await counts(cluster, *OLD)
        first = await ask(cluster, "GET", "/rs-orders/_doc/7/_source")
        aliases = await ask(cluster, "GET", "/_alias/rs-current")
        listed = await operator.do("status")
        folder = planned.err.partition("esmigrate cleanup ")[2][:4]
        cleaned = await operator.do("cleanup", folder)
        left = [one.name for one in await cluster.snapshots.repositories()]
        await clear(cluster)
    report = json.loads(told.out)
    assert planned.code == 0, planned.text
    assert "read-only" in planned.err
    assert checked.code == 0, checked.text
    assert done.code == 0, done.text
    assert re.search(r"ok  rs-orders: verified: all of 2 shards, 300 documents", done.out)
    assert found == [*OLD.values()]
    assert first == {"n": 7, "price": 1.10, "text": ""}
    assert [*aliases] == ["rs-orders"]
    assert report["is_verified"] is True
    assert report["source"] is None
    assert "cannot be known without the source" in report["how_checked"]
    assert f"{folder}   1 change made before a run, not reverted" in listed.out
    assert cleaned.code == 0, cleaned.text
    assert six.name not in left


async def test_6_to_8_is_refused_before_anything_is_written_and_what_would_work_is_named(
    operator: Operator, six: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("8.19.3")
    planned = await operator.plan_restore(destination, six.name, *six.register, "--index", "rs-orders")
    assert planned.code == 0, planned.text
    checked = await operator.do("check", "restore.toml")
    refused = await operator.do("run", "restore.toml")
    folder = planned.err.partition("esmigrate cleanup ")[2][:4]
    await operator.do("cleanup", folder)
    runs = [path.name for path in (operator.folder / "state" / "runs").iterdir()]
    async with await opened(destination) as cluster:
        indices = [index.name for index in await cluster.indices.every()]
    assert checked.code == 6, checked.text
    assert refused.code == 6, refused.text
    assert "8.19.3 cannot restore rs-orders" in checked.out
    assert "copy them through this machine" in checked.out
    assert runs == [folder]
    assert "rs-orders" not in indices


async def test_7_to_8_with_the_source_renamed_by_pattern_and_with_other_replicas(
    operator: Operator, seven: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("8.19.3")
    operator.knows(seven.source, destination)
    options = ("--source", with_user(seven.source), "--register-from-source", "--index", "rs-logs-*")
    wishes = ("--rename-pattern", "^rs-(.+)$", "--rename-replacement", "rs-new-$1", "--set", "number_of_replicas=1")
    planned = await operator.plan_restore(destination, seven.name, *options, *wishes, "--remove-repository")
    done = await operator.do("run", "restore.toml")
    told = await operator.do("report", done.run, "--format", "json")
    async with await opened(destination) as cluster:
        found = await counts(cluster, "rs-new-logs-1", "rs-new-logs-2")
        settings = await cluster.indices.settings_of("rs-new-logs-1")
        left = [one.name for one in await cluster.snapshots.repositories()]
        await clear(cluster)
    report = json.loads(told.out)
    assert planned.code == 0, planned.text
    assert "rs-logs-1 → rs-new-logs-1" in planned.err
    assert done.code == 0, done.text
    assert "120 = 120 documents" in done.out
    assert found == [120, 80]
    assert settings["index.number_of_replicas"] == "1"
    assert report["is_verified"] is True
    assert "counted on both sides in 2: equal in 2" in report["how_checked"]
    assert "sampled documents are equal on both sides" in report["how_checked"]
    assert seven.name not in left


async def test_8_to_9_from_a_snapshot_that_the_command_has_taken(
    operator: Operator, eight: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("9.5.0")
    operator.knows(eight.source, destination)
    where = ("--source", with_user(eight.source), "--repository", eight.name)
    named = ("--name", "by-command", "--index", "rs-*", "--exclude", "rs-orders")
    taken = await operator.do("snapshot", *where, *named, "--wait")
    listed = await operator.do("snapshots", *where)
    known = await operator.do("snapshots", "--source", with_user(eight.source), "--json")
    planned = await operator.plan_restore(destination, eight.name, *eight.register, "--index", "*")
    done = await operator.do("run", "restore.toml")
    async with await opened(destination) as cluster:
        found = await counts(cluster, "rs-logs-1", "rs-logs-2")
        await clear(cluster)
        await ask(cluster, "DELETE", f"/_snapshot/{eight.name}")
    assert taken.code == 0, taken.text
    assert "SUCCESS" in taken.out
    assert listed.out.splitlines()[0].endswith("by-command")
    assert len(listed.out.splitlines()) == 2
    assert eight.name in [json.loads(line)["name"] for line in known.out.splitlines()]
    assert "From by-command" in planned.err
    assert "2 indices in the plan" in planned.err
    assert done.code == 0, done.text
    assert found == [120, 80]


# -- what stands in the way --------------------------------------------------------------------------------------------


async def test_an_index_in_the_way_is_deleted_only_by_its_name_and_with_the_destination_s(
    operator: Operator, seven: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("8.19.3")
    async with await opened(destination) as cluster:
        await clear(cluster)
        name = (await cluster.probe()).name
        await fill(cluster, "rs-orders", 3, {})
        options = (*seven.register, "--index", "rs-orders")
        refused = await operator.plan_restore(destination, seven.name, *options)
        idle = await operator.plan_restore(destination, seven.name, *options, "--delete", "rs-other")
        planned = await operator.plan_restore(destination, seven.name, *options, "--delete", "rs-orders")
        unconfirmed = await operator.do("run", "restore.toml")
        still = await cluster.searches.count("rs-orders")
        done = await operator.do("run", "restore.toml", "--confirm", name)
        found = await cluster.searches.count("rs-orders")
        await clear(cluster)
    assert refused.code == 6, refused.text
    assert idle.code == 6, idle.text
    assert planned.code == 0, planned.text
    assert unconfirmed.code == 2, unconfirmed.text
    assert "Deleted on the destination: rs-orders" in unconfirmed.err
    assert f"--confirm {name}" in unconfirmed.err
    assert still == 3
    assert done.code == 0, done.text
    assert found == 300


async def test_a_setting_that_would_keep_every_shard_from_starting_is_left_out(
    operator: Operator, seven: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("8.19.3")
    async with await opened(seven.source) as cluster:
        await fill(cluster, "rs-boxed", 10, {"number_of_shards": 1})
        await ask(cluster, "PUT", "/rs-boxed/_settings", {HANGS: "hot"})
        await snapshot(cluster, seven.name, "boxed", "rs-boxed")
    operator.knows(seven.source, destination)
    options = (*seven.register, "--index", "rs-boxed")
    sides = ("--source", with_user(seven.source))
    await operator.plan_restore(destination, seven.name, *options, *sides, snapshot="boxed")
    blocked = await operator.do("check", "restore.toml")
    await operator.plan_restore(destination, seven.name, *options, snapshot="boxed")
    hanging = await operator.do("run", "restore.toml", "--detach")
    run = operator.folder_of(hanging.run)
    await operator.until(run, lambda progress: any(task.held_by for task in progress.tasks))
    held = await operator.do("status", hanging.run)
    await operator.do("stop", hanging.run, "--yes")
    await operator.until(run, lambda progress: progress.is_finished)
    without = await operator.plan_restore(
        destination, seven.name, *options, "--ignore-setting", "routing.allocation.require.box", snapshot="boxed"
    )
    done = await operator.do("run", "restore.toml")
    async with await opened(destination) as cluster:
        found = await cluster.searches.count("rs-boxed")
        settings = await cluster.indices.settings_of("rs-boxed")
        await clear(cluster)
    assert blocked.code == 6, blocked.text
    assert f"{HANGS}" in blocked.out
    assert "box" in held.out
    assert without.code == 0, without.text
    assert done.code == 0, done.text
    assert found == 10
    assert HANGS not in settings


async def test_a_partial_snapshot_is_restored_only_when_asked_for_and_never_called_whole(
    operator: Operator, seven: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("8.19.3")
    async with await opened(seven.source) as cluster:
        # one of its two shards finds no node
        one = {"number_of_shards": 2, "index.routing.allocation.total_shards_per_node": 1}
        body = {"settings": {"number_of_replicas": 0, **one}}
        await ask(cluster, "PUT", "/rs-torn?wait_for_active_shards=0", body)
        await snapshot(cluster, seven.name, "torn", "rs-torn,rs-logs-1", partial=True)
    options = (*seven.register, "--ignore-setting", "routing.allocation.total_shards_per_node", "--index", "rs-*")
    refused = await operator.plan_restore(destination, seven.name, *options, snapshot="torn")
    newest = await operator.plan_restore(destination, seven.name, *options, "--exclude", "rs-*orn")
    planned = await operator.plan_restore(destination, seven.name, *options, "--partial", snapshot="torn")
    done = await operator.do("run", "restore.toml")
    async with await opened(destination) as cluster:
        found = await cluster.searches.count("rs-logs-1")
        await clear(cluster)
    assert refused.code == 6, refused.text
    assert "1 shard of rs-torn is not in the snapshot" in refused.err
    assert "From torn" not in newest.err
    assert planned.code == 0, planned.text
    assert done.code == 7, done.text
    assert "1/2" in done.out
    assert found == 120


async def test_a_feature_state_replaces_what_is_there_only_with_the_destination_s_name(
    operator: Operator, seven: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("8.19.3")
    operator.knows(seven.source, destination)
    async with await opened(seven.source) as cluster:
        body = {"source": {"index": "rs-logs-1"}, "dest": {"index": "rs-again"}}
        await cluster.tasks.start(body, opaque_id="rs", requests_per_second=0)
        while not await cluster.indices.existing([".tasks"]):  # noqa: ASYNC110  # the server makes it, for the task's result
            await asyncio.sleep(0.1)
    where = ("--source", with_user(seven.source), "--repository", seven.name, "--name", "features")
    taken = await operator.do("snapshot", *where, "--feature-state", "tasks", "--global-state", "--wait")
    again = await operator.do("snapshot", *where, "--feature-state", "tasks", "--global-state", "--wait")
    planned = await operator.plan_restore(
        destination, seven.name, *seven.register, "--feature-state", "tasks", snapshot="features"
    )
    unconfirmed = await operator.do("run", "restore.toml")
    async with await opened(destination) as cluster:
        name = (await cluster.probe()).name
    accepted = ("--accept", "feature-states-lock-out")
    done = await operator.do("run", "restore.toml", "--confirm", name, *accepted)
    assert taken.code == 0, taken.text
    assert again.code == 6, again.text
    assert "The source already has a snapshot named features" in again.err
    assert planned.code == 0, planned.text
    assert "feature state tasks" in planned.err
    assert unconfirmed.code == 2, unconfirmed.text
    assert "state of the feature tasks is replaced" in unconfirmed.err
    assert done.code == 0, done.text
    assert "ok  tasks: verified" in done.out


async def test_names_are_checked_though_nobody_can_look_into_the_repository_any_more(
    operator: Operator, seven: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("8.19.3")
    async with await opened(destination) as cluster:
        await clear(cluster)
        if seven.name in {one.name for one in await cluster.snapshots.repositories()}:
            await ask(cluster, "DELETE", f"/_snapshot/{seven.name}")
        planned = await operator.plan_restore(
            destination, seven.name, *seven.register, "--index", "rs-logs-2", snapshot="all"
        )
        await operator.do("cleanup", planned.err.partition("esmigrate cleanup ")[2][:4])
        free = await operator.do("check", "restore.toml")
        await fill(cluster, "rs-logs-2", 1, {})
        taken = await operator.do("run", "restore.toml", "--accept", "open-indices-in-the-way")
        await clear(cluster)
    assert free.code == 0, free.text
    assert "The run registers the repository" in free.out
    assert taken.code == 6, taken.text


async def test_a_plan_for_a_snapshot_that_is_gone_or_was_replaced_is_stale(
    operator: Operator, seven: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("8.19.3")
    async with await opened(seven.source) as cluster:
        await snapshot(cluster, seven.name, "twin", "rs-logs-2")
        planned = await operator.plan_restore(
            destination, seven.name, *seven.register, "--index", "rs-logs-2", snapshot="twin"
        )
        await ask(cluster, "DELETE", f"/_snapshot/{seven.name}/twin")
        gone = await operator.do("check", "restore.toml")
        await snapshot(cluster, seven.name, "twin", "rs-logs-2")
    checked = await operator.do("check", "restore.toml")
    assert planned.code == 0, planned.text
    assert gone.code == 10, gone.text
    assert "The snapshot twin is no longer in" in gone.err
    assert checked.code == 10, checked.text
    assert "not the one that this plan was made for" in checked.err


async def test_a_source_that_does_not_answer_is_planned_without(
    operator: Operator, seven: Kept, nodes: SharedNodes, opened: Opening
) -> None:
    destination = await nodes.get("8.19.3")
    operator.environ["ESMIGRATE_SOURCE_PASSWORD"] = "whatever"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = f"http://elastic@127.0.0.1:{free.getsockname()[1]}"
    options = ("--source", away, "--index", "rs-logs-2", "--rename", "rs-logs-2=rs-alone")
    planned = await operator.plan_restore(destination, seven.name, *seven.register, *options, snapshot="all")
    done = await operator.do("run", "restore.toml", "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    async with await opened(destination) as cluster:
        await clear(cluster)
    assert planned.code == 0, planned.text
    assert "planned without it" in planned.err
    assert done.code == 0, done.text
    assert events[-1]["type"] == "run-finished"
    assert [event["shards"]["arrived"] for event in events if event["type"] == "task-finished"] == [2]


# -- while it is going on ----------------------------------------------------------------------------------------------


def is_going_on(progress: Progress) -> bool:
    """Whether something is half there."""
    return any(task.state is TaskState.MOVING and 0 < task.done < (task.expected or 0) for task in progress.tasks)


@pytest.fixture(scope="module")
def slow(seven: Kept) -> Kept:
    """The same repository with a snapshot `slow` of a larger index and a small one."""

    async def made() -> None:
        async with await connected_to(seven.source) as cluster:
            await fill(cluster, "rs-slow", 200, {"number_of_shards": 1}, words=6_000)
            await snapshot(cluster, seven.name, "slow", "rs-slow,rs-logs-2")

    in_own_loop(made())
    return seven


async def begun(operator: Operator, kept: Kept, destination: SandboxNode, *more: str) -> str:
    """A restore of rs-slow that is half done; the run's name."""
    options = (*kept.register, *SLOW, "--index", "rs-slow", *more)
    planned = await operator.plan_restore(destination, kept.name, *options, snapshot="slow")
    assert planned.code == 0, planned.text
    started = await operator.do("run", "restore.toml", "--detach")
    assert started.code == 20, started.text
    await operator.until(operator.folder_of(started.run), is_going_on)
    return started.run


@pytest.fixture
async def fresh_8(nodes: SharedNodes, slow: Kept, opened: Opening) -> SandboxNode:
    """The shared 8.19.3 without that repository, so that it can be registered slowly, and without its indices."""
    node = await nodes.get("8.19.3")
    async with await opened(node) as cluster:
        await clear(cluster)
        if slow.name in {one.name for one in await cluster.snapshots.repositories()}:
            await ask(cluster, "DELETE", f"/_snapshot/{slow.name}")
    return node


async def test_a_run_that_was_killed_is_taken_up_and_finds_its_restore_again(
    operator: Operator, slow: Kept, fresh_8: SandboxNode, opened: Opening
) -> None:
    sides = (operator.folder / "restore.toml", slow.source, fresh_8)
    async with unharmed(*sides, "rs-slow", restored={"rs-slow": "rs-slow"}), await opened(fresh_8) as cluster:
        run = await begun(operator, slow, fresh_8)
        before = (await cluster.snapshots.recoveries(["rs-slow"]))["rs-slow"].uuid
        await operator.kill(operator.folder_of(run))
        status = await operator.do("status", run)
        resumed = await operator.do("resume", run)
        after = (await cluster.snapshots.recoveries(["rs-slow"]))["rs-slow"].uuid
        found = await cluster.searches.count("rs-slow")
    assert "interrupted" in status.out
    assert resumed.code == 0, resumed.text
    assert after == before
    assert found == 200


async def test_a_wizard_that_is_killed_amid_a_restore_is_attached_again(
    operator: Operator, slow: Kept, fresh_8: SandboxNode, terminal: Callable[..., Terminal], opened: Opening
) -> None:
    run = await begun(operator, slow, fresh_8)
    screen = terminal("attach", run)
    await screen.until(r"rs-slow +moving")
    screen.kill()
    again = terminal("attach", run)
    await again.until("Everything arrived, and it was checked", seconds=120)
    await again.type("q")
    code = await again.ended()
    async with await opened(fresh_8) as cluster:
        found = await cluster.searches.count("rs-slow")
    assert code == 0
    assert found == 200


async def test_stopping_says_what_it_deletes_and_leaves_nothing_half_restored(
    operator: Operator, slow: Kept, fresh_8: SandboxNode, opened: Opening
) -> None:
    async with unharmed(operator.folder / "restore.toml", slow.source, fresh_8, "rs-slow"):
        run = await begun(operator, slow, fresh_8)
        unagreed = await operator.do("stop", run)
        paced = await operator.do("pace", run, "10")
        paused = await operator.do("pause", run)
        stopped = await operator.do("stop", run, "--yes")
        watched = await operator.do("attach", run, "--plain")
    async with await opened(fresh_8) as cluster:
        indices = [index.name for index in await cluster.indices.every()]
    assert unagreed.code == 2, unagreed.text
    assert "rs-slow will be deleted" in unagreed.out
    assert paced.code == 2, paced.text
    assert "a restore cannot be held" in paused.out
    assert stopped.code == 0, stopped.text
    assert watched.code == 3, watched.text
    assert "What was only partially restored was deleted." in " ".join(watched.out.split())
    assert "rs-slow" not in indices


async def test_files_of_the_repository_that_vanish_meanwhile_are_never_called_success(
    operator: Operator, slow: Kept, fresh_8: SandboxNode, opened: Opening
) -> None:
    copy = f"{slow.location}-copy"
    there = slow.source.snapshots
    shutil.copytree(there / slow.location, there / copy, copy_function=_with_owner)
    _give(there / copy, there / slow.location)
    try:
        kept = Kept(slow.source, slow.name, copy)
        run = await begun(operator, kept, fresh_8)
        shutil.rmtree(there / copy)
        watched = await operator.do("attach", run, "--plain", seconds=200)
    finally:
        shutil.rmtree(there / copy, ignore_errors=True)
        async with await opened(fresh_8) as cluster:
            await clear(cluster)
    assert watched.code in {3, 7}, watched.text
    assert "Everything arrived" not in watched.out
    assert re.search(r"rs-slow: .*(shard|repository|file)", watched.out)


def _with_owner(source: str, target: str) -> str:
    """Copy a file for the user that the nodes run as."""
    shutil.copy2(source, target)
    owner = os.stat(source)  # noqa: PTH116  # as copytree hands it over
    os.chown(target, owner.st_uid, owner.st_gid)
    return target


def _give(folder: Any, like: Any) -> None:  # noqa: ANN401  # paths
    owner = like.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
