"""Each method from start to finish by somebody who reads the screens and knows nothing else, on real nodes."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.elastic.snapshots import delete_snapshot_request, register_request, unregister_request
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.snapshot import Repository
from tests.by_hand import performed
from tests.journeys.test_wizard import small_index

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.journeys.reader import Reader

    Opening = Callable[[SandboxNode], Awaitable[Cluster]]

pytestmark = pytest.mark.nodes

ARRIVED = "Everything arrived, and it was checked."
FIRST = "How should the data get into the destination?"
REVIEW = "In this order"


async def connect(reader: Reader, method: str, **nodes: SandboxNode) -> None:
    """Choose a method, and connect these sides."""
    await reader.go_to(method)
    await reader.do("next", then="DESTINATION")
    for side, node in nodes.items():
        await reader.fill("Address", node.url, under=side)
        await reader.fill("User", node.user or "", under=side)
        await reader.fill("Password", node.password or "", under=side)


async def choose(reader: Reader, name: str) -> None:
    """Choose the index of that name, when the list is there."""
    await reader.sees("next: nothing is chosen")
    await reader.do("filter", then="to the list")
    await reader.fill("filter", name)
    await reader.do("to the list", then=" 1 shown")
    await reader.do("all", then="chosen 1 of")


async def there_and_back(reader: Reader) -> str:
    """From the review back to the first step and on again, where nothing is asked anew; what was seen on the way."""
    asked, seen = [*reader.asked], ""
    await reader.push("Back")
    while FIRST not in reader.text:
        seen += reader.text
        await reader.go_back()
    await reader.go_on(REVIEW)
    assert reader.asked == asked
    return seen


async def count(node: SandboxNode, opened: Opening, index: str) -> int:
    async with await opened(node) as cluster:
        return await cluster.searches.count(index)


async def test_a_reader_is_stopped_where_no_key_is_written_for_what_is_wanted(reader: Reader) -> None:
    page = reader.text
    with pytest.raises(AssertionError, match="nothing says how to: choose all"):
        await reader.do("choose all")
    assert reader.text == page


@pytest.mark.parametrize("method", ["Reindex from a remote cluster", "Copy through this machine"])
async def test_a_reader_moves_an_index_between_two_clusters(
    pair: tuple[SandboxNode, SandboxNode], opened: Opening, reader: Reader, prefix: str, method: str
) -> None:
    source, destination = pair
    await small_index(source, opened, prefix, 120)
    await connect(reader, method, SOURCE=source, DESTINATION=destination)
    await reader.go_on("chosen 0 of")
    await choose(reader, prefix)
    await reader.go_on(REVIEW)
    seen = await there_and_back(reader)
    await reader.push("Start the migration", then=ARRIVED)
    assert await count(destination, opened, prefix) == 120
    assert all(words in seen for words in (source.url, destination.url, "chosen 1 of"))
    assert not any(node.password and node.password in seen for node in pair)
    await reader.do("leave")
    assert await reader.window.ended() == 0


async def test_a_reader_indexes_a_file(
    pair: tuple[SandboxNode, SandboxNode], opened: Opening, reader: Reader, prefix: str, tmp_path: Path
) -> None:
    (tmp_path / "orders.csv").write_text("id,city\n" + "".join(f"{n},Rome\n" for n in range(80)))
    (tmp_path / "photo.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe\x00")
    await connect(reader, "Index from the source", DESTINATION=pair[1])
    await reader.go_on("Which files?")
    await reader.fill("Files", "ordres.csv")
    await reader.do("looks at them", then="There is no file ordres.csv")
    await reader.fill("Files", "photo.csv")
    await reader.do("look", then="not readable like this")
    await reader.fill("Files", "orders.csv")
    await reader.do("look", then="The first rows as they will be sent")
    await reader.fill("Index", prefix)
    await reader.go_on("2 fields, guessed from 80 rows")
    await reader.go_to("city")
    await reader.do("leave out", then="left out")
    await reader.go_on(REVIEW)
    seen = await there_and_back(reader)
    await reader.push("Start the migration", then=ARRIVED)
    async with await opened(pair[1]) as cluster:
        assert await cluster.searches.count(prefix) == 80
        body = (await cluster.wire.exchange("GET", f"/{prefix}/_search?size=1&q=id:7")).body
    assert json.loads(body)["hits"]["hits"][0]["_source"] == {"id": 7}
    assert all(words in seen for words in (pair[1].url, "orders.csv", prefix))


async def test_a_reader_watches_what_another_program_sends(
    pair: tuple[SandboxNode, SandboxNode], opened: Opening, reader: Reader, prefix: str
) -> None:
    await connect(reader, "Index from the source", DESTINATION=pair[1])
    await reader.go_on("Which files?")
    await reader.choose("From", "another program")
    await reader.fill("Index", prefix)
    await reader.go_on(REVIEW)
    await there_and_back(reader)
    await reader.push("Start the migration", then="moving")
    async with await opened(pair[1]) as cluster:
        lines = "".join(f'{{"index":{{}}}}\n{{"n":{n}}}\n' for n in range(50))
        await cluster.wire.exchange("POST", f"/{prefix}/_bulk?refresh=true", lines.encode())
    await reader.sees("50 documents")
    await reader.do("says that this is all", then="Is that all?")
    await reader.push("That is all", then="50 documents arrived; that this is all is the user's word")


async def test_a_reader_takes_a_snapshot_and_restores_it(
    pair: tuple[SandboxNode, SandboxNode], opened: Opening, reader: Reader, prefix: str
) -> None:
    source, destination = pair
    await small_index(source, opened, f"{prefix}-one", 90)
    async with await opened(source) as old, await opened(destination) as new:
        await performed(old, register_request(Repository(name=prefix, type="fs", settings={"location": prefix})))
        try:
            await connect(reader, "Restore from a snapshot", SOURCE=source, DESTINATION=destination)
            await reader.go_on("In which repository is the snapshot?")
            await reader.go_to(prefix)
            await reader.do("registers it there", then="The request, to")
            await reader.push("Register it", then="Enter lists its snapshots")
            await reader.do("lists its snapshots", then="There is no snapshot in this repository yet.")
            await reader.do("lets the source take one", then="A new snapshot")
            await reader.fill("Name", "taken")
            await reader.fill("Indices", f"{prefix}-*")
            await reader.push("Show the request", then="Take the snapshot taken on the source?")
            await reader.push("Take it", then="Enter continues with it")
            await reader.do("continues with it", then="chosen 0 of")
            await choose(reader, f"{prefix}-one")
            await reader.go_on(REVIEW)
            seen = await there_and_back(reader)
            await reader.push("Start the migration", then=ARRIVED)
            assert await new.searches.count(f"{prefix}-one") == 90
            assert all(words in seen for words in (source.url, "chosen 1 of"))
        finally:
            for cluster, request in (
                (new, unregister_request(prefix)),
                (old, delete_snapshot_request(prefix, "taken")),
                (old, unregister_request(prefix)),
            ):
                with suppress(ProblemError):
                    await performed(cluster, request)
