"""A document with more levels than the destination bears is refused here, before it could end a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from esmigrate_tui.model.document_depth import DOCUMENT_LEVELS
from esmigrate_tui.sandbox.nodes import NodeOptions
from tests.methods.copying import fill, joined, make, numbered, settings, stored
from tests.methods.migrating import migrated, planned

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes
LOOSE: Final[dict[str, Any]] = {"settings": {"index.number_of_replicas": 0}, "mappings": {"enabled": False}}


def nested(levels: int, opening: bytes, closing: bytes) -> bytes:
    """A document of so many levels."""
    return b'{"a":' + opening * (levels - 1) + b"1" + closing * (levels - 1) + b"}"


async def test_what_a_source_bears_and_no_other_server_does_is_rejected_and_the_rest_arrives(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    source, destination = await nodes.get("6.8.23"), await nodes.fresh("7.17.28", NodeOptions(security=False))
    async with joined(source, destination) as (clusters, draft):
        assert clusters.source is not None
        await make(clusters.source, "cp-deep", {"settings": settings(1), "mappings": {"_doc": {"enabled": False}}})
        odd = {
            "edge": nested(DOCUMENT_LEVELS, b"[", b"]"),
            "objects": nested(DOCUMENT_LEVELS + 1, b'{"a":', b"}"),
            "lists": nested(DOCUMENT_LEVELS + 500, b"[", b"]"),
            "lines": nested(DOCUMENT_LEVELS + 1, b"[\n", b"]\n"),
            "comments": nested(DOCUMENT_LEVELS + 1, b"[", b"]").replace(b"1", b'/*"*/1'),
        }
        lines = [({"_type": "_doc", "_id": name}, text) for name, text in odd.items() if name != "lines"]
        await fill(clusters.source, "cp-deep", [*numbered(50), *lines])
        await clusters.source.wire.exchange("PUT", "/cp-deep/_doc/lines?refresh=true", odd["lines"])
        plan = await planned(clusters, draft, "cp-deep", create=LOOSE)
        run = await migrated(plan, clusters, tmp_path)
        await clusters.destination.searches.refresh("cp-deep")
        count = await clusters.destination.searches.count("cp-deep")
        edge = await stored(clusters.destination, "cp-deep", "edge")
    assert (count, edge) == (51, odd["edge"])
    assert sorted(reject["id"] for reject in run.rejects) == ["comments", "lines", "lists", "objects"]
    assert {reject["reason"] for reject in run.rejects} == {
        "it has more than 1 000 levels of objects and lists, more than servers bear"
    }
