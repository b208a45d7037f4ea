"""An index that nothing was ever written to, without any mapping, which up to 7.x does not know its own fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.method import MethodName, Proof
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.progress import TaskState
from esmigrate_tui.verify.counts import ComparedIndex
from esmigrate_tui.verify.everything import ComparisonOptions, compare_everything
from esmigrate_tui.verify.samples import compare_by_id, compare_samples
from tests.methods.copying import make, pair, settings
from tests.methods.migrating import migrated, planned

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Clusters
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes
PAIRS = [("6.8.23", "7.17.28"), ("7.17.28", "6.8.23"), ("7.17.28", "9.5.0")]
BARE = "vf-bare"


async def bare(clusters: Clusters) -> tuple[ComparedIndex, ComparedIndex]:
    """Such an index on both sides."""
    assert clusters.source is not None
    for cluster in (clusters.source, clusters.destination):
        await make(cluster, BARE, {"settings": settings(2)})
    return ComparedIndex(clusters.source, BARE), ComparedIndex(clusters.destination, BARE)


@pytest.mark.parametrize(("old", "new"), PAIRS)
async def test_two_of_them_are_equal_by_every_proof(nodes: SharedNodes, old: str, new: str) -> None:
    async with pair(nodes, old, new) as (clusters, _):
        source, destination = await bare(clusters)
        for values in (None, False, True):
            compared = await compare_everything(source, destination, ComparisonOptions(values=values))
            assert compared.is_equal
            assert (compared.source_count, compared.destination_count) == (0, 0)
        assert (await compare_by_id(destination, source)).compared == 0
        assert (await compare_samples(source.cluster, destination.cluster, {BARE: BARE})).compared == 0
        assert await source.cluster.documents.numbers(BARE, 0) == (0, -1)


@pytest.mark.parametrize("method", [MethodName.COPY_THROUGH_HERE, MethodName.REINDEX_FROM_REMOTE])
@pytest.mark.parametrize("proof", [Proof.SAMPLES, Proof.EVERYTHING])
async def test_one_arrives_and_is_verified(
    nodes: SharedNodes, tmp_path: Path, method: MethodName, proof: Proof
) -> None:
    async with pair(nodes, "6.8.23", "7.17.28") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, BARE, {"settings": settings(2)})
        plan = await planned(clusters, draft.answered(method=method), BARE, verify=proof)
        run = await migrated(plan, clusters, tmp_path)
    row = run.progress.task(1)
    assert (run.outcome, row.state) == (RunOutcome.VERIFIED, TaskState.VERIFIED)


async def test_why_an_index_cannot_be_read_is_told_in_the_servers_words(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, _):
        source, _ = await bare(clusters)
        with pytest.raises(ProblemError) as caught:
            await source.cluster.wire.read(f"/{BARE}/_search", {"sort": [{"nowhere": "asc"}]})
    assert "No mapping found for [nowhere]" in str(caught.value)
    assert "{'" not in str(caught.value) + caught.value.problem.evidence
