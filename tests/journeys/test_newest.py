"""Whole migrations into the newest server that is to be had with its modules, by command."""

from __future__ import annotations

import json
import shutil
import uuid
from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.model.ledger import Request
from esmigrate_tui.sandbox.launch import NodeOptions
from tests.by_hand import performed
from tests.journeys.conftest import with_user
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Operator

pytestmark = [pytest.mark.nodes, pytest.mark.newest]

NEWEST: Final = "9.4.3"
LICENSED: Final = NodeOptions(settings={"xpack.license.self_generated.type": "trial"})
DOCUMENTS: Final = 600


async def ask(cluster: Cluster, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    return await performed(cluster, Request(method=method, path=path, body=text))


async def filled(cluster: Cluster, index: str) -> None:
    """An index of three shards: dates, analysed text, a routing here and there."""
    major = (await cluster.wire.version()).major
    mapping: dict[str, Any] = {
        "properties": {"at": {"type": "date"}, "text": {"type": "text", "analyzer": "english"}, "n": {"type": "long"}}
    }
    if major == 7:  # this one lacks the analysers of languages
        mapping["properties"]["text"]["analyzer"] = "standard"
    settings = {"number_of_shards": 3, "number_of_replicas": 0}
    await ask(
        cluster,
        "PUT",
        f"/{index}",
        {"settings": settings, "mappings": mapping if major >= 7 else {"_doc": mapping}},
    )
    kind = {} if major >= 7 else {"_type": "_doc"}
    lines: list[str] = []
    for n in range(DOCUMENTS):
        routing = {"routing": "one"} if n % 7 == 0 else {}
        lines.append(json.dumps({"index": {"_index": index, "_id": str(n), **kind, **routing}}))
        lines.append(json.dumps({"at": 1_700_000_000_000 + n * 3_600_000, "text": f"running {n}", "n": 2**53 + n}))
    told = await ask(cluster, "POST", "/_bulk?refresh=true", "\n".join(lines) + "\n")
    assert not told["errors"]


@pytest.mark.parametrize("old", ["6.8.23", "7.17.28", "8.19.8"])
async def test_a_remote_reindex_arrives_and_every_document_is_compared(
    operator: Operator, nodes: SharedNodes, old: str
) -> None:
    source, destination = await nodes.get(old), await nodes.get(NEWEST)
    operator.knows(source, destination)
    index = f"nw-{uuid.uuid4().hex[:6]}"
    async with await connected_to(source) as there, await connected_to(destination) as here:
        await filled(there, index)
        planned = await operator.plan(
            with_user(source), with_user(destination), "--index", index, "--verify", "everything", "--split", "3"
        )
        checked = await operator.do("check", "move.toml")
        done = await operator.do("run", "move.toml")
        told = await operator.do("report", done.run, "--format", "json")
        found = await here.searches.count(index)
        for cluster in (there, here):
            await cluster.changes.delete_index(index)
    assert planned.code == 0, planned.text
    assert checked.code == 0, checked.text
    assert "The destination reaches the source, and may read from it" in checked.out
    assert done.code == 0, done.text
    assert found == DOCUMENTS
    report = json.loads(told.out)
    assert report["is_verified"] is True
    assert "no difference" in report["how_checked"]


@pytest.mark.parametrize("proof", ["samples", "everything"])
async def test_an_archive_of_6_is_restored_and_proved(operator: Operator, nodes: SharedNodes, proof: str) -> None:
    source, destination = await nodes.get("6.8.23"), await nodes.get(NEWEST, LICENSED)
    operator.knows(source, destination)
    name = f"nw-{uuid.uuid4().hex[:6]}"
    async with await connected_to(source) as there, await connected_to(destination) as here:
        await filled(there, name)
        await ask(there, "PUT", f"/_snapshot/{name}", {"type": "fs", "settings": {"location": name}})
        wanted = {"indices": name, "include_global_state": False}
        await ask(there, "PUT", f"/_snapshot/{name}/all?wait_for_completion=true", wanted)
        options = ("--source", with_user(source), "--register-from-source", "--remove-repository", "--verify", proof)
        planned = await operator.plan_restore(destination, name, *options, "--index", name)
        done = await operator.do("run", "restore.toml")
        told = await operator.do("report", done.run, "--format", "json")
        verified = await operator.do(
            "verify", "--index", name, "--source", with_user(source), "--destination", with_user(destination)
        )
        for cluster in (there, here):
            await cluster.changes.delete_index(name)
        await ask(there, "DELETE", f"/_snapshot/{name}")
    shutil.rmtree(source.snapshots / name, ignore_errors=True)
    assert planned.code == 0, planned.text
    assert done.code == 0, done.text
    assert f"{DOCUMENTS} = {DOCUMENTS} documents" in done.out
    report = json.loads(told.out)
    assert report["is_verified"] is True
    words = {"samples": "20 sampled documents are equal on both sides", "everything": "no difference"}
    assert words[proof] in report["how_checked"]
    assert verified.code == 0, verified.text
