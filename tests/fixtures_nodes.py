"""Real nodes for tests, started when first asked for and shared by the whole session.

A conftest makes the fixture known with `pytest_plugins` or by importing `nodes` from here. Nothing is bound to an event
loop, as every test has its own. The nodes end with the session, and with this process, however that goes.
"""

import asyncio
import json
import os
import threading
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final, TypeVar

import pytest

from esmigrate_tui.sandbox.errors import NoJava
from esmigrate_tui.sandbox.launch import uses_security
from esmigrate_tui.sandbox.nodes import NodeOptions, SandboxNode, down, up
from esmigrate_tui.sandbox.versions import find

__all__ = ["SharedNodes", "in_own_loop", "nodes"]

T = TypeVar("T")


def in_own_loop(work: Coroutine[object, object, T]) -> T:
    """Run to the end in a thread with a loop of its own, whatever loop the test has."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 — it is raised again in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=run, name="sandbox node")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


_LEAST_KEPT: Final = 6
_MOST_KEPT: Final = 12
"""Shared nodes that live on for the next file: each takes about 0.8 GB, and two files are tested at a time.

Each version once, and a few with options of their own: the more are kept, the fewer starts, of 10 to 20 seconds each.
"""
_ROOM: Final = 6 << 20
"""KiB of memory that must be left for more than the least: for another worker's nodes, and for those of one test."""


class SharedNodes:
    """Nodes by version and options; each is started once, and again when a file asks for it long after."""

    def __init__(self) -> None:
        self._started: dict[str, SandboxNode] = {}
        self._of_module: list[SandboxNode] = []
        self._of_test: list[SandboxNode] = []
        self._lock = threading.Lock()

    def get_now(self, version: str, options: NodeOptions | None = None, *, security: bool | None = None) -> SandboxNode:
        """The shared node of that version and those options, started when it is the first time.

        Skips the test loudly when no Java here starts the version; an error where the environment sets CI.
        """
        wanted = options if options is not None else NodeOptions()
        if security is not None:
            wanted = replace(wanted, security=security)
        wanted = replace(wanted, security=uses_security(find(version), wanted))
        key = json.dumps([version, asdict(wanted)], default=str, sort_keys=True)
        with self._lock:
            node = self._started.pop(key, None) or _start(version, wanted)
            self._started[key] = node  # the one that was asked for last is the last one
            return node

    async def get(
        self, version: str, options: NodeOptions | None = None, *, security: bool | None = None
    ) -> SandboxNode:
        """As `get_now`, without holding up the loop."""
        return await asyncio.to_thread(self.get_now, version, options, security=security)

    def fresh_now(self, version: str, options: NodeOptions | None = None) -> SandboxNode:
        """A node for the fixtures of one file, to be stopped, filled or broken; it ends with the file."""
        node = _start(version, options if options is not None else NodeOptions())
        with self._lock:
            self._of_module.append(node)
        return node

    async def fresh(self, version: str, options: NodeOptions | None = None) -> SandboxNode:
        """A node for one test alone, to be stopped, filled or broken; it ends with the test."""
        node = await asyncio.to_thread(_start, version, options if options is not None else NodeOptions())
        with self._lock:
            self._of_test.append(node)
        return node

    def end_those_of_the_test(self) -> None:
        """End what one test has asked for."""
        _end(self._of_test)

    def end_those_of_the_file(self) -> None:
        """End what the fixtures of a file have asked for, and of the shared ones all but those asked for last."""
        _end(self._of_module)
        while len(self._started) > (_MOST_KEPT if _free_memory() > _ROOM else _LEAST_KEPT):
            in_own_loop(down(self._started.pop(next(iter(self._started)))))

    def close(self) -> None:
        """End every node that was started here."""
        _end(self._of_test)
        _end(self._of_module)
        _end([*self._started.values()])


def _free_memory() -> int:
    """KiB that a program can have on this machine; 0 where that cannot be known."""
    with suppress(OSError), Path("/proc/meminfo").open(encoding="ascii") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("MemAvailable:")), 0)
    return 0


def _end(nodes: list[SandboxNode]) -> None:
    while nodes:
        in_own_loop(down(nodes.pop()))


def _start(version: str, options: NodeOptions) -> SandboxNode:
    try:
        return in_own_loop(up(version, options))
    except NoJava as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def nodes() -> Iterator[SharedNodes]:
    """Real nodes, shared by the session: `await nodes.get("6.8.23", security=True)`."""
    shared = SharedNodes()
    yield shared
    shared.close()


@pytest.fixture(autouse=True, scope="module")
def _nodes_of_a_file_end_with_it(nodes: SharedNodes) -> Iterator[None]:
    yield
    nodes.end_those_of_the_file()


@pytest.fixture(autouse=True)
def _nodes_of_a_test_end_with_it(nodes: SharedNodes) -> Iterator[None]:
    yield
    nodes.end_those_of_the_test()
