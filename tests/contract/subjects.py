"""Every method as the contract sees it: how it is planned, and which of the promises cannot be made of it.

A new method is one line of `SUBJECTS`; the whole contract is tried on it then.
"""

from __future__ import annotations

import base64
import json
import random
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.progress import TaskState
from tests.journeys.conftest import with_user
from tests.signing_in import connected_to
from tests.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.engine.folders import RunFolder
    from esmigrate_tui.model.progress import Progress
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.broken_line import Line
    from tests.journeys.conftest import Ended, Operator

INDEX: Final = "contract"
KEPT: Final = f"contract-{secrets.token_hex(4)}"
"""The repository with a snapshot of that index; other programs on this machine have theirs beside it."""
AMOUNT: Final = 200
ODD: Final = "contract-odd"
"""An index with one document that a destination rejects where `n` is a number."""
REJECTED: Final = 7
"""The number of that document."""
STRICT: Final[dict[str, Any]] = {
    "settings": {"number_of_replicas": "0"},
    "mappings": {"properties": {"n": {"type": "long"}}},
}
PACE: Final = ("--pace", "40", "--batch", "20")


def rows(index: str) -> list[dict[str, Any]]:
    """The documents of one of the two indices; each has a text that nothing compresses, for a restore to last."""
    chance = random.Random(index)  # noqa: S311  # the same documents every time
    found = [{"n": n, "text": base64.b64encode(chance.randbytes(4_000)).decode()} for n in range(AMOUNT)]
    return [row | {"n": "no number"} if row["n"] == REJECTED else row for row in found[:20]] if index == ODD else found


@dataclass
class Stage:
    """One trial: two clusters behind a line each, somebody with a shell, and where the documents are to arrive."""

    operator: Operator
    subject: Subject
    source: Line
    destination: Line
    nodes: tuple[SandboxNode, SandboxNode]
    run: RunFolder | None = None
    target: str = field(default_factory=lambda: f"contract-{secrets.token_hex(4)}")

    @property
    def plan(self) -> str:
        """The name of the plan's file."""
        return "contract.toml"

    async def planned(self, index: str = INDEX) -> Ended:
        """Plan the documents of an index to the target."""
        self.operator.knows(*self.nodes)
        where = ("--destination", with_user(self.destination.node), "-o", self.plan, "--force")
        more = self.subject.options(self, index)
        ended = await self.operator.do("plan", self.subject.method.value, *where, *more)
        assert ended.code == 0, ended.text
        return ended

    async def begun(self) -> RunFolder:
        """A run of which a part has arrived, and not all."""
        await self.planned()
        ended = await self.operator.do("run", self.plan, "--detach")
        assert ended.code == 20, ended.text
        self.run = self.operator.folder_of(ended.run)
        await self.operator.until(self.run, has_moved)
        return self.run

    def make_strict(self) -> None:
        """Let the plan make its index so that it takes numbers alone."""
        path = self.operator.folder / self.plan
        plan = Plan.from_toml(path.read_text())
        tasks = tuple(msgspec.structs.replace(task, create=json.dumps(STRICT)) for task in plan.tasks)
        path.write_text(msgspec.structs.replace(plan, tasks=tasks).to_toml())

    async def arrived(self) -> list[Any]:
        """The number of each document at the destination."""
        async with await connected_to(self.nodes[1]) as cluster:
            found = await whole(cluster, self.target)
        return sorted((json.loads(text)["n"] for _, _, text in found.documents), key=str)


def has_moved(progress: Progress) -> bool:
    """Whether a part of what there is has arrived."""
    return any(task.state is TaskState.MOVING and task.done > 0 for task in progress.tasks)


@dataclass(frozen=True)
class Subject:
    """A method, the options that plan it, and the scenarios that cannot be of it, each with its reason."""

    method: MethodName
    options: Callable[[Stage, str], tuple[str, ...]]
    lacks: frozenset[str] = frozenset()
    reads_cluster: bool = True


def between_clusters(stage: Stage, index: str) -> tuple[str, ...]:
    """From the source's cluster."""
    return ("--source", with_user(stage.source.node), "--index", index, "--rename", f"{index}={stage.target}", *PACE)


def of_a_file(stage: Stage, index: str) -> tuple[str, ...]:
    """From a file with the same documents."""
    (stage.operator.folder / "rows.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows(index)))
    return ("--file", "rows.ndjson", "--into", stage.target, *PACE)


def of_a_snapshot(stage: Stage, index: str) -> tuple[str, ...]:
    """From a snapshot of them, slowly."""
    place = ("--register", "fs", "--repository-setting", f"location={KEPT}")
    slowly = ("--repository-setting", "max_restore_bytes_per_sec=150kb", "--remove-repository")
    named = ("--index", index, "--rename", f"{index}={stage.target}")
    return ("--repository", KEPT, "--snapshot", "all", *place, *slowly, *named)


SUBJECTS: Final = (
    Subject(MethodName.COPY_THROUGH_HERE, between_clusters),
    Subject(MethodName.REINDEX_FROM_REMOTE, between_clusters),
    Subject(MethodName.INDEX_FROM_SOURCE, of_a_file, reads_cluster=False),
    # Elasticsearch copies files: it looks at no document, and a restore that has begun cannot be held.
    Subject(MethodName.RESTORE_FROM_SNAPSHOT, of_a_snapshot, frozenset({"rejected", "paused"}), reads_cluster=False),
)
