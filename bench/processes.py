"""A program measured from outside: how long, how much of the processor, and how much memory at most."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT: Final = Path(__file__).parents[1]
_LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Measured:
    """One run of a program: seconds on the clock, seconds of the processor, bytes of memory at its peak, its words."""

    seconds: float
    processor: float
    peak: int
    said: bytes = b""


def python(module: str, *arguments: str) -> list[str]:
    """The command line of a module, by the interpreter that runs this."""
    return [sys.executable, "-m", module, *arguments]


def measured(
    command: Sequence[str], given: bytes, environ: Mapping[str, str] | None = None, *, well: Sequence[int] = (0,)
) -> Measured:
    """Run a program to its end, `given` on its standard input; raises RuntimeError where it did not end `well`."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
    )
    assert process.stdin is not None  # noqa: S101  # a pipe was asked for
    assert process.stdout is not None  # noqa: S101  # the same
    assert process.stderr is not None  # noqa: S101  # the same
    heard: dict[IO[bytes], bytes] = {}
    pipes = (process.stdout, process.stderr)
    listening = [threading.Thread(target=lambda pipe=pipe: heard.update({pipe: pipe.read()})) for pipe in pipes]
    for one in listening:
        one.start()
    with suppress(BrokenPipeError):
        process.stdin.write(given)
        process.stdin.close()
    peak = 0
    while True:
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        peak = max(peak, _peak(process.pid))
        time.sleep(_LOOK_SECONDS)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    for one in listening:
        one.join()
    said, complained = (heard[pipe] for pipe in pipes)
    for pipe in pipes:
        pipe.close()
    if process.returncode not in well:
        message = f"{command[:4]} ended with {process.returncode}: {complained[-2_000:].decode(errors='replace')}"
        raise RuntimeError(message)
    return Measured(seconds, used.ru_utime + used.ru_stime, peak, said)


def _peak(process: int) -> int:
    """The most memory that a living program has had; rusage would tell that of whoever started it, if that had more."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
