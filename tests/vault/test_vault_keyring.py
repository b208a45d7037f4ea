"""The keyring as it is met in the world: a real Secret Service on a session bus of its own, in each of its moods."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
CHILD = """
import asyncio, json, os, sys, time
from esmigrate_tui import vault
from esmigrate_tui.model.connection import *
from esmigrate_tui.model.problem import ProblemError

asked = json.loads(sys.argv[1])
endpoint, _ = parse_address(asked.get("address", "https://old.example.org:9243"))
trust = Trust(kind=TrustKind.PINNED, fingerprint=asked["pin"]) if "pin" in asked else Trust()
connection = Connection(
    endpoint=endpoint, sign_in=SignIn(asked.get("sign_in", "password")), user=asked.get("user", "elastic"), trust=trust
)
credential = Credential(sign_in=connection.sign_in, user=connection.user, secret=asked.get("secret", ""))
deadline = {"deadline": asked["deadline"]} if "deadline" in asked else {}

async def ask(verb):
    if verb == "probe":
        return await vault.probe(**deadline)
    if verb == "remember":
        return await vault.remember(connection, credential, **deadline)
    if verb == "recall":
        found = await vault.recall(connection, **deadline)
        return None if found is None else found.secret
    if verb == "forget":
        return await vault.forget(connection, **deadline)
    return await vault.resolve(connection, Side.SOURCE, environ=os.environ)

async def main():
    beats = 0
    async def beat():
        nonlocal beats
        while True:
            await asyncio.sleep(0.05)
            beats += 1
    heart = asyncio.create_task(beat())
    told, began = {}, time.monotonic()
    try:
        answer = await ask(asked["verb"])
        if isinstance(answer, vault.VaultReport):
            told |= {"state": answer.state, "label": answer.label, "sentence": answer.sentence, "copy": answer.copy}
        elif isinstance(answer, vault.ResolvedConnection):
            told |= {"secret": answer.credential.secret, "origin": answer.origin, "sign_in": answer.connection.sign_in}
        else:
            told["answer"] = answer
    except ProblemError as error:
        told |= {"cause": error.problem.cause, "problem": error.problem.sentence()}
    told |= {"seconds": time.monotonic() - began, "beats": beats}
    print(json.dumps(told), flush=True)
    await asyncio.sleep(asked.get("linger", 0))
    heart.cancel()

asyncio.run(main())
"""
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>
</busconfig>
"""
A_PIN = "9f" * 32


class Desk:
    """A login of its own: home, runtime directory, and on request a session bus and a keyring daemon."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runtime = root / "run"
        self.bus = self.runtime / "bus"
        self._mine: list[subprocess.Popen[bytes]] = []
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(root / "home"),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_DATA_HOME": str(root / "data"),
            "XDG_CONFIG_HOME": str(root / "config"),
            "XDG_CACHE_HOME": str(root / "cache"),
        }
        for folder in ("home", "run", "data", "config", "cache"):
            (root / folder).mkdir(mode=0o700)

    def start_bus(self) -> None:
        """A session bus that starts nobody by itself, so that every process here is known by its id."""
        config = self.root / "bus.xml"
        config.write_text(BUS.format(path=self.bus))
        self._started(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"])
        _until(self.bus.exists, "the session bus did not start")
        self.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.bus}"

    def start_keyring(self, password: str | None = None) -> subprocess.Popen[bytes]:
        """GNOME's keyring; with a password its keyring is made or unlocked, without it stays as it is."""
        unlock = [] if password is None else ["--unlock"]
        daemon = self._started(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets", *unlock], (password or "").encode()
        )
        _until(self.keyring_pid, "the keyring did not start")
        return daemon

    def keyring_pid(self) -> int | None:
        """The process that answers as Secret Service."""
        question = ["org.freedesktop.DBus.GetConnectionUnixProcessID", "string:org.freedesktop.secrets"]
        asked = subprocess.run(
            ["dbus-send", "--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/", *question],
            env=self.environ,
            capture_output=True,
            check=False,
            text=True,
            timeout=10,
        )
        return int(asked.stdout.split()[-1]) if asked.returncode == 0 else None

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End one that was started here and wait for it."""
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end_all(self) -> None:
        """End what was started here, newest first."""
        while self._mine:
            self.end(self._mine.pop())

    def ask(self, verb: str, **details: object) -> dict[str, Any]:
        """What a fresh process says after one call of the vault, with `exit_after`: seconds until it was gone."""
        return self.answer(self.begin(verb, **details))

    def begin(self, verb: str, **details: object) -> subprocess.Popen[bytes]:
        """The same, not waited for."""
        asked = json.dumps({"verb": verb} | details)
        return subprocess.Popen(
            [sys.executable, "-c", CHILD, asked], env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    @staticmethod
    def answer(process: subprocess.Popen[bytes]) -> dict[str, Any]:
        began = time.monotonic()
        try:
            said, complained = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        assert process.returncode == 0, complained.decode()
        assert complained == b""
        return {**json.loads(said), "exit_after": time.monotonic() - began}

    def keyrings(self) -> dict[str, bytes]:
        """The files that the keyring keeps, with their content."""
        folder = self.root / "data" / "keyrings"
        return {file.name: file.read_bytes() for file in folder.glob("*.keyring")}

    def _started(self, command: list[str], told: bytes = b"") -> subprocess.Popen[bytes]:
        log = (self.root / "log").open("ab")
        with log:
            process = subprocess.Popen(command, env=self.environ, stdin=subprocess.PIPE, stdout=log, stderr=log)
        self._mine.append(process)
        assert process.stdin is not None
        process.stdin.write(told)
        process.stdin.close()
        return process


def _until(is_so: Any, otherwise: str) -> None:  # noqa: ANN401  # any question without arguments
    for _ in range(200):
        if is_so():
            return
        time.sleep(0.05)
    pytest.fail(otherwise)


@pytest.fixture
def login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A login without a session bus, as on a bare server."""
    desk = Desk(tmp_path_factory.mktemp("k"))  # a short name: a socket's path has little room
    yield desk
    desk.end_all()


@pytest.fixture
def desk(login: Desk) -> Desk:
    """A login with a session bus, where a keyring can be started."""
    missing = [program for program in ("dbus-daemon", "gnome-keyring-daemon") if not shutil.which(program)]
    if missing:
        reason = f"{' and '.join(missing)} not found: apt-get install -y --no-install-recommends gnome-keyring dbus"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    login.start_bus()
    return login


@pytest.fixture
def unlocked(desk: Desk) -> Desk:
    desk.start_keyring("ci-pass")
    return desk


@pytest.fixture
def locked(desk: Desk) -> Desk:
    desk.end(desk.start_keyring("ci-pass"))
    desk.start_keyring()
    return desk


# -- unlocked ----------------------------------------------------------------------------------------------------------


@pytest.mark.keyring
def test_an_unlocked_keyring_is_named_as_the_place_where_secrets_go(unlocked: Desk) -> None:
    told = unlocked.ask("probe")
    assert told["state"] == "available"
    assert told["label"] == "Secret Service, unlocked"
    assert told["sentence"] == "Secrets go into this machine's keyring (Secret Service, unlocked)."


@pytest.mark.keyring
def test_probing_writes_nothing(unlocked: Desk) -> None:
    before = unlocked.keyrings()
    unlocked.ask("probe")
    assert unlocked.keyrings() == before


@pytest.mark.keyring
@pytest.mark.parametrize("secret", ["s3cret", " spaces and \n lines ", "пароль ✓", "x" * 5000])
def test_what_is_remembered_is_recalled_by_another_process_unchanged(unlocked: Desk, secret: str) -> None:
    assert unlocked.ask("remember", secret=secret)["state"] == "available"
    assert unlocked.ask("recall")["answer"] == secret


@pytest.mark.keyring
def test_remembering_again_replaces_the_older_secret(unlocked: Desk) -> None:
    unlocked.ask("remember", secret="old")
    unlocked.ask("remember", secret="new")
    assert unlocked.ask("recall")["answer"] == "new"


@pytest.mark.keyring
def test_what_is_forgotten_is_gone(unlocked: Desk) -> None:
    unlocked.ask("remember", secret="s3cret")
    assert unlocked.ask("forget")["answer"] is True
    assert unlocked.ask("recall")["answer"] is None
    assert unlocked.ask("forget")["answer"] is False


@pytest.mark.keyring
def test_a_secret_is_never_given_for_another_address_user_sign_in_or_certificate(unlocked: Desk) -> None:
    unlocked.ask("remember", secret="s3cret", pin=A_PIN)
    others: tuple[dict[str, str], ...] = (
        {"address": "http://old.example.org:9243"},
        {"address": "https://old.example.org:9244"},
        {"address": "https://old.example.com:9243"},
        {"user": "other"},
        {"sign_in": "api-key"},
        {"pin": "ab" * 32},
    )
    assert [unlocked.ask("recall", **({"pin": A_PIN} | other))["answer"] for other in others] == [None] * 6
    assert unlocked.ask("recall")["answer"] is None
    assert unlocked.ask("recall", pin=A_PIN)["answer"] == "s3cret"


@pytest.mark.keyring
def test_an_empty_secret_is_not_remembered(unlocked: Desk) -> None:
    assert unlocked.ask("remember", secret="")["problem"] == "There is no secret to remember."


@pytest.mark.keyring
def test_a_bus_that_the_login_over_ssh_left_unnamed_is_found(unlocked: Desk) -> None:
    del unlocked.environ["DBUS_SESSION_BUS_ADDRESS"]
    assert unlocked.ask("probe")["state"] == "available"


# -- locked, never made ------------------------------------------------------------------------------------------------


@pytest.mark.keyring
def test_a_locked_keyring_is_said_to_be_locked_and_how_to_unlock_it(locked: Desk) -> None:
    told = locked.ask("probe")
    assert told["state"] == "locked"
    assert told["label"] == "Secret Service, locked"
    assert "kept in memory, for this session only" in told["sentence"]
    assert "--unlock" in told["copy"]


@pytest.mark.keyring
def test_the_command_that_is_advised_unlocks_the_keyring(locked: Desk) -> None:
    advice = locked.ask("probe")["copy"]
    subprocess.run(
        ["bash", "-c", advice], env=locked.environ, input=b"ci-pass\n", check=True, capture_output=True, timeout=30
    )
    told = locked.ask("probe")
    replacement = locked.keyring_pid()
    assert replacement is not None
    os.kill(replacement, signal.SIGTERM)
    assert told["state"] == "available"


@pytest.mark.keyring
def test_a_locked_keyring_takes_and_gives_nothing_and_says_so(locked: Desk) -> None:
    for verb in ("remember", "recall", "forget"):
        told = locked.ask(verb, secret="s3cret")
        assert told["cause"] == "state"
        assert "The keyring (Secret Service) is locked." in told["problem"]
        assert "s3cret" not in told["problem"]


@pytest.mark.keyring
def test_where_no_keyring_was_ever_made_a_look_does_not_make_one(desk: Desk) -> None:
    desk.start_keyring()
    told = desk.ask("probe")
    assert told["state"] == "absent"
    assert "none was ever made" in told["sentence"]
    assert desk.ask("recall")["answer"] is None
    assert desk.keyrings() == {}


@pytest.mark.keyring
def test_where_no_keyring_can_be_made_remembering_says_so(desk: Desk) -> None:
    desk.start_keyring()
    assert "none was ever made" in desk.ask("remember", secret="s3cret")["problem"]


# -- absent ------------------------------------------------------------------------------------------------------------


def test_on_a_bare_server_there_is_no_keyring_and_that_is_said(login: Desk) -> None:
    told = login.ask("probe")
    assert told["state"] == "absent"
    assert told["sentence"] == (
        "There is no keyring here: this login has no session bus, which is usual over SSH. "
        "Secrets are kept in memory, for this session only."
    )


def test_without_a_keyring_nothing_is_recalled_and_remembering_fails_aloud(login: Desk) -> None:
    assert login.ask("recall")["answer"] is None
    assert login.ask("forget")["answer"] is False
    assert login.ask("remember", secret="s3cret")["cause"] == "state"


@pytest.mark.keyring
def test_a_session_bus_without_a_secret_service_is_told_apart_from_no_bus(desk: Desk) -> None:
    assert "no program offers the Secret Service" in desk.ask("probe")["sentence"]


# -- silent ------------------------------------------------------------------------------------------------------------


@pytest.mark.keyring
def test_a_secret_service_that_never_answers_costs_three_seconds_and_blocks_nobody(unlocked: Desk) -> None:
    pid = unlocked.keyring_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    told = unlocked.ask("probe")
    assert told["state"] == "unresponsive"
    assert told["sentence"].startswith("The keyring did not answer within 3 s.")
    assert 2.9 < told["seconds"] < 20  # the machine may be busy
    assert told["beats"] > 10  # of 60: the loop went on
    assert told["exit_after"] < 15  # and so did the interpreter's exit


@pytest.mark.keyring
@pytest.mark.parametrize("verb", ["remember", "recall", "forget"])
def test_every_call_ends_by_its_deadline(unlocked: Desk, verb: str) -> None:
    pid = unlocked.keyring_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    told = unlocked.ask(verb, secret="s3cret", deadline=0.5)
    assert "did not answer" in told["problem"]
    assert told["exit_after"] < 15


@pytest.mark.keyring
def test_nothing_is_written_once_nobody_waits_for_it_any_more(unlocked: Desk) -> None:
    pid = unlocked.keyring_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    late = unlocked.begin("remember", secret="s3cret", deadline=0.5, linger=2)
    assert late.stdout is not None
    assert b"did not answer" in late.stdout.readline()
    os.kill(pid, signal.SIGCONT)
    late.communicate(timeout=30)
    assert unlocked.ask("recall")["answer"] is None


def test_a_session_bus_that_accepts_and_says_nothing_blocks_nobody(login: Desk) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(login.bus))
        silent.listen()
        told = login.ask("probe", deadline=0.5)
    assert told["state"] == "unresponsive"
    assert told["exit_after"] < 15


# -- refused, broken ---------------------------------------------------------------------------------------------------


def test_a_keyring_that_loses_what_is_saved_is_refused(login: Desk) -> None:
    login.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    told = login.ask("probe")
    assert told["state"] == "refused"
    assert "loses what is saved" in told["sentence"]
    assert "not saved" in login.ask("remember", secret="s3cret")["problem"]


def test_a_keyring_that_is_set_to_fail_counts_as_absent(login: Desk) -> None:
    login.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    assert login.ask("probe")["state"] == "absent"


@pytest.mark.parametrize("name", ["nonsense", "keyring.backends.Nope.X", "keyring.backends.null.Nope"])
def test_a_wrong_backend_in_the_environment_is_a_sentence(login: Desk, name: str) -> None:
    login.environ["PYTHON_KEYRING_BACKEND"] = name
    told = login.ask("probe")
    assert told["state"] == "failed"
    assert told["sentence"].startswith(
        f"The environment variable PYTHON_KEYRING_BACKEND names no keyring: '{name}'. Secrets are kept in memory"
    )


def test_an_empty_backend_in_the_environment_is_a_sentence(login: Desk) -> None:
    login.environ["PYTHON_KEYRING_BACKEND"] = ""
    assert "PYTHON_KEYRING_BACKEND is set, but empty" in login.ask("probe")["sentence"]


def test_a_wrong_backend_in_the_library_s_file_is_a_sentence(login: Desk) -> None:
    folder = login.root / "config" / "python_keyring"
    folder.mkdir()
    (folder / "keyringrc.cfg").write_text("[backend]\ndefault-keyring=nonsense.Keyring\n")
    assert "own configuration file cannot be used" in login.ask("probe")["sentence"]


def test_a_backend_that_is_asked_for_by_name_and_has_nothing_to_talk_to_counts_as_absent(login: Desk) -> None:
    login.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.SecretService.Keyring"
    assert login.ask("probe")["state"] == "absent"


BACKEND = """
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = {priority}
    def get_password(self, service, username):
        {get}
    def set_password(self, service, username, password):
        {set}
    def delete_password(self, service, username):
        pass
"""


def _install(
    login: Desk, module: str, *, priority: float = 0.5, get: str = "return None", put: str = "pass", entry: bool = True
) -> None:
    """A keyring backend as another package would bring it: a module and, when it plugs itself in, its entry point."""
    site = login.root / "site"
    *folders, name = module.split(".")
    folder = site.joinpath(*folders)
    folder.mkdir(parents=True)
    (folder / f"{name}.py").write_text(BACKEND.format(priority=priority, get=get, set=put))
    if entry:
        metadata = site / f"made_up_{name}-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: made-up-{name}\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(f"[keyring.backends]\n{name} = {module}\n")
    login.environ["PYTHONPATH"] = str(site)


@pytest.mark.parametrize("module", ["keyrings.alt.file", "keyrings.cryptfile.cryptfile"])
def test_a_keyring_of_plain_text_or_one_that_asks_on_the_terminal_is_refused(login: Desk, module: str) -> None:
    _install(login, module)
    told = login.ask("probe")
    assert told["state"] == "refused"
    assert f"{module}.Keyring" in told["sentence"]
    assert "refused" in told["label"]


def test_a_class_made_of_a_refused_one_is_refused(login: Desk) -> None:
    _install(login, "keyrings.alt.file", entry=False)
    (login.root / "site" / "mine.py").write_text("from keyrings.alt.file import Keyring as K\nclass Keyring(K): pass\n")
    login.environ["PYTHON_KEYRING_BACKEND"] = "mine.Keyring"
    assert login.ask("probe")["state"] == "refused"


@pytest.mark.keyring
@pytest.mark.parametrize(
    ("module", "priority"), [("keyrings.alt.file", 9), ("readonly", 9), ("keyrings.alt.file", 0.5)]
)
def test_behind_the_chain_of_backends_the_desktop_s_own_safe_is_taken(
    unlocked: Desk, module: str, priority: float
) -> None:
    _install(unlocked, module, priority=priority, put="raise AssertionError('it was written here')")
    assert unlocked.ask("probe")["label"] == "Secret Service, unlocked"
    assert unlocked.ask("remember", secret="s3cret")["state"] == "available"
    assert unlocked.ask("recall")["answer"] == "s3cret"


def test_a_keyring_that_does_not_give_back_what_was_saved_is_a_failure(login: Desk) -> None:
    _install(login, "lossy", priority=3)
    assert login.ask("probe")["state"] == "available"
    assert "did not give back what was saved" in login.ask("remember", secret="s3cret")["problem"]


def test_an_error_of_the_keyring_never_repeats_the_secret(login: Desk) -> None:
    _install(login, "loud", priority=3, put="raise OSError(f'cannot write {password}')")
    told = login.ask("remember", secret="s3cret")
    assert "OSError, cannot write …" in told["problem"]
    assert "s3cret" not in json.dumps(told)


def test_a_plugin_that_breaks_writes_nothing_over_the_screen(login: Desk) -> None:
    _install(login, "broken", priority=3)
    (login.root / "site" / "broken.py").write_text("raise ZeroDivisionError\n")
    assert login.ask("probe")["state"] == "absent"


# -- the run without a screen ------------------------------------------------------------------------------------------


@pytest.mark.keyring
def test_without_a_screen_the_secret_comes_from_the_unlocked_keyring(unlocked: Desk) -> None:
    unlocked.ask("remember", secret="s3cret")
    told = unlocked.ask("resolve")
    assert told["secret"] == "s3cret"
    assert told["origin"] == "The source's password came from the keyring (Secret Service, unlocked)."


@pytest.mark.keyring
def test_the_environment_goes_before_the_keyring(unlocked: Desk) -> None:
    unlocked.ask("remember", secret="s3cret")
    unlocked.environ["ESMIGRATE_SOURCE_PASSWORD"] = "other"
    assert unlocked.ask("resolve")["secret"] == "other"


@pytest.mark.keyring
def test_a_remembered_api_key_is_found_for_an_address_that_names_no_user(unlocked: Desk) -> None:
    unlocked.ask("remember", secret="id:key", sign_in="api-key", user="")
    told = unlocked.ask("resolve", sign_in="none", user="")
    assert (told["sign_in"], told["secret"]) == ("api-key", "id:key")


@pytest.mark.keyring
def test_a_locked_keyring_is_named_when_a_secret_is_missing(locked: Desk) -> None:
    told = locked.ask("resolve")
    assert told["cause"] == "authentication"
    assert "The keyring (Secret Service) is locked." in told["problem"]
    assert "ESMIGRATE_SOURCE_PASSWORD" in told["problem"]


def test_the_room_is_entered_without_importing_the_keyring_library() -> None:
    look = "import sys, esmigrate_tui.vault; print(sorted({'keyring', 'secretstorage'} & sys.modules.keys()))"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, check=True, text=True)
    assert said.stdout.strip() == "[]"
