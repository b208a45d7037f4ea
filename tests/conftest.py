"""What every test has: the shared nodes, made known once."""

from __future__ import annotations

pytest_plugins = ["tests.fixtures_nodes"]
