"""What fields are, guessed from a sample: a function of values. Where a guess could be wrong, nothing is guessed.

https://www.elastic.co/guide/en/elasticsearch/reference/current/mapping-types.html
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.files import FieldGuess
from esmigrate_tui.model.text import clean, counted, number
from esmigrate_tui.reading.identity import METADATA, field_of, is_no_field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_LONG: Final = range(-(2**63), 2**63)
_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", re.ASCII)
_PADDED: Final = re.compile(r"-?0[0-9]+", re.ASCII)
_POINT: Final = re.compile(r"(-?[0-9]{1,2}(?:\.[0-9]+)?) ?, ?(-?[0-9]{1,3}(?:\.[0-9]+)?)", re.ASCII)
_PLACE_NAMES: Final = frozenset({"location", "geo", "geopoint", "geo_point", "coordinates", "position", "latlon"})
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_ISO: Final = re.compile(
    r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
    r"(?:T(?:[01][0-9]|2[0-3])(?::[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?)?(?:Z|[-+][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII,
)
_YMD: Final = r"(?P<y>[0-9]{4})"
_MM, _DD = r"(?P<m>[0-9]{2})", r"(?P<d>[0-9]{2})"


def _dates() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Formats as Elasticsearch writes them, each with what it looks like; day and month first are a pair."""
    days = {
        "yyyy-MM-dd": f"{_YMD}-{_MM}-{_DD}",
        "yyyy/MM/dd": f"{_YMD}/{_MM}/{_DD}",
        "dd.MM.yyyy": rf"{_DD}\.{_MM}\.{_YMD}",
        "dd/MM/yyyy": f"{_DD}/{_MM}/{_YMD}",
        "MM/dd/yyyy": f"{_MM}/{_DD}/{_YMD}",
    }
    found = {"strict_date_optional_time": _ISO}
    for name, text in days.items():
        if name != "yyyy-MM-dd":  # which is ISO's own
            found[name] = re.compile(text, re.ASCII)
        found[f"{name} HH:mm:ss"] = re.compile(f"{text} {_TIME}", re.ASCII)
        found[f"{name} HH:mm:ss.SSS"] = re.compile(rf"{text} {_TIME}\.[0-9]{{3}}", re.ASCII)
    return tuple(found.items())


DATES: Final = _dates()
_DETECTED: Final = tuple(
    looks for name, looks in DATES if name in {"strict_date_optional_time", "yyyy/MM/dd", "yyyy/MM/dd HH:mm:ss"}
)
"""The dates that a destination detects by itself."""
_AMBIGUOUS: Final = ("dd/MM/yyyy", "MM/dd/yyyy")
_LONGEST_KEYWORD: Final = 256
_FEW: Final = 0.05  # of the values
_WORDS: Final = 8  # on average; more is prose
_DEEPEST: Final = 20  # index.mapping.depth.limit: a server takes no more levels by itself
MIXED: Final = "it is an object in some rows and a plain value in others"
_EXAMPLES: Final = 3
_EXAMPLE: Final = 40  # characters
_LOOKED_THROUGH: Final = 50  # values, for examples that differ


def guesses(documents: Sequence[Mapping[str, Any]], *, from_text: bool = False) -> tuple[FieldGuess, ...]:
    """A guess for each field of some documents, in the order in which the fields come.

    `from_text` says that all values are cells of a table: then text that is a number or a boolean means one.
    """
    return tuple(_of_object("", documents, from_text=from_text))


def conflicts(found: Sequence[FieldGuess]) -> tuple[tuple[str, str], ...]:
    """Fields that are a plain value and an object at once, each with one that would be within it.

    A server refuses every document that has both, and once it has seen the one, every document that has the other.
    """
    inner: dict[str, str] = {}
    for guess in found:
        outer = guess.field
        while "." in outer:
            outer = outer.rpartition(".")[0]
            inner.setdefault(outer, guess.field)
    return tuple(
        (guess.field, inner[guess.field])
        for guess in found
        if guess.field in inner and guess.type not in {"object", "nested", ""}
    )


def properties(found: Iterable[FieldGuess]) -> dict[str, Any]:
    """The typeless mapping's properties that say what was guessed; a dot in a name opens an object, as on the server.

    A field that is a plain value and an object at once (a column `a` beside `a.b`) is left out of the objects, and what
    can be no field is left out.
    """
    root: dict[str, Any] = {}
    for guess in found:
        if not guess.type or not guess.field.strip() or is_no_field(guess.field) or guess.field in METADATA:
            continue
        here: dict[str, Any] | None = root
        *objects, name = guess.field.split(".")
        for part in objects:
            inner = here.setdefault(part, {"properties": {}}) if here is not None else {}
            here = inner.get("properties")
        if here is None or not name:
            continue
        entry: dict[str, Any] = {"type": guess.type}
        if guess.type in {"object", "nested"}:
            entry = {"properties": {}} if guess.type == "object" else {"type": "nested", "properties": {}}
        elif guess.format:
            entry["format"] = guess.format
        here.setdefault(name, entry)
    return root


def _of_object(inside: str, documents: Sequence[Mapping[str, Any]], *, from_text: bool) -> Iterable[FieldGuess]:
    found: dict[str, list[Any]] = {}
    for document in documents:
        for name, value in document.items():
            found.setdefault(field_of(name), []).append(value)
    for name, values in found.items():
        yield from _of_field(f"{inside}.{name}" if inside else name, values, len(documents), from_text=from_text)


def _of_field(field: str, values: Sequence[Any], amount: int, *, from_text: bool) -> Iterable[FieldGuess]:
    flat, has_many = _flat(values)
    objects = [value for value in flat if isinstance(value, dict)]
    if not objects:
        guess = _of_scalars(field, flat, amount, from_text=from_text)
        seen = [value for value in flat if value != ""] if from_text else flat
        shown = tuple(dict.fromkeys(clean(_written(value), _EXAMPLE) for value in seen[:_LOOKED_THROUGH]))[:_EXAMPLES]
        first = next(iter(seen), None)
        yield msgspec.structs.replace(guess, examples=shown, dynamic=_dynamic(guess, first, from_text=from_text))
    elif len(objects) < len(flat):
        yield FieldGuess(field=field, type="", evidence=MIXED)
    elif _are_points(objects):
        why = f"lat and lon, and nothing else, in all of {len(objects)}"
        shown = tuple(f"{one['lat']}, {one['lon']}" for one in objects[:_EXAMPLES])
        yield FieldGuess(field=field, type="geo_point", evidence=why, examples=shown, dynamic="object")
    else:
        kind = "nested" if has_many else "object"
        why = "several objects in one row belong together" if has_many else f"an object in {counted(len(flat), 'row')}"
        yield FieldGuess(field=field, type=kind, evidence=why, dynamic="object")
        if field.count(".") >= _DEEPEST:
            return
        yield from _of_object(field, objects, from_text=from_text)


def _written(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _dynamic(guess: FieldGuess, first: object, *, from_text: bool) -> str:
    """What a destination that is told nothing takes a field for: by the first value of it that it gets, and for good.

    https://www.elastic.co/guide/en/elasticsearch/reference/current/dynamic-field-mapping.html
    """
    if first is None:
        return ""
    if from_text and guess.type in {"long", "double", "boolean"}:
        # A cell goes as the JSON that its type asks for.
        bare = str(first).strip()
        if guess.type == "boolean":
            return "boolean"
        return "long" if _WHOLE.fullmatch(bare) else "float"
    if isinstance(first, bool):
        return "boolean"
    if isinstance(first, int):
        return "long"
    if isinstance(first, float):
        return "float"
    return "date" if any(_is_date(looks, str(first)) for looks in _DETECTED) else "text and keyword"


def _flat(values: Sequence[Any]) -> tuple[list[Any], bool]:
    """The values with those of arrays among them, none that is null; and whether an array had several objects."""
    flat: list[Any] = []
    has_many = False
    for value in values:
        inner = [value]
        while any(isinstance(one, list) for one in inner):
            inner = [one for outer in inner for one in (outer if isinstance(outer, list) else [outer])]
        has_many = has_many or (isinstance(value, list) and sum(isinstance(one, dict) for one in inner) > 1)
        flat += [one for one in inner if one is not None]
    return flat, has_many


def _are_points(objects: Sequence[Mapping[str, Any]]) -> bool:
    return all(
        value.keys() == {"lat", "lon"} and _is_number(value["lat"], 90) and _is_number(value["lon"], 180)
        for value in objects
    )


def _is_number(value: object, most: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most


def _of_scalars(field: str, values: Sequence[Any], amount: int, *, from_text: bool) -> FieldGuess:
    if from_text:
        values = [value for value in values if value != ""]
    if not values:
        return FieldGuess(field=field, type="", evidence="no value in the sample")
    kinds = Counter("boolean" if isinstance(v, bool) else "text" if isinstance(v, str) else "number" for v in values)
    seen = f"{number(len(values))} of {number(amount)} rows, such as {clean(str(values[0]), 40)}"
    if len(kinds) > 1:
        return FieldGuess(field=field, type="keyword", evidence=f"values of several kinds in {seen}")
    [kind] = kinds
    if kind == "boolean":
        return FieldGuess(field=field, type="boolean", evidence=seen)
    if kind == "number":
        return _of_numbers(field, values, seen)
    return _of_texts(field, values, seen, from_text=from_text)


def _of_numbers(field: str, values: Sequence[int | float], seen: str) -> FieldGuess:
    if any(isinstance(value, float) for value in values):
        return FieldGuess(field=field, type="double", evidence=f"numbers with a fraction in {seen}")
    if all(value in _LONG for value in values):
        return FieldGuess(field=field, type="long", evidence=f"whole numbers in {seen}")
    return FieldGuess(field=field, type="keyword", evidence=f"whole numbers too large for a long in {seen}")


def _of_texts(field: str, texts: Sequence[str], seen: str, *, from_text: bool) -> FieldGuess:
    if from_text:
        bare = [text.strip() for text in texts]
        if all(text.lower() in {"true", "false"} for text in bare):
            return FieldGuess(field=field, type="boolean", evidence=f"true or false in {seen}")
        if all(_NUMBER.fullmatch(text) or _PADDED.fullmatch(text) for text in bare):
            return _of_digits(field, bare, seen)
    guess = _of_dates(field, texts, seen)
    if guess is not None:
        return guess
    if all(_is_address(text) for text in texts):
        return FieldGuess(field=field, type="ip", evidence=f"addresses in {seen}")
    name = field.rpartition(".")[2].lower().replace("-", "_")
    if name in _PLACE_NAMES and all(_is_point(text) for text in texts):
        return FieldGuess(field=field, type="geo_point", evidence=f"latitude and longitude, by its name, in {seen}")
    words = sum(text.count(" ") + 1 for text in texts) / len(texts)
    if words > _WORDS or any(len(text) > _LONGEST_KEYWORD for text in texts):
        return FieldGuess(field=field, type="text", evidence=f"prose in {seen}")
    return FieldGuess(
        field=field, type="keyword", evidence=f"short text in {seen}{_but_few(texts, from_text=from_text)}"
    )


def _but_few(texts: Sequence[str], *, from_text: bool) -> str:
    """That almost all of some texts are something more than text, and one that is not; "" where they are not."""
    looks: list[tuple[str, Callable[[str], bool]]] = [("dates", _is_any_date), ("addresses", _is_address)]
    if from_text:
        looks.append(("numbers", is_written_number))
    for what, fits in looks:
        odd = [text for text in texts if not fits(text)]
        if odd and len(odd) <= len(texts) * _FEW:
            return f"; all but {number(len(odd))} are {what}, {clean(odd[0], 40)!r} is not"
    return ""


def _of_digits(field: str, texts: Sequence[str], seen: str) -> FieldGuess:
    if any(_PADDED.fullmatch(text) for text in texts):
        return FieldGuess(field=field, type="keyword", evidence=f"numbers with leading zeros in {seen}")
    if all(_WHOLE.fullmatch(text) for text in texts):
        return _of_numbers(field, [int(text[:40]) for text in texts], seen)
    return FieldGuess(field=field, type="double", evidence=f"numbers with a fraction in {seen}")


def _of_dates(field: str, texts: Sequence[str], seen: str) -> FieldGuess | None:
    """A date, where each value is one by a format that no other contradicts."""
    fitting = [{name for name, looks in DATES if _is_date(looks, text)} for text in texts]
    if not all(fitting):
        return None
    everywhere = set.intersection(*fitting)
    orders = [order for order in _AMBIGUOUS if any(name.startswith(order) for names in fitting for name in names)]
    if orders:
        possible = [order for order in orders if all(any(n.startswith(order) for n in names) for names in fitting)]
        if len(possible) != 1:
            why = "days and months cannot be told apart" if possible else "day first in some, month first in others"
            return FieldGuess(field=field, type="keyword", evidence=f"dates, but {why}, in {seen}")
        fitting = [{name for name in names if name.startswith(possible[0])} for names in fitting]
        everywhere = set.intersection(*fitting)
    used = sorted(everywhere)[:1] or sorted({min(names) for names in fitting})
    return FieldGuess(field=field, type="date", format="||".join(used), evidence=f"dates in {seen}")


def _is_date(looks: re.Pattern[str], text: str) -> bool:
    found = looks.fullmatch(text)
    if found is None:
        return False
    try:
        date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return False
    return True


def _is_any_date(text: str) -> bool:
    return any(_is_date(looks, text) for _, looks in DATES)


def is_written_number(text: str) -> bool:
    """Whether a text is a number as JSON writes it."""
    return _NUMBER.fullmatch(text.strip()) is not None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_point(text: str) -> bool:
    found = _POINT.fullmatch(text)
    return found is not None and abs(float(found[1])) <= 90 and abs(float(found[2])) <= 180


def documents_of(sources: Iterable[bytes]) -> list[dict[str, Any]]:
    """Some documents as values; what cannot be read is left out."""
    found: list[dict[str, Any]] = []
    for source in sources:
        try:
            value = msgspec.json.decode(source)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
