"""Cells of a table of text as JSON: a number stays the digits it is written in, everything else becomes text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.reading.identity import UNFIT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from esmigrate_tui.model.files import TableColumn

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NUMBERS: Final = frozenset(
    {"long", "integer", "short", "byte", "unsigned_long", "double", "float", "half_float", "scaled_float"}
)
_TEXTS: Final = frozenset({"keyword", "text", "wildcard", "match_only_text", "constant_keyword"})
_encode: Final = msgspec.json.Encoder().encode

Cell = tuple[str, bool]
"""What a cell holds, and whether it stood in quotes."""


def number(text: str) -> bytes:
    """A number by its own digits; what JSON does not take for one goes as text, for the destination to judge."""
    bare = text.strip()
    return bare.encode() if _NUMBER.fullmatch(bare) else _encode(text)


def truth(text: str) -> bytes:
    """A boolean in whatever case it is written."""
    word = text.strip().lower()
    return word.encode() if word in {"true", "false"} else _encode(text)


def _as_text(text: str) -> bytes:
    return _encode(text)


class CellConverter:
    """Makes a JSON object of the cells of a row; empty ones are left out, but for an empty text in quotes."""

    def __init__(self, names: Sequence[str], columns: Sequence[TableColumn]) -> None:
        types = {column.name: column.type for column in columns}
        self.names = tuple(names)
        self._makers: list[tuple[bytes, Callable[[str], bytes], bool] | None] = []
        for name in names:
            kind = types.get(name, "keyword")
            if not kind or name in UNFIT:
                self._makers.append(None)  # the column is left out
                continue
            maker = number if kind in _NUMBERS else truth if kind == "boolean" else _as_text
            self._makers.append((_encode(name) + b":", maker, kind in _TEXTS))

    def document(self, cells: Sequence[Cell]) -> bytes:
        """The object of a row that has as many cells as there are names."""
        parts = [
            made[0] + made[1](text)
            for made, (text, is_quoted) in zip(self._makers, cells, strict=True)
            if made is not None and (text or (is_quoted and made[2]))
        ]
        return b"{" + b",".join(parts) + b"}"
