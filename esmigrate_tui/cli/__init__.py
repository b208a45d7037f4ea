"""argv, and the only place where real parts are wired together: wizard, headless run, demo."""

from __future__ import annotations

from esmigrate_tui.cli.start import run

__all__ = ["run"]
