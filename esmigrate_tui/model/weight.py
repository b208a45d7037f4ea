"""How much work a task is, in units of what a small index is: so what goes on together is bounded by work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from esmigrate_tui.model.method import MethodName
    from esmigrate_tui.model.plan import Plan, Task

SMALL_DOCUMENTS: Final = 20_000
"""Documents of a small index at most: a few pages."""
SMALL_BYTES: Final = 8 * 1024 * 1024
"""Bytes of its primaries at most: one bulk."""
UNTUNED: Final = 1.0
"""The weight up to which an index fills so fast that to tune it takes longer than it saves."""
_UNKNOWN: Final = 2.0  # of which nothing is known: two at the same time, to begin with
_MOST: Final = 32.0
_MOST_PULLED: Final = 16.0  # each task of the destination holds a search open on every shard of its index
_MOST_PACED: Final = 4.0  # a pace is for each index, and asked for where clusters are not to be loaded


def weight_of(method: MethodName, documents: int | None, size: int | None) -> float:
    """The weight of an index of so many documents and bytes, each None where it is not known; at least 1.

    What the destination reads by itself is never more than half of all: it is read in few ranges, if in any.
    """
    if documents is None and size is None:
        return _UNKNOWN
    weight = max(1.0, (documents or 0) / SMALL_DOCUMENTS, (size or 0) / SMALL_BYTES)
    return min(weight, _MOST_PULLED / 2) if method.traits.pulls else weight


def most_weight(method: MethodName, pace: float) -> float:
    """The weight of all that may ever go on together by that method, at a pace (0 for none).

    What is heavier goes on alone.
    """
    return _MOST_PACED if pace else _MOST_PULLED if method.traits.pulls else _MOST


def together(plan: Plan, documents: int | None, size: int | None) -> int:
    """How many tasks like this one may go on together at most: as many as the plan says, else by their weight."""
    most = most_weight(plan.method, plan.requests_per_second) // weight_of(plan.method, documents, size)
    return max(1, min(plan.at_once or int(most), len(plan.tasks)))


def is_tuned(plan: Plan, task: Task) -> bool:
    """Whether refresh and replicas of a task's index are switched off while it fills: a small one is full too soon.

    One that is filled slowly on purpose, or of which documents or bytes are not known, is none.
    """
    is_known = task.documents is not None and task.size is not None and not plan.requests_per_second
    is_small = is_known and weight_of(plan.method, task.documents, task.size) <= UNTUNED
    return plan.tune and task.makes_index and not is_small
