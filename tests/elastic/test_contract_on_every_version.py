"""The wire's contract, on a real node of every version: the same calls, the same facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.field_percentiles import spread_of
from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, Credential, SignIn, parse_address
from esmigrate_tui.model.facts import Health, IndexState, Version
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.by_hand import performed
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

VERSIONS = ("2.4.6", "5.6.16", "6.8.23", "7.17.28", "8.19.3", "9.5.0")
DEFINITION = json.dumps(
    {
        "settings": {"number_of_shards": 2, "number_of_replicas": 0, "refresh_interval": "7s"},
        "mappings": {"dynamic": "strict", "properties": {"a": {"type": "long"}}},
        "aliases": {"wire-alias": {}},
    }
)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def cluster(nodes: SharedNodes, version: str) -> AsyncIterator[Cluster]:
    async with await connected_to(await nodes.get(version)) as connected:
        yield connected
        for index in await connected.indices.every():
            if index.name.startswith("wire-"):
                await connected.changes.delete_index(index.name)


def _bulk(version: str, index: str, *ids: str) -> Request:
    """Documents for an index that `DEFINITION` made; up to 6.x each names its type."""
    of_type = {} if int(version[0]) >= 7 else {"_type": "_doc" if version[0] == "6" else "doc"}
    lines = [f'{json.dumps({"index": {"_index": index, "_id": one, **of_type}})}\n{{"a":{one}}}\n' for one in ids]
    return Request(method="POST", path="/_bulk", body="".join(lines))


async def test_a_probe_tells_what_the_cluster_is(cluster: Cluster, version: str) -> None:
    facts = await cluster.probe()
    assert facts.version == Version.parse(version)
    assert facts.name.startswith(f"es-{version}")
    assert len(facts.uuid) == 22
    assert facts.health in {Health.GREEN, Health.YELLOW}
    assert (facts.nodes, facts.data_nodes) == (1, 1)
    assert facts.documents is not None
    assert facts.store_bytes is not None
    assert facts.open_shards is not None
    assert facts.disk is not None
    assert 0 < facts.disk.usable <= facts.disk.free < facts.disk.total
    assert facts.clock_skew_seconds == pytest.approx(0, abs=2)


async def test_a_probe_tells_who_signed_in_where_there_is_security(cluster: Cluster, version: str) -> None:
    facts = await cluster.probe()
    if int(version[0]) < 6:
        assert (facts.security, facts.user) == (False, None)
    else:
        assert (facts.security, facts.user, facts.roles) == (True, "elastic", ("superuser",))


async def test_a_probe_tells_what_may_be_read_from_where_there_is_reindex(cluster: Cluster, version: str) -> None:
    facts = await cluster.probe()
    expected = {"2": None, "8": None, "9": None}.get(version[0], ("localhost:*", "127.0.0.1:*"))
    assert facts.whitelist == expected
    assert ("reindex" in facts.modules) == (version[0] not in "89")
    limit = facts.max_shards_per_node
    assert limit == (None if int(version[0]) < 6 else 1000)


async def test_an_index_that_was_made_is_listed_with_all_its_facts(cluster: Cluster, version: str) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    await performed(cluster, _bulk(version, "wire-a", "1", "2", "3"))
    await cluster.searches.refresh("wire-a")
    index = next(one for one in await cluster.indices.every() if one.name == "wire-a")
    assert (index.documents, index.shards, index.replicas) == (3, 2, 0)
    assert (index.state, index.health) == (IndexState.OPEN, Health.GREEN)
    assert (index.aliases, index.refresh_interval) == (("wire-alias",), "7s")
    assert index.created is not None
    assert index.created.major == int(version[0])
    assert len(index.uuid) == 22
    assert index.source_enabled
    assert bool(index.types) == (int(version[0]) < 7)
    assert index.primary_bytes == index.store_bytes
    assert cluster.indices.left_out == ()


async def test_the_shards_of_an_index_are_listed_with_what_each_holds(cluster: Cluster, version: str) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    await performed(cluster, _bulk(version, "wire-a", "1", "2", "3"))
    await cluster.searches.refresh("wire-a")
    shards = await cluster.indices.shards("wire-a")
    assert [(one.number, one.state) for one in shards] == [(0, "started"), (1, "started")]
    assert sum(one.documents or 0 for one in shards) == 3
    assert all(one.bytes is not None and one.node for one in shards)  # a size is known a while later


async def test_closed_hidden_and_sourceless_indices_are_listed_as_such(cluster: Cluster, version: str) -> None:
    await cluster.changes.create_index("wire-shut", DEFINITION)
    await performed(cluster, Request(method="GET", path="/_cluster/health/wire-shut?wait_for_status=green&timeout=20s"))
    await performed(cluster, Request(method="POST", path="/wire-shut/_close"))
    await cluster.changes.create_index("wire-b", '{"mappings": {"_source": {"enabled": false}}}')
    if int(version[0]) >= 8:
        await cluster.changes.create_index("wire-hidden", '{"settings": {"index.hidden": true}}')
    found = {index.name: index for index in await cluster.indices.every()}
    assert found["wire-shut"].state is IndexState.CLOSED
    assert found["wire-shut"].documents is None
    assert (found["wire-shut"].shards, found["wire-shut"].replicas) == (2, 0)
    assert found["wire-shut"].aliases == ("wire-alias",)
    assert not found["wire-b"].source_enabled
    assert found["wire-shut"].source_enabled
    if int(version[0]) >= 8:
        assert found["wire-hidden"].hidden
    assert not found["wire-b"].hidden
    assert list(found) == sorted(found)


async def test_definitions_come_as_they_are_closed_indices_too(cluster: Cluster, version: str) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    await cluster.changes.create_index("wire-shut", DEFINITION)
    await performed(cluster, Request(method="GET", path="/_cluster/health/wire-shut?wait_for_status=green&timeout=20s"))
    await performed(cluster, Request(method="POST", path="/wire-shut/_close"))
    defined = await cluster.indices.definitions(["wire-shut", "wire-a"])
    assert list(defined) == ["wire-shut", "wire-a"]
    for one in defined.values():
        mapping = one.mappings if int(version[0]) >= 7 else next(iter(one.mappings.values()))
        assert mapping == {"dynamic": "strict", "properties": {"a": {"type": "long"}}}
        assert one.settings["index"]["number_of_shards"] == "2"
        assert one.aliases == {"wire-alias": {}}


async def test_a_definition_of_what_is_not_there_is_missing(cluster: Cluster) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    for names in (["wire-a", "wire-nope"], ["wire-alias"]):
        with pytest.raises(ProblemError) as caught:
            await cluster.indices.definitions(names)
        assert caught.value.problem.cause is Cause.MISSING


async def test_taken_names_are_told_with_what_has_them(cluster: Cluster) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    taken = await cluster.indices.existing(["wire-a", "wire-alias", "wire-free"])
    assert taken == {"wire-a": "index", "wire-alias": "alias"}


async def test_a_name_that_is_taken_cannot_be_made_again(cluster: Cluster) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    for name in ("wire-a", "wire-alias"):
        with pytest.raises(ProblemError) as caught:
            await cluster.changes.create_index(name, "{}")
        assert caught.value.problem.cause is Cause.EXISTS


async def test_documents_are_counted_once_they_were_refreshed(cluster: Cluster, version: str) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    await cluster.changes.put_settings("wire-a", '{"index": {"refresh_interval": "-1"}}')
    answer = await performed(cluster, _bulk(version, "wire-a", "1", "2"))
    assert answer["errors"] is False
    assert await cluster.searches.count("wire-a") == 0
    await cluster.searches.refresh("wire-a")
    assert await cluster.searches.count("wire-a") == 2


async def test_how_the_values_of_a_field_lie_is_told_from_all_documents_and_from_a_sample(
    cluster: Cluster, version: str
) -> None:
    kind = "date" if int(version[0]) < 7 else "date_nanos"
    mapping = {"properties": {"a": {"type": "long"}, "t": {"type": kind}}}
    await cluster.changes.create_index("wire-a", json.dumps({"settings": {"number_of_shards": 2}, "mappings": mapping}))
    bulk = _bulk(version, "wire-a", *(str(n) for n in range(1_000)))
    await performed(
        cluster, msgspec.structs.replace(bulk, body=bulk.body.replace('{"a":7', '{"t":1700000000000,"a":7'))
    )
    await cluster.searches.refresh("wire-a")
    whole = await spread_of(cluster, "wire-a", "a", 1_000)
    drawn = await spread_of(cluster, "wire-a", "a", 400_000)
    dates = await spread_of(cluster, "wire-a", "t", 1_000)
    assert whole is not None
    assert (whole.documents, whole.missing) == (1_000, 0)
    assert whole.percentiles[49] == pytest.approx(500, abs=30)
    assert drawn is not None
    assert 150 < drawn.documents < 350
    assert drawn.percentiles[49] == pytest.approx(500, abs=200)
    assert dates is not None
    assert (dates.documents, dates.missing) == (1_000, 889)
    assert set(dates.percentiles) == {1_700_000_000_000.0}
    assert await spread_of(cluster, "wire-a", "nothing", 1_000) is None


async def test_what_a_query_finds_is_counted_alone(cluster: Cluster, version: str) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    await performed(cluster, _bulk(version, "wire-a", "1", "2", "3"))
    await cluster.searches.refresh("wire-a")
    assert await cluster.searches.count("wire-a", {"bool": {"must_not": [{"range": {"a": {"lt": 2}}}]}}) == 2


async def test_what_is_closed_is_not_counted_as_empty(cluster: Cluster) -> None:
    await cluster.changes.create_index("wire-shut", DEFINITION)
    await performed(cluster, Request(method="GET", path="/_cluster/health/wire-shut?wait_for_status=green&timeout=20s"))
    await performed(cluster, Request(method="POST", path="/wire-shut/_close"))
    with pytest.raises(ProblemError) as caught:
        await cluster.searches.count("wire-shut")
    assert caught.value.problem.cause is Cause.BLOCKED


async def test_a_setting_is_changed_and_put_back(cluster: Cluster, version: str) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    before = await cluster.indices.settings_of("wire-a")
    assert before["index.refresh_interval"] == "7s"
    await cluster.changes.put_settings("wire-a", '{"index": {"refresh_interval": "-1"}}')
    assert (await cluster.indices.settings_of("wire-a"))["index.refresh_interval"] == "-1"
    await cluster.changes.put_settings("wire-a", '{"index": {"refresh_interval": "7s"}}')
    assert await cluster.indices.settings_of("wire-a") == before
    if version != "2.4.6":  # which knows no null, and is never written to
        await cluster.changes.put_settings("wire-a", '{"index": {"refresh_interval": null}}')
        assert "index.refresh_interval" not in await cluster.indices.settings_of("wire-a")


async def test_a_sample_shows_documents_with_what_could_harm_a_terminal_made_visible(
    cluster: Cluster, version: str
) -> None:
    await cluster.changes.create_index("wire-b", '{"mappings": {"properties": {"t": {"type": "date"}}}}')
    of_type = "_doc" if int(version[0]) >= 6 else "doc"
    path = f"/wire-b/{of_type}/1?refresh=true"
    await performed(
        cluster, Request(method="PUT", path=path, body='{"x": ["\\u001b]0;title\\u0007"], "n": 12345678901234567}')
    )
    (hit,) = await cluster.searches.sample("wire-b", 5)
    assert hit["_id"] == "1"
    assert hit["_source"] == {"x": ["␛]0;title␇"], "n": 12345678901234567}


async def test_exactly_the_named_index_is_deleted(cluster: Cluster) -> None:
    await cluster.changes.create_index("wire-a", DEFINITION)
    await cluster.changes.create_index("wire-b", "{}")
    for name in ("wire-*", "wire-a,wire-b", "_all", "-wire-a"):
        with pytest.raises(ProblemError) as caught:
            await cluster.changes.delete_index(name)
        assert caught.value.problem.cause is Cause.USAGE
    with pytest.raises(ProblemError):
        await cluster.changes.delete_index("wire-alias")
    await cluster.changes.delete_index("wire-a")
    assert await cluster.indices.existing(["wire-a", "wire-b"]) == {"wire-b": "index"}


async def test_a_name_with_a_percent_sign_is_that_very_index(cluster: Cluster) -> None:
    await cluster.changes.create_index("wire-100%25é", "{}")
    # 2.4 does not wait for the shards of a new index.
    await performed(cluster, Request(method="GET", path="/_cluster/health?wait_for_status=yellow&timeout=20s"))
    assert await cluster.indices.existing(["wire-100%25é", "wire-100%é"]) == {"wire-100%25é": "index"}
    assert await cluster.searches.count("wire-100%25é") == 0
    await cluster.changes.delete_index("wire-100%25é")


async def test_what_is_gone_is_missing_for_every_call(cluster: Cluster) -> None:
    calls = (
        cluster.searches.count,
        cluster.searches.refresh,
        cluster.indices.settings_of,
        cluster.changes.delete_index,
    )
    for call in calls:
        with pytest.raises(ProblemError) as caught:
            await call("wire-nope")
        assert caught.value.problem.cause is Cause.MISSING
        assert "wire-nope" in caught.value.problem.what


async def test_a_wrong_password_is_told_where_there_is_security(nodes: SharedNodes, version: str) -> None:
    if int(version[0]) < 6:
        pytest.skip("security is not part of this server")
    endpoint, _ = parse_address((await nodes.get(version)).url)
    wrong = Credential(sign_in=SignIn.PASSWORD, user="elastic", secret="wrong")
    async with await connect(Connection(endpoint=endpoint, sign_in=wrong.sign_in, user="elastic"), wrong) as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.probe()
    assert caught.value.problem.cause is Cause.AUTHENTICATION
    assert f"{endpoint.authority} rejected user elastic" in caught.value.problem.what


async def test_without_signing_in_a_secured_cluster_asks_who_is_there(nodes: SharedNodes, version: str) -> None:
    if int(version[0]) < 6:
        pytest.skip("security is not part of this server")
    endpoint, _ = parse_address((await nodes.get(version)).url)
    async with await connect(Connection(endpoint=endpoint), NO_CREDENTIAL) as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.probe()
    assert caught.value.problem.cause is Cause.AUTHENTICATION
    assert "requires a sign-in" in caught.value.problem.what


async def test_no_deprecation_of_a_server_becomes_a_warning_of_python(cluster: Cluster, version: str) -> None:
    if version != "7.17.28":
        pytest.skip("this request is deprecated on 7.x")
    # pytest turns every Python warning into an error.
    await performed(
        cluster, Request(method="PUT", path="/wire-a?include_type_name=true", body='{"mappings": {"x": {}}}')
    )


async def test_cluster_settings_are_flat_and_have_defaults_where_the_version_tells_them(
    cluster: Cluster, version: str
) -> None:
    settings = await cluster.surroundings.cluster_settings()
    if version == "2.4.6":
        assert settings == {}
    else:
        assert settings["cluster.routing.allocation.disk.watermark.low"]
    if version[0] in "567":
        assert json.loads(settings["reindex.remote.whitelist"]) == ["localhost:*", "127.0.0.1:*"]
