"""The _id of a row: its own, one of its fields, a hash of it, or a new one."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from esmigrate_tui.model.files import IdRule

_BYTES: Final = 15  # of a hash: 20 characters, as Elasticsearch's own ids have; no two of 10^12 rows share one


class NoIdError(Exception):
    """A row has no _id where it should have one; the message says why."""


@dataclass(frozen=True)
class Identity:
    """How rows get their _id. `salt` belongs to the run and the file: a new _id is made of it and the row's place."""

    rule: IdRule
    field: str = ""
    salt: bytes = b""

    def of(self, document: bytes, place: int, own: str | None = None) -> str:
        """The _id of a JSON document that ends at `place`; a new one where it has none of its own. Raises NoIdError."""
        if self.rule is IdRule.FIELD:
            return self.of_value(_member(document, self.field))
        if self.rule is IdRule.OWN and own is not None:
            return self.of_value(own)
        return self.without_field(document, place)

    def without_field(self, row: bytes, place: int) -> str:
        """The _id by a rule that looks into no field: by the row's bytes, or by its place."""
        if self.rule is IdRule.HASH:
            return hashed(row)
        return hashed(b"%d %b" % (place, self.salt))

    def of_value(self, value: object) -> str:
        """The _id that a value is; raises NoIdError where it can be none."""
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            where = f"the field {self.field}" if self.rule is IdRule.FIELD else "_id"
            what = "is missing or empty" if value is None or value == "" else "is neither text nor a whole number"
            msg = f"{where}, which the _id is taken from, {what}"
            raise NoIdError(msg)
        return str(value)


def hashed(row: bytes) -> str:
    """A short hash that the same bytes always have."""
    return base64.urlsafe_b64encode(hashlib.blake2b(row, digest_size=_BYTES).digest()).decode()


def _member(document: bytes, path: str) -> Any:  # noqa: ANN401  # JSON
    """The value at a dotted path, None where there is none; a name that has dots itself is found too."""
    try:
        value: Any = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(value, dict) and path in value:
        return value[path]
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
