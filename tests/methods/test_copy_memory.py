"""How much memory a copy needs, measured from outside, against a copy of small documents in the same minute."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.methods.copying import fill, make, reach, settings

if TYPE_CHECKING:
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes
ROOT: Final = Path(__file__).parents[2]
HEAVY: Final = 20_000_000
LOOSE: Final[dict[str, Any]] = {"settings": settings(1), "mappings": {"_doc": {"enabled": False}}}


async def measured(source: SandboxNode, destination: SandboxNode, index: str) -> dict[str, int]:
    """The peak of a process that copies one index, in bytes."""
    told = {
        side: {"url": node.url, "user": node.user or "", "password": node.password or ""}
        for side, node in (("source", source), ("destination", destination))
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.methods.copying_alone",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate(json.dumps({**told, "index": index}).encode())
    assert process.returncode == 0
    found: dict[str, int] = json.loads(answer)
    return found


async def test_documents_of_20_mb_among_small_ones_need_a_few_of_them_in_memory(nodes: SharedNodes) -> None:
    source, destination = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    (_, old), (_, new) = await reach(source), await reach(destination)
    async with old, new:
        await make(old, "cp-small", LOOSE)
        await make(old, "cp-mixed", LOOSE)
        small = [({"_type": "_doc", "_id": str(n)}, b'{"t":"' + b"x" * 1_000 + b'"}') for n in range(20_000)]
        await fill(old, "cp-small", small)
        for part in range(5):
            await fill(old, "cp-mixed", small[part * 4_000 : (part + 1) * 4_000])
            heavy = b'{"t":"' + b"%d" % part * HEAVY + b'"}'
            await fill(old, "cp-mixed", [({"_type": "_doc", "_id": f"heavy-{part}"}, heavy)])
        peaks = []
        for index in ("cp-small", "cp-mixed"):
            if await new.indices.existing([index]):
                await new.changes.delete_index(index)
            await new.changes.create_index(
                index, '{"settings":{"index.number_of_replicas":"0"},"mappings":{"enabled":false}}'
            )
            peaks.append(await measured(source, destination, index))
        arrived = await _counted(new, "cp-mixed")
        for index in ("cp-small", "cp-mixed"):
            await old.changes.delete_index(index)
            await new.changes.delete_index(index)
    assert [peak["done"] for peak in peaks] == [20_000, 20_005]
    assert arrived == 20_005
    assert peaks[1]["peak"] - peaks[0]["peak"] < 5 * HEAVY


async def _counted(cluster: Any, index: str) -> int:  # noqa: ANN401  # a Cluster
    await cluster.searches.refresh(index)
    counted: int = await cluster.searches.count(index)
    return counted
