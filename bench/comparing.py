"""Every document of two indices compared: how much sooner it ends with more pieces read side by side.

On a node of 6.8.23 and one of 7.17.28, near and at the end of a long line, in turn, in one process. Two readers of each
side are what there was before.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

from bench.moving import DELAY, connection_of, delayed, node_end
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.sandbox.nodes import SandboxNode, down, up
from esmigrate_tui.verify.counts import ComparedIndex
from esmigrate_tui.verify.everything import ComparisonOptions, compare_everything
from tests.methods.copying import fill, make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.movers import End
    from esmigrate_tui.elastic.cluster import Cluster

DOCUMENTS: Final = int(os.environ.get("BENCH_DOCUMENTS", "100_000"))
ROUNDS: Final = int(os.environ.get("BENCH_ROUNDS", "3"))
READERS: Final = (1, 2, 4, 8)
_BEFORE: Final = 2
_INDEX: Final = "bench-compared"


def _documents(kind: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Lines of a log, the same ones each time."""
    chance = random.Random(1)  # noqa: S311  # nothing secret
    typed = {"_type": kind} if kind else {}
    for number in range(DOCUMENTS):
        text = json.dumps({"n": number, "took": chance.random(), "message": chance.randbytes(120).hex()})
        yield {**typed, "_id": str(number)}, text.encode()


async def _filled(cluster: Cluster, kind: str, shards: int) -> None:
    mappings: dict[str, Any] = {"enabled": False}
    settings = {"number_of_shards": shards, "number_of_replicas": 0}
    await make(cluster, _INDEX, {"settings": settings, "mappings": {kind: mappings} if kind else mappings})
    await fill(cluster, _INDEX, _documents(kind))


async def _seconds(ends: tuple[End, End]) -> dict[int, float]:
    """Seconds of a comparison, by how many readers each side had: the median."""
    taken: defaultdict[int, list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        clusters = [await stack.enter_async_context(await connect(*connection_of(end))) for end in ends]
        source, destination = (ComparedIndex(cluster, _INDEX) for cluster in clusters)
        for _ in range(ROUNDS + 1):
            for readers in READERS:
                began = time.perf_counter()
                options = ComparisonOptions(values=False, readers=readers)
                compared = await compare_everything(source, destination, options)
                taken[readers].append(time.perf_counter() - began)
                if not compared.is_equal or compared.source_count != DOCUMENTS:
                    message = f"{compared}"
                    raise RuntimeError(message)
    return {readers: statistics.median(each[1:]) for readers, each in taken.items()}  # the first round warms the nodes


def _line(title: str, seconds: dict[int, float]) -> str:
    each = (
        f"{readers}: {2 * DOCUMENTS / took:,.0f}/s ({seconds[_BEFORE] / took:.2f})" for readers, took in seconds.items()
    )
    return f"  {title:<28}{'   '.join(each)}"


async def _measure(old: SandboxNode, new: SandboxNode) -> str:
    for node, kind, shards in ((old, "_doc", 1), (new, "", 1)):
        async with await connect(*connection_of(node_end(node))) as cluster:
            await _filled(cluster, kind, shards)
    near = await _seconds((node_end(old), node_end(new)))
    with delayed(old) as source, delayed(new) as destination:
        far = await _seconds((source, destination))
    title = (
        f"{DOCUMENTS:,} documents of 6.8.23 and 7.17.28 compared: documents of both sides a second by readers of a "
        f"side, and how many times that of {_BEFORE}"
    )
    return "\n".join([title, _line("here", near), _line(f"{DELAY} ms in each direction", far)])


async def _with_nodes() -> str:
    old, new = await up("6.8.23"), await up("7.17.28")
    try:
        return await _measure(old, new)
    finally:
        await down(old)
        await down(new)


def figure() -> str:
    """A line for nodes that are near, one for a long line."""
    return asyncio.run(_with_nodes())
