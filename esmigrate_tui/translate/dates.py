"""Date formats: names in camel case, and the letters of Joda-Time in those of Java.

https://www.elastic.co/guide/en/elasticsearch/reference/7.17/migrate-to-java-time.html
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

_NAMES: Final = frozenset(
    [
        "basic_date",
        "basic_date_time",
        "basic_date_time_no_millis",
        "basic_ordinal_date",
        "basic_ordinal_date_time",
        "basic_ordinal_date_time_no_millis",
        "basic_time",
        "basic_time_no_millis",
        "basic_t_time",
        "basic_t_time_no_millis",
        "basic_week_date",
        "basic_week_date_time",
        "basic_week_date_time_no_millis",
        "date",
        "date_hour",
        "date_hour_minute",
        "date_hour_minute_second",
        "date_hour_minute_second_fraction",
        "date_hour_minute_second_millis",
        "date_optional_time",
        "date_time",
        "date_time_no_millis",
        "epoch_millis",
        "epoch_second",
        "hour",
        "hour_minute",
        "hour_minute_second",
        "hour_minute_second_fraction",
        "hour_minute_second_millis",
        "iso8601",
        "ordinal_date",
        "ordinal_date_time",
        "ordinal_date_time_no_millis",
        "time",
        "time_no_millis",
        "t_time",
        "t_time_no_millis",
        "week_date",
        "week_date_time",
        "week_date_time_no_millis",
        "weekyear",
        "weekyear_week",
        "weekyear_week_day",
        "year",
        "year_month",
        "year_month_day",
    ]
)
_WHOLE: Final = {"dateOptionalTimeNanos": "strict_date_optional_time_nanos"}
# Patterns of ISO weeks that have a name. By its letters a week begins on Sunday for the Java of 9.x.
_WEEKS: Final = {
    "xxxx-'W'ww-e": "weekyear_week_day",
    "xxxx-'W'ww": "weekyear_week",
    "xxxx'W'wwe": "basic_week_date",
}
_OF_SUNDAY: Final = "weeks written in letters begin on Sunday for newer versions of Java"
_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'")
# Joda's Z writes +0100, its ZZ writes +01:00, and both read either, +01 and Z too; longer ones are a zone's name. Each
# of Java's reads one spelling: the first is what is written.
_ZONES: Final = {1: ("XX", "XXX", "X"), 2: ("XXX", "XX", "X")}


def modern_format(pattern: str, *, joda: bool) -> tuple[str, tuple[str, ...]]:
    """A format as 7.0 and newer read it, and what to know of it.

    `joda` says that a server before 7.0 wrote it; else its letters are Java's already.
    """
    notes: list[str] = []
    parts = [_part(part, notes, joda=joda) for part in pattern.split("||")]
    return "||".join(parts), tuple(dict.fromkeys(notes))


def _part(part: str, notes: list[str], *, joda: bool) -> str:
    if (name := _name(part)) is not None:
        return name
    if joda and part in _WEEKS:
        return _WEEKS[part]
    if re.search("[we]", re.sub(r"'[^']*'", "", part)):
        notes.append(_OF_SUNDAY)
    if part.startswith("8"):
        return part.removeprefix("8")  # 6.8's own sign that the letters are Java's
    if not joda or not part:
        return part
    notes.append("dates in formats of one's own are read more strictly: MM wants two digits")
    if "C" in re.sub(r"'[^']*'", "", part):
        notes.append("C, the century, has no letter any more")
        return part
    zones = next((_ZONES[len(found[0])] for found in _TOKEN.finditer(part) if _is_offset(found)), ("",))
    return "||".join(_TOKEN.sub(partial(_in_java, zone), part) for zone in zones)


def _is_offset(found: re.Match[str]) -> bool:
    return found[1] == "Z" and len(found[0]) in _ZONES


def _name(part: str) -> str | None:
    """Today's spelling of a format's name; None where it is a pattern."""
    if part in _WHOLE:
        return _WHOLE[part]
    snake = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", part).lower()
    snake = snake.replace("week_year", "weekyear")
    return snake if snake.removeprefix("strict_") in _NAMES and not part.isupper() else None


def _in_java(zone: str, found: re.Match[str]) -> str:
    """One token in Java's letters; `zone` is how an offset is spelled."""
    token, letter = found[0], found[1]
    if letter == "Y":
        return "y" * len(token)
    if letter == "x":
        return "Y" * len(token)
    if letter == "Z":
        return zone if _is_offset(found) else "VV"
    if letter == "a":
        return "a"
    return token
