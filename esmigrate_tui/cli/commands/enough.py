"""`esmigrate enough`."""

from __future__ import annotations

from esmigrate_tui.cli.options import OneRun, command


@command("enough", OneRun)
async def enough(options: OneRun) -> int:
    """Say that the documents which others have sent are all there are: they are counted once more, and the run ends.

      esmigrate enough 7K2P

    This is for a run that counts what arrives (`esmigrate plan index-from-source --shipper`). Where no number was
    expected, or less has arrived, the report says that you ended it; the run's exit code is 0 all the same.
    """
    from esmigrate_tui.cli.control import command_run
    from esmigrate_tui.model.command import AcceptArrivals

    return await command_run(options.run, AcceptArrivals())
