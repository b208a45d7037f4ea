"""What the sandbox reports while it works."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class SandboxProgress:
    """Something under way: `done` of `total` (bytes, files or documents), total None when nobody knows it."""

    what: str
    done: int = 0
    total: int | None = None


Progress = Callable[[SandboxProgress], None]


def silent(_step: SandboxProgress) -> None:
    """Report to nobody."""
