"""Copies through this machine, by the engine, over lines and servers that break: nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.model.command import SetPace
from esmigrate_tui.model.event import WaitBegan
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause
from esmigrate_tui.sandbox.nodes import NodeOptions, start_again, stop
from tests.broken_line import BUSY, BUSY_PROXY, Answer, Asked, Break, Fault, Line
from tests.by_hand import performed
from tests.methods.copying import fill, joined, make, settings
from tests.methods.migrating import Ended, assert_nothing_lost_or_doubled, migrated, planned
from tests.whole import before

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.sandbox.nodes import SandboxNode
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
QUICK: Final = {"cluster.info.update.interval": "10s"}  # the shortest: how often it looks at its disk


def documents(
    kind: str, amount: int, filler: int, *, routing: str = "routing"
) -> Iterable[tuple[dict[str, Any], bytes]]:
    """Documents whose bytes are not what a program would write; one does not fit, one has line breaks."""
    more = b',"t":"%s"' % (b"x" * filler) if filler else b""
    for n in range(amount):
        routed = {routing: f"r{n % 3}"} if n % 7 == 0 else {}
        yield {"_type": kind, "_id": f"{n}/ü", **routed}, b'{ "n" : %d, "d":1.10, "e":1e3 %s}' % (n, more)
    yield {"_type": kind, "_id": REFUSED}, b'{"n":"no number"}'


async def source_index(clusters: Clusters, index: str, *, filler: int = 0, amount: int = AMOUNT) -> None:
    """An index on the source in two shards, with a document that the destination refuses and one of several lines."""
    source = clusters.source
    assert source is not None
    major = (await source.wire.version()).major
    kind = "_doc" if major >= 6 else "t"
    await make(source, index, {"settings": settings(2), "mappings": {kind: {"enabled": False}}, "aliases": {}})
    await fill(source, index, documents(kind, amount, filler, routing="routing" if major >= 5 else "_routing"))
    await source.wire.exchange("PUT", f"/{index}/{kind}/lines?refresh=true", b'{\n "n": 1.0,\r\n "m": [\n]}')


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
        meanwhile: Callable[[], Awaitable[None]] | None = None,
        afterwards: Callable[[], Awaitable[None]] | None = None,
        **changes: Any,  # noqa: ANN401  # fields of a plan
    ) -> Ended:
        """Copy an index while something is in the way, and compare all that there is.

        `spoil` is called when the plan stands, `meanwhile` is awaited beside the run, `afterwards` takes away what a
        test itself has changed. `changes` are fields of the plan.
        """
        assert self.beside.source is not None
        plan = await planned(self.clusters, self.draft, index, create=STRICT, **{"batch": 100, **changes})
        seen = await before(self.beside, index)
        spoil()
        run, _ = await asyncio.gather(migrated(plan, self.clusters, folder), meanwhile() if meanwhile else _nothing())
        await (afterwards() if afterwards else _nothing())
        await assert_nothing_lost_or_doubled(seen, self.beside, plan.tasks[0], run, refused)
        await self.beside.source.changes.delete_index(index)
        await self.beside.destination.changes.delete_index(index)
        return run


async def _nothing() -> None:
    pass


@asynccontextmanager
async def way(old: SandboxNode, new: SandboxNode) -> AsyncIterator[Way]:
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
    assert run.waits == {Cause.CONNECTION} or (fault is Break.DENIED and run.waits <= {Cause.BUSY})


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
    assert run.waits == {Cause.CONNECTION} or (fault is Break.DENIED and run.waits <= {Cause.BUSY})


async def test_a_page_of_megabytes_that_is_cut_off_is_not_taken_for_whole(nodes: SharedNodes, tmp_path: Path) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-large", filler=5_000)
        line = between.source
        run = await between.survives(
            "cf-large", tmp_path, spoil=lambda: line.breaks(Break.CUT, "/_search", 2, 3, 4), batch=400
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


async def test_a_bulk_over_which_the_destination_stumbles_is_sent_again_and_sets_nothing_aside(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    closing = Answer(500, b'{"error":{"type":"node_closed_exception","reason":"node closed"},"status":500}')
    odd = Answer(500, b'{"error":{"type":"illegal_state_exception","reason":"who knows"},"status":500}')
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-stumble", amount=20)
        line = between.destination

        async def judge(asked: Asked) -> Fault | None:
            if not asked.what.endswith("/_bulk"):
                return None
            return {0: closing, 1: odd}.get(len(line.met))

        def spoil() -> None:
            line.judge = judge

        await between.survives("cf-stumble", tmp_path, spoil=spoil, batch=1)
    assert len(line.met) == 2


async def test_an_index_that_is_closed_for_a_while_is_waited_for(nodes: SharedNodes, tmp_path: Path) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-closed")
        begun = between.destination.notices("/_bulk", 3)

        async def close_and_open() -> None:
            await begun.wait()
            await performed(between.beside.destination, Request(method="POST", path="/cf-closed/_close"))
            await _until_it_waits(tmp_path)
            await performed(between.beside.destination, Request(method="POST", path="/cf-closed/_open"))

        run = await between.survives("cf-closed", tmp_path, meanwhile=close_and_open, requests_per_second=400.0)
    assert run.waits == {Cause.BUSY}


# -- servers that lose something, or go away ---------------------------------------------------------------------------


@pytest.mark.parametrize("old", ["2.4.6", SCROLLED])
async def test_a_scroll_that_has_expired_costs_nothing(nodes: SharedNodes, old: str, tmp_path: Path) -> None:
    async with way(await nodes.get(old), await nodes.get(NEW)) as between:
        source = between.beside.source
        assert source is not None
        await source_index(between.beside, "cf-expired")
        seen, one_by_one = 0, asyncio.Lock()

        async def judge(asked: Asked) -> Fault | None:
            nonlocal seen
            async with one_by_one:
                seen += asked.what == "POST /_search/scroll"
                if seen in {3, 7}:
                    while between.source.under_way:  # noqa: ASYNC110  # no scroll expires while it is read
                        await asyncio.sleep(0.005)
                    await source.wire.exchange("DELETE", "/_search/scroll/_all", accepted=frozenset({404}))
            return None

        def spoil() -> None:
            between.source.judge = judge

        run = await between.survives("cf-expired", tmp_path, spoil=spoil)
    assert "lost a scroll" in run.notes
    assert not run.waits


@pytest.mark.parametrize("old", [OLD, SCROLLED])
async def test_a_source_that_is_restarted_costs_nothing(nodes: SharedNodes, old: str, tmp_path: Path) -> None:
    source = await nodes.fresh(old)
    async with way(source, await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-source")
        begun = between.destination.notices("/_bulk", 3)

        async def restart() -> None:
            await begun.wait()
            await stop(source)
            await start_again(source)

        run = await between.survives("cf-source", tmp_path, meanwhile=restart, requests_per_second=400.0)
    assert Cause.CONNECTION in run.waits


@pytest.fixture(scope="module")
def small(nodes: SharedNodes) -> SandboxNode:
    """A destination that takes requests of 10 MB, to be restarted and filled."""
    return nodes.fresh_now(NEW, NodeOptions(settings={"http.max_content_length": "10mb", **QUICK}))


async def test_a_destination_that_is_restarted_costs_nothing(
    nodes: SharedNodes, small: SandboxNode, tmp_path: Path
) -> None:
    async with way(await nodes.get(OLD), small) as between:
        await source_index(between.beside, "cf-there")
        begun = between.destination.notices("/_bulk", 3)

        async def restart() -> None:
            await begun.wait()
            await stop(small)
            await start_again(small)

        run = await between.survives("cf-there", tmp_path, meanwhile=restart, requests_per_second=400.0)
    assert Cause.CONNECTION in run.waits


# -- room --------------------------------------------------------------------------------------------------------------


async def test_a_block_as_of_a_full_disk_is_waited_for_until_somebody_lifts_it(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    block = "index.blocks.read_only_allow_delete"
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        await source_index(between.beside, "cf-block")
        begun = between.destination.notices("/_bulk", 3)

        async def block_and_lift() -> None:
            await begun.wait()
            await between.beside.destination.changes.put_settings("cf-block", json.dumps({block: True}))
            await _until_it_waits(tmp_path)
            await between.beside.destination.changes.put_settings("cf-block", json.dumps({block: None}))

        run = await between.survives("cf-block", tmp_path, meanwhile=block_and_lift, requests_per_second=400.0)
    assert run.waits == {Cause.DISK_FULL}


async def test_the_flood_stage_of_a_real_disk_is_waited_for(
    nodes: SharedNodes, small: SandboxNode, tmp_path: Path
) -> None:
    async with way(await nodes.get(OLD), small) as between:
        await source_index(between.beside, "cf-flood")
        begun = between.destination.notices("/_bulk", 1)

        async def flood_and_dry() -> None:
            await begun.wait()
            await _watermarks(between.beside.destination, "100tb")
            await _until_it_waits(tmp_path)
            await _watermarks(between.beside.destination, "1b")
            async with Journal.open(tmp_path / "journal") as journal:
                await journal.command(SetPace(requests_per_second=0.0))

        run = await between.survives(
            "cf-flood",
            tmp_path,
            meanwhile=flood_and_dry,
            afterwards=lambda: _watermarks(between.beside.destination, None),
            requests_per_second=10.0,
        )
    assert run.waits == {Cause.DISK_FULL}


async def _watermarks(cluster: Cluster, free: str | None) -> None:
    """Call the disk full that has less free than this; None leaves that to the server's configuration."""
    disk = "cluster.routing.allocation.disk"
    marks = ("low", "high", "flood_stage")
    told = {f"{disk}.threshold_enabled": True if free else None, **{f"{disk}.watermark.{mark}": free for mark in marks}}
    await performed(cluster, Request(method="PUT", path="/_cluster/settings", body=json.dumps({"transient": told})))


async def _until_it_waits(folder: Path) -> None:
    async with Journal.open(folder / "journal") as journal:
        while not any(isinstance(event, WaitBegan) for _, event in await journal.read()):  # noqa: ASYNC110  # a file
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "not to be seen"])
async def test_documents_above_the_destinations_limit_are_set_aside(
    nodes: SharedNodes, small: SandboxNode, tmp_path: Path, *, is_known: bool
) -> None:
    async with way(await nodes.get(OLD), small) as between:
        source, line = between.beside.source, between.destination
        assert source is not None
        await source_index(between.beside, "cf-heavy", amount=100)
        heavy = b'{"n":1,"t":"' + b"x" * 20_000_000 + b'"}'
        await source.wire.exchange("PUT", "/cf-heavy/_doc/heavy", heavy)
        await source.wire.exchange("PUT", "/cf-heavy/_doc/heavy-lines", heavy.replace(b",", b",\n"))
        refused = (REFUSED, "heavy", "heavy-lines")
        hidden = Answer(403, b'{"error":{"type":"security_exception","reason":"no"},"status":403}')
        numbers = () if is_known else range(1, 100)
        run = await between.survives(
            "cf-heavy", tmp_path, refused, spoil=lambda: line.breaks(hidden, "/_nodes/http", *numbers)
        )
    statuses = {reject["id"]: reject["status"] for reject in run.rejects}
    assert statuses == {REFUSED: 400, "heavy": 413, "heavy-lines": 413}
    assert bool(line.met) is not is_known
