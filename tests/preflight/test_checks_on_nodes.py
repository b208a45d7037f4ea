"""Each check that asks real clusters, or judges what they say: its finding, and the absence of it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from esmigrate_tui import preflight
from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.snapshots import create_snapshot_request, register_request, unregister_request
from esmigrate_tui.elastic.transport import WireNode
from esmigrate_tui.flow import checking, planning
from esmigrate_tui.methods.checking import preflight_findings
from esmigrate_tui.model.carried import CarriedDefinition, DefinitionKind
from esmigrate_tui.model.connection import Connection, Credential, SignIn, parse_address
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import Repository, RestoreOptions
from esmigrate_tui.preflight import (
    connections,
    definitions,
    destination,
    pressure,
    privileges,
    remote,
    selection,
    source,
)
from esmigrate_tui.preflight.check import check, note
from esmigrate_tui.reading.open_file import found_files
from esmigrate_tui.reading.sample import recognised
from esmigrate_tui.sandbox.nodes import NodeOptions
from tests.broken_line import Answer, Line
from tests.by_hand import performed
from tests.fixtures_nodes import in_own_loop
from tests.preflight.restoring import found
from tests.whole import state

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.preflight.check import Check
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

ALONE: Final = {"number_of_shards": 1, "number_of_replicas": 0}
NOWHERE: Final = {**ALONE, "index.routing.allocation.require.room": "attic"}
SCALED: Final = {"type": "scaled_float", "scaling_factor": 10}
SNOW: Final = {"analysis": {"analyzer": {"own": {"tokenizer": "standard", "filter": ["snowball"]}}}}
WIDE: Final = {f"f{number}": {"type": "keyword"} for number in range(950)}

ON_SOURCE: Final[dict[str, dict[str, Any]]] = {
    "pfc-good": {"settings": ALONE},
    "pfc-frozen": {"settings": ALONE},
    "pfc-closed": {"settings": ALONE},
    "pfc-red": {"settings": NOWHERE},
    "pfc-blind": {"settings": ALONE, "mappings": {"_doc": {"_source": {"enabled": False}}}},
    "pfc-cut": {"settings": ALONE, "mappings": {"_doc": {"_source": {"excludes": ["secret"]}}}},
    "pfc-walled": {"settings": {**ALONE, "index.blocks.read": True}},
    "pfc-quiet": {"settings": {**ALONE, "refresh_interval": "-1"}},
    "pfc-snow": {
        "settings": {**ALONE, **SNOW},
        "mappings": {"_doc": {"properties": {"a": {"type": "text", "analyzer": "own"}}}},
    },
    "pfc-wide": {"settings": ALONE, "mappings": {"_doc": {"properties": WIDE}}},
    "pfc-routed": {"settings": {"number_of_shards": 5, "number_of_replicas": 0}},
    "pfc-piped": {"settings": ALONE},
    "pfc-taken": {"settings": ALONE},
    "pfc-priced": {"settings": ALONE},
    "pfc-large": {"settings": ALONE, "mappings": {"_doc": {"enabled": False}}},
    "pfc-scaled": {"settings": ALONE, "mappings": {"_doc": {"properties": {"a": SCALED}}}},
    "pfc-both": {"settings": ALONE, "aliases": {"pfc-both-alias": {}}},
    "pfc-aliased": {"settings": ALONE},
    "pfc-shut": {"settings": ALONE},
    ".pfc-own": {"settings": ALONE},
}
ON_DESTINATION: Final[dict[str, dict[str, Any]]] = {
    "pfc-taken": {"settings": ALONE},
    "pfc-flooded": {"settings": {**ALONE, "index.blocks.read_only_allow_delete": True}},
    "pfc-named": {"settings": ALONE, "aliases": {"pfc-aliased": {}, "pfc-both-alias": {}}},
    "pfc-shut": {"settings": ALONE},
    "pfc-hidden": {"settings": {**ALONE, "index.hidden": True}},
    "pfc-lonely": {"settings": {**ALONE, "number_of_replicas": 1}},
}
DOCUMENTS: Final = (
    ("pfc-good", "1", "", {"a": 1}),
    ("pfc-frozen", "1", "", {"a": 1}),
    *(("pfc-routed", "1", routing, {"a": 1}) for routing in "abcdef"),
    ("pfc-priced", "1", "", '{"price":1.10}'),
    *(("pfc-large", str(n), "", {"a": n}) for n in range(19)),
    ("pfc-large", "large", "", {"a": "x" * 1_500_000}),
)


def send(method: str, path: str, body: object = None) -> Request:
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    return Request(method=method, path=path, body=text)


def as_user(node: SandboxNode, user: str = "", secret: str = "", *, host: str = "") -> tuple[Connection, Credential]:
    endpoint, _ = parse_address(node.url)
    endpoint = msgspec.structs.replace(endpoint, host=host or endpoint.host)
    credential = Credential(sign_in=SignIn.PASSWORD, user=user or node.user or "", secret=secret or node.password or "")
    return Connection(endpoint=endpoint, sign_in=credential.sign_in, user=credential.user), credential


class Recorder(WireNode):
    """The real node, which remembers what it was asked."""

    asked: list[str]

    async def perform_request(self, method: str, target: str, **rest: Any) -> Any:  # type: ignore[override]  # noqa: ANN401  # handed on as it is
        self.asked.append(f"{method} {target}")
        return await super().perform_request(method, target, **rest)


@dataclass
class World:
    """The nodes, the draft as a look at both left it, and what they were asked."""

    old: SandboxNode
    new: SandboxNode
    seen: Draft = field(default_factory=Draft)
    asked: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def open(self, *, user: str = "", on: str = "", host: str = "") -> AsyncIterator[Clusters]:
        """Both clusters; `user` signs in to the side `on` in the administrator's place."""
        theirs = as_user(self.old, user if on == "source" else "", "narrow-12" if on == "source" else "", host=host)
        node = type("OwnRecorder", (Recorder,), {"asked": self.asked})
        own = as_user(self.new)
        async with await connect(*theirs, node_class=node) as there, await connect(*own, node_class=node) as here:
            yield Clusters(destination=here, source=there)

    def draft(self, *selected: str, **changes: Any) -> Draft:  # noqa: ANN401  # the fields of Draft
        return msgspec.structs.replace(self.seen, selected=selected, **changes)

    @property
    def nothing_there(self) -> Draft:
        return Draft(
            method=MethodName.REINDEX_FROM_REMOTE, source=as_user(self.old)[0], destination=as_user(self.new)[0]
        )


async def _fill(old: Cluster, new: Cluster) -> None:
    await asyncio.gather(
        *(performed(old, send("PUT", f"/{name}?wait_for_active_shards=0", body)) for name, body in ON_SOURCE.items())
    )
    for name, one, routing, document in DOCUMENTS:
        routed = f"?routing={routing}" if routing else ""
        await performed(old, send("PUT", f"/{name}/_doc/{one}{routed}", document))
    for name in dict.fromkeys(name for name, *_ in DOCUMENTS):
        await old.searches.refresh(name)
    await performed(old, send("POST", "/pfc-frozen/_freeze"))
    await performed(old, send("POST", "/pfc-closed/_close"))
    await performed(
        old,
        send(
            "PUT",
            "/_template/pfc-managed",
            {"index_patterns": ["pfc-managed*"], "settings": {"index.lifecycle.name": "thirty-days"}},
        ),
    )
    for name, indices in {
        "pfc-reader": {"names": ["pfc-*"], "privileges": ["read", "view_index_metadata"]},
        "pfc-half": {"names": ["pfc-*"], "privileges": ["read"], "query": '{"term":{"a":1}}'},
        "pfc-part": {"names": ["pfc-*"], "privileges": ["read"], "field_security": {"grant": ["a"]}},
        "pfc-nobody": {"names": ["other-*"], "privileges": ["read"]},
    }.items():
        await performed(old, send("PUT", f"/_security/role/{name}", {"cluster": ["monitor"], "indices": [indices]}))
        await performed(old, send("PUT", f"/_security/user/{name}", {"password": "narrow-12", "roles": [name]}))
    for name, body in ON_DESTINATION.items():
        await performed(new, send("PUT", f"/{name}", body))
    await performed(new, send("POST", "/pfc-shut/_close"))
    await new.wire.get("/_cluster/health?wait_for_status=yellow", dict)  # an index that has just been closed is red


async def _clear(new: Cluster) -> None:
    for index in await new.indices.every():
        if index.name.startswith("pfc-"):
            await new.changes.delete_index(index.name)
    if "pfc-kept" in {one.name for one in await new.snapshots.repositories()}:
        await performed(new, unregister_request("pfc-kept"))


@pytest.fixture(scope="module")
def world(nodes: SharedNodes) -> Iterator[World]:
    licensed = {"xpack.license.self_generated.type": "trial", "xpack.security.authc.api_key.enabled": "true"}
    made = World(nodes.fresh_now("6.8.23", NodeOptions(settings=licensed)), nodes.get_now("7.17.28"))

    async def begin() -> Draft:
        async with made.open() as clusters:
            assert clusters.source is not None
            await _fill(clusters.source, clusters.destination)
            draft, reached = await preflight.gather_facts(made.nothing_there, clusters)
            assert {finding.severity for finding in reached} == {Severity.PASSED}
            return draft

    async def end() -> None:
        async with made.open() as clusters:
            await _clear(clusters.destination)

    try:
        made.seen = in_own_loop(begin())
        yield made
    finally:
        in_own_loop(end())
        shutil.rmtree(made.new.snapshots / KEPT.settings["location"], ignore_errors=True)


# -- what is chosen ----------------------------------------------------------------------------------------------------

CHOSEN: Final[list[tuple[Check, str, Severity, str]]] = [
    (selection.readable, "pfc-closed", Severity.BLOCKER, "Closed on the source"),
    (selection.readable, "pfc-red", Severity.BLOCKER, "Red on the source"),
    (selection.source_kept, "pfc-blind", Severity.BLOCKER, "Without _source"),
    (selection.refresh_switched_off, "pfc-quiet", Severity.WARNING, "Never refreshed by themselves"),
    (source.frozen_indices, "pfc-frozen", Severity.BLOCKER, "Frozen on the source"),
    (source.reading_blocked, "pfc-walled", Severity.BLOCKER, "A block on the source keeps these"),
    (source.altered_sources, "pfc-cut", Severity.BLOCKER, "Only a part of each document"),
    (source.colliding_ids, "pfc-routed", Severity.WARNING, "One _id under several routings"),
    (remote.numbers_rewritten, "pfc-priced", Severity.WARNING, "Numbers will be written otherwise"),
    (definitions.lacking_parts, "pfc-snow", Severity.WARNING, "The destination lacks"),
    (destination.existing_names, "pfc-taken", Severity.BLOCKER, "1 name on the destination taken"),
    (destination.existing_names, "pfc-aliased", Severity.BLOCKER, "1 name on the destination taken"),
    (destination.existing_names, "pfc-shut", Severity.BLOCKER, "1 name on the destination taken"),
    (destination.shared_aliases, "pfc-both", Severity.WARNING, "Aliases of the chosen indices are in use"),
    (remote.large_documents, "pfc-large", Severity.WARNING, "Documents of more than 1.0 MiB"),
    (selection.internal_indices, ".pfc-own", Severity.WARNING, "Internal indices are chosen"),
]


@pytest.mark.parametrize(
    ("check", "name", "severity", "words"), CHOSEN, ids=lambda one: getattr(one, "name", str(one))[:30]
)
async def test_what_is_special_about_an_index_is_found_of_it_and_not_of_another(
    world: World, check: Check, name: str, severity: Severity, words: str
) -> None:
    async with world.open() as clusters:
        told = [one for one in await found(check, world.draft(name, "pfc-good"), clusters) if words in one.title]
        good = await found(check, world.draft("pfc-good"), clusters)
    assert [(one.severity, one.check) for one in told] == [(severity, check.name)]
    assert name in told[0].title or name in told[0].subjects
    assert "pfc-good" not in told[0].subjects
    assert told[0].why
    assert told[0].fix
    assert {one.severity for one in good} <= {Severity.PASSED}


async def test_what_has_a_name_already_is_told_by_what_it_is_and_holds(world: World) -> None:
    async with world.open() as clusters:
        chosen = world.draft("pfc-taken", "pfc-shut", "pfc-aliased")
        [told] = await found(destination.existing_names, chosen, clusters)
    assert told.evidence == "pfc-taken: index, 0 documents; pfc-shut: index, closed; pfc-aliased: alias of pfc-named"


async def test_what_could_not_be_read_or_is_too_much_to_hold_is_not_called_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = IndexFacts(name="pfc-gone", documents=3)
    there = world.draft("pfc-gone", "pfc-large", source_indices=(*world.seen.source_indices, gone))
    async with world.open() as clusters:
        [unread] = await found(remote.numbers_rewritten, there, clusters)
        monkeypatch.setattr(remote, "_MOST_READ", 10)  # less than one of its documents
        [unheld] = await found(remote.numbers_rewritten, world.draft("pfc-large"), clusters)
    assert (unread.severity, unread.subjects) == (Severity.NOTE, ("pfc-gone",))
    assert (unheld.severity, unheld.subjects) == (Severity.NOTE, ("pfc-large",))


async def test_the_largest_document_seen_says_how_many_may_be_in_a_batch(world: World) -> None:
    async with world.open() as clusters:
        [told] = await found(remote.large_documents, world.draft("pfc-large", "pfc-good"), clusters)
    assert told.evidence == "pfc-large: 1.4 MiB is the largest of the first 20"
    assert told.copy == "--batch 34"


async def test_hidden_indices_are_named_and_others_are_not(world: World) -> None:
    async with world.open() as clusters:
        there = world.draft("pfc-hidden", "pfc-taken", source_indices=world.seen.destination_indices)
        [told] = await found(source.hidden_indices, there, clusters)
        plain = msgspec.structs.replace(there, selected=("pfc-taken",))
        assert await found(source.hidden_indices, plain, clusters) == []
    assert (told.severity, told.subjects) == (Severity.NOTE, ("pfc-hidden",))


# -- the state of the destination --------------------------------------------------------------------------------------

LIMITS: Final = {
    "cluster.max_shards_per_node": 1,
    "cluster.routing.allocation.disk.threshold_enabled": True,
    "cluster.routing.allocation.disk.watermark.low": "90tb",
    "cluster.routing.allocation.disk.watermark.high": "2mb",
    "cluster.routing.allocation.disk.watermark.flood_stage": "1mb",
}
BLOCK: Final = {"cluster.blocks.read_only": True}


@pytest.fixture(scope="module")
def troubled(world: World) -> Draft:
    """The draft as it is looked at while the destination is in problem."""

    async def look() -> Draft:
        async with world.open() as clusters:
            new = clusters.destination
            await performed(new, send("PUT", "/pfc-nowhere?wait_for_active_shards=0", {"settings": NOWHERE}))
            try:
                for settings in (LIMITS, BLOCK):
                    await performed(new, send("PUT", "/_cluster/settings", {"persistent": settings}))
                return (await preflight.gather_facts(world.nothing_there, clusters))[0]
            finally:
                for settings in (BLOCK, LIMITS):  # the block refuses everything but its own end
                    await performed(new, send("PUT", "/_cluster/settings", {"persistent": dict.fromkeys(settings)}))
                await new.changes.delete_index("pfc-nowhere")

    return in_own_loop(look())


STATES: Final[list[tuple[Check, Severity, str]]] = [
    (destination.destination_health, Severity.BLOCKER, "The destination is red"),
    (destination.destination_blocks, Severity.BLOCKER, "The destination is blocked"),
    (destination.room, Severity.BLOCKER, "No room"),
    (destination.shard_limit, Severity.BLOCKER, "Too many shards"),
]


@pytest.mark.parametrize(("check", "severity", "words"), STATES, ids=lambda one: getattr(one, "name", str(one))[:30])
async def test_a_trouble_of_the_destination_is_found_while_it_lasts(
    world: World, troubled: Draft, check: Check, severity: Severity, words: str
) -> None:
    async with world.open() as clusters:
        told = await found(check, msgspec.structs.replace(troubled, selected=("pfc-good",)), clusters)
        after = await found(check, world.draft("pfc-good"), clusters)
    assert [(one.severity, one.title.startswith(words)) for one in told] == [(severity, True)]
    assert told[0].copy or told[0].evidence
    assert {one.severity for one in after} <= {Severity.PASSED}


async def test_a_raised_limit_of_shards_can_be_put_back_to_what_it_was(world: World, troubled: Draft) -> None:
    async with world.open() as clusters:
        given = msgspec.structs.replace(troubled, selected=("pfc-good",))
        [told] = await found(destination.shard_limit, given, clusters)
    [repair] = told.repairs
    assert repair.made_by.as_console() in told.copy.replace("PUT _", "PUT /_")
    assert repair.undo is not None
    assert repair.undo.body == '{"persistent":{"cluster.max_shards_per_node":null}}'


async def test_a_destination_that_is_yellow_is_told_with_what_that_means(world: World) -> None:
    async with world.open() as clusters:
        [told] = await found(pressure.copies_unplaced, world.seen, clusters)
    assert (told.severity, "status yellow" in told.evidence) == (Severity.NOTE, True)


async def test_an_index_that_refuses_writes_since_a_disk_was_full_blocks_only_where_it_is_filled(world: World) -> None:
    async with world.open() as clusters:
        [beside] = await found(pressure.refusing_indices, world.draft("pfc-good"), clusters)
        [filled] = await found(pressure.refusing_indices, world.draft("pfc-good", uses=("pfc-flooded",)), clusters)
    assert (beside.severity, beside.subjects) == (Severity.WARNING, ("pfc-flooded",))
    assert (filled.severity, filled.subjects) == (Severity.BLOCKER, ("pfc-flooded",))


# -- the two ends ------------------------------------------------------------------------------------------------------


async def test_a_destination_older_than_the_source_blocks(world: World) -> None:
    swapped = world.draft(source_facts=world.seen.destination_facts, destination_facts=world.seen.source_facts)
    async with world.open() as clusters:
        [told] = await found(connections.versions, swapped, clusters)
        [fine] = await found(connections.versions, world.seen, clusters)
    assert told.severity is Severity.BLOCKER
    assert told.title == "The destination (6.8.23) is older than the source (7.17.28)"
    assert fine.severity is Severity.PASSED


async def test_a_clock_that_is_five_minutes_off_is_told(world: World) -> None:
    async with await connect(*as_user(world.old), clock=lambda: time.time() - 300) as late:
        off = world.draft(source_facts=await late.probe())
    async with world.open() as clusters:
        [told] = await found(connections.clocks, off, clusters)
        assert await found(connections.clocks, world.seen, clusters) == []
    assert (told.severity, told.title) == (Severity.NOTE, "The source's clock is 5 min 00 s ahead of this one")


async def test_two_addresses_of_one_cluster_are_known_by_its_uuid(world: World) -> None:
    async with world.open(host="LOCALHOST") as clusters:
        assert clusters.source is not None
        twice = Clusters(destination=clusters.source, source=clusters.source)
        draft, _ = await preflight.gather_facts(world.nothing_there, twice)
        [told] = await found(connections.same_cluster, draft, twice)
    assert told.severity is Severity.BLOCKER


async def test_a_destination_that_has_no_master_yet_is_not_taken_for_another_cluster(world: World) -> None:
    async with world.open() as clusters:
        plan, _ = await planning.plan_for(world.nothing_there, clusters, ["pfc-good"], renamed={}, now=0.0)
        root: Any = await clusters.destination.wire.get("/", dict)
    nameless = Answer(200, json.dumps(root | {"cluster_uuid": "_na_"}).encode())  # as a real one told
    async with Line(world.new) as line, await connect(*as_user(line.node)) as there:
        line.breaks(nameless, "GET /", 1)
        with pytest.raises(ProblemError) as caught:
            await checking.raise_stale(plan, Clusters(destination=there, source=None))
    assert (type(caught.value), caught.value.problem.cause) == (ProblemError, Cause.BUSY)
    assert "has no elected master" in caught.value.problem.what


async def test_a_source_by_another_name_is_not_in_the_whitelist_and_the_line_to_write_is_given(world: World) -> None:
    async with world.open(host="LOCALHOST") as clusters:
        assert clusters.source is not None
        draft = world.draft("pfc-good", source=clusters.source.wire.connection)
        [told] = await found(remote.destination_reaches_source, draft, clusters)
    async with world.open() as clusters:
        [fine] = await found(remote.destination_reaches_source, world.draft("pfc-good"), clusters)
    assert told.severity is Severity.BLOCKER
    assert told.copy == f'reindex.remote.whitelist: ["LOCALHOST:{world.old.port}","localhost:*","127.0.0.1:*"]'
    assert fine.severity is Severity.PASSED


@pytest.mark.parametrize(
    ("user", "secret", "port", "cause"),
    [
        ("", "", 1, Cause.CONNECTION),
        ("pfc-nobody", "wrong", 0, Cause.AUTHENTICATION),
        ("pfc-nobody", "narrow-12", 0, Cause.PRIVILEGES),
    ],
)
async def test_what_keeps_the_destination_from_the_source_is_told_as_it_sees_it(
    world: World, user: str, secret: str, port: int, cause: Cause
) -> None:
    connection, credential = as_user(world.old, user, secret)
    endpoint = msgspec.structs.replace(connection.endpoint, port=port or connection.endpoint.port)
    there = msgspec.structs.replace(connection, endpoint=endpoint)
    async with world.open() as clusters, await connect(there, credential) as out_of_reach:
        draft = world.draft("pfc-good", source=there)
        reached = Clusters(destination=clusters.destination, source=out_of_reach)
        [told] = await found(remote.destination_reaches_source, draft, reached)
    assert (told.severity, told.cause) == (Severity.BLOCKER, cause)
    assert endpoint.authority in told.title
    assert told.why
    assert told.fix


async def test_scrolls_beyond_the_limit_of_the_source_warn(world: World) -> None:
    async with world.open() as clusters:
        [fine] = await found(remote.open_scrolls, world.draft("pfc-routed"), clusters)
        facts = msgspec.structs.replace(world.seen.source_facts, most_scrolls=4)  # type: ignore[type-var]  # it was looked at
        [told] = await found(remote.open_scrolls, world.draft("pfc-routed", source_facts=facts), clusters)
    assert (fine.severity, told.severity) == (Severity.NOTE, Severity.WARNING)
    assert "5 searches" in told.title


async def test_a_password_that_is_handed_on_can_be_replaced_by_a_key_of_least_privilege(world: World) -> None:
    async with world.open() as clusters:
        assert clusters.source is not None
        [told] = await found(remote.handed_secret, world.draft("pfc-good"), clusters)
        path, _, body = told.copy.partition("\n")
        key: Any = await performed(clusters.source, send("POST", path.removeprefix("POST "), body))
    assert told.severity is Severity.NOTE
    assert key["api_key"]


async def test_a_licence_that_the_destination_lacks_is_told(world: World) -> None:
    async with world.open() as clusters:
        assert clusters.source is not None
        [told] = await found(definitions.licence_features, world.draft("pfc-good"), clusters)
        same = Clusters(destination=clusters.source, source=clusters.source)
        assert await found(definitions.licence_features, world.draft("pfc-good"), same) == []
    assert told.title == "The source has the licence trial, the destination basic"
    assert told.severity is Severity.NOTE


async def test_what_is_in_use_of_a_licence_that_the_destination_lacks_warns(world: World) -> None:
    watch = {"trigger": {"schedule": {"yearly": {}}}, "input": {"none": {}}, "actions": {}}
    async with world.open() as clusters:
        assert clusters.source is not None
        await performed(clusters.source, send("PUT", "/_xpack/watcher/watch/pfc-watch", watch))
        [told] = await found(definitions.licence_features, world.draft("pfc-good"), clusters)
        await performed(clusters.source, send("DELETE", "/_xpack/watcher/watch/pfc-watch"))
    assert (told.severity, told.evidence) == (Severity.WARNING, "watcher: 1")


# -- who asks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "severity", "action"),
    [
        ("pfc-reader", Severity.WARNING, "indices:admin/refresh"),
        ("pfc-nobody", Severity.BLOCKER, "indices:data/read/search"),
    ],
)
async def test_what_a_user_may_not_do_on_the_source_is_named(
    world: World, user: str, severity: Severity, action: str
) -> None:
    async with world.open(user=user, on="source") as clusters:
        told = await found(privileges.privileges, world.draft("pfc-quiet"), clusters)
        spared = await found(privileges.privileges, world.draft("pfc-good"), clusters)
    worst = [one for one in told if one.severity is severity]
    assert len(worst) == 1
    assert action in worst[0].title
    assert not [one for one in spared if "refresh" in one.title]
    assert worst[0].copy.startswith("POST _security/role/esmigrate_source\n")


async def test_the_role_that_is_proposed_is_enough(world: World) -> None:
    async with world.open(user="pfc-reader", on="source") as clusters:
        told = await found(privileges.privileges, world.draft("pfc-quiet"), clusters)
    [lacking] = [one for one in told if one.severity is Severity.WARNING]
    path, _, body = lacking.copy.partition("\n")
    async with world.open() as clusters:
        assert clusters.source is not None
        await performed(clusters.source, send("PUT", f"/{path.removeprefix('POST ').lstrip('/')}", body))
        roles = {"password": "narrow-12", "roles": ["esmigrate_source"]}
        await performed(clusters.source, send("PUT", "/_security/user/pfc-enough", roles))
    async with world.open(user="pfc-enough", on="source") as clusters:
        told = await found(privileges.privileges, world.draft("pfc-quiet"), clusters)
    assert {one.severity for one in told} == {Severity.PASSED}


async def test_a_user_who_may_only_read_cannot_make_an_index_on_the_destination(world: World) -> None:
    async with world.open(user="pfc-reader", on="source") as clusters:
        assert clusters.source is not None
        there = Clusters(destination=clusters.source, source=None)
        [told] = [
            one
            for one in await found(privileges.privileges, world.draft("pfc-good"), there)
            if one.severity is Severity.BLOCKER
        ]
    assert "indices:admin/create on pfc-good" in told.evidence
    assert told.copy.startswith("POST _security/role/esmigrate_destination\n")


async def test_a_user_who_may_not_make_what_is_brought_over_is_told_before_and_one_who_may_is_not(world: World) -> None:
    kinds = (DefinitionKind.PIPELINE, DefinitionKind.LEGACY)
    beside = tuple(CarriedDefinition(kind=kind, name="pfc-beside", body="{}") for kind in kinds)
    draft = msgspec.structs.replace(world.draft("pfc-good"), carried=beside)
    async with world.open(user="pfc-reader", on="source") as clusters:
        assert clusters.source is not None
        narrow = Clusters(destination=clusters.source, source=None)  # the narrow user is known there
        [told] = await found(privileges.carrying_privileges, draft, narrow)
    async with world.open() as clusters:
        spared = await found(privileges.carrying_privileges, draft, clusters)
    assert told.severity is Severity.WARNING
    assert "ingest pipelines, legacy templates" in told.title
    assert [one for one in spared if one.severity is not Severity.PASSED] == []


@pytest.mark.parametrize(
    ("user", "words"), [("pfc-half", "shows you only some documents"), ("pfc-part", "hides fields")]
)
async def test_a_role_that_hides_something_blocks_since_no_count_would_show_it(
    world: World, user: str, words: str
) -> None:
    async with world.open(user=user, on="source") as clusters:
        [told] = await found(privileges.hidden_documents, world.draft("pfc-good"), clusters)
    async with world.open() as clusters:
        [fine] = await found(privileges.hidden_documents, world.draft("pfc-good"), clusters)
    assert told.severity is Severity.BLOCKER
    assert words in told.title
    assert fine.severity is Severity.PASSED


# -- what goes on, and what will be made -------------------------------------------------------------------------------


async def test_an_index_that_is_written_to_meanwhile_is_named_and_one_that_is_not_is_not(world: World) -> None:
    async with world.open() as clusters:
        assert clusters.source is not None
        looking = asyncio.create_task(found(source.still_written, world.draft("pfc-good", "pfc-priced"), clusters))
        while not looking.done():
            await performed(clusters.source, send("PUT", "/pfc-good/_doc/2", {"a": 2}))
        [told] = looking.result()
        [fine] = await found(source.still_written, world.draft("pfc-good", "pfc-priced"), clusters)
    assert (told.severity, told.subjects) == (Severity.WARNING, ("pfc-good",))
    assert fine.severity is Severity.PASSED


async def planned(world: World, clusters: Clusters, *names: str) -> Draft:
    """The draft of a plan of these indices, as `esmigrate check` looks at it."""
    plan, _ = await planning.plan_for(world.nothing_there, clusters, names, renamed={}, now=0.0)
    draft, _ = await preflight.gather_facts(checking.draft_of(plan), clusters)
    return draft


async def test_a_definition_that_the_destination_would_refuse_is_found_without_making_anything(world: World) -> None:
    async with world.open() as clusters:
        before = await clusters.destination.indices.every()
        draft = await planned(world, clusters, "pfc-good", "pfc-priced", "pfc-snow", "pfc-scaled")
        told = await found(definitions.definitions_accepted, draft, clusters)
        assert [one.name for one in await clusters.destination.indices.every()] == [one.name for one in before]
    *blockers, passed = told
    refused = {one.subjects: one.evidence for one in blockers if one.severity is Severity.BLOCKER}
    assert "snowball" in refused["pfc-snow",]
    assert "scaled_float" in refused["pfc-scaled",]
    assert passed.title == "The destination takes the definition of 2 indices: it was asked"


async def test_the_wizard_asks_of_what_its_plan_would_make_as_soon_as_the_definitions_are_known(world: World) -> None:
    async with world.open() as clusters:
        assert clusters.source is not None
        known = await clusters.source.indices.definitions(["pfc-snow"])
        draft = world.draft("pfc-snow", definitions=known)
        looking = real_services().preflight(draft, clusters.destination, clusters.source)
        told = [one async for one in looking if one.check == "definitions-accepted"]
    assert [one.severity for one in told] == [Severity.BLOCKER]


async def test_an_index_with_nearly_as_many_fields_as_it_may_have_warns(world: World) -> None:
    async with world.open() as clusters:
        [told] = await found(definitions.field_limits, await planned(world, clusters, "pfc-wide", "pfc-good"), clusters)
    assert (told.severity, told.subjects) == (Severity.WARNING, ("pfc-wide",))
    assert told.evidence == "pfc-wide: 950 of 1 000"


async def test_a_template_of_the_destination_that_brings_a_lifecycle_warns(world: World) -> None:
    async with world.open() as clusters:
        assert clusters.source is not None
        there = Clusters(destination=clusters.source, source=None)
        draft = world.draft("pfc-good", renamed={"pfc-good": "pfc-managed-1"})
        [told] = await found(definitions.template_settings, draft, there)
        [fine] = await found(definitions.template_settings, world.draft("pfc-good"), there)
    assert (told.severity, told.subjects) == (Severity.WARNING, ("pfc-managed-1",))
    assert "thirty-days" in told.evidence
    assert fine.severity is Severity.PASSED


# -- all of them -------------------------------------------------------------------------------------------------------


async def test_many_indices_cost_as_many_requests_as_one(world: World) -> None:
    amounts = []
    async with world.open() as clusters:
        for names in (("pfc-good",), ("pfc-good", "pfc-priced", "pfc-piped", "pfc-taken")):
            plan, _ = await planning.plan_for(world.nothing_there, clusters, names, renamed={}, now=0.0)
            world.asked.clear()
            findings = await checking.check(plan, clusters, lambda _: None)
            amounts.append(len(world.asked))
            assert not [one.title for one in findings if "could not be made" in one.title]
    assert amounts[0] == amounts[1] <= 40


LOOKS: Final = (
    "POST /_index_template/_simulate",
    "POST /_msearch",
    "POST /_reindex",  # of no document
    "POST /_security/user/_has_privileges",
    "POST /_snapshot/pfc-kept/_verify",
)
KEPT: Final = Repository(name="pfc-kept", type="fs", settings={"location": f"pfc-kept-{os.getpid()}"})


async def prepared(world: World, clusters: Clusters, method: MethodName, folder: Path) -> Draft:
    """All answers for a method, as somebody gives them."""
    names = ("pfc-good", "pfc-snow", "pfc-routed")
    draft = msgspec.structs.replace(world.nothing_there, method=method)
    if method is MethodName.INDEX_FROM_SOURCE:
        (folder / "a.csv").write_text("id,city\n1,Rome\n2,Bonn\n3\n")
        reading = recognised(found_files([str(folder / "a.csv")]))
        return draft.answered(reading=reading, into="pfc-filed", create='{"mappings":{"properties":{}}}')
    if method is MethodName.RESTORE_FROM_SNAPSHOT:
        assert clusters.source is not None
        taken = create_snapshot_request("pfc-kept", "s", ("pfc-good",), knows_features=False)
        path = taken.path.replace("wait_for_completion=false", "wait_for_completion=true")
        await performed(clusters.source, register_request(KEPT))
        await performed(clusters.source, msgspec.structs.replace(taken, path=path))
        await performed(clusters.destination, register_request(KEPT.registered(readonly=True)))
        restoration = RestoreOptions(repository=KEPT.registered(readonly=True), snapshot="s")
        return draft.answered(restoration=restoration, selected=("pfc-good",))
    plan, _ = await planning.plan_for(draft, clusters, names, renamed={}, now=0.0)
    return checking.draft_of(plan)


@pytest.mark.parametrize("method", list(MethodName))
async def test_the_checks_only_look(world: World, method: MethodName, tmp_path: Path) -> None:
    async with world.open() as clusters:
        assert clusters.source is not None
        draft = await prepared(world, clusters, method, tmp_path)
        before = [await state(cluster) for cluster in (clusters.source, clusters.destination)]
        world.asked.clear()
        told = [one async for one in preflight_findings(draft, clusters)]
        asked = {one.partition("?")[0] for one in world.asked if not one.startswith("GET ")}
        after = [await state(cluster) for cluster in (clusters.source, clusters.destination)]
    assert not [one.title for one in told if "could not be made" in one.title]
    assert asked <= set(LOOKS)
    assert after == before


async def test_what_several_checks_ask_for_is_asked_once_and_anew_for_the_next_look(world: World) -> None:
    async with world.open() as clusters:
        assert clusters.source is not None
        for _ in range(2):
            world.asked.clear()
            twin = clusters.source.remembering()
            assert await asyncio.gather(*(twin.surroundings.licence() for _ in range(3))) == ["trial"] * 3
            assert len({*await asyncio.gather(*(_bytes_of(twin, name) for name in ("pfc-good", "pfc-good")))}) == 1
            assert await _bytes_of(twin, "pfc-priced") != await _bytes_of(twin, "pfc-good")
            asked = [one.partition("?")[0] for one in world.asked if one != "GET /"]
            assert asked == ["GET /_xpack/license", *["POST /_msearch"] * 2]


async def _bytes_of(cluster: Cluster, name: str) -> tuple[bytes, ...]:
    return (await cluster.searches.first_sources([name], 5))[name]


@pytest.mark.parametrize(
    "trouble", [ProblemError(Problem(cause=Cause.BUSY, what="It was too busy.")), KeyError("defect")]
)
async def test_a_check_that_fails_warns_and_hides_no_other(world: World, trouble: Exception) -> None:
    @check
    async def broken(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:  # noqa: ARG001  # the contract of a check
        yield note(title="It began")
        raise trouble

    async with world.open() as clusters:
        checks = (broken, connections.versions)
        told = [one async for one in preflight.run_checks(world.draft("pfc-good"), clusters, checks)]
    assert [one.severity for one in told if one.check == "broken"] == [Severity.NOTE, Severity.WARNING]
    assert "could not run" in next(one.title for one in told if one.severity is Severity.WARNING)
    assert [one.severity for one in told if one.check == "versions"] == [Severity.PASSED]
