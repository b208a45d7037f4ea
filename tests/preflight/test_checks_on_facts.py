"""Each check that judges facts: its finding, and the absence of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from esmigrate_tui.model.connection import Connection, Endpoint, SignIn, Trust, TrustKind
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import ClusterFacts, DiskFacts, Health, IndexFacts, IndexState, Version
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.shipping import Shipper, ShippingOptions
from esmigrate_tui.preflight import NAMES, checks, connections, destination, pressure, remote, selection
from esmigrate_tui.preflight import source as source_checks
from esmigrate_tui.preflight.remote import whitelist_line

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.preflight.check import Check

GIB = 1024**3
OLD = Connection(
    endpoint=Endpoint(scheme="https", host="old.example.org", port=9243), sign_in=SignIn.PASSWORD, user="e"
)
NEW = Connection(
    endpoint=Endpoint(scheme="https", host="new.example.org", port=9243), sign_in=SignIn.PASSWORD, user="e"
)
SOURCE = ClusterFacts(name="old", uuid="one", version=Version(6, 8, 23), health=Health.GREEN, data_nodes=1)
DESTINATION = ClusterFacts(
    name="new",
    uuid="two",
    version=Version(7, 17, 28),
    health=Health.GREEN,
    data_nodes=1,
    open_shards=10,
    max_shards_per_node=1_000,
    disk=DiskFacts(total=100 * GIB, free=60 * GIB, usable=45 * GIB),
)
LOGS = IndexFacts(name="logs", documents=1_000, primary_bytes=GIB, health=Health.GREEN, replicas=1)

# These checks read the draft alone: they are given no cluster that could answer.
NOBODY = cast("Clusters", None)


def draft(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of Draft
    base = Draft(
        method=MethodName.REINDEX_FROM_REMOTE,
        source=OLD,
        destination=NEW,
        source_facts=SOURCE,
        destination_facts=DESTINATION,
        source_indices=(LOGS,),
        selected=("logs",),
    )
    return msgspec.structs.replace(base, **changes)


def source(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of ClusterFacts
    return draft(source_facts=msgspec.structs.replace(SOURCE, **changes))


def dest(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of ClusterFacts
    return draft(destination_facts=msgspec.structs.replace(DESTINATION, **changes))


def logs(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of IndexFacts
    return draft(source_indices=(msgspec.structs.replace(LOGS, **changes),))


async def found(check: Check, given: Draft) -> list[Finding]:
    return [finding async for finding in check(given, NOBODY)]


HTTP = msgspec.structs.replace(OLD, endpoint=Endpoint(scheme="http", host="old.example.org", port=9200))
HERE = msgspec.structs.replace(OLD, endpoint=Endpoint(scheme="http", host="127.0.0.1", port=9200))
BLIND = msgspec.structs.replace(OLD, trust=Trust(kind=TrustKind.UNVERIFIED))
TAKEN = IndexFacts(name="logs", documents=7)

TROUBLES: list[tuple[Check, Draft, Severity]] = [
    (connections.versions, dest(version=Version(5, 6, 16)), Severity.BLOCKER),
    (connections.versions, source(version=Version(1, 7, 0)), Severity.WARNING),
    (connections.same_cluster, dest(uuid="one"), Severity.BLOCKER),
    (connections.same_cluster, dest(uuid=""), Severity.WARNING),
    (connections.plain_text, draft(source=HTTP), Severity.WARNING),
    (connections.unverified_certificate, draft(source=BLIND), Severity.WARNING),
    (connections.clocks, source(clock_skew_seconds=-300.0), Severity.NOTE),
    (destination.destination_health, dest(health=Health.RED), Severity.BLOCKER),
    (destination.destination_health, dest(health=Health.UNKNOWN), Severity.WARNING),
    (destination.destination_blocks, dest(blocks=("cluster read-only (api)",)), Severity.BLOCKER),
    (destination.room, dest(disk=DiskFacts(total=GIB, free=GIB, usable=GIB // 2)), Severity.BLOCKER),
    (destination.room, dest(disk=DiskFacts(total=GIB, free=GIB, usable=GIB + GIB // 10)), Severity.WARNING),
    (destination.room, dest(disk=None), Severity.WARNING),
    (destination.room, draft(shipping=ShippingOptions(shipper=Shipper.CURL)), Severity.NOTE),
    (destination.existing_names, draft(destination_indices=(TAKEN,)), Severity.BLOCKER),
    (destination.existing_names, draft(destination_indices=(TAKEN,), selected=()), Severity.NOTE),
    (
        destination.existing_names,
        draft(destination_indices=(IndexFacts(name="x", aliases=("logs",)),)),
        Severity.BLOCKER,
    ),
    (destination.existing_names, draft(renamed={"logs": "LOGS"}), Severity.BLOCKER),
    (destination.existing_names, draft(renamed={"logs": "two words"}), Severity.BLOCKER),
    (destination.existing_names, draft(renamed={"logs": "-logs"}), Severity.BLOCKER),
    (destination.existing_names, draft(renamed={"logs": "a,b"}), Severity.BLOCKER),
    (destination.existing_names, draft(renamed={"logs": "ü" * 128}), Severity.BLOCKER),
    (
        destination.existing_names,
        draft(source_indices=(LOGS, IndexFacts(name="b")), selected=("logs", "b"), renamed={"b": "logs"}),
        Severity.BLOCKER,
    ),
    (
        destination.existing_names,
        draft(
            source_indices=(IndexFacts(name="logs", aliases=("web",)),), destination_indices=(IndexFacts(name="web"),)
        ),
        Severity.BLOCKER,
    ),
    (
        destination.shared_aliases,
        draft(
            source_indices=(IndexFacts(name="logs", aliases=("web",)),),
            destination_indices=(IndexFacts(name="other", aliases=("web",)),),
        ),
        Severity.WARNING,
    ),
    (pressure.copies_unplaced, dest(health=Health.YELLOW), Severity.NOTE),
    (pressure.pending_tasks, dest(pending_tasks=60), Severity.WARNING),
    (
        pressure.largest_shard,
        dest(data_nodes=2, disk=DiskFacts(total=4 * GIB, free=2 * GIB, usable=2 * GIB, roomiest=GIB // 2)),
        Severity.BLOCKER,
    ),
    (
        pressure.refusing_indices,
        draft(destination_indices=(IndexFacts(name="x", blocks=("write",)),), uses=("x",)),
        Severity.BLOCKER,
    ),
    (
        destination.existing_names,
        draft(destination_indices=(IndexFacts(name=".ds-logs-2026.01.01-000001", data_stream="logs"),)),
        Severity.BLOCKER,
    ),
    (remote.speed_settings, draft(), Severity.NOTE),
    (source_checks.altered_sources, logs(source_synthetic=True), Severity.WARNING),
    (source_checks.altered_sources, logs(source_filtered=True), Severity.BLOCKER),
    (source_checks.reading_blocked, logs(blocks=("metadata",)), Severity.BLOCKER),
    (source_checks.frozen_indices, logs(frozen=True), Severity.BLOCKER),
    (source_checks.hidden_indices, logs(hidden=True), Severity.NOTE),
    (source_checks.hidden_indices, logs(hidden=True, data_stream="web"), Severity.WARNING),
    (selection.readable, logs(state=IndexState.CLOSED), Severity.BLOCKER),
    (selection.readable, logs(health=Health.RED), Severity.BLOCKER),
    (selection.readable, draft(selected=("gone",)), Severity.BLOCKER),
    (selection.source_kept, logs(source_enabled=False), Severity.BLOCKER),
    (selection.several_types, logs(types=("book", "loan")), Severity.WARNING),
    (selection.refresh_switched_off, logs(refresh_interval="-1"), Severity.WARNING),
    (
        selection.internal_indices,
        draft(source_indices=(IndexFacts(name=".kibana"),), selected=(".kibana",)),
        Severity.WARNING,
    ),
]


@pytest.mark.parametrize(("check", "given", "severity"), TROUBLES)
async def test_a_trouble_is_found_with_its_reason_and_a_way_out(check: Check, given: Draft, severity: Severity) -> None:
    troubles = [finding for finding in await found(check, given) if finding.severity is severity]
    assert len(troubles) == 1
    assert troubles[0].why
    assert troubles[0].fix or troubles[0].copy or severity is Severity.NOTE


CHECKED: list[Check] = sorted({entry[0] for entry in TROUBLES}, key=lambda check: check.name)


@pytest.mark.parametrize("check", CHECKED)
async def test_where_all_is_well_nothing_is_complained_about(check: Check) -> None:
    given = draft(selected=()) if check is remote.speed_settings else draft()  # it is said of whatever is filled
    assert all(finding.severity is Severity.PASSED for finding in await found(check, given))


def test_every_name_that_a_finding_carries_can_be_accepted_by() -> None:
    room = Path(checks.__file__).parent
    carried = {name for path in room.glob("*.py") for name in re.findall(r'check="([a-z-]+)"', path.read_text())}
    assert carried <= NAMES
    assert len(NAMES) > 60


async def test_a_block_that_only_refuses_writes_does_not_keep_the_source_from_being_read() -> None:
    assert await found(source_checks.reading_blocked, logs(blocks=("write", "read_only"))) == []


async def test_an_opened_index_is_closed_again_and_a_refresh_needs_no_inverse() -> None:
    [closed] = await found(selection.readable, logs(state=IndexState.CLOSED))
    [silent] = await found(selection.refresh_switched_off, logs(refresh_interval="-1"))
    [opening], [refreshing] = closed.repairs, silent.repairs
    assert opening.made_by.path == "/logs/_open"
    assert opening.undo is not None
    assert opening.undo.path == "/logs/_close"
    assert refreshing.undo is None


async def test_a_secret_for_this_very_machine_crosses_no_network() -> None:
    assert (await found(connections.plain_text, draft(source=HERE)))[0].severity is Severity.PASSED


async def test_a_renamed_index_meets_nobody() -> None:
    given = draft(destination_indices=(TAKEN,), renamed={"logs": "logs-2"})
    assert (await found(destination.existing_names, given))[0].severity is Severity.PASSED


@pytest.mark.parametrize(
    ("whitelist", "is_hosted", "line"),
    [
        ((), False, 'reindex.remote.whitelist: ["old.example.org:9243"]'),
        (None, False, 'reindex.remote.whitelist: ["old.example.org:9243"]'),
        (None, True, 'reindex.remote.whitelist: ["old.example.org:9243","*.io:*","*.com:*"]'),
        (("10.0.0.1:*",), True, 'reindex.remote.whitelist: ["old.example.org:9243","10.0.0.1:*"]'),
        (("old.example.org:9243",), False, 'reindex.remote.whitelist: ["old.example.org:9243"]'),
    ],
)
def test_the_whitelist_line_keeps_what_it_replaces(
    whitelist: tuple[str, ...] | None, *, is_hosted: bool, line: str
) -> None:
    assert whitelist_line(OLD.endpoint, whitelist, is_hosted=is_hosted) == line
