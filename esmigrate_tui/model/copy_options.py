"""How a copy through this machine treats what it carries: pipelines, versions, types, and what is there already."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

PASSED_OVER: Final = ".percolator"
"""The one type that a search without a type passes over: queries, up to 2.x; `_stats` counts them all the same."""


class PipelineRule(StrEnum):
    """What becomes of the ingest pipelines that the destination would send documents through.

    OFF: the documents went through them when they were first indexed, and arrive as they are.
    """

    OFF = "off"
    RESPECTED = "respected"


class TypeRule(StrEnum):
    """Where the documents of an index go that has several mapping types (5.x and older).

    MERGED: all into one index; of two documents with one _id the second is refused. APART: each type into an index of
    its own.
    """

    MERGED = "merged"
    APART = "apart"


class CopyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How documents are carried, beside which and where to.

    `versions`: each keeps the number of its version, and is written where nothing as new as it is there. `only_type`
    leaves all other types out, "" for none. `into_existing`: an index or a data stream of the destination that has the
    name already is used as it is.
    """

    pipelines: PipelineRule = PipelineRule.OFF
    versions: bool = False
    types: TypeRule = TypeRule.MERGED
    only_type: str = ""
    into_existing: bool = False


AS_IT_IS: Final = CopyOptions()
"""The safe choice for all of it."""


def apart(index: str, kind: str) -> str:
    """The name of the index that one type of an index goes into, where each has its own."""
    return f"{index}-{kind}".lower()
