"""Files that become documents, by command on real nodes: bad rows, packed files, kills, second runs, stale plans."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet

from esmigrate_tui.model.ledger import Request
from esmigrate_tui.reading.guess import guesses
from esmigrate_tui.reading.mapping import entries, kind_of
from tests.by_hand import performed
from tests.journeys.conftest import unharmed, with_user
from tests.methods.copying import fill, make, settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Ended, Operator

    Opening = Callable[[SandboxNode], Awaitable[Cluster]]

pytestmark = pytest.mark.nodes


class Dumped(msgspec.Struct):
    """The hits of a search, as they came."""

    class Hits(msgspec.Struct):
        """Each of them."""

        hits: list[msgspec.Raw]

    hits: Hits


NEW = ["7.17.28", "9.5.0"]


async def planned(operator: Operator, node: SandboxNode, file: str, into: str, *more: str) -> Ended:
    """Make files.toml for one file or pattern."""
    operator.environ["ESMIGRATE_DESTINATION_PASSWORD"] = node.password or ""
    where = ("--destination", with_user(node), "--file", file, "--into", into)
    return await operator.do("plan", "index-from-source", *where, "-o", "files.toml", "--force", *more)


def rejects(operator: Operator, run: str) -> list[dict[str, Any]]:
    text = (operator.folder_of(run).path / "rejects.ndjson").read_text()
    return [json.loads(line) for line in text.splitlines()]


async def source_of(cluster: Cluster, index: str, name: str) -> bytes:
    return (await cluster.wire.exchange("GET", f"/{index}/_source/{name}")).body


def orders(amount: int) -> str:
    rows = (f'{n},"Rome, {n}",2024-01-{n % 28 + 1:02} 10:00:00,{n}.50,true' for n in range(amount))
    return "id,city,at,total,paid\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("version", NEW)
async def test_a_table_with_bad_rows_arrives_but_for_them(
    operator: Operator, nodes: SharedNodes, opened: Opening, version: str
) -> None:
    node = await nodes.get(version)
    when = "2024-01-01 10:00:00"
    bad = f'short,row\n2000,"Rome",{when},1,true\n2001,x,yesterday,1,true\n2000,y,{when},2,true\n'
    (operator.folder / "orders.csv").write_text(orders(2_000) + bad)
    plan = await planned(operator, node, "orders.csv", "files-orders", "--id-field", "id")
    checked = await operator.do("check", "files.toml")
    done = await operator.do("run", "files.toml")
    told = rejects(operator, done.run)
    async with await opened(node) as cluster:
        count = await cluster.searches.count("files-orders")
        document = await source_of(cluster, "files-orders", "7")
        mapping: Any = await cluster.wire.get("/files-orders/_mapping", dict)
        await cluster.changes.delete_index("files-orders")
    path = operator.folder / "orders.csv"
    assert plan.code == 0, plan.text
    assert '{"id":0,"city":"Rome, 0","at":"2024-01-01 10:00:00","total":0.50,"paid":true}' in plan.err
    assert "date (yyyy-MM-dd HH:mm:ss)" in plan.err
    assert checked.code == 0, checked.text
    assert done.code == 3, done.text
    assert "3 rows of orders.csv were rejected" in done.text
    assert count == 2_001
    assert document == b'{"id":7,"city":"Rome, 7","at":"2024-01-08 10:00:00","total":7.50,"paid":true}'
    assert mapping["files-orders"]["mappings"]["properties"]["total"] == {"type": "double"}
    reasons = {one["id"]: one["reason"] for one in told}
    assert sorted(reasons) == [f"{path}:2002", f"{path}:2004", f"{path}:2005"]
    assert reasons[f"{path}:2002"] == "it has 2 cells, the table has 5 columns"
    assert "yesterday" in reasons[f"{path}:2004"]
    assert "another row has the same _id, 2000" in reasons[f"{path}:2005"]


@pytest.mark.parametrize("version", NEW)
async def test_packed_lines_arrive_as_the_bytes_they_are(
    operator: Operator, nodes: SharedNodes, opened: Opening, version: str
) -> None:
    node = await nodes.get(version)
    odd = b'{ "n":1.10, "big":123456789012345678901234567890,"e":1e3, "id":"x","t":"\\u00e9"}'
    lines = [b'{"id":"%d","n":%d}' % (n, n) for n in range(3_000)]
    (operator.folder / "a.ndjson.gz").write_bytes(gzip.compress(b"\n".join([odd, *lines])))
    (operator.folder / "b.ndjson.gz").write_bytes(gzip.compress(b'{"id":"last","n":5}\n'))
    (operator.folder / "map.json").write_text('{"properties":{"n":{"type":"double"},"big":{"type":"keyword"}}}')
    more = ("--id-field", "id", "--mapping", "map.json")
    plan = await planned(operator, node, "*.ndjson.gz", "files-packed", *more)
    done = await operator.do("run", "files.toml")
    async with await opened(node) as cluster:
        count = await cluster.searches.count("files-packed")
        document = await source_of(cluster, "files-packed", "x")
        await cluster.changes.delete_index("files-packed")
    assert plan.code == 0, plan.text
    assert done.code == 0, done.text
    assert count == 3_002
    assert document == odd


@pytest.mark.parametrize("version", NEW)
async def test_what_elasticdump_wrote_of_6_8_arrives_with_ids_routing_and_bytes(
    operator: Operator, nodes: SharedNodes, opened: Opening, version: str
) -> None:
    old, node = await nodes.get("6.8.23"), await nodes.get(version)
    async with await opened(old) as cluster:
        fields = {name: {"type": "double"} for name in ("n", "l")}
        await make(cluster, "files-old", {"settings": settings(2), "mappings": {"_doc": {"properties": fields}}})
        odd = ({"_type": "_doc", "_id": "ü/1", "routing": "r"}, b'{"n": 1.10, "l": [1, 2.50]}')
        await fill(cluster, "files-old", [odd, *(({"_type": "_doc"}, b'{"n":%d}' % n) for n in range(1_000))])
        body = (await cluster.wire.exchange("POST", "/files-old/_search?size=2000&sort=_doc")).body
        await cluster.changes.delete_index("files-old")
    dumped = msgspec.json.decode(body, type=Dumped).hits.hits  # a hit is what elasticdump writes, a line each
    (operator.folder / "dump.json").write_bytes(b"".join(bytes(hit) + b"\n" for hit in dumped))
    plan = await planned(operator, node, "dump.json", "files-dump")
    done = await operator.do("run", "files.toml")
    async with await opened(node) as cluster:
        count = await cluster.searches.count("files-dump")
        document = (await cluster.wire.exchange("GET", "/files-dump/_source/%C3%BC%2F1?routing=r")).body
        await cluster.changes.delete_index("files-dump")
    assert plan.code == 0, plan.text
    assert "elasticdump" in plan.err
    assert done.code == 0, done.text
    assert count == 1_001
    assert document == b'{"n": 1.10, "l": [1, 2.50]}'


@pytest.mark.parametrize("name", ["big.csv", "big.csv.gz"])
@pytest.mark.parametrize("ids", [("--id-server",), ("--id-field", "id")])
async def test_a_run_that_was_killed_goes_on_without_a_row_lost_or_doubled(
    operator: Operator, nodes: SharedNodes, opened: Opening, name: str, ids: tuple[str, ...]
) -> None:
    node = await nodes.get("7.17.28")
    text = orders(20_000).encode()
    (operator.folder / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    await planned(operator, node, name, "files-killed", "--pace", "4000", *ids)
    async with unharmed(operator.folder / "files.toml", None, node):
        begun = await operator.do("run", "files.toml", "--detach")
        run = operator.only_run()
        await operator.until(run, lambda progress: progress.done > 2_000)
        await operator.kill(run)
        done = await operator.do("resume", run.path.name)
    async with await opened(node) as cluster:
        count = await cluster.searches.count("files-killed")
        await cluster.changes.delete_index("files-killed")
    assert begun.code == 20, begun.text
    assert done.code == 0, done.text
    assert count == 20_000


async def test_a_second_run_doubles_nothing_where_ids_are_hashes(
    operator: Operator, nodes: SharedNodes, opened: Opening
) -> None:
    node = await nodes.get("7.17.28")
    text = orders(1_000)
    (operator.folder / "a.csv").write_text(text + text.splitlines()[5] + "\n")
    await planned(operator, node, "a.csv", "files-twice", "--id-hash")
    first = await operator.do("run", "files.toml")
    same = await operator.do("run", "files.toml")
    (operator.folder / "a.csv").write_text(text + '5000,"new",2024-01-01 10:00:00,1,true\n')
    again = await planned(operator, node, "a.csv", "files-twice", "--id-hash")
    second = await operator.do("run", "files.toml")
    async with await opened(node) as cluster:
        count = await cluster.searches.count("files-twice")
        await cluster.changes.delete_index("files-twice")
    assert first.code == 0, first.text
    assert "1 row equal to another one" in first.out
    assert same.code == 6  # a plan that makes its index does not mix with one that is there
    assert "exists already, and is used as it is" in again.err
    assert second.code == 0, second.text
    assert "1 000 rows found in place" in second.out
    assert count == 1_001


async def test_a_file_that_was_changed_makes_its_plan_stale(operator: Operator, nodes: SharedNodes) -> None:
    node = await nodes.get("7.17.28")
    (operator.folder / "a.csv").write_text(orders(5))
    await planned(operator, node, "a.csv", "files-stale")
    (operator.folder / "a.csv").write_text(orders(6))
    checked = await operator.do("check", "files.toml")
    done = await operator.do("run", "files.toml")
    assert checked.code == done.code == 10
    assert "was changed since the plan was made" in done.err


async def test_standard_input_is_kept_beside_the_plan(operator: Operator, nodes: SharedNodes, opened: Opening) -> None:
    node = await nodes.get("7.17.28")
    operator.environ["ESMIGRATE_DESTINATION_PASSWORD"] = node.password or ""
    where = ("--destination", with_user(node), "--file", "-", "--into", "files-stdin", "--id-hash", "-o", "in.toml")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "esmigrate_tui", "plan", "index-from-source", *where,
        cwd=operator.folder, env=operator.environ,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, told = await process.communicate(b'[{"a":1},\n {"a":\n  2}]')
    done = await operator.do("run", "in.toml")
    async with await opened(node) as cluster:
        count = await cluster.searches.count("files-stdin")
        await cluster.changes.delete_index("files-stdin")
    assert process.returncode == 0, told
    assert b"Standard input is kept in in.input" in told
    assert (operator.folder / "in.input").stat().st_mode & 0o077 == 0
    assert done.code == 0, done.text
    assert count == 2


async def test_what_stands_in_the_way_is_said_before_anything_is_written(
    operator: Operator, nodes: SharedNodes, opened: Opening
) -> None:
    node = await nodes.get("7.17.28")
    (operator.folder / "a.csv").write_text(orders(5))
    await planned(operator, node, "a.csv", "files-way", "--pipeline", "files-absent")
    checked = await operator.do("check", "files.toml")
    async with await opened(node) as cluster:
        there = await cluster.indices.existing(["files-way"])
    assert checked.code == 6
    assert "has no pipeline files-absent" in checked.out
    assert "Every row gets a new _id" in checked.out
    assert there == {}


async def test_documents_pass_by_the_pipeline_of_a_template_where_that_is_asked_for(
    operator: Operator, nodes: SharedNodes, opened: Opening
) -> None:
    node = await nodes.get("7.17.28")
    (operator.folder / "a.csv").write_text(orders(5))
    async with await opened(node) as cluster:
        given = b'{"index_patterns":["files-past*"],"settings":{"index.default_pipeline":"files-gone"}}'
        await cluster.wire.exchange("PUT", "/_template/files-past", given)
        await planned(operator, node, "a.csv", "files-past", "--id-field", "id")
        warned = await operator.do("check", "files.toml")
        await planned(operator, node, "a.csv", "files-past", "--id-field", "id", "--pipeline", "_none")
        done = await operator.do("run", "files.toml")
        await cluster.wire.exchange("DELETE", "/_template/files-past")
        await cluster.changes.delete_index("files-past")
    assert "goes through the pipeline files-gone (default pipeline)" in warned.out
    assert "files-gone" not in done.out
    assert done.code == 0, done.text


async def test_documents_go_through_a_pipeline_that_is_asked_for(
    operator: Operator, nodes: SharedNodes, opened: Opening
) -> None:
    node = await nodes.get("9.5.0")
    async with await opened(node) as cluster:
        body = b'{"processors":[{"set_security_user":{"field":"by","properties":["username"]}}]}'
        await cluster.wire.exchange("PUT", "/_ingest/pipeline/files-mark", body)
        (operator.folder / "a.csv").write_text(orders(5))
        await planned(operator, node, "a.csv", "files-pipe", "--pipeline", "files-mark", "--id-field", "id")
        done = await operator.do("run", "files.toml")
        document = json.loads(await source_of(cluster, "files-pipe", "3"))
        await cluster.changes.delete_index("files-pipe")
        await cluster.wire.exchange("DELETE", "/_ingest/pipeline/files-mark")
    assert done.code == 0, done.text
    assert document["by"] == {"username": node.user}


@pytest.mark.parametrize("version", NEW)
async def test_what_a_destination_guesses_by_itself_is_what_was_said_of_it(
    nodes: SharedNodes, opened: Opening, version: str
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "whole": 1, "fraction": 1.5, "truth": False, "word": "Rome", "ip": "10.0.0.1",
            "iso": "2024-01-01T10:00:00Z",
            "day": "2024-01-01", "blank": "2024-01-01 10:00:00", "slashed": "2024/01/02",
            "slashed_time": "2024/01/02 10:00:00", "dotted": "02.01.2024", "american": "12/31/2024",
            "inner": {"n": 1}, "many": [{"n": 1}, {"n": 2}], "list": [1, 2], "place": {"lat": 1.5, "lon": 2.5},
        },
        {"whole": 2.5},
    ]  # fmt: skip
    said = {guess.field: guess.dynamic for guess in guesses(rows)}
    async with await opened(await nodes.get(version)) as cluster:
        for row in rows:
            await cluster.wire.exchange("POST", "/files-guessed/_doc", json.dumps(row).encode())
        mapping: Any = await cluster.wire.get("/files-guessed/_mapping", dict)
        await cluster.changes.delete_index("files-guessed")
    told = {name: kind_of(entry) for name, entry in entries(json.dumps(mapping["files-guessed"])).items()}
    assert {name: told[name] for name in said} == said


@pytest.mark.parametrize("version", ["6.8.23", "9.5.0"])
async def test_columns_and_a_packed_table_without_a_header_arrive_whole(
    operator: Operator, nodes: SharedNodes, opened: Opening, version: str
) -> None:
    node = await nodes.get(version)
    columns = {"id": list(range(400)), "price": [n / 4 for n in range(400)], "who": [f"n{n}" for n in range(400)]}
    parquet.write_table(pa.table(columns), operator.folder / "a.parquet", row_group_size=100)
    packed = zstandard.ZstdCompressor().compress("".join(f"{n},2024-01-01,x\n" for n in range(300)).encode())
    (operator.folder / "b.csv.zst").write_bytes(packed)
    await planned(operator, node, "a.parquet", "files-columns", "--id-field", "id")
    first = await operator.do("run", "files.toml")
    await planned(operator, node, "b.csv.zst", "files-bare", "--columns", "nr,day,word", "--id-field", "nr")
    second = await operator.do("run", "files.toml")
    kind = "_doc/" if version.startswith("6") else "_source/"
    async with await opened(node) as cluster:
        counts = [await cluster.searches.count(name) for name in ("files-columns", "files-bare")]
        found = [
            json.loads((await cluster.wire.exchange("GET", f"/{index}/{kind}{name}")).body)
            for index, name in (("files-columns", "7"), ("files-bare", "299"))
        ]
        for index in ("files-columns", "files-bare"):
            await cluster.changes.delete_index(index)
    assert (first.code, second.code) == (0, 0), first.text + second.text
    assert counts == [400, 300]
    assert [one.get("_source", one) for one in found] == [
        {"id": 7, "price": 1.75, "who": "n7"},
        {"nr": 299, "day": "2024-01-01", "word": "x"},
    ]


@pytest.mark.parametrize("version", ["5.6.16", "6.8.23", "9.5.0"])
async def test_files_of_several_habits_arrive_as_one_and_the_index_is_left_as_servers_make_it(
    operator: Operator, nodes: SharedNodes, opened: Opening, version: str
) -> None:
    node = await nodes.get(version)
    rows = [f"{n};Köln – {n}" for n in range(400)]
    body = "\n".join(rows)
    files = {
        "a.csv": f"Nr.;name\n{body}\n".encode(),
        "b.csv": f"sep=,\r\nNr.,name\r\n{body.replace(';', ',')}\r\n".encode("cp1252"),
        "c.csv": f"Nr.;name\r{body}\r".replace("\n", "\r").encode("utf-16"),
        "d.csv": f"Nr.;name\n{body}\n".encode() + b"7;bad \xe9 byte\n",
    }
    for name, data in files.items():
        (operator.folder / name).write_bytes(data)
    plan = await planned(operator, node, "*.csv", "files-habits")
    checked = await operator.do("check", "files.toml")
    done = await operator.do("run", "files.toml")
    async with await opened(node) as cluster:
        count = await cluster.searches.count("files-habits")
        found = await cluster.indices.settings_of("files-habits")
        asked = {"term": {"name": "Köln – 7"}}
        same = await cluster.searches.count("files-habits", asked)
        await cluster.changes.delete_index("files-habits")
    assert plan.code == 0, plan.text
    assert checked.code == 0, checked.text
    assert done.code == 3, done.text
    assert "1 row of a.csv and 3 more files was rejected; all others arrived" in done.text
    assert [one["reason"] for one in rejects(operator, done.run)] == [
        "it is not utf-8: byte 0xe9 stands where none can"
    ]
    assert count == 1_600
    assert same == 4
    assert found["index.number_of_replicas"] == "1"
    assert found.get("index.refresh_interval") is None


async def test_nothing_read_from_a_file_that_is_not_empty_is_never_verified(
    operator: Operator, nodes: SharedNodes, opened: Opening
) -> None:
    node = await nodes.get("7.17.28")
    (operator.folder / "a.csv").write_text("id,name\n1,a\n")
    (operator.folder / "b.csv").write_text("id,name\n")
    both = await planned(operator, node, "?.csv", "files-silent")
    some = await operator.do("run", "files.toml")
    alone = await planned(operator, node, "b.csv", "files-silent-2")
    checked = await operator.do("check", "files.toml")
    done = await operator.do("run", "files.toml", "--accept", "files-readable")
    async with await opened(node) as cluster:
        await cluster.changes.delete_index("files-silent")
    assert (both.code, alone.code) == (0, 0)
    assert some.code == 3, some.text
    assert "Nothing was read from" in some.text
    assert "b.csv, which is not empty" in some.text
    assert checked.code == 6, checked.text
    assert done.code in {3, 6}, done.text
    assert "verified" not in done.text.replace("not verified", "")


async def test_hits_ids_and_odd_values_arrive_and_are_told(
    operator: Operator, nodes: SharedNodes, opened: Opening
) -> None:
    node = await nodes.get("9.5.0")
    hits = [{"_index": "old", "_id": f"h{n}", "_routing": "r", "_source": {"n": n}} for n in range(3)]
    (operator.folder / "saved.json").write_text(json.dumps({"took": 1, "hits": {"total": 3, "hits": hits}}, indent=1))
    lines = [{"_id": {"$oid": f"{n:024x}"}, "n": n} for n in range(200)]
    (operator.folder / "mongo.json").write_text("\n".join(map(json.dumps, lines)))
    far = pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns"))
    parquet.write_table(pa.table({"at": far, "x": [1.5, float("nan")]}), operator.folder / "a.parquet")
    ends = {}
    for name in ("saved.json", "mongo.json", "a.parquet"):
        plan = await planned(operator, node, name, f"files-{name}")
        assert plan.code == 0, plan.text
        ends[name] = await operator.do("run", "files.toml")
    async with await opened(node) as cluster:
        saved = (await cluster.wire.exchange("GET", "/files-saved.json/_source/h1?routing=r")).body
        mongo = await source_of(cluster, "files-mongo.json", f"{7:024x}")
        odd: Any = await cluster.wire.get("/files-a.parquet/_search?sort=at", dict)
        for name in ends:
            await cluster.changes.delete_index(f"files-{name}")
    assert {name: end.code for name, end in ends.items()} == dict.fromkeys(ends, 0), [e.text for e in ends.values()]
    assert json.loads(saved) == {"n": 1}
    assert mongo == b'{ "n": 7}'  # but for the id, each byte as it was
    assert [hit["_source"] for hit in odd["hits"]["hits"]] == [{"at": "2023-11-14T22:13:20.123456789", "x": 1.5}, {}]
    assert "1 value left out that JSON does not have" in ends["a.parquet"].text


async def test_what_cannot_be_planned_ends_with_a_sentence_and_its_code(operator: Operator, nodes: SharedNodes) -> None:
    node = await nodes.get("7.17.28")
    (operator.folder / "cut.csv.gz").write_bytes(gzip.compress(orders(9).encode())[:40])
    two = '{"_index":"%s","_id":"1","_source":{"n":1}}\n'
    (operator.folder / "two.json").write_text(two % "a" + two % "b")
    (operator.folder / "a.zip").write_bytes(b"PK\x03\x04" + bytes(60))
    (operator.folder / "geo.csv").write_text("geo,geo.lat\nx,1\n")
    (operator.folder / "late.csv.gz").write_bytes(gzip.compress(orders(90_000).encode())[:-9_000])
    cut = await planned(operator, node, "cut.csv.gz", "files-none")
    mixed = await planned(operator, node, "two.json", "files-none")
    packed = await planned(operator, node, "a.zip", "files-none")
    geo = await planned(operator, node, "geo.csv", "files-none")
    checked = await operator.do("check", "files.toml")
    late = await planned(operator, node, "late.csv.gz", "files-none")
    done = await operator.do("run", "files.toml")
    assert (cut.code, mixed.code, packed.code, geo.code, late.code) == (2, 2, 6, 0, 0)
    assert "cannot be unpacked" in cut.text
    assert "--from-index a" in mixed.text
    assert "is a zip archive, which is not read here" in packed.text
    assert checked.code == 6, checked.text
    assert "geo is a value, and geo.lat would be within it" in checked.text
    assert done.code == 3, done.text
    assert "1 row of late.csv.gz was rejected" in done.text


@pytest.mark.parametrize("version", ["6.8.23", "7.17.28"])
async def test_replicas_and_refresh_that_nobody_has_named_are_given_back_as_the_new_index_had_them(
    operator: Operator, nodes: SharedNodes, opened: Opening, version: str
) -> None:
    node = await nodes.get(version)
    (operator.folder / "few.csv").write_text(orders(30))
    template = {"index_patterns": ["fj-own-*"], "settings": {"number_of_replicas": 2, "refresh_interval": "9s"}}
    async with await opened(node) as cluster:
        path = "/_template/fj-own"
        await performed(cluster, Request(method="PUT", path=path, body=json.dumps(template)))
        has: dict[str, tuple[str | None, str | None]] = {}
        for name in ("fj-own-few", "fj-plain-few"):
            await planned(operator, node, "few.csv", name)
            done = await operator.do("run", "files.toml")
            assert done.code == 0, done.text
            found = await cluster.indices.settings_of(name)
            has[name] = (found.get("index.number_of_replicas"), found.get("index.refresh_interval"))
            await cluster.changes.delete_index(name)
        await performed(cluster, Request(method="DELETE", path=path))
    assert has == {"fj-own-few": ("2", "9s"), "fj-plain-few": ("1", None)}
