"""How values become lines of text, for every face: fitting, wrapping, moments. Pure; widths are in terminal cells."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from esmigrate_tui.model.ledger import Request

_PLAIN: Final = str.maketrans(
    "─│█▌░▁▂▃▄▅▆▇→←↑↓…•–—≈≠≤≥×·’“”✓✗▸■□",
    '-|#=.__..--=><^v.*--~#<>x.\'""+x>*o',
)


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
