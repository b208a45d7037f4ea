"""Why a restore does not get on, judged on values: what servers said is theirs."""

from __future__ import annotations

import pytest

from esmigrate_tui.elastic.responses.settings import bytes_of
from esmigrate_tui.elastic.snapshots import RestoreProgress, ShardExplanation, UnassignedShard
from esmigrate_tui.methods.restore_from_snapshot.problems import (
    RecoveryLimits,
    all_judged,
    binding_cap,
    may_work_now,
    stuck,
    unplaced,
)
from esmigrate_tui.model.problem import Cause, Problem

FAILED_BEFORE = "restore_in_progress: shard has failed to be restored from the snapshot [r:s/u] because of [x]"
RETRIED = "max_retry: shard has exceeded the maximum number of retries [5] on failed allocation attempts"


def problem(*deciders: str, reason: str = "NEW_INDEX_RESTORED", details: str = "", attempts: int = 0) -> Problem:
    shards = tuple(
        UnassignedShard(shard=number, reason=reason, details=details, status="deciders_no", attempts=attempts)
        for number in range(2)
    )
    recovery = RestoreProgress(
        index="books", uuid="u", wanted=5, active=3, repository="r", snapshot="s", unassigned=shards
    )
    return unplaced(
        recovery, stuck(recovery), ShardExplanation(state="unassigned", deciders=deciders, by_node=(deciders,))
    )


@pytest.mark.parametrize(
    ("decider", "cause", "why", "todo"),
    [
        (
            'filter: node does not match index setting [index.routing.allocation.require] filters [box:"hot",rack:"1"]',
            Cause.BUSY,
            "asks for nodes with box hot, rack 1",
            "index.routing.allocation.require.box and index.routing.allocation.require.rack among the settings",
        ),
        (
            'filter: node matches cluster setting [cluster.routing.allocation.exclude] filters [_ip:"10.0.0.1"]',
            Cause.BUSY,
            "own setting cluster.routing.allocation.exclude (_ip 10.0.0.1)",
            "Change that setting",
        ),
        (
            "data_tier: index has a preference for tiers [data_cold] and node does not meet the required tier",
            Cause.BUSY,
            "data tier",
            "index.routing.allocation.include._tier_preference",
        ),
        (
            "enable: no allocations are allowed due to cluster setting [cluster.routing.allocation.enable=none]",
            Cause.BUSY,
            "told to place no shards",
            "Set it to all",
        ),
        (
            "disk_threshold: above the low watermark [cluster.routing.allocation.disk.watermark.low=85%]",
            Cause.DISK_FULL,
            "watermark",
            "Free disk space",
        ),
        (
            "shards_limit: too many shards [1], index setting [index.routing.allocation.total_shards_per_node=1]",
            Cause.BUSY,
            "index.routing.allocation.total_shards_per_node",
            "among those that are left out",
        ),
        (
            "shards_limit: too many shards [9], cluster setting [cluster.routing.allocation.total_shards_per_node=9]",
            Cause.BUSY,
            "cluster.routing.allocation.total_shards_per_node",
            "Raise that setting",
        ),
        (
            "awareness: node does not contain the awareness attribute [zone]; required attributes cluster setting",
            Cause.BUSY,
            "attribute of its nodes",
            "awareness",
        ),
        ("node_version: cannot allocate replica shard", Cause.BUSY, "older version", "Upgrade all nodes"),
        ("same_shard: a copy of this shard is already allocated to this node", Cause.BUSY, "copy", "Add a node"),
        (RETRIED, Cause.BUSY, "tried several times", "log"),
        (FAILED_BEFORE, Cause.BUSY, "Its restore has failed", "log"),
        ("brand_new_rule: no", Cause.BUSY, "The destination says: brand_new_rule: no", "allocation/explain"),
    ],
)
def test_a_rule_is_said_in_plain_words_with_the_servers_own_as_evidence(
    decider: str, cause: Cause, why: str, todo: str
) -> None:
    found = problem(decider, FAILED_BEFORE)
    assert found.what == "2 of 5 shards of books find no node."
    assert found.cause is cause
    assert why in found.why
    assert todo in found.todo
    assert decider in found.evidence


@pytest.mark.parametrize(
    ("details", "cause", "said"),
    [
        ("nested: NoSuchFileException[/repo/indices/x/0/__a];", Cause.REFUSED, "a file of it is missing"),
        ("nested: CorruptIndexException[checksum failed", Cause.REFUSED, "a file of it is damaged"),
        ("nested: RepositoryMissingException[[r] missing];", Cause.BUSY, "no longer registered"),
        ("nested: IOException[No space left on device];", Cause.DISK_FULL, "a disk of the destination is full"),
        ("nested: SomethingNew[];", Cause.REFUSED, "could not be restored from r"),
    ],
)
def test_a_shard_that_a_node_could_not_restore_says_why(details: str, cause: Cause, said: str) -> None:
    found = problem(RETRIED, reason="ALLOCATION_FAILED", details=details, attempts=5)
    assert found.cause is cause
    assert said in found.what
    assert "5 times" in found.why
    assert found.evidence == details


def test_a_shard_that_waits_its_turn_is_not_stuck() -> None:
    waiting = tuple(
        UnassignedShard(shard=number, status=status)
        for number, status in enumerate(["no_attempt", "deciders_throttled", "fetching_shard_data"])
    )
    recovery = RestoreProgress(index="books", uuid="u", wanted=3, active=0, unassigned=waiting)
    assert stuck(recovery) == ()
    assert not all_judged([recovery])


@pytest.mark.parametrize(
    ("by_node", "may"),
    [
        (((FAILED_BEFORE,),), True),
        (((FAILED_BEFORE, RETRIED),), True),
        ((("filter: no", FAILED_BEFORE), (FAILED_BEFORE,)), True),
        ((("filter: no", FAILED_BEFORE), ("enable: no", FAILED_BEFORE)), False),
        ((), False),
    ],
)
def test_another_try_may_work_where_one_node_objects_to_nothing_but_the_failure(
    by_node: tuple[tuple[str, ...], ...],
    may: bool,  # noqa: FBT001  # a column of the table
) -> None:
    assert may_work_now(ShardExplanation(state="unassigned", by_node=by_node)) is may
    assert may_work_now(None) is False


@pytest.mark.parametrize(
    ("text", "amount"),
    [("40mb", 40 * 2**20), ("1.5kb", 1536), ("100b", 100), ("-1", None), ("0", None), ("0b", None), ("fast", None)],
)
def test_a_limit_is_read_as_elasticsearch_writes_it(text: str, amount: float | None) -> None:
    assert (bytes_of({"limit": text}, "limit") or None) == amount


def moving(speed: float, *nodes: str, seconds: float = 10.0) -> RestoreProgress:
    return RestoreProgress(
        index="books",
        uuid="u",
        wanted=1,
        active=0,
        nodes=frozenset(nodes),
        copying_seconds=seconds,
        bytes_per_second=speed,
    )


def test_a_limit_binds_where_the_shards_together_are_as_fast_as_it_lets_their_nodes_be() -> None:
    caps = RecoveryLimits(recovery=100.0, repository=400.0)
    told = binding_cap([moving(60.0, "a"), moving(130.0, "b")], caps, "backup")
    assert told == "it is as fast as indices.recovery.max_bytes_per_sec allows: 100 B a second on each of 2 nodes"
    assert "max_restore_bytes_per_sec of the repository backup" in binding_cap(
        [moving(95.0, "a")], RecoveryLimits(recovery=200.0, repository=100.0), "backup"
    )


@pytest.mark.parametrize(
    ("recoveries", "caps"),
    [
        ([moving(20.0, "a")], RecoveryLimits(recovery=100.0)),
        ([moving(1_000.0, "a")], RecoveryLimits(recovery=100.0)),
        ([moving(100.0, "a", seconds=0.5)], RecoveryLimits(recovery=100.0)),
        ([moving(100.0, "a")], RecoveryLimits()),
        ([], RecoveryLimits(recovery=100.0)),
    ],
)
def test_no_limit_is_blamed_for_what_it_does_not_do(recoveries: list[RestoreProgress], caps: RecoveryLimits) -> None:
    assert binding_cap(recoveries, caps, "backup") == ""


NOT_MADE = "failed shard on node [pPgQEov4TWyDACygIJ0MDw]: failed to create index, failure "


@pytest.mark.parametrize(
    ("details", "cause", "words"),
    [
        (  # as a 6.8.23 said it
            (
                "IllegalArgumentException[IOException while reading synonyms_path_path: /es/config/syn.txt]; nested: "
                "NoSuchFileException[/es/config/syn.txt]; "
            ),
            Cause.BUSY,
            ("cannot read the file /es/config/syn.txt", "Put the file there on every node"),
        ),
        (
            (
                "IllegalArgumentException[AccessDeniedException while reading stopwords_path]; nested: "
                "AccessDeniedException[/es/config/stop.txt]"
            ),
            Cause.BUSY,
            ("cannot read the file /es/config/stop.txt",),
        ),
        (  # as a 7.17.28 said it
            "IllegalArgumentException[Unknown filter type [synonym] for [s]]",
            Cause.REFUSED,
            ("lacks the filter type synonym", "It said: failed to create index", "Install that on every node"),
        ),
        (
            "IllegalArgumentException[something else entirely]",
            Cause.REFUSED,
            ("could not be made by a node", "something else entirely"),
        ),
    ],
)
def test_an_index_that_no_node_could_make_is_no_fault_of_the_repository(
    details: str, cause: Cause, words: tuple[str, ...]
) -> None:
    told = problem(FAILED_BEFORE, RETRIED, reason="ALLOCATION_FAILED", details=NOT_MADE + details, attempts=5)
    assert told.cause is cause
    assert all(word in told.sentence() for word in words)
    assert "repository" not in told.sentence()
    assert "another snapshot" not in told.sentence()


def test_what_a_server_says_of_a_shard_that_it_could_not_restore_is_shown() -> None:
    told = problem(FAILED_BEFORE, reason="ALLOCATION_FAILED", details="failed shard on node [x]: odd words", attempts=1)
    assert "It said: odd words." in told.why
