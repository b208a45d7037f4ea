"""`esmigrate attach`: a run that is in progress, on the screen or in lines."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import msgspec

from esmigrate_tui.cli.options import AsJson, CommandOption, RunName, command
from esmigrate_tui.wizard.environment import wants_lines


class _AttachOptions(msgspec.Struct, frozen=True, kw_only=True):
    run: RunName
    as_json: AsJson = False
    plain: Annotated[bool, CommandOption("Lines instead of the screen; letters you type command the run.")] = False


@command("attach", _AttachOptions)
def attach(options: _AttachOptions) -> int:
    """Follow a run that is in progress, or show how one ended.

      esmigrate attach 7K2P
      esmigrate attach 7K2P --json > events.jsonl

    On a terminal the wizard's screen opens at the run. The run continues when you leave it.
    """
    is_terminal = sys.stdout.isatty() and sys.stdin.isatty()
    if options.as_json or options.plain or wants_lines(os.environ) or not is_terminal:
        import asyncio

        from esmigrate_tui.cli.following import watch

        in_lines = options.plain or (wants_lines(os.environ) and sys.stdin.isatty())
        return asyncio.run(watch(options.run, as_json=options.as_json, in_lines=in_lines))
    from esmigrate_tui.cli.wiring import open_wizard

    return open_wizard(follow=options.run)
