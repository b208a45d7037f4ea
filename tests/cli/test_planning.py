"""From a plan back to the draft that preflight looks at."""

from __future__ import annotations

from typing import Final

import pytest

from esmigrate_tui.cli.planning import accepted, as_planned, draft_of
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.plan import MethodName, Plan, Task
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import InTheWay, Repository, Restoration, RestoreKind, SnapshotState

PLAN: Final = Plan(
    method=MethodName.RESTORE_FROM_SNAPSHOT,
    made_at="2026-09-21T13:00:00Z",
    destination=Connection(endpoint=Endpoint(scheme="http", host="new", port=9200)),
    destination_uuid="u",
    destination_version="8.19.3",
    restoration=Restoration(repository=Repository(name="backups", type="fs"), snapshot="nightly", global_state=True),
    tasks=(
        Task(
            number=1,
            source_index="orders",
            destination_index="new-orders",
            shards=5,
            size=700,
            in_the_way={"new-orders": InTheWay.DELETE},
        ),
        Task(
            number=2,
            source_index="web",
            destination_index="web",
            kind=RestoreKind.DATA_STREAM,
            shards=2,
            size=300,
        ),
        Task(
            number=3,
            source_index="kibana",
            destination_index="kibana",
            kind=RestoreKind.FEATURE_STATE,
            in_the_way={".kibana_1": InTheWay.CLOSE},
        ),
        Task(number=4, source_index="global state", destination_index="global state", kind=RestoreKind.GLOBAL_STATE),
    ),
)


def test_only_checks_that_there_are_can_be_accepted() -> None:
    assert accepted(("shard-limit", "clocks", "clocks")) == ("clocks", "shard-limit")
    with pytest.raises(ProblemError) as caught:
        accepted(("clocks", "shard-limits"))
    assert caught.value.problem.cause is Cause.USAGE
    assert "shard-limits" in caught.value.problem.what
    assert "Did you mean shard-limit?" in caught.value.problem.todo


def test_a_plan_of_a_restore_gives_back_what_was_chosen() -> None:
    draft = draft_of(PLAN)
    assert draft.source is None
    assert draft.selected == ("orders", "web")
    assert draft.renamed == {"orders": "new-orders"}
    assert draft.feature_states == ("kibana",)
    assert draft.in_the_way == {"new-orders": InTheWay.DELETE}
    assert draft.restoration == PLAN.restoration


def test_a_snapshot_that_nobody_can_look_into_yet_is_what_the_plan_says_of_it() -> None:
    draft = draft_of(PLAN, as_planned(PLAN))
    assert [(index.name, index.shards, index.primary_bytes) for index in draft.chosen] == [
        ("orders", 5, 700),
        ("web", 2, 300),
    ]
    assert draft.snapshot is not None
    assert draft.snapshot.state is SnapshotState.UNKNOWN
    assert draft.snapshot.made_by is None
    assert draft.snapshot.of_features == {".kibana_1"}
