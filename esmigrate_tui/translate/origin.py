"""Which version made a definition: what some words mean depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.facts import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

_MILLION: Final = (
    1_000_000  # 6082399 is 6.8.23; from 8.11 on the rest is an index version, the major is still the first
)


def created_by(settings: Mapping[str, Any]) -> Version | None:
    """The major version that made the index, from its settings (nested or flat); None where they do not say."""
    created: object = settings.get("index.version.created", settings.get("version.created"))
    for names in (("index", "version", "created"), ("version", "created")):
        inner: object = settings
        for name in names:
            inner = inner.get(name) if isinstance(inner, dict) else None
        created = inner if created is None else created
    text = str(created)
    return Version(int(text) // _MILLION) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def is_true(value: object) -> bool:
    """Whether a server before 6.0 took the value for true; later ones only know true and false."""
    return str(value).lower() not in {"false", "no", "off", "0", ""}


def is_spelled_boolean(value: object) -> bool:
    """Whether a value is one that servers before 6.0 took for a boolean, and newer ones refuse."""
    return not isinstance(value, bool) and str(value).lower() in {"yes", "no", "on", "off", "1", "0"}
