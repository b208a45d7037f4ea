"""How values become lines of a screen: fitting, wrapping, rules, marks. Pure; every width is in terminal cells."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len, set_cell_size
from rich.text import Text

if TYPE_CHECKING:
    from esmigrate_tui.model.ledger import Request

# One accent, one for trouble, one for good; all of them the terminal's own colours. The rest is bold, plain or dim.
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

_PLAIN: Final = str.maketrans(
    {
        "─": "-",
        "│": "|",
        "█": "#",
        "▌": "=",
        "░": ".",
        "▁": "_",
        "▂": "_",
        "▃": ".",
        "▄": ".",
        "▅": "-",
        "▆": "-",
        "▇": "=",
        "→": ">",
        "←": "<",
        "↑": "^",
        "↓": "v",
        "…": ".",
        "•": "*",
        "–": "-",
        "—": "-",
        "≈": "~",
        "≠": "#",
        "≤": "<",
        "≥": ">",
        "×": "x",
        "·": ".",
        "’": "'",
        "“": '"',
        "”": '"',
        "✓": "+",
        "✗": "x",
        "▸": ">",
        "■": "*",
        "□": "o",
    }
)


WIDEST_NAME: Final = 72
"""Cells of a list's first column at most: an eye that has to cross more of nothing loses the row."""
WIDEST_LINE: Final = 120
"""Cells of a sentence, and of what stands at both ends of a line, at most: what is longer is hard to follow."""


@dataclass(frozen=True)
class Look:
    """What the drawing has to go by: room in cells, and whether only ASCII can be shown."""

    width: int
    height: int = 24
    ascii_only: bool = False

    @classmethod
    def for_reading(cls, width: int, *, ascii_only: bool) -> Look:
        """Room for sentences: on a large terminal less than there is."""
        return cls(min(width, WIDEST_LINE), 0, ascii_only)

    def mark(self, kind: Mark) -> Text:
        """A mark as this terminal can show it; a word always stands beside it."""
        fine, plain, style = _MARKS[kind]
        return ink(plain if self.ascii_only else fine, style)


def ink(text: str, style: str = "") -> Text:
    """The start of a line: unlike Text's own style, this one ends with the text."""
    return Text().append(text, style)


def plain(text: str) -> str:
    """The text in ASCII, each character in as many cells as before, so that nothing moves."""
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else "?" * cell_len(character) for character in text.translate(_PLAIN)
    )


def fit(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """The text in exactly `width` cells: filled with blanks, or cut with an ellipsis."""
    if width <= 0:
        return ""
    taken = cell_len(text)
    if taken > width:
        return set_cell_size(text, width - 1) + "…"
    blanks = " " * (width - taken)
    return blanks + text if align == "right" else text + blanks


def shorten(text: str, width: int) -> str:
    """The text in at most `width` cells."""
    return text if cell_len(text) <= width else fit(text, width)


_HELD: Final = "\u00a0"
_IN_NUMBERS: Final = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, broken at blanks; line ends and numbers stay whole."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        held = _IN_NUMBERS.sub(_HELD, paragraph)
        lines += [line.replace(_HELD, " ") for line in _wrapped(held, max(4, width))]
    return lines


def _wrapped(paragraph: str, width: int) -> list[str]:
    indent = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))][: width // 2]
    lines, line = [], indent
    for word in filter(None, paragraph.split(" ")):
        rest = word
        gap = "" if line == indent else " "
        if cell_len(line) + len(gap) + cell_len(rest) <= width:
            line += gap + rest
            continue
        if line != indent:
            lines.append(line)
        line = indent
        while cell_len(line) + cell_len(rest) > width:
            piece = set_cell_size(rest, width - cell_len(line)).rstrip(" ") or rest[:1]
            lines.append(line + piece)
            rest, line = rest[len(piece) :], indent
        line += rest
    return [*lines, line]


def paragraph(text: str, width: int, indent: int = 1, style: str = "") -> list[Text]:
    """Wrapped lines with a margin to the left and one cell to the right, none too long to be read."""
    return [ink(" " * indent).append(line, style) for line in wrap(text, min(width, WIDEST_LINE) - indent - 1)]


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


def clock(at: float) -> str:
    """A moment as the time of day here: 22:46:10."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%H:%M:%S")


def moment(at: float) -> str:
    """A moment as day and time here: 2026-11-23 22:46."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def fingerprint(digits: str) -> str:
    """A fingerprint in pairs, as other tools show it: 9F:2C:41."""
    upper = digits.upper()
    return ":".join(upper[at : at + 2] for at in range(0, len(upper), 2))


def as_console(request: Request) -> str:
    """A request as a console takes it, with its body spread over lines."""
    import json  # noqa: PLC0415  # the first screen shows no request

    body = request.body
    with contextlib.suppress(ValueError):  # a body that is no JSON is shown as it is
        body = json.dumps(json.loads(body), indent=2, ensure_ascii=False) if body else ""
    return f"{request.method} {request.path}" + (f"\n{body}" if body else "")
