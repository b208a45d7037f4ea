"""Waiting for something that has to come to its end, also where the waiting task is cancelled."""

from __future__ import annotations

import asyncio
from typing import Any


async def seen_through(task: asyncio.Future[Any]) -> bool:
    """Wait until a task has ended, well or not; whether the waiting was cancelled meanwhile.

    The caller raises CancelledError then, when all is done: a stream may be ended by another one, and once more by
    what ends them all. The task has to have a limit of its own.
    """
    was_cut = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            was_cut = True
    if not task.cancelled():
        task.exception()  # read, so that no warning of it is printed
    return was_cut
