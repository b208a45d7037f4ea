"""What indexing files decides, as pure functions of values: where it stands, what is found in place, the proof.

Pages are acknowledged in the order of the files: the token says up to which byte everything was settled, and of what
lies behind that nothing is counted, though some of it may have arrived.
"""

from __future__ import annotations

from typing import Final

import msgspec

from esmigrate_tui.methods.token import Token
from esmigrate_tui.methods.writing.decisions import FIRST_STREAMS, MOST_STREAMS, Tally
from esmigrate_tui.model.files import IdRule
from esmigrate_tui.reading.pages import RowPosition
from esmigrate_tui.verify import Comparison

_UNREAD: Final = 20  # files that are named


class FileState(Token, frozen=True, kw_only=True, omit_defaults=True):
    """Where the files of one task stand; its JSON is the token of each acknowledgement.

    `made` is the uuid of the destination's index, `base` how many documents it had before. `rows` were settled: each
    was `written`, found `there`, found in place when a request or a page was repeated (`unsure`: it most likely
    arrived the first time), or `refused`, by its parser or by the destination. `collided` of the refused wanted the _id
    of another row. `replay` is how many pages must be seen until nothing can be a repetition any more. `unread` names
    the first files that are not empty and gave no row, `lost` counts values that JSON does not have, `passed` rows of
    other indices than the one that was asked for.
    """

    made: str = ""
    base: int = 0
    place: RowPosition = RowPosition()
    rows: int = 0
    written: int = 0
    there: int = 0
    unsure: int = 0
    refused: int = 0
    collided: int = 0
    retries: int = 0
    replay: int = 0
    streams: int = FIRST_STREAMS
    unread: tuple[str, ...] = ()
    lost: int = 0
    passed: int = 0

    def beside(self, unread: tuple[str, ...], passed: int, lost: int = 0) -> FileState:
        """The state with files that gave no row, and what else was seen beside the rows that were settled."""
        return msgspec.structs.replace(
            self,
            unread=(self.unread + unread)[:_UNREAD],
            passed=self.passed + passed,
            lost=self.lost + lost,
        )

    def total(self, size: int) -> int | None:
        """How many rows there are, reckoned from the bytes they took; exact at the end, None before the first.

        The board counts documents, as the pace and the rejects do. How many a file holds is not known before it was
        read; how much of it was read is known, and makes a share and a time that is left.
        """
        if self.place.bytes >= size:
            return self.rows
        if not self.rows or not self.place.bytes:
            return None
        return max(self.rows, round(self.rows * size / self.place.bytes))


def resumed(state: FileState) -> FileState:
    """The state to go on from after a break: as many pages as can have been under way may have arrived."""
    return msgspec.structs.replace(state, replay=MOST_STREAMS + 1)


def are_collisions(state: FileState, tally: Tally, rule: IdRule, *, is_fresh: bool) -> bool:
    """Whether what a page found in place are two rows that want one _id, so that the second is not to be lost silently.

    Not where something may have been sent before, not in an index that had documents, and not where the _id is a hash:
    then it is the same row. Where each row gets a new _id, only rows with one of their own can be found in place.
    """
    is_first_time = is_fresh and not state.replay and not tally.is_unsure
    return is_first_time and rule is not IdRule.HASH


def settled(state: FileState, place: RowPosition, tally: Tally, bad: int, rule: IdRule, *, is_fresh: bool) -> FileState:
    """The state after a page: `bad` of its rows were no documents."""
    found = tally.conflicts
    collided = found if are_collisions(state, tally, rule, is_fresh=is_fresh) else 0
    is_again = state.replay > 0 or tally.is_unsure
    unsure = found if is_again else 0
    replay = state.replay
    if replay:
        replay = MOST_STREAMS + 1 if found else replay - 1
    return msgspec.structs.replace(
        state,
        place=place,
        rows=state.rows + tally.settled + bad,
        written=state.written + tally.written,
        there=state.there + found - collided - unsure,
        unsure=state.unsure + unsure,
        refused=state.refused + tally.refused + bad + collided,
        collided=state.collided + collided,
        retries=state.retries + tally.retries,
        replay=replay,
    )


def compared(state: FileState, count: int, rule: IdRule, *, is_fresh: bool) -> Comparison:
    """The rows of the files against what the destination holds of them, by its own count.

    Every row that was written must be one document more than there were. Of those that were found in place by a
    repetition this is not sure where the index had documents, or where equal rows are one document.
    """
    arrived = count - state.base
    sure, likely = state.written, state.written + state.unsure
    may_be_less = not is_fresh or rule is IdRule.HASH
    held = likely if may_be_less and sure <= arrived <= likely else arrived
    return Comparison(source_count=state.rows, destination_count=held + state.there, unread=state.unread)
