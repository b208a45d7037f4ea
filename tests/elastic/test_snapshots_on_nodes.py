"""The wire's contract of repositories, snapshots and restores, on a real node of every version."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.elastic.snapshots import (
    RestoreProgress,
    create_snapshot_request,
    delete_snapshot_request,
    register_request,
    restore_path,
    unregister_request,
)
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import Repository, SnapshotState
from tests.by_hand import performed
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

VERSIONS = ("2.4.6", "5.6.16", "6.8.23", "7.17.28", "8.19.3", "9.5.0")
PLACE = f"snw-place-{os.getpid()}"  # nodes of another run of these tests share the folder
NAMES = ("snw-a", "snw-b")


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def node(nodes: SharedNodes, version: str) -> SandboxNode:
    return await nodes.get(version)


@pytest.fixture
def repository(version: str) -> Repository:
    return Repository(name="snw", type="fs", settings={"location": f"{PLACE}-{version}"})


@pytest.fixture
async def cluster(node: SandboxNode, repository: Repository) -> AsyncIterator[Cluster]:
    async with await connected_to(node) as connected:
        yield connected
        for index in await connected.indices.every():
            if index.name.startswith("snw-"):
                await connected.changes.delete_index(index.name)
        for registered in await connected.snapshots.repositories():
            if registered.name.startswith("snw"):
                await performed(connected, unregister_request(registered.name))
        shutil.rmtree(node.snapshots / repository.settings["location"], ignore_errors=True)


@pytest.fixture
async def taken(cluster: Cluster, repository: Repository, version: str) -> Cluster:
    """The cluster with a finished snapshot "s" of two indices, three documents in the first."""
    for name in NAMES:
        await cluster.changes.create_index(name, '{"settings":{"number_of_shards":2,"number_of_replicas":0}}')
    of_type = {} if int(version[0]) >= 7 else {"_type": "_doc" if version[0] == "6" else "doc"}
    lines = [f'{json.dumps({"index": {"_index": "snw-a", "_id": str(one), **of_type}})}\n{{"a":1}}\n' for one in "123"]
    await performed(cluster, Request(method="POST", path="/_bulk", body="".join(lines)))
    await cluster.searches.refresh("snw-a")
    await performed(cluster, register_request(repository))
    await take(cluster, "s", *NAMES)
    return cluster


async def take(cluster: Cluster, name: str, *indices: str) -> None:
    knows = await cluster.wire.version() >= Version(7, 12)
    await performed(cluster, create_snapshot_request("snw", name, indices, knows_features=knows))
    for _ in range(200):
        if (await cluster.snapshots.taking("snw", name)).state is not SnapshotState.IN_PROGRESS:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(name)


async def restored(cluster: Cluster, name: str) -> RestoreProgress:
    for _ in range(200):
        found = (await cluster.snapshots.recoveries([name])).get(name)
        if found is not None and found.is_complete:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(name)


def renaming(index: str, to: str) -> Request:
    body = {"indices": index, "rename_pattern": f"^{index}$", "rename_replacement": to, "include_global_state": False}
    return Request(method="POST", path=restore_path("snw", "s"), body=json.dumps(body))


async def test_a_repository_is_listed_as_it_was_registered(cluster: Cluster, repository: Repository) -> None:
    await performed(cluster, register_request(repository.registered(readonly=False)))
    (found,) = [one for one in await cluster.snapshots.repositories() if one.name == "snw"]
    assert (found.type, found.settings, found.is_readonly) == ("fs", repository.settings, False)
    await cluster.snapshots.verify("snw")
    await performed(cluster, unregister_request("snw"))
    assert "snw" not in [one.name for one in await cluster.snapshots.repositories()]


async def test_what_is_registered_again_read_only_says_so(taken: Cluster, repository: Repository) -> None:
    await performed(taken, register_request(repository.registered(readonly=True)))
    (found,) = [one for one in await taken.snapshots.repositories() if one.name == "snw"]
    assert found.is_readonly
    await taken.snapshots.verify("snw")
    assert (await taken.snapshots.snapshot("snw", "s")).state is SnapshotState.SUCCESS


async def test_a_snapshot_tells_when_by_whom_and_of_what_it_was_made(taken: Cluster, version: str) -> None:
    found = await taken.snapshots.snapshot("snw", "s")
    assert (found.state, found.is_whole, found.indices) == (SnapshotState.SUCCESS, True, NAMES)
    assert found.made_by is not None
    assert found.made_by.major == int(version[0])
    assert found.started_at is not None
    assert found.finished_at is not None
    assert found.finished_at >= found.started_at > 1.7e9
    assert found.shards == 4
    assert (found.data_streams, found.feature_states, found.failures) == ((), (), ())
    assert [(one.name, one.shards) for one in found.details] == [("snw-a", 2), ("snw-b", 2)]
    assert all(one.bytes and one.files for one in found.details)
    if int(version[0]) >= 7:
        assert found.global_state is False
        assert found.uuid


async def test_a_list_of_snapshots_has_every_one_of_them(taken: Cluster) -> None:
    await take(taken, "t", "snw-b")
    pages = [page async for page in taken.snapshots.snapshots("snw")]
    assert sorted((one.name, one.indices) for page in pages for one in page) == [("s", NAMES), ("t", ("snw-b",))]
    await performed(taken, delete_snapshot_request("snw", "t"))
    assert [one.name async for page in taken.snapshots.snapshots("snw") for one in page] == ["s"]


async def test_a_restored_index_is_complete_and_says_where_it_came_from(taken: Cluster) -> None:
    assert await taken.snapshots.recoveries(["snw-made"]) == {}
    await taken.snapshots.restore(renaming("snw-a", "snw-made"))
    done = await restored(taken, "snw-made")
    assert (done.wanted, done.active, done.done, done.unassigned) == (2, 2, 2, ())
    assert done.bytes == done.bytes_done > 0
    assert (done.repository, done.snapshot) == ("snw", "s")
    assert len(done.uuid) == 22
    assert await taken.searches.count("snw-made") == 3


async def test_an_open_index_of_the_same_name_is_never_restored_over(taken: Cluster) -> None:
    with pytest.raises(ProblemError) as caught:
        await taken.snapshots.restore(Request(method="POST", path=restore_path("snw", "s"), body='{"indices":"snw-a"}'))
    assert caught.value.problem.cause is Cause.EXISTS


async def test_a_shard_that_finds_no_place_is_explained_from_5_0_on(taken: Cluster, version: str) -> None:
    request = renaming("snw-a", "snw-stuck")
    body = json.loads(request.body) | {"index_settings": {"index.routing.allocation.require.room": "attic"}}
    await taken.snapshots.restore(msgspec.structs.replace(request, body=json.dumps(body)))
    await asyncio.sleep(0.5)
    found = (await taken.snapshots.recoveries(["snw-stuck"]))["snw-stuck"]
    assert not found.is_complete
    assert [one.shard for one in found.unassigned] == [0, 1]
    explained = await taken.snapshots.explain("snw-stuck", 0)
    if version.startswith("2"):
        assert explained is None
    else:
        assert explained is not None
        assert any("room" in decider and "attic" in decider for decider in explained.deciders)


async def test_what_is_not_there_is_missing_and_never_empty(taken: Cluster) -> None:
    for asked in (
        taken.snapshots.snapshot("snw", "nope"),
        taken.snapshots.snapshot("snw-nope", "s"),
        taken.snapshots.taking("snw", "nope"),
        taken.snapshots.verify("snw-nope"),
    ):
        with pytest.raises(ProblemError) as caught:
            await asked
        assert caught.value.problem.cause is Cause.MISSING


@pytest.mark.parametrize("name", ["*", "a,b", "_all", "", "a/b"])
async def test_a_name_that_could_mean_several_is_never_sent(cluster: Cluster, name: str) -> None:
    with pytest.raises(ProblemError) as caught:
        await cluster.snapshots.snapshot("snw", name)
    assert caught.value.problem.cause is Cause.USAGE


async def test_features_are_told_from_7_12_on(cluster: Cluster, version: str) -> None:
    assert ("tasks" in await cluster.snapshots.features()) == (int(version[0]) >= 7)


async def test_a_type_that_the_server_lacks_is_named(cluster: Cluster) -> None:
    with pytest.raises(ProblemError, match="has no repositories of the type s3") as caught:
        await performed(cluster, register_request(Repository(name="snw-s3", type="s3", settings={"bucket": "b"})))
    assert caught.value.problem.cause is Cause.UNSUPPORTED


async def test_a_folder_outside_path_repo_is_named(cluster: Cluster) -> None:
    with pytest.raises(ProblemError, match="may not use the folder /elsewhere") as caught:
        await performed(
            cluster, register_request(Repository(name="snw-out", type="fs", settings={"location": "/elsewhere"}))
        )
    assert caught.value.problem.cause is Cause.UNSUPPORTED


# -- what is around the indices ------------------------------------------------------------------------------------


async def test_nodes_tell_their_roles_and_where_they_look_for_repositories(
    cluster: Cluster, node: SandboxNode, version: str
) -> None:
    nodes = await cluster.surroundings.nodes()
    assert nodes is not None
    (found,) = nodes
    assert found.holds_data
    assert found.folders == (str(node.snapshots),)
    assert ("data" in found.roles) == (int(version[0]) >= 5)
    assert found.name
    assert found.ip == "127.0.0.1"


async def test_the_licence_is_told_where_there_is_one(cluster: Cluster, version: str) -> None:
    assert await cluster.surroundings.licence() == ("basic" if int(version[0]) >= 6 else None)


async def test_the_realm_is_told_where_there_is_security(cluster: Cluster, version: str) -> None:
    assert await cluster.surroundings.realm() == ("reserved" if int(version[0]) >= 6 else None)


async def test_lifecycles_are_told_where_there_are_any(cluster: Cluster, version: str) -> None:
    assert await cluster.surroundings.lifecycle() == ({"ilm": "RUNNING"} if version == "6.8.23" else {})


async def test_settings_of_all_indices_come_by_pattern(taken: Cluster) -> None:
    await taken.changes.put_settings("snw-b", '{"index.routing.allocation.exclude.room":"attic"}')
    found = await taken.surroundings.index_settings("index.routing.allocation.exclude.*")
    assert found is not None
    assert found["snw-b"] == {"index.routing.allocation.exclude.room": "attic"}
    assert all(key.startswith("index.routing.allocation.exclude.") for one in found.values() for key in one)


async def test_the_index_to_write_to_is_told_by_alias(cluster: Cluster, version: str) -> None:
    writes = int(version[0]) >= 6
    how = {"is_write_index": True} if writes else {}
    await cluster.changes.create_index("snw-w", json.dumps({"aliases": {"snw-alias": how, "snw-other": {}}}))
    found = await cluster.surroundings.write_aliases()
    assert found is not None
    assert {alias: names for alias, names in found.items() if alias.startswith("snw-")} == (
        {"snw-alias": frozenset({"snw-w"})} if writes else {}
    )


async def test_what_a_global_state_would_replace_is_named(cluster: Cluster, version: str) -> None:
    key = "index_patterns" if int(version[0]) >= 6 else "template"
    pattern = ["snw-*"] if int(version[0]) >= 6 else "snw-*"
    await performed(cluster, Request(method="PUT", path="/_template/snw-t", body=json.dumps({key: pattern})))
    composable = int(version[0]) >= 7
    if composable:
        body = '{"index_patterns":["snw-x-*"],"priority":9}'
        await performed(cluster, Request(method="PUT", path="/_index_template/snw-i", body=body))
    try:
        found = await cluster.surroundings.global_state()
        assert "snw-t" in found["legacy templates"]
        templates = await cluster.surroundings.index_templates()
        assert templates is not None
        assert [(one.name, one.patterns, one.makes_streams) for one in templates if one.name == "snw-i"] == (
            [("snw-i", ("snw-x-*",), False)] if composable else []
        )
        assert ("snw-i" in found.get("index templates", ())) == composable
    finally:
        await performed(cluster, Request(method="DELETE", path="/_template/snw-t"))
        if composable:
            await performed(cluster, Request(method="DELETE", path="/_index_template/snw-i"))
