"""What concerns the restore as an operation: lifecycles, speed, privileges, and how one is stopped.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-restore-snapshot.html
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.ledger import PlannedChange, Request
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.snapshot import TakenNameRule
from esmigrate_tui.model.text import listed
from esmigrate_tui.preflight.allocation import full, restored_settings
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning
from esmigrate_tui.preflight.destination import setting_raised
from esmigrate_tui.preflight.repository import snapshot_indices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.snapshot import RestoreOptions

_DEFAULT_CAP: Final = "40mb"
_CAP: Final = "indices.recovery.max_bytes_per_sec"
_LIFECYCLE: Final = "index.lifecycle.name"


@check
async def lifecycle_running(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether lifecycles of the destination would act on restored indices, or on the repository."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None or not draft.selected:
        return
    modes = await clusters.destination.surroundings.lifecycle()
    settings = await clusters.source.surroundings.index_settings(_LIFECYCLE) if clusters.source is not None else None
    chosen = {one for name in draft.selected for one in snapshot_indices(snapshot, name)}
    for finding in judged_lifecycles(modes, settings, chosen, wanted):
        yield finding


def judged_lifecycles(
    modes: Mapping[str, str],
    settings: Mapping[str, Mapping[str, str]] | None,
    chosen: AbstractSet[str],
    wanted: RestoreOptions,
) -> Iterator[Finding]:
    """What it means that lifecycles ("ilm", "slm") are in these modes; `told` are the settings of the source's indices.

    None where the source cannot be asked.
    """
    managed = tuple(
        name
        for name in sorted(chosen)
        if settings is not None and restored_settings(settings.get(name, {}), wanted).get(_LIFECYCLE)
    )
    is_ignored = any(fnmatchcase(_LIFECYCLE, full(pattern)) for pattern in wanted.ignore_index_settings)
    if modes.get("ilm") == "RUNNING" and (managed or (settings is None and not is_ignored)):
        whose = listed(managed) if managed else "the restored indices, if they have a policy"
        yield warning(
            title=f"Index lifecycles run on the destination, and will act on {whose}",
            evidence=f"operation_mode {modes['ilm']}",
            why="A policy goes by an index's age: it may be moved, shrunk or deleted soon after it is back.",
            fix=f"Ignore the setting {_LIFECYCLE}, or stop the lifecycles for the time of the run "
            "(POST _ilm/start after it):",
            copy="POST _ilm/stop",
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/start-stop-ilm.html",
            subjects=managed,
            repairs=(_stopped("ilm", "index"),),
        )
    if modes.get("slm") == "RUNNING" and not wanted.repository.is_readonly:
        yield warning(
            title="Snapshot lifecycles run on the destination, and may write to the repository",
            evidence=f"operation_mode {modes['slm']}",
            why="A retention rule may delete snapshots there, and two writers spoil a repository.",
            fix="Register the repository read-only, or stop them for the time of the run (POST _slm/start after it):",
            copy="POST _slm/stop",
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/slm-api-stop.html",
            repairs=(_stopped("slm", "snapshot"),),
        )


def _stopped(kind: str, of: str) -> PlannedChange:
    """The lifecycles of the destination stopped, to be started again."""
    return PlannedChange(
        side=Side.DESTINATION,
        what=f"the {of} lifecycles are stopped",
        made_by=Request(method="POST", path=f"/_{kind}/stop"),
        undo=Request(method="POST", path=f"/_{kind}/start"),
    )


@check
async def speed_caps(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """What keeps a restore from being faster."""
    wanted = draft.restoration
    if wanted is None:
        return
    try:
        settings = await clusters.destination.surroundings.cluster_settings()
    except ProblemError:
        settings = {}
    cap = settings.get(_CAP, _DEFAULT_CAP)
    own = wanted.repository.settings.get("max_restore_bytes_per_sec", "")
    caps = f"{_CAP} {cap}" + (f"; max_restore_bytes_per_sec of the repository {own}" if own else "")
    yield note(
        title=f"Each node restores at most {cap} a second" + (f", and reads at most {own}" if own else ""),
        evidence=caps,
        why="A restore counts as a recovery, and recoveries are kept slow so that searches stay quick.",
        fix="Nothing has to be done. On a cluster that nobody uses yet it can be raised for the time of the run "
        "(null restores the default):",
        copy=f'PUT _cluster/settings\n{{"persistent":{{"{_CAP}":"200mb"}}}}',
        link="https://www.elastic.co/guide/en/elasticsearch/reference/current/recovery.html",
        repairs=await setting_raised(clusters, _CAP, "200mb"),
    )


@waivable
async def restore_privileges(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the signed-in user on the destination may restore, register, and clear what is in the way."""
    wanted = draft.restoration
    if wanted is None:
        return
    actions = ["cluster:admin/snapshot/restore", "cluster:admin/snapshot/get"]
    actions += ["cluster:admin/repository/put"] if wanted.register else []
    actions += ["cluster:admin/repository/delete"] if wanted.unregister else []
    ways = {TakenNameRule.CLOSE: "indices:admin/close", TakenNameRule.DELETE: "indices:admin/delete"}
    on_indices = {name: (ways[way],) for name, way in draft.in_the_way.items()}
    lacking = await clusters.destination.surroundings.lacking(actions, on_indices)
    if lacking:
        yield blocker(
            title=f"You may not do this on the destination: {listed(lacking)}",
            evidence="; ".join(lacking[:5]),
            why="The restore would be refused when it is asked for.",
            fix="Sign in as a user with the cluster privilege manage, and with manage on the indices that are in "
            "the way:",
            copy='POST _security/role/restorer\n{"cluster":["manage"],"indices":[{"names":["*"],'
            '"privileges":["manage","read","view_index_metadata"]}]}',
            link="https://www.elastic.co/guide/en/elasticsearch/reference/current/security-privileges.html",
        )
    elif lacking is not None:
        yield passed(title="You may restore on the destination")


@check
def cancel_deletes(draft: Draft) -> Iterator[Finding]:
    """That stopping a restore takes away what it has half made."""
    if draft.selected or draft.feature_states:
        yield note(
            title="Stopping a restore deletes the indices that are only partly back",
            why="Elasticsearch knows no other way to stop one; indices that are whole by then stay.",
            fix="Nothing has to be done: stopping asks first, and names them.",
        )
