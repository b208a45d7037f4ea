"""What a file is, by its first bytes: format, encoding, delimiter. A name decides only where content cannot."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

import msgspec

from esmigrate_tui.model.files import FileFormat
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.json_lines import BOM

_PACKED: Final = frozenset({".gz", ".gzip", ".zst", ".zstd"})
_DELIMITERS: Final = (",", "\t", ";", "|")
_ACTIONS: Final = frozenset({"index", "create", "update", "delete"})
_LINES: Final = 50
PARQUET: Final = b"PAR1"


def format_of(start: bytes, name: str) -> FileFormat:
    """The format of a file that begins so; raises ProblemError (usage) for what cannot be read at all."""
    if start.startswith(PARQUET):
        return FileFormat.PARQUET
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:1_000]:
        raise ProblemError(
            Problem(
                cause=Cause.UNSUPPORTED,
                what=f"{clean(name, 300)} is neither JSON nor a table of text, or it is in UTF-16.",
                todo="Convert it first, for instance: iconv -f utf-16 -t utf-8",
            )
        )
    text = start.removeprefix(BOM).lstrip()
    if text.startswith(b"["):
        return FileFormat.JSON
    if text.startswith(b"{"):
        return _of_objects(text)
    suffix = _suffix(name)
    if suffix in {".json", ".ndjson", ".jsonl"}:
        return FileFormat.NDJSON
    return FileFormat.TSV if suffix in {".tsv", ".tab"} else FileFormat.CSV


def _suffix(name: str) -> str:
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    while suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _of_objects(text: bytes) -> FileFormat:
    """Which of the formats that begin with a brace: by what is in the first line."""
    first, _, rest = text.partition(b"\n")
    try:
        value = msgspec.json.decode(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # A first line that is open goes on in the next; one that is only wrong is a bad row among good ones.
        goes_on = rest.lstrip()[:1] in {b'"', b"}"} or first.rstrip() in {b"{", b""}
        return FileFormat.JSON if goes_on else FileFormat.NDJSON
    if isinstance(value, dict):
        if "_source" in value and isinstance(value["_source"], dict):
            return FileFormat.ELASTICDUMP
        if len(value) == 1 and value.keys() <= _ACTIONS and isinstance(next(iter(value.values())), dict):
            return FileFormat.BULK
    return FileFormat.NDJSON


def encoding_of(start: bytes) -> str:
    """UTF-8 where all of it is, else Latin-1, in which everything is something; a cut character at the end is none."""
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if len(start) - error.start < 4 and error.reason == "unexpected end of data" else "latin-1"
    return "utf-8"


def delimiter_of(start: bytes) -> str:
    """What most likely separates the cells: what the first lines have most evenly, outside of quotes."""
    lines = [_outside_quotes(line) for line in start.removeprefix(BOM).split(b"\n")[:_LINES] if line.strip()]
    if len(lines) > 2:
        lines.pop()  # it may be cut
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        counts = [line.count(delimiter.encode()) for line in lines]
        if not counts or not counts[0]:
            continue
        even = sum(count == counts[0] for count in counts) / len(counts)
        score = even * 100 + min(counts[0], 50)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _outside_quotes(line: bytes) -> bytes:
    return b"".join(line.split(b'"')[::2])
