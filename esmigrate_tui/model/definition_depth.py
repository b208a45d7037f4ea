"""How deep foreign JSON may be: what walks a definition calls itself for each level, and Python bears a thousand calls.

Elasticsearch takes 20 levels of fields unless it is told otherwise (index.mapping.depth.limit), which are some fifty
levels of JSON; a cluster that was told otherwise takes any number.
"""

from __future__ import annotations

from typing import Final

from esmigrate_tui.model.problem import Cause, Problem, ProblemError

DEFINITION_LEVELS: Final = 200
"""Levels of JSON in a definition; each is an object or an array."""


class TooDeepError(ProblemError):
    """Something is nested deeper than this program follows; `names` are the indices that are, where that is known."""

    def __init__(self, problem: Problem, names: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.names = names


def is_too_deep(value: object, most: int = DEFINITION_LEVELS) -> bool:
    """Whether a value of JSON has more levels than that; it is walked level by level, without calling itself."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return bool(level)


def too_deep(what: str, todo: str, names: tuple[str, ...] = ()) -> TooDeepError:
    """The problem of something that is nested too deeply."""
    return TooDeepError(
        Problem(
            cause=Cause.UNSUPPORTED,
            what=f"{what} is nested deeper than {DEFINITION_LEVELS} levels of JSON, more than this program follows.",
            todo=todo,
        ),
        names,
    )
