"""The work of a method on one task while it goes on: polled, paced, paused, cancelled and let go."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from esmigrate_tui.engine.context import cancelled
from esmigrate_tui.engine.control import Pacing
from esmigrate_tui.engine.waiting import can_pass
from esmigrate_tui.model.problem import Cause, ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from esmigrate_tui.engine.context import RunContext
    from esmigrate_tui.engine.control import TaskControl
    from esmigrate_tui.methods.contract import Mover, Work
    from esmigrate_tui.model.event import Acknowledged, Verifying
    from esmigrate_tui.model.problem import Problem

POLL_SECONDS: Final = 0.5
QUIET_SECONDS: Final = 5.0
"""How often a poll is recorded in which nothing has changed: often enough for the rate to sink to zero."""

_FIRST_POLL: Final = 0.05  # seconds: most indices are small, and of those there are many
_STOP_SECONDS: Final = 60.0  # for a server's task to end after it was cancelled; it ends after its current batch


class OngoingWork:
    """What a method does for one task.

    `token` is where the work can be resumed, "" before the first acknowledgement. `has_begun` says that something may
    be going on at the servers, `is_seen_to_end` that it was seen to end.
    """

    def __init__(self, context: RunContext, method: Mover, work: Work, control: TaskControl, token: str) -> None:
        self.work = work
        self.token = token
        self.has_begun = bool(token)
        self._is_seen_to_end = False
        self._context = context
        self._method = method
        self._control = control
        # A server's task that an earlier process left may be paused, or at another pace.
        self._sent_pacing = Pacing(is_paused=bool(token), requests_per_second=work.requests_per_second)
        self._sent_token = ""
        self._steps: AsyncIterator[Acknowledged] | None = None
        self._poll: asyncio.Task[Acknowledged | None] | None = None

    def begin(self) -> None:
        """Let the method go on from the token, at the pace of this moment."""
        self.work = replace(self.work, requests_per_second=self._context.control.pacing.requests_per_second)
        self._steps = self._method.perform(self.work, self._context.clusters, self.token)
        self.has_begun = True
        self._is_seen_to_end = False

    def has_ended(self) -> None:
        """The method said that everything was copied."""
        self._is_seen_to_end = True

    async def poll(self) -> Acknowledged | None:
        """What is acknowledged by now, None at the end; commands are followed meanwhile."""
        poll = self._polling()
        while not poll.done():
            await self._control.until(poll)
            if not poll.done():
                await self.follow_commands()
        self._poll = None
        return poll.result()

    async def news(self) -> None:
        """Return when the next poll should be made at once."""
        await self._method.news(self.work)

    async def follow_commands(self) -> None:
        """Pass the pace or the pause in force on to the work; raises ProcessEnding or StopRequested."""
        self._control.check()
        if self.follows_commands:
            return
        wanted, token, clusters = self._context.control.pacing, self.token, self._context.clusters
        request = (
            self._method.pause(self.work, clusters, token)
            if wanted.is_paused
            else self._method.pace(self.work, clusters, token, wanted.requests_per_second)
        )
        problem = await self._context.attempted(request)
        # What has ended meanwhile needs no pace; to an unreachable cluster it is sent again after the next poll.
        if problem is None or not can_pass(problem):
            self._sent_pacing, self._sent_token = wanted, token

    @property
    def follows_commands(self) -> bool:
        """Whether the work is paced as it should be; a new token may stand for new work."""
        if self._steps is None:
            return True
        wanted = self._context.control.pacing
        as_begun = Pacing(is_paused=False, requests_per_second=self.work.requests_per_second)
        return self._sent_pacing == wanted and (self._sent_token == self.token or wanted == as_begun)

    async def stop(self, advance: Callable[[Acknowledged], Awaitable[None]]) -> None:
        """Cancel what is going on, and poll until it has ended; a new token may stand for new work, cancelled too.

        `advance` is given what is acknowledged meanwhile.
        """
        context = self._context
        deadline = context.clock() + _STOP_SECONDS
        cancelled_token: str | None = None
        while context.clock() < deadline and not context.control.is_ending:
            if cancelled_token != self.token:
                token = self.token
                if await context.attempted(self._method.stop(self.work, context.clusters, token)) is None:
                    cancelled_token = token
            poll = self._polling()
            nap = asyncio.ensure_future(context.sleep(POLL_SECONDS))
            news = asyncio.ensure_future(self.news())
            try:
                await asyncio.wait({poll, nap}, return_when=asyncio.FIRST_COMPLETED)
                if not poll.done():
                    continue
                self._poll = None
                moved = poll.result()
                if moved is None:
                    self._is_seen_to_end = True
                    return
                await advance(moved)
                await asyncio.wait({nap, news}, return_when=asyncio.FIRST_COMPLETED)
            except ProblemError as error:
                self._is_seen_to_end = error.problem.cause not in {Cause.CONNECTION, Cause.BUSY}
                return
            finally:
                nap.cancel()
                news.cancel()

    async def cancel(self) -> Problem | None:
        """Cancel what may be going on where nothing is polled any more; the problem, or None."""
        if not self.has_begun or self._is_seen_to_end:
            return None
        return await self._context.attempted(self._method.stop(self.work, self._context.clusters, self.token))

    async def let_go(self) -> None:
        """Drop the method's iterator; what the servers do by themselves goes on."""
        steps, self._steps = self._steps, None
        poll, self._poll = self._poll, None
        if poll is not None:
            await cancelled(poll)
        close = getattr(steps, "aclose", None)
        if close is not None:
            with contextlib.suppress(Exception):
                await close()

    def _polling(self) -> asyncio.Task[Acknowledged | None]:
        if self._poll is None:
            if self._steps is None:
                raise AssertionError(self.work.task.number)
            self._poll = asyncio.ensure_future(anext(self._steps, None))
        return self._poll


# -- how often it is polled, and which polls are worth an event in the journal ---------------------------------------


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
