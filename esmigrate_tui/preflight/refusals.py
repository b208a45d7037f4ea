"""What is left of a definition when what a server refuses is taken out of it, so that it can say what else it refuses.

A server names the first thing that it does not have, and no more. Its words differ little from 7.9 to 9.x. What is
left is asked about and thrown away; nobody ever makes it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.settings import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME: Final = r"\[([^\]]{1,300})\]"
_NO_FIELD: Final = re.compile(rf"(?:no handler for type|mapper type) {_NAME} declared on field", re.IGNORECASE)
_NO_PART: Final = re.compile(rf"Unknown (filter|tokenizer|char_filter|analyzer|similarity) type {_NAME}", re.IGNORECASE)
_NOT_THERE: Final = re.compile(rf"failed to find (filter|tokenizer|char_filter) under name {_NAME}")
_NO_ANALYSER: Final = re.compile(rf"analyzer {_NAME} has not been configured in mappings")
_NO_SETTING: Final = re.compile(rf"unknown setting {_NAME}")
_IN_THEIR_PLACE: Final = {"filter": "stop", "tokenizer": "standard", "analyzer": "standard", "similarity": "BM25"}
"""Types that every server has."""
_ANALYSERS: Final = ("analyzer", "search_analyzer", "search_quote_analyzer")


def without(body: Mapping[str, Any], why: str) -> dict[str, Any] | None:
    """That definition without what is refused by these words; None where they say nothing that can be taken out."""
    rest = {
        "settings": named(body.get("settings") or {}),
        "mappings": msgspec.json.decode(msgspec.json.encode(body.get("mappings") or {})),
    }
    was = msgspec.json.encode(rest)
    settings, mappings = rest["settings"], rest["mappings"]
    if found := _NO_FIELD.search(why):
        _drop_fields(mappings, found[1])
    elif found := _NO_ANALYSER.search(why):
        _forget_analyser(mappings, found[1])
    elif found := _NO_PART.search(why):
        rest["settings"] = _without_type(settings, found[1].lower(), found[2])
    elif found := _NOT_THERE.search(why):
        rest["settings"] = _without_part(settings, found[1], found[2])
    else:
        for name in _NO_SETTING.findall(why):
            settings.pop(name, None)
    return rest if msgspec.json.encode(rest) != was else None


def _groups(mappings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every group of fields, however deep: of an object, or the further ones of one field."""
    waiting: list[Any] = [mappings]
    while waiting:
        field = waiting.pop()
        for key in ("properties", "fields"):
            group = field.get(key) if isinstance(field, dict) else None
            if isinstance(group, dict):
                yield group
                waiting += group.values()


def _drop_fields(mappings: dict[str, Any], kind: str) -> None:
    for group in _groups(mappings):
        for name in [name for name, field in group.items() if isinstance(field, dict) and field.get("type") == kind]:
            del group[name]


def _forget_analyser(mappings: dict[str, Any], name: str) -> None:
    """A field that has it for one purpose is left without any: they need one another."""
    for group in _groups(mappings):
        for field in group.values():
            if isinstance(field, dict) and any(field.get(key) == name for key in _ANALYSERS):
                for key in _ANALYSERS:
                    field.pop(key, None)


def _without_type(settings: dict[str, Any], group: str, refused: str) -> dict[str, Any]:
    """Settings in which parts of that type are of one that is known, or are left out where no server knows one."""
    prefix = "index.similarity." if group == "similarity" else f"index.analysis.{group}."
    those = [
        key.removesuffix(".type")
        for key, value in settings.items()
        if key.startswith(prefix) and key.endswith(".type") and value == refused
    ]
    rest = {key: value for key, value in settings.items() if not key.startswith(tuple(f"{one}." for one in those))}
    known = _IN_THEIR_PLACE.get(group)
    if known is not None:
        return rest | {f"{one}.type": known for one in those}
    for one in those:
        rest = _without_part(rest, group, one.removeprefix(prefix))
    return rest


def _without_part(settings: dict[str, Any], group: str, name: str) -> dict[str, Any]:
    """Settings whose analysers and normalizers name no such part."""
    users = ("index.analysis.analyzer.", "index.analysis.normalizer.")
    rest = dict(settings)
    for key, value in settings.items():
        if key.startswith(users) and key.endswith(f".{group}"):
            each = value if isinstance(value, list) else [part.strip() for part in str(value).split(",")]
            if name in each:
                known = [_IN_THEIR_PLACE[group]] if group == "tokenizer" else []
                kept = [part for part in each if part != name] or known
                rest[key] = kept[0] if group == "tokenizer" else kept
    return rest
