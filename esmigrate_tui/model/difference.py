"""What a comparison of every document has found."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.text import number

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED: Final = 3  # of each kind, in a sentence


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


class IndexComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Every document of two indices, compared.

    `by_value` says that numbers and layout were compared by what they mean, not byte by byte. `without_source` counts
    documents of both sides that keep no _source: of those only _id and routing were compared. `refused` are documents
    of the source that the destination is known to have refused, and that were therefore not looked for there.
    `differences` names what is not the same; where there was too much of it, `partitions_left` of `partitions` that
    differ were not looked into.
    """

    source_count: int
    destination_count: int
    by_value: bool = False
    without_source: int = 0
    refused: int = 0
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

    @property
    def manner(self) -> str:
        """How they were compared, in words."""
        return "by value" if self.by_value else "byte for byte"

    @property
    def sentence(self) -> str:
        """What differs, by kind and with an _id of each, in one sentence; "" where nothing does."""
        said: list[str] = []
        for kind in DifferenceKind:
            if ids := [one.id for one in self.differences if one.kind is kind]:
                more = f" and {number(len(ids) - _NAMED)} more" if len(ids) > _NAMED else ""
                said.append(f"{number(len(ids))} {kind.words} ({', '.join(ids[:_NAMED])}{more})")
        if self.partitions_left:
            said.append(f"and more in {number(self.partitions_left)} of {number(self.partitions)} parts that differ")
        return ", ".join(said)


def together(each: Sequence[IndexComparison]) -> IndexComparison | None:
    """What several indices that belong together have come to; None of none."""
    if not each:
        return None
    return IndexComparison(
        source_count=sum(one.source_count for one in each),
        destination_count=sum(one.destination_count for one in each),
        by_value=any(one.by_value for one in each),
        without_source=sum(one.without_source for one in each),
        refused=sum(one.refused for one in each),
        differences=tuple(difference for one in each for difference in one.differences),
        partitions=sum(one.partitions for one in each),
        partitions_left=sum(one.partitions_left for one in each),
    )
