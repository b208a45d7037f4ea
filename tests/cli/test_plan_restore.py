"""What `esmigrate plan restore-from-snapshot` refuses before anybody is asked for a secret or spoken to."""

from __future__ import annotations

import io

import pytest

from esmigrate_tui.cli.exits import exit_code_of
from esmigrate_tui.cli.main import main
from esmigrate_tui.model.outcome import ExitCode

NOBODY = ("--destination", "http://127.0.0.1:9", "--repository", "backups", "--snapshot", "latest")


def refused(*options: str) -> str:
    """What is said of these options, which are refused as usage."""
    err = io.StringIO()
    arguments = ["plan", "restore-from-snapshot", *NOBODY, *options]
    assert exit_code_of(lambda: main(arguments, standalone_mode=False, prog_name="esmigrate"), err) == ExitCode.USAGE
    return err.getvalue()


@pytest.mark.parametrize("option", ["--close", "--delete"])
@pytest.mark.parametrize("name", ["logs-*", "a,b", "_all", "log?", ""])
def test_only_an_exact_name_is_closed_or_deleted(option: str, name: str) -> None:
    assert f"{option} wants the exact name of one index" in refused("--index", "logs", option, name)


def test_one_index_is_not_both_closed_and_deleted() -> None:
    assert "logs cannot be closed and deleted" in refused("--index", "logs", "--close", "logs", "--delete", "logs")


def test_a_pattern_and_its_replacement_belong_together() -> None:
    assert "belong together" in refused("--index", "logs", "--rename-pattern", "(.+)")


def test_something_must_be_chosen() -> None:
    assert "give --index, --feature-state or --global-state" in refused()


def test_a_new_name_has_an_old_one() -> None:
    assert "--rename wants OLD=NEW, not 'logs'" in refused("--index", "logs", "--rename", "logs")


@pytest.mark.parametrize("option", ["--set", "--repository-setting"])
def test_a_setting_is_a_name_and_a_value(option: str) -> None:
    register = ("--register", "fs", "--repository-setting", "location=x")
    assert f"{option} wants KEY=VALUE, not 'x'" in refused("--index", "logs", *register, option, "x")


def test_a_repository_that_is_described_wrongly_is_said_at_once() -> None:
    assert "needs location" in refused("--index", "logs", "--register", "fs")
    assert "is a secret" in refused("--index", "logs", "--register", "s3", "--repository-setting", "secret_key=geheim")


def test_a_secret_that_was_given_as_a_setting_is_not_repeated() -> None:
    assert "geheim" not in refused("--index", "logs", "--register", "s3", "--repository-setting", "secret_key=geheim")


def test_only_a_repository_that_is_registered_now_can_be_described_and_removed_again() -> None:
    assert "go with --register" in refused("--index", "logs", "--repository-setting", "location=x")
    assert "go with --register" in refused("--index", "logs", "--remove-repository")
    assert "go with --register" in refused("--index", "logs", "--writable")


def test_a_repository_is_registered_in_one_way() -> None:
    both = ("--register", "fs", "--repository-setting", "location=x", "--register-from-source")
    assert "exclude each other" in refused("--index", "logs", *both)
