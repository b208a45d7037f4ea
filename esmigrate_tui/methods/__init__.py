"""The ways to move data: one file a method, one contract, one name here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.methods.copy_through_here.mover import CopyThroughHere
from esmigrate_tui.methods.index_from_source.mover import IndexFromSource
from esmigrate_tui.methods.reindex_from_remote.mover import ReindexFromRemote
from esmigrate_tui.methods.restore_from_snapshot.mover import RestoreFromSnapshot
from esmigrate_tui.model.method import MethodName

if TYPE_CHECKING:
    from esmigrate_tui.methods.contract import Methods

METHODS: Final[Methods] = {
    MethodName.INDEX_FROM_SOURCE: IndexFromSource(),
    MethodName.REINDEX_FROM_REMOTE: ReindexFromRemote(),
    MethodName.COPY_THROUGH_HERE: CopyThroughHere(),
    MethodName.RESTORE_FROM_SNAPSHOT: RestoreFromSnapshot(),
}
