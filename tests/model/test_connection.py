"""Addresses as people type them, and secrets that are never shown."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.flow.session import ConnectionForm
from esmigrate_tui.model.connection import (
    Connection,
    Credential,
    Endpoint,
    SignIn,
    Trust,
    TrustKind,
    parse_address,
    parse_fingerprint,
)
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean


@pytest.mark.parametrize(
    ("typed", "url", "user"),
    [
        ("http://elastic@localhost:9201", "http://localhost:9201", "elastic"),
        ("https://old.example.org", "https://old.example.org:9200", ""),
        ("old.example.org:9243", "https://old.example.org:9243", ""),
        ("localhost:9200", "http://localhost:9200", ""),
        ("127.0.0.1:9200", "http://127.0.0.1:9200", ""),
        ("https://abc.us-east-1.aws.found.io", "https://abc.us-east-1.aws.found.io:443", ""),
        ("https://[2001:db8::1]:9200/es/", "https://[2001:db8::1]:9200/es", ""),
        ("  https://a%20b@h:1 ", "https://h:1", "a b"),
    ],
)
def test_an_address_is_understood(typed: str, url: str, user: str) -> None:
    endpoint, name = parse_address(typed)
    assert (endpoint.url, name) == (url, user)


def test_a_cloud_id_leads_to_its_elasticsearch() -> None:
    inner = base64.b64encode(b"us-east-1.aws.found.io$abc123$def456").decode()
    endpoint, _ = parse_address(f"prod:{inner}")
    assert endpoint.url == "https://abc123.us-east-1.aws.found.io:443"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "ftp://h:1",
        "http://",
        "http://h:99999",
        "http://h:1?x=1",
        "http://h:1#x",
        "http://a b:1",
        "http://[::1",
    ],
)
def test_what_is_no_address_ends_in_one_sentence(typed: str) -> None:
    with pytest.raises(ProblemError) as raised:
        parse_address(typed)
    assert raised.value.problem.cause is Cause.USAGE
    assert raised.value.problem.todo


@pytest.mark.parametrize(
    "typed",
    [
        "http://localhost\n.evil.example:9200",
        "http://new\u202eexample:9200",
        "https://new\x9b31m:9200",
        "http://h:-1",
        "http://h:0",
        "http://h:99999",
        "gopher://h:70",
        "http://localhost/../x:9898",
        "http://h/a/%2e%2e/b",
        "http://a%0ab@h:9200",
        "http://[::g]:9200",
        "http://a\\b:9200",
        "http://h\0:9200",
    ],
)
def test_an_address_that_would_lead_elsewhere_than_it_reads_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ProblemError) as raised:
        parse_address(typed)
    assert raised.value.problem.cause is Cause.USAGE
    said = raised.value.problem.sentence()
    assert clean(said) == said


@pytest.mark.parametrize("user", ["a\nb", "\u202eroot", "\x9b"])
def test_a_user_who_would_not_be_shown_is_refused_wherever_the_name_is_typed(user: str) -> None:
    with pytest.raises(ProblemError, match="characters that cannot be shown"):
        ConnectionForm(address="http://h:9200", sign_in=SignIn.PASSWORD, user=user).connection()


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(ProblemError) as raised:
        parse_address("https://elastic:hunter2@h:9200")
    assert "hunter2" not in str(raised.value)
    assert "ESMIGRATE_SOURCE_PASSWORD" in str(raised.value)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_problem(typed: str) -> None:
    try:
        endpoint, _ = parse_address(typed)
    except ProblemError:
        return
    assert parse_address(endpoint.url)[0] == endpoint


def test_a_credential_never_shows_its_secret() -> None:
    credential = Credential(sign_in=SignIn.PASSWORD, user="elastic", secret="hunter2")
    assert "hunter2" not in repr(credential)
    assert "hunter2" not in str(credential)
    assert "hunter2" not in str(credential.__rich_repr__())


def test_a_secret_is_bound_to_place_person_and_certificate() -> None:
    one = Connection(endpoint=Endpoint(scheme="https", host="h", port=1), sign_in=SignIn.PASSWORD, user="u")
    pinned = Trust(kind=TrustKind.PINNED, fingerprint="ab" * 32)
    blind = Trust(kind=TrustKind.UNVERIFIED)
    others = {
        one.vault_key,
        Connection(endpoint=Endpoint(scheme="http", host="h", port=1), sign_in=SignIn.PASSWORD, user="u").vault_key,
        Connection(endpoint=Endpoint(scheme="https", host="h", port=2), sign_in=SignIn.PASSWORD, user="u").vault_key,
        Connection(endpoint=one.endpoint, sign_in=SignIn.PASSWORD, user="v").vault_key,
        Connection(endpoint=one.endpoint, sign_in=SignIn.API_KEY, user="u").vault_key,
        Connection(endpoint=one.endpoint, sign_in=SignIn.PASSWORD, user="u", trust=pinned).vault_key,
        Connection(endpoint=one.endpoint, sign_in=SignIn.PASSWORD, user="u", trust=blind).vault_key,
    }
    assert len(others) == 7


def test_a_fingerprint_is_read_with_colons_and_without() -> None:
    assert parse_fingerprint(":".join(["AB"] * 32)) == "ab" * 32
    with pytest.raises(ProblemError):
        parse_fingerprint("abcd")
