"""What a list shows: its filter and its order. Pure; the last answer is kept, since a screen asks again at each key."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import wraps
from operator import is_not
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from esmigrate_tui.model.facts import Health, IndexFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.model.snapshot import SnapshotFacts

from esmigrate_tui.flow.session import IndexList, SortBy

P = ParamSpec("P")


T = TypeVar("T")


def kept(find: Callable[P, T]) -> Callable[P, T]:
    """The function with its last answer kept, as long as it is asked about the very same values: all are frozen.

    A screen is painted at every key, and asks the same about the same draft again.
    """
    last: list[tuple[tuple[object, ...], T]] = []

    @wraps(find)
    def answer(*question: P.args, **named: P.kwargs) -> T:
        asked = (*question, *named.values())
        if not last or len(asked) != len(last[0][0]) or any(map(is_not, asked, last[0][0])):
            last[:] = [(asked, find(*question, **named))]
        return last[0][1]

    return answer


def matcher(pattern: str) -> Callable[[str], object] | None:
    """What a filter asks of a name: /regex/, a glob where it has * or ?, else any part; None for a broken regex."""
    if len(pattern) > 1 and pattern.startswith("/"):
        try:
            return re.compile(pattern[1:].removesuffix("/")).search
        except (re.error, OverflowError, RecursionError):
            return None
    if "*" in pattern or "?" in pattern:
        return re.compile(translate(pattern)).match
    part = pattern.lower()
    return lambda name: part in name.lower()


_HEALTH_ORDER: Final = {Health.RED: 0, Health.YELLOW: 1, Health.UNKNOWN: 2, Health.GREEN: 3}


def shown_indices(indices: tuple[IndexFacts, ...], listing: IndexList) -> tuple[IndexFacts, ...]:
    """The indices that the listing shows, in its order; a key in the filter sorts nothing."""
    shown = ordered(indices, listing.sort, listing.backwards, listing.shows_hidden)
    return filtered(shown, listing.pattern)


@kept
def ordered(
    indices: tuple[IndexFacts, ...],
    sort: SortBy,
    backwards: bool,  # noqa: FBT001  # a field of the listing, as the others
    shows_hidden: bool,  # noqa: FBT001  # the same
) -> tuple[IndexFacts, ...]:
    """The indices in an order, those that are hidden only where they are asked for."""
    shown = [index for index in indices if shows_hidden or not (index.hidden or index.is_system or index.backs_stream)]
    match sort:
        case SortBy.DOCUMENTS:
            shown.sort(key=lambda index: -(index.documents or 0))
        case SortBy.SIZE:
            shown.sort(key=lambda index: -(index.primary_bytes or 0))
        case SortBy.HEALTH:
            shown.sort(key=lambda index: _HEALTH_ORDER[index.health])
        case SortBy.CREATED:
            shown.sort(key=lambda index: str(index.created or ""))
        case SortBy.NAME:
            pass
    return tuple(reversed(shown)) if backwards else tuple(shown)


Named = TypeVar("Named", "IndexFacts", "SnapshotFacts")


@kept
def filtered(rows: tuple[Named, ...], pattern: str) -> tuple[Named, ...]:
    """Those that go by a filter; all of them by an empty one, or by one that is no regular expression yet."""
    fits = matcher(pattern)
    return rows if fits is None or not pattern else tuple(row for row in rows if fits(row.name))
