"""Whatever goes wrong on the way is put right on the same screen or the one before, by somebody who only reads."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.elastic.snapshots import unregister_request
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.sandbox.nodes import NodeOptions, start_again, stop
from tests.by_hand import performed
from tests.journeys.conftest import with_user
from tests.journeys.reader import Reader
from tests.journeys.test_reader import ARRIVED, REVIEW, choose, connect, count
from tests.journeys.test_wizard import small_index

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Operator
    from tests.journeys.terminal import Terminal

    Opening = Callable[[SandboxNode], Awaitable[Cluster]]

pytestmark = pytest.mark.nodes


@pytest.fixture(scope="module")
def own(nodes: SharedNodes) -> SandboxNode:
    """A 7.17.28 that may fetch from nobody, and may be stopped."""
    return nodes.fresh_now("7.17.28", NodeOptions(whitelist="elsewhere.example.org:*"))


async def test_a_closed_port_and_a_wrong_password_are_typed_anew(
    pair: tuple[SandboxNode, SandboxNode], reader: Reader
) -> None:
    node = pair[1]
    await connect(reader, "Index from the source", DESTINATION=node)
    await reader.fill("Address", "http://127.0.0.1:1")
    await reader.do("test", then="✗ not reached")
    await reader.fill("Address", node.url)
    await reader.fill("Password", "guessed")
    await reader.do("test", then="✗ refused")
    await reader.fill("Password", node.password or "")
    await reader.do("test", then="✓ connected")
    await reader.go_on("Which files?")


async def test_a_destination_that_may_not_fetch_is_copied_to_instead(
    pair: tuple[SandboxNode, SandboxNode], own: SandboxNode, opened: Opening, reader: Reader, prefix: str
) -> None:
    await small_index(pair[0], opened, prefix, 60)
    await connect(reader, "Reindex from a remote cluster", SOURCE=pair[0], DESTINATION=own)
    await reader.go_on("The destination may not fetch from")
    await reader.sees("1 check blocks")
    await reader.do("uses Copy through this machine instead")
    await reader.go_on("chosen 0 of")
    await choose(reader, prefix)
    await reader.go_on(REVIEW)
    await reader.push("Start the migration", then=ARRIVED)
    assert await count(own, opened, prefix) == 60


async def test_a_repository_that_cannot_be_reached_is_given_another_place(
    pair: tuple[SandboxNode, SandboxNode], opened: Opening, reader: Reader, prefix: str
) -> None:
    await connect(reader, "Restore from a snapshot", DESTINATION=pair[1])
    await reader.go_on("In which repository is the snapshot?")
    try:
        await reader.do("registers yours on the destination", then="A repository to register on the destination")
        await reader.fill("Name", prefix)
        await reader.fill("Folder (needed)", "/nowhere/at-all")
        await reader.push("Show the request", then="The request, to")
        await reader.push("Register it", then="path.repo")
        await reader.do("registers yours on the destination", then="A repository to register on the destination")
        await reader.fill("Folder (needed)", prefix)
        await reader.push("Show the request", then="The request, to")
        await reader.push("Register it", then="Enter lists its snapshots")
        await reader.do("lists its snapshots", then="There is no snapshot in this repository yet.")
    finally:
        async with await opened(pair[1]) as cluster:
            with suppress(ProblemError):
                await performed(cluster, unregister_request(prefix))


async def run_slowly(operator: Operator, source: SandboxNode, destination: SandboxNode, prefix: str, pace: str) -> None:
    """A copy of this index that takes some seconds, as somebody else has started it."""
    operator.knows(source, destination)
    sides = ("--source", with_user(source), "--destination", with_user(destination), "-o", "move.toml")
    slowly = ("--index", prefix, "--rename", f"{prefix}={prefix}-slow", "--batch", "50", "--pace", pace)
    planned = await operator.do("plan", "copy-through-here", *sides, *slowly)
    assert planned.code == 0, planned.text
    begun = await operator.do("run", "move.toml", "--detach")
    assert begun.code == 20, begun.text


async def test_a_destination_that_goes_away_amid_a_run_is_waited_for_on_the_board(
    pair: tuple[SandboxNode, SandboxNode],
    own: SandboxNode,
    opened: Opening,
    operator: Operator,
    terminal: Callable[..., Terminal],
    prefix: str,
) -> None:
    await small_index(pair[0], opened, prefix, 300)
    await run_slowly(operator, pair[0], own, prefix, "40")
    reader = Reader(terminal())
    await reader.sees("Where do you want to begin?")
    await reader.go_to("running")
    await reader.do("shows it", then="1 moving")
    await stop(own)
    await reader.sees(f"{prefix} waits")
    await start_again(own)
    await reader.sees(ARRIVED)
    assert await count(own, opened, f"{prefix}-slow") == 300


async def test_a_run_that_is_stopped_says_what_is_missing_and_how_to_go_on(
    pair: tuple[SandboxNode, SandboxNode],
    opened: Opening,
    operator: Operator,
    terminal: Callable[..., Terminal],
    prefix: str,
) -> None:
    await small_index(pair[0], opened, prefix, 300)
    await run_slowly(operator, *pair, prefix, "15")
    reader = Reader(terminal())
    await reader.sees("Where do you want to begin?")
    await reader.go_to("running")
    await reader.do("shows it", then="1 moving")
    await reader.do("stop", then="Stop run")
    await reader.push("Stop the run", then="The run was stopped before the end")
    assert "resume what is missing: esmigrate resume" in reader.text
    assert await count(pair[1], opened, f"{prefix}-slow") < 300
