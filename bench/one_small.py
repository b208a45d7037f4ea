"""One small index, by the command that a user types: what `esmigrate run` costs beside the documents.

The whole process from its start to its exit, less `esmigrate --version`, which is the interpreter and the command line
alone. What the parts took is read afterwards from what the run leaves behind.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bench.many_small import DOCUMENTS, SIZE, clear, fill, of_both
from bench.processes import measured, python
from esmigrate_tui.engine.folders import RunFolder, folders_in
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.model.event import RunFinished, RunStarted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.moving import Ends
    from bench.processes import Measured
    from esmigrate_tui.model.method import MethodName
    from esmigrate_tui.sandbox.nodes import SandboxNode

ROUNDS: Final = int(os.environ.get("BENCH_ROUNDS", "3"))
BAR_SECONDS: Final = 1.5
_NAME: Final = "day-00000"
_PARTS: Final = {
    "before": "before the run has a folder: the command, its checks",
    "start": "until the run's process has begun",
    "run": "the run",
    "end": "from its end to the exit of the command: the report",
}


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of one command: before the run's process, until that has begun, the run, and from its end to the exit."""

    before: float
    start: float
    run: float
    end: float

    @property
    def whole(self) -> float:
        """All of it."""
        return self.before + self.start + self.run + self.end


def _address(node: SandboxNode) -> str:
    return node.url.replace("://", f"://{node.user}@") if node.user else node.url


def _environ(ends: Ends, home: str) -> dict[str, str]:
    """Where runs are kept, and both passwords."""
    passwords = {"SOURCE": ends.source.password, "DESTINATION": ends.destination.password}
    named = {f"ESMIGRATE_{side}_PASSWORD": word for side, word in passwords.items() if word}
    return {"ESMIGRATE_STATE_DIR": home, **named}


def _esmigrate(environ: Mapping[str, str], *arguments: str) -> Measured:
    return measured(python("esmigrate_tui", *arguments), b"", environ)


async def _seen(folder: RunFolder) -> tuple[float, float]:
    """When a run began and ended, by its journal."""
    async with Journal.open(folder.journal) as journal:
        events = [event for _, event in await journal.read()]
    began = next(event.at for event in events if isinstance(event, RunStarted))
    return began, next(event.at for event in events if isinstance(event, RunFinished))


def _one(environ: dict[str, str], plan: Path) -> Parts:
    """A run in a folder of its own, and its parts."""
    with tempfile.TemporaryDirectory() as home:
        began = time.time()
        took = _esmigrate({**environ, "ESMIGRATE_STATE_DIR": home}, "run", str(plan))
        folder = folders_in(Path(home) / "runs")[0]
        made = folder.plan.stat().st_mtime
        started, finished = asyncio.run(_seen(folder))
    before = made - began
    return Parts(before=before, start=started - made, run=finished - started, end=began + took.seconds - finished)


def _lines(method: MethodName, planning: float, found: list[Parts], idle: list[float]) -> list[str]:
    more = statistics.median(parts.whole - version for parts, version in zip(found, idle, strict=True))
    took = {name: f"{statistics.median(getattr(parts, name) for parts in found):.2f} s" for name in _PARTS}
    verdict = "holds" if more <= BAR_SECONDS else "MISSED"
    beside = f"`esmigrate --version` {statistics.median(idle):.2f} s, `esmigrate plan` {planning:.2f} s"
    return [
        f"  {method}: {statistics.median(parts.whole for parts in found):.2f} s; {beside}",
        f"  {verdict}: {more:.2f} s more than `esmigrate --version` (bar: {BAR_SECONDS} s)",
        *(f"    {took[name]}  {what}" for name, what in _PARTS.items()),
    ]


def _figures(ends: Ends, methods: list[MethodName]) -> list[str]:
    fill(ends, 1)
    title = f"one index of {DOCUMENTS} documents of {SIZE} bytes, {ends.source.version} to {ends.destination.version}"
    lines = [f"{title}, medians of {ROUNDS}"]
    with tempfile.TemporaryDirectory() as place:
        environ = _environ(ends, place)
        addresses = ["--source", _address(ends.source), "--destination", _address(ends.destination)]
        for method in methods:
            plan = Path(place) / f"{method}.toml"
            planning = _esmigrate(environ, "plan", method.value, *addresses, "--index", _NAME, "-o", str(plan)).seconds
            found: list[Parts] = []
            idle: list[float] = []
            for number in range(ROUNDS):
                clear(ends, [_NAME])
                idle.append(_esmigrate(environ, "--version").seconds)
                found.append(_one(environ, plan))
                print(f"  round {number}: {method}: {found[-1].whole:.2f} s", file=sys.stderr, flush=True)
            lines += _lines(method, planning, found, idle)
    return lines


def figure() -> str:
    """To 7.17.28 by copy and by reindex, and to 9.5.0, whose node here has no `_reindex`, by copy."""
    return of_both(_figures)
