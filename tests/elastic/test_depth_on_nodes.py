"""A mapping of hundreds of levels, which a real cluster takes, beside an ordinary one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.flow import planning
from esmigrate_tui.model.definition_depth import TooDeepError
from esmigrate_tui.model.method import MethodName
from tests.methods.copying import joined

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes


async def deep(source: Cluster, name: str, levels: int) -> None:
    """An index whose mapping has so many levels of objects."""
    inner = '{"type":"keyword"}'
    for _ in range(levels):
        inner = '{"properties":{"a":' + inner + "}}"
    settings: dict[str, Any] = {"index.mapping.depth.limit": 5_000, "number_of_replicas": 0}
    body = f'{{"settings":{json.dumps(settings)},"mappings":{{"_doc":{inner}}}}}'
    await source.wire.exchange("PUT", f"/{name}", body.encode())


async def test_an_index_that_is_too_deep_is_named_and_the_others_are_planned(nodes: SharedNodes) -> None:
    async with joined(await nodes.get("6.8.23"), await nodes.get("7.17.28")) as (clusters, draft):
        source = clusters.source
        assert source is not None
        for name, levels in (("dp-600", 600), ("dp-150", 150)):
            await deep(source, name, levels)
        await source.wire.exchange("PUT", "/dp-fine", b'{"settings":{"number_of_replicas":0}}')
        try:
            with pytest.raises(TooDeepError) as refused:
                await source.indices.definitions(["dp-150", "dp-600", "dp-fine"])
            assert refused.value.names == ("dp-150", "dp-600")
            assert (await source.indices.definitions(["dp-fine"]))["dp-fine"].name == "dp-fine"
            copying = draft.answered(method=MethodName.COPY_THROUGH_HERE)
            plan, choice = await planning.plan_for(copying, clusters, ["dp-*"], renamed={}, now=0.0)
            assert [task.source_index for task in plan.tasks] == ["dp-fine"]
            assert {name for name, _ in choice.left_out} == {"dp-600", "dp-150"}
            with pytest.raises(TooDeepError, match="dp-600"):
                await planning.plan_for(copying, clusters, ["dp-600", "dp-fine"], renamed={}, now=0.0)
        finally:
            await source.wire.exchange("DELETE", "/dp-600,dp-150,dp-fine", None)
