"""A source that is read with an API key of the least privilege, from the plan to the proof."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.model.ledger import Request
from esmigrate_tui.sandbox.nodes import NodeOptions
from tests.by_hand import performed
from tests.journeys.conftest import with_user

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Operator

pytestmark = pytest.mark.nodes

KEYS_ALLOWED = NodeOptions(
    settings={"xpack.license.self_generated.type": "trial", "xpack.security.authc.api_key.enabled": "true"}
)


async def test_a_key_for_one_index_is_enough_to_move_it(
    operator: Operator, nodes: SharedNodes, opened: Callable[[SandboxNode], Awaitable[Cluster]]
) -> None:
    source, destination = await nodes.get("6.8.23", KEYS_ALLOWED), await nodes.get("7.17.28")
    role = {
        "cluster": ["monitor"],
        "index": [{"names": ["keyed"], "privileges": ["read", "monitor", "view_index_metadata"]}],
    }
    async with await opened(source) as cluster:
        lines = "".join(
            f'{{"index":{{"_index":"keyed","_type":"_doc","_id":"{n}"}}}}\n{{"n":{n}}}\n' for n in range(70)
        )
        await performed(cluster, Request(method="POST", path="/_bulk?refresh=true", body=lines))
        body = json.dumps({"name": "migration", "role_descriptors": {"reader": role}})
        made = await performed(cluster, Request(method="POST", path="/_security/api_key", body=body))
    operator.environ["ESMIGRATE_SOURCE_API_KEY"] = f"{made['id']}:{made['api_key']}"
    operator.environ["ESMIGRATE_DESTINATION_PASSWORD"] = destination.password or ""
    planned = await operator.plan(source.url, with_user(destination), "--index", "keyed")
    done = await operator.do("run", "move.toml")
    async with await opened(destination) as cluster:
        arrived = await cluster.searches.count("keyed")
    written = b"".join(path.read_bytes() for path in operator.folder.rglob("*") if path.is_file())
    assert planned.code == 0, planned.text
    assert done.code == 0, done.text
    assert arrived == 70
    assert made["api_key"].encode() not in written
