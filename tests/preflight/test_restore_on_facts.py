"""Each check of a restore that judges facts: its finding, and the absence of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.facts import ClusterFacts, DiskFacts, IndexFacts, IndexState, NodeFacts, Version
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.snapshot import Mount, Repository, RestoreOptions, ShardFailure, SnapshotState, TakenNameRule
from esmigrate_tui.preflight import CHECKS, connections, destination, repository, selection
from esmigrate_tui.preflight.allocation import hindrances, restored_settings
from esmigrate_tui.preflight.repository import mounted_elsewhere, same_place, unregistrable
from esmigrate_tui.preflight.restore import allocation, names, operation
from tests.preflight.restoring import (
    FACTS,
    GIB,
    REPOSITORY,
    RESTORATION,
    SNAPSHOT,
    dest,
    draft,
    found,
    snapshot,
    there,
    wanted,
)

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.preflight.check import Check

# These checks read the draft alone: they are given no cluster that could answer.
NOBODY = cast("Clusters", None)

TAKEN = IndexFacts(name="logs", documents=7, shards=2)
SHUT = IndexFacts(name="logs", state=IndexState.CLOSED, shards=2)
OTHER = IndexFacts(name="logs", documents=7, shards=5)
HOLE = (ShardFailure(index="logs", shard=1, reason="primary shard is not allocated"),)
ELSEWHERE = (ShardFailure(index="books", shard=0, reason="primary shard is not allocated"),)
CLOSE, DELETE = {"logs": TakenNameRule.CLOSE}, {"logs": TakenNameRule.DELETE}
HOLED = msgspec.structs.replace(SNAPSHOT, state=SnapshotState.PARTIAL, failures=HOLE)
WHOLE_STREAM = IndexFacts(name=".ds-web-2026.01.01-000001", data_stream="web", documents=4)

TROUBLES: list[tuple[Check, Draft, Severity]] = [
    (repository.snapshot_state, snapshot(state=SnapshotState.FAILED), Severity.BLOCKER),
    (repository.snapshot_state, snapshot(state=SnapshotState.IN_PROGRESS), Severity.BLOCKER),
    (repository.snapshot_state, snapshot(state=SnapshotState.INCOMPATIBLE), Severity.BLOCKER),
    (repository.snapshot_state, snapshot(state=SnapshotState.UNKNOWN), Severity.WARNING),
    (repository.snapshot_state, draft(snapshot=HOLED), Severity.BLOCKER),
    (
        repository.snapshot_state,
        msgspec.structs.replace(wanted(partial=True), snapshot=HOLED),
        Severity.WARNING,
    ),
    (repository.snapshot_state, draft(snapshot=HOLED, selected=()), Severity.WARNING),
    (repository.snapshot_state, draft(selected=("gone",)), Severity.BLOCKER),
    (names.open_indices_in_the_way, there(TAKEN), Severity.BLOCKER),
    (names.open_indices_in_the_way, there(SHUT), Severity.BLOCKER),
    (names.open_indices_in_the_way, there(OTHER, in_the_way=CLOSE), Severity.BLOCKER),
    (names.open_indices_in_the_way, there(TAKEN, in_the_way=CLOSE, snapshot=HOLED), Severity.BLOCKER),
    (names.open_indices_in_the_way, there(IndexFacts(name="x", aliases=("logs",))), Severity.BLOCKER),
    (names.open_indices_in_the_way, there(WHOLE_STREAM, selected=("web",)), Severity.BLOCKER),
    (
        names.open_indices_in_the_way,
        there(IndexFacts(name=".ds-web-2026.01.01-000001"), selected=("web",)),
        Severity.BLOCKER,
    ),
    (names.open_indices_in_the_way, draft(renamed={"logs": "LOGS"}), Severity.BLOCKER),
    (
        names.open_indices_in_the_way,
        draft(selected=("logs", "books"), renamed={"logs": "books"}),
        Severity.BLOCKER,
    ),
    (
        names.open_indices_in_the_way,
        there(IndexFacts(name="all"), source_indices=(IndexFacts(name="logs", aliases=("all",)),)),
        Severity.BLOCKER,
    ),
    (names.open_indices_in_the_way, there(TAKEN, in_the_way=CLOSE), Severity.WARNING),
    (names.open_indices_in_the_way, there(OTHER, in_the_way=DELETE), Severity.WARNING),
    (
        allocation.replicas_beyond_nodes,
        draft(source_indices=(IndexFacts(name="logs", replicas=1),)),
        Severity.NOTE,
    ),
    (operation.cancel_deletes, draft(), Severity.NOTE),
    (repository.repository_integrity, draft(), Severity.NOTE),
    (
        selection.internal_indices,
        draft(snapshot=msgspec.structs.replace(SNAPSHOT, indices=(".own",)), selected=(".own",)),
        Severity.WARNING,
    ),
    (destination.room, dest(disk=DiskFacts(total=GIB, free=GIB, usable=GIB)), Severity.BLOCKER),
]


@pytest.mark.parametrize(("check", "given", "severity"), TROUBLES)
async def test_a_trouble_is_found_with_its_reason_and_a_way_out(check: Check, given: Draft, severity: Severity) -> None:
    troubles = [finding for finding in await found(check, given, NOBODY) if finding.severity is severity]
    assert len(troubles) == 1
    assert troubles[0].why
    assert troubles[0].fix or troubles[0].copy
    assert troubles[0].check == check.name


TELLING: set[Check] = {operation.cancel_deletes, repository.repository_integrity}
QUIET: list[tuple[Check, Draft]] = [
    *((check, draft()) for check in dict.fromkeys(entry[0] for entry in TROUBLES) if check not in TELLING),
    (repository.snapshot_state, snapshot(state=SnapshotState.PARTIAL, failures=ELSEWHERE)),
    (names.open_indices_in_the_way, there(TAKEN, renamed={"logs": "logs-2"})),
    (names.open_indices_in_the_way, there(IndexFacts(name="books"))),
    (operation.cancel_deletes, draft(selected=())),
    (repository.repository_integrity, dest(version=Version(8, 15))),
    (
        allocation.replicas_beyond_nodes,
        msgspec.structs.replace(
            wanted(index_settings={"index.number_of_replicas": 0}),
            source_indices=(IndexFacts(name="logs", replicas=1),),
        ),
    ),
    (
        names.open_indices_in_the_way,
        msgspec.structs.replace(
            wanted(aliases=False),
            destination_indices=(IndexFacts(name="all"),),
            source_indices=(IndexFacts(name="logs", aliases=("all",)),),
        ),
    ),
]


@pytest.mark.parametrize(("check", "given"), QUIET)
async def test_where_all_is_well_nothing_is_complained_about(check: Check, given: Draft) -> None:
    assert all(finding.severity is Severity.PASSED for finding in await found(check, given, NOBODY))


WRITTEN = msgspec.structs.replace(RESTORATION, repository=msgspec.structs.replace(REPOSITORY, settings={}))
MANAGED = {"logs": {"index.lifecycle.name": "thirty-days"}}


@pytest.mark.parametrize(
    ("modes", "told", "how", "words"),
    [
        ({"ilm": "RUNNING"}, MANAGED, RESTORATION, ["Index lifecycles run"]),
        ({"ilm": "RUNNING"}, None, RESTORATION, ["Index lifecycles run"]),
        ({"ilm": "RUNNING"}, {}, RESTORATION, []),
        ({"ilm": "STOPPED", "slm": "STOPPED"}, MANAGED, WRITTEN, []),
        ({"slm": "RUNNING"}, {}, WRITTEN, ["Snapshot lifecycles run"]),
        ({"slm": "RUNNING"}, {}, RESTORATION, []),
    ],
)
def test_lifecycles_as_documented_are_told_where_they_would_act_and_can_be_stopped_for_the_run(
    modes: dict[str, str], told: dict[str, dict[str, str]] | None, how: RestoreOptions, words: list[str]
) -> None:
    findings = operation.judged_lifecycles(modes, told, {"logs"}, how)
    assert [one.title[: len(word)] for one, word in zip(findings, words, strict=True)] == words
    assert all(one.copy == f"POST {one.repairs[0].made_by.path.lstrip('/')}" for one in findings)


async def test_the_documents_that_will_be_lost_are_named_with_their_index() -> None:
    (warning,) = await found(names.open_indices_in_the_way, there(TAKEN, in_the_way=DELETE), NOBODY)
    assert "logs: 7 documents" in warning.title
    assert warning.evidence == "logs: delete"


async def test_a_data_stream_that_may_be_deleted_takes_its_indices_along() -> None:
    given = there(WHOLE_STREAM, selected=("web",), in_the_way={"web": TakenNameRule.DELETE})
    (warning,) = await found(names.open_indices_in_the_way, given, NOBODY)
    assert "web: 4 documents" in warning.title


async def test_a_renamed_data_stream_lands_under_names_of_its_own() -> None:
    given = there(WHOLE_STREAM, selected=("web",), renamed={"web": "web2"})
    (passed,) = await found(names.open_indices_in_the_way, given, NOBODY)
    assert passed.severity is Severity.PASSED


async def test_room_counts_what_was_chosen_from_the_snapshot() -> None:
    (told,) = await found(destination.room, draft(selected=("books", "web")), NOBODY)
    assert "2.0 GiB to move" in told.title
    (all_of_it,) = await found(destination.room, draft(selected=()), NOBODY)
    assert "4.0 GiB to move" in all_of_it.title


async def test_where_only_a_feature_state_is_chosen_nothing_else_is_counted() -> None:
    (told,) = await found(destination.room, draft(selected=(), feature_states=("tasks",)), NOBODY)
    assert "0 B to move" in told.title


async def test_shards_are_counted_with_the_replicas_that_were_asked_for() -> None:
    (told,) = await found(destination.shard_limit, wanted(index_settings={"number_of_replicas": "0"}), NOBODY)
    assert "2 to be made" in told.title
    (unknown,) = await found(destination.shard_limit, draft(), NOBODY)
    assert "4 to be made" in unknown.title


async def test_what_is_mounted_through_a_cache_needs_no_room() -> None:
    (told,) = await found(destination.room, wanted(mount=Mount.SHARED_CACHE), NOBODY)
    assert "0 B to move" in told.title


@pytest.mark.parametrize("check", [CHECKS[name] for name in METHODS[MethodName.RESTORE_FROM_SNAPSHOT].checks])
async def test_before_a_snapshot_is_chosen_no_check_of_the_restore_complains(check: Check) -> None:
    given = draft(snapshot=None, restoration=None, selected=())
    assert all(finding.severity is Severity.PASSED for finding in await found(check, given, NOBODY))


@pytest.mark.parametrize("check", [connections.versions, connections.same_cluster])
async def test_checks_of_two_sides_say_nothing_where_there_is_one(check: Check) -> None:
    assert await found(check, draft(), NOBODY) == []


async def test_an_older_destination_is_judged_by_the_snapshot_and_not_by_the_source() -> None:
    newer = ClusterFacts(name="old", uuid="one", version=Version(9, 5))
    assert await found(connections.versions, draft(source_facts=newer), NOBODY) == []


async def test_restoring_into_the_same_cluster_is_a_warning() -> None:
    same = ClusterFacts(name="new", uuid="two", version=Version(8, 19, 3))
    (told,) = await found(connections.same_cluster, draft(source_facts=same), NOBODY)
    assert told.severity is Severity.WARNING


async def test_aliases_that_are_left_out_are_not_compared() -> None:
    given = {
        "source_indices": (IndexFacts(name="logs", aliases=("all",)),),
        "destination_indices": (IndexFacts(name="x", aliases=("all",)),),
    }
    assert await found(destination.shared_aliases, draft(**given), NOBODY)
    without = msgspec.structs.replace(wanted(aliases=False), **given)
    assert await found(destination.shared_aliases, without, NOBODY) == []


# -- where shards may be -----------------------------------------------------------------------------------------------

COLD = NodeFacts(name="n1", ip="10.0.0.1", host="h1", roles=("data_cold",), attributes={"room": "cellar"})
HOT = NodeFacts(
    name="n2", ip="10.0.0.2", host="h2", roles=("data_hot", "data_content"), attributes={"room": "attic", "rack": "r1"}
)
MASTER = NodeFacts(name="m", roles=("master",), holds_data=False, attributes={"room": "office"})
OLD = NodeFacts(name="o", roles=("master", "data"))
NODES = (COLD, HOT, MASTER)
ROUTING = "index.routing.allocation."


@pytest.mark.parametrize(
    ("settings", "hindering"),
    [
        ({}, ()),
        ({"require.room": "attic"}, ()),
        ({"require.room": "at*"}, ()),
        ({"require.room": "garage"}, ("require.room",)),
        ({"require.room": "office"}, ("require.room",)),
        ({"require.room": ""}, ()),
        ({"require.room": "attic,cellar"}, ("require.room",)),
        ({"include.room": "garage,cellar"}, ()),
        ({"include.room": "garage", "include.rack": "r1"}, ()),
        ({"exclude.room": "attic,cellar"}, ("exclude.room",)),
        ({"exclude._name": "n*"}, ("exclude._name",)),
        ({"require._ip": "10.0.0.*"}, ()),
        ({"require._host": "h9"}, ("require._host",)),
        ({"require.room": "cellar", "require.rack": "r1"}, ("require.room", "require.rack")),
        ({"include._tier_preference": "data_warm,data_hot"}, ()),
        ({"include._tier_preference": "data_frozen"}, ("include._tier_preference",)),
        ({"include._tier_preference": "data_cold", "require.room": "attic"}, ("include._tier", "require.room")),
        ({"require._tier": "data_warm"}, ("require._tier",)),
        ({"total_shards_per_node": "1"}, ()),
        ({"total_shards_per_node": "-1"}, ()),
    ],
)
def test_settings_that_no_data_node_meets_are_named(settings: dict[str, str], hindering: tuple[str, ...]) -> None:
    told = hindrances({ROUTING + key: value for key, value in settings.items()}, NODES, 2)
    assert len(told) == len(hindering)
    assert all(any(key in reason for reason in told) for key in hindering)


def test_more_shards_than_the_nodes_may_take_are_named() -> None:
    assert hindrances({ROUTING + "total_shards_per_node": "1"}, NODES, 3) == (ROUTING + "total_shards_per_node: 1",)


def test_nodes_that_know_of_no_tiers_are_not_held_to_them() -> None:
    assert hindrances({ROUTING + "include._tier_preference": "data_frozen"}, (OLD,), 1) == ()


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, {"index.routing.allocation.require.room": "attic"}),
        ({"ignore_index_settings": ("index.routing.allocation.require.room",)}, {}),
        ({"ignore_index_settings": ("index.routing.*",)}, {}),
        ({"ignore_index_settings": ("routing.allocation.require.room",)}, {}),
        ({"index_settings": {"index.routing.allocation.require.room": None}}, {}),
        ({"index_settings": {"routing.allocation.require.room": "hall"}}, {ROUTING + "require.room": "hall"}),
        (
            {"index_settings": {"index.number_of_replicas": 0}},
            {ROUTING + "require.room": "attic", "index.number_of_replicas": "0"},
        ),
    ],
)
def test_ignored_and_overriding_settings_decide_what_a_restored_index_has(
    changes: dict[str, Any], left: dict[str, str]
) -> None:
    restoration = RestoreOptions(repository=REPOSITORY, snapshot="s", **changes)
    assert restored_settings({ROUTING + "require.room": "attic"}, restoration) == left


# -- repositories ------------------------------------------------------------------------------------------------------


def place(kind: str, **settings: str) -> Repository:
    return Repository(name="r", type=kind, settings=settings)


ALLOWING = NodeFacts(name="n", folders=("/backups", "/mnt/b"), addresses=("https://files.example.org/*",))
CLOUD = msgspec.structs.replace(FACTS, modules=("reindex", "repository-s3", "repository-url"))


@pytest.mark.parametrize(
    "repository",
    [
        place("fs", location="/backups/old"),
        place("fs", location="/backups"),
        place("fs", location="old"),
        place("fs", location="C:\\backups"),
        place("url", url="https://files.example.org/old"),
        place("url", url="file:/mnt/b/old"),
        place("s3", bucket="b"),
    ],
)
def test_a_repository_that_the_nodes_allow_can_be_registered(repository: Repository) -> None:
    assert unregistrable(repository, CLOUD, (ALLOWING, ALLOWING)) is None


@pytest.mark.parametrize(
    ("repository", "words", "copied"),
    [
        (place("fs", location="/elsewhere"), "path.repo", 'path.repo: ["/backups","/mnt/b","/elsewhere"]'),
        (place("fs", location="/backups/../etc"), "path.repo", "path.repo"),
        (place("fs", location="/backups2"), "path.repo", "path.repo"),
        (place("url", url="https://other.example.org/"), "allowed_urls", "repositories.url.allowed_urls"),
        (place("url", url="file:/srv/old"), "path.repo", "path.repo"),
        (place("gcs", bucket="b"), "type gcs", "install repository-gcs"),
    ],
)
def test_a_repository_that_would_be_refused_is_blocked_before_it_is_registered(
    repository: Repository, words: str, copied: str
) -> None:
    told = unregistrable(repository, CLOUD, (ALLOWING,))
    assert told is not None
    assert told.severity is Severity.BLOCKER
    assert words in told.title
    assert copied in told.copy
    assert told.why
    assert told.fix


@pytest.mark.parametrize(("kind", "plugin"), [("s3", "cloud-aws"), ("azure", "cloud-azure")])
def test_before_5_other_plugins_bring_these_types(kind: str, plugin: str) -> None:
    bare = msgspec.structs.replace(FACTS, version=Version(2, 4, 6), modules=("lang-expression",))
    told = unregistrable(place(kind, bucket="b"), bare, ())
    assert told is not None
    assert told.copy == f"bin/plugin install {plugin}"
    assert unregistrable(place(kind, bucket="b"), msgspec.structs.replace(bare, plugins=(plugin,)), ()) is None


def test_one_node_that_does_not_allow_a_folder_is_enough_and_is_named() -> None:
    told = unregistrable(place("fs", location="old"), CLOUD, (ALLOWING, NodeFacts(name="bare")))
    assert told is not None
    assert "bare" in told.evidence


def test_nothing_is_held_against_nodes_that_do_not_say() -> None:
    assert unregistrable(place("s3", bucket="b"), FACTS, ()) is None
    assert unregistrable(place("fs", location="/x"), None, ()) is None


MOUNTED = {
    "index.store.type": "snapshot",
    "index.store.snapshot.repository_name": "cold",
    "index.store.snapshot.repository_uuid": "u-1",
}


# No node here can mount one: the settings are as Elastic's documentation names them.
@pytest.mark.parametrize(
    ("known", "elsewhere"),
    [({"cold"}, {}), ({"u-1", "other"}, {}), ({"other"}, {"mounted": "cold"}), (set(), {"mounted": "cold"})],
)
def test_a_searchable_snapshot_needs_its_repository_by_name_or_uuid(known: set[str], elsewhere: dict[str, str]) -> None:
    settings = {"mounted": MOUNTED, "plain": {"index.store.type": "fs"}}
    assert mounted_elsewhere(settings, frozenset(known)) == elsewhere


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (place("fs", location="/b/old"), place("fs", location="/b/old/", readonly="true"), True),
        (place("fs", location="/b/old"), place("fs", location="old"), True),
        (place("fs", location="/b/old"), place("fs", location="/b/older"), False),
        (place("s3", bucket="b", base_path="x"), place("s3", bucket="b"), False),
        (place("s3", bucket="b"), place("gcs", bucket="b"), False),
    ],
)
def test_two_registrations_are_of_one_place_by_their_settings(
    one: Repository, other: Repository, *, is_same: bool
) -> None:
    assert same_place(one, other) is is_same


@pytest.mark.parametrize(
    ("there", "more", "data_nodes", "limit"), [(66, 4, 1, 70), (66, 4, 2, 35), (66, 5, 2, 36), (0, 1, 0, 1)]
)
def test_a_limit_of_shards_is_raised_to_what_is_there_and_to_be_made(
    there: int, more: int, data_nodes: int, limit: int
) -> None:
    assert destination.needed_limit(there, more, data_nodes) == limit
