"""From a plan back to the draft that preflight looks at, and what of its findings is accepted."""

from __future__ import annotations

from typing import Final

import msgspec
import pytest

from esmigrate_tui import preflight
from esmigrate_tui.flow.acceptance import accepted, as_accepted, can_be_waived, is_accepted, standing
from esmigrate_tui.flow.checking import as_planned, draft_of
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.draft import Draft, bare_plan
from esmigrate_tui.model.facts import ClusterFacts, Version
from esmigrate_tui.model.finding import Acceptance, Finding, Severity, accepting
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import Repository, RestoreKind, RestoreOptions, SnapshotState, TakenNameRule
from esmigrate_tui.preflight.check import check

PLAN: Final = Plan(
    method=MethodName.RESTORE_FROM_SNAPSHOT,
    made_at="2026-09-21T13:00:00Z",
    destination=Connection(endpoint=Endpoint(scheme="http", host="new", port=9200)),
    destination_uuid="u",
    destination_version="8.19.3",
    restoration=RestoreOptions(repository=Repository(name="backups", type="fs"), snapshot="nightly", global_state=True),
    tasks=(
        Task(
            number=1,
            source_index="orders",
            destination_index="new-orders",
            shards=5,
            size=700,
            in_the_way={"new-orders": TakenNameRule.DELETE},
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
            in_the_way={".kibana_1": TakenNameRule.CLOSE},
        ),
        Task(number=4, source_index="global state", destination_index="global state", kind=RestoreKind.GLOBAL_STATE),
    ),
)


def test_only_checks_that_there_are_can_be_accepted() -> None:
    assert [one.check for one in accepted(("shard-limit", "clocks", "clocks"))] == ["clocks", "shard-limit"]
    with pytest.raises(ProblemError) as caught:
        accepted(("clocks", "shard-limits"))
    assert caught.value.problem.cause is Cause.USAGE
    assert "shard-limits" in caught.value.problem.what
    assert "Did you mean shard-limit?" in caught.value.problem.todo


ROOM: Final = Finding(check="room", severity=Severity.BLOCKER, title="Too little room")
TIGHT: Final = Finding(check="room", severity=Severity.WARNING, title="Little room is left")


def test_a_warning_that_was_accepted_waives_no_blocker_of_the_same_check() -> None:
    warned = (accepting(TIGHT), Acceptance(check="room", severity=Severity.WARNING))
    assert is_accepted(TIGHT, warned)
    assert standing((ROOM, TIGHT), warned) == (ROOM,)


def test_a_check_that_was_accepted_by_its_name_is_waived_where_it_declares_that() -> None:
    assert standing((ROOM,), accepted(("room",))) == ()
    taken = msgspec.structs.replace(ROOM, check="existing-names")
    assert standing((taken,), accepted(("existing-names",))) == (taken,)


def test_a_blocker_that_was_accepted_is_not_waived_when_it_says_something_else() -> None:
    worse = msgspec.structs.replace(ROOM, title="Much too little room")
    assert standing((ROOM, worse), (accepting(ROOM),)) == (worse,)


def test_no_check_can_be_waived_that_does_not_declare_it() -> None:
    @check
    def new_check(_: Draft) -> tuple[Finding, ...]:
        """Nobody has said anything of it."""
        return ()

    assert not new_check.is_waivable
    for name in preflight.NAMES - preflight.WAIVABLE:
        assert not can_be_waived(Finding(check=name, severity=Severity.BLOCKER, title=""))
        assert can_be_waived(Finding(check=name, severity=Severity.WARNING, title=""))
    ends_at_once = {"reachable", "same-cluster", "existing-names", "readable", "reading-blocked", "frozen-indices"}
    mixes_or_has_nothing = {"source-kept", "open-indices-in-the-way", "repository-readable", "target-index"}
    unreadable = {"snapshot-state", "used-targets", "restorable-versions", "mount-possible", "files-readable"}
    assert not preflight.WAIVABLE & (ends_at_once | mixes_or_has_nothing | unreadable)


def test_what_an_older_plan_accepts_by_a_bare_name_are_warnings_only() -> None:
    text = PLAN.to_toml().replace("made_at =", 'accepted = ["room"]\nmade_at =', 1)
    plan = Plan.from_toml(text)
    assert plan.accepted == (Acceptance(check="room", severity=Severity.WARNING),)
    assert standing((ROOM, TIGHT), plan.accepted) == (ROOM,)
    assert Plan.from_toml(plan.to_toml()) == plan


def test_what_was_accepted_in_the_wizard_is_kept_as_it_was_found() -> None:
    cluster = ClusterFacts(name="new", uuid="u", version=Version(8, 19, 3))
    draft = Draft(
        method=PLAN.method,
        destination=PLAN.destination,
        destination_facts=cluster,
        findings=(TIGHT, ROOM),
        accepted=frozenset({TIGHT.key}),
    )
    assert bare_plan(draft, PLAN.made_at).accepted == (accepting(TIGHT),)


def test_a_run_keeps_what_its_plan_accepts_as_it_was_found() -> None:
    plan = msgspec.structs.replace(PLAN, accepted=accepted(("room", "clocks")))
    passed = Finding(check="clocks", severity=Severity.PASSED, title="fine")
    assert set(as_accepted(plan, (ROOM, TIGHT, passed)).accepted) == {accepting(ROOM), accepting(TIGHT)}


def test_a_plan_of_a_restore_gives_back_what_was_chosen() -> None:
    draft = draft_of(PLAN)
    assert draft.source is None
    assert draft.selected == ("orders", "web")
    assert draft.renamed == {"orders": "new-orders"}
    assert draft.feature_states == ("kibana",)
    assert draft.in_the_way == {"new-orders": TakenNameRule.DELETE}
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
