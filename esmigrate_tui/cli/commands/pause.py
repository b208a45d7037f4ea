"""`esmigrate pause`."""

from __future__ import annotations

import msgspec

from esmigrate_tui.cli.options import RunName, command


class PauseOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which run."""

    run: RunName


@command("pause", PauseOptions)
async def pause(options: PauseOptions) -> int:
    """Hold a run until `esmigrate resume`; its place is kept on the servers.

      esmigrate pause 7K2P
      esmigrate resume 7K2P

    What a restore has begun cannot be held: only indices that have not begun wait.
    """
    from esmigrate_tui.cli.control import command_run
    from esmigrate_tui.model.command import PauseRun

    return await command_run(options.run, PauseRun())
