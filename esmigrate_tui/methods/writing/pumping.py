"""What methods share whose work is done in this process between two looks: the pump, looked at, paced, held, ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.methods.writing.control import WriteControl
    from esmigrate_tui.model.event import Acknowledged

_SOON: Final = 0.05  # seconds that a look waits for the end, so that a small index ends with its first


class BackgroundPump(Protocol):
    """A pump: background work that is awaited by `run()`, and can be looked at and ordered meanwhile."""

    @property
    def has_news(self) -> bool:
        """Whether the next look has something that the last one had not."""
        ...

    def progress(self) -> Acknowledged:
        """What was acknowledged until now."""
        ...

    def pace(self, rate: float) -> None:
        """Go on, at that many documents a second (0 for no limit)."""
        ...

    def pause(self) -> None:
        """Begin nothing more; what is under way is seen through."""
        ...

    def stop(self) -> None:
        """End; what awaits `run()` gets a ProblemError."""
        ...

    async def run(self) -> None:
        """Carry everything to its end; raises ProblemError."""
        ...


class ControlledPump:
    """How a pump is ordered about: by the control of what it writes, and by an event that says that it is to end."""

    def __init__(self, control: WriteControl) -> None:
        self._control = control
        self._stopped = asyncio.Event()

    def pace(self, rate: float) -> None:
        """Go on, at that many documents a second (0 for no limit)."""
        self._control.pace(rate)

    def pause(self) -> None:
        """Begin nothing more; what is under way is seen through."""
        self._control.pause()

    def stop(self) -> None:
        """End; what awaits `run()` gets a ProblemError."""
        self._stopped.set()


P = TypeVar("P", bound=BackgroundPump)


class PumpMover(Generic[P]):
    """The part of a method that has pumps: those of this process are known by their work's opaque id.

    Pace, pause and stop come beside a perform.
    """

    def __init__(self) -> None:
        self._pumps: dict[str, P] = {}

    async def watched(self, work: Work, pump: P) -> AsyncGenerator[Acknowledged, None]:
        """Let a pump run, and yield what was acknowledged until each look; raises the first trouble, after a last look.

        The pump has ended when this has, however that goes.
        """
        self._pumps[work.opaque_id] = pump
        running = asyncio.ensure_future(pump.run())
        try:
            while not running.done():
                await asyncio.wait({running}, timeout=_SOON)
                yield pump.progress()
            if pump.has_news:
                yield pump.progress()
            running.result()
        finally:
            if self._pumps.get(work.opaque_id) is pump:
                del self._pumps[work.opaque_id]
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

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
