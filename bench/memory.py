"""How much memory a run has at most, whatever the source sends: large documents, odd ones, answers without end."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from bench.moving import Ends, hear, node_end, ours
from bench.processes import ROOT, python
from esmigrate_tui.sandbox.nodes import NodeOptions, down, up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.movers import End
    from bench.processes import Measured
    from esmigrate_tui.sandbox.nodes import SandboxNode

_HEAVY: Final = 20_000_000
_FAILED: Final = (0, 1, 3)
_MB: Final = 1e6
_LOOSE: Final[dict[str, Any]] = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
    "mappings": {"log": {"enabled": False}},
}
_DOCUMENTS: Final = {
    "bench-small": b'{"t":"x"}',
    "bench-plain": b'{"t":"' + b"x" * _HEAVY + b'"}',
    "bench-surrogate": b'{"t":"' + b"x" * _HEAVY + b'\\ud800"}',
    "bench-escapes": b'{"t":"' + b'\\"' * (_HEAVY // 2) + b'\\ud800"}',
}
# what is measured: its name, the index that is copied, what stands before the source, the most megabytes
_ROWS: Final = (
    ("one small document", "bench-small", "", 200),
    ("a document of 20 MB", "bench-plain", "", 200),
    ("the same with a lone surrogate", "bench-surrogate", "", 300),
    ("the same of nothing but escapes", "bench-escapes", "", 300),
    ("an answer without end", "bench-small", "endless", 200),
    ("a gzip answer of 1 GB", "bench-small", "bomb", 200),
)


@contextmanager
def _before(node: SandboxNode, what: str) -> Iterator[End]:
    """The node, or what answers in its place."""
    if not what:
        yield node_end(node)
        return
    command = python("bench.hostile", "127.0.0.1", str(node.port), what)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as line:
        try:
            yield node_end(node, int(hear(line)))
        finally:
            assert line.stdin is not None  # noqa: S101  # a pipe was asked for
            line.stdin.close()


def _fill(ends: Ends) -> None:
    for index, document in _DOCUMENTS.items():
        ends.ask(ends.source, "PUT", f"/{index}", json.dumps(_LOOSE).encode())
        ends.ask(ends.source, "PUT", f"/{index}/log/1?refresh=true", document)


def _measured(ends: Ends, index: str, what: str) -> Measured:
    with _before(ends.source, what) as source:
        return ours(ends, source, well=_FAILED)(index)


def _lines(ends: Ends) -> list[str]:
    lines = [
        f"one copy from {ends.source.version} to {ends.destination.version}, the most memory of its process",
        f"  {'':<34} {'MB':>6}  {'bar':>5}  {'arrived':>7}  {'s':>5}",
    ]
    for name, index, what, bar in _ROWS:
        took = _measured(ends, index, what)
        arrived = ends.arrived(index)
        is_well = took.peak / _MB <= bar and arrived == (0 if what else 1)
        lines.append(
            f"  {name:<34} {took.peak / _MB:>6.0f}  {bar:>5}  {arrived:>7}  {took.seconds:>5.1f}"
            f"  {'holds' if is_well else 'MISSED'}"
        )
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def figure() -> str:
    """A table: the peak of each, and whether it holds."""
    options = NodeOptions(password=secrets.token_urlsafe(15), heap="1g")
    source = asyncio.run(up("6.8.23", options))
    try:
        destination = asyncio.run(up("7.17.28", options))
        try:
            ends = Ends(source, destination)
            _fill(ends)
            return "\n".join(_lines(ends))
        finally:
            asyncio.run(down(destination))
    finally:
        asyncio.run(down(source))
