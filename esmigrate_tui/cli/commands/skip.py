"""`esmigrate skip`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from esmigrate_tui.cli.options import CommandArgument, Confirmed, RunName, command


class _SkipOptions(msgspec.Struct, frozen=True, kw_only=True):
    run: RunName
    index: Annotated[str, CommandArgument()]
    confirmed: Confirmed = False


@command("skip", _SkipOptions)
async def skip(options: _SkipOptions) -> int:
    """Leave one index out of a run that is in progress; the others continue.

    esmigrate skip 7K2P logs-2019
    """
    from esmigrate_tui.cli.control import command_run, is_agreed
    from esmigrate_tui.flow import runs
    from esmigrate_tui.model.command import SkipTask
    from esmigrate_tui.model.outcome import ExitCode
    from esmigrate_tui.model.problem import Cause, ProblemError
    from esmigrate_tui.model.text import clean

    folder = runs.find(options.run)
    progress = await runs.progress_of(folder)
    task = next((task for task in progress.tasks if task.summary.source_index == options.index), None)
    if task is None:
        raise ProblemError.of(
            Cause.MISSING,
            f"The run {folder.run} has no index {clean(options.index, 200)}.",
            todo=f"`esmigrate status {folder.run}` lists what it has.",
        )
    number = task.summary.number
    if not await is_agreed(folder, progress, confirmed=options.confirmed, only=number):
        return ExitCode.USAGE
    return await command_run(folder.run, SkipTask(task=number))
