"""How often a running task is polled, and which polls are worth an event in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from esmigrate_tui.model.event import Acknowledged, Verifying

POLL_SECONDS: Final = 0.5
QUIET_SECONDS: Final = 5.0
"""How often a poll is recorded in which nothing has changed: often enough for the rate to sink to zero."""

_FIRST_POLL: Final = 0.05  # seconds: most indices are small, and of those there are many


def poll_delay(polls: int) -> float:
    """Seconds until the next poll, after so many since the work began or seemed to be done: soon at first."""
    return min(POLL_SECONDS, _FIRST_POLL * 2.0 ** min(polls, 10))


def seems_whole(moved: Acknowledged | None) -> bool:
    """Whether everything seems to be copied, so that the end is only one poll away."""
    return moved is not None and moved.done == moved.total


def is_worth_recording(before: Acknowledged | None, now: Acknowledged, silent_seconds: float) -> bool:
    """Whether a poll is journalled: when something has changed, and now and then when nothing has."""
    return now != before or bool(now.note) or silent_seconds >= QUIET_SECONDS


def is_read_worth_recording(before: Verifying | None, now: Verifying) -> bool:
    """Whether the progress of a comparison is journalled: some hundred times, and now and then in a long one."""
    if before is None or now.is_naming != before.is_naming:
        return True
    step = abs(now.read - before.read)
    return step >= now.total / 100 or (step > 0 and now.at - before.at >= QUIET_SECONDS)
