"""Reporting a cluster that has taken a request and does not respond, long before the connection is given up."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import ResponseAwaited, SlowReason
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.engine.context import RunContext

_SECONDS: Final = 2.0  # a server that does not respond for so long is named
_SECONDS_AGAIN: Final = 10.0  # and a server that is slow all the time is not named at every request:
_QUIET_SECONDS: Final = 60.0  # so long after it was
_STALLED_SECONDS: Final = 4.0  # without anything that arrives, before the source is asked whether it answers
_OVERRUN_SECONDS: Final = 10.0  # an answer that takes so long is more than a busy machine: less goes on then
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


class StalledSourceProbe:
    """Asks the source who it is while nothing arrives that the destination reads from there by itself.

    Then no request of this process waits for the source, and only an answer that does not come shows that it hangs.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = 0.0

    def look(self) -> None:
        """Ask, where nothing has arrived for a while and no earlier request is under way."""
        now = self._context.clock()
        is_stalled = now - max(self._context.moved_at, self._asked_at) >= _STALLED_SECONDS
        is_asking = self._asking is not None and not self._asking.done()
        if is_stalled and not is_asking and not self._context.control.pacing.is_paused:
            self._asked_at = now
            self._asking = asyncio.create_task(self._ask())

    def end(self) -> None:
        """Drop a request that is still under way."""
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self) -> None:
        source = self._context.clusters.source
        if source is not None and self._context.plan.method.traits.pulls:
            with contextlib.suppress(ProblemError):  # the work itself meets it as well
                await source.wire.identity()


async def report_unanswered(context: RunContext) -> None:
    """Report for as long as this is not cancelled."""
    probe = StalledSourceProbe(context)
    clusters = [
        (UnansweredSide(side), cluster)
        for side, cluster in ((Side.DESTINATION, context.clusters.destination), (Side.SOURCE, context.clusters.source))
        if cluster is not None
    ]
    try:
        while True:
            await context.sleep(_SECONDS / 2)
            probe.look()
            for side, cluster in clusters:
                waited = cluster.wire.unanswered_seconds
                event = side.event(context.clock(), waited)
                with contextlib.suppress(ProblemError):  # who writes of the work itself meets it as well
                    if event is not None:
                        await context.record(event)
                    if waited >= _OVERRUN_SECONDS:
                        await context.in_flight.pushed_back(SlowReason.ANSWERS)
            if not context.control.pacing.is_paused:
                with contextlib.suppress(ProblemError):
                    await context.in_flight.rested()
    finally:
        probe.end()
