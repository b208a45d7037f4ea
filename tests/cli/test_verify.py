"""What `esmigrate verify` prints of a comparison."""

from __future__ import annotations

from esmigrate_tui.cli.commands.verify import lines_of
from esmigrate_tui.model.difference import Difference, DifferenceKind, IndexComparison


def test_equal_indices_are_told_in_two_lines() -> None:
    assert lines_of(IndexComparison(source_count=1200, destination_count=1200), "orders", "orders") == [
        "orders: 1 200 documents on the source, 1 200 on the destination, compared byte for byte.",
        "Every document of each side is on the other.",
    ]


def test_how_it_was_compared_and_what_could_not_be_is_said() -> None:
    compared = IndexComparison(source_count=1, destination_count=1, by_value=True, without_source=2, partitions=1)
    assert lines_of(compared, "a", "b") == [
        (
            "a and b: 1 document on the source, 1 on the destination, "
            "compared by their values (numbers exactly, layout aside)."
        ),
        "! 2 documents of both sides keep no _source: of those only _id and routing were compared.",
        "Every document of each side is on the other. Some were written to meanwhile, and were compared again.",
    ]


def test_differences_stand_by_kind_with_the_first_of_many() -> None:
    missing = [Difference(kind=DifferenceKind.MISSING, id=str(number)) for number in range(25)]
    changed = Difference(kind=DifferenceKind.CONTENT, id="x")
    compared = IndexComparison(
        source_count=30, destination_count=5, differences=(*missing, changed), partitions=26, partitions_left=3
    )
    lines = lines_of(compared, "a", "a")
    assert lines[1] == "25 documents, missing on the destination:"
    assert lines[22:] == [
        "  and 5 more",
        "1 document, another content:",
        "  x",
        "There are more: 3 of 26 parts of the index that differ were not looked into.",
    ]
