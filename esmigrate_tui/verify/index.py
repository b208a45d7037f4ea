"""One side of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster


@dataclass(frozen=True)
class ComparedIndex:
    """An index of a cluster, or the documents of one of its types (6.x and older)."""

    cluster: Cluster
    name: str
    kind: str = ""
