"""How lines of a screen are drawn: ink, rules, marks. Pure; every width is in terminal cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len
from rich.text import Text

from esmigrate_tui.flow.layout import shorten, wrap

if TYPE_CHECKING:
    from esmigrate_tui.model.problem import Problem

# One accent, one for problems, one for good; all of them the terminal's own colours. The rest is bold, plain or dim.
ACCENT: Final = "cyan"
TROUBLE: Final = "red"
GOOD: Final = "green"
DIM: Final = "dim"
STRONG: Final = "bold"

MOVES: Final = "↑↓   "
"""Stands above the cursor's column of a list: the keys that move it."""

Mark = Literal["good", "bad", "warn", "here", "on", "off", "none"]

_MARKS: Final[dict[Mark, tuple[str, str, str]]] = {
    "good": ("✓", "ok", GOOD),
    "bad": ("✗", "x", TROUBLE),
    "warn": ("!", "!", STRONG),
    "here": ("▸", ">", ACCENT),
    "on": ("■", "[*]", ACCENT),
    "off": ("□", "[ ]", ""),
    "none": (" ", " ", ""),
}


WIDEST_NAME: Final = 72
"""Cells of a list's first column at most: an eye that has to cross more of nothing loses the row."""
WIDEST_LINE: Final = 120
"""Cells of a sentence, and of what stands at both ends of a line, at most: what is longer is hard to follow."""


@dataclass(frozen=True)
class Canvas:
    """What the drawing has to go by: room in cells, and whether only ASCII can be shown."""

    width: int
    ascii_only: bool = False

    @property
    def for_reading(self) -> Canvas:
        """Room for sentences: on a large terminal less than there is."""
        return Canvas(min(self.width, WIDEST_LINE), self.ascii_only)

    def mark(self, kind: Mark) -> Text:
        """A mark as this terminal can show it; a word always stands beside it."""
        fine, plain, style = _MARKS[kind]
        return ink(plain if self.ascii_only else fine, style)

    def row(self, mark: Mark | Text, *, here: bool) -> Text:
        """The start of a row in a list, five cells: where the cursor is, then a mark."""
        line = ink("").append_text(self.mark("here" if here else "none"))
        drawn = mark if isinstance(mark, Text) else self.mark(mark)
        return line.append(" " * max(0, 3 - drawn.cell_len)).append_text(drawn).append(" ", "none")


def ink(text: str, style: str = "") -> Text:
    """The start of a line: unlike Text's own style, this one ends with the text."""
    return Text().append(text, style)


def paragraph(text: str, width: int, indent: int = 1, style: str = "") -> list[Text]:
    """Wrapped lines with a margin to the left and one cell to the right, none too long to be read."""
    return [ink(" " * indent).append(line, style) for line in wrap(text, min(width, WIDEST_LINE) - indent - 1)]


def hanging(lead: Text, text: str, room: int, style: str = "none", *, most: int | None = None) -> list[Text]:
    """Lines behind a mark, a number or a word, each below the first one's text; the last of `most` is shortened."""
    indent = " " * lead.cell_len
    lines = wrap(text, room)
    if most is not None and len(lines) > most:
        lines[most - 1 :] = [shorten(" ".join(lines[most - 1 :]), room)]
    first, *rest = lines
    return [lead.append(first, style), *(ink(indent).append(line, style) for line in rest)]


def end_of(text: str, width: int) -> str:
    """The text, or as much of its end as there is room for: of a path, that tells it from others."""
    return text if cell_len(text) <= width else f"…{text[-(width - 1) :]}"


def no_rows(*hints: str, says: str = "") -> tuple[Text, ...]:
    """What stands in place of the rows of a list that has none: a sentence that stands out, if any, and hints."""
    first = (ink(f"     {says}"), Text()) if says else ()
    return (Text(), *first, *(ink(f"     {hint}" if hint else "", DIM) for hint in hints))


def explained(problem: Problem, width: int, indent: int = 1, style: str = TROUBLE) -> list[Text]:
    """A problem: what, in `style`, then why and what to do."""
    lines = paragraph(problem.what, width, indent, style)
    for sentence in (problem.why, problem.todo):
        lines += paragraph(sentence, width, indent) if sentence else []
    return lines


def filled(lines: list[Text], width: int, height: int) -> list[Text]:
    """Exactly so many lines, none wider than there is room."""
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return (lines + [Text()] * height)[:height]


def rule(width: int, title: str = "", right: str = "") -> Text:
    """A line across the screen with a title on the left and a word on the right."""
    left = f"─ {shorten(title, max(8, width - 6 - cell_len(right)))} " if title else ""
    end = f" {right} ─" if right else ""
    middle = "─" * max(0, width - cell_len(left) - cell_len(end))
    line = Text()
    if left:
        line.append("─ ", DIM).append(left[2:], STRONG)
    line.append(middle, DIM)
    if right:
        line.append(end[:-1]).append("─", DIM)
    line.truncate(width)
    return line


def spread(left: Text, right: Text, width: int) -> Text:
    """Two texts at both ends of a line; the left one gives way."""
    room = width - right.cell_len - 1
    if left.cell_len > room:
        left = left.copy()
        left.truncate(max(0, room), overflow="ellipsis")
    line = left.copy()
    line.append(" " * max(1, width - left.cell_len - right.cell_len))
    return line.append_text(right)
