"""A preflight of a thousand indices: how long `esmigrate check` looks, and how many requests it takes.

All checks of a plan on real nodes, from the first look to the last finding, by both methods that read documents. One of
the checks looks twice at what is written, half a second apart, while the others go on.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.transport import WireNode
from esmigrate_tui.flow import checking, planning
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.sandbox.nodes import down, up
from tests.by_hand import performed
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.sandbox.nodes import SandboxNode

INDICES: Final = 1_000
ROUNDS: Final = 3
BAR_SECONDS: Final = 3.0
BAR_REQUESTS: Final = 40
_AT_ONCE: Final = 8
_METHODS: Final = (MethodName.REINDEX_FROM_REMOTE, MethodName.COPY_THROUGH_HERE)
# Four kinds of daily indices, as one cluster has them.
_KINDS: Final = ("access", "audit", "metrics", "orders")


class Counter(WireNode):
    """The real node, which counts what it is asked."""

    asked: list[str]

    async def perform_request(self, method: str, target: str, **rest: Any) -> Any:  # type: ignore[override]  # noqa: ANN401  # handed on as it is
        """Count it, and ask."""
        self.asked.append(f"{method} {target}")
        return await super().perform_request(method, target, **rest)


async def _open(node: SandboxNode, asked: list[str]) -> Cluster:
    return await connected_to(node, type("OwnCounter", (Counter,), {"asked": asked}))


async def _fill(source: Cluster) -> None:
    """A thousand small indices of four kinds, each with a document."""
    numbers = iter(range(INDICES))

    async def make() -> None:
        for number in numbers:
            kind = _KINDS[number % len(_KINDS)]
            fields = {f"{kind}_{field}": {"type": "keyword"} for field in range(20)} | {"@timestamp": {"type": "date"}}
            body = {
                "settings": {"number_of_shards": 1, "number_of_replicas": 0},
                "mappings": {"_doc": {"properties": fields}},
            }
            name = f"{kind}-{number:04}"
            await performed(source, Request(method="PUT", path=f"/{name}", body=json.dumps(body)))
            document = '{"@timestamp":"2026-01-01T00:00:00Z","n":1}'
            await performed(source, Request(method="PUT", path=f"/{name}/_doc/1?refresh=true", body=document))

    await asyncio.gather(*(make() for _ in range(_AT_ONCE)))


async def _planned(method: MethodName, clusters: Clusters) -> Plan:
    source = clusters.source.wire.connection if clusters.source is not None else None
    draft = Draft(method=method, source=source, destination=clusters.destination.wire.connection)
    plan, _ = await planning.plan_for(draft, clusters, [f"{kind}-*" for kind in _KINDS], renamed={}, now=0.0)
    return plan


async def _checked(plan: Plan, clusters: Clusters, asked: list[str]) -> tuple[float, int]:
    """Seconds and requests of one preflight; raises RuntimeError where something was in the way."""
    asked.clear()
    began = time.perf_counter()
    findings = await checking.check(plan, clusters, lambda _: None)
    seconds, requests = time.perf_counter() - began, len(asked)
    if blockers := [one.title for one in findings if one.severity is Severity.BLOCKER]:
        raise RuntimeError(blockers[0])
    if failed := [one.title for one in findings if "could not be made" in one.title]:
        raise RuntimeError(failed[0])
    return seconds, requests


async def _measure() -> str:
    old, new = await up("6.8.23"), await up("7.17.28")
    asked: list[str] = []
    lines = []
    try:
        async with await _open(old, asked) as source, await _open(new, asked) as destination:
            clusters = Clusters(destination=destination, source=source)
            await _fill(source)
            more = '{"persistent":{"cluster.max_shards_per_node":3000}}'
            await performed(destination, Request(method="PUT", path="/_cluster/settings", body=more))
            for method in _METHODS:
                plan = await _planned(method, clusters)
                rounds = [await _checked(plan, clusters, asked) for _ in range(ROUNDS)]
                seconds = statistics.median(one for one, _ in rounds)
                requests = max(one for _, one in rounds)
                is_good = seconds < BAR_SECONDS and requests <= BAR_REQUESTS
                lines.append(
                    f"{INDICES} indices, 6.8.23 to 7.17.28, {method}: {seconds:.2f} s (bar: {BAR_SECONDS:.0f} s), "
                    f"{requests} requests (bar: {BAR_REQUESTS}), median of {ROUNDS}: "
                    f"{'within the bars' if is_good else 'NOT within the bars'}"
                )
    finally:
        await down(old)
        await down(new)
    return "\n".join(lines)


def figure() -> str:
    """A line for each method: seconds and requests, with their bars."""
    return asyncio.run(_measure())
