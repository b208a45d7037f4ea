"""Reindex from remote on real nodes: what arrives, what is refused, what is said."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.reindex_from_remote.decisions import ReindexPart, ReindexState
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.preflight import gather_facts
from esmigrate_tui.preflight.remote import destination_reaches_source
from tests.by_hand import performed
from tests.methods.reindexing import METHOD, UNTYPED, PlainBook, carried_out, drained, fill, pair, work_for
from tests.whole import assert_unharmed, before, planned_settings

if TYPE_CHECKING:
    from esmigrate_tui.model.event import Acknowledged
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes


async def test_every_document_arrives_and_the_settings_are_the_plans(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        body = {
            "settings": {"number_of_shards": 3, "number_of_replicas": 0, "refresh_interval": "7s"},
            "mappings": {"_doc": {"properties": {"n": {"type": "long"}, "t": {"type": "text"}}}},
            "aliases": {"everything": {}},
        }
        await fill(
            clusters.source, "plain", body, (({"_type": "_doc", "_id": str(n)}, f'{{"n":{n}}}') for n in range(500))
        )
        work = await work_for(clusters, draft, "plain")
        book = PlainBook(clusters)
        await METHOD.prepare(work, clusters, book)
        tuned = await clusters.destination.indices.settings_of("plain")
        steps = await carried_out(work, clusters)
        await book.put_back()
        restored = await clusters.destination.indices.settings_of("plain")
        compared = await METHOD.compare(work, clusters)
        aliases = (await clusters.destination.indices.definitions(["plain"]))["plain"].aliases
    assert tuned["index.refresh_interval"] == "-1"
    assert restored["index.refresh_interval"] == "7s"
    assert restored["index.number_of_shards"] == "3"
    assert (compared.source_count, compared.destination_count) == (500, 500)
    assert (steps[-1].done, steps[-1].written, steps[-1].refused) == (500, 500, 0)
    assert set(aliases) == {"everything"}


async def test_refused_documents_are_set_aside_and_all_others_arrive(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        loose = {"settings": {"number_of_shards": 1}, "mappings": {"_doc": {"enabled": False}}}
        lines = (
            ({"_type": "_doc", "_id": str(n)}, '{"n":"not a number"}' if n in {7, 150, 299} else f'{{"n":{n}}}')
            for n in range(300)
        )
        await fill(clusters.source, "awkward", loose, lines)
        work = await work_for(clusters, draft, "awkward", batch=100)
        strict = json.dumps({"settings": {}, "mappings": {"properties": {"n": {"type": "long"}}}})
        work = Work(
            task=msgspec.structs.replace(work.task, create=strict),
            plan=work.plan,
            opaque_id=work.opaque_id,
            requests_per_second=0.0,
        )
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        compared = await METHOD.compare(work, clusters)
    rejects = [reject for step in steps for reject in step.rejects]
    assert sorted(reject.id for reject in rejects) == ["150", "299", "7"]
    assert all("not a number" in reject.reason or "mapper_parsing" in reject.reason for reject in rejects)
    assert (compared.source_count, compared.destination_count) == (300, 297)
    assert (steps[-1].done, steps[-1].refused, steps[-1].collided) == (300, 3, 0)


@pytest.mark.parametrize("pipeline", ["default_pipeline", "final_pipeline"])
async def test_documents_pass_the_pipelines_by_that_a_template_gives_their_index(
    nodes: SharedNodes, pipeline: str
) -> None:
    # The pipeline is not there: whatever goes through it is refused.
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        loose = {"settings": {"number_of_shards": 1}, "mappings": {"_doc": {"enabled": False}}}
        await fill(clusters.source, "rf-piped", loose, [({"_type": "_doc", "_id": str(n)}, "{}") for n in range(5)])
        template = {"index_patterns": ["rf-piped"], "template": {"settings": {f"index.{pipeline}": "rf-gone"}}}
        path = "/_index_template/rf-piped"
        await performed(clusters.destination, Request(method="PUT", path=path, body=json.dumps(template)))
        try:
            work = await work_for(clusters, draft, "rf-piped")
            book = PlainBook(clusters)
            await METHOD.prepare(work, clusters, book)
            steps = await carried_out(work, clusters)
            await book.put_back()
            kept = await clusters.destination.indices.settings_of("rf-piped")
        finally:
            await performed(clusters.destination, Request(method="DELETE", path=path))
    assert (steps[-1].written, steps[-1].refused) == (5, 0)
    assert kept[f"index.{pipeline}"] == "rf-gone"


async def test_one_id_under_several_routings_is_seen_not_swallowed(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        body: dict[str, Any] = {"settings": {"number_of_shards": 5}, "mappings": {"_doc": {"properties": {}}}}
        lines = [({"_type": "_doc", "_id": "same", "routing": str(n)}, f'{{"n":{n}}}') for n in range(12)]
        await fill(clusters.source, "routed", body, lines)
        here = await clusters.source.searches.count("routed")
        work = await work_for(clusters, draft, "routed")
        one = msgspec.structs.replace(work.task, create='{"settings":{"index.number_of_shards":1}}')
        work = Work(task=one, plan=work.plan, opaque_id=work.opaque_id, requests_per_second=0.0)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        compared = await METHOD.compare(work, clusters)
    assert here > 1
    assert steps[-1].collided == here - 1
    assert (compared.source_count, compared.destination_count) == (here, 1)


@pytest.mark.parametrize("source", ["2.4.6", "5.6.16"])
async def test_an_old_index_with_two_types_arrives_under_one(nodes: SharedNodes, source: str) -> None:
    async with pair(nodes, source) as (clusters, draft):
        assert clusters.source is not None
        text = {"type": "string", "index": "not_analyzed"} if source.startswith("2") else {"type": "keyword"}
        body = {
            "settings": {"number_of_shards": 2},
            "mappings": {"book": {"properties": {"title": text}}, "loan": {"properties": {"title": text}}},
        }
        lines = [({"_type": kind, "_id": f"{kind}{n}"}, '{"title":"x"}') for kind in ("book", "loan") for n in range(9)]
        await fill(clusters.source, "twotypes", body, lines)
        work = await work_for(clusters, draft, "twotypes")
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        await carried_out(work, clusters)
        compared = await METHOD.compare(work, clusters)
    assert compared.is_equal
    assert compared.source_count == 18


async def test_types_whose_ids_collide_are_counted_as_different(nodes: SharedNodes) -> None:
    async with pair(nodes, "5.6.16") as (clusters, draft):
        assert clusters.source is not None
        body: dict[str, Any] = {"mappings": {"a": {"properties": {}}, "b": {"properties": {}}}}
        lines = [({"_type": kind, "_id": str(n)}, "{}") for kind in ("a", "b") for n in range(3)]
        await fill(clusters.source, "collide", body, lines)
        work = await work_for(clusters, draft, "collide")
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        compared = await METHOD.compare(work, clusters)
    assert steps[-1].collided == 3
    assert (compared.source_count, compared.destination_count) == (6, 3)


async def test_a_repeated_pass_finds_in_place_what_has_arrived(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await fill(clusters.source, "again", UNTYPED, (({"_type": "_doc", "_id": str(n)}, "{}") for n in range(50)))
        work = await work_for(clusters, draft, "again")
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        await carried_out(work, clusters)
        steps = await carried_out(
            work, clusters, since=ReindexState(parts=(ReindexPart(passes=1, batch=10, written=50, done=50),)).as_token()
        )
        compared = await METHOD.compare(work, clusters)
    assert (steps[-1].there_already, steps[-1].collided, steps[-1].written) == (50, 0, 50)
    assert compared.is_equal


async def test_a_running_task_is_found_again_without_its_token(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await fill(clusters.source, "slow", UNTYPED, (({"_type": "_doc", "_id": str(n)}, "{}") for n in range(400)))
        planned = await work_for(clusters, draft, "slow", batch=50)
        work = Work(task=planned.task, plan=planned.plan, opaque_id=planned.opaque_id, requests_per_second=100.0)
        book, seen = PlainBook(clusters), await before(clusters, "slow")
        await METHOD.prepare(work, clusters, book)
        first = METHOD.perform(work, clusters, "")
        await anext(first)
        begun = ReindexState.from_token((await anext(first)).token)
        await first.aclose()  # type: ignore[attr-defined]  # it is an async generator, whatever the contract says
        second = METHOD.perform(work, clusters, "")
        await anext(second)
        found = ReindexState.from_token((await anext(second)).token)
        await METHOD.pace(work, clusters, found.as_token(), 0.0)
        steps = [moved async for moved in second]
        compared = await METHOD.compare(work, clusters)
        await book.put_back()
        await assert_unharmed(seen, clusters, {"slow": planned_settings(work.task)})
    assert found.parts[0].task == begun.parts[0].task
    assert steps[-1].collided == 0
    assert compared.is_equal


async def test_a_stopped_task_says_so_and_is_no_success(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await fill(clusters.source, "halted", UNTYPED, (({"_type": "_doc", "_id": str(n)}, "{}") for n in range(400)))
        planned = await work_for(clusters, draft, "halted", batch=50)
        work = Work(task=planned.task, plan=planned.plan, opaque_id=planned.opaque_id, requests_per_second=50.0)
        book, seen = PlainBook(clusters), await before(clusters, "halted")
        await METHOD.prepare(work, clusters, book)
        steps = METHOD.perform(work, clusters, "")
        await anext(steps)
        token = (await anext(steps)).token
        await METHOD.stop(work, clusters, token)
        with pytest.raises(ProblemError) as raised:
            await drained(steps)
        compared = await METHOD.compare(work, clusters)
        await book.put_back()
        await assert_unharmed(seen, clusters, {"halted": planned_settings(work.task)})
    assert raised.value.problem.cause is Cause.STATE
    assert not compared.is_equal
    assert (compared.destination_count or 0) < 400


async def test_a_task_that_vanished_is_an_unknown_outcome(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await fill(clusters.source, "vanished", UNTYPED, (({"_type": "_doc", "_id": str(n)}, "{}") for n in range(5)))
        work = await work_for(clusters, draft, "vanished")
        book, seen = PlainBook(clusters), await before(clusters, "vanished")
        await METHOD.prepare(work, clusters, book)
        await carried_out(work, clusters)
        looks = METHOD.perform(work, clusters, "")
        await anext(looks)
        begun = ReindexState.from_token((await anext(looks)).token)
        node = begun.parts[0].task.partition(":")[0]
        gone = begun.with_part(0, ReindexPart(task=f"{node}:999999999", passes=1, batch=10)).as_token()
        steps: list[Acknowledged] = []
        with pytest.raises(ProblemError) as raised:
            await drained(METHOD.perform(work, clusters, gone), steps)
        await book.put_back()
        await assert_unharmed(seen, clusters, {"vanished": planned_settings(work.task)})
    assert raised.value.problem.cause is Cause.UNKNOWN_OUTCOME
    assert ReindexState.from_token(steps[-1].token).running == ()


async def test_an_index_that_was_deleted_is_not_made_anew_with_guessed_mappings(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await fill(clusters.source, "removed", UNTYPED, (({"_type": "_doc", "_id": str(n)}, "{}") for n in range(5)))
        work, seen = await work_for(clusters, draft, "removed"), await before(clusters, "removed")
        with pytest.raises(ProblemError) as raised:
            await drained(
                METHOD.perform(work, clusters, ReindexState(parts=(ReindexPart(passes=1, batch=10),)).as_token())
            )
        await assert_unharmed(seen, clusters, {"removed": None})
    assert raised.value.problem.cause is Cause.MISSING


async def test_a_name_that_looks_encoded_is_read_from_that_index_and_no_other(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        for path, name in (("a%252bb", "a%2bb"), ("a%2Bb", "a+b"), ("a%25zz", "a%zz")):
            if await clusters.source.indices.existing([name]):
                await clusters.source.changes.delete_index(name)
            await performed(clusters.source, Request(method="PUT", path=f"/{path}", body=json.dumps(UNTYPED)))
            await performed(
                clusters.source, Request(method="PUT", path=f"/{path}/_doc/1", body=json.dumps({"stood_in": name}))
            )
        work = await work_for(clusters, draft, "a%2bb")
        seen, _ = await gather_facts(draft, clusters)
        tried = [finding async for finding in destination_reaches_source(seen.answered(selected=("a%zz",)), clusters)]
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        await carried_out(work, clusters)
        assert (await METHOD.compare(work, clusters)).is_equal
        arrived = await clusters.destination.searches.sample("a%2bb", 5)
    assert [hit["_source"]["stood_in"] for hit in arrived] == ["a%2bb"]
    assert [finding.severity for finding in tried] == [Severity.PASSED]


async def test_an_index_that_the_copy_made_anew_is_never_taken_for_the_plans(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await fill(clusters.source, "anew", UNTYPED, (({"_type": "_doc", "_id": str(n)}, "{}") for n in range(400)))
        planned = await work_for(clusters, draft, "anew", batch=50)
        # five seconds between two batches: the index is deleted while none is under way, which would be refused whole
        work = Work(task=planned.task, plan=planned.plan, opaque_id=planned.opaque_id, requests_per_second=10.0)
        untouched = await before(clusters, "anew")
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = METHOD.perform(work, clusters, "")
        begun = await anext(steps)
        while not begun.done:
            await asyncio.sleep(0.1)
            begun = await anext(steps)
        await clusters.destination.changes.delete_index("anew")
        await METHOD.pace(work, clusters, begun.token, 0.0)
        seen: list[Acknowledged] = []
        with pytest.raises(ProblemError) as at_its_end:
            await drained(steps, seen)
        assert await clusters.destination.indices.existing(["anew"])
        with pytest.raises(ProblemError) as taken_up:
            await drained(METHOD.perform(work, clusters, seen[-1].token))
        await assert_unharmed(untouched, clusters)
    assert "not the one" in at_its_end.value.problem.what
    assert "not the one" in taken_up.value.problem.what


async def test_what_a_pass_was_not_given_is_brought_by_another(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await fill(clusters.source, "grows", UNTYPED, (({"_type": "_doc", "_id": str(n)}, "{}") for n in range(400)))
        planned = await work_for(clusters, draft, "grows", batch=50)
        work = Work(task=planned.task, plan=planned.plan, opaque_id=planned.opaque_id, requests_per_second=200.0)
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = METHOD.perform(work, clusters, "")
        begun = await anext(steps)
        while not begun.done:  # its search has been made when the first batch has arrived
            await asyncio.sleep(0.1)
            begun = await anext(steps)
        more = "".join(f'{{"index":{{"_type":"_doc","_id":"late-{n}"}}}}\n{{}}\n' for n in range(7))
        await performed(clusters.source, Request(method="POST", path="/grows/_bulk?refresh=true", body=more))
        await METHOD.pace(work, clusters, begun.token, 0.0)
        seen: list[Acknowledged] = []
        await drained(steps, seen)
        compared = await METHOD.compare(work, clusters)
    assert [step.note for step in seen if step.note] == [
        "the source holds 7 documents more than it gave, it is read again"
    ]
    assert (compared.source_count, compared.destination_count) == (407, 407)
    assert (seen[-1].done, seen[-1].collided) == (407, 0)


async def test_a_source_without_one_of_its_shards_is_waited_for(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        one_of_two = {"index.number_of_shards": 2, "index.routing.allocation.total_shards_per_node": 1}
        if await clusters.source.indices.existing(["halved"]):
            await clusters.source.changes.delete_index("halved")
        body = json.dumps({"settings": one_of_two, **UNTYPED})
        await performed(
            clusters.source, Request(method="PUT", path="/halved?timeout=1s&wait_for_active_shards=0", body=body)
        )
        work = await work_for(clusters, draft, "halved")
        await clusters.destination.changes.create_index("halved", work.task.create)
        try:
            with pytest.raises(ProblemError) as raised:
                await drained(METHOD.perform(work, clusters, ""))
        finally:
            await clusters.source.changes.delete_index("halved")
    assert raised.value.problem.cause is Cause.BUSY
    assert "1 of 2 shards" in raised.value.problem.what
