"""Indices of 5.x and 6.x as archives in a 9.4.3, which gives no document by its _id: proved all the same."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from esmigrate_tui.model.difference import DifferenceKind
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import Proof
from esmigrate_tui.sandbox.launch import NodeOptions
from tests.by_hand import performed
from tests.methods.restoring import paired

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.methods.contract import Work
    from tests.fixtures_nodes import SharedNodes
    from tests.methods.restoring import Pair

pytestmark = [pytest.mark.nodes, pytest.mark.newest]

LICENSED: Final = NodeOptions(settings={"xpack.license.self_generated.type": "trial"})
DOCUMENTS: Final = 60


@asynccontextmanager
async def archived(nodes: SharedNodes, old: str) -> AsyncIterator[tuple[Pair, Work]]:
    """An index of two shards, every document with a routing, restored as an archive."""
    async with paired(await nodes.get(old), await nodes.get("9.4.3", LICENSED)) as pair:
        index = await pair.fill("archive", DOCUMENTS, shards=2)
        await pair.snapshot(index)
        work = await pair.work(index)
        await pair.carried_out(work)
        yield pair, work


@pytest.mark.parametrize("old", ["5.6.16", "6.8.23"])
async def test_an_archive_is_proved_by_samples_and_by_every_document(nodes: SharedNodes, old: str) -> None:
    async with archived(nodes, old) as (pair, work):
        sampled = await pair.method.compare(work, pair.clusters)
        plan = msgspec.structs.replace(work.plan, verify=Proof.EVERYTHING)
        whole = await pair.method.compare(replace(work, plan=plan), pair.clusters)
    assert sampled.samples is not None
    assert (sampled.samples.compared, sampled.samples.different, sampled.samples.unread) == (20, (), 0)
    assert whole.compared is not None
    assert (whole.compared.source_count, whole.compared.destination_count) == (DOCUMENTS, DOCUMENTS)
    assert (sampled.is_equal, whole.is_equal) == (True, True)


async def test_what_was_changed_since_the_snapshot_is_named_by_both(nodes: SharedNodes) -> None:
    async with archived(nodes, "6.8.23") as (pair, work):
        for number in range(DOCUMENTS - 2):
            path = f"/{work.task.source_index}/book/{number}?routing={number % 3}"
            await performed(pair.old, Request(method="PUT", path=path, body='{"n":0}'))
        await performed(pair.old, Request(method="DELETE", path=f"/{work.task.source_index}/book/59?routing=2"))
        sampled = await pair.method.compare(work, pair.clusters)
        plan = msgspec.structs.replace(work.plan, verify=Proof.EVERYTHING)
        whole = await pair.method.compare(replace(work, plan=plan), pair.clusters)
    assert sampled.samples is not None
    assert sampled.samples.compared == 20
    assert len(sampled.samples.different) >= 18
    assert whole.compared is not None
    assert whole.compared.amount(DifferenceKind.CONTENT) == DOCUMENTS - 2
    assert whole.compared.amount(DifferenceKind.EXTRA) == 1
