"""Pause and pace of what one perform writes, and what was rejected and not reported yet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from esmigrate_tui.methods.writing.decisions import Throttle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.model.event import Reject

_UNREPORTED: Final = 5_000  # rejects that wait to be reported
_NAP: Final = 0.2


class WriteControl:
    """Holds writing back: while it is paused, by a pace in documents a second, and while too many rejects wait."""

    def __init__(self, rate: float) -> None:
        self._throttle = Throttle(rate=rate)
        self._going = asyncio.Event()
        self._going.set()
        self._reported = asyncio.Event()
        self._reported.set()
        self.crowded = asyncio.Event()
        """Set while nothing is written before rejects are reported."""
        self._orders = 0
        self.rejects: list[Reject] = []
        self.throttled_seconds = 0.0

    def pace(self, rate: float) -> None:
        """Go on, at that many documents a second (0 for no limit)."""
        self._going.set()
        if rate != self._throttle.rate:
            self._throttle = self._throttle.at(rate, now())
            self._orders += 1

    def pause(self) -> None:
        """Begin nothing more; what is under way is seen through."""
        self._going.clear()

    async def going(self) -> None:
        """Wait for a pause to end."""
        await self._going.wait()

    @property
    def is_unhindered(self) -> bool:
        """Whether neither a pause nor a pace holds it."""
        return self._going.is_set() and not self._throttle.rate

    @property
    def at_once(self) -> int:
        """How many documents may go in one bulk at the pace of this moment."""
        return self._throttle.documents

    def keep(self, rejects: Sequence[Reject]) -> None:
        """Keep what was rejected until it is reported; where there is too much of it nothing is written before."""
        self.rejects += rejects
        if len(self.rejects) >= _UNREPORTED:
            self._reported.clear()
            self.crowded.set()

    def reported(self) -> tuple[Reject, ...]:
        """What was rejected since the last call."""
        rejects, self.rejects = tuple(self.rejects), []
        self._reported.set()
        self.crowded.clear()
        return rejects

    async def may_go(self, documents: int) -> None:
        """Wait for a pause to end, for rejects to be reported, and for the pace."""
        await self._reported.wait()
        while True:
            await self._going.wait()
            self._throttle, wait = self._throttle.taking(now(), documents)
            until, orders = now() + wait, self._orders
            while orders == self._orders and (left := until - now()) > 0:
                nap = min(left, _NAP)
                await asyncio.sleep(nap)
                self.throttled_seconds += nap
            if orders == self._orders:
                await self._going.wait()
                return


def now() -> float:
    """The seconds of the loop's own clock."""
    return asyncio.get_running_loop().time()
