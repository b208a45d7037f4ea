"""Settings in the shapes in which servers of six majors write them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LOW: Final = "cluster.routing.allocation.disk.watermark.low"
_THRESHOLD: Final = "cluster.routing.allocation.disk.threshold_enabled"
_UNITS: Final = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_LONGEST_SIZE: Final = 60


def setting_below(settings: object, *keys: str) -> object:
    """A setting, whether it is written nested or flat; "" where it is not there."""
    for number, key in enumerate(keys):
        if not isinstance(settings, dict):
            return ""
        rest = ".".join(keys[number:])
        if rest in settings:
            return settings[rest]
        settings = settings.get(key, "")
    return settings


def flat_texts(*layers: Mapping[str, Any]) -> dict[str, str]:
    """Flat settings of several layers, later ones winning; lists become JSON, 5.x's numbered keys become such lists."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update(layer)
    numbered: dict[str, list[tuple[int, str]]] = {}
    for key in tuple(merged):
        found = re.fullmatch(r"(.{1,1000})\.(\d{1,9})", key)
        if found is not None:
            numbered.setdefault(found[1], []).append((int(found[2]), str(merged.pop(key))))
    merged.update({key: [value for _, value in sorted(entries)] for key, entries in numbered.items()})
    return {clean(key): _as_text(value) for key, value in merged.items()}


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return json.dumps([clean(str(one)) for one in value], ensure_ascii=False)
    return clean("" if value is None else str(value))


def patterns(value: object) -> tuple[str, ...]:
    """A list setting, in any of the shapes in which servers write one."""
    entries: Iterable[object]
    if isinstance(value, list):
        entries = value
    elif isinstance(value, dict):
        entries = [value[key] for key in sorted(value, key=str)]
    else:
        text = str(value or "")
        entries = json.loads(text) if text.startswith('["') else text.strip("[]").split(",")
    return tuple(clean(pattern) for entry in entries if (pattern := str(entry).strip()))


def _size(text: str) -> int | None:
    """Bytes in "500mb", "20GB" or "1024b"; None where it is none."""
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,9})?)\s{0,9}([kmgtp]?)b?", text[:_LONGEST_SIZE].strip().lower())
    return int(float(found[1]) * _UNITS[found[2] or "b"]) if found else None


def bytes_of(settings: Mapping[str, str] | None, key: str) -> int | None:
    """A setting that is a size, in bytes; None where it is not there, or none."""
    return _size((settings or {}).get(key, ""))


def kept_free(total: int, settings: Mapping[str, str], mark: str = _LOW, default: str = "85%") -> int:
    """The bytes of a disk of `total` that stay free at a watermark: at the low one its node takes no more shards."""
    if settings.get(_THRESHOLD) == "false":
        return 0
    response = settings.get(mark, default).strip()
    share: float | None = None
    if found := re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?)\s{0,9}%", response[:_LONGEST_SIZE]):
        share = float(found[1]) / 100
    elif re.fullmatch(r"0?\.\d{1,18}|[01](?:\.0{0,18})?", response[:_LONGEST_SIZE]):
        share = float(response)
    if share is None:
        return _size(response) or 0
    kept = int(total * (1 - share))
    headroom = _size(settings.get(f"{mark}.max_headroom", ""))
    return kept if headroom is None else min(kept, headroom)
