"""A fresh world behind the services for every test, whose plans are the methods' own."""

from __future__ import annotations

import pytest

from tests.plain.script import Planning


@pytest.fixture
def world() -> Planning:
    return Planning()
