"""The text for PySpark run as it stands, in local mode, into a real node: what arrives, and each loss that it names.

It needs PySpark 3.5 with a Java that it supports, and Elasticsearch's connector: neither belongs to this program.
"""

from __future__ import annotations

import asyncio
import decimal
import json
import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from esmigrate_tui.methods.index_from_source.shippers import configuration
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.shipping import Shipper, ShippingOptions
from tests.methods.copying import reach

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

pytestmark = [pytest.mark.nodes, pytest.mark.newest, pytest.mark.spark, pytest.mark.timeout(600)]
MAPPING = '{"settings":{"number_of_replicas":0},"mappings":{"properties":{"n":{"type":"long"}}}}'
INDEX = "spark-o'dd$%a"
# The connector asks for GET /, which is a module of its own in the newest servers.
VERSION = os.environ.get("ESMIGRATE_SPARK_DESTINATION", "9.4.3")


@dataclass(frozen=True)
class Spark:
    """A Python that has PySpark, and the jar of the connector."""

    python: str
    connector: str

    async def sends(self, file: Path, password: str, *words: str) -> tuple[int, str]:
        """How the text ends when it is run as it stands, and what it says."""
        process = await asyncio.create_subprocess_exec(
            str(Path(self.python).with_name("spark-submit")),
            *("--master", "local[2]", "--conf", "spark.ui.enabled=false", "--jars", self.connector),
            *(str(file), *words),
            cwd=file.parent,
            env={
                "PATH": f"{Path(self.python).parent}:{os.environ['PATH']}",
                "PYSPARK_PYTHON": self.python,
                "ES_PWD": password,
                **({"JAVA_HOME": os.environ["JAVA_HOME"]} if "JAVA_HOME" in os.environ else {}),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 240)
        return process.returncode or 0, out.decode()


@pytest.fixture
def spark() -> Spark:
    """What was given; skipped where nothing was."""
    given = [os.environ.get(name, "") for name in ("ESMIGRATE_SPARK_PYTHON", "ESMIGRATE_SPARK_CONNECTOR")]
    if not all(given):
        pytest.skip(
            "No PySpark was given: ESMIGRATE_SPARK_PYTHON is a Python with pyspark 3.5, ESMIGRATE_SPARK_CONNECTOR "
            "the jar of elasticsearch-spark-30_2.12; Java 8, 11 or 17 has to be found."
        )
    return Spark(*given)


async def _emptied(cluster: Cluster) -> None:
    for name in (INDEX, f"{INDEX}-rejected"):
        if await cluster.indices.existing([name]):
            await cluster.changes.delete_index(name)


@pytest.fixture
async def node(nodes: SharedNodes) -> SandboxNode:
    """A node with the index that a run makes, and nothing in it."""
    one = await nodes.get(VERSION)
    _, cluster = await reach(one)
    await _emptied(cluster)
    await cluster.changes.create_index(INDEX, MAPPING)
    await cluster.close()
    return one


async def _written(node: SandboxNode, folder: Path) -> Path:
    connection, cluster = await reach(node)
    await cluster.close()
    text = configuration(ShippingOptions(shipper=Shipper.PYSPARK), connection, INDEX, Version.parse(VERSION))
    file = folder / text.name
    await asyncio.to_thread(file.write_text, text.text)
    return file


async def _found(node: SandboxNode) -> tuple[dict[str, Any], list[Any]]:
    """Every document by its _id, as the bytes that were sent; and what was rejected."""
    _, cluster = await reach(node)
    found: list[list[Any]] = []
    for name in (INDEX, f"{INDEX}-rejected"):
        if not await cluster.indices.existing([name]):
            found.append([])
            continue
        await cluster.searches.refresh(name)
        path = f"/{name.replace('%', '%25').replace('$', '%24')}/_search?size=5000"
        response = await cluster.wire.exchange("GET", path)
        found.append(_hits(bytes(response.body)))
    await cluster.close()
    return {each["_id"]: each["_source"] for each in found[0]}, found[1]


def _hits(body: bytes) -> list[dict[str, Any]]:
    hits = json.loads(body, parse_float=decimal.Decimal)["hits"]["hits"]
    return [*hits]


async def test_lines_of_json_arrive_once_and_what_is_rejected_is_kept_with_the_reason(
    spark: Spark, node: SandboxNode, tmp_path: Path
) -> None:
    file = await _written(node, tmp_path)
    good = [f'{{"id":"{number}","n":{number},"price":1.10}}' for number in range(1_200)]
    (tmp_path / "rows.json").write_text("\n".join([*good, '{"id":"bad","n":"x"}', ""]))
    where = ("--format", "json", str(tmp_path / "rows.json"))
    ended, said = await spark.sends(file, node.password or "", "--count", *where)
    assert ended == 0, said
    assert said.strip().splitlines()[-1] == "1201" or "\n1201\n" in said
    for _ in range(2):  # sent again, nothing is doubled
        ended, said = await spark.sends(file, node.password or "", "--id", "id", *where)
        assert ended == 0, said
        assert (node.password or "-") not in said
    there, rejected = await _found(node)
    assert there.keys() == {str(number) for number in range(1_200)}
    assert there["7"] == {"id": "7", "n": 7, "price": decimal.Decimal("1.10")}
    assert str(there["7"]["price"]) == "1.10"  # the text itself
    assert len(rejected) == 2
    assert "_parsing_exception" in json.dumps(rejected, default=str)


async def test_rows_of_parquet_lose_what_the_text_says_and_nothing_else(
    spark: Spark, node: SandboxNode, tmp_path: Path
) -> None:
    file = await _written(node, tmp_path)
    rows = pa.table(
        {
            "id": ["a", "b"],
            "n": pa.array([2**62 + 1, None], pa.int64()),
            "amount": pa.array([decimal.Decimal("12.30"), decimal.Decimal("0.01")], pa.decimal128(20, 2)),
            "at": pa.array([datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)] * 2, pa.timestamp("us", "UTC")),
            "raw": pa.array([b"\x00\xff", None], pa.binary()),
            "odd": pa.array([math.nan, 1.5], pa.float64()),
            "tags": pa.array([["x", None], []], pa.list_(pa.string())),
        }
    )
    pq.write_table(rows, tmp_path / "rows.parquet")
    where = ("--id", "id", str(tmp_path / "rows.parquet"))
    ended, said = await spark.sends(file, node.password or "", *where)
    assert ended == 0, said
    there, rejected = await _found(node)
    assert rejected == []
    assert there == {
        "a": {
            "id": "a",
            "n": 2**62 + 1,
            "amount": decimal.Decimal("12.30"),
            "at": "2026-01-02T03:04:05.678901Z",
            "raw": "AP8=",
            "odd": "NaN",
            "tags": ["x", None],
        },
        "b": {
            "id": "b",
            "amount": decimal.Decimal("0.01"),
            "at": "2026-01-02T03:04:05.678901Z",
            "odd": 1.5,
            "tags": [],
        },
    }
    ended, said = await spark.sends(file, node.password or "", "--operation", "create", *where)
    assert ended == 0, said
    again, conflicts = await _found(node)
    assert again == there
    assert len(conflicts) == 2
    assert "version_conflict_engine_exception" in json.dumps(conflicts, default=str)
