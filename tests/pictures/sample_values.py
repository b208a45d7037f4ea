"""Frozen values of every step in its states, for the gallery and the picture tests; no cluster was asked for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.engine.listing import RunSummary
from esmigrate_tui.flow.definition import parts_of
from esmigrate_tui.flow.files import settled
from esmigrate_tui.flow.review import preview
from esmigrate_tui.flow.services import OpenCluster, Services
from esmigrate_tui.flow.session import (
    REMOVES_IT,
    AdviceState,
    AppliedChange,
    ConnectionForm,
    ConnectionTest,
    FileChoice,
    FixProgress,
    IndexList,
    NewRepository,
    NewSnapshot,
    PreflightState,
    RepositoryList,
    Session,
    SnapshotInProgress,
    SnapshotList,
    SortBy,
    registered,
)
from esmigrate_tui.flow.steps import checked_as
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.advice import AdviceInput
from esmigrate_tui.methods.recommendation import advise
from esmigrate_tui.model.connection import Connection, Credential, Endpoint, Side, SignIn, Trust, TrustKind
from esmigrate_tui.model.draft import EditedDefinition, IndexDefinition
from esmigrate_tui.model.event import (
    Acknowledged,
    Event,
    LedgerChanged,
    Paused,
    RestoredShards,
    RunFinished,
    RunOutcome,
    RunStarted,
    Samples,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    TaskSummary,
    VerificationStarted,
    WaitBegan,
    WaitEnded,
)
from esmigrate_tui.model.facts import ClusterFacts, DiskFacts, Health, IndexFacts, IndexState, Version
from esmigrate_tui.model.files import (
    Compression,
    FieldGuess,
    FileFormat,
    FileInspection,
    FileOptions,
    FileReading,
    FileRow,
    FileSample,
    FileSource,
    IdRule,
    RowError,
    TableColumn,
)
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, PlannedChange, Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.shipping import Shipper
from esmigrate_tui.model.snapshot import (
    FeatureState,
    Repository,
    RestoreOptions,
    ShardFailure,
    SnapshotFacts,
    SnapshotIndex,
    SnapshotProgress,
    SnapshotState,
    TakenNameRule,
)
from esmigrate_tui.reading.guess import guesses
from esmigrate_tui.reading.mapping import entry_of, with_entry
from esmigrate_tui.vault import VaultReport, VaultState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.event import Reject

NOW: Final = 1_795_561_200.0
"""The moment of all pictures: 23 November 2026, 23:00 UTC."""

GIB: Final = 1024**3

OLD: Final = Connection(
    endpoint=Endpoint(scheme="https", host="old.example.org", port=9243), sign_in=SignIn.PASSWORD, user="elastic"
)
NEW: Final = Connection(
    endpoint=Endpoint(scheme="https", host="new.example.org", port=9243),
    sign_in=SignIn.API_KEY,
    trust=Trust(kind=TrustKind.PINNED, fingerprint="9f2c41" + "0b7de8a1" * 7 + "41"),
)
OLD_FACTS: Final = ClusterFacts(
    name="prod-logs",
    uuid="4n5k1pVTTLqlq8m5Gxcz9A",
    version=Version(6, 8, 23),
    health=Health.GREEN,
    nodes=3,
    data_nodes=3,
    user="migrator",
    roles=("read_all",),
    documents=48_210_334,
    store_bytes=512 * GIB,
    indices=1_204,
)
NEW_FACTS: Final = ClusterFacts(
    name="logs-2026",
    uuid="0Qk7y2hGS4qkGm4xW7m1Fw",
    version=Version(7, 17, 28),
    health=Health.GREEN,
    nodes=3,
    data_nodes=3,
    user="migrator",
    documents=0,
    store_bytes=40 * 1024,
    indices=3,
    disk=DiskFacts(total=600 * GIB, free=421 * GIB, usable=301 * GIB),
)
KEYRING: Final = VaultReport(
    state=VaultState.AVAILABLE, place="Secret Service, unlocked", sentence="The keyring is open."
)
NO_KEYRING: Final = VaultReport(
    state=VaultState.ABSENT, place="", sentence="There is no keyring on this machine: secrets stay in memory."
)


def _index(name: str, documents: int, gib: float, **others: Any) -> IndexFacts:  # noqa: ANN401  # msgspec checks each
    facts: dict[str, Any] = {"health": Health.GREEN, "created": Version(5, 6, 16), "replicas": 1}
    return IndexFacts(
        name=name, documents=documents, primary_bytes=int(gib * GIB), store_bytes=int(2 * gib * GIB), **(facts | others)
    )


def _indices() -> tuple[IndexFacts, ...]:
    logs = [
        _index(f"logs-2026.01.{day:02}", 812_004 - 4_231 * ((day * 7) % 11), 1.2 + (day % 5) / 10)
        for day in range(1, 29)
    ]
    logs[3] = msgspec.structs.replace(
        logs[3], state=IndexState.CLOSED, health=Health.UNKNOWN, documents=None, primary_bytes=None, store_bytes=None
    )
    logs[6] = msgspec.structs.replace(logs[6], health=Health.YELLOW)
    others = [
        _index(".kibana_1", 214, 0.001, created=Version(6, 8, 23)),
        _index("books-with-a-very-long-name-that-somebody-once-thought-was-a-good-idea", 120, 0.002, shards=5),
        _index("orders", 2_101_443, 3.4, shards=5, aliases=("shop",), types=("order", "line")),
        _index("書籍-2019", 41_200, 0.2),
    ]
    return tuple(sorted((*logs, *others), key=lambda index: index.name))


INDICES: Final = _indices()
MANY: Final = tuple(_index(f"metrics-{at:05}", at * 37 % 9_001, 0.01) for at in range(10_000))
HOSTILE_NAME: Final = "[/x] [@click=app.quit]␛]0;"
"""A name as model.text.clean leaves one that was meant to do harm: markup, and an escape as a picture."""

REFUSED: Final = Problem(
    cause=Cause.AUTHENTICATION,
    what="401: the API key has expired or was invalidated.",
    todo="Make a new one on the new cluster (F1 says more), type it above, then Ctrl+T.",
)

# -- the session at each step ----------------------------------------------------------------------------------------

FRESH: Final = Session(methods=tuple(METHODS.values()))
CHOSEN: Final = FRESH.answered(method=MethodName.REINDEX_FROM_REMOTE)
RUNS: Final = (
    RunSummary(
        run="7K2P",
        method=MethodName.REINDEX_FROM_REMOTE,
        source="https://old.example.org:9243",
        destination="https://new.example.org:9243",
        started_at=NOW - 845,
        fraction=0.55,
        is_live=True,
    ),
    RunSummary(
        run="3MXD",
        method=MethodName.REINDEX_FROM_REMOTE,
        source="https://old.example.org:9243",
        destination="https://new.example.org:9243",
        started_at=NOW - 40_000,
        fraction=0.31,
    ),
    RunSummary(
        run="1ABQ",
        source="http://127.0.0.1:9200",
        destination="http://127.0.0.1:9201",
        started_at=NOW - 80_000,
        fraction=1.0,
        outcome=RunOutcome.VERIFIED,
    ),
)
MIXED_RUNS: Final = (
    RunSummary(
        run="9RXT",
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        destination="https://new.example.org:9243",
        started_at=NOW - 412,
        fraction=0.61,
        is_live=True,
    ),
    RunSummary(
        run="5QWA",
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        destination="https://new.example.org:9243",
        started_at=NOW - 600,
        outcome=RunOutcome.CHANGED,
        is_of_changes=True,
        open_entries=1,
    ),
    *RUNS[1:2],
)
_OUTCOMES: Final = (RunOutcome.VERIFIED, RunOutcome.INCOMPLETE, RunOutcome.STOPPED, RunOutcome.VERIFIED)
MANY_RUNS: Final = (
    *RUNS,
    *(
        RunSummary(
            run=f"{at % 10}{chr(65 + at % 7)}{chr(75 + at % 11)}Q",
            method=MethodName.COPY_THROUGH_HERE,
            source=f"https://old-{at}.example.org:9243",
            destination="https://new.example.org:9243",
            started_at=NOW - 86_400.0 * at,
            fraction=1.0,
            outcome=_OUTCOMES[at % len(_OUTCOMES)],
        )
        for at in range(1, 40)
    ),
)
EMPTY_FORMS: Final = CHOSEN.but(vault=KEYRING)
TYPED: Final = CHOSEN.but(
    vault=KEYRING,
    source=ConnectionForm.of(OLD, has_secret=True),
    destination=msgspec.structs.replace(ConnectionForm.of(NEW, has_secret=True), remember=True),
)
TESTING: Final = TYPED.with_form(
    Side.SOURCE, test=ConnectionTest.GOING, doing="connecting to old.example.org:9243", since=NOW - 3
).with_form(Side.DESTINATION, test=ConnectionTest.GOING, doing="logs-2026 answered; listing its indices", since=NOW - 1)
CONNECTED: Final = (
    TYPED.answered(source=OLD, destination=NEW)
    .answered(
        source_facts=OLD_FACTS,
        source_indices=INDICES,
        destination_facts=NEW_FACTS,
    )
    .with_form(Side.SOURCE, test=ConnectionTest.GOOD)
    .with_form(Side.DESTINATION, test=ConnectionTest.GOOD)
)
ADVISED: Final = CONNECTED.answered(method=MethodName.REINDEX_FROM_REMOTE).but(
    advising=AdviceState(
        advice=advise(
            AdviceInput(
                source=OLD_FACTS,
                destination=NEW_FACTS,
                indices=tuple(index for index in INDICES if not index.is_system),
                reaches=False,
                trouble="The destination may not fetch from old.example.org:9243",
                todo="In the deployment's user settings put this line, save, wait for the restart.\n"
                'reindex.remote.whitelist: ["old.example.org:9243","*.io:*","*.com:*"]',
                licence="basic",
            )
        ),
        between=(OLD_FACTS.uuid, NEW_FACTS.uuid),
    )
)
ADVISING: Final = CONNECTED.but(advising=AdviceState(since=NOW - 3))
HALF_CONNECTED: Final = CONNECTED.with_form(Side.DESTINATION, test=ConnectionTest.BAD, problem=REFUSED).but(
    vault=NO_KEYRING
)
COMPARING: Final = TYPED.with_form(Side.DESTINATION, is_accepted=False).with_form(
    Side.SOURCE, address="http://old.example.org:9200"
)

BLOCKED_FINDING: Final = Finding(
    check="destination-reaches-source",
    severity=Severity.BLOCKER,
    title="The new cluster may not fetch from old.example.org:9243",
    evidence="[old.example.org:9243] not whitelisted in reindex.remote.whitelist",
    why="Elasticsearch only pulls from hosts that it is configured to trust.",
    fix="In the deployment's user settings put this line, save, wait for the restart, then press r. "
    "The two defaults are kept in it.",
    copy='reindex.remote.whitelist: ["old.example.org:9243","*.io:*","*.com:*"]',
)
WARNINGS: Final = (
    Finding(
        check="types",
        severity=Severity.WARNING,
        title="7 indices hold two mapping types with the same ids",
        why="The new cluster knows no types: two documents with one id would become one.",
        fix="Look at them before you choose them; their number is compared at the end.",
        subjects=("orders", "logs-2026.01.01"),
    ),
    Finding(
        check="writes", severity=Severity.WARNING, title="The old cluster is still being written to (≈ 210 documents/s)"
    ),
)
_PASSED: Final = tuple(
    Finding(check=f"check-{at}", severity=Severity.PASSED, title=title)
    for at, title in enumerate(
        (
            "Both clusters answer and know who is asking",
            "They are two different clusters",
            "The new cluster is new enough for the old one",
            "There is room: 512 GiB to move, 640 GiB before the low watermark",
            "No name is taken on the new cluster",
        )
    )
)
BLOCKED: Final = CONNECTED.answered(
    findings=(
        BLOCKED_FINDING,
        Finding(
            check="space",
            severity=Severity.BLOCKER,
            title="No room: 512 GiB to move, 301 GiB before the low watermark (85 %)",
        ),
        *WARNINGS,
        *_PASSED,
    )
).but(checking=PreflightState(looked_at=NOW - 12, checked=()))
TOO_MANY_SHARDS: Final = Finding(
    check="shard-limit",
    severity=Severity.BLOCKER,
    title="Too many shards for the destination: 2 980 open, 84 to be made, 3 000 allowed",
    why="It refuses to create an index beyond its limit of open shards.",
    fix="Choose fewer indices, add data nodes, or raise the limit for a while:",
    copy='PUT _cluster/settings\n{"persistent":{"cluster.max_shards_per_node":1022}}',
    repairs=(
        PlannedChange(
            side=Side.DESTINATION,
            what="cluster.max_shards_per_node is 1022",
            made_by=Request(
                method="PUT",
                path="/_cluster/settings",
                body='{"persistent":{"cluster.max_shards_per_node":1022}}',
            ),
            undo=Request(
                method="PUT",
                path="/_cluster/settings",
                body='{"persistent":{"cluster.max_shards_per_node":null}}',
            ),
        ),
    ),
)
CLOSED_INDICES: Final = Finding(
    check="readable",
    severity=Severity.BLOCKER,
    title="Closed on the source: logs-2026.01.02, orders",
    why="A closed index cannot be read.",
    fix="Open them on the source, or leave them out:",
    copy="POST logs-2026.01.02/_open\nPOST orders/_open",
    subjects=("logs-2026.01.02", "orders"),
    repairs=tuple(
        PlannedChange(
            side=Side.SOURCE,
            what=f"the index {name} is opened",
            made_by=Request(method="POST", path=f"/{name}/_open"),
            undo=Request(method="POST", path=f"/{name}/_close"),
        )
        for name in ("logs-2026.01.02", "orders")
    ),
)
MENDABLE: Final = CONNECTED.answered(findings=(TOO_MANY_SHARDS, WARNINGS[1], *_PASSED)).but(
    checking=PreflightState(looked_at=NOW - 12, checked=())
)
_RAISED: Final = AppliedChange(what=TOO_MANY_SHARDS.repairs[0].what, name="5QWA", repaired=Side.DESTINATION)
MENDED: Final = CONNECTED.answered(findings=(WARNINGS[1], *_PASSED)).but(
    checking=PreflightState(looked_at=NOW - 2, checked=()),
    made=(_RAISED,),
    fixing=FixProgress(amount=1, done=(_RAISED,)),
)
_OPENED: Final = AppliedChange(what=CLOSED_INDICES.repairs[0].what, name="5QWA", repaired=Side.SOURCE)
HALF_MENDED: Final = CONNECTED.answered(findings=(CLOSED_INDICES, *_PASSED)).but(
    checking=PreflightState(looked_at=NOW - 2, checked=()),
    made=(_OPENED,),
    fixing=FixProgress(
        amount=2,
        done=(_OPENED,),
        failed=CLOSED_INDICES.repairs[1].what,
        problem=Problem(
            cause=Cause.PRIVILEGES,
            what="migrator may not do this on prod-logs.",
            why="It needs the privilege manage on orders.",
            todo="Let somebody open it who may, then press r.",
        ),
    ),
)
LOOKING: Final = CONNECTED.answered(findings=_PASSED[:2]).but(checking=PreflightState(since=NOW - 2))
NOT_LOOKED: Final = CONNECTED.but(
    checking=PreflightState(
        problem=Problem(
            cause=Cause.CONNECTION, what="old.example.org:9243 closed the connection.", todo="See that it is up."
        )
    )
)
PASSED: Final = (
    CONNECTED.answered(findings=(WARNINGS[0], *_PASSED))
    .answered(accepted=frozenset({WARNINGS[0].key}))
    .but(checking=PreflightState(looked_at=NOW - 12, checked=(), is_opened=True))
)
_VISIBLE: Final = tuple(index for index in INDICES if not index.is_system)
_LOGS: Final = tuple(index.name for index in INDICES if index.name.startswith("logs") and index.documents is not None)
SELECTED: Final = PASSED.answered(selected=(*_LOGS[:2], "orders"), renamed={"orders": "shop-orders"}).but(
    listing=IndexList(cursor=29)
)
LOOKED_INTO: Final = SELECTED.answered(
    definitions={
        "orders": IndexDefinition(
            name="orders",
            settings={
                "index": {
                    "number_of_shards": "5",
                    "refresh_interval": "30s",
                    "mapping": {"total_fields": {"limit": "2000"}},
                    "analysis": {"analyzer": {"plain": {"type": "custom", "tokenizer": "standard"}}},
                }
            },
            mappings={
                "order": {
                    "properties": {
                        "customer": {"properties": {"name": {"type": "text"}, "id": {"type": "keyword"}}},
                        "placed": {"type": "date"},
                        "total": {"type": "scaled_float", "scaling_factor": 100},
                        HOSTILE_NAME: {"type": "keyword"},
                    }
                },
                "line": {"properties": {"product": {"type": "keyword"}, "amount": {"type": "integer"}}},
            },
            aliases={"shop": {}},
        )
    }
).but(listing=IndexList(cursor=next(at for at, index in enumerate(_VISIBLE) if index.name == "orders")))


def _defined(**fields: Any) -> Session:  # noqa: ANN401  # JSON, as a mapping has it
    """The list at an index of 5.6 that a newer version wants in other words; `fields` are some more of it."""
    definition = IndexDefinition(
        name="orders",
        settings={
            "index": {
                "number_of_shards": "5",
                "number_of_replicas": "1",
                "uuid": "Zk3xQnT9RYq0",
                "provided_name": "orders",
                "creation_date": "1704067200000",
                "version": {"created": "5061699", "upgraded": "6082399"},
                "refresh_interval": "30s",
                "analysis": {
                    "analyzer": {
                        "plain": {
                            "type": "custom",
                            "tokenizer": "standard",
                            "filter": ["standard", "lowercase", "german_normalization"],
                        }
                    }
                },
            }
        },
        mappings={
            "order": {
                "_all": {"enabled": False},
                "dynamic": "strict",
                "properties": {
                    "customer": {
                        "properties": {
                            "id": {"type": "keyword"},
                            "name": {"type": "text", "analyzer": "plain", "include_in_all": True},
                        }
                    },
                    "placed": {"type": "date", "format": "YYYY-MM-dd HH:mm:ss||epoch_millis"},
                    "status": {"type": "string", "index": "not_analyzed"},
                    "total": {"type": "scaled_float", "scaling_factor": 100},
                    HOSTILE_NAME: {"type": "keyword"},
                    **fields,
                },
            },
            "line": {
                "_all": {"enabled": False},
                "dynamic": "strict",
                "properties": {"product": {"type": "keyword"}, "status": {"type": "string", "index": "not_analyzed"}},
            },
        },
        aliases={"shop": {}},
    )
    return LOOKED_INTO.answered(definitions={"orders": definition})


DEFINED: Final = _defined()
DEFINED_MANY: Final = _defined(
    **{f"attribute_{at:04}": {"type": "string", "index": "not_analyzed"} for at in range(4_000)}
)


def _changed() -> Session:
    """The same with a definition that somebody has changed."""
    (part,) = parts_of(DEFINED.draft, "orders")
    body = json.loads(part.translation)
    body["settings"]["index.number_of_shards"] = 1
    body["mappings"]["properties"]["note"] = {"type": "text"}
    body["mappings"]["properties"]["status"] = {"type": "keyword", "ignore_above": 64}
    return DEFINED.answered(
        edited=(EditedDefinition(index="orders", made_of=part.translation, body=json.dumps(body, indent=2)),)
    )


CHANGED: Final = _changed()
COPIED: Final = SELECTED.answered(method=MethodName.COPY_THROUGH_HERE)
FILTERED: Final = PASSED.answered(selected=_LOGS[:2]).but(listing=IndexList(pattern="logs-2026.01.0*", cursor=1))
NOTHING_FOUND: Final = PASSED.but(listing=IndexList(pattern="metrics"))
TEN_THOUSAND: Final = PASSED.answered(source_indices=MANY)
_HALF_OF_THEM: Final = tuple(index.name for index in MANY[5_000:])
THOUSANDS_CHOSEN: Final = TEN_THOUSAND.answered(selected=_HALF_OF_THEM).but(
    listing=IndexList(pattern="metrics-0[5-9]*", cursor=1_234, sort=SortBy.DOCUMENTS, backwards=True)
)
HOLDS_NOTHING: Final = PASSED.answered(source_indices=())
DEFINING: Final = SELECTED.but(
    listing=IndexList(cursor=29, doing="reading 3 definitions from the source", since=NOW - 4)
)

_CREATE: Final = json.dumps(
    {
        "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}},
        "mappings": {"properties": {"@timestamp": {"type": "date"}, "message": {"type": "text"}}},
    }
)
PLAN: Final = Plan(
    method=MethodName.REINDEX_FROM_REMOTE,
    made_at="2026-11-23T23:00:00Z",
    source=OLD,
    destination=NEW,
    source_version="6.8.23",
    destination_uuid=NEW_FACTS.uuid,
    destination_version="7.17.28",
    tasks=(
        Task(
            number=1,
            source_index="logs-2026.01.01",
            destination_index="logs-2026.01.01",
            create=_CREATE,
            documents=812_004,
            size=int(1.2 * GIB),
        ),
        Task(
            number=2,
            source_index="orders",
            destination_index="shop-orders",
            create=_CREATE,
            documents=2_101_443,
            size=int(3.4 * GIB),
            changes=("two mapping types became one",),
        ),
    ),
)
REVIEWED: Final = SELECTED.but(
    plan=PLAN, preview=preview(PLAN), checking=PreflightState(looked_at=NOW - 5, checked=checked_as(SELECTED))
)
WRITTEN: Final = REVIEWED.but(plan_path="~/plans/7K2P.toml")
NO_PLAN: Final = SELECTED.but(
    plan_problem=Problem(
        cause=Cause.UNSUPPORTED,
        what="orders cannot be created on 7.17.28: its analyser needs the plugin analysis-phonetic.",
        todo="Install the plugin on the new cluster, or leave the index out (go back).",
    )
)

# -- a run -----------------------------------------------------------------------------------------------------------

_BUSY: Final = Problem(
    cause=Cause.BUSY, what="the destination is busy (429).", todo="It is tried again; nothing has to be done."
)
_TASKS: Final = tuple(
    TaskSummary(number=at, source_index=name, destination_index=name, documents=800_000 + at * 1_117, size=GIB)
    for at, name in enumerate(("orders", *(f"logs-2026.01.{day:02}" for day in range(1, 25))), start=1)
)


def _run_events() -> tuple[Event, ...]:
    began = NOW - 845
    events: list[Event] = [
        RunStarted(
            at=began,
            run="7K2P",
            method=MethodName.REINDEX_FROM_REMOTE,
            source=OLD.endpoint.url,
            destination=NEW.endpoint.url,
            tasks=_TASKS,
        )
    ]
    at = began
    for summary in _TASKS[:12]:
        documents = summary.documents or 0
        events.append(TaskStarted(at=at, task=summary.number))
        for step in range(1, 6):
            at += 6 + (summary.number * step) % 13
            events.append(
                TaskAdvanced(
                    at=at,
                    task=summary.number,
                    moved=Acknowledged(done=documents * step // 5, total=documents, written=documents * step // 5),
                )
            )
        events.append(VerificationStarted(at=at, task=summary.number))
        refused = 3 if summary.number == 1 else 0
        events.append(
            TaskFinished(
                at=at + 1,
                task=summary.number,
                outcome=TaskOutcome.WITH_REJECTS if refused else TaskOutcome.VERIFIED,
                source_count=documents,
                destination_count=documents - refused,
                refused=refused,
            )
        )
    for number, share in ((13, 0.5), (14, 0.3)):
        events.append(TaskStarted(at=at, task=number))
        total = _TASKS[number - 1].documents or 0
        for step in range(1, 11):
            done = int(total * share * step / 10)
            events.append(
                TaskAdvanced(at=at + 6 * step + number / 100, task=number, moved=Acknowledged(done=done, total=total))
            )
    events.append(TaskStarted(at=NOW - 20, task=15))
    events.sort(key=lambda event: event.at)
    return tuple(events)


def folded(events: tuple[Event, ...], progress: Progress | None = None) -> Progress:
    """A progress after these events."""
    progress = progress or Progress()
    for event in events:
        progress = progress.after(event)
    return progress


RUN_EVENTS: Final = _run_events()
RUNNING: Final = REVIEWED.but(run="7K2P", progress=folded(RUN_EVENTS))
JUST_STARTED: Final = REVIEWED.but(run="7K2P", progress=folded(RUN_EVENTS[:1]))
WAITED: Final = RUNNING.but(
    progress=folded(
        (WaitBegan(at=NOW - 8, task=14, problem=_BUSY, until=NOW + 12, patience_ends=NOW + 880),), RUNNING.progress
    )
)


def _held_before() -> tuple[Event, ...]:
    """The run with a minute in it, five minutes ago, in which the destination took nothing."""
    until = NOW - 300
    before = [msgspec.structs.replace(event, at=event.at - 60) for event in RUN_EVENTS if event.at < until]
    after = [event for event in RUN_EVENTS if event.at >= until]
    busy = next(event.task for event in after if isinstance(event, TaskAdvanced))
    wait = WaitBegan(at=until - 60, task=busy, problem=_BUSY, until=until, patience_ends=until + 840)
    return (*before, wait, WaitEnded(at=until, task=busy), *after)


HELD_BEFORE: Final = REVIEWED.but(run="7K2P", progress=folded(_held_before()))
PAUSED: Final = RUNNING.but(progress=folded((Paused(at=NOW - 30),), RUNNING.progress))
ORPHANED: Final = RUNNING.but(
    run_problem=Problem(
        cause=Cause.STATE,
        what="The process of this run has ended before the run was finished.",
        todo="Nothing is lost: r resumes it, and so does `esmigrate resume 7K2P`.",
    )
)


def _ledger(number: int, state: EntryState) -> LedgerChanged:
    name = _TASKS[number - 1].destination_index
    return LedgerChanged(
        at=NOW,
        entry=LedgerEntry(
            number=number,
            side=Side.DESTINATION,
            what=f"refresh and replicas of {name}",
            made_by=Request(method="PUT", path=f"/{name}/_settings", body='{"index":{"number_of_replicas":0}}'),
            undo=Request(method="PUT", path=f"/{name}/_settings", body='{"index":{"number_of_replicas":1}}'),
            state=state,
        ),
    )


def _ending(outcome: RunOutcome, failed: Mapping[int, Problem]) -> tuple[Event, ...]:
    ends: list[Event] = []
    for summary in _TASKS:
        trouble = failed.get(summary.number)
        documents = summary.documents
        ends.append(
            TaskFinished(
                at=NOW,
                task=summary.number,
                outcome=TaskOutcome.DIFFERENT if trouble else TaskOutcome.VERIFIED,
                source_count=documents,
                destination_count=(documents or 0) - 100 if trouble else documents,
                problem=trouble,
            )
        )
    ends += [_ledger(at, EntryState.NOT_UNDONE if at == 2 and failed else EntryState.UNDONE) for at in range(1, 26)]
    return (*ends, RunFinished(at=NOW, outcome=outcome))


_MISSING: Final = Problem(
    cause=Cause.UNKNOWN_OUTCOME,
    what="The server's task vanished; 100 documents are missing.",
    todo="Resume the run: it goes over this index once more.",
)
REPORT: Final = ("~/.local/state/esmigrate/runs/7K2P/report.md", "~/.local/state/esmigrate/runs/7K2P/report.json")
ENDING: Final = _ending(RunOutcome.VERIFIED, {})
FINISHED: Final = RUNNING.but(progress=folded(ENDING, RUNNING.progress), report=REPORT)
INCOMPLETE: Final = RUNNING.but(
    progress=folded(_ending(RunOutcome.INCOMPLETE, {7: _MISSING}), RUNNING.progress), report=REPORT
)
STOPPED: Final = RUNNING.but(
    progress=folded((RunFinished(at=NOW, outcome=RunOutcome.STOPPED),), RUNNING.progress), report=REPORT
)
_ALL_BUT_ORDERS: Final = tuple(
    event for event in ENDING[:-1] if not (isinstance(event, TaskFinished) and event.task == 1)
)
ALL_BUT_THREE: Final = RUNNING.but(
    progress=folded((*_ALL_BUT_ORDERS, RunFinished(at=NOW, outcome=RunOutcome.INCOMPLETE)), RUNNING.progress),
    report=REPORT,
)
"""Three documents of orders were refused while it ran."""


# -- a restore from a snapshot ---------------------------------------------------------------------------------------

_SEVEN: Final = msgspec.structs.replace(OLD_FACTS, version=Version(7, 17, 28))
_EIGHT: Final = msgspec.structs.replace(NEW_FACTS, version=Version(8, 19, 3))
NIGHTLY: Final = Repository(
    name="nightly", type="s3", settings={"bucket": "acme-backup", "base_path": "es/prod", "readonly": "true"}, uuid="r1"
)
_OF_SOURCE: Final = (
    Repository(name="nightly", type="s3", settings={"bucket": "acme-backup", "base_path": "es/prod"}, uuid="r1"),
    Repository(name="before-upgrade", type="fs", settings={"location": "/mnt/backup/before-upgrade"}, uuid="r7"),
)
RESTORE: Final = FRESH.answered(method=MethodName.RESTORE_FROM_SNAPSHOT)
RESTORE_FORMS: Final = RESTORE.but(vault=KEYRING)
ALONE: Final = (
    RESTORE.but(vault=KEYRING, destination=ConnectionForm.of(NEW, has_secret=True))
    .answered(destination=NEW)
    .answered(
        destination_facts=_EIGHT,
        destination_indices=(
            _index("orders", 812, 0.01, created=Version(8, 19, 3)),
            _index("logs-2026.01.02", 0, 0.0, created=Version(8, 19, 3)),
        ),
    )
    .with_form(Side.DESTINATION, test=ConnectionTest.GOOD)
)
BESIDE: Final = (
    ALONE.but(source=ConnectionForm.of(OLD, has_secret=True))
    .answered(source=OLD)
    .answered(source_facts=_SEVEN, source_indices=INDICES)
    .with_form(Side.SOURCE, test=ConnectionTest.GOOD)
)
SHELVED: Final = BESIDE.but(
    repository_list=RepositoryList(
        destination=(
            NIGHTLY,
            Repository(name="archive", type="fs", settings={"location": "/mnt/archive"}, uuid="r2"),
        ),
        source=(*_OF_SOURCE, Repository(name="archive", type="fs", settings={"location": "/var/archive"}, uuid="r9")),
        verified={"nightly": None},
    )
)
_UNREACHED: Final = Problem(
    cause=Cause.BLOCKED,
    what="The node es-3 does not reach the repository archive.",
    why="The folder /mnt/archive is not mounted there, or belongs to another user.",
    todo="Mount it at the same path on every node, then press v.",
)
UNREACHED: Final = SHELVED.but(
    repository_list=msgspec.structs.replace(SHELVED.repository_list, cursor=1, verified={"archive": _UNREACHED})
)
ONLY_SOURCE: Final = SHELVED.but(repository_list=msgspec.structs.replace(SHELVED.repository_list, cursor=2))
BARE_SHELF: Final = ALONE.but(repository_list=RepositoryList(destination=()))
LISTING_SHELF: Final = BESIDE.but(
    repository_list=RepositoryList(doing="listing the repositories of both clusters", since=NOW - 2)
)
FORM: Final = BARE_SHELF.but(
    repository_list=RepositoryList(
        destination=(), new=NewRepository(name="nightly", type="s3", values={"bucket": "acme-backup", "client": "old"})
    )
)
_FEATURES: Final = (
    FeatureState(name="kibana", indices=(".kibana_1", ".kibana_task_manager_1")),
    FeatureState(name="security", indices=(".security-7",)),
)


def _snapshot(at: int, state: SnapshotState = SnapshotState.SUCCESS, **others: Any) -> SnapshotFacts:  # noqa: ANN401  # msgspec checks each
    began = NOW - 86_400.0 * at - 3_600
    facts: dict[str, Any] = {
        "version": "7.17.28",
        "indices": tuple(sorted({*(index.name for index in INDICES), ".kibana_task_manager_1", ".security-7"})),
        "feature_states": _FEATURES,
        "global_state": True,
        "shards": 47,
        "started_at": began,
        "finished_at": began + 260 + at,
    }
    return SnapshotFacts(
        repository="nightly", name=f"nightly-{2_000 - at:04}", uuid=f"s{at}", state=state, **(facts | others)
    )


SNAPSHOTS: Final = (
    _snapshot(0, SnapshotState.IN_PROGRESS, finished_at=None),
    _snapshot(1),
    _snapshot(
        2,
        SnapshotState.PARTIAL,
        shards_failed=2,
        failures=(ShardFailure(index="orders", shard=3), ShardFailure(index="orders", shard=4)),
    ),
    _snapshot(3, SnapshotState.FAILED, reason="the repository could not be written", indices=()),
    *(_snapshot(at, version="7.17.20" if at > 9 else "7.17.28") for at in range(4, 19)),
    _snapshot(19, version="9.0.0", feature_states=(), global_state=False),
)
MANY_SNAPSHOTS: Final = tuple(_snapshot(at, indices=("logs",), feature_states=()) for at in range(2_000))
ALBUM: Final = SHELVED.but(snapshot_list=SnapshotList(repository="nightly", rows=SNAPSHOTS, is_whole=True, cursor=1))
COMING: Final = SHELVED.but(
    snapshot_list=SnapshotList(
        repository="nightly",
        rows=MANY_SNAPSHOTS[:500],
        doing="listing the snapshots in nightly",
        since=NOW - 3,
    )
)
THOUSANDS: Final = SHELVED.but(
    snapshot_list=SnapshotList(
        repository="nightly", rows=MANY_SNAPSHOTS, is_whole=True, pattern="nightly-01*", cursor=4
    )
)
PARTIAL: Final = ALBUM.but(snapshot_list=msgspec.structs.replace(ALBUM.snapshot_list, cursor=2))
TOO_NEW: Final = ALBUM.but(snapshot_list=msgspec.structs.replace(ALBUM.snapshot_list, cursor=19))
NO_SNAPSHOT: Final = SHELVED.but(snapshot_list=SnapshotList(repository="nightly", is_whole=True))
TAKING: Final = ALBUM.but(
    snapshot_list=msgspec.structs.replace(
        ALBUM.snapshot_list,
        making=SnapshotInProgress(
            repository="nightly",
            name="esmigrate-2026.11.23-230000",
            since=NOW - 74,
            taken=SnapshotProgress(shards=47, shards_done=19, bytes=512 * GIB, bytes_done=203 * GIB),
        ),
    )
)
NEW_ONE: Final = ALBUM.but(
    snapshot_list=msgspec.structs.replace(
        ALBUM.snapshot_list,
        new=NewSnapshot(
            name="esmigrate-2026.11.23-230000", patterns="logs-2026.01.1*, orders", features=("kibana", "security")
        ),
    ),
    repository_list=msgspec.structs.replace(SHELVED.repository_list, cursor=0),
)
CHOSEN_SNAPSHOT: Final = msgspec.structs.replace(
    SNAPSHOTS[1],
    details=tuple(
        SnapshotIndex(name=index.name, shards=index.shards, bytes=index.primary_bytes or 3_400) for index in INDICES
    ),
)
_CHECKED: Final = PreflightState(looked_at=NOW - 40, checked=())
OPENED: Final = (
    ALBUM.answered(findings=_PASSED[:2])
    .answered(snapshot=CHOSEN_SNAPSHOT)
    .answered(restoration=RestoreOptions(repository=NIGHTLY, snapshot="nightly-1999", snapshot_uuid="s1"))
    .but(checking=_CHECKED)
)
PICKED: Final = OPENED.answered(
    selected=("logs-2026.01.01", "logs-2026.01.02", "orders", "書籍-2019"),
    renamed={"書籍-2019": "books-2019"},
    in_the_way={"logs-2026.01.02": TakenNameRule.DELETE},
)
CONFLICTS: Final = PICKED.but(listing=IndexList(cursor=29))
NOT_WHOLE: Final = (
    OPENED.answered(
        snapshot=msgspec.structs.replace(SNAPSHOTS[2], details=CHOSEN_SNAPSHOT.details),
    )
    .answered(
        restoration=RestoreOptions(repository=NIGHTLY, snapshot="nightly-1998", snapshot_uuid="s2"),
        selected=("orders",),
        renamed={"orders": "orders-old"},
    )
    .but(listing=IndexList(cursor=29))
)
PATTERN: Final = PICKED.but(listing=IndexList(pattern_of_names=("^logs-(.+)$", "old-$1")))
PATTERN_WRONG: Final = PICKED.but(listing=IndexList(pattern_of_names=(".+", "Everything")))
SETTLED: Final = PICKED.answered(in_the_way={"logs-2026.01.02": TakenNameRule.DELETE, "orders": TakenNameRule.CLOSE})
OPTIONS: Final = SETTLED.answered(
    feature_states=("kibana",),
    restoration=RestoreOptions(
        repository=NIGHTLY,
        snapshot="nightly-1999",
        snapshot_uuid="s1",
        index_settings={"index.number_of_replicas": "0"},
        ignore_index_settings=("index.routing.allocation.include._tier_preference",),
    ),
).but(listing=IndexList(cursor=29, settings=("index.number_of_replicas=0", "", "", "", "", "")))


def _plan_of(session: Session) -> Plan:
    from esmigrate_tui.methods.restore_from_snapshot.mover import RestoreFromSnapshot  # noqa: PLC0415  # pictures alone do

    return RestoreFromSnapshot().plan(session.draft, "2026-11-23T23:00:00Z")


RESTORE_PLAN: Final = _plan_of(OPTIONS)
RESTORE_REVIEW: Final = OPTIONS.but(
    plan=RESTORE_PLAN,
    preview=preview(RESTORE_PLAN),
    checking=PreflightState(looked_at=NOW - 5, checked=checked_as(OPTIONS)),
)

_RESTORED: Final = tuple(
    TaskSummary(number=at, source_index=name, destination_index=name, size=int((1.2 + at % 5 / 10) * GIB))
    for at, name in enumerate((*(f"logs-2026.01.{day:02}" for day in range(1, 15)), "orders", "kibana"), start=1)
)


def _restore_events() -> tuple[Event, ...]:
    began = NOW - 412
    events: list[Event] = [
        RunStarted(
            at=began,
            run="9RXT",
            method=MethodName.RESTORE_FROM_SNAPSHOT,
            source=OLD.endpoint.url,
            destination=NEW.endpoint.url,
            tasks=_RESTORED,
        )
    ]
    for summary in _RESTORED[:11]:
        total, shards = summary.size or 0, 2
        is_done = summary.number < 8
        events.append(TaskStarted(at=began + summary.number, task=summary.number))
        share = 1.0 if is_done else 0.15 * (12 - summary.number)
        for step in range(1, 9):
            done = int(total * share * step / 8)
            moved = Acknowledged(
                done=done, total=total, parts=shards, parts_done=shards if is_done and step == 8 else step // 5
            )
            at = began + 12 * summary.number + 25 * step if is_done else NOW - 44 + 5 * step
            events.append(TaskAdvanced(at=at, task=summary.number, moved=moved))
        if is_done:
            events.append(VerificationStarted(at=began + 12 * summary.number + 201, task=summary.number))
            events.append(_restored(summary, began + 12 * summary.number + 202))
    events.sort(key=lambda event: event.at)
    return tuple(events)


def _restored(summary: TaskSummary, at: float, *, with_source: bool = True) -> TaskFinished:
    documents = 800_000 + 1_117 * summary.number
    return TaskFinished(
        at=at,
        task=summary.number,
        outcome=TaskOutcome.VERIFIED,
        source_count=documents if with_source else None,
        destination_count=documents,
        shards=RestoredShards(wanted=2, arrived=2, bytes=summary.size or 0),
        samples=Samples(compared=20) if with_source else None,
    )


RESTORE_EVENTS: Final = _restore_events()
RESTORING: Final = RESTORE_REVIEW.but(run="9RXT", progress=folded(RESTORE_EVENTS))
_STUCK: Final = Problem(
    cause=Cause.BLOCKED,
    what="no node may hold shard 1 of logs-2026.01.08: it wants a node with box_type=hot, and there is none.",
    todo="Give a node that attribute, or take the setting away.",
)
RESTORE_WAITS: Final = RESTORING.but(
    progress=folded(
        (WaitBegan(at=NOW - 8, task=8, problem=_STUCK, until=NOW + 12, patience_ends=NOW + 880),), RESTORING.progress
    )
)


def _restore_ending(*, with_source: bool) -> tuple[Event, ...]:
    return (
        *(_restored(summary, NOW, with_source=with_source) for summary in _RESTORED),
        RunFinished(at=NOW, outcome=RunOutcome.VERIFIED),
    )


_REGISTERED: Final = (AppliedChange(what=registered("nightly"), name="5QWA", back=REMOVES_IT),)
_ALONE_EVENTS: Final = (
    msgspec.structs.replace(RESTORE_EVENTS[0], source=""),
    *_restore_ending(with_source=False),
)
RESTORED_FINISH: Final = RESTORING.but(
    progress=folded(_restore_ending(with_source=True), RESTORING.progress), report=REPORT, made=_REGISTERED
)
RESTORE_STOPPED: Final = RESTORING.but(
    progress=folded(
        (
            *(
                TaskFinished(at=NOW, task=number, outcome=TaskOutcome.STOPPED)
                for number in range(8, len(_RESTORED) + 1)
            ),
            RunFinished(at=NOW, outcome=RunOutcome.STOPPED),
        ),
        RESTORING.progress,
    ),
    report=REPORT,
)
RESTORED_ALONE: Final = RESTORING.but(
    source=ConnectionForm(), draft=ALONE.draft, progress=folded(_ALONE_EVENTS), report=REPORT
)


# -- files -----------------------------------------------------------------------------------------------------------

_FILES_CHOSEN: Final = (
    FRESH.answered(method=MethodName.INDEX_FROM_SOURCE, destination=NEW)
    .answered(destination_facts=NEW_FACTS)
    .but(destination=ConnectionForm.of(NEW, has_secret=True))
    .with_form(Side.DESTINATION, test=ConnectionTest.GOOD)
)
_ORDERS: Final = tuple(
    {
        "order_id": 1_000 + at,
        "city": city,
        "ordered_at": f"2026-01-{at + 1:02} 10:00:00",
        "total": 10.5 + at,
        "is_paid": at % 2 == 0,
        "client": f"10.0.0.{at + 1}",
        "note": "please leave it at the door of the neighbours if there is nobody at home",
    }
    for at, city in enumerate(("Rome, Centro", "Berlin", "書籍", "New York", "São Paulo"))
)


def _file(name: str, mib: float, packed: Compression = Compression.NONE) -> FileSource:
    path = f"/home/me/export/{name}"
    return FileSource(path=path, size=int(mib * 1024**2), modified="2026-11-20T08:00:00+00:00", compression=packed)


_ORDER_FILES: Final = (
    _file("orders-2025.csv.gz", 4.1, Compression.GZIP),
    _file("orders-2026.csv.gz", 8.3, Compression.GZIP),
)
_ORDER_GUESSES: Final = guesses(_ORDERS * 200)
_READ_ORDERS: Final = FileReading(
    format=FileFormat.CSV,
    files=_ORDER_FILES,
    columns=tuple(TableColumn(name=guess.field, type=guess.type) for guess in _ORDER_GUESSES),
    ids=IdRule.FIELD,
    id_field="order_id",
)


def _sampled(
    reading: FileReading,
    documents: tuple[dict[str, Any], ...],
    found: tuple[FieldGuess, ...],
    **others: Any,  # noqa: ANN401  # msgspec checks each
) -> FileSample:
    rows = tuple(
        FileRow(at + 2, 0, 0, json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode(), str(1_000 + at))
        for at, one in enumerate(documents)
    )
    return FileSample(reading=reading, rows=rows, guesses=found, amount=1_000, **others)


def _looked(typed: str, look: FileInspection | None, wishes: FileOptions | None = None, **others: Any) -> FileChoice:  # noqa: ANN401  # msgspec checks each
    wishes = wishes or FileOptions()
    return FileChoice(typed=typed, wishes=wishes, look=look, looked_for=(typed, wishes), **others)


_BY_ID: Final = FileOptions(ids=IdRule.FIELD, id_field="order_id")
_BAD_ROWS: Final = (
    RowError(path=_ORDER_FILES[0].path, line=412, reason="it has 2 cells, the table has 7 columns"),
    RowError(path=_ORDER_FILES[1].path, line=77, reason="a quote is opened in it and not closed"),
)
_SAMPLED: Final = _sampled(_READ_ORDERS, _ORDERS, _ORDER_GUESSES, errors=_BAD_ROWS, bad=2)
_LOOK: Final = FileInspection(files=_ORDER_FILES, formats=(FileFormat.CSV,) * 2, sample=_SAMPLED)
_TYPED_FILES: Final = "export/orders-*.csv.gz"
FILES_EMPTY: Final = _FILES_CHOSEN
FILES_LOOKING: Final = _FILES_CHOSEN.but(
    file_choice=FileChoice(typed=_TYPED_FILES, doing="looking at the files", since=NOW - 4)
)
FILES: Final = _FILES_CHOSEN.answered(into="orders").but(file_choice=_looked(_TYPED_FILES, _LOOK, _BY_ID))
FILES_MISSING: Final = _FILES_CHOSEN.but(
    file_choice=_looked(
        "export/order-*.csv",
        None,
        problem=Problem(
            cause=Cause.MISSING,
            what="There is no file export/order-*.csv.",
            why="Nothing here has that name or matches it.",
            todo="Give the path of a file, or a pattern such as 'folder/*.ndjson' in quotes.",
        ),
    )
)
FILES_MIXED: Final = _FILES_CHOSEN.answered(into="Orders").but(
    file_choice=_looked(
        "export/*",
        FileInspection(
            files=(*_ORDER_FILES, _file("readme.pdf", 0.2), *(_file(f"part-{at}.ndjson", 1) for at in range(4))),
            formats=(FileFormat.CSV, FileFormat.CSV, None, *(FileFormat.NDJSON,) * 4),
            problem=Problem(
                cause=Cause.USAGE,
                what="/home/me/export/part-0.ndjson looks like ndjson, /home/me/export/orders-2025.csv.gz like csv.",
                why="The files of one plan are read in one way.",
                todo="Make a plan for each, or say what they are (--format).",
            ),
        ),
    )
)
_PDF: Final = (_file("readme.pdf", 0.2),)
FILES_UNREADABLE: Final = _FILES_CHOSEN.answered(into="orders").but(
    file_choice=_looked(
        "export/readme.pdf",
        FileInspection(
            files=_PDF,
            formats=(FileFormat.NDJSON,),
            sample=FileSample(
                reading=FileReading(format=FileFormat.NDJSON, files=_PDF),
                errors=tuple(
                    RowError(
                        path=_PDF[0].path, line=at + 1, reason="it is no JSON: JSON is malformed: invalid character"
                    )
                    for at in range(20)
                ),
                bad=1_000,
                amount=1_000,
            ),
        ),
        FileOptions(format=FileFormat.NDJSON),
    )
)
_MANY_FILES: Final = tuple(
    _file(f"a-folder-with-a-long-name-for-the-year-2026/{HOSTILE_NAME}/part-{at:05}.ndjson.gz", 120, Compression.GZIP)
    for at in range(240)
)
_WIDE_ROWS: Final[tuple[dict[str, Any], ...]] = (
    *({f"a_field_with_a_rather_long_name_{at:03}": f"value {at} of {row}" for at in range(118)} for row in range(3)),
    {HOSTILE_NAME: "x", "object": {"inner": {"at": "2026-01-01"}, "many": [{"n": 1}, {"n": 2}]}},
)
_READ_MANY: Final = FileReading(format=FileFormat.NDJSON, files=_MANY_FILES)
FILES_MANY: Final = _FILES_CHOSEN.answered(into="a-long-name-for-an-index-into-which-all-of-it-goes").but(
    file_choice=_looked(
        "'export/a folder/**/part-*.ndjson.gz' export/others-*.ndjson export/more/*/*.ndjson export/last.ndjson",
        FileInspection(
            files=_MANY_FILES,
            formats=(FileFormat.NDJSON,) * 240,
            sample=_sampled(
                _READ_MANY,
                _WIDE_ROWS,
                guesses(_WIDE_ROWS),
                errors=tuple(
                    RowError(path=one.path, line=9, reason="it is no JSON object") for one in _MANY_FILES[:20]
                ),
                bad=240,
                repeated_ids=("1000", "1001"),
            ),
        ),
        pipeline="parse-" + "x" * 40,
    )
)
_FIELDS: Final = settled(FILES)
MAPPING: Final = _FIELDS.but(file_choice=msgspec.structs.replace(_FIELDS.file_choice, cursor=2))


def _remapped() -> Session:
    body = with_entry(_FIELDS.file_choice.mapping, "city", entry_of("text and keyword"))
    body = with_entry(with_entry(body, "total", entry_of("float")), "client", None)
    file_choice = msgspec.structs.replace(_FIELDS.file_choice, mapping=body, left_out=("client",), cursor=1)
    return settled(_FIELDS.but(file_choice=file_choice))


REMAPPED: Final = _remapped()
MAPPING_MANY: Final = settled(FILES_MANY).but(
    file_choice=msgspec.structs.replace(settled(FILES_MANY).file_choice, cursor=118)
)
MAPPING_THERE: Final = settled(
    FILES.but(
        file_choice=msgspec.structs.replace(
            FILES.file_choice,
            there=IndexDefinition(
                name="orders",
                settings={},
                mappings={"properties": {"order_id": {"type": "long"}, "city": {"type": "text"}}},
                aliases={},
                documents=41_200,
            ),
        )
    )
)
MAPPING_NOTHING: Final = settled(FILES_UNREADABLE)
FILES_CHECKED: Final = REMAPPED.answered(
    findings=(
        Finding(
            check="files-readable",
            severity=Severity.WARNING,
            title="2 of the first 1 000 rows cannot be read",
            evidence="/home/me/export/orders-2025.csv.gz:412: it has 2 cells, the table has 7 columns",
            why="They will be rejected, each listed with file, line and reason; the run continues, and does not end as "
            "verified.",
            fix="Correct them, or index the others and these from a file of their own later.",
        ),
        *_PASSED[:2],
    )
).but(checking=PreflightState(looked_at=NOW - 12, checked=checked_as(REMAPPED)))


def _plan_of_files() -> Plan:
    from esmigrate_tui.methods.index_from_source.mover import IndexFromSource  # noqa: PLC0415  # pictures alone do

    return IndexFromSource().plan(REMAPPED.draft, "2026-11-23T23:00:00Z")


FILES_PLAN: Final = _plan_of_files()
FILES_REVIEW: Final = FILES_CHECKED.but(plan=FILES_PLAN, preview=preview(FILES_PLAN))
_INDEXED: Final = (
    TaskSummary(number=1, source_index=_READ_ORDERS.label, destination_index="orders", size=_READ_ORDERS.size),
)


def _events_of_files() -> tuple[Event, ...]:
    began = NOW - 64
    rows = 812_004
    return (
        RunStarted(
            at=began,
            run="4FLS",
            method=MethodName.INDEX_FROM_SOURCE,
            source="",
            destination=NEW.endpoint.url,
            tasks=_INDEXED,
        ),
        TaskStarted(at=began, task=1),
        *(
            TaskAdvanced(
                at=began + 6 * step,
                task=1,
                moved=Acknowledged(done=rows * step // 20, total=rows, written=rows * step // 20 - 2, refused=2),
            )
            for step in range(1, 11)
        ),
    )


INDEXING: Final = FILES_REVIEW.but(run="4FLS", progress=folded(_events_of_files()))
INDEXED_BUT: Final = INDEXING.but(
    progress=folded(
        (
            VerificationStarted(at=NOW - 1, task=1),
            TaskFinished(
                at=NOW,
                task=1,
                outcome=TaskOutcome.WITH_REJECTS,
                source_count=812_004,
                destination_count=812_001,
                refused=3,
            ),
            RunFinished(at=NOW, outcome=RunOutcome.INCOMPLETE),
        ),
        INDEXING.progress,
    ),
    report=REPORT,
)


SENT: Final = _FILES_CHOSEN.answered(into="orders").but(
    file_choice=FileChoice(sender=Shipper.LOGSTASH, expected="812 004")
)
SENT_CLIENT: Final = _FILES_CHOSEN.answered(into="orders").but(
    file_choice=FileChoice(sender=Shipper.PYTHON, expected="many")
)
_ASKED: Final = settled(SENT.but(file_choice=msgspec.structs.replace(SENT.file_choice, expected="")))


def _plan_of_others() -> Plan:
    from esmigrate_tui.methods.index_from_source.mover import IndexFromSource  # noqa: PLC0415  # pictures alone do

    return IndexFromSource().plan(_ASKED.draft, "2026-11-23T23:00:00Z")


_SENT_PLAN: Final = _plan_of_others()
SENT_REVIEW: Final = _ASKED.but(plan=_SENT_PLAN, preview=preview(_SENT_PLAN), checking=_CHECKED)
_WATCHED_TASK: Final = TaskSummary(number=1, source_index="documents from Logstash", destination_index="orders")
WATCHING_EVENTS: Final[tuple[Event, ...]] = (
    RunStarted(
        at=NOW - 64,
        run="6SNT",
        method=MethodName.INDEX_FROM_SOURCE,
        source="",
        destination=NEW.endpoint.url,
        tasks=(_WATCHED_TASK,),
    ),
    TaskStarted(at=NOW - 64, task=1),
    *(TaskAdvanced(at=NOW - 60 + 6 * at, task=1, moved=Acknowledged(done=4_000 * at)) for at in range(10)),
)
WATCHING: Final = SENT_REVIEW.but(run="6SNT", progress=folded(WATCHING_EVENTS))
ENOUGH: Final = WATCHING.but(
    progress=folded(
        (
            TaskFinished(at=NOW, task=1, outcome=TaskOutcome.ACCEPTED, destination_count=36_000),
            RunFinished(at=NOW, outcome=RunOutcome.ACCEPTED),
        ),
        WATCHING.progress,
    ),
    report=REPORT,
)


@dataclass(frozen=True)
class Scene:
    """One picture: its name, the step, what is known, and the terminal's size."""

    name: str
    step: str
    session: Session
    size: tuple[int, int] = (80, 24)
    press: tuple[str, ...] = ()


WIDE: Final = (120, 40)
LARGE: Final = (200, 60)
SCENES: Final = (
    Scene("start", "start", FRESH.but(runs=RUNS)),
    Scene("start-many", "start", FRESH.but(runs=MANY_RUNS), press=("down",) * 4),
    Scene("method", "method", CHOSEN),
    Scene("method-advised", "method", ADVISED),
    Scene("method-preferred", "method", ADVISED, press=("end",)),
    Scene("method-looking", "method", ADVISING),
    Scene("method-wide", "method", ADVISED, WIDE),
    Scene("connections-empty", "connections", EMPTY_FORMS),
    Scene("connections-testing", "connections", TESTING),
    Scene("connections", "connections", CONNECTED),
    Scene("connections-refused", "connections", HALF_CONNECTED),
    Scene("connections-compare", "connections", COMPARING),
    Scene("connections-large", "connections", CONNECTED, LARGE),
    Scene("preflight-looking", "preflight", LOOKING),
    Scene("preflight-blocked", "preflight", BLOCKED),
    Scene("preflight-passed", "preflight", PASSED),
    Scene("preflight-mend", "preflight", MENDABLE),
    Scene("preflight-mend-asked", "preflight", MENDABLE, press=("x",)),
    Scene("preflight-fixed", "preflight", MENDED),
    Scene("preflight-mend-failed", "preflight", HALF_MENDED),
    Scene("preflight-fixed-leave", "preflight", MENDED, press=("q",)),
    Scene("preflight-trouble", "preflight", NOT_LOOKED),
    Scene("preflight-large", "preflight", BLOCKED, LARGE),
    Scene("selection", "selection", SELECTED),
    Scene("selection-filtered", "selection", FILTERED),
    Scene("selection-nothing", "selection", NOTHING_FOUND),
    Scene("selection-empty", "selection", HOLDS_NOTHING),
    Scene("selection-thousands", "selection", THOUSANDS_CHOSEN),
    Scene("selection-defining", "selection", DEFINING),
    Scene("selection-wide", "selection", SELECTED, WIDE),
    Scene("selection-details", "selection", LOOKED_INTO, WIDE),
    Scene("selection-large", "selection", LOOKED_INTO, LARGE),
    Scene("selection-changed", "selection", CHANGED),
    Scene("selection-settings", "selection", SELECTED, press=("M", *"number_of_replicas=0")),
    Scene("definition", "selection", DEFINED, press=("m",)),
    Scene("definition-differences", "selection", DEFINED, press=("m", "n", "n", "n")),
    Scene("definition-wide", "selection", DEFINED, WIDE, press=("m",)),
    Scene("definition-changed", "selection", CHANGED, WIDE, press=("m",)),
    Scene("definition-many", "selection", DEFINED_MANY, press=("m",)),
    Scene("definition-json", "selection", CHANGED, press=("m", "e", "right", "right")),
    Scene("definition-wrong", "selection", CHANGED, press=("m", "e", "down", "down", "end", "x", "ctrl+n")),
    Scene("selection-options", "selection", COPIED, press=("o", "tab", "space")),
    Scene("selection-options-reindex", "selection", SELECTED, press=("o",)),
    Scene("review", "review", REVIEWED),
    Scene("review-no-plan", "review", NO_PLAN),
    Scene("review-wide", "review", WRITTEN, WIDE),
    Scene("review-large", "review", WRITTEN, LARGE),
    Scene("run-started", "run", JUST_STARTED),
    Scene("run", "run", RUNNING),
    Scene("run-waiting", "run", WAITED),
    Scene("run-held-before", "run", HELD_BEFORE),
    Scene("run-paused", "run", PAUSED),
    Scene("run-process-gone", "run", ORPHANED),
    Scene("run-wide", "run", RUNNING, WIDE),
    Scene("run-unfolded", "run", RUNNING, press=("f", "end")),
    Scene("run-large", "run", RUNNING, LARGE),
    Scene("run-contrast", "run", RUNNING, press=("f2",)),
    Scene("run-small", "run", RUNNING, (60, 10)),
    Scene("run-stop", "run", RUNNING, press=("ctrl+x",)),
    Scene("finish", "finish", FINISHED),
    Scene("finish-incomplete", "finish", INCOMPLETE),
    Scene("finish-aside", "finish", ALL_BUT_THREE),
    Scene("finish-large", "finish", ALL_BUT_THREE, LARGE),
    Scene("finish-stopped", "finish", STOPPED),
    Scene("help", "preflight", BLOCKED, press=("question_mark",)),
    Scene("start-changes", "start", FRESH.but(runs=MIXED_RUNS)),
    Scene("restore-connections", "connections", RESTORE_FORMS),
    Scene("restore-alone", "connections", ALONE),
    Scene("repository", "repository", SHELVED),
    Scene("repository-unreached", "repository", UNREACHED),
    Scene("repository-source-only", "repository", ONLY_SOURCE),
    Scene("repository-empty", "repository", BARE_SHELF),
    Scene("repository-listing", "repository", LISTING_SHELF),
    Scene("repository-form", "repository", FORM, press=("a",)),
    Scene("repository-confirm", "repository", ONLY_SOURCE, press=("enter",)),
    Scene("repository-help", "repository", SHELVED, press=("question_mark",)),
    Scene("snapshot", "snapshot", ALBUM),
    Scene("snapshot-wide", "snapshot", ALBUM, WIDE),
    Scene("snapshot-coming", "snapshot", COMING),
    Scene("snapshot-thousands", "snapshot", THOUSANDS),
    Scene("snapshot-partial", "snapshot", PARTIAL),
    Scene("snapshot-too-new", "snapshot", TOO_NEW),
    Scene("snapshot-none", "snapshot", NO_SNAPSHOT),
    Scene("snapshot-taking", "snapshot", TAKING),
    Scene("snapshot-new", "snapshot", NEW_ONE, press=("t",)),
    Scene("snapshot-cancel", "snapshot", TAKING, press=("ctrl+x",)),
    Scene("snapshot-help", "snapshot", ALBUM, press=("question_mark",)),
    Scene("restore-selection", "selection", CONFLICTS),
    Scene("restore-selection-wide", "selection", CONFLICTS, WIDE),
    Scene("restore-not-whole", "selection", NOT_WHOLE),
    Scene("restore-taken", "selection", CONFLICTS, press=("w",)),
    Scene("restore-delete", "selection", CONFLICTS, press=("w", "right", "right", "right", "enter")),
    Scene("restore-pattern", "selection", PATTERN, press=("p",)),
    Scene("restore-pattern-wrong", "selection", PATTERN_WRONG, press=("p",)),
    Scene("restore-options", "selection", OPTIONS, press=("o",)),
    Scene("restore-review", "review", RESTORE_REVIEW),
    Scene("restore-review-wide", "review", RESTORE_REVIEW, WIDE),
    Scene("restore-run", "run", RESTORING),
    Scene("restore-run-wide", "run", RESTORING, WIDE),
    Scene("restore-run-waiting", "run", RESTORE_WAITS),
    Scene("restore-run-stop", "run", RESTORING, press=("ctrl+x",)),
    Scene("restore-finish", "finish", RESTORED_FINISH),
    Scene("restore-stopped", "finish", RESTORE_STOPPED),
    Scene("restore-finish-alone", "finish", RESTORED_ALONE),
    Scene("files-connections", "connections", _FILES_CHOSEN),
    Scene("files-empty", "files", FILES_EMPTY),
    Scene("files-looking", "files", FILES_LOOKING),
    Scene("files", "files", FILES),
    Scene("files-wide", "files", FILES, WIDE),
    Scene("files-missing", "files", FILES_MISSING),
    Scene("files-mixed", "files", FILES_MIXED),
    Scene("files-unreadable", "files", FILES_UNREADABLE),
    Scene("files-many", "files", FILES_MANY),
    Scene("files-help", "files", FILES, press=("f1",)),
    Scene("mapping", "mapping", MAPPING),
    Scene("mapping-wide", "mapping", REMAPPED, WIDE),
    Scene("mapping-changed", "mapping", REMAPPED),
    Scene("mapping-many", "mapping", MAPPING_MANY),
    Scene("mapping-nothing", "mapping", MAPPING_NOTHING),
    Scene("mapping-there", "mapping", MAPPING_THERE),
    Scene("mapping-type", "mapping", MAPPING, press=("enter",)),
    Scene("mapping-format", "mapping", MAPPING, press=("f",)),
    Scene("mapping-json", "mapping", REMAPPED, press=("j",)),
    Scene("mapping-help", "mapping", MAPPING, press=("question_mark",)),
    Scene("files-preflight", "preflight", FILES_CHECKED),
    Scene("files-review", "review", FILES_REVIEW),
    Scene("files-run", "run", INDEXING),
    Scene("files-finish", "finish", INDEXED_BUT),
    Scene("sent", "files", SENT),
    Scene("sent-client", "files", SENT_CLIENT),
    Scene("sent-mapping", "mapping", _ASKED),
    Scene("sent-review", "review", SENT_REVIEW),
    Scene("sent-run", "run", WATCHING),
    Scene("sent-enough", "run", WATCHING, press=("d",)),
    Scene("sent-finish", "finish", ENOUGH),
)
ROOMY: Final = (
    Scene("start-wide", "start", FRESH.but(runs=MIXED_RUNS), WIDE),
    Scene("start-large", "start", FRESH.but(runs=MANY_RUNS), LARGE),
    Scene("method-large", "method", ADVISED, LARGE),
    Scene("connections-wide", "connections", HALF_CONNECTED, WIDE),
    Scene("connections-refused-large", "connections", HALF_CONNECTED, LARGE),
    Scene("connections-compare-large", "connections", COMPARING, LARGE),
    Scene("preflight-wide", "preflight", BLOCKED, WIDE),
    Scene("preflight-passed-large", "preflight", PASSED, LARGE),
    Scene("preflight-mend-asked-large", "preflight", MENDABLE, LARGE, press=("x",)),
    Scene("help-large", "preflight", BLOCKED, LARGE, press=("question_mark",)),
    Scene("files-large", "files", FILES, LARGE),
    Scene("files-many-large", "files", FILES_MANY, LARGE),
    Scene("sent-wide", "files", SENT, WIDE),
    Scene("mapping-large", "mapping", REMAPPED, LARGE),
    Scene("mapping-many-large", "mapping", MAPPING_MANY, LARGE),
    Scene("mapping-type-large", "mapping", MAPPING, LARGE, press=("enter",)),
    Scene("repository-wide", "repository", SHELVED, WIDE),
    Scene("repository-large", "repository", UNREACHED, LARGE),
    Scene("repository-form-large", "repository", FORM, LARGE, press=("a",)),
    Scene("snapshot-large", "snapshot", ALBUM, LARGE),
    Scene("snapshot-new-large", "snapshot", NEW_ONE, LARGE, press=("t",)),
    Scene("definition-large", "selection", CHANGED, LARGE, press=("m",)),
    Scene("definition-many-large", "selection", DEFINED_MANY, LARGE, press=("m",)),
    Scene("restore-selection-large", "selection", CONFLICTS, LARGE),
    Scene("restore-taken-large", "selection", CONFLICTS, LARGE, press=("w",)),
    Scene("restore-options-large", "selection", OPTIONS, LARGE, press=("o",)),
    Scene("restore-review-large", "review", RESTORE_REVIEW, LARGE),
    Scene("run-waiting-large", "run", WAITED, LARGE),
    Scene("restore-run-large", "run", RESTORING, LARGE),
    Scene("finish-wide", "finish", INCOMPLETE, WIDE),
    Scene("restore-finish-large", "finish", RESTORED_ALONE, LARGE),
)
"""The steps on larger terminals: compared by the tests, and not in the gallery, which shows each once."""
BY_NAME: Final = {scene.name: scene for scene in (*SCENES, *ROOMY)}


def credentials_of(session: Session) -> dict[Side, Credential]:
    """Secrets behind the dots: one for each side where something was typed."""
    return {
        side: Credential(sign_in=session.form(side).sign_in, user=session.form(side).user, secret="x" * 10)
        for side in Side
        if session.form(side).has_secret
    }


# -- services that lead nowhere --------------------------------------------------------------------------------------

_CLOSED: Final = Problem(cause=Cause.STATE, what="This is a picture: nothing lies behind it.")


class _NoVault:
    async def probe(self) -> VaultReport:
        return KEYRING

    async def remember(self, connection: Connection, credential: Credential) -> VaultReport:
        del connection, credential
        return KEYRING

    async def recall(self, connection: Connection) -> Credential | None:
        del connection
        return None


async def _closed(*_: object) -> Any:  # noqa: ANN401  # it never gives anything
    from esmigrate_tui.model.problem import ProblemError  # noqa: PLC0415

    raise ProblemError(_CLOSED)


async def _nothing(*_: object) -> AsyncIterator[Any]:
    return
    yield


async def _no_runs() -> tuple[RunSummary, ...]:
    return ()


async def _no_rejects(run: str, limit: int) -> tuple[Reject, ...]:
    del run, limit
    return ()


async def _told(run: str, command: Command) -> None:
    del run, command


async def _kept(contrast: bool) -> None:  # noqa: FBT001  # as the door has it
    del contrast


PICTURE_SERVICES: Final[Services[OpenCluster]] = Services(
    methods=tuple(METHODS.values()),
    connect=_closed,
    fingerprint=_closed,
    files=_closed,
    preflight=_nothing,
    advise=_closed,
    carried=_closed,
    plan=lambda _: PLAN,
    preview=preview,
    save_text=_closed,
    save_plan=_closed,
    begin=_closed,
    resume=_closed,
    runs=_no_runs,
    follow=_nothing,
    command=_told,
    rejects=_no_rejects,
    report=_closed,
    change=_closed,
    keep_contrast=_kept,
    vault=_NoVault(),
    now=lambda: NOW,
)
