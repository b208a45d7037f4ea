"""Into which ranges of which field a large index is divided, so that several server tasks read it: pure decisions.

A remote reindex cannot slice. Each range takes what is below its end and not below its start, the last one all the
rest: documents without a value, and those whose value was malformed, too. So every document is in exactly one range
whatever its values are: one with several is where its smallest is. Where the ends lie only balances the work.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.elastic.searches import NO_DOCUMENT
from esmigrate_tui.model.plan import MOST_RANGES
from esmigrate_tui.model.weight import together
from esmigrate_tui.translate.mappings import is_typeless, types_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.elastic.field_percentiles import Spread
    from esmigrate_tui.model.features import Features
    from esmigrate_tui.model.plan import Plan

WORTH_DOCUMENTS: Final = 50_000
"""Documents that are worth a range of their own: ten large batches."""
WORTH_BYTES: Final = 1 << 30
"""The same for few but large documents."""
MOST_UNASKED: Final = 4
"""Ranges of one index where the plan does not ask for more: two clusters on one machine are busy with these."""
_MOST_TASKS: Final = 8  # server tasks of one run, of all indices that go on together
_MOST_CONTEXTS: Final = 200  # a range holds a scroll on each shard; a node has 500 of them, and they are not all ours
_MOST_TRIED: Final = 5  # fields whose values are looked at
_LARGEST_SHARE: Final = 0.75  # more in one range, and the others bring nothing
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS: Final = (-(2**63), 2**63 - 1)
_INSTANTS: Final = tuple((datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1) for year in (1, 9999))

_DATES: Final = ("date", "date_nanos")
_WHOLE_NUMBERS: Final = ("long", "integer")


class RangeField(msgspec.Struct, frozen=True):
    """What an index is divided by; the ends of a date's ranges are milliseconds since 1970."""

    name: str
    is_date: bool = False


_CHANGES: Final = RangeField("_seq_no")


def how_many(plan: Plan, documents: int, size: int | None, shards: int = 1) -> int:
    """Into how many ranges an index is to be divided, 1 for not at all.

    As many as the plan says; else so many that each is worth it, and that those of all indices together do not overrun
    the source. A copy that is slowed down on purpose gains nothing by them.
    """
    if plan.split:
        return max(1, min(plan.split, MOST_RANGES, documents))
    if plan.requests_per_second:
        return 1
    worth = max(documents // WORTH_DOCUMENTS, (size or 0) // WORTH_BYTES)
    others = together(plan, documents, size)
    bearable = min(_MOST_TASKS // others, _MOST_CONTEXTS // (others * max(1, shards)))
    return max(1, min(MOST_UNASKED, documents, worth, bearable))


def fields_of(mappings: dict[str, Any], features: Features, asked: str = "") -> tuple[RangeField, ...]:
    """The fields by which an index can be divided on such a server, the most likely first; of `asked` only that one.

    `@timestamp`, other dates, whole numbers, each as near to the top as can be; at last the number that the server
    itself gives each change. What is not searchable or has no column of values is left out, and so are nested fields:
    their values do not belong to the document.
    """
    found = [field for root in _roots(mappings) for field in _fields(root, "")]
    if asked:
        found += [_CHANGES] if features.has_sequence_numbers else []
        return tuple(field for field in dict.fromkeys(found) if field.name == asked)
    ranked = sorted(
        dict.fromkeys(found), key=lambda one: (one.name != "@timestamp", not one.is_date, one.name.count("."))
    )
    return (*ranked[:_MOST_TRIED], *([_CHANGES] if features.has_sequence_numbers else []))


def _roots(mappings: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    if is_typeless(mappings):
        return (mappings,)
    # a server newer than this program may have a word of its own there
    return tuple(mappings[name] for name in types_of(mappings) if isinstance(mappings[name], dict))


def _fields(mapping: dict[str, Any], path: str) -> Iterator[RangeField]:
    if _is_off(mapping.get("enabled")):
        return
    for name, field in mapping.get("properties", {}).items():
        kind = field.get("type", "object")
        if kind == "object":
            yield from _fields(field, f"{path}{name}.")
        elif kind in {*_DATES, *_WHOLE_NUMBERS} and not (
            _is_off(field.get("index")) or _is_off(field.get("doc_values"))
        ):
            yield RangeField(path + name, is_date=kind in _DATES)


def _is_off(value: object) -> bool:
    """Whether a mapping says no: as JSON, or as the words that 2.4 also takes."""
    return str(value).lower() in {"false", "no", "off", "0"}


def edges_of(field: RangeField, spread: Spread, wanted: int) -> tuple[int, ...]:
    """Where the ranges after the first one start, in rising order; () where the largest would hold too much."""
    with_value = spread.documents - spread.missing
    if with_value <= 0:
        return ()
    lowest, highest = _INSTANTS if field.is_date else _NUMBERS
    edges: list[int] = []
    shares = [0]  # of those with a value, in percent, below each edge
    for position in range(1, wanted):
        percent = round(100 * position * spread.documents / (wanted * with_value))
        if not 0 < percent < 100:
            continue
        edge = max(lowest, min(highest, int(spread.percentiles[percent - 1] // 1)))
        below = sum(value < edge for value in spread.percentiles)
        if below > shares[-1]:
            edges.append(edge)
            shares.append(below)
    among_all = with_value / spread.documents / 100
    last = (100 - shares[-1]) * among_all + spread.missing / spread.documents
    largest = max(last, *((later - sooner) * among_all for sooner, later in pairwise(shares)), 0.0)
    return tuple(edges) if edges and largest <= min(_LARGEST_SHARE, 2 / wanted) else ()


def query_of(field: RangeField | None, start: int | None, end: int | None, left_out: tuple[str, ...]) -> dict[str, Any]:
    """The query for the documents of one range, but for those whose `_id` is left out.

    `start` and `end` are None where there is nothing before or after; without both it is the whole index.
    """
    # Documents may have left the source since the ranges were made: an empty one must be searched all the same.
    inside = [{"bool": {"should": [_below(field, end), NO_DOCUMENT]}}] if field is not None and end is not None else []
    outside = [_below(field, start)] if field is not None and start is not None else []
    if left_out:
        outside.append({"ids": {"values": list(left_out)}})
    parts = {"filter": inside, "must_not": outside}
    return {"bool": {name: part for name, part in parts.items() if part}} if inside or outside else {"match_all": {}}


def _below(field: RangeField, edge: int) -> dict[str, Any]:
    if not field.is_date:
        return {"range": {field.name: {"lt": edge}}}
    # 7.x refuses milliseconds before 1970; what is written out whole takes neither the date's own format nor a zone
    instant = (_EPOCH + timedelta(milliseconds=edge)).isoformat(timespec="milliseconds")
    return {"range": {field.name: {"lt": instant, "format": "strict_date_optional_time"}}}
