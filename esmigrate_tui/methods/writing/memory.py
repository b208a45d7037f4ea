"""How many bytes of pages this process holds at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

MOST_HELD: Final = 48 * 1024 * 1024
"""Bytes that the pages of all streams of this process may have together, each counted twice: as read and as sent."""


class RequestMemory:
    """`size` bytes may be held; who needs more than are free waits in line, but not where none are held."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.held = 0
        self._freed = asyncio.Event()
        self._line = asyncio.Lock()

    async def take(self, amount: int) -> None:
        """Hold so many bytes, when they are free or when none are held."""
        async with self._line:  # a large one is not passed over for ever by small ones
            while self.held and self.held + amount > self._size:
                self._freed.clear()
                await self._freed.wait()
            self.held += amount

    def change(self, amount: int) -> None:
        """Hold more, or fewer, than was taken: what a page really has is seen when it is there."""
        self.held += amount
        if amount < 0:
            self._freed.set()


_memories: WeakKeyDictionary[AbstractEventLoop, RequestMemory] = WeakKeyDictionary()


def request_memory() -> RequestMemory:
    """The memory that all work of this process shares."""
    return _memories.setdefault(asyncio.get_running_loop(), RequestMemory(MOST_HELD))
