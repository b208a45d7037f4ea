"""Mappings of one major version, typeless and as a newer one takes them.

https://www.elastic.co/guide/en/elasticsearch/reference/7.17/removal-of-types.html
https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_mapping_changes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import Version

_Json = dict[str, Any]

# What a mapping of any version may hold at its top beside fields; anything else at the top is a type's name.
_ROOT_KEYS: Final = frozenset(
    {
        "properties",
        "dynamic",
        "dynamic_templates",
        "dynamic_date_formats",
        "date_detection",
        "numeric_detection",
        "runtime",
        "subobjects",
        "_meta",
        "_routing",
        "_source",
        "_size",
        "_field_names",
        "_all",
        "_parent",
        "_timestamp",
        "_ttl",
        "_data_stream_timestamp",
        "_tier",
        "_doc_count",
        "include_in_all",
        "transform",
        "enabled",
    }
)
_ROOT_GONE: Final = {
    "_all": (6, "the field _all is gone: search in several fields, or use copy_to"),
    "_timestamp": (5, "the field _timestamp is gone: its values are not in the documents and do not travel"),
    "_ttl": (5, "the field _ttl is gone: documents do not expire by themselves any more"),
    "_parent": (6, "_parent is gone: its relation becomes a field of type join, which needs a hand-made mapping"),
    "_field_names": (8, "_field_names cannot be switched any more"),
    "_index": (5, "_index cannot be switched any more"),
    "_type": (5, "_type cannot be configured any more"),
    "_id": (5, "_id cannot be configured any more"),
    "_analyzer": (5, "an analyzer chosen by document is gone"),
    "_boost": (5, "boosting a document while it is indexed is gone"),
    "include_in_all": (6, "include_in_all is gone with _all"),
    "transform": (5, "transform scripts are gone: use an ingest pipeline"),
}
_FIELD_GONE: Final = {
    "include_in_all": 6,
    "precision_step": 5,
    "index_name": 5,
    "path": 5,
    "omit_term_freq_and_positions": 5,
    "ignore_conflicts": 5,
    "lat_lon": 5,
    "geohash": 5,
    "geohash_prefix": 5,
    "geohash_precision": 5,
    "validate": 5,
    "validate_lat": 5,
    "validate_lon": 5,
    "normalize": 5,
    "normalize_lat": 5,
    "normalize_lon": 5,
    "numeric_resolution": 5,
    "rewrite": 5,
    "tree": 7,
    "tree_levels": 7,
    "strategy": 7,
    "distance_error_pct": 7,
    "points_only": 7,
    "boost": 8,
}
_ONE_TYPE: Final = 6  # the major from which on an index has one type at most
_KEEPS_PATH: Final = frozenset({"alias"})  # the only type whose `path` is its meaning
_STRING_ONLY: Final = frozenset({"analyzer", "search_analyzer", "search_quote_analyzer", "position_increment_gap"})
_INDEXED_WITH_OPTIONS: Final = frozenset({"text", "keyword", "string", "annotated_text", "search_as_you_type"})
_CAMEL_FORMATS: Final = {
    "dateOptionalTime": "date_optional_time",
    "strictDateOptionalTime": "strict_date_optional_time",
    "basicDate": "basic_date",
    "basicDateTime": "basic_date_time",
    "basicDateTimeNoMillis": "basic_date_time_no_millis",
    "dateHourMinuteSecond": "date_hour_minute_second",
    "dateTime": "date_time",
    "dateTimeNoMillis": "date_time_no_millis",
    "yearMonthDay": "year_month_day",
    "yearMonth": "year_month",
    "epochMillis": "epoch_millis",
}


def is_typeless(mappings: _Json) -> bool:
    """Whether `mappings` is a mapping itself, not an object of types; an empty one is."""
    return all(name in _ROOT_KEYS for name in mappings)


def types_of(mappings: _Json) -> tuple[str, ...]:
    """The names of the mapping types, without `_default_`; () for a typeless mapping."""
    return () if is_typeless(mappings) else tuple(name for name in mappings if name != "_default_")


def translate_mappings(mappings: _Json, destination: Version) -> tuple[_Json, tuple[str, ...]]:
    """One typeless mapping for `destination`, and what was changed, in words with the field's path.

    `mappings` is the "mappings" object of `GET /INDEX`, of any version from 2.4. A destination before 6.0 has types
    itself: they stay as they are.
    """
    changes: list[str] = []
    if destination.major < _ONE_TYPE and not is_typeless(mappings):
        typed = {name: _root(mapping, destination, changes) for name, mapping in mappings.items()}
        return typed, tuple(dict.fromkeys(changes))
    if is_typeless(mappings):
        parts = [mappings]
    else:
        names = types_of(mappings)
        parts = [mappings[name] for name in names]
        if "_default_" in mappings:
            changes.append("the _default_ mapping is left out: new types no longer exist")
        if len(names) > 1:
            changes.append(f"the types {', '.join(clean(name, 80) for name in names)} become one mapping")
    merged: _Json = {}
    for part in parts:
        _merge(merged, _root(part, destination, changes), "", changes)
    return merged, tuple(dict.fromkeys(changes))


def _root(mapping: _Json, destination: Version, changes: list[str]) -> _Json:
    kept: _Json = {}
    for name, value in mapping.items():
        if name in _ROOT_GONE and destination.major >= _ROOT_GONE[name][0]:
            changes.append(_ROOT_GONE[name][1])
        elif name == "properties":
            kept[name] = _properties(value, destination, "", changes)
        elif name == "dynamic_templates":
            kept[name] = [_dynamic_template(template, destination, changes) for template in value]
        else:
            kept[name] = value
    return kept


def _dynamic_template(template: _Json, destination: Version, changes: list[str]) -> _Json:
    return {
        name: {
            key: _field(value, destination, f"dynamic template {clean(name, 80)}", changes)
            if key == "mapping"
            else value
            for key, value in body.items()
        }
        for name, body in template.items()
    }


def _properties(properties: _Json, destination: Version, path: str, changes: list[str]) -> _Json:
    return {
        name: _field(field, destination, f"{path}.{clean(name, 200)}" if path else clean(name, 200), changes)
        for name, field in properties.items()
    }


def _field(field: _Json, destination: Version, path: str, changes: list[str]) -> _Json:
    """One field as `destination` takes it, with all below it."""
    kind = field.get("type", "object")
    kept: _Json = {}
    for name, value in field.items():
        if name in {"properties", "fields"} and isinstance(value, dict):
            kept[name] = _properties(value, destination, path, changes)
        elif destination.major >= _FIELD_GONE.get(name, 99) and not (name == "path" and kind in _KEEPS_PATH):
            changes.append(f"{path}: {name} is left out, it is gone")
        else:
            kept[name] = value
    if destination.major >= 5:
        kept = _without_strings(kept, path, changes)
        kept = _modern_index(kept)
    if destination.major >= 7:
        kept = _modern_dates(kept, path, changes)
    return kept


def _without_strings(field: _Json, path: str, changes: list[str]) -> _Json:
    """`string` as the text or keyword that it was in effect."""
    if field.get("type") != "string":
        return field
    kept = dict(field)
    indexed = kept.pop("index", "analyzed")
    if indexed == "not_analyzed":
        kept["type"] = "keyword"
        for name in _STRING_ONLY | {"term_vector", "fielddata"}:
            kept.pop(name, None)
        if kept.get("index_options") in {"positions", "offsets"}:
            del kept["index_options"]
    else:
        kept["type"] = "text"
        kept.pop("ignore_above", None)
        kept.pop("null_value", None)
        kept.pop("doc_values", None)
        if indexed in {"no", False}:
            kept["index"] = False
    if isinstance(kept.get("fielddata"), dict):
        del kept["fielddata"]
    changes.append(f"{path}: string becomes {kept['type']}")
    return kept


def _modern_index(field: _Json) -> _Json:
    """`index`, `norms`, `store` and their like in today's spelling; nothing of their meaning changes."""
    kept = dict(field)
    if kept.get("index") in {"no", "not_analyzed", "analyzed"}:
        kept["index"] = kept["index"] != "no"
    if isinstance(kept.get("norms"), dict):
        kept["norms"] = kept["norms"].get("enabled", True)
    if "omit_norms" in kept:
        kept["norms"] = not _true(kept.pop("omit_norms"))
    if kept.get("type") not in {"text", None, "annotated_text", "search_as_you_type", "keyword"}:
        kept.pop("norms", None)
    if "index_analyzer" in kept:
        kept["analyzer"] = kept.pop("index_analyzer")
    if "position_offset_gap" in kept:
        kept["position_increment_gap"] = kept.pop("position_offset_gap")
    if isinstance(kept.get("fielddata"), dict):
        del kept["fielddata"]
    if kept.get("similarity") in {"default", "classic"}:
        del kept["similarity"]
    if "index_options" in kept and kept.get("type") not in _INDEXED_WITH_OPTIONS:
        del kept["index_options"]
    for name in ("store", "doc_values", "norms"):
        if isinstance(kept.get(name), str):
            kept[name] = _true(kept[name])
    return kept


def _modern_dates(field: _Json, path: str, changes: list[str]) -> _Json:
    """Date formats without Joda-Time, which 7.0 left: camel case names, and Y where a year is meant.

    https://www.elastic.co/guide/en/elasticsearch/reference/7.17/migrate-to-java-time.html
    """
    pattern = field.get("format")
    if field.get("type") not in {"date", "date_range"} or not isinstance(pattern, str):
        return field
    parts = [_CAMEL_FORMATS.get(part, part) for part in pattern.removeprefix("8").split("||")]
    parts = [part.replace("Y", "y") if "-" in part or "/" in part or "." in part else part for part in parts]
    modern = "||".join(parts)
    if modern == pattern:
        return field
    changes.append(f"{path}: the date format {clean(pattern, 120)} is written {clean(modern, 120)} now")
    return field | {"format": modern}


def _merge(into: _Json, part: _Json, path: str, changes: list[str]) -> None:
    """Put one type's mapping into the common one; where both define a field otherwise, the first stays."""
    for name, value in part.items():
        here = f"{path}.{name}" if path else name
        if name not in into:
            into[name] = value
        elif isinstance(value, dict) and isinstance(into[name], dict):
            _merge(into[name], value, here, changes)
        elif into[name] != value:
            changes.append(f"{clean(here, 200)}: the types disagree, {clean(str(into[name]), 80)} is kept")


def _true(value: object) -> bool:
    return value in {True, "true", "yes", "on", "1"}
