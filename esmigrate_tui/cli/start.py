"""The commands' common start and end: what is dropped from the environment, and how every trouble is told."""

from __future__ import annotations

import os
import sys

from esmigrate_tui.wizard.environment import harden_environment


def run() -> int:
    """Do what argv says; the exit code. A trouble is one sentence on standard error, never a traceback."""
    harden_environment(os.environ)
    os.umask(0o077)
    from esmigrate_tui.cli.commands import main  # noqa: PLC0415  # after the environment is clean
    from esmigrate_tui.cli.ending import told  # noqa: PLC0415

    return told(lambda: main(standalone_mode=False, prog_name="esmigrate"), sys.stderr)
