"""What users see of a real 6.8.23 who may see little, and what is said to those who may see nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.model.connection import Connection, Credential, SignIn, parse_address
from esmigrate_tui.model.facts import Health
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.sandbox.nodes import NodeOptions, SandboxNode
from tests.by_hand import performed

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

KEYS_ALLOWED = NodeOptions(
    settings={"xpack.license.self_generated.type": "trial", "xpack.security.authc.api_key.enabled": "true"}
)


@pytest.fixture
async def node(nodes: SharedNodes) -> SandboxNode:
    return await nodes.get("6.8.23", KEYS_ALLOWED)


async def _signed_in(node: SandboxNode, credential: Credential) -> Cluster:
    endpoint, _ = parse_address(node.url)
    connection = Connection(endpoint=endpoint, sign_in=credential.sign_in, user=credential.user)
    return await connect(connection, credential)


async def _as_owner(node: SandboxNode, method: str, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON of any shape
    owner = Credential(sign_in=SignIn.PASSWORD, user=node.user or "", secret=node.password or "")
    async with await _signed_in(node, owner) as cluster:
        return await performed(cluster, Request(method=method, path=path, body=json.dumps(body)))


async def _user(node: SandboxNode, name: str, *privileges: str) -> Credential:
    await _as_owner(node, "PUT", f"/_security/role/{name}", {"cluster": list(privileges), "indices": []})
    await _as_owner(node, "PUT", f"/_security/user/{name}", {"password": "sesame-1", "roles": [name]})
    return Credential(sign_in=SignIn.PASSWORD, user=name, secret="sesame-1")


async def test_a_user_who_may_only_see_the_first_page_still_learns_what_it_is(node: SandboxNode) -> None:
    async with await _signed_in(node, await _user(node, "narrow", "cluster:monitor/main")) as cluster:
        facts = await cluster.probe()
    assert (str(facts.version), facts.user, facts.roles) == ("6.8.23", "narrow", ("narrow",))
    assert len(facts.uuid) == 22
    assert facts.health is Health.UNKNOWN
    assert (facts.documents, facts.disk, facts.whitelist, facts.open_shards) == (None, None, None, None)


async def test_a_user_who_may_see_nothing_is_told_which_privilege_is_missing(node: SandboxNode) -> None:
    async with await _signed_in(node, await _user(node, "nobody")) as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.probe()
    assert caught.value.problem.cause is Cause.PRIVILEGES
    assert "does not allow cluster:monitor/main to user [nobody]" in caught.value.problem.what


async def test_an_api_key_signs_in_encoded_or_as_id_and_key(node: SandboxNode) -> None:
    made = await _as_owner(node, "POST", "/_security/api_key", {"name": "wire", "expiration": "1h"})
    key = Credential(sign_in=SignIn.API_KEY, secret=f"{made['id']}:{made['api_key']}")
    async with await _signed_in(node, key) as cluster:
        assert (await cluster.probe()).user == "elastic"


async def test_a_revoked_api_key_is_not_called_a_missing_sign_in(node: SandboxNode) -> None:
    made = await _as_owner(node, "POST", "/_security/api_key", {"name": "revoked"})
    await _as_owner(node, "DELETE", "/_security/api_key", {"id": made["id"]})
    key = Credential(sign_in=SignIn.API_KEY, secret=f"{made['id']}:{made['api_key']}")
    async with await _signed_in(node, key) as cluster:
        with pytest.raises(ProblemError) as caught:
            await cluster.probe()
    assert caught.value.problem.cause is Cause.AUTHENTICATION
    assert "did not accept the API key" in caught.value.problem.what
