"""Which indices a list of patterns means: always a concrete list, said in full before anything moves."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from esmigrate_tui.model.facts import IndexState
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.model.facts import IndexFacts


@dataclass(frozen=True)
class Matched:
    """The chosen names, and what a pattern matched but was left out, with the reason."""

    names: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def is_pattern(text: str) -> bool:
    """Whether it may mean several names."""
    return any(character in text for character in "*?[")


def _why_left_out(index: IndexFacts, *, asked_by_name: bool, hidden_too: bool, closed_too: bool) -> str | None:
    if index.state is IndexState.CLOSED and not closed_too:
        return "closed: open it on the source first"
    if asked_by_name:
        return None
    if index.backs_stream:
        return f"part of the data stream {clean(index.data_stream, 200)}: choose that, or name this one in full"
    if hidden_too:
        return None
    if index.is_system:
        return "internal: name it in full, or give --hidden"
    if index.hidden:
        return "hidden: name it in full, or give --hidden"
    return None


def choose(
    indices: Sequence[IndexFacts],
    patterns: Sequence[str],
    excluded: Sequence[str] = (),
    *,
    hidden_too: bool = False,
    closed_too: bool = False,
    place: str = "the source",
    look: str = "GET _cat/indices?v",
) -> Matched:
    """The indices that `patterns` (names, or globs with * ? [ ]) mean, in the order in which they are offered.

    `place` is where they are, and `look` the request that lists them. Closed indices are only for `closed_too`.

    Raises ProblemError (missing) for a pattern that matches nothing, (blocked) for a closed index asked for by name.
    """
    names: list[str] = []
    left_out: dict[str, str] = {}
    matched: set[str] = set()
    named, globs = frozenset(patterns), [pattern for pattern in patterns if is_pattern(pattern)]
    for index in indices:
        asking = {index.name} & named | {pattern for pattern in globs if fnmatchcase(index.name, pattern)}
        if not asking:
            continue
        matched |= asking
        if any(fnmatchcase(index.name, pattern) for pattern in excluded):
            continue
        why = _why_left_out(index, asked_by_name=index.name in named, hidden_too=hidden_too, closed_too=closed_too)
        if why is None:
            names.append(index.name)
            continue
        if index.name in named:
            raise ProblemError.of(Cause.BLOCKED, f"The index {clean(index.name)} cannot be moved.", why=f"It is {why}.")
        left_out[index.name] = why
    for pattern in patterns:
        if pattern not in matched:
            raise ProblemError.of(
                Cause.MISSING,
                f"No index of {place} matches {clean(pattern, 200)}.",
                why="An absence must not pass for success.",
                todo=f"List what exists with {look}, and correct the pattern.",
            )
    if not names:
        raise ProblemError.of(
            Cause.MISSING,
            "Nothing is left to move: every matching index was left out.",
            why="; ".join(f"{clean(name, 80)} is {why}" for name, why in [*left_out.items()][:5]),
        )
    return Matched(names=tuple(names), left_out=tuple(left_out.items()))
