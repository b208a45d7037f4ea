"""What methods share whose work is done in this process between two looks: the pump, looked at, paced, held, ended."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from esmigrate_tui.methods.token import Token
from esmigrate_tui.methods.writing.control import now
from esmigrate_tui.methods.writing.decisions import Streams
from esmigrate_tui.methods.writing.memory import request_memory

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.methods.writing.bulk import BulkWriter
    from esmigrate_tui.model.event import Acknowledged

WATCHED: Final = 3.0
"""Seconds between two judgements of the rate."""

S = TypeVar("S", bound=Token)


class ControlledPump(ABC, Generic[S]):
    """A pump: background work that is awaited by `run()`, and can be looked at and ordered about meanwhile.

    `state` is what was acknowledged until now. How many streams there are is judged by what the destination bears.
    """

    def __init__(self, writer: BulkWriter, state: S, streams: int) -> None:
        self.state = state
        self._told: S | None = None
        self._writer = writer
        self._control = writer.control
        self._room = request_memory()
        self._stopped = asyncio.Event()
        self._streams = Streams(streams=streams, best_streams=streams)
        self._bytes = 0
        self._judged = (now(), 0, 0)  # when, and how many bytes and documents that were sent back until then

    @property
    def has_news(self) -> bool:
        """Whether the next look has something that the last one had not."""
        return bool(self._control.rejects) or self.state is not self._told

    async def is_crowded(self) -> None:
        """Return when it holds back what it writes, since too many rejects wait for the next look."""
        await self._control.crowded.wait()

    @abstractmethod
    def progress(self) -> Acknowledged:
        """What was acknowledged until now, with what was refused since the last look."""

    @abstractmethod
    async def run(self) -> None:
        """Carry everything to its end; raises ProblemError with the first problem that the engine has to wait for."""

    def pace(self, rate: float) -> None:
        """Go on, at that many documents a second (0 for no limit)."""
        self._control.pace(rate)

    def pause(self) -> None:
        """Begin nothing more; what is under way is seen through."""
        self._control.pause()

    def stop(self) -> None:
        """End; what awaits `run()` gets a ProblemError."""
        self._stopped.set()

    def _judge(self, *, is_busy: bool = True) -> None:
        """Every few seconds one stream more or fewer, where all were busy and neither a pause nor a pace held them."""
        began, carried, sent_back = self._judged
        passed = now() - began
        if passed < WATCHED:
            return
        if is_busy and self._control.is_unhindered:
            rate, returned = (self._bytes - carried) / passed, self._writer.sent_back - sent_back
            self._streams = self._streams.after(rate, returned)
            self.state = msgspec.structs.replace(self.state, streams=self._streams.streams)
        self._judged = (now(), self._bytes, self._writer.sent_back)


class PumpMover(Generic[S]):
    """The part of a method that has pumps: those of this process are known by their work's opaque id.

    Pace, pause and stop come beside a perform.
    """

    def __init__(self) -> None:
        self._pumps: dict[str, ControlledPump[S]] = {}
        self._running: dict[str, asyncio.Future[None]] = {}
        """The work of each pump, by opaque id."""
        self._ended: dict[str, S] = {}
        """How each perform of this run ended, by opaque id: what it has settled is not counted again as cheaply."""

    async def watched(self, work: Work, pump: ControlledPump[S]) -> AsyncGenerator[Acknowledged, None]:
        """Let a pump run, and yield what was acknowledged until each look; raises the first problem, after a last look.

        The pump has ended when this has, however that goes.
        """
        self._pumps[work.opaque_id] = pump
        running = self._running[work.opaque_id] = asyncio.ensure_future(pump.run())
        try:
            while not running.done():
                yield pump.progress()
            if pump.has_news:
                yield pump.progress()
            running.result()
        finally:
            if self._pumps.get(work.opaque_id) is pump:
                del self._pumps[work.opaque_id], self._running[work.opaque_id]
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            self._ended[work.opaque_id] = pump.state

    async def news(self, work: Work) -> None:
        """Return when the pump has ended, or holds back until it is looked at; at once where none is running."""
        pump, running = self._pumps.get(work.opaque_id), self._running.get(work.opaque_id)
        if pump is None or running is None:
            return
        crowded = asyncio.ensure_future(pump.is_crowded())
        try:
            await asyncio.wait({running, crowded}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            crowded.cancel()

    async def pace(self, work: Work, clusters: Clusters, since: str, requests_per_second: float) -> None:  # noqa: ARG002  # the contract
        """Set the pace at once, also to go on after a pause; 0 for none."""
        if (pump := self._pumps.get(work.opaque_id)) is not None:
            pump.pace(requests_per_second)

    async def pause(self, work: Work, clusters: Clusters, since: str) -> None:  # noqa: ARG002  # the contract
        """Begin no page and no bulk any more; what is under way is seen through."""
        if (pump := self._pumps.get(work.opaque_id)) is not None:
            pump.pause()

    async def stop(self, work: Work, clusters: Clusters, since: str) -> None:  # noqa: ARG002  # the contract
        """End what is going on; the perform that is open then raises."""
        if (pump := self._pumps.get(work.opaque_id)) is not None:
            pump.stop()
