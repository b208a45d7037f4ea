"""How deep a JSON document is, by its bytes alone: no value is made of it, so that no depth can do any harm here."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

import msgspec

DOCUMENT_LEVELS: Final = 1_000
"""Levels of objects and lists that every server bears.

Newer ones refuse more by themselves (8.19 and 9.5 say so). 6.8.23 and 7.17.28 take 1 500 and die of 2 000: a
StackOverflowError ends the node, however the field is mapped.
"""

_NO_MARK: Final = bytes(set(range(256)) - set(b'{}[]"'))
_NO_MARK_NOR_COMMENT: Final = bytes(set(range(256)) - set(b'{}[]"/*\n'))
_STRING: Final = re.compile(rb'"[^"]*+"')
# A string or a comment (which servers take within a document), and what is left of either. What is not closed reaches
# to the end, and nothing is given back.
_BETWEEN: Final = re.compile(rb'"[^"]*+(?:"|\Z)|/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z)|//[^\n]*+|[/*\n]++')
_AT_ONCE: Final = 16  # times that the innermost brackets are taken out: few documents have more levels
_STEP: Final = [0] * 256
for _mark, _step in ((b"{", 1), (b"[", 1), (b"}", -1), (b"]", -1)):
    _STEP[_mark[0]] = _step


def depth_of(source: bytes) -> int:
    """The most brackets that are open at once."""
    return _counted(_brackets(source))


def is_document_too_deep(source: bytes, deepest: int = DOCUMENT_LEVELS) -> bool:
    """Whether a document has more levels than that; most have too few brackets for it, which is seen in no time."""
    if len(source) <= deepest or source.count(b"{") + source.count(b"[") <= deepest:
        return False
    left = brackets = _brackets(source)
    for _ in range(min(_AT_ONCE, deepest // 2)):
        if not left:
            return False
        left = left.replace(b"{}", b"").replace(b"[]", b"")
    return _counted(brackets) > deepest


def _counted(brackets: bytes) -> int:
    return max(accumulate(map(_STEP.__getitem__, brackets), initial=0))


def _brackets(source: bytes) -> bytes:
    """The brackets of a document that stand in no string."""
    try:
        msgspec.json.decode(source, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        is_plain = False  # it may have comments
    else:
        is_plain = True
    if b"\\" in source:
        source = source.replace(b"\\\\", b"").replace(b'\\"', b"")
    if not is_plain:
        return _BETWEEN.sub(b"", source.translate(None, _NO_MARK_NOR_COMMENT))
    # Strings without brackets go at once. Where two stand side by side their inner quotes are, and they are one.
    return _STRING.sub(b"", source.translate(None, _NO_MARK).replace(b'""', b""))
