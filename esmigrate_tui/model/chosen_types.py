"""The types that were chosen for an index, each beside what Elasticsearch would most likely guess by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.features import Features
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.model.facts import Version

BOTH: Final = "text, with a keyword beside it"
_STRINGS: Final = frozenset(
    {
        "binary",
        "completion",
        "constant_keyword",
        "ip",
        "keyword",
        "match_only_text",
        "search_as_you_type",
        "string",
        "text",
        "version",
        "wildcard",
    }
)
_WHOLE: Final = frozenset({"byte", "integer", "long", "short", "token_count", "unsigned_long"})
_BROKEN: Final = frozenset({"double", "float", "half_float", "scaled_float"})
_SEEN_AS_DATES: Final = ("strict_date_optional_time", "date_optional_time", "iso8601", "yyyy/mm/dd")
_OTHERS: Final = {
    "boolean": "boolean",
    "dense_vector": "float",
    "flattened": "an object, with a field for each key",
    "geo_point": f"{BOTH}, or an object of two numbers",
    "geo_shape": "an object",
    "nested": "an object, whose parts lose each other",
    "object": "an object",
}


class ChosenType(msgspec.Struct, frozen=True, kw_only=True):
    """One field by its dotted path: the type that was chosen, and the likely guess, "" where nobody could say."""

    field: str
    chosen: str
    guess: str

    @property
    def is_same(self) -> bool:
        """Whether the destination would have come to the same by itself."""
        return self.chosen == self.guess


def chosen_types(create: str, version: Version) -> tuple[ChosenType, ...]:
    """Every field of the body that makes an index, for a destination of that version; none for no JSON object.

    The guess goes by what a value of the chosen type looks like in JSON: an address is a string there, and so text.
    """
    try:
        body = msgspec.json.decode(create or "{}", type=dict[str, Any])
    except msgspec.MsgspecError:
        return ()
    mappings = body.get("mappings")
    features = Features.of_elasticsearch(version)
    return tuple(_walked(mappings if isinstance(mappings, dict) else {}, "", features))


def _walked(holder: dict[str, Any], inside: str, features: Features) -> Iterator[ChosenType]:
    properties = holder.get("properties")
    for name, entry in (properties if isinstance(properties, dict) else {}).items():
        if not isinstance(entry, dict):
            continue
        field = inside + name
        if not (entry.get("properties") and entry.get("type", "object") == "object"):  # its fields say it all
            yield ChosenType(field=clean(field, 300), chosen=_named(entry), guess=_guessed(entry, features))
        yield from _walked(entry, f"{field}.", features)


def _named(entry: dict[str, Any]) -> str:
    kind = clean(str(entry.get("type", "object")), 60)
    if entry.get("enabled") is False:
        return "kept, not searched"
    if kind == "object":
        return _OTHERS["object"]
    fields = entry.get("fields")
    beside = [one.get("type") for one in fields.values() if isinstance(one, dict)] if isinstance(fields, dict) else []
    if kind == "text" and beside == ["keyword"]:
        return BOTH
    shape = f" ({clean(str(entry['format']), 100)})" if kind == "date" and entry.get("format") else ""
    return kind + shape


def _guessed(entry: dict[str, Any], features: Features) -> str:
    """What dynamic mapping makes of the first value: it knows JSON's own types, and dates of a few forms."""
    kind = str(entry.get("type", "object"))
    text = BOTH if features.has_keywords else "string"
    if kind in _STRINGS:
        return text
    if kind in _WHOLE:
        return "long"
    if kind in _BROKEN:
        return "float" if features.guesses_floats else "double"
    if kind in {"date", "date_nanos"}:
        return _guessed_date(str(entry.get("format", "")), text)
    if kind.endswith("_range"):
        return "an object"
    return _OTHERS.get(kind, "").replace(BOTH, text)


def _guessed_date(form: str, text: str) -> str:
    forms = [one.strip().lower() for one in form.split("||")] if form else list(_SEEN_AS_DATES)
    if all(one.startswith("epoch") for one in forms):
        return "long"
    if all(one.startswith((*_SEEN_AS_DATES, "epoch")) for one in forms):
        return "date" if not form else f"date ({clean(form, 100)})" if len(forms) == 1 else "date"
    return text
