"""How many requests a small index costs, among others like it: a run of many must not be slower than a script."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
import pytest

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.transport import UnseenLineError, WireNode
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.method import MethodName
from tests.methods.copying import fill, joined, make, numbered, settings
from tests.methods.migrating import migrated, planned
from tests.signing_in import side_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

NAMES: Final = tuple(f"rqn-{number:02}" for number in range(20))
AMOUNT: Final = 30
MOST: Final = {MethodName.COPY_THROUGH_HERE: 16, MethodName.REINDEX_FROM_REMOTE: 18}
"""Requests an index, where none could be joined with another's, and one for what a run needs once.

How often it is looked at a reindex that goes on depends on how long it takes: that is not counted.
"""

_LOOKS: Final = "GET /_tasks/"


class _CountingNode(WireNode):
    """Counts what is sent, by its method and what it is about."""

    sent: ClassVar[Counter[str]] = Counter()

    async def perform_request(  # type: ignore[override]  # the same call
        self,
        method: str,
        target: str,
        *arguments: Any,  # noqa: ANN401  # handed on
        **named: Any,  # noqa: ANN401  # handed on
    ) -> Any:  # noqa: ANN401  # the library's own pair
        try:
            found = await super().perform_request(method, target, *arguments, **named)
        except UnseenLineError:
            raise  # it was not sent
        except Exception:
            self.sent[f"{method} {target.partition('?')[0]}"] += 1
            raise
        self.sent[f"{method} {target.partition('?')[0]}"] += 1
        return found


@pytest.mark.parametrize("method", MOST, ids=str)
async def test_a_small_index_among_many_costs_few_requests_and_changes_no_setting(
    nodes: SharedNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: MethodName
) -> None:
    monkeypatch.setattr("esmigrate_tui.model.weight.UNTUNED", 1.0)  # as it is
    old, new = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    async with joined(old, new) as (clusters, draft):
        assert clusters.source is not None
        for name in NAMES:
            await make(clusters.source, name, {"settings": settings(1), "mappings": {"_doc": {"enabled": False}}})
            await fill(clusters.source, name, numbered(AMOUNT))
        plan = await planned(clusters, draft.answered(method=method), *NAMES, at_once=len(NAMES))
        identity = await clusters.destination.wire.identity()
        async with (
            await connect(*side_of(old), node_class=_CountingNode) as source,
            await connect(*side_of(new), node_class=_CountingNode, meant=identity[0]) as destination,
        ):
            _CountingNode.sent.clear()
            run = await migrated(plan, Clusters(destination=destination, source=source), tmp_path)
        sent = Counter({what: many for what, many in _CountingNode.sent.items() if not what.startswith(_LOOKS)})
        for name in NAMES:
            await clusters.source.changes.delete_index(name)
            await clusters.destination.changes.delete_index(name)
    assert run.outcome is RunOutcome.VERIFIED
    assert [row.destination_count for row in run.progress.tasks] == [AMOUNT] * len(NAMES)
    assert [entry.what for entry in run.progress.ledger if entry.undo is not None] == []
    assert sum(sent.values()) <= MOST[method] * len(NAMES), msgspec.json.format(msgspec.json.encode(sent)).decode()
