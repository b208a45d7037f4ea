"""Holding a run: one process at a time, and no two runs into one index."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from esmigrate_tui.engine import lock
from esmigrate_tui.engine.folders import RunFolder, folders_in, read_plan
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from esmigrate_tui.model.plan import Plan


POLL_SECONDS: Final = 0.05


class RunHeldError(ProblemError):
    """A living process holds the run already."""


def held_by_another_process(folder: RunFolder) -> Problem:
    """The problem that a living process holds the run."""
    return Problem(
        cause=Cause.STATE,
        what=f"The run {folder.run} is held by another process.",
        why="Two processes in one run would move everything twice.",
        todo=f"Look at it with `esmigrate attach {folder.run}`, or end it with `esmigrate stop {folder.run}`.",
    )


def writes_there_too(folder: RunFolder, plan: Plan) -> Problem | None:
    """The problem that another run in progress writes into an index of this plan; None where none does."""
    wanted = {task.destination_index for task in plan.tasks if task.destination_index}
    for other in folders_in(folder.path.parent) if wanted else ():
        if other.run == folder.run or not other.is_live:
            continue
        try:
            known = read_plan(other)
        except ProblemError:
            continue  # `esmigrate status` says that it cannot be read
        shared = wanted & {task.destination_index for task in known.tasks}
        if shared and known.destination_uuid == plan.destination_uuid:
            return Problem(
                cause=Cause.STATE,
                what=f"The run {other.run} is writing into {clean(min(shared), 300)} on the same cluster.",
                why="Each of two runs into one index would count what the other has written as its own.",
                todo=f"Wait until it has ended, or end it with `esmigrate stop {other.run}`.",
            )
    return None


async def hold_alone(folder: RunFolder, plan: Plan) -> int:
    """The lock of a run, which no other process holds, and into whose indices no other run writes.

    Raises RunHeldError. One process at a time checks, so that of two that begin together one comes first.
    """
    turn = await _turn(folder.path.parent)
    try:
        held = await hold_within_a_second(folder.lock)
        if held is None:
            raise RunHeldError(held_by_another_process(folder))
        other = await asyncio.to_thread(writes_there_too, folder, plan)
        if other is not None:
            lock.release(held)
            raise RunHeldError(other)
        return held
    finally:
        lock.release(turn)


async def _turn(home: Path) -> int:
    """The lock of the folder of all runs, which each process has for an instant when it begins."""
    while True:
        turn = lock.hold_folder(home)
        if turn is not None:
            return turn
        await asyncio.sleep(POLL_SECONDS)


async def hold_within_a_second(path: Path) -> int | None:
    """The lock of a run, tried for a second: a process that only checks it has it for an instant."""
    for _ in range(20):
        held = lock.hold(path)
        if held is not None:
            return held
        await asyncio.sleep(POLL_SECONDS)
    return None


@asynccontextmanager
async def held_alone(folder: RunFolder) -> AsyncIterator[None]:
    """Hold a run whose process has ended; raises RunHeldError where a living process holds it."""
    held = await hold_within_a_second(folder.lock)
    if held is None:
        raise RunHeldError(held_by_another_process(folder))
    try:
        yield
    finally:
        lock.release(held)
