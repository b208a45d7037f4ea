"""How many examples a test of any value looks at."""

from __future__ import annotations

from hypothesis import settings


def at_most(amount: int) -> int:
    """So many, or as few as `make test-quick` looks at."""
    quick = settings.get_profile("quick").max_examples
    return quick if settings().max_examples == quick else amount
