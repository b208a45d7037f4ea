"""Many small indices, as daily ones are: moved by a run as it comes, and by the script that anybody would write.

Each mover is a program of its own, in turn, on the same indices. The requests of a run are counted in another one,
which is not timed.
"""

from __future__ import annotations

import asyncio
import collections
import json
import os
import random
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import unquote

import msgspec

from bench.movers import Job
from bench.moving import Ends, connection_of, node_end
from bench.processes import measured, python
from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.transport import UnseenLineError, WireNode
from esmigrate_tui.engine.folders import RunFolder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.run import perform
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.sandbox.nodes import NodeOptions, down, up

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.processes import Measured

INDICES: Final = int(os.environ.get("BENCH_INDICES", "300"))
ROUNDS: Final = int(os.environ.get("BENCH_ROUNDS", "3"))
DOCUMENTS: Final = 100
SIZE: Final = 250  # bytes of a document
NAIVE_AT_ONCE: Final = 4
BAR: Final = 1.0  # times the script's time
_COUNTED: Final = 20  # indices of the run whose requests are counted
_MAPPING: Final[dict[str, Any]] = {
    "properties": {"at": {"type": "date"}, "level": {"type": "keyword"}, "text": {"type": "text"}}
}


def _names(amount: int) -> list[str]:
    return [f"day-{number:05}" for number in range(amount)]


def fill(ends: Ends, amount: int) -> None:
    """The source's indices, one shard each."""
    chance = random.Random(7)  # noqa: S311  # the same data in each run
    for name in _names(amount):
        settings = {"number_of_shards": 1, "number_of_replicas": 0}
        body = json.dumps({"settings": settings, "mappings": {"log": _MAPPING}}).encode()
        ends.ask(ends.source, "PUT", f"/{name}", body)
        lines = []
        for number in range(DOCUMENTS):
            entry = {"at": 1_700_000_000_000 + number, "level": chance.choice(("info", "warn")), "text": ""}
            entry["text"] = " ".join(f"{chance.getrandbits(32):08x}" for _ in range(40))[
                : SIZE - len(json.dumps(entry))
            ]
            lines.append(f'{{"index":{{"_id":"{number}"}}}}\n{json.dumps(entry)}\n')
        ends.ask(ends.source, "POST", f"/{name}/log/_bulk", "".join(lines).encode(), lines=True)
    ends.ask(ends.source, "POST", "/day-*/_refresh")


def _plan(ends: Ends, method: MethodName, names: list[str]) -> Plan:
    create = json.dumps(
        {"settings": {"index.number_of_shards": "1", "index.number_of_replicas": "0"}, "mappings": _MAPPING}
    )
    identity = "/_cluster/state/metadata?filter_path=cluster_uuid"
    return Plan(
        method=method,
        made_at="2026-01-01T00:00:00Z",
        source=connection_of(node_end(ends.source))[0],
        destination=connection_of(node_end(ends.destination))[0],
        source_version=ends.source.version,
        destination_uuid=str(ends.ask(ends.destination, "GET", identity)["cluster_uuid"]),
        destination_version=ends.destination.version,
        at_once=0,
        tasks=tuple(
            Task(
                number=number,
                source_index=name,
                destination_index=name,
                create=create,
                documents=DOCUMENTS,
                size=DOCUMENTS * SIZE,
            )
            for number, name in enumerate(names, start=1)
        ),
    )


def _ours(ends: Ends, method: MethodName, names: list[str]) -> Measured:
    """A whole run in its own process, as `esmigrate run` begins it."""
    both = {Side.SOURCE: ends.source, Side.DESTINATION: ends.destination}
    credentials = {side: connection_of(node_end(node))[1] for side, node in both.items()}
    with tempfile.TemporaryDirectory() as home:
        folder = RunFolder(Path(home) / "BENCH")
        folder.path.mkdir()
        folder.plan.write_text(_plan(ends, method, names).to_toml(), encoding="utf-8")
        return measured(python("esmigrate_tui.engine.process", str(folder.path)), msgspec.msgpack.encode(credentials))


def _naive(ends: Ends, names: list[str]) -> Measured:
    job = Job(
        source=node_end(ends.source),
        destination=node_end(ends.destination),
        index=",".join(names),
        streams=NAIVE_AT_ONCE,
    )
    return measured(python("bench.movers", "naive"), msgspec.json.encode(job) + b"\n")


def _kind_of(part: str) -> str:
    """A part of a path, whichever indices or task it names."""
    if part.startswith("day-"):
        return "{indices}" if "," in unquote(part) else "{index}"
    return "{task}" if ":" in unquote(part) else part


class _CountingNode(WireNode):
    """Every request of a run, by method and kind of path."""

    asked: ClassVar[collections.Counter[str]] = collections.Counter()

    async def perform_request(  # type: ignore[override]  # the same call
        self,
        method: str,
        target: str,
        *arguments: Any,  # noqa: ANN401  # handed on
        **named: Any,  # noqa: ANN401  # handed on
    ) -> Any:  # noqa: ANN401  # the library's own pair
        path = target.partition("?")[0].split("/")
        kind = "/".join(map(_kind_of, path))
        try:
            found = await super().perform_request(method, target, *arguments, **named)
        except UnseenLineError:  # it was not sent
            raise
        except Exception:
            _CountingNode.asked[f"{method} {kind}"] += 1
            raise
        _CountingNode.asked[f"{method} {kind}"] += 1
        return found


async def _requests(ends: Ends, plan: Plan) -> collections.Counter[str]:
    """The requests of a run of this plan, by kind; raises RuntimeError where it did not end well."""
    _CountingNode.asked.clear()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            await connect(*connection_of(node_end(ends.source)), node_class=_CountingNode) as old,
            await connect(
                *connection_of(node_end(ends.destination)), node_class=_CountingNode, meant=plan.destination_uuid
            ) as new,
            await Journal.create(Path(folder) / "journal.sqlite") as journal,
        ):
            outcome = await perform(
                plan,
                Clusters(destination=new, source=old),
                journal,
                METHODS,
                clock=time.time,
                sleep=asyncio.sleep,
                run_id="BENCH",
                random=random.random,
            )
    if outcome is not RunOutcome.VERIFIED:
        message = f"the run ended as {outcome}"
        raise RuntimeError(message)
    return collections.Counter(_CountingNode.asked)


def clear(ends: Ends, names: list[str]) -> None:
    """The destination without these indices."""
    for first in range(0, len(names), 100):
        ends.ask(ends.destination, "DELETE", "/" + ",".join(names[first : first + 100]) + "?ignore_unavailable=true")


def _figures(ends: Ends, methods: list[MethodName]) -> list[str]:
    names = _names(INDICES)
    fill(ends, INDICES)
    taken: dict[str, list[float]] = collections.defaultdict(list)
    for number in range(ROUNDS):
        for mover in (*methods, None):
            clear(ends, names)
            took = _naive(ends, names) if mover is None else _ours(ends, mover, names)
            taken[mover or "naive"].append(took.seconds)
            print(f"  round {number}: {mover or 'naive'}: {took.seconds:.1f} s", file=sys.stderr, flush=True)
    peer = statistics.median(taken["naive"])
    title = (
        f"{INDICES} indices of {DOCUMENTS} documents of {SIZE} bytes, {ends.source.version} to "
        f"{ends.destination.version}, medians of {ROUNDS}"
    )
    lines = [
        title,
        f"  the naive script, {NAIVE_AT_ONCE} at once: {peer:.1f} s, {peer / INDICES * 1_000:.0f} ms an index",
    ]
    for method in methods:
        ours = statistics.median(taken[method])
        ratio = statistics.median(mine / its for mine, its in zip(taken[method], taken["naive"], strict=True))
        clear(ends, names)
        asked = asyncio.run(_requests(ends, _plan(ends, method, names[:_COUNTED])))
        lines += [
            f"  {method}: {ours:.1f} s, {ours / INDICES * 1_000:.0f} ms an index",
            f"  {'holds' if ratio <= BAR else 'MISSED'}: {ratio:.2f} times the script's time (bar: {BAR})",
            f"    requests an index: {asked.total() / _COUNTED:.1f}",
            *(f"      {amount / _COUNTED:>5.1f}  {kind}" for kind, amount in asked.most_common(25)),
        ]
    return lines


def _between(
    destination: str, figures: Callable[[Ends, list[MethodName]], list[str]], methods: list[MethodName]
) -> str:
    """The figures of these methods from 6.8.23 to the destination's version, on nodes started for them alone."""
    options = NodeOptions(password=secrets.token_urlsafe(15), brief=False, heap="1g")
    source = asyncio.run(up("6.8.23", options))
    try:
        there = asyncio.run(up(destination, options))
        try:
            return "\n".join(figures(Ends(source, there), methods))
        finally:
            asyncio.run(down(there))
    finally:
        asyncio.run(down(source))


def figure() -> str:
    """To 7.17.28 by copy and by reindex, and to 9.5.0, whose node here has no `_reindex`, by copy."""
    return of_both(_figures)


def of_both(figures: Callable[[Ends, list[MethodName]], list[str]]) -> str:
    """The figures to 7.17.28 and, of a copy alone, to 9.5.0."""
    both = [MethodName.COPY_THROUGH_HERE, MethodName.REINDEX_FROM_REMOTE]
    return _between("7.17.28", figures, both) + "\n" + _between("9.5.0", figures, both[:1])
