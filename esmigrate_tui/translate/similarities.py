"""Similarities: the classic one, and parts of others, were removed since 7.0, and words they do not know are refused.

https://www.elastic.co/guide/en/elasticsearch/reference/7.17/breaking-changes-7.0.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import Version

_PREFIX: Final = "index.similarity."
_WORDS: Final = {
    "BM25": ("k1", "b", "discount_overlaps"),
    "classic": ("discount_overlaps",),
    "boolean": (),
    "DFR": ("basic_model", "after_effect", "normalization", "discount_overlaps"),
    "IB": ("distribution", "lambda", "normalization", "discount_overlaps"),
    "LMDirichlet": ("mu", "discount_overlaps"),
    "LMJelinekMercer": ("lambda", "discount_overlaps"),
}
_SINCE_7: Final = {
    "basic_model": {"be": "g", "d": "ine", "p": "ine"},
    "after_effect": {"no": "l"},
}


def translate_similarities(settings: dict[str, Any], destination: Version, changes: list[str]) -> dict[str, Any]:
    """Flat settings with the similarities of `destination`; `changes` is told what became another."""
    kept = dict(settings)
    for name in [name for name in settings if name.startswith(_PREFIX) and name.endswith(".type")]:
        mine = f"{name.removesuffix('.type')}."
        shown = clean(name, 200)
        if kept[name] == "default" and 5 <= destination.major < 7:
            kept[name] = "classic"
            changes.append(f"setting {shown}: default is written classic now")
        if destination.major < 7:
            continue
        if kept[name] in ("classic", "default"):
            kept[name] = "BM25"
            changes.append(f"setting {shown}: the classic similarity was removed, BM25 scores instead")
        known = _WORDS.get(str(kept[name]))
        for key in [key for key in kept if key.startswith(mine) and key != name]:
            word = key.removeprefix(mine)
            if known is not None and word.split(".")[0] not in known:
                del kept[key]
                changes.append(f"setting {clean(key, 200)} is left out: the similarity does not know it")
            elif (new := _SINCE_7.get(word, {}).get(str(kept[key]))) is not None:
                changes.append(f"setting {clean(key, 200)}: {kept[key]} was removed, {new} comes closest")
                kept[key] = new
    return kept
