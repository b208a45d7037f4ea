"""The real command on real nodes: what every journey starts from."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.snapshots import delete_snapshot_request, unregister_request
from esmigrate_tui.engine.folders import RunFolder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.sandbox.loading import load
from tests.by_hand import performed
from tests.journeys.reader import Reader
from tests.journeys.terminal import Terminal
from tests.signing_in import connected_to
from tests.whole import assert_unharmed, before, planned_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All it said."""
        return self.out + self.err

    @property
    def run(self) -> str:
        """The run's name in what it said."""
        return self.out.partition("Run ")[2][:4]


@dataclass
class Operator:
    """Somebody with a shell: an environment, a folder, and the command."""

    folder: Path
    environ: dict[str, str]
    started: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start a command and go on."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "esmigrate_tui",
            *arguments,
            cwd=self.folder,
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.started.append(process)
        return process

    async def do(self, *arguments: str, seconds: float = 120) -> Ended:
        """Carry a command out; no command ever shows a traceback."""
        process = await self.start(*arguments)
        out, err = await asyncio.wait_for(process.communicate(), seconds)
        ended = Ended(process.returncode or 0, out.decode(), err.decode())
        assert "Traceback" not in ended.text
        return ended

    async def plan(self, source: str, destination: str, *more: str) -> Ended:
        """Make move.toml."""
        sides = ("--source", source, "--destination", destination)
        return await self.do("plan", "reindex-from-remote", *sides, "-o", "move.toml", "--force", *more)

    async def plan_restore(
        self, destination: SandboxNode, repository: str, *more: str, snapshot: str = "latest"
    ) -> Ended:
        """Make restore.toml; the password of the destination is known then."""
        self.environ["ESMIGRATE_DESTINATION_PASSWORD"] = destination.password or ""
        where = ("--destination", with_user(destination), "--repository", repository, "--snapshot", snapshot)
        return await self.do("plan", "restore-from-snapshot", *where, "-o", "restore.toml", "--force", *more)

    def knows(self, source: SandboxNode, destination: SandboxNode) -> None:
        """Give the passwords of two nodes by the environment."""
        self.environ["ESMIGRATE_SOURCE_PASSWORD"] = source.password or ""
        self.environ["ESMIGRATE_DESTINATION_PASSWORD"] = destination.password or ""

    async def kill(self, run: RunFolder) -> None:
        """End a run's process as a crash would."""
        os.kill(json.loads(run.process.read_text())["pid"], signal.SIGKILL)
        while run.is_live:  # noqa: ASYNC110  # another process ends
            await asyncio.sleep(0.05)

    def folder_of(self, run: str) -> RunFolder:
        """Where a run is kept."""
        return RunFolder(self.folder / "state" / "runs" / run)

    def only_run(self) -> RunFolder:
        """The one run there is."""
        (path,) = (self.folder / "state" / "runs").iterdir()
        return RunFolder(path)

    async def until(self, run: RunFolder, holds: Callable[[Any], bool], seconds: float = 90) -> None:
        """Wait until a run's progress is as wanted."""
        deadline = time.monotonic() + seconds
        async with Journal.open(run.journal) as journal:
            while not holds(await journal.progress()):
                assert time.monotonic() < deadline, "the run did not come so far"
                await asyncio.sleep(0.1)


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    """Somebody without a keyring, whose runs are kept in the test's folder; what they started is ended."""
    kept = {"PATH", "HOME", "LANG", "SSL_CERT_FILE", "PYTHONPATH"}
    environ = {name: value for name, value in os.environ.items() if name in kept}
    environ |= {
        "ESMIGRATE_STATE_DIR": str(tmp_path / "state"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    somebody = Operator(tmp_path, environ)
    yield somebody
    for process in somebody.started:
        if process.returncode is None:
            process.kill()
            await process.wait()
    for path in (tmp_path / "state" / "runs").glob("*"):
        folder = RunFolder(path)
        if folder.is_live:
            os.kill(json.loads(folder.process.read_text())["pid"], 9)


def renamed(prefix: str, *names: str) -> list[str]:
    """Options that move these under names of this test's own."""
    return [part for name in names for part in ("--index", name, "--rename", f"{name}={prefix}-{name}")]


def with_user(node: SandboxNode) -> str:
    """A node's address with its user's name, as it is typed."""
    return node.url.replace("://", f"://{node.user}@") if node.user else node.url


async def taken_away(old: Cluster, new: Cluster, prefix: str, *, snapshot: str) -> None:
    """Delete what a walk has left on both, PREFIX-one and -two, the repository and its snapshot; close them."""
    with suppress(ProblemError):
        await performed(old, delete_snapshot_request(prefix, snapshot))
    for cluster in (old, new):
        for name in ("one", "two"):
            with suppress(ProblemError):
                await cluster.changes.delete_index(f"{prefix}-{name}")
        with suppress(ProblemError):
            await performed(cluster, unregister_request(prefix))
        await cluster.close()


@pytest.fixture
def opened() -> Callable[[SandboxNode], Awaitable[Cluster]]:
    """A way to look at a node from the test's side."""
    return connected_to


@asynccontextmanager
async def unharmed(
    plan: Path,
    source: SandboxNode | None,
    destination: SandboxNode,
    *names: str,
    restored: Mapping[str, str] | None = None,
) -> AsyncIterator[None]:
    """Around runs of a plan in which something fails: both clusters are as they were, its indices as the plan has them.

    `names` are indices of the source. `restored` are those of the destination that a snapshot gives, by their names on
    the source, whose settings they have; what the plan makes is there in any case.
    """
    async with AsyncExitStack() as stack:
        old = await stack.enter_async_context(await connected_to(source)) if source is not None else None
        clusters = Clusters(destination=await stack.enter_async_context(await connected_to(destination)), source=old)
        seen = await before(clusters, *names)
        yield
        tasks = Plan.from_toml(await asyncio.to_thread(plan.read_text)).tasks
        made = {task.destination_index: planned_settings(task) for task in tasks if task.create}
        for target, name in (restored or {}).items():
            assert seen.source is not None
            made[target] = seen.source.indices[name].settings
        await assert_unharmed(seen, clusters, made)


_LOADED: set[str] = set()


@pytest.fixture
async def pair(nodes: SharedNodes) -> tuple[SandboxNode, SandboxNode]:
    """The shared 6.8.23 with sample data, and the shared 7.17.28 as journeys before left it."""
    source, destination = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    if source.url not in _LOADED:
        await load(source, 2_000)
        _LOADED.add(source.url)
    async with await connected_to(destination) as cluster:
        # One index may be written to by that alias of the sample's library: a test that moves it finds it free.
        response = await cluster.wire.exchange("GET", "/_alias/books", accepted=frozenset({404}))
        status, told = response.status, response.body
        for index in json.loads(told) if status == 200 else ():
            await cluster.changes.delete_index(index)
    return source, destination


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """A way to open terminals that are closed at the end."""
    opened: list[Terminal] = []
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ |= {
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "ESMIGRATE_STATE_DIR": str(tmp_path / "state"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
    }

    def open_one(*arguments: str) -> Terminal:
        opened.append(Terminal([*arguments], environ, tmp_path))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
async def reader(terminal: Callable[..., Terminal]) -> Reader:
    """Somebody who reads, in front of the first screen."""
    somebody = Reader(terminal())
    await somebody.sees("How should the data get into the destination?")
    return somebody


@pytest.fixture
async def prefix(pair: tuple[SandboxNode, SandboxNode]) -> AsyncIterator[str]:
    """What the names of a test begin with; whatever has such a name on either node goes at the end."""
    begins = f"read-{secrets.token_hex(3)}"
    yield begins
    for node in pair:
        async with await connected_to(node) as cluster:
            for index in await cluster.indices.every():
                if index.name.startswith(begins):
                    await cluster.changes.delete_index(index.name)
