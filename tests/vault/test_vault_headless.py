"""The secret of a run without a screen: which way wins, and the sentence when none does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from esmigrate_tui import vault
from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, Side, SignIn, parse_address
from esmigrate_tui.model.problem import Cause, Problem, ProblemError


def _connection(address: str = "https://elastic@old.example.org:9243", sign_in: SignIn = SignIn.NONE) -> Connection:
    endpoint, user = parse_address(address)
    return Connection(endpoint=endpoint, user=user, sign_in=sign_in)


async def _resolve(
    environ: dict[str, str] | None = None,
    *,
    connection: Connection | None = None,
    side: Side = Side.SOURCE,
    file: Path | None = None,
) -> vault.ResolvedConnection:
    asked = _connection() if connection is None else connection
    return await vault.resolve(asked, side, environ=environ or {}, password_file=file, use_keyring=False)


async def _problem(
    environ: dict[str, str] | None = None, *, connection: Connection | None = None, file: Path | None = None
) -> Problem:
    with pytest.raises(ProblemError) as caught:
        await _resolve(environ, connection=connection, file=file)
    return caught.value.problem


def _file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


# -- the environment ---------------------------------------------------------------------------------------------------


async def test_a_password_in_the_environment_signs_in_the_user_of_the_address() -> None:
    connection, credential, origin = await _resolve({"ESMIGRATE_SOURCE_PASSWORD": "s3cret"})
    assert (connection.sign_in, connection.user) == (SignIn.PASSWORD, "elastic")
    assert (credential.sign_in, credential.user, credential.secret) == (SignIn.PASSWORD, "elastic", "s3cret")
    assert origin == "The source's password came from ESMIGRATE_SOURCE_PASSWORD."


@pytest.mark.parametrize(("name", "kind"), [("API_KEY", SignIn.API_KEY), ("TOKEN", SignIn.TOKEN)])
async def test_an_api_key_or_a_token_needs_no_user_and_decides_how_to_sign_in(name: str, kind: SignIn) -> None:
    given = {f"ESMIGRATE_SOURCE_{name}": "id:key"}
    for connection in (_connection(), _connection(sign_in=SignIn.PASSWORD), _connection("https://old.example.org")):
        resolved = await _resolve(given, connection=connection)
        assert (resolved.connection.sign_in, resolved.credential.sign_in) == (kind, kind)
        assert (resolved.connection.user, resolved.credential.user) == ("", "")


async def test_each_side_has_variables_of_its_own() -> None:
    environ = {"ESMIGRATE_SOURCE_PASSWORD": "a", "ESMIGRATE_DESTINATION_PASSWORD": "b"}
    assert (await _resolve(environ)).credential.secret == "a"
    assert (await _resolve(environ, side=Side.DESTINATION)).credential.secret == "b"


async def test_two_secrets_at_once_are_refused_in_a_sentence() -> None:
    problem = await _problem({"ESMIGRATE_SOURCE_PASSWORD": "a", "ESMIGRATE_SOURCE_API_KEY": "b"})
    assert problem.cause is Cause.USAGE
    assert problem.what == (
        "ESMIGRATE_SOURCE_PASSWORD and ESMIGRATE_SOURCE_API_KEY are both set, and only one can be used."
    )


async def test_a_variable_that_is_set_but_empty_counts_as_not_set() -> None:
    resolved = await _resolve({"ESMIGRATE_SOURCE_PASSWORD": "", "ESMIGRATE_SOURCE_API_KEY": "id:key"})
    assert resolved.credential.sign_in is SignIn.API_KEY
    assert "ESMIGRATE_SOURCE_PASSWORD is set, but empty." in (await _problem({"ESMIGRATE_SOURCE_PASSWORD": ""})).why


async def test_a_password_without_a_user_says_where_the_name_belongs() -> None:
    problem = await _problem(
        {"ESMIGRATE_SOURCE_PASSWORD": "a"}, connection=_connection("http://old.example.org:9200/es")
    )
    assert problem.cause is Cause.USAGE
    assert "no user's name" in problem.what
    assert problem.todo == "Put the name into the address, such as http://elastic@old.example.org:9200/es."


async def test_a_password_of_several_lines_is_refused() -> None:
    assert "more than one line" in (await _problem({"ESMIGRATE_SOURCE_PASSWORD": "a\nb"})).what


async def test_an_api_key_that_no_header_can_carry_is_refused() -> None:
    assert "which no API key has" in (await _problem({"ESMIGRATE_SOURCE_API_KEY": "clé"})).what


async def test_a_password_may_have_spaces_and_accents() -> None:
    assert (await _resolve({"ESMIGRATE_SOURCE_PASSWORD": " clé à molette "})).credential.secret == " clé à molette "


# -- none --------------------------------------------------------------------------------------------------------------


async def test_a_cluster_without_security_needs_no_secret() -> None:
    connection = _connection("http://127.0.0.1:9200")
    assert await _resolve(connection=connection) == (
        connection,
        NO_CREDENTIAL,
        "The source is spoken to without signing in.",
    )


@pytest.mark.parametrize("connection", [_connection(), _connection(sign_in=SignIn.PASSWORD)])
async def test_a_missing_password_names_every_way_to_give_it(connection: Connection) -> None:
    problem = await _problem(connection=connection)
    assert problem.cause is Cause.AUTHENTICATION
    assert problem.what == "There is no password for the source, https://old.example.org:9243."
    for way in (
        "ESMIGRATE_SOURCE_PASSWORD",
        "ESMIGRATE_SOURCE_API_KEY",
        "ESMIGRATE_SOURCE_TOKEN",
        "--source-password-file",
        "keyring",
    ):
        assert way in problem.todo


async def test_a_missing_api_key_is_called_an_api_key() -> None:
    connection = _connection("https://old.example.org:9243", SignIn.API_KEY)
    assert (await _problem(connection=connection)).what.startswith("There is no API key for the source")


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"s3cret", b"s3cret\n", b"s3cret\r\n", b"\xef\xbb\xbfs3cret\n"])
async def test_a_file_gives_its_one_line_and_not_the_line_end(tmp_path: Path, content: bytes) -> None:
    resolved = await _resolve(file=_file(tmp_path, content))
    assert resolved.credential.secret == "s3cret"
    assert resolved.origin == f"The source's password came from {tmp_path / 'secret'}."


async def test_a_file_goes_before_the_environment(tmp_path: Path) -> None:
    resolved = await _resolve({"ESMIGRATE_SOURCE_API_KEY": "id:key"}, file=_file(tmp_path, b"s3cret"))
    assert resolved.credential.secret == "s3cret"


async def test_for_a_plan_that_signs_in_by_key_the_file_holds_the_key(tmp_path: Path) -> None:
    connection = _connection("https://old.example.org:9243", SignIn.API_KEY)
    resolved = await _resolve(connection=connection, file=_file(tmp_path, b"id:key\n"))
    assert (resolved.credential.sign_in, resolved.credential.secret) == (SignIn.API_KEY, "id:key")


@pytest.mark.parametrize(
    "key",
    [
        b"VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw",
        b"VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==",
    ],
)
async def test_an_api_key_in_a_file_is_known_by_its_form_where_no_user_is_named(tmp_path: Path, key: bytes) -> None:
    resolved = await _resolve(connection=_connection("https://old.example.org:9243"), file=_file(tmp_path, key))
    assert (resolved.connection.sign_in, resolved.credential.secret) == (SignIn.API_KEY, key.decode())
    with_user = await _resolve(file=_file(tmp_path, key))
    assert with_user.connection.sign_in is SignIn.PASSWORD


async def test_a_password_in_a_file_without_a_user_is_not_taken_for_an_api_key(tmp_path: Path) -> None:
    problem = await _problem(connection=_connection("https://old.example.org"), file=_file(tmp_path, b"s3cret:word"))
    assert "no user's name" in problem.what


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o620])
async def test_a_file_that_others_may_read_or_change_is_refused_as_ssh_does(tmp_path: Path, mode: int) -> None:
    problem = await _problem(file=_file(tmp_path, b"s3cret", mode))
    assert problem.what == f"Others on this machine may read or change {tmp_path / 'secret'} (its mode is {mode:04o})."
    assert "chmod 600" in problem.todo


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
async def test_a_file_of_somebody_else_is_taken_as_it_is_since_its_mode_is_not_ours_to_change(tmp_path: Path) -> None:
    path = _file(tmp_path, b"s3cret", 0o644)
    os.chown(path, 12345, 12345)
    assert (await _resolve(file=path)).credential.secret == "s3cret"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"a\nb\n", "more than one line"),
        (b"a\x00b", "control characters"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b"x" * 20_000, "too long"),
    ],
)
async def test_a_file_that_cannot_hold_a_secret_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, words: str
) -> None:
    problem = await _problem(file=_file(tmp_path, content))
    assert problem.cause is Cause.USAGE
    assert words in problem.what


async def test_a_file_that_is_not_there_and_a_folder_are_sentences(tmp_path: Path) -> None:
    missing = await _problem(file=tmp_path / "nowhere")
    assert missing.what == f"The file {tmp_path / 'nowhere'} cannot be read: No such file or directory."
    assert missing.todo == "Correct --source-password-file."
    assert "Is a directory" in (await _problem(file=tmp_path)).what


async def test_a_pipe_gives_the_secret_whatever_its_mode(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"s3cret\n",))
    writer.start()
    resolved = await _resolve(file=pipe)
    writer.join()
    assert resolved.credential.secret == "s3cret"


async def test_a_descriptor_gives_the_secret() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"s3cret\n")
    os.close(writing)
    try:
        resolved = await _resolve(file=Path(f"/dev/fd/{reading}"))
    finally:
        os.close(reading)
    assert resolved.credential.secret == "s3cret"


CHILD = """
import asyncio, sys
from pathlib import Path
from esmigrate_tui import vault
from esmigrate_tui.model.connection import Connection, Side, parse_address
from esmigrate_tui.model.problem import ProblemError
endpoint, user = parse_address("https://elastic@old.example.org:9243")
try:
    resolved = asyncio.run(vault.resolve(
        Connection(endpoint=endpoint, user=user), Side.SOURCE, environ={}, password_file=Path("-"), use_keyring=False
    ))
    print(resolved.credential.secret, "|", resolved.origin)
except ProblemError as error:
    print(error)
"""


def test_a_dash_takes_the_secret_from_standard_input() -> None:
    said = subprocess.run([sys.executable, "-c", CHILD], input=b"s3cret\n", capture_output=True, check=True)
    assert said.stdout == b"s3cret | The source's password came from standard input.\n"


def test_a_terminal_as_standard_input_is_refused_since_it_would_show_the_secret() -> None:
    ours, theirs = os.openpty()
    try:
        said = subprocess.run([sys.executable, "-c", CHILD], stdin=theirs, capture_output=True, check=True, timeout=30)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"Standard input is this terminal" in said.stdout


# -- what is kept ------------------------------------------------------------------------------------------------------


async def test_the_connection_that_comes_back_holds_no_secret() -> None:
    resolved = await _resolve({"ESMIGRATE_SOURCE_PASSWORD": "s3cret"})
    assert b"s3cret" not in msgspec.json.encode(resolved.connection)
    assert "s3cret" not in repr(resolved)
    assert "s3cret" not in resolved.origin


def test_a_keyring_that_a_configuration_file_switches_off_is_said_to_be_none(tmp_path: Path) -> None:
    folder = tmp_path / "python_keyring"
    folder.mkdir()
    (folder / "keyringrc.cfg").write_text("[backend]\ndefault-keyring=keyring.backends.fail.Keyring\n")
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    environ |= {"XDG_CONFIG_HOME": str(tmp_path), "LANG": "C.UTF-8"}
    ended = subprocess.run(
        [sys.executable, "-m", "esmigrate_tui", "credentials", "status"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "defect" not in ended.stdout + ended.stderr
    assert "keyring" in ended.stdout
