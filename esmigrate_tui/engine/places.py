"""Where runs and settings are kept, and who this is. It imports next to nothing: the first screen asks for both."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.model.problem import ProblemError

_STATE = "ESMIGRATE_STATE_DIR"


def runs_home(environ: Mapping[str, str]) -> Path:
    """Where the runs of this user are kept: below $ESMIGRATE_STATE_DIR, else below $XDG_STATE_HOME/esmigrate.

    Raises ProblemError (state) where the user has no home at all, as in many containers.
    """
    chosen = environ.get(_STATE, "")
    if chosen:
        # Path's own raises where ~NAME is no user, and takes a missing home for a folder called ~.
        named = os.path.expanduser(chosen)  # noqa: PTH111
        if named.startswith("~"):
            raise _trouble(f"{_STATE} names a folder in a home that does not exist.", f"Name a whole path in {_STATE}.")
        return Path(named).absolute() / "runs"
    base = environ.get("XDG_STATE_HOME", "")
    state = Path(base) if base.startswith("/") else _home(environ, _STATE) / ".local" / "state"
    return state / "esmigrate" / "runs"


def settings_file(environ: Mapping[str, str]) -> Path:
    """Where the settings of this user are kept: below $XDG_CONFIG_HOME/esmigrate, else below ~/.config.

    Raises ProblemError (state) as `runs_home` does.
    """
    base = environ.get("XDG_CONFIG_HOME", "")
    config = Path(base) if base.startswith("/") else _home(environ, "XDG_CONFIG_HOME") / ".config"
    return config / "esmigrate" / "settings.json"


def has_runs(environ: Mapping[str, str]) -> bool:
    """Whether the folder for runs of this user holds anything at all.

    Raises ProblemError (state) where that folder belongs to another user.
    """
    from esmigrate_tui.model.problem import ProblemError  # noqa: PLC0415  # see the module's docstring

    try:
        home = runs_home(environ)
    except ProblemError:
        return False
    raise_unsafe(home)
    try:
        return next(home.iterdir(), None) is not None
    except OSError:
        return False


def user_name() -> str:
    """This user's name as the system has it; the number where it has none, as in many containers."""
    return _name_of(os.geteuid())


def raise_unsafe(home: Path) -> None:
    """Raise ProblemError (state) where others may change the runs in this folder, or it is not this user's, or is shut.

    A journal says what is changed on a cluster, and a plan says where secrets are sent: no other user may write them.
    A missing folder is fine.
    """
    for place, may_group in ((home, False), (home.parent, True)):
        try:
            seen = place.stat()
        except PermissionError:
            raise _not_ours(place, "may not be looked into by this user") from None
        except OSError:
            continue
        is_shared = bool(seen.st_mode & (stat.S_IWOTH if may_group else stat.S_IWOTH | stat.S_IWGRP))
        if is_shared and not (may_group and seen.st_mode & stat.S_ISVTX):
            raise _not_ours(place, f"may be changed by others (its mode is {stat.S_IMODE(seen.st_mode):04o})")
        if seen.st_uid != os.geteuid() and not (may_group and seen.st_uid == 0):
            owner = _name_of(seen.st_uid)
            raise _not_ours(place, f"belongs to another user ({owner})", f"Do this as {owner}")
    if home.is_dir() and not os.access(home, os.R_OK | os.X_OK):
        raise _not_ours(home, "may not be looked into by this user")


def _home(environ: Mapping[str, str], other: str) -> Path:
    named = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111  # Path's own raises where there is none
    if named.startswith("~"):
        raise _trouble(
            "There is no folder for what is kept: HOME is not set, and this user "
            f"({user_name()}) has no entry in the system's list of users.",
            f"Set HOME, or name a folder in {other}.",
        )
    return Path(named).absolute()


def _name_of(uid: int) -> str:
    import pwd  # noqa: PLC0415  # see the module's docstring

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _not_ours(place: Path, what: str, todo: str = "Make it yours alone (chown, chmod 700)") -> ProblemError:
    from esmigrate_tui.model.text import clean  # noqa: PLC0415  # see the module's docstring

    return _trouble(
        f"The folder for runs, {clean(str(place), 300)}, {what}.",
        f"{todo}, or name another in {_STATE}.",
        "A user who may write there decides where a run sends its secrets.",
    )


def _trouble(what: str, todo: str, why: str = "") -> ProblemError:
    from esmigrate_tui.model.problem import Cause, ProblemError  # noqa: PLC0415  # see the module's docstring

    return ProblemError.of(Cause.STATE, what, why=why, todo=todo)
