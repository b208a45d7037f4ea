"""What a file is, by its first bytes: format, encoding, delimiter. A name decides only where content cannot."""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import PurePath
from typing import Final

import msgspec

from esmigrate_tui.model.files import FileFormat, LineBreak
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.hits import RESPONSE
from esmigrate_tui.reading.json_lines import BOM
from esmigrate_tui.reading.members import ObjectMember, members
from esmigrate_tui.reading.separated import SAYS

_PACKED: Final = frozenset({".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz"})
_DELIMITERS: Final = (",", "\t", ";", "|")
_ACTIONS: Final = frozenset({"index", "create", "update", "delete"})
_LINES: Final = 50
PARQUET: Final = b"PAR1"
_BESIDE_HITS: Final = frozenset(
    b"took timed_out _shards hits _scroll_id aggregations suggest profile num_reduce_phases terminated_early pit_id "
    b"_clusters status id is_partial is_running start_time_in_millis expiration_time_in_millis "
    b"completion_time_in_millis response responses docs".split()
)
_UNPACK: Final = "Unpack it, and name the files that were in it."
_AS_CSV: Final = "Open it, and save the sheet as CSV, in UTF-8."
_AS_PARQUET: Final = "Convert it to Parquet or to lines of JSON first."
_KNOWN: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a workbook of an old Excel (.xls), or another old Office document", _AS_CSV),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x1f\x9d", "packed by compress (.Z)", _UNPACK),
    (b"\x04\x22\x4d\x18", "packed by lz4", "Unpack it first: lz4 -d FILE"),
    (b"\xff\x06\x00\x00sNaPpY", "packed by snappy", _UNPACK),
    (b"LZIP", "packed by lzip", _UNPACK),
    (b"Obj\x01", "an Avro file", _AS_PARQUET),
    (b"ORC", "an ORC file", _AS_PARQUET),
    (b"ARROW1", "an Arrow (Feather) file", _AS_PARQUET),
    (b"\xff\xff\xff\xff", "an Arrow stream", _AS_PARQUET),
    (b"SQLite format 3\0", "a SQLite database", "Export its tables as CSV first."),
    (b"%PDF", "a PDF document", "Documents cannot be taken out of it here."),
)
_TAR_AT: Final = 257
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BINARY: Final = 0.1  # of the first bytes; a table in which a few NULs are is one


def refuse_known(start: bytes, name: str) -> None:
    """Raise ProblemError (unsupported) for what is known and not read here: archives, workbooks, files of databases.

    `start` is a file's beginning, after it was unpacked where it is packed.
    """
    if start[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        suffix = PurePath(name).suffix.lower()
        if b"xl/" in start or suffix in {".xlsx", ".xlsm", ".xlsb"}:
            raise _refused(name, "an Excel workbook (.xlsx)", _AS_CSV)
        if b"opendocument.spreadsheet" in start or suffix == ".ods":
            raise _refused(name, "a workbook of LibreOffice (.ods)", _AS_CSV)
        raise _refused(name, "a zip archive", "Unpack it first: unzip FILE")
    if start[_TAR_AT : _TAR_AT + 5] == b"ustar":
        raise _refused(name, "a tar archive", "Unpack it first: tar -xf FILE")
    for magic, what, todo in _KNOWN:
        if start.startswith(magic):
            raise _refused(name, what, todo)


def _refused(name: str, what: str, todo: str) -> ProblemError:
    return ProblemError.of(Cause.UNSUPPORTED, f"{clean(name, 300)} is {what}, which is not read here.", todo=todo)


def format_of(start: bytes, name: str) -> FileFormat:
    """The format of a file that begins so, in UTF-8 or the like; raises ProblemError for what cannot be read at all."""
    if start.startswith(PARQUET):
        return FileFormat.PARQUET
    refuse_known(start, name)
    head = start[:4_000]
    if len(_CONTROL.findall(head)) > _BINARY * len(head):
        raise ProblemError.of(
            Cause.UNSUPPORTED,
            f"{clean(name, 300)} is neither JSON nor a table of text, nor anything else that is known here.",
            todo="Convert it to CSV, to lines of JSON or to Parquet first.",
        )
    text = start.removeprefix(BOM).lstrip()
    if text.startswith(b"["):
        return FileFormat.HITS if _is_hit(members(text[1:].lstrip())) else FileFormat.JSON
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


def _is_hit(found: list[ObjectMember]) -> bool:
    """Whether the members of an object are those of a hit: a document, and where it was found."""
    own = {one.name: one.opens for one in found if one.depth == 1}
    return own.get(b"_source") == b"{" and bool(own.keys() & {b"_id", b"_index"})


def _is_response(found: list[ObjectMember]) -> bool:
    """Whether they are those of a search response, or of several, and of nothing else."""
    own = {one.name for one in found if one.depth == 1}
    lists = {one.name: one.opens for one in found if one.depth == 2 or one.name in {b"docs", b"responses"}}
    has_hits = lists.get(b"hits") in {b"[", b"{"} or b"[" in {lists.get(b"docs"), lists.get(b"responses")}
    names_docs = own == {b"docs"}
    return bool(own & RESPONSE) and own <= _BESIDE_HITS and has_hits and (b"docs" not in own or names_docs)


def _of_objects(text: bytes) -> FileFormat:
    """Which of the formats that begin with a brace: by what is in the first object."""
    first, _, rest = text.partition(b"\n")
    found = members(text)
    try:
        value = msgspec.json.decode(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = None
    if _is_response(found):
        return FileFormat.HITS
    if _is_hit(found):
        # A hit a line is what elasticdump writes; the first line may be longer than what was read.
        return FileFormat.ELASTICDUMP if value is not None or not rest else FileFormat.HITS
    if value is None:
        # A first line that is open goes on in the next; one that is only wrong is a bad row among good ones.
        goes_on = rest.lstrip()[:1] in {b'"', b"}"} or first.rstrip() in {b"{", b""}
        return FileFormat.JSON if goes_on else FileFormat.NDJSON
    if isinstance(value, dict):
        if "_source" in value and isinstance(value["_source"], dict):
            return FileFormat.ELASTICDUMP
        if len(value) == 1 and value.keys() <= _ACTIONS and isinstance(next(iter(value.values())), dict):
            return FileFormat.BULK
    return FileFormat.NDJSON


# -- encodings -------------------------------------------------------------------------------------------------------


def wide_encoding_of(start: bytes) -> str:
    """The encoding of a text whose characters have two or four bytes, by its mark or by its zeros; "" for others."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = start[:2_000]
    if b"\0" not in head:
        return ""
    zeros = [head[at::4].count(0) / max(1, len(head[at::4])) for at in range(4)]
    many, few = 0.6, 0.2  # a sign beyond the first 65 536 has a zero where others have none
    if min(zeros[2:]) > many and zeros[0] < few:
        return "utf-32-le"
    if min(zeros[:2]) > many and zeros[3] < few:
        return "utf-32-be"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > many and even < few:
        return "utf-16-le"
    return "utf-16-be" if even > many and odd < few else ""


def encoding_of(start: bytes, *, is_whole: bool = False) -> str:
    """The encoding of a text of bytes; where it is not the whole of it, a character cut at its end proves nothing.

    A text in which some lines are UTF-8 beyond ASCII is in UTF-8, and its other lines are bad: read in another
    encoding, the good ones would be garbled and nobody told.
    """
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        is_cut = not is_whole and len(start) - error.start < 4 and error.reason == "unexpected end of data"
        if is_cut or start.startswith(BOM):
            return "utf-8"
    else:
        return "utf-8"
    lines = [line for line in re.split(rb"[\r\n]+", start) if not line.isascii()]
    bad = [line for line in lines if not _is_utf8(line)]
    if len(bad) < len(lines) and (foreign := _foreign(b"\n".join(bad))) and (len(lines) - len(bad)) * 10 < len(bad):
        return foreign  # a line of Chinese may look like UTF-8 by chance
    if len(bad) < len(lines):
        return "utf-8"
    return _foreign(b"\n".join(bad)) or _western(b"\n".join(bad))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


_ENOUGH: Final = 16 * 1024  # bytes that are judged: more makes it slower, not better


def _foreign(text: bytes) -> str:
    """The encoding of a text in another script than the Latin one, "" for others.

    What the library says of Latin texts is not followed: it takes German for Mac's Latin 2, French and Spanish for
    cp1250. Of others it is right, as far as was tried. A word in which Latin letters stand beside others is garbled.
    """
    import charset_normalizer  # noqa: PLC0415  # loaded where a file is not in UTF-8

    found = charset_normalizer.from_bytes(text[:_ENOUGH]).best()
    if found is None:
        return ""
    try:
        decoded = text[:_ENOUGH].decode(found.encoding, "replace")
    except LookupError:
        return ""
    words = [word for word in re.findall(r"[^\W\d_]+", decoded) if not word.isascii()]
    scripts = [{unicodedata.name(letter, "?").split()[0] for letter in word} for word in words]
    is_other = [names.isdisjoint({"LATIN", "?", "FEMININE", "MASCULINE", "MICRO"}) for names in scripts]
    return str(found.encoding) if is_other and sum(is_other) > 0.9 * len(is_other) else ""


def _western(text: bytes) -> str:
    """The encoding of Windows in the west where it has a character for each byte, else that of Unix."""
    try:
        text.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


# -- tables ----------------------------------------------------------------------------------------------------------


def breaks_of(start: bytes) -> LineBreak:
    """What ends its lines: a carriage return alone where there is one, and no line feed, outside of quotes."""
    outside = _outside_quotes(start)
    return LineBreak.CR if b"\r" in outside and b"\n" not in outside else LineBreak.LF


def delimiter_of(start: bytes) -> str:
    """What most likely separates the cells: what the first lines have most evenly, outside of quotes."""
    if (said := SAYS.fullmatch(start.removeprefix(BOM).partition(b"\n")[0])) and said[1].isascii():
        return said[1].decode()
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
