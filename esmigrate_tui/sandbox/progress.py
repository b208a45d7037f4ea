"""What the sandbox reports while it works."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Progress", "Step", "silent"]


@dataclass(frozen=True)
class Step:
    """Something under way: `done` of `total` (bytes, files or documents), total None when nobody knows it."""

    what: str
    done: int = 0
    total: int | None = None


Progress = Callable[[Step], None]


def silent(_step: Step) -> None:
    """Report to nobody."""
