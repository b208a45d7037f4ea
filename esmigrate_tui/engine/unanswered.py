"""Reporting a cluster that has taken a request and does not respond, long before the connection is given up."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import ResponseAwaited
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.engine.context import RunContext

_SECONDS: Final = 2.0  # a server that does not respond for so long is named
_SECONDS_AGAIN: Final = 10.0  # and a server that is slow all the time is not named at every request:
_QUIET_SECONDS: Final = 60.0  # so long after it was
_SLACK: Final = 0.5  # between the readings of two clocks


class UnansweredSide:
    """What was reported of one cluster; `event` is what is to be reported next."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._since: float | None = None
        self._quiet_until = 0.0

    def event(self, now: float, waited: float) -> ResponseAwaited | None:
        """What is to be reported where the oldest request has `waited` for so many seconds; None for nothing new."""
        if self._since is not None:
            if waited + _SLACK >= now - self._since:
                return None
            self._since, self._quiet_until = None, now + _QUIET_SECONDS
            return ResponseAwaited(at=now, side=self._side)
        if waited < (_SECONDS_AGAIN if now < self._quiet_until else _SECONDS):
            return None
        self._since = now - waited
        return ResponseAwaited(at=now, side=self._side, since=self._since)


async def report_unanswered(context: RunContext) -> None:
    """Report for as long as this is not cancelled."""
    clusters = [
        (UnansweredSide(side), cluster)
        for side, cluster in ((Side.DESTINATION, context.clusters.destination), (Side.SOURCE, context.clusters.source))
        if cluster is not None
    ]
    while True:
        await context.sleep(_SECONDS / 2)
        for side, cluster in clusters:
            event = side.event(context.clock(), cluster.unanswered_seconds)
            if event is not None:
                with contextlib.suppress(ProblemError):  # who writes of the work itself meets it as well
                    await context.record(event)
