"""The proof: what both sides hold, compared."""

from __future__ import annotations

from esmigrate_tui.verify.counts import Comparison, compare_counts

__all__ = ["Comparison", "compare_counts"]
