"""Files of this machine looked at beside the loop, for a bearable time: a network folder may never answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.reading.open_file import what_changed
from esmigrate_tui.reading.sample import inspect_files
from esmigrate_tui.vault.deadline import within

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.model.files import FileInspection, FileOptions, FileReading

T = TypeVar("T")

PATIENCE: Final = 20.0
"""Seconds that looking at files may take: a thousand rows of fifty files take less than one."""


async def inspected(typed: str, options: FileOptions) -> FileInspection:
    """What the files that a line names look like; raises ProblemError."""
    return await _patiently(lambda: inspect_files(typed, options))


async def raise_unreachable(reading: FileReading) -> None:
    """Raise ProblemError (state) where the disk of the files does not answer: a check would wait without end."""
    await _patiently(lambda: what_changed(reading.files))


async def _patiently(work: Callable[[], T]) -> T:
    try:
        return await within(PATIENCE, lambda _: work())
    except TimeoutError:
        raise ProblemError.of(
            Cause.STATE,
            f"Looking at the files has not come to an end in {PATIENCE:.0f} seconds.",
            why="A network folder that is unreachable does not answer at all; a pattern may also go through a "
            "whole disk.",
            todo="See that the folder can be listed, or name it more exactly. Then look again.",
        ) from None
