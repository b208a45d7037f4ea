"""How much work something is, counted instead of timed: what grows too fast is found on any machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from _typeshed import TraceFunction


def operations(work: Callable[[], object]) -> int:
    """The instructions of Python that a piece of work executes; what is copied within one of them counts as one."""
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> TraceFunction:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        del arg
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Callable[[], object]], few: int = 100) -> float:
    """How many times more it is to do `work(amount)` for four times as many: 4 where it is linear, 16 where squared."""
    return operations(work(few * 4)) / operations(work(few))
