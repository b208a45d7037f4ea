"""Dynamic templates, as a newer version takes them; from 8.0 on each is tried when the index is made.

https://www.elastic.co/guide/en/elasticsearch/reference/6.8/breaking_60_mappings_changes.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/dynamic-templates.html
"""

from __future__ import annotations

from typing import Any, Final

from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.fields import TranslationContext, field_of

_Json = dict[str, Any]

_MATCHED: Final = frozenset({"*", "object", "string", "long", "double", "boolean", "date", "binary"})
_ANY: Final = ("{dynamic_type}", "{dynamicType}")
_OF_STRINGS: Final = ("norms", "omit_norms", "analyzer", "index_analyzer", "term_vector", "fielddata", "ignore_above")


def modern_templates(templates: object, manner: TranslationContext, changes: list[str]) -> object:
    """All templates of a mapping, in their order."""
    if not isinstance(templates, list) or manner.major < 5:
        return templates if isinstance(templates, list) else []
    kept: list[object] = []
    for template in templates:
        for name, body in template.items() if isinstance(template, dict) else ():
            if not isinstance(body, dict):
                changes.append(f"dynamic template {clean(name, 80)} is left out, it is none")
                continue
            kept += [{one: new} for one, new in _template(name, body, manner, changes)]
    return kept


def _template(name: str, body: _Json, manner: TranslationContext, changes: list[str]) -> list[tuple[str, _Json]]:
    where = f"dynamic template {clean(name, 80)}"
    matched = body.get("match_mapping_type")
    if isinstance(matched, str) and matched not in _MATCHED:
        changes.append(f"{where} is left out: no value is a {clean(matched, 80)} before it is mapped")
        return []
    mapping = body.get("mapping")
    if not isinstance(mapping, dict):
        return [(name, body)]
    kind = mapping.get("type")
    if kind is not None and kind not in _ANY:
        return [(name, body | {"mapping": field_of(mapping, manner, where, changes) or {}})]
    if matched == "string" and kind is None and _speaks_of_strings(mapping):
        mapping = mapping | {"type": "string"}
    elif matched in (None, "*") and _speaks_of_strings(mapping):
        changes.append(f"{where} becomes two: strings have a type of their own now")
        strings = field_of(mapping | {"type": "string"}, manner, where, changes) or {}
        rest = {key: value for key, value in mapping.items() if key not in _OF_STRINGS}
        others = field_of(rest | {"type": "{dynamic_type}"}, manner, where, changes) or {}
        return [
            (f"{name}_strings", body | {"match_mapping_type": "string", "mapping": strings}),
            (name, body | {"mapping": others}),
        ]
    return [(name, body | {"mapping": field_of(mapping, manner, where, changes) or {}})]


def _speaks_of_strings(mapping: _Json) -> bool:
    """Whether it is written in words that only a string of 2.x has: they choose between text and keyword."""
    if mapping.get("index") in ("analyzed", "not_analyzed"):
        return True
    return (
        isinstance(mapping.get("norms"), dict) or isinstance(mapping.get("fielddata"), dict) or "omit_norms" in mapping
    )
