"""`esmigrate pause`."""

from __future__ import annotations

from esmigrate_tui.cli.options import OneRun, command


@command("pause", OneRun)
async def pause(options: OneRun) -> int:
    """Hold a run until `esmigrate resume`; its place is kept on the servers.

      esmigrate pause 7K2P
      esmigrate resume 7K2P

    What a restore has begun cannot be held: only indices that have not begun wait.
    """
    from esmigrate_tui.cli.control import command_run
    from esmigrate_tui.model.command import PauseRun

    return await command_run(options.run, PauseRun())
