"""Copy through this machine on real nodes: what arrives, byte for byte, and what happens when something breaks."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest

from esmigrate_tui.methods.copy_through_here.decisions import CopyState
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.preflight import gather_facts
from esmigrate_tui.preflight.source import colliding_ids
from tests.by_hand import performed
from tests.methods.copying import (
    METHOD,
    PlainBook,
    carried_out,
    drained,
    fill,
    leave,
    looked_until,
    make,
    numbered,
    numbers_in,
    paced,
    pair,
    settings,
    stored,
    work_for,
)
from tests.preflight.restoring import found
from tests.whole import assert_unharmed, before

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.event import Acknowledged
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

ODD: Final[dict[str, bytes]] = {
    "numbers": b'{ "a" : 1.10, "b":1e3, "x":1e400, "n":-0, "d":0.1234567890123456789 }',
    "long": b'{"i":9007199254740993,"j":18446744073709551616123}',
    "escapes": rb'{"u":"\u00e9\/","e":"' + "é🦊".encode() + rb'","tab":"\t"}',
    "surrogate": rb'{"low":"\udc00x","high":"\ud800"}',
    "empty": b"{}",
    "nested": b'{"a":[{},[],{"b":null}],"c":{"":{"d":[[[]]]}}}',
    "spaces": b'{   "a"  :[ 1 ,2 ]   }',
    "deep": b'{"a":' * 980 + b"1" + b"}" * 980,
    'id with ünïcode/&?#% "quotes" and \\': b'{"id":"odd"}',
    "x" * 512: b'{"id":"long"}',
    "routed": b'{"r":1}',
    "_source": b'{"_source":{"hits":{"hits":[{"_source":1}]}}}',
}
BROKEN: Final[dict[str, bytes]] = {
    "lines": b'{\n  "a": 1.10,\r\n  "b": [\n1e400]\n}',
    "lines with/odd id%": b'{\n"u":"\\ud800"}',
}
ROUTING: Final = "a route/ü"


def loose(major: int) -> dict[str, Any]:
    """A mapping that takes every document without looking at its fields."""
    mapping = {"enabled": False}
    return {"mapping": mapping} if major < 6 else {"_doc": mapping}


async def odd_index(clusters: Clusters, index: str, odd: dict[str, bytes]) -> str:
    """The odd documents on the source, `routed` and those with line breaks under a routing of their own; their type."""
    source = clusters.source
    assert source is not None
    major = (await source.wire.version()).major
    body: dict[str, Any] = {"settings": settings(3), "mappings": loose(major) if major < 7 else {"enabled": False}}
    await make(source, index, body)
    kind = "mapping" if major < 6 else "_doc"
    typed = {"_type": kind} if major < 7 else {}
    # 2.4 takes no action line with `routing` alone for an index by path, but knows `_routing` as all old ones do
    key = "_routing" if major < 6 else "routing"
    await fill(
        source,
        index,
        (({**typed, "_id": name, **({key: ROUTING} if name == "routed" else {})}, text) for name, text in odd.items()),
    )
    return kind


async def copied(clusters: Clusters, draft: Any, index: str) -> list[Acknowledged]:  # noqa: ANN401  # a Draft
    """Plan, prepare and carry out the copy of one index into a mapping that looks at nothing."""
    work = await work_for(
        clusters, draft, index, create={"settings": {"index.number_of_shards": 2}, "mappings": {"enabled": False}}
    )
    await METHOD.prepare(work, clusters, PlainBook(clusters))
    steps = await carried_out(work, clusters)
    await clusters.destination.searches.refresh(index)
    return steps


@pytest.mark.parametrize(
    ("old", "new"),
    [("2.4.6", "7.17.28"), ("5.6.16", "7.17.28"), ("6.8.23", "7.17.28"), ("7.17.28", "9.5.0")],
)
async def test_every_document_arrives_as_the_bytes_it_was(nodes: SharedNodes, old: str, new: str) -> None:
    async with pair(nodes, old, new) as (clusters, draft):
        assert clusters.source is not None
        kind = await odd_index(clusters, "cp-odd", ODD)
        steps = await copied(clusters, draft, "cp-odd")
        there = {
            name: await stored(clusters.source, "cp-odd", name, kind=kind, routing=ROUTING if name == "routed" else "")
            for name in ODD
        }
        here = {
            name: await stored(clusters.destination, "cp-odd", name, routing=ROUTING if name == "routed" else "")
            for name in ODD
        }
    assert here == there == ODD
    assert (steps[-1].done, steps[-1].written, steps[-1].refused) == (len(ODD), len(ODD), 0)


@pytest.mark.parametrize(("old", "new"), [("5.6.16", "7.17.28"), ("6.8.23", "7.17.28"), ("7.17.28", "9.5.0")])
async def test_a_document_with_line_breaks_keeps_them(nodes: SharedNodes, old: str, new: str) -> None:
    async with pair(nodes, old, new) as (clusters, draft):
        assert clusters.source is not None
        kind = await odd_index(clusters, "cp-lines", {})
        for name, text in BROKEN.items():
            path = f"/cp-lines/{kind}/{quote(name, safe='')}?routing={quote(ROUTING, safe='')}"
            await clusters.source.wire.exchange("PUT", path, text)
        await clusters.source.searches.refresh("cp-lines")
        steps = await copied(clusters, draft, "cp-lines")
        here = {name: await stored(clusters.destination, "cp-lines", name, routing=ROUTING) for name in BROKEN}
    assert here == BROKEN
    assert steps[-1].written == len(BROKEN)


async def test_a_parent_of_5_x_becomes_the_routing(nodes: SharedNodes) -> None:
    async with pair(nodes, "5.6.16") as (clusters, draft):
        assert clusters.source is not None
        mappings = {"question": {}, "answer": {"_parent": {"type": "question"}}}
        await make(clusters.source, "cp-family", {"settings": settings(3), "mappings": mappings})
        lines: list[tuple[dict[str, Any], bytes]] = [({"_type": "question", "_id": f"q{n}"}, b"{}") for n in range(9)]
        lines += [({"_type": "answer", "_id": f"a{n}", "_parent": f"q{n}"}, b'{"a":%d}' % n) for n in range(9)]
        await fill(clusters.source, "cp-family", lines)
        steps = await copied(clusters, draft, "cp-family")
        found = (await clusters.destination.wire.exchange("GET", "/cp-family/_search?size=50")).body
    routes = {hit["_id"]: hit.get("_routing") for hit in json.loads(found)["hits"]["hits"]}
    assert routes == {f"q{n}": None for n in range(9)} | {f"a{n}": f"q{n}" for n in range(9)}
    assert steps[-1].collided == 0


async def test_types_whose_ids_collide_are_told_before_and_counted(nodes: SharedNodes) -> None:
    async with pair(nodes, "5.6.16") as (clusters, draft):
        assert clusters.source is not None
        body: dict[str, Any] = {"settings": settings(2), "mappings": {"a": {}, "b": {}}}
        await make(clusters.source, "cp-types", body)
        await fill(clusters.source, "cp-types", (({"_type": k, "_id": str(n)}, b"{}") for k in "ab" for n in range(3)))
        looked, _ = await gather_facts(draft, clusters)
        told = await found(colliding_ids, looked.answered(selected=("cp-types",)), clusters)
        steps = await copied(clusters, draft, "cp-types")
        count = await clusters.destination.searches.count("cp-types")
    assert [(one.severity, one.subjects) for one in told] == [("blocker", ("cp-types",))]
    assert (steps[-1].done, steps[-1].written, steps[-1].collided, count) == (6, 3, 3, 3)


async def test_one_id_under_several_routings_is_seen_not_swallowed(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-routes", {"settings": settings(5), "mappings": {"_doc": {}}})
        lines = (({"_type": "_doc", "_id": "same", "routing": str(n)}, b"{}") for n in range(12))
        await fill(clusters.source, "cp-routes", lines)
        here = await clusters.source.searches.count("cp-routes")
        work = await work_for(clusters, draft, "cp-routes", create={"settings": {"index.number_of_shards": 1}})
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        compared = await METHOD.compare(work, clusters)
    assert here > 1
    assert steps[-1].collided == here - 1
    assert (compared.source_count, compared.destination_count) == (here, 1)


async def test_refused_documents_are_set_aside_with_their_reasons_and_all_others_arrive(nodes: SharedNodes) -> None:
    async with pair(nodes, "2.4.6") as (clusters, draft):  # whose ids may be longer than 512 bytes
        assert clusters.source is not None
        await make(clusters.source, "cp-awkward", {"settings": settings(2), "mappings": {"t": {"enabled": False}}})
        lines = list(numbered(3_000, "t"))
        for position in (7, 150, 2_999):
            lines[position] = ({"_type": "t", "_id": str(position)}, b'{"n":"no number"}')
        lines.append(({"_type": "t", "_id": "y" * 513}, b"{}"))
        lines[20] = ({"_type": "t", "_id": "20"}, b'{"n":"no number either",\r"m":1}')
        await fill(clusters.source, "cp-awkward", lines)
        strict = {"settings": {}, "mappings": {"properties": {"n": {"type": "long"}}}}
        work = await work_for(clusters, draft, "cp-awkward", create=strict)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        compared = await METHOD.compare(work, clusters)
    rejects = {reject.id: reject for step in steps for reject in step.rejects}
    assert set(rejects) == {"7", "150", "2999", "20", "y" * 513}
    assert all("no number" in rejects[name].reason for name in ("7", "150", "2999", "20"))
    assert "is too long" in rejects["y" * 513].reason
    assert (compared.source_count, compared.destination_count) == (3_001, 2_996)
    assert (steps[-1].done, steps[-1].refused, steps[-1].collided) == (3_001, 5, 0)


async def test_a_document_for_which_a_destination_never_has_the_memory_is_set_aside_and_not_waited_for(
    nodes: SharedNodes,
) -> None:
    # A 9.5 counts a document of 20 MB as 80, and lets writes have a tenth of its 512 MB.
    async with pair(nodes, "6.8.23", "9.5.0") as (clusters, draft):
        source = clusters.source
        assert source is not None
        await make(source, "cp-vast", {"settings": settings(1), "mappings": {"_doc": {"enabled": False}}})
        await fill(source, "cp-vast", numbered(100))
        vast = b'{"t":"' + b"x" * 20_000_000 + b'"}'
        await fill(source, "cp-vast", [({"_type": "_doc", "_id": "vast"}, vast)])
        await fill(source, "cp-vast", numbered(100, first=100))
        work = await work_for(clusters, draft, "cp-vast")
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        arrived = await METHOD.compare(work, clusters)
        await source.changes.delete_index("cp-vast")
        await clusters.destination.changes.delete_index("cp-vast")
    assert [(reject.id, reject.status) for step in steps for reject in step.rejects] == [("vast", 429)]
    assert (steps[-1].done, steps[-1].written, steps[-1].refused) == (201, 200, 1)
    assert (arrived.source_count, arrived.destination_count) == (201, 200)


@pytest.mark.parametrize("old", ["5.6.16", "6.8.23"])
async def test_what_was_not_acknowledged_is_written_again_and_found_in_place(nodes: SharedNodes, old: str) -> None:
    async with pair(nodes, old) as (clusters, draft):
        assert clusters.source is not None
        kind = "_doc" if old.startswith("6") else "t"
        await make(clusters.source, "cp-again", {"settings": settings(2), "mappings": {kind: {}}})
        await fill(clusters.source, "cp-again", numbered(30_000, kind))
        work = await work_for(clusters, draft, "cp-again")
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        first = METHOD.perform(work, clusters, "")
        early = await looked_until(first, lambda moved: moved.done > 0)
        await looked_until(first, lambda moved: moved.done > early.done + 4_000 or moved.done == 30_000)
        await leave(first)
        steps = await carried_out(work, clusters, since=early.token)
        compared = await METHOD.compare(work, clusters)
    assert compared.is_equal
    assert compared.source_count == 30_000
    last = steps[-1]
    assert (last.done, last.collided, last.refused) == (30_000, 0, 0)
    assert last.there_already > 0


async def test_numbers_are_taken_up_where_they_were_acknowledged(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-upto", {"settings": settings(1), "mappings": {"_doc": {}}})
        await fill(clusters.source, "cp-upto", numbered(40_000))
        work = await work_for(clusters, draft, "cp-upto", pace=10_000.0)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        first = METHOD.perform(work, clusters, "")
        half = await looked_until(first, lambda moved: moved.done > 20_000)
        await leave(first)
        steps = await carried_out(paced(work, 0.0), clusters, since=half.token)
    assert steps[0].done >= half.done
    assert steps[-1].done == 40_000
    assert steps[-1].there_already < 15_000  # a few pages, not all that was there


async def test_a_copy_of_6_x_holds_nothing_open_on_the_source(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-open", {"settings": settings(2), "mappings": {"_doc": {}}})
        await fill(clusters.source, "cp-open", numbered(5_000))
        work = await work_for(clusters, draft, "cp-open", pace=2_000.0)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = METHOD.perform(work, clusters, "")
        await looked_until(steps, lambda moved: moved.done > 0)
        stats: Any = await clusters.source.wire.get("/cp-open/_stats/search", dict)
        await clusters.source.wire.exchange("DELETE", "/_search/scroll/_all", accepted=frozenset({404}))
        seen: list[Acknowledged] = []
        await drained(steps, seen)
        compared = await METHOD.compare(work, clusters)
    assert stats["_all"]["total"]["search"]["scroll_total"] == 0
    assert compared.is_equal
    assert not any(moved.note for moved in seen)


async def test_a_pace_holds_and_can_be_changed_while_it_runs(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-pace", {"settings": settings(2), "mappings": {"_doc": {}}})
        await fill(clusters.source, "cp-pace", numbered(20_000))
        work = await work_for(clusters, draft, "cp-pace", pace=200.0)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = METHOD.perform(work, clusters, "")
        began = await looked_until(steps, lambda moved: moved.done > 0)
        since = time.monotonic()
        await asyncio.sleep(3.0)
        slow = await anext(steps)
        rate = (slow.done - began.done) / (time.monotonic() - since)
        await METHOD.pace(work, clusters, slow.token, 0.0)
        seen: list[Acknowledged] = []
        await drained(steps, seen)
    assert rate < 600.0  # a page more or less
    assert slow.throttled_seconds > 0
    assert seen[-1].done == 20_000


async def test_a_paused_copy_begins_nothing_and_goes_on(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-pause", {"settings": settings(2), "mappings": {"_doc": {}}})
        await fill(clusters.source, "cp-pause", numbered(20_000))
        work = await work_for(clusters, draft, "cp-pause", pace=2_000.0)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = METHOD.perform(work, clusters, "")
        token = (await looked_until(steps, lambda moved: moved.done > 0)).token
        await METHOD.pause(work, clusters, token)
        await asyncio.sleep(1.5)
        held = await anext(steps)
        await asyncio.sleep(1.5)
        still = await anext(steps)
        await METHOD.pace(work, clusters, token, 0.0)
        seen: list[Acknowledged] = []
        await drained(steps, seen)
    assert still.done == held.done < 20_000
    assert seen[-1].done == 20_000


async def test_a_stopped_copy_says_so_and_writes_no_more(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-stop", {"settings": settings(2), "mappings": {"_doc": {}}})
        await fill(clusters.source, "cp-stop", numbered(20_000))
        work = await work_for(clusters, draft, "cp-stop", pace=1_000.0)
        untouched = await before(clusters)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = METHOD.perform(work, clusters, "")
        await looked_until(steps, lambda moved: moved.done > 0)
        await METHOD.stop(work, clusters, "")
        with pytest.raises(ProblemError) as raised:
            await drained(steps, [])
        await METHOD.stop(work, clusters, "")
        first = (await METHOD.compare(work, clusters)).destination_count
        await asyncio.sleep(1.0)
        second = (await METHOD.compare(work, clusters)).destination_count
        await assert_unharmed(untouched, clusters)
    assert raised.value.problem.cause is Cause.STATE
    assert first == second
    assert (first or 0) < 20_000


async def test_a_dropped_copy_writes_no_more(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-drop", {"settings": settings(2), "mappings": {"_doc": {}}})
        await fill(clusters.source, "cp-drop", numbered(20_000))
        work = await work_for(clusters, draft, "cp-drop", pace=1_000.0)
        untouched = await before(clusters)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = METHOD.perform(work, clusters, "")
        await looked_until(steps, lambda moved: moved.done > 0)
        await leave(steps)
        first = (await METHOD.compare(work, clusters)).destination_count
        await asyncio.sleep(1.0)
        second = (await METHOD.compare(work, clusters)).destination_count
        await assert_unharmed(untouched, clusters)
        mine = [task for task in asyncio.all_tasks() if "Pump" in repr(task.get_coro())]
    assert first == second
    assert not mine


async def test_what_is_written_to_the_source_meanwhile_is_read_too(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-grows", {"settings": settings(2), "mappings": {"_doc": {}}})
        await fill(clusters.source, "cp-grows", numbered(2_000))
        work = await work_for(clusters, draft, "cp-grows", pace=1_000.0)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = METHOD.perform(work, clusters, "")
        await looked_until(steps, lambda moved: moved.done > 0)
        await fill(clusters.source, "cp-grows", numbered(70, first=5_000))
        await METHOD.pace(work, clusters, "", 0.0)
        seen: list[Acknowledged] = []
        await drained(steps, seen)
        compared = await METHOD.compare(work, clusters)
    assert [moved.note for moved in seen if moved.note] == [
        "the source holds 70 documents more than it gave, it is read again"
    ]
    assert (compared.source_count, compared.destination_count) == (2_070, 2_070)
    assert (seen[-1].done, seen[-1].there_already, seen[-1].collided) == (2_070, 0, 0)


async def test_an_index_full_of_gaps_is_read_whole(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-gaps", {"settings": settings(1), "mappings": {"_doc": {}}})
        for _ in range(6):
            await fill(clusters.source, "cp-gaps", numbered(5_000))
        await fill(clusters.source, "cp-gaps", numbered(3, first=9_000))
        query = '{"query":{"range":{"n":{"lt":4000}}}}'
        await clusters.source.wire.exchange("POST", "/cp-gaps/_delete_by_query?refresh=true", query.encode())
        work = await work_for(clusters, draft, "cp-gaps")
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        await clusters.destination.searches.refresh("cp-gaps")
        found = await numbers_in(clusters.destination, "cp-gaps")
    assert found == [*range(4_000, 5_000), *range(9_000, 9_003)]
    assert steps[-1].done == 1_003


async def test_a_shrunk_index_whose_documents_share_numbers_is_read_whole(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        source = clusters.source
        assert source is not None
        await make(source, "cp-wide", {"settings": settings(4), "mappings": {"_doc": {}}})
        await fill(source, "cp-wide", numbered(6_000))
        await source.changes.put_settings("cp-wide", '{"index.blocks.write":true}')
        if await source.indices.existing(["cp-shrunk"]):
            await source.changes.delete_index("cp-shrunk")
        body = {"settings": {"index.number_of_shards": 1, "index.number_of_replicas": 0, "index.blocks.write": None}}
        await source.wire.exchange(
            "POST", "/cp-wide/_shrink/cp-shrunk?wait_for_active_shards=1", json.dumps(body).encode()
        )
        work = await work_for(clusters, draft, "cp-shrunk")
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        await clusters.destination.searches.refresh("cp-shrunk")
        found = await numbers_in(clusters.destination, "cp-shrunk")
    assert found == list(range(6_000))
    assert (steps[-1].done, steps[-1].collided) == (6_000, 0)


async def test_an_index_made_by_5_x_is_read_by_a_scroll_of_6_8(nodes: SharedNodes) -> None:
    async with pair(nodes, "5.6.16") as (old, _), pair(nodes, "6.8.23") as (clusters, draft):
        source = clusters.source
        assert source is not None
        assert old.source is not None
        folder = (await nodes.get("6.8.23")).snapshots
        await make(old.source, "cp-handed", {"settings": settings(2), "mappings": {"t": {}}})
        await fill(old.source, "cp-handed", numbered(3_000, "t"))
        where = json.dumps({"type": "fs", "settings": {"location": f"{folder}/cp-handed"}}).encode()
        for cluster in (old.source, source):
            await cluster.wire.exchange("PUT", "/_snapshot/cp-handed", where)
        if await source.indices.existing(["cp-handed"]):
            await source.changes.delete_index("cp-handed")
        await old.source.wire.exchange("DELETE", "/_snapshot/cp-handed/one", accepted=frozenset({404}))
        try:
            only = b'{"indices":"cp-handed","include_global_state":false}'
            await old.source.wire.exchange("PUT", "/_snapshot/cp-handed/one?wait_for_completion=true", only)
            await source.wire.exchange("POST", "/_snapshot/cp-handed/one/_restore?wait_for_completion=true", only)
            work = await work_for(clusters, draft, "cp-handed")
            await METHOD.prepare(work, clusters, PlainBook(clusters))
            steps = await carried_out(work, clusters)
            compared = await METHOD.compare(work, clusters)
        finally:
            await old.source.wire.exchange("DELETE", "/_snapshot/cp-handed/one", accepted=frozenset({404}))
            for cluster in (old.source, source):
                await performed(cluster, Request(method="DELETE", path="/_snapshot/cp-handed"))
    assert all(part.is_scrolled for part in CopyState.from_token(steps[0].token).parts)
    assert compared.is_equal
    assert steps[-1].done == 3_000


async def test_a_source_without_one_of_its_shards_is_waited_for(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        if await clusters.source.indices.existing(["cp-halved"]):
            await clusters.source.changes.delete_index("cp-halved")
        one_of_two = settings(2, **{"index.routing.allocation.total_shards_per_node": 1})
        body = json.dumps({"settings": one_of_two, "mappings": {"_doc": {}}})
        await performed(
            clusters.source, Request(method="PUT", path="/cp-halved?timeout=1s&wait_for_active_shards=0", body=body)
        )
        work = await work_for(clusters, draft, "cp-halved")
        await clusters.destination.changes.create_index("cp-halved", work.task.create)
        try:
            with pytest.raises(ProblemError) as raised:
                await drained(METHOD.perform(work, clusters, ""), [])
        finally:
            await clusters.source.changes.delete_index("cp-halved")
    assert raised.value.problem.cause is Cause.BUSY


async def test_an_index_that_somebody_made_anew_on_the_destination_ends_the_task(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-anew", {"settings": settings(1), "mappings": {"_doc": {}}})
        await fill(clusters.source, "cp-anew", numbered(100))
        work = await work_for(clusters, draft, "cp-anew")
        untouched = await before(clusters)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        await clusters.destination.changes.delete_index("cp-anew")
        with pytest.raises(ProblemError) as gone:
            await carried_out(work, clusters, since=steps[-1].token)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        with pytest.raises(ProblemError) as other:
            await carried_out(work, clusters, since=steps[-1].token)
        await assert_unharmed(untouched, clusters)
    assert gone.value.problem.cause is Cause.MISSING
    assert "not the one" in other.value.problem.what
