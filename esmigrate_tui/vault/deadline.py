"""Blocking work with a deadline that neither the event loop nor the interpreter's exit has to wait for."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


async def within(seconds: float, work: Callable[[threading.Event], T]) -> T:
    """What `work` returns or raises; TimeoutError after `seconds`.

    Work that is late goes on in a daemon thread, as nothing can end it: the event that it was given is then set, and
    before it changes anything it has to look. The loop's own executor would not do, since the exit joins its threads.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Callable[[], T]] = loop.create_future()
    abandoned = threading.Event()

    def settle(outcome: Callable[[], T]) -> None:
        if not answer.done():
            answer.set_result(outcome)

    def run() -> None:
        outcome = _outcome(work, abandoned)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=run, name="patient", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            outcome = await answer
    finally:
        abandoned.set()
    return outcome()


def _outcome(work: Callable[[threading.Event], T], abandoned: threading.Event) -> Callable[[], T]:
    """The work's result or error as a call that gives it again, in whatever thread."""
    try:
        result = work(abandoned)
    except BaseException as error:  # noqa: BLE001  # it is raised again where its result is awaited
        caught = error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__} in a thread")

        def again() -> T:
            raise caught

        return again
    return lambda: result
