"""What is known of the method without loading it."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.methods.description import OF_DOCUMENTS, Connects, MethodDescription, late
from esmigrate_tui.model.method import MethodName

REINDEX_FROM_REMOTE: Final = MethodDescription(
    name=MethodName.REINDEX_FROM_REMOTE,
    needs="needs source and destination",
    summary=(
        "The destination pulls from the source, document by document. It must be",
        "allowed to reach the source. Numbers may be written differently.",
    ),
    in_brief="both clusters run, and the destination can reach the source. The destination's settings must allow it "
    "(the checks show the line). Mappings are not copied by a reindex: esmigrate creates them first.",
    when="Choose it when the destination can open a connection to the source. The destination's setting "
    "reindex.remote.whitelist must name the source; the preflight shows the line. The documents' values are "
    "kept, the way numbers are written is not: 1.10 arrives as 1.1.",
    left_behind="Carried over only when asked for: templates, pipelines, lifecycle policies. Never: users.",
    connects=(
        Connects("esmigrate", "source", "reads what there is"),
        Connects("esmigrate", "destination", "makes indices, starts tasks"),
        Connects("destination", "source", "fetches the documents"),
    ),
    drawing="     source ── the destination fetches, batch by batch ──→ destination\n"
    "                    (this screen only looks)",
    depends_on="the destination can pull and write",
    chosen_in=("selection",),
    options=("split", "bring"),
    instead=MethodName.COPY_THROUGH_HERE,
    checks=(
        "destination-reaches-source",
        "frozen-indices",
        *OF_DOCUMENTS,
        "numbers-rewritten",
        "large-documents",
        "open-scrolls",
        "handed-secret",
        "speed-settings",
    ),
    command="The destination pulls each index from the source.",
    mover=late("esmigrate_tui.methods.reindex_from_remote.mover:ReindexFromRemote"),
    advise=late("esmigrate_tui.methods.reindex_from_remote.advice:advise"),
    rank=3,
    preferred=late("esmigrate_tui.methods.reindex_from_remote.advice:preferred"),
)
