"""Requests that a test sends by hand, as a user with curl would: the program itself has a named call for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.elastic.paths import READING, must_be_narrow
from esmigrate_tui.elastic.wire import SLOW, WireRequest

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.ledger import Request

# A POST to one of these only reads.
_READS: Final = ("/_search", "/_count", "/_msearch", "/_refresh", "/_pit", "/_has_privileges", "/_field_caps")


async def performed(cluster: Cluster, request: Request) -> Any:  # noqa: ANN401  # any JSON
    """A request as it is; the decoded response, None where it was empty: it says nothing of whether that was done.

    Raises ProblemError (usage), before anything is sent, for one that would change more than it names.
    """
    must_be_narrow(request)
    path = "/" + request.path.lstrip("/")
    plain = path.partition("?")[0]
    is_ndjson = plain.endswith(("/_bulk", "/_msearch"))
    changes = request.method not in READING and not plain.endswith(_READS)
    sent = WireRequest(request.method, path, request.body or None, timeout=SLOW, is_ndjson=is_ndjson, changes=changes)
    response = await cluster.wire.request(sent)
    return cluster.wire.decode(response, object) if response.body.strip() else None
