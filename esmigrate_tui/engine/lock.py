"""One process holds a run: a lock on a file, which the kernel lets go of however that process ends."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
_SAFELY = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a planted link or pipe is neither followed nor waited for


def hold(path: Path) -> int | None:
    """The lock as an open descriptor, to be kept for the life of the process; None while another process holds it.

    A process that only checks (`is_held`) has it for an instant, so a caller that must be sure tries for a second.
    """
    return _locked(os.open(path, os.O_RDWR | os.O_CREAT | _SAFELY, 0o600))


def hold_folder(path: Path) -> int | None:
    """The lock of a folder, for what several processes must not do at once; None while another process has it."""
    return _locked(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))


def _locked(descriptor: int) -> int | None:
    """The descriptor once the lock is on it; None, and closed, while another process has the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _TAKEN:
            return None
        raise
    return descriptor


def release(descriptor: int) -> None:
    """Let go of what `hold` returned."""
    os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a living process holds the run; False where there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except FileNotFoundError:
        return False
    try:
        # A shared lock: several onlookers are not in each other's way, and none is mistaken for the run's process.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            return True
        raise
    finally:
        os.close(descriptor)
    return False
