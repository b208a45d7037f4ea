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


class Digest:
    """The sums of one side; `form` is what of a document is compared: its bytes, or its values (`values.by_value`)."""

    def __init__(self, form: Callable[[bytes], bytes] = bytes) -> None:
        self._form = form
        self._counts = array("q", bytes(8 * PARTITIONS))
        self._sums = [0] * PARTITIONS

    def add(self, documents: Iterable[Document]) -> None:
        """Take in a page."""
        form, counts, sums = self._form, self._counts, self._sums
        for document in documents:
            name = document.id.encode("utf-8", "surrogatepass")
            routing = document.routing if document.routing is not None else document.parent
            keyed = blake2b(form(bytes(document.source)), digest_size=_BYTES)
            # lengths and marks between the parts: no two documents become the same run of bytes
            keyed.update(b"%d" % len(name) + name)
            keyed.update(_NONE if routing is None else b"\x01" + routing.encode("utf-8", "surrogatepass"))
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

    def as_bytes(self) -> bytes:
        """All of it, to be kept where a long reading may be broken off."""
        return msgspec.msgpack.encode(
            (self._counts.tobytes(), b"".join(total.to_bytes(_BYTES, "big") for total in self._sums))
        )

    @classmethod
    def from_bytes(cls, kept: bytes, form: Callable[[bytes], bytes] = bytes) -> Digest:
        """What `as_bytes` has kept."""
        counts, sums = msgspec.msgpack.decode(kept, type=tuple[bytes, bytes])
        digest = cls(form)
        digest._counts = array("q", counts)
        digest._sums = [int.from_bytes(sums[at : at + _BYTES], "big") for at in range(0, len(sums), _BYTES)]
        return digest
