import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.sandbox.launch import (
    FileUser,
    NodeAddress,
    NodeFolders,
    NodeOptions,
    TlsFiles,
    command,
    environment,
    file_realm,
    jvm_options,
    log_tail,
    password_hash,
    settings,
    uses_security,
)
from esmigrate_tui.sandbox.versions import NUMBERS, find

LAYOUT = NodeFolders(Path("/nodes/one"))
SPOT = NodeAddress("es-one", 21001, 21002, Path("/snapshots"))
SECRET = "kept-out-of-sight"


def started(number: str, options: NodeOptions) -> list[str]:
    version = find(number)
    return command(version, Path("/server"), settings(version, options, LAYOUT, SPOT))


@pytest.mark.parametrize("number", NUMBERS)
def test_no_password_reaches_a_command_line_or_an_environment(number: str) -> None:
    options = NodeOptions(password=SECRET, file_users=(FileUser("admin", SECRET),))
    shown = " ".join(started(number, options)) + str(environment(find(number), options, LAYOUT, Path("/java")))
    assert SECRET not in shown
    assert SECRET not in repr(options)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("2.4.6", "--http.port=21001"), ("5.6.16", "-Ehttp.port=21001"), ("9.5.0", "-Ehttp.port=21001")],
)
def test_each_version_gets_its_own_style_of_options(number: str, expected: str) -> None:
    assert expected in started(number, NodeOptions())


def test_every_node_listens_on_this_machine_only() -> None:
    for number in NUMBERS:
        assert settings(find(number), NodeOptions(), LAYOUT, SPOT)["network.host"] == "127.0.0.1"


def test_the_callers_settings_win_over_the_sandboxs() -> None:
    chosen = settings(find("6.8.23"), NodeOptions(settings={"network.host": "_local_"}), LAYOUT, SPOT)
    assert chosen["network.host"] == "_local_"


def test_security_is_asked_for_only_where_the_version_has_it() -> None:
    assert [uses_security(find(number), NodeOptions(security=True)) for number in ("2.4.6", "6.8.23")] == [False, True]
    assert not uses_security(find("6.8.23"), NodeOptions(security=False))
    assert settings(find("8.19.3"), NodeOptions(security=False), LAYOUT, SPOT)["xpack.security.enabled"] == "false"
    assert "xpack.security.enabled" not in settings(find("5.6.16"), NodeOptions(), LAYOUT, SPOT)


def test_tls_files_are_named_by_their_copies_below_config() -> None:
    tls = TlsFiles(Path("/k"), Path("/c"), Path("/a"))
    chosen = settings(find("7.17.28"), NodeOptions(tls=tls), LAYOUT, SPOT)
    assert chosen["xpack.security.http.ssl.key"] == "/nodes/one/config/tls/http.key"


def test_nothing_in_jvm_options_writes_into_the_shared_installation() -> None:
    text = "-Xss1m\n9-:-Xlog:gc*:file=logs/gc.log\n8:-Xloggc:logs/gc.log\n-XX:HeapDumpPath=data\n-Dkeep=1\n"
    assert jvm_options(text) == "-Xss1m\n-Dkeep=1\n"


def test_a_file_users_hash_is_pbkdf2_with_the_salt_in_front() -> None:
    salt = bytes(range(32))
    cost, encoded_salt, encoded_key = password_hash("pässword", salt).removeprefix("{PBKDF2}").split("$")
    assert (cost, base64.b64decode(encoded_salt)) == ("10000", salt)
    expected = hashlib.pbkdf2_hmac("sha512", "pässword".encode(), salt, 10_000, 32)
    assert base64.b64decode(encoded_key) == expected


def test_users_who_share_a_role_stand_in_one_line() -> None:
    users = (FileUser("a", "x", ("superuser",)), FileUser("b", "y", ("superuser", "viewer")))
    _, roles = file_realm(users, (bytes(32), bytes(32)))
    assert roles == "superuser:a,b\nviewer:b\n"


def test_the_tail_of_a_log_leaves_out_escapes_and_stack_frames() -> None:
    text = "first\n\x1b[31mred\x1b[0m\x1b]0;title\x07 line\n\tat org.x.Y(Z.java:1)\n\n\x9b31mlast\r\n"
    assert log_tail(text) == "first\nred line\n31mlast"


@given(st.text())
def test_no_log_can_smuggle_control_characters_out(text: str) -> None:
    assert not [one for one in log_tail(text) if one not in "\n\t" and (ord(one) < 32 or 127 <= ord(one) < 160)]


@pytest.mark.parametrize("brief", [True, False])
def test_a_node_for_minutes_compiles_quickly_and_one_to_be_measured_does_not(brief: bool) -> None:  # noqa: FBT001  # the case
    java = environment(find("7.17.28"), NodeOptions(brief=brief), LAYOUT, Path("/java"))["ES_JAVA_OPTS"]
    assert ("TieredStopAtLevel" in java) is brief
