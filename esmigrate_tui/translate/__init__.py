"""The words of one major version in those of another: pure functions over definitions."""

from __future__ import annotations

from esmigrate_tui.translate.definition import TranslatedIndex, translate

__all__ = ["TranslatedIndex", "translate"]
