"""Python on a terminal of its own, and the end of it where a person sits."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE = 60.0
"""Seconds after which a program that was to write something is taken for hung."""


def started(
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    size: tuple[int, int] = (80, 24),
    folder: Path | None = None,
) -> tuple[subprocess.Popen[bytes], int]:
    """Start it with these arguments on so many columns and rows; the process, and the person's end, to be closed.

    `environ` and `folder` are this process's own where they are not given.
    """
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        cwd=folder,
        env=os.environ | {"TERM": "xterm-256color"} if environ is None else environ,
    )
    os.close(follower)
    return process, leader


def arriving(leader: int, seconds: float) -> bytes:
    """What comes next, at most so much later.

    Raises EOFError when nothing has the terminal any more.
    """
    if not select.select([leader], [], [], seconds)[0]:
        return b""
    try:
        return os.read(leader, 65_536)
    except OSError as error:  # how Linux says it
        raise EOFError from error


def read_until(leader: int, words: bytes) -> bytes:
    """All that comes until these words have."""
    told, deadline = b"", time.monotonic() + PATIENCE
    while words not in told:
        assert time.monotonic() < deadline, told
        told += arriving(leader, 1.0)
    return told


def drained(leader: int, seconds: float = 0.0) -> bytes:
    """All that still comes, until nothing has for so long."""
    told = b""
    try:
        while more := arriving(leader, seconds):
            told += more
    except EOFError:
        pass
    return told
