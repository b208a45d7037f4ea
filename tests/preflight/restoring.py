"""The draft of a restore that the tests of its checks change in one place each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.model.connection import Connection, Endpoint, SignIn
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import ClusterFacts, DiskFacts, Health, IndexFacts, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.snapshot import (
    FeatureState,
    Repository,
    RestoreOptions,
    SnapshotFacts,
    SnapshotIndex,
    SnapshotState,
)

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.preflight.check import Check

GIB = 1024**3
NEW = Connection(
    endpoint=Endpoint(scheme="https", host="new.example.org", port=9243), sign_in=SignIn.PASSWORD, user="e"
)
FACTS = ClusterFacts(
    name="new",
    uuid="two",
    version=Version(8, 19, 3),
    health=Health.GREEN,
    data_nodes=1,
    open_shards=10,
    max_shards_per_node=1_000,
    disk=DiskFacts(total=100 * GIB, free=60 * GIB, usable=45 * GIB),
)
REPOSITORY = Repository(name="backups", type="fs", settings={"location": "/backups", "readonly": "true"})
SNAPSHOT = SnapshotFacts(
    repository="backups",
    name="nightly",
    uuid="s-1",
    state=SnapshotState.SUCCESS,
    version="8.19.0-8.19.3",
    indices=(".ds-web-2026.01.01-000001", ".tasks-1", "books", "logs"),
    data_streams=("web",),
    feature_states=(FeatureState(name="tasks", indices=(".tasks-1",)),),
    global_state=True,
    details=(
        SnapshotIndex(name=".ds-web-2026.01.01-000001", shards=1, bytes=GIB, files=9),
        SnapshotIndex(name="books", shards=1, bytes=GIB, files=9),
        SnapshotIndex(name="logs", shards=2, bytes=2 * GIB, files=9),
    ),
)
RESTORATION = RestoreOptions(repository=REPOSITORY, snapshot="nightly", snapshot_uuid="s-1")
BASE = Draft(
    method=MethodName.RESTORE_FROM_SNAPSHOT,
    destination=NEW,
    destination_facts=FACTS,
    snapshot=SNAPSHOT,
    restoration=RESTORATION,
    selected=("logs",),
)


def draft(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of Draft
    return msgspec.structs.replace(BASE, **changes)


def snapshot(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of SnapshotFacts
    return draft(snapshot=msgspec.structs.replace(SNAPSHOT, **changes))


def wanted(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of Restoration
    return draft(restoration=msgspec.structs.replace(RESTORATION, **changes))


def dest(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of ClusterFacts
    return draft(destination_facts=msgspec.structs.replace(FACTS, **changes))


def there(*indices: IndexFacts, **changes: Any) -> Draft:  # noqa: ANN401  # the fields of Draft
    return draft(destination_indices=indices, **changes)


async def found(check: Check, given: Draft, clusters: Clusters) -> list[Finding]:
    return [finding async for finding in check(given, clusters)]
