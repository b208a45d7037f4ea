"""A comparison of every document as it goes, seen from outside: how far it is, and what a later one goes on from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.model.difference import IndexComparison, together
from esmigrate_tui.verify.everything import ComparisonOptions, compare_everything

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.verify.counts import ComparedIndex
    from esmigrate_tui.verify.everything import ComparisonReading


class ComparisonProgress:
    """One proof of one task: given to `compare`, and kept when that is cancelled and called again.

    `is_brief` says that only numbers are wanted. `refused` are ids, cleaned, of documents that the destination is known
    to have refused. `pace` is documents a second of each side, 0 for no limit. `read` of about `total` documents of
    both sides were read; `total` is 0 while there is nothing to be read.
    """

    def __init__(self, *, is_brief: bool = False) -> None:
        self.is_brief = is_brief
        self.refused: frozenset[str] = frozenset()
        self.pace = 0.0
        self.read = 0
        self.total = 0
        self.is_naming = False
        self._done: dict[str, IndexComparison] = {}
        self._reading: tuple[str, ComparisonReading] | None = None

    async def compare(
        self, pairs: Sequence[tuple[ComparedIndex, ComparedIndex]], documents: int, *, values: bool | None
    ) -> IndexComparison | None:
        """Compare pairs of indices one after another, going on where it was broken off; `documents` is about how many.

        Each pair is a source's index and the destination's. Raises ProblemError.
        """
        for source, destination in pairs:
            if destination.name not in self._done:
                self._done[destination.name] = await self._one(source, destination, documents, values=values)
        return together([self._done[destination.name] for _, destination in pairs])

    async def _one(
        self, source: ComparedIndex, destination: ComparedIndex, documents: int, *, values: bool | None
    ) -> IndexComparison:
        before = sum(one.source_count + one.destination_count for one in self._done.values())

        def look(reading: ComparisonReading) -> None:
            if reading.sides is not None:  # a second reading begins anew, and is not resumed
                self._reading = (destination.name, reading)
            self.read, self.is_naming = before + reading.read, reading.is_naming
            self.total = max(documents, before + reading.total)

        name, reading = self._reading or ("", None)
        kept = reading.keep() if reading is not None and name == destination.name else b""
        manner = ComparisonOptions(values=values, pace=2 * self.pace, look=look, refused=self.refused)
        return await compare_everything(source, destination, manner, kept)
