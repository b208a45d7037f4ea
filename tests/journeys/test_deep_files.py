"""Rows of a depth that ends a node: they are told by file and line, before and after a kill, and the node lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.sandbox.nodes import NodeOptions
from tests.journeys.test_files import planned, rejects
from tests.methods.copying import reach

if TYPE_CHECKING:
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Operator

pytestmark = pytest.mark.nodes


async def test_rows_of_twenty_thousand_levels_end_no_node(operator: Operator, nodes: SharedNodes) -> None:
    node = await nodes.fresh("7.17.28", NodeOptions(security=False))
    rows = [f'{{"n":{n}}}' for n in range(6_000)]
    for line, levels in ((3, 20_000), (2_500, 1_500), (5_990, 20_000)):
        rows[line - 1] = '{"a":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"
    path = operator.folder / "deep.ndjson"
    path.write_text("\n".join(rows) + "\n")
    plan = await planned(operator, node, "deep.ndjson", "files-deep", "--pace", "1500")
    begun = await operator.do("run", "files.toml", "--detach")
    run = operator.only_run()
    await operator.until(run, lambda progress: any(task.done > 500 for task in progress.tasks))
    await operator.kill(run)
    done = await operator.do("resume", run.path.name)
    told = {one["id"]: one["reason"] for one in rejects(operator, run.path.name)}
    _, cluster = await reach(node)
    async with cluster:
        count = await cluster.searches.count("files-deep")
    assert plan.code == 0, plan.text
    assert begun.code == 20, begun.text
    assert done.code == 3, done.text
    assert count == 5_997
    assert sorted(told) == [f"{path}:{line}" for line in (2500, 3, 5990)]
    assert all("more than 1 000 levels" in reason for reason in told.values()), told
