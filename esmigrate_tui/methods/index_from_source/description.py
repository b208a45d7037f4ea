"""What is known of the method without loading it."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.methods.description import ON_THE_DESTINATION, Connects, MethodDescription, late
from esmigrate_tui.model.method import MethodName

INDEX_FROM_SOURCE: Final = MethodDescription(
    name=MethodName.INDEX_FROM_SOURCE,
    needs="needs no source cluster",
    summary=(
        "The original data still exists: load it again. Free choice of mapping and",
        "version. Files of this machine: JSON, CSV, dumps, packed ones too.",
    ),
    in_brief="you still have the data that the source cluster was filled from. The most freedom.",
    when="Choose it when the data from which the source was filled still exists, as files that this "
    "machine can read: lines of JSON, the bulk format, what elasticdump wrote, tables (CSV, TSV), Parquet; packed "
    "ones too. You choose the mapping anew, field by field, before anything is written.",
    left_behind="Nothing of a source cluster is carried over, so it may be of any version, or no longer exist.",
    connects=(
        Connects("esmigrate", "destination", "makes the index, writes rows"),
        Connects("a sender", "destination", "where another program sends"),
    ),
    depends_on="this machine reads the files, the destination writes, and the network between them",
    chosen_in=("files", "mapping"),
    needs_source=False,
    takes_source=False,
    checks=(
        "files-readable",
        "stable-ids",
        *ON_THE_DESTINATION,
        "privileges",
        "target-index",
        "chosen-mapping",
        "definitions-accepted",
        "pipelines-and-templates",
        "template-settings",
        "template-effects",
        "speed-settings",
    ),
    command="Files, or what other programs send, become documents.",
    mover=late("esmigrate_tui.methods.index_from_source.mover:IndexFromSource"),
    advise=late("esmigrate_tui.methods.index_from_source.advice:advise"),
    rank=1,
    preferred=late("esmigrate_tui.methods.index_from_source.advice:preferred"),
)
