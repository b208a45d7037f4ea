"""Every problem that a server can tell is told on in plain words; the answers were recorded from real servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.errors import explain, explain_response
from esmigrate_tui.model.connection import Endpoint, SignIn
from esmigrate_tui.model.problem import Cause
from esmigrate_tui.model.text import clean

HERE = Endpoint(scheme="https", host="new.example.org", port=9200)
SOURCE = "old.example.org:9243"
RECORDED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("recorded_answers.json").read_text(encoding="utf-8")
)

EXPECTED: dict[str, tuple[Cause, str]] = {
    "wrong password": (Cause.AUTHENTICATION, "rejected user elastic: the name or the password is wrong"),
    "nobody signed in": (Cause.AUTHENTICATION, "saw no sign-in that it accepts"),
    "expired API key": (Cause.AUTHENTICATION, "saw no sign-in"),
    "revoked API key": (Cause.AUTHENTICATION, "saw no sign-in"),
    "unknown API key, 6.8": (Cause.AUTHENTICATION, "saw no sign-in"),
    "unknown API key, 7.17": (Cause.AUTHENTICATION, "saw no sign-in"),
    "unknown API key, 9.5": (Cause.AUTHENTICATION, "rejected the API key: it is unknown there, revoked or wrong"),
    "bad token": (Cause.AUTHENTICATION, "saw no sign-in"),
    "no cluster privilege": (Cause.PRIVILEGES, "does not allow cluster:monitor/health to user [u]"),
    "no index privilege": (Cause.PRIVILEGES, "does not allow indices:data/read/search to user [u]"),
    "API key without privilege": (Cause.PRIVILEGES, "does not allow indices:data/read/search"),
    "no reindex here": (Cause.UNSUPPORTED, "does not offer /_reindex"),
    "rethrottle no task": (Cause.UNSUPPORTED, "does not offer /_reindex/abc:1/_rethrottle"),
    "too many shards": (Cause.BLOCKED, "takes no more shards: 10 more are needed, and it has 0 of at most 3"),
    "circuit breaker": (Cause.BUSY, "is short of memory"),
    "index exists": (Cause.EXISTS, "already has an index, alias or data stream of that name"),
    "alias exists": (Cause.EXISTS, "already has an index, alias or data stream of that name"),
    "no index": (Cause.MISSING, "has no such index nope"),
    "too many fields": (Cause.REFUSED, "would have more than 1 fields"),
    "flood stage": (Cause.DISK_FULL, "A disk of new.example.org:9200 is full"),
    "write block": (Cause.BLOCKED, "has a block on this: FORBIDDEN/8/index write (api)"),
    "closed index": (Cause.BLOCKED, "The index is closed"),
    "no repository": (Cause.MISSING, "knows no such snapshot repository"),
    "no such repository type": (Cause.UNSUPPORTED, "has no repositories of the type s3"),
    "bad name": (Cause.USAGE, "does not allow the name Upper: must be lowercase"),
    "bad setting": (Cause.REFUSED, "unknown setting [index.nope]"),
    "unknown tokenizer": (Cause.UNSUPPORTED, "lacks the tokenizer nope"),
    "unknown filter": (Cause.UNSUPPORTED, "lacks the filter nope"),
    "no task": (Cause.MISSING, "no longer knows that task"),
    "cancel no task": (Cause.MISSING, "no longer knows that task"),
    "two write indices": (Cause.REFUSED, "more than one write index"),
    "scroll gone": (Cause.MISSING, "no longer knows the scroll"),
    "too many scrolls": (Cause.BUSY, "has as many open scrolls as it allows"),
    "second type": (Cause.REFUSED, "rejected documents of a second type"),
    "snapshot exists": (Cause.EXISTS, "has a snapshot of that name in this repository already"),
    "snapshot exists, 8.19": (Cause.EXISTS, "has a snapshot of that name in this repository already"),
    "restore over an open index": (Cause.EXISTS, "has an open index of the same name"),
    "restore from too old": (Cause.UNSUPPORTED, "from version 6.8.23, which is too old"),
    "restore from newer": (Cause.UNSUPPORTED, "a newer version wrote to it"),
    "restore from newer, 7.17": (Cause.UNSUPPORTED, "cannot read this snapshot: it was made by a newer version"),
    "path not in path.repo": (Cause.UNSUPPORTED, "may not use the folder /elsewhere"),
    "restore not whole": (Cause.REFUSED, "does not restore pf-part: some of its shards are not in the snapshot"),
    "restore partly over a closed index": (Cause.EXISTS, "parts of an index never go into one that exists"),
    "restore over other shards": (Cause.EXISTS, "does not restore into pf-two: it has 1 shards there, and 2"),
    "repository address not allowed": (Cause.UNSUPPORTED, "may not read from http://127.0.0.1:1/x"),
    "repository folder missing": (Cause.MISSING, "cannot read the repository at the place it is registered with"),
    "no such repository type, 9.5 registered": (Cause.UNSUPPORTED, "has no repositories of the type s3"),
    "restore from too old, 9.5": (Cause.UNSUPPORTED, "from version 7.17.25-8.0.0, which is too old"),
    "repository in use": (Cause.BUSY, "is still using the repository"),
    "turned down": (Cause.BUSY, "has more work queued than it can hold"),
    "licence": (Cause.UNSUPPORTED, "The licence of new.example.org:9200 does not include api keys"),
    "no master": (Cause.BUSY, "new.example.org:9200 has no elected master"),
    "no index to search while it starts": (Cause.BUSY, "is not ready: it is still starting"),
    "no API keys": (Cause.UNSUPPORTED, "has this switched off: api keys are not enabled"),
    "reindex: not whitelisted": (Cause.NOT_WHITELISTED, "may not read from 10.1.1.1:9200"),
    "reindex: chunk too large": (Cause.TOO_LARGE, "one batch of documents of more than 100 MB"),
    "reindex: no _source": (Cause.UNSUPPORTED, "documents whose _source was not stored"),
    "reindex: no port": (Cause.USAGE, "does not understand the address of the source"),
    "reindex: source refuses the password": (
        Cause.AUTHENTICATION,
        "old.example.org:9243 rejected user elastic: the name or the password is wrong",
    ),
    "reindex: source lacks privilege": (
        Cause.PRIVILEGES,
        "old.example.org:9243 does not allow cluster:monitor/main to user [u]",
    ),
    "reindex: source lacks the index": (Cause.MISSING, "old.example.org:9243 has no such index nope"),
    "reindex: trusted authority, no index": (Cause.MISSING, "old.example.org:9243 has no such index a"),
    "reindex: source is a web server": (Cause.NOT_ELASTICSEARCH, "not in the words of Elasticsearch"),
    "reindex: source refuses the line": (Cause.CONNECTION, "new.example.org:9200 cannot reach old.example.org:9243"),
    "reindex: source does not answer": (Cause.CONNECTION, "new.example.org:9200 waited too long for old.example"),
    "reindex: source hangs up": (Cause.CONNECTION, "The line from new.example.org:9200 to old.example"),
    "reindex: http to https": (Cause.CONNECTION, "The line from new.example.org:9200 to old.example"),
    "reindex: https to http": (Cause.CERTIFICATE, "set to use TLS with old.example.org:9243, which responds without"),
    "reindex: unknown authority": (Cause.CERTIFICATE, "does not trust the certificate of old.example.org:9243"),
    "reindex: another host's certificate": (Cause.CERTIFICATE, "is for another host name"),
}


@pytest.mark.parametrize("name", RECORDED)
def test_what_a_real_server_said_is_told_in_plain_words(name: str) -> None:
    answer = RECORDED[name]
    cause, words = EXPECTED.get(name) or EXPECTED[name.rpartition(",")[0]]
    remote = SOURCE if name.startswith("reindex: ") else ""
    problem = explain(answer["status"], json.dumps(answer["body"]).encode(), {}, HERE, remote=remote)
    assert problem.cause is cause
    assert words in problem.what
    assert HERE.authority in problem.sentence()
    assert problem.todo
    assert problem.evidence


def test_every_expectation_is_about_a_recorded_answer() -> None:
    recorded = {name.rpartition(",")[0] or name for name in RECORDED} | set(RECORDED)
    assert not set(EXPECTED) - recorded


# What users of other tools ask about most, each with an answer that says it; `op_type of create` (data streams) and
# `no such repository is registered` no server here says: they are among the words of the documentation below.
ASKED_ABOUT = {
    "not whitelisted in reindex.remote.whitelist": "reindex: not whitelisted",
    "Remote responded with a chunk that was too large": "reindex: chunk too large",
    "PKIX path building failed": "reindex: unknown authority",
    "an open index with same name already exists": "restore over an open index, 6.8",
    "which is below the current versions minimum": "restore from too old, 8.19",
    "which is higher than the version of this node": "restore from newer, 7.17",
    "this action would add": "too many shards, 7.17.28",
    "has more than one write index": "two write indices, 9.5",
    "non-compliant for [": "licence, 6.8",
    "No search context found for id": "scroll gone, 7.17",
    "es_rejected_execution_exception": "turned down, 7.17",
    "didn't store _source": "reindex: no _source",
    "Limit of total fields [": "too many fields, 7.17",
    "FORBIDDEN/12/index read-only / allow delete": "flood stage, 6.8",
    "circuit_breaking_exception": "circuit breaker, 7.17",
    "index_closed_exception": "closed index, 7.17",
    "repository type [": "no such repository type, 7.17",
    "master_not_discovered_exception": "no master, 6.8",
}


@pytest.mark.parametrize(("text", "name"), ASKED_ABOUT.items(), ids=lambda one: one[:40])
def test_what_is_asked_about_most_is_told_with_what_why_and_what_to_do(text: str, name: str) -> None:
    answer = RECORDED[name]
    assert text in json.dumps(answer["body"])
    problem = explain(answer["status"], answer["body"], {}, HERE, remote=SOURCE)
    assert problem.what
    assert problem.why
    assert problem.todo


NEWER = (
    "the snapshot was created with Elasticsearch version [8.1.0] which is higher than the version of this node [7.17.0]"
)
EXPIRED = (
    "unable to authenticate with provided credentials and anonymous access is not allowed: API key: api key is expired"
)
NOT_ALLOWED = (
    "action [indices:admin/create] is unauthorized for API key id [x] of user [y] on indices [z], "
    "this action is granted by the index privileges [create_index,manage,all]"
)
STREAM = "only write ops with an op_type of create are allowed in data streams"
UNSUITED = Cause.UNSUPPORTED
SHARED = "[r] a file written by master to the store [/b] cannot be accessed on the node [n]. This might indicate that"
MARKED = (
    "cannot restore index [[a/x]] because it cannot be upgraded ← The index [a] created in version [7.17.0] must be "
    "marked as read-only using the setting [index.blocks.write] set to [true]"
)
STATE = "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];"


# Words of versions and modules that do not start here, as Elastic's documentation and issues quote them.
@pytest.mark.parametrize(
    ("status", "kind", "reason", "cause"),
    [
        (500, "snapshot_restore_exception", NEWER, Cause.UNSUPPORTED),
        (404, "repository_exception", "no such repository is registered", Cause.MISSING),
        (403, "security_exception", "current license is non-compliant for [archive]", Cause.UNSUPPORTED),
        (400, "illegal_argument_exception", STREAM, Cause.REFUSED),
        (429, "es_rejected_execution_exception", "rejected execution of coordinating operation", Cause.BUSY),
        (503, "master_not_discovered_exception", "null", Cause.BUSY),
        (503, "cluster_block_exception", STATE, Cause.BUSY),
        (401, "security_exception", EXPIRED, Cause.AUTHENTICATION),
        (403, "security_exception", NOT_ALLOWED, Cause.PRIVILEGES),
        (500, "i_o_exception", "No space left on device", Cause.DISK_FULL),
        (400, "resource_already_exists_exception", "data_stream [logs] already exists", Cause.EXISTS),
        (500, "amazon_s3_exception", "The specified bucket does not exist (Status Code: 404)", Cause.MISSING),
        (500, "blob_storage_exception", "Status code 404, ContainerNotFound", Cause.MISSING),
        (500, "illegal_argument_exception", "Unknown s3 client name [old]. Existing client configs: default", UNSUITED),
        (500, "settings_exception", "Unable to find client with name [old]", UNSUITED),
        (500, "sdk_client_exception", "Unable to load credentials from any of the providers", Cause.PRIVILEGES),
        (500, "amazon_s3_exception", "Access Denied (Status Code: 403; Error Code: AccessDenied)", Cause.PRIVILEGES),
        (500, "repository_verification_exception", SHARED, UNSUITED),
        (500, "snapshot_restore_exception", MARKED, UNSUITED),
    ],
)
def test_words_from_the_documentation_are_known_too(status: int, kind: str, reason: str, cause: Cause) -> None:
    problem = explain(status, {"error": {"type": kind, "reason": reason}, "status": status}, {}, HERE)
    assert problem.cause is cause
    assert problem.todo


def test_privileges_that_would_do_are_named() -> None:
    problem = explain(403, {"error": {"type": "security_exception", "reason": NOT_ALLOWED}}, {}, HERE)
    assert "index privileges [create_index,manage,all]" in problem.todo


def test_an_expired_key_is_said_to_have_expired_where_the_server_tells() -> None:
    error = {
        "type": "security_exception",
        "reason": "unable to authenticate with provided credentials and anonymous access is not allowed",
        "additional_unsuccessful_credentials": "API key: api key is expired",
    }
    assert "it has expired" in explain(401, {"error": error}, {}, HERE, sign_in=SignIn.API_KEY).what


@pytest.mark.parametrize(
    ("sign_in", "words"),
    [(SignIn.NONE, "requires a sign-in"), (SignIn.API_KEY, "did not accept the API key"), (SignIn.TOKEN, "the token")],
)
def test_a_key_that_an_old_server_passes_over_is_not_called_a_missing_one(sign_in: SignIn, words: str) -> None:
    answer = RECORDED["expired API key, 6.8"]
    problem = explain(answer["status"], answer["body"], {}, HERE, sign_in=sign_in)
    assert words in problem.what


def test_disk_is_full_whether_it_is_said_with_403_or_429() -> None:
    answers = [RECORDED[f"flood stage, {version}"] for version in ("6.8", "7.17", "9.5")]
    assert [answer["status"] for answer in answers] == [403, 429, 429]
    assert {explain(answer["status"], answer["body"], {}, HERE).cause for answer in answers} == {Cause.DISK_FULL}


def test_the_source_of_a_reindex_is_named_by_its_own_answer_when_nobody_else_does() -> None:
    answer = RECORDED["reindex: source refuses the password"]
    problem = explain(answer["status"], answer["body"], {}, HERE)
    assert problem.what.startswith("127.0.0.1:")
    assert "came from new.example.org:9200" in problem.why


def test_a_bulk_item_is_explained_by_the_same_words() -> None:
    error = {
        "type": "cluster_block_exception",
        "reason": "blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];",
    }
    assert explain_response(403, error, HERE.authority).cause is Cause.DISK_FULL


@pytest.mark.parametrize(
    ("status", "body", "headers", "cause", "words"),
    [
        (
            404,
            b"<html>File not found</html>",
            {"server": "SimpleHTTP/0.6"},
            Cause.NOT_ELASTICSEARCH,
            "it is SimpleHTTP",
        ),
        (502, b"<html>502 Bad Gateway</html>", {"server": "nginx"}, Cause.BUSY, "could not reach it"),
        (503, b"", {}, Cause.BUSY, "is not ready"),
        (413, b"<html>Request Entity Too Large</html>", {"server": "nginx"}, Cause.TOO_LARGE, "more at once"),
        (401, b"<html>Unauthorized</html>", {"server": "nginx"}, Cause.AUTHENTICATION, "rejected the sign-in"),
        (400, b"<html>The plain HTTP request was sent to HTTPS port</html>", {}, Cause.CERTIFICATE, "wants TLS"),
        (404, b'{"ok":false,"message":"Unknown deployment."}', {}, Cause.CONNECTION, "no deployment behind"),
        (404, b'{"statusCode":404,"error":"Not Found","message":"Not Found"}', {}, Cause.MISSING, "no such thing"),
    ],
)
def test_what_stands_before_a_cluster_is_told_apart_from_it(
    status: int, body: bytes, headers: dict[str, str], cause: Cause, words: str
) -> None:
    problem = explain(status, body, headers, HERE)
    assert problem.cause is cause
    assert words in problem.what


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "type", "reason", "caused_by", "root_cause", "status", "failed_shards", "{place}"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(status=st.sampled_from([0, 200, 400, 401, 403, 404, 429, 500, 503]), body=JSON | st.binary() | st.text())
def test_no_body_however_odd_breaks_the_explanation(status: int, body: object) -> None:
    problem = explain(status, body, {}, HERE, remote="a:1")
    assert problem.what
    assert clean(problem.sentence()) == problem.sentence() or len(problem.sentence()) > 2_000


@given(
    name=st.sampled_from(sorted(RECORDED)),
    junk=st.text(st.characters(codec=None), min_size=1, max_size=20),
)
def test_what_a_server_sends_never_reaches_the_terminal_raw(name: str, junk: str) -> None:
    body = json.dumps(RECORDED[name]["body"]).replace("nope", json.dumps("\x1b]0;x\x07" + junk)[1:-1])
    problem = explain(RECORDED[name]["status"], body, {}, HERE, remote="a\x1b:1")
    for text in (problem.what, problem.why, problem.todo, problem.evidence):
        assert "\x1b" not in text
        assert "\x07" not in text


def test_an_empty_answer_that_nothing_was_found_is_no_stranger() -> None:
    assert explain(404, b"{}", {}, HERE).cause is Cause.MISSING
    assert explain(404, b"<html>", {}, HERE).cause is Cause.NOT_ELASTICSEARCH
