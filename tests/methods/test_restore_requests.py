"""What a restore is planned and asked as, on values."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from esmigrate_tui.methods.restore_from_snapshot.requests import (
    AT_ONCE,
    GLOBAL_STATE,
    destination_names,
    mount_request,
    planned,
    restore_of_several,
)
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import (
    FeatureState,
    Mount,
    Repository,
    RestoreKind,
    RestoreOptions,
    ShardFailure,
    SnapshotFacts,
    SnapshotIndex,
    SnapshotState,
    TakenNameRule,
)
from esmigrate_tui.translate.renaming import renamed_by

HERE = Connection(endpoint=Endpoint(scheme="http", host="localhost", port=9200))
SNAPSHOT = SnapshotFacts(
    repository="backup",
    name="nightly",
    uuid="snap-uuid",
    state=SnapshotState.SUCCESS,
    version="7.17.28",
    indices=(".ds-logs-2024.01.01-000001", ".ds-logs-2024.02.01-000002", ".tasks", "books", "pages"),
    data_streams=("logs",),
    feature_states=(FeatureState(name="tasks", indices=(".tasks",)),),
    global_state=True,
    details=(
        SnapshotIndex(name=".ds-logs-2024.01.01-000001", shards=2, bytes=100),
        SnapshotIndex(name=".ds-logs-2024.02.01-000002", shards=3, bytes=50),
        SnapshotIndex(name=".tasks", shards=1, bytes=7),
        SnapshotIndex(name="books", shards=5, bytes=1_000),
        SnapshotIndex(name="pages", shards=1, bytes=10),
    ),
)
RESTORATION = RestoreOptions(repository=Repository(name="backup", type="fs"), snapshot="nightly")


def draft(version: str = "8.19.3", **changes: Any) -> Draft:  # noqa: ANN401  # fields of Draft
    facts = ClusterFacts(name="new", uuid="u", version=Version.parse(version))
    known = Draft(
        destination=HERE,
        destination_facts=facts,
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        snapshot=SNAPSHOT,
        restoration=RESTORATION,
        selected=("books",),
    )
    return msgspec.structs.replace(known, **changes)


def plan(version: str = "8.19.3", **changes: Any) -> Plan:  # noqa: ANN401  # fields of Draft
    return planned(draft(version, **changes), "2026-01-01T00:00:00Z")


def restoration(**changes: Any) -> RestoreOptions:  # noqa: ANN401  # fields of Restoration
    return msgspec.structs.replace(RESTORATION, **changes)


def trouble(version: str = "8.19.3", **changes: Any) -> tuple[Cause, str]:  # noqa: ANN401  # fields of Draft
    with pytest.raises(ProblemError) as caught:
        plan(version, **changes)
    return caught.value.problem.cause, caught.value.problem.what


def body(task: Task, of: Plan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(restore_of_several((task,), of).body)
    return found


# -- the plan ----------------------------------------------------------------------------------------------------------


def test_tasks_are_indices_and_streams_as_offered_then_features_then_the_global_state() -> None:
    made = plan(
        selected=("books", "logs", "pages"),
        feature_states=("tasks",),
        restoration=restoration(global_state=True),
    )
    assert [(task.number, task.source_index, task.kind, task.shards, task.size) for task in made.tasks] == [
        (1, "books", RestoreKind.INDEX, 5, 1_000),
        (2, "logs", RestoreKind.DATA_STREAM, 5, 150),
        (3, "pages", RestoreKind.INDEX, 1, 10),
        (4, "tasks", RestoreKind.FEATURE_STATE, 1, 7),
        (5, GLOBAL_STATE, RestoreKind.GLOBAL_STATE, None, None),
    ]
    assert Plan.from_toml(made.to_toml()) == made


def test_many_tasks_run_at_once_unless_somebody_said_how_many() -> None:
    assert plan().at_once == AT_ONCE
    assert plan(at_once=3).at_once == 3


def test_the_plan_keeps_the_uuid_of_the_snapshot() -> None:
    made = plan()
    assert made.restoration is not None
    assert made.restoration.snapshot_uuid == "snap-uuid"


def test_no_source_is_needed() -> None:
    made = plan()
    assert made.source is None
    assert made.tasks[0].documents is None


@pytest.mark.parametrize(
    ("changes", "cause", "said"),
    [
        ({"snapshot": None}, Cause.USAGE, "No snapshot is chosen"),
        ({"restoration": None}, Cause.USAGE, "No snapshot is chosen"),
        ({"restoration": restoration(snapshot="other")}, Cause.USAGE, "No snapshot is chosen"),
        ({"selected": ()}, Cause.MISSING, "Nothing is chosen"),
        ({"selected": ("books", "gone")}, Cause.MISSING, "holds no gone"),
        ({"selected": (".tasks",)}, Cause.USAGE, "part of a feature state"),
        ({"feature_states": ("kibana",)}, Cause.MISSING, "no feature state kibana"),
        ({"renamed": {"books": "Books"}}, Cause.USAGE, "cannot be the name of an index"),
        ({"renamed": {"books": "a*"}}, Cause.USAGE, "cannot be the name of an index"),
        ({"renamed": {"books": "_all"}}, Cause.USAGE, "cannot be the name of an index"),
        ({"selected": ("books", "pages"), "renamed": {"books": "pages"}}, Cause.USAGE, "would both become pages"),
        (
            {"snapshot": msgspec.structs.replace(SNAPSHOT, state=SnapshotState.IN_PROGRESS)},
            Cause.BLOCKED,
            "is still being made",
        ),
        ({"snapshot": msgspec.structs.replace(SNAPSHOT, state=SnapshotState.FAILED)}, Cause.BLOCKED, "has failed"),
        (
            {
                "snapshot": msgspec.structs.replace(SNAPSHOT, global_state=False),
                "restoration": restoration(global_state=True),
            },
            Cause.MISSING,
            "without the global state",
        ),
        ({"selected": ("logs",), "restoration": restoration(mount=Mount.FULL_COPY)}, Cause.USAGE, "cannot be mounted"),
        ({"destination_indices": (IndexFacts(name="books"),)}, Cause.BLOCKED, "an index books already"),
        (
            {"destination_indices": (IndexFacts(name="novels", aliases=("books",)),)},
            Cause.BLOCKED,
            "an alias books already",
        ),
        (
            {
                "destination_indices": (IndexFacts(name=".ds-logs-x", data_stream="logs"),),
                "selected": ("logs",),
                "in_the_way": {"logs": TakenNameRule.CLOSE},
            },
            Cause.BLOCKED,
            "a data stream logs already",
        ),
        (
            {
                "destination_indices": (IndexFacts(name=".ds-logs-2024.01.01-000001"),),
                "selected": ("logs",),
            },
            Cause.BLOCKED,
            "an index .ds-logs-2024.01.01-000001 already",
        ),
    ],
)
def test_what_is_not_ready_is_said_in_a_sentence(changes: dict[str, Any], cause: Cause, said: str) -> None:
    found, what = trouble(**changes)
    assert found is cause
    assert said in what


def test_feature_states_are_refused_for_a_destination_that_knows_none() -> None:
    cause, what = trouble("7.11.2", feature_states=("tasks",))
    assert cause is Cause.UNSUPPORTED
    assert "7.11.2" in what


def test_a_shard_that_the_snapshot_lacks_blocks_unless_a_part_will_do() -> None:
    failures = (ShardFailure(index="books", shard=3, reason="node left"), ShardFailure(index="pages", shard=0))
    broken = msgspec.structs.replace(SNAPSHOT, state=SnapshotState.PARTIAL, failures=failures)
    cause, what = trouble(snapshot=broken)
    made = plan(snapshot=broken, restoration=restoration(partial=True))
    assert cause is Cause.BLOCKED
    assert "1 shard of books is not in the snapshot" in what
    assert "1 shard that the snapshot lacks will be empty" in made.tasks[0].changes
    assert plan(snapshot=broken, selected=("logs",)).tasks[0].source_index == "logs"


def test_what_is_in_the_way_is_a_list_of_names_with_what_becomes_of_each() -> None:
    there = (IndexFacts(name="books"), IndexFacts(name="old-pages"), IndexFacts(name="else"))
    made = plan(
        destination_indices=there,
        selected=("books", "pages"),
        renamed={"pages": "old-pages"},
        in_the_way={"books": TakenNameRule.CLOSE, "old-pages": TakenNameRule.DELETE, "else": TakenNameRule.DELETE},
    )
    assert [task.in_the_way for task in made.tasks] == [
        {"books": TakenNameRule.CLOSE},
        {"old-pages": TakenNameRule.DELETE},
    ]
    assert "books on the destination is closed and overwritten" in made.tasks[0].changes
    assert "old-pages on the destination is deleted first" in made.tasks[1].changes


def test_a_data_stream_in_the_way_is_deleted_whole() -> None:
    there = (IndexFacts(name=".ds-logs-2024.01.01-000001", data_stream="logs"),)
    made = plan(destination_indices=there, selected=("logs",), in_the_way={"logs": TakenNameRule.DELETE})
    assert made.tasks[0].in_the_way == {"logs": TakenNameRule.DELETE}


def test_what_a_feature_state_replaces_is_said() -> None:
    made = plan(selected=(), feature_states=("tasks",), destination_indices=(IndexFacts(name=".tasks"),))
    assert made.tasks[0].in_the_way == {".tasks": TakenNameRule.CLOSE}
    assert "Elasticsearch itself replaces .tasks of the destination" in made.tasks[0].changes


def test_changes_say_what_was_wished() -> None:
    wanted = restoration(
        aliases=False,
        index_settings={"index.number_of_replicas": 0},
        ignore_index_settings=("index.routing.allocation.require.box",),
    )
    made = plan(restoration=wanted, renamed={"books": "novels"})
    assert made.tasks[0].changes == (
        "it is named novels",
        "index.number_of_replicas becomes 0",
        "index.routing.allocation.require.box is left out",
        "its aliases are left out",
    )


# -- names -------------------------------------------------------------------------------------------------------------


def test_what_backs_a_renamed_stream_is_renamed_along() -> None:
    made = plan(selected=("logs",), renamed={"logs": "old-logs"})
    assert destination_names(made.tasks[0], SNAPSHOT) == (
        ".ds-old-logs-2024.01.01-000001",
        ".ds-old-logs-2024.02.01-000002",
    )


# -- requests ----------------------------------------------------------------------------------------------------------


def test_a_restore_names_exactly_one_index_and_leaves_features_and_global_state_alone() -> None:
    made = plan()
    request = restore_of_several(made.tasks[:1], made)
    assert (request.method, request.path) == ("POST", "/_snapshot/backup/nightly/_restore?wait_for_completion=false")
    assert json.loads(request.body) == {
        "indices": "books",
        "ignore_unavailable": False,
        "include_global_state": False,
        "include_aliases": True,
        "partial": False,
        "feature_states": ["none"],
    }


def test_a_destination_before_feature_states_is_not_asked_about_them() -> None:
    made = plan("7.11.2")
    assert "feature_states" not in body(made.tasks[0], made)


def test_settings_are_sent_as_they_were_wished() -> None:
    wanted = restoration(
        index_settings={"index.number_of_replicas": 0}, ignore_index_settings=("index.blocks.write",), partial=True
    )
    made = plan(restoration=wanted)
    sent = body(made.tasks[0], made)
    assert sent["index_settings"] == {"index.number_of_replicas": 0}
    assert sent["ignore_index_settings"] == ["index.blocks.write"]
    assert sent["partial"] is True


@pytest.mark.parametrize(("old", "new"), [("books", "novels"), ("books", "a$1b"), ("books", "books-books")])
def test_a_rename_is_anchored_and_taken_literally(old: str, new: str) -> None:
    made = plan(renamed={old: new})
    sent = body(made.tasks[0], made)
    names = ["books", "my-books", "books2"]
    assert renamed_by(names, sent["rename_pattern"], sent["rename_replacement"]) == {old: new}


def test_the_request_for_a_renamed_stream_also_meets_what_backs_it() -> None:
    made = plan(selected=("logs",), renamed={"logs": "old$logs"})
    sent = body(made.tasks[0], made)
    assert sent["indices"] == "logs"
    # The server takes ".ds-" away before it replaces, and puts it back.
    assert renamed_by(["logs-2024.01.01-000001", "logs"], sent["rename_pattern"], sent["rename_replacement"]) == {
        "logs-2024.01.01-000001": "old$logs-2024.01.01-000001",
        "logs": "old$logs",
    }


def test_a_feature_state_is_asked_for_without_any_other_index() -> None:
    made = plan(selected=(), feature_states=("tasks",), restoration=restoration(aliases=False, global_state=True))
    sent = body(made.tasks[0], made)
    assert (sent["indices"], sent["feature_states"], sent["include_global_state"]) == ("-*", ["tasks"], False)
    assert sent["include_aliases"] is True


def test_the_global_state_is_asked_for_alone_and_waited_for() -> None:
    made = plan(selected=(), restoration=restoration(global_state=True, index_settings={"index.hidden": True}))
    request = restore_of_several(made.tasks[:1], made)
    assert request.path.endswith("?wait_for_completion=true")
    assert json.loads(request.body) == {
        "indices": "-*",
        "ignore_unavailable": False,
        "include_global_state": True,
        "include_aliases": True,
        "partial": False,
        "feature_states": ["none"],
    }


def test_several_plain_indices_are_one_request() -> None:
    made = plan(selected=("books", "pages"))
    assert json.loads(restore_of_several(made.tasks, made).body)["indices"] == "books,pages"


@pytest.mark.parametrize(("mount", "storage"), [(Mount.FULL_COPY, "full_copy"), (Mount.SHARED_CACHE, "shared_cache")])
def test_a_mount_is_asked_for_as_documented_though_no_node_here_can_do_it(mount: Mount, storage: str) -> None:
    wanted = restoration(
        mount=mount, index_settings={"index.number_of_replicas": 0}, ignore_index_settings=("index.refresh_interval",)
    )
    made = plan(restoration=wanted, renamed={"books": "cold-books"})
    request = mount_request(made.tasks[0], made)
    assert request.method == "POST"
    assert request.path == f"/_snapshot/backup/nightly/_mount?wait_for_completion=false&storage={storage}"
    assert json.loads(request.body) == {
        "index": "books",
        "renamed_index": "cold-books",
        "index_settings": {"index.number_of_replicas": 0},
        "ignore_index_settings": ["index.refresh_interval"],
    }


@pytest.mark.timeout(30)  # looking each of them up in all the others would take minutes, and hold the wizard up
def test_ten_thousand_indices_are_planned_at_once() -> None:
    names = tuple(f"logs-{number:05}" for number in range(10_000))
    details = tuple(SnapshotIndex(name=name, shards=2, bytes=10) for name in names)
    snapshot = msgspec.structs.replace(SNAPSHOT, indices=names, data_streams=(), feature_states=(), details=details)
    there = tuple(IndexFacts(name=f"other-{number}") for number in range(10_000))
    made = plan(snapshot=snapshot, selected=names, destination_indices=there)
    assert [task.source_index for task in made.tasks] == [*names]
    assert {(task.shards, task.size) for task in made.tasks} == {(2, 10)}
