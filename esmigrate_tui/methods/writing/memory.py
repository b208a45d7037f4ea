"""How many bytes of pages this process holds at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from esmigrate_tui.elastic.windows import RequestMemory

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

MOST_HELD: Final = 48 * 1024 * 1024
"""Bytes that the pages of all streams of this process may have together, each counted twice: as read and as sent."""


_memories: WeakKeyDictionary[AbstractEventLoop, RequestMemory] = WeakKeyDictionary()


def request_memory() -> RequestMemory:
    """The memory that all work of this process shares."""
    return _memories.setdefault(asyncio.get_running_loop(), RequestMemory(MOST_HELD))
