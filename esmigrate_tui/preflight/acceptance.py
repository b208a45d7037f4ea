"""Which blockers a user may accept: declared where the check is written, and never by default.

A check may be waived where its blocker is a forecast that a person can know better, or a loss that a person may choose.
One is not where a run would end at once, or mix documents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

CheckT = TypeVar("CheckT", bound=Callable[..., Any])
_MARK: Final = "__waivable__"


def waivable(check: CheckT) -> CheckT:
    """Declare that a user may accept a blocker of this check."""
    setattr(check, _MARK, True)
    return check


def is_waivable(check: Callable[..., Any]) -> bool:
    """Whether that was declared."""
    return getattr(check, _MARK, False) is True
