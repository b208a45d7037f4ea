"""Formats with a JSON object a line: plain, Elasticsearch's bulk format, elasticdump's. Documents stay their bytes.

https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-bulk.html
https://github.com/elasticsearch-dump/elasticsearch-dump
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.files import FileRow
from esmigrate_tui.model.text import clean, size
from esmigrate_tui.reading.identity import IdAssigner, NoIdError
from esmigrate_tui.reading.lines import LONGEST_ROW, LineCutter
from esmigrate_tui.reading.members import taken_out

if TYPE_CHECKING:
    from collections.abc import Iterable

BOM: Final = b"\xef\xbb\xbf"
_READS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)


class _BulkTarget(msgspec.Struct, frozen=True, gc=False):
    """What an action of a bulk says of its document; where it goes the plan says."""

    index: str = msgspec.field(name="_index", default="")
    id: str | int | None = msgspec.field(name="_id", default=None)
    routing: str | int | None = None
    old_routing: str | int | None = msgspec.field(name="_routing", default=None)
    parent: str | int | None = None
    old_parent: str | int | None = msgspec.field(name="_parent", default=None)

    @property
    def kept_by(self) -> str | None:
        """What decides its shard: its routing, or its parent's _id where it has none."""
        places = (self.routing, self.old_routing, self.parent, self.old_parent)
        return next((_text(one) for one in places if one is not None), None)


class _HitFields(msgspec.Struct, frozen=True, gc=False):
    """Where servers before 2.0 told routing and parent, where they were asked for."""

    routing: str | int | tuple[str | int, ...] | None = msgspec.field(name="_routing", default=None)
    parent: str | int | tuple[str | int, ...] | None = msgspec.field(name="_parent", default=None)


class _DumpedHit(msgspec.Struct, frozen=True, gc=False):
    """A hit of a search, as any version has it; elasticdump writes one a line."""

    index: str = msgspec.field(name="_index", default="")
    source: msgspec.Raw = msgspec.field(name="_source", default=msgspec.Raw())
    id: str | int | None = msgspec.field(name="_id", default=None)
    routing: str | int | None = msgspec.field(name="_routing", default=None)
    bare_routing: str | int | None = msgspec.field(name="routing", default=None)
    parent: str | int | None = msgspec.field(name="_parent", default=None)
    bare_parent: str | int | None = msgspec.field(name="parent", default=None)
    fields: _HitFields = _HitFields()

    @property
    def kept_by(self) -> str | None:
        """What decides its shard: its routing, or its parent's _id where it has none."""
        places = (
            self.routing,
            self.bare_routing,
            self.fields.routing,
            self.parent,
            self.bare_parent,
            self.fields.parent,
        )
        return next((_text(one) for one in places if one is not None and one != ()), None)


_objects: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_targets: Final = msgspec.json.Decoder(_BulkTarget)
_hits: Final = msgspec.json.Decoder(_DumpedHit)


def problem_of(text: bytes) -> str:
    """Why a text is no JSON object, "" where it is one.

    What msgspec does not read (half of a surrogate pair, a thousand levels) is left to Python, and to the destination.
    """
    try:
        _objects.decode(text)
        if not text.isascii():  # what is within values was passed over
            text.decode()
    except UnicodeDecodeError as error:
        return _no_text(error)
    except _READS as error:
        if isinstance(error, msgspec.ValidationError):
            return "it is no JSON object"
        try:
            if isinstance(json.loads(text), dict):
                return ""
        except RecursionError:
            return ""
        except UnicodeDecodeError as undecoded:
            return _no_text(undecoded)
        except ValueError:
            return f"it is not JSON: {clean(str(error), 200)}"
        return "it is no JSON object"
    return ""


def _no_text(error: UnicodeDecodeError) -> str:
    return f"it is not UTF-8: byte 0x{error.object[error.start]:02x} stands where none can"


def row_of(  # what a row has, in the order of its fields
    identity: IdAssigner,
    document: bytes,
    line: int,
    end: int,
    next_line: int,
    own: str | None = None,
    routing: str | None = None,
    index: str = "",
) -> FileRow:
    """The row of a document with its _id; a bad one where it has none and should. `own` is one that stands beside it.

    A line of a bulk ends with the first line break in it: those between its parts become spaces.
    """
    try:
        named = identity.of(document, end, own)
    except NoIdError as error:
        return FileRow(line, end, next_line, error=str(error), index=index)
    source = named.document.replace(b"\n", b" ")
    return FileRow(line, end, next_line, source, named.id, routing, index=index, has_own_id=named.is_own)


def row_of_hit(text: bytes, identity: IdAssigner, line: int, end: int, next_line: int) -> FileRow:
    """The row of a hit: its document, with the _id and the routing that stand beside it."""
    try:
        hit = _hits.decode(text)
        source = bytes(hit.source)
    except _READS:
        beside, raw = taken_out(text, b'"_source"')  # half of a surrogate pair, or many levels, may be in it
        try:
            hit, source = _hits.decode(beside), raw or b""
        except _READS:
            trouble = problem_of(text) or "its _id, its routing or its index is no text"
            return FileRow(line, end, next_line, error=f"it is no hit of a search: {trouble}")
    if not source or (trouble := problem_of(source)):
        why = f"its _source: {trouble}" if source else "it has no _source"
        return FileRow(line, end, next_line, error=why, index=hit.index)
    return row_of(identity, source, line, end, next_line, _text(hit.id), hit.kept_by, hit.index)


def too_long() -> str:
    """Why a row that was not held is none."""
    return f"it is longer than the {size(LONGEST_ROW)} that a row may have"


class JsonLinesParser:
    """One JSON object a line."""

    def __init__(self, identity: IdAssigner, offset: int = 0, line: int = 1) -> None:
        self._identity = identity
        self._lines = LineCutter(offset, line)

    def feed(self, piece: bytes) -> list[FileRow]:
        """The rows that are whole now."""
        return self._rows(self._lines.feed(piece))

    def end(self) -> list[FileRow]:
        """The rows that the end of the file makes whole."""
        return self._rows(self._lines.end())

    def _rows(self, lines: Iterable[tuple[bytes | None, int, int]]) -> list[FileRow]:
        return [row for text, line, end in lines if (row := self._row(text, line, end)) is not None]

    def _row(self, text: bytes | None, line: int, end: int) -> FileRow | None:
        """The row of a line; None where it is empty."""
        if text is None:
            return FileRow(line, end, line + 1, error=too_long())
        document = text.removeprefix(BOM).strip() if line == 1 else text.strip()
        if not document:
            return None
        return self._document(document, line, end)

    def _document(self, document: bytes, line: int, end: int) -> FileRow | None:
        if trouble := problem_of(document):
            return FileRow(line, end, line + 1, error=trouble)
        return row_of(self._identity, document, line, end, line + 1)


class DumpParser(JsonLinesParser):
    """What elasticdump writes: `_id`, routing and document in one object a line."""

    def _document(self, document: bytes, line: int, end: int) -> FileRow:
        return row_of_hit(document, self._identity, line, end, line + 1)


class BulkParser(JsonLinesParser):
    """Pairs of lines as the bulk API takes them. Only index and create bring a document."""

    def __init__(self, identity: IdAssigner, offset: int = 0, line: int = 1) -> None:
        super().__init__(identity, offset, line)
        self._action = ""
        self._target = _BulkTarget()
        self._begun = 0
        self._ended = offset

    def end(self) -> list[FileRow]:
        """The rows that the end of the file makes whole; an action without a document is a bad one."""
        rows = super().end()
        if self._action:
            end = rows[-1].end if rows else self._ended
            rows.append(FileRow(self._begun, end, self._begun + 1, error="the file ends before its document"))
            self._action = ""
        return rows

    def _row(self, text: bytes | None, line: int, end: int) -> FileRow | None:
        self._ended = end
        if text is None and self._action:
            begun, self._action = self._begun, ""
            return FileRow(begun, end, line + 1, error=too_long())
        return super()._row(text, line, end)

    def _document(self, document: bytes, line: int, end: int) -> FileRow | None:
        if not self._action:
            return self._begin(document, line, end)
        action, self._action = self._action, ""
        if action == "update":
            return FileRow(
                self._begun, end, line + 1, error="an update changes a document that is there, it brings none"
            )
        if trouble := problem_of(document):
            return FileRow(self._begun, end, line + 1, error=f"its document, in line {line}: {trouble}")
        target = self._target
        own = _text(target.id)
        return row_of(self._identity, document, self._begun, end, line + 1, own, target.kept_by, target.index)

    def _begin(self, document: bytes, line: int, end: int) -> FileRow | None:
        """Take an action; what is none, or brings no document, is a row by itself."""
        try:
            [(action, target)] = _objects.decode(document).items()
            self._target = _targets.decode(target)
        except _READS:
            return FileRow(line, end, line + 1, error="it is no action of a bulk")
        if action == "delete":
            return FileRow(line, end, line + 1, error="a delete brings no document")
        if action not in {"index", "create", "update"}:
            return FileRow(line, end, line + 1, error=f"a bulk knows no action {clean(action, 60)}")
        self._action, self._begun = action, line
        return None


def _text(value: str | int | tuple[str | int, ...] | None) -> str | None:
    if isinstance(value, tuple):
        value = value[0] if value else None
    return None if value is None else str(value)
