"""What is known of the method without loading it."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.methods.description import OF_DOCUMENTS, Connects, MethodDescription, late
from esmigrate_tui.model.method import MethodName

COPY_THROUGH_HERE: Final = MethodDescription(
    name=MethodName.COPY_THROUGH_HERE,
    needs="needs source and destination",
    summary=(
        "Like reindex, but the documents pass through this machine, byte for byte.",
        "Nothing has to be opened or configured on either cluster.",
    ),
    in_brief="both clusters run but cannot reach each other; this machine reaches both.",
    when="Choose it when the destination cannot reach the source, but this machine can reach both. From any version to "
    "any newer one, with nothing to open or to configure. Each document arrives as the bytes that it is on the source, "
    "with its _id and routing. Everything crosses this machine's network twice, so run it near the clusters.",
    left_behind="Carried over only when asked for: templates, pipelines, lifecycle policies. Never: users.",
    connects=(
        Connects("esmigrate", "source", "reads the documents"),
        Connects("esmigrate", "destination", "writes the same bytes"),
        Connects("source", "destination", "need not reach each other", over=""),
    ),
    drawing="     source ── read ──→ this machine ── written ──→ destination",
    depends_on="the source reads, the destination writes, and the network between them and this machine",
    chosen_in=("selection",),
    options=("copying", "bring"),
    checks=(
        *OF_DOCUMENTS,
        "used-targets",
        "stream-documents",
        "destination-pipelines",
        "kept-versions",
        "parents-and-children",
        "speed-settings",
    ),
    command="Each document passes through this machine unchanged.",
    mover=late("esmigrate_tui.methods.copy_through_here.mover:CopyThroughHere"),
    advise=late("esmigrate_tui.methods.copy_through_here.advice:advise"),
    rank=2,
    preferred=late("esmigrate_tui.methods.copy_through_here.advice:preferred"),
)
