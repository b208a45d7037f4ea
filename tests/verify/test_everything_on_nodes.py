"""Every document of two indices compared on real nodes: what differs is named, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from esmigrate_tui.elastic.scan import scan_ranges
from esmigrate_tui.elastic.transport import WireNode
from esmigrate_tui.methods.copy_through_here.mover import CopyThroughHere
from esmigrate_tui.methods.reindex_from_remote.mover import ReindexFromRemote
from esmigrate_tui.model.copy_options import CopyOptions, TypeRule
from esmigrate_tui.model.difference import DifferenceKind
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.method import MethodName, Proof
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.progress import TaskState
from esmigrate_tui.verify import everything
from esmigrate_tui.verify.counts import ComparedIndex
from esmigrate_tui.verify.digest import Digest
from esmigrate_tui.verify.everything import ComparisonOptions, ComparisonReading, compare_everything
from tests.methods.copying import fill, make, numbered, pair, reach, settings
from tests.methods.migrating import Handed, migrated, planned

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.elastic.documents import Document
    from esmigrate_tui.methods.contract import Comparison, Work
    from esmigrate_tui.verify.progress import ComparisonProgress
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes
LOOSE: Final[dict[str, Any]] = {"settings": settings(1), "mappings": {"enabled": False}}
AMOUNT: Final = 3_000
FEW: Final = 300


async def swift(_: float) -> None:
    """Time that passes at once."""
    await asyncio.sleep(0)


@pytest.fixture
async def ends(nodes: SharedNodes) -> AsyncIterator[tuple[Cluster, Cluster]]:
    """A 6.8.23 with three shards' worth of documents, and a 7.17.28."""
    old, new = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    (_, source), (_, destination) = await reach(old), await reach(new)
    async with source, destination:
        yield source, destination


async def both(
    ends: tuple[Cluster, Cluster], name: str, changed: Iterable[tuple[dict[str, Any], bytes]] = ()
) -> tuple[ComparedIndex, ComparedIndex]:
    """An index on both sides with the same documents, but for those that are changed on the destination."""
    source, destination = ends
    await make(source, name, {"settings": settings(3), "mappings": {"_doc": {"enabled": False}}})
    await make(destination, name, LOOSE)
    await fill(source, name, numbered(AMOUNT))
    await fill(destination, name, numbered(AMOUNT, None))
    await fill(destination, name, changed)
    return ComparedIndex(source, name), ComparedIndex(destination, name)


async def delete(index: ComparedIndex, identifier: str) -> None:
    status = (await index.cluster.wire.exchange("DELETE", f"/{index.name}/_doc/{identifier}?refresh=true", b"")).status
    assert status == 200


async def test_what_is_equal_is_equal_over_other_shards_and_another_order(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-equal")
    compared = await compare_everything(source, destination, ComparisonOptions())
    assert compared.is_equal
    assert (compared.source_count, compared.destination_count, compared.by_value) == (AMOUNT, AMOUNT, False)


async def test_one_changed_missing_extra_and_rerouted_document_are_named_and_no_other(
    ends: tuple[Cluster, Cluster],
) -> None:
    source, destination = await both(ends, "vf-four", [({"_id": "17"}, b'{"n":18}'), ({"_id": "new"}, b"{}")])
    await delete(destination, "5")
    await delete(destination, "23")
    await fill(destination.cluster, "vf-four", [({"_id": "23", "routing": "x"}, b'{"n":23}')])
    compared = await compare_everything(source, destination, ComparisonOptions(values=False))
    assert {(one.kind, one.id) for one in compared.differences} == {
        (DifferenceKind.CONTENT, "17"),
        (DifferenceKind.MISSING, "5"),
        (DifferenceKind.EXTRA, "new"),
        (DifferenceKind.ROUTING, "23"),
    }
    assert len(compared.differences) == 4
    assert compared.partitions_left == 0


async def test_documents_that_say_the_same_in_other_words_are_equal_by_value_alone(
    ends: tuple[Cluster, Cluster],
) -> None:
    source, destination = await both(
        ends, "vf-words", (({"_id": str(n)}, b'{ "n" : %d.0 }' % n) for n in range(AMOUNT))
    )
    compared = await compare_everything(source, destination, ComparisonOptions())
    assert compared.is_equal
    assert compared.by_value
    exactly = await compare_everything(source, destination, ComparisonOptions(values=False))
    assert not exactly.is_equal
    assert len(exactly.differences) == everything.MOST_NAMED


async def test_where_too_much_differs_it_says_how_much_was_not_looked_into(
    ends: tuple[Cluster, Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everything, "MOST_NAMED", 5)
    monkeypatch.setattr(everything, "_HELD", 20)
    source, destination = await both(ends, "vf-much", (({"_id": str(n)}, b"{}") for n in range(AMOUNT)))
    compared = await compare_everything(source, destination, ComparisonOptions(values=False))
    assert len(compared.differences) == 5
    assert 0 < compared.partitions_left < compared.partitions


async def test_a_broken_off_reading_goes_on_where_it_was(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-again", [({"_id": "7"}, b'{"n":8}')])
    kept: list[bytes] = []

    def look(reading: ComparisonReading) -> None:
        if reading.read > AMOUNT:
            kept.append(reading.keep())
            raise KeyError

    with pytest.raises(BaseExceptionGroup):
        await compare_everything(source, destination, ComparisonOptions(values=False, look=look))
    seen: list[int] = []
    manner = ComparisonOptions(values=False, look=lambda reading: seen.append(reading.read))
    compared = await compare_everything(source, destination, manner, kept[0])
    assert [one.id for one in compared.differences] == ["7"]
    assert compared.source_count == AMOUNT
    assert seen[0] > AMOUNT


async def test_what_was_kept_of_an_index_made_anew_is_not_gone_on_from(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-anew")
    kept: list[bytes] = []
    manner = ComparisonOptions(values=False, look=lambda reading: kept.append(reading.keep()))
    await compare_everything(source, destination, manner)
    source, destination = await both(ends, "vf-anew", [({"_id": "7"}, b'{"n":8}')])
    compared = await compare_everything(source, destination, ComparisonOptions(values=False), kept[-2])
    assert [one.id for one in compared.differences] == ["7"]


async def test_a_pace_is_kept_over_both_sides(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-pace")
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await swift(seconds)

    await compare_everything(source, destination, ComparisonOptions(values=False, pace=1_000, sleep=sleep))
    assert sum(slept) == pytest.approx(2 * AMOUNT / 1_000)


async def test_a_scroll_that_is_lost_is_read_again_and_nothing_counts_twice(nodes: SharedNodes) -> None:
    (_, old), (_, new) = await reach(await nodes.get("5.6.16")), await reach(await nodes.get("7.17.28"))
    async with old, new:
        await make(old, "vf-scroll", {"settings": settings(2), "mappings": {"log": {"enabled": False}}})
        await make(new, "vf-scroll", LOOSE)
        await fill(old, "vf-scroll", numbered(12_000, "log"))
        await fill(new, "vf-scroll", numbered(12_000, None))
        lost = 0

        def look(reading: ComparisonReading) -> None:
            nonlocal lost
            if reading.read and not lost:
                lost += 1
                losing.append(asyncio.ensure_future(old.wire.exchange("DELETE", "/_search/scroll/_all", b"")))

        losing: list[asyncio.Future[Any]] = []
        compared = await compare_everything(
            ComparedIndex(old, "vf-scroll"),
            ComparedIndex(new, "vf-scroll"),
            ComparisonOptions(values=False, look=look, sleep=swift),
        )
        await asyncio.gather(*losing)
        context = json.loads((await old.wire.exchange("GET", "/_nodes/stats/indices/search", b"")).body)
    assert lost == 1
    assert compared.is_equal
    assert compared.source_count == 12_000
    assert [node["indices"]["search"]["open_contexts"] for node in context["nodes"].values()] == [0]


class Breaking(WireNode):
    """Every third page is answered by a broken line."""

    asked = 0

    async def perform_request(  # type: ignore[override]  # the same call
        self,
        method: str,
        target: str,
        *arguments: Any,  # noqa: ANN401  # handed on
        **named: Any,  # noqa: ANN401  # handed on
    ) -> Any:  # noqa: ANN401  # the library's own pair
        if "_search" in target:
            Breaking.asked += 1
            if Breaking.asked % 3 == 0:
                raise ConnectionResetError
        return await super().perform_request(method, target, *arguments, **named)


async def test_lines_that_break_are_waited_for(nodes: SharedNodes, ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-lines", [({"_id": "7"}, b'{"n":8}')])
    _, cluster = await reach(await nodes.get("7.17.28"), Breaking)
    async with cluster:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            await swift(seconds)

        manner = ComparisonOptions(values=False, sleep=sleep)
        compared = await compare_everything(source, ComparedIndex(cluster, destination.name), manner)
    assert waits
    assert [one.id for one in compared.differences] == ["7"]


class UnderWay(WireNode):
    """Remembers how many pages were asked for at the same time."""

    now = most = 0

    async def perform_request(  # type: ignore[override]  # the same call
        self,
        method: str,
        target: str,
        *arguments: Any,  # noqa: ANN401  # handed on
        **named: Any,  # noqa: ANN401  # handed on
    ) -> Any:  # noqa: ANN401  # the library's own pair
        is_page = "_search" in target
        UnderWay.now += is_page
        UnderWay.most = max(UnderWay.most, UnderWay.now)
        try:
            return await super().perform_request(method, target, *arguments, **named)
        finally:
            UnderWay.now -= is_page


async def test_pieces_of_a_side_are_read_side_by_side(nodes: SharedNodes, ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-beside")
    _, cluster = await reach(await nodes.get("6.8.23"), UnderWay)
    async with cluster:
        parts = await scan_ranges(cluster, source.name)
        for readers in (1, 3):
            digest = Digest()
            take = partial(_summed, digest)
            UnderWay.most = 0
            reading = everything._SidesReading(ComparisonOptions(readers=readers))
            await reading.read(ComparedIndex(cluster, source.name), parts, take, lambda _: None, lambda: None)
            assert digest.documents == AMOUNT
            assert UnderWay.most == readers
    assert (await compare_everything(source, destination, ComparisonOptions(readers=3))).is_equal


def _summed(digest: Digest, _place: int, documents: Sequence[Document], _left: object) -> None:
    digest.add(documents)


async def test_documents_without_a_source_are_counted_and_said(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = ends
    await make(source, "vf-bare", {"settings": settings(1), "mappings": {"_doc": {"_source": {"enabled": False}}}})
    await make(destination, "vf-bare", LOOSE)
    await fill(source, "vf-bare", numbered(3))
    compared = await compare_everything(
        ComparedIndex(source, "vf-bare"), ComparedIndex(source, "vf-bare"), ComparisonOptions()
    )
    assert compared.is_equal
    assert compared.without_source == 6


async def test_an_index_that_is_not_there_is_a_sentence(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = ends
    with pytest.raises(ProblemError) as caught:
        await compare_everything(
            ComparedIndex(source, "vf-none"), ComparedIndex(destination, "vf-none"), ComparisonOptions()
        )
    assert caught.value.problem.cause is Cause.MISSING


# -- whole runs: what was meddled with before the proof is named -----------------------------------------------------


class Copied(CopyThroughHere):
    """A copy after which somebody meddles with the destination before it is looked at."""

    def __init__(self, meddle: Callable[[Cluster], Awaitable[None]]) -> None:
        super().__init__()
        self._meddle = meddle

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:
        await self._meddle(clusters.destination)
        return await super().compare(work, clusters, watch)


class Reindexed(ReindexFromRemote):
    """The same after a remote reindex."""

    def __init__(self, meddle: Callable[[Cluster], Awaitable[None]]) -> None:
        super().__init__()
        self._meddle = meddle

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:
        await self._meddle(clusters.destination)
        return await super().compare(work, clusters, watch)


def folder(parent: Path, name: str) -> Path:
    """A new folder for a run."""
    path = parent / name
    path.mkdir()
    return path


async def send(cluster: Cluster, method: str, path: str, body: bytes = b"") -> None:
    response = await cluster.wire.exchange(method, path, body)
    status, answer = response.status, response.body
    assert status in {200, 201}, answer


async def test_a_copy_names_every_document_that_was_meddled_with_before_the_proof(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async def meddle(cluster: Cluster) -> None:
        await send(cluster, "PUT", "/vr-four/_doc/17", b'{"n": 17}')
        await send(cluster, "DELETE", "/vr-four/_doc/5")
        await send(cluster, "PUT", "/vr-four/_doc/new", b"{}")
        await send(cluster, "DELETE", "/vr-four/_doc/23")
        await send(cluster, "PUT", "/vr-four/_doc/23?routing=x", b'{"n":23}')

    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "vr-four", {"settings": settings(2), "mappings": {"_doc": {"enabled": False}}})
        await fill(clusters.source, "vr-four", numbered(FEW))
        plan = await planned(clusters, draft, "vr-four", verify=Proof.EVERYTHING)
        run = await migrated(plan, clusters, tmp_path, methods={plan.method: Handed(lambda: Copied(meddle))})
        await clusters.destination.changes.delete_index("vr-four")
    [task] = run.progress.tasks
    assert (run.outcome, run.progress.exit_code()) == (RunOutcome.INCOMPLETE, ExitCode.DIFFERENT)
    assert task.state is TaskState.DIFFERENT
    assert (task.source_count, task.destination_count) == (FEW, FEW)
    assert task.compared is not None
    assert {(one.kind, one.id) for one in task.compared.differences} == {
        (DifferenceKind.CONTENT, "17"),
        (DifferenceKind.MISSING, "5"),
        (DifferenceKind.EXTRA, "new"),
        (DifferenceKind.ROUTING, "23"),
    }
    assert task.problem is not None
    assert "1 another content (17)" in task.problem.what


async def test_documents_that_the_destination_refused_are_told_as_such_and_nothing_else_is_missing(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "vr-aside", {"settings": settings(2), "mappings": {"_doc": {"enabled": False}}})
        await fill(clusters.source, "vr-aside", numbered(FEW))
        await fill(clusters.source, "vr-aside", [({"_type": "_doc", "_id": i}, b'{"n":"x"}') for i in ("a", "b")])
        strict = {"settings": {"index.number_of_replicas": "0"}, "mappings": {"properties": {"n": {"type": "long"}}}}
        plan = await planned(clusters, draft, "vr-aside", create=strict, verify=Proof.EVERYTHING)
        run = await migrated(plan, clusters, tmp_path)
        await clusters.destination.changes.delete_index("vr-aside")
    [task] = run.progress.tasks
    assert task.state is TaskState.WITH_REJECTS
    assert task.compared is not None
    assert task.compared.is_equal
    assert (task.compared.source_count, task.compared.destination_count) == (FEW + 2, FEW)
    assert task.compared.refused == 2


async def test_a_copy_compares_some_documents_where_nothing_else_was_asked_for(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async def meddle(cluster: Cluster) -> None:
        await send(cluster, "PUT", "/vr-some/_doc/3", b'{"n": 3}')

    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "vr-some", {"settings": settings(2), "mappings": {"log": {"enabled": False}}})
        await fill(clusters.source, "vr-some", numbered(12, "log"))
        plan = await planned(clusters, draft, "vr-some")
        good = await migrated(plan, clusters, folder(tmp_path, "good"))
        await clusters.destination.changes.delete_index("vr-some")
        methods = {plan.method: Handed(lambda: Copied(meddle))}
        bad = await migrated(plan, clusters, folder(tmp_path, "bad"), methods=methods)
        await clusters.destination.changes.delete_index("vr-some")
    [equal], [differs] = good.progress.tasks, bad.progress.tasks
    assert equal.samples is not None
    assert (equal.state, equal.samples.compared, equal.samples.different) == (TaskState.VERIFIED, 12, ())
    assert differs.samples is not None
    assert (differs.state, differs.samples.different) == (TaskState.DIFFERENT, ("3",))
    assert bad.progress.exit_code() is ExitCode.DIFFERENT


async def test_each_type_is_compared_with_the_index_it_went_into(nodes: SharedNodes, tmp_path: Path) -> None:
    async with pair(nodes, "5.6.16") as (clusters, draft):
        assert clusters.source is not None
        loose: dict[str, Any] = {"enabled": False}
        await make(clusters.source, "vr-types", {"settings": settings(2), "mappings": {"a": loose, "b": loose}})
        await fill(clusters.source, "vr-types", [*numbered(40, "a"), *numbered(30, "b", first=20)])
        apart = draft.answered(copying=CopyOptions(types=TypeRule.APART))
        plan = await planned(clusters, apart, "vr-types", verify=Proof.EVERYTHING)
        for task in plan.tasks:
            if await clusters.destination.indices.existing([task.destination_index]):
                await clusters.destination.changes.delete_index(task.destination_index)
        run = await migrated(plan, clusters, tmp_path)
        for task in plan.tasks:
            await clusters.destination.changes.delete_index(task.destination_index)
    assert run.outcome is RunOutcome.VERIFIED
    compared = [task.compared for task in run.progress.tasks]
    assert [(one.source_count, one.destination_count) for one in compared if one] == [(40, 40), (30, 30)]


async def test_a_remote_reindex_is_compared_by_what_documents_mean_and_what_it_lost_is_named(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async def meddle(cluster: Cluster) -> None:
        await send(cluster, "PUT", "/vr-pulled/_doc/5", b'{"n":6}')

    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        pulled = draft.answered(method=MethodName.REINDEX_FROM_REMOTE)
        await make(clusters.source, "vr-pulled", {"settings": settings(2), "mappings": {"_doc": {"enabled": False}}})
        await fill(clusters.source, "vr-pulled", numbered(50))
        odd = [("spaced", b'{ "n" : 1.10 }'), ("long", b'{"n":0.12345678901234567890123}')]
        await fill(clusters.source, "vr-pulled", [({"_type": "_doc", "_id": name}, text) for name, text in odd])
        plan = await planned(clusters, pulled, "vr-pulled", verify=Proof.EVERYTHING)
        run = await migrated(plan, clusters, tmp_path, methods={plan.method: Handed(lambda: Reindexed(meddle))})
        await clusters.destination.changes.delete_index("vr-pulled")
    [task] = run.progress.tasks
    assert task.compared is not None
    assert task.compared.by_value
    assert {(one.kind, one.id) for one in task.compared.differences} == {
        (DifferenceKind.CONTENT, "5"),
        (DifferenceKind.CONTENT, "long"),
    }


async def test_in_an_index_that_had_documents_some_of_the_sources_are_looked_for(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async with pair(nodes, "6.8.23") as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "vr-there", {"settings": settings(2), "mappings": {"_doc": {"enabled": False}}})
        await fill(clusters.source, "vr-there", numbered(15))
        plan = await planned(clusters, draft, "vr-there", verify=Proof.EVERYTHING)
        await make(clusters.destination, "vr-there", {"mappings": {"enabled": False}})
        await fill(clusters.destination, "vr-there", [({"_id": name}, b'{"n":-1}') for name in ("3", "other")])
        used = tuple(msgspec.structs.replace(task, create="") for task in plan.tasks)
        plan = msgspec.structs.replace(plan, tasks=used)
        run = await migrated(plan, clusters, tmp_path)
        await clusters.destination.changes.delete_index("vr-there")
    [task] = run.progress.tasks
    assert (task.source_count, task.destination_count) == (15, 15)
    assert task.samples is not None
    assert (task.samples.compared, task.samples.different) == (15, ("3",))
    assert task.state is TaskState.DIFFERENT
