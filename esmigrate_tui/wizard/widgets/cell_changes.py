"""Only what looks different goes over the line: each cell is compared with what the terminal shows already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.style import Style
    from textual.strip import Strip

Cell = tuple[str, "Style | None"]

_JUMP: Final = 12
"""Cells that may be sent again without need: to move the cursor and change a style costs about as many bytes."""


class TerminalCells:
    """The cells that the terminal shows, as far as they were sent through this; by row, then by column."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, Cell]] = {}

    def forget(self) -> None:
        """All of it was painted anew, by something else."""
        self._rows.clear()

    def news(self, y: int, left: int, strip: Strip) -> list[tuple[int, int]]:
        """The stretches of a strip at `left` that look different, as columns (first, one after the last) of it."""
        row = self._rows.setdefault(y, {})
        stretches: list[tuple[int, int]] = []
        shown = cells(strip)
        for at, cell in enumerate(shown):
            if row.get(left + at) == cell:
                continue
            row[left + at] = cell
            if stretches and at - stretches[-1][1] <= _JUMP:
                stretches[-1] = (stretches[-1][0], at + 1)
            else:
                stretches.append((at, at + 1))
        return [(first, _uncut(shown, last)) for first, last in stretches]


def cells(strip: Strip) -> list[Cell]:
    """What each cell of a strip shows; "" is the second half of a wide character."""
    found: list[Cell] = []
    for text, style, _ in strip:
        if text.isascii():
            found += [(character, style) for character in text]
            continue
        for character in text:
            taken = cell_len(character)
            if taken:
                found += [(character, style), ("", style)][:taken]
            elif found:
                found[-1] = (found[-1][0] + character, style)
    return found


def _uncut(shown: list[Cell], last: int) -> int:
    """Where a stretch ends that keeps a wide character's second half, and accents that are a segment of their own."""
    while last < len(shown) and (not shown[last][0] or len(shown[last - 1][0]) > 1):
        last += 1
    return last
