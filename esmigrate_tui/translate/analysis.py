"""Analyzers and what they are made of: old names, limits, files that lie on nodes.

https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_settings_changes.html
https://www.elastic.co/guide/en/elasticsearch/reference/6.8/breaking_60_analysis_changes.html
https://www.elastic.co/guide/en/elasticsearch/reference/7.17/breaking-changes-7.0.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/index-modules.html

No node here of 7 or newer has the module analysis-common; what those say is from the pages above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from esmigrate_tui.model.facts import Version

_PREFIX: Final = "index.analysis."
_KINDS: Final = ("analyzer", "normalizer", "tokenizer", "filter", "char_filter")

# The names that components had, and the first major that refuses them in a new index.
_RENAMED: Final[dict[str, dict[str, tuple[str, int]]]] = {
    "filter": {
        "nGram": ("ngram", 7),
        "edgeNGram": ("edge_ngram", 7),
        "delimited_payload_filter": ("delimited_payload", 7),
    },
    "tokenizer": {"nGram": ("ngram", 7), "edgeNGram": ("edge_ngram", 7), "PathHierarchy": ("path_hierarchy", 7)},
    "char_filter": {"htmlStrip": ("html_strip", 7)},
}
_REFERS: Final = {
    "filter": "filter",
    "filters": "filter",
    "char_filter": "char_filter",
    "tokenizer": "tokenizer",
}
STRIPPED: Final = "standard_html_strip"
"""An analyzer that every version before 7.0 brought along."""
_STRIPPING: Final[dict[str, Any]] = {
    "type": "custom",
    "tokenizer": "standard",
    "char_filter": ["html_strip"],
    "filter": ["lowercase"],
}
_NOT_BEFORE_SYNONYMS: Final = frozenset(
    {
        "ngram",
        "edge_ngram",
        "nGram",
        "edgeNGram",
        "shingle",
        "common_grams",
        "word_delimiter",
        "word_delimiter_graph",
        "multiplexer",
        "fingerprint",
        "cjk_bigram",
        "phonetic",
        "dictionary_decompounder",
        "hyphenation_decompounder",
    }
)
_STEMS_NOTHING: Final = frozenset({"lovins", "kp", "dutch_kp", "dutchKp"})


class _AnalysisParts:
    """Flat settings by component: (kind, name) with its own settings."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.found: dict[tuple[str, str], dict[str, Any]] = {}
        for key, value in settings.items():
            kind, _, rest = key.removeprefix(_PREFIX).partition(".")
            name, _, word = rest.rpartition(".")
            if key.startswith(_PREFIX) and kind in _KINDS and name and word:
                self.found.setdefault((kind, name), {})[word] = value

    def names(self, kind: str) -> set[str]:
        return {name for one, name in self.found if one == kind}


def translate_analysis(settings: dict[str, Any], destination: Version, changes: list[str]) -> dict[str, Any]:
    """Flat settings with the analysis of `destination`; `changes` is told what was renamed, and what must be there."""
    parts = _AnalysisParts(settings)
    if not parts.found:
        return settings
    kept = {key: value for key, value in settings.items() if not _is_part(key)}
    mine = {kind: parts.names(kind) for kind in _KINDS}
    gone = {
        name
        for (kind, name), component in parts.found.items()
        if kind == "filter" and component.get("type") == "standard"
    }
    gone = gone if destination.major >= 7 else set()
    for (kind, name), component in parts.found.items():
        where = f"{_PREFIX}{kind}.{name}"
        shown = clean(where, 200)
        if kind == "filter" and name in gone:
            changes.append(f"setting {shown} is left out: the filter standard did nothing and was removed")
            continue
        if kind == "analyzer" and name == "default_index" and destination.major >= 5:
            where = f"{_PREFIX}analyzer.default"
            changes.append(f"setting {shown} is written {where} now")
        new = _component(kind, component, destination, shown, changes)
        new = _references(kind, new, destination, mine, gone, shown, changes)
        kept |= {f"{where}.{word}": value for word, value in new.items()}
    if destination.major >= 7:
        _with_limits(kept, parts, changes)
        _of_synonyms(parts, changes)
    _of_files(parts, changes)
    return kept


def stripping(settings: dict[str, Any]) -> dict[str, Any]:
    """What defines the analyzer standard_html_strip for a mapping that names it; {} where the settings define one."""
    where = f"{_PREFIX}analyzer.{STRIPPED}"
    if any(key.startswith(f"{where}.") for key in settings):
        return {}
    return {f"{where}.{word}": value for word, value in _STRIPPING.items()}


def _is_part(key: str) -> bool:
    return bool(_AnalysisParts({key: ""}).found)


def _component(
    kind: str, component: dict[str, Any], destination: Version, shown: str, changes: list[str]
) -> dict[str, Any]:
    """One component with its type's name of today, and without settings that are refused."""
    new = dict(component)
    if kind == "analyzer" and destination.major >= 5:
        if "alias" in new:
            alias = clean(str(new.pop("alias")), 80)
            changes.append(f"setting {shown}.alias is left out: {alias} names nothing any more")
        if "position_offset_gap" in new:
            new["position_increment_gap"] = new.pop("position_offset_gap")
    if kind == "analyzer" and new.get("type") == STRIPPED and destination.major >= 7:
        stopwords = new.get("stopwords")
        new = dict(_STRIPPING)
        changes.append(f"setting {shown}: the type {STRIPPED} was removed, it is made of its parts")
        if stopwords not in (None, "_none_", []):
            changes.append(f"setting {shown}.stopwords is left out: give the analyzer a filter of type stop")
    renamed = _RENAMED.get(kind, {}).get(str(new.get("type")))
    if renamed is not None and destination.major >= renamed[1]:
        changes.append(f"setting {shown}.type: {new['type']} is written {renamed[0]} now")
        new["type"] = renamed[0]
    if destination.major >= 9 and new.get("type") == "stemmer" and str(new.get("language")) in _STEMS_NOTHING:
        changes.append(f"setting {shown}: the language {new['language']} stems nothing any more")
    return new


def _references(
    kind: str,
    component: dict[str, Any],
    destination: Version,
    mine: dict[str, set[str]],
    gone: set[str],
    shown: str,
    changes: list[str],
) -> dict[str, Any]:
    """One component with today's names of those that it names; one that the index defines itself keeps its name."""
    new = dict(component)
    for word, target in _REFERS.items():
        if word not in component or (kind not in {"analyzer", "normalizer"} and word == "tokenizer"):
            continue
        value = component[word]
        names = value if isinstance(value, list) else [one.strip() for one in str(value).split(",")]
        today = [_today(str(one), target, destination, mine) for one in names]
        today = [one for one in today if one is not None and not (target == "filter" and one in gone)]
        if today == [str(one) for one in names]:
            continue
        new[word] = (today[0] if today else "") if word == "tokenizer" else today
        changes.append(
            f"setting {shown}.{word}: {clean(', '.join(str(one) for one in names), 120)} is written "
            f"{clean(', '.join(one for one in today if one), 120) or 'without any'} now"
        )
    return new


def _today(name: str, target: str, destination: Version, mine: dict[str, set[str]]) -> str | None:
    """A component's name of today; None for the filter `standard`, which did nothing and was removed in 7.0."""
    if name in mine[target]:
        return name
    if target == "filter" and name == "standard" and destination.major >= 7:
        return None
    new, since = _RENAMED[target].get(name, (name, 0))
    return new if destination.major >= since else name


def _with_limits(kept: dict[str, Any], parts: _AnalysisParts, changes: list[str]) -> None:
    """The limits that 7.0 sets to the span of n-grams and shingles, raised to what the definition has."""
    grams: list[int] = []
    shingles: list[int] = []
    for (kind, _), component in parts.found.items():
        if kind in {"filter", "tokenizer"} and str(component.get("type")).lower() == "ngram":
            grams.append(_whole(component.get("max_gram"), 2) - _whole(component.get("min_gram"), 1))
        elif kind == "filter" and component.get("type") == "shingle":
            unigrams = str(component.get("output_unigrams", "true")).lower() != "false"
            span = _whole(component.get("max_shingle_size"), 2) - _whole(component.get("min_shingle_size"), 2)
            shingles.append(span + unigrams)
    for name, needed, usual in (
        ("index.max_ngram_diff", max(grams, default=0), 1),
        ("index.max_shingle_diff", max(shingles, default=0), 3),
    ):
        if needed > _whole(kept.get(name), usual):
            kept[name] = str(needed)
            changes.append(f"setting {name} is set to {needed}: the analysis goes beyond the limit of {usual}")


def _of_synonyms(parts: _AnalysisParts, changes: list[str]) -> None:
    """Say which filters stand before synonyms and cannot read them, which 7.0 refuses."""
    types = {name: str(component.get("type")) for (kind, name), component in parts.found.items() if kind == "filter"}
    for (kind, name), component in parts.found.items():
        filters = component.get("filter")
        if kind != "analyzer" or not isinstance(filters, list):
            continue
        before: list[str] = []
        for one in map(str, filters):
            what = types.get(one, one)
            if what in {"synonym", "synonym_graph"} and before:
                changes.append(
                    f"setting {_PREFIX}{kind}.{clean(name, 80)}.filter: {clean(before[-1], 80)} stands before the "
                    f"synonyms of {clean(one, 80)} and cannot read them; the index is refused until it stands behind"
                )
            if what in _NOT_BEFORE_SYNONYMS:
                before.append(one)


def _of_files(parts: _AnalysisParts, changes: list[str]) -> None:
    """Say which files must lie on the nodes of the destination."""
    for (kind, name), component in parts.found.items():
        for word, value in component.items():
            if word.endswith("_path") or word in {"user_dictionary", "rule_files"}:
                files = ", ".join(_texts(value))
                changes.append(
                    f"setting {_PREFIX}{kind}.{clean(name, 80)}.{word}: the file {clean(files, 200)} must be on every "
                    "node of the destination"
                )
        if component.get("type") == "hunspell":
            language = clean(str(component.get("locale", component.get("language", ""))), 80)
            changes.append(
                f"setting {_PREFIX}{kind}.{clean(name, 80)}: the dictionary {language} must be on every node of the "
                "destination"
            )
        if component.get("synonyms_set") is not None:
            changes.append(
                f"setting {_PREFIX}{kind}.{clean(name, 80)}.synonyms_set: the set "
                f"{clean(str(component['synonyms_set']), 200)} must be on the destination"
            )


def _texts(value: object) -> Iterable[str]:
    return map(str, value) if isinstance(value, list) else [str(value)]


def _whole(value: object, otherwise: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        return otherwise
