"""What a careful operator looks at before anything moves: one check is one function; CHECKS finds them."""

from __future__ import annotations

from esmigrate_tui.preflight.checks import CHECKS, NAMES, WAIVABLE
from esmigrate_tui.preflight.runner import gather_facts, run_checks

__all__ = ["CHECKS", "NAMES", "WAIVABLE", "gather_facts", "run_checks"]
