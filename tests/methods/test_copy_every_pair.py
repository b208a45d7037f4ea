"""The contract of a copy: from every version to every one that is not older, each `_source` arrives byte for byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest

from esmigrate_tui.model.copy_options import CopyOptions
from tests.methods.copying import (
    METHOD,
    PlainBook,
    carried_out,
    fill,
    make,
    pair,
    reach,
    settings,
    stored,
    work_for,
)

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Acknowledged
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

VERSIONS: Final = ("2.4.6", "5.6.16", "6.8.23", "7.17.28", "8.19.3", "9.5.0")
PAIRS: Final = [(old, new) for at, old in enumerate(VERSIONS) for new in VERSIONS[at:]]
INDEX: Final = "pairs-odd"
HERE: Final = "pairs-odd-here"
SPACED: Final = "pairs-spaced"
KEPT: Final = "pairs-kept"
ROUTING: Final = "a route/ü"
LONG: Final = "x" * 511

ODD: Final[dict[str, bytes]] = {
    "numbers": b'{ "a" : 1.10, "b":1e3, "x":1e400, "n":-0, "d":0.1234567890123456789 }',
    "long": b'{"i":9007199254740993,"j":-9223372036854775808,"k":18446744073709551616123}',
    "escapes": rb'{"u":"\u00e9\/","e":"' + "é🦊".encode() + rb'","tab":"\t"}',
    "surrogate": rb'{"low":"\udc00x","high":"\ud800"}',
    "empty": b"{}",
    "nested": b'{"a":[{},[],{"b":null}],"c":{"":{"d":[[[]]]}}}',
    "spaces": b'{   "a"  :[ 1 ,\t2 ]   }',
    "deep": b'{"a":' * 980 + b"1" + b"}" * 980,
    "hits": b'{"_source": {"hits":{"hits":[{"_source": 1 ,"sort":[1]}]}} ,"sort":[2]}',
    'id with ünïcode/&?#% "quotes" and \\': b'{"id":"odd"}',
    LONG + "1": b'{"id":"long"}',
    "routed": b'{"r":1}',
    "before": b'  {"outer":1}',
    "after": b'{"outer":2} \t ',
    "around": b'\t {"outer":"\\ud800"}  ',
}
BROKEN: Final[dict[str, bytes]] = {
    "lines": b'{\n  "a": 1.10,\r\n  "b": [\n1e400]\n}',
    "lines with/odd id%": b'{\n"u":"\\ud800"}',
    "line after": b'{"outer":3}\n',
    "return after": b'{"outer":5}\r',
    "lines around": b'\r\n {"outer":4} \n\n',
}
TWICE: Final[dict[str, bytes]] = {"twice": b'{"a":1,"a":2,"b":{"c":1,"c":1}}'}


def odd(major: int) -> dict[str, bytes]:
    """What a version takes: from 6.0 on no key twice."""
    return ODD | BROKEN | (TWICE if major < 6 else {})


async def filled(source: Cluster) -> str:
    """The odd documents on a source, made once; their type."""
    version = await source.wire.version()
    kind = "_doc" if version.major >= 6 else "odd"
    if await source.indices.existing([INDEX]):
        return kind
    mapping = {"enabled": False}
    body: dict[str, Any] = {"settings": settings(3), "mappings": mapping if version.major >= 7 else {kind: mapping}}
    await make(source, INDEX, body)
    typed = {"_type": kind} if version.major < 7 else {}
    key = "_routing" if version.major < 6 else "routing"
    lines = odd(version.major)
    await fill(
        source,
        INDEX,
        (
            ({**typed, "_id": name, **({key: ROUTING} if name == "routed" else {})}, text)
            for name, text in lines.items()
            if name not in BROKEN
        ),
    )
    for name, text in BROKEN.items():
        await source.wire.exchange("PUT", f"/{INDEX}/{kind}/{quote(name, safe='')}", text)
    await source.searches.refresh(INDEX)
    return kind


async def held(cluster: Cluster, index: str, kind: str, names: dict[str, bytes]) -> dict[str, bytes]:
    """Every document as a cluster gives it alone."""
    return {
        name: await stored(cluster, index, name, kind=kind, routing=ROUTING if name == "routed" else "")
        for name in names
    }


async def routes(cluster: Cluster, index: str) -> dict[str, str | None]:
    """The routing of every document."""
    found = (await cluster.wire.exchange("GET", f"/{index}/_search?size=1000&_source=false")).body
    return {hit["_id"]: hit.get("_routing") for hit in json.loads(found)["hits"]["hits"]}


async def copied(clusters: Clusters, draft: Draft) -> list[Acknowledged]:
    """Copy by the very plan that is made for the index, under another name: both may be one cluster."""
    if await clusters.destination.indices.existing([HERE]):
        await clusters.destination.changes.delete_index(HERE)
    work = await work_for(clusters, draft, INDEX, into=HERE)
    await METHOD.prepare(work, clusters, PlainBook(clusters))
    steps = await carried_out(work, clusters)
    await clusters.destination.searches.refresh(HERE)
    return steps


@pytest.mark.parametrize(("old", "new"), PAIRS)
async def test_every_odd_document_arrives_as_the_bytes_it_was(nodes: SharedNodes, old: str, new: str) -> None:
    async with pair(nodes, old, new) as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        kind = await filled(source)
        names = odd((await source.wire.version()).major)
        steps = await copied(clusters, draft)
        there = await held(source, INDEX, kind, names)
        # what no server since 6.0 takes is refused by it, and told
        kept = {name: text for name, text in names.items() if int(new[0]) < 6 or name not in TWICE}
        here = await held(destination, HERE, kind if int(new[0]) < 6 else "_doc", kept)
        routed = await routes(destination, HERE)
        await destination.changes.delete_index(HERE)
    assert there == names
    assert here == kept
    assert routed == {name: ROUTING if name == "routed" else None for name in kept}
    assert {reject.id for step in steps for reject in step.rejects} == set(names) - set(kept)
    assert (steps[-1].done, steps[-1].written) == (len(names), len(kept))


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_single_space_around_a_document_is_read_with_it(nodes: SharedNodes, version: str) -> None:
    _, cluster = await reach(await nodes.get(version))
    async with cluster:
        typed = {"_type": "odd"} if int(version[0]) < 7 else {}
        for text in (b' {"a":" "}', b'{"a":" "} ', b'{"a":1}\t'):
            await make(cluster, SPACED, {"settings": settings(1)})
            await fill(cluster, SPACED, [({**typed, "_id": "1"}, text)])
            pages = [await cluster.documents.open_scroll(SPACED, 0, 0, 1, 10)]
            await cluster.documents.close_scroll(pages[0].scroll)
            if (numbers := await cluster.documents.numbers(SPACED, 0)) is not None:
                pages.append(await cluster.documents.window(SPACED, 0, -1, numbers[1], 10))
            assert [bytes(page.documents[0].source) for page in pages] == [text] * len(pages)
        await cluster.changes.delete_index(SPACED)


@pytest.mark.parametrize("version", VERSIONS)
async def test_versions_are_kept_by_every_version(nodes: SharedNodes, version: str) -> None:
    typed = {} if int(version[0]) >= 7 else {"_type": "_doc" if version[0] == "6" else "odd"}
    async with pair(nodes, version, version) as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        await make(source, KEPT, {"settings": settings(1)})
        for first in range(3):
            await fill(source, KEPT, (({**typed, "_id": str(n)}, b'{"n":%d}' % n) for n in range(first, 3)))
        wanted = draft.answered(copying=CopyOptions(versions=True))
        work = await work_for(clusters, wanted, KEPT, into=f"{KEPT}-here")
        await METHOD.prepare(work, clusters, PlainBook(clusters))
        steps = await carried_out(work, clusters)
        again = await carried_out(work, clusters, steps[0].token)
        await destination.searches.refresh(f"{KEPT}-here")
        found = (await destination.wire.exchange("GET", f"/{KEPT}-here/_search?version=true")).body
        await destination.changes.delete_index(f"{KEPT}-here")
        await source.changes.delete_index(KEPT)
    assert {hit["_id"]: hit["_version"] for hit in json.loads(found)["hits"]["hits"]} == {"0": 1, "1": 2, "2": 3}
    assert (steps[-1].written, steps[-1].collided) == (3, 0)
    assert (again[-1].there_already, again[-1].collided) == (3, 0)


@pytest.mark.parametrize("version", ["8.19.3", "9.5.0"])
async def test_the_newest_versions_pass_pipelines_by_too(nodes: SharedNodes, version: str) -> None:
    # The pipelines are not there: whatever goes through them is refused.
    async with pair(nodes, version, version) as (clusters, draft):
        source, destination = clusters.source, clusters.destination
        assert source is not None
        await make(source, KEPT, {"settings": settings(1)})
        await fill(source, KEPT, (({"_id": str(n)}, b"{}") for n in range(3)))
        gone = {"index.default_pipeline": "pairs-gone", "index.final_pipeline": "pairs-gone"}
        body = {"index_patterns": [f"{KEPT}-here"], "priority": 900, "template": {"settings": gone}}
        await destination.wire.exchange("PUT", f"/_index_template/{KEPT}", json.dumps(body).encode())
        try:
            work = await work_for(clusters, draft, KEPT, into=f"{KEPT}-here")
            await METHOD.prepare(work, clusters, PlainBook(clusters))
            steps = await carried_out(work, clusters)
            await destination.changes.delete_index(f"{KEPT}-here")
        finally:
            await destination.wire.exchange("DELETE", f"/_index_template/{KEPT}")
        await source.changes.delete_index(KEPT)
    assert (steps[-1].written, steps[-1].refused) == (3, 0)
