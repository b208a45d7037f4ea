"""What a copy through this machine decides, as pure functions of values: its parts, and how far each is done.

A part is one range of the numbers that a shard has given its changes (or one slice of a shard, read by a scroll). The
token holds how far each part was acknowledged, never how far it was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.elastic.paging import ranges
from esmigrate_tui.methods.token import Token
from esmigrate_tui.methods.writing.decisions import FIRST_STREAMS, MOST_STREAMS, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

IN_FLIGHT: Final = 3
"""Pages of a part that may have been sent and not acknowledged, and one to be sure."""

_SMALL_PART: Final = 20_000  # documents; less is not worth a stream of its own


class CopyPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One piece of an index that one stream reads: numbers above `after` to `until`, or a slice where `until` is -1.

    `settled` and `refused` count the present reading; `most` is what an earlier reading of the same slice came to.
    `replay` is how many pages without a conflict must be seen until a conflict is a collision again; in a slice that
    is read again it never is. `index` has the shard where it is one of those that back a data stream.
    """

    shard: int
    after: int = -1
    until: int = -1
    slice: int = 0
    slices: int = 1
    is_done: bool = False
    settled: int = 0
    refused: int = 0
    most: int = 0
    replay: int = 0
    index: str = ""

    @property
    def is_scrolled(self) -> bool:
        """Whether it is read by a scroll, which cannot be resumed in the middle."""
        return self.until < 0


class CopyState(Token, frozen=True, kw_only=True, omit_defaults=True):
    """Where the copy of one index stands; its JSON is the token of each acknowledgement.

    `made` is the uuid of the destination's index, `of` that of the source's, of a data stream those of all its indices.
    `most` is what an earlier pass settled.
    `base` is how many documents the destination's index had before, where this run has not made it.
    """

    made: str = ""
    of: str = ""
    passes: int = 1
    repeats: int = 0
    most: int = 0
    most_refused: int = 0
    written: int = 0
    there: int = 0
    collided: int = 0
    retries: int = 0
    base: int = 0
    streams: int = FIRST_STREAMS
    parts: tuple[CopyPart, ...] = ()

    @property
    def settled(self) -> int:
        """Documents of the source that this pass has brought to an end, one way or another."""
        return sum(part.settled for part in self.parts)

    @property
    def done(self) -> int:
        """The same for the task: it never runs backwards when something is read again."""
        return max(self.most, sum(max(part.settled, part.most) for part in self.parts))

    @property
    def refused(self) -> int:
        """Documents that the destination did not take."""
        return max(self.most_refused, sum(part.refused for part in self.parts))

    def with_part(self, position: int, part: CopyPart) -> CopyState:
        """The state with another part in that place."""
        parts = (*self.parts[:position], part, *self.parts[position + 1 :])
        return msgspec.structs.replace(self, parts=parts)


# -- parts -----------------------------------------------------------------------------------------------------------


def pieces(documents: int, shards: int) -> int:
    """Into how many parts each shard is cut: together as many as there may be streams, if there is enough for them."""
    worth = max(1, min(MOST_STREAMS, documents // _SMALL_PART))
    return max(1, -(-worth // max(1, shards)))


def numbered_parts(shard: int, lowest: int, highest: int, amount: int, index: str = "") -> tuple[CopyPart, ...]:
    """The numbers of a shard, in `amount` ranges of equal width; none where the shard has no document."""
    found = ranges(lowest, highest, amount)
    return tuple(CopyPart(shard=shard, after=after, until=until, index=index) for after, until in found)


def sliced_parts(shard: int, amount: int, index: str = "") -> tuple[CopyPart, ...]:
    """A shard in slices, where it has no numbers."""
    return tuple(CopyPart(shard=shard, slice=slice_, slices=amount, index=index) for slice_ in range(amount))


def is_same_source(state: CopyState, now: Iterable[str]) -> bool:
    """Whether all that a state was read from is there still, by uuids: a data stream may have got more since."""
    return set(state.of.split(",")) <= set(now)


def resumed(state: CopyState) -> CopyState:
    """The state to go on from after a break: what was sent and not acknowledged may have arrived.

    Numbered parts go on where they were acknowledged; a slice that was not finished is read again from its beginning,
    since no server goes on with a scroll that it has lost.
    """
    return msgspec.structs.replace(
        state,
        parts=tuple(
            part if part.is_done else read_again(part) if part.is_scrolled else replayed(part) for part in state.parts
        ),
    )


def replayed(part: CopyPart) -> CopyPart:
    """A numbered part after a break."""
    return msgspec.structs.replace(part, replay=IN_FLIGHT)


def read_again(part: CopyPart) -> CopyPart:
    """A slice from its beginning; what is found in place is what arrived in the reading before, in whatever order."""
    most = max(part.most, part.settled)
    return msgspec.structs.replace(part, settled=0, refused=0, most=most, replay=IN_FLIGHT)


def newer_parts(known: Iterable[CopyPart], now: Sequence[CopyPart]) -> tuple[CopyPart, ...]:
    """The numbers that shards have given since `known` was found out; none where a slice must be read by a scroll."""
    if any(part.is_scrolled for part in now):
        return ()
    seen = _ends(known)
    return tuple(
        CopyPart(shard=shard[1], after=seen.get(shard, -1), until=last, index=shard[0])
        for shard, last in sorted(_ends(now).items())
        if last > seen.get(shard, -1)
    )


def _ends(parts: Iterable[CopyPart]) -> dict[tuple[str, int], int]:
    """The highest number of each shard."""
    ends: dict[tuple[str, int], int] = {}
    for part in parts:
        shard = part.index, part.shard
        ends[shard] = max(ends.get(shard, -1), part.until)
    return ends


def next_pass(state: CopyState, parts: Iterable[CopyPart]) -> CopyState:
    """The state of another pass over the whole index; nothing that it finds in place is a collision."""
    return msgspec.structs.replace(
        state,
        passes=state.passes + 1,
        repeats=state.repeats + 1,
        most=state.done,
        most_refused=state.refused,
        parts=tuple(parts),
    )


def held_of(state: CopyState, count: int) -> int:
    """How many of the documents that were read an index holds that had some before, by its own count.

    Every document was acknowledged as written, or as there already; the index must have grown by those written at
    least. More than that says nothing: others may write to it too.
    """
    return state.done - state.refused - max(0, state.written - (count - state.base))


def acknowledged(
    state: CopyState, position: int, tally: Tally, *, after: int, is_last: bool, is_fresh: bool
) -> CopyState:
    """The state after a page of a part was settled; `after` is the number up to which the part is then done.

    `is_fresh` says that this run made the destination's index. A document found in place there is a collision (two
    documents want one _id), unless this page, or this pass, may have been written before.
    """
    part = state.parts[position]
    is_again = not is_fresh or state.repeats > 0 or part.replay > 0 or tally.is_unsure
    replay = part.replay
    if replay and tally.settled and not part.is_scrolled:
        replay = IN_FLIGHT if tally.conflicts else replay - 1
    part = msgspec.structs.replace(
        part,
        after=after,
        is_done=is_last,
        settled=part.settled + tally.settled,
        refused=part.refused + tally.refused,
        replay=replay,
    )
    state = msgspec.structs.replace(
        state,
        written=state.written + tally.written,
        there=state.there + (tally.conflicts if is_again else 0),
        collided=state.collided + (0 if is_again else tally.conflicts),
        retries=state.retries + tally.retries,
    )
    return state.with_part(position, part)
