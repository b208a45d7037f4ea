"""The methods as the first step offers them, in the guide's order; and what a plan will do, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow.services import MethodDescription, Preview, PreviewedRequest
from esmigrate_tui.model.carried import NameConflict, amounts
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.snapshot import TakenNameRule
from esmigrate_tui.model.text import size

if TYPE_CHECKING:
    from esmigrate_tui.model.plan import Plan

METHODS: Final = (
    MethodDescription(
        name=MethodName.INDEX_FROM_SOURCE,
        title="Index from the source",
        needs="needs neither old cluster",
        summary=(
            "The original data still exists: load it again. Free choice of mapping and",
            "version. Files of this machine: JSON, CSV, dumps, packed ones too.",
        ),
        explained="Choose it when the data from which the old cluster was filled can still be had, as files that this "
        "machine can read: lines of JSON, the bulk format, what elasticdump wrote, tables (CSV, TSV), Parquet; packed "
        "ones too. Nothing of the old cluster is carried over, so it may be of any version, or gone. You choose the "
        "mapping anew, field by field, before anything is written.",
        needs_source=False,
        takes_source=False,
    ),
    MethodDescription(
        name=MethodName.REINDEX_FROM_REMOTE,
        title="Reindex from a remote cluster",
        needs="needs old and new, running",
        summary=(
            "The new cluster pulls from the old one, document by document. The new one",
            "must be allowed to reach the old one. Numbers may be written differently.",
        ),
        explained="Choose it when the new cluster can open a connection to the old one. The destination's setting "
        "reindex.remote.whitelist must name the source; the preflight computes the line. The documents' values are "
        "kept, the way numbers are written is not: 1.10 arrives as 1.1. Carried over only when asked for: templates, "
        "pipelines, lifecycle policies. Never: users.",
    ),
    MethodDescription(
        name=MethodName.RESTORE_FROM_SNAPSHOT,
        title="Restore from a snapshot",
        needs="needs new only",
        summary=(
            "Copies whole indices, the fastest. Versions must fit; the old cluster may",
            "even be gone. The only way for internal indices on 8 and newer.",
        ),
        explained="Choose it when there is a snapshot in a repository that the new cluster can read, and the new one "
        "is at most one major version newer than the one that made the index. The old cluster is asked if it still "
        "runs: then versions and documents can be compared, and a new snapshot can be taken from here. Carried over as "
        "they are: documents, mappings, settings, aliases if you like; templates and users only when asked for.",
        needs_source=False,
    ),
    MethodDescription(
        name=MethodName.COPY_THROUGH_HERE,
        title="Copy through this machine",
        needs="needs old and new, running",
        summary=(
            "Like reindex, but the documents pass through here, byte for byte. Nothing",
            "has to be opened or configured on either cluster.",
        ),
        explained="Choose it when the new cluster cannot reach the old one, but this machine can reach both. Any "
        "version to any newer one, nothing to open or to configure. Each document arrives as the bytes it is on the "
        "old cluster, with its _id and routing. Everything crosses this machine's network twice, so run it near the "
        "clusters. Carried over only when asked for: templates, pipelines, lifecycle policies. Never: users.",
    ),
)


def preview(plan: Plan) -> Preview:
    """What a plan will do, as its method says it; made of the plan alone, every secret as dots."""
    from esmigrate_tui.methods import METHODS as PERFORMED  # noqa: PLC0415  # the first screen needs none of it

    method = PERFORMED[plan.method]
    to = plan.destination.endpoint.authority
    made = [one for one in plan.carried if one.conflict is NameConflict.NONE]
    last = (f"Make {amounts(one.kind for one in made)} on {to}, to stay.",) if made else ()
    requests = (*method.requests(plan), *(one.change().made_by for one in made[:1]))
    return Preview(
        steps=(*method.steps(plan), *last),
        put_back=_put_back(plan),
        requests=tuple(PreviewedRequest(to=to, request=request) for request in requests),
        time=_time(plan),
        carried=tuple(line for one in plan.carried for line in one.told()),
    )


def _put_back(plan: Plan) -> tuple[str, ...]:
    """What is changed for the time of the run alone."""
    wanted = plan.restoration
    if wanted is None:
        if not any(task.create and task.shipping is None for task in plan.tasks):
            return ()
        tuned = ("refresh_interval (off) and number_of_replicas (0) of each new index, while its documents arrive",)
        return tuned if plan.tune else ()
    changes = []
    if wanted.register and wanted.unregister:
        changes.append(f"the registration of the repository {wanted.repository.name}; the files in it stay")
    if any(way is TakenNameRule.CLOSE for task in plan.tasks for way in task.in_the_way.values()):
        changes.append("an index that was closed to be restored over is opened again, where the restore fails")
    return tuple(changes)


_DEPENDS: Final = {
    MethodName.INDEX_FROM_SOURCE: "this machine reads the files, the new cluster writes, and the line between them",
    MethodName.REINDEX_FROM_REMOTE: "the new cluster can pull and write",
    MethodName.COPY_THROUGH_HERE: (
        "the old cluster reads, the new one writes, and the lines between them and this machine"
    ),
}


def _time(plan: Plan) -> str:
    """How long it will take, as far as that can be said before it runs."""
    wanted = plan.restoration
    if wanted is None:
        if any(task.shipping is not None for task in plan.tasks):
            return "As long as the sender takes: this run only watches."
        return (
            f"Not known until it runs: it depends on how fast {_DEPENDS[plan.method]}. "
            "Half a minute after the start there is an estimate."
        )
    sizes = [task.size for task in plan.tasks if task.size is not None]
    amount = f"{size(sum(sizes))} to copy" if sizes else "How much is to be copied, the snapshot does not say"
    cap = wanted.repository.settings.get("max_restore_bytes_per_sec", "")
    capped = f" The repository lets each node read {cap} a second at most." if cap else ""
    return (
        f"{amount}, from the repository to the nodes: nothing of it passes through this machine.{capped} "
        "Half a minute after the start there is an estimate."
    )
