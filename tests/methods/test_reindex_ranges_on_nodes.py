"""One index read by several tasks on real nodes: all documents arrive, whatever their values and whatever happens."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.methods.reindex_from_remote.decisions import ReindexPart, ReindexState, divided
from esmigrate_tui.methods.reindex_from_remote.ranges import RangeField, query_of
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.by_hand import performed
from tests.methods.reindexing import METHOD, PlainBook, carried_out, drained, fill, pair, work_for
from tests.whole import assert_unharmed, before, planned_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Acknowledged
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

TIMED: dict[str, Any] = {
    "settings": {"number_of_shards": 3, "number_of_replicas": 0},
    "mappings": {"_doc": {"properties": {"@timestamp": {"type": "date", "ignore_malformed": True}}}},
}
TIMED_ONLY: dict[str, Any] = {"@timestamp": {"type": "date"}}
ODD = (
    "{}",
    '{"@timestamp":null}',
    '{"@timestamp":[]}',
    '{"@timestamp":"no date at all"}',
    '{"@timestamp":["2024-01-01T00:00:00Z","2024-01-09T00:00:00Z"]}',
    '{"@timestamp":["no date at all","2024-01-03T00:00:00Z","2024-01-05T00:00:00Z","2024-01-08T00:00:00Z"]}',
    '{"@timestamp":"2024-01-05T23:30:00-05:00"}',
    '{"@timestamp":"1901-01-01"}',
    '{"@timestamp":"2199-12-31T23:59:59.999Z"}',
    '{"@timestamp":0}',
)
"""Documents that a careless division would lose or bring twice."""


def hours(amount: int) -> Iterator[tuple[dict[str, Any], str]]:
    """So many documents, each an hour after the one before."""
    for n in range(amount):
        yield {"_type": "_doc", "_id": str(n)}, json.dumps({"@timestamp": 1_704_067_200_000 + n * 3_600_000, "n": n})


async def prepared(
    clusters: Clusters,
    draft: Draft,
    index: str,
    lines: Iterable[tuple[dict[str, Any], str]],
    *,
    body: dict[str, Any] | None = None,
    pace: float = 0.0,
    book: PlainBook | None = None,
    **changes: Any,  # noqa: ANN401  # fields of Plan
) -> Work:
    """An index on the source, made on the destination by way of a book, and the work to move it in four ranges."""
    assert clusters.source is not None
    await fill(clusters.source, index, TIMED if body is None else body, lines)
    work = await work_for(clusters, draft, index, **{"split": 4, **changes})
    work = replace(work, requests_per_second=pace)
    await METHOD.prepare(work, clusters, book or PlainBook(clusters))
    return work


async def held(cluster: Cluster, index: str) -> dict[str, Any]:
    """Every document by its id."""
    return {hit["_id"]: hit["_source"] for hit in await cluster.searches.sample(index, 1_000)}


async def running_of(clusters: Clusters, work: Work) -> dict[str, str]:
    """The tasks of an index that go on on the destination, by their ids."""
    running = await clusters.destination.tasks.running()
    return {opaque_id: task for opaque_id, task in running.items() if opaque_id.startswith(work.opaque_id)}


async def begun(work: Work, clusters: Clusters) -> ReindexState:
    """Where an index stands when all its tasks have been started, and nobody looks any more."""
    steps = METHOD.perform(work, clusters, "")
    await anext(steps)
    state = ReindexState.from_token((await anext(steps)).token)
    await steps.aclose()  # type: ignore[attr-defined]  # it is an async generator, whatever the contract says
    assert state.running == (0, 1, 2, 3)
    return state


async def test_every_document_is_in_exactly_one_range_whatever_its_values_are(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        odd = (({"_type": "_doc", "_id": f"odd-{n}"}, text) for n, text in enumerate(ODD))
        work = await prepared(clusters, draft, "rg-odd", [*hours(240), *odd])
        steps = await carried_out(work, clusters)
        state = ReindexState.from_token(steps[-1].token)
        in_each = [
            await clusters.source.searches.count("rg-odd", query_of(state.field, part.start, part.end, ()))
            for part in state.parts
        ]
        compared = await METHOD.compare(work, clusters)
        there, arrived = await held(clusters.source, "rg-odd"), await held(clusters.destination, "rg-odd")
    assert steps[0].note == "it is read in 4 ranges of @timestamp, side by side"
    assert state.field == RangeField("@timestamp", is_date=True)
    assert [part.done for part in state.parts] == in_each
    assert min(in_each) > 30
    assert sum(in_each) == 250
    assert (steps[-1].done, steps[-1].total, steps[-1].written, steps[-1].collided) == (250, 250, 250, 0)
    assert compared.is_equal
    assert arrived == there


@pytest.mark.parametrize("source", ["2.4.6", "5.6.16"])
async def test_an_old_index_of_two_types_is_read_in_ranges_of_its_number(nodes: SharedNodes, source: str) -> None:
    async with pair(nodes, source) as (clusters, draft):
        assert clusters.source is not None
        body = {"mappings": {"book": {"properties": {"n": {"type": "long"}}}, "loan": {"properties": {}}}}
        lines = [({"_type": "book", "_id": f"b{n}"}, f'{{"n":[{n},{n + 60}]}}') for n in range(120)]
        lines += [({"_type": "loan", "_id": f"l{n}"}, "{}") for n in range(9)]
        work = await prepared(clusters, draft, "rg-old", lines, body=body)
        steps = await carried_out(work, clusters)
        compared = await METHOD.compare(work, clusters)
    state = ReindexState.from_token(steps[-1].token)
    assert state.field == RangeField("n")
    assert len(state.parts) > 2
    assert all(part.written for part in state.parts)
    assert (steps[-1].written, steps[-1].collided) == (129, 0)
    assert (compared.source_count, compared.destination_count) == (129, 129)


@pytest.mark.parametrize("version", ["2.4.6", "5.6.16", "6.8.23", "7.17.28"])
async def test_instants_before_1970_divide_an_index_too(nodes: SharedNodes, version: str) -> None:
    async with pair(nodes, "6.8.23", version) as (clusters, _):
        cluster, day, typed = clusters.destination, 86_400_000, int(version[0]) < 7
        fields = {"properties": {"born": {"type": "date", "format": "yyyy-MM-dd"}}}
        lines = [
            ({"_type": "_doc" if version[0] == "6" else "doc"} if typed else {}, f'{{"born":"19{60 + n}-01-02"}}')
            for n in range(20)
        ]
        body = {"mappings": {lines[0][0]["_type"]: fields} if typed else fields}
        await fill(cluster, "rg-born", body, lines)
        state = divided(RangeField("born", is_date=True), (-1_000 * day, -1, 1_000 * day))
        queries = [query_of(state.field, part.start, part.end, ()) for part in state.parts]
        found = [await cluster.searches.count("rg-born", query) for query in queries]
        await cluster.changes.delete_index("rg-born")
    assert found == [8, 2, 3, 7]


async def test_an_index_without_a_date_or_a_number_is_divided_by_the_numbers_of_its_changes(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        body = {
            "settings": {"number_of_shards": 2},
            "mappings": {"_doc": {"properties": {"parts": {"type": "nested", "properties": {"n": {"type": "long"}}}}}},
        }
        lines = [({"_type": "_doc", "_id": str(n)}, f'{{"parts":[{{"n":{n}}},{{"n":1}}]}}') for n in range(200)]
        work = await prepared(clusters, draft, "rg-plain", lines, body=body)
        steps = await carried_out(work, clusters)
        compared = await METHOD.compare(work, clusters)
    state = ReindexState.from_token(steps[-1].token)
    assert state.field == RangeField("_seq_no")
    assert all(part.written > 30 for part in state.parts)
    assert (steps[-1].done, steps[-1].collided, len(state.parts)) == (200, 0, 4)
    assert compared.is_equal


async def test_a_field_that_cannot_divide_any_chosen_index_is_refused_when_the_plan_is_made(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await fill(clusters.source, "rg-asked", TIMED, hours(3))
        with pytest.raises(ProblemError) as raised:
            await work_for(clusters, draft.answered(split_by="host"), "rg-asked")
        work = await work_for(clusters, draft.answered(split=3, split_by="@timestamp"), "rg-asked")
    assert raised.value.problem.cause is Cause.USAGE
    assert raised.value.problem.what == "No chosen index can be divided by host."
    assert (work.plan.split, work.plan.split_by) == (3, "@timestamp")
    told = " ".join(METHOD.steps(work.plan))
    assert "Each index is read in up to 3 ranges of @timestamp, all at the same time." in told


async def test_what_no_field_divides_evenly_is_read_whole_and_that_is_said(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        body: dict[str, Any] = {"mappings": {"_doc": {"properties": {"n": {"type": "integer"}}}}}
        lines = [({"_type": "_doc", "_id": str(n)}, '{"n":7}') for n in range(50)]
        work = await prepared(clusters, draft, "rg-same", lines, body=body, split_by="n")
        steps = await carried_out(work, clusters)
    assert steps[0].note == "it is read whole: n does not divide it evenly enough"
    assert len(ReindexState.from_token(steps[-1].token).parts) == 1
    assert steps[-1].written == 50


async def test_a_small_index_is_read_whole_without_a_word(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        work = await prepared(clusters, draft, "rg-small", hours(50), split=0)
        steps = await carried_out(work, clusters)
    assert not any(step.note for step in steps)
    assert ReindexState.from_token(steps[1].token).parts[0].task
    assert len(ReindexState.from_token(steps[-1].token).parts) == 1


async def test_ranges_that_go_on_without_us_are_found_again_and_are_the_same(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        book = PlainBook(clusters)
        work = await prepared(clusters, draft, "rg-kill", hours(400), pace=80.0, batch=20, book=book)
        untouched = await before(clusters, "rg-kill")
        steps = METHOD.perform(work, clusters, "")
        decided = await anext(steps)  # the last thing that this process could write down
        started = ReindexState.from_token((await anext(steps)).token)
        await steps.aclose()  # type: ignore[attr-defined]  # it is an async generator, whatever the contract says
        again = METHOD.perform(work, clusters, decided.token)
        found = ReindexState.from_token((await anext(again)).token)
        at_work = await running_of(clusters, work)
        await METHOD.pace(work, clusters, found.as_token(), 0.0)
        seen: list[Acknowledged] = []
        await drained(again, seen)
        compared = await METHOD.compare(work, clusters)
        await book.put_back()
        await assert_unharmed(untouched, clusters, {"rg-kill": planned_settings(work.task)})
    assert found == started
    assert at_work == {f"{work.opaque_id}-{n}": part.task for n, part in enumerate(started.parts, start=1)}
    assert (seen[-1].done, seen[-1].written, seen[-1].collided) == (400, 400, 0)
    assert compared.is_equal


async def test_a_pace_is_divided_among_the_ranges_and_a_pause_holds_them_all(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        work = await prepared(clusters, draft, "rg-pace", hours(400), pace=40.0, batch=20)
        state = started = await begun(work, clusters)

        async def paces() -> list[float]:
            told = [await performed(clusters.destination, _look_at(part)) for part in started.parts]
            return [round(one["task"]["status"]["requests_per_second"], 4) for one in told]

        first = await paces()
        await METHOD.pause(work, clusters, state.as_token())
        paused = await paces()
        await METHOD.pace(work, clusters, state.as_token(), 200.0)
        faster = await paces()
        looks = METHOD.perform(work, clusters, state.as_token())
        await clusters.destination.tasks.rethrottle(state.parts[0].task, 0)
        while 0 in state.open:
            await asyncio.sleep(0.1)
            state = ReindexState.from_token((await anext(looks)).token)
        left = (await paces())[1:]
        await METHOD.pace(work, clusters, state.as_token(), 0.0)
        await carried_out(work, clusters, state.as_token())
        compared = await METHOD.compare(work, clusters)
    assert first == [10.0] * 4
    assert paused == [round(20 / 3_600, 4)] * 4
    assert faster == [50.0] * 4
    assert left == [round(40 / 3, 4)] * 3  # the work's own pace, of which a range that has ended takes nothing any more
    assert compared.is_equal


def _look_at(part: ReindexPart) -> Request:
    return Request(method="GET", path=f"/_tasks/{part.task}")


async def test_stopping_cancels_every_range_and_is_no_success(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        book = PlainBook(clusters)
        work = await prepared(clusters, draft, "rg-stop", hours(400), pace=80.0, batch=20, book=book)
        untouched = await before(clusters, "rg-stop")
        state = await begun(work, clusters)
        steps = METHOD.perform(work, clusters, state.as_token())
        await anext(steps)
        await METHOD.stop(work, clusters, "")  # also what its token does not know of
        with pytest.raises(ProblemError) as raised:
            await drained(steps)
        left = await running_of(clusters, work)
        compared = await METHOD.compare(work, clusters)
        await book.put_back()
        await assert_unharmed(untouched, clusters, {"rg-stop": planned_settings(work.task)})
    assert raised.value.problem.cause is Cause.STATE
    assert left == {}
    assert (compared.destination_count or 0) < 400


async def test_one_range_cancelled_behind_our_back_ends_the_others_and_is_taken_up(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        book = PlainBook(clusters)
        work = await prepared(clusters, draft, "rg-back", hours(400), pace=80.0, batch=20, book=book)
        untouched = await before(clusters, "rg-back")
        state = await begun(work, clusters)
        await clusters.destination.tasks.cancel(state.parts[2].task)
        seen: list[Acknowledged] = []
        with pytest.raises(ProblemError) as raised:
            await drained(METHOD.perform(work, clusters, state.as_token()), seen)
        left = await running_of(clusters, work)
        steps = await carried_out(replace(work, requests_per_second=0.0), clusters, seen[-1].token)
        compared = await METHOD.compare(work, clusters)
        await book.put_back()
        await assert_unharmed(untouched, clusters, {"rg-back": planned_settings(work.task)})
    assert raised.value.problem.cause is Cause.STATE
    assert left == {}
    assert (steps[-1].done, steps[-1].written) == (400, 400)
    assert compared.is_equal


async def test_a_range_whose_task_vanished_is_read_again_and_no_other(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        book = PlainBook(clusters)
        work = await prepared(clusters, draft, "rg-gone", hours(200), book=book)
        untouched = await before(clusters, "rg-gone")
        steps = await carried_out(work, clusters)
        state = ReindexState.from_token(steps[-1].token)
        lost = ReindexPart(start=state.parts[1].start, end=state.parts[1].end, task="nowhere:9", passes=1, batch=10)
        seen: list[Acknowledged] = []
        with pytest.raises(ProblemError) as raised:
            await drained(METHOD.perform(work, clusters, state.with_part(1, lost).as_token()), seen)
        again = ReindexState.from_token(seen[-1].token)
        steps = await carried_out(work, clusters, again.as_token())
        ended = ReindexState.from_token(steps[-1].token)
        compared = await METHOD.compare(work, clusters)
        await book.put_back()
        await assert_unharmed(untouched, clusters, {"rg-gone": planned_settings(work.task)})
    assert raised.value.problem.cause is Cause.UNKNOWN_OUTCOME
    assert again.open == (1,)
    assert [part.passes for part in ended.parts] == [1, 2, 1, 1]
    assert (steps[-1].done, steps[-1].there_already, steps[-1].collided) == (200, ended.parts[1].done, 0)
    assert compared.is_equal


async def test_what_was_written_to_the_source_meanwhile_is_read_in_another_pass_of_its_range(
    nodes: SharedNodes,
) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        work = await prepared(clusters, draft, "rg-grows", hours(400), pace=80.0, batch=20)
        state = await begun(work, clusters)
        looks = METHOD.perform(work, clusters, state.as_token())
        seen = [await anext(looks)]
        while seen[-1].done < 60:  # every search has been made when its first batch has arrived
            await asyncio.sleep(0.1)
            seen.append(await anext(looks))
        early = json.dumps({"@timestamp": 0})
        more = "".join(f'{{"index":{{"_type":"_doc","_id":"late-{n}"}}}}\n{early}\n' for n in range(7))
        await performed(clusters.source, Request(method="POST", path="/rg-grows/_bulk?refresh=true", body=more))
        await METHOD.pace(work, clusters, state.as_token(), 0.0)
        await drained(looks, seen)
        compared = await METHOD.compare(work, clusters)
    notes = [step.note for step in seen if step.note]
    assert notes == ["range 1 of 4: the source holds 7 documents more than it gave, it is read again"]
    assert [part.passes for part in ReindexState.from_token(seen[-1].token).parts] == [2, 1, 1, 1]
    assert (seen[-1].done, seen[-1].collided) == (407, 0)
    assert (compared.source_count, compared.destination_count) == (407, 407)


async def test_documents_that_one_range_is_refused_are_set_aside_and_all_others_arrive(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        loose = {
            "settings": {"number_of_shards": 1},
            "mappings": {"_doc": {"dynamic": False, "properties": TIMED_ONLY}},
        }
        lines = [(action, text.replace('"n": 13}', '"n": "x"}')) for action, text in hours(120)]
        await fill(clusters.source, "rg-refused", loose, lines)
        work = await work_for(clusters, draft, "rg-refused", split=4, batch=10)
        strict = json.dumps({"mappings": {"properties": {**TIMED_ONLY, "n": {"type": "long"}}}})
        await clusters.destination.changes.create_index("rg-refused", strict)
        steps = await carried_out(work, clusters)
        compared = await METHOD.compare(work, clusters)
    assert [reject.id for step in steps for reject in step.rejects] == ["13"]
    assert [part.passes for part in ReindexState.from_token(steps[-1].token).parts] == [2, 1, 1, 1]
    assert (steps[-1].done, steps[-1].refused, steps[-1].written, steps[-1].collided) == (120, 1, 119, 0)
    assert (compared.source_count, compared.destination_count) == (120, 119)
