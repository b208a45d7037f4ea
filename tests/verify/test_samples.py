"""Sampled documents of two real clusters, compared byte for byte."""

from __future__ import annotations

import json
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.model.ledger import Request
from esmigrate_tui.verify.samples import compare_samples
from tests.by_hand import performed
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes
ODD = '{ "a" : 1.10, "b":1e3,  "x":1e400, "u":"\\u00e9", "long":12345678901234567890123 }'


@asynccontextmanager
async def clusters(nodes: SharedNodes, *versions: str) -> AsyncIterator[tuple[str, list[Cluster]]]:
    """Connected clusters, and a name of an index that they lose in the end."""
    index = f"smp-{secrets.token_hex(3)}"
    found = [await connected_to(await nodes.get(version)) for version in versions]
    try:
        yield index, found
    finally:
        for cluster in found:
            if await cluster.indices.existing([index]):
                await cluster.changes.delete_index(index)
            await cluster.close()


async def fill(
    cluster: Cluster, index: str, documents: Mapping[str, str], mapping: dict[str, Any] | None = None
) -> None:
    """An index of three shards; every document has a type named book, where there are types, and a routing."""
    typed = (await cluster.wire.version()).major < 7
    loose = mapping or {"enabled": False}
    body = {
        "settings": {"number_of_shards": 3, "number_of_replicas": 0},
        "mappings": {"book": loose} if typed else loose,
    }
    await performed(cluster, Request(method="PUT", path=f"/{index}", body=json.dumps(body)))
    for name, document in documents.items():
        kind = "book" if typed else "_doc"
        path = f"/{index}/{kind}/{name}?routing=r{len(name)}&refresh=true"
        await performed(cluster, Request(method="PUT", path=path, body=document))


async def test_documents_are_equal_when_every_byte_is(nodes: SharedNodes) -> None:
    async with clusters(nodes, "6.8.23", "7.17.28") as (index, (old, new)):
        for cluster in (old, new):
            await fill(cluster, index, {"x" * number: ODD for number in range(1, 6)})
        found = await compare_samples(old, new, {index: index}, amount=3)
        all_of_them = await compare_samples(old, new, {index: index})
    assert (found.compared, found.different) == (3, ())
    assert (all_of_them.compared, all_of_them.different) == (5, ())


async def test_a_space_more_a_shorter_number_or_a_missing_document_are_differences(nodes: SharedNodes) -> None:
    async with clusters(nodes, "6.8.23", "7.17.28") as (index, (old, new)):
        await fill(old, index, {"a": '{"n":1.10}', "b": '{"n": 1}', "c": '{"n":1}'})
        await fill(new, index, {"a": '{"n":1.1}', "b": '{"n":1}', "c": '{"n":1}', "d": '{"n":1}'})
        found = await compare_samples(old, new, {index: index})
    assert found.compared == 4
    assert sorted(found.different) == ["a", "b", "d"]


async def test_what_keeps_no_source_proves_nothing(nodes: SharedNodes) -> None:
    async with clusters(nodes, "6.8.23", "7.17.28") as (index, (old, new)):
        for cluster in (old, new):
            await fill(cluster, index, {"a": '{"n":1}'}, {"_source": {"enabled": False}})
        found = await compare_samples(old, new, {index: index})
    assert (found.compared, found.different) == (0, ())


async def test_an_empty_index_has_nothing_to_compare(nodes: SharedNodes) -> None:
    async with clusters(nodes, "6.8.23", "7.17.28") as (index, (old, new)):
        for cluster in (old, new):
            await fill(cluster, index, {})
        found = await compare_samples(old, new, {index: index})
    assert (found.compared, found.different) == (0, ())


@pytest.mark.parametrize("version", ["2.4.6", "5.6.16"])
async def test_documents_of_old_servers_are_found_by_their_type_and_routing(nodes: SharedNodes, version: str) -> None:
    async with clusters(nodes, version, "6.8.23") as (index, (old, new)):
        for cluster in (old, new):
            await fill(cluster, index, {"x" * number: ODD for number in range(1, 6)})
        found = await compare_samples(old, new, {index: index})
    assert (found.compared, found.different) == (5, ())
