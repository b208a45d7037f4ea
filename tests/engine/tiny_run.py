"""The program of the detached runs in the tests: the real process, with a method whose documents arrive in a file.

Like a server, the file outlives the process: what has arrived stays, and each look lets one more document arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from esmigrate_tui.engine.folders import RunFolder, read_plan
from esmigrate_tui.engine.process import run
from esmigrate_tui.methods.contract import Comparison, Work
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import Acknowledged
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem
from tests.engine.tiny import Notepad, Tiny

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.verify.progress import ComparisonProgress


class Filed(Tiny):
    """A tiny method whose destination is a folder of files, one document a look."""

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:  # noqa: ARG002  # the contract
        total, done = work.task.documents or 0, int(since or 0)
        with contextlib.suppress(FileNotFoundError):
            done = max(done, _there(work).stat().st_size)
        while done < total and work.task.number not in self.cancelled:
            with _there(work).open("ab") as file:
                file.write(b".")
            done += 1
            yield Acknowledged(done=done, total=total, written=done, token=str(done))
            if os.environ.get("TINY_HANGS"):
                await asyncio.sleep(3_600)

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:  # noqa: ARG002  # the contract
        return Comparison(work.task.documents or 0, _there(work).stat().st_size)


def _there(work: Work) -> Path:
    return Path(os.environ["TINY_DESTINATION"]) / work.task.destination_index


@contextlib.asynccontextmanager
async def clusters(plan: Plan, credentials: Mapping[Side, Credential]) -> AsyncIterator[Clusters]:
    if credentials[Side.SOURCE].secret != "geheim" or plan.source is None:
        raise SystemExit(3)
    notepad = Notepad()
    if os.environ.get("TINY_ELSEWHERE"):
        notepad.elsewhere = Problem(cause=Cause.STALE, what="Here is another cluster.")
    yield notepad.as_clusters()


def main(folder: str) -> int:
    if os.environ.get("TINY_DIES"):
        sys.stderr.write("I cannot \x1b[31mlive\x1b[0m here.\n")
        return 70
    method: Any = Filed(read_plan(RunFolder(Path(folder))), arrived=defaultdict(int), tunes=True)
    return run(Path(folder), {MethodName.REINDEX_FROM_REMOTE: method}, clusters, sys.stdin.buffer)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
