"""A data stream as one thing, by command, from 8.19.8 into 9.4.3: copied, reindexed, restored, verified."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.flow.patterns import choose
from esmigrate_tui.model.facts import with_streams
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.snapshot import RestoreKind
from tests.journeys.conftest import with_user
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Ended, Operator

pytestmark = [pytest.mark.nodes, pytest.mark.newest]

STREAM: Final = "web-shop"
EACH: Final = 120
"""Documents of each of the two indices that back it."""
COMPONENT: Final = {"template": {"mappings": {"properties": {"user": {"type": "keyword"}}}}}
TEMPLATE: Final = {
    "index_patterns": ["web-*"],
    "data_stream": {},
    "priority": 300,
    "composed_of": ["shop-fields"],
    "template": {"settings": {"number_of_shards": 2, "number_of_replicas": 0}},
}


async def ask(cluster: Cluster, method: str, path: str, body: object = None, *, absent: bool = False) -> Any:  # noqa: ANN401  # JSON
    sent = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    allowed = frozenset({404}) if absent else frozenset[int]()
    told = (await cluster.wire.exchange(method, path, sent, is_ndjson=isinstance(body, bytes), accepted=allowed)).body
    return json.loads(told)


def documents(prefix: str) -> bytes:
    """A bulk of them; a number as no server writes it by itself."""
    lines = (
        f'{{"create":{{"_id":"{prefix}{number}"}}}}\n'
        f'{{"@timestamp":"2026-01-{1 + number % 28:02}T00:00:00Z","user":"u{number % 7}","amount":1.10}}\n'
        for number in range(EACH)
    )
    return "".join(lines).encode()


@pytest.fixture(scope="module")
def fresh(nodes: SharedNodes) -> tuple[SandboxNode, SandboxNode]:
    """Nodes of this file's own: where the module for data streams is missing, none can be deleted."""
    return nodes.fresh_now("8.19.8"), nodes.fresh_now("9.4.3")


@pytest.fixture
async def sides(fresh: tuple[SandboxNode, SandboxNode]) -> tuple[SandboxNode, SandboxNode]:
    """A source with a data stream of two indices that hold documents, and a destination."""
    async with await connected_to(fresh[0]) as old:
        if (await old.indices.existing([STREAM])).get(STREAM) != "data stream":
            await ask(old, "PUT", "/_component_template/shop-fields", COMPONENT)
            await ask(old, "PUT", "/_index_template/shop", TEMPLATE)
            await ask(old, "POST", f"/{STREAM}/_bulk?refresh=true", documents("a"))
            await ask(old, "POST", f"/{STREAM}/_rollover")
            await ask(old, "POST", f"/{STREAM}/_bulk?refresh=true", documents("b"))
            only = {"index": STREAM, "alias": "first-users", "filter": {"term": {"user": "u1"}}}
            await ask(old, "POST", "/_aliases", {"actions": [{"add": only}]})
    return fresh


async def planned(operator: Operator, method: str, sides: tuple[SandboxNode, SandboxNode], *more: str) -> Ended:
    operator.knows(*sides)
    there = ("--source", with_user(sides[0]), "--destination", with_user(sides[1]))
    return await operator.do("plan", method, *there, "-o", "move.toml", "--force", *more)


async def verified(operator: Operator, sides: tuple[SandboxNode, SandboxNode], source: str, destination: str) -> Ended:
    there = ("--source", with_user(sides[0]), "--destination", with_user(sides[1]))
    return await operator.do("verify", *there, "--source-index", source, "--index", destination, "--again")


async def test_a_data_stream_is_listed_once_and_its_indices_are_parts_of_it(
    sides: tuple[SandboxNode, SandboxNode],
) -> None:
    async with await connected_to(sides[0]) as cluster:
        rows = with_streams(await cluster.indices.every())
        told = (await cluster.indices.definitions([STREAM]))[STREAM]
    [row] = [one for one in rows if one.is_stream]
    assert (row.name, row.documents) == (STREAM, 2 * EACH)
    assert row.backing == told.backing
    assert told.documents == 2 * EACH
    assert [one.name for one in told.templates] == ["shop-fields", "shop"]
    assert choose(rows, ["web*"]).names == (STREAM,)


@pytest.mark.parametrize(
    ("method", "words", "name"),
    [
        ("copy-through-here", "byte for byte", "copied"),
        ("reindex-from-remote", "by value", "reindexed"),
    ],
)
async def test_a_data_stream_arrives_as_one_with_its_template_first_and_every_document_compared(
    operator: Operator, sides: tuple[SandboxNode, SandboxNode], method: str, words: str, name: str
) -> None:
    rename = ("--rename", f"{STREAM}={name}")
    made = await planned(operator, method, sides, "--index", "web-*", *rename, "--verify", "everything")
    checked = await operator.do("check", "move.toml")
    done = await operator.do("run", "move.toml")
    report = json.loads((await operator.do("report", done.run, "--format", "json")).out)
    report_lines = await operator.do("report", done.run)
    compared = await verified(operator, sides, STREAM, name)
    [task] = Plan.from_toml(await asyncio.to_thread((operator.folder / "move.toml").read_text)).tasks
    async with await connected_to(sides[1]) as cluster:
        kind = (await cluster.indices.existing([name])).get(name)
        count = await cluster.searches.count(name)
        made_of = (await cluster.indices.definitions([name]))[name]
        actions = [{"remove": {"index": name, "alias": "first-users"}}]
        await ask(cluster, "POST", "/_aliases", {"actions": actions})
    assert made.code == 0, made.text
    assert f"data stream {STREAM} → {name}: {2 * EACH} documents" in made.text
    assert (task.kind, task.source_index, len(task.backing)) == (RestoreKind.DATA_STREAM, STREAM, 2)
    assert checked.code == 0, checked.text
    assert f"will be created by the source's template shop-{name}, composed of shop-fields" in checked.out
    for wrong in ("overwrite one another", "Elasticsearch or Kibana", "plain index"):
        assert wrong not in checked.text
    assert done.code == 0, done.text
    assert f"compared {words}" in done.out
    assert report["is_verified"] is True
    assert report["indices"][0]["compared"]["source_count"] == 2 * EACH
    assert (kind, count) == ("data stream", 2 * EACH)
    assert made_of.mappings["properties"]["user"] == {"type": "keyword"}
    assert made_of.aliases == {"first-users": {"filter": {"term": {"user": "u1"}}}}
    assert f"data stream {STREAM} → {name}" in report_lines.out
    assert compared.code == 0, compared.text
    assert "Every document of each side is on the other." in compared.out


async def test_the_same_name_is_in_the_way_until_it_is_to_be_added_to(
    operator: Operator, sides: tuple[SandboxNode, SandboxNode]
) -> None:
    await planned(operator, "copy-through-here", sides, "--index", STREAM)
    first = await operator.do("run", "move.toml")
    refused = await operator.do("run", "move.toml")
    await planned(operator, "copy-through-here", sides, "--index", STREAM, "--into-existing")
    again = await operator.do("run", "move.toml")
    async with await connected_to(sides[1]) as cluster:
        count = await cluster.searches.count(STREAM)
    assert (first.code, refused.code) == (0, 6), refused.text
    assert f"{STREAM}: data stream, {2 * EACH} documents" in refused.text
    assert again.code == 0, again.text
    assert count == 2 * EACH


async def test_a_template_of_the_destination_wins_over_the_sources(
    operator: Operator, sides: tuple[SandboxNode, SandboxNode]
) -> None:
    async with await connected_to(sides[1]) as cluster:
        ours = {"index_patterns": ["own-*"], "data_stream": {}, "priority": 1}
        await ask(cluster, "PUT", "/_index_template/ours", ours)
        await planned(operator, "copy-through-here", sides, "--index", STREAM, "--rename", f"{STREAM}=own-a")
        done = await operator.do("run", "move.toml")
        told = await ask(cluster, "GET", "/_index_template/shop-own*", absent=True)
    assert done.code == 0, done.text
    assert "The data stream own-a will be created by the destination's own template ours" in done.out
    assert not told.get("index_templates")


async def test_a_name_that_a_stronger_template_makes_an_index_of_blocks(
    operator: Operator, sides: tuple[SandboxNode, SandboxNode]
) -> None:
    async with await connected_to(sides[1]) as cluster:
        await ask(cluster, "PUT", "/_index_template/plain", {"index_patterns": ["plain-*"], "priority": 301})
        await planned(operator, "copy-through-here", sides, "--index", STREAM, "--rename", f"{STREAM}=plain-a")
        checked = await operator.do("check", "move.toml")
    assert checked.code == 6, checked.text
    assert "No template of the destination makes plain-a a data stream" in checked.out


async def test_a_data_stream_is_restored_under_another_name_and_verified(
    operator: Operator, sides: tuple[SandboxNode, SandboxNode]
) -> None:
    source, destination = sides
    settings = {"location": "of-streams"}
    async with await connected_to(source) as old, await connected_to(destination) as new:
        await ask(old, "PUT", "/_snapshot/of-streams", {"type": "fs", "settings": settings})
        taken = {"indices": STREAM, "include_global_state": False}
        await ask(old, "PUT", "/_snapshot/of-streams/one?wait_for_completion=true", taken)
        place = {"type": "fs", "settings": {**settings, "readonly": True}}
        await ask(new, "PUT", "/_snapshot/of-streams", place)
        await ask(new, "PUT", "/_index_template/back", {"index_patterns": ["back-*"], "data_stream": {}})
        operator.knows(*sides)
        there = ("--source", with_user(source), "--destination", with_user(destination))
        chosen = ("--repository", "of-streams", "--snapshot", "one", "--index", STREAM)
        more = ("--rename", f"{STREAM}=back-shop", "--verify", "everything", "-o", "move.toml")
        made = await operator.do("plan", "restore-from-snapshot", *there, *chosen, *more)
        done = await operator.do("run", "move.toml")
        report = json.loads((await operator.do("report", done.run, "--format", "json")).out)
        compared = await verified(operator, sides, STREAM, "back-shop")
        kind = (await new.indices.existing(["back-shop"])).get("back-shop")
        await ask(new, "DELETE", "/_snapshot/of-streams")
        await ask(old, "DELETE", "/_snapshot/of-streams")
    await asyncio.to_thread(shutil.rmtree, source.snapshots / "of-streams", ignore_errors=True)
    assert made.code == 0, made.text
    assert done.code == 0, done.text
    assert "Every document of both sides was read and compared byte for byte" in report["how_checked"]
    assert kind == "data stream"
    assert compared.code == 0, compared.text


async def test_files_go_into_a_data_stream_where_a_template_makes_one_and_rows_without_a_moment_block(
    operator: Operator, sides: tuple[SandboxNode, SandboxNode]
) -> None:
    operator.knows(*sides)
    (operator.folder / "rows.csv").write_text("@timestamp,id\n2026-01-01T00:00:00Z,1\n2026-01-02T00:00:00Z,2\n")
    (operator.folder / "bare.csv").write_text("id\n1\n")
    where = ("plan", "index-from-source", "--destination", with_user(sides[1]), "--id-field", "id", "--force")
    async with await connected_to(sides[1]) as cluster:
        await ask(cluster, "PUT", "/_index_template/events", {"index_patterns": ["ev-*"], "data_stream": {}})
        made = await operator.do(*where, "--file", "rows.csv", "--into", "ev-b", "-o", "move.toml")
        done = await operator.do("run", "move.toml")
        kind, count = (await cluster.indices.existing(["ev-b"])).get("ev-b"), await cluster.searches.count("ev-b")
        await operator.do(*where, "--file", "bare.csv", "--into", "ev-c", "-o", "bare.toml")
        bare = await operator.do("check", "bare.toml")
    assert "ev-b will be a data stream, made by the destination's template events" in made.text
    assert done.code == 0, done.text
    assert (kind, count) == ("data stream", 2)
    assert bare.code == 6, bare.text
    assert "No row has an @timestamp, which the data stream ev-c wants of each" in bare.out


async def test_a_killed_copy_is_resumed_whole_though_the_data_stream_has_rolled_over_since(
    operator: Operator, sides: tuple[SandboxNode, SandboxNode]
) -> None:
    name = "web-grown"
    async with await connected_to(sides[0]) as old:
        await ask(old, "POST", f"/{name}/_bulk?refresh=true", documents("a"))
        await ask(old, "POST", f"/{name}/_rollover")
        await ask(old, "POST", f"/{name}/_bulk?refresh=true", documents("b"))
        slow = ("--batch", "10", "--pace", "40", "--verify", "everything")
        await planned(operator, "copy-through-here", sides, "--index", name, *slow)
        begun = await operator.do("run", "move.toml", "--detach")
        run = operator.folder_of(begun.run)
        await operator.until(run, lambda progress: progress.done >= EACH // 4)
        await operator.kill(run)
        await ask(old, "POST", f"/{name}/_rollover")
        await ask(old, "POST", f"/{name}/_bulk?refresh=true", documents("c"))
    resumed = await operator.do("resume", begun.run)
    async with await connected_to(sides[1]) as new:
        count = await new.searches.count(name)
    assert begun.code == 20, begun.text
    assert resumed.code == 0, resumed.text
    assert count == 3 * EACH
