"""What is known of the method without loading it."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.methods.description import ON_THE_DESTINATION, Connects, MethodDescription, late
from esmigrate_tui.model.method import MethodName

RESTORE_FROM_SNAPSHOT: Final = MethodDescription(
    name=MethodName.RESTORE_FROM_SNAPSHOT,
    needs="needs the destination only",
    summary=(
        "Copies whole indices, the fastest. Versions must fit; the source may even",
        "be unreachable. The only way for internal indices on 8 and newer.",
    ),
    in_brief="fastest, and exact; the versions must fit.",
    when="Choose it when there is a snapshot in a repository that the destination can read, and the destination "
    "is at most one major version newer than the one that made the index. The source is asked if it still "
    "runs: then versions and documents can be compared, and a new snapshot can be taken from here.",
    left_behind="Carried over as they are: documents, mappings, settings, aliases if you like; templates and users "
    "only when asked for.",
    connects=(
        Connects("esmigrate", "destination", "starts it, follows it"),
        Connects("destination", "repository", "a shared folder, a bucket", over="each node"),
        Connects("esmigrate", "source", "to compare; need not run"),
    ),
    depends_on="the repository is read and the nodes write",
    chosen_in=("repository", "snapshot", "selection"),
    needs_source=False,
    checks=(
        "repository-readable",
        "repository-readonly",
        "repository-uuid",
        "repository-integrity",
        "restore-privileges",
        "snapshot-state",
        "restorable-versions",
        "archive-licence",
        *ON_THE_DESTINATION,
        "open-indices-in-the-way",
        "shared-aliases",
        "write-index-aliases",
        "data-stream-templates",
        "global-state-overwrites",
        "feature-states-lock-out",
        "internal-indices",
        "analysis-parts",
        "licence-features",
        "still-written",
        "allocation-settings",
        "lifecycle-running",
        "replicas-beyond-nodes",
        "speed-caps",
        "mount-possible",
        "cancel-deletes",
    ),
    command="The destination copies indices out of a snapshot.",
    mover=late("esmigrate_tui.methods.restore_from_snapshot.mover:RestoreFromSnapshot"),
    advise=late("esmigrate_tui.methods.restore_from_snapshot.advice:advise"),
    rank=4,
    preferred=late("esmigrate_tui.methods.restore_from_snapshot.advice:preferred"),
)
