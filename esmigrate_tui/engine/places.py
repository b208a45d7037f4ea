"""Where runs and settings are kept. It imports next to nothing: the first screen asks for both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def runs_home(environ: Mapping[str, str]) -> Path:
    """Where the runs of this user are kept: below $ESMIGRATE_STATE_DIR, else below $XDG_STATE_HOME/esmigrate."""
    chosen = environ.get("ESMIGRATE_STATE_DIR", "")
    if chosen:
        return Path(chosen).expanduser().absolute() / "runs"
    base = environ.get("XDG_STATE_HOME", "")
    state = Path(base) if base.startswith("/") else Path(environ.get("HOME") or Path.home()) / ".local" / "state"
    return state / "esmigrate" / "runs"


def settings_file(environ: Mapping[str, str]) -> Path:
    """Where the settings of this user are kept: below $XDG_CONFIG_HOME/esmigrate, else below ~/.config."""
    base = environ.get("XDG_CONFIG_HOME", "")
    config = Path(base) if base.startswith("/") else Path(environ.get("HOME") or Path.home()) / ".config"
    return config / "esmigrate" / "settings.json"


def has_runs(environ: Mapping[str, str]) -> bool:
    """Whether anything lies where the runs of this user are kept; nothing is said of what it is."""
    try:
        return next(runs_home(environ).iterdir(), None) is not None
    except OSError:
        return False
