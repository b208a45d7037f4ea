"""A write counts when its answer says so, or else the state: whatever something in between makes of the answer."""

from __future__ import annotations

import ast
import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import esmigrate_tui
from esmigrate_tui.elastic.acknowledged import fields_of, says_so, value_of
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.broken_line import Answer, Break, Line, Told
from tests.by_hand import performed
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

# -- what an answer says -----------------------------------------------------------------------------------------------

NOTHING: Final = (b"", b"{}", b"null", b"[]", b"true", b"<html>OK</html>", b'{"acknowledged":tr', b'{"status":200}')
"""What may stand in the place of an answer and says nothing."""

CHANGES: Final = {
    "PUT /a": b'{"acknowledged":true,"shards_acknowledged":false,"index":"a"}',
    "PUT /a/_settings": b'{"acknowledged":true}',
    "DELETE /a": b'{"acknowledged":true}',
    "POST /a/_close": b'{"acknowledged":true,"shards_acknowledged":true,"indices":{"a":{"closed":true}}}',
    "POST /a/_open": b'{"acknowledged":true}',
    "PUT /_snapshot/r": b'{"acknowledged":true}',
    "DELETE /_snapshot/r/s": b'{"acknowledged":true}',
    "PUT /_snapshot/r/s": b'{"accepted":true}',
    "POST /_snapshot/r/s/_restore": b'{"accepted":true}',
    "POST /_snapshot/r/s/_mount": b'{"snapshot":{"snapshot":"s"}}',
    "PUT /_index_template/t?create=true": b'{"acknowledged":true}',
    "POST /_ilm/stop": b'{"acknowledged":true}',
    "PUT /_data_stream/d": b'{"acknowledged":true}',
    "POST /d/_bulk": b'{"took":1,"errors":true,"items":[{"create":{"status":400}}]}',
    "POST /a/_refresh": b'{"_shards":{"total":2,"successful":1,"failed":0}}',
}


def request(line: str, body: object = None) -> Request:
    method, path = line.split(" ")
    return Request(method=method, path=path, body="" if body is None else json.dumps(body))


@pytest.mark.parametrize("line", CHANGES)
def test_only_the_answer_of_elasticsearch_itself_says_that_a_change_was_made(line: str) -> None:
    assert says_so(request(line), value_of(CHANGES[line]))
    assert [said for said in NOTHING if says_so(request(line), value_of(said))] == []


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("PUT /a", b'{"acknowledged":false}'),
        ("PUT /a", b'{"acknowledged":"true"}'),
        ("PUT /a", b'{"accepted":true}'),
        ("POST /a/_refresh", b'{"_shards":{"total":2,"successful":1,"failed":1}}'),
        ("POST /a/_refresh", b'{"_shards":{"total":0,"successful":0,"failed":0}}'),
        ("POST /a/_refresh", b'{"acknowledged":true}'),
        ("POST /_snapshot/r/s/_restore", b'{"acknowledged":true}'),
    ],
)
def test_another_answer_does_not(line: str, answer: bytes) -> None:
    assert not says_so(request(line), value_of(answer))


def test_fields_are_known_by_their_paths_whatever_type_an_old_mapping_puts_around_them() -> None:
    fields = {
        "a": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "b": {"properties": {"c": {"type": "long"}}},
    }
    found = {"a": "text", "a.raw": "keyword", "b": "object", "b.c": "long"}
    assert fields_of({"properties": fields}) == found
    assert fields_of({"_doc": {"properties": fields}}) == found
    assert fields_of({"dynamic": "strict"}) == {}


# -- nobody else sends changes -----------------------------------------------------------------------------------------

SENDERS: Final = {
    ("elastic/changes.py", "_made"): "the rule of this file",
    ("elastic/changes.py", "perform"): "for tests, which look at the answer themselves",
    ("elastic/wire.py", "read"): "changes nothing",
    ("elastic/searches.py", "_shards_refreshed"): "by its shards",
    ("elastic/searches.py", "_count"): "changes nothing",
    ("elastic/documents.py", "_small_pages"): "changes nothing",
    ("elastic/searches.py", "search_each"): "changes nothing",
    ("elastic/reindex_tasks.py", "start"): "by the task that it names",
    ("elastic/reindex_tasks.py", "dry_run"): "changes nothing",
    ("elastic/reindex_tasks.py", "_post_to_task"): "by the task that it names",
    ("elastic/documents.py", "scroll"): "changes nothing",
    ("elastic/documents.py", "close_scroll"): "changes nothing that anybody needs",
    ("elastic/documents.py", "_searched"): "changes nothing",
    ("elastic/documents.py", "bulk"): "by the status of each item",
    ("elastic/samples.py", "sampled"): "changes nothing",
    ("elastic/samples.py", "request"): "changes nothing",  # the one within it
    ("elastic/samples.py", "sources"): "changes nothing",
    ("elastic/documents.py", "create"): "by the _id and the result that it names",
}
"""What sends another request than a GET, and how its answer is judged."""


def senders() -> set[tuple[str, str]]:
    """Every function of the program that hands the wire another method than GET, or one that is not written there."""
    root = Path(esmigrate_tui.__file__).parent
    found: set[tuple[str, str]] = set()
    for path in root.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
                place = path.relative_to(root).as_posix()
                if any(_is_sending(call, is_wire=place.startswith("elastic/")) for call in calls):
                    found.add((place, function.name))
    return found


def _is_sending(call: ast.Call, *, is_wire: bool) -> bool:
    if not isinstance(call.func, ast.Attribute | ast.Name) or not call.args:
        return False
    first = call.args[0]
    called = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
    match called:
        case "WireRequest" | "exchange" | "_written" if is_wire or called != "_written":
            is_passed_on = isinstance(first, ast.Name) and first.id == "method"
            return not is_passed_on and not (isinstance(first, ast.Constant) and first.value in {"GET", "HEAD"})
        case "perform_request":
            return ast.unparse(first) not in {"method", "request.method"}
        case "perform":  # of a cluster; a method's has three arguments
            return len(call.args) == 1 and not call.keywords
    return False


def test_whoever_sends_a_change_is_known_here_with_what_its_answer_is_judged_by() -> None:
    assert senders() == set(SENDERS), "a new sender of changes uses `changes.make`, or says here what it is judged by"


# -- on servers --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def reached(node: SandboxNode) -> AsyncIterator[Cluster]:
    async with await connected_to(node) as cluster:
        yield cluster


FIELD: Final[dict[str, Any]] = {"properties": {"n": {"type": "long"}}}
PIPELINE: Final[dict[str, Any]] = {"description": "d", "processors": []}  # not every node here has a processor
STEPS: Final = (
    ("PUT /ans-a", {"settings": {"number_of_shards": 2, "number_of_replicas": 0, "refresh_interval": "7s"}}),
    ("PUT /ans-a/_settings", {"index": {"refresh_interval": "-1", "number_of_replicas": 0}}),
    ("PUT /ans-a/_settings", {"index": {"refresh_interval": None, "number_of_replicas": "1"}}),
    ("POST /ans-a/_close", None),
    ("POST /ans-a/_open", None),
    ("DELETE /ans-a", None),
    ("PUT /_snapshot/ans-r", {"type": "fs", "settings": {"location": "ans-r", "compress": True}}),
    ("DELETE /_snapshot/ans-r", None),
    ("PUT /_ingest/pipeline/ans-p", PIPELINE),
    ("DELETE /_ingest/pipeline/ans-p", None),
    ("PUT /_cluster/settings", {"transient": {"indices.recovery.max_bytes_per_sec": "41mb"}}),
    ("PUT /_cluster/settings", {"transient": {"indices.recovery.max_bytes_per_sec": None}}),
)
"""Changes one after another, each of which leaves another state behind, the last as it was."""


@pytest.mark.nodes
@pytest.mark.parametrize("version", ["2.4.6", "5.6.16", "6.8.23", "7.17.28", "9.5.0"])
async def test_a_change_whose_answer_says_nothing_is_known_by_the_state(nodes: SharedNodes, version: str) -> None:
    async with Line(await nodes.get(version)) as line, reached(line.node) as cluster:
        said = [*NOTHING, b'{"acknowledged":false}']
        steps = [*STEPS]
        if version == "2.4.6":  # which acknowledges null and changes nothing, and has no pipelines
            steps = [(step, body) for step, body in STEPS if "_ingest" not in step and "_cluster" not in step]
            steps[2] = (steps[2][0], {"index": {"refresh_interval": "1s", "number_of_replicas": "1"}})
        for number, (step, body) in enumerate(steps):
            change = request(step, body)
            line.breaks(Answer(200, said[number % len(said)]), step, 1)
            with pytest.raises(ProblemError) as caught:
                await cluster.changes.make(change)
            assert caught.value.problem.cause is Cause.UNKNOWN_OUTCOME, step
            line.breaks(Told(200, said[number % len(said)]), step, 1)
            assert await cluster.changes.make(change) is None, step
            assert await cluster.changes.is_so(change), step
    assert len(line.met) == 2 * len(steps)


@pytest.mark.nodes
@pytest.mark.parametrize("fault", [Break.AFTER, Break.CUT, Told(502, b"<html>", "text/html"), Told(504, b"")])
async def test_a_change_whose_answer_was_lost_is_known_by_the_state(nodes: SharedNodes, fault: Any) -> None:  # noqa: ANN401  # a fault
    async with Line(await nodes.get("6.8.23")) as line, reached(line.node) as cluster:
        for step, body in STEPS:
            line.breaks(fault, step, 1)
            assert await cluster.changes.make(request(step, body)) is None, step


@pytest.mark.nodes
@pytest.mark.parametrize("version", ["2.4.6", "6.8.23", "9.5.0"])
async def test_an_index_is_as_it_was_wanted_only_when_it_is_empty_and_has_its_settings_and_fields(
    nodes: SharedNodes, version: str
) -> None:
    kind = {"2": {"doc": FIELD}, "6": {"_doc": FIELD}}.get(version[0], FIELD)
    wanted = {"settings": {"number_of_shards": 1, "number_of_replicas": 0}, "mappings": kind}
    async with reached(await nodes.get(version)) as cluster:
        change = request("PUT /ans-b", wanted)
        assert await cluster.changes.is_so(change) is False
        await cluster.changes.make(change)
        assert await cluster.changes.is_so(change) is True
        assert await cluster.changes.is_so(request("PUT /ans-b", {"settings": {"number_of_shards": 3}})) is False
        assert (
            await cluster.changes.is_so(request("PUT /ans-b", {"mappings": {"properties": {"m": {"type": "long"}}}}))
            is False
        )
        typed = f"/ans-b/{next(iter(kind)) if version[0] in '26' else '_doc'}/1?refresh=true"
        await performed(cluster, request(f"PUT {typed}", {"n": 1}))
        assert await cluster.changes.is_so(change) is False
        await cluster.changes.delete_index("ans-b")
