"""What looks at a restore mean, and how a plan of restores is told; on values."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from esmigrate_tui.elastic.snapshots import RestoreProgress
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.restore_from_snapshot.mover import RestoreFromSnapshot
from esmigrate_tui.methods.restore_from_snapshot.state import (
    RestoreState,
    as_changed,
    by_hand,
    comes_from,
    is_whole,
    moved,
    shards_of,
)
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.event import RestoredShards
from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.snapshot import (
    Mount,
    Repository,
    RestoreOptions,
    SnapshotFacts,
    SnapshotIndex,
    SnapshotState,
    TakenNameRule,
)

HERE = Connection(endpoint=Endpoint(scheme="http", host="new", port=9200))
WANTED = RestoreOptions(
    repository=Repository(name="backup", type="fs", settings={"readonly": "true"}), snapshot="nightly"
)
TASK = Task(number=1, source_index="books", destination_index="books", shards=3, size=900)


def recovery(index: str = "books", **changes: Any) -> RestoreProgress:  # noqa: ANN401  # fields of Recovery
    known: dict[str, Any] = {"uuid": "u", "wanted": 3, "active": 0, "repository": "backup", "snapshot": "nightly"}
    return RestoreProgress(index=index, **(known | changes))


# -- looks -------------------------------------------------------------------------------------------------------------


def test_a_token_is_read_back_as_it_was() -> None:
    state = RestoreState(made={"books": "u", "logs": "v"})
    assert RestoreState.from_token(state.as_token()) == state
    assert RestoreState.from_token("") == RestoreState()


@pytest.mark.parametrize(
    ("found", "whole"),
    [
        ([recovery(active=3)], True),
        ([recovery(active=2)], False),
        ([recovery(active=3, uuid="another")], False),
        ([recovery(active=0, wanted=0)], False),
        ([], False),
    ],
)
def test_whole_is_only_the_index_that_was_made_with_every_shard_started(
    found: list[RestoreProgress],
    whole: bool,  # noqa: FBT001  # a column of the table
) -> None:
    assert is_whole(["books"], {"books": "u"}, {one.index: one for one in found}) is whole


def test_nothing_wanted_and_nothing_made_are_never_whole() -> None:
    assert not is_whole([], {}, {})
    assert not is_whole(["books"], {}, {"books": recovery(active=3)})
    assert not is_whole(["books"], {}, {"books": recovery(active=3, uuid="")})


def test_a_data_stream_is_whole_when_each_index_that_backs_it_is() -> None:
    names = [".ds-logs-000001", ".ds-logs-000002"]
    found = {name: recovery(name, active=3) for name in names}
    made = dict.fromkeys(names, "u")
    assert is_whole(names, made, found)
    assert not is_whole(names, made, found | {names[1]: recovery(names[1], active=2)})


def test_bytes_are_out_of_what_the_snapshot_says_until_every_shard_has_begun() -> None:
    state = RestoreState(made={"books": "u"})
    early = moved(TASK, state, [recovery(begun=1, bytes=300, bytes_done=100)], is_done=False)
    late = moved(TASK, state, [recovery(begun=3, bytes=950, bytes_done=940, active=2)], is_done=False)
    assert (early.done, early.total, early.parts_done, early.parts) == (100, 900, 0, 3)
    assert (late.done, late.total, late.parts_done, late.parts) == (940, 950, 2, 3)
    assert late.token == state.as_token()


def test_bytes_are_unknown_where_nobody_said_how_many_there_are() -> None:
    bare = msgspec.structs.replace(TASK, size=None, shards=None)
    assert moved(bare, RestoreState(), [recovery(begun=1, bytes=300, bytes_done=100)], is_done=False).total is None


def test_what_is_done_is_done_to_the_last_byte_though_a_restarted_node_has_forgotten_them() -> None:
    last = moved(TASK, RestoreState(), [recovery(active=3)], is_done=True)
    assert (last.done, last.total, last.parts_done) == (900, 900, 3)


def test_the_proof_counts_started_shards_of_the_restored_index_only() -> None:
    made = {"books": "u"}
    whole = recovery(active=3, begun=3, bytes=950)
    assert shards_of(TASK, ["books"], made, {"books": whole}, 0, WANTED) == RestoredShards(
        wanted=3, arrived=3, bytes=950
    )
    other = recovery(active=3, uuid="another")
    assert shards_of(TASK, ["books"], made, {"books": other}, 0, WANTED).arrived == 0
    assert shards_of(TASK, ["books"], made, {}, 0, WANTED) == RestoredShards(wanted=3, arrived=0, bytes=900)


def test_without_a_uuid_the_proof_asks_where_the_shards_come_from() -> None:
    ours, theirs = recovery(active=3), recovery(active=3, snapshot="older")
    assert comes_from(ours, WANTED)
    assert shards_of(TASK, ["books"], {}, {"books": ours}, 0, WANTED).is_whole
    assert not shards_of(TASK, ["books"], {}, {"books": theirs}, 0, WANTED).is_whole


def test_shards_that_the_snapshot_lacks_do_not_arrive() -> None:
    found = {"books": recovery(active=3)}
    assert shards_of(TASK, ["books"], {"books": "u"}, found, 1, WANTED) == RestoredShards(
        wanted=3, arrived=2, bytes=900
    )


# -- in words ----------------------------------------------------------------------------------------------------------


def plan(**changes: Any) -> Plan:  # noqa: ANN401  # fields of Restoration
    snapshot = SnapshotFacts(
        repository="backup",
        name="nightly",
        state=SnapshotState.SUCCESS,
        indices=("books", "pages"),
        details=(
            SnapshotIndex(name="books", shards=1, bytes=2**20),
            SnapshotIndex(name="pages", shards=1, bytes=2**20),
        ),
        global_state=True,
    )
    draft = Draft(
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        destination=HERE,
        destination_facts=ClusterFacts(name="new", uuid="u", version=Version(8, 19, 3)),
        destination_indices=(IndexFacts(name="books"), IndexFacts(name="novels")),
        snapshot=snapshot,
        restoration=msgspec.structs.replace(WANTED, **changes),
        selected=("books", "pages"),
        renamed={"pages": "novels"},
        in_the_way={"books": TakenNameRule.CLOSE, "novels": TakenNameRule.DELETE},
    )
    return RestoreFromSnapshot().plan(draft, "2026-01-01T00:00:00Z")


def test_the_steps_say_what_a_run_does_in_order() -> None:
    assert RestoreFromSnapshot().steps(plan(register=True, unregister=True, global_state=True)) == (
        "Register the repository backup on http://new:9200 (8.19.3), read-only, and remove it again at the end.",
        "Close and restore over 1 index that is in the way on http://new:9200 (8.19.3).",
        "Delete 1 index that is in the way on http://new:9200 (8.19.3).",
        (
            "Restore 2 indices and the global state from the snapshot nightly (2.0 MiB), 1 under another name, "
            "16 at a time. Nothing on the source is touched."
        ),
        "Wait until every shard is started, refresh, count, and compare with the snapshot.",
    )
    assert RestoreFromSnapshot().steps(plan())[0] == (
        "Look for the snapshot nightly in backup on http://new:9200 (8.19.3)."
    )


def test_the_requests_are_those_of_the_first_task_to_the_letter() -> None:
    asked = RestoreFromSnapshot().requests(plan(register=True, unregister=True))
    assert [(one.method, one.path) for one in asked] == [
        ("PUT", "/_snapshot/backup"),
        ("POST", "/books/_close"),
        ("POST", "/_snapshot/backup/nightly/_restore?wait_for_completion=false"),
        ("GET", "/books/_recovery"),
        ("POST", "/books/_refresh"),
        ("GET", "/books/_count"),
        ("DELETE", "/_snapshot/backup"),
    ]
    assert json.loads(asked[2].body)["indices"] == "books"


def test_a_mount_is_what_the_plan_shows_though_no_node_here_can_do_it() -> None:
    asked = RestoreFromSnapshot().requests(plan(mount=Mount.SHARED_CACHE))
    assert "/_snapshot/backup/nightly/_mount?wait_for_completion=false&storage=shared_cache" in [
        one.path for one in asked
    ]


# -- what was set by hand ----------------------------------------------------------------------------------------------

HOT = {"index.routing.allocation.require.box_type": "hot"}


def test_a_setting_that_was_taken_off_or_changed_by_hand_is_not_brought_back_by_another_restore() -> None:
    held = RestoreState(made={"a": "u"}, placed={"a": {**HOT, "index.routing.allocation.include.zone": "x"}})
    freed = by_hand(held, {"a": {"index.routing.allocation.include.zone": "y"}})
    assert freed.left_out == tuple(HOT)
    assert freed.changed == {"index.routing.allocation.include.zone": "y"}
    assert by_hand(held, held.placed) == held
    assert by_hand(held, {}) == held  # it is gone, which says nothing of its settings
    again = by_hand(msgspec.structs.replace(freed, placed={"a": freed.changed}), {"a": HOT})
    assert (again.left_out, again.changed) == (("index.routing.allocation.include.zone",), HOT)


def test_another_restore_is_asked_for_with_what_was_set_by_hand() -> None:
    planned = plan(index_settings={**HOT, "index.number_of_replicas": 0})
    work = Work(task=TASK, plan=planned, opaque_id="", requests_per_second=0.0)
    assert as_changed(work, RestoreState()) is work
    changed = as_changed(
        work, RestoreState(left_out=tuple(HOT), changed={"index.routing.allocation.include.zone": "y"})
    )
    assert changed.plan.restoration is not None
    assert changed.plan.restoration.ignore_index_settings == tuple(HOT)
    assert changed.plan.restoration.index_settings == {
        "index.number_of_replicas": 0,
        "index.routing.allocation.include.zone": "y",
    }
