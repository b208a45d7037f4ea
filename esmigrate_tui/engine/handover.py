"""A process that is started ahead of its run: it has loaded what it needs by the time the checks are done.

It has nothing of the run until that is handed over through its standard input, and ends where nothing comes. Like every
process of a run it outlives the command that started it from then on.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

import esmigrate_tui
from esmigrate_tui.model.connection import Credential, Side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.model.method import MethodName

PROGRAM: Final = (sys.executable, "-P", "-m", "esmigrate_tui.engine.process")
WAIT: Final = "--wait"
"""The argument in place of the run's folder; the method is the next one."""
_SECRETS: Final = re.compile(r"ESMIGRATE_.*(PASSWORD|API_KEY|TOKEN|PASSPHRASE)")

# Each of these makes a program write what it holds to a place that others may read.
_LEAKS: Final = re.compile(r"TEXTUAL_(LOG|DEBUG|DRIVER|PRESS|DEVTOOLS.*)|SSLKEYLOGFILE")


class HandedRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a waiting process is given: the absolute path of the run's folder, and the secrets of its clusters."""

    folder: str
    credentials: dict[Side, Credential]


def run_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a run's process: no secret, and nothing that makes it write one down."""
    kept = {
        name: value for name, value in environ.items() if not _SECRETS.fullmatch(name) and not _LEAKS.fullmatch(name)
    }
    # The package is found from any folder, also where it runs from a checkout that is not installed.
    here = str(Path(esmigrate_tui.__file__).parent.parent)
    kept["PYTHONPATH"] = os.pathsep.join(part for part in (here, kept.get("PYTHONPATH", "")) if part)
    return kept


def spawned(command: Sequence[str], log: int) -> subprocess.Popen[bytes]:
    """A process of a run in a session of its own, which prints into `log`; its standard input is a pipe."""
    return subprocess.Popen(  # noqa: S603  # this very program
        command,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        cwd="/",
        env=run_environment(os.environ),
        start_new_session=True,
        umask=0o077,
    )


def hand(child: subprocess.Popen[bytes], secret: bytes) -> bool:
    """Write all that a process waits for into its standard input, and close that; False where it has died."""
    if child.stdin is None:
        return False
    try:
        child.stdin.write(secret)
        child.stdin.close()
    except BrokenPipeError:
        return False
    return True


class ProcessAhead:
    """A process that waits for a run; `close` ends it where none came."""

    def __init__(self, method: MethodName, program: Sequence[str] = PROGRAM) -> None:
        # What it says before it has a run goes nowhere: where it dies, another one is started, and says it in the log.
        self._child: subprocess.Popen[bytes] | None = spawned((*program, WAIT, method.value), subprocess.DEVNULL)

    def hand_over(self, folder: Path, credentials: Mapping[Side, Credential]) -> subprocess.Popen[bytes] | None:
        """Let it perform the run in that folder; the process, None where it has died or has a run already."""
        if self._child is None or self._child.poll() is not None:
            return None
        child, self._child = self._child, None
        run = HandedRun(folder=str(folder.absolute()), credentials=dict(credentials))
        return child if hand(child, msgspec.msgpack.encode(run)) else None

    def close(self) -> None:
        """End it where it was given nothing; its end is not waited for."""
        child, self._child = self._child, None
        if child is None or child.stdin is None:
            return
        child.stdin.close()
        threading.Thread(target=child.wait, name="process ahead", daemon=True).start()
