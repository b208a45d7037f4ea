"""The forms of repositories: what each takes, and what it says of what it does not take."""

from __future__ import annotations

import pytest

from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.repository_types import TYPES, is_secret, repository_of, type_of, without_secrets

NEEDED = {
    "fs": {"location": "/backups/old"},
    "url": {"url": "https://files.example.org/backups/"},
    "s3": {"bucket": "backups"},
    "gcs": {"bucket": "backups"},
    "azure": {},
}


@pytest.mark.parametrize("kind", [one.name for one in TYPES])
def test_every_type_can_be_made_from_what_it_needs(kind: str) -> None:
    made = repository_of(kind, "old", NEEDED[kind])
    assert (made.name, made.type) == ("old", kind)
    assert made.is_readonly
    assert NEEDED[kind].items() <= made.settings.items()


@pytest.mark.parametrize("kind", ["fs", "url", "s3", "gcs"])
def test_a_setting_that_is_needed_and_missing_is_named(kind: str) -> None:
    (needed,) = NEEDED[kind]
    with pytest.raises(ProblemError, match=rf"type {kind} needs {needed}\."):
        repository_of(kind, "old", {needed: "  "})


@pytest.mark.parametrize("kind", [one.name for one in TYPES])
def test_a_setting_that_is_not_the_types_own_is_named(kind: str) -> None:
    with pytest.raises(ProblemError, match="no setting colour") as caught:
        repository_of(kind, "old", {**NEEDED[kind], "colour": "blue"})
    assert caught.value.problem.cause is Cause.USAGE
    assert "max_restore_bytes_per_sec" in caught.value.problem.todo


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        ("fs", "compress", "yes"),
        ("fs", "chunk_size", "large"),
        ("fs", "max_number_of_snapshots", "-3"),
        ("url", "http_socket_timeout", "50"),
        ("s3", "storage_class", "glacier"),
        ("s3", "canned_acl", "everybody"),
        ("azure", "location_mode", "both"),
        ("fs", "location", "two\nlines"),
    ],
)
def test_a_value_of_the_wrong_shape_is_refused_with_what_would_do(kind: str, setting: str, value: str) -> None:
    with pytest.raises(ProblemError, match=f"{setting} cannot be") as caught:
        repository_of(kind, "old", {**NEEDED[kind], setting: value})
    assert caught.value.problem.todo.startswith("It is ")


@pytest.mark.parametrize(
    ("kind", "setting", "place"),
    [
        ("s3", "access_key", "s3.client.CLIENT.access_key"),
        ("s3", "secret_key", "keystore"),
        ("gcs", "credentials_file", "gcs.client.CLIENT.credentials_file"),
        ("azure", "sas_token", "azure.client.CLIENT.sas_token"),
        ("azure", "key", "azure.client.CLIENT.key"),
    ],
)
def test_a_secret_is_sent_to_the_keystore_and_never_repeated(kind: str, setting: str, place: str) -> None:
    with pytest.raises(ProblemError, match="is a secret") as caught:
        repository_of(kind, "old", {**NEEDED[kind], setting: "hush-hush"})
    assert place in caught.value.problem.todo
    assert "hush-hush" not in caught.value.problem.sentence()


def test_an_address_with_a_password_in_it_is_refused_without_repeating_it() -> None:
    with pytest.raises(ProblemError, match="holds a user or a password") as caught:
        repository_of("url", "old", {"url": "https://me:hush-hush@files.example.org/"})
    assert "hush-hush" not in caught.value.problem.sentence()


def test_what_a_server_shows_of_a_repository_is_kept_without_its_secrets() -> None:
    shown = {
        "bucket": "b",
        "access_key": "a",
        "secret_key": "hush",
        "client.secret_key": "hush",
        "proxy.password": "hush",
        "url": "https://me:hush@files.example.org/x@y",
        "location": "/mnt/a@b",
    }
    kept = {"bucket": "b", "url": "https://files.example.org/x@y", "location": "/mnt/a@b"}
    assert without_secrets(shown) == kept


def test_no_type_has_a_secret_among_its_fields() -> None:
    assert not [field.name for one in TYPES for field in one.fields if is_secret(field.name)]


@pytest.mark.parametrize("name", ["", "two words", "a/b", "*", "_all", "-x", "a#b", "a\x1bb"])
def test_a_name_that_no_repository_can_have_is_refused(name: str) -> None:
    with pytest.raises(ProblemError, match="cannot be the name"):
        repository_of("fs", name, NEEDED["fs"])


def test_a_type_without_a_form_names_those_that_have_one() -> None:
    assert type_of("hdfs") is None
    with pytest.raises(ProblemError, match="fs, url, s3, gcs, azure"):
        repository_of("hdfs", "old", {})


def test_it_is_registered_to_be_written_to_only_where_that_is_said() -> None:
    assert not repository_of("fs", "old", {**NEEDED["fs"], "readonly": "false"}).is_readonly
    assert "readonly" not in repository_of("url", "old", NEEDED["url"]).settings


def test_what_old_servers_want_for_a_store_is_taken_and_never_asked_for() -> None:
    old = {"region": "eu-west-1", "endpoint": "127.0.0.1:9000", "protocol": "http", "path_style_access": "true"}
    assert old.items() <= repository_of("s3", "old", {"bucket": "backups", **old}).settings.items()
    kind = type_of("s3")
    assert kind is not None
    assert {field.name for field in kind.fields} & {field.name for field in kind.older} == set()
    with pytest.raises(ProblemError, match="protocol cannot be ftp"):
        repository_of("s3", "old", {"bucket": "backups", "protocol": "ftp"})
