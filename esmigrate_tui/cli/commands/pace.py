"""`esmigrate pace`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from esmigrate_tui.cli.options import RATE, CommandArgument, RunName, command


class PaceOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which run, and its new limit in documents a second and index; 0 for none."""

    run: RunName
    documents_per_second: Annotated[float, CommandArgument(within=RATE)]


@command("pace", PaceOptions)
async def pace(options: PaceOptions) -> int:
    """Limit how many documents a second each index may move, at once; 0 for no limit.

    esmigrate pace 7K2P 500
    """
    from esmigrate_tui.cli.control import command_run
    from esmigrate_tui.model.command import SetPace

    return await command_run(options.run, SetPace(requests_per_second=options.documents_per_second))
