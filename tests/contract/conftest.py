"""The small pair on which every promise is tried: a 6.8.23 with two indices and a snapshot of them, and a 7.17.28."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.model.ledger import Request
from tests.broken_line import Line
from tests.by_hand import performed
from tests.contract.subjects import INDEX, KEPT, ODD, Stage, Subject, rows
from tests.fixtures_nodes import SharedNodes, in_own_loop
from tests.journeys.conftest import operator
from tests.methods.copying import fill, make
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.journeys.conftest import Operator

__all__ = ["operator"]


async def _prepared(source: SandboxNode) -> None:
    settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "7s"}
    place = {"type": "fs", "settings": {"location": KEPT}}
    async with await connected_to(source) as cluster:
        for index in (INDEX, ODD):
            mapping = {"enabled": False} if index == ODD else {}
            await make(cluster, index, {"settings": settings, "mappings": {"_doc": mapping}})
            lines = [({"_type": "_doc", "_id": str(n)}, json.dumps(row).encode()) for n, row in enumerate(rows(index))]
            await fill(cluster, index, lines)
        taken = {"indices": INDEX, "include_global_state": False}
        for path, body in ((f"/_snapshot/{KEPT}", place), (f"/_snapshot/{KEPT}/all?wait_for_completion=true", taken)):
            await performed(cluster, Request(method="PUT", path=path, body=json.dumps(body)))
        await performed(cluster, Request(method="DELETE", path=f"/_snapshot/{KEPT}"))


async def _emptied(*pair: SandboxNode) -> None:
    for node in pair:
        async with await connected_to(node) as cluster:
            for index in await cluster.indices.every():
                if index.name.startswith(INDEX):
                    await cluster.changes.delete_index(index.name)
            # a plan that is refused leaves the repository that it was made with, until `esmigrate cleanup`
            await cluster.wire.exchange("DELETE", f"/_snapshot/{KEPT}", accepted=frozenset({404}))


@pytest.fixture(scope="module")
def contract_pair(nodes: SharedNodes) -> Iterator[tuple[SandboxNode, SandboxNode]]:
    """Both shared nodes; the source has what there is to move, the destination nothing of that name."""
    source, destination = nodes.get_now("6.8.23"), nodes.get_now("7.17.28")
    in_own_loop(_emptied(destination))
    in_own_loop(_prepared(source))
    yield source, destination
    in_own_loop(_emptied(source, destination))
    shutil.rmtree(source.snapshots / KEPT, ignore_errors=True)


@pytest.fixture
async def stage(
    operator: Operator,  # it is the fixture of that name
    contract_pair: tuple[SandboxNode, SandboxNode],
    subject: Subject,
) -> AsyncIterator[Stage]:
    """A trial of one method. Whatever happens in it: no password is in any file that it leaves."""
    async with Line(contract_pair[0]) as source, Line(contract_pair[1]) as destination:
        here = Stage(operator, subject, source, destination, contract_pair)
        yield here
    passwords = [node.password.encode() for node in contract_pair if node.password]
    assert passwords
    written = [path for path in operator.folder.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written for password in passwords if password in path.read_bytes()]
