"""Only what looks different goes over the line: each cell is compared with what the terminal shows already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.control import Control
from textual._compositor import ChopsUpdate  # private: there is no public way to send a part of a row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.style import Style
    from textual.strip import Strip

Cell = tuple[str, "Style | None"]

_JUMP: Final = 12
"""Cells that may be sent again without need: to move the cursor and take up a style costs about as many bytes."""


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
        for at, cell in enumerate(cells(strip)):
            if row.get(left + at) == cell:
                continue
            row[left + at] = cell
            if stretches and at - stretches[-1][1] <= _JUMP:
                stretches[-1] = (stretches[-1][0], at + 1)
            else:
                stretches.append((at, at + 1))
        return [(first, last + (last < strip.cell_length and _is_cut(strip, last))) for first, last in stretches]


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


def _is_cut(strip: Strip, column: int) -> bool:
    """Whether a stretch that ends before this column would leave out the second half of a wide character."""
    return not cells(strip)[column][0]


class SparingUpdate(ChopsUpdate):
    """An update that sends nothing twice; to be made when it is sent, since from then on it counts as shown."""

    def __init__(self, update: ChopsUpdate, shown: TerminalCells, console: Console) -> None:
        super().__init__(update.chops, update.spans, update.chop_ends)
        self.text = "".join(self._sequences(shown, console))

    def render_segments(self, console: Console) -> str:
        """The bytes for the terminal."""
        del console
        return self.text

    def _sequences(self, shown: TerminalCells, console: Console) -> Iterator[str]:
        for y, first, last in self.spans:
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or start >= last or end <= first:
                    continue
                left, right = max(start, first), min(end, last)
                part = strip.crop(left - start, right - start)
                for begins, ends in shown.news(y, left, part):
                    yield Control.move_to(left + begins, y).segment.text
                    yield part.crop(begins, ends).simplify().render(console)
