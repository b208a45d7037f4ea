"""A plan of very many indices on real nodes: seconds and requests until it is planned, checked, and its run has begun.

The nodes hold a thousand small indices (BENCH_INDICES); a quarter of them is planned first, then the others, so
that what ten thousand would take, which is printed beside it, is the line through both and not a guess.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.moving import connection_of, node_end
from bench.preflight import Counter
from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.engine import starting
from esmigrate_tui.engine.folders import new_run_id
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.flow import checking, planning
from esmigrate_tui.model.command import StopRun
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.sandbox.nodes import SandboxNode, down, up
from tests.by_hand import performed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.elastic.cluster import Cluster

INDICES: Final = int(os.environ.get("BENCH_INDICES", "1000"))
_MOST: Final = 10_000
_BAR_SECONDS: Final = 60.0
_AT_ONCE: Final = 8


class _Steps:
    """Seconds and requests of each step."""

    def __init__(self, asked: list[str]) -> None:
        self._asked = asked
        self.taken: dict[str, tuple[float, int]] = {}

    async def timed(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401  # what the work gives
        """Do it."""
        self._asked.clear()
        began = time.perf_counter()
        result = await work()
        self.taken[name] = (time.perf_counter() - began, len(self._asked))
        return result


async def _fill(source: Cluster) -> None:
    """Small indices of one kind, each with a document."""
    fields = {f"field_{at}": {"type": "keyword"} for at in range(20)} | {"@timestamp": {"type": "date"}}
    settings = {"number_of_shards": 1, "number_of_replicas": 0}
    body = json.dumps({"settings": settings, "mappings": {"_doc": {"properties": fields}}})
    numbers = iter(range(INDICES))

    async def make() -> None:
        for number in numbers:
            await performed(source, Request(method="PUT", path=f"/day-{number:05}", body=body))
            document = '{"@timestamp":"2026-01-01T00:00:00Z","n":1}'
            await performed(source, Request(method="PUT", path=f"/day-{number:05}/_doc/1?refresh=true", body=document))

    await asyncio.gather(*(make() for _ in range(_AT_ONCE)))


async def _begun(plan: Plan, nodes: dict[Side, SandboxNode], steps: _Steps) -> None:
    """Begin its run in a process of its own, which is stopped at once."""
    credentials = {side: connection_of(node_end(node))[1] for side, node in nodes.items()}
    with tempfile.TemporaryDirectory() as home:
        folder = await steps.timed(
            "start",
            lambda: starting.begin(
                plan, credentials, home=Path(home) / "runs", new_id=lambda: new_run_id(random.choice)
            ),
        )
        async with Journal.open(folder.journal) as journal:
            await journal.command(StopRun())
            while folder.is_live:  # noqa: ASYNC110  # a process has no event
                await asyncio.sleep(0.1)


async def _planned(names: list[str], clusters: Clusters, steps: _Steps) -> Plan:
    """Plan and check; raises RuntimeError where something was in the way."""
    source = clusters.source.wire.connection if clusters.source is not None else None
    draft = Draft(method=MethodName.COPY_THROUGH_HERE, source=source, destination=clusters.destination.wire.connection)
    plan, _ = await steps.timed("plan", lambda: planning.plan_for(draft, clusters, names, renamed={}, now=time.time()))
    text = plan.to_toml()
    plan = Plan.from_toml(text)
    findings = await steps.timed("check", lambda: checking.check(plan, clusters, lambda _: None))
    if blockers := [one.title for one in findings if one.severity is Severity.BLOCKER]:
        raise RuntimeError(blockers[0])
    return plan


async def _steps(names: list[str], clusters: Clusters, nodes: dict[Side, SandboxNode], asked: list[str]) -> _Steps:
    """Plan, check and begin."""
    steps = _Steps(asked)
    plan = await _planned(names, clusters, steps)
    await _begun(plan, nodes, steps)
    return steps


async def _measure() -> str:
    old, new = await up("6.8.23"), await up("7.17.28")
    nodes, asked = {Side.SOURCE: old, Side.DESTINATION: new}, list[str]()
    counting = type("OwnCounter", (Counter,), {"asked": asked})
    amounts = (INDICES // 4, INDICES - INDICES // 4)
    try:
        async with (
            await connect(*connection_of(node_end(old)), node_class=counting) as source,
            await connect(*connection_of(node_end(new)), node_class=counting) as destination,
        ):
            clusters = Clusters(destination=destination, source=source)
            await _fill(source)
            more = '{"persistent":{"cluster.max_shards_per_node":20000}}'
            await performed(destination, Request(method="PUT", path="/_cluster/settings", body=more))
            names = [f"day-{number:05}" for number in range(INDICES)]
            # Nodes that were just started answer slowly at first. Then others for each: what a run that was stopped has
            # made already is in the way of the next.
            await _planned(names[: amounts[0]], clusters, _Steps(asked))
            few = await _steps(names[: amounts[0]], clusters, nodes, asked)
            many = await _steps(names[amounts[0] :], clusters, nodes, asked)
    finally:
        await down(old)
        await down(new)
    lines = [f"6.8.23 to 7.17.28, copy through here, {amounts[0]} and {amounts[1]} of {INDICES} indices"]
    whole = 0.0
    for name, (seconds, requests) in many.taken.items():
        before, fewer = few.taken[name]
        most = seconds + max(0.0, seconds - before) / (amounts[1] - amounts[0]) * (_MOST - amounts[1])
        whole += most
        lines.append(
            f"  {name:<6} {before:5.1f} s, then {seconds:5.1f} s, {_MOST:,} on that line: {most:5.1f} s; "
            f"requests of this process {fewer}, then {requests}"
        )
    word = "within the bar" if whole < _BAR_SECONDS else "NOT within the bar"
    lines.append(f"  {_MOST:,} on that line: {whole:.0f} s (bar: {_BAR_SECONDS:.0f} s): {word}")
    return "\n".join(lines)


def figure() -> str:
    """A line for each step, and one for all of them."""
    return asyncio.run(_measure())
