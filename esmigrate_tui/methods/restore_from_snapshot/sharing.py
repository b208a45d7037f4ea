"""Requests that many tasks of a restore share: looks, and the starting of it.

Nothing here waits for time to pass: what comes within the same few turns of the loop, or while a request is under way,
goes into one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from esmigrate_tui.methods.restore_from_snapshot.requests import can_share
from esmigrate_tui.model.problem import PASSING, ProblemError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from esmigrate_tui.elastic.snapshots import RestoreProgress
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.model.plan import Plan, Task

_TURNS: Final = 3
"""Turns of the loop in which others may join: tasks that begin together get here one after another."""


@dataclass(frozen=True)
class RecoveryView:
    """What one look has found of the indices that it was made for; `number` counts looks."""

    number: int = 0
    names: frozenset[str] = frozenset()
    found: Mapping[str, RestoreProgress] = field(default_factory=dict)


class SharedRecoveries:
    """One look shows all that is being restored: a task that has not seen the last one takes that.

    So many tasks that look twice a second each cost as many requests as one does.
    """

    def __init__(self, ask: Callable[[Sequence[str]], Awaitable[Mapping[str, RestoreProgress]]]) -> None:
        self._ask = ask
        self._followed: Counter[str] = Counter()
        self._begun = 0
        self._last = RecoveryView()
        self._going: asyncio.Future[None] | None = None
        self._waiting = 0

    @contextmanager
    def following(self, names: Sequence[str]) -> Iterator[None]:
        """While this lasts every look is at these indices, too."""
        self._followed.update(names)
        try:
            yield
        finally:
            self._followed.subtract(names)
            self._followed = +self._followed

    @property
    def begun(self) -> int:
        """The number of the newest look that has begun: one that is newer tells of everything until now."""
        return self._begun

    async def newer_than(self, number: int, names: Sequence[str]) -> RecoveryView:
        """A look with a higher number at these indices, which are followed; raises the ProblemError of its requests."""
        wanted = frozenset(names)
        while self._last.number <= number or not wanted <= self._last.names:
            await self._another()
        return self._last

    async def _another(self) -> None:
        """Wait for the look under way, or make one; it is cancelled when no task waits for it any more."""
        if self._going is None or self._going.done():
            self._going = asyncio.ensure_future(self._look())
            self._going.add_done_callback(_seen)
        going = self._going
        self._waiting += 1
        try:
            await asyncio.shield(going)
        finally:
            self._waiting -= 1
            if not self._waiting and not going.done():
                going.cancel()

    async def _look(self) -> None:
        await _turns()
        self._begun += 1
        number, names = self._begun, tuple(self._followed)
        found = await self._ask(names)
        self._last = RecoveryView(number=number, names=frozenset(names), found=found)


class SharedStarts:
    """Restores that are asked for in the same moment go out as one request, where they can share one.

    When such a request is refused, each is asked for by itself, so that only the culprit fails.
    """

    def __init__(self, send: Callable[[Sequence[Task], Plan], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: list[tuple[Work, asyncio.Future[None]]] = []
        self._sending: asyncio.Future[None] | None = None

    async def start(self, work: Work) -> None:
        """Have the restore of a task started; raises the ProblemError of its request.

        When the caller goes away, a request under way is seen through all the same.
        """
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((work, answer))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.ensure_future(self._send_all())
        await answer

    async def _send_all(self) -> None:
        while self._waiting:
            await _turns()
            together = [one for one in self._waiting if not one[1].cancelled()]
            self._waiting = []
            await asyncio.gather(*(self._send_group(group) for group in _groups(together)))

    async def _send_group(self, group: Sequence[tuple[Work, asyncio.Future[None]]]) -> None:
        try:
            await self._send([work.task for work, _ in group], group[0][0].plan)
        except ProblemError as error:
            if len(group) > 1 and error.problem.cause not in PASSING:
                for one in group:
                    await self._send_group([one])
                return
            _answer(group, error)
        except Exception as error:  # noqa: BLE001  # a fault of ours is told to those who wait, not to the loop
            _answer(group, error)
        else:
            _answer(group, None)


def _groups(
    asked: Sequence[tuple[Work, asyncio.Future[None]]],
) -> list[list[tuple[Work, asyncio.Future[None]]]]:
    """Those that can share a request together, each of the others alone."""
    shared: dict[int, list[tuple[Work, asyncio.Future[None]]]] = {}
    alone: list[list[tuple[Work, asyncio.Future[None]]]] = []
    for one in asked:
        if can_share(one[0].task, one[0].plan):
            shared.setdefault(id(one[0].plan), []).append(one)
        else:
            alone.append([one])
    return [*shared.values(), *alone]


def _answer(group: Sequence[tuple[Work, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, answer in group:
        if answer.done():
            continue
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(ProblemError(error.problem) if isinstance(error, ProblemError) else error)


def _seen(going: asyncio.Future[None]) -> None:
    if not going.cancelled():
        going.exception()


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
