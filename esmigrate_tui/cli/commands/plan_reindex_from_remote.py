"""`esmigrate plan reindex-from-remote`."""

from __future__ import annotations

from typing import Annotated

import click
import msgspec

from esmigrate_tui.cli.options import CommandOption, command
from esmigrate_tui.cli.plans import MovingPlanOptions, make_moving_plan
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import MOST_RANGES
from esmigrate_tui.model.problem import Cause, ProblemError


class _ReindexPlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    moving: MovingPlanOptions
    split: Annotated[
        int,
        CommandOption(
            "Server tasks for each index; 1: one; 0: up to 4 for a large index.", within=click.IntRange(0, MOST_RANGES)
        ),
    ] = 0
    split_by: Annotated[str, CommandOption("The date or whole number that divides it among them.", "FIELD")] = ""


@command("reindex-from-remote", _ReindexPlanOptions)
async def plan_reindex_from_remote(options: _ReindexPlanOptions) -> int:
    r"""The destination pulls each index from the source, document by document.

      esmigrate plan reindex-from-remote --source https://elastic@old:9200 \
          --destination https://elastic@new:9200 --index 'logs-*' -o move.toml

    An index of 100 000 documents or more, or of 2 GiB, is read by several server tasks, each a range of one field:
    @timestamp, another date, a whole number, or the sequence number of each change. Documents without a value are in
    the last range. Each task holds a search open on every shard of the source, so no more than 8 are active at the
    same time, unless --split asks for them; with --pace there is one for each index.

    Both sides are counted in the end. With --verify everything, each document is then read once more on both sides and
    compared by value: a remote reindex writes documents anew, and 1.10 becomes 1.1. What differs is named by its _id,
    also where only digits were lost that no double can hold; the exit code is then 7.

    --with templates, pipelines or policies also carries over these. The plan has each as it will be made, to be read
    and corrected. One that is rejected does not end the run: it is reported, and the exit code is 3.
    """
    if options.split == 1 and options.split_by:
        raise ProblemError.of(
            Cause.USAGE,
            "--split 1 reads each index whole, so there is nothing to divide by --split-by.",
            todo="Give one of them.",
        )
    return await make_moving_plan(
        options.moving, MethodName.REINDEX_FROM_REMOTE, split=options.split, split_by=options.split_by
    )
