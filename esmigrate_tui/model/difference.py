"""What a comparison of every document has found."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class DifferenceKind(StrEnum):
    """In what way a document is not the same on both sides."""

    MISSING = "missing"
    EXTRA = "extra"
    ROUTING = "routing"
    CONTENT = "content"

    @property
    def words(self) -> str:
        """The kind as a person says it."""
        return _WORDS[self]


_WORDS = {
    DifferenceKind.MISSING: "missing on the destination",
    DifferenceKind.EXTRA: "only on the destination",
    DifferenceKind.ROUTING: "another routing",
    DifferenceKind.CONTENT: "another content",
}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One document that is not the same; its `id` cleaned, as it is only shown."""

    kind: DifferenceKind
    id: str


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Every document of two indices, compared.

    `by_value` says that numbers and layout were compared by what they mean, not byte by byte. `without_source` counts
    documents of both sides that keep no _source: of those only _id and routing were compared. `differences` names what
    is not the same; where there was too much of it, `partitions_left` of `partitions` that differ were not looked into.
    """

    source_count: int
    destination_count: int
    by_value: bool = False
    without_source: int = 0
    differences: tuple[Difference, ...] = ()
    partitions: int = 0
    partitions_left: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether every document of each side is on the other."""
        return not self.differences and not self.partitions_left

    def amount(self, kind: DifferenceKind) -> int:
        """How many of the named differences are of that kind."""
        return sum(difference.kind is kind for difference in self.differences)
