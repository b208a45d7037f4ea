"""What a plan may choose for a copy, on real nodes: pipelines, versions, types, what the destination has already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from esmigrate_tui.elastic.documents import Document
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.writing.bulk import BulkWriter, WriteSetting
from esmigrate_tui.model.copy_options import CopyOptions, PipelineRule, TypeRule
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.preflight import copying, gather_facts, selection
from tests.by_hand import performed
from tests.methods.copying import (
    METHOD,
    PlainBook,
    carried_out,
    fill,
    looked_until,
    make,
    numbered,
    pair,
    settings,
    stored,
)

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Acknowledged
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.ledger import Request
    from esmigrate_tui.preflight.check import Check
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

BROKEN: Final = b'{\n"n":1e3}'


class Ledger(PlainBook):
    """Keeps how each change is put back."""

    def __init__(self, clusters: Clusters) -> None:
        super().__init__(clusters)
        self.undo: list[Request] = []

    async def change(self, side: Any, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # as the book
        self.undo += [undo] if undo is not None else []
        return await super().change(side, what, made_by, undo)

    async def settle(self) -> None:
        """Put everything back, the newest first."""
        for request in reversed(self.undo):
            await performed(self.clusters.destination, request)


async def chosen(clusters: Clusters, draft: Draft, index: str, into: str, how: CopyOptions) -> Draft:
    """The draft in which that index is chosen."""
    assert clusters.source is not None
    draft, _ = await gather_facts(draft, clusters)
    definitions = await clusters.source.indices.definitions([index])
    return draft.answered(selected=(index,), definitions=definitions, renamed={index: into}, copying=how)


async def planned(clusters: Clusters, draft: Draft, index: str, into: str, how: CopyOptions) -> list[Work]:
    """The work that the plan has for one index; what it makes is gone from the destination."""
    plan = METHOD.plan(await chosen(clusters, draft, index, into, how), "2026-01-01T00:00:00Z")
    for task in plan.tasks:
        if task.create and await clusters.destination.indices.existing([task.destination_index]):
            await clusters.destination.changes.delete_index(task.destination_index)
    return [
        Work(task=task, plan=plan, opaque_id=f"esmigrate-{task.destination_index}", requests_per_second=0.0)
        for task in plan.tasks
    ]


async def copied(work: Work, clusters: Clusters, book: PlainBook | None = None) -> list[Acknowledged]:
    """Prepare and carry out."""
    await METHOD.prepare(work, clusters, book or PlainBook(clusters))
    steps = await carried_out(work, clusters)
    await clusters.destination.searches.refresh(work.task.destination_index)
    return steps


async def found_by(check: Check, draft: Draft, clusters: Clusters) -> list[Finding]:
    return [finding async for finding in check(draft, clusters)]


async def put(cluster: Cluster, path: str, body: dict[str, Any]) -> None:
    await cluster.wire.exchange("PUT", path, json.dumps(body).encode())


async def versions_of(cluster: Cluster, index: str) -> dict[str, int]:
    """The version of every document."""
    found = (await cluster.wire.exchange("GET", f"/{index}/_search?version=true&size=100")).body
    return {hit["_id"]: hit["_version"] for hit in json.loads(found)["hits"]["hits"]}


# -- pipelines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "is_marked"), [(PipelineRule.OFF, False), (PipelineRule.RESPECTED, True)])
async def test_a_default_pipeline_acts_on_copied_documents_only_where_the_plan_says_so(
    nodes: SharedNodes,
    how: PipelineRule,
    is_marked: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    async with pair(nodes, "6.8.23", "6.8.23") as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        await make(source, "cc-piped", {"settings": settings(1), "mappings": {"_doc": {}}})
        await fill(source, "cc-piped", numbered(3))
        await source.wire.exchange("PUT", "/cc-piped/_doc/lines", BROKEN)
        await source.searches.refresh("cc-piped")
        await put(destination, "/_ingest/pipeline/cc-mark", {"processors": [{"set": {"field": "mark", "value": 1}}]})
        given = {"index_patterns": ["cc-piped-*"], "settings": {"index.default_pipeline": "cc-mark"}}
        await put(destination, "/_template/cc-piped", given)
        try:
            wanted = await chosen(clusters, draft, "cc-piped", "cc-piped-here", CopyOptions(pipelines=how))
            [said] = await found_by(copying.destination_pipelines, wanted, clusters)
            [work] = await planned(clusters, draft, "cc-piped", "cc-piped-here", CopyOptions(pipelines=how))
            steps = await copied(work, clusters)
            here = {name: await stored(destination, "cc-piped-here", name) for name in ("0", "lines")}
            kept = (await destination.indices.settings_of("cc-piped-here"))["index.default_pipeline"]
        finally:
            await destination.wire.exchange("DELETE", "/_template/cc-piped")
            await destination.changes.delete_index("cc-piped-here")
            await destination.wire.exchange("DELETE", "/_ingest/pipeline/cc-mark")
    assert [b'"mark":1' in text for text in here.values()] == [is_marked, is_marked]
    assert is_marked or here == {"0": b'{"n":0}', "lines": BROKEN}
    assert (steps[-1].written, steps[-1].refused, kept) == (4, 0, "cc-mark")
    assert said.evidence == "cc-mark (default pipeline) of cc-piped-here"
    assert said.severity == ("warning" if is_marked else "note")


@pytest.mark.parametrize(("how", "arrived"), [(PipelineRule.OFF, 20), (PipelineRule.RESPECTED, 0)])
async def test_a_final_pipeline_of_a_template_is_switched_off_while_a_copy_fills_and_put_back(
    nodes: SharedNodes, how: PipelineRule, arrived: int
) -> None:
    # The pipeline is not there: whatever goes through it is refused.
    async with pair(nodes, "6.8.23", "7.17.28") as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        await make(source, "cc-final", {"settings": settings(1), "mappings": {"_doc": {}}})
        await fill(source, "cc-final", numbered(20))
        part = {"template": {"settings": {"index": {"final_pipeline": "cc-gone", "default_pipeline": "cc-too"}}}}
        await put(destination, "/_component_template/cc-part", part)
        whole = {"index_patterns": ["cc-final*"], "composed_of": ["cc-part"], "priority": 900}
        await put(destination, "/_index_template/cc-final", whole)
        try:
            wanted = await chosen(clusters, draft, "cc-final", "cc-final", CopyOptions(pipelines=how))
            [said] = await found_by(copying.destination_pipelines, wanted, clusters)
            [work] = await planned(clusters, draft, "cc-final", "cc-final", CopyOptions(pipelines=how))
            book = Ledger(clusters)
            steps = await copied(work, clusters, book)
            await METHOD.prepare(work, clusters, Again(clusters))  # after a problem: nothing is left to switch off
            await book.settle()
            kept = (await destination.indices.settings_of("cc-final"))["index.final_pipeline"]
            await destination.changes.delete_index("cc-final")
        finally:
            await destination.wire.exchange("DELETE", "/_index_template/cc-final")
            await destination.wire.exchange("DELETE", "/_component_template/cc-part")
    assert (steps[-1].written, steps[-1].refused) == (arrived, 20 - arrived)
    assert kept == "cc-gone"
    assert said.evidence == "cc-too (default pipeline) of cc-final, cc-gone (final pipeline) of cc-final"


class Again(PlainBook):
    """As the engine's book in a second preparation: an index that exists is taken for made."""

    async def change(self, side: Any, what: str, made_by: Request, undo: Request | None) -> Any:  # noqa: ANN401  # as the book
        assert "pipeline" not in what
        return None if what.endswith("was made") else await super().change(side, what, made_by, undo)


async def test_a_final_pipeline_of_an_index_that_is_there_is_said_before_and_left_alone(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23", "7.17.28") as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        await make(source, "cc-owned", {"settings": settings(1), "mappings": {"_doc": {}}})
        await make(destination, "cc-owned", {"settings": {"index.final_pipeline": "cc-gone"}})
        how = CopyOptions(into_existing=True)
        wanted = await chosen(clusters, draft, "cc-owned", "cc-owned", how)
        [said] = await found_by(
            copying.destination_pipelines, msgspec.structs.replace(wanted, uses=("cc-owned",)), clusters
        )
        [work] = await planned(clusters, draft, "cc-owned", "cc-owned", how)
        book = Ledger(clusters)
        await METHOD.prepare(work, clusters, book)
        await destination.changes.delete_index("cc-owned")
    assert (said.severity, said.subjects) == ("blocker", ("cc-owned",))
    assert "_none" in said.copy
    assert book.undo == []


# -- versions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), [("2.4.6", "5.6.16"), ("5.6.16", "7.17.28"), ("6.8.23", "7.17.28")])
async def test_documents_keep_their_versions_and_a_second_copy_brings_what_has_changed(
    nodes: SharedNodes, old: str, new: str
) -> None:
    kind = "_doc" if old.startswith("6") else "t"
    async with pair(nodes, old, new) as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        await make(source, "cc-kept", {"settings": settings(2), "mappings": {kind: {}}})
        for first in (0, 0, 4, 8):
            await fill(source, "cc-kept", numbered(10 - first, kind, first))
        for _ in range(3):
            await source.wire.exchange("PUT", f"/cc-kept/{kind}/lines", BROKEN)
        await source.searches.refresh("cc-kept")
        there = await versions_of(source, "cc-kept")
        [work] = await planned(clusters, draft, "cc-kept", "cc-kept", CopyOptions(versions=True))
        steps = await copied(work, clusters)
        here = await versions_of(destination, "cc-kept")
        twice = await carried_out(work, clusters, steps[0].token)  # as a run that is taken up where nothing was told
        await fill(source, "cc-kept", numbered(2, kind))
        typed = {"_type": kind} if int(new[0]) < 7 else {}
        ahead = {"_id": "5", "version": 99, "version_type": "external"}
        await fill(destination, "cc-kept", [({**typed, **ahead}, b'{"n":-5}')])
        how = CopyOptions(versions=True, into_existing=True)
        [second] = await planned(clusters, draft, "cc-kept", "cc-kept", how)
        again = await copied(second, clusters)
        last = await versions_of(destination, "cc-kept")
        newer = await stored(destination, "cc-kept", "5", kind=kind)
        compared = await METHOD.compare(second, clusters)
        await destination.changes.delete_index("cc-kept")
    assert set(there.values()) == {2, 3, 4}
    assert here == there
    assert (steps[-1].written, steps[-1].collided, steps[-1].refused) == (11, 0, 0)
    assert (twice[-1].done, twice[-1].there_already, twice[-1].collided) == (11, 11, 0)
    assert (again[-1].done, again[-1].there_already, again[-1].collided, again[-1].refused) == (11, 11, 0, 0)
    assert last == there | {"0": there["0"] + 1, "1": there["1"] + 1, "5": 99}
    assert newer == b'{"n":-5}'
    assert compared.is_equal


async def test_two_documents_that_want_one_id_are_counted_where_versions_are_kept(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        await make(source, "cc-routes", {"settings": settings(5), "mappings": {"_doc": {}}})
        same = [({"_type": "_doc", "_id": "same", "routing": str(n)}, b'{"n":%d}' % n) for n in range(12)]
        for lines in (same, same[3:]):
            await fill(source, "cc-routes", lines)
        shards = await source.searches.count("cc-routes")
        [work] = await planned(clusters, draft, "cc-routes", "cc-routes", CopyOptions(versions=True))
        one = msgspec.structs.replace(work.task, create='{"settings":{"index.number_of_shards":1}}')
        steps = await copied(Work(one, work.plan, work.opaque_id, 0.0), clusters)
        compared = await METHOD.compare(work, clusters)
        await destination.changes.delete_index("cc-routes")
    assert shards > 1
    assert (steps[-1].written, steps[-1].collided) == (1, shards - 1)
    assert not compared.is_equal


# -- types -----------------------------------------------------------------------------------------------------------


async def with_types(source: Cluster, index: str) -> None:
    """An index of three types whose ids are the same; 30 documents of a, 20 of b, 10 of c."""
    body = {"settings": settings(2), "mappings": {"a": {}, "b": {"properties": {"n": {"type": "long"}}}, "c": {}}}
    await make(source, index, body)
    for kind, amount in (("a", 30), ("b", 20), ("c", 10)):
        await fill(
            source, index, (({"_type": kind, "_id": str(n)}, f'{{"{kind}":{n}}}'.encode()) for n in range(amount))
        )


@pytest.mark.parametrize("old", ["2.4.6", "5.6.16"])
async def test_each_type_goes_into_an_index_of_its_own(nodes: SharedNodes, old: str) -> None:
    async with pair(nodes, old) as (clusters, draft):
        assert clusters.source is not None
        await with_types(clusters.source, "cc-types")
        works = await planned(clusters, draft, "cc-types", "cc-apart", CopyOptions(types=TypeRule.APART))
        steps = [await copied(work, clusters) for work in works]
        compared = [await METHOD.compare(work, clusters) for work in works]
        third = {kind: await stored(clusters.destination, f"cc-apart-{kind}", "3") for kind in "abc"}
        for work in works:
            await clusters.destination.changes.delete_index(work.task.destination_index)
    assert [(one.source_count, one.destination_count) for one in compared] == [(30, 30), (20, 20), (10, 10)]
    assert [(one[-1].done, one[-1].total, one[-1].collided) for one in steps] == [(30, 30, 0), (20, 20, 0), (10, 10, 0)]
    assert third == {kind: f'{{"{kind}":3}}'.encode() for kind in "abc"}


@pytest.mark.parametrize("old", ["2.4.6", "5.6.16"])
async def test_one_type_is_copied_and_what_stays_behind_is_said(nodes: SharedNodes, old: str) -> None:
    async with pair(nodes, old) as (clusters, draft):
        assert clusters.source is not None
        await with_types(clusters.source, "cc-one")
        how = CopyOptions(only_type="b")
        wanted = await chosen(clusters, draft, "cc-one", "cc-one", how)
        [said] = await found_by(selection.several_types, wanted, clusters)
        [work] = await planned(clusters, draft, "cc-one", "cc-one", how)
        steps = await copied(work, clusters)
        compared = await METHOD.compare(work, clusters)
        await clusters.destination.changes.delete_index("cc-one")
    assert json.loads(work.task.create)["mappings"]["properties"].keys() == {"b", "n"}
    assert (compared.source_count, compared.destination_count, steps[-1].done) == (20, 20, 20)
    assert (said.severity, said.evidence) == ("warning", "left out: a, c")


async def test_a_type_that_is_taken_up_finds_in_place_what_arrived(nodes: SharedNodes) -> None:
    async with pair(nodes, "5.6.16") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cc-half", {"settings": settings(2), "mappings": {"a": {}, "b": {}}})
        await fill(clusters.source, "cc-half", numbered(1_500, "a"))
        await fill(clusters.source, "cc-half", numbered(300, "b"))
        [work] = await planned(clusters, draft, "cc-half", "cc-half", CopyOptions(only_type="a"))
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        first = METHOD.perform(work, clusters, "")
        early = await looked_until(first, lambda moved: moved.done > 0)
        await first.aclose()  # type: ignore[attr-defined]  # it is an async generator, whatever the contract says
        steps = await carried_out(work, clusters, early.token)
        compared = await METHOD.compare(work, clusters)
        await clusters.destination.changes.delete_index("cc-half")
    assert (compared.source_count, compared.destination_count) == (1_500, 1_500)
    assert (steps[-1].done, steps[-1].collided) == (1_500, 0)


async def test_a_relation_by_parent_is_told_before_it_is_lost(nodes: SharedNodes) -> None:
    async with pair(nodes, "5.6.16") as (clusters, draft):
        assert clusters.source is not None
        family = {"question": {}, "answer": {"_parent": {"type": "question"}}}
        await make(clusters.source, "cc-family", {"settings": settings(1), "mappings": family})
        wanted = await chosen(clusters, draft, "cc-family", "cc-family", CopyOptions())
        said = await found_by(selection.parents_and_children, wanted, clusters)
        await with_types(clusters.source, "cc-none")
        wanted = await chosen(clusters, draft, "cc-none", "cc-none", CopyOptions())
        nothing = await found_by(selection.parents_and_children, wanted, clusters)
    assert [(one.severity, one.subjects) for one in said] == [("warning", ("cc-family",))]
    assert nothing == []


# -- what is there already -------------------------------------------------------------------------------------------


async def test_documents_are_added_to_an_index_that_is_there_and_proved_by_its_growth(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        await make(source, "cc-adds", {"settings": settings(2), "mappings": {"_doc": {}}})
        await fill(source, "cc-adds", numbered(50))
        await make(destination, "cc-adds", {"settings": {"index.refresh_interval": "7s"}})
        await fill(destination, "cc-adds", [({"_id": str(n)}, b'{"n":-1}') for n in (3, 4, 70, 71, 72)])
        how = CopyOptions(into_existing=True)
        wanted = await chosen(clusters, draft, "cc-adds", "cc-adds", how)
        [said] = await found_by(copying.used_targets, msgspec.structs.replace(wanted, uses=("cc-adds",)), clusters)
        [work] = await planned(clusters, draft, "cc-adds", "cc-adds", how)
        steps = await copied(work, clusters)
        compared = await METHOD.compare(work, clusters)
        mine = await stored(destination, "cc-adds", "3")
        count = await destination.searches.count("cc-adds")
        kept = await destination.indices.settings_of("cc-adds")
        await destination.wire.exchange("DELETE", "/cc-adds/_doc/8")
        lost = await METHOD.compare(work, clusters)
        await destination.changes.delete_index("cc-adds")
    assert (steps[-1].written, steps[-1].there_already, steps[-1].collided, count) == (48, 2, 0, 53)
    assert mine == b'{"n":-1}'
    assert (compared.source_count, compared.destination_count) == (50, 50)
    assert (lost.source_count, lost.destination_count) == (50, 49)
    assert kept["index.refresh_interval"] == "7s"
    assert "5 documents" in said.title


async def test_a_data_stream_that_is_not_there_is_never_made_by_a_copy(nodes: SharedNodes) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cc-stream", {"settings": settings(1), "mappings": {"_doc": {}}})
        await fill(clusters.source, "cc-stream", numbered(5))
        [work] = await planned(clusters, draft, "cc-stream", "cc-stream", CopyOptions())
        task = msgspec.structs.replace(work.task, create="", kind=RestoreKind.DATA_STREAM)
        with pytest.raises(ProblemError) as raised:
            await carried_out(Work(task, work.plan, work.opaque_id, 0.0), clusters)
        there = await clusters.destination.indices.existing(["cc-stream"])
    assert raised.value.problem.cause is Cause.MISSING
    assert there == {}


async def test_what_is_written_for_a_data_stream_as_documented_has_no_routing(nodes: SharedNodes) -> None:
    # No node here has data streams; the same request is sent to an index, which keeps a routing where it gets one.
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cc-routed", {"settings": settings(1), "mappings": {"_doc": {}}})
        [work] = await planned(clusters, draft, "cc-routed", "cc-routed", CopyOptions())
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        task = msgspec.structs.replace(work.task, create="", kind=RestoreKind.DATA_STREAM)
        wanted, newer = Work(task, work.plan, "cc", 0.0), Features.of_elasticsearch("7.0.0")
        writer = BulkWriter(WriteSetting(work=wanted, clusters=clusters, destination=newer, limit=0))
        sources = (b'{"@timestamp":"2026-01-01"}', b'{\n"@timestamp":"2026-01-01"}')
        sent = [
            Document(id=str(position), routing="r", source=msgspec.Raw(source))
            for position, source in enumerate(sources)
        ]
        first = await writer.written(sent, [], [], has_breaks=True)
        second = await writer.written(sent, [], [], has_breaks=True)
        await clusters.destination.searches.refresh("cc-routed")
        found = (await clusters.destination.wire.exchange("GET", "/cc-routed/_search")).body
        await clusters.destination.changes.delete_index("cc-routed")
    assert ((first.written, first.conflicts), (second.written, second.conflicts)) == ((2, 0), (0, 2))
    assert {hit["_id"]: hit.get("_routing") for hit in json.loads(found)["hits"]["hits"]} == {"0": None, "1": None}
