"""Fields of type `string`, as the text or keyword that they were in effect.

https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_mapping_changes.html
"""

from __future__ import annotations

from typing import Any, Final

from esmigrate_tui.translate.origin import is_true

_Json = dict[str, Any]

_NOT_OF_KEYWORDS: Final = (
    "analyzer",
    "index_analyzer",
    "search_analyzer",
    "search_quote_analyzer",
    "position_increment_gap",
    "position_offset_gap",
    "term_vector",
)
_NOT_OF_TEXT: Final = ("ignore_above", "null_value", "doc_values")
_AGGREGATED: Final = "fields of type text cannot be sorted by or aggregated any more, unless fielddata is set to true"

_SCORED: Final = "text is scored by BM25 where nothing else is said; before 5.0 it was by the classic similarity"


def without_string(field: _Json, path: str, changes: list[str]) -> _Json:
    """One field of type `string` with one of the two types that came after it; any other field as it is."""
    if field.get("type") != "string":
        return field
    kept = dict(field)
    indexed = kept.pop("index", "analyzed")
    is_off = indexed in ("no", False)
    if indexed == "not_analyzed" or (is_off and is_true(kept.get("doc_values", False))):
        kept["type"] = "keyword"
        _leave_out(kept, _NOT_OF_KEYWORDS, "keyword", path, changes)
        if kept.get("index_options") in ("positions", "offsets"):
            del kept["index_options"]
            changes.append(f"{path}: index_options is left out, a keyword has no positions")
    else:
        kept["type"] = "text"
        _leave_out(kept, _NOT_OF_TEXT, "text", path, changes)
    if is_off:
        kept["index"] = False
    changes.append(f"{path}: string becomes {kept['type']}")
    if kept["type"] == "text" and not is_off:
        changes.append(_AGGREGATED)
        if "similarity" not in kept:
            changes.append(_SCORED)
    return kept


def modern_fielddata(field: _Json, path: str, changes: list[str]) -> _Json:
    """What 2.x said of values in memory, as the parameters that came after it."""
    fielddata = field.get("fielddata")
    if not isinstance(fielddata, dict):
        return field
    kept = {name: value for name, value in field.items() if name != "fielddata"}
    kind = kept.get("type")
    if fielddata.get("loading") == "eager_global_ordinals" and kind in ("text", "keyword"):
        kept["eager_global_ordinals"] = True
    if kind == "text" and fielddata.get("format") != "disabled":
        kept["fielddata"] = True
        if limits := {
            name: _number(fielddata, name) for name in ("min", "max", "min_segment_size") if _has(fielddata, name)
        }:
            kept["fielddata_frequency_filter"] = limits
    changes.append(f"{path}: fielddata is {'written true now' if 'fielddata' in kept else 'left out, it was removed'}")
    return kept


def _has(fielddata: _Json, name: str) -> bool:
    return _number(fielddata, name) is not None


def _number(fielddata: _Json, name: str) -> float | None:
    """One limit of the frequency filter, nested or with a dotted name, as 2.x answers either."""
    inner: object = fielddata.get(f"filter.frequency.{name}")
    if inner is None:
        inner = fielddata.get("filter")
        for part in ("frequency", name):
            inner = inner.get(part) if isinstance(inner, dict) else None
    try:
        value = float(str(inner))
    except ValueError:
        return None
    return int(value) if value.is_integer() else value


def _leave_out(kept: _Json, names: tuple[str, ...], kind: str, path: str, changes: list[str]) -> None:
    for name in names:
        if name in kept:
            value = kept.pop(name)
            if name == "doc_values" and not is_true(value):
                continue  # it says what goes without saying
            changes.append(f"{path}: {name} is left out, a {kind} has none")
