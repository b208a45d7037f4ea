"""The _id of a row: its own, one of its fields, a hash of it, or a new one."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from esmigrate_tui.model.files import IdRule
from esmigrate_tui.reading.members import taken_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.model.files import FileReading, FileRow

_BYTES: Final = 15  # of a hash: 20 characters, as Elasticsearch's own ids have; no two of 10^12 rows share one

_MEMBER: Final = b'"_id"'
_MONGO: Final = frozenset({"$oid", "$uuid", "$numberLong", "$numberInt"})
ID: Final = "_id"
"""What the field or column is called that is no field of a document, but its _id."""

ROUTING: Final = "_routing"
METADATA: Final = frozenset({"_index", ROUTING, "_source", "_version", "_field_names"})
"""Names that no server takes in a document, as was tried on 5.6, 6.8, 7.17 and 9.5."""
UNFIT: Final = frozenset({ID, ROUTING, "_index", "_type", "_version", "_source", "_seq_no"})
"""What tables exported from Elasticsearch have beside the fields: no server takes a document that holds one of them."""


def is_new_id(row: FileRow, reading: FileReading) -> bool:
    """Whether the _id of a row was made for it, and is another one in the next run."""
    return reading.ids is IdRule.NEW or (reading.ids is IdRule.OWN and not row.has_own_id)


def field_of(name: str) -> str:
    """The field that a name in a document means: a server drops the dots at its end, and others make objects."""
    return name.rstrip(".") or name


def is_no_field(field: str) -> bool:
    """Whether no server takes a document with such a name: it is empty, or has only blanks before or between dots.

    A name of blanks without a dot some versions take.
    """
    parts = field_of(field).split(".")
    return not field if len(parts) == 1 else not all(part.strip() for part in parts)


def position_of(field: str, names: Sequence[str]) -> int:
    """Which column of a table a field is, -1 for none."""
    exact = [at for at, name in enumerate(names) if name == field]
    return (exact or [at for at, name in enumerate(names) if field_of(name) == field] or [-1])[0]


class NoIdError(Exception):
    """A row has no _id where it should have one; the message says why."""


class IdentifiedDocument(NamedTuple):
    """A document as it is sent, with its _id; `is_own` says that this came with it."""

    document: bytes
    id: str
    is_own: bool = False


@dataclass(frozen=True)
class IdAssigner:
    """How rows get their _id. `salt` belongs to the run and the file: a new _id is made of it and the row's place.

    A field `_id` of a document is no field of it, but its _id: servers refuse a document that holds one. It is taken
    out, and is the row's own; with `drops` it is left out, where other ids were chosen.
    """

    rule: IdRule
    field: str = ""
    salt: bytes = b""
    drops: bool = False

    def of(self, document: bytes, place: int, own: str | None = None) -> IdentifiedDocument:
        """A JSON document that ends at `place`, with its _id; `own` is one that stands beside it. Raises NoIdError."""
        rest, raw = taken_out(document, _MEMBER)
        within = None if raw is None else _decoded(raw)
        if self.rule is IdRule.FIELD:
            return IdentifiedDocument(rest, self.of_value(_member(document, self.field)))
        if own is not None:
            # One that says something else than the _id beside it is left for the destination to refuse.
            kept = rest if self.drops or _plain(within) == own else document
            if self.rule is IdRule.OWN:
                return IdentifiedDocument(kept, self.of_value(own), is_own=True)
            return IdentifiedDocument(kept, self.without_field(document, place), is_own=True)
        return IdentifiedDocument(rest, self.of_own(within, document, place), is_own=raw is not None)

    def of_own(self, value: object, row: bytes, place: int) -> str:
        """The _id of a row that has this one within it, None where it has none; raises NoIdError."""
        is_used = self.rule in {IdRule.OWN, IdRule.NEW} and not self.drops
        if is_used and value is not None and value != "":
            return self.of_value(value)
        return self.without_field(row, place)

    def without_field(self, row: bytes, place: int) -> str:
        """The _id by a rule that looks into no field: by the row's bytes, or by its place."""
        if self.rule is IdRule.HASH:
            return hashed(row)
        return hashed(b"%d %b" % (place, self.salt))

    def of_value(self, value: object) -> str:
        """The _id that a value is; raises NoIdError where it can be none."""
        value = _plain(value)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            where = f"the field {self.field}, which the _id is taken from," if self.rule is IdRule.FIELD else "its _id"
            what = "is missing or empty" if value is None or value == "" else "is neither text nor a whole number"
            raise NoIdError(f"{where} {what}")
        return str(value)


def hashed(row: bytes) -> str:
    """A short hash that the same bytes always have."""
    return base64.urlsafe_b64encode(hashlib.blake2b(row, digest_size=_BYTES).digest()).decode()


def _decoded(raw: bytes) -> Any:  # noqa: ANN401  # JSON
    """The value that some bytes are; themselves where they are none, so that they become no _id."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw


def _plain(value: Any) -> Any:  # noqa: ANN401  # JSON
    """What MongoDB writes as {"$oid": …} and the like, by its value alone."""
    if isinstance(value, dict) and len(value) == 1:
        [(kind, inner)] = value.items()
        if kind in _MONGO and isinstance(inner, str):
            return inner
    return value


def _member(document: bytes, path: str) -> Any:  # noqa: ANN401  # JSON
    """The value at a dotted path, None where there is none; a name that has dots itself is found too."""
    value: Any = _decoded(document)
    if isinstance(value, dict) and path in value:
        return value[path]
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
