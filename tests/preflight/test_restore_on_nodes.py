"""Checks of a restore on real nodes that show the condition: a 6.8.23 as the source, an 8.19.3 as the destination."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui import preflight
from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.snapshots import create_snapshot_request, register_request, unregister_request
from esmigrate_tui.elastic.transport import WireNode
from esmigrate_tui.methods.checking import preflight_findings
from esmigrate_tui.model.connection import Credential, SignIn
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.snapshot import (
    FeatureState,
    Mount,
    Repository,
    RestoreOptions,
    SnapshotFacts,
    SnapshotState,
    TakenNameRule,
)
from esmigrate_tui.preflight import repository
from esmigrate_tui.preflight.restore import allocation, names, operation, states, versions
from esmigrate_tui.sandbox.nodes import FileUser, NodeOptions
from tests.by_hand import performed
from tests.preflight.restoring import found
from tests.signing_in import connected_to, side_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.preflight.check import Check
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

PLACE = f"pfr-place-{os.getpid()}"  # nodes of another run of these tests share the folder
BACKUPS = Repository(name="pfr", type="fs", settings={"location": PLACE})
READONLY = BACKUPS.registered(readonly=True)
LOOKING = {("POST", "/_snapshot/pfr/_verify"), ("POST", "/_security/user/_has_privileges")}
ATTIC = "index.routing.allocation.require.room"


class Recorder(WireNode):
    """The real node, which remembers what it was asked."""

    asked: list[tuple[str, str]]

    async def perform_request(self, method: str, target: str, **rest: Any) -> Any:  # type: ignore[override]  # noqa: ANN401  # handed on as it is
        self.asked.append((method, target.partition("?")[0]))
        return await super().perform_request(method, target, **rest)


@dataclass
class Site:
    """Both clusters, and what they were asked."""

    source: Cluster
    destination: Cluster
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def clusters(self) -> Clusters:
        return Clusters(destination=self.destination, source=self.source)

    @property
    def alone(self) -> Clusters:
        """Without a source."""
        return Clusters(destination=self.destination, source=None)

    @property
    def swapped(self) -> Clusters:
        """The 6.8.23 as the destination: it has lifecycles."""
        return Clusters(destination=self.source, source=None)


async def opened(node: SandboxNode, asked: list[tuple[str, str]]) -> Cluster:
    return await connected_to(node, type("OwnRecorder", (Recorder,), {"asked": asked}))


@pytest.fixture
async def site(nodes: SharedNodes) -> AsyncIterator[Site]:
    old, new = await nodes.get("6.8.23"), await nodes.get("8.19.3")
    asked: list[tuple[str, str]] = []
    async with await opened(old, asked) as source, await opened(new, asked) as destination:
        yield Site(source, destination, asked)
        for cluster in (destination, source):
            for index in await cluster.indices.every():
                if index.name.startswith("pfr-"):
                    await cluster.changes.delete_index(index.name)
            for registered in await cluster.snapshots.repositories():
                if registered.name.startswith("pfr"):
                    await performed(cluster, unregister_request(registered.name))
        shutil.rmtree(old.snapshots / PLACE, ignore_errors=True)


async def make(cluster: Cluster, name: str, *, shards: int = 1, aliases: Any = None, more: Any = None) -> None:  # noqa: ANN401  # JSON
    body = {"settings": {"number_of_shards": shards, "number_of_replicas": 0, **(more or {})}, "aliases": aliases or {}}
    await performed(cluster, Request(method="PUT", path=f"/{name}?wait_for_active_shards=0", body=json.dumps(body)))


async def take(cluster: Cluster, *names: str, partial: bool = False, place: str = PLACE) -> None:
    """The snapshot "s" of exactly these indices, in the repository of these tests."""
    await performed(cluster, register_request(msgspec.structs.replace(BACKUPS, settings={"location": place})))
    knows = await cluster.wire.version() >= Version(7, 12)
    request = create_snapshot_request("pfr", "s", names, knows_features=knows)
    if partial:
        request = msgspec.structs.replace(request, body=json.dumps(json.loads(request.body) | {"partial": True}))
    await performed(cluster, request)
    for _ in range(200):
        if (await cluster.snapshots.taking("pfr", "s")).state is not SnapshotState.IN_PROGRESS:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(names)


async def looked_at(site: Clusters, *selected: str, **changes: Any) -> Draft:  # noqa: ANN401  # the fields of Restoration
    """A draft that restores the snapshot "s", as a look at the clusters leaves it."""
    wanted = msgspec.structs.replace(RestoreOptions(repository=READONLY, snapshot="s"), **changes)
    draft = Draft(
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        destination=site.destination.wire.connection,
        source=site.source.wire.connection if site.source else None,
        restoration=wanted,
    )
    seen, findings = await preflight.gather_facts(draft, site)
    assert not [one for one in findings if one.severity is Severity.BLOCKER]
    return seen.answered(selected=selected)


async def only(check: Check, draft: Draft, clusters: Clusters) -> Finding:
    (finding,) = await found(check, draft, clusters)
    return finding


def severities(findings: list[Finding], check: str) -> list[Severity]:
    return [one.severity for one in findings if one.check == check]


# -- versions ----------------------------------------------------------------------------------------------------------


async def test_a_snapshot_of_6_8_is_blocked_for_8_19_with_the_method_that_works_before_anything_is_written(
    site: Site,
) -> None:
    await make(site.source, "pfr-a")
    await take(site.source, "pfr-a")
    await performed(site.destination, register_request(READONLY))
    draft = await looked_at(site.clusters, "pfr-a")
    before = await site.destination.indices.every()
    site.asked.clear()
    findings = [finding async for finding in preflight_findings(draft, site.clusters)]
    (blocker,) = [one for one in findings if one.severity is Severity.BLOCKER]
    assert blocker.check == "restorable-versions"
    assert blocker.title == "8.19.3 cannot restore pfr-a"
    assert "6.8.23" in blocker.evidence
    assert "copy them through this machine" in blocker.fix.lower()
    assert await site.destination.indices.every() == before
    assert {one for one in site.asked if one[0] != "GET"} == LOOKING


async def test_what_the_source_no_longer_holds_is_judged_by_the_snapshot_and_said_to_be_unknown(site: Site) -> None:
    await make(site.source, "pfr-a")
    await take(site.source, "pfr-a")
    draft = await looked_at(Clusters(destination=site.source, source=None), "pfr-a")
    seven = msgspec.structs.replace(draft.destination_facts, version=Version(7, 17, 28))  # type: ignore[type-var]  # it was looked at
    (told,) = await found(versions.restorable_versions, draft.answered(destination_facts=seven), site.swapped)
    assert told.severity is Severity.WARNING
    assert "5.x" in told.evidence


async def test_a_trial_licence_makes_an_archive_of_an_index_that_is_too_old(nodes: SharedNodes, site: Site) -> None:
    trial = await nodes.fresh("6.8.23")
    asked: list[tuple[str, str]] = []
    async with await opened(trial, asked) as licensed:
        await performed(licensed, Request(method="POST", path="/_xpack/license/start_trial?acknowledge=true"))
        assert await licensed.surroundings.licence() == "trial"
        await make(site.source, "pfr-a")
        await take(site.source, "pfr-a")
        draft = await looked_at(site.clusters, "pfr-a")
        # What that licence would mean on a destination of 8.19.3 with every module, which no node here is.
        facts = msgspec.structs.replace(draft.destination_facts, modules=())  # type: ignore[type-var]  # it was looked at
        draft = draft.answered(destination_facts=facts)
        there = Clusters(destination=licensed, source=site.source)
        archive = await only(versions.archive_licence, draft, there)
        assert archive.severity is Severity.WARNING
        assert "read-only" in archive.title
        assert await found(versions.restorable_versions, draft, there) == []
        # The basic licence of the real one does not include it.
        assert await found(versions.archive_licence, draft, site.clusters) == []
        blocker = await only(versions.restorable_versions, draft, site.clusters)
        assert "here is basic" in blocker.evidence


async def test_a_feature_state_is_judged_by_the_snapshot_it_is_in(site: Site) -> None:
    draft = await with_stream(site)
    old = msgspec.structs.replace(STREAM, version="7.17.28")
    nine = msgspec.structs.replace(draft.destination_facts, version=Version(9, 5))  # type: ignore[type-var]  # it was looked at
    given = draft.answered(snapshot=old, destination_facts=nine).answered(feature_states=("tasks",))
    told = await only(versions.restorable_versions, given, site.alone)
    assert (told.severity, told.subjects) == (Severity.BLOCKER, ("the feature state tasks",))
    eight = msgspec.structs.replace(given.destination_facts, version=Version(8, 19, 3))  # type: ignore[type-var]  # it was looked at
    told = await only(versions.restorable_versions, given.answered(destination_facts=eight), site.alone)
    assert told.severity is Severity.WARNING


# -- repositories and snapshots ----------------------------------------------------------------------------------------


async def test_a_type_that_the_destination_lacks_is_blocked_before_it_is_registered(site: Site) -> None:
    bucket = Repository(name="pfr-s3", type="s3", settings={"bucket": "b", "readonly": "true"})
    draft = await looked_at(site.clusters, repository=bucket, register=True)
    told = await only(repository.repository_readable, draft, site.clusters)
    assert told.severity is Severity.BLOCKER
    assert told.title == "The destination has no repositories of the type s3"


async def test_a_folder_outside_path_repo_is_blocked_with_the_line_that_allows_it(site: Site) -> None:
    outside = Repository(name="pfr-out", type="fs", settings={"location": "/elsewhere", "readonly": "true"})
    draft = await looked_at(site.clusters, repository=outside, register=True)
    told = await only(repository.repository_readable, draft, site.clusters)
    assert told.severity is Severity.BLOCKER
    nodes = await site.destination.surroundings.nodes()
    assert nodes is not None
    assert told.copy == f'path.repo: ["{nodes[0].folders[0]}","/elsewhere"]'


async def test_a_folder_that_is_not_there_is_said_by_6_8_in_plain_words(site: Site) -> None:
    with suppress(ProblemError):  # 6.8 registers it, and then says that it could not verify it
        await performed(site.source, register_request(READONLY))
    draft = await looked_at(site.alone)
    told = await only(repository.repository_readable, draft, site.swapped)
    assert told.severity is Severity.BLOCKER
    assert "cannot read the repository at the place it is registered with" in told.title


async def test_a_repository_that_the_run_registers_is_shown_with_its_request(site: Site) -> None:
    await make(site.source, "pfr-a")
    await take(site.source, "pfr-a")
    draft = await looked_at(site.clusters, register=True, unregister=True)
    assert draft.snapshot is not None, "read through the source"
    told = await only(repository.repository_readable, draft, site.clusters)
    assert told.severity is Severity.NOTE
    assert told.copy.startswith("PUT _snapshot/pfr\n")
    assert '"readonly":"true"' in told.copy
    assert (await only(repository.repository_readonly, draft, site.clusters)).severity is Severity.PASSED


async def test_a_repository_that_nobody_registers_is_a_blocker(site: Site) -> None:
    draft = await looked_at(site.clusters)
    assert (await only(repository.repository_readable, draft, site.clusters)).severity is Severity.BLOCKER


async def test_a_name_that_is_used_for_another_place_is_never_registered_anew(site: Site) -> None:
    other = Repository(name="pfr", type="fs", settings={"location": f"{PLACE}-other", "readonly": "true"})
    draft = await looked_at(site.alone, repository=other, register=True)
    await performed(site.destination, register_request(READONLY))
    told = await only(repository.repository_readable, draft, site.clusters)
    assert told.severity is Severity.BLOCKER
    assert "for another repository" in told.title


async def test_two_clusters_that_can_write_to_one_repository_are_warned_about(site: Site) -> None:
    await make(site.source, "pfr-a")
    await take(site.source, "pfr-a")
    await performed(site.destination, register_request(BACKUPS))
    draft = await looked_at(site.clusters)
    told = await only(repository.repository_readonly, draft, site.clusters)
    assert told.severity is Severity.WARNING
    assert '"readonly":"true"' in told.copy
    await performed(site.destination, register_request(READONLY))
    assert (await only(repository.repository_readonly, draft, site.clusters)).severity is Severity.PASSED
    assert (await only(repository.repository_readable, draft, site.clusters)).severity is Severity.PASSED


async def test_a_partial_snapshot_blocks_what_is_not_whole_in_it_unless_a_part_will_do(site: Site) -> None:
    await make(site.source, "pfr-a")
    await make(site.source, "pfr-holed", shards=2, more={"index.routing.allocation.total_shards_per_node": 1})
    await take(site.source, "pfr-a", "pfr-holed", partial=True)
    holed = await looked_at(site.clusters, "pfr-holed")
    assert holed.snapshot is not None
    assert holed.snapshot.state is SnapshotState.PARTIAL
    told = await only(repository.snapshot_state, holed, site.clusters)
    assert (told.severity, told.subjects) == (Severity.BLOCKER, ("pfr-holed",))
    assert "primary shard is not allocated" in told.evidence
    partly = await looked_at(site.clusters, "pfr-holed", partial=True)
    assert (await only(repository.snapshot_state, partly, site.clusters)).severity is Severity.WARNING
    whole = await looked_at(site.clusters, "pfr-a")
    assert (await only(repository.snapshot_state, whole, site.clusters)).severity is Severity.PASSED


async def test_a_snapshot_that_vanished_is_a_finding_and_the_selection_stays(site: Site) -> None:
    await make(site.source, "pfr-a")
    await take(site.source, "pfr-a")
    draft = await looked_at(site.clusters, "pfr-a")
    again, seen = await preflight.gather_facts(draft, site.clusters)
    assert again.selected == ("pfr-a",)
    assert not [one for one in seen if one.check == "snapshot-state"]
    await performed(site.source, Request(method="DELETE", path="/_snapshot/pfr/s"))
    _, gone = await preflight.gather_facts(draft, site.clusters)
    (told,) = [one for one in gone if one.check == "snapshot-state"]
    assert (told.severity, "(any more)" in told.title) == (Severity.BLOCKER, True)
    await take(site.source, "pfr-a")
    _, replaced = await preflight.gather_facts(draft, site.clusters)
    (told,) = [one for one in replaced if one.check == "snapshot-state"]
    assert (told.severity, "Another snapshot" in told.title) == (Severity.BLOCKER, True)


async def test_a_source_that_does_not_answer_is_a_warning_and_the_other_checks_are_made(
    nodes: SharedNodes, site: Site
) -> None:
    await make(site.source, "pfr-a")
    await take(site.source, "pfr-a")
    await performed(site.destination, register_request(READONLY))
    old = await nodes.get("6.8.23")
    draft = await looked_at(site.alone, "pfr-a")
    endpoint = msgspec.structs.replace(site.source.wire.connection.endpoint, port=1)
    away = msgspec.structs.replace(site.source.wire.connection, endpoint=endpoint)
    credential = Credential(sign_in=SignIn.PASSWORD, user=old.user or "", secret=old.password or "")
    async with await connect(away, credential) as silent:
        there = Clusters(destination=site.destination, source=silent)
        findings = [one async for one in preflight_findings(msgspec.structs.replace(draft, source=away), there)]
    assert sorted(severities(findings, "reachable")) == [Severity.PASSED, Severity.WARNING]
    assert severities(findings, "restorable-versions") == [Severity.BLOCKER], "by the snapshot's own version"
    assert severities(findings, "repository-readable") == [Severity.PASSED]
    assert severities(findings, "allocation-settings") == [Severity.NOTE]
    assert not [one for one in findings if "could not be made" in one.title]


# -- names -------------------------------------------------------------------------------------------------------------


async def test_an_open_index_in_the_way_blocks_until_somebody_says_what_becomes_of_it(site: Site) -> None:
    await make(site.source, "pfr-a", shards=2)
    await take(site.source, "pfr-a")
    await make(site.destination, "pfr-a")
    await performed(site.destination, Request(method="POST", path="/pfr-a/_doc?refresh=true", body='{"a":1}'))
    draft = await looked_at(site.clusters, "pfr-a")
    told = await only(names.open_indices_in_the_way, draft, site.clusters)
    assert (told.severity, told.evidence) == (Severity.BLOCKER, "pfr-a: index, 1 document")
    closing = draft.answered(in_the_way={"pfr-a": TakenNameRule.CLOSE})
    told = await only(names.open_indices_in_the_way, closing, site.clusters)
    assert (told.severity, told.evidence) == (Severity.BLOCKER, "pfr-a: 1 there, 2 in the snapshot")
    deleting = draft.answered(in_the_way={"pfr-a": TakenNameRule.DELETE})
    told = await only(names.open_indices_in_the_way, deleting, site.clusters)
    assert told.severity is Severity.WARNING
    assert "pfr-a: 1 document" in told.title


async def test_a_second_index_to_write_to_is_blocked_unless_aliases_are_left_out(site: Site) -> None:
    await make(site.source, "pfr-a", aliases={"pfr-alias": {"is_write_index": True}})
    await take(site.source, "pfr-a")
    draft = await looked_at(site.clusters, "pfr-a")
    assert await found(names.write_index_aliases, draft, site.clusters) == []
    await make(site.destination, "pfr-mine", aliases={"pfr-alias": {"is_write_index": True}})
    told = await only(names.write_index_aliases, draft, site.clusters)
    assert (told.severity, told.evidence) == (Severity.BLOCKER, "pfr-alias: pfr-mine")
    without = await looked_at(site.clusters, "pfr-a", aliases=False)
    assert await found(names.write_index_aliases, without, site.clusters) == []
    unseen = await only(names.write_index_aliases, draft, site.alone)
    assert unseen.severity is Severity.NOTE


STREAM = SnapshotFacts(
    repository="pfr",
    name="s",
    uuid="x",
    state=SnapshotState.SUCCESS,
    version="8.19.0-8.19.3",
    indices=(".ds-pfr-web-2026.01.01-000001", ".pfr-feature"),
    data_streams=("pfr-web",),
    feature_states=tuple(FeatureState(name=name, indices=(".pfr-feature",)) for name in ("security", "tasks", "none")),
    global_state=True,
)


async def with_stream(site: Site, *selected: str, **changes: Any) -> Draft:  # noqa: ANN401  # the fields of Draft
    """A draft of a snapshot that no node here can make."""
    draft = (await looked_at(site.alone)).answered(snapshot=STREAM)
    return draft.answered(selected=selected, **changes)


async def test_a_data_stream_without_a_template_on_the_destination_is_a_blocker(site: Site) -> None:
    draft = await with_stream(site, "pfr-web")
    told = await only(names.data_stream_templates, draft, site.alone)
    assert (told.severity, told.subjects) == (Severity.BLOCKER, ("pfr-web",))
    assert told.copy.startswith("PUT _index_template/pfr-web\n")
    plain = Request(method="PUT", path="/_index_template/pfr-t", body='{"index_patterns":["pfr-w*"],"priority":300}')
    await performed(site.destination, plain)
    try:
        assert (await only(names.data_stream_templates, draft, site.alone)).severity is Severity.BLOCKER
    finally:
        await performed(site.destination, Request(method="DELETE", path="/_index_template/pfr-t"))


# -- states ------------------------------------------------------------------------------------------------------------


async def test_a_global_state_names_what_it_would_replace(site: Site) -> None:
    body = '{"index_patterns":["pfr-x-*"],"priority":301}'
    await performed(site.destination, Request(method="PUT", path="/_index_template/pfr-t", body=body))
    try:
        draft = await with_stream(site)
        assert await found(states.global_state_overwrites, draft, site.alone) == []
        wanted = msgspec.structs.replace(draft.restoration, global_state=True)  # type: ignore[type-var]  # it has one
        told = await only(states.global_state_overwrites, draft.answered(restoration=wanted), site.alone)
        assert told.severity is Severity.WARNING
        assert "index templates: pfr-t" in told.evidence
    finally:
        await performed(site.destination, Request(method="DELETE", path="/_index_template/pfr-t"))


async def test_a_snapshot_without_global_state_has_none_to_restore(site: Site) -> None:
    await make(site.source, "pfr-a")
    await take(site.source, "pfr-a")
    await performed(site.destination, register_request(READONLY))
    draft = await looked_at(site.alone, global_state=True)
    told = await only(states.global_state_overwrites, draft, site.alone)
    assert told.severity is Severity.BLOCKER


async def test_users_that_are_replaced_may_lock_out_whoever_is_not_of_the_file_realm(site: Site) -> None:
    draft = await with_stream(site, feature_states=("security",))
    (told,) = await found(states.feature_states_lock_out, draft, site.alone)
    assert told.severity is Severity.WARNING
    assert "reserved" in told.evidence
    assert "elasticsearch-users useradd" in told.copy


async def test_a_user_of_the_file_realm_keeps_access(nodes: SharedNodes, site: Site) -> None:
    user = FileUser("pfr-rescue", "sesame-1", ("superuser",))
    node = await nodes.get("6.8.23", NodeOptions(security=True, file_users=(user,)))
    draft = await with_stream(site, ".security-6")
    seven = msgspec.structs.replace(draft.destination_facts, version=Version(7, 17, 28))  # type: ignore[type-var]  # it was looked at
    async with await connect(*side_of(node, "pfr-rescue", "sesame-1")) as rescuer:
        there = Clusters(destination=rescuer, source=None)
        told = await only(states.feature_states_lock_out, draft.answered(destination_facts=seven), there)
    assert told.severity is Severity.NOTE
    assert "you keep access" in told.title


async def test_kibana_is_to_be_of_the_same_version_and_fleet_to_come_with_it(site: Site) -> None:
    draft = await with_stream(site, feature_states=("fleet",))
    told = await found(states.feature_states_lock_out, draft, site.alone)
    warned = [one.title for one in told if one.severity is Severity.WARNING]
    assert warned == ["What Kibana keeps on the destination will be replaced", "Fleet is chosen without Kibana"]


async def test_two_repositories_of_one_name_are_told_apart_by_their_uuid(nodes: SharedNodes) -> None:
    old, new = await nodes.get("7.17.28"), await nodes.get("8.19.3")
    async with await opened(old, []) as source, await opened(new, []) as destination:
        both = Clusters(destination=destination, source=source)
        try:
            for cluster, place in ((source, PLACE), (destination, f"{PLACE}-2")):
                await make(cluster, "pfr-a")
                await take(cluster, "pfr-a", place=place)
            draft = await looked_at(both)
            told = await only(repository.repository_uuid, draft, both)
            assert told.severity is Severity.WARNING
            await performed(destination, register_request(READONLY))
            await destination.snapshots.snapshot("pfr", "s")
            assert await found(repository.repository_uuid, draft, both) == []
        finally:
            for cluster in (source, destination):
                await cluster.changes.delete_index("pfr-a")
                await performed(cluster, unregister_request("pfr"))
            for place in (PLACE, f"{PLACE}-2"):
                shutil.rmtree(old.snapshots / place, ignore_errors=True)


async def test_a_feature_that_the_destination_or_the_snapshot_lacks_is_a_blocker(site: Site) -> None:
    draft = await with_stream(site, feature_states=("none", "synonyms"))
    told = [one for one in await found(states.feature_states_lock_out, draft, site.alone) if one.subjects]
    assert [(one.severity, one.subjects) for one in told] == [
        (Severity.BLOCKER, ("synonyms",)),
        (Severity.BLOCKER, ("none",)),
    ]


async def test_an_internal_index_by_name_is_refused_for_8_and_newer(site: Site) -> None:
    draft = (await with_stream(site, ".tasks")).answered(feature_states=())
    (told,) = await found(states.feature_states_lock_out, draft, site.alone)
    assert (told.severity, told.subjects) == (Severity.BLOCKER, (".tasks",))


# -- places for shards -------------------------------------------------------------------------------------------------


async def test_an_allocation_setting_that_no_node_meets_blocks_unless_it_is_ignored(site: Site) -> None:
    await make(site.source, "pfr-a", more={ATTIC: "attic"})
    await make(site.source, "pfr-free")
    await take(site.source, "pfr-free", "pfr-a", partial=True)
    draft = await looked_at(site.clusters, "pfr-a", "pfr-free")
    told = await only(allocation.allocation_settings, draft, site.clusters)
    assert (told.severity, told.subjects, told.copy) == (Severity.BLOCKER, ("pfr-a",), ATTIC)
    assert told.evidence == f"{ATTIC}: attic"
    ignoring = await looked_at(site.clusters, "pfr-a", ignore_index_settings=("index.routing.allocation.*",))
    assert (await only(allocation.allocation_settings, ignoring, site.clusters)).severity is Severity.PASSED
    unseen = await only(allocation.allocation_settings, draft, site.alone)
    assert unseen.severity is Severity.NOTE


async def test_lifecycles_that_run_are_warned_about_where_an_index_has_a_policy(site: Site) -> None:
    await make(site.source, "pfr-a", more={"index.lifecycle.name": "pfr-policy"})
    await take(site.source, "pfr-a")
    draft = await looked_at(Clusters(destination=site.source, source=site.source), "pfr-a")
    both = Clusters(destination=site.source, source=site.source)
    told = await only(operation.lifecycle_running, draft, both)
    assert (told.severity, told.subjects) == (Severity.WARNING, ("pfr-a",))
    ignored = msgspec.structs.replace(draft.restoration, ignore_index_settings=("index.lifecycle.*",))  # type: ignore[type-var]  # it has one
    assert await found(operation.lifecycle_running, draft.answered(restoration=ignored), both) == []
    assert await found(operation.lifecycle_running, draft, site.clusters) == [], "8.19.3 has no lifecycles here"


async def test_the_cap_that_binds_is_named(site: Site) -> None:
    capped = Repository(
        name="pfr", type="fs", settings={"location": PLACE, "readonly": "true", "max_restore_bytes_per_sec": "10mb"}
    )
    draft = await looked_at(site.alone, repository=capped)
    told = await only(operation.speed_caps, draft, site.alone)
    assert told.title == "Each node restores at most 40mb a second, and reads at most 10mb"


async def test_a_mount_needs_the_module_and_the_licence(site: Site) -> None:
    draft = await looked_at(site.alone, mount=Mount.FULL_COPY)
    told = await found(repository.mount_possible, draft, site.alone)
    assert {one.severity for one in told} == {Severity.BLOCKER}
    assert any("searchable-snapshots" in one.title for one in told)
    assert any("licence is basic" in one.title for one in told)


async def test_an_analyser_that_the_destination_has_no_part_for_is_warned_about(site: Site) -> None:
    ngrams = {"index.analysis.analyzer.parts.type": "custom", "index.analysis.analyzer.parts.tokenizer": "ngram"}
    await make(site.source, "pfr-a", more=ngrams)
    await make(site.source, "pfr-plain")
    await take(site.source, "pfr-a", "pfr-plain")
    draft = await looked_at(site.clusters, "pfr-a", "pfr-plain")
    told = await only(allocation.analysis_parts, draft, site.clusters)
    assert (told.severity, told.subjects) == (Severity.WARNING, ("pfr-a",))
    assert "lacks analysis-common" in told.title
    assert await found(allocation.analysis_parts, draft.answered(selected=("pfr-plain",)), site.clusters) == []


async def test_what_somebody_may_not_do_on_the_destination_is_named(nodes: SharedNodes, site: Site) -> None:
    old = await nodes.get("6.8.23")
    role = {"cluster": ["monitor"], "indices": [{"names": ["pfr-a"], "privileges": ["monitor"]}]}
    user = {"password": "sesame-1", "roles": ["pfr-narrow"]}
    for kind, body in (("role", role), ("user", user)):
        await performed(site.source, Request(method="PUT", path=f"/_security/{kind}/pfr-narrow", body=json.dumps(body)))
    draft = (await looked_at(site.alone, register=True)).answered(in_the_way={"pfr-a": TakenNameRule.DELETE})
    assert (await only(operation.restore_privileges, draft, site.swapped)).severity is Severity.PASSED
    try:
        async with await connect(*side_of(old, "pfr-narrow", "sesame-1")) as narrow:
            there = Clusters(destination=narrow, source=None)
            told = await only(operation.restore_privileges, draft, there)
    finally:
        for kind in ("user", "role"):
            await performed(site.source, Request(method="DELETE", path=f"/_security/{kind}/pfr-narrow"))
    assert told.severity is Severity.BLOCKER
    assert told.evidence.split("; ") == [
        "cluster:admin/repository/put",
        "cluster:admin/snapshot/get",
        "cluster:admin/snapshot/restore",
        "indices:admin/delete on pfr-a",
    ]


# -- all together ------------------------------------------------------------------------------------------------------


async def test_the_checks_only_read_and_take_as_many_requests_for_thirty_indices_as_for_one(site: Site) -> None:
    names = [f"pfr-{number:02}" for number in range(30)]
    for name in names:
        await make(site.source, name)
    await take(site.source, *names)
    await performed(site.destination, register_request(READONLY))
    needed: list[int] = []
    for selected in (names[:1], names):
        draft = await looked_at(site.clusters, *selected)
        site.asked.clear()
        findings = [one async for one in preflight_findings(draft, site.clusters)]
        assert not [one for one in findings if "could not be made" in one.title]
        assert {one for one in site.asked if one[0] != "GET"} == LOOKING
        needed.append(len(site.asked))
    assert needed[0] == needed[1]
