"""What a user prefers, kept from one start to the next. Nothing depends on it: a file that cannot be read is none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.disk import opened, write_whole
from esmigrate_tui.engine.places import settings_file
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from pathlib import Path

_MOST: Final = 65_536  # bytes that are read: what is longer was not written here
_PATIENCE: Final = 5.0  # seconds for a few bytes; a home on a network that is unreachable never answers


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What a user prefers; each has its calm default."""

    contrast: bool = False


def recalled() -> Preferences:
    """What was kept; the defaults where nothing was, or nothing that can be read."""
    try:
        with opened(settings_file(os.environ)) as file:
            return msgspec.json.decode(file.read(_MOST), type=Preferences)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError, ProblemError):
        return Preferences()


async def keep_contrast(contrast: bool) -> None:  # noqa: FBT001  # the one thing that is kept
    """Keep whether more contrast is preferred; raises ProblemError (state) where that cannot be written."""
    from esmigrate_tui.vault.deadline import within  # noqa: PLC0415  # most people never change it

    path = settings_file(os.environ)
    try:
        await within(_PATIENCE, lambda _: _write(path, msgspec.json.encode(Preferences(contrast=contrast))))
    except OSError as error:  # a TimeoutError is one as well
        reason = clean(error.strerror or "the disk does not answer", 200)
        what = f"It holds until you leave: {clean(str(path), 300)} cannot be written: {reason}."
        raise ProblemError.of(Cause.STATE, what) from None


def _write(path: Path, text: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, text + b"\n")
