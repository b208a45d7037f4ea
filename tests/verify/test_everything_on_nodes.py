"""Every document of two indices compared on real nodes: what differs is named, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.elastic.transport import WireNode
from esmigrate_tui.model.difference import DifferenceKind
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.verify import everything
from esmigrate_tui.verify.everything import Index, Manner, Reading, compare_everything
from tests.methods.copying import fill, make, numbered, reach, settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes
LOOSE: Final[dict[str, Any]] = {"settings": settings(1), "mappings": {"enabled": False}}
AMOUNT: Final = 3_000


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
) -> tuple[Index, Index]:
    """An index on both sides with the same documents, but for those that are changed on the destination."""
    source, destination = ends
    await make(source, name, {"settings": settings(3), "mappings": {"_doc": {"enabled": False}}})
    await make(destination, name, LOOSE)
    await fill(source, name, numbered(AMOUNT))
    await fill(destination, name, numbered(AMOUNT, None))
    await fill(destination, name, changed)
    return Index(source, name), Index(destination, name)


async def delete(index: Index, identifier: str) -> None:
    status, _ = await index.cluster.carry("DELETE", f"/{index.name}/_doc/{identifier}?refresh=true", b"")
    assert status == 200


async def test_what_is_equal_is_equal_over_other_shards_and_another_order(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-equal")
    compared = await compare_everything(source, destination, Manner())
    assert compared.is_equal
    assert (compared.source_count, compared.destination_count, compared.by_value) == (AMOUNT, AMOUNT, False)


async def test_one_changed_missing_extra_and_rerouted_document_are_named_and_no_other(
    ends: tuple[Cluster, Cluster],
) -> None:
    source, destination = await both(ends, "vf-four", [({"_id": "17"}, b'{"n":18}'), ({"_id": "new"}, b"{}")])
    await delete(destination, "5")
    await delete(destination, "23")
    await fill(destination.cluster, "vf-four", [({"_id": "23", "routing": "x"}, b'{"n":23}')])
    compared = await compare_everything(source, destination, Manner(values=False))
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
    compared = await compare_everything(source, destination, Manner())
    assert compared.is_equal
    assert compared.by_value
    exactly = await compare_everything(source, destination, Manner(values=False))
    assert not exactly.is_equal
    assert len(exactly.differences) == everything.MOST_NAMED


async def test_where_too_much_differs_it_says_how_much_was_not_looked_into(
    ends: tuple[Cluster, Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everything, "MOST_NAMED", 5)
    monkeypatch.setattr(everything, "_HELD", 20)
    source, destination = await both(ends, "vf-much", (({"_id": str(n)}, b"{}") for n in range(AMOUNT)))
    compared = await compare_everything(source, destination, Manner(values=False))
    assert len(compared.differences) == 5
    assert 0 < compared.partitions_left < compared.partitions


async def test_a_broken_off_reading_goes_on_where_it_was(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-again", [({"_id": "7"}, b'{"n":8}')])
    kept: list[bytes] = []

    def look(reading: Reading) -> None:
        if reading.read > AMOUNT:
            kept.append(reading.keep())
            raise KeyError

    with pytest.raises(BaseExceptionGroup):
        await compare_everything(source, destination, Manner(values=False, look=look))
    seen: list[int] = []
    manner = Manner(values=False, look=lambda reading: seen.append(reading.read))
    compared = await compare_everything(source, destination, manner, kept[0])
    assert [one.id for one in compared.differences] == ["7"]
    assert compared.source_count == AMOUNT
    assert seen[0] > AMOUNT


async def test_what_was_kept_of_an_index_made_anew_is_not_gone_on_from(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-anew")
    kept: list[bytes] = []
    manner = Manner(values=False, look=lambda reading: kept.append(reading.keep()))
    await compare_everything(source, destination, manner)
    source, destination = await both(ends, "vf-anew", [({"_id": "7"}, b'{"n":8}')])
    compared = await compare_everything(source, destination, Manner(values=False), kept[-2])
    assert [one.id for one in compared.differences] == ["7"]


async def test_a_pace_is_kept_over_both_sides(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = await both(ends, "vf-pace")
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await swift(seconds)

    await compare_everything(source, destination, Manner(values=False, pace=1_000, sleep=sleep))
    assert sum(slept) == pytest.approx(2 * AMOUNT / 1_000)


async def test_a_scroll_that_is_lost_is_read_again_and_nothing_counts_twice(nodes: SharedNodes) -> None:
    (_, old), (_, new) = await reach(await nodes.get("5.6.16")), await reach(await nodes.get("7.17.28"))
    async with old, new:
        await make(old, "vf-scroll", {"settings": settings(2), "mappings": {"log": {"enabled": False}}})
        await make(new, "vf-scroll", LOOSE)
        await fill(old, "vf-scroll", numbered(12_000, "log"))
        await fill(new, "vf-scroll", numbered(12_000, None))
        lost = 0

        def look(reading: Reading) -> None:
            nonlocal lost
            if reading.read and not lost:
                lost += 1
                losing.append(asyncio.ensure_future(old.carry("DELETE", "/_search/scroll/_all", b"")))

        losing: list[asyncio.Future[Any]] = []
        compared = await compare_everything(
            Index(old, "vf-scroll"), Index(new, "vf-scroll"), Manner(values=False, look=look, sleep=swift)
        )
        await asyncio.gather(*losing)
        context = json.loads((await old.carry("GET", "/_nodes/stats/indices/search", b""))[1])
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

        manner = Manner(values=False, sleep=sleep)
        compared = await compare_everything(source, Index(cluster, destination.name), manner)
    assert waits
    assert [one.id for one in compared.differences] == ["7"]


async def test_documents_without_a_source_are_counted_and_said(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = ends
    await make(source, "vf-bare", {"settings": settings(1), "mappings": {"_doc": {"_source": {"enabled": False}}}})
    await make(destination, "vf-bare", LOOSE)
    await fill(source, "vf-bare", numbered(3))
    compared = await compare_everything(Index(source, "vf-bare"), Index(source, "vf-bare"), Manner())
    assert compared.is_equal
    assert compared.without_source == 6


async def test_an_index_that_is_not_there_is_a_sentence(ends: tuple[Cluster, Cluster]) -> None:
    source, destination = ends
    with pytest.raises(ProblemError) as caught:
        await compare_everything(Index(source, "vf-none"), Index(destination, "vf-none"), Manner())
    assert caught.value.problem.cause is Cause.MISSING
