"""Text that came from a cluster, made safe to show; numbers, sizes and times as a person reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST: Final = 2_000
"""Characters kept of one string that a cluster sent; a name has at most 255, an error body may have millions."""

_MOST_DIGITS: Final = 18
_CONTROL_PICTURES: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_UNSEEN: Final = re.compile(
    "[\u0080-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_RAW: Final = re.compile(_UNSEEN.pattern.replace("[", "[\x7f", 1))


def clean(text: str, longest: int = LONGEST) -> str:
    """What a cluster sent, harmless on a terminal: controls as pictures, invisible and bidi characters spelled out.

    A longer text than `longest` characters is cut and says how much is missing. Idempotent for text short enough.
    """
    if text.isascii() and text.isprintable() and len(text) <= longest:
        return text
    kept, missing = text[:longest], len(text) - longest
    seen = _UNSEEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", kept.translate(_CONTROL_PICTURES))
    return seen if missing <= 0 else f"{seen} … ({number(missing)} more characters)"


def escaped(text: str, *, astral: str = "") -> str:
    r"""JSON or TOML in which what a terminal would obey or hide is spelled \uXXXX: the same value, harmless to show.

    `astral` is the format of a character beyond U+FFFF, as TOML has it; else two surrogates, as JSON has it.
    """
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    return _RAW.sub(lambda found: _spelled(ord(found[0]), astral), text)


def _spelled(code: int, astral: str) -> str:
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    if astral:
        return astral.format(code)
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def number(value: int, gap: str = " ") -> str:
    """An integer with its digits in groups of three: 1 234 567."""
    return f"{value:,}".replace(",", gap)


def whole_number(text: str) -> int | None:
    """The number that a text of plain digits is; None for any other, and for one that no count comes to."""
    return int(text) if len(text) <= _MOST_DIGITS and text.isascii() and text.isdigit() else None


def size(byte_count: float) -> str:
    """Bytes in binary units with one decimal where it helps: 512 B, 1.2 GiB, 301 GiB."""
    value = float(byte_count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} PiB"


def duration(seconds: float) -> str:
    """Seconds as a person says them: 4 s, 4 min 20 s, 3 h 05 min, 2 d 4 h."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def counted(amount: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun: 1 document, 3 documents."""
    return f"{number(amount)} {singular if amount == 1 else plural or singular + 's'}"


def rate(documents_per_second: float) -> str:
    """A rate in words: 1,200 documents a second."""
    if 0.0 < documents_per_second < 1.0:
        return "less than 1 document a second"
    return f"{counted(round(documents_per_second), 'document')} a second"


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names after one another, each cleaned; of many the first, and how many more there are."""
    names = tuple(names)
    shown = ", ".join(clean(name, 300) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {number(len(names) - most)} more"


def timestamp(at: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
