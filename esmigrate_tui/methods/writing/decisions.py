"""What is decided of what is written, as pure functions of values: sizes of bulks, pace, streams, outcomes, lines."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.elastic.paging import LARGEST_PAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

BULK_BYTES: Final = 8 * 1024 * 1024
FIRST_STREAMS: Final = 2
MOST_STREAMS: Final = 8

_FASTER: Final = 1.1  # what another stream must bring to be kept
_FIRST_WAIT: Final = 0.25
_LONGEST_WAIT: Final = 4.0
_TRIES: Final = 7  # 0.25 to 4 seconds, twelve in all: longer waits are the engine's
_FULL: Final = ("/12/", "read-only / allow delete", "flood-stage watermark")  # block 12, whatever its words

_LONGEST_WORDS: Final = 4_000  # characters of an answer that are matched

# "… rejected execution of primary operation […, primary_operation_bytes=80000032, max_primary_bytes=53687091]"
_TOO_MUCH_AT_ONCE: Final = re.compile(
    r"rejected execution of \w{1,40} operation \[[^\]]{0,600}?\w{1,40}_operation_bytes=(\d{1,18}),"
    r" max_\w{1,40}_bytes=(\d{1,18})"
)


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one page; `is_unsure` where a request of it was sent twice and may have been obeyed both times."""

    written: int = 0
    conflicts: int = 0
    refused: int = 0
    retries: int = 0
    is_unsure: bool = False

    @property
    def settled(self) -> int:
        """How many documents it had."""
        return self.written + self.conflicts + self.refused

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            written=self.written + other.written,
            conflicts=self.conflicts + other.conflicts,
            refused=self.refused + other.refused,
            retries=self.retries + other.retries,
            is_unsure=self.is_unsure or other.is_unsure,
        )


# -- sizes -----------------------------------------------------------------------------------------------------------


def bulks(sizes: Sequence[int], most_bytes: int, most_documents: int) -> tuple[slice, ...]:
    """A page in bulks that are neither too large nor too long; a document that is too large by itself is alone."""
    found: list[slice] = []
    first, taken = 0, 0
    for position, size in enumerate(sizes):
        if position > first and (taken + size > most_bytes or position - first >= most_documents):
            found.append(slice(first, position))
            first, taken = position, 0
        taken += size
    if sizes:
        found.append(slice(first, len(sizes)))
    return tuple(found)


# -- pace ------------------------------------------------------------------------------------------------------------


class Throttle(msgspec.Struct, frozen=True, kw_only=True):
    """A pace in documents a second (0 for none), and when the next document may go."""

    rate: float = 0.0
    free_at: float = 0.0

    def taking(self, now: float, documents: int) -> tuple[Throttle, float]:
        """The throttle after so many documents, and how many seconds they have to wait before they go."""
        if self.rate <= 0:
            return self, 0.0
        begins = max(now, self.free_at)
        return msgspec.structs.replace(self, free_at=begins + documents / self.rate), begins - now

    def at(self, rate: float, now: float) -> Throttle:
        """The throttle at another pace: what was waited for at the old one counts no more."""
        return Throttle(rate=rate, free_at=now)

    @property
    def documents(self) -> int:
        """How many documents may go at once, so that the pace is even: half a second's."""
        return max(1, int(self.rate / 2)) if self.rate > 0 else LARGEST_PAGE


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """How many streams there are, and the best rate (documents a second) until now with how many that was."""

    streams: int = FIRST_STREAMS
    best: float = 0.0
    best_streams: int = FIRST_STREAMS
    is_settled: bool = False

    def after(self, rate: float, retries: int = 0) -> Streams:
        """The streams after a while at that rate, in which the destination sent back so many documents.

        One more while each brings a tenth, else back to the best and no more trying; one less when it is overrun.
        """
        if retries:
            fewer = max(1, self.streams - 1)
            return Streams(streams=fewer, best=rate, best_streams=fewer, is_settled=True)
        if self.is_settled:
            return self
        if rate <= self.best * _FASTER:
            return Streams(streams=self.best_streams, best=self.best, best_streams=self.best_streams, is_settled=True)
        more = min(MOST_STREAMS, self.streams + 1)
        return Streams(streams=more, best=rate, best_streams=self.streams, is_settled=more == self.streams)


# -- what the destination says ---------------------------------------------------------------------------------------


class ItemOutcome(Enum):
    """What an item of a bulk means for its document."""

    WRITTEN = "written"
    THERE = "there"
    LATER = "later"
    FULL = "full"
    BLOCKED = "blocked"
    TURNED_AWAY = "turned away"
    NO_INDEX = "no index"
    REFUSED = "refused"


_OF_ALL: Final = {
    "index_closed_exception": ItemOutcome.BLOCKED,
    "index_not_found_exception": ItemOutcome.NO_INDEX,
    "security_exception": ItemOutcome.TURNED_AWAY,
}
# What a node says with status 500 that ends, or that has lost a shard or another node: no fault of any document.
_ENDING: Final = frozenset(
    {
        "already_closed_exception",
        "connect_transport_exception",
        "engine_closed_exception",
        "engine_failed_engine_exception",
        "i_o_exception",
        "index_shard_closed_exception",
        "index_shard_not_started_exception",
        "no_longer_primary_shard_exception",
        "node_closed_exception",
        "node_disconnected_exception",
        "node_not_connected_exception",
        "receive_timeout_transport_exception",
        "shard_not_found_exception",
        "translog_exception",
    }
)


def item_outcome(status: int, reason: str) -> ItemOutcome:
    """What a status and the server's words mean: only a fault of the document itself is a refusal."""
    if status < 300:
        return ItemOutcome.WRITTEN
    if status == 409:
        return ItemOutcome.THERE
    # never by words alone: what a document holds may stand in the reason, and 2026/12/31 is no block 12
    kind = reason.partition(":")[0]
    if kind == "cluster_block_exception":
        return ItemOutcome.FULL if any(mark in reason for mark in _FULL) else ItemOutcome.BLOCKED
    if kind in _OF_ALL:
        return _OF_ALL[kind]
    if status >= 500 and "No space left on device" in reason:
        return ItemOutcome.FULL
    if status in {408, 429, 502, 503, 504} or (status >= 500 and kind in _ENDING):
        return ItemOutcome.LATER
    return ItemOutcome.REFUSED


def never_fits(words: str) -> bool:
    """Whether a server sent an operation back that is larger than all such memory it has: waiting cures nothing.

    https://www.elastic.co/guide/en/elasticsearch/reference/current/index-modules-indexing-pressure.html
    """
    found = _TOO_MUCH_AT_ONCE.search(words[:_LONGEST_WORDS])
    return found is not None and int(found[1]) > int(found[2])


def wait_before(tries: int) -> float | None:
    """Seconds before the next try of what was sent back, after so many; None where the engine is to wait instead."""
    return None if tries >= _TRIES else min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** max(0, tries - 1))


def action(identifier: str, routing: str | None, kind: str | None) -> bytes:
    """The line of a bulk that says where a document goes, never over another; `kind` where the server wants a type."""
    if routing is None and kind is None:  # almost every document: it takes half as long
        return b'{"create":{"_id":' + _encode(identifier) + b"}}\n"
    return _encode({"create": _Action(identifier, 0, kind, routing)}) + b"\n"


def versioned(identifier: str, routing: str | None, kind: str | None, version: int) -> bytes:
    """The same for a document that keeps its version: it goes where nothing as new as it is there.

    Since 5.0 no server takes a version from outside with the action `create`.
    """
    return _encode({"index": _Action(identifier, version, kind, routing, "external")}) + b"\n"


class _Action(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    identifier: str = msgspec.field(name="_id")
    version: int = 0
    kind: str | None = msgspec.field(name="_type", default=None)
    routing: str | None = None
    version_type: str = ""


_encode: Final = msgspec.json.Encoder().encode
