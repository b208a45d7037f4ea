"""What the tests of methods share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small indices be switched off while they fill, as large ones are."""
    monkeypatch.setattr("esmigrate_tui.model.weight.UNTUNED", 0.0)
