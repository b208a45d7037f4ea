"""Reindexes by the engine, over lines that answer in a server's place: the run waits, and finds its tasks again."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pytest

from esmigrate_tui.methods.reindex_from_remote.decisions import ReindexState
from esmigrate_tui.methods.reindex_from_remote.mover import ReindexFromRemote
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause
from tests.broken_line import Answer, Asked, Break, Fault, Line
from tests.methods.copying import PlainBook, fill, joined, leave, looked_until, make, numbered, settings
from tests.methods.migrating import migrated, planned
from tests.methods.reindexing import METHOD, drained, work_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Acknowledged
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

AMOUNT: Final = 400
PAGE: Final = Answer(200, b"<html><body>Sign in to the company network</body></html>", "text/html")
AWAY: Final = Answer(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")
NOT_READY: Final = Answer(503, b"<html><h1>503 Service Unavailable</h1></html>", "text/html")


@dataclass(frozen=True)
class Way:
    """Two nodes over lines, both as they are seen through these."""

    source: Line
    destination: Line
    clusters: Clusters
    draft: Draft


@asynccontextmanager
async def way(nodes: SharedNodes, source: str = "6.8.23", destination: str = "7.17.28") -> AsyncIterator[Way]:
    async with (
        Line(await nodes.get(source)) as old,
        Line(await nodes.get(destination)) as new,
        joined(old.node, new.node) as (clusters, draft),
    ):
        draft = draft.answered(method=MethodName.REINDEX_FROM_REMOTE)  # noqa: PLW2901  # the draft of this way
        yield Way(old, new, clusters, draft)


async def filled(clusters: Clusters, index: str) -> None:
    assert clusters.source is not None
    kind = "_doc" if (await clusters.source.wire.version()).major >= 6 else "t"
    await make(clusters.source, index, {"settings": settings(2), "mappings": {kind: {}}})
    await fill(clusters.source, index, numbered(AMOUNT, kind))


@pytest.mark.parametrize("answer", [PAGE, AWAY, NOT_READY], ids=["a page", "502", "503"])
async def test_what_answers_in_the_destinations_place_is_waited_for(
    nodes: SharedNodes, tmp_path: Path, answer: Answer
) -> None:
    async with way(nodes) as here:
        await filled(here.clusters, "rf-page")
        plan = await planned(here.clusters, here.draft, "rf-page", batch=100)
        seen = 0

        async def judge(asked: Asked) -> Fault | None:
            nonlocal seen
            seen += asked.what.startswith("GET /_tasks/")
            return answer if asked.what.startswith("GET /_tasks/") and seen in {1, 2} else None

        here.destination.judge = judge
        run = await migrated(plan, here.clusters, tmp_path)
    assert len(here.destination.met) == 2
    assert run.waits <= {Cause.NOT_ELASTICSEARCH, Cause.BUSY}
    assert run.outcome is RunOutcome.VERIFIED
    assert (run.progress.tasks[0].done, run.progress.tasks[0].collided) == (AMOUNT, 0)


async def test_the_first_look_at_a_small_index_waits_at_the_server_for_its_end(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    looks: list[str] = []
    async with way(nodes) as here:
        await filled(here.clusters, "rf-first")
        plan = await planned(here.clusters, here.draft, "rf-first")

        async def judge(asked: Asked) -> None:
            if asked.what.startswith("GET /_tasks/"):
                looks.append(asked.target)

        here.destination.judge = judge
        run = await migrated(plan, here.clusters, tmp_path)
    assert run.outcome is RunOutcome.VERIFIED
    assert "wait_for_completion=true" in looks[0]
    assert not any("wait_for_completion=true" in look for look in looks[1:])


async def test_a_gateway_before_the_source_that_cannot_reach_it_is_waited_for(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async with way(nodes) as here:
        await filled(here.clusters, "rf-gate")
        plan = await planned(here.clusters, here.draft, "rf-gate", batch=100)
        here.source.breaks(AWAY, "POST /rf-gate/_search", 1)
        run = await migrated(plan, here.clusters, tmp_path)
    assert len(here.source.met) == 1
    assert run.waits == {Cause.BUSY}
    assert run.outcome is RunOutcome.VERIFIED


@pytest.mark.parametrize("destination", ["5.6.16", "7.17.28"])
@pytest.mark.parametrize("pace", [0.0, 200.0], ids=["ended since", "still going on"])
async def test_a_reindex_that_was_begun_though_its_answer_said_otherwise_is_found_and_not_begun_twice(
    nodes: SharedNodes, tmp_path: Path, destination: str, pace: float
) -> None:
    async with way(nodes, "2.4.6" if destination == "5.6.16" else "6.8.23", destination) as here:
        await filled(here.clusters, "rf-twice")
        plan = await planned(here.clusters, here.draft, "rf-twice", batch=50, requests_per_second=pace)
        here.destination.breaks(Break.DENIED, "POST /_reindex", 1)
        run = await migrated(plan, here.clusters, tmp_path, factor=2.0)
    [row] = run.progress.tasks
    assert len(here.destination.met) == 1
    assert run.outcome is RunOutcome.VERIFIED
    assert row.collided == 0
    assert row.written + row.there_already == AMOUNT
    assert pace == 0.0 or row.written == AMOUNT


async def test_a_task_that_this_run_has_cancelled_is_gone_on_with_and_one_of_another_process_too(
    nodes: SharedNodes,
) -> None:
    async with way(nodes) as here:
        await filled(here.clusters, "rf-ours")
        planned_work = await work_for(here.clusters, here.draft, "rf-ours", batch=20)
        work = replace(planned_work, requests_per_second=40.0)
        await METHOD.prepare(work, here.clusters, PlainBook(here.clusters))
        steps = METHOD.perform(work, here.clusters, "")
        await anext(steps)
        begun = (await anext(steps)).token
        await leave(steps)
        await METHOD.stop(work, here.clusters, begun)
        steps = METHOD.perform(work, here.clusters, begun)
        found = await looked_until(steps, lambda moved: tasks_of(moved.token) not in {(), tasks_of(begun)})
        await leave(steps)
        await here.clusters.destination.tasks.cancel(tasks_of(found.token)[0])
        seen: list[Acknowledged] = []
        await drained(ReindexFromRemote().perform(planned_work, here.clusters, found.token), seen)
        compared = await METHOD.compare(work, here.clusters)
    assert compared.is_equal
    assert (seen[-1].written, seen[-1].collided) == (AMOUNT, 0)


def tasks_of(token: str) -> tuple[str, ...]:
    """The server tasks that a token knows of."""
    return tuple(part.task for part in ReindexState.from_token(token).parts if part.task)


async def test_the_first_batch_is_as_small_as_the_documents_that_are_seen_want_it(nodes: SharedNodes) -> None:
    async with way(nodes) as here:
        assert here.clusters.source is not None
        await make(here.clusters.source, "rf-large", {"settings": settings(), "mappings": {"_doc": {"enabled": False}}})
        lines = [({"_type": "_doc", "_id": str(n)}, b'{"x":"%s"}' % (b"x" * 3_000_000)) for n in range(12)]
        await fill(here.clusters.source, "rf-large", lines)
        work = await work_for(here.clusters, here.draft, "rf-large")
        await METHOD.prepare(work, here.clusters, PlainBook(here.clusters))
        seen: list[Acknowledged] = []
        await drained(METHOD.perform(work, here.clusters, ""), seen)
        compared = await METHOD.compare(work, here.clusters)
        await here.clusters.source.changes.delete_index("rf-large")
        await here.clusters.destination.changes.delete_index("rf-large")
    assert compared.is_equal
    assert 1 <= ReindexState.from_token(seen[-1].token).parts[0].batch <= 8
