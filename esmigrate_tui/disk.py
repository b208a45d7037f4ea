"""Files of this machine: read up to a bound, written whole or not at all, without following a planted link.

It is the one place where this program writes a file that is read as a whole. What grows (a journal, a log) is opened by
`appending`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import TYPE_CHECKING, BinaryIO, Final

from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_GROWING: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_READING: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe in a file's place is not waited for


@contextlib.contextmanager
def replacing(path: Path, *, is_new: bool = False) -> Iterator[BinaryIO]:
    """A file for its owner alone that takes the place of `path` in one step when the block ends well.

    It grows under a name that cannot be foreseen. With `is_new` the place must be free: FileExistsError else. What is
    there and is no file (a device, a pipe) is never replaced: OSError.
    """
    _raise_no_place(path, is_new=is_new)
    fresh = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, _NEW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _linked(fresh, path)
        else:
            fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()


def write_whole(path: Path, content: bytes, *, is_new: bool = False) -> None:
    """Write a file whole or not at all; see `replacing`."""
    with replacing(path, is_new=is_new) as file:
        file.write(content)


def appending(path: Path) -> int:
    """A descriptor at the end of a file that grows, for its owner alone; a link in its place is not followed."""
    return os.open(path, _GROWING, 0o600)


def opened(path: Path) -> BinaryIO:
    """A file for reading; OSError for what is none, so that nothing is read without an end or waited for."""
    descriptor = os.open(path, _READING)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    return os.fdopen(descriptor, "rb")


def read_text(path: Path, most: int, is_what: str) -> str:
    """The text in a file of at most so many bytes; raises ProblemError (usage) for what holds none.

    `is_what` says what was expected there: "a plan".
    """
    shown = clean(str(path), 300)
    try:
        with opened(path) as file:
            content = file.read(most + 1)
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise _unread(f"{shown} is not a text file, so it is not {is_what}.") from None
    except (OSError, ValueError) as error:  # a NUL in a path is a ValueError
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise _unread(f"{shown} cannot be read as {is_what}: {clean(why, 200)}.") from None
    if len(content) > most:
        raise _unread(f"{shown} is larger than {size(most)}, so it is not {is_what}.")
    return text


def _unread(what: str) -> ProblemError:
    return ProblemError.of(Cause.USAGE, what, todo="Correct the name of the file.")


def _raise_no_place(path: Path, *, is_new: bool) -> None:
    with contextlib.suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if is_new:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise OSError(errno.EINVAL, "it is not a file", str(path))


def _linked(fresh: Path, path: Path) -> None:
    """Give a whole file its name where that is free; by a rename on a disk that knows no links."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:
        _raise_no_place(path, is_new=True)
        fresh.replace(path)
