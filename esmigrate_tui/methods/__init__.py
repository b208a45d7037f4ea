"""The ways to move data: one folder a method, one contract, one name here.

Importing this loads descriptions alone; what performs a run is loaded when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.methods.copy_through_here.description import COPY_THROUGH_HERE
from esmigrate_tui.methods.index_from_source.description import INDEX_FROM_SOURCE
from esmigrate_tui.methods.reindex_from_remote.description import REINDEX_FROM_REMOTE
from esmigrate_tui.methods.restore_from_snapshot.description import RESTORE_FROM_SNAPSHOT

if TYPE_CHECKING:
    from esmigrate_tui.methods.description import MethodDescription
    from esmigrate_tui.model.method import MethodName

METHODS: Final[dict[MethodName, MethodDescription]] = {
    each.name: each for each in (INDEX_FROM_SOURCE, REINDEX_FROM_REMOTE, RESTORE_FROM_SNAPSHOT, COPY_THROUGH_HERE)
}
"""Every method, in the order in which they are offered."""
