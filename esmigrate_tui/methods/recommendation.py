"""Which method fits two clusters best, by what each says of itself; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.advice import Advice

if TYPE_CHECKING:
    from esmigrate_tui.methods.advice import AdviceInput


def advise(here: AdviceInput) -> Advice:
    """What can be said of every method for these two clusters."""
    methods = tuple(one.advise(here) for one in METHODS.values())
    by_rank = sorted(zip(METHODS.values(), methods, strict=True), key=lambda pair: -pair[0].rank)
    reasons = ((one.name, one.preferred(here, advice)) for one, advice in by_rank)
    recommended, reason = next((name, reason) for name, reason in reasons if reason)
    return Advice(methods=methods, recommended=recommended, reason=reason)
