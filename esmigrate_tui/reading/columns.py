"""Columns of Arrow as values of JSON: exact, or a sign that a value is none; a column at a time, a value is never all.

Instants are ISO 8601 in all their digits, those of a zone in UTC; decimals are numbers by their own digits; a map is an
object; bytes are base64, as Elasticsearch's type `binary` wants them.

https://arrow.apache.org/docs/python/data.html
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_DIGITS: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_DAY: Final = 86_400


@dataclass(frozen=True)
class NoValue:
    """In place of a value that cannot be written as JSON, and why: its row is rejected."""

    why: str


class NotFinite:
    """In place of NaN and infinite numbers, which JSON does not have: the document comes without them."""


NOT_FINITE: Final = NotFinite()


def values(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    """The values of an Arrow array, for msgspec and what `NoValue` and `NotFinite` mean."""
    import pyarrow as pa  # noqa: PLC0415  # an extra that may not be installed

    kind, types = array.type, pa.types
    if types.is_dictionary(kind):
        return values(array.dictionary_decode())
    if isinstance(array, pa.ExtensionArray):
        inner = values(array.storage) if kind.extension_name != "arrow.uuid" else array.storage.to_pylist()
        return [_uuid(one) for one in inner] if kind.extension_name == "arrow.uuid" else inner
    for fits, convert in _simple(types):
        if fits(kind):
            return convert(array)
    if types.is_map(kind):
        return _maps(array)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _lists(array)
    if types.is_struct(kind):
        return _structs(array)
    return _others(array)


def _simple(types: Any) -> Sequence[tuple[Callable[[Any], bool], Callable[[Any], list[Any]]]]:  # noqa: ANN401  # pyarrow has no types
    """Which converter is for which kind of type; the first that fits."""
    return (
        (lambda kind: types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind), _as_they_are),
        (types.is_floating, _numbers),
        (lambda kind: types.is_string(kind) or types.is_large_string(kind), _texts),
        (types.is_decimal, _decimals),
        (types.is_timestamp, _instants),
        (types.is_date, _days),
        (types.is_time, _times),
        (types.is_duration, _durations),
    )


def _as_they_are(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    return list(array.to_pylist())


def _numbers(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    return [None if one is None else float(one) if math.isfinite(one) else NOT_FINITE for one in array.to_pylist()]


def _texts(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    try:
        return list(array.to_pylist())
    except UnicodeDecodeError:
        import pyarrow as pa  # noqa: PLC0415  # an extra that may not be installed

        raw = array.cast(pa.large_binary() if pa.types.is_large_string(array.type) else pa.binary())
        return [_text(one) for one in raw.to_pylist()]


def _text(raw: bytes | None) -> object:
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        return NoValue(f"it is not UTF-8: byte 0x{raw[error.start]:02x} stands where none can")


def _decimals(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    return [None if one is None else msgspec.Raw(format(one, "f").encode()) for one in array.to_pylist()]


def _uuid(raw: bytes | None) -> str | None:
    return None if raw is None else str(uuid.UUID(bytes=raw))


# -- time ------------------------------------------------------------------------------------------------------------


def _integers(array: Any) -> list[int | None]:  # noqa: ANN401  # pyarrow has no types
    """What counts the units of an array of time."""
    import pyarrow as pa  # noqa: PLC0415  # an extra that may not be installed

    return list(array.view(pa.int32() if array.type.bit_width == 32 else pa.int64()).to_pylist())


def _instants(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    unit, zone = array.type.unit, "Z" if array.type.tz else ""
    return [None if one is None else instant(one, unit) + zone for one in _integers(array)]


def _days(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    per_day = 1 if array.type.bit_width == 32 else _DAY * 1_000
    return [None if one is None else day(one // per_day) for one in _integers(array)]


def _times(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    unit = array.type.unit
    return [None if one is None else _clock(*divmod(one, _PER_SECOND[unit]), unit) for one in _integers(array)]


def _durations(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    unit = array.type.unit
    return [None if one is None else _duration(one, unit) for one in _integers(array)]


def instant(amount: int, unit: str) -> str:
    """A moment by the units since 1970, in ISO 8601 with the digits it has; a year of five digits gets a sign."""
    seconds, rest = divmod(amount, _PER_SECOND[unit])
    days, of_day = divmod(seconds, _DAY)
    return f"{day(days)}T{_clock(of_day, rest, unit)}"


def day(days: int) -> str:
    """A day by those since 1970, of any year, in the calendar of today.

    https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    """
    era, of_era = divmod(days + 719_468, 146_097)
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march = (5 * of_year + 2) // 153
    month = march + 3 if march < 10 else march - 9
    year = year_of_era + era * 400 + (month <= 2)
    shown = f"{year:04d}" if 0 <= year <= 9_999 else f"{year:+05d}"
    return f"{shown}-{month:02d}-{of_year - (153 * march + 2) // 5 + 1:02d}"


def _clock(seconds: int, rest: int, unit: str) -> str:
    return f"{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{_fraction(rest, unit)}"


def _fraction(rest: int, unit: str) -> str:
    return f".{rest:0{_DIGITS[unit]}d}" if rest else ""


def _duration(amount: int, unit: str) -> str:
    seconds, rest = divmod(abs(amount), _PER_SECOND[unit])
    return f"{'-' * (amount < 0)}PT{seconds}{_fraction(rest, unit).rstrip('0')}S"


# -- what holds others -----------------------------------------------------------------------------------------------


def _lists(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    """Each list, by the values of all of them."""
    flat = values(array.flatten())
    found: list[Any] = []
    at = 0
    for length in array.value_lengths().to_pylist():
        part = flat[at : at + (length or 0)]
        at += length or 0
        found.append(None if length is None else _without_bad(part) or part)
    return found


def _maps(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    """Each map as an object, by the names and values of all of them."""
    ends = array.offsets.to_pylist()
    first, amount = ends[0], ends[-1] - ends[0]
    names, members = values(array.keys.slice(first, amount)), values(array.items.slice(first, amount))
    found: list[Any] = []
    for at, is_there in enumerate(array.is_valid().to_pylist()):
        span = slice(ends[at] - first, ends[at + 1] - first)
        bad = _without_bad([*names[span], *members[span]])
        found.append((bad or _of_pairs(tuple(zip(names[span], members[span], strict=True)))) if is_there else None)
    return found


def _without_bad(parts: Iterable[Any]) -> NoValue | None:
    """The first of some values that cannot be written; None where there is none."""
    return next((one for one in parts if isinstance(one, NoValue)), None)


def _of_pairs(pairs: Sequence[tuple[Any, Any]]) -> object:
    """An object of names and values; one that has a name twice cannot be written without losing one."""
    made: dict[str, Any] = {}
    for name, one in pairs:
        shown = name if isinstance(name, str) else msgspec.json.encode(name).decode()
        if shown in made:
            return NoValue("a map in it has the same name twice")
        made[shown] = one
    return made


def _structs(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    names = [array.type.field(at).name for at in range(array.type.num_fields)]
    columns = [values(column) for column in array.flatten()]
    found: list[Any] = []
    for at, is_there in enumerate(array.is_valid().to_pylist()):
        if not is_there:
            found.append(None)
            continue
        part = {name: column[at] for name, column in zip(names, columns, strict=True)}
        found.append(_without_bad(part.values()) or part)
    return found


def _others(array: Any) -> list[Any]:  # noqa: ANN401  # pyarrow has no types
    """Bytes, and kinds that are not known here, one by one."""
    found: list[Any] = []
    for one in array:
        try:
            found.append(one.as_py())
        except (ValueError, TypeError, OverflowError, UnicodeError):
            found.append(NoValue(f"a value of the type {array.type} cannot be written as JSON"))
    return found
