"""How an index keeps its documents: from 9.0 on a setting says so, and the mapping's word is taken and not obeyed.

https://www.elastic.co/guide/en/elasticsearch/reference/8.19/mapping-source-field.html

Seen on 9.5.0: `_source: {mode: synthetic}` is answered with 200, and the index keeps its documents as sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import Version

_Json = dict[str, Any]

_SETTING: Final = "index.mapping.source.mode"
_MODES: Final = ("stored", "synthetic", "disabled")
_BY_SETTING: Final = 9


def with_source_mode(settings: _Json, mapping: _Json, destination: Version, changes: list[str]) -> tuple[_Json, _Json]:
    """Flat settings and typeless mapping, the mode of `_source` where `destination` looks for it."""
    source = mapping.get("_source")
    if destination.major < _BY_SETTING or not isinstance(source, dict) or "mode" not in source:
        return settings, mapping
    mode = str(source["mode"]).lower()
    rest = {name: value for name, value in source.items() if name != "mode"}
    kept = {name: value for name, value in mapping.items() if name != "_source"} | ({"_source": rest} if rest else {})
    if mode not in _MODES:
        changes.append(f"_source.mode is left out: {clean(mode, 80)} is none")
        return settings, kept
    changes.append(f"_source.mode is the setting {_SETTING} now: {mode}")
    return {_SETTING: mode} | settings, kept
