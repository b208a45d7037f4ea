"""Following a run: what its journal says, as it comes, together with the progress after it. Every face reads this."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.model.progress import Progress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from esmigrate_tui.model.event import Event


class RunUpdate(NamedTuple):
    """New events of a run, and its progress after them."""

    events: list[Event]
    progress: Progress


async def follow(journal: Path) -> AsyncIterator[RunUpdate]:
    """Updates from the first event on, until the run has finished or its process has ended. Raises ProblemError."""
    progress = Progress()
    async with Journal.open(journal) as opened:
        async for batch in opened.follow():
            events = [event for _, event in batch]
            progress = progress.after_all(events)
            yield RunUpdate(events, progress)
