"""How the values of one field lie over an index, from a sample that the server draws: the same from 2.4 to 9.x.

https://www.elastic.co/guide/en/elasticsearch/reference/current/search-aggregations-metrics-percentile-aggregation.html

Percentiles of every document would take the source minutes where an index has a thousand million of them; a hundred
thousand, drawn by chance, say the same to within one in a hundred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.elastic.responses.search import SearchTotal
from esmigrate_tui.elastic.wire import is_tolerated
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster

PERCENTS: Final = tuple(range(1, 100))
_SAMPLE: Final = 100_000  # documents
_LONGEST: Final = "20s"  # what is read for the sake of speed must not take long itself


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Of so many `documents` in a sample some have no value (`missing`); the others' 1st to 99th percentile.

    Those of a date are milliseconds since 1970.
    """

    documents: int
    missing: int
    percentiles: tuple[float, ...]


class _Percentile(msgspec.Struct, frozen=True):
    value: float | str | None = None  # "NaN" where there is no value at all


class _Percentiles(msgspec.Struct, frozen=True):
    values: tuple[_Percentile, ...] = ()


class _MissingCount(msgspec.Struct, frozen=True):
    doc_count: int = 0


class _Aggregations(msgspec.Struct, frozen=True):
    spread: _Percentiles = _Percentiles()
    missing: _MissingCount = _MissingCount()


class _SpreadResponse(SearchTotal, frozen=True):
    aggregations: _Aggregations = _Aggregations()
    timed_out: bool = False


async def spread_of(cluster: Cluster, index: str, field: str, documents: int) -> Spread | None:
    """How the values of a field lie over an index of about so many documents; changes nothing.

    None where the server cannot say: no document has a value, it keeps none for that, or it took too long. Raises
    ProblemError for what may pass.
    """
    features = await cluster.wire.features()
    drawn: dict[str, Any] = {"match_all": {}}
    if documents > _SAMPLE:
        least = 1 - _SAMPLE / documents
        drawn = {"function_score": {"random_score": {}, "boost_mode": "replace", "min_score": least}}
    body: dict[str, Any] = {
        "size": 0,
        "timeout": _LONGEST,
        "query": drawn,
        "aggs": {
            "spread": {"percentiles": {"field": field, "percents": PERCENTS, "keyed": False}},
            "missing": {"missing": {"field": field}},
        },
    }
    if features.counts_hits_on_request:
        body["track_total_hits"] = True
    path = await cluster.searches.search_path(index)
    path += "/_search" + ("?allow_partial_search_results=false" if features.rejects_partial_results else "")
    try:
        response = await cluster.wire.read(path, body, _SpreadResponse)
    except ProblemError as error:
        if is_tolerated(error.problem):
            return None
        raise
    values = tuple(one.value for one in response.aggregations.spread.values)
    known = tuple(value for value in values if isinstance(value, float))
    if response.timed_out or not response.total or len(known) != len(PERCENTS):
        return None
    return Spread(documents=response.total, missing=response.aggregations.missing.doc_count, percentiles=known)
