"""`esmigrate --plain` as a program: through a pipe and on a dumb terminal, and never with Textual."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.slow


def environ(folder: Path, term: str = "xterm") -> dict[str, str]:
    """What a person without a keyring has."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return kept | {
        "TERM": term,
        "LANG": "C.UTF-8",
        "ESMIGRATE_STATE_DIR": str(folder),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


def answered(folder: Path, answers: str, *arguments: str, term: str = "xterm") -> subprocess.CompletedProcess[str]:
    """The program with these answers through a pipe."""
    command = [sys.executable, "-m", "esmigrate_tui", *arguments]
    return subprocess.run(
        command, input=answers, env=environ(folder, term), capture_output=True, text=True, check=False, timeout=60
    )


def test_the_plain_way_never_loads_textual(tmp_path: Path) -> None:
    code = (
        "import pkgutil, sys; from importlib import import_module;"
        "from esmigrate_tui.cli import run; sys.argv = ['esmigrate', '--plain']; code = run();"
        "import esmigrate_tui.plain as p, esmigrate_tui.flow as w;"
        "[import_module(m.name) for r in (p, w) for m in pkgutil.iter_modules(r.__path__, r.__name__ + '.')];"
        "print(); print(code, *sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        input="2\n?\nq\n",
        env=environ(tmp_path),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code_and_modules = told.stdout.splitlines()[-1].split()
    assert code_and_modules[0] == "0"
    assert "esmigrate_tui.plain.selection" in code_and_modules
    assert "textual" not in code_and_modules


def test_answers_that_end_end_with_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    ended = answered(tmp_path, "2\n", "--plain")
    assert ended.returncode == 2
    assert ended.stderr.startswith("esmigrate: The answers ended before a migration was started")
    assert "Traceback" not in ended.stderr


def test_a_dumb_terminal_gets_the_questions_by_itself_and_is_told_so(tmp_path: Path) -> None:
    ended = answered(tmp_path, "q\n", term="dumb")
    assert ended.returncode == 0
    assert ended.stdout.startswith("This terminal (TERM=dumb) can only show lines")
    assert "How should the data get into the destination?" in ended.stdout
    assert "\x1b" not in ended.stdout


def test_without_a_terminal_the_steps_come_as_questions_and_end_with_the_answers(tmp_path: Path) -> None:
    ended = answered(tmp_path, "")
    assert ended.returncode == 2
    assert ended.stdout.startswith("What is not a terminal can only show lines")
    assert ended.stderr.startswith("esmigrate: The answers ended before a migration was started")
    assert "\x1b" not in ended.stdout


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "koi8-r"])
def test_a_pipe_of_another_encoding_gets_every_line(tmp_path: Path, encoding: str) -> None:
    command = [sys.executable, "-m", "esmigrate_tui", "--plain"]
    told = subprocess.run(
        command,
        input=b"?\nq\n",
        env=environ(tmp_path) | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert b"These are the ways" in told.stdout
    assert told.stderr == b""


def test_a_reader_that_leaves_ends_the_program_as_a_broken_pipe_does(tmp_path: Path) -> None:
    piped = f"{sys.executable} -m esmigrate_tui --help | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", piped], env=environ(tmp_path), capture_output=True, check=False, timeout=60)
    assert ended.returncode in {0, 141}
    assert ended.stderr == b""


def test_plain_with_a_command_says_what_it_is_for(tmp_path: Path) -> None:
    ended = answered(tmp_path, "", "--plain", "status")
    assert ended.returncode == 2
    assert "esmigrate attach RUN --plain" in ended.stderr


@pytest.mark.parametrize("locale", ["C", "en_US.ISO-8859-1"])
def test_a_locale_without_utf_8_gets_ascii_alone(tmp_path: Path, locale: str) -> None:
    command = [sys.executable, "-m", "esmigrate_tui", "--plain"]
    told = subprocess.run(
        command, input=b"?\nq\n", env=environ(tmp_path) | {"LANG": locale}, capture_output=True, check=True, timeout=60
    )
    assert told.stdout.isascii()
    assert b"These are the ways" in told.stdout
    assert b"Esmigrate connects to destination (9200 or 9243)" in told.stdout


def test_a_secret_is_not_echoed_on_a_terminal_and_the_echo_comes_back(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "esmigrate_tui", "--plain"]
    program = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environ(tmp_path))
    told, seen = b"", 0
    try:
        for prompt, answer in (
            (b"Number [2]: ", b"2"),
            (b"or a Cloud ID: ", b"http://127.0.0.1:1"),
            (b"Number [1]: ", b"1"),
            (b"User: ", b"somebody"),
            (b"(not shown): ", b"not-to-be-seen"),
            (b"Number [1]: ", b"q"),
        ):
            while prompt not in told[seen:]:
                told += os.read(master, 4_096)
            seen = told.index(prompt, seen) + len(prompt)
            os.write(master, answer + b"\n")
        assert program.wait(30) == 0
        told += os.read(master, 65_536)
        echoes = bool(termios.tcgetattr(slave)[3] & termios.ECHO)
    finally:
        program.kill()
        os.close(master)
        os.close(slave)
    assert b"not-to-be-seen" not in told
    assert b"somebody" in told
    assert told.rstrip().endswith(b"Nothing was changed on either cluster.")
    assert echoes
