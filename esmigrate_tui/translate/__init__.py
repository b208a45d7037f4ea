"""The words of one major version in those of another: pure functions over definitions."""

from __future__ import annotations

from esmigrate_tui.translate.definition import translate
from esmigrate_tui.translate.translation import Translation

__all__ = ["Translation", "translate"]
