"""A fresh world behind the services for every test."""

from __future__ import annotations

import pytest

from tests.wizard.world import World


@pytest.fixture
def world() -> World:
    return World()
