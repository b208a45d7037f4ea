"""Watching on real nodes: another client writes, the watch counts; and what senders are told really sends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.elastic.cluster import Cluster, Clusters
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.index_from_source.shippers import configuration
from esmigrate_tui.model.chosen_types import chosen_types
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.shipping import Shipper, ShippingOptions
from esmigrate_tui.preflight import gather_facts
from tests.by_hand import performed
from tests.methods.copying import PlainBook, leave, looked_until, reach

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from esmigrate_tui.model.connection import Connection
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

METHOD = METHODS[MethodName.INDEX_FROM_SOURCE].mover()
MAPPING = '{"settings":{"number_of_replicas":0},"mappings":{"properties":{"n":{"type":"long"}}}}'


class Watched:
    """An index of the 7.17.28 that others write to, and what the watch of it is given."""

    def __init__(self, connection: Connection, cluster: Cluster) -> None:
        self.connection, self.cluster = connection, cluster
        self.clusters = Clusters(destination=cluster, source=None)

    async def work(self, index: str, *, expected: int | None = None, create: str = MAPPING) -> Work:
        draft = Draft(method=MethodName.INDEX_FROM_SOURCE, destination=self.connection)
        draft, _ = await gather_facts(draft, self.clusters)
        shipping = ShippingOptions(shipper=Shipper.CURL, expected=expected)
        plan = METHOD.plan(draft.answered(shipping=shipping, into=index, create=create), "2026-01-01T00:00:00Z")
        return Work(task=plan.tasks[0], plan=plan, opaque_id=f"watch-{index}", requests_per_second=0.0)

    async def begun(self, index: str, **more: Any) -> Work:  # noqa: ANN401  # of work()
        """The work, with its index made by it."""
        work = await self.work(index, **more)
        await self.gone(index)
        await METHOD.prepare(work, self.clusters, PlainBook(self.clusters))
        return work

    async def write(self, index: str, *values: object, named: bool = False) -> bytes:
        lines = [
            json.dumps({"create": {"_id": f"id-{value}"} if named else {}}) + "\n" + json.dumps({"n": value})
            for value in values
        ]
        body = ("\n".join(lines) + "\n").encode()
        return (await self.cluster.wire.exchange("POST", f"/{index}/_bulk", body, is_ndjson=True)).body

    async def gone(self, index: str) -> None:
        if await self.cluster.indices.existing([index]):
            await self.cluster.changes.delete_index(index)

    async def set(self, index: str, body: str) -> None:
        await performed(self.cluster, Request(method="PUT", path=f"/{index}/_settings", body=body))


@pytest.fixture
async def here(nodes: SharedNodes) -> AsyncIterator[Watched]:
    connection, cluster = await reach(await nodes.get("7.17.28"))
    yield Watched(connection, cluster)
    for index in await cluster.indices.existing([f"watch-{name}" for name in "abcdefgh"]):
        await cluster.changes.delete_index(index)
    await cluster.close()


async def test_what_another_client_writes_is_counted_until_it_is_what_was_expected(here: Watched) -> None:
    work = await here.begun("watch-a", expected=30)
    steps = METHOD.perform(work, here.clusters, "")
    first = await anext(steps)
    await here.write("watch-a", *range(10))
    ten = await looked_until(steps, lambda moved: moved.done == 10)
    await leave(steps)
    await here.write("watch-a", *range(10, 30))
    rest = [moved async for moved in METHOD.perform(work, here.clusters, ten.token)]
    comparison = await METHOD.compare(work, here.clusters)
    assert (first.done, first.total) == (0, 30)
    assert rest[-1].done == 30
    assert (comparison.source_count, comparison.destination_count) == (30, 30)


async def test_documents_that_were_there_are_not_counted(here: Watched) -> None:
    await here.gone("watch-b")
    await here.cluster.changes.create_index("watch-b", MAPPING)
    await here.write("watch-b", *range(7))
    work = await here.work("watch-b", expected=3, create="")
    steps = METHOD.perform(work, here.clusters, "")
    first = await anext(steps)
    await here.write("watch-b", 7, 8, 9)
    await looked_until(steps, lambda moved: moved.done == 3)
    assert [moved async for moved in steps] == []
    assert first.done == 0
    assert (await METHOD.compare(work, here.clusters)).destination_count == 3


async def test_an_index_that_never_refreshes_is_refreshed_for_the_count(here: Watched) -> None:
    never = MAPPING.replace('"number_of_replicas":0', '"number_of_replicas":0,"refresh_interval":"-1"')
    work = await here.begun("watch-c", expected=5, create=never)
    steps = METHOD.perform(work, here.clusters, "")
    await anext(steps)
    await here.write("watch-c", *range(5))
    last = await looked_until(steps, lambda moved: moved.done > 0)
    await leave(steps)
    assert last.done == 5


async def test_conflicts_and_blocks_are_told_and_what_a_mapping_refuses_is_not_seen(here: Watched) -> None:
    work = await here.begun("watch-d")
    steps = METHOD.perform(work, here.clusters, "")
    await anext(steps)
    await here.write("watch-d", 1, named=True)
    refused = await here.write("watch-d", "no number")
    conflict = await here.write("watch-d", 1, named=True)
    told = await looked_until(steps, lambda moved: bool(moved.note))
    await here.set("watch-d", '{"index.blocks.write":true}')
    blocked = await looked_until(steps, lambda moved: bool(moved.note))
    await here.set("watch-d", '{"index.blocks.write":null}')
    free = await looked_until(steps, lambda moved: bool(moved.note))
    await METHOD.stop(work, here.clusters, free.token)
    assert len([moved async for moved in steps]) <= 1
    comparison = await METHOD.compare(work, here.clusters)
    assert b'"status":400' in refused
    assert b'"status":409' in conflict
    assert told.note.startswith("1 write to watch-d failed, most often for an _id that is taken; 1 since the run began")
    assert blocked.note == "watch-d is blocked (index.blocks.write)"
    assert free.note == "watch-d is not blocked any more"
    assert comparison.watched is not None
    assert comparison.watched.failed == 1
    assert (comparison.source_count, comparison.destination_count) == (None, 1)


async def test_an_index_that_a_sender_made_anew_is_not_watched(here: Watched) -> None:
    work = await here.begun("watch-e", expected=2)
    steps = METHOD.perform(work, here.clusters, "")
    begun = await anext(steps)
    await leave(steps)
    await here.cluster.changes.delete_index("watch-e")
    with pytest.raises(ProblemError) as gone:
        await anext(METHOD.perform(work, here.clusters, begun.token))
    await here.write("watch-e", 1, 2)
    with pytest.raises(ProblemError) as another:
        await anext(METHOD.perform(work, here.clusters, begun.token))
    assert gone.value.problem.cause is Cause.MISSING
    assert another.value.problem.cause is Cause.STATE


async def test_an_index_made_anew_between_looks_never_ends_a_watch_well(here: Watched) -> None:
    work = await here.begun("watch-f", expected=2)
    steps = METHOD.perform(work, here.clusters, "")
    await anext(steps)
    await here.cluster.changes.delete_index("watch-f")
    await here.write("watch-f", 1, 2)
    await here.cluster.searches.refresh("watch-f")
    with pytest.raises(ProblemError) as another:
        await looked_until(steps, lambda _: False)
    assert another.value.problem.cause is Cause.STATE


@pytest.mark.parametrize("version", ["7.17.28", "9.5.0"])
async def test_what_elasticsearch_guesses_is_what_is_told(nodes: SharedNodes, version: str) -> None:
    _, cluster = await reach(await nodes.get(version))
    kinds = {
        "k": ("keyword", '"Rome"', ""),
        "ip": ("ip", '"10.0.0.1"', ""),
        "i": ("integer", "1", ""),
        "d": ("double", "1.5", ""),
        "b": ("boolean", "true", ""),
        "at": ("date", '"2024-01-31T10:00:00Z"', ""),
        "day": ("date", '"2024/01/31"', "yyyy/MM/dd"),
        "odd": ("date", '"2024-01-31 10:00:00"', "yyyy-MM-dd HH:mm:ss"),
        "ms": ("date", "1706695200000", "epoch_millis"),
    }
    wanted = {name: {"type": kind, **({"format": form} if form else {})} for name, (kind, _, form) in kinds.items()}
    told = {
        one.field: one.guess
        for one in chosen_types(json.dumps({"mappings": {"properties": wanted}}), Version.parse(version))
    }
    document = "{" + ",".join(f'"{name}":{value}' for name, (_, value, _) in kinds.items()) + "}"
    path = "/watch-guessed/_doc"
    await cluster.wire.exchange("POST", path, document.encode())
    mapped: Any = await cluster.wire.get("/watch-guessed/_mapping", dict)
    await cluster.changes.delete_index("watch-guessed")
    await cluster.close()
    mappings = mapped["watch-guessed"]["mappings"]
    guessed = mappings.get("_doc", mappings)["properties"]
    for name, entry in guessed.items():
        kind = "text, with a keyword beside it" if entry["type"] == "text" else entry["type"]
        assert told[name].startswith(kind), (name, entry, told[name])


async def sent(file: Path, password: str, *command: str, documents: bytes = b"") -> tuple[int, str]:
    """What a text says when it is run as it stands, the secret in the environment alone."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=file.parent,
        env={"PATH": os.environ["PATH"], "ES_PWD": password},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(documents), 60)
    return process.returncode or 0, out.decode()


@pytest.mark.parametrize(("shipper", "version"), [(Shipper.PYTHON, "9.5.0"), (Shipper.CURL, "7.17.28")])
async def test_the_text_for_a_client_sends_to_an_index_of_an_odd_name(
    nodes: SharedNodes, tmp_path: Path, shipper: Shipper, version: str
) -> None:
    node = await nodes.get(version)
    connection, cluster = await reach(node)
    index = "watch-o'dd $%a".replace(" ", "")
    if await cluster.indices.existing([index]):
        await cluster.changes.delete_index(index)
    await cluster.changes.create_index(index, MAPPING)
    told = configuration(ShippingOptions(shipper=shipper), connection, index, Version.parse(version))
    file = tmp_path / told.name
    file.write_text(told.text)
    (tmp_path / "good").write_bytes(b"".join(b'{"n":%d}\n' % n for n in range(1_200)) + b"\n")
    (tmp_path / "bad").write_bytes(b'{"n":1}\n{"n":"x"}\n')
    ends = []
    for name in ("good", "bad"):
        if shipper is Shipper.PYTHON:
            documents = (tmp_path / name).read_bytes()
            ends.append(await sent(file, node.password or "", sys.executable, str(file), documents=documents))
        else:
            ends.append(await sent(file, node.password or "", "bash", str(file), name))
    await cluster.searches.refresh(index)
    count = await cluster.searches.count(index)
    await cluster.changes.delete_index(index)
    await cluster.close()
    assert ends[0] == (0, "")
    assert ends[1][0] == 1
    assert "refused" in ends[1][1]
    assert count == 1_201
