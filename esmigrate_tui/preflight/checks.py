"""Which checks a method asks for, in the order they are told of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.plan import MethodName
from esmigrate_tui.preflight import connections, destination, remote, selection

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding

Check = Callable[["Draft", "Clusters"], AsyncIterator["Finding"]]
"""One question: reads facts in the draft, or asks the clusters, and yields what it found."""

_EVERY: Final[tuple[Check, ...]] = (
    connections.versions,
    connections.same_cluster,
    connections.plain_text,
    connections.unverified_certificate,
    connections.clocks,
    destination.destination_health,
    destination.destination_blocks,
    destination.room,
    destination.shard_limit,
    destination.existing_names,
    destination.shared_aliases,
)

CHECKS: Final[dict[MethodName, tuple[Check, ...]]] = {
    MethodName.COPY_THROUGH_HERE: (
        *_EVERY,
        selection.readable,
        selection.source_kept,
        selection.several_types,
        selection.refresh_switched_off,
        selection.internal_indices,
        remote.speed_settings,
    ),
    MethodName.REINDEX_FROM_REMOTE: (
        remote.destination_reaches_source,
        *_EVERY,
        selection.readable,
        selection.source_kept,
        selection.several_types,
        selection.refresh_switched_off,
        selection.internal_indices,
        remote.numbers_rewritten,
        remote.large_documents,
        remote.speed_settings,
    ),
}


def name_of(check: Check) -> str:
    """The check's name, as a finding carries it and `--accept` takes it."""
    return getattr(check, "__name__", "check").replace("_", "-")
