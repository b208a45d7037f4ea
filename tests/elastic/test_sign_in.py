"""The secret goes where it must and nowhere else."""

from __future__ import annotations

import base64
import io
import logging

import pytest
from rich.console import Console

from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.sign_in import authorization, remote
from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, Credential, Endpoint, SignIn
from esmigrate_tui.model.problem import Cause, ProblemError

ENDPOINT = Endpoint(scheme="https", host="old.example.org", port=9243, path="/search")
PASSWORD = Credential(sign_in=SignIn.PASSWORD, user="elastic", secret="sésame:1")


def _connection(sign_in: SignIn) -> Connection:
    return Connection(endpoint=ENDPOINT, sign_in=sign_in, user="elastic")


def test_a_password_may_hold_colons_and_accents() -> None:
    header = authorization(PASSWORD, ENDPOINT)
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == "elastic:sésame:1"


def test_an_api_key_is_taken_encoded_or_as_id_and_key() -> None:
    encoded = base64.b64encode(b"id:key").decode()
    for secret in ("id:key", encoded, f" {encoded}\n"):
        assert authorization(Credential(sign_in=SignIn.API_KEY, secret=secret), ENDPOINT) == f"ApiKey {encoded}"


@pytest.mark.parametrize("secret", ["", "a\nx-injected: 1", "a b", "schlüssel"])
def test_a_token_that_no_header_can_hold_is_refused(secret: str) -> None:
    with pytest.raises(ProblemError) as caught:
        authorization(Credential(sign_in=SignIn.TOKEN, secret=secret), ENDPOINT)
    assert caught.value.problem.cause is Cause.AUTHENTICATION
    assert "old.example.org:9243" in caught.value.problem.what


def test_the_remote_of_a_reindex_names_scheme_port_and_path() -> None:
    told = remote(_connection(SignIn.PASSWORD), PASSWORD)
    assert told["host"] == "https://old.example.org:9243/search"
    assert (told["username"], told["password"]) == ("elastic", "sésame:1")


def test_the_remote_of_a_reindex_carries_an_api_key_as_a_header() -> None:
    told = remote(_connection(SignIn.API_KEY), Credential(sign_in=SignIn.API_KEY, secret="abc"))
    assert told["headers"] == {"Authorization": "ApiKey abc"}
    assert "password" not in told


def test_the_remote_of_a_reindex_without_sign_in_holds_no_secret() -> None:
    assert remote(_connection(SignIn.NONE), NO_CREDENTIAL).keys() == {"host", "connect_timeout", "socket_timeout"}


async def test_a_cluster_shows_its_address_and_no_secret() -> None:
    async with await connect(_connection(SignIn.PASSWORD), PASSWORD) as cluster:
        console = Console(file=io.StringIO(), width=500)
        console.print(cluster)
        shown = repr(cluster) + str(cluster) + console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert "old.example.org:9243" in shown
    assert "sésame" not in shown


async def test_at_debug_level_no_secret_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = Endpoint(scheme="http", host="127.0.0.1", port=1)
    async with await connect(Connection(endpoint=endpoint, sign_in=SignIn.PASSWORD), PASSWORD) as cluster:
        body = {"source": {"remote": cluster.wire.as_remote(), "index": "a"}, "dest": {"index": "b"}}
        with pytest.raises(ProblemError):
            await cluster.tasks.start(body, opaque_id="x", requests_per_second=-1)
    assert "sésame" not in caplog.text
    assert authorization(PASSWORD, endpoint).removeprefix("Basic ") not in caplog.text
