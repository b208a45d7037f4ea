"""A run on real nodes that is told by letters on a terminal, while its lines go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.conftest import renamed, with_user

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.journeys.conftest import Operator
    from tests.journeys.terminal import Terminal

pytestmark = pytest.mark.nodes


async def test_a_run_is_paused_left_and_stopped_by_letters(
    operator: Operator,
    pair: tuple[SandboxNode, SandboxNode],
    terminal: Callable[..., Terminal],
    opened: Callable[[SandboxNode], Awaitable[Cluster]],
) -> None:
    operator.knows(*pair)
    await operator.plan(
        with_user(pair[0]), with_user(pair[1]), *renamed("letters", "logs-2026.01.03"), "--batch", "50", "--pace", "60"
    )
    begun = await operator.do("run", "move.toml", "--detach")
    run = operator.folder_of(begun.run)
    await operator.until(run, lambda progress: progress.done > 0)
    lines = terminal("attach", begun.run, "--plain")
    await lines.until("a letter and Enter: p pauses")
    await lines.type("p\r")
    await lines.until("Pausing;")
    await operator.until(run, lambda progress: progress.is_paused)
    await lines.type("-\r")
    await lines.until("Limit: 50 documents a second")
    await lines.type("r\r")
    await operator.until(run, lambda progress: not progress.is_paused and progress.requests_per_second == 50.0)
    await lines.type("s\r")
    await lines.until("y to stop it")
    await lines.type("\r", "l\r")
    assert await lines.ended() == 20
    assert run.is_live
    again = terminal("attach", begun.run, "--plain")
    await again.until("a letter and Enter: p pauses")
    await again.type("s\r", "y\r")
    assert await again.ended() == 3
    async with await opened(pair[1]) as cluster:
        settings = await cluster.indices.settings_of("letters-logs-2026.01.03")
        await cluster.changes.delete_index("letters-logs-2026.01.03")
    assert settings.get("index.refresh_interval") != "-1"
    assert not run.is_live
