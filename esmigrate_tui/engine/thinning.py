"""Which polls of a task the journal may forget, so that a run of days stays a file of a few megabytes.

A poll holds totals, never a difference: what Progress says at the end does not depend on those in between. Only the
plot of the rate does, so they are thinned out gently: the older, the wider apart, always finer than the plot is drawn.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT_WHOLE: Final = 60.0  # seconds: twice the window behind the rate, which therefore comes out the same
_FINENESS: Final = 240  # polls over a task's whole age; the plot has half as many points


class JournalledAdvance(NamedTuple):
    """A TaskAdvanced in the journal, as far as thinning has to know it."""

    seq: int
    at: float
    has_note: bool = False
    has_total: bool = False
    has_token: bool = False


class ThinningResult(NamedTuple):
    """What becomes of one task's polls: those that stay, those that go, those that lose their token."""

    stay: list[JournalledAdvance]
    go: list[int]
    lose_token: list[int]


def thinned(polls: Sequence[JournalledAdvance]) -> ThinningResult:
    """Thin out the polls of one task, given in their order; the first and the last one always stay.

    A poll with a note stays, since the note is shown. One with a total goes only where the next one has a total too.
    Tokens can be long, and only the newest is ever used: all others are emptied.
    """
    newest = next((poll.seq for poll in reversed(polls) if poll.has_token), None)
    lose_token = [poll.seq for poll in polls if poll.has_token and poll.seq != newest]
    bare = [poll._replace(has_token=False) if poll.has_token and poll.seq != newest else poll for poll in polls]
    stay: list[JournalledAdvance] = bare[:1]
    go: list[int] = []
    for poll, following in pairwise(bare[1:]):
        age = bare[-1].at - poll.at
        is_close = 0 <= following.at - stay[-1].at <= age / _FINENESS
        is_needed = poll.has_note or poll.has_token or (poll.has_total and not following.has_total)
        if age > KEPT_WHOLE and is_close and not is_needed:
            go.append(poll.seq)
        else:
            stay.append(poll)
    stay.extend(bare[1:][-1:])
    gone = frozenset(go)
    return ThinningResult(stay, go, [seq for seq in lose_token if seq not in gone])
