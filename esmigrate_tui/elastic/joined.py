"""Reads that many tasks want at the same time, sent as few requests: what one asks for, others may ask for with it.

Nothing waits for a clock. The first that wants something is served at once; what is wanted while requests are under
way is gathered, and the next request is for all of it. Whatever is not plainly in the response to a joint request is
requested once more by itself, so that every problem is found where it is, in the words that it has there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from esmigrate_tui.elastic.errors import UnreadResponseError
from esmigrate_tui.elastic.paths import LONGEST_PATH
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

K = TypeVar("K")
V = TypeVar("V")

MOST_JOINED: Final = 50
"""How many of them one request may be for."""

_REMEMBERED: Final = 100  # values, the last that were read
_UNDER_WAY: Final = 2  # requests at a time: a slow one must not hold up all the others


@dataclass(eq=False)
class _Wanted(Generic[V]):
    """One value, for however many want it; the `result` is None where it has to be requested by itself."""

    result: asyncio.Future[tuple[V] | None]
    width: int
    waiting: int = 0


class JoinedReads(Generic[K, V]):
    """Values by their keys. `alone` reads one of them, `together` several, and leaves out what it is not sure of.

    Of the last of them it is known for a moment when they were read, for those whom that is recent enough.

    A request holds at most `most` keys, and `width` of them together at most as much as a path may be long. Every
    value is read after it was wanted, never handed out from a request that was under way by then.
    """

    def __init__(
        self,
        alone: Callable[[K], Awaitable[V]],
        together: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
        *,
        most: int = MOST_JOINED,
        width: Callable[[K], int] = lambda _: 0,
    ) -> None:
        self._alone = alone
        self._together = together
        self._most = most
        self._width = width
        self._wanted: dict[K, _Wanted[V]] = {}
        self._under_way: dict[asyncio.Task[None], dict[K, _Wanted[V]]] = {}
        self._is_beginning = False
        self._read_at: dict[K, tuple[float, V]] = {}

    async def get(self, key: K, *, within: float = 0.0) -> V:
        """The value of a key as of now, or of at most `within` seconds ago.

        Raises what its own request raises, or what its width does: then nothing is requested.
        """
        loop = asyncio.get_running_loop()
        if within and key in self._read_at and loop.time() - self._read_at[key][0] < within:
            return self._read_at[key][1]
        width = self._width(key)
        wanted = self._wanted.get(key)
        if wanted is None:
            wanted = self._wanted[key] = _Wanted(loop.create_future(), width)
        if not self._is_beginning:
            self._is_beginning = True
            loop.call_soon(self._begin)  # what others want in this same moment goes along
        wanted.waiting += 1
        try:
            found = await asyncio.shield(wanted.result)
        except asyncio.CancelledError:
            wanted.waiting -= 1
            self._give_up(key, wanted)
            raise
        return await self._alone(key) if found is None else found[0]

    def forget(self, key: K) -> None:
        """What was read of a key is not so any more."""
        self._read_at.pop(key, None)

    def _begin(self) -> None:
        self._is_beginning = False
        while self._wanted and len(self._under_way) < _UNDER_WAY:
            group = self._next()
            task = asyncio.get_running_loop().create_task(self._read(group))
            self._under_way[task] = group
            task.add_done_callback(self._has_ended)

    def _next(self) -> dict[K, _Wanted[V]]:
        """What goes into the next request, the longest waiting first."""
        group: dict[K, _Wanted[V]] = {}
        width = 0
        for key in [*self._wanted]:
            width += self._wanted[key].width
            if group and (len(group) >= self._most or width > LONGEST_PATH):
                break
            group[key] = self._wanted.pop(key)
        return group

    async def _read(self, group: dict[K, _Wanted[V]]) -> None:
        began = asyncio.get_running_loop().time()
        for key in group:
            self.forget(key)
        try:
            if len(group) == 1:
                [key] = group
                found: Mapping[K, V] = {key: await self._alone(key)}
            else:
                found = await self._found(group)
        except asyncio.CancelledError:
            for wanted in group.values():
                wanted.result.cancel()
            raise
        except Exception as error:  # noqa: BLE001  # raised where it is waited for
            for wanted in group.values():
                if wanted.waiting and not wanted.result.done():
                    wanted.result.set_exception(error)
        else:
            self._remember(began, found)
            for key, wanted in group.items():
                if not wanted.result.done():
                    wanted.result.set_result((found[key],) if key in found else None)

    def _remember(self, began: float, found: Mapping[K, V]) -> None:
        self._read_at |= {key: (began, value) for key, value in found.items()}
        for key in [*self._read_at][:-_REMEMBERED]:
            self.forget(key)

    async def _found(self, group: Mapping[K, _Wanted[V]]) -> Mapping[K, V]:
        try:
            return await self._together([*group])
        except UnreadResponseError:
            self._most = max(1, len(group) // 2)
        except ProblemError:
            pass
        return {}

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._begin()

    def _give_up(self, key: K, wanted: _Wanted[V]) -> None:
        """Do not request, or wait for, what is no longer wanted by any."""
        if wanted.waiting:
            return
        if self._wanted.get(key) is wanted:
            del self._wanted[key]
        for task, group in self._under_way.items():
            if group.get(key) is wanted and not any(one.waiting for one in group.values()):
                task.cancel()
