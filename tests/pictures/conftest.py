"""What would change a picture is fixed: colours, the time zone, the locale; the cursor never blinks in this wizard."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import pytest

from esmigrate_tui.wizard.app import WizardApp
from tests.pictures.sample_values import BY_NAME, PICTURE_SERVICES, credentials_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Compare(Protocol):
    """pytest-textual-snapshot's fixture."""

    def __call__(self, app: WizardApp, *, press: tuple[str, ...], terminal_size: tuple[int, int]) -> bool: ...


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_FILTERS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLORTERM": "truecolor", "TERM": "xterm-256color", "TZ": "UTC", "LC_ALL": "C.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def is_as_accepted(snap_compare: Compare) -> Callable[[str], bool]:
    """Whether a scene of the sample values looks as it did when somebody looked at it and found it good."""

    def compare(name: str) -> bool:
        scene = BY_NAME[name]
        app = WizardApp(
            PICTURE_SERVICES, credentials=credentials_of(scene.session), opening=(scene.session, scene.step)
        )
        return snap_compare(app, press=scene.press, terminal_size=scene.size)

    return compare
