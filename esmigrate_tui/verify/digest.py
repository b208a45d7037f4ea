"""All documents of an index as a few thousand sums: equal on both sides, or it is known where to look.

A document goes into the partition that its _id says, whatever the order in which it is read; each partition has how
many documents there are and the sum of their hashes (of _id, routing and _source). The sums of two indices are equal
when their documents are, whatever shards they lie in; two that differ name the partitions, and only those are looked
into. Nothing grows with the number of documents.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from esmigrate_tui.verify.values import by_value as values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from esmigrate_tui.elastic.documents import Document

PARTITIONS: Final = 4_096
_BYTES: Final = 16
_WRAP: Final = 1 << (8 * _BYTES)
_NONE: Final = b"\x00\x00"


def partition(identifier: str) -> int:
    """The partition of an _id: the same on both sides, however often it is looked at."""
    return crc32(identifier.encode("utf-8", "surrogatepass")) % PARTITIONS


def where_kept(document: Document) -> str | None:
    """Its routing; before 6.0 a child's parent stands for it."""
    return document.routing if document.routing is not None else document.parent


class Digest:
    """The sums of one side, over the bytes of its documents or over their values.

    `bare` counts those without any, `left_out` those that were not meant to be looked for on the other side.
    """

    def __init__(self, *, by_value: bool = False) -> None:
        self.is_by_value = by_value
        self.bare = 0
        self.left_out = 0
        self._form: Callable[[bytes], bytes] = values_of if by_value else bytes
        self._counts = array("q", bytes(8 * PARTITIONS))
        self._sums = [0] * PARTITIONS

    def add(self, documents: Iterable[Document]) -> None:
        """Take in a page."""
        form, counts, sums = self._form, self._counts, self._sums
        for document in documents:
            name = document.id.encode("utf-8", "surrogatepass")
            routing = where_kept(document)
            source = bytes(document.source)
            self.bare += not source
            keyed = blake2b(form(source), digest_size=_BYTES)
            # lengths and marks between the parts: no two documents become the same run of bytes
            where = _NONE if routing is None else b"\x01" + routing.encode("utf-8", "surrogatepass")
            keyed.update(b"%d%b%b" % (len(name), name, where))
            place = crc32(name) % PARTITIONS
            counts[place] += 1
            sums[place] = (sums[place] + int.from_bytes(keyed.digest(), "big")) % _WRAP

    @property
    def documents(self) -> int:
        """How many were taken in."""
        return sum(self._counts)

    def count(self, place: int) -> int:
        """How many of them are in a partition."""
        return self._counts[place]

    def differing(self, other: Digest) -> tuple[int, ...]:
        """The partitions in which the two sides are not equal."""
        return tuple(
            place
            for place in range(PARTITIONS)
            if self._counts[place] != other._counts[place] or self._sums[place] != other._sums[place]
        )

    def merge(self, other: Digest) -> None:
        """Take in what another has summed up."""
        self.bare += other.bare
        self.left_out += other.left_out
        for place in range(PARTITIONS):
            self._counts[place] += other._counts[place]
            self._sums[place] = (self._sums[place] + other._sums[place]) % _WRAP

    def as_bytes(self) -> bytes:
        """All of it, to be kept where a long reading may be broken off."""
        sums = b"".join(total.to_bytes(_BYTES, "big") for total in self._sums)
        return msgspec.msgpack.encode((self.bare, self._counts.tobytes(), sums))

    @classmethod
    def from_bytes(cls, kept: bytes, *, by_value: bool = False) -> Digest:
        """What `as_bytes` has kept."""
        bare, counts, sums = msgspec.msgpack.decode(kept, type=tuple[int, bytes, bytes])
        digest = cls(by_value=by_value)
        digest.bare = bare
        digest._counts = array("q", counts)
        digest._sums = [int.from_bytes(sums[at : at + _BYTES], "big") for at in range(0, len(sums), _BYTES)]
        return digest
