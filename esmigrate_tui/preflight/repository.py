"""Whether the snapshot that was chosen can be read by the destination, whole, and by nobody else be spoiled."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from esmigrate_tui.elastic.snapshots import register_request
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.repository_types import type_of
from esmigrate_tui.model.snapshot import Mount, SnapshotState
from esmigrate_tui.model.text import counted, listed
from esmigrate_tui.preflight.check import blocker, check, note, passed, warning
from esmigrate_tui.preflight.restorable import ARCHIVE_LICENCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import ClusterFacts, NodeFacts
    from esmigrate_tui.model.ledger import Request
    from esmigrate_tui.model.snapshot import Repository, RestoreOptions, SnapshotFacts

GUIDE: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshot-restore.html"
_REGISTERING: Final = (
    "https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-register-repository.html"
)
_MOUNTING: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/searchable-snapshots.html"
_OLDER_PLUGINS: Final = {"s3": "cloud-aws", "azure": "cloud-azure"}
"""What brought these types before plugins were called by what they bring."""
_BUILT_IN: Final = frozenset({"fs", "source"})
_MOUNT_MODULE: Final = "searchable-snapshots"


def shown(request: Request) -> str:
    """A request as it can be pasted into a console."""
    return f"{request.method} {request.path.lstrip('/')}" + (f"\n{request.body}" if request.body else "")


def snapshot_indices(snapshot: SnapshotFacts, name: str) -> tuple[str, ...]:
    """The indices of the snapshot that are chosen with a name: itself, or those that back a data stream."""
    if name not in snapshot.data_streams:
        return (name,)
    return tuple(index for index in snapshot.indices if snapshot.stream_of(index) == name)


async def repositories_of(cluster: Cluster | None) -> tuple[Repository, ...]:
    """What a cluster has registered; nothing where there is no cluster, or it does not say."""
    if cluster is None:
        return ()
    try:
        return await cluster.snapshots.repositories()
    except ProblemError:
        return ()


def same_place(one: Repository, other: Repository) -> bool:
    """Whether two registrations mean the same files, as far as their settings tell; a folder may be relative."""
    if one.type != other.type and {one.type, other.type} != {"fs", "url"}:
        return False
    here, there = one.place.rstrip("/"), other.place.rstrip("/")
    return here == there or here.endswith(f"/{there}") or there.endswith(f"/{here}")


@check
async def repository_readable(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether every node of the destination reaches the repository, or would once the run has registered it."""
    wanted = draft.restoration
    if wanted is None:
        return
    repositories = await clusters.destination.snapshots.repositories()
    registered = next((one for one in repositories if one.name == wanted.repository.name), None)
    if registered is None:
        async for finding in _not_registered(draft, wanted, clusters):
            yield finding
    elif wanted.register and not same_place(registered, wanted.repository):
        yield blocker(
            title=f"The destination uses the name {registered.name} for another repository",
            evidence=f"{registered.type} at {registered.place} there, {wanted.repository.type} at "
            f"{wanted.repository.place} wanted",
            why="Registering it would take the other one away from the destination.",
            fix="Register it under another name, or take the other registration away if nobody needs it.",
        )
    else:
        try:
            await clusters.destination.snapshots.verify(registered.name)
        except ProblemError as error:
            yield unreadable(registered, error)
        else:
            yield passed(title=f"Every node of the destination reaches the repository {registered.name}")


def unreadable(repository: Repository, error: ProblemError) -> Finding:
    """What is said of a repository that cannot be read."""
    problem = error.problem
    kind = type_of(repository.type)
    at = f"{repository.name} is of the type {repository.type}, at {repository.place or 'no place that it tells'}"
    is_about_secrets = problem.cause is Cause.PRIVILEGES and kind is not None
    return blocker(
        title=problem.what,
        evidence=f"{problem.evidence} ({at})" if problem.evidence else at,
        why=problem.why or "What cannot be read cannot be restored.",
        fix=f"{problem.todo} {kind.secrets}" if is_about_secrets and kind else problem.todo,
        cause=problem.cause,
        link=kind.link if kind else _REGISTERING,
    )


async def _not_registered(draft: Draft, wanted: RestoreOptions, clusters: Clusters) -> AsyncIterator[Finding]:
    repository = wanted.repository
    request = shown(register_request(repository))
    if not wanted.register:
        yield blocker(
            title=f"The destination has no repository {repository.name}",
            why="A repository is registered on each cluster by itself, even where both read the same files.",
            fix="Let the run register it, or register it now, read-only:",
            copy=request,
            link=_REGISTERING,
        )
        return
    nodes = await clusters.destination.surroundings.nodes()
    trouble = unregistrable(repository, draft.destination_facts, nodes or ())
    if trouble is not None:
        yield trouble
        return
    how = "read-only" if repository.is_readonly else "so that the destination could write to it"
    yield note(
        title=f"The run registers the repository {repository.name} on the destination, {how}",
        why="Whether its nodes reach it shows when it is registered; nothing else is done before that."
        + (" It is taken away again at the run's end." if wanted.unregister else ""),
        copy=request,
        link=_REGISTERING,
    )


def unregistrable(repository: Repository, facts: ClusterFacts | None, nodes: Sequence[NodeFacts]) -> Finding | None:
    """Why a cluster would refuse to register a repository, told by what its nodes say of themselves; None for nothing.

    Where they say nothing, nothing is held against them.
    """
    parts = (*facts.modules, *facts.plugins) if facts is not None else ()
    is_part = repository.type not in _BUILT_IN and (
        repository.type != "url" or (facts is not None and Features.of_cluster(facts).has_url_module)
    )
    part = f"repository-{repository.type}"
    is_old = facts is not None and not Features.of_cluster(facts).names_plugins_by_type
    if is_old:
        part = _OLDER_PLUGINS.get(repository.type, part)
    if facts is not None and facts.modules and is_part and part not in parts:
        return blocker(
            title=f"The destination has no repositories of the type {repository.type}",
            evidence=f"neither a module nor a plugin {part} on its nodes",
            why="A type of repository is a part of the server; on older versions some are plugins.",
            fix="Install it on every node and restart them, or use a repository of a type that it has:",
            copy=f"bin/{'plugin' if is_old else 'elasticsearch-plugin'} install {part}",
            cause=Cause.UNSUPPORTED,
            link=_REGISTERING,
        )
    if repository.type == "fs":
        return _folder_not_allowed(repository.settings.get("location", ""), nodes)
    if repository.type == "url":
        return _address_not_allowed(repository.settings.get("url", ""), nodes)
    return None


def _is_below(folder: str, allowed: Iterable[str]) -> bool:
    path = PurePosixPath(folder)
    return ".." not in path.parts and any(path.is_relative_to(one) for one in allowed)


def _folder_not_allowed(location: str, nodes: Sequence[NodeFacts]) -> Finding | None:
    is_whole = location.startswith("/") or (len(location) > 1 and location[1] == ":")
    lacking = tuple(
        node.name for node in nodes if not (_is_below(location, node.folders) if is_whole else node.folders)
    )
    # A folder of Windows cannot be compared here.
    if not lacking or (is_whole and not location.startswith("/")):
        return None
    allowed = tuple(dict.fromkeys(folder for node in nodes for folder in node.folders))
    patterns = msgspec.json.encode([*allowed, location if is_whole else "/FOLDER"]).decode()
    return blocker(
        title=f"The destination may not use the folder {location}: path.repo does not name it",
        evidence=f"path.repo is {', '.join(allowed) or 'not set'} ({listed(lacking)})",
        why="Elasticsearch opens folders only that its configuration allows, on every node.",
        fix="Mount the folder at the same path on every node, put this line into elasticsearch.yml of each, and "
        "restart them one by one:",
        copy=f"path.repo: {patterns}",
        cause=Cause.UNSUPPORTED,
        link="https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-filesystem-repository.html",
    )


def _address_not_allowed(address: str, nodes: Sequence[NodeFacts]) -> Finding | None:
    is_file = address.lower().startswith("file:")
    path = urlsplit(address).path
    lacking = tuple(
        node.name
        for node in nodes
        if not (
            any(fnmatchcase(address, pattern) for pattern in node.addresses)
            or (is_file and _is_below(path, node.folders))
        )
    )
    if not lacking:
        return None
    setting = "path.repo" if is_file else "repositories.url.allowed_urls"
    line = msgspec.json.encode([path if is_file else address]).decode()
    return blocker(
        title=f"The destination may not read from {address}: {setting} does not name it",
        evidence=f"not allowed on {listed(lacking)}",
        why="Elasticsearch reads repositories only from places that its configuration allows, on every node.",
        fix="Add it to this line of elasticsearch.yml of every node, beside what stands there, and restart them:",
        copy=f"{setting}: {line}",
        cause=Cause.UNSUPPORTED,
        link="https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-read-only-repository.html",
    )


@check
async def repository_readonly(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether two clusters could write to the repository at a time."""
    wanted = draft.restoration
    if wanted is None:
        return
    on_destination, on_source = await _both(clusters, wanted.repository)
    there = on_destination or (wanted.repository if wanted.register else None)
    if there is None:
        return
    if there.is_readonly:
        yield passed(title=f"The destination only reads the repository {there.name}")
        return
    if clusters.source is not None and (on_source is None or on_source.is_readonly):
        yield passed(title=f"Only the destination can write to the repository {there.name}, as far as the source tells")
        return
    who = "the source can as well" if on_source is not None else "whether another cluster can as well is not known"
    yield warning(
        title=f"The destination can write to the repository {there.name}, and {who}",
        why="Two clusters that write to one repository spoil it, and every snapshot in it.",
        fix="Register it read-only on the destination; the run needs no more than that:",
        copy=shown(register_request(there.registered(readonly=True))),
        link=_REGISTERING,
    )


async def _both(clusters: Clusters, repository: Repository) -> tuple[Repository | None, Repository | None]:
    """The repository as the destination has it, and as the source has it under whatever name."""
    here = await repositories_of(clusters.destination)
    there = await repositories_of(clusters.source)
    on_destination = next((one for one in here if one.name == repository.name), None)
    like = on_destination or repository
    same = [one for one in there if (one.uuid and one.uuid == like.uuid) or same_place(one, like)]
    named = [one for one in there if one.name == repository.name]
    return on_destination, next(iter(same or named), None)


@check
async def repository_uuid(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the repository is the one of that name on the source, and the one that mounted indices are read from."""
    wanted = draft.restoration
    if wanted is None or clusters.source is None:
        return
    here = await repositories_of(clusters.destination)
    there = await repositories_of(clusters.source)
    ours = next((one for one in here if one.name == wanted.repository.name), None)
    theirs = next((one for one in there if one.name == wanted.repository.name), None)
    if ours is not None and theirs is not None and ours.uuid and theirs.uuid and ours.uuid != theirs.uuid:
        yield warning(
            title=f"{ours.name} is another repository on the destination than on the source",
            evidence=f"UUID {theirs.uuid} on the source, {ours.uuid} on the destination",
            why="The names are the same, the files are not: this may be an old copy, or another cluster's.",
            fix="Compare the places, and go on only if the destination's is the one you want:",
            copy=f"GET _snapshot/{ours.name}",
        )
    if not draft.selected or draft.snapshot is None:
        return
    settings = await clusters.source.surroundings.index_settings("index.store.type", "index.store.snapshot.*") or {}
    chosen = {one for name in draft.selected for one in snapshot_indices(draft.snapshot, name)}
    known = {text for one in here for text in (one.uuid, one.name) if text}
    known |= {wanted.repository.name} if wanted.register else set()
    homeless = mounted_elsewhere({name: each for name, each in settings.items() if name in chosen}, frozenset(known))
    if homeless:
        missing = tuple(sorted(set(homeless.values())))
        yield blocker(
            title=f"Searchable snapshots whose repository the destination lacks: {listed(homeless)}",
            evidence=f"they are read from {listed(missing)}",
            why="A mounted index has no data of its own: a snapshot of it only says where its data is.",
            fix="Register that repository on the destination too, under the same name; the server knows it again by "
            "its UUID.",
            link=_MOUNTING,
            subjects=tuple(homeless),
        )


def mounted_elsewhere(settings: Mapping[str, Mapping[str, str]], known: frozenset[str]) -> dict[str, str]:
    """The indices that are searchable snapshots of a repository not among `known` names and UUIDs, with its name."""
    found: dict[str, str] = {}
    for name, each in settings.items():
        if each.get("index.store.type") in {"snapshot", "searchable_snapshot"}:
            repository = each.get("index.store.snapshot.repository_name", "")
            if not {repository, each.get("index.store.snapshot.repository_uuid", "")} & known:
                found[name] = repository
    return found


_UNFIT: Final = {
    SnapshotState.IN_PROGRESS: ("is still being made", "Wait until it has ended, then look again."),
    SnapshotState.FAILED: ("has failed", "Choose another snapshot, or take a new one."),
    SnapshotState.INCOMPATIBLE: (
        "is of a format that the destination cannot read",
        "Restore it with an older version first, or move the data by another method.",
    ),
}


@check
def snapshot_state(draft: Draft) -> Iterator[Finding]:
    """Whether the snapshot has ended well, and holds what was chosen, with every shard."""
    snapshot, wanted = draft.snapshot, draft.restoration
    if snapshot is None or wanted is None:
        return
    if snapshot.state in _UNFIT:
        is_so, todo = _UNFIT[snapshot.state]
        yield blocker(
            title=f"The snapshot {snapshot.name} {is_so}",
            evidence=snapshot.reason or f"state {snapshot.state}",
            why="Only a snapshot that has ended, at least in part, can be restored from.",
            fix=todo,
        )
        return
    known = {index.name for index in draft.offered}
    if gone := tuple(name for name in draft.selected if name not in known):
        yield blocker(
            title=f"Not in the snapshot {snapshot.name}: {listed(gone)}",
            why="What is not in it cannot be restored, and its absence must not pass for success.",
            fix="Choose again.",
            subjects=gone,
        )
    lost = _lost(draft, snapshot)
    if lost:
        missing = sum(lost.values())
        shards = "; ".join(f"{name}: {counted(amount, 'shard')}" for name, amount in list(lost.items())[:5])
        evidence = next((one.reason for one in snapshot.failures if one.reason), "")
        yield Finding(
            severity=Severity.WARNING if wanted.partial or not draft.selected else Severity.BLOCKER,
            title=f"{counted(missing, 'shard is', 'shards are')} missing in the snapshot {snapshot.name}: "
            f"{listed(lost)}",
            evidence=f"{shards} ({evidence})" if evidence else shards,
            why="The documents of these shards are not in it. "
            + ("The restored indices will be without them." if wanted.partial else "The server refuses such an index."),
            fix="Choose a snapshot that has them, or leave these out"
            + ("." if wanted.partial else ", or allow a partial restore: the missing shards will be empty."),
            subjects=tuple(lost),
        )
    elif snapshot.state is SnapshotState.UNKNOWN:
        yield warning(
            title=f"How the snapshot {snapshot.name} ended is not known",
            why="A shard that is missing in it would be missing in the restored index.",
            fix="Check it yourself:",
            copy=f"GET _snapshot/{snapshot.repository}/{snapshot.name}",
        )
    elif not gone:
        whole = "whole" if snapshot.is_whole else "not whole, but what was chosen is"
        yield passed(title=f"The snapshot {snapshot.name} is {whole}")


def _lost(draft: Draft, snapshot: SnapshotFacts) -> dict[str, int]:
    """How many shards of each chosen index (of any, before one is chosen) are not in the snapshot."""
    features = {
        name for state in snapshot.feature_states if state.name in draft.feature_states for name in state.indices
    }
    chosen = {one for name in draft.selected for one in snapshot_indices(snapshot, name)} | features
    failed = {(one.index, one.shard) for one in snapshot.failures if not chosen or one.index in chosen}
    return {name: sum(index == name for index, _ in failed) for name in sorted({index for index, _ in failed})}


@check
def repository_integrity(draft: Draft) -> Iterator[Finding]:
    """That the server can read the whole repository over, where a user doubts its files."""
    wanted, facts = draft.restoration, draft.destination_facts
    if wanted is None or facts is None or not Features.of_cluster(facts).verifies_integrity:
        return
    yield note(
        title="The files of the repository are not read over before the run",
        why="Each file is checked when it is restored; to check all of them first takes long, and reads everything.",
        fix="Nothing has to be done. Where you doubt the repository, once it is registered:",
        copy=f"POST _snapshot/{wanted.repository.name}/_verify_integrity",
        link=_REGISTERING,
    )


@check
async def mount_possible(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the destination can mount searchable snapshots, where that was asked for."""
    wanted, facts = draft.restoration, draft.destination_facts
    if wanted is None or facts is None or wanted.mount is Mount.NONE:
        return
    licence = await clusters.destination.surroundings.licence()
    nodes = await clusters.destination.surroundings.nodes() or ()
    troubles: list[tuple[str, str]] = []
    can = Features.of_cluster(facts)
    if not (can.mounts_in_shared_cache if wanted.mount is Mount.SHARED_CACHE else can.mounts_snapshots):
        troubles.append((f"{facts.version} does not have it", "Restore the indices instead, or upgrade."))
    elif facts.modules and not any(_MOUNT_MODULE in module for module in facts.modules):
        troubles.append(("its servers lack the module searchable-snapshots", "Restore the indices instead."))
    if licence is not None and licence not in ARCHIVE_LICENCES:
        troubles.append((f"its licence is {licence}", "Have an Enterprise licence, or start a trial."))
    if wanted.mount is Mount.SHARED_CACHE and nodes and not any("data_frozen" in node.tiers for node in nodes):
        troubles.append(("no node has the role data_frozen", "Add such a node, or mount full copies."))
    if wanted.repository.type == "source":
        troubles.append(("a source-only repository cannot be mounted", "Restore the indices instead."))
    for trouble, todo in troubles:
        yield blocker(
            title=f"The destination cannot mount searchable snapshots: {trouble}",
            why="A mounted index is read from the repository while it is searched, which is a licensed feature.",
            fix=todo,
            link=_MOUNTING,
        )
    if not troubles:
        yield Finding(
            severity=Severity.WARNING if licence is None else Severity.NOTE,
            title="Mounted indices need the snapshot and its repository as long as they live"
            + ("; whether the licence includes them could not be seen" if licence is None else ""),
            why="Their data stays in the repository: a snapshot that is deleted takes them along.",
            fix="Keep the snapshot out of every retention rule.",
            link=_MOUNTING,
        )
