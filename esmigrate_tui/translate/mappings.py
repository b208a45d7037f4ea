"""Mappings of one major version, as a newer one takes them: typeless from 6.0 on.

https://www.elastic.co/guide/en/elasticsearch/reference/7.17/removal-of-types.html
https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_mapping_changes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.dates import modern_format
from esmigrate_tui.translate.dynamic import modern_templates
from esmigrate_tui.translate.fields import TranslationContext, properties_of
from esmigrate_tui.translate.types import MergedMappings, is_typeless, merged, type_there, types_of

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["is_typeless", "merged_mappings", "types_of"]

_Json = dict[str, Any]

_TYPELESS: Final = 6
"""From this major on an index has one type, and documents are written to it whatever it is called."""
_JODA: Final = Version(7)
"""Indices that were made before this version read dates with Joda-Time."""

_GONE: Final = {
    "_all": (6, "the field _all was removed: search in several fields, or use copy_to"),
    "_timestamp": (5, "the field _timestamp was removed: its values are not in the documents and do not travel"),
    "_ttl": (5, "the field _ttl was removed: documents do not expire by themselves any more"),
    "_field_names": (8, "_field_names cannot be switched any more"),
    "_index": (5, "_index cannot be switched any more"),
    "_type": (5, "_type cannot be configured any more"),
    "_id": (5, "_id cannot be configured any more"),
    "_uid": (5, "_uid cannot be configured any more"),
    "_analyzer": (5, "an analyzer chosen by document was removed"),
    "_boost": (5, "boosting a document while it is indexed was removed"),
    "_doc_count": (0, "_doc_count cannot be configured"),
    "_data_stream_timestamp": (0, "_data_stream_timestamp belongs to the data stream that the index was part of"),
    "_size": (99, ""),
    "analyzer": (5, "analyzer for all fields was removed: index.analysis.analyzer.default is used"),
    "index_analyzer": (5, "index_analyzer for all fields was removed: index.analysis.analyzer.default is used"),
    "search_analyzer": (
        5,
        "search_analyzer for all fields was removed: index.analysis.analyzer.default_search is used",
    ),
    "include_in_all": (6, "include_in_all was removed with _all"),
    "transform": (5, "transform scripts were removed: use an ingest pipeline"),
}
_GONE_WITHIN: Final = {"_routing": ("path", "store", "index"), "_source": ("compress", "compress_threshold", "format")}


def merged_mappings(
    mappings: _Json,
    destination: Version,
    source: Version | None = None,
    plugins: Collection[str] | None = None,
) -> MergedMappings:
    """The mapping for `destination`, what was changed in words with the field's path, and what cannot be.

    `mappings` is the "mappings" object of `GET /INDEX`, of any version from 2.4. `source` is the version that made the
    index, where it is known; `plugins` are those of the destination, where they are known. For a destination before
    6.0 the types stay.
    """
    changes: list[str] = []
    typeless = is_typeless(mappings)
    # Types are older than 7.0; without a word of the version a typeless mapping is taken for a newer one.
    joda = (source < _JODA) if source is not None else not typeless
    manner = TranslationContext(destination, joda=joda, plugins=plugins)
    if typeless:
        found = MergedMappings(mapping=_root(mappings, manner, changes))
    elif destination.major < _TYPELESS:
        found = MergedMappings(
            mapping={
                type_there(name, destination.major): _root(part, manner, changes) for name, part in mappings.items()
            }
        )
    else:
        names = types_of(mappings)
        if "_default_" in mappings:
            changes.append("the _default_ mapping is left out: new types no longer exist")
        found = merged({name: _root(mappings[name], manner, changes) for name in names})
        if len(names) > 1:
            changes.append(f"the types {', '.join(clean(name, 80) for name in names)} become one mapping")
    dotted = _torn(found.mapping, "") if typeless or destination.major >= _TYPELESS else ()
    return MergedMappings(
        mapping=found.mapping,
        changes=tuple(dict.fromkeys((*changes, *found.changes))),
        conflicts=(*found.conflicts, *dotted),
    )


def _root(mapping: object, manner: TranslationContext, changes: list[str]) -> _Json:
    kept: _Json = {}
    for name, value in mapping.items() if isinstance(mapping, dict) else ():
        if name in _GONE and manner.major >= _GONE[name][0]:
            changes.append(_GONE[name][1])
        elif name == "_parent" and manner.major >= _TYPELESS:
            changes.append(_of_parent(value))
        elif name == "_size" and manner.lacks("mapper-size"):
            changes.append("_size is left out: the destination lacks the plugin mapper-size")
        elif name == "properties":
            kept[name] = properties_of(value, manner, "", changes)
        elif name == "dynamic_templates":
            kept[name] = modern_templates(value, manner, changes)
        elif name == "dynamic_date_formats" and manner.major >= _JODA.major:
            kept[name] = _formats(value, manner, changes)
        elif name in _GONE_WITHIN and isinstance(value, dict) and manner.major >= 5:
            gone = [key for key in _GONE_WITHIN[name] if key in value]
            changes.extend(f"{name}.{key} is left out, it was removed" for key in gone)
            kept[name] = {key: one for key, one in value.items() if key not in gone}
        else:
            kept[name] = value
    return kept


def _of_parent(value: object) -> str:
    parent = value.get("type") if isinstance(value, dict) else None
    named = f" to the type {clean(parent, 80)}" if isinstance(parent, str) else ""
    return (
        f"_parent was removed: the relation{named} is not carried over; a field of type join would hold it, and each "
        "document would have to say in it what it is"
    )


def _formats(value: object, manner: TranslationContext, changes: list[str]) -> object:
    before = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    formats = [modern_format(one, joda=manner.joda)[0] for one in before]
    if formats != before:
        old, new = clean(", ".join(before), 200), clean(", ".join(formats), 200)
        changes.append(f"dynamic_date_formats: {old} is written {new} now")
    return formats if isinstance(value, list) or not formats else formats[0]


def _torn(mapping: _Json, path: str) -> tuple[str, ...]:
    """Fields that are a value in one place and an object in another: a.b beside a, as 2.x allowed."""
    properties = mapping.get("properties")
    if not isinstance(properties, dict) or mapping.get("subobjects") is False:
        return ()
    found: list[str] = []
    for name, field in properties.items():
        here = f"{path}.{name}" if path else name
        parts = name.split(".")
        for length in range(1, len(parts)):
            above = properties.get(".".join(parts[:length]))
            if (
                isinstance(above, dict)
                and "properties" not in above
                and str(above.get("type")) not in {"object", "nested"}
            ):
                front = clean(".".join(parts[:length]), 200)
                found.append(f"{clean(here, 200)}: {front} cannot be a value and an object at once")
        if isinstance(field, dict):
            found += _torn(field, here)
    return tuple(found)
