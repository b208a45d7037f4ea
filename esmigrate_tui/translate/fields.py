"""One field of a mapping, as a newer version takes it.

https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_mapping_changes.html
https://www.elastic.co/guide/en/elasticsearch/reference/6.8/breaking_60_mappings_changes.html
https://www.elastic.co/guide/en/elasticsearch/reference/7.17/breaking-changes-7.0.html
https://www.elastic.co/guide/en/elasticsearch/reference/8.19/migrating-8.0.html

What a server of each major says to each of these was seen on 5.6.16, 6.8.23, 7.17.28 and 9.5.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.dates import modern_format
from esmigrate_tui.translate.origin import is_spelled_boolean, is_true
from esmigrate_tui.translate.strings import modern_fielddata, without_string

if TYPE_CHECKING:
    from collections.abc import Collection

    from esmigrate_tui.model.facts import Version

_Json = dict[str, Any]

_GONE: Final = {
    "include_in_all": 6,
    "precision_step": 5,
    "index_name": 5,
    "path": 5,
    "omit_term_freq_and_positions": 5,
    "ignore_conflicts": 5,
    "compress": 5,
    "compress_threshold": 5,
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
_GONE_OF: Final = {("geo_shape", "precision"): 7}
_KEEPS_PATH: Final = frozenset({"alias"})  # the only type whose `path` is its meaning

_TEXT: Final = frozenset({"text", "annotated_text", "search_as_you_type"})
_WORDS: Final = _TEXT | {"keyword"}
_PLAIN: Final = frozenset(
    [
        "text",
        "keyword",
        "long",
        "integer",
        "short",
        "byte",
        "double",
        "float",
        "half_float",
        "scaled_float",
        "unsigned_long",
        "date",
        "date_nanos",
        "boolean",
        "binary",
        "ip",
        "geo_point",
        "geo_shape",
        "completion",
        "token_count",
        "integer_range",
        "long_range",
        "float_range",
        "double_range",
        "date_range",
        "ip_range",
        "object",
        "nested",
        "join",
        "percolator",
        "murmur3",
    ]
)
"""Types that are known well enough to say which parameters they have not; others are left as they are."""

# Before 5.0 every type took these, whatever they meant to it.
_ONLY_OF: Final[dict[str, frozenset[str]]] = {
    "norms": _WORDS,
    "omit_norms": _WORDS,
    "index_options": _WORDS,
    "similarity": _WORDS,
    "fielddata": _TEXT,
    "term_vector": _TEXT,
    "analyzer": _TEXT | {"completion", "token_count"},
    "index_analyzer": _TEXT | {"completion"},
    "search_analyzer": _TEXT | {"completion"},
    "search_quote_analyzer": _TEXT,
    "position_increment_gap": _TEXT,
    "position_offset_gap": _TEXT,
}
_BOOLEANS: Final = (
    "store",
    "doc_values",
    "norms",
    "coerce",
    "ignore_malformed",
    "ignore_z_value",
    "fielddata",
    "eager_global_ordinals",
    "include_in_parent",
    "include_in_root",
    "enabled",
    "preserve_separators",
    "preserve_position_increments",
)
_GONE_TYPES: Final = {
    "attachment": (
        6,
        "the type attachment was removed: its documents keep what was sent, and nothing of it is searched",
    ),
}
_OF_PLUGINS: Final = {
    "attachment": "mapper-attachments",
    "murmur3": "mapper-murmur3",
    "annotated_text": "mapper-annotated-text",
}


class TranslationContext:
    """What a translation goes by: where to, whether the letters of dates are Joda's, which plugins are there.

    `plugins` is None where that is not known; what needs one is kept then.
    """

    def __init__(self, destination: Version, *, joda: bool = False, plugins: Collection[str] | None = None) -> None:
        self.major = destination.major
        self.joda = joda
        self.plugins = plugins

    def lacks(self, plugin: str) -> bool:
        """Whether the destination is known to be without a plugin."""
        return self.plugins is not None and plugin not in self.plugins


def properties_of(
    properties: object, manner: TranslationContext, path: str, changes: list[str], *, below: bool = False
) -> object:
    """All fields of an object, or (`below`) those below one field; what cannot be there is left out, and said."""
    if not isinstance(properties, dict):
        return {}  # servers answer and take an empty list for none
    kept: _Json = {}
    for name, field in properties.items():
        here = f"{path}.{_shown(name)}" if path else _shown(name)
        if manner.major >= 5 and not all(part for part in name.split(".")):
            changes.append(f"{here}: a field without a name is left out, documents that have it are refused")
        elif manner.major >= 8 and not all(part.strip() for part in name.split(".")):
            changes.append(f"{here}: a name of spaces alone is left out, documents that have it are refused")
        elif not isinstance(field, dict):
            changes.append(f"{here}: left out, it describes no field")
        elif (new := field_of(field, manner, here, changes, below=below)) is not None:
            kept[name] = new
    return kept


def field_of(
    field: _Json, manner: TranslationContext, path: str, changes: list[str], *, below: bool = False
) -> _Json | None:
    """One field with all below it; None where nothing of it is left."""
    if manner.major < 5:
        return field
    if (instead := _without_type(field, manner, path, changes)) is not field:
        return None if below else instead
    kept = without_string(field, path, changes)
    kept = _without_gone(kept, manner, path, changes)
    if kept.get("type") == "completion":
        kept = _completion(kept, path, changes)
    kept = modern_fielddata(kept, path, changes)
    kept = _without_others(kept, path, changes)
    kept = _spelled(kept, manner)
    kept = _scored(kept, manner, path, changes)
    if manner.major >= 7:
        kept = _dated(kept, manner, path, changes)
    for name, is_below in (("properties", False), ("fields", True)):
        if name in kept:
            kept = kept | {name: properties_of(kept[name], manner, path, changes, below=is_below)}
    return kept


def _without_type(field: _Json, manner: TranslationContext, path: str, changes: list[str]) -> _Json:
    """Something else where the type is not on the destination; `field` itself where it is."""
    kind = field.get("type")
    if not isinstance(kind, str):
        return field
    if kind in _GONE_TYPES and manner.major >= _GONE_TYPES[kind][0]:
        changes.append(f"{path}: {_GONE_TYPES[kind][1]}")
    elif kind in _OF_PLUGINS and manner.lacks(_OF_PLUGINS[kind]):
        changes.append(f"{path}: the type {kind} needs the plugin {_OF_PLUGINS[kind]}, which the destination lacks")
    else:
        return field
    # An object that is not looked into takes whatever the documents have there, and refuses none of them.
    return {"type": "object", "enabled": False}


def _without_gone(field: _Json, manner: TranslationContext, path: str, changes: list[str]) -> _Json:
    kept: _Json = {}
    for name, value in field.items():
        kind = field.get("type")
        gone_since = _GONE.get(name, _GONE_OF.get((str(kind), name), 99))
        is_gone = manner.major >= gone_since and not (name == "path" and kind in _KEEPS_PATH)
        if is_gone:
            changes.append(f"{path}: {name} is left out, it was removed")
        else:
            kept[name] = value
    return kept


def _without_others(field: _Json, path: str, changes: list[str]) -> _Json:
    """Without what a type of its kind never had a use for."""
    kind = field.get("type", "object" if "properties" in field else None)
    if not isinstance(kind, str) or kind not in _PLAIN:
        return field
    unused = {name for name, kinds in _ONLY_OF.items() if name in field and kind not in kinds}
    unused |= {name for name in ("index", "doc_values") if name in field and kind in {"object", "nested"}}
    if kind == "binary" and "index" in field:
        unused.add("index")
    if kind == "text" and field.get("index_options") in ("docs", "freqs"):
        unused |= {name for name in ("position_increment_gap", "position_offset_gap") if name in field}
    changes.extend(f"{path}: {name} is left out, {_a(kind)} has no use for it" for name in sorted(unused))
    return {name: value for name, value in field.items() if name not in unused}


def _spelled(field: _Json, manner: TranslationContext) -> _Json:
    """`index`, `norms`, `store` and their like in today's spelling; nothing of their meaning changes."""
    kept = dict(field)
    if kept.get("index") in ("no", "not_analyzed", "analyzed"):
        kept["index"] = kept["index"] != "no"
    elif is_spelled_boolean(kept.get("index")):
        kept["index"] = is_true(kept["index"])
    if isinstance(kept.get("norms"), dict):
        kept["norms"] = is_true(kept["norms"].get("enabled", True))
    if "omit_norms" in kept:
        kept["norms"] = not is_true(kept.pop("omit_norms"))
    for old, new in (("index_analyzer", "analyzer"), ("position_offset_gap", "position_increment_gap")):
        if old in kept:
            kept[new] = kept.pop(old)
    if manner.major >= 5:
        for name in _BOOLEANS:
            if name in kept and (is_spelled_boolean(kept[name]) or isinstance(kept[name], str)):
                kept[name] = is_true(kept[name])
    return kept


def _scored(field: _Json, manner: TranslationContext, path: str, changes: list[str]) -> _Json:
    """`default` was the name of the classic similarity until 5.0; new indices cannot have that from 7.0 on."""
    similarity = field.get("similarity")
    if similarity == "default" and manner.major < 7:
        changes.append(f"{path}: similarity is written classic now")
        return field | {"similarity": "classic"}
    if similarity not in ("default", "classic") or manner.major < 7:
        return field
    changes.append(f"{path}: similarity is left out, the classic one was removed; BM25 scores instead")
    return {name: value for name, value in field.items() if name != "similarity"}


def _dated(field: _Json, manner: TranslationContext, path: str, changes: list[str]) -> _Json:
    pattern = field.get("format")
    if field.get("type") not in ("date", "date_range", "date_nanos") or not isinstance(pattern, str):
        return field
    modern, notes = modern_format(pattern, joda=manner.joda)
    if modern != pattern:
        changes.append(f"{path}: the date format {clean(pattern, 120)} is written {clean(modern, 120)} now")
    changes.extend(notes)
    return field | {"format": modern}


def _shown(name: str) -> str:
    return clean(name, 200) if name.strip() else f'"{name}"'


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _completion(field: _Json, path: str, changes: list[str]) -> _Json:
    """A field for suggestions, which 5.0 wrote anew: without payloads, and with its contexts in a list.

    https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_suggester.html
    """
    if "payloads" not in field and "context" not in field:
        return field
    kept = {name: value for name, value in field.items() if name not in {"payloads", "context"}}
    if "payloads" in field:
        changes.append(f"{path}: payloads is left out, suggestions come with their document")
    contexts = field.get("context")
    if isinstance(contexts, dict):
        kept["contexts"] = [
            _context(name, one, path, changes) for name, one in contexts.items() if isinstance(one, dict)
        ]
        changes.append(f"{path}: context is written contexts now")
    changes.append(f"{path}: documents that have output, payload or context in it are refused")
    return kept


def _context(name: str, context: _Json, path: str, changes: list[str]) -> _Json:
    """One context; a geo context has one precision now, the finest it had."""
    kept: _Json = {"name": name}
    for key, value in context.items():
        if key in {"default", "neighbors"}:
            changes.append(f"{path}: {key} of the context {clean(name, 80)} is left out, it was removed")
        elif key == "precision" and isinstance(value, list):
            kept[key] = max((one for one in value if isinstance(one, int)), default=6)
        else:
            kept[key] = value
    return kept
