"""Copies through this machine, by the engine, over lines and servers that break: nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.model.problem import Cause
from tests.broken_line import BUSY, BUSY_PROXY, Asked, Break, Fault, Line
from tests.methods.copying import fill, joined, make, settings
from tests.methods.migrating import Ended, assert_nothing_lost_or_doubled, migrated, planned, whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.sandbox.nodes import Node
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

OLD: Final = "6.8.23"
SCROLLED: Final = "5.6.16"
NEW: Final = "7.17.28"
AMOUNT: Final = 900
STRICT: Final[dict[str, Any]] = {
    "settings": {"index.number_of_shards": "2", "index.number_of_replicas": "0", "index.refresh_interval": "7s"},
    "mappings": {"dynamic": "false", "properties": {"n": {"type": "long"}}},
}
REFUSED: Final = "refused"


def documents(kind: str, amount: int = AMOUNT, filler: int = 0) -> Iterable[tuple[dict[str, Any], bytes]]:
    """Documents whose bytes are not what a program would write; one does not fit, one has line breaks."""
    more = b',"t":"%s"' % (b"x" * filler) if filler else b""
    for n in range(amount):
        routed = {"routing": f"r{n % 3}"} if n % 7 == 0 else {}
        yield {"_type": kind, "_id": f"{n}/ü", **routed}, b'{ "n" : %d, "d":1.10, "e":1e3 %s}' % (n, more)
    yield {"_type": kind, "_id": REFUSED}, b'{"n":"no number"}'


async def source_index(clusters: Clusters, index: str, *, filler: int = 0, amount: int = AMOUNT) -> None:
    """An index on the source in two shards, with a document that the destination refuses and one of several lines."""
    source = clusters.source
    assert source is not None
    kind = "_doc" if (await source.version()).major >= 6 else "t"
    await make(source, index, {"settings": settings(2), "mappings": {kind: {"enabled": False}}, "aliases": {}})
    await fill(source, index, documents(kind, amount, filler))
    await source.carry("PUT", f"/{index}/{kind}/lines?refresh=true", b'{\n "n": 1.0,\r\n "m": [\n]}')


@dataclass(frozen=True)
class Way:
    """Two nodes over lines that can be broken, and both as they are seen from beside the lines."""

    source: Line
    destination: Line
    clusters: Clusters
    draft: Draft
    beside: Clusters

    async def survives(
        self,
        index: str,
        folder: Path,
        refused: tuple[str, ...] = (REFUSED,),
        *,
        spoil: Callable[[], None] = lambda: None,
        meanwhile: Awaitable[None] | None = None,
        **changes: Any,  # noqa: ANN401  # fields of a plan
    ) -> Ended:
        """Copy an index while something is in the way, and compare all that there is.

        `spoil` is called when the plan stands, `meanwhile` is awaited beside the run. `changes` are fields of the plan.
        """
        assert self.beside.source is not None
        plan = await planned(self.clusters, self.draft, index, create=STRICT, **{"batch": 100, **changes})
        before = await whole(self.beside.source, index)
        spoil()
        beside = asyncio.ensure_future(meanwhile) if meanwhile is not None else None
        run = await migrated(plan, self.clusters, folder)
        if beside is not None:
            await beside
        after, there = await whole(self.beside.source, index), await whole(self.beside.destination, index)
        assert_nothing_lost_or_doubled(before, after, there, plan.tasks[0], run, refused)
        await self.beside.source.delete_index(index)
        await self.beside.destination.delete_index(index)
        return run


@asynccontextmanager
async def way(old: Node, new: Node) -> AsyncIterator[Way]:
    """Both nodes over lines, nothing wrong with them yet."""
    async with (
        Line(old) as source,
        Line(new) as destination,
        joined(source.node, destination.node) as (clusters, draft),
        joined(old, new) as (beside, _),
    ):
        yield Way(source, destination, clusters, draft, beside)


# -- lines that break --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", list(Break))
async def test_a_line_that_breaks_around_bulks_costs_nothing(nodes: SharedNodes, fault: Break, tmp_path: Path) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-bulk")
        line = between.destination
        run = await between.survives("cf-bulk", tmp_path, spoil=lambda: line.breaks(fault, "/_bulk", 1, 2, 6, 9))
    assert len(line.met) == 4
    assert run.waits == {Cause.CONNECTION}


@pytest.mark.parametrize("fault", list(Break))
@pytest.mark.parametrize(("old", "part"), [(OLD, "/_search"), (SCROLLED, "POST /_search/scroll")])
async def test_a_line_that_breaks_around_pages_costs_nothing(
    nodes: SharedNodes, old: str, part: str, fault: Break, tmp_path: Path
) -> None:
    async with way(await nodes.get(old), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-page")
        line = between.source
        run = await between.survives("cf-page", tmp_path, spoil=lambda: line.breaks(fault, part, 5, 6, 11))
    assert len(line.met) == 3
    assert run.waits == {Cause.CONNECTION}


async def test_a_page_of_megabytes_that_is_cut_off_is_not_taken_for_whole(nodes: SharedNodes, tmp_path: Path) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-large", filler=5_000)
        line = between.source
        run = await between.survives(
            "cf-large", tmp_path, spoil=lambda: line.breaks(Break.CUT, "/_search", 6, 7, 8), batch=400
        )
    assert len(line.met) == 3
    assert run.waits == {Cause.CONNECTION}


def the_first_of_each(fault: Fault) -> Callable[[Asked], Awaitable[Fault | None]]:
    """A judge that lets each request meet a fault when it comes for the first time."""
    seen: set[str] = set()

    async def judge(asked: Asked) -> Fault | None:
        is_first = asked.what not in seen
        seen.add(asked.what)
        return fault if is_first else None

    return judge


@pytest.mark.parametrize("fault", [Break.AFTER, Break.CUT])
async def test_any_other_request_may_be_lost_once(nodes: SharedNodes, fault: Break, tmp_path: Path) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-any")
        lines = (between.source, between.destination)

        def spoil() -> None:
            for line in lines:
                line.judge = the_first_of_each(fault)

        await between.survives("cf-any", tmp_path, spoil=spoil)
    met = {asked.what for asked in between.destination.met}
    assert met >= {"PUT /cf-any", "PUT /cf-any/_settings", "POST /cf-any/_bulk", "POST /cf-any/_refresh"}
    assert len(between.source.met) > 3


async def test_a_scroll_that_is_opened_while_the_work_is_cut_short_is_closed(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async with way(await nodes.get(SCROLLED), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-opened")
        broken = asyncio.Event()

        async def holds_one_back(asked: Asked) -> Fault | None:
            if asked.what.endswith("/_search") and "_shards:1" in asked.target:
                await broken.wait()
            return None

        async def breaks_once(asked: Asked) -> Fault | None:
            if not asked.what.endswith("/_bulk") or broken.is_set():
                return None
            asyncio.get_running_loop().call_later(0.2, broken.set)
            return Break.BEFORE

        def spoil() -> None:
            between.source.judge, between.destination.judge = holds_one_back, breaks_once

        run = await between.survives("cf-opened", tmp_path, spoil=spoil)
    assert run.waits == {Cause.CONNECTION}


# -- servers that are busy ---------------------------------------------------------------------------------------------


async def test_a_destination_that_is_busy_for_ten_seconds_is_waited_for(nodes: SharedNodes, tmp_path: Path) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-busy")
        loop, line = asyncio.get_running_loop(), between.destination
        begun: list[float] = []

        async def judge(asked: Asked) -> Fault | None:
            if asked.what.endswith("_bulk"):
                begun.append(loop.time())
            return BUSY if begun and loop.time() - begun[0] < 10.0 else None

        def spoil() -> None:
            line.judge = judge

        run = await between.survives("cf-busy", tmp_path, spoil=spoil)
    assert len(line.met) > 4
    assert run.waits <= {Cause.BUSY}


@pytest.mark.parametrize("busy", [BUSY, BUSY_PROXY], ids=["the server", "a proxy"])
@pytest.mark.parametrize(("old", "part"), [(OLD, "/_search"), (SCROLLED, "POST /_search/scroll")])
async def test_a_busy_source_is_waited_for(
    nodes: SharedNodes, old: str, part: str, busy: Fault, tmp_path: Path
) -> None:
    async with way(await nodes.get(old), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-tired")
        line = between.source
        await between.survives("cf-tired", tmp_path, spoil=lambda: line.breaks(busy, part, 5, 6, 10))
    assert len(line.met) == 3


@pytest.mark.parametrize("busy", [BUSY, BUSY_PROXY], ids=["the server", "a proxy"])
async def test_a_document_with_line_breaks_waits_for_a_busy_destination_too(
    nodes: SharedNodes, busy: Fault, tmp_path: Path
) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-lines")
        line = between.destination
        await between.survives("cf-lines", tmp_path, spoil=lambda: line.breaks(busy, "/_create/lines", 1, 2))
    assert len(line.met) == 2
