"""`esmigrate stop`."""

from __future__ import annotations

import msgspec

from esmigrate_tui.cli.options import Confirmed, RunName, command


class _StopOptions(msgspec.Struct, frozen=True, kw_only=True):
    run: RunName
    confirmed: Confirmed = False


@command("stop", _StopOptions)
async def stop(options: _StopOptions) -> int:
    """Stop a run: what has arrived stays, settings are restored, and it can be resumed.

      esmigrate stop 7K2P

    A restore is stopped by deleting what is partially restored: that is said first, and needs your agreement.
    """
    from esmigrate_tui.cli.control import command_run, is_agreed
    from esmigrate_tui.flow import runs
    from esmigrate_tui.model.command import StopRun
    from esmigrate_tui.model.outcome import ExitCode

    folder = runs.find(options.run)
    if not await is_agreed(folder, await runs.progress_of(folder), confirmed=options.confirmed):
        return ExitCode.USAGE
    return await command_run(folder.run, StopRun())
