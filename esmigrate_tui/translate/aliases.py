"""Aliases of an index: the queries that filter them in the words of a newer version.

https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_search_changes.html
https://www.elastic.co/guide/en/elasticsearch/reference/7.17/removal-of-types.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.features import Features
from esmigrate_tui.model.names import alias_problem
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import Version

_Json = dict[str, Any]

# Queries that hold others, and where; a list of queries, or one.
_HOLDING: Final = {
    "bool": ("must", "should", "must_not", "filter"),
    "constant_score": ("filter", "query"),
    "dis_max": ("queries",),
    "nested": ("query", "filter"),
    "has_child": ("query", "filter"),
    "has_parent": ("query", "filter"),
    "boosting": ("positive", "negative"),
    "function_score": ("query", "filter"),
}
_GONE: Final = {
    "geohash_cell": 6,
    "indices": 6,
    "type": 6,
    "common": 8,
    "has_child": 6,
    "has_parent": 6,
    "parent_id": 6,
}
"""`type` and its like are known for longer, but the types that they ask for become one."""


def translate_aliases(aliases: _Json, destination: Version, changes: list[str]) -> _Json:
    """The aliases for `destination`.

    One whose filter cannot be said there is left out: without a filter it would show more than it may. So is one whose
    name is none there: the whole index would be refused for it.
    """
    kept: _Json = {}
    features = Features.of_elasticsearch(destination)
    for name, alias in aliases.items():
        if why := alias_problem(name, features):
            changes.append(f"alias {clean(name, 200)} is left out: on the destination {why}; give it another by hand")
            continue
        if not isinstance(alias, dict) or not isinstance(alias.get("filter"), dict):
            kept[name] = alias
            continue
        query = modern_query(alias["filter"], destination)
        shown = clean(name, 200)
        if gone := sorted(_gone_in(query, destination)):
            changes.append(
                f"alias {shown} is left out: its filter uses {clean(', '.join(gone), 200)}, which was removed"
            )
            continue
        if query != alias["filter"]:
            changes.append(f"alias {shown}: its filter is written in the words of newer versions")
        kept[name] = alias | {"filter": query}
    return kept


def modern_query(query: Any, destination: Version) -> Any:  # noqa: ANN401  # JSON
    """A query without those that 5.0 took away, which asks the same."""
    if isinstance(query, list):
        return [modern_query(one, destination) for one in query]
    if not isinstance(query, dict) or len(query) != 1 or destination.major < 5:
        return query
    ((kind, body),) = query.items()
    if (today := _today(kind, body)) is not None:
        return modern_query(today, destination)
    if kind not in _HOLDING or not isinstance(body, dict):
        return query
    return {kind: {key: modern_query(one, destination) if key in _HOLDING[kind] else one for key, one in body.items()}}


def _today(kind: str, body: object) -> _Json | None:
    """What one of those that 5.0 took away is today; None for any other."""
    inner: _Json = body if isinstance(body, dict) else {}
    today: _Json | None = None
    if kind in {"and", "or"}:
        filters = inner.get("filters", []) if inner else body
        today = {"bool": {"filter" if kind == "and" else "should": filters if isinstance(filters, list) else [filters]}}
    elif kind == "not":
        today = {"bool": {"must_not": [inner.get("filter", inner.get("query", inner))]}}
    elif kind == "filtered":
        today = {"bool": {new: [inner[old]] for old, new in (("query", "must"), ("filter", "filter")) if old in inner}}
    elif kind == "query":
        today = inner
    elif kind == "fquery":
        today = inner.get("query", {})
    elif kind == "missing" and "field" in inner:
        today = {"bool": {"must_not": [{"exists": {"field": inner["field"]}}]}}
    elif kind == "limit":
        today = {"match_all": {}}
    return today


def _gone_in(query: object, destination: Version) -> set[str]:
    if isinstance(query, list):
        return {gone for one in query for gone in _gone_in(one, destination)}
    if not isinstance(query, dict):
        return set()
    found: set[str] = set()
    for kind, body in query.items():
        if destination.major >= _GONE.get(kind, 99):
            found.add(kind)
        if not isinstance(body, dict):
            continue
        if destination.major >= 6 and kind in {"term", "terms", "match", "prefix"}:
            found |= {name for name in ("_type", "_parent", "_uid", "_all", "_timestamp", "_ttl") if name in body}
        for key in _HOLDING.get(kind, ()):
            found |= _gone_in(body.get(key), destination)
    return found
